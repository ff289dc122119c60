//! Fuzzing on a stable toolchain: mutates the corpus, and keeps what makes a target say something new.
//!
//! ```text
//! fuzz [--seconds N] [--seed N] [TARGET...]
//! ```
//!
//! N seconds for each target; the same seed makes the same mutations. A panic, or an input that takes longer
//! than two seconds, is written to `target/fuzz/` and ends the run with an error.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use conformance::corpus;
use conformance::fuzz::{TARGETS, Target};

type Failure = Box<dyn std::error::Error>;

/// Longest input that is made.
const LARGEST: usize = 64 * 1024;
/// Longest time one input may take.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> Result<(), Failure> {
    let (mut seconds, mut seed, mut names) = (60, 1, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).ok_or("a number is expected");
        match argument.as_str() {
            "--seconds" => seconds = number()?,
            "--seed" => seed = number()?,
            _ => names.push(argument),
        }
    }
    if let Some(unknown) = names.iter().find(|name| !TARGETS.iter().any(|(target, _)| target == name)) {
        return Err(format!("no target {unknown:?}: {}", TARGETS.map(|(name, _)| name).join(", ")).into());
    }
    let chosen = TARGETS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|n| n == name));
    let mut found = 0;
    for target in chosen {
        found += fuzz(target, Duration::from_secs(seconds), seed)?;
    }
    if found > 0 {
        Err(format!("{found} targets failed; the inputs are in {}", kept().display()).into())
    } else {
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one clock of this program")]
fn now() -> Instant {
    Instant::now()
}

fn kept() -> PathBuf {
    Path::new("target").join("fuzz")
}

/// Runs one target; says whether (1) or not (0) an input was found that it cannot take.
fn fuzz((name, body): &Target, time: Duration, seed: u64) -> Result<usize, Failure> {
    let mut pool: Vec<Vec<u8>> = corpus::of(name)?;
    let mut seen = HashSet::new();
    let mut random = Random(seed ^ 0x9e37_79b9_7f4a_7c15);
    let (start, mut runs, mut next) = (now(), 0_u64, 0);
    while start.elapsed() < time || next < pool.len() {
        let fresh = next < pool.len();
        let input = if fresh { pool[next].clone() } else { random.mutated(&pool) };
        next += usize::from(fresh);
        let begun = now();
        let outcome = std::panic::catch_unwind(|| body(&input));
        runs += 1;
        match outcome {
            Ok(_) if begun.elapsed() > PATIENCE => return keep(name, &input, "slow"),
            Ok(said) => {
                let new = seen.insert(said);
                if new && !fresh {
                    pool.insert(next, input);
                    next += 1;
                }
            }
            Err(_) => return keep(name, &input, "panic"),
        }
    }
    let each = runs as f64 / start.elapsed().as_secs_f64();
    writeln!(
        std::io::stdout(),
        "{name}: {runs} inputs, {each:.0}/s, {} outcomes, {} kept",
        seen.len(),
        pool.len()
    )?;
    Ok(0)
}

fn keep(name: &str, input: &[u8], why: &str) -> Result<usize, Failure> {
    std::fs::create_dir_all(kept())?;
    let file = kept().join(format!("{name}-{why}-{}", ytterby::digest::Digest::of(input).short()));
    std::fs::write(&file, input)?;
    writeln!(std::io::stdout(), "{name}: {why}: {}", file.display())?;
    Ok(1)
}

/// A small generator (SplitMix64): quality enough to choose bytes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn one<'p, T>(&mut self, of: &'p [T]) -> Option<&'p T> {
        let at = self.below(of.len());
        of.get(at)
    }

    /// An input of the pool with a few mutations.
    fn mutated(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.one(pool).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.mutate(&mut input, pool);
        }
        input.truncate(LARGEST);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, pool: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(16)).min(input.len());
        match self.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.next().to_le_bytes()[0],
            2 => drop(input.drain(at.min(end)..end)),
            3 => {
                let piece = input[at.min(end)..end].to_vec();
                input.splice(at..at, piece);
            }
            4 => {
                let word = self.one(WORDS).copied().unwrap_or_default();
                input.splice(at..at, word.bytes());
            }
            5 => {
                let other = self.one(pool).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            6 => {
                let word = self.one(WORDS).copied().unwrap_or_default();
                self.replace_token(input, word.as_bytes());
            }
            _ => {
                let other = self.one(pool).cloned().unwrap_or_default();
                let tokens = tokens(&other);
                let token = self.one(&tokens).cloned().unwrap_or_default();
                self.replace_token(input, &other[token]);
            }
        }
    }

    /// Puts something in place of one token: how most changes stay readable.
    fn replace_token(&mut self, input: &mut Vec<u8>, with: &[u8]) {
        let tokens = tokens(input);
        if let Some(token) = self.one(&tokens) {
            input.splice(token.clone(), with.iter().copied());
        }
    }
}

/// Quoted strings with their quotes, and runs of other characters that are no punctuation of JSON.
fn tokens(input: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let from = at;
        at += 1;
        if input[from] == b'"' {
            while at < input.len() && (input[at] != b'"' || input[at - 1] == b'\\') {
                at += 1;
            }
            at = (at + 1).min(input.len());
        } else if !is_punctuation(input[from]) {
            while at < input.len() && !is_punctuation(input[at]) && input[at] != b'"' {
                at += 1;
            }
        } else {
            continue;
        }
        all.push(from..at);
    }
    all
}

fn is_punctuation(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\n' | b'\t' | b'\r')
}

/// What is interesting here and there.
const WORDS: &[&str] = &[
    "\"0\"",
    "\"0.000001\"",
    "\"999999999.999999\"",
    "\"1000000000\"",
    "\"100\"",
    "\"100.000001\"",
    "\"-1\"",
    "\"\"",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "0",
    "-0",
    "1e21",
    "9007199254740993",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\u{202e}",
    "\"Nd\"",
    "\"Nd2O3\"",
    "\"Dy\"",
    "\"Fe\"",
    "\"dry\"",
    "\"ignited\"",
    "\"of-treo\"",
    "\"of-trem\"",
    "\"draws\"",
    "\"assay\"",
    "\"rest\":true",
    "\"corrects\"",
    "\"separation\"",
    "\"in-process\"",
    "\"blending\"",
    "\"lot\":\"FEED\"",
    "\"0001-01-01\"",
    "\"9999-12-31\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"did:key:z6Mk\"",
    "\"did:web:refinery.example\"",
    "\"bundle\":\"ytterby.bundle/1\"",
    "\"certificates\":[",
    "\"proof\":{",
    "\"below\":",
    "\"percent\":",
    "\"mass\":",
    "\"fed\":",
    "\"moisture\":",
    "\"lossOnIgnition\":",
    "z6Mk",
    "uEi",
    "z3u2",
    "%3A",
    "did:web:",
    "\u{1f600}",
    "\u{fb33}",
];
