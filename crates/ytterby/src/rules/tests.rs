//! The packs that are shipped, and what is refused as a pack.

use super::*;

#[test]
fn every_shipped_pack_answers_its_fixtures() {
    for name in RulePack::shipped_names() {
        let text = RulePack::shipped(name).unwrap();
        let pack = RulePack::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(pack.id, name);
        assert!(!pack.citations.is_empty(), "{name} cites nothing");
        let failed = pack.test();
        assert!(failed.is_empty(), "{name}: {failed:#?}");
        for expected in [Answer::Pass, Answer::Fail, Answer::NotDemonstrated, Answer::NotApplicable] {
            assert_eq!(
                pack.fixtures.iter().any(|fixture| fixture.expect == expected),
                can_answer(&pack, expected),
                "{name} has, or can have, no fixture that is {}",
                expected.as_str()
            );
        }
    }
}

/// Each day on which an answer changes is held from both sides: moved by a second, a fixture fails.
#[test]
fn every_boundary_date_is_held_by_fixtures() {
    for name in RulePack::shipped_names() {
        let pack = RulePack::parse(RulePack::shipped(name).unwrap().as_bytes()).unwrap();
        for (at, clause) in pack.clauses.iter().enumerate() {
            for (what, time) in boundaries(clause) {
                for second in [-1, 1] {
                    let moved = time.checked_add(jiff::SignedDuration::from_secs(second)).unwrap();
                    let mut pack = pack.clone();
                    move_boundary(&mut pack.clauses[at], time, moved);
                    let is_held = !pack.test().is_empty();
                    assert!(is_held, "{name}, {}: {what} {time} moved by {second} s", clause.id);
                }
            }
        }
    }
}

/// The times at which a clause begins or ceases to count, that a lot can be asked at.
fn boundaries(clause: &Clause) -> Vec<(&'static str, Timestamp)> {
    if matches!(clause.asks.as_slice(), [Ask::Portfolio(_)]) {
        return Vec::new();
    }
    let counts = |at: Timestamp| clause.span.holds(at) && clause.state(at).0.counts();
    let before = |at: Timestamp| at.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap();
    let ends = |span: &Span| [span.from.map(|at| ("from", at)), span.before.map(|at| ("before", at))];
    let all = ends(&clause.span).into_iter().chain(clause.states.iter().flat_map(|(span, ..)| ends(span)));
    let mut all: Vec<_> = all.flatten().filter(|(_, at)| counts(*at) != counts(before(*at))).collect();
    all.dedup_by_key(|(_, at)| *at);
    all
}

fn move_boundary(clause: &mut Clause, from: Timestamp, to: Timestamp) {
    let spans = clause.states.iter_mut().map(|(span, ..)| span).chain([&mut clause.span]);
    for end in spans.flat_map(|span| [&mut span.from, &mut span.before]) {
        if *end == Some(from) {
            *end = Some(to);
        }
    }
}

/// Whether a clause of the pack can have this answer, from what it asks.
fn can_answer(pack: &RulePack, answer: Answer) -> bool {
    let is_of_lots = |clause: &&Clause| !matches!(clause.asks.as_slice(), [Ask::Portfolio(_)]);
    let mut clauses = pack.clauses.iter().filter(is_of_lots);
    match answer {
        Answer::Pass | Answer::NotDemonstrated => clauses.next().is_some(),
        Answer::Fail => clauses.any(|clause| {
            // A way out that is open where the question fails leaves nothing but open.
            let is_open = |way: &Exception| {
                let asks = || way.asks.iter();
                asks().next().is_some()
                    && !asks().any(|ask| can_fail(ask) || matches!(ask, Ask::Attested { .. }))
            };
            clause.asks.iter().any(can_fail) && !clause.exceptions.iter().any(is_open)
        }),
        Answer::NotApplicable => pack.clauses.iter().any(|clause| {
            clause.span.from.is_some() || clause.scope != Scope::default() || !is_of_lots(&clause)
        }),
    }
}

fn can_fail(ask: &Ask) -> bool {
    match ask {
        Ask::Contribution(own) => !own.value,
        Ask::Recycled { at_least, .. } => at_least.millionths() > 0,
        Ask::Within { .. } | Ask::Authorised(_) | Ask::Screened { .. } | Ask::Activity { .. } => true,
        Ask::Expression(_) => true,
        Ask::Disclosed { .. } | Ask::Attested { .. } | Ask::Complete | Ask::Portfolio(_) => false,
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let good = RulePack::shipped("us-dfars-7052").unwrap();
    let refused = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        RulePack::parse(good.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    };
    for (from, to, said) in [
        ("ytterby.rules/1", "ytterby.rules/2", "line 1, column 8: not `ytterby.rules/1`"),
        ("\"CN\", \"RU\"", "\"XX\", \"RU\"", "\"XX\": not a country code"),
        (
            "\"alloying\", \"powder\"",
            "\"alloyed\", \"powder\"",
            "\"alloyed\": not mining, collection or a step",
        ),
        ("before = \"2027-01-01\"", "before = \"2019-01-01\"", "it ends before it begins"),
        ("before = \"2027-01-01\"", "before = \"tomorrow\"", "not a day, nor a time in UTC"),
        (
            "that = \"contribution\"",
            "that = \"complete\"",
            "`elements` is no part of the question `complete`",
        ),
        ("that = \"contribution\"", "that = \"guess\"", "no question; there are contribution"),
        ("jurisdiction =", "jurisdiktion =", "unknown field `jurisdiktion`"),
        ("physical = true", "exact = true", "`exact` is no part of the question `contribution`"),
        ("physical = true", "with-regions = true", "`with-regions` is no part of"),
        ("physical = true", "general-one-year = true", "`general-one-year` is no part of"),
        ("physical = true", "inside = [\"EE\"]", "`inside` is no part of"),
        ("physical = true", "forms = [\"metal\"]", "`forms` is no part of"),
        (
            "at-least = \"100\"",
            "at-least = \"100\"\nvalue = true",
            "`value` is no part of the question `recycled`",
        ),
        ("physical = true", "physical = \"true\"", "expected a boolean"),
        ("is = \"uncertain\"", "is = \"maybe\"", "in-force, uncertain, suspended or proposed"),
        ("expect = \"pass\"", "expect = \"passes\"", "\"passes\" is not pass, fail"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(said), "{from} to {to}: {error}");
        assert!(error.contains("line ") && error.contains("column "), "{error}");
    }
}
