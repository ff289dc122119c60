//! One block per problem, as compilers print them; many of one code are folded.

use std::collections::HashMap;

use ytterby::Certificate;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Effect, Finding};
use ytterby::text::printable;

use super::{style, wrap};

/// How many of one code are printed before the rest is only counted.
const FOLD: usize = 20;
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
    let plain = |line: &str| line.to_owned();
    let mut out = title(code);
    out.push_str(&wrap::hanging("  --> ", 6, &place, plain));
    for line in wrap::wrap(&printable(&finding.text), wrap::width().saturating_sub(6)) {
        out.push_str(&format!("   |  {line}\n"));
    }
    out.push_str(&wrap::hanging("   = help: ", 11, help(code), plain));
    out
}

/// The heading and what the code says, on a further line where it is too narrow.
fn title(code: Code) -> String {
    let words: Vec<String> =
        wrap::wrap(&format!("{}[{code}]: {}", word(code), code.title()), wrap::width() - 4);
    let mut out = String::new();
    for (at, line) in words.iter().enumerate() {
        match line.split_once("]:").filter(|_| at == 0) {
            Some((_, rest)) => out.push_str(&format!("{}: {}\n", heading(code), style::strong(rest.trim()))),
            None => out.push_str(&format!("    {}\n", style::strong(line))),
        }
    }
    out
}

fn word(code: Code) -> &'static str {
    match code.effect() {
        Effect::Reject => "error",
        Effect::Undecided => "undecided",
        Effect::Untrusted => "untrusted",
        Effect::Warn => "warning",
    }
}

fn heading(code: Code) -> String {
    let text = format!("{}[{code}]", word(code));
    match code.effect() {
        Effect::Reject => style::bad(&text),
        _ => style::doubtful(&text),
    }
}
