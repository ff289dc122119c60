//! A log that signs whatever it is given, also what no honest registry would, and serves it.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use ytterby::digest::Digest;
use ytterby_tlog::{
    AddCheckpoint, Bundle, Checkpoint, Frontier, Hash, KeyName, NoteSigner, Receipt, SignedCheckpoint, Tile,
    TileTree, TreeHead, grow,
};

/// The origin of most logs here.
pub(crate) const ORIGIN: &str = "registry.example/ree";

/// What is shown under this name is no file: it is asked for with every request.
pub(crate) const API_KEY: &str = "the API key";

type Files = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// The log.
pub(crate) struct Liar {
    pub(crate) signer: NoteSigner,
    pub(crate) entries: Vec<Vec<u8>>,
    tiles: HashMap<Tile, Vec<u8>>,
    frontier: Frontier,
    /// What is served; several logs may share it, and the last one published is seen.
    files: Files,
}

impl Liar {
    pub(crate) fn new(origin: &str) -> Self {
        let seed = *Hash::of_leaf(origin.as_bytes()).as_bytes();
        Liar {
            signer: NoteSigner::from_seed(KeyName::parse(origin).unwrap(), &seed),
            entries: Vec::new(),
            tiles: HashMap::new(),
            frontier: Frontier::new(),
            files: Files::default(),
        }
    }

    /// A log with these entries, published.
    pub(crate) fn with(origin: &str, entries: &[Value]) -> Self {
        let mut log = Liar::new(origin);
        entries.iter().for_each(|entry| log.append(entry));
        log.publish();
        log
    }

    /// Another history of the same log: the same key, and served in the same place once it is published.
    pub(crate) fn forked(&self, at: usize) -> Self {
        let mut other = Liar::new(self.signer.verifier_key().name().as_str());
        self.entries[..at].iter().for_each(|entry| other.append_bytes(entry.clone()));
        other.files = self.files.clone();
        other
    }

    pub(crate) fn key(&self) -> String {
        self.signer.verifier_key().to_string()
    }

    pub(crate) fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    pub(crate) fn append(&mut self, entry: &Value) {
        let text = entry.to_string();
        let strict = ytterby::json::Value::parse(text.as_bytes()).unwrap();
        self.append_bytes(ytterby::json::canonical(&strict));
    }

    pub(crate) fn append_bytes(&mut self, entry: Vec<u8>) {
        let read = |tile: Tile| Ok::<_, ()>(self.tiles.get(&tile).cloned());
        let growth = grow(&self.frontier, &[Hash::of_leaf(&entry)], read).unwrap();
        self.tiles.extend(growth.tiles);
        self.frontier = growth.frontier;
        self.entries.push(entry);
    }

    /// Its checkpoint as it stands.
    pub(crate) fn checkpoint(&self) -> SignedCheckpoint {
        Checkpoint::new(self.signer.verifier_key().name().clone(), self.head()).sign(&self.signer).unwrap()
    }

    /// Shows what there is: checkpoint, tiles, bundles of entries.
    pub(crate) fn publish(&self) {
        let mut files = self.files.lock().unwrap();
        files.clear();
        files.insert("checkpoint".to_owned(), self.checkpoint().to_string().into_bytes());
        for tile in Tile::written(0, self.head().size) {
            files.insert(tile.to_string(), self.tiles[&tile].clone());
        }
        for bundle in Bundle::written(0, self.head().size) {
            let entries = bundle.indices().map(|at| self.entries[at as usize].as_slice());
            files.insert(bundle.to_string(), bundle.encode(entries).unwrap());
        }
    }

    /// A request to cosign a tree of any size, of which there may be nothing.
    pub(crate) fn pretend(&self, size: u64) -> String {
        let head = TreeHead { size, root: Hash::of_leaf(b"nothing") };
        let origin = self.signer.verifier_key().name().clone();
        let checkpoint = Checkpoint::new(origin, head).sign(&self.signer).unwrap();
        AddCheckpoint::new(0, Vec::new(), checkpoint).to_string()
    }

    /// Shows something else under a path.
    pub(crate) fn show(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.into());
    }

    /// Writes what is shown into a folder.
    pub(crate) fn mirror(&self, folder: &Path) {
        for (path, bytes) in self.files.lock().unwrap().iter() {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Serves what is shown, as long as the test runs; each answer takes so long.
    pub(crate) fn serve(&self, delay: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/log", listener.local_addr().unwrap());
        let files = self.files.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let files = files.clone();
                std::thread::spawn(move || stream.map(|stream| answer(stream, &files, delay)));
            }
        });
        base
    }

    fn tree(&self) -> TileTree<impl FnMut(Tile) -> Result<Option<Vec<u8>>, ()> + '_> {
        TileTree::new(self.head(), |tile| Ok(self.tiles.get(&tile).cloned()))
    }

    /// A request to cosign the log as it stands, from a size.
    pub(crate) fn request(&self, old: u64) -> String {
        let proof = if old == 0 { Vec::new() } else { self.tree().prove_consistency(old).unwrap().1 };
        AddCheckpoint::new(old, proof, self.checkpoint()).to_string()
    }

    /// An entry with the proof that it is in the log, as evidence states it.
    pub(crate) fn statement(&self, index: u64) -> Value {
        let (_, proof) = self.tree().prove_inclusion(index).unwrap();
        let receipt = Receipt::new(index, proof, self.checkpoint());
        let entry: Value = serde_json::from_slice(&self.entries[index as usize]).unwrap();
        json!({ "entry": entry, "proof": receipt.to_string() })
    }
}

fn answer(mut stream: TcpStream, files: &Files, delay: Duration) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    std::thread::sleep(delay);
    let request = String::from_utf8_lossy(&bytes).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches("/log/").to_owned();
    let (body, key) = {
        let files = files.lock().unwrap();
        (files.get(&path).cloned(), files.get(API_KEY).cloned())
    };
    let has_key = |key: Vec<u8>| request.contains(&format!("Bearer {}\r\n", String::from_utf8(key).unwrap()));
    let status = match &body {
        _ if !key.is_none_or(has_key) => "401 Unauthorized",
        Some(_) => "200 OK",
        None => "404 Not Found",
    };
    let body = body.unwrap_or_default();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // The client may have gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

pub(crate) fn digest(name: &str) -> String {
    Digest::of(name.as_bytes()).to_string()
}

/// The entry of an origin.
pub(crate) fn lot(name: &str, nd: &str) -> Value {
    json!({
        "version": "1", "kind": "certificate", "certificate": digest(name), "type": "OriginCertificate",
        "home": ORIGIN, "amounts": { "content": { "Nd": nd } },
    })
}

/// The entry of a lot made by drawing on another.
pub(crate) fn drawing(name: &str, on: &str, seq: u64, amount: &str, cumulative: &str) -> Value {
    let mut entry = lot(name, amount);
    entry["type"] = "ProcessingCertificate".into();
    entry["amounts"]["draws"] = json!([{
        "lot": digest(on), "seq": seq.to_string(), "amount": { "Nd": amount }, "cumulative": { "Nd": cumulative },
    }]);
    entry
}

/// The entry of a transfer to a home.
pub(crate) fn transfer(name: &str, on: &str, seq: u64, amount: &str, cumulative: &str, home: &str) -> Value {
    let mut entry = drawing(name, on, seq, amount, cumulative);
    entry["type"] = "TransferCertificate".into();
    entry["home"] = home.into();
    entry
}

/// The admission to a log of a transfer that is registered in another.
pub(crate) fn admission(name: &str, nd: &str, home: &str, from: &str, index: u64) -> Value {
    json!({
        "version": "1", "kind": "admission", "certificate": digest(name), "home": home,
        "amounts": { "content": { "Nd": nd } }, "from": { "origin": from, "index": index.to_string() },
    })
}

pub(crate) fn closing(name: &str) -> Value {
    json!({ "version": "1", "kind": "closing", "certificate": digest(name), "reason": "consumed" })
}

pub(crate) fn status(name: &str, purpose: &str, value: &str) -> Value {
    json!({
        "version": "1", "kind": "status", "certificate": digest(name), "purpose": purpose, "value": value,
    })
}
