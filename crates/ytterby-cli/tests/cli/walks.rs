//! `trace` and `diff`.

use serde_json::{Value, json};

use super::delivery::{Delivery, bundle, label, origin};
use super::run::Folder;

/// Ore, sold, from which two lots of oxide were made, one of them sold.
fn folder() -> (Folder, Delivery) {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let again = delivery.oxide_again();
    let mut all: Vec<_> = delivery.certificates().to_vec();
    all.push(&again);
    folder.write("all.json", bundle(&all)).write("delivery.json", delivery.bundle());
    (folder, delivery)
}

#[test]
fn up_from_a_lot_to_its_origins() {
    let (folder, delivery) = folder();
    let oxide = label(&delivery.oxide);
    let ran = folder.run(&["trace", "all.json", "--lot", &oxide, "--up"]).exits(0);
    let wanted = "  [1] OX-1  Nd oxide  separation: oxide MY  100.000 kg  did:web:refinery.example
      holds Nd 84.878 kg

up: 2 lots behind it, back to 1 origin
  [1] OX-1
      ← Nd 84.878 kg from [2] ORE-1
  [2] ORE-1  Monazite concentrate  sale: concentrate  1 000.000 kg  did:web:mine.example
      ← Ce 203.522, Nd 85.735 kg from [3] ORE-1
  [3] ORE-1  Monazite concentrate  mined: concentrate AU  1 000.000 kg  did:web:mine.example
";
    assert_eq!(ran.out, wanted);
    assert!(ran.err.contains("nothing was verified"), "{}", ran.err);
    // What is behind an origin is nothing, and what is not there is said.
    let ran = folder.run(&["trace", "all.json", "--lot", &label(&delivery.ore), "--up"]).exits(0);
    assert!(ran.out.ends_with("up: 0 lots behind it, back to 1 origin\n"), "{}", ran.out);
    folder.write("part.json", bundle(&[&delivery.oxide]));
    let ran = folder.run(&["trace", "part.json", "--lot", "OX-1", "--up"]).exits(0);
    assert!(ran.out.contains("1 lot behind it, 1 of them not in the file, back to 0 origins"), "{}", ran.out);
    assert!(
        ran.out.contains("not in the file  urn:uuid:00000000-0000-4000-8000-000000000002"),
        "{}",
        ran.out
    );
}

#[test]
fn down_from_a_lot_to_what_was_made_from_it() {
    let (folder, delivery) = folder();
    let ran = folder
        .run(&["trace", "all.json", "--lot", &delivery.ore_sold.digest().to_string(), "--down"])
        .exits(0);
    assert!(ran.out.contains("      drawn in this file Nd 169.756 kg, left Ce 203.522 kg\n"), "{}", ran.out);
    assert!(ran.out.contains("down: 3 lots made from it\n"), "{}", ran.out);
    assert_eq!(ran.out.matches("← Nd 84.878 kg from [1] ORE-1").count(), 2, "{}", ran.out);
    assert!(!ran.out.contains("up:") && !ran.out.contains("mined"), "{}", ran.out);
    let ran = folder.run(&["trace", "all.json", "--lot", "OX-2"]).exits(0);
    assert!(ran.out.contains("drawn in this file nothing, left Nd 84.878 kg"), "{}", ran.out);
    assert!(
        ran.out.contains("up: 2 lots behind it") && ran.out.contains("down: nothing in the file was made")
    );
}

#[test]
fn a_trace_for_programs() {
    let (folder, delivery) = folder();
    let digest = |own: &ytterby::Certificate<'_>| Value::from(own.digest().to_string());
    let args = ["trace", "all.json", "--lot", "OX-1", "--format", "json"];
    let both = folder.run(&args).exits(0).json();
    // The oxide and its sale have one number.
    assert_eq!(both["from"], json!([digest(&delivery.oxide), digest(&delivery.oxide_sold)]));
    assert_eq!(both["up"]["lots"], json!([digest(&delivery.ore_sold), digest(&delivery.ore)]));
    let draws = both["up"]["draws"].as_array().unwrap();
    assert_eq!(draws.len(), 3);
    assert_eq!(
        draws[0],
        json!({ "from": digest(&delivery.ore_sold), "to": digest(&delivery.oxide),
        "draws": { "Nd": "84.878244" } })
    );
    assert_eq!((&both["down"]["lots"], both["down"]["draws"].as_array().unwrap().len()), (&json!([]), 1));
    assert_eq!(both["nodes"].as_array().unwrap().len(), 4);
    assert_eq!(folder.run(&[&args[..], &["--both"]].concat()).exits(0).json(), both);
    assert!(folder.run(&[&args[..], &["--down"]].concat()).exits(0).json().get("up").is_none());
    folder.run(&[&args[..], &["--down", "--up"]].concat()).exits(2);
}

#[test]
fn a_lot_that_is_not_there_is_said_with_its_like() {
    let (folder, _) = folder();
    let ran = folder.run(&["trace", "all.json", "--lot", "ox-3\u{202e}"]).exits(4);
    assert!(ran.err.contains("all.json: no lot in it has the number, label or digest \"ox-3"), "{}", ran.err);
    assert!(ran.err.contains("is it OX-1 or OX-2?") && !ran.err.contains('\u{202e}'), "{}", ran.err);
    let ran = folder.run(&["trace", "all.json", "--lot", "zzzz"]).exits(4);
    assert!(ran.err.contains("`ytterby show` lists those that are there"), "{}", ran.err);
    folder.run(&["trace", "all.json"]).exits(2);
}

/// Two lots on each level, each made from both lots of the level before: 2^24 ways, 50 lots, 96 draws.
#[test]
fn a_lattice_of_diamonds_is_walked_in_linear_size() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let mine = &delivery.mine;
    let mut all = Vec::new();
    for n in [0, 1] {
        all.push(mine.issue(200 + n, "2026-06-01T08:00:00Z", origin(&format!("L0-{n}")), &[]));
    }
    for level in 1..25_u128 {
        let below: Vec<_> = all[all.len() - 2..].iter().map(label).collect();
        let pair = [0, 1].map(|n| {
            let mut draft = origin(&format!("L{level}-{n}"));
            for name in ["source", "origin", "assay"] {
                draft.as_object_mut().unwrap().remove(name);
            }
            draft["type"] = "ProcessingCertificate".into();
            draft["step"] = "blending".into();
            draft["inputs"] = below.iter().map(|lot| json!({ "lot": lot, "mass": "500" })).collect();
            mine.issue(200 + 2 * level + n, "2026-06-01T08:00:00Z", draft, &all.iter().collect::<Vec<_>>())
        });
        all.extend(pair);
    }
    folder.write("lattice.json", bundle(&all.iter().collect::<Vec<_>>()));
    for (lot, way, lots, draws) in [("L24-0", "up", 48, 2 + 23 * 4), ("L0-1", "down", 48, 2 + 23 * 4)] {
        let flag = format!("--{way}");
        let walk =
            folder.run(&["trace", "lattice.json", "--lot", lot, &flag, "--format", "json"]).exits(0).json();
        let count = |what: &str| walk[way][what].as_array().unwrap().len();
        assert_eq!((count("lots"), count("draws")), (lots, draws), "{way}");
    }
}

#[test]
fn a_number_of_signs_is_found_and_shown_as_it_stands() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let ore = delivery.mine.issue(1, "2026-06-01T08:00:00Z", origin("<b>|\"`"), &[]);
    folder.write("ore.json", bundle(&[&ore]));
    let out = folder.run(&["trace", "ore.json", "--lot", "<b>|\"`"]).exits(0).out;
    assert!(out.contains("[1] <b>|\"`  Monazite"), "{out}");
}

#[test]
fn the_same_in_another_order_is_no_difference() {
    let (folder, delivery) = folder();
    let mut certificates = delivery.certificates();
    certificates.reverse();
    let again = bundle(&certificates);
    let pretty: Value = serde_json::from_slice(&again).unwrap();
    folder.write("again.json", serde_json::to_string_pretty(&pretty).unwrap());
    let ran = folder.run(&["diff", "delivery.json", "again.json"]).exits(0);
    assert_eq!(ran.out, "delivery.json and again.json: no difference, 4 certificates\n");
    let json = folder.run(&["diff", "delivery.json", "again.json", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&json["diff"], &json["same"], &json["changes"]),
        (&"ytterby.diff/1".into(), &true.into(), &json!([]))
    );
    folder.run(&["diff", "delivery.json"]).exits(2);
    folder.run(&["diff", "delivery.json", "absent.json"]).exits(4);
    folder.write("junk.json", "{");
    folder.run(&["diff", "junk.json", "delivery.json"]).exits(4);
}

#[test]
fn certificates_that_are_missing_added_or_replaced() {
    let (folder, delivery) = folder();
    let ran = folder.run(&["diff", "delivery.json", "all.json"]).exits(1);
    assert!(
        ran.out.contains("+ certificate  OX-2 Nd oxide (separation), by did:web:refinery.example\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("+ subject  OX-2") && ran.out.ends_with("2 differences\n"), "{}", ran.out);
    let back = folder.run(&["diff", "all.json", "delivery.json", "--format", "json"]).exits(1).json();
    let changes = back["changes"].as_array().unwrap();
    assert!(changes.iter().all(|own| own["change"] == "missing" && own["lot"] == "OX-2"), "{back:#}");
    let text = String::from_utf8(delivery.bundle()).unwrap();
    folder.write("forged.json", text.replace("\"Nd oxide\"", "\"Dy oxide\""));
    let ran = folder.run(&["diff", "delivery.json", "forged.json"]).exits(1);
    assert!(ran.out.contains(
        "~ certificate  OX-1 Nd oxide (separation), by did:web:refinery.example: another certificate"
    ));
    // One that breaks form is no difference that is passed over.
    folder.write("bent.json", text.replace("\"form\":\"oxide\"", "\"form\":\"oxyde\""));
    folder.write("bent-again.json", text.replace("\"form\":\"oxide\"", "\"form\":\"oxzde\""));
    let ran = folder.run(&["diff", "delivery.json", "bent.json"]).exits(1);
    assert!(
        ran.out.contains("+ malformed  malformed.") && ran.out.contains("2 break form, before 0"),
        "{}",
        ran.out
    );
    let ran = folder.run(&["diff", "bent.json", "bent-again.json"]).exits(1);
    assert_eq!(
        (ran.out.matches("- malformed").count(), ran.out.matches("+ malformed").count()),
        (2, 2),
        "{}",
        ran.out
    );
}

#[test]
fn findings_under_one_trust_file() {
    let (folder, delivery) = folder();
    folder.write("acme.toml", delivery.trust(None));
    let text = String::from_utf8(delivery.bundle()).unwrap();
    folder.write("forged.json", text.replace("\"Nd oxide\"", "\"Dy oxide\""));
    let args = ["diff", "delivery.json", "forged.json", "--trust", "acme.toml", "--at", "2026-08-01"];
    let ran = folder.run(&args).exits(1);
    assert!(ran.out.contains("~ verdict  rejected, before verified\n"), "{}", ran.out);
    assert!(ran.out.contains("+ finding  proof.signature: "), "{}", ran.out);
    assert!(ran.out.ends_with(" · verified, then rejected\n"), "{}", ran.out);
    let json = folder.run(&[&args[..], &["--format", "json"]].concat()).exits(1).json();
    assert_eq!(
        (&json["before"]["verdict"], &json["after"]["verdict"]),
        (&"verified".into(), &"rejected".into())
    );
    let same = ["diff", "delivery.json", "delivery.json", "--trust", "acme.toml", "--at", "2026-08-01"];
    assert!(folder.run(&same).exits(0).out.ends_with("4 certificates · both verified\n"));
    folder.run(&["diff", "delivery.json", "delivery.json", "--at", "2026-08-01"]).exits(2);
}

#[test]
fn receipts_statuses_and_events() {
    let folder = Folder::new();
    for (name, text) in [
        ("fine.json", include_str!("../../../../proto-docs/vectors/honest-status.json")),
        ("revoked.json", include_str!("../../../../proto-docs/vectors/status.revoked.json")),
        ("closed.json", include_str!("../../../../proto-docs/vectors/honest-closed.json")),
    ] {
        let vector: Value = serde_json::from_str(text).unwrap();
        folder.write(name, vector["bundle"].to_string());
        let mut bare = vector["bundle"].clone();
        for beside in ["receipts", "closings", "statusLists"] {
            bare.as_object_mut().unwrap().remove(beside);
        }
        folder.write(&format!("bare-{name}"), bare.to_string());
    }
    let ran = folder.run(&["diff", "fine.json", "revoked.json"]).exits(1);
    assert_eq!(ran.out.matches("~ status  ").count(), 1, "{}", ran.out);
    assert!(ran.out.contains(": revoked, not suspended, before not revoked, not suspended\n"), "{}", ran.out);
    assert!(ran.out.contains("+ status-list  registry.example/ree revocation 0: up to "), "{}", ran.out);
    let ran = folder.run(&["diff", "fine.json", "bare-fine.json"]).exits(1);
    assert_eq!(ran.out.matches("- receipt  ").count(), 2, "{}", ran.out);
    assert!(ran.out.contains("of registry.example/ree, checkpoint of "), "{}", ran.out);
    assert!(ran.out.contains(": not known, before not revoked, not suspended\n"), "{}", ran.out);
    let ran = folder.run(&["diff", "bare-closed.json", "closed.json"]).exits(1);
    assert!(ran.out.contains("+ event  closings: ") && ran.out.contains("+ receipt  "), "{}", ran.out);
    // A checkpoint with one line less is another receipt.
    let text = folder.read("fine.json");
    let witness = text.split("\\n").find(|line| line.starts_with("— ") && line.contains("witness")).unwrap();
    folder.write("less.json", text.replacen(&format!("{witness}\\n"), "", 1));
    let ran = folder.run(&["diff", "fine.json", "less.json"]).exits(1);
    assert_eq!(ran.out.matches("~ receipt  ").count(), 1, "{}", ran.out);
}
