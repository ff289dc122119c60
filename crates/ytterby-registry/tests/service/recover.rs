//! A database that was restored from a backup: it is not signed for, takes back what it lost from whoever
//! still has it, and goes on with the same log.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use ytterby::Home;
use ytterby_registry::config::Entries;
use ytterby_registry::log::Log;
use ytterby_tlog::{Bundle, TreeHead};

use crate::cosigned::cosigned;
use crate::log::{audited, bytes, checkpoint, key};
use crate::make::{ORIGIN, Service, Setting, draw, origin};
use crate::program::{printed, refused};
use crate::witness::Witness;

/// A registry that lost its last certificates, and everything that outlived them.
struct Loss {
    folder: Arc<TempDir>,
    /// The mirror: checkpoint and entries, as they were served last.
    mirror: TempDir,
    /// The database as it was last.
    late: Vec<u8>,
    head: TreeHead,
    api_key: String,
    ore: String,
    /// What was issued before the backup, and what was lost.
    kept: String,
    lost: String,
    setting: Setting,
}

fn lose(setting: Setting) -> Loss {
    let service = Service::set(setting.clone());
    let (_, api_key) = service.issuer("mine");
    let ore = service.client.issue(&api_key, &origin("ORE-1")).id();
    let other = service.client.issue(&api_key, &origin("ORE-2")).id();
    let kept = service.client.issue(&api_key, &draw("KEPT", &ore, "1000")).id();
    let folder = service.stop();
    let store = folder.path().join("registry.db");
    let early = fs::read(&store).unwrap();
    let service = Service::again_with(folder.clone(), setting.clone());
    let lost = service.client.issue(&api_key, &draw("LOST", &ore, "40000")).id();
    let close = format!("/v1/lots/{other}/close");
    service.client.make(&close, &api_key, "close", &json!({ "reason": "lost" })).expect(200);
    let last = service.client.issue(&api_key, &draw("LOST-2", &lost, "5")).id();
    if !setting.witness.is_empty() {
        cosigned(&service, &api_key, &last);
    }
    let head = checkpoint(&service).unverified().head();
    assert_eq!(head.size, 6);
    let mirror = tempfile::tempdir().unwrap();
    mirrored(&service, mirror.path());
    drop(service.stop());
    let late = fs::read(&store).unwrap();
    fs::write(&store, &early).unwrap();
    configured(folder.path(), &setting);
    Loss { folder, mirror, late, head, api_key, ore, kept, lost, setting }
}

/// Fetches what anybody can.
fn mirrored(service: &Service, to: &Path) {
    fs::write(to.join("checkpoint"), bytes(service, "/log/checkpoint")).unwrap();
    for bundle in Bundle::written(0, checkpoint(service).unverified().head().size) {
        let file = to.join(bundle.to_string());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes(service, &format!("/log/{bundle}"))).unwrap();
    }
}

/// The configuration file of the tests' services.
fn configured(folder: &Path, setting: &Setting) {
    let mut text = format!(
        "profile = \"development\"\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://registry.example\"\n\
         origin = \"{ORIGIN}\"\n[storage]\nsqlite = \"registry.db\"\n[seal]\nsecret_file = \"secret\"\n\
         [status]\nkey_file = \"status.key\"\n\
         [log]\nkey_file = \"log.key\"\nmark_file = \"log.mark\"\n"
    );
    if let Some(quorum) = setting.quorum {
        text.push_str(&format!("quorum = {quorum}\n"));
    }
    for witness in &setting.witness {
        text.push_str(&format!("[[witness]]\nkey = \"{}\"\nurl = \"{}\"\n", witness.key, witness.url));
    }
    fs::write(folder.join("registry.toml"), text).unwrap();
}

impl Loss {
    fn config(&self) -> String {
        self.folder.path().join("registry.toml").to_string_lossy().into_owned()
    }

    fn mirror(&self) -> String {
        self.mirror.path().to_string_lossy().into_owned()
    }

    fn bundle(&self) -> PathBuf {
        self.mirror.path().join("tile/entries/000.p/6")
    }

    #[track_caller]
    fn recover(&self, from: &str) -> String {
        printed(&["recover", "--config", &self.config(), "--from", from])
    }

    #[track_caller]
    fn refused(&self, from: &str) -> String {
        refused(&["recover", "--config", &self.config(), "--from", from])
    }

    /// What has to be so when it serves again.
    fn is_whole(&self) {
        let checked = ytterby_store::check(&self.folder.path().join("registry.db")).unwrap();
        assert_eq!((checked.certificates, checked.lots), (5, 5));
        let service = Service::again_with(self.folder.clone(), self.setting.clone());
        assert_eq!(checkpoint(&service).unverified().head(), self.head);
        let get = |path: String| service.client.get(&path, &self.api_key);
        // What was drawn by lost certificates is drawn: less than 10 of more than 50 t are left.
        let over = draw("OVER", &self.ore, "10000");
        service.client.make("/v1/certificates", &self.api_key, "over", &over).expect(422);
        let lot = service.client.lot(&self.api_key, &self.ore);
        assert_eq!(lot["drawn"]["Nd"]["kg"], "41000");
        service.client.issue(&self.api_key, &draw("FITS", &self.ore, "9000"));
        // What was lost is counted, and not there; nor can it be drawn on.
        get(format!("/v1/certificates/{}", self.lost)).expect(404);
        get(format!("/v1/lots/{}", self.lost)).expect(404);
        let of_lost = draw("OF-LOST", &self.lost, "1");
        let answer = service.client.make("/v1/certificates", &self.api_key, "of-lost", &of_lost);
        assert_eq!(answer.status, 422, "{}", answer.text());
        get(format!("/v1/certificates/{}/bundle", self.kept)).expect(200);
        // The whole log is there, and its old head is within it.
        let (ledger, size) = audited(&service);
        assert_eq!((ledger.len(), size), (6, 7));
        let mut tree = ytterby_tlog::Frontier::new();
        let read = bytes(&service, "/log/tile/entries/000.p/7");
        for entry in &Bundle::new(0, 7).unwrap().decode(&read).unwrap()[..6] {
            tree.append(ytterby_tlog::Hash::of_leaf(entry)).unwrap();
        }
        assert_eq!(tree.head(), self.head);
    }
}

#[test]
fn a_restored_backup_takes_back_what_it_lost_from_a_mirror() {
    let loss = lose(Setting::default());
    let why = Service::refused(loss.folder.clone());
    assert!(why.contains("a checkpoint of 6 entries was signed, the store has 3"), "{why}");
    assert!(why.contains("ytterby-registry recover"), "{why}");
    assert_eq!(loss.recover(&loss.mirror()), "recovered: 3 entries, there are 6 now");
    loss.is_whole();
    // It has gone on since: the old copy has nothing that it lacks.
    assert_eq!(loss.recover(&loss.mirror()), "nothing was missing: 7 entries");
}

#[test]
fn a_mirror_over_http_and_a_lost_mark_are_enough() {
    let loss = lose(Setting::default());
    // The mirror: the registry as it was, elsewhere.
    let elsewhere = Arc::new(tempfile::tempdir().unwrap());
    fs::copy(loss.folder.path().join("log.mark"), elsewhere.path().join("log.mark")).unwrap();
    fs::write(elsewhere.path().join("registry.db"), &loss.late).unwrap();
    let mirror =
        Service::again_with(elsewhere, Setting { entries: Entries::Restricted, ..Setting::default() });
    let url = format!("{}/log", mirror.client.url);
    fs::remove_file(loss.folder.path().join("log.mark")).unwrap();
    assert!(Service::refused(loss.folder.clone()).contains("there is no mark"));
    assert!(loss.refused(&url).contains("401"), "its entries are not for everybody");
    let key_file = loss.folder.path().join("api.key");
    fs::write(&key_file, format!("{}\n", mirror.key(None, &["read"]))).unwrap();
    let key_file = key_file.to_string_lossy();
    let arguments = ["recover", "--config", &loss.config(), "--from", &url, "--api-key-file", &key_file];
    assert_eq!(printed(&arguments), "recovered: 3 entries, there are 6 now");
    assert_eq!(printed(&arguments), "nothing was missing: 6 entries");
    let mark = fs::read_to_string(loss.folder.path().join("log.mark")).unwrap();
    assert!(mark.starts_with(&format!("{ORIGIN}\n6\n{}\n", loss.head.root)));
}

#[test]
fn what_a_witness_keeps_is_enough_and_its_time_is_kept() {
    let (all, setting) = Witness::several(2, 2, &key(), 1_788_249_600);
    let loss = lose(setting);
    // The folder of a witness: one entry after the other, and something that it did not accept.
    let kept = tempfile::tempdir().unwrap();
    let mut entries = fs::read(loss.bundle()).unwrap();
    let accepted = entries.len();
    entries.extend_from_slice(&[0, 3, b'x']);
    fs::write(kept.path().join("entries"), entries).unwrap();
    let checkpoint = fs::read_to_string(loss.mirror.path().join("checkpoint")).unwrap();
    let state = json!({ "version": "1", "size": 6, "entries_bytes": accepted, "checkpoint": checkpoint });
    fs::write(kept.path().join("state.json"), state.to_string()).unwrap();
    // Mark and database of the same backup agree with each other: the witnesses alone know.
    let log = Log::new(&Home::parse(ORIGIN).unwrap(), &secret(), Path::new("")).unwrap();
    let early = early_head(&loss);
    fs::write(loss.folder.path().join("log.mark"), log.sign(early).unwrap().to_string()).unwrap();
    let why = Service::refused_with(loss.folder.clone(), loss.setting.clone());
    assert!(why.contains("has seen this log with 6 entries, the store has 3"), "{why}");
    assert_eq!(loss.recover(&kept.path().to_string_lossy()), "recovered: 3 entries, there are 6 now");
    let asked: usize = all.iter().map(Witness::asked).sum();
    let service = Service::again_with(loss.folder.clone(), loss.setting.clone());
    let version = service.client.send("GET", "/version", &[], None).expect(200).json();
    assert_eq!(version["log"], json!({ "published": 6, "cosigned": 6 }), "it is kept as it was cosigned");
    // Each was asked once what it has seen, and has nothing to cosign again.
    assert_eq!(all.iter().map(Witness::asked).sum::<usize>(), asked + 2);
    drop(service);
    loss.is_whole();
}

fn secret() -> String {
    Log::new_key(&Home::parse(ORIGIN).unwrap(), &[7; 32]).unwrap().0
}

/// The head of the first three entries.
fn early_head(loss: &Loss) -> TreeHead {
    let mut tree = ytterby_tlog::Frontier::new();
    let read = fs::read(loss.bundle()).unwrap();
    for entry in &Bundle::new(0, 6).unwrap().decode(&read).unwrap()[..3] {
        tree.append(ytterby_tlog::Hash::of_leaf(entry)).unwrap();
    }
    tree.head()
}

#[test]
fn only_what_leads_to_what_was_signed_is_put_back() {
    let loss = lose(Setting::default());
    let store = loss.folder.path().join("registry.db");
    let before = ytterby_store::check(&store).unwrap();
    let (bundle, whole) = (loss.bundle(), fs::read(loss.bundle()).unwrap());
    // Another amount, in the form of an entry and adding up: only the root shows it.
    let text = String::from_utf8_lossy(&whole).into_owned();
    let changed = text.replace("\"Nd\":\"5\"", "\"Nd\":\"6\"").into_bytes();
    assert_ne!(changed, whole);
    fs::write(&bundle, changed).unwrap();
    let why = loss.refused(&loss.mirror());
    assert!(
        why.contains("do not lead to what") && why.contains("at size 6: the copy is damaged, or"),
        "{why}"
    );
    // More than there is.
    fs::write(&bundle, text.replace("40000", "60000")).unwrap();
    assert!(loss.refused(&loss.mirror()).contains("the entry 3: "));
    fs::write(&bundle, &whole[..whole.len() - 1]).unwrap();
    assert!(loss.refused(&loss.mirror()).contains("is damaged"));
    fs::remove_file(&bundle).unwrap();
    assert!(loss.refused(&loss.mirror()).contains("it is not there"));
    fs::write(&bundle, &whole).unwrap();
    // A checkpoint of somebody else, and an older one of ours.
    let file = loss.mirror.path().join("checkpoint");
    let newest = fs::read_to_string(&file).unwrap();
    let origin = Home::parse(ORIGIN).unwrap();
    let (other, _) = Log::new_key(&origin, &[9; 32]).unwrap();
    let sign = |secret: &str, head| {
        Log::new(&origin, secret, Path::new("")).unwrap().sign(head).unwrap().to_string()
    };
    fs::write(&file, sign(&other, loss.head)).unwrap();
    assert!(loss.refused(&loss.mirror()).contains("is not this log's"));
    fs::write(&file, sign(&secret(), early_head(&loss))).unwrap();
    let why = loss.refused(&loss.mirror());
    assert!(why.contains("the mark has 6 entries and the copy 3: entries are missing"), "{why}");
    fs::write(&file, newest).unwrap();
    // Nothing of all this has left a trace.
    assert_eq!(ytterby_store::check(&store).unwrap(), before);

    // The store went on without its mark, with another history.
    let (mark, marked) =
        (loss.folder.path().join("log.mark"), fs::read(loss.folder.path().join("log.mark")).unwrap());
    fs::write(&mark, sign(&secret(), early_head(&loss))).unwrap();
    let service = Service::again(loss.folder.clone());
    service.client.issue(&loss.api_key, &crate::make::origin("OTHER"));
    drop(service);
    fs::write(&mark, marked).unwrap();
    let why = loss.refused(&loss.mirror());
    assert!(why.contains("the entry 5: the lot ") && why.contains("not a copy of this store's log"), "{why}");
    assert!(Service::refused(loss.folder.clone()).contains("was signed, the store has 4"));
}
