//! Laboratory reports beside lots, and claims of parties and others.

use serde_json::{Value, json};

use super::forge::{Made, Signed, input, ore, oxide, sale, set};
use super::registration::HOME;
use super::{Forge, vectors};
use crate::book::Book;

/// What a report says: when, what for, how much Nd2O3 in the ore.
pub(super) type Said<'s> = (&'s str, &'s str, &'s str);

const FIRST: &str = "2026-09-21T10:00:00Z";
const LATER: &str = "2026-09-22T10:00:00Z";

/// A report of a company about lots, of an ore that has so much Nd2O3.
pub(super) fn report(f: &mut Forge, by: &str, (at, purpose, percent): Said<'_>, about: &[&Signed]) -> Signed {
    let lots: Vec<Value> = about.iter().map(|lot| place(lot)).collect();
    let mut subject = blank(percent);
    set(&mut subject, "/purpose", json!(purpose));
    set(
        &mut subject,
        "/about",
        if lots.is_empty() { json!({ "sampleId": "S-1" }) } else { json!({ "lots": lots }) },
    );
    f.sign_as(by, at, "AttestationCertificate", subject)
}

fn place(lot: &Signed) -> Value {
    json!({ "lot": lot.id(), "digestMultibase": lot.digest() })
}

fn blank(percent: &str) -> Value {
    json!({
        "home": HOME,
        "kind": "assay",
        "about": { "sampleId": "S-1" },
        "assay": {
            "massBasis": "as-received",
            "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": percent }, { "oxide": "Dy2O3", "below": "0.01" }],
        },
        "result": "as measured",
    })
}

/// With laboratories pinned, and attestations beside.
pub(super) fn beside(f: &mut Forge, made: Made, attestations: &[&Signed]) -> Made {
    let mut made = made;
    made.bundle["attestations"] = attestations.iter().map(|own| own.value.clone()).collect();
    for company in ["laboratory", "second-laboratory"] {
        let key = f.key(company).public();
        let pin = format!("[[issuer]]\ndid = \"{}\"\nkeys = [\"{key}\"]\n[require]", Book::did(company));
        made = made.trusting("[require]", &pin);
    }
    made
}

/// An ore that is delivered, with what companies report of it.
fn reported(f: &mut Forge, all: &[(&str, Said<'_>)]) -> Made {
    let ore = f.ore();
    let reports: Vec<Signed> = all.iter().map(|(by, said)| report(f, by, *said, &[&ore])).collect();
    let made = f.bundle(&[&ore]);
    beside(f, made, &reports.iter().collect::<Vec<_>>())
}

/// Two ores, each changed, and an oxide of both.
fn two_ores(f: &mut Forge, change: impl Fn(&mut Value, usize)) -> [Signed; 3] {
    let mut ores = Vec::new();
    for at in 0..2 {
        let mut subject = ore();
        set(&mut subject, "/lotNumber", json!(format!("MREC-000{}", at + 1)));
        change(&mut subject, at);
        ores.push(f.sign("OriginCertificate", subject));
    }
    let mut subject = oxide(&ores[0]);
    let half = json!({ "Nd": "34.29424" });
    set(&mut subject, "/inputs", json!([input(&ores[0], half.clone()), input(&ores[1], half)]));
    let oxide = f.sign("ProcessingCertificate", subject);
    let [first, second] = ores.try_into().unwrap_or_else(|_| unreachable!("two were made"));
    [first, second, oxide]
}

/// The report of an assay, by its number.
fn numbered(subject: &mut Value, laboratory: &str, number: &str) {
    set(subject, "/assay/laboratory", json!(laboratory));
    set(subject, "/assay/reportNumber", json!(number));
}

/// A claim about the ore.
fn claim() -> Value {
    json!({
        "home": HOME, "kind": "esg", "about": { "sampleId": "S-1" }, "scheme": "ISO 14067", "schemeVersion": "2018",
        "boundary": "cradle to gate", "allocationRule": "by mass of oxide", "verifier": { "name": "Example Assurance" },
        "result": "41.2 kg CO2e per kg",
    })
}

/// The ore with a claim of a company, and a rule that wants one attested.
fn claimed(f: &mut Forge, by: &str) -> Made {
    let ore = f.ore();
    let mut subject = claim();
    set(&mut subject, "/about", json!({ "lots": [place(&ore)] }));
    let claim = f.sign_as(by, FIRST, "AttestationCertificate", subject);
    let made = f.bundle(&[&ore]);
    let mut made = beside(f, made, &[&claim]);
    made.asked.rules = Some(ATTESTED);
    made
}

/// A rule that a claim has to be attested.
const ATTESTED: &str = "pack = \"ytterby.rules/1\"\nid = \"vector\"\ntitle = \"a rule\"\njurisdiction = \"INT\"\n\
    instrument = \"none\"\nas-of = \"2026-11-23\"\nconfidence = \"made up\"\n\
    [[clause]]\nid = \"only\"\ntitle = \"somebody attests it\"\n[[clause.ask]]\nthat = \"attested\"\nkind = \"esg\"\n";

/// A claim of the refinery that breaks form.
fn misclaimed(f: &mut Forge, spoil: impl FnOnce(&mut Value)) -> Made {
    let mut subject = claim();
    spoil(&mut subject);
    let claim = f.sign("AttestationCertificate", subject);
    f.bundle(&[&claim])
}

vectors! {
    /// A final report of a pinned laboratory says of the ore what its issuer says.
    "honest-report" [] |f| { reported(f, &[("laboratory", (FIRST, "final", "10"))]) }
    /// The report says 9.86 % where 10 % are certified: two laboratories differ by 1.5 %.
    "honest-report-within-error" [] |f| { reported(f, &[("laboratory", (FIRST, "final", "9.86"))]) }
    /// A final report takes the place of a provisional one that said less, though that one is later.
    "honest-report-final-supersedes-provisional" [] |f| {
        reported(f, &[("laboratory", (FIRST, "final", "10")), ("second-laboratory", (LATER, "provisional", "8"))])
    }
    /// An umpire's report takes the place of a later final one that said less.
    "honest-report-umpire-supersedes-final" [] |f| {
        reported(f, &[("laboratory", (FIRST, "umpire", "10")), ("second-laboratory", (LATER, "final", "8"))])
    }
    /// A laboratory's report takes the place of the refinery's own, an umpire's though it calls itself.
    "honest-report-third-party-supersedes-own" [] |f| {
        reported(f, &[("laboratory", (FIRST, "provisional", "10")), ("refinery", (LATER, "umpire", "8"))])
    }
    /// The report is older than the lot, of a sample; the lot's assay names it by digest.
    "honest-report-before-the-lot" [] |f| { before_the_lot(f, "10") }
    /// Two parts of one lot are sold with its assay, and with the number of its one report.
    "honest-report-of-two-parts" [] |f| { two_parts(f) }
    /// Two laboratories have numbered a report alike.
    "honest-report-numbers-of-two-laboratories" [] |f| {
        let all = two_ores(f, |subject, at| numbered(subject, ["Lab A", "Lab B"][at], "R-17"));
        f.bundle(&[&all[0], &all[1], &all[2]])
    }
    /// The report says 9 % where 10 % are certified.
    "content.contradicted-by-report" ["content.contradicted-by-report"] |f| {
        reported(f, &[("laboratory", (FIRST, "final", "9"))])
    }
    /// A later final report agrees with the issuer, and the umpire's does not.
    "content.contradicted-by-report-of-an-umpire" ["content.contradicted-by-report"] |f| {
        reported(f, &[("laboratory", (FIRST, "umpire", "9")), ("second-laboratory", (LATER, "final", "10"))])
    }
    /// The second of two final reports counts, and says less; that they disagree is said too.
    "content.contradicted-by-report-the-later" ["content.contradicted-by-report", "content.reports-disagree"] |f| {
        reported(f, &[("laboratory", (FIRST, "final", "10")), ("second-laboratory", (LATER, "final", "9"))])
    }
    /// A report older than the lot, which the lot's assay names, says less than the lot.
    "content.contradicted-by-report-before-the-lot" ["content.contradicted-by-report"] |f| {
        before_the_lot(f, "9")
    }
    /// The report is about the lot that was sold, and the delivery is that lot without its assay.
    "content.contradicted-by-report-sold" ["content.contradicted-by-report"] |f| {
        let ore = f.ore();
        let sale = f.sale(&ore);
        let report = report(f, "laboratory", (FIRST, "final", "9"), &[&ore]);
        let made = f.bundle(&[&ore, &sale]);
        beside(f, made, &[&report])
    }
    /// The report finds dysprosium below a limit, and the lot certifies more than that.
    "content.contradicted-by-report-of-a-limit" ["content.contradicted-by-report"] |f| {
        let mut subject = ore();
        set(&mut subject, "/assay/components/2", json!({ "oxide": "Dy2O3", "percent": "0.02" }));
        set(&mut subject, "/content/Dy", json!("0.174264"));
        let ore = f.sign("OriginCertificate", subject);
        let report = report(f, "laboratory", (FIRST, "final", "10"), &[&ore]);
        let made = f.bundle(&[&ore]);
        beside(f, made, &[&report])
    }
    /// A stranger's report says less, and is not counted.
    "authority.attestation-not-counted-report" ["authority.attestation-not-counted"] |f| {
        reported(f, &[("stranger", (FIRST, "umpire", "5"))])
    }
    /// Only a provisional report says less.
    "content.report-differs" ["content.report-differs"] |f| {
        reported(f, &[("laboratory", (FIRST, "provisional", "9"))])
    }
    /// Only the refinery's own report says less.
    "content.report-differs-self-declared" ["content.report-differs"] |f| {
        reported(f, &[("refinery", (FIRST, "final", "9"))])
    }
    /// The report is about the ore, and an oxide of it is delivered.
    "content.report-differs-on-the-way" ["content.report-differs"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let report = report(f, "laboratory", (FIRST, "final", "9"), &[&ore]);
        let made = f.bundle(&[&ore, &oxide]);
        beside(f, made, &[&report])
    }
    /// Two final reports differ by a tenth; the later one agrees with the issuer.
    "content.reports-disagree" ["content.reports-disagree"] |f| {
        reported(f, &[("laboratory", (FIRST, "final", "9")), ("second-laboratory", (LATER, "final", "10"))])
    }
    /// Two ores have one report, by its number; the laboratory is spelled twice.
    "content.report-reused" ["content.report-reused"] |f| {
        let all = two_ores(f, |subject, at| numbered(subject, ["Lab A, Ltd.", "LAB A LTD"][at], "R-17"));
        f.bundle(&[&all[0], &all[1], &all[2]])
    }
    /// The assays of two ores name one report by its digest. It is not there.
    "content.report-reused-by-digest" ["content.report-reused"] |f| {
        let digest = ytterby::digest::Digest::of(b"a report").to_string();
        let all = two_ores(f, |subject, _| set(subject, "/assay/attestation", json!(digest)));
        f.bundle(&[&all[0], &all[1], &all[2]])
    }
    /// One report lists two ores.
    "content.report-reused-by-one-report" ["content.report-reused"] |f| {
        let all = two_ores(f, |_, _| {});
        let report = report(f, "laboratory", (FIRST, "final", "10"), &[&all[0], &all[1]]);
        let made = f.bundle(&[&all[0], &all[1], &all[2]]);
        beside(f, made, &[&report])
    }
    /// Two reports, one of each ore, have one document.
    "content.report-reused-by-document" ["content.report-reused"] |f| {
        let all = two_ores(f, |_, _| {});
        let document = json!([{ "digestMultibase": ytterby::digest::Digest::of(b"a paper").to_string() }]);
        let reports: Vec<Signed> = all[..2]
            .iter()
            .map(|ore| {
                let mut subject = blank("10");
                set(&mut subject, "/about", json!({ "lots": [place(ore)] }));
                set(&mut subject, "/documents", document.clone());
                f.sign_as("laboratory", FIRST, "AttestationCertificate", subject)
            })
            .collect();
        let made = f.bundle(&[&all[0], &all[1], &all[2]]);
        beside(f, made, &[&reports[0], &reports[1]])
    }
    /// A laboratory attests the claim, and the rule holds.
    "honest-claim-attested" [] |f| { claimed(f, "laboratory") }
    /// The refinery makes the claim itself, whoever it says has verified it: the rule wants a third party.
    "rule.not-demonstrated-self-declared" ["rule.not-demonstrated"] |f| { claimed(f, "refinery") }
    /// A claim that does not say what its figure includes.
    "malformed.combination-claim-boundary" ["malformed.combination"] |f| {
        misclaimed(f, |subject| super::unset(subject, "/boundary"))
    }
    /// A claim that does not say how the plant's total was shared out.
    "malformed.combination-claim-allocation" ["malformed.combination"] |f| {
        misclaimed(f, |subject| super::unset(subject, "/allocationRule"))
    }
    /// A claim under a scheme without its version.
    "malformed.combination-claim-version" ["malformed.combination"] |f| {
        misclaimed(f, |subject| super::unset(subject, "/schemeVersion"))
    }
    /// An audit with a boundary.
    "malformed.combination-audit-boundary" ["malformed.combination"] |f| {
        misclaimed(f, |subject| {
            super::unset(subject, "/allocationRule");
            super::unset(subject, "/verifier");
            set(subject, "/kind", json!("audit"));
        })
    }
    /// An audit that names a verifier.
    "malformed.combination-audit-verifier" ["malformed.combination"] |f| {
        misclaimed(f, |subject| {
            super::unset(subject, "/allocationRule");
            super::unset(subject, "/boundary");
            set(subject, "/kind", json!("audit"));
        })
    }
}

/// A lot whose assay names an older report of its sample, which has so much Nd2O3.
fn before_the_lot(f: &mut Forge, percent: &str) -> Made {
    let report = report(f, "laboratory", ("2026-08-25T10:00:00Z", "final", percent), &[]);
    let mut subject = ore();
    set(&mut subject, "/assay/attestation", json!(report.digest()));
    let ore = f.sign("OriginCertificate", subject);
    let made = f.bundle(&[&ore]);
    beside(f, made, &[&report])
}

/// Two halves of one ore, sold with its assay.
fn two_parts(f: &mut Forge) -> Made {
    let mut subject = ore();
    numbered(&mut subject, "Lab A", "R-17");
    let ore = f.sign("OriginCertificate", subject);
    let half = |f: &mut Forge, at: u8| {
        let mut part = sale(&ore);
        set(&mut part, "/lotNumber", json!(format!("MREC-0001-{at}")));
        set(&mut part, "/netMass", json!("500"));
        set(&mut part, "/assay", ore.value["credentialSubject"]["assay"].clone());
        let content = json!({ "Nd": "42.8678", "Pr": "12.41556" });
        set(&mut part, "/content", content.clone());
        set(&mut part, "/inputs", json!([input(&ore, content)]));
        f.sign("TransferCertificate", part)
    };
    let (first, second) = (half(f, 1), half(f, 2));
    let mut made = f.bundle(&[&ore, &first, &second]);
    made.bundle["subject"] = json!([first.digest(), second.digest()]);
    made
}
