//! Registered deliveries: what the screen says of receipts, and that bundles keep them.

use serde_json::Value;

use super::run::Folder;

const AT: &str = "2026-09-21T12:06:00Z";

/// A folder with the bundle and the trust file of a vector.
fn vector(text: &str) -> Folder {
    let folder = Folder::new();
    let vector: Value = serde_json::from_str(text).unwrap();
    folder.write("delivery.json", vector["bundle"].to_string());
    folder.write("trust.toml", vector["trust"].as_str().unwrap());
    folder
}

fn honest() -> Folder {
    vector(include_str!("../../../../proto-docs/vectors/honest-registered.json"))
}

#[test]
fn a_registered_delivery_on_the_screen() {
    let ran = honest().run(&["verify", "delivery.json", "--trust", "trust.toml", "--at", AT, "-v"]).exits(0);
    let wanted = "    registration   3 of 3 logged in registry.example/ree, cosigned by 3 of 4 witnesses 4 min before\n";
    assert!(ran.out.contains(wanted), "{}", ran.out);
    assert!(
        ran.out.contains(
            "that the certificates are unrevoked: not every one has status lists that were checked"
        )
    );
    assert!(!ran.out.contains("that the certificates are registered"), "{}", ran.out);
    assert!(ran.out.contains("· registration pass ·"), "{}", ran.out);
    assert_eq!(ran.last_line(), "1 checked: 1 verified (status not checked)");
}

#[test]
fn a_missing_receipt_on_the_screen() {
    let folder = vector(include_str!("../../../../proto-docs/vectors/registration.missing.json"));
    let ran = folder.run(&["verify", "delivery.json", "--trust", "trust.toml", "--at", AT]).exits(4);
    assert!(ran.out.contains("registration   1 of 2 logged in registry.example/ree, cosigned by 3 of 4"));
    assert!(ran.out.contains("undecided[registration.missing]"), "{}", ran.out);
    assert_eq!(ran.last_line(), "1 checked: 1 undecided (status not checked)");
}

#[test]
fn receipts_are_not_looked_at_without_a_registry_to_check_them_by() {
    let folder = honest();
    let ran = folder.run(&["verify", "delivery.json", "--at", AT]).exits(3);
    assert!(ran.out.contains("    registration   not checked\n"), "{}", ran.out);
    assert!(ran.last_line().ends_with("(registration and status not checked)"));
}

#[test]
fn a_closed_lot_is_said_to_be_closed() {
    let folder = vector(include_str!("../../../../proto-docs/vectors/honest-closed.json"));
    let asked = ["verify", "delivery.json", "--trust", "trust.toml", "--at"];
    let ran = folder.run(&[&asked[..], &["2026-09-21T14:10:00Z"]].concat()).exits(0);
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("closed as consumed at 1 of registry.example/ree, 1 h before"), "{}", ran.out);
    let json = |at: &str| -> Value {
        let ran = folder.run(&[&asked[..], &[at, "--format", "json"]].concat()).exits(0);
        serde_json::from_str::<Value>(&ran.out).unwrap()["certificates"][0]["closed"].clone()
    };
    let closed = serde_json::json!({
        "log": "registry.example/ree", "index": "1", "reason": "consumed", "time": "2026-09-21T13:05:00Z"
    });
    assert_eq!(json("2026-09-21T13:00:00Z"), closed);
    assert_eq!(json("2026-09-21T12:59:59Z"), Value::Null, "it was not known yet");
}

#[test]
fn a_strangers_attestation_is_said_not_to_count() {
    let text =
        include_str!("../../../../proto-docs/vectors/authority.attestation-not-counted-and-wrong.json");
    let folder = vector(text);
    let asked = ["verify", "delivery.json", "--trust", "trust.toml", "--at", AT];
    let ran = folder.run(&[&asked[..], &["-v"]].concat()).exits(0);
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("2 certificates, 2 signatures good"), "{}", ran.out);
    assert!(words.contains("2 of 2 accepted by vectors · 1 attestation not counted"), "{}", ran.out);
    assert!(words.contains("2 of 2 logged in registry.example/ree"), "{}", ran.out);
    assert!(words.contains("warning[authority.attestation-not-counted]"), "{}", ran.out);
    assert_eq!(ran.last_line(), "1 checked: 1 verified (status not checked)");
}

#[test]
fn bundles_keep_their_receipts() {
    let folder = honest();
    folder.run(&["bundle", "extract", "delivery.json", "-d", "parts"]).exits(0);
    folder.run(&["bundle", "create", "parts", "-o", "again.json"]).exits(0);
    folder.run(&["verify", "again.json", "--trust", "trust.toml", "--at", AT]).exits(0);
}
