//! Keys, trust files, codes, completions.

use super::delivery::{Delivery, Party};
use super::run::Folder;

#[test]
fn a_key_is_its_owners_alone_and_never_overwritten() {
    let folder = Folder::new();
    folder.run(&["key", "generate", "-o", "a.key"]).exits(0);
    folder.run(&["key", "generate", "-o", "b.key"]).exits(0);
    let secret = folder.read("a.key");
    assert!(secret.starts_with("z3u2") && secret != folder.read("b.key"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path("a.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let ran = folder.run(&["key", "generate", "-o", "a.key"]).exits(4);
    assert!(ran.err.contains("is there already"));
    assert_eq!(folder.read("a.key"), secret);
    let public = folder.run(&["key", "public", "a.key"]).exits(0).out;
    assert!(public.starts_with("z6Mk"));
    assert_eq!(folder.run(&["key", "did", "a.key"]).exits(0).out, format!("did:key:{public}"));
}

#[test]
fn what_is_no_key_is_never_repeated() {
    let folder = Folder::new();
    let secret = Party::new("x", 3).key.to_secret_multikey();
    folder.write("spoilt.key", format!("{secret}1"));
    let ran = folder.run(&["key", "public", "spoilt.key"]).exits(4);
    assert!(!ran.err.contains(&secret[..12]) && ran.out.is_empty());
}

#[test]
fn a_trust_file_from_nothing_to_a_verified_delivery() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    folder.run(&["trust", "init"]).exits(0);
    folder.run(&["trust", "init"]).exits(4);
    folder.run(&["verify", "delivery.json"]).exits(3);
    let mine = delivery.mine.key.public().to_string();
    let refinery = delivery.refinery.key.public().to_string();
    folder
        .run(&["trust", "add", "--did", &delivery.mine.did, "--key", &mine, "--name", "The \"Mine\""])
        .exits(0);
    let did = &delivery.refinery.did;
    let refine = |steps: &str| {
        folder.run(&["trust", "add", "--did", did, "--key", &refinery, "--steps", steps, "--countries", "MY"])
    };
    refine("smelting").exits(2);
    refine("separation,transfer").exits(0);
    refine("separation,transfer").exits(4);
    folder.run(&["trust", "add", "--did", "acme", "--key", &mine]).exits(2);
    let said = folder.run(&["trust", "check"]).exits(0).out;
    assert!(said.contains("It names no holder: whether a lot is yours is left to you."), "{said}");
    assert!(said.contains(
        "did:web:refinery.example (1 key) may certify: steps separation, transfer; country MY; any element; any source."
    ), "{said}");
    assert_eq!(folder.run(&["trust", "list"]).exits(0).out.lines().count(), 2);
    folder.run(&["verify", "delivery.json"]).exits(0);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the binary has the machine's clock")]
fn an_expired_trust_file_warns_for_thirty_days() {
    let folder = Folder::new();
    let day = |days: i64| {
        let day = jiff::Timestamp::now().checked_sub(jiff::Span::new().hours(24 * days)).unwrap();
        jiff::tz::Offset::UTC.to_datetime(day).date().to_string()
    };
    for (days, code, word) in
        [(-1, 0, "is good until"), (10, 0, "only warns until"), (40, 4, "was good until")]
    {
        folder.write("acme.toml", format!("version = 1\nexpires = \"{}\"\n", day(days)));
        let ran = folder.run(&["trust", "check", "acme.toml"]).exits(code);
        assert!(ran.out.contains(word), "{}", ran.out);
        assert_eq!(ran.err.contains("it expired on"), days > 0, "{}", ran.err);
    }
}

#[test]
fn a_bundle_is_no_trust_file_and_is_not_printed() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    let ran = folder.run(&["verify", "delivery.json", "--trust", "delivery.json"]).exits(4);
    assert!(ran.err.contains("this is JSON, perhaps the bundle; a trust file is TOML"), "{}", ran.err);
    folder.write("long.toml", format!("version = 1\nname = {}\n", "x".repeat(50_000)));
    let ran = folder.run(&["trust", "check", "long.toml"]).exits(4);
    assert!(ran.err.contains("line 2") && ran.err.len() < 1_500, "{}", ran.err.len());
}

#[test]
fn an_expired_trust_file_is_said_to_be_so() {
    let folder = Folder::new();
    folder.write("old.toml", "version = 1\nexpires = \"2020-01-01\"\n");
    assert!(folder.run(&["trust", "check", "old.toml"]).exits(4).err.contains("expired on 2020-01-01"));
}

#[test]
fn codes_are_explained() {
    let folder = Folder::new();
    let ran = folder.run(&["explain", "conservation.overdrawn"]).exits(0);
    assert!(ran.out.starts_with("conservation.overdrawn: more was drawn from a lot than it holds"));
    assert!(ran.out.contains("exit code 1"));
    let ran = folder.run(&["explain", "log.unpublished"]).exits(0);
    assert!(
        ran.out.contains("the registry service") && ran.out.contains("same Idempotency-Key"),
        "{}",
        ran.out
    );
    let ran = folder.run(&["explain", "conservation.overdrwan"]).exits(2);
    assert!(ran.err.contains("did you mean conservation.overdrawn"));
    let listed = folder.run(&["explain", "--list"]).exits(0).out;
    assert_eq!(
        listed.lines().count(),
        ytterby::finding::Code::ALL.len() + ytterby::service_code::SERVICE_CODES.len()
    );
}

#[test]
fn completions_and_the_manual_name_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(folder.run(&["completions", shell]).exits(0).out.contains("balance"));
    }
    assert!(folder.run(&["man"]).exits(0).out.contains("ytterby"));
    let page = folder.run(&["man", "bundle", "fetch"]).exits(0).out;
    assert!(page.contains("ytterby-bundle-fetch") && page.contains("api\\-key\\-file"), "{page}");
    folder.run(&["man", "frobnicate"]).exits(2);
    folder.run(&["man", "--directory", "man1"]).exits(0);
    for page in ["ytterby.1", "ytterby-verify.1", "ytterby-bundle-fetch.1"] {
        assert!(folder.path("man1").join(page).is_file(), "{page}");
    }
    let help = folder.run(&["verify", "--help"]).exits(0).out;
    assert!(help.contains("1 beats 4 beats 3 beats 0") && help.contains("Example"));
}
