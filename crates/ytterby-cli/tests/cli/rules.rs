//! `rules`, and `verify --rules`.

use super::delivery::Delivery;
use super::run::Folder;

/// A pack that asks where separation was done; with more in its clause.
fn pack(countries: &str, more: &str) -> String {
    format!(
        r#"pack = "ytterby.rules/1"
id = "ours"
title = "nothing separated there"
jurisdiction = "INT"
instrument = "house rule"
as-of = "2026-11-01"
confidence = "ours"

[[clause]]
id = "separation"
title = "no separation there"
{more}
[[clause.ask]]
that = "contribution"
elements = ["Nd"]
stages = ["separation"]
countries = [{countries}]
"#
    )
}

fn delivered() -> Folder {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle()).write("trust.toml", delivery.trust(None));
    folder
}

#[test]
fn a_rule_that_is_asked_decides() {
    let folder = delivered();
    folder.write("good.toml", pack("\"CN\"", "")).write("bad.toml", pack("\"MY\", \"CN\"", ""));
    let verify = |more: &[&str]| {
        folder.run(
            &[&["verify", "delivery.json", "--trust", "trust.toml", "--at", "2026-08-01"], more].concat(),
        )
    };
    let ran = verify(&["--rules", "good.toml"]).exits(0);
    assert!(ran.out.contains("rules          ours (facts of 2026-11-01): pass"), "{}", ran.out);
    let ran = verify(&["--rules", "good.toml", "--rules", "bad.toml"]).exits(3);
    assert!(ran.out.contains("separation: fail, Nd 100 % by way of MY (separation)"), "{}", ran.out);
    assert!(ran.out.contains("untrusted[rule.failed]"), "{}", ran.out);
    let json = verify(&["--rules", "bad.toml", "--format", "json"]).exits(3).json();
    assert_eq!(json["rules"][0]["answer"], "fail");
    assert_eq!(json["rules"][0]["clauses"][0]["state"], "in-force");
    assert!(json["rules"][0]["digest"].as_str().unwrap().starts_with("uEi"));
    // Before its time a rule asks nothing; suspended it only warns.
    folder.write("later.toml", pack("\"MY\"", "from = \"2026-08-02\""));
    let ran = verify(&["--rules", "later.toml"]).exits(0);
    assert!(ran.out.contains("not-applicable, it asks from 2026-08-02T00:00:00Z"), "{}", ran.out);
    let second = ["verify", "delivery.json", "--trust", "trust.toml", "--at", "2026-08-02T00:00:00Z"];
    folder.run(&[&second[..], &["--rules", "later.toml"]].concat()).exits(3);
    let state = "[[clause.state]]\nis = \"suspended\"\nnote = \"until further notice\"";
    folder.write("suspended.toml", pack("\"MY\"", state));
    let ran = verify(&["--rules", "suspended.toml"]).exits(0);
    assert!(ran.out.contains("warning[rule.not-in-force]"), "{}", ran.out);
}

#[test]
fn what_is_not_demonstrated_is_no_pass() {
    let folder = delivered();
    let cracking = pack("\"CN\"", "").replace("[\"separation\"]", "[\"beneficiation\"]");
    folder.write("untold.toml", cracking);
    let args =
        ["verify", "delivery.json", "--trust", "trust.toml", "--at", "2026-08-01", "--rules", "untold.toml"];
    let ran = folder.run(&args).exits(4);
    assert!(ran.out.contains("undecided[rule.not-demonstrated]"), "{}", ran.out);
}

#[test]
fn parties_are_screened_against_the_lists_that_are_brought() {
    let folder = delivered();
    let screened = pack("\"CN\"", "") + "[[clause.ask]]\nthat = \"screened\"\nlists = [\"bad\"]\n";
    folder.write("screened.toml", screened);
    let verify = |more: &[&str]| {
        let head = ["verify", "delivery.json", "--trust", "trust.toml", "--at", "2026-08-01"];
        folder.run(&[&head, more].concat())
    };
    assert!(verify(&["--rules", "screened.toml"]).exits(4).out.contains("the list bad was not given"));
    let list = |entry: &str| format!("list = \"bad\"\ndate = \"2026-07-30\"\nentries = [\"{entry}\"]\n");
    folder.write("list.toml", list("Somebody Else"));
    verify(&["--rules", "screened.toml", "--list", "list.toml"]).exits(0);
    folder.write("list.toml", list("DID:web:refinery.example"));
    let ran = verify(&["--rules", "screened.toml", "--list", "list.toml"]).exits(3);
    assert!(ran.out.contains("is on bad of 2026-07-30"), "{}", ran.out);
}

#[test]
fn packs_are_listed_explained_and_checked() {
    let folder = delivered();
    let ran = folder.run(&["rules", "list"]).exits(0);
    assert!(ran.out.contains("us-dfars-7052") && ran.err.contains("no legal advice"), "{}", ran.out);
    let ran = folder.run(&["rules", "explain", "us-dfars-7052"]).exits(0);
    assert!(ran.out.contains("cites        89 FR 46816") && ran.out.contains("uncertain from 2027-01-01"));
    let printed = folder.run(&["rules", "print", "us-dfars-7052"]).exits(0).out;
    folder.write("copy.toml", &printed);
    assert!(folder.run(&["rules", "check", "copy.toml"]).exits(0).out.contains("us-dfars-7052, 4 clauses"));
    folder.write("wrong.toml", pack("\"XX\"", ""));
    let ran = folder.run(&["rules", "check", "wrong.toml"]).exits(4);
    assert!(ran.err.contains("wrong.toml: line 17, column 14: \"XX\": not a country code"), "{}", ran.err);
    folder.run(&["rules", "explain", "nothing"]).exits(4);
    folder.run(&["verify", "delivery.json", "--rules", "wrong.toml"]).exits(4);
}

#[test]
fn fixtures_are_asked() {
    let folder = Folder::new();
    let ran = folder.run(&["rules", "test"]).exits(0);
    assert!(ran.out.lines().count() > 10 && !ran.out.contains(" 0 of "), "{}", ran.out);
    let fixture = |expect: &str| {
        format!(
            "[[fixture]]\nname = \"there\"\nat = \"2026-08-01\"\nexpect = \"{expect}\"\nform = \"oxide\"\n\
             holds = {{ Nd = \"1\" }}\nplace = [{{ of = \"Nd\", stage = \"separation\", country = \"MY\", low = \"100\" }}]\n"
        )
    };
    folder.write("ours.toml", pack("\"MY\"", "") + &fixture("fail"));
    folder.run(&["rules", "test", "ours.toml"]).exits(0);
    folder.write("ours.toml", pack("\"MY\"", "") + &fixture("pass"));
    let ran = folder.run(&["rules", "test", "ours.toml"]).exits(1);
    assert!(ran.out.contains("there: pass expected, fail found"), "{}", ran.out);
}

#[test]
fn expressions_are_checked_explained_and_asked() {
    let folder = delivered();
    let ask = |cel: &str| {
        let (head, _) = pack("\"MY\"", "")
            .split_once("[[clause.ask]]")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        format!("{head}[[clause.ask]]\nthat = \"expression\"\ncel = '''\n{cel}\n'''\n")
    };
    let separated = "lot.elements.exists(e, e.stages.exists(s, s.stage == \"separation\" &&\n  s.countries.exists(c, c.country == \"MY\")))";
    folder.write(
        "ours.toml",
        ask(&format!("{separated} ?\n  fail(\"separated in MY\") : pass(\"elsewhere\")")),
    );
    let ran = folder.run(&["rules", "check", "ours.toml"]).exits(0);
    assert!(ran.out.contains("1 clauses, 0 fixtures, 1 expressions of "), "{}", ran.out);
    let ran = folder.run(&["rules", "explain", "ours.toml"]).exits(0);
    assert!(
        ran.out.contains("in the Common Expression Language:")
            && ran.out.contains("fail(\"separated in MY\")")
    );
    let verify =
        ["verify", "delivery.json", "--trust", "trust.toml", "--at", "2026-08-01", "--rules", "ours.toml"];
    let ran = folder.run(&verify).exits(3);
    assert!(ran.out.contains("separation: fail, separated in MY"), "{}", ran.out);
    folder.write("ours.toml", ask("lot.elements[99].mg > 0 ? pass(\"\") : pass(\"\")"));
    let ran = folder.run(&verify).exits(4);
    assert!(ran.out.contains("not-demonstrated, the expression has no value"), "{}", ran.out);
    folder.write("ours.toml", ask("true ?\n  pass(lot.colour) : fail(\"\")"));
    let ran = folder.run(&["rules", "check", "ours.toml"]).exits(4);
    assert!(ran.err.contains("ours.toml: line 17, column 11: lot has no member colour"), "{}", ran.err);
}
