//! Admission: what a clerk may leave out, what he may not say, and that both doors refuse the same.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::book::{Book, home, time};
use conformance::vectors::{Forge, set, unset};
use serde_json::{Value, json};
use ytterby::did::Did;
use ytterby::finding::Finding;
use ytterby::form::StatusPurpose;
use ytterby::{
    Authority, Certificate, Draft, InputLot, Inputs, Issue, Refusal, Unsigned, admit, admit_signed,
};

const AT: &str = "2026-09-20T10:00:00Z";
const MAX_CERTIFICATE: usize = 512 * 1024;

/// A registry with two lots of ore: `A` and `B`, each a tonne with 85.7356 kg Nd and 24.83112 kg Pr.
struct Desk {
    inputs: Inputs,
    book: Book,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Desk { inputs: Inputs::default(), book: Book::default() };
        for (number, name) in [(1, "A"), (2, "B")] {
            let unsigned = desk.admit_as(number, &ore()).unwrap();
            desk.register(&unsigned, Some(name));
        }
        desk
    }

    fn authority(&mut self) -> Authority {
        Authority {
            issuer: Book::did("refinery"),
            name: Some("Refinery".to_owned()),
            key: self.book.key("refinery").public(),
            home: home("registry.example/ree"),
            scope: None,
        }
    }

    fn admit_as(&mut self, number: u128, draft: &Value) -> Result<Unsigned, Refusal> {
        let draft = Draft::parse(draft.to_string().as_bytes()).unwrap();
        let id = uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid();
        let authority = self.authority();
        admit(&draft, &self.inputs, &authority, Issue { id, at: time(AT) })
    }

    fn admit(&mut self, draft: &Value) -> Result<Unsigned, Refusal> {
        self.admit_as(1000, draft)
    }

    fn register(&mut self, unsigned: &Unsigned, name: Option<&str>) -> Certificate<'static> {
        let certificate = unsigned.sign(&self.book.key("refinery"));
        self.inputs.take(&certificate);
        let carried = unsigned.carried().clone();
        let lot = InputLot {
            certificate: certificate.clone(),
            carried,
            drawn: Default::default(),
            closed: false,
            status: None,
        };
        self.inputs.add(lot, name);
        certificate
    }

    /// The inputs of the certificate that comes of a draft: draws, and whether they are the rest.
    fn draws(&mut self, draft: &Value) -> Vec<Value> {
        let unsigned = self.admit(draft).unwrap_or_else(|refusal| panic!("{refusal:?} for {draft:#}"));
        let document: Value = serde_json::from_slice(&unsigned.to_bytes()).unwrap();
        let inputs = document["credentialSubject"]["inputs"].as_array().unwrap();
        let shown = |input: &Value| match input.get("rest") {
            Some(rest) => json!({ "draws": input["draws"], "rest": rest }),
            None => input["draws"].clone(),
        };
        inputs.iter().map(shown).collect()
    }

    fn refused(&mut self, draft: &Value) -> Vec<(String, String)> {
        match self.admit(draft) {
            Ok(_) => panic!("let in: {draft:#}"),
            Err(refusal) => refusal.iter().map(shown).collect(),
        }
    }
}

fn shown(finding: &Finding) -> (String, String) {
    (finding.code.as_str().to_owned(), finding.pointer.clone())
}

fn lot(kind: &str, form: &str, members: Value) -> Value {
    let mut draft = json!({ "type": kind, "lotNumber": "L", "product": "material", "form": form });
    if kind != "TransferCertificate" {
        draft["facility"] = json!({ "id": "urn:gln:9521321000010", "name": "Refinery", "country": "MY" });
        draft["period"] = json!({ "from": "2026-08-01", "to": "2026-09-10" });
        draft["custodyModel"] = json!("segregated");
    }
    draft.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    draft
}

fn assay(components: Value) -> Value {
    json!({ "massBasis": "as-received", "percentBasis": "of-mass", "components": components })
}

fn ore() -> Value {
    lot(
        "OriginCertificate",
        "mixed-compound",
        json!({
            "source": "mined", "origin": { "country": "AU" }, "netMass": "1000.000",
            "assay": assay(json!([{ "oxide": "Nd2O3", "percent": "10" }, { "oxide": "Pr6O11", "percent": "3" }])),
        }),
    )
}

/// Pure oxide of this many kilograms, 0.857356 of each neodymium.
fn oxide(mass: &str, inputs: Value) -> Value {
    lot(
        "ProcessingCertificate",
        "oxide",
        json!({
            "step": "separation", "netMass": mass, "inputs": inputs,
            "assay": assay(json!([{ "oxide": "Nd2O3", "percent": "100" }])),
        }),
    )
}

fn pool(inputs: Value) -> Value {
    lot("ProcessingCertificate", "in-process", json!({ "step": "in-process", "inputs": inputs }))
}

fn transfer(members: Value) -> Value {
    let mut draft = lot(
        "TransferCertificate",
        "mixed-compound",
        json!({
            "kind": "sale", "to": { "id": Book::did("buyer").as_str(), "name": "Buyer" },
            "dispatchDate": "2026-09-11", "destination": "DE", "inputs": [{ "lot": "A" }],
        }),
    );
    draft.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    draft
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_way_to_say_what_was_taken() {
    let mut desk = Desk::new();
    let whole = json!({ "Nd": "85.7356", "Pr": "24.83112" });
    let half = json!({ "Nd": "42.8678", "Pr": "12.41556" });
    let rest = json!({ "draws": whole, "rest": true });
    let one = |take: Value| {
        let mut input = json!({ "lot": "A" });
        input.as_object_mut().unwrap().extend(take.as_object().unwrap().clone());
        json!([input])
    };
    let both = json!([{ "lot": "A" }, { "lot": "B" }]);
    let repacked = |members: Value| lot("ProcessingCertificate", "mixed-compound", members);
    let table = [
        // Needed: the output's own content, from all inputs that hold it in proportion to what is left.
        ("own content", oxide("80", one(json!({}))), vec![json!({ "Nd": "68.58848" })]),
        (
            "two feeds",
            oxide("80", both.clone()),
            vec![json!({ "Nd": "34.29424" }), json!({ "Nd": "34.29424" })],
        ),
        ("at most all", oxide("100.5", one(json!({}))), vec![json!({ "Nd": "85.7356" })]),
        // Fed: what that mass of the feed held, of the elements of the output; a rest is left behind.
        ("fed", oxide("40", one(json!({ "fed": "500" }))), vec![json!({ "Nd": "42.8678" })]),
        (
            "fed, the other needed",
            oxide("80", json!([{ "lot": "A", "fed": "500" }, { "lot": "B" }])),
            vec![json!({ "Nd": "42.8678" }), json!({ "Nd": "25.72068" })],
        ),
        // Mass: every element of that mass.
        ("mass", pool(one(json!({ "mass": "500" }))), vec![half.clone()]),
        (
            "draws",
            pool(one(json!({ "draws": { "Nd": "1.5", "Pr": "0.25" } }))),
            vec![json!({ "Nd": "1.5", "Pr": "0.25" })],
        ),
        (
            "oxide draws",
            pool(one(json!({ "oxideDraws": { "Nd2O3": "10", "Pr6O11": "1" } }))),
            vec![json!({ "Nd": "8.57356", "Pr": "0.827704" })],
        ),
        (
            "oxides of one element",
            pool(one(json!({ "oxideDraws": { "Pr6O11": "1", "PrO2": "1" } }))),
            vec![json!({ "Pr": "1.642644" })],
        ),
        ("rest", pool(one(json!({ "rest": true }))), vec![rest.clone()]),
        // Defaults of steps whose content is what was drawn.
        ("in-process takes all", pool(both.clone()), vec![rest.clone(), rest.clone()]),
        (
            "repacking by mass",
            repacked(json!({ "step": "repacking", "netMass": "500", "inputs": [{ "lot": "A" }] })),
            vec![half.clone()],
        ),
        (
            "repacking without mass",
            repacked(json!({ "step": "repacking", "inputs": [{ "lot": "A" }] })),
            vec![rest.clone()],
        ),
        (
            "blending by mass",
            repacked(json!({ "step": "blending", "netMass": "1000", "inputs": both })),
            vec![half.clone(), half.clone()],
        ),
        ("transfer by mass", transfer(json!({ "netMass": "500" })), vec![half]),
        ("transfer of all", transfer(json!({ "netMass": "1000" })), vec![rest.clone()]),
        ("transfer without mass", transfer(json!({})), vec![rest.clone()]),
        // A new assay takes everything that is left, whatever it finds.
        (
            "new assay",
            repacked(
                json!({ "step": "repacking", "contentFrom": "assay", "netMass": "990", "inputs": [{ "lot": "A" }],
            "assay": assay(json!([{ "oxide": "Nd2O3", "percent": "10" }])) }),
            ),
            vec![rest],
        ),
    ];
    for (what, draft, draws) in &table {
        assert_eq!(desk.draws(draft), *draws, "{what}");
    }
    println!("{} ways to draw", table.len());
}

#[test]
fn outputs_registered_together_share_exactly_what_is_left() {
    // Nd of A: 85.7356 kg, as oxide 100 kg. Three outputs of 101 kg together: each short by the same 1 %.
    for masses in
        [["33.7", "33.7", "33.6"], ["1", "50", "50"], ["60.7", "40", "0.3"], ["33.333", "33.334", "34.333"]]
    {
        let mut desk = Desk::new();
        let drafts: Vec<Value> = masses.iter().map(|mass| oxide(mass, json!([{ "lot": "A" }]))).collect();
        let parsed: Vec<Draft> =
            drafts.iter().map(|d| Draft::parse(d.to_string().as_bytes()).unwrap()).collect();
        desk.inputs.register_together(&parsed);
        let (mut drawn, mut shares) = (0, Vec::new());
        for (number, draft) in (10..).zip(&drafts) {
            let unsigned =
                desk.admit_as(number, draft).unwrap_or_else(|refusal| panic!("{masses:?}: {refusal:?}"));
            let lot = desk.register(&unsigned, None).lot().unwrap().clone();
            let (draw, content) = (lot.inputs[0].draws.total(), lot.content.total());
            drawn += draw;
            shares.push(draw * 100_000 / content);
        }
        assert_eq!(drawn, 85_735_600, "{masses:?}: nothing is left, nothing is drawn twice");
        let spread = shares.iter().max().unwrap() - shares.iter().min().unwrap();
        assert!(spread <= 1, "{masses:?}: the deficit is the same share of each: {shares:?}");
    }
}

#[test]
fn closed_unknown_and_empty_lots_are_refused() {
    let mut desk = Desk::new();
    let ore = desk.inputs.named("B").unwrap().clone();
    desk.inputs.add(InputLot { closed: true, ..ore.clone() }, Some("B"));
    assert_eq!(desk.refused(&pool(json!([{ "lot": "B" }]))), [pair("custody.closed-lot", "/inputs/0/lot")]);
    desk.inputs.add(InputLot { drawn: ore.certificate.lot().unwrap().content.clone(), ..ore }, Some("B"));
    assert_eq!(
        desk.refused(&pool(json!([{ "lot": "A" }, { "lot": "B" }]))),
        [pair("conservation.overdrawn", "/inputs/1")]
    );
    assert_eq!(
        desk.refused(&pool(json!([{ "lot": "A" }, { "lot": "C" }]))),
        [pair("lineage.missing-parent", "/inputs/1/lot")]
    );
    let digest = ytterby::digest::Digest::of(b"another").to_string();
    let other = pool(json!([{ "lot": "A", "digestMultibase": digest }]));
    assert_eq!(desk.refused(&other), [pair("lineage.missing-parent", "/inputs/0/lot")]);
}

fn pair(code: &str, pointer: &str) -> (String, String) {
    (code.to_owned(), pointer.to_owned())
}

#[test]
fn a_certificate_over_the_limit_is_neither_issued_nor_read() {
    let mut desk = Desk::new();
    let with_packages = |count: usize, length: usize| {
        let mut draft = ore();
        let package =
            json!({ "number": "x".repeat(length), "packaging": "drum", "seal": "\u{1d11e}".repeat(length) });
        draft["packages"] = json!(vec![package; count]);
        draft
    };
    assert_eq!(desk.refused(&with_packages(1000, 290)), [pair("limit.certificate-bytes", "")]);
    // Whatever is let in can be read again, up to the last byte of the limit.
    let (mut low, mut high) = (1, 290);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if desk.admit(&with_packages(1000, middle)).is_ok() { low = middle } else { high = middle }
    }
    let unsigned = desk.admit(&with_packages(1000, low)).unwrap();
    let bytes = unsigned.sign(&desk.book.key("refinery")).bytes().to_vec();
    assert!(bytes.len() <= MAX_CERTIFICATE && bytes.len() > MAX_CERTIFICATE * 9 / 10, "{}", bytes.len());
    assert!(Certificate::parse(&bytes).is_ok());
    let blanks = [bytes.as_slice(), &vec![b' '; MAX_CERTIFICATE]].concat();
    let error = Certificate::parse(&blanks).unwrap_err().to_string();
    assert!(error.contains("limit.certificate-bytes"), "{error}");
}

#[test]
fn what_a_draft_may_not_say() {
    let unreadable = |text: &str| Draft::parse(text.as_bytes()).unwrap_err().to_string();
    for (member, value) in [("home", json!("registry.example/ree")), ("content", json!({ "Nd": "1" }))] {
        let mut draft = ore();
        draft[member] = value;
        assert!(unreadable(&draft.to_string()).contains("malformed.unknown-field"), "{member}");
    }
    for (text, want) in [
        (r#"{"type":"OriginCertificate","type":"OriginCertificate"}"#, "twice"),
        (r#"{"type":"OriginCertificate","form":"ore","f\u006frm":"oxide"}"#, "twice"),
        (r#"{"type":"MagicCertificate"}"#, "malformed.value"),
        (r#"{"lotNumber":"A"}"#, "malformed.value"),
        (r#"["OriginCertificate"]"#, "malformed.wrong-type"),
        (r#"{"type":"ProcessingCertificate","inputs":{}}"#, "malformed.wrong-type"),
        (r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","rest":false}]}"#, "malformed.value"),
        (
            r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","rest":true,"fed":"1"}]}"#,
            "malformed.combination",
        ),
        (r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","fed":1}]}"#, "malformed.wrong-type"),
        (r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","fed":null}]}"#, "malformed.wrong-type"),
        (
            r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","colour":"red"}]}"#,
            "malformed.unknown-field",
        ),
        (r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","draws":{"Xx":"1"}}]}"#, "malformed.value"),
        (
            r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","oxideDraws":{"NdO9":"1"}}]}"#,
            "malformed.value",
        ),
        (r#"{"type":"ProcessingCertificate","inputs":[{"lot":"A","mass":"1e3"}]}"#, "malformed.value"),
    ] {
        assert!(unreadable(text).contains(want), "{text}: {}", unreadable(text));
    }
}

#[test]
fn refusals_point_into_the_draft() {
    let mut desk = Desk::new();
    let input = json!([{ "lot": "A" }]);
    let cases: Vec<(Value, &str, Value, &str)> = vec![
        (ore(), "/netMass", json!(1000), "malformed.wrong-type"),
        (ore(), "/netMass", Value::Null, "malformed.wrong-type"),
        (ore(), "/netMass", json!("1000.0000000"), "malformed.value"),
        (ore(), "/assay/components/0/percent", json!(10), "malformed.wrong-type"),
        (ore(), "/assay/components/0/percent", json!("101"), "malformed.value"),
        (ore(), "/assay/components/1/oxide", json!("Pr oxide"), "malformed.value"),
        (ore(), "/facility/country", json!("XX"), "malformed.value"),
        (ore(), "/lotNumber", json!(""), "malformed.value"),
        (ore(), "/colour", json!("red"), "malformed.unknown-field"),
        (ore(), "/facility/colour", json!("red"), "malformed.unknown-field"),
        (ore(), "/inputs", json!([{ "lot": "A" }]), "malformed.unknown-field"),
        (ore(), "/contentFrom", json!("assay"), "malformed.unknown-field"),
        (oxide("80", input.clone()), "/contentFrom", json!("thin air"), "malformed.value"),
        (oxide("80", input.clone()), "/contentFrom", json!(true), "malformed.wrong-type"),
        (oxide("80", input.clone()), "/corrects", json!("A"), "malformed.wrong-type"),
        (oxide("80", input.clone()), "/step", json!("alchemy"), "malformed.value"),
        (oxide("80", input.clone()), "/declaredInputs", json!([]), "malformed.value"),
        (oxide("80", input), "/validUntil", json!("2027-01-01T00:00:00Z"), "malformed.combination"),
    ];
    for (honest, at, value, code) in &cases {
        let mut draft = honest.clone();
        set(&mut draft, at, value.clone());
        assert_eq!(desk.refused(&draft), [pair(code, at)], "{at} {value}");
    }
    let over = desk.refused(&oxide("101.6", json!([{ "lot": "A" }])));
    assert_eq!(over, [pair("conservation.exceeds-draws", "/assay/components/0")]);
    let over = desk.refused(&pool(json!([{ "lot": "A", "draws": { "Nd": "85.735601" } }])));
    assert_eq!(over, [pair("conservation.overdrawn", "/inputs/0/draws/Nd")]);
    let wrong = ytterby::digest::Digest::of(b"another").to_string();
    let mut draft = oxide("80", json!([{ "lot": "A" }]));
    draft["corrects"] = json!({ "digestMultibase": wrong, "reason": "typing error" });
    assert_eq!(desk.refused(&draft), [pair("malformed.combination", "/corrects/digestMultibase")]);
}

#[test]
fn the_same_draft_label_time_and_key_give_the_same_bytes() {
    let sign = || {
        let mut desk = Desk::new();
        let unsigned = desk.admit(&oxide("80", json!([{ "lot": "A" }]))).unwrap();
        unsigned.sign(&desk.book.key("refinery"))
    };
    let (first, second) = (sign(), sign());
    assert_eq!(first.bytes(), second.bytes());
    let value: Value = serde_json::from_slice(first.bytes()).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert_ne!(pretty.as_bytes(), first.bytes());
    let copy = Certificate::parse(pretty.as_bytes()).unwrap();
    assert_eq!((copy.digest(), copy.bytes()), (first.digest(), first.bytes()));
    let mut desk = Desk::new();
    let other = desk.admit_as(1001, &oxide("80", json!([{ "lot": "A" }]))).unwrap();
    assert_ne!(other.sign(&desk.book.key("refinery")).digest(), first.digest());
}

/// Codes with which a certificate that its issuer signed is refused; none if it is let in.
fn signed(desk: &mut Desk, certificate: &Certificate<'_>, authority: &Authority) -> Vec<String> {
    match admit_signed(certificate, &desk.inputs, authority, time("2026-09-21T00:00:00Z")) {
        Ok(_) => Vec::new(),
        Err(refusal) => refusal.iter().map(|finding| finding.code.as_str().to_owned()).collect(),
    }
}

/// The document of an honest draft, changed and signed by its issuer, as the other door gets it.
fn changed(desk: &mut Desk, at: &str, value: Option<Value>) -> Certificate<'static> {
    let unsigned = desk.admit(&oxide("80", json!([{ "lot": "A" }]))).unwrap();
    let mut document: Value = serde_json::from_slice(&unsigned.to_bytes()).unwrap();
    match value {
        Some(value) => set(&mut document, at, value),
        None if at.is_empty() => {}
        None => unset(&mut document, at),
    }
    let signed = Forge::default().sign_document("refinery", AT, document);
    Certificate::parse(signed.value.to_string().as_bytes()).unwrap().into_owned()
}

#[test]
fn a_certificate_signed_elsewhere_is_refused_for_the_same_reasons() {
    let mut desk = Desk::new();
    let authority = desk.authority();
    let honest = changed(&mut desk, "", None);
    assert_eq!(signed(&mut desk, &honest, &authority), Vec::<String>::new());
    let other = |company: &str| Authority { issuer: Book::did(company), ..authority.clone() };
    assert_eq!(signed(&mut desk, &honest, &other("rival")), ["authority.unknown-issuer"]);
    let rivals = Authority { key: desk.book.key("rival").public(), ..authority.clone() };
    assert_eq!(signed(&mut desk, &honest, &rivals), ["authority.unknown-key"]);
    let elsewhere = Authority { home: home("other.example/log"), ..authority.clone() };
    assert_eq!(signed(&mut desk, &honest, &elsewhere), ["registration.wrong-home"]);

    let of = |at: &str| format!("/credentialSubject{at}");
    let cases = [
        ("/content/Nd", json!("68.588481"), "content.mismatch"),
        ("/netMass", json!("80.000002"), "content.mismatch"),
        ("/inputs/0/draws/Nd", json!("67.559651"), "conservation.exceeds-draws"),
        ("/inputs/0/draws/Nd", json!("85.735601"), "conservation.overdrawn"),
        ("/inputs/0/lot", json!("urn:uuid:00000000-0000-4000-8000-00000000ffff"), "lineage.label"),
        (
            "/inputs/0/digestMultibase",
            json!(ytterby::digest::Digest::of(b"x").to_string()),
            "lineage.missing-parent",
        ),
        ("/period/to", json!("2026-09-25"), "time.after-issue"),
    ];
    for (at, value, code) in cases {
        let certificate = changed(&mut desk, &of(at), Some(value.clone()));
        assert!(signed(&mut desk, &certificate, &authority).contains(&code.to_owned()), "{at} {value}");
    }
    let closed = InputLot { closed: true, ..desk.inputs.named("A").unwrap().clone() };
    desk.inputs.add(closed, Some("A"));
    assert_eq!(signed(&mut desk, &honest, &authority), ["custody.closed-lot"]);

    // Altered after signing: the bytes are another certificate, and nobody signed it.
    let text = String::from_utf8(honest.bytes().to_vec()).unwrap().replace("\"L\"", "\"M\"");
    let altered = Certificate::parse(text.as_bytes()).unwrap();
    assert!(signed(&mut desk, &altered, &authority).contains(&"proof.signature".to_owned()));
}

/// Both doors, given the same content, say the same codes.
#[test]
fn both_doors_refuse_alike() {
    type Case<'c> = (&'c str, &'c dyn Fn(InputLot) -> InputLot, &'c [&'c str]);
    let authority = Desk::new().authority();
    let holder = Did::parse("did:web:somebody.example").unwrap();
    let foreign = |mut ore: InputLot| {
        let bytes = String::from_utf8(ore.certificate.bytes().to_vec()).unwrap();
        let bytes =
            bytes.replace("\"holder\":\"did:web:refinery.example\"", &format!("\"holder\":\"{holder}\""));
        ore.certificate = Certificate::parse(bytes.as_bytes()).unwrap().into_owned();
        ore
    };
    let lots: [Case<'_>; 6] = [
        ("as it is", &|lot| lot, &[]),
        ("closed", &|lot| InputLot { closed: true, ..lot }, &["custody.closed-lot"]),
        ("revoked", &|lot| InputLot { status: Some(StatusPurpose::Revocation), ..lot }, &["status.revoked"]),
        (
            "suspended",
            &|lot| InputLot { status: Some(StatusPurpose::Suspension), ..lot },
            &["status.suspended"],
        ),
        (
            "nearly empty",
            &|mut lot| {
                lot.drawn = lot.certificate.lot().unwrap().content.clone();
                lot.drawn.set(ytterby::element::Element::parse("Nd").unwrap(), 80_000_000);
                lot
            },
            &["conservation.overdrawn"],
        ),
        ("somebody else's", &foreign, &["custody.not-holder"]),
    ];
    for (what, change, codes) in lots {
        let mut desk = Desk::new();
        let lot = change(desk.inputs.named("B").unwrap().clone());
        desk.inputs.add(lot, Some("C"));
        let draft = oxide("80", json!([{ "lot": "C", "draws": { "Nd": "68.58848" } }]));
        let first: Vec<String> = match desk.admit(&draft) {
            Ok(_) => Vec::new(),
            Err(refusal) => refusal.iter().map(|f| f.code.as_str().to_owned()).collect(),
        };
        assert_eq!(first, codes, "{what}: as a draft");
        let input = desk.inputs.named("C").unwrap();
        let inputs = json!([{
            "lot": input.certificate.claims().id.urn().to_string(),
            "digestMultibase": input.certificate.digest().to_string(), "draws": { "Nd": "68.58848" },
        }]);
        let document = changed(&mut Desk::new(), "/credentialSubject/inputs", Some(inputs));
        assert_eq!(signed(&mut desk, &document, &authority), codes, "{what}: signed elsewhere");
    }
}
