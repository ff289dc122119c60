//! Anchors and accreditations: issued, shown, pinned, relied on; and old trust files noticed.

use serde_json::{Value, json};
use ytterby::key::SigningKey;

use super::delivery::{Delivery, Party};
use super::run::Folder;

/// The draft of an accreditation of a company.
fn draft(party: &Party, scope: Value) -> String {
    let key = party.key.public().to_string();
    json!({
        "type": "AccreditationCertificate", "accredits": party.did, "name": "Example", "keys": [{ "key": key }],
        "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2099-12-31T23:59:59Z", "mayCertify": scope,
    })
    .to_string()
}

/// A delivery, its companies accredited by an alliance whose key lies there too.
fn accredited() -> (Folder, Delivery) {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("alliance.key", SigningKey::from_seed(&[9; 32]).to_secret_multikey());
    folder.write("delivery.json", delivery.bundle());
    folder.write("mine-draft.json", draft(&delivery.mine, json!({ "countries": ["AU"] })));
    folder.write("refinery-draft.json", draft(&delivery.refinery, json!({})));
    for name in ["mine", "refinery"] {
        let (draft, out) = (format!("{name}-draft.json"), format!("{name}.json"));
        let issuer = ["--issuer", "did:web:alliance.example", "--home", "registry.example/ree"];
        folder.run(&[&["issue", &draft, "--key", "alliance.key", "-o", &out], &issuer[..]].concat()).exits(0);
    }
    folder
        .run(&["bundle", "create", "delivery.json", "mine.json", "refinery.json", "-o", "all.json"])
        .exits(0);
    let anchor = SigningKey::from_seed(&[9; 32]).public().to_string();
    folder.run(&["trust", "init", "-o", "acme.toml"]).exits(0);
    folder
        .run(&[
            "trust",
            "add",
            "acme.toml",
            "--anchor",
            "--did",
            "did:web:alliance.example",
            "--key",
            &anchor,
        ])
        .exits(0);
    (folder, delivery)
}

#[test]
fn whom_the_anchor_accredits_is_accepted() {
    let (folder, _) = accredited();
    let ran = folder.run(&["verify", "all.json", "--trust", "acme.toml"]).exits(0);
    let line =
        "authority      2 of 2 issuers accredited by alliance.example · some by times that no witness saw";
    assert!(ran.out.contains(line), "{}", ran.out);
    let report =
        folder.run(&["verify", "all.json", "--trust", "acme.toml", "--format", "json"]).exits(0).json();
    let own = report["certificates"].as_array().unwrap();
    let chains: Vec<&Value> = own.iter().filter_map(|own| own["accredited"].get(0)).collect();
    assert_eq!((chains.len(), own.len()), (4, 6), "{report}");
    assert!(
        chains.iter().all(|by| by["anchor"] == "did:web:alliance.example" && by["timeBy"] == "signature")
    );
    let digests: Vec<&Value> = own.iter().map(|own| &own["digest"]).collect();
    assert!(chains.iter().all(|by| digests.contains(&&by["chain"][0])), "{report}");
    // Without them, or without the anchor, nobody vouches for the companies.
    let ran = folder.run(&["verify", "delivery.json", "--trust", "acme.toml"]).exits(3);
    assert!(ran.out.contains("untrusted[authority.unknown-issuer]"), "{}", ran.out);
    folder.run(&["trust", "init", "-o", "none.toml"]).exits(0);
    let ran = folder.run(&["verify", "all.json", "--trust", "none.toml"]).exits(3);
    assert!(ran.out.contains("authority.unknown-issuer"), "{}", ran.out);
}

#[test]
fn it_is_shown_for_people() {
    let (folder, delivery) = accredited();
    let ran = folder.run(&["show", "mine.json"]).exits(0);
    let key = delivery.mine.key.public().to_string();
    for words in
        ["accredits", "did:web:mine.example", &key, "country AU", "may accredit  nothing", "2099-12-31"]
    {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let said = folder.run(&["trust", "check", "acme.toml"]).exits(0).out;
    assert!(said.contains("did:web:alliance.example is an anchor: whom it accredits may certify"), "{said}");
    let listed = folder.run(&["trust", "list", "acme.toml"]).exits(0).out;
    assert!(listed.starts_with("did:web:alliance.example  anchor  need 1  z6Mk"), "{listed}");
    let anchor = SigningKey::from_seed(&[9; 32]).public().to_string();
    let add = ["trust", "add", "acme.toml", "--anchor", "--key", &anchor, "--did"];
    folder.run(&[&add[..], &["did:web:alliance.example"]].concat()).exits(4);
    // One key is no second anchor.
    folder.run(&[&add[..], &["did:web:other.example"]].concat()).exits(2);
    folder.run(&[&add[..], &["did:web:other.example", "--steps", "origin"]].concat()).exits(2);
}

#[test]
fn what_is_wrong_with_a_draft_is_said() {
    let (folder, delivery) = accredited();
    let mut wrong: Value = serde_json::from_str(&draft(&delivery.mine, json!({}))).unwrap();
    wrong["accredits"] = "did:web:alliance.example".into();
    folder.write("self.json", wrong.to_string());
    let args = ["issue", "self.json", "--key", "alliance.key", "--home", "registry.example/ree"];
    let ran = folder.run(&[&args[..], &["--issuer", "did:web:alliance.example"]].concat()).exits(1);
    assert!(ran.err.contains("nobody accredits himself"), "{}", ran.err);
}

#[test]
fn an_older_edition_of_the_trust_file_is_noticed() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    let edition = |serial: &str| {
        delivery.trust(None).replace("name = \"Acme\"\n", &format!("name = \"Acme\"\n{serial}"))
    };
    for (file, serial) in [("1.toml", "serial = 1\n"), ("2.toml", "serial = 2\n"), ("none.toml", "")] {
        folder.write(file, edition(serial));
    }
    let warned = |file: &str| {
        let ran = folder.run(&["verify", "delivery.json", "--trust", file]).exits(0);
        let checked = folder.run(&["trust", "check", file]).exits(0);
        let said = ran.out.contains("warning[authority.trust-file-older]");
        assert_eq!(said, checked.err.contains("an older edition"), "{}", checked.err);
        said
    };
    // Who never saw an edition is not warned.
    assert!(!warned("none.toml") && !folder.path("state").exists());
    assert!(!warned("1.toml") && !warned("1.toml"));
    assert!(!warned("2.toml"));
    assert!(warned("1.toml") && warned("none.toml"));
    assert!(!warned("2.toml"));
    assert_eq!(folder.read("state/ytterby/trust-editions").lines().last(), Some("2 Acme"));
    // A file that cannot be read is said to be so, and stops nobody.
    folder.write("state/ytterby/trust-editions", "two Acme\n");
    let ran = folder.run(&["verify", "delivery.json", "--trust", "1.toml"]).exits(0);
    assert!(ran.err.contains("whether it is the newest edition is not known"), "{}", ran.err);
}
