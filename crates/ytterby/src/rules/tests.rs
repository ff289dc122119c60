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
        for expected in [Answer::Pass, Answer::Fail, Answer::NotDemonstrated] {
            assert!(
                pack.fixtures.iter().any(|fixture| fixture.expect == expected),
                "{name} has no fixture that is {}",
                expected.as_str()
            );
        }
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
        ("physical = true", "physical = \"true\"", "expected a boolean"),
        ("is = \"uncertain\"", "is = \"maybe\"", "in-force, uncertain, suspended or proposed"),
        ("expect = \"pass\"", "expect = \"passes\"", "\"passes\" is not pass, fail"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(said), "{from} to {to}: {error}");
        assert!(error.contains("line ") && error.contains("column "), "{error}");
    }
}
