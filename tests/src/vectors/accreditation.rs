//! Vectors of accreditation: who is accredited by whom, with which keys, for what, and when.

use serde_json::{Value, json};

use super::forge::{Made, Signed, ore, set, unset};
use super::registration::{HOME, RIVAL, at as receipt_at, receipt};
use super::status::{self, MADE, REVOCATION, SUSPENSION};
use super::{Forge, vectors};
use crate::book::Book;
use crate::log::TestLog;

const FROM: &str = "2026-01-01T00:00:00Z";
const UNTIL: &str = "2027-12-31T23:59:59Z";
/// When everything is signed.
const SIGNED: &str = "2026-09-20T10:00:00Z";
/// When the third of the witnesses cosigned: the time of everything that is logged.
const LOGGED: &str = "2026-09-21T12:02:00Z";
const BEFORE: &str = "2026-09-21T12:01:59Z";
const AFTER: &str = "2026-09-21T12:02:01Z";

/// An accreditation that is to be.
struct Given {
    giver: String,
    /// Whose key signs: the giver's, as a rule.
    key: String,
    from: &'static str,
    until: &'static str,
    at: &'static str,
    subject: Value,
}

/// An accreditation of a company with its key, to certify everything.
fn of(f: &mut Forge, giver: &str, company: &str) -> Given {
    let key = f.key(company).public().to_string();
    let subject = json!({
        "home": HOME, "accredits": Book::did(company).as_str(), "keys": [{ "key": key }], "mayCertify": {},
    });
    Given { giver: giver.to_owned(), key: giver.to_owned(), from: FROM, until: UNTIL, at: SIGNED, subject }
}

impl Given {
    fn with(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.subject, pointer, value);
        self
    }

    /// It lets a company accredit others, and certify nothing.
    fn delegating(mut self, scope: Value) -> Self {
        unset(&mut self.subject, "/mayCertify");
        self.with("/mayAccredit", scope)
    }

    fn valid(self, from: &'static str, until: &'static str) -> Self {
        Given { from, until, ..self }
    }

    fn at(self, at: &'static str) -> Self {
        Given { at, ..self }
    }

    fn by_key(self, key: &str) -> Self {
        Given { key: key.to_owned(), ..self }
    }

    fn sign(self, f: &mut Forge) -> Signed {
        let giver = Book::did(&self.giver);
        let mut document = f.document("AccreditationCertificate", self.subject);
        set(&mut document, "/issuer/id", json!(giver.as_str()));
        set(&mut document, "/validFrom", json!(self.from));
        set(&mut document, "/validUntil", json!(self.until));
        let key = f.key(&self.key);
        let method = giver.method(&key.public());
        let config =
            json!({ "created": self.at, "proofPurpose": "assertionMethod", "verificationMethod": method });
        f.sign_with(&key, config, document)
    }
}

/// An accreditation of a company with its key, and the members that say for what.
pub fn accreditation(f: &mut Forge, giver: &str, company: &str, given: &Value) -> Signed {
    let mut own = of(f, giver, company);
    unset(&mut own.subject, "/mayCertify");
    for (name, scope) in given.as_object().into_iter().flatten() {
        own = own.with(&format!("/{name}"), scope.clone());
    }
    own.sign(f)
}

/// The alliance's accreditation of the refinery.
fn refinery(f: &mut Forge) -> Given {
    of(f, "alliance", "refinery")
}

/// A bundle of certificates and accreditations, by a verifier who pins the alliance alone, as its anchor.
fn anchored(f: &mut Forge, accreditations: &[&Signed], certificates: &[&Signed]) -> Made {
    let key = f.key("alliance").public();
    anchored_by(f, &anchor("alliance", &format!("\"{key}\"")), accreditations, certificates)
}

fn anchor(company: &str, keys: &str) -> String {
    format!("[[anchor]]\ndid = \"{}\"\nkeys = [{keys}]\n", Book::did(company))
}

fn anchored_by(f: &mut Forge, anchors: &str, accreditations: &[&Signed], certificates: &[&Signed]) -> Made {
    let pinned = f.key("refinery").public();
    let mut made = f.bundle(certificates);
    made.bundle["accreditations"] = accreditations.iter().map(|signed| signed.value.clone()).collect();
    let pin = format!("[[issuer]]\ndid = \"did:web:refinery.example\"\nkeys = [\"{pinned}\"]\n");
    made.trusting(&pin, anchors)
}

/// An ore of the refinery with one accreditation.
fn ore_by(f: &mut Forge, given: Given) -> Made {
    let (given, ore) = (given.sign(f), f.ore());
    anchored(f, &[&given], &[&ore])
}

/// The same of an ore that is not quite the usual one.
fn other_ore_by(f: &mut Forge, given: Given, change: impl FnOnce(&mut Value)) -> Made {
    let mut subject = ore();
    change(&mut subject);
    let (given, ore) = (given.sign(f), f.sign("OriginCertificate", subject));
    anchored(f, &[&given], &[&ore])
}

/// Opening stock: what there was on a day before.
fn opening_stock(subject: &mut Value) {
    set(subject, "/source", json!("opening-stock"));
}

/// Everything registered in one log, first the accreditations, by a verifier who requires that.
fn logged(made: Made, accreditations: &[&Signed], certificates: &[&Signed]) -> Made {
    let mut log = TestLog::new(HOME);
    let all: Vec<&&Signed> = accreditations.iter().chain(certificates).collect();
    for signed in &all {
        log.register(&signed.certificate());
    }
    let mut made = made.requiring(&log.trusted());
    made.bundle["receipts"] = json!({});
    let checkpoint = log.cosigned(3);
    for signed in all {
        made.bundle["receipts"][signed.digest()] = receipt(&log, &checkpoint, signed);
    }
    made
}

/// An ore of the refinery with one accreditation, both logged.
fn logged_ore_by(f: &mut Forge, given: Given) -> Made {
    let (given, ore) = (given.sign(f), f.ore());
    let made = anchored(f, &[&given], &[&ore]);
    logged(made, &[&given], &[&ore])
}

/// The same with an anchor whose key is limited.
fn logged_ore_by_anchor(f: &mut Forge, limit: &str) -> Made {
    let given = refinery(f).sign(f);
    let ore = f.ore();
    let key = f.key("alliance").public();
    let anchor = anchor("alliance", &format!("{{ key = \"{key}\", {limit} }}"));
    let made = anchored_by(f, &anchor, &[&given], &[&ore]);
    logged(made, &[&given], &[&ore])
}

/// The alliance lets a body accredit for a scope; the body accredits the refinery for another.
fn delegated(f: &mut Forge, scope: Value, own: Value) -> Made {
    let body = of(f, "alliance", "body").delegating(scope).sign(f);
    let given = of(f, "body", "refinery").with("/mayCertify", own).sign(f);
    let ore = f.ore();
    anchored(f, &[&given, &body], &[&ore])
}

/// Two of three keys of two parties are needed; some keys have accredited the refinery.
fn two_of_three(f: &mut Forge, by: &[(&'static str, &'static str)]) -> Made {
    let given: Vec<Signed> =
        by.iter().map(|(giver, key)| of(f, giver, "refinery").by_key(key).sign(f)).collect();
    let [a, b, c] = ["alliance", "second key", "ministry"].map(|key| f.key(key).public());
    let members = [("alliance", format!("\"{a}\", \"{b}\"")), ("ministry", format!("\"{c}\""))];
    let members =
        members.map(|(company, keys)| anchor(company, &keys).replace("[[anchor]]", "[[anchor.member]]"));
    let anchors = format!("[[anchor]]\nname = \"two of three\"\nneed = 2\n{}", members.concat());
    let ore = f.ore();
    anchored_by(f, &anchors, &given.iter().collect::<Vec<_>>(), &[&ore])
}

/// An ore whose issuer's accreditation is the first entry of the log, with status lists and what else the
/// log has of it: before the ore, or after it.
fn with_status(f: &mut Forge, set_in: (&[u64], &[u64]), revoked: Option<bool>) -> Made {
    let given = refinery(f).sign(f);
    let ore = f.ore();
    let made = anchored(f, &[&given], &[&ore]);
    let mut log = TestLog::new(HOME);
    log.register(&given.certificate());
    let first = revoked.filter(|first| *first).map(|_| log.record(&status::revocation(&given)));
    log.register(&ore.certificate());
    let last = revoked.filter(|first| !*first).map(|_| log.record(&status::revocation(&given)));
    shown(made, &log, &[&given, &ore], first.or(last), set_in)
}

/// An ore whose issuer a body accredited that was accredited itself, until after that and before the ore.
fn revoked_above(f: &mut Forge) -> Made {
    let body = of(f, "alliance", "a").delegating(json!({})).sign(f);
    let (given, ore) = (of(f, "a", "refinery").sign(f), f.ore());
    let made = anchored(f, &[&body, &given], &[&ore]);
    let mut log = TestLog::new(HOME);
    log.register(&body.certificate());
    log.register(&given.certificate());
    let revoked = log.record(&status::revocation(&body));
    log.register(&ore.certificate());
    shown(made, &log, &[&body, &given, &ore], Some(revoked), (&[0], &[]))
}

/// The same with the receipts of a log, a change of status in it, and its lists with some bits set.
fn shown(
    made: Made,
    log: &TestLog,
    registered: &[&Signed],
    change: Option<u64>,
    (revoked, suspended): (&[u64], &[u64]),
) -> Made {
    let mut made = made.requiring(&log.trusted());
    made.bundle["receipts"] = json!({});
    for signed in registered {
        made.bundle["receipts"][signed.digest()] = receipt(log, &log.cosigned(3), signed);
    }
    if let Some(index) = change {
        status::show(&mut made, "statusChanges", log, index, None);
    }
    let size = log.head().size;
    let lists =
        [status::list(REVOCATION, size, MADE, revoked), status::list(SUSPENSION, size, MADE, suspended)];
    made.bundle["statusLists"] = lists.iter().map(status::NewList::value).collect();
    status::pinned(made)
}

/// A chain of so many bodies between the alliance and the refinery.
fn long_chain(f: &mut Forge, bodies: usize) -> Made {
    const NAMES: [&str; 9] = ["alliance", "a", "b", "c", "d", "e", "g", "h", "i"];
    let mut given: Vec<Signed> =
        (0..bodies).map(|at| of(f, NAMES[at], NAMES[at + 1]).delegating(json!({})).sign(f)).collect();
    given.push(of(f, NAMES[bodies], "refinery").sign(f));
    let ore = f.ore();
    anchored(f, &given.iter().collect::<Vec<_>>(), &[&ore])
}

vectors! {
    /// An anchor is pinned, and nobody else; it accredited the issuer: accepted.
    "honest-accredited" [] |f| {
        let given = refinery(f).sign(f);
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        anchored(f, &[&given], &[&ore, &oxide])
    }
    /// The same, registered like everything else: accepted.
    "honest-accredited-registered" [] |f| {
        let given = refinery(f);
        logged_ore_by(f, given)
    }
    /// An accreditation with every limit, all of which the ore keeps: accepted.
    "honest-accredited-for-this" [] |f| {
        let given = refinery(f).with("/mayCertify", json!({
            "steps": ["origin"], "countries": ["MY"], "elements": ["Nd", "Pr"], "sources": ["mined"],
            "facilities": [{ "id": "urn:gln:9521321000010", "annualCapacity": "1000", "origins": HOME }],
            "openingStock": { "until": "2026-01-01" },
        }));
        ore_by(f, given)
    }
    /// The anchor lets a body accredit, which accredited the issuer: accepted.
    "honest-accredited-by-a-body" [] |f| {
        delegated(f, json!({ "countries": ["MY", "VN"] }), json!({ "countries": ["MY"] }))
    }
    /// Seven bodies between the anchor and the issuer, eight accreditations: accepted.
    "honest-accredited-by-seven-bodies" [] |f| {
        long_chain(f, 7)
    }
    /// The accreditation was signed after the ore, for a time that begins before: accepted.
    "honest-accredited-afterwards" [] |f| {
        let given = refinery(f).at("2026-11-01T00:00:00Z");
        ore_by(f, given)
    }
    /// Beside the accreditation that counts lies one by somebody unknown, in no log: it is passed over.
    "honest-accredited-by-a-stranger-too" [] |f| {
        let stranger = of(f, "stranger", "refinery").sign(f);
        let given = refinery(f).sign(f);
        let ore = f.ore();
        let made = anchored(f, &[&stranger, &given], &[&ore]);
        logged(made, &[&given], &[&ore])
    }
    /// Two accreditations of one issuer for different steps, each for one of its certificates: accepted.
    "honest-accredited-twice" [] |f| {
        let origin = refinery(f).with("/mayCertify", json!({ "steps": ["origin"] })).sign(f);
        let separation = refinery(f).with("/mayCertify", json!({ "steps": ["separation"] })).sign(f);
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        anchored(f, &[&origin, &separation], &[&ore, &oxide])
    }
    /// The bundle is about the accreditation itself: accepted.
    "honest-accreditation-alone" [] |f| {
        let given = refinery(f).sign(f);
        anchored(f, &[], &[&given])
    }
    /// Accredited from the second on in which the ore was logged: accepted.
    "honest-accredited-from-that-second" [] |f| {
        let given = refinery(f).valid(LOGGED, UNTIL);
        logged_ore_by(f, given)
    }
    /// Accredited until the second in which the ore was logged: accepted.
    "honest-accredited-until-that-second" [] |f| {
        let given = refinery(f).valid(FROM, LOGGED);
        logged_ore_by(f, given)
    }
    /// The key was retired a second after the ore was logged: accepted.
    "honest-key-retired-a-second-later" [] |f| {
        let given = refinery(f).with("/keys/0/retired", json!(AFTER));
        logged_ore_by(f, given)
    }
    /// The key was compromised a second after the ore was logged: accepted.
    "honest-key-compromised-a-second-later" [] |f| {
        let given = refinery(f).with("/keys/0/compromised", json!(AFTER));
        logged_ore_by(f, given)
    }
    /// The anchor's key was compromised a second after the accreditation was logged: accepted.
    "honest-anchor-key-compromised-a-second-later" [] |f| {
        logged_ore_by_anchor(f, &format!("compromised = \"{AFTER}\""))
    }
    /// Keys of two parties accredited the issuer, two of three are needed: accepted.
    "honest-accredited-by-two-of-three" [] |f| {
        two_of_three(f, &[("alliance", "second key"), ("ministry", "ministry")])
    }
    /// The accreditation was given by somebody whom the trust file does not know.
    "authority.unknown-issuer-accredited-by-a-stranger" ["authority.unknown-issuer"] |f| {
        let given = of(f, "stranger", "refinery");
        ore_by(f, given)
    }
    /// Two accredit each other, and no anchor accredits either.
    "authority.unknown-issuer-in-a-loop" ["authority.unknown-issuer"] |f| {
        let there = of(f, "stranger", "refinery").with("/mayAccredit", json!({})).sign(f);
        let back = of(f, "refinery", "stranger").with("/mayAccredit", json!({})).sign(f);
        let ore = f.ore();
        anchored(f, &[&there, &back], &[&ore])
    }
    /// The issuer is accredited with another key than it signed with.
    "authority.unknown-key-accredited" ["authority.unknown-key"] |f| {
        let other = f.key("stranger").public().to_string();
        let given = refinery(f).with("/keys/0/key", json!(other));
        ore_by(f, given)
    }
    /// The accreditation is signed with a key of the anchor that is not pinned.
    "authority.anchor-key" ["authority.anchor-key"] |f| {
        let given = refinery(f).by_key("second key");
        ore_by(f, given)
    }
    /// Accredited a second after the ore was logged.
    "authority.not-yet-valid" ["authority.not-yet-valid"] |f| {
        let given = refinery(f).valid(AFTER, UNTIL);
        logged_ore_by(f, given)
    }
    /// The key is good from a second after the ore was logged.
    "authority.not-yet-valid-key" ["authority.not-yet-valid"] |f| {
        let given = refinery(f).with("/keys/0/from", json!(AFTER));
        logged_ore_by(f, given)
    }
    /// Accredited until a second before the ore was logged.
    "authority.expired" ["authority.expired"] |f| {
        let given = refinery(f).valid(FROM, BEFORE);
        logged_ore_by(f, given)
    }
    /// The key was good until a second before the ore was logged.
    "authority.expired-key" ["authority.expired"] |f| {
        let given = refinery(f).with("/keys/0/until", json!(BEFORE));
        logged_ore_by(f, given)
    }
    /// The body accredited the issuer a second after its own accreditation had ended, for the time before.
    "authority.expired-accreditor" ["authority.expired"] |f| {
        let body = of(f, "alliance", "body").delegating(json!({})).valid(FROM, "2026-09-20T10:00:00Z").sign(f);
        let given = of(f, "body", "refinery").at("2026-09-20T10:00:01Z").sign(f);
        let ore = f.ore();
        anchored(f, &[&given, &body], &[&ore])
    }
    /// The key was retired in the second in which the ore was logged.
    "authority.key-retired" ["authority.key-retired"] |f| {
        let given = refinery(f).with("/keys/0/retired", json!(LOGGED));
        logged_ore_by(f, given)
    }
    /// The key was retired a second before the ore was logged.
    "authority.key-retired-a-second-before" ["authority.key-retired"] |f| {
        let given = refinery(f).with("/keys/0/retired", json!(BEFORE));
        logged_ore_by(f, given)
    }
    /// The key was compromised in the second in which the ore was logged, though it was signed a day before.
    "authority.key-compromised" ["authority.key-compromised"] |f| {
        let given = refinery(f).with("/keys/0/compromised", json!(LOGGED));
        logged_ore_by(f, given)
    }
    /// The key was compromised later, but nothing but the signature itself says when the ore was made.
    "authority.key-compromised-and-not-logged" ["authority.key-compromised"] |f| {
        let given = refinery(f).with("/keys/0/compromised", json!("2026-11-01T00:00:00Z"));
        ore_by(f, given)
    }
    /// The anchor's key was compromised in the second in which the accreditation was logged.
    "authority.key-compromised-of-the-anchor" ["authority.key-compromised"] |f| {
        logged_ore_by_anchor(f, &format!("compromised = \"{LOGGED}\""))
    }
    /// The anchor's key was retired a second before the accreditation was logged.
    "authority.key-retired-of-the-anchor" ["authority.key-retired"] |f| {
        logged_ore_by_anchor(f, &format!("retired = \"{BEFORE}\""))
    }
    /// An issuer accredited for separation alone makes an origin.
    "authority.step-accredited" ["authority.step"] |f| {
        let given = refinery(f).with("/mayCertify", json!({ "steps": ["separation"] }));
        ore_by(f, given)
    }
    /// An issuer that may accredit others certifies an ore itself.
    "authority.step-of-an-accreditor" ["authority.step"] |f| {
        let given = refinery(f).delegating(json!({}));
        ore_by(f, given)
    }
    /// An issuer accredited for Vietnam works in Malaysia.
    "authority.country-accredited" ["authority.country"] |f| {
        let given = refinery(f).with("/mayCertify", json!({ "countries": ["VN"] }));
        ore_by(f, given)
    }
    /// The body that accredited the issuer for any country may accredit for Vietnam alone.
    "authority.country-of-the-accreditor" ["authority.country"] |f| {
        delegated(f, json!({ "countries": ["VN"] }), json!({}))
    }
    /// An issuer accredited for neodymium certifies praseodymium too.
    "authority.element-accredited" ["authority.element"] |f| {
        let given = refinery(f).with("/mayCertify", json!({ "elements": ["Nd"] }));
        ore_by(f, given)
    }
    /// An issuer accredited for purchases certifies mined material.
    "authority.source-accredited" ["authority.source"] |f| {
        let given = refinery(f).with("/mayCertify", json!({ "sources": ["purchased"] }));
        ore_by(f, given)
    }
    /// The ore is of a facility that the accreditation does not list.
    "authority.facility" ["authority.facility"] |f| {
        let given = refinery(f).with("/mayCertify", json!({ "facilities": [{ "id": "urn:gln:9521321000027" }] }));
        ore_by(f, given)
    }
    /// Origins of the facility are registered in another log.
    "authority.origin-registry" ["authority.origin-registry"] |f| {
        let place = json!([{ "id": "urn:gln:9521321000010", "origins": RIVAL }]);
        let given = refinery(f).with("/mayCertify", json!({ "facilities": place }));
        ore_by(f, given)
    }
    /// A tonne of ore, a gram more than the facility can put out in a year.
    "authority.capacity" ["authority.capacity"] |f| {
        let place = json!([{ "id": "urn:gln:9521321000010", "annualCapacity": "999.999" }]);
        let given = refinery(f).with("/mayCertify", json!({ "facilities": place }));
        ore_by(f, given)
    }
    /// Opening stock on its last day, all of what was counted: accepted.
    "honest-accredited-opening-stock" [] |f| {
        let stock = json!({ "until": "2026-09-20", "limits": { "Nd": "85.7356", "Pr": "24.83112" } });
        let given = refinery(f).with("/mayCertify", json!({ "openingStock": stock }));
        other_ore_by(f, given, opening_stock)
    }
    /// Opening stock a day after its last.
    "authority.opening-stock" ["authority.opening-stock"] |f| {
        let given = refinery(f).with("/mayCertify", json!({ "openingStock": { "until": "2026-09-19" } }));
        other_ore_by(f, given, opening_stock)
    }
    /// A milligram of neodymium more than was counted.
    "authority.opening-stock-too-much" ["authority.opening-stock"] |f| {
        let stock = json!({ "until": "2026-12-31", "limits": { "Nd": "85.735599", "Pr": "24.83112" } });
        let given = refinery(f).with("/mayCertify", json!({ "openingStock": stock }));
        other_ore_by(f, given, opening_stock)
    }
    /// Opening stock twice, which together is more than was counted.
    "authority.opening-stock-twice" ["authority.opening-stock"] |f| {
        let stock = json!({ "until": "2026-12-31", "limits": { "Nd": "171.4711", "Pr": "50" } });
        let given = refinery(f).with("/mayCertify", json!({ "openingStock": stock })).sign(f);
        let mut subject = ore();
        opening_stock(&mut subject);
        let (one, two) = (f.sign("OriginCertificate", subject.clone()), f.sign("OriginCertificate", subject));
        let mut made = anchored(f, &[&given], &[&one, &two]);
        made.bundle["subject"] = json!([one.digest(), two.digest()]);
        made
    }
    /// The body may accredit for Malaysia, and accredited for Malaysia and Vietnam.
    "authority.delegation" ["authority.delegation"] |f| {
        delegated(f, json!({ "countries": ["MY"] }), json!({ "countries": ["MY", "VN"] }))
    }
    /// The body that accredited the issuer is accredited to certify, not to accredit.
    "authority.may-not-accredit" ["authority.may-not-accredit"] |f| {
        let body = of(f, "alliance", "body").sign(f);
        let given = of(f, "body", "refinery").sign(f);
        let ore = f.ore();
        anchored(f, &[&given, &body], &[&ore])
    }
    /// One of the anchor's keys accredited the issuer, two of three are needed.
    "authority.threshold" ["authority.threshold"] |f| {
        two_of_three(f, &[("alliance", "alliance")])
    }
    /// One of the anchor's keys accredited the issuer twice.
    "authority.threshold-by-one-key-twice" ["authority.threshold"] |f| {
        two_of_three(f, &[("alliance", "alliance"), ("alliance", "alliance")])
    }
    /// The key of one party of the anchor also signed in the name of the other.
    "authority.threshold-by-one-key-in-two-names" ["authority.threshold"] |f| {
        two_of_three(f, &[("alliance", "alliance"), ("ministry", "alliance")])
    }
    /// Eight bodies between the anchor and the issuer: one more than is looked at.
    "limit.accreditations" ["limit.accreditations"] |f| {
        long_chain(f, 8)
    }
    /// The accreditation is in no log, and registration is required.
    "registration.missing-of-an-accreditation" ["registration.missing"] |f| {
        let (given, ore) = (refinery(f).sign(f), f.ore());
        let made = anchored(f, &[&given], &[&ore]);
        let mut made = logged(made, &[&given], &[&ore]);
        unset(&mut made.bundle, &receipt_at(&given, ""));
        made
    }
    /// Lists show the accreditation neither revoked nor suspended: accepted.
    "honest-accredited-status" [] |f| {
        with_status(f, (&[], &[]), None)
    }
    /// The log has a revocation of the accreditation, and after it the ore.
    "authority.revoked" ["authority.revoked"] |f| {
        with_status(f, (&[0], &[]), Some(true))
    }
    /// Who accredited the issuer had been accredited then, and no longer when the ore came into the log.
    "authority.revoked-above" ["authority.revoked"] |f| {
        revoked_above(f)
    }
    /// The log has the ore, and after it a revocation of the accreditation.
    "status.accreditation-revoked" ["status.accreditation-revoked"] |f| {
        with_status(f, (&[0], &[]), Some(false))
    }
    /// A list shows the accreditation revoked, and nothing shows since when.
    "status.accreditation-revoked-by-the-list" ["status.accreditation-revoked"] |f| {
        with_status(f, (&[0], &[]), None)
    }
    /// The accreditation is suspended.
    "status.suspended-accreditation" ["status.suspended"] |f| {
        with_status(f, (&[], &[0]), None)
    }
    /// The accreditation that the bundle is about is of an anchor that is not pinned.
    "authority.unknown-issuer-of-an-accreditation" ["authority.unknown-issuer"] |f| {
        let given = of(f, "stranger", "refinery").sign(f);
        anchored(f, &[], &[&given])
    }
    /// Somebody accredits himself.
    "malformed.combination-accredits-itself" ["authority.unknown-issuer", "malformed.combination"] |f| {
        let given = of(f, "refinery", "refinery");
        ore_by(f, given)
    }
    /// One key stands twice in an accreditation.
    "malformed.combination-key-twice" ["authority.unknown-issuer", "malformed.combination"] |f| {
        let mut given = refinery(f);
        let key = given.subject["keys"][0].clone();
        set(&mut given.subject, "/keys/-", key);
        ore_by(f, given)
    }
    /// An accreditation that lets nobody do anything.
    "malformed.combination-empty-accreditation" ["authority.unknown-issuer", "malformed.combination"] |f| {
        let mut given = refinery(f);
        unset(&mut given.subject, "/mayCertify");
        ore_by(f, given)
    }
    /// An accreditation without an end.
    "malformed.missing-field-of-an-accreditation" ["authority.unknown-issuer", "malformed.missing-field"] |f| {
        let subject = refinery(f).subject;
        let mut document = f.document("AccreditationCertificate", subject);
        set(&mut document, "/issuer/id", json!(Book::did("alliance").as_str()));
        let given = f.sign_document("alliance", SIGNED, document);
        let ore = f.ore();
        anchored(f, &[&given], &[&ore])
    }
}
