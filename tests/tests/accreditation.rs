//! Accreditation beyond one fault each: every way to narrow a scope, webs of accreditors, floods.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::book::{Book, time};
use conformance::vectors::{Forge, NOW, Signed, accreditation};
use serde_json::{Value, json};
use ytterby::finding::Code;
use ytterby::{Bundle, Report, Trust, Verdict};

/// A desk at which things are signed, and an ore of the refinery.
struct Desk {
    forge: Forge,
    ore: Signed,
    given: Vec<Signed>,
}

impl Desk {
    fn new() -> Self {
        let mut forge = Forge::default();
        let ore = forge.ore();
        Desk { forge, ore, given: Vec::new() }
    }

    fn give(&mut self, giver: &str, company: &str, given: &Value) {
        let signed = accreditation(&mut self.forge, giver, company, given);
        self.given.push(signed);
    }

    /// The ore with everything that was given, by a verifier who pins the alliance as its anchor, and more.
    fn verified(&mut self, more: &str) -> Report {
        let key = self.forge.key("alliance").public();
        let anchor = format!("[[anchor]]\ndid = \"{}\"\nkeys = [\"{key}\"]\n", Book::did("alliance"));
        let trust = format!("version = 1\n{anchor}{more}[require]\nregistration = false\nstatus = false\n");
        let bundle = json!({
            "bundle": "ytterby.bundle/1", "subject": [self.ore.certificate().digest().to_string()],
            "certificates": [self.ore.value],
            "accreditations": self.given.iter().map(|signed| &signed.value).collect::<Vec<_>>(),
        });
        let bytes = bundle.to_string();
        let bundle = Bundle::parse(bytes.as_bytes()).unwrap();
        ytterby::verify(
            &bundle,
            &Trust::parse(trust.as_bytes()).unwrap(),
            &ytterby::Rules::default(),
            time(NOW),
        )
    }
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings().iter().map(|finding| finding.code).collect()
}

/// Each of three links limits the countries in one of four ways; what counts is what all allow, and what
/// claims more than its giver has is said to.
#[test]
fn only_what_every_link_allows_counts() {
    let limits = [
        json!({}),
        json!({ "countries": ["MY"] }),
        json!({ "countries": ["VN"] }),
        json!({ "countries": ["MY", "VN"] }),
    ];
    let allows = |at: usize, country: &str| {
        limits[at].get("countries").is_none_or(|list| list.as_array().unwrap().contains(&json!(country)))
    };
    for (first, second, third) in (0..64).map(|n| (n / 16, n / 4 % 4, n % 4)) {
        let mut desk = Desk::new();
        desk.give("alliance", "one", &json!({ "mayAccredit": limits[first] }));
        desk.give("one", "two", &json!({ "mayAccredit": limits[second] }));
        desk.give("two", "refinery", &json!({ "mayCertify": limits[third] }));
        let report = desk.verified("");
        let accepted = [first, second, third].iter().all(|at| allows(*at, "MY"));
        let beyond = |own: usize, giver: usize| {
            let own = limits[own].get("countries").and_then(Value::as_array);
            own.into_iter().flatten().any(|country| !allows(giver, country.as_str().unwrap()))
        };
        let warnings = usize::from(beyond(second, first)) + usize::from(beyond(third, second));
        let wanted = match accepted {
            true => (Verdict::Verified, vec![Code::AuthorityDelegation; warnings]),
            false => (Verdict::Untrusted, vec![Code::AuthorityCountry]),
        };
        assert_eq!((report.verdict(), codes(&report)), wanted, "{first} {second} {third}");
        let relied_on = report.relied_on().count();
        assert_eq!(relied_on, if accepted { 4 } else { 1 });
    }
}

#[test]
fn no_accreditation_widens_a_pin() {
    let mut desk = Desk::new();
    desk.give("alliance", "refinery", &json!({ "mayCertify": {} }));
    let own = desk.forge.key("refinery").public();
    let pin = |key, more: &str| {
        format!("[[issuer]]\ndid = \"did:web:refinery.example\"\nkeys = [\"{key}\"]\n{more}")
    };
    assert_eq!(desk.verified("").verdict(), Verdict::Verified);
    assert_eq!(desk.verified(&pin(own, "")).verdict(), Verdict::Verified);
    assert_eq!(codes(&desk.verified(&pin(own, "countries = [\"VN\"]\n"))), [Code::AuthorityCountry]);
    let other = desk.forge.key("other").public();
    assert_eq!(codes(&desk.verified(&pin(other, ""))), [Code::AuthorityUnknownKey]);
}

/// Sixty bodies, each of which accredits every other: 60! ways, each accreditation looked at once for each
/// of the few that are kept.
#[test]
fn a_web_of_accreditors_is_walked_in_time() {
    let mut desk = Desk::new();
    let bodies: Vec<String> = (0..60).map(|number| format!("body-{number}")).collect();
    for giver in &bodies {
        for body in bodies.iter().filter(|body| *body != giver) {
            desk.give(giver, body, &json!({ "mayAccredit": {} }));
        }
    }
    desk.give(&bodies[59], "refinery", &json!({ "mayCertify": {} }));
    // From no anchor, nothing is reached.
    let report = desk.verified("");
    assert_eq!(codes(&report), [Code::AuthorityUnknownIssuer]);
    assert_eq!(report.relied_on().count(), 1);
    desk.give("alliance", &bodies[0], &json!({ "mayAccredit": {} }));
    let report = desk.verified("");
    assert_eq!((report.verdict(), codes(&report)), (Verdict::Verified, vec![]));
    // The shortest way is found first: anchor, first body, last body, refinery.
    assert_eq!(report.relied_on().count(), 4);
    println!("{} accreditations, three of them relied on", report.certificates.len() - 1);
}

/// Genuine accreditations without number hide the one that fits, which is then not known; they never
/// make anything accepted, and junk hides nothing.
#[test]
fn a_flood_of_accreditations_is_bounded() {
    let mut desk = Desk::new();
    for number in 0..10_000 {
        let elsewhere = json!({ "mayCertify": { "countries": ["AQ"] }, "name": format!("n{number}") });
        let giver = if number % 2 == 0 { "stranger" } else { "alliance" };
        if number < 100 || giver == "stranger" {
            desk.give(giver, "refinery", &elsewhere);
        }
    }
    assert_eq!(codes(&desk.verified("")), [Code::AuthorityCountry]);
    desk.give("alliance", "refinery", &json!({ "mayCertify": {} }));
    assert_eq!(desk.verified("").verdict(), Verdict::Verified);
    for _ in 0..100 {
        desk.give("alliance", "refinery", &json!({ "mayCertify": { "countries": ["AQ"] } }));
    }
    desk.given.reverse();
    let report = desk.verified("");
    assert_eq!((report.verdict(), codes(&report)), (Verdict::Undecided, vec![Code::LimitAccreditations]));
    println!("{} accreditations", report.certificates.len() - 1);
}
