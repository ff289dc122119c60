//! Inputs made to exhaust: deep, wide, long, or with exponentially many paths.
//!
//! Sizes are doubled and the work is finished in every case; a walk of all paths, or one frame of
//! stack per certificate, would not.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::book::{Book, time};
use conformance::vectors::{Forge, NOW};
use serde_json::{Value, json};
use ytterby::{Bundle, Certificate, Draft, Trust, Verdict};

fn no_bundle(bytes: &[u8], what: &str) {
    assert!(Bundle::parse(bytes).is_err(), "{what}: read as a bundle");
    assert!(Certificate::parse(bytes).is_err(), "{what}: read as a certificate");
    assert!(Draft::parse(bytes).is_err(), "{what}: read as a draft");
}

#[test]
fn texts_made_to_exhaust_are_refused() {
    let deep = |open: &str, middle: &str, close: &str| {
        [open.repeat(100_000), middle.to_owned(), close.repeat(100_000)].concat()
    };
    let long_key = format!("{{\"{}\":1}}", "k".repeat(1 << 20));
    let cases = [
        ("arrays in arrays", deep("[", "", "]")),
        ("objects in objects", deep("{\"a\":", "1", "}")),
        ("arrays never closed", "[".repeat(100_000)),
        ("objects never closed", "{\"a\":".repeat(100_000)),
        (
            "deep inside a bundle",
            format!("{{\"bundle\":\"ytterby.bundle/1\",\"certificates\":[{}", "[".repeat(100_000)),
        ),
        ("a key of a mebibyte", long_key.clone()),
        ("a key of a mebibyte twice", format!("{{{0},{0}}}", &long_key[1..long_key.len() - 1])),
        ("a run of digits", "1".repeat(1 << 20)),
        ("a run of digits in a bundle", format!("{{\"bundle\":{}", "1".repeat(1 << 20))),
        ("a run of exponents", format!("1e{}", "9".repeat(1 << 20))),
        ("a million numbers", format!("[{}]", vec!["1"; 1_000_000].join(","))),
        ("a million strings", format!("[{}]", vec!["\"\""; 1_000_000].join(","))),
        ("a hundred thousand keys, one of them twice", {
            let keys: Vec<String> = (0..100_000).chain([50_000]).map(|at| format!("\"{at}\":1")).collect();
            format!("{{{}}}", keys.join(","))
        }),
        ("a string never closed", format!("\"{}", "a".repeat(1 << 20))),
        ("escapes never closed", format!("\"{}", "\\u0061".repeat(1 << 18))),
        ("half pairs", format!("\"{}\"", "\\ud800".repeat(1 << 16))),
        ("blanks", " ".repeat(1 << 20)),
    ];
    for (what, text) in &cases {
        no_bundle(text.as_bytes(), what);
    }
    no_bundle(&vec![0xff; 1 << 20], "bytes that are no text");
    no_bundle(&vec![0; 1 << 20], "zeros");
    println!("{} hostile texts refused", cases.len() + 2);
}

/// 20 MB of escaped pairs, in each place that is read in its own way: whatever is done once for each
/// pair over all that was read would not end.
#[test]
fn millions_of_escaped_pairs_are_read_once() {
    let pairs = format!("\"{}\"", "\\ud83d\\ude00".repeat(20_000_000 / 12));
    no_bundle(pairs.as_bytes(), "a string");
    no_bundle(format!("{{\"credentialSubject\":{pairs}}}").as_bytes(), "a bare certificate");
    let bundle = |closings: &str| {
        format!("{{\"bundle\":\"ytterby.bundle/1\",\"certificates\":[],\"closings\":[{closings}]}}")
    };
    no_bundle(bundle(&pairs).as_bytes(), "one large value of a bundle");
    let short = format!("\"{}\"", "\\ud83d\\ude00".repeat(20_000));
    assert!(Bundle::parse(bundle(&vec![short; 80].join(",")).as_bytes()).is_ok());
    assert!(ytterby::json::Value::parse(pairs.as_bytes()).is_ok());
}

#[test]
fn a_million_empty_certificates_are_rejected_or_refused() {
    let file = format!("[{}]", vec!["{}"; 1_000_000].join(","));
    let bundle = Bundle::parse(file.as_bytes()).unwrap();
    assert_eq!(
        ytterby::verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), time(NOW)).verdict(),
        Verdict::Rejected
    );
    let empty = json!({ "bundle": "ytterby.bundle/1", "certificates": [] }).to_string();
    let bundle = Bundle::parse(empty.as_bytes()).unwrap();
    assert_eq!(
        ytterby::verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), time(NOW)).verdict(),
        Verdict::Undecided
    );
}

/// A proven fault is not hidden behind a budget, and a million of them are not all listed.
#[test]
fn of_certificates_that_break_form_a_thousand_are_listed() {
    let verdict = |count: usize| {
        let items: Vec<String> = (0..count).map(|at| format!("{{\"a\":\"{at}\"}}")).collect();
        let file = format!("[{}]", items.join(","));
        let bundle = Bundle::parse(file.as_bytes()).unwrap();
        let report = ytterby::verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), time(NOW));
        let more = report
            .findings()
            .iter()
            .find(|f| f.code.as_str() == "limit.certificates")
            .map(|f| f.text.clone());
        let listed = report.findings().iter().filter(|f| f.code.as_str().starts_with("malformed.")).count();
        assert_eq!(report.to_json(&bundle)["counts"]["malformed"], count);
        (report.verdict(), listed, more)
    };
    assert_eq!(verdict(1_000), (Verdict::Rejected, 1_000, None));
    let more = |count: usize| Some(format!("{count} more certificates break form, and are not listed"));
    assert_eq!(verdict(1_001), (Verdict::Rejected, 1_000, more(1)));
    assert_eq!(verdict(1_100_000), (Verdict::Rejected, 1_000, more(1_099_000)));
}

/// Signs lots one after another, each an honest origin or a pool of what it draws.
struct Yard {
    forge: Forge,
    certificates: Vec<Certificate<'static>>,
}

impl Yard {
    fn new() -> Self {
        Yard { forge: Forge::default(), certificates: Vec::new() }
    }

    fn sign(&mut self, kind: &str, subject: Value) -> usize {
        let signed = self.forge.sign(kind, subject);
        let text = signed.value.to_string();
        self.certificates.push(Certificate::parse(text.as_bytes()).unwrap().into_owned());
        self.certificates.len() - 1
    }

    fn origin(&mut self) -> usize {
        let signed = self.forge.ore();
        let text = signed.value.to_string();
        self.certificates.push(Certificate::parse(text.as_bytes()).unwrap().into_owned());
        self.certificates.len() - 1
    }

    /// A pool that draws milligrams of neodymium from lots.
    fn pool(&mut self, from: &[(usize, u64)]) -> usize {
        let kilograms = |mg: u64| ytterby::decimal::kilograms(mg);
        let inputs: Vec<Value> = from
            .iter()
            .map(|(at, mg)| {
                let parent = &self.certificates[*at];
                let lot = parent.claims().id.urn().to_string();
                let digest = parent.digest().to_string();
                json!({ "lot": lot, "digestMultibase": digest, "draws": { "Nd": kilograms(*mg) } })
            })
            .collect();
        let content: u64 = from.iter().map(|(_, mg)| mg).sum();
        self.sign(
            "ProcessingCertificate",
            json!({
                "home": "registry.example/ree", "holder": Book::did("refinery").as_str(), "lotNumber": "P",
                "product": "pool", "form": "in-process", "content": { "Nd": kilograms(content) },
                "step": "in-process", "contentFrom": "draws",
                "facility": { "id": "urn:gln:9521321000010", "name": "Example Refinery", "country": "MY" },
                "period": { "from": "2026-08-21", "to": "2026-09-10" }, "custodyModel": "mass-balance",
                "inputs": inputs,
            }),
        )
    }

    /// Verifies all of it, the last lot as what was delivered; counts the certificates walked.
    fn verified(mut self, subject: usize) -> usize {
        let key = self.forge.key("refinery").public();
        let trust = format!(
            "version = 1\nname = \"t\"\n[[issuer]]\ndid = \"did:web:refinery.example\"\nkeys = [\"{key}\"]\n\
             [require]\nregistration = false\nstatus = false\n"
        );
        let subject = self.certificates[subject].digest();
        // Children before parents: the order of the file helps nobody.
        self.certificates.reverse();
        let bytes = Bundle::of(vec![subject], self.certificates).to_bytes();
        let bundle = Bundle::parse(&bytes).unwrap();
        let mut walked = 0;
        let question = ytterby::Question::default();
        let trust = Trust::parse(trust.as_bytes()).unwrap();
        let report = ytterby::verify_with(&bundle, &trust, time(NOW), &question, &mut |_, _| walked += 1);
        assert_eq!(report.verdict(), Verdict::Verified, "{:?}", report.findings().first());
        walked
    }
}

/// Two lots a layer, each drawing on both below: 2^40 paths, 82 certificates.
#[test]
fn a_lattice_of_diamonds_is_walked_once() {
    for layers in [20, 40] {
        let mut yard = Yard::new();
        let mut below = [yard.origin(), yard.origin()];
        let mut half: u64 = 1 << 24;
        for _ in 0..layers {
            let from = [(below[0], half), (below[1], half)];
            below = [yard.pool(&from), yard.pool(&from)];
            half -= 1000;
        }
        let certificates = yard.certificates.len();
        assert_eq!(yard.verified(certificates - 1), certificates);
        println!("{layers} layers: {certificates} certificates, each walked once");
    }
}

#[test]
fn a_chain_of_twenty_thousand_needs_no_stack() {
    let mut yard = Yard::new();
    let mut last = yard.origin();
    for _ in 1..20_000 {
        last = yard.pool(&[(last, 50_000_000)]);
    }
    let walked = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || yard.verified(last))
        .unwrap()
        .join()
        .expect("half a mebibyte of stack is enough");
    assert_eq!(walked, 20_000);
}

#[test]
fn twenty_thousand_draws_on_one_lot_are_summed() {
    let mut yard = Yard::new();
    let origin = yard.origin();
    for _ in 1..20_000 {
        yard.pool(&[(origin, 4_000)]);
    }
    assert_eq!(yard.verified(19_999), 20_000);
}
