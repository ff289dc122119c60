//! `ytterby diff`: what changed from one bundle to another.

mod evidence;
mod judged;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use ytterby::digest::Digest;
use ytterby::finding::Finding;
use ytterby::text::printable;
use ytterby::{Bundle, Certificate};

use crate::args::{Diff, Format};
use crate::clock;
use crate::failure::{Failure, REJECTED};
use crate::input::Source;
use crate::output::Output;
use crate::render::problem::{self, Index};
use crate::render::report::plural;
use crate::render::style;

/// One of the two.
pub(crate) struct Side<'s, 'a> {
    name: String,
    /// Of its bytes.
    digest: Digest,
    bundle: &'s Bundle<'a>,
    index: Index<'s, 'a>,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is in the first only.
    Missing,
    /// It is in the second only.
    Added,
    /// It is in both, and not the same.
    Changed,
}

/// One difference.
pub(crate) struct Change {
    became: Became,
    /// Of what kind: `certificate`, `receipt`, `finding`.
    what: &'static str,
    /// The certificate that it is about, if it is about one.
    certificate: Option<Digest>,
    /// What there is to say.
    text: String,
}

/// Compares, prints.
pub(crate) fn run(args: &Diff, mut output: Output) -> Result<u8, Failure> {
    let sources = [Source::of(&args.before), Source::of(&args.after)];
    let failed = |source: &Source, text: String| Failure::undecided(format!("{}: {text}", source.name()));
    let read = |source: &Source| source.read(args.max_bytes).map_err(|text| failed(source, text));
    let bytes = [read(&sources[0])?, read(&sources[1])?];
    let parse =
        |at: usize| Bundle::parse(&bytes[at]).map_err(|error| failed(&sources[at], error.to_string()));
    let bundles = [parse(0)?, parse(1)?];
    let side = |at: usize| Side {
        name: sources[at].name(),
        digest: Digest::of(&bytes[at]),
        bundle: &bundles[at],
        index: problem::index(&bundles[at]),
    };
    let (before, after) = (side(0), side(1));
    let mut changes = certificates(&before, &after);
    evidence::compare(&before, &after, &mut changes);
    let mut verdicts = None;
    if let Some(path) = &args.trust {
        let trust = super::trust::load(Some(path))?;
        let at = args.at.unwrap_or_else(clock::now);
        verdicts = Some(judged::compare(&before, &after, &trust, at, &mut changes));
    }
    match args.format {
        Format::Human => output.data(&shown(&before, &after, &changes, verdicts))?,
        Format::Json => output.json(&to_json(&before, &after, &changes, verdicts), true)?,
    }
    Ok(if changes.is_empty() { 0 } else { REJECTED })
}

/// Subjects, certificates, and how many break form.
fn certificates(before: &Side<'_, '_>, after: &Side<'_, '_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let subjects = [before.bundle.subject(), after.bundle.subject()];
    let is_in = |at: usize| subjects[at].iter().copied().collect::<HashSet<Digest>>();
    let (was, is) = (is_in(0), is_in(1));
    for digest in subjects[0].iter().filter(|digest| !is.contains(digest)) {
        changes.push(Change::of(Became::Missing, "subject", *digest, before.what(digest)));
    }
    for digest in subjects[1].iter().filter(|digest| !was.contains(digest)) {
        changes.push(Change::of(Became::Added, "subject", *digest, after.what(digest)));
    }
    let labels: HashMap<_, _> =
        after.bundle.certificates().iter().map(|own| (own.claims().id, own.digest())).collect();
    let mut replaced = HashSet::new();
    for own in before.bundle.certificates().iter().filter(|own| !after.index.contains_key(&own.digest())) {
        let digest = own.digest();
        match labels.get(&own.claims().id).filter(|other| !before.index.contains_key(other)) {
            Some(other) => {
                replaced.insert(*other);
                let text =
                    format!("{}: another certificate of the same label, {other}", before.what(&digest));
                changes.push(Change::of(Became::Changed, "certificate", digest, text));
            }
            None => changes.push(Change::of(Became::Missing, "certificate", digest, before.what(&digest))),
        }
    }
    let new = after.bundle.certificates().iter().map(Certificate::digest);
    for digest in new.filter(|own| !before.index.contains_key(own) && !replaced.contains(own)) {
        changes.push(Change::of(Became::Added, "certificate", digest, after.what(&digest)));
    }
    malformed(before, after, &mut changes);
    changes
}

/// Certificates that break form: how, and how many, as not all of very many are known one by one.
fn malformed(before: &Side<'_, '_>, after: &Side<'_, '_>, changes: &mut Vec<Change>) {
    let [was, is] = [before, after].map(|side| side.bundle.broken().collect::<Vec<Finding>>());
    for (became, own, other) in [(Became::Missing, &was, &is), (Became::Added, &is, &was)] {
        let known: HashSet<_> = other.iter().map(|finding| finding.certificate).collect();
        for finding in own.iter().filter(|own| !known.contains(&own.certificate)) {
            let text = format!("{}: {}", finding.code, printable(&finding.text));
            changes.push(Change { became, what: "malformed", certificate: finding.certificate, text });
        }
    }
    let counts = [super::broken(before.bundle), super::broken(after.bundle)];
    if counts[0] != counts[1] {
        let text = format!("{} break form, before {}", counts[1], counts[0]);
        changes.push(Change { became: Became::Changed, what: "malformed", certificate: None, text });
    }
}

impl Side<'_, '_> {
    /// What a certificate is about, in a few words.
    fn what(&self, digest: &Digest) -> String {
        let Some(own) = self.index.get(digest) else { return "not in the file".to_owned() };
        let claims = own.claims();
        let said = match own.lot() {
            Some(lot) => format!("{} {} ({}), by {}", lot.number, lot.product, lot.made_by(), claims.issuer),
            None => format!("{} by {}", claims.kind, claims.issuer),
        };
        printable(&said)
    }
}

impl Change {
    fn of(became: Became, what: &'static str, certificate: Digest, text: String) -> Self {
        Change { became, what, certificate: Some(certificate), text }
    }
}

impl Became {
    fn as_str(self) -> &'static str {
        match self {
            Became::Missing => "missing",
            Became::Added => "added",
            Became::Changed => "changed",
        }
    }

    fn mark(self) -> String {
        match self {
            Became::Missing => style::bad("-"),
            Became::Added => style::good("+"),
            Became::Changed => style::doubtful("~"),
        }
    }
}

type Verdicts = [ytterby::Verdict; 2];

fn shown(
    before: &Side<'_, '_>,
    after: &Side<'_, '_>,
    changes: &[Change],
    verdicts: Option<Verdicts>,
) -> String {
    let mut out = String::new();
    for own in changes {
        out.push_str(&format!("{} {}  {}\n", own.became.mark(), own.what, own.text));
        if let Some(digest) = own.certificate {
            out.push_str(&format!("    {}\n", style::dim(&digest.to_string())));
        }
    }
    let names = format!("{} and {}", printable(&before.name), printable(&after.name));
    let judged = verdicts.map_or_else(String::new, |[a, b]| match a == b {
        true => format!(" · both {}", a.as_str()),
        false => format!(" · {}, then {}", a.as_str(), b.as_str()),
    });
    let said = match changes.len() {
        0 => format!("no difference, {}", plural(before.bundle.certificates().len(), "certificate")),
        count => plural(count, "difference"),
    };
    out.push_str(&format!("{names}: {said}{judged}\n"));
    out
}

fn to_json(
    before: &Side<'_, '_>,
    after: &Side<'_, '_>,
    changes: &[Change],
    verdicts: Option<Verdicts>,
) -> Value {
    let side = |at: usize, side: &Side<'_, '_>| {
        let mut own = json!({
            "file": side.name,
            "digest": side.digest.to_string(),
            "certificates": side.bundle.certificates().len(),
        });
        if let Some(verdicts) = verdicts {
            own["verdict"] = verdicts[at].as_str().into();
        }
        own
    };
    let lot = |digest: &Digest| {
        let own = before.index.get(digest).or_else(|| after.index.get(digest))?.lot()?;
        Some(own.number.to_string())
    };
    let change = |own: &Change| {
        json!({
            "change": own.became.as_str(),
            "what": own.what,
            "certificate": own.certificate.map(|digest| digest.to_string()),
            "lot": own.certificate.as_ref().and_then(lot),
            "text": own.text,
        })
    };
    json!({
        "diff": "ytterby.diff/1",
        "same": changes.is_empty(),
        "before": side(0, before),
        "after": side(1, after),
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    })
}
