//! `ytterby verify --portfolio`: many bundles together.

use serde_json::{Value, json};
use ytterby::Certificate;

use super::delivery::{Delivery, Party, bundle, origin, sale};
use super::run::{Folder, Ran};

const AT: &str = "2026-08-01";

/// A folder `in` with a delivery, a copy of it, an ore of another mine, and what is no bundle.
fn folder() -> (Folder, Delivery) {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let ore = Party::new("mine", 1).issue(77, "2026-06-01T08:00:00Z", origin("ORE-2"), &[]);
    folder.write("in/a.json", delivery.bundle()).write("in/b.json", delivery.bundle());
    folder.write("in/ore.json", bundle(&[&ore])).write("acme.toml", delivery.trust(None));
    (folder, delivery)
}

fn verify(folder: &Folder, more: &[&str]) -> Ran {
    let head = ["verify", "in", "--portfolio", "--trust", "acme.toml", "--at", AT];
    folder.run(&[&head[..], more].concat())
}

/// What an element has at a stage, by country: kilograms at least and at most.
fn at_stage(report: &Value, element: &str, stage: &str, country: &str) -> [String; 2] {
    let named = |list: &Value, key: &str, name: &str| {
        list.as_array().into_iter().flatten().find(|own| own[key] == name).unwrap_or(&Value::Null).clone()
    };
    let element = named(&report["elements"], "element", element);
    let own = named(&named(&element["stages"], "stage", stage)["countries"], "of", country);
    ["low", "high"].map(|end| own[end].as_str().unwrap_or_default().to_owned())
}

#[test]
fn each_lot_counts_once_and_what_is_left_out_is_named() {
    let (folder, _) = folder();
    let ran = verify(&folder, &[]).exits(0);
    assert!(ran.out.starts_with("2 lots in 3 bundles   as of 2026-08-01T23:59:59Z\n"), "{}", ran.out);
    assert!(ran.out.contains("in/a.json, in/b.json, counted once"), "{}", ran.out);
    assert!(ran.err.contains("deliver the same lot OX-1"), "{}", ran.err);
    let last = "3 checked: 3 verified (registration and status not checked)";
    assert_eq!(ran.last_line(), last);
    assert_eq!(verify(&folder, &["-q"]).exits(0).out.trim_end(), last);

    // 99 kg Nd2O3 that were separated in Malaysia, and 100 kg in the ore.
    let report = verify(&folder, &["--format", "json"]).exits(0).json();
    assert_eq!(report["report"], "ytterby.portfolio/1");
    assert_eq!(at_stage(&report, "Nd", "mining", "AU"), ["170.613844", "170.613844"]);
    assert_eq!(at_stage(&report, "Nd", "separation", "MY"), ["84.878244", "84.878244"]);
    assert_eq!(at_stage(&report, "Ce", "separation", "MY"), ["", ""]);
    assert_eq!(report["lots"][0]["files"], json!(["in/a.json", "in/b.json"]));

    // Unreadable, forged, somebody else's: each by its name, and in the exit code.
    let forged = folder.read("in/b.json").replace("\"Nd oxide\"", "\"Dy oxide\"");
    folder.write("in/junk.json", "{");
    let ran = verify(&folder, &[]).exits(4);
    assert!(ran.out.contains("  1 left out\n    in/junk.json   undecided: "), "{}", ran.out);
    folder.write("in/b.json", forged);
    let ran = verify(&folder, &[]).exits(1);
    assert!(ran.out.contains("  2 left out\n    in/b.json   rejected[proof.signature]: "), "{}", ran.out);
    let report = verify(&folder, &["--format", "json"]).exits(1).json();
    assert_eq!(report["leftOut"][0]["file"], "in/b.json");
    assert_eq!(report["leftOut"][0]["code"], "proof.signature");
    assert_eq!(report["leftOut"][1]["verdict"], "undecided");
    assert_eq!(at_stage(&report, "Nd", "separation", "MY")[0], "84.878244");

    let nobody = ["verify", "in", "--portfolio", "--at", AT];
    assert!(folder.run(&nobody).exits(1).out.starts_with("0 lots in 0 bundles"));
}

#[test]
fn its_json_fits_the_published_schema() {
    let (folder, _) = folder();
    folder.write("in/junk.json", "{");
    let schemas = ytterby::published_schemas();
    let (_, schema) = schemas.iter().find(|(name, _)| name == "Report.schema.json").unwrap();
    let validator = jsonschema::validator_for(schema).unwrap();
    let rules = ["--rules", "eu-crma-5", "--rules", "norm-radioactivity"];
    for format in ["json", "jsonl"] {
        let report = verify(&folder, &[&rules[..], &["--format", format]].concat()).json();
        let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let mut wrong = report.clone();
        let short = verify(&folder, &[&rules[..], &["--format", format, "-q"]].concat()).json();
        assert!(validator.is_valid(&short) && short.get("lots").is_none() && short["leftOut"][0].is_object());
        wrong["elements"][0]["share"] = json!("1");
        assert!(!validator.is_valid(&wrong));
    }
}

#[test]
fn what_other_lots_hold_does_not_count_again() {
    let (folder, delivery) = folder();
    // The ore that the oxide was made from is delivered too: what is in the oxide is in it no more.
    folder.write("in/ore.json", bundle(&[&delivery.ore, &delivery.ore_sold]));
    let report = verify(&folder, &["--format", "json"]).exits(0).json();
    let content = &delivery.ore.lot().unwrap().content;
    let all = |symbol: &str| {
        let own = content.iter().find(|(element, _)| element.symbol() == symbol).unwrap();
        ytterby::decimal::kilograms(own.1)
    };
    assert_eq!(at_stage(&report, "Nd", "mining", "AU"), [all("Nd"), all("Nd")]);
    assert_eq!(at_stage(&report, "Ce", "mining", "AU"), [all("Ce"), all("Ce")]);
    assert_eq!(report["lots"].as_array().unwrap().len(), 2);

    // Drawn twice, each time in order: only together it is too much.
    let again = delivery.oxide_again();
    folder.write("in/ore.json", bundle(&[&delivery.ore, &delivery.ore_sold, &again]));
    let ran = verify(&folder, &[]).exits(1);
    assert!(ran.out.contains("error[conservation.overdrawn]"), "{}", ran.out);
    assert!(ran.last_line().contains("together they draw more from a lot than it holds"), "{}", ran.out);
    let report = verify(&folder, &["--format", "json"]).exits(1).json();
    assert_eq!(report["problems"][0]["code"], "conservation.overdrawn");
}

#[test]
fn bundles_that_contradict_each_other_are_said() {
    let (folder, delivery) = folder();
    let mine = Party::new("mine", 1);
    let reused = |number: &str| mine.issue(77, "2026-06-01T08:00:00Z", origin(number), &[]);
    folder.write("in/b.json", bundle(&[&reused("ORE-3")]));
    let ran = verify(&folder, &[]).exits(1);
    assert!(ran.out.contains("error[lineage.id-reused]"), "{}", ran.out);
    assert!(ran.out.contains("one certificate in in/b.json and another in in/ore.json"), "{}", ran.out);

    // One bundle has an audit that the other lacks.
    let auditor = Party::new("auditor", 9);
    let pin =
        format!("\n[[issuer]]\ndid = {:?}\nkeys = [\"{}\"]\n[require]", auditor.did, auditor.key.public());
    folder.write("acme.toml", delivery.trust(None).replace("\n[require]", &pin));
    let audited = audited(&delivery, &auditor);
    folder.write("in/b.json", audited).write("audit.toml", AUDIT);
    let rules = ["--rules", "audit.toml"];
    let ran = verify(&folder, &rules).exits(4);
    assert!(ran.out.contains("OX-1: ours is answered not-demonstrated by in/a.json and pass by in/b.json"));
    assert!(ran.out.contains("ours: not-demonstrated 2 lots with "), "{}", ran.out);
    let report = verify(&folder, &[&rules[..], &["--format", "json"]].concat()).exits(4).json();
    assert_eq!(report["rules"][0]["totals"][2]["lots"], 2);
    assert_eq!(report["rules"][0]["totals"][2]["mass"]["Nd"], "170.613844");
    assert_eq!(report["problems"][0]["files"], json!(["in/a.json", "in/b.json"]));
}

const AUDIT: &str = "pack = \"ytterby.rules/1\"\nid = \"ours\"\ntitle = \"audited\"\njurisdiction = \"INT\"\n\
    instrument = \"house rule\"\nas-of = \"2026-07-01\"\nconfidence = \"ours\"\n[[clause]]\nid = \"audit\"\n\
    title = \"somebody audited it\"\n[[clause.ask]]\nthat = \"attested\"\nkind = \"audit\"\n";

/// The delivery with an audit beside it.
fn audited(delivery: &Delivery, auditor: &Party) -> Vec<u8> {
    let lot = &delivery.oxide_sold;
    let label = lot.claims().id.urn().to_string();
    let about = json!({ "lots": [{ "lot": label, "digestMultibase": lot.digest().to_string() }] });
    let draft =
        json!({ "type": "AttestationCertificate", "kind": "audit", "about": about, "result": "passed" });
    let audit = auditor.issue(78, "2026-07-11T08:00:00Z", draft, &[]);
    let all: Vec<&Certificate<'static>> = delivery.certificates().into_iter().chain([&audit]).collect();
    let mut bundle: Value = serde_json::from_slice(&bundle(&all)).unwrap();
    bundle["subject"] = json!([delivery.oxide_sold.digest().to_string()]);
    bundle.to_string().into_bytes()
}

#[test]
fn rules_are_totalled_and_asked_of_all_together() {
    let (folder, _) = folder();
    let packs = ["--rules", "eu-crma-5", "--rules", "us-ndaa-857"];
    let ran = verify(&folder, &packs).exits(3);
    assert!(
        ran.out.contains("us-ndaa-857: not-applicable 2 lots with 374.135 kg of rare earths"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("eu-crma-5: not-applicable"), "{}", ran.out);
    assert!(
        ran.out.contains("raw-materials: fail, Ce mined or collected: AU has at least 100 %"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("untrusted[rule.failed]") && ran.out.contains("--> all bundles together"));
    let report = verify(&folder, &[&packs[..], &["--format", "json"]].concat()).exits(3).json();
    assert_eq!(report["together"][0]["answer"], "fail");
    assert_eq!(
        report["rules"][1]["totals"][3],
        json!({
            "answer": "not-applicable", "lots": 2, "mass": { "Nd": "170.613844", "Ce": "203.522" },
        })
    );
    // A bundle whose lot a rule denies counts: that is what is counted.
    let pack = AUDIT.replace("that = \"attested\"\nkind = \"audit\"", DENIED);
    folder.write("deny.toml", pack);
    let ran = verify(&folder, &["--rules", "deny.toml"]).exits(3);
    assert!(
        ran.out.contains("ours: pass 1 lot with 289.257 kg of rare earths · fail 1 lot with 84.878 kg"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("left out"), "{}", ran.out);
}

const DENIED: &str =
    "that = \"contribution\"\nelements = [\"Nd\"]\nstages = [\"separation\"]\ncountries = [\"MY\"]";

#[test]
fn its_command_line_makes_sense_or_is_refused() {
    let (folder, delivery) = folder();
    let ran = verify(&folder, &["--format", "sarif"]).exits(2);
    assert!(ran.err.contains("--portfolio reports as human, json or jsonl"), "{}", ran.err);
    verify(&folder, &["--lot", "OX-1"]).exits(2);
    folder.run(&["verify", "--portfolio", "--trust", "acme.toml"]).exits(4);
    // What was received is recorded as ever.
    let ran = verify(&folder, &["--record", "received.jsonl"]);
    assert!(folder.path("received.jsonl").exists(), "{}", ran.err);
    // A lot of somebody else is left out.
    folder.write("acme.toml", delivery.trust(Some("did:web:acme.example")));
    let mine = &delivery.mine;
    let ore = mine.issue(79, "2026-06-01T08:00:00Z", origin("ORE-3"), &[]);
    let sold = mine.issue(80, "2026-06-10T08:00:00Z", sale(&ore, "ORE-3", "1000", "rival", "MY"), &[&ore]);
    folder.write("in/ore.json", bundle(&[&ore, &sold]));
    let ran = verify(&folder, &[]).exits(3);
    assert!(ran.out.contains("in/ore.json   untrusted[custody.not-your-lot]"), "{}", ran.out);
}
