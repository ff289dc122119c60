//! Verification opens no socket. Two proofs: the kernel is asked what the binary asked of it, and the
//! binary is run where there is no network at all. Where a tool is missing or may not be used, the test
//! that needs it says so; one of them must have run.

use std::process::{Command, Stdio};

use super::delivery::Delivery;
use super::run::{BINARY, Folder, Ran, has};

fn delivered() -> Folder {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    folder.write("acme.toml", delivery.trust(Some("did:web:acme.example")));
    folder
}

const ARGS: [&str; 6] = ["verify", "delivery.json", "--trust", "acme.toml", "--record", "received"];

fn works(mut probe: Command) -> bool {
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Every network call of the binary with these arguments, as strace writes them; none if it cannot be had.
fn network_calls(folder: &Folder, args: &[&str]) -> Option<(i32, Vec<String>)> {
    let mut probe = folder.command("strace");
    probe.args(["-f", "-e", "trace=network", "true"]);
    if !has("strace") || !works(probe) {
        return None;
    }
    let mut command = folder.command("strace");
    command.args(["-f", "-e", "trace=network", "-o", "calls", BINARY]).args(args);
    let ran = Ran::of(command.output().unwrap());
    let calls = folder.read("calls");
    let is_call = |line: &&str| line.contains('(') && !line.contains("+++") && !line.contains("---");
    Some((ran.code, calls.lines().filter(is_call).map(str::to_owned).collect()))
}

fn without_network(folder: &Folder) -> Option<Ran> {
    let mut probe = folder.command("unshare");
    probe.args(["-n", "true"]);
    if !has("unshare") || !works(probe) {
        return None;
    }
    let mut command = folder.command("unshare");
    command.args(["-n", BINARY]).args(ARGS);
    Some(Ran::of(command.output().unwrap()))
}

#[test]
fn verify_opens_no_socket() {
    let folder = delivered();
    let traced = network_calls(&folder, &ARGS);
    if let Some((code, calls)) = &traced {
        assert_eq!((*code, calls.as_slice()), (0, [].as_slice()));
        // The same watch sees a command that does open one: the silence above means something.
        let fetch = ["bundle", "fetch", "http://127.0.0.1:9/bundle", "-o", "fetched.json"];
        let (code, calls) = network_calls(&folder, &fetch).unwrap();
        assert_eq!(code, 4);
        assert!(calls.iter().any(|call| call.contains("socket(AF_INET")), "{calls:?}");
    }
    std::fs::remove_file(folder.path("received")).ok();
    let isolated = without_network(&folder);
    if let Some(ran) = &isolated {
        assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    }
    assert!(traced.is_some() || isolated.is_some(), "neither strace nor `unshare -n` can be used here");
}

/// Neither the service's framework nor a database. The witness is served with hyper alone.
#[test]
fn the_binary_links_no_registry_and_no_database() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "-p", "ytterby-cli", "-e", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"ureq") && names.contains(&"ytterby"), "{text}");
    for banned in ["axum", "rusqlite", "libsqlite3-sys", "ytterby-store", "ytterby-registry"] {
        assert!(!names.contains(&banned), "{banned} is linked");
    }
}

/// The library that judges knows no socket at all: the client is this crate's own.
#[test]
fn only_this_crate_knows_the_client() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "-p", "ytterby", "-e", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(tree.stdout).unwrap();
    assert!(text.starts_with("ytterby ") && !text.contains("ureq") && !text.contains("rustls"), "{text}");
}

#[test]
fn fetch_refuses_what_is_not_secure() {
    let folder = Folder::new();
    for url in
        ["http://registry.example/bundle", "ftp://registry.example/bundle", "file:///etc/hostname", "bundle"]
    {
        let ran = folder.run(&["bundle", "fetch", url, "-o", "fetched.json"]).exits(2);
        assert!(!ran.err.contains("opening a network connection"), "{}", ran.err);
    }
    assert!(!folder.path("fetched.json").exists());
    // Port 9 of this machine: nobody answers.
    let ran = folder.run(&["bundle", "fetch", "http://127.0.0.1:9/bundle"]).exits(4);
    assert!(ran.err.contains("no connection") && !ran.err.contains("io:"), "{}", ran.err);
}
