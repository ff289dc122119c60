//! What expressions answer, what is refused, and that neither hangs nor ends the program.

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::schema::{FACTS, Kind, Many, Record};
use super::*;
use crate::rules::{Answer, Ask, Clause, Facts, RulePack, Scope, Span};

const HOUSE: &str = include_str!("../../../../../examples/rules/house.toml");
const DOCS: &str = include_str!("../../../../../proto-docs/rules.md");

fn pack(cel: &str) -> String {
    format!(
        "pack = \"ytterby.rules/1\"\nid = \"own\"\ntitle = \"own\"\njurisdiction = \"INT\"\ninstrument = \"own\"\n\
         as-of = \"2026-11-23\"\nconfidence = \"made up\"\n[[clause]]\nid = \"own\"\ntitle = \"own\"\n\
         [[clause.ask]]\nthat = \"expression\"\ncel = '''\n{cel}'''\n"
    )
}

/// Facts with a member of every kind in them, as a fixture of a pack.
fn full() -> Facts {
    let fixture = r#"
[[fixture]]
name = "full"
at = "2026-11-23"
expect = "pass"
form = "oxide"
custody = "segregated"
holds = { Nd = "100", Fe = "1" }
limits = { Dy = "0.01" }
entered = [{ of = "Nd Fe", as = "mined", low = "90", high = "100" }, { of = "Nd", as = "pre-consumer", low = "1" }]
place = [
  { of = "Nd", stage = "mining", country = "AU", region = "Western Australia", facility = "urn:m:1", issuer = "did:web:m.example", low = "90", high = "100" },
  { of = "Nd", stage = "mining", low = "0", high = "1" },
  { of = "Nd", stage = "mining", untold = true, low = "0", high = "1" },
  { of = "Nd", stage = "separation", declared = true, country = "EE", low = "5" },
]
export = [{ from = "AU", to = "EE", dispatched = "2026-01-05", exporter = "Miner", end_user = "x", end-user = "Maker", end-use = "magnets", regime = "CN-1", kind = "single", number = "7", holder = "Miner", category = "c", reason = "r", valid = ["2026-01-01", "2026-12-31"] }]
party = [{ name = "Miner", did = "did:web:m.example" }]
attestation = [{ kind = "esg", scheme = "IRMA", issuer = "did:web:v.example", accepted = true, from = "2026-01-01", until = "2027-01-01" }]
list = [{ name = "EU", date = "2026-11-01", entries = ["Bad & Co."] }]
tho2_ppm = "10"
u3o8_below_ppm = "1"
gaps = ["nothing"]
"#;
    let fixture = fixture.replace("end_user = \"x\", ", "");
    let fixture = fixture.replace("tho2_ppm", "tho2-ppm").replace("u3o8_below_ppm", "u3o8-below-ppm");
    let text = pack("pass(\"\")") + &fixture;
    RulePack::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}")).fixtures.remove(0).facts
}

fn clause() -> Clause {
    let (id, title) = ("own".to_owned(), String::new());
    let span = Span { from: None, before: None };
    let (states, asks, exceptions) = (Vec::new(), Vec::new(), Vec::new());
    Clause { id, title, span, states, scope: Scope::default(), asks, exceptions }
}

fn at() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn asked_in(own: &Expression, facts: &Facts, steps: u64) -> Found {
    let steps = Cell::new(steps);
    own.ask(&Case { clause: &clause(), facts, at: at(), steps: &steps })
}

fn asked(cel: &str, facts: &Facts) -> Found {
    let own = Expression::parse(cel).unwrap_or_else(|fault| panic!("{cel}: {fault:?}"));
    asked_in(&own, facts, STEPS)
}

/// Whether a condition is true of the full facts.
fn holds(condition: &str) -> bool {
    match asked(&format!("{condition} ? pass('') : fail('')"), &full()) {
        Found::Pass(_) => true,
        Found::Fail(_) => false,
        other => panic!("{condition}: {other:?}"),
    }
}

#[test]
fn the_example_answers_its_fixtures() {
    let pack = RulePack::parse(HOUSE.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(pack.test(), []);
    assert!(pack.fixtures.len() > 10);
}

#[test]
fn an_answer_carries_its_evidence() {
    let facts = full();
    assert_eq!(asked("pass('so ' + lot.number)", &facts), Found::Pass("so L-1".to_owned()));
    assert_eq!(asked("fail('no')", &facts), Found::Fail("no".to_owned()));
    assert_eq!(asked("not_demonstrated('?')", &facts), Found::Open("?".to_owned()));
    assert_eq!(asked("not_applicable('other')", &facts), Found::Not("other".to_owned()));
    let long = format!("pass({})", vec!["'0123456789012345678901234567890123456789'"; 30].join("+"));
    let Found::Pass(evidence) = asked(&long, &facts) else { panic!("it passes") };
    assert_eq!(evidence.chars().count(), MAX_REASON + 1);
}

#[test]
fn every_fact_can_be_asked_about() {
    for condition in [
        "at == '2026-11-23T00:00:00Z'",
        "lot.form == 'oxide' && lot.custody == 'segregated' && has(lot.elements)",
        "lot.content.exists(c, c.element == 'Nd' && c.mg == 100000000)",
        "lot.limits == [] || lot.limits[0].below == 10000",
        "lot.actinides.exists(a, a.formula == 'ThO2' && a.ppm == 10000000 && !has(a.below_ppm))",
        "lot.actinides.exists(a, a.formula == 'U3O8' && a.below_ppm == 1000000 && !has(a.ppm))",
        "lot.elements.map(e, e.element) .exists(e, e == 'Nd')",
        "lot.elements.exists_one(e, e.rare_earth)",
        "lot.elements.filter(e, e.rare_earth)[0].stages[0].countries[0].country == 'AU'",
        "!has(lot.elements.filter(e, e.rare_earth)[0].stages[0].countries[1].country)",
        "sum(lot.elements.map(e, sum(e.entered.map(w, w.high)))) == 200000000",
        "exports[0].authorisations[0].from <= exports[0].dispatched",
        "exports[0].exporter.name == 'Miner' && !has(exports[0].exporter.did)",
        "parties[0].did.startsWith('did:web:') && parties[0].did.endsWith('.example')",
        "attestations.all(a, a.accepted) && size(attestations) == 1 && attestations.size() == 1",
        "gaps == [] || gaps[0].contains('othing')",
        "lists.exists(l, l.name == 'EU' && words('BAD  CO') in l.entries.map(e, words(e)))",
        "percent(62500000) == '62.5' && string(-7) == '-7'",
        "most([1, 3] + [2]) == 3 && least([1, 3]) == 1 && sum([]) == 0",
        "'Nd' in ['Nd', 'Pr'] && !('Fe' in ['Nd'])",
        "(7 / 2) * 2 + 7 % 2 == 7 && -1 < 0",
    ] {
        let condition = condition.replace("lot.limits == [] || ", "").replace("gaps == [] || ", "");
        assert!(holds(&condition), "{condition}");
    }
}

#[test]
fn what_has_no_value_is_never_a_pass() {
    let mut facts = full();
    facts.profile = None;
    facts.form = None;
    for cel in [
        "lot.elements.all(e, true) ? pass('') : fail('')",
        "lot.form == 'oxide' ? pass('') : fail('')",
        "lot.content[7].mg > 0 ? pass('') : fail('')",
        "1 / (lot.content[0].mg - lot.content[0].mg) == 0 ? pass('') : fail('')",
        "9223372036854775807 + lot.content[0].mg > 0 ? fail('') : pass('')",
        "-9223372036854775808 / (0 - size(lot.content) / 2) > 0 ? fail('') : pass('')",
        "-9223372036854775808 % (0 - size(lot.content) / 2) == 0 ? pass('') : fail('')",
        "-(-9223372036854775808) > 0 ? pass('') : pass('')",
        "most([]) == 0 ? pass('') : pass('')",
        "percent(0 - 1) == '' ? pass('') : pass('')",
        "sum([9223372036854775807, 1]) == 0 ? pass('') : pass('')",
        "pass(lot.form)",
    ] {
        let found = asked(cel, &facts);
        assert!(matches!(&found, Found::Open(why) if why.contains("no value")), "{cel}: {found:?}");
    }
    // What decides beside it is a value all the same.
    assert!(matches!(asked("has(lot.form) && lot.form == '' ? fail('') : pass('')", &facts), Found::Pass(_)));
}

#[test]
fn what_is_wrong_is_refused_with_its_place_in_the_file() {
    for (cel, place, said) in [
        ("pass('x') +", "line 14, column 12", "mismatched input"),
        (
            "true ?\n  pass(lot.frm) : fail('')",
            "line 15, column 11",
            "lot has no member frm; it has number, form",
        ),
        (
            "'é' == 'é' ? pass(nothing) : fail('')",
            "line 14, column 19",
            "there is no fact nothing; there are at, lot",
        ),
        ("lot.number", "line 14, column 4", "it is a text, and no answer"),
        ("true", "line 14, column 1", "it is true or false, and no answer"),
        ("1 == 'a' ? pass('') : fail('')", "line 14, column 3", "operator == does not take"),
        ("lot == lot ? pass('') : fail('')", "line 14, column 5", "operator == does not take"),
        ("gaps == gaps ? pass('') : fail('')", "line 14, column 6", "operator == does not take"),
        ("lot.number ? pass('') : fail('')", "line 14, column 12", "operator ?: does not take"),
        ("true ? pass('') : 'no'", "line 14, column 6", "operator ?: does not take"),
        ("gaps.all(g, 1) ? pass('') : fail('')", "line 14, column 9", "operator && does not take"),
        (
            "lot.number.matches('(a+)+$') ? pass('') : fail('')",
            "line 14, column 19",
            "matches is no function of",
        ),
        (
            "timestamp(at) == timestamp(at) ? pass('') : fail('')",
            "line 14, column 10",
            "timestamp is no function",
        ),
        (
            "size(1.5) == 1 ? pass('') : fail('')",
            "line 14, column 6",
            "only true, false, whole numbers and texts",
        ),
        ("{'a': 1}['a'] == 1 ? pass('') : fail('')", "line 14, column 1", "maps, messages"),
        ("[1, 'a'] == [] ? pass('') : fail('')", "line 14, column 5", "another type"),
        ("[pass('')][0]", "line 14, column 6", "an answer stands in no list"),
        ("99999999999999999999 > 0 ? pass('') : fail('')", "line 14, column 1", "invalid int literal"),
        ("[].all(x, x) ? pass('') : fail('')", "line 14, column 1", "is no list to walk through"),
        ("lot.all(x, true) ? pass('') : fail('')", "line 14, column 1", "a record is no list"),
        ("((((((((((((pass('')))))))))))))", "line 14, column 12", "within each other more than 10 deep"),
    ] {
        let error = RulePack::parse(pack(cel).as_bytes()).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.contains(said), "{cel}: {error}");
    }
    let escaped = pack("x").replace("'''\nx'''", "\"true ? \\n pass(\\\"\\\") : nothing\"");
    let error = RulePack::parse(escaped.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("line 13, column 7: line 2 of the expression: there is no fact"), "{error}");
    let without = pack("x").replace("cel = '''\nx'''", "");
    assert!(RulePack::parse(without.as_bytes()).unwrap_err().to_string().contains("it needs `cel`"));
    let other = pack("x").replace("\"expression\"", "\"complete\"");
    assert!(RulePack::parse(other.as_bytes()).unwrap_err().to_string().contains("`cel` is no part of"));
    let way_out = pack("pass('')")
        + "[[clause.exception]]\nid = \"out\"\ntitle = \"out\"\n[[clause.exception.ask]]\n\
         that = \"expression\"\ncel = \"not_applicable('')\"\n";
    assert!(RulePack::parse(way_out.as_bytes()).unwrap_err().to_string().contains("may not apply"));
}

/// Expressions whose work, memory or stack would not be bounded.
#[test]
fn what_may_take_too_much_is_refused() {
    let nested = "parties.all(a, parties.all(b, parties.all(c, a.name != b.name || b.name != c.name)))";
    let lists = "parties.exists(p, lists.exists(l, p.name in l.entries))";
    let product = (0..7).fold("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]".to_owned(), |inner, n| {
        format!("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(x{n}, {inner})")
    });
    let long = vec!["'0123456789'"; 40].join("+");
    let text = (0..3).fold(long, |inner, _| format!("[{}]", vec![inner; 1].join(",")));
    let terms = |term: &str, count: usize| vec![term; count].join("+");
    for (cel, said) in [
        (format!("{nested} ? pass('') : fail('')"), "steps on a large delivery"),
        (format!("{lists} ? pass('') : fail('')"), "steps on a large delivery"),
        (format!("size({product}) == 1 ? pass('') : fail('')"), "steps on a large delivery"),
        (format!("{} == 1 ? pass('') : fail('')", terms("1", 60)), "more than 48 deep"),
        (format!("{} == 1 ? pass('') : fail('')", terms("1", 1100)), "more than 1000 operators"),
        (format!("pass('{}')", "x".repeat(5000)), "longer than 4096 bytes"),
        (format!("pass(lot{})", ".number".repeat(100)), "more than 48 deep"),
        ("(".repeat(900), "more than 10 deep"),
        ("[".repeat(900), "more than 10 deep"),
        ("gaps.all(g,".repeat(300), "more than 10 deep"),
        ("a?".repeat(499), "mismatched input"),
        ("a?b:".repeat(499), "more than 10 deep"),
        ("-(".repeat(400), "more than 10 deep"),
        ("a{b:".repeat(300), "more than 10 deep"),
        ("a?(b.c[".repeat(200), "more than 10 deep"),
        ("!".repeat(999), "input '<EOF>'"),
    ] {
        let fault = Expression::parse(&cel).map(|_| ()).expect_err(&cel);
        assert!(fault.problem.contains(said), "{}: {fault:?}", &cel[..cel.len().min(60)]);
    }
    assert!(Expression::parse(&format!("size({text}) == 1 ? pass('') : fail('')")).is_ok());
    // Many that fit alone do not fit together.
    let own = "attestations.exists(a, attestations.exists(b, a.issuer != b.issuer && a.kind == b.kind)) ? pass('') : fail('')";
    assert!(Expression::parse(own).is_ok());
    let clause = format!(
        "[[clause]]\nid = \"cN\"\ntitle = \"t\"\n[[clause.ask]]\nthat = \"expression\"\ncel = \"{own}\"\n"
    );
    let many: String = (0..8).map(|n| clause.replace("cN", &format!("c{n}"))).collect();
    let error = RulePack::parse((pack(own) + &many).as_bytes()).unwrap_err().to_string();
    assert!(error.contains("with this clause the expressions may take"), "{error}");
}

#[test]
fn more_facts_than_steps_leave_it_open() {
    let own = Expression::parse("parties.all(p, parties.exists(q, p.name == q.name)) ? pass('') : fail('')")
        .unwrap();
    let mut facts = full();
    let party = facts.parties.iter().next().unwrap().clone();
    facts.parties = Arc::new(vec![party.clone(); 300].into());
    assert!(matches!(asked_in(&own, &facts, STEPS), Found::Pass(_)));
    facts.parties = Arc::new(vec![party; 100_000].into());
    let found = asked_in(&own, &facts, STEPS);
    assert!(matches!(&found, Found::Open(why) if why.contains("too many facts")), "{found:?}");
    // Too few steps to build them, and to walk through them.
    facts.parties = full().parties;
    for steps in [0, 1, 5, 20] {
        assert!(matches!(asked_in(&own, &facts, steps), Found::Open(_)), "{steps}");
    }
    // Steps are taken: what an expression used is not there for the next.
    let left = Cell::new(STEPS);
    let case = Case { clause: &clause(), facts: &facts, at: at(), steps: &left };
    own.ask(&case);
    assert!(left.get() < STEPS && left.get() > STEPS - 1000, "{}", left.get());
}

/// Every fact of the schema is built with its type, none is built that the schema lacks, and the
/// documentation names each.
#[test]
fn schema_facts_and_documentation_agree() {
    fn walk(
        record: &'static Record,
        path: &str,
        found: &mut BTreeSet<String>,
        all: &mut Vec<(String, Kind)>,
    ) {
        for (name, kind) in record.fields {
            let path = format!("{path}{}{name}", if path.is_empty() { "" } else { "." });
            assert!(DOCS.contains(&format!("`{name}`")), "the documentation does not name {path}");
            found.insert(path.clone());
            all.push((path.clone(), *kind));
            match kind {
                Kind::Record(inner) => walk(inner, &path, found, all),
                Kind::List(_, Kind::Record(inner)) => walk(inner, &format!("{path}[0]"), found, all),
                _ => {}
            }
        }
    }
    let (mut found, mut all) = (BTreeSet::new(), Vec::new());
    walk(&FACTS, "", &mut found, &mut all);
    assert!(found.contains("exports[0].authorisations[0].holder"));
    let facts = full();
    for (path, kind) in all {
        // Each list is looked through, as not every one of its members has everything.
        let parts: Vec<&str> = path.split("[0].").collect();
        let (last, lists) = parts.split_last().unwrap();
        let is = |whole: &str| match kind {
            Kind::Bool => format!("{whole} || !{whole}"),
            Kind::Int => format!("{whole} >= 0"),
            Kind::Text => format!("size({whole}) >= 0"),
            Kind::Record(_) => "true".to_owned(),
            Kind::List(..) => format!("size({whole}) >= 0"),
        };
        let mut condition = match lists.is_empty() {
            true => is(last),
            false => format!(
                "has(x{}.{last}) && ({})",
                lists.len() - 1,
                is(&format!("x{}.{last}", lists.len() - 1))
            ),
        };
        for (depth, list) in lists.iter().enumerate().rev() {
            let of = if depth == 0 { (*list).to_owned() } else { format!("x{}.{list}", depth - 1) };
            condition = format!("{of}.exists(x{depth}, {condition})");
        }
        let cel = format!("{condition} ? pass('') : fail('')");
        if path == "exports[0].exporter.did" || path == "exports[0].end_user.did" || path.ends_with("]scope")
        {
            continue;
        }
        let is_absent = path.ends_with("authorisations[0].scope");
        assert_eq!(matches!(asked(&cel, &facts), Found::Pass(_)), !is_absent, "{cel}");
    }
    assert_eq!(Many::Entries as usize, 17, "a list more has a length in `of_a_large_delivery`");
}

#[test]
fn an_expression_is_the_last_word_of_a_pack() {
    let text = pack("lot.number == 'L-1' ? not_applicable('not this one') : pass('')");
    let pack = RulePack::parse(text.as_bytes()).unwrap();
    assert!(
        matches!(pack.clauses[0].asks.as_slice(), [Ask::Expression(own)] if own.source().contains("L-1"))
    );
    assert!(pack.clauses[0].expressions().next().unwrap().steps() > 1);
    let answer = pack.judge(&full(), at());
    assert_eq!((answer.answer, answer.clauses[0].reason.as_str()), (Answer::NotApplicable, "not this one"));
}

/// Words of the language, to be put together in any order.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "lot",
        ".",
        "elements",
        "exports",
        "gaps",
        "parties",
        "all",
        "exists",
        "map",
        "filter",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        "<=",
        "in",
        "&&",
        "||",
        "x",
        "1",
        "9223372036854775807",
        "'a'",
        "\"",
        "'",
        "true",
        "null",
        "has",
        "size",
        "pass",
        "fail",
        "sum",
        "most",
        "percent",
        "words",
        "\\",
        "\n",
        "//",
        "é",
        "\u{0}",
        "0x",
        "1e9",
        "b'",
        "r'",
        "@result",
        "`",
        "string",
    ])
    .prop_map(str::to_owned)
}

/// Expressions that are mostly of the right types.
fn typed() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![
        "1",
        "0",
        "-9223372036854775808",
        "9223372036854775807",
        "size(gaps)",
        "lot.content[0].mg",
        "sum(lot.limits.map(l, l.below))",
        "most(parties.map(p, size(p.name)))",
        "lot.elements[0].stages[0].done.low",
    ])
    .prop_map(str::to_owned);
    let number = number.prop_recursive(3, 24, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%"]), inner)
            .prop_map(|(a, op, b)| format!("({a} {op} {b})"))
    });
    let condition = prop_oneof![
        (number.clone(), prop::sample::select(vec!["<", "==", "!=", ">="]), number.clone())
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        prop::sample::select(vec![
            "has(lot.form)",
            "lot.form == 'oxide'",
            "gaps.exists(g, g == at)",
            "lot.number in gaps",
            "exports[9].from == ''",
            "parties.all(p, has(p.did))",
            "lot.elements.exists(e, e.stages.exists(s, s.untold.high > 0))",
        ])
        .prop_map(str::to_owned),
    ];
    let condition = condition.prop_recursive(2, 16, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["&&", "||"]), inner)
            .prop_map(|(a, op, b)| format!("({a} {op} !{b})"))
    });
    (condition, number).prop_map(|(is, number)| format!("{is} ? pass(string({number})) : fail(at)"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(word(), 0..40)) {
        if let Ok(own) = Expression::parse(&words.join(" ")) {
            asked_in(&own, &full(), STEPS);
        }
        let _ = Expression::parse(&words.concat());
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in "\\PC{0,200}") {
        let _ = Expression::parse(&text);
    }

    /// The same facts give the same answer, and what has a type has no error of types.
    #[test]
    fn typed_expressions_have_an_answer(cel in typed()) {
        if let Ok(own) = Expression::parse(&cel) {
            let facts = full();
            let found = asked_in(&own, &facts, STEPS);
            prop_assert_eq!(&found, &asked_in(&own, &facts, STEPS));
            if let Found::Open(why) = &found {
                prop_assert!(!why.contains("overload") && !why.contains("nexpected type"), "{cel}: {why}");
            }
        }
    }
}
