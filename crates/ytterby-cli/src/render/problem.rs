//! One block per problem, as compilers print them; many of one code are folded.

use std::collections::HashMap;

use ytterby::Certificate;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Effect, Finding};
use ytterby::text::printable;

use super::{style, wrap};

/// How many of one code are printed before the rest is only counted.
const FOLD: usize = 20;
/// Width of the text in a block.
const WIDTH: usize = 100;

/// Certificates by digest.
pub(crate) type Index<'i, 'a> = HashMap<Digest, &'i Certificate<'a>>;

/// The certificates of a bundle by digest.
pub(crate) fn index<'i, 'a>(bundle: &'i ytterby::Bundle<'a>) -> Index<'i, 'a> {
    bundle.certificates().iter().map(|certificate| (certificate.digest(), certificate)).collect()
}

/// Blocks for findings, in their order.
pub(crate) fn blocks<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    file: &str,
    index: &Index<'_, '_>,
) -> String {
    blocks_with(findings, file, index, Code::help)
}

/// The same against a draft, for whoever drafted it.
pub(crate) fn draft_blocks<'f>(findings: impl IntoIterator<Item = &'f Finding>, place: &str) -> String {
    blocks_with(findings, place, &Index::new(), Code::help_for_issuer)
}

fn blocks_with<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    file: &str,
    index: &Index<'_, '_>,
    help: fn(Code) -> &'static str,
) -> String {
    let mut out = String::new();
    let mut seen: HashMap<Code, usize> = HashMap::new();
    let mut order = Vec::new();
    for finding in findings {
        let count = seen.entry(finding.code).or_default();
        if *count == 0 {
            order.push(finding.code);
        }
        *count += 1;
        if *count <= FOLD {
            out.push_str(&block(finding, file, index, help));
        }
    }
    for code in order {
        let more = seen.get(&code).map_or(0, |count| count.saturating_sub(FOLD));
        if more > 0 {
            out.push_str(&format!("{}: {more} more like this\n", heading(code)));
        }
    }
    out
}

fn block(finding: &Finding, file: &str, index: &Index<'_, '_>, help: fn(Code) -> &'static str) -> String {
    let code = finding.code;
    let mut place = printable(file);
    if let Some(digest) = finding.certificate {
        match index.get(&digest) {
            Some(certificate) => {
                place.push_str(&format!("  certificate {}", certificate.claims().id.urn()));
                if let Some(lot) = certificate.lot() {
                    place.push_str(&format!(" ({})", printable(&lot.number)));
                }
            }
            None => place.push_str(&format!("  certificate with digest {digest}")),
        }
    }
    if !finding.pointer.is_empty() {
        place.push_str(&format!("  {}", printable(&finding.pointer)));
    }
    let mut out = format!("{}: {}\n  --> {place}\n", heading(code), style::strong(code.title()));
    for line in wrap::wrap(&printable(&finding.text), WIDTH) {
        out.push_str(&format!("   |  {line}\n"));
    }
    out.push_str(&format!("   = help: {}\n", help(code)));
    out
}

fn heading(code: Code) -> String {
    match code.effect() {
        Effect::Reject => style::bad(&format!("error[{code}]")),
        Effect::Undecided => style::doubtful(&format!("undecided[{code}]")),
        Effect::Untrusted => style::doubtful(&format!("untrusted[{code}]")),
        Effect::Warn => style::doubtful(&format!("warning[{code}]")),
    }
}
