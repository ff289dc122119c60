//! The corridor verifies as the magnets' buyer, and only as that.

use conformance::book::time;
use conformance::corridor::{NOW, issued};
use ytterby::{Bundle, Trust, Verdict};

#[test]
fn the_corridor_verifies_for_its_buyer_and_for_nobody_else() {
    let book = issued();
    let delivery = book.certificates.last().unwrap();
    let bundle = Bundle::of(vec![delivery.digest()], book.certificates.clone());
    let bytes = bundle.to_bytes();
    let bundle = Bundle::parse(&bytes).unwrap();
    let at = time(NOW);
    let report = ytterby::verify(
        &bundle,
        &Trust::parse(book.trust_file(Some("buyer")).as_bytes()).unwrap(),
        &ytterby::Rules::default(),
        at,
    );
    let problems: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(report.verdict(), Verdict::Verified);
    assert_eq!(report.verified_lot(), Some(delivery.digest()));

    let other = Trust::parse(book.trust_file(Some("rival")).as_bytes()).unwrap();
    let report = ytterby::verify(&bundle, &other, &ytterby::Rules::default(), at);
    assert_eq!(report.verdict(), Verdict::Untrusted);
    assert_eq!(report.findings()[0].code.as_str(), "custody.not-your-lot");
    assert_eq!(
        ytterby::verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), at).verdict(),
        Verdict::Untrusted
    );
}
