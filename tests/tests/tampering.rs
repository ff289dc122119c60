//! Whatever is changed in a bundle, nothing false verifies, and no input makes the verifier fail.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use conformance::book::{Book, time};
use conformance::corridor::{NOW, issued};
use conformance::fuzz::readers_agree;
use conformance::log::TestLog;
use conformance::vectors::Forge;
use serde_json::{Value, json};
use ytterby::json::{Value as Tree, canonical};
use ytterby::{Bundle, Certificate, Trust, Verdict};

/// Verifies bytes; what is no bundle at all has no verdict.
fn verdict(bytes: &[u8], trust: &Trust) -> Option<Verdict> {
    let bundle = Bundle::parse(bytes).ok()?;
    Some(ytterby::verify(&bundle, trust, &ytterby::Rules::default(), time(NOW)).verdict())
}

fn trust_of(book: &Book) -> Trust {
    Trust::parse(book.trust_file(Some("rhein-motors")).as_bytes()).unwrap()
}

/// One way to change one place of a document.
#[derive(Debug, Clone)]
enum Change {
    Text(String),
    Remove,
    Twice,
    Type(Value),
}

/// Every change of every place: strings altered in two ways, members and elements removed, elements
/// doubled, every value put in the place of another type.
fn changes(value: &Value, at: &str, all: &mut Vec<(String, Change)>) {
    match value {
        Value::String(text) => {
            all.push((at.to_owned(), Change::Text(altered(text))));
            all.push((at.to_owned(), Change::Text(format!("{text}0"))));
            all.push((at.to_owned(), Change::Type(json!([text]))));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                all.push((at.clone(), Change::Remove));
                changes(member, &at, all);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let at = format!("{at}/{index}");
                all.extend([(at.clone(), Change::Remove), (at.clone(), Change::Twice)]);
                changes(item, &at, all);
            }
        }
        _ => all.push((at.to_owned(), Change::Type(json!("true")))),
    }
    if !at.is_empty() {
        all.push((at.to_owned(), Change::Type(Value::Null)));
    }
}

/// The text with its last letter or digit replaced by another of its kind.
fn altered(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if let Some(last) = letters.iter_mut().rev().find(|c| c.is_ascii_alphanumeric()) {
        *last = match *last {
            '9' => '8',
            'z' => 'y',
            'Z' => 'Y',
            other => char::from_u32(u32::from(other) + 1).unwrap(),
        };
    }
    letters.into_iter().collect()
}

fn changed(document: &Value, at: &str, change: &Change) -> Value {
    let mut document = document.clone();
    let (parent, last) = at.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    match (document.pointer_mut(parent).unwrap(), change) {
        (Value::Object(members), Change::Remove) => drop(members.remove(&last)),
        (Value::Array(items), Change::Remove) => drop(items.remove(last.parse().unwrap())),
        (Value::Array(items), Change::Twice) => {
            let index: usize = last.parse().unwrap();
            items.insert(index, items[index].clone());
        }
        _ => {
            let place = document.pointer_mut(at).unwrap();
            *place = match change {
                Change::Text(text) => json!(text),
                Change::Type(value) => value.clone(),
                Change::Remove | Change::Twice => panic!("only elements and members go or double"),
            };
        }
    }
    document
}

#[test]
fn no_certificate_of_the_corridor_can_be_changed_anywhere() {
    let book = issued();
    let trust = trust_of(&book);
    let documents: Vec<Value> =
        book.certificates.iter().map(|c| serde_json::from_slice(c.bytes()).unwrap()).collect();
    let (mut cases, mut verdicts) = (0, BTreeMap::new());
    for (index, document) in documents.iter().enumerate() {
        let mut all = Vec::new();
        changes(document, "", &mut all);
        let bytes = book.certificates[index].bytes();
        for (at, change) in all {
            let tampered = changed(document, &at, &change);
            assert_ne!(tampered, *document, "{at} {change:?} changes nothing");
            readers_agree(&canonical(&Tree::parse(tampered.to_string().as_bytes()).unwrap()));
            // Alone it would want for its inputs: it must be wrong by itself, whatever is beside it.
            let alone = verdict(tampered.to_string().as_bytes(), &trust);
            assert!(!matches!(alone, Some(Verdict::Verified)), "{at} {change:?} in {document:#}");
            let sound = Certificate::parse(tampered.to_string().as_bytes()).is_ok_and(|c| {
                let value = Tree::parse(c.bytes()).unwrap();
                let key = c.proof().key().map(|(_, key)| key);
                key.is_some_and(|key| ytterby::proof::verify(value.as_object().unwrap(), &key).is_ok())
            });
            assert!(!sound, "{at} {change:?} keeps a valid proof: {tampered:#}");
            *verdicts.entry(format!("{alone:?}")).or_insert(0) += 1;
            cases += 1;
        }
        assert_eq!(canonical(&Tree::parse(bytes).unwrap()), bytes);
        readers_agree(bytes);
    }
    println!("{cases} changes of {} certificates, alone: {verdicts:?}", documents.len());
    assert!(cases > 5000 && verdicts.contains_key("Some(Rejected)"));
}

#[test]
fn no_tampered_certificate_verifies_among_the_others() {
    let book = issued();
    let trust = trust_of(&book);
    let documents: Vec<Value> =
        book.certificates.iter().map(|c| serde_json::from_slice(c.bytes()).unwrap()).collect();
    let subject = book.certificates.last().unwrap().digest().to_string();
    let mut cases = 0;
    for (index, document) in documents.iter().enumerate() {
        let mut all = Vec::new();
        changes(document, "", &mut all);
        // A sample: every certificate, its changes in steps that share no factor with their kinds.
        for (at, change) in all.into_iter().skip(index % 7).step_by(37) {
            let mut tampered = documents.clone();
            tampered[index] = changed(document, &at, &change);
            let file =
                json!({ "bundle": "ytterby.bundle/1", "certificates": tampered, "subject": [subject] });
            let verdict = verdict(file.to_string().as_bytes(), &trust);
            assert!(
                !matches!(verdict, None | Some(Verdict::Verified)),
                "{index} {at} {change:?}: {verdict:?}"
            );
            cases += 1;
        }
    }
    println!("{cases} bundles of {} certificates with one change", documents.len());
    assert!(cases > 200);
}

/// A registered bundle of ore, oxide and sale, and the trust it verifies with.
fn registered() -> (Value, Trust) {
    let (bytes, trust) = small_with("registration = true");
    let mut log = TestLog::new("registry.example/ree");
    let list = Tree::parse(&bytes).unwrap();
    let read = |item: &Tree<'_>| Certificate::parse(&canonical(item)).unwrap().into_owned();
    let certificates: Vec<_> = list.as_array().unwrap().iter().map(read).collect();
    let subject = vec![certificates.last().unwrap().digest()];
    let mut bundle = log.register_all(Bundle::of(subject, certificates));
    // A day later one more entry is in the log, and its checkpoint travels beside each receipt.
    log.cosigned_at += 86_400;
    log.register(&Forge::default().ore().certificate());
    let checkpoint = log.cosigned(3);
    let fresh: Vec<_> =
        bundle.receipts().map(|(digest, receipt)| (digest, log.refreshed(receipt, &checkpoint))).collect();
    fresh.into_iter().for_each(|(digest, receipt)| bundle.add_receipt(digest, receipt));
    let trust = Trust::parse((trust + &log.trusted()).as_bytes()).unwrap();
    (serde_json::from_slice(&bundle.to_bytes()).unwrap(), trust)
}

/// Neither a place of a receipt's JSON nor a character of its texts can be changed. Only the newer
/// checkpoint can be left out as a whole: then the receipt is what it was without.
#[test]
fn no_receipt_can_be_changed_anywhere() {
    let (file, trust) = registered();
    let untouched = verdict(file.to_string().as_bytes(), &trust);
    assert_eq!(untouched, Some(Verdict::Verified));
    let (mut cases, mut characters) = (0, 0);
    for (digest, receipt) in file["receipts"].as_object().unwrap() {
        let mut all = Vec::new();
        changes(receipt, "", &mut all);
        for (at, change) in all {
            let mut tampered = file.clone();
            tampered["receipts"][digest] = changed(receipt, &at, &change);
            let verified = verdict(tampered.to_string().as_bytes(), &trust) == Some(Verdict::Verified);
            let left_out = at == "/fresh" && matches!(change, Change::Remove);
            assert_eq!(verified, left_out, "{at} {change:?} of the receipt of {digest}");
            cases += 1;
        }
        for place in ["/proof", "/fresh/checkpoint"] {
            let text: Vec<char> = receipt.pointer(place).unwrap().as_str().unwrap().chars().collect();
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] = if other[at] == 'A' { 'B' } else { 'A' };
                let mut tampered = file.clone();
                *tampered["receipts"][digest].pointer_mut(place).unwrap() =
                    json!(other.iter().collect::<String>());
                let verdict = verdict(tampered.to_string().as_bytes(), &trust);
                assert_ne!(verdict, Some(Verdict::Verified), "character {at} of {place} of {digest}");
                characters += 1;
            }
        }
    }
    println!("{cases} changes of 3 receipts, {characters} characters of their texts changed");
    assert!(cases > 180 && characters > 3000, "{cases} {characters}");
}

/// A receipt shows one certificate, whichever it lies beside.
#[test]
fn no_receipt_serves_another_certificate() {
    let (file, trust) = registered();
    let receipts = file["receipts"].as_object().unwrap();
    for (digest, other) in receipts.keys().flat_map(|a| receipts.keys().map(move |b| (a, b))) {
        let mut swapped = file.clone();
        swapped["receipts"][digest] = receipts[other].clone();
        let verified = verdict(swapped.to_string().as_bytes(), &trust) == Some(Verdict::Verified);
        assert_eq!(verified, digest == other, "the receipt of {other} beside {digest}");
        swapped["receipts"].as_object_mut().unwrap().remove(digest);
        assert_eq!(verdict(swapped.to_string().as_bytes(), &trust), Some(Verdict::Undecided));
    }
}

/// A bundle of ore, oxide and sale, and the trust it verifies with.
fn small() -> (Vec<u8>, Trust) {
    let (bytes, trust) = small_with("registration = false");
    (bytes, Trust::parse(trust.as_bytes()).unwrap())
}

/// The same with the text of a trust file that says this of registration.
fn small_with(registration: &str) -> (Vec<u8>, String) {
    let mut forge = Forge::default();
    let ore = forge.ore();
    let oxide = forge.oxide(&ore);
    let sale = forge.sale(&oxide);
    let list = json!([ore.value, oxide.value, sale.value]);
    let bytes = canonical(&Tree::parse(list.to_string().as_bytes()).unwrap());
    let key = forge.key("refinery").public();
    let trust = format!(
        "version = 1\nname = \"t\"\n[[issuer]]\ndid = \"did:web:refinery.example\"\nkeys = [\"{key}\"]\n\
         [require]\n{registration}\nstatus = false\n"
    );
    (bytes, trust)
}

/// Flips bits; where the result verifies, its value must be the untouched one.
fn flip(bytes: &[u8], bits: impl Iterator<Item = usize>, trust: &Trust) -> (usize, usize) {
    assert_eq!(verdict(bytes, trust), Some(Verdict::Verified), "untouched");
    let whole = Tree::parse(bytes).unwrap();
    let mut flipped = bytes.to_vec();
    let (mut cases, mut equal) = (0, 0);
    for bit in bits {
        flipped[bit / 8] ^= 1 << (bit % 8);
        if verdict(&flipped, trust) == Some(Verdict::Verified) {
            assert_eq!(Tree::parse(&flipped).unwrap(), whole, "bit {bit} is another bundle that verifies");
            equal += 1;
        }
        flipped[bit / 8] ^= 1 << (bit % 8);
        cases += 1;
    }
    (cases, equal)
}

#[test]
fn no_flipped_bit_of_a_small_bundle_is_accepted() {
    let (bytes, trust) = small();
    let (cases, equal) = flip(&bytes, 0..bytes.len() * 8, &trust);
    println!("{cases} bits flipped, every one of {} bytes; {equal} left the value equal", bytes.len());
    assert_eq!(cases, bytes.len() * 8);
}

#[test]
fn no_flipped_bit_of_the_corridor_is_accepted() {
    let book = issued();
    let subject = vec![book.certificates.last().unwrap().digest()];
    let bytes = Bundle::of(subject, book.certificates.clone()).to_bytes();
    // An odd step visits every position within a byte.
    let step = (bytes.len() * 8 / 600) | 1;
    println!("every {step}th bit of {} bytes", bytes.len());
    let (cases, equal) = flip(&bytes, (0..bytes.len() * 8).step_by(step), &trust_of(&book));
    println!("{cases} bits flipped, {equal} left the value equal");
    assert!(cases >= 500);
}
