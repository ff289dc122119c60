//! The rules of registration, searched exhaustively in small worlds: whatever a dishonest seller,
//! registry and witness do, honest buyers are never certified more metal together than was mined; and
//! without any one rule it is shown how they would be. Implements proto-docs/registration.md, "What the
//! rules prevent", whose table is checked against this search.
//!
//! What is real: while all rules hold, every answer of replay is that of `ytterby::Ledger` on real
//! entries, and `ytterby::verify` judges real bundles with every receipt that these logs could give, also
//! those that no honest witness would cosign (`real`). That a quorum must outvote is asked of the
//! trust file's reader.
//!
//! What is modelled: the switches, in a paraphrase of replay and of the verifier's rules that is held
//! against the real ones (`replay`, `verifier`); witnesses, by the trees that they have cosigned (the
//! dishonest one signs anything, so it counts toward every quorum); the registry's order of effects
//! (`registry`). Signatures are not forged here, and masses are halves of one origin.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod real;
mod registry;
mod replay;
mod rule;
mod search;
mod verifier;
mod world;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;

use crate::real::Real;
use crate::replay::Log;
use crate::rule::{Rule, Rules};
use crate::search::{Outcome, search};
use crate::verifier::accepted;
use crate::world::{Held, World};

/// What the first origin holds.
const MINED: u8 = 2;

/// Two logs, of each of which every buyer sees all that its one honest witness has cosigned.
fn logs(world: &World, rules: Rules, real: Option<&Real>) -> Outcome {
    let logs = [0, 1].map(|log| RefCell::new(Log::new(world, log, rules, real)));
    let shown = 0..1_u16 << world.lots.len();
    let both = |shown| accepted(world, shown, rules, Held::X) + accepted(world, shown, rules, Held::Y);
    let delivered: Vec<u8> = shown.map(both).collect();
    let next = |at: &[usize; 2]| {
        let steps =
            |log: usize| logs[log].borrow_mut().next(at[log]).into_iter().map(move |step| (log, step));
        let step = |(log, (leaf, to)): (usize, (usize, usize))| {
            let mut after = *at;
            after[log] = to;
            ((log, leaf), after)
        };
        steps(0).chain(steps(1)).map(step).collect()
    };
    let bad = |at: &[usize; 2]| {
        let [here, there] = [0, 1].map(|log| logs[log].borrow().node(at[log]));
        delivered[usize::from(here.shown | there.shown)] + here.used_up + there.used_up > MINED
    };
    search([0, 0], next, bad, |(log, leaf)| world.describe(log, world.leaves[log][leaf]))
}

/// One log that shows its witnesses different versions. Four witnesses, one of them dishonest: three must
/// have cosigned, so two honest ones.
fn forks(world: &World, rules: Rules, real: Option<&Real>) -> Outcome {
    let mut log = Log::new(world, 0, rules, real);
    let mut steps = Vec::new();
    while steps.len() < log.len() {
        steps.push(log.next(steps.len()));
    }
    assert!(log.len() <= 64, "a set of versions is 64 bits");
    let need = if rules.keep(Rule::Outvoted) { 2 } else { 1 };
    // The version that each honest witness saw last, and all that it cosigned.
    type Seen = [(usize, u64); 3];
    let next = |seen: &Seen| {
        let mut all = Vec::new();
        for (witness, (last, cosigned)) in seen.iter().enumerate() {
            let continued = |node: &usize| *node == *last || !rules.keep(Rule::AppendOnly);
            let from = (0..log.len()).filter(|node| cosigned >> node & 1 == 1).filter(continued);
            for (leaf, to) in from.flat_map(|node| steps[node].iter().copied()) {
                let mut after = *seen;
                after[witness] = (to, cosigned | 1 << to);
                all.push(((witness, to, leaf), after));
            }
        }
        all
    };
    let shown = |seen: &Seen, trusted: std::ops::Range<usize>, need: usize| {
        let quorum =
            |node: &usize| seen[trusted.clone()].iter().filter(|(_, set)| set >> node & 1 == 1).count();
        let counted = (0..log.len()).filter(|node| quorum(node) >= need);
        counted.fold(0, |shown, node| shown | log.node(node).shown)
    };
    let bad = |seen: &Seen| {
        let views = if rules.keep(Rule::Shared) {
            [shown(seen, 0..3, need), shown(seen, 0..3, need)]
        } else {
            // Each of one witness, who is honest: k = 1, n = 1, f = 0.
            [shown(seen, 0..1, 1), shown(seen, 1..2, 1)]
        };
        accepted(world, views[0], rules, Held::X) + accepted(world, views[1], rules, Held::Y) > MINED
    };
    let describe = |(witness, _, leaf): (usize, usize, usize)| {
        let step = world.describe(0, world.leaves[0][leaf]);
        format!("w{} cosigns: {}", witness + 1, step.trim_start_matches("A: "))
    };
    search([(0, 1); 3], next, bad, describe)
}

/// The worlds that show what a rule is for, each with how it is called; every one if all rules hold.
fn worlds(rules: Rules) -> Vec<(&'static str, Outcome)> {
    let of = |world: World, search: fn(&World, Rules, Option<&Real>) -> Outcome| {
        let real = (rules == Rules::ALL).then(|| Real::of(&world));
        search(&world, rules, real.as_ref())
    };
    let keeper = rules.0.map(Rule::keeper);
    let mut outcomes = Vec::new();
    if matches!(keeper, None | Some("verifier" | "replay" | "both")) {
        outcomes.push(("one log", of(World::single(), logs)));
        outcomes.push(("two logs", of(World::two(), logs)));
    }
    if matches!(keeper, None | Some("witness" | "quorum")) {
        outcomes.push(("a log that forks", of(World::forks(), forks)));
    }
    if matches!(keeper, None | Some("registry")) {
        outcomes.push(("a registry that crashes", registry::crashes(rules)));
        outcomes.push(("a registry restored", registry::restores(rules)));
    }
    outcomes
}

#[test]
fn nothing_is_used_twice_while_all_rules_hold() {
    for (name, outcome) in worlds(Rules::ALL) {
        let Outcome::Safe(states) = outcome else { panic!("{name}: {outcome:?}") };
        println!("{name}: {states} states, none of them bad");
        assert!(states > 10, "{name} has hardly any states");
    }
}

#[test]
fn the_library_says_of_every_receipt_what_the_model_says() {
    for world in [World::single(), World::two(), World::forks()] {
        let (judged, good) = Real::of(&world).compare(&world);
        println!("{judged} bundles judged, {good} accepted");
        assert!(judged > 10 && good > 3 && good < judged);
    }
}

/// The table of the specification, from the search.
fn table() -> String {
    let mut text = "| rule | kept by | without it |\n|---|---|---|\n".to_owned();
    for (rule, keeper, says) in Rule::TABLE {
        let bad = |(name, outcome)| match outcome {
            Outcome::Bad(trace) => Some((trace, name)),
            Outcome::Safe(_) => None,
        };
        let found: Option<(Vec<String>, &str)> =
            worlds(Rules(Some(rule))).into_iter().filter_map(bad).min_by_key(|(trace, _)| trace.len());
        let without = match (found, rule.alone()) {
            (Some((trace, _)), None) => trace.join("; "),
            (None, Some(why)) => format!("nothing in these worlds: {why}"),
            (found, alone) => panic!("{rule:?}: {found:?}, and {alone:?} was expected"),
        };
        let _ = writeln!(text, "| {says} | {keeper} | {without} |");
    }
    text
}

/// Each rule alone is switched off: the shortest way to double use is that of the specification.
#[test]
fn without_a_rule_metal_is_used_twice() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto-docs/registration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("What the rules prevent\n"));
    let lines = section.unwrap_or_default().lines().filter(|line| line.starts_with('|'));
    let written: String = lines.map(|line| format!("{line}\n")).collect();
    let made = table();
    assert!(written == made, "the table of proto-docs/registration.md must be this one:\n{made}");
}

/// What the model calls outvoted is what a trust file must say.
#[test]
fn trust_files_ask_for_quorums_that_outvote() {
    let trusted = conformance::log::TestLog::new(world::HOMES[0]).trusted();
    let read = |need: u32, dishonest: u32| {
        let quorum = format!("need = {need}\ndishonest = {dishonest}\n");
        let text = format!("version = 1\n{}", trusted.replace("need = 3\ndishonest = 1\n", &quorum));
        ytterby::Trust::parse(text.as_bytes())
    };
    for (need, dishonest) in (1..=4).flat_map(|need| (0..=4).map(move |dishonest| (need, dishonest))) {
        let outvotes = 2 * need > 4 + dishonest;
        assert_eq!(read(need, dishonest).is_ok(), outvotes, "{need} of 4, {dishonest} dishonest");
    }
}
