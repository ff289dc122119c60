//! A log in memory and its witnesses: what registers certificates for tests. It holds whatever it is
//! given, also what no honest registry would.

use std::collections::HashMap;

use ytterby::digest::Digest;
use ytterby::entry::{CertificateEntry, Entry, Taken};
use ytterby::event::Event;
use ytterby::masses::Masses;
use ytterby::receipt::Receipt;
use ytterby::{Bundle, Certificate};
use ytterby_tlog::{
    Checkpoint, Cosigner, Frontier, Hash, KeyName, NoteSigner, SignedCheckpoint, Tile, TileTree, TreeHead,
    grow,
};

/// When the first witness cosigns: 2026-09-21T12:00:00Z. Each other does so a minute later.
const COSIGNED: u64 = 1_789_992_000;

/// A log with its tiles and the state of the lots that are drawn on.
pub struct TestLog {
    signer: NoteSigner,
    frontier: Frontier,
    tiles: HashMap<Tile, Vec<u8>>,
    entries: Vec<Vec<u8>>,
    indices: HashMap<Digest, u64>,
    lots: HashMap<Digest, (u64, Masses)>,
    /// When the first witness cosigns, in seconds since 1970; each other does so a minute later.
    pub cosigned_at: u64,
}

/// The seed of a test key: SHA-256(0x00 ‖ name).
fn name_and_seed(name: &str) -> (KeyName, [u8; 32]) {
    (KeyName::parse(name).expect("a name"), *Hash::of_leaf(name.as_bytes()).as_bytes())
}

/// The witness of a number.
pub fn witness(number: u32) -> Cosigner {
    let (name, seed) = name_and_seed(&format!("witness.example/{number}"));
    Cosigner::from_seed(name, &seed)
}

impl TestLog {
    /// The empty log of an origin.
    pub fn new(origin: &str) -> Self {
        let (name, seed) = name_and_seed(origin);
        TestLog {
            signer: NoteSigner::from_seed(name, &seed),
            frontier: Frontier::new(),
            tiles: HashMap::new(),
            entries: Vec::new(),
            indices: HashMap::new(),
            lots: HashMap::new(),
            cosigned_at: COSIGNED,
        }
    }

    /// What a trust file says of it, with four witnesses of which three must have cosigned.
    pub fn trusted(&self) -> String {
        let origin = self.signer.verifier_key().name();
        let witnesses = (1..=4).map(|number| {
            let key = witness(number).verifier_key().to_string();
            format!("[[witness]]\nkey = \"{key}\"\naudits = [\"{origin}\"]\n")
        });
        self.pinned() + &witnesses.collect::<String>() + "[quorum]\nneed = 3\ndishonest = 1\n"
    }

    /// Its own table in a trust file, with the quorum that is published for it.
    pub fn pinned(&self) -> String {
        let key = self.signer.verifier_key();
        format!("[[registry]]\norigin = \"{}\"\nkey = \"{key}\"\n{}", key.name(), self.published())
    }

    /// What an alliance publishes of it: three of the four witnesses.
    pub fn published(&self) -> String {
        let policy = self.policy();
        format!("[registry.published]\nby = \"did:web:alliance.example\"\npolicy = \"\"\"\n{policy}\"\"\"\n")
    }

    /// The C2SP policy of the log: three of four witnesses.
    pub fn policy(&self) -> String {
        let line = |number| format!("witness w{number} {}\n", witness(number).verifier_key());
        let witnesses: String = (1..=4).map(line).collect();
        let log = self.signer.verifier_key();
        format!("log {log}\n{witnesses}group auditing 3 w1 w2 w3 w4\nquorum auditing\n")
    }

    /// Its head as it stands.
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// Registers a certificate as an honest registry would, counting what is drawn.
    pub fn register(&mut self, certificate: &Certificate<'_>) -> Vec<u8> {
        let inputs = certificate.lot().map_or(&[][..], |lot| &lot.inputs);
        let mut taken = Vec::new();
        for input in inputs {
            let (seq, drawn) = self.lots.entry(input.digest).or_default();
            *seq += 1;
            drawn.add_all(&input.draws);
            taken.push(Taken { seq: *seq, cumulative: drawn.clone() });
        }
        self.register_as(certificate, &taken)
    }

    /// Registers a certificate with any state of the lots that it draws on.
    pub fn register_as(&mut self, certificate: &Certificate<'_>, taken: &[Taken]) -> Vec<u8> {
        let entry = CertificateEntry::of(certificate, taken).expect("an entry");
        self.append(&Entry::Certificate(entry))
    }

    /// Records an entry that registers no certificate; its index.
    pub fn record(&mut self, entry: &Entry) -> u64 {
        let index = self.frontier.size();
        let registered = self.indices.get(&entry.certificate()).copied();
        self.append(entry);
        if let Some(registered) = registered {
            self.indices.insert(entry.certificate(), registered);
        }
        index
    }

    /// An event of a bundle: the entry at an index with its proof under a checkpoint of the log as it
    /// stands.
    pub fn event(
        &self,
        index: u64,
        checkpoint: &SignedCheckpoint,
        before: Option<&SignedCheckpoint>,
    ) -> Event<'static> {
        let entry = &self.entries[usize::try_from(index).expect("a small log")];
        Event::of(entry, &self.proof_at(index, checkpoint), before).expect("an entry of ours")
    }

    /// Appends any entry, true or not.
    pub fn append(&mut self, entry: &Entry) -> Vec<u8> {
        let (entry, certificate) = (entry.to_bytes(), entry.certificate());
        let leaves = [Hash::of_leaf(&entry)];
        let read = |tile: Tile| Ok::<_, ()>(self.tiles.get(&tile).cloned());
        let growth = grow(&self.frontier, &leaves, read).expect("sound tiles");
        self.indices.insert(certificate, self.frontier.size());
        self.tiles.extend(growth.tiles);
        self.frontier = growth.frontier;
        self.entries.push(entry.clone());
        entry
    }

    /// Its checkpoint as it stands, signed by the log alone.
    pub fn checkpoint(&self) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(self.signer.verifier_key().name().clone(), self.frontier.head());
        checkpoint.sign(&self.signer).expect("its own checkpoint")
    }

    /// Its checkpoint as it stands, cosigned by the first so many witnesses.
    pub fn cosigned(&self, witnesses: u32) -> SignedCheckpoint {
        let mut signed = self.checkpoint();
        for number in 1..=witnesses {
            let time = self.cosigned_at + 60 * u64::from(number - 1);
            let signature = witness(number).cosign(signed.unverified(), time).expect("a time of ours");
            signed.add(signature).expect("room for a signature");
        }
        signed
    }

    /// The proof of a registered certificate under a checkpoint of the log as it stands.
    pub fn proof(&self, certificate: &Digest, checkpoint: &SignedCheckpoint) -> ytterby_tlog::Receipt {
        self.proof_at(self.indices[certificate], checkpoint)
    }

    fn proof_at(&self, index: u64, checkpoint: &SignedCheckpoint) -> ytterby_tlog::Receipt {
        let read = |tile: Tile| Ok::<_, ()>(self.tiles.get(&tile).cloned());
        let mut tree = TileTree::new(self.frontier.head(), read);
        let (_, proof) = tree.prove_inclusion(index).expect("an index of the log");
        ytterby_tlog::Receipt::new(index, proof, checkpoint.clone())
    }

    /// The receipt of a registered certificate.
    pub fn receipt(&self, certificate: &Digest, checkpoint: &SignedCheckpoint) -> Receipt<'static> {
        let entry = &self.entries[usize::try_from(self.indices[certificate]).expect("a small log")];
        Receipt::of(entry, &self.proof(certificate, checkpoint)).expect("an entry of ours")
    }

    /// A receipt with the log's checkpoint as it stands beside it, which continues its own.
    pub fn refreshed(&self, receipt: &Receipt<'_>, checkpoint: &SignedCheckpoint) -> Receipt<'static> {
        let own = receipt.open().expect("a receipt of ours").proof;
        let proof = self.consistency(own.checkpoint().unverified().head().size);
        receipt.with_fresh(checkpoint, &proof).expect("a checkpoint of ours")
    }

    /// The proof that the log as it stands continues itself at an older size.
    pub fn consistency(&self, old_size: u64) -> Vec<Hash> {
        let read = |tile: Tile| Ok::<_, ()>(self.tiles.get(&tile).cloned());
        let mut tree = TileTree::new(self.frontier.head(), read);
        tree.prove_consistency(old_size).expect("a size that it had").1
    }

    /// Registers every certificate of a bundle in its order, and adds the receipts under one
    /// checkpoint that three of four witnesses have cosigned.
    pub fn register_all(&mut self, bundle: Bundle<'static>) -> Bundle<'static> {
        let digests: Vec<Digest> = bundle.certificates().iter().map(Certificate::digest).collect();
        for certificate in bundle.certificates() {
            self.register(certificate);
        }
        let checkpoint = self.cosigned(3);
        let receipts: Vec<_> =
            digests.iter().map(|digest| (*digest, self.receipt(digest, &checkpoint))).collect();
        bundle.with_receipts(receipts)
    }
}
