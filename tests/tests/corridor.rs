//! The corridor of `examples/corridor`, issued in memory and verified as the magnets' buyer.

use std::collections::HashMap;
use std::path::Path;

use conformance::book::{Book, time};
use examples::corridor::{self, Meaning};
use ytterby::{Bundle, Draft, Trust, Verdict};

const NOW: &str = "2026-11-24T12:00:00Z";

/// Issues the whole corridor; the book holds every certificate, the last is the delivery.
fn issued() -> Book {
    let corridor = corridor::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/corridor")).unwrap();
    let mut book = Book::default();
    let mut dids: HashMap<String, String> =
        corridor.companies.iter().map(|c| (c.name.clone(), Book::did(&c.name).to_string())).collect();
    dids.insert("buyer".to_owned(), Book::did("buyer").to_string());
    let mut lots = HashMap::new();
    for step in &corridor.steps {
        let Some(draft) = &step.draft else { continue };
        let meaning = Meaning { today: "2026-11-24".parse().unwrap(), dids: &dids, lots: &lots };
        let draft = Draft::parse(meaning.fill(draft).to_string().as_bytes()).unwrap();
        let certificate = book.issue(&step.issuer, &draft, time(NOW)).unwrap_or_else(|refusal| {
            panic!("{}: {}", step.name, refusal.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        lots.insert(step.name.clone(), certificate.claims().id.urn().to_string());
    }
    book
}

#[test]
fn the_corridor_verifies_for_its_buyer_and_for_nobody_else() {
    let book = issued();
    let delivery = book.certificates.last().unwrap();
    let bundle = Bundle::of(vec![delivery.digest()], book.certificates.clone());
    let bytes = bundle.to_bytes();
    let bundle = Bundle::parse(&bytes).unwrap();
    let at = time(NOW);
    let report = ytterby::verify(&bundle, &Trust::parse(book.trust_file(Some("buyer")).as_bytes()).unwrap(), at);
    let problems: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(report.verdict(), Verdict::Verified);
    assert_eq!(report.verified_lot(), Some(delivery.digest()));

    let other = Trust::parse(book.trust_file(Some("rival")).as_bytes()).unwrap();
    let report = ytterby::verify(&bundle, &other, at);
    assert_eq!(report.verdict(), Verdict::Untrusted);
    assert_eq!(report.findings()[0].code.as_str(), "custody.not-your-lot");
    assert_eq!(ytterby::verify(&bundle, &Trust::nobody(), at).verdict(), Verdict::Untrusted);
}
