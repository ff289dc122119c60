//! `ytterby issue`, offline.

use super::delivery::{Delivery, bundle, label, origin, oxide};
use super::run::Folder;

const HOME: &str = "registry.example/ree";

/// A folder with the refinery's key, and the ore it bought a while ago.
fn refinery() -> (Folder, Delivery) {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("refinery.key", delivery.refinery.key.to_secret_multikey());
    folder.write("ore.json", bundle(&[&delivery.ore, &delivery.ore_sold]));
    folder.write("any.toml", delivery.trust(None));
    folder.write("oxide.json", oxide(&delivery.ore_sold, "OX-5").to_string());
    (folder, delivery)
}

fn issue<'a>(draft: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base =
        ["issue", draft, "--key", "refinery.key", "--home", HOME, "--issuer", "did:web:refinery.example"];
    [&base[..], more].concat()
}

#[test]
fn what_is_issued_is_verified() {
    let (folder, _) = refinery();
    let input = ["--input", "ore.json"];
    let ran = folder.run(&issue("oxide.json", &[&input[..], &["--dry-run"]].concat())).exits(0);
    assert!(
        ran.out.contains("84.878") && ran.out.contains("Nd2O3") && !ran.out.contains("digest"),
        "{}",
        ran.out
    );
    folder.run(&issue("oxide.json", &[&input[..], &["-o", "certificate.json"]].concat())).exits(0);
    folder.run(&["bundle", "create", "ore.json", "certificate.json", "-o", "all.json"]).exits(0);
    let ran = folder.run(&["verify", "all.json", "--trust", "any.toml"]).exits(0);
    assert!(ran.out.contains("✓ OX-5"), "{}", ran.out);
}

#[test]
fn what_does_not_add_up_is_refused() {
    let (folder, delivery) = refinery();
    let mut draft = oxide(&delivery.ore_sold, "OX-5");
    draft["netMass"] = "200".into();
    folder.write("much.json", draft.to_string());
    let ran = folder.run(&issue("much.json", &["--input", "ore.json", "-o", "c.json"])).exits(1);
    assert!(ran.err.contains("error[conservation.") && !folder.path("c.json").exists(), "{}", ran.err);
    // Without the input's certificate there is nothing to draw on.
    let ran = folder.run(&issue("oxide.json", &[])).exits(1);
    assert!(ran.err.contains("undecided[lineage.missing-parent]"), "{}", ran.err);
}

#[test]
fn whoever_drafts_is_told_what_to_mend() {
    let (folder, delivery) = refinery();
    let help = |number: usize, pointer: &str, value: &str, words: &[&str]| {
        let mut draft = oxide(&delivery.ore_sold, "OX-5");
        *draft.pointer_mut(pointer).unwrap() = value.into();
        let name = format!("bad-{number}.json");
        folder.write(&name, draft.to_string());
        let err = folder.run(&issue(&name, &["--input", "ore.json"])).exits(1).err;
        for word in words.iter().chain(&["   = help: "]) {
            assert!(err.contains(word), "{word}: {err}");
        }
        assert!(!err.contains("ask the issuer") && !err.contains("do not accept"), "{err}");
    };
    help(1, "/netMass", "200", &["/assay/components/0", "an input may be missing"]);
    help(2, "/assay/components/0/oxide", "Nd203", &["\"Nd203\"", "did you mean Nd2O3?"]);
    help(3, "/netMass", "100 kg", &["/netMass", "leave out the unit \"kg\""]);
    help(4, "/assay/percentBasis", "of-treo", &["/assay/treo", "need `treo`"]);
    help(5, "/period/to", "2999-01-01", &["/period/to", "wait until the work is done"]);
}

#[test]
fn nothing_is_issued_on_top_of_a_forgery() {
    let (folder, _) = refinery();
    folder.write("forged.json", folder.read("ore.json").replace("Monazite", "Bastnaesite"));
    let ran = folder.run(&issue("oxide.json", &["--input", "forged.json"])).exits(1);
    assert!(ran.err.contains("error[proof.signature]") && ran.out.is_empty());
}

#[test]
fn what_other_inputs_drew_is_gone() {
    let (folder, delivery) = refinery();
    folder.write("drawn.json", bundle(&[&delivery.ore, &delivery.ore_sold, &delivery.oxide]));
    folder.run(&issue("oxide.json", &["--input", "ore.json", "--input", "drawn.json"])).exits(1);
}

#[test]
fn a_table_is_a_certificate_per_row() {
    let (folder, delivery) = refinery();
    let parent = label(&delivery.ore_sold);
    let table = format!(
        "type,step,lotNumber,product,form,netMass,assay.massBasis,assay.percentBasis,assay.Nd2O3,assay.Dy2O3,\
         facility.id,facility.name,facility.country,period.from,period.to,custodyModel,inputs\n\
         ProcessingCertificate,separation,OX-5,Nd oxide,oxide,40,as-received,of-mass,99,<0.005,\
         urn:gln:9521321000010,Example Refinery,MY,2026-06-15,2026-06-30,segregated,{parent}\n\
         ProcessingCertificate,calcination,OX-6,Nd oxide,oxide,20,as-received,of-mass,99,,\
         urn:gln:9521321000010,Example Refinery,MY,2026-06-15,2026-06-30,segregated,OX-5\n"
    );
    folder.write("day.csv", table);
    folder.run(&issue("day.csv", &["--input", "ore.json", "-o", "day.json"])).exits(0);
    folder.run(&["bundle", "create", "ore.json", "day.json", "-o", "all.json"]).exits(0);
    let ran = folder.run(&["verify", "all.json", "--trust", "any.toml"]).exits(0);
    assert!(ran.out.contains("✓ OX-6") && ran.out.contains("4 certificates"), "{}", ran.out);
    folder.write("torn.csv", "type,type\na,b\n");
    folder.run(&issue("torn.csv", &[])).exits(4);
}

/// The columns that the help shows, with the one cell that depends on what is there.
#[test]
fn the_table_of_the_help_is_accepted_and_fits_a_narrow_terminal() {
    let (folder, delivery) = refinery();
    let help = folder.run(&["issue", "--help"]).exits(0).out;
    let rows =
        help.lines().skip_while(|line| !line.starts_with("  type  ")).take_while(|line| !line.is_empty());
    let rows: Vec<(&str, &str)> = rows.map(|row| row.trim().split_once("  ").unwrap()).collect();
    assert_eq!(rows.len(), 17, "{help}");
    let header: Vec<&str> = rows.iter().map(|(column, _)| column.trim()).collect();
    let parent = label(&delivery.ore_sold);
    let cells: Vec<String> =
        rows.iter().map(|(_, cell)| cell.trim().replace("urn:uuid:...", &parent)).collect();
    folder.write("help.csv", format!("{}\n{}\n", header.join(","), cells.join(",")));
    let ran = folder.run(&issue("help.csv", &["--input", "ore.json", "-o", "help.json"])).exits(0);
    assert!(ran.err.contains("wrote help.json"), "{}", ran.err);
    let text = help.split("A draft is JSON").nth(1).unwrap();
    assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
    // A lot is named by its id; a number may repeat.
    let by_number = cells.join(",").replace(&parent, "ORE-1");
    folder.write("number.csv", format!("{}\n{by_number}\n", header.join(",")));
    let ran = folder.run(&issue("number.csv", &["--input", "ore.json"])).exits(1);
    assert!(
        ran.err.contains("give the lot's id (urn:uuid:…)") && ran.err.contains("lotNumber="),
        "{}",
        ran.err
    );
}

#[test]
fn an_issuer_is_its_key_unless_it_says_otherwise() {
    let folder = Folder::new();
    folder.run(&["key", "generate", "-o", "own.key"]).exits(0);
    let did = folder.run(&["key", "did", "own.key"]).exits(0).out;
    folder.write("ore.json", origin("ORE-7").to_string());
    let args = ["issue", "ore.json", "--key", "own.key", "--home", HOME, "--name", "One Man's Mine"];
    let shown = folder.run(&args).exits(0);
    let certificate = shown.json();
    assert_eq!(certificate["issuer"]["id"], did.trim());
    assert_eq!(certificate["issuer"]["name"], "One Man's Mine");
    let ran = folder.run_with(&["verify", "-"], shown.out.as_bytes()).exits(3);
    assert!(ran.out.contains("1 signature good"), "{}", ran.out);
}

#[test]
fn who_signs_must_be_said() {
    let (folder, _) = refinery();
    assert!(folder.run(&["issue", "oxide.json"]).exits(2).err.contains("--registry URL"));
    folder.run(&["issue", "oxide.json", "--registry", "https://registry.example"]).exits(2);
    folder.write("api.key", "ytb_x");
    let args = ["issue", "oxide.json", "--registry", "http://registry.example", "--api-key-file", "api.key"];
    folder.run(&args).exits(2);
    folder.run(&issue("oxide.json", &["--home", "https://registry.example"])).exits(2);
    folder.write("bad.key", "z3u2");
    folder.run(&["issue", "oxide.json", "--key", "bad.key", "--home", HOME]).exits(4);
}
