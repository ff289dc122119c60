//! The public vectors that other logs and witnesses are held to. They lie outside the project: each
//! test reads the folder named by `YTTERBY_VECTORS`, and says in one line when none is named. One that
//! is named and not there fails.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it fails and says what it left out"
)]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::Value;
use ytterby_tlog::{
    AddCheckpoint, Bundle, Cosigner, Frontier, Hash, KeyName, NoteSigner, OpenError, Policy, PolicyError,
    Receipt, ReceiptError, Refusal, SignatureError, SignedCheckpoint, SignedNote, Tile, TileTree, TreeHead,
    VerifierKey, grow, verify_consistency, verify_inclusion,
};

fn with_vectors(folder: &str, test: impl FnOnce(&Path)) {
    match std::env::var_os("YTTERBY_VECTORS").map(PathBuf::from) {
        Some(vectors) => {
            assert!(vectors.is_dir(), "YTTERBY_VECTORS names {}, which is no folder", vectors.display());
            test(&vectors.join("tlog").join(folder));
        }
        None => println!("YTTERBY_VECTORS names no folder: tlog/{folder} was not run"),
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn text(path: &Path) -> String {
    String::from_utf8(read(path)).unwrap()
}

fn keys(path: &Path) -> Vec<VerifierKey> {
    text(path).lines().map(|line| VerifierKey::parse(line).unwrap()).collect()
}

/// A tile as the folder of a log has it.
fn reader(log: &Path) -> impl FnMut(Tile) -> Result<Option<Vec<u8>>, std::io::Error> {
    |tile| match std::fs::read(log.join(tile.to_string())) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The hashes of the entries in the bundles of a log of some size.
fn leaves(log: &Path, size: u64) -> Vec<Hash> {
    let bundles = Bundle::written(0, size).map(|bundle| (bundle, read(&log.join(bundle.to_string()))));
    bundles
        .flat_map(|(bundle, bytes)| {
            let entries = bundle.decode(&bytes).unwrap();
            assert_eq!(bundle.encode(entries.iter().copied()).unwrap(), bytes);
            entries.into_iter().map(Hash::of_leaf).collect::<Vec<_>>()
        })
        .collect()
}

fn open(path: &Path, key: &VerifierKey) -> TreeHead {
    let bytes = read(path);
    let signed = SignedCheckpoint::parse(&bytes).unwrap();
    assert_eq!(signed.to_string().into_bytes(), bytes);
    signed.open(key).unwrap().head()
}

/// Inclusion proofs, whole and tampered with; what has a hash of another length is no hash here.
#[test]
fn inclusion() {
    with_vectors("transparency-dev-merkle/inclusion", |folder| {
        let hash = |value: &Value| {
            let bytes = BASE64.decode(value.as_str()?.as_bytes()).ok()?;
            Some(Hash::from_bytes(bytes.try_into().ok()?))
        };
        let (mut open, mut valid, mut invalid) = (vec![folder.to_owned()], 0, 0);
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let case: Value = serde_json::from_slice(&read(&path)).unwrap();
            let proof = case["proof"].as_array().cloned().unwrap_or_default();
            let proof: Option<Vec<Hash>> = proof.iter().map(hash).collect();
            let passes = || {
                let head = TreeHead { size: case["treeSize"].as_u64()?, root: hash(&case["root"])? };
                let index = case["leafIdx"].as_u64()?;
                verify_inclusion(&head, index, hash(&case["leafHash"])?, &proof?).ok()
            };
            let refused = passes().is_none();
            assert_eq!(case["wantErr"].as_bool(), Some(refused), "{}", path.display());
            if refused { invalid += 1 } else { valid += 1 }
        }
        assert_eq!((valid, invalid), (6, 92));
    });
}

/// A log on disk by tessera: every checkpoint, grown entry by entry, with proofs between all.
#[test]
fn tessera_log() {
    with_vectors("tessera-log15", |log| {
        let [key] = &keys(&log.join("vkeys"))[..] else { panic!("one key") };
        let mut frontier = Frontier::new();
        for size in 0..=15 {
            let checkpoint = log.join(format!("checkpoint.{size}"));
            if checkpoint.exists() {
                assert_eq!(open(&checkpoint, key), frontier.head(), "{size}");
                assert_eq!(leaves(log, size).len() as u64, size);
                let mut tree = TileTree::new(frontier.head(), reader(log));
                for old in 0..=size {
                    let (old, proof) = tree.prove_consistency(old).unwrap();
                    verify_consistency(&old, &frontier.head(), &proof).unwrap();
                }
                for index in 0..size {
                    assert_eq!(tree.prove_inclusion(index).unwrap().0, leaves(log, size)[index as usize]);
                }
            }
            if size < 15 {
                let growth = grow(&frontier, &leaves(log, size + 1)[size as usize..], reader(log)).unwrap();
                for (tile, bytes) in growth.tiles {
                    assert_eq!(read(&log.join(tile.to_string())), bytes, "{tile}");
                }
                frontier = growth.frontier;
            }
        }
        assert_eq!(open(&log.join("checkpoint"), key), frontier.head());
    });
}

/// A log of a thousand entries with one witness: tiles, receipt, request and policy.
#[test]
fn synthetic_log() {
    with_vectors("synthetic-log1000", |log| {
        let [log_key, witness] = &keys(&log.join("vkeys"))[..] else { panic!("two keys") };
        let head = open(&log.join("checkpoint"), log_key);
        let growth = grow(&Frontier::new(), &leaves(log, head.size), reader(log)).unwrap();
        assert_eq!(growth.frontier.head(), head);
        for (tile, bytes) in growth.tiles {
            assert_eq!(read(&log.join(tile.to_string())), bytes, "{tile}");
        }

        let receipt_text = read(&log.join("proof.tlog-proof"));
        let receipt = Receipt::parse(&receipt_text).unwrap();
        assert_eq!(receipt.to_string().into_bytes(), receipt_text);
        let policy = Policy::k_of_n([log_key.clone()], [witness.clone()], 1).unwrap();
        let (entry, origin) = (read(&log.join("leaf")), log_key.name());
        let included = receipt.verify(&entry, origin, &policy).unwrap();
        let witnessed = included.witnessed();
        assert_eq!((included.index(), witnessed.checkpoint().head()), (666, head));
        assert_eq!(witnessed.cosignatures()[0].key, *witness);
        assert_eq!(witnessed.time(), Some(witnessed.cosignatures()[0].time));
        let mut tree = TileTree::new(head, reader(log));
        let (leaf, proof) = tree.prove_inclusion(666).unwrap();
        assert_eq!(leaf, Hash::of_leaf(&entry));
        assert_eq!(Receipt::new(666, proof, receipt.checkpoint().clone()), receipt);
        assert!(matches!(receipt.verify(b"", origin, &policy), Err(ReceiptError::Inclusion(_))));
        let elsewhere = KeyName::parse("other.example").unwrap();
        let unknown = ReceiptError::Policy(PolicyError::UnknownLog(elsewhere.clone()));
        assert_eq!(receipt.verify(&entry, &elsewhere, &policy), Err(unknown));

        // The old size, the old root, and the proof.
        let lines = text(&log.join("consistency.txt"));
        let (old_size, hashes) = lines.split_once('\n').unwrap();
        let hashes: Vec<Hash> = hashes.lines().map(|line| Hash::parse(line).unwrap()).collect();
        let (old_root, proof) = hashes.split_first().unwrap();
        let old = TreeHead { size: old_size.parse().unwrap(), root: *old_root };
        assert_eq!(tree.prove_consistency(old.size).unwrap(), (old, proof.to_vec()));
        verify_consistency(&old, &head, proof).unwrap();
        let request = AddCheckpoint::new(old.size, proof.to_vec(), receipt.checkpoint().clone());
        assert_eq!(request.judge([log_key], &old).unwrap().head(), head);
        assert_eq!(request.judge([log_key], &head), Err(Refusal::Conflict { size: 1000 }));
        assert_eq!(request.judge([witness], &old), Err(Refusal::UnknownOrigin));
    });
}

/// The note and cosignature strings, under the names that their lines begin with.
#[test]
fn strings() {
    with_vectors("cosigv1-and-note-strings.txt", |path| {
        let lines = text(path);
        let all = |label: &str| -> Vec<String> {
            let begin = format!("{label}: ");
            let quoted = |rest: &str| match rest.starts_with('"') {
                true => serde_json::from_str(rest).unwrap(),
                false => rest.split(' ').next().unwrap().to_owned(),
            };
            lines.lines().filter_map(|line| line.strip_prefix(&begin)).map(quoted).collect()
        };
        let keys: Vec<VerifierKey> = all("vkey").iter().map(|key| VerifierKey::parse(key).unwrap()).collect();
        assert_eq!(keys.iter().map(VerifierKey::to_string).collect::<Vec<_>>(), all("vkey"));
        let [example, monkeys, _] = &keys[..] else { panic!("three keys") };

        let [note] = &all("note")[..] else { panic!("one note") };
        let note = SignedNote::parse(note.as_bytes()).unwrap();
        assert_eq!(note.verify([example, monkeys]).unwrap()[0].key, example);
        assert_eq!(note.verify([monkeys]), Err(SignatureError::Missing));

        let [secret] = &all("skey")[..] else { panic!("one secret key") };
        let signer = NoteSigner::parse_secret(secret).unwrap();
        assert_eq!((signer.verifier_key(), &signer.to_secret()), (monkeys, secret));
        let mut heads = Vec::new();
        for label in ["ckpt5", "ckpt8"] {
            let [note] = &all(label)[..] else { panic!("one {label}") };
            let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
            let checkpoint = signed.open(monkeys).unwrap();
            heads.push(checkpoint.head());
            // Ed25519 is deterministic: the same key makes the same bytes.
            assert_eq!(checkpoint.clone().sign(&signer).unwrap().to_string(), *note);
            assert!(matches!(signed.open(example), Err(OpenError::Origin { .. })));
        }
        assert_eq!(heads.iter().map(|head| head.size).collect::<Vec<_>>(), [5, 8]);

        // Only the time of this cosignature is given, not its key: a witness of ours places its time alike.
        let [cosignature] = &all("sig")[..] else { panic!("one cosignature") };
        let bytes = BASE64.decode(cosignature.as_bytes()).unwrap();
        assert_eq!(bytes.len(), 4 + 8 + 64);
        let witness = Cosigner::from_seed(KeyName::parse("w.example").unwrap(), &[1; 32]);
        let [note] = &all("ckpt5")[..] else { panic!("one checkpoint") };
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let ours = witness.cosign(signed.open(monkeys).unwrap(), 1_727_964_367).unwrap().to_string();
        let ours = BASE64.decode(ours.rsplit_once(' ').unwrap().1.as_bytes()).unwrap();
        assert_eq!((ours.len(), &ours[4..12]), (bytes.len(), &bytes[4..12]));
    });
}
