//! `ytterby explain`: what a finding's code means, or one of the service's.

use ytterby::finding::{Code, Effect};
use ytterby::service_code::{self, SERVICE_CODES};

use crate::args;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::style;

/// Explains one code, or lists all.
pub(crate) fn run(args: &args::Explain, mut output: Output) -> Result<u8, Failure> {
    if args.list {
        let width = names().map(str::len).max().unwrap_or_default();
        for code in Code::ALL {
            output.data(&format!("{:<width$}  {}\n", code.as_str(), code.title()))?;
        }
        for (code, text) in SERVICE_CODES {
            output.data(&format!("{code:<width$}  {text}\n"))?;
        }
        return Ok(0);
    }
    let name = args.code.as_deref().unwrap_or_default();
    if let Some(text) = service_code::help(name) {
        output.data(&format!(
            "{}: an answer of the registry service\n\n  help    {text}\n",
            style::strong(name)
        ))?;
        return Ok(0);
    }
    let Some(code) = Code::parse(name) else {
        let near = suggestions(name);
        let hint = match near.as_slice() {
            [] => "`ytterby explain --list` lists every code".to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        return Err(Failure::usage(format!("there is no code {name:?}: {hint}")));
    };
    output.data(&format!("{}: {}\n\n", style::strong(code.as_str()), code.title()))?;
    output.data(&format!("  effect  {}\n  help    {}\n", effect(code.effect()), code.help()))?;
    Ok(0)
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Reject => "rejected, exit code 1: something is proven wrong",
        Effect::Undecided => "undecided, exit code 4: evidence is missing or too old, or a limit was reached",
        Effect::Untrusted => {
            "untrusted, exit code 3: sound, but not accepted by the trust file, or not yours"
        }
        Effect::Warn => "a warning: the verdict stays as it is",
    }
}

/// Every code: of findings, then the service's own.
fn names() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.as_str()).chain(SERVICE_CODES.iter().map(|(code, _)| *code))
}

/// At most three codes that are near a name, or contain it.
fn suggestions(name: &str) -> Vec<&'static str> {
    let wanted = name.to_ascii_lowercase();
    let score = |code: &&'static str| {
        let tail = code.split_once('.').map_or(*code, |(_, tail)| tail);
        if wanted.len() > 3 && code.contains(&wanted) {
            0
        } else {
            distance(code, &wanted).min(distance(tail, &wanted))
        }
    };
    let limit = (wanted.len() / 3).max(1);
    let mut near: Vec<_> = names().map(|code| (score(&code), code)).collect();
    near.retain(|(score, _)| *score <= limit);
    near.sort();
    near.into_iter().take(3).map(|(_, code)| code).collect()
}

/// Edits from one text to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, c) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *c);
            diagonal = row[to + 1];
            row[to + 1] = replaced.min(row[to] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_codes_are_suggested() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(suggestions("conservation.overdrwan").first(), Some(&"conservation.overdrawn"));
        assert_eq!(suggestions("overdrawn").first(), Some(&"conservation.overdrawn"));
        assert_eq!(suggestions("log.unpublishd").first(), Some(&"log.unpublished"));
        assert!(suggestions("qqqqqqqqqqqqqq").is_empty());
    }
}
