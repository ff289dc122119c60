//! `ytterby witness`, spawned, against logs that lie and logs that do not.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ytterby_tlog::{
    AddCheckpoint, Bundle, Hash, NoteSigner, SignedCheckpoint, VerifierKey, parse_cosignatures,
};

use super::liar::{API_KEY, Liar, ORIGIN, admission, closing, drawing, lot, status, transfer};
use super::run::{BINARY, Folder};

/// A running witness.
pub(crate) struct Witness {
    child: Child,
    pub(crate) base: String,
    pub(crate) key: VerifierKey,
    said: Mutex<Receiver<String>>,
}

/// An answer of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    kind: String,
    pub(crate) body: String,
}

const NO_DELAY: Duration = Duration::ZERO;

/// A folder with a key and a configuration that audits logs.
pub(crate) fn prepared(logs: &[(&Liar, &str)]) -> Folder {
    let folder = Folder::new();
    folder.run(&["key", "generate", "--witness", "witness.example/1", "-o", "witness.key"]).exits(0);
    configure(&folder, logs);
    folder
}

fn configure(folder: &Folder, logs: &[(&Liar, &str)]) {
    let tables = logs.iter().map(|(log, url)| format!("[[log]]\nkey = \"{}\"\nurl = \"{url}\"\n", log.key()));
    let head = "listen = \"127.0.0.1:0\"\nkey_file = \"witness.key\"\nstate = \"state\"\n";
    folder.write("witness.toml", head.to_owned() + &tables.collect::<String>());
}

impl Witness {
    pub(crate) fn start(folder: &Folder) -> Self {
        let mut command: Command = folder.command(BINARY);
        command.args(["witness", "--config", "witness.toml", "-v"]);
        if !folder.path("state").exists() {
            command.arg("--new");
        }
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, said) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)))
        });
        let line = said.recv_timeout(Duration::from_secs(20)).unwrap();
        let (key, address) = line.split_once(": listening on ").unwrap_or_else(|| panic!("{line}"));
        let (key, base) = (VerifierKey::parse(key).unwrap(), address.to_owned());
        Witness { child, base, key, said: Mutex::new(said) }
    }

    pub(crate) fn post(&self, body: &str) -> Answer {
        self.try_post(body).unwrap()
    }

    fn try_post(&self, body: &str) -> Result<Answer, ureq::Error> {
        let url = format!("{}/add-checkpoint", self.base);
        read(agent().post(&url).send(body.as_bytes())?)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        read(agent().get(&format!("{}/{path}", self.base)).call().unwrap()).unwrap()
    }

    /// Asks to cosign a log as it stands, from a size; the answer must be a cosignature.
    pub(crate) fn cosigns(&self, log: &Liar, old: u64) -> SignedCheckpoint {
        let answer = self.post(&log.request(old));
        assert_eq!(answer.status, 200, "{answer:?}");
        self.with_cosignature(log, &answer)
    }

    fn with_cosignature(&self, log: &Liar, answer: &Answer) -> SignedCheckpoint {
        let mut signed = log.checkpoint();
        for signature in parse_cosignatures(answer.body.as_bytes()).unwrap() {
            let verified = self.key.verify(signed.note().text(), &signature).unwrap();
            assert!(verified.time.unwrap() > 1_700_000_000);
            signed.add(signature).unwrap();
        }
        signed
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The next line it says.
    fn says(&self) -> String {
        self.said.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build();
    config.into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    Ok(Answer { status, kind: kind.unwrap_or_default(), body: response.body_mut().read_to_string()? })
}

fn hash(origin: &str) -> String {
    use sha2::Digest as _;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(origin.as_bytes()))
}

/// Three honest entries.
pub(crate) fn honest() -> Vec<serde_json::Value> {
    vec![lot("ore", "10"), drawing("oxide", "ore", 1, "4", "4"), drawing("more", "ore", 2, "3", "7")]
}

#[test]
fn an_honest_log_is_cosigned_as_it_grows_and_after_a_restart() {
    let mut log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    let path = format!("{}/checkpoint", hash(ORIGIN));
    assert_eq!(witness.get(&path).status, 404);
    let signed = witness.cosigns(&log, 0);
    assert!(witness.says().starts_with(&format!("cosigned {ORIGIN} 3 ")));
    let shown = witness.get(&path);
    assert_eq!((shown.status, shown.body), (200, signed.to_string()));
    // Asked again it signs again; asked from another size it says which one it knows.
    witness.cosigns(&log, 3);
    let conflict = witness.post(&log.request(2));
    assert_eq!(
        (conflict.status, conflict.kind.as_str(), conflict.body.as_str()),
        (409, "text/x.tlog.size", "3\n")
    );
    for at in 0..600 {
        log.append(&lot(&format!("lot {at}"), "1"));
    }
    log.publish();
    witness.kill();
    let witness = Witness::start(&folder);
    let shown = SignedCheckpoint::parse(witness.get(&path).body.as_bytes()).unwrap();
    assert_eq!(shown.unverified().head().size, 3);
    witness.cosigns(&log, 3);
    // A log may have deleted the partial bundles that a full one replaces.
    let before = log.head().size;
    log.append(&drawing("late", "lot 599", 1, "1", "1"));
    log.publish();
    witness.cosigns(&log, before);
}

#[test]
fn it_ends_when_it_is_told_to() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let mut witness = Witness::start(&folder);
    witness.cosigns(&log, 0);
    let second = folder.run(&["witness", "--config", "witness.toml"]).exits(4);
    assert!(second.err.contains("another process uses this state"), "{}", second.err);
    let pid = witness.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(witness.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_read_and_whom_it_does_not_know() {
    let log = Liar::with(ORIGIN, &honest());
    let other = Liar::with("other.example/ree", &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    for (body, status) in [
        ("", 400),
        ("old 0\n\nnonsense\n", 400),
        (log.request(0).replacen("old 0", "old 4", 1).as_str(), 400),
        (other.request(0).as_str(), 404),
        ("x".repeat(600_000).as_str(), 413),
    ] {
        assert_eq!(witness.post(body).status, status, "{}", &body[..body.len().min(200)]);
    }
    // Signed by another key of the same name.
    let mut stranger = Liar::with(ORIGIN, &honest());
    stranger.signer = NoteSigner::from_seed(log.signer.verifier_key().name().clone(), &[9; 32]);
    assert_eq!(witness.post(&stranger.request(0)).status, 403);
    assert_eq!(witness.get("").status, 404);
    assert_eq!(witness.get("add-checkpoint").status, 405);
    assert_eq!(witness.get(&format!("{}/checkpoint", hash("other.example/ree"))).status, 404);
    witness.cosigns(&log, 0);
}

/// What the evidence that the witness wrote proves to whoever has the log's key.
fn proven(folder: &Folder, log: &Liar) -> Vec<String> {
    let files = std::fs::read_dir(folder.path("state/evidence")).unwrap().map(|file| file.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|e| e == "json"));
    json.map(|path| {
        let args = ["log", "verify", path.to_str().unwrap(), "--key", &log.key()];
        folder.run(&args).exits(1).out.lines().next().unwrap().to_owned()
    })
    .collect()
}

#[test]
fn a_second_history_is_refused_and_kept_as_evidence() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    witness.cosigns(&log, 0);
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    fork.publish();
    let answer = witness.post(&fork.request(3));
    assert_eq!((answer.status, answer.body.as_str()), (409, "3\n"));
    assert_eq!(proven(&folder, &log), ["proven: split-view"]);
    // A proof that is bad is no evidence: anybody can send it.
    let mut grown = log.forked(3);
    grown.append(&lot("next", "1"));
    grown.publish();
    let (bad, good) = (fork.forked(3), grown.request(3));
    let spoilt = good.replacen(good.lines().nth(1).unwrap(), &bad.head().root.to_string(), 1);
    assert_eq!(witness.post(&spoilt).status, 422);
    assert_eq!(proven(&folder, &log).len(), 1);
    fork.append(&lot("next", "1"));
    fork.publish();
    // The proof is that of the fork, from its own tree of three.
    assert_eq!(witness.post(&fork.request(3)).status, 422);
    // Rolled back: a smaller tree is never cosigned again.
    assert_eq!(witness.post(&log.forked(2).request(2)).status, 409);
    let kept: Vec<_> = std::fs::read_dir(folder.path("state/evidence")).unwrap().collect();
    assert_eq!(kept.len(), 6, "two requests, each with its reason, and evidence");
    assert_eq!(proven(&folder, &log), ["proven: split-view", "proven: split-view"]);
}

/// A proof is the sender's: with the log's public checkpoint anybody can send as many bad ones as they
/// like. They accuse nobody, and leave room for what does.
#[test]
fn whoever_sends_bad_proofs_accuses_nobody_and_leaves_room_for_evidence() {
    let mut log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    witness.cosigns(&log, 0);
    for at in 0..40 {
        log.append(&lot(&format!("lot {at}"), "1"));
        log.publish();
        // Sent by another, before the log itself asks.
        for n in 0..5_u8 {
            let proof = vec![Hash::of_leaf(&[n]); usize::from(n) + 1];
            let bad = AddCheckpoint::new(3, proof, log.checkpoint()).to_string();
            let answer = witness.post(&bad);
            assert_eq!(answer.status, 422, "{answer:?}");
        }
    }
    let kept = || std::fs::read_dir(folder.path("state/evidence")).unwrap().count();
    assert_eq!(kept(), 0);
    witness.cosigns(&log, 3);
    let mut fork = log.forked(42);
    fork.append(&lot("another", "1"));
    assert_eq!(witness.post(&fork.request(43)).status, 409);
    assert_eq!((kept(), proven(&folder, &log)), (3, vec!["proven: split-view".to_owned()]));
}

/// However many files there are of another kind, or of another log: those that anybody can judge are kept.
#[test]
fn evidence_that_anybody_can_judge_has_a_place_of_its_own() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    witness.cosigns(&log, 0);
    let own = &hash(ORIGIN)[..16];
    for n in 0..2000 {
        folder.write(&format!("state/evidence/{own}-{n}.reason"), "full\n");
        folder.write(&format!("state/evidence/other-{n}.json"), "{}\n");
    }
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    assert_eq!(witness.post(&fork.request(3)).status, 409);
    let files = std::fs::read_dir(folder.path("state/evidence")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let new: Vec<_> = names.filter(|name| name.starts_with(own) && !name.ends_with(".reason")).collect();
    assert!(matches!(&new[..], [json] if json.ends_with(".json")), "{new:?}");
}

#[test]
fn what_no_log_may_hold_is_refused_with_the_entry_and_the_reason() {
    let lies: [(&str, &str, Vec<serde_json::Value>); 9] = [
        ("which holds 10 kg", "over-draw", vec![drawing("x", "ore", 3, "4", "11")]),
        ("follows draw 2", "double-seq", vec![drawing("x", "ore", 2, "1", "8")]),
        ("do not add up", "wrong-cumulative", vec![drawing("x", "ore", 3, "1", "7.5")]),
        ("registered a second time", "double-registration", vec![lot("ore", "10")]),
        (
            "has its home in",
            "wrong-home",
            vec![transfer("x", "ore", 3, "1", "8", "o.example"), drawing("y", "x", 1, "1", "1")],
        ),
        ("admitted a second time", "double-admission", vec![admission("a", "1", ORIGIN, "o.example", 1); 2]),
        (
            "is closed: consumed",
            "drawn-after-closing",
            vec![closing("oxide"), drawing("x", "oxide", 1, "1", "1")],
        ),
        (
            "is revoked",
            "drawn-after-revocation",
            vec![status("oxide", "revocation", "1"), drawing("x", "oxide", 1, "1", "1")],
        ),
        ("neither registered nor admitted", "", vec![drawing("x", "nothing", 1, "1", "1")]),
    ];
    for (reason, kind, entries) in lies {
        let mut log = Liar::with(ORIGIN, &honest());
        let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
        let witness = Witness::start(&folder);
        witness.cosigns(&log, 0);
        entries.iter().for_each(|entry| log.append(entry));
        log.publish();
        let answer = witness.post(&log.request(3));
        assert_eq!(answer.status, 422, "{answer:?}");
        let at = 3 + entries.len() - 1;
        assert!(
            answer.body.starts_with(&format!("entry {at}: ")) && answer.body.contains(reason),
            "{answer:?}"
        );
        // That a lot was never registered only the whole log shows.
        if !kind.is_empty() {
            assert_eq!(proven(&folder, &log), [format!("proven: {kind}")]);
        }
        // It goes on as if nothing had been: the honest history can still grow.
        let mut honest = log.forked(3);
        honest.append(&lot("honest", "1"));
        honest.publish();
        witness.cosigns(&honest, 3);
    }
}

#[test]
fn entries_that_are_not_those_that_were_signed() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    let request = log.request(0);
    let mut other = log.forked(2);
    other.append(&drawing("other", "ore", 2, "1", "5"));
    other.publish();
    let answer = witness.post(&request);
    assert!(answer.status == 422 && answer.body.contains("do not have the root"), "{answer:?}");
    log.show("tile/entries/000.p/3", b"cut".to_vec());
    assert_eq!(witness.post(&request).status, 503);
    log.publish();
    witness.cosigns(&log, 0);
}

/// A log signs sizes that it has no entries for, and serves as many long ones as are asked for: that fills
/// no disk on which other logs are kept too.
#[test]
fn a_log_that_signs_and_serves_without_end_takes_no_room() {
    let mut log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    let room = || std::fs::metadata(folder.path(&format!("state/{}/entries", hash(ORIGIN)))).unwrap().len();
    let entry = [b' '; u16::MAX as usize];
    for size in [1 << 62, 600] {
        for bundle in Bundle::written(0, 600) {
            let full = Bundle::new(bundle.tile().index(), 256).unwrap();
            log.show(&full.to_string(), full.encode([&entry[..]; 256]).unwrap());
        }
        let answer = witness.post(&log.pretend(size));
        let why = if size == 600 { "the 547 entries that were read" } else { "too many to find out" };
        assert!(answer.status == 422 && answer.body.contains(why), "{answer:?}");
        assert_eq!(room(), 0);
    }
    // What it may hold is kept, and what it signed and may not hold is not.
    log.publish();
    witness.cosigns(&log, 0);
    let before = room();
    log.append(&drawing("too much", "ore", 3, "4", "11"));
    log.publish();
    assert_eq!((witness.post(&log.request(3)).status, room()), (422, before));
    assert_eq!(proven(&folder, &log), ["proven: over-draw"]);
    assert_eq!(std::fs::read_dir(folder.path("state/evidence")).unwrap().count(), 3);
}

#[test]
fn requests_at_once_are_answered_one_after_the_other() {
    let log = Liar::with(ORIGIN, &honest());
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    let folder = prepared(&[(&log, &log.serve(Duration::from_millis(50)))]);
    let witness = Witness::start(&folder);
    let (one, two) = (log.request(0), fork.request(0));
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |body: &str| witness.post(body).status;
        let threads: Vec<_> = [&one, &two, &one, &two].map(|body| scope.spawn(move || ask(body))).into();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // One honest request is answered; what comes after it knows another size; the fork has no entries.
    statuses.sort_unstable();
    statuses.dedup();
    assert!(statuses.iter().filter(|status| **status == 200).count() == 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409 | 422)), "{statuses:?}");
    witness.cosigns(&log, 3);
    assert_eq!(witness.post(&fork.request(3)).status, 409);
}

/// Killed at any moment it never cosigns two histories: what it answered it knows when it is started
/// again, and what it knows it holds to.
#[test]
fn killed_at_any_moment_it_never_cosigns_a_second_history() {
    let log = Liar::with(ORIGIN, &honest());
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    let url = log.serve(Duration::from_millis(5));
    let (mut before, mut after) = (0, 0);
    // The last ones are for a machine that is busy.
    for delay in (0..24).chain([50, 100, 200, 400, 800, 1600, 3200]) {
        if delay > 24 && after > 0 {
            break;
        }
        let folder = prepared(&[(&log, &url)]);
        log.publish();
        let witness = Witness::start(&folder);
        let answered = std::thread::scope(|scope| {
            let asked = scope.spawn(|| witness.try_post(&log.request(0)));
            std::thread::sleep(Duration::from_millis(delay));
            let pid = witness.child.id().to_string();
            assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
            asked.join().unwrap().is_ok_and(|answer| answer.status == 200)
        });
        drop(witness);
        let witness = Witness::start(&folder);
        let knows = witness.post(&log.request(2)).body == "3\n";
        assert!(knows || !answered, "it answered and does not know what");
        fork.publish();
        let old = if knows { 3 } else { 0 };
        let second = witness.post(&fork.request(old)).status;
        assert_eq!(second, if knows { 409 } else { 200 }, "after {delay} ms");
        *if knows { &mut after } else { &mut before } += 1;
    }
    assert!(before > 0 && after > 0, "killed {before} times before and {after} times after it was kept");
}

#[test]
fn a_state_that_was_lost_or_damaged_is_not_made_anew() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    let witness = Witness::start(&folder);
    witness.cosigns(&log, 0);
    witness.kill();
    let state = format!("state/{}", hash(ORIGIN));
    let entries = std::fs::read(folder.path(&format!("{state}/entries"))).unwrap();
    // What was appended and never accepted is cut off.
    folder.write(&format!("{state}/entries"), [&entries[..], b"\0\x05rest"].concat());
    Witness::start(&folder).kill();
    assert_eq!(std::fs::read(folder.path(&format!("{state}/entries"))).unwrap(), entries);
    let refused = || folder.run(&["witness", "--config", "witness.toml"]).exits(4).err;
    folder.write(&format!("{state}/entries"), &entries[..entries.len() - 1]);
    assert!(refused().contains("must not be made anew with the same key"));
    let mut damaged = entries.clone();
    *damaged.last_mut().unwrap() ^= 1;
    folder.write(&format!("{state}/entries"), &damaged);
    assert!(refused().contains("do not belong together"));
    std::fs::remove_dir_all(folder.path(&state)).unwrap();
    assert!(refused().contains("must not be made anew with the same key"));
    std::fs::remove_file(folder.path("state/witness.json")).unwrap();
    assert!(refused().contains("gets a new key and a new folder"));
    let again = folder.run(&["witness", "--config", "witness.toml", "--new"]).exits(4);
    assert!(again.err.contains("leave --new out"), "{}", again.err);
    std::fs::remove_dir_all(folder.path("state")).unwrap();
    assert!(refused().contains("state: there is no state"));
    assert!(!folder.path("state").exists());
}

#[test]
fn entries_that_only_holders_and_witnesses_may_read() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, &log.serve(NO_DELAY))]);
    log.show(API_KEY, "ytb_secret");
    let witness = Witness::start(&folder);
    let answer = witness.post(&log.request(0));
    assert!(answer.status == 503 && answer.body.contains("401"), "{answer:?}");
    witness.kill();
    folder.write("api.key", "ytb_secret\n");
    folder.write("witness.toml", folder.read("witness.toml") + "api_key_file = \"api.key\"\n");
    Witness::start(&folder).cosigns(&log, 0);
}

/// A log that signs with a new key goes on where it was.
#[test]
fn the_key_of_a_log_may_change() {
    let mut log = Liar::with(ORIGIN, &honest());
    let url = log.serve(NO_DELAY);
    let folder = prepared(&[(&log, &url)]);
    let witness = Witness::start(&folder);
    witness.cosigns(&log, 0);
    witness.kill();
    log.signer = NoteSigner::from_seed(log.signer.verifier_key().name().clone(), &[9; 32]);
    log.append(&lot("next", "1"));
    log.publish();
    configure(&folder, &[(&log, &url)]);
    let witness = Witness::start(&folder);
    assert_eq!(witness.post(&log.request(0)).body, "3\n");
    witness.cosigns(&log, 3);
}

#[test]
fn a_configuration_is_read_strictly() {
    let log = Liar::with(ORIGIN, &honest());
    let folder = prepared(&[(&log, "http://127.0.0.1:1/log")]);
    let text = folder.read("witness.toml");
    for (changed, word) in [
        (text.clone() + "spare = 1\n", "unknown field"),
        (text.replace("[[log]]", "[[log]]\ncolour = \"red\""), "unknown field"),
        (text.split("[[log]]").next().unwrap().to_owned(), "there is no [[log]]"),
        (format!("{text}{}", &text[text.find("[[log]]").unwrap()..]), "two [[log]] tables"),
        (text.replace("http://127.0.0.1:1", "http://registry.example"), "http is only for this machine"),
        (text.replace("+Aceg", "+Bceg"), "[[log]]"),
    ] {
        folder.write("witness.toml", changed);
        let ran = folder.run(&["witness", "--config", "witness.toml", "--new"]).exits(2);
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    folder.write("witness.toml", text).write("witness.key", "PRIVATE+KEY+spoilt");
    let ran = folder.run(&["witness", "--config", "witness.toml", "--new"]).exits(4);
    assert!(
        ran.err.contains("not the secret key of a witness") && !ran.err.contains("spoilt"),
        "{}",
        ran.err
    );
}
