//! `--record`: a lot is received once.

use super::delivery::Delivery;
use super::run::{BINARY, Folder, Ran};

fn delivered() -> Folder {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    folder.write("acme.toml", delivery.trust(Some("did:web:acme.example")));
    folder
}

const ARGS: [&str; 6] = ["verify", "delivery.json", "--trust", "acme.toml", "--record", "received"];

#[test]
fn a_lot_presented_twice_is_refused() {
    let folder = delivered();
    folder.run(&ARGS).exits(0);
    let first = folder.read("received");
    let line = first.lines().nth(1).unwrap();
    assert!(line.ends_with(" OX-1") && line.contains("Z uEi") && first.lines().count() == 2, "{first}");
    let ran = folder.run(&ARGS).exits(3);
    assert!(ran.out.contains("untrusted[custody.already-received]"));
    assert!(ran.out.contains(&format!("lot OX-1 was already received on {}", &line[..20])), "{}", ran.out);
    assert_eq!(folder.read("received"), first, "the first receipt stays as it is");
}

#[test]
fn the_same_file_twice_in_one_run_is_received_once() {
    let folder = delivered();
    let ran = folder.run(&[&ARGS[..], &["delivery.json"]].concat()).exits(3);
    assert_eq!(ran.last_line(), "2 checked: 1 verified, 1 untrusted (registration and status not checked)");
    assert_eq!(folder.read("received").lines().count(), 2);
}

#[test]
fn only_what_is_verified_is_recorded() {
    let folder = delivered();
    folder.run(&["verify", "delivery.json", "--record", "received"]).exits(3);
    assert!(!folder.path("received").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_lot_whose_report_is_lost_is_not_received() {
    let folder = delivered();
    for more in [&["-o", "/dev/full"][..], &["-o", "/dev/full", "--format", "json"]] {
        let ran = folder.run(&[&ARGS[..], more].concat()).exits(4);
        assert!(ran.err.contains("/dev/full"), "{}", ran.err);
        assert!(!folder.path("received").exists());
    }
    folder.run(&[&ARGS[..], &["-o", "report"]].concat()).exits(0);
    assert_eq!(folder.read("received").lines().count(), 2);
}

#[test]
fn a_broken_record_is_not_overwritten() {
    let folder = delivered();
    for broken in ["hello\n", "2026-08-01T00:00:00Z uEi OX-1\n", "# half a line", "\u{fffd}x"] {
        folder.write("received", broken);
        let ran = folder.run(&ARGS).exits(4);
        assert!(ran.err.contains("no file of received lots") && ran.out.is_empty(), "{}", ran.err);
        assert_eq!(folder.read("received"), broken);
    }
}

#[test]
fn many_at_once_receive_it_once() {
    let folder = delivered();
    let spawn = |_| {
        let mut command = folder.command(BINARY);
        command.args(ARGS).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(spawn).collect();
    let mut codes: Vec<i32> =
        children.into_iter().map(|child| Ran::of(child.wait_with_output().unwrap()).code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 3, 3, 3, 3, 3, 3, 3]);
    assert_eq!(folder.read("received").lines().count(), 2);
}
