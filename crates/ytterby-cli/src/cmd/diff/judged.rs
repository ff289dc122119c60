//! Both bundles under one trust file: verdicts, and what was found in one and not in the other.

use std::collections::HashSet;

use jiff::Timestamp;
use ytterby::finding::Finding;
use ytterby::text::printable;
use ytterby::{Report, Rules, Trust, Verdict, verify};

use super::{Became, Change, Side};

pub(super) fn compare(
    before: &Side<'_, '_>,
    after: &Side<'_, '_>,
    trust: &Trust,
    at: Timestamp,
    changes: &mut Vec<Change>,
) -> [Verdict; 2] {
    let judge = |side: &Side<'_, '_>| verify(side.bundle, trust, &Rules::default(), at);
    let (was, is) = (judge(before), judge(after));
    let verdicts = [was.verdict(), is.verdict()];
    if verdicts[0] != verdicts[1] {
        let text = format!("{}, before {}", verdicts[1].as_str(), verdicts[0].as_str());
        changes.push(Change { became: Became::Changed, what: "verdict", certificate: None, text });
    }
    changes.extend(only(&was, &is, before, Became::Missing));
    changes.extend(only(&is, &was, after, Became::Added));
    verdicts
}

/// The findings of a report that another has not.
fn only(own: &Report, other: &Report, side: &Side<'_, '_>, became: Became) -> Vec<Change> {
    let key = |finding: &Finding| {
        (finding.code, finding.certificate, finding.pointer.clone(), finding.text.clone())
    };
    let known: HashSet<_> = other.findings.iter().map(key).collect();
    let new = own.findings.iter().filter(|finding| !known.contains(&key(finding)));
    let change = |finding: &Finding| {
        let of = finding.certificate.map_or_else(String::new, |digest| format!(" · {}", side.what(&digest)));
        let text = format!("{}: {}{of}", finding.code, printable(&finding.text));
        Change { became, what: "finding", certificate: finding.certificate, text }
    };
    new.map(change).collect()
}
