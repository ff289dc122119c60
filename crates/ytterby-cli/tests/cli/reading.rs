//! `show`, `tree`, `balance`, `bundle`.

use super::delivery::{Delivery, bundle, label};
use super::run::{BINARY, Folder};

fn delivered() -> (Folder, Delivery) {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    (folder, delivery)
}

#[test]
fn a_certificate_on_the_screen() {
    let (folder, delivery) = delivered();
    folder.write("oxide.json", delivery.oxide.bytes());
    let ran = folder.run(&["show", "oxide.json"]).exits(0);
    let digest = delivery.oxide.digest();
    let wanted = format!(
        "OX-1   Nd oxide   separation   ProcessingCertificate
  id            urn:uuid:00000000-0000-4000-8000-000000000003
  digest        {digest}
  signed        2026-07-01T08:00:00Z
  issuer        did:web:refinery.example
  issued        2026-07-01T08:00:00Z
  home          registry.example/ree
  form          oxide
  net mass      100.000 kg
  holder        did:web:refinery.example
  facility      Example Refinery, MY (urn:gln:9521321000010)
  when          2026-06-15 to 2026-06-30
  custody       segregated
  assay         Nd2O3 99 % (of-mass, as-received)
  drew          Nd 84.878 (Nd2O3 99.000) kg from urn:uuid:00000000-0000-4000-8000-000000000002
  content                  kg element                    kg oxide         drawn here               left
                Nd             84.878               99.000 Nd2O3               0.000             84.878
"
    );
    assert_eq!(ran.out, wanted);
    let shown = folder.run(&["show", "oxide.json", "--format", "json"]).exits(0).json();
    assert_eq!(shown, serde_json::from_slice::<serde_json::Value>(delivery.oxide.bytes()).unwrap());
    let all = folder.run_with(&["show", "-", "--format", "json"], &delivery.bundle()).exits(0).json();
    assert_eq!(all.as_array().unwrap().len(), 4);
    folder.run(&["show", "absent.json"]).exits(4);
}

#[test]
fn a_tree_on_the_screen() {
    let (folder, _) = delivered();
    let wanted = "\
OX-1  Nd oxide  sale: oxide  100.000 kg  did:web:refinery.example
└─ OX-1  Nd oxide  separation: oxide MY  100.000 kg  did:web:refinery.example  ← Nd 84.878 kg
   └─ ORE-1  Monazite concentrate  sale: concentrate  1 000.000 kg  did:web:mine.example  ← Nd 84.878 kg
      └─ ORE-1  Monazite concentrate  mined: concentrate AU  1 000.000 kg  did:web:mine.example  ← Ce 203.522, Nd 85.735 kg
";
    assert_eq!(folder.run(&["tree", "delivery.json"]).exits(0).out, wanted);
    let dot = folder.run(&["tree", "delivery.json", "--format", "dot"]).exits(0).out;
    assert!(dot.starts_with("digraph lineage {") && dot.contains("n3 -> n2 [label=") && dot.ends_with("}\n"));
    let mermaid = folder.run(&["tree", "delivery.json", "--format", "mermaid"]).exits(0).out;
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.matches("-->").count() == 3);
    let json = folder.run(&["tree", "delivery.json", "--format", "json"]).exits(0).json();
    assert_eq!((json["nodes"].as_array().unwrap().len(), json["edges"].as_array().unwrap().len()), (4, 3));
}

#[test]
fn a_shared_lot_is_drawn_once() {
    let (folder, delivery) = delivered();
    let again = delivery.oxide_again();
    folder.write("both.json", bundle(&[&delivery.ore, &delivery.ore_sold, &delivery.oxide, &again]));
    let out = folder.run(&["tree", "both.json"]).exits(0).out;
    assert_eq!((out.lines().count(), out.matches("(as above)").count()), (5, 1), "{out}");
    folder.write("part.json", bundle(&[&again]));
    let out = folder.run(&["tree", "part.json"]).exits(0).out;
    assert!(out.contains("not in the file  urn:uuid:00000000-0000-4000-8000-000000000002"), "{out}");
}

#[test]
fn every_account_balances_to_the_milligram() {
    let (folder, delivery) = delivered();
    folder.write(
        "both.json",
        bundle(&[&delivery.ore, &delivery.ore_sold, &delivery.oxide, &delivery.oxide_again()]),
    );
    for file in ["delivery.json", "both.json"] {
        let balance = folder.run(&["balance", file, "--format", "json"]).exits(0).json();
        let accounts = balance["accounts"].as_array().unwrap();
        assert!(accounts.len() >= 4);
        for account in accounts {
            let mg = |column: &str| {
                let text = account[column]["element"].as_str().unwrap();
                let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
                sign * i128::from(ytterby::decimal::Mass::parse(digits).unwrap().mg())
            };
            let came = mg("opening") + mg("in") + mg("gain");
            assert_eq!(came, mg("out") + mg("residue") + mg("lost") + mg("open"), "{account}");
        }
    }
    let out = folder.run(&["balance", "delivery.json", "--element", "Nd"]).exits(0).out;
    assert!(
        out.contains("did:web:acme.example (received)") && out.contains("Nd2O3") && !out.contains("CeO2")
    );
    folder.run(&["balance", "delivery.json", "--element", "Pm"]).exits(2);
    // On a narrow screen nothing is broken by it.
    let mut narrow = folder.command(BINARY);
    let ran =
        narrow.args(["balance", "delivery.json", "--element", "Nd"]).env("COLUMNS", "80").output().unwrap();
    let narrow = String::from_utf8(ran.stdout).unwrap();
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (wide, narrow) = (words(&out), words(&narrow));
    let heads = ["account", "as"];
    assert!(wide.iter().all(|word| heads.contains(&word.as_str()) || narrow.contains(word)), "{narrow:?}");
}

#[test]
fn bundles_are_taken_apart_and_put_together() {
    let (folder, delivery) = delivered();
    folder.write("acme.toml", delivery.trust(Some("did:web:acme.example")));
    folder.run(&["bundle", "extract", "delivery.json", "-d", "out"]).exits(0);
    assert_eq!(std::fs::read_dir(folder.path("out")).unwrap().count(), 4);
    folder.run(&["bundle", "extract", "delivery.json", "-d", "out"]).exits(4);
    folder.run(&["bundle", "create", "out", "-o", "again.json"]).exits(0);
    folder.run(&["verify", "again.json", "--trust", "acme.toml"]).exits(0);
    let text = folder.read("again.json");
    assert!(text.contains(&format!("\"subject\":[\"{}\"]", delivery.oxide_sold.digest())));
    folder.write(
        "bent.json",
        String::from_utf8(delivery.bundle()).unwrap().replace("\"form\":\"oxide\"", "\"form\":\"oxyde\""),
    );
    folder.run(&["bundle", "create", "bent.json", "-o", "bent-again.json"]).exits(1);
    assert!(!folder.path("bent-again.json").exists());
}

#[test]
fn what_is_left_out_is_said() {
    let (folder, delivery) = delivered();
    let text = String::from_utf8(delivery.bundle()).unwrap();
    folder.write("bent.json", text.replace("\"step\":\"separation\"", "\"step\":\"seperation\""));
    for command in ["show", "tree", "balance"] {
        let ran = folder.run(&[command, "bent.json"]).exits(0);
        assert!(ran.err.contains("left out: 1 of its certificates break form"), "{}", ran.err);
    }
    assert!(!folder.run(&["show", "delivery.json"]).err.contains("left out"));
}

/// Two lots on each level, each made from both lots of the level before: 2^24 ways back to the origins.
#[test]
fn a_lattice_of_diamonds_is_drawn_in_linear_size() {
    let (folder, delivery) = delivered();
    let mine = &delivery.mine;
    let mut all = Vec::new();
    for n in [0, 1] {
        let draft = super::delivery::origin(&format!("L0-{n}"));
        all.push(mine.issue(200 + n, "2026-06-01T08:00:00Z", draft, &[]));
    }
    for level in 1..25_u128 {
        let below: Vec<_> = all[all.len() - 2..].iter().map(label).collect();
        let pair = [0, 1].map(|n| {
            let mut draft = super::delivery::origin(&format!("L{level}-{n}"));
            for name in ["source", "origin", "assay"] {
                draft.as_object_mut().unwrap().remove(name);
            }
            draft["type"] = "ProcessingCertificate".into();
            draft["step"] = "blending".into();
            draft["inputs"] =
                below.iter().map(|lot| serde_json::json!({ "lot": lot, "mass": "500" })).collect();
            let on: Vec<_> = all.iter().collect();
            mine.issue(200 + 2 * level + n, "2026-06-01T08:00:00Z", draft, &on)
        });
        all.extend(pair);
    }
    folder.write("lattice.json", bundle(&all.iter().collect::<Vec<_>>()));
    folder.write("any.toml", delivery.trust(None));
    folder.run(&["verify", "lattice.json", "--trust", "any.toml"]).exits(0);
    let out = folder.run(&["tree", "lattice.json"]).exits(0).out;
    // Every lot once, and once more for every further draw on it.
    assert_eq!(out.lines().count(), 2 + 24 * 4, "{out}");
    let json = folder.run(&["tree", "lattice.json", "--format", "json"]).exits(0).json();
    assert_eq!((json["nodes"].as_array().unwrap().len(), json["edges"].as_array().unwrap().len()), (50, 96));
}

#[test]
fn a_profile_on_the_screen() {
    let (folder, _) = delivered();
    let wanted = "\
OX-1   Nd oxide   weakest custody: segregated
  Nd  84.878 kg   mined 100 %
      mining         AU 100 %
      beneficiation  untold 100 %
      separation     MY 100 %

  moved   ORE-1 AU to MY · OX-1 MY to DE
";
    let ran = folder.run(&["profile", "delivery.json"]).exits(0);
    assert_eq!(ran.out, wanted);
    assert!(ran.err.contains("nothing was verified"), "{}", ran.err);
    let places = folder.run(&["profile", "delivery.json", "-v"]).exits(0).out;
    assert!(places.contains("by did:web:refinery.example 100 %"), "{places}");
    let json =
        folder.run(&["profile", "delivery.json", "--element", "Nd", "--format", "json"]).exits(0).json();
    let stages = &json["lots"][0]["elements"][0]["stages"];
    assert_eq!(stages[0]["stage"], "mining");
    assert_eq!(stages[0]["countries"][0]["low"], "100");
    let none =
        folder.run(&["profile", "delivery.json", "--element", "Dy", "--format", "json"]).exits(0).json();
    assert!(none["lots"][0]["elements"].as_array().unwrap().is_empty());
    folder.run(&["profile", "absent.json"]).exits(4);
}
