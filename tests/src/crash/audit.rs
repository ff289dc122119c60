//! What anybody can check of a log, from its checkpoint, its tiles and its entries: every entry replayed, the
//! tree built anew, each tile compared. Everything is read; nothing is asked of the registry's good will.

use std::fmt;
use std::net::SocketAddr;

use ytterby::digest::Digest;
use ytterby::ledger::Ledger;
use ytterby::{Entry, Home};
use ytterby_store::Store;
use ytterby_tlog::{
    Bundle, Frontier, Hash, KeyName, Policy, SignedCheckpoint, Tile, TreeHead, VerifierKey, grow,
};

use super::connection::Connection;
use super::{Failure, must, wait};

/// A piece of a log.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// Hashes.
    Tile(Tile),
    /// Entries.
    Entries(Bundle),
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Tile(tile) => tile.fmt(f),
            Piece::Entries(bundle) => bundle.fmt(f),
        }
    }
}

/// A log as far as it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    ledger: Ledger,
    frontier: Frontier,
    /// Of each entry, what it is about.
    certificates: Vec<Digest>,
}

impl Audit {
    /// Nothing yet of the log of an origin.
    pub fn new(origin: Home) -> Self {
        Audit { ledger: Ledger::new(origin), frontier: Frontier::new(), certificates: Vec::new() }
    }

    /// Reads on to a head that was signed. It fails if that does not continue what was verified, or if any
    /// piece that was written since is not what it must be.
    pub fn follow(
        &mut self,
        head: TreeHead,
        mut read: impl FnMut(Piece) -> Result<Vec<u8>, Failure>,
    ) -> Result<(), Failure> {
        let known = self.frontier.size();
        must(head.size >= known, || format!("the log has {} entries, it had {known}", head.size))?;
        let mut leaves = Vec::new();
        for bundle in Bundle::written(known, head.size) {
            let bytes = read(Piece::Entries(bundle))?;
            for (index, entry) in bundle.indices().zip(bundle.decode(&bytes)?) {
                if index < known {
                    continue;
                }
                let parsed = Entry::parse(entry)?;
                self.ledger.apply(&parsed).map_err(|violation| format!("entry {index}: {violation}"))?;
                self.certificates.push(parsed.certificate());
                leaves.push(Hash::of_leaf(entry));
            }
        }
        let growth = grow(&self.frontier, &leaves, |tile| read(Piece::Tile(tile)).map(Some))
            .map_err(|error| format!("the tree does not grow: {error:?}"))?;
        let grown = growth.frontier.head();
        must(grown == head, || format!("the entries have another root than was signed at {}", head.size))?;
        for (tile, bytes) in &growth.tiles {
            must(read(Piece::Tile(*tile))? == *bytes, || format!("{tile} is not of this tree"))?;
        }
        self.frontier = growth.frontier;
        Ok(())
    }

    /// How many entries were verified.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// How the lots stand.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the entry at an index is about.
    pub fn certificate(&self, index: u64) -> Option<Digest> {
        self.certificates.get(usize::try_from(index).ok()?).copied()
    }
}

/// A log as its registry serves it.
pub struct PublicLog {
    key: VerifierKey,
    policy: Policy,
    connection: Connection,
}

impl PublicLog {
    /// The log at an address, signed with a key.
    pub fn new(address: SocketAddr, key: &VerifierKey) -> Result<Self, Failure> {
        let policy = Policy::parse(format!("log {key}\nquorum none\n").as_bytes())?;
        Ok(PublicLog { key: key.clone(), policy, connection: Connection::new(address, "none") })
    }

    /// Follows it to the checkpoint that it shows now.
    pub fn follow(&mut self, audit: &mut Audit) -> Result<(), Failure> {
        let text = self.connection.get("/log/checkpoint")?.expect(200)?;
        let checkpoint = SignedCheckpoint::parse(&text)?;
        let head = checkpoint.open(&self.key)?.head();
        audit.follow(head, |piece| self.connection.get(&format!("/log/{piece}"))?.expect(200))
    }

    /// The whole of it, from the first entry.
    pub fn whole(&mut self) -> Result<Audit, Failure> {
        let mut audit = Audit::new(self.origin()?);
        self.follow(&mut audit)?;
        Ok(audit)
    }

    fn origin(&self) -> Result<Home, Failure> {
        Ok(Home::parse(self.key.name().as_str()).ok_or("no origin")?)
    }

    /// Verifies the answer to a request that made a certificate: what was made, and its index in the log.
    pub fn receipt(&self, answer: &[u8]) -> Result<(Digest, u64), Failure> {
        let json: serde_json::Value = serde_json::from_slice(answer)?;
        let entry = json["receipt"]["entry"].to_string();
        let proof = json["receipt"]["proof"].as_str().ok_or("no receipt")?;
        let proof = ytterby_tlog::Receipt::parse(proof.as_bytes())?;
        let origin = KeyName::parse(self.key.name().as_str())?;
        let included = proof.verify(entry.as_bytes(), &origin, &self.policy)?;
        let (certificate, _) = std::str::from_utf8(answer)?
            .strip_prefix("{\"certificate\":")
            .and_then(|rest| rest.rsplit_once(",\"receipt\":{"))
            .ok_or("no certificate")?;
        let digest = Digest::of(certificate.as_bytes());
        must(Entry::parse(entry.as_bytes())?.certificate() == digest, || {
            format!("the receipt of {digest} is another's")
        })?;
        Ok((digest, included.index()))
    }
}

/// The whole log of a store, read without a registry.
pub(crate) fn of_store(store: &dyn Store, origin: Home) -> Result<Audit, Failure> {
    let mut audit = Audit::new(origin);
    follow_store(&mut audit, store)?;
    Ok(audit)
}

/// Follows the log of a store to its end.
pub(crate) fn follow_store(audit: &mut Audit, store: &dyn Store) -> Result<(), Failure> {
    let head = wait(store.head())??;
    audit.follow(head, |piece| match piece {
        Piece::Tile(tile) => Ok(wait(store.tile(tile))??.ok_or("a tile is missing")?),
        Piece::Entries(bundle) => {
            let indices = bundle.indices();
            let most = usize::try_from(indices.end - indices.start)?;
            let entries = wait(store.entries(indices.start, most))??;
            Ok(bundle.encode(entries.iter().map(Vec::as_slice))?)
        }
    })
}
