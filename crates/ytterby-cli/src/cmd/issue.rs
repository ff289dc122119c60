//! `ytterby issue`: from drafts to certificates, offline with a key, or by a registry.

mod remote;

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::finding::{Effect, Finding};
use ytterby::masses::Masses;
use ytterby::{Authority, Bundle, Certificate, Draft, Home, InputLot, Inputs, Trust, admit, lots_of};

use super::{draft, key};
use crate::args::Issue;
use crate::failure::{Failure, REJECTED};
use crate::input::{self, Source};
use crate::output::Output;
use crate::render::{certificate, problem};
use crate::{clock, random};

/// Issues every draft of a file, or none of them.
pub(crate) fn run(args: &Issue, output: Output) -> Result<u8, Failure> {
    let drafts = draft::read(&Source::of(&args.draft))?;
    let mut output = output.into_file(args.output.clone().filter(|_| !args.dry_run));
    if let Some(url) = &args.registry {
        return remote::run(args, url, &drafts, output);
    }
    let (Some(key), Some(home)) = (&args.key, &args.home) else {
        return Err(Failure::usage(
            "who signs? --key FILE and --home ORIGIN, or a registry: --registry URL and --api-key-file FILE",
        ));
    };
    let key = key::read(key)?;
    let issuer = args.issuer.clone().unwrap_or_else(|| format!("did:key:{}", key.public()));
    let authority = Authority {
        issuer: Did::parse(&issuer).map_err(|error| Failure::usage(format!("--issuer: {error}")))?,
        name: args.name.clone(),
        key: key.public(),
        home: Home::parse(home)
            .ok_or_else(|| Failure::usage("--home: not a log origin: host and path without a scheme"))?,
        scope: None,
    };
    let mut issued: Vec<Certificate<'static>> = Vec::new();
    let at = clock::now();
    let drafts = parse(&drafts, at, &output)?;
    let Some(mut inputs) = read_inputs(args, at, &mut output)? else { return Ok(REJECTED) };
    let only: Vec<Draft> = drafts.iter().map(|(_, draft)| draft.clone()).collect();
    if only.len() > 1 {
        inputs.register_together(&only);
    }
    for (place, draft) in &drafts {
        let issue = ytterby::Issue { id: random::label()?, at };
        let unsigned = match admit(draft, &inputs, &authority, issue) {
            Ok(unsigned) => unsigned,
            Err(findings) => {
                output.note(&problem::draft_blocks(&findings, place));
                let noun = if drafts.len() > 1 { "nothing was issued" } else { "not issued" };
                return Err(Failure::rejected(format!("{place}: {noun}")));
            }
        };
        if !unsigned.warnings().is_empty() {
            output.note(&problem::draft_blocks(unsigned.warnings(), place));
        }
        let signed = unsigned.sign(&key);
        inputs.take(&signed);
        let lot = InputLot {
            certificate: signed.clone(),
            carried: unsigned.carried().clone(),
            drawn: Masses::default(),
            closed: false,
            status: None,
        };
        let number = signed.lot().map(|lot| lot.number.to_string());
        inputs.add(lot, number.as_deref());
        issued.push(signed);
    }
    write(args, issued, output)
}

fn parse(
    drafts: &[(String, Vec<u8>)],
    at: jiff::Timestamp,
    output: &Output,
) -> Result<Vec<(String, Draft)>, Failure> {
    let year = jiff::tz::Offset::UTC.to_datetime(at).year();
    let parse = |(place, bytes): &(String, Vec<u8>)| {
        let draft = Draft::parse(bytes).map_err(|error| match error {
            ytterby::certificate::CertificateError::Json(error) => {
                Failure::undecided(format!("{place}: not strict JSON: {error}"))
            }
            ytterby::certificate::CertificateError::Form(finding) => {
                output.note(&problem::draft_blocks([&*finding], place));
                Failure::rejected(format!("{place}: not a draft"))
            }
        })?;
        Ok((place.clone(), draft.with_external_id(year)))
    };
    drafts.iter().map(parse).collect()
}

/// The lots of all inputs together, unless something about them is proven wrong.
fn read_inputs(args: &Issue, at: jiff::Timestamp, output: &mut Output) -> Result<Option<Inputs>, Failure> {
    let mut all: Vec<Certificate<'static>> = Vec::new();
    let mut seen: std::collections::HashSet<Digest> = std::collections::HashSet::new();
    for path in &args.input {
        let name = Source::of(path).name();
        let bytes = Source::of(path)
            .read(input::MAX_BYTES)
            .map_err(|text| Failure::undecided(format!("{name}: {text}")))?;
        let bundle = Bundle::parse(&bytes).map_err(|error| Failure::undecided(format!("{name}: {error}")))?;
        let report = ytterby::verify(&bundle, &Trust::nobody(), at);
        if let Some(blocks) = against(&report.findings, &name, &bundle) {
            output.note(&blocks);
            output.failure(&Failure::rejected(format!("{name}: nothing is issued on top of this")));
            return Ok(None);
        }
        for certificate in bundle.certificates() {
            if seen.insert(certificate.digest()) {
                all.push(certificate.clone().into_owned());
            }
        }
    }
    let together = Bundle::of(Vec::new(), all);
    let report = ytterby::verify(&together, &Trust::nobody(), at);
    if let Some(blocks) = against(&report.findings, "all inputs together", &together) {
        output.note(&blocks);
        output.failure(&Failure::rejected("nothing is issued on top of these inputs"));
        return Ok(None);
    }
    let mut inputs = Inputs::default();
    for lot in lots_of(&together) {
        inputs.add(lot, None);
    }
    Ok(Some(inputs))
}

/// Blocks for what is proven wrong, if anything is.
fn against(findings: &[Finding], name: &str, bundle: &Bundle<'_>) -> Option<String> {
    let wrong: Vec<&Finding> =
        findings.iter().filter(|finding| finding.code.effect() == Effect::Reject).collect();
    (!wrong.is_empty()).then(|| problem::blocks(wrong, name, &problem::index(bundle)))
}

fn write(args: &Issue, issued: Vec<Certificate<'static>>, mut output: Output) -> Result<u8, Failure> {
    if args.dry_run {
        for certificate in &issued {
            output.data(&certificate::said(certificate.claims(), &Masses::default()))?;
        }
        output.note("a dry run: nothing was signed for anybody to have");
        return output.finish().map(|()| 0);
    }
    let count = issued.len();
    match issued.as_slice() {
        [one] => output.raw(one.bytes())?,
        _ => {
            let subject = super::bundle::sinks(&issued);
            output.raw(&Bundle::of(subject, issued).to_bytes())?;
        }
    }
    if count > 1 {
        output.note(&format!("issued {count} certificates"));
    }
    output.finish_saying().map(|()| 0)
}
