//! Receipts: everything that shows offline that an entry is in a log and that witnesses have seen it
//! there. Implements proto-docs/log.md, "Receipts" (C2SP tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 2
//! YcoROfaBWEHVuvLQ0tm9nf7pfImN1ve6DAqpQe5sAes=
//! WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=
//! SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=
//!
//! registry.example/ree
//! 5
//! fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=
//!
//! — registry.example/ree wmXTHFC+n1dXQmHF0Llda8MofyNu2gplUPsAM+eJ9EJx…
//! — witness.example/1 bqJ0tAAAAABqsTuADv9QVx9p03UqQ0G9YANEz4KjwztMEruR…
//! ```

use std::fmt;

use data_encoding::BASE64;

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::key::KeyName;
use crate::line;
use crate::merkle::{ProofError, TreeHead, verify_inclusion};
use crate::note::MAX_NOTE_BYTES;
use crate::policy::{Policy, PolicyError, Witnessed};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most hashes in an inclusion proof: the depth of the largest tree that a `u64` counts.
const MAX_PROOF: usize = 64;

/// Longest extra data in bytes: as long as an entry may be.
const MAX_EXTRA_BYTES: usize = 65_535;

/// An entry's place in a log, with a checkpoint, none of which is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    index: u64,
    proof: Vec<Hash>,
    extra: Vec<u8>,
    checkpoint: SignedCheckpoint,
}

/// What a verified receipt shows: holding one is the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    index: u64,
    witnessed: Witnessed,
}

/// Why a text is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptTextError {
    /// Not UTF-8, or longer than a receipt can be.
    #[error("not UTF-8, or too long")]
    Text,
    /// The first line is another one.
    #[error("the first line is not \"{HEADER}\"")]
    Header,
    /// The extra data is not the base64 of 1 to 65,535 bytes.
    #[error("the extra data is not the base64 of 1 to {MAX_EXTRA_BYTES} bytes")]
    Extra,
    /// The index is missing or no decimal number.
    #[error("the line \"index\" with a decimal number is missing")]
    Index,
    /// A line of the proof is no hash, or there are more than 64.
    #[error("the proof is not a list of at most {MAX_PROOF} hashes")]
    Proof,
    /// No empty line stands before the checkpoint.
    #[error("no empty line before the checkpoint")]
    Separator,
    /// What follows is no checkpoint.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// Why a receipt does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The checkpoint does not satisfy the policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The entry is not at this index of the checkpoint's tree.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

impl Receipt {
    /// The receipt for an index, its inclusion proof and a checkpoint.
    pub fn new(index: u64, proof: Vec<Hash>, checkpoint: SignedCheckpoint) -> Self {
        Receipt { index, proof, extra: Vec::new(), checkpoint }
    }

    /// The same with extra data, which nothing vouches for: 1 to 65,535 bytes.
    pub fn with_extra(self, extra: Vec<u8>) -> Result<Self, ReceiptTextError> {
        let fits = (1..=MAX_EXTRA_BYTES).contains(&extra.len());
        if fits { Ok(Receipt { extra, ..self }) } else { Err(ReceiptTextError::Extra) }
    }

    /// Parses a receipt; it prints as it was read.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptTextError> {
        // Base64 takes four bytes for three; a line of the proof takes 45.
        if bytes.len() > MAX_NOTE_BYTES + MAX_EXTRA_BYTES.div_ceil(3) * 4 + (MAX_PROOF + 2) * 45 {
            return Err(ReceiptTextError::Text);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ReceiptTextError::Text)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptTextError::Separator)?;
        let lines: Vec<&str> = head.split('\n').collect();
        let [HEADER, rest @ ..] = &lines[..] else { return Err(ReceiptTextError::Header) };
        let (extra, rest) = match rest {
            [first, rest @ ..] if first.starts_with("extra") => (parse_extra(first)?, rest),
            _ => (Vec::new(), rest),
        };
        let [index, hashes @ ..] = rest else { return Err(ReceiptTextError::Index) };
        let index = index.strip_prefix("index ").and_then(line::decimal).ok_or(ReceiptTextError::Index)?;
        let proof = line::hashes(hashes, MAX_PROOF).ok_or(ReceiptTextError::Proof)?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Receipt { index, proof, extra, checkpoint })
    }

    /// Verifies that an entry is in the log of an origin, and that a quorum has seen it there.
    pub fn verify(&self, entry: &[u8], origin: &KeyName, policy: &Policy) -> Result<Included, ReceiptError> {
        let witnessed = policy.open(origin, &self.checkpoint)?;
        self.verify_at(entry, &witnessed.checkpoint().head())?;
        Ok(Included { index: self.index, witnessed })
    }

    /// Verifies that an entry stands at the receipt's index of a tree. The receipt's own checkpoint
    /// is not looked at: whoever verifies many receipts of one checkpoint opens that once with
    /// [`Policy::open`], and gives the head it states.
    pub fn verify_at(&self, entry: &[u8], head: &TreeHead) -> Result<(), ProofError> {
        verify_inclusion(head, self.index, Hash::of_leaf(entry), &self.proof)
    }

    /// Where the entry is said to be.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The extra data, empty if there is none. Nothing vouches for it.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", BASE64.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Included {
    /// Index of the entry.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint with size and root, its cosignatures and the time of the quorum.
    pub fn witnessed(&self) -> &Witnessed {
        &self.witnessed
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, ReceiptTextError> {
    let extra = line.strip_prefix("extra ").and_then(line::base64).ok_or(ReceiptTextError::Extra)?;
    if (1..=MAX_EXTRA_BYTES).contains(&extra.len()) { Ok(extra) } else { Err(ReceiptTextError::Extra) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Checkpoint, OpenError};
    use crate::frontier::Frontier;
    use crate::note::NoteError;
    use crate::signer::{Cosigner, NoteSigner};

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn log() -> NoteSigner {
        NoteSigner::from_seed(name("log.example"), &[1; 32])
    }

    fn witness() -> Cosigner {
        Cosigner::from_seed(name("w.example"), &[2; 32])
    }

    fn policy() -> Policy {
        Policy::k_of_n([log().verifier_key().clone()], [witness().verifier_key().clone()], 1).unwrap()
    }

    fn signed(head: TreeHead) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(name("log.example"), head);
        let cosignature = witness().cosign(&checkpoint, 1_790_000_000).unwrap();
        let mut signed = checkpoint.sign(&log()).unwrap();
        signed.add(cosignature).unwrap();
        signed
    }

    /// The receipt of the second of three entries.
    fn receipt() -> Receipt {
        let [a, b, c] = [b"a", b"b", b"c"].map(|entry| Hash::of_leaf(entry));
        let mut frontier = Frontier::new();
        [a, b, c].into_iter().for_each(|leaf| frontier.append(leaf).map(drop).unwrap());
        Receipt::new(1, vec![a, c], signed(frontier.head()))
    }

    #[test]
    fn a_receipt_is_evidence() {
        let receipt = receipt().with_extra(b"extra".to_vec()).unwrap();
        let included = receipt.verify(b"b", &name("log.example"), &policy()).unwrap();
        assert_eq!((included.index(), included.witnessed().checkpoint().head().size), (1, 3));
        assert_eq!(included.witnessed().time(), Some(1_790_000_000));
        let head = included.witnessed().checkpoint().head();
        assert_eq!(receipt.verify_at(b"b", &head), Ok(()));
        assert_eq!(receipt.verify_at(b"b", &TreeHead::EMPTY), Err(ProofError::Index { index: 1, size: 0 }));
        assert_eq!(receipt.verify_at(b"c", &head), Err(ProofError::Root));
        assert_eq!(Receipt::parse(receipt.to_string().as_bytes()), Ok(receipt));
    }

    #[test]
    fn one_fault_each() {
        let origin = name("log.example");
        let verify = |receipt: &Receipt, entry: &[u8]| receipt.verify(entry, &origin, &policy()).unwrap_err();
        let good = receipt();
        let root = ReceiptError::Inclusion(ProofError::Root);
        assert_eq!(verify(&good, b"c"), root);
        assert_eq!(verify(&Receipt { index: 0, ..good.clone() }, b"b"), root);
        let index = ReceiptError::Inclusion(ProofError::Index { index: 3, size: 3 });
        assert_eq!(verify(&Receipt { index: 3, ..good.clone() }, b"b"), index);
        let length = ReceiptError::Inclusion(ProofError::Length { expected: 2, found: 1 });
        assert_eq!(verify(&Receipt { proof: good.proof[..1].to_vec(), ..good.clone() }, b"b"), length);
        let head = TreeHead { size: 4, ..good.checkpoint.unverified().head() };
        assert_eq!(
            verify(&Receipt { checkpoint: signed(head), proof: vec![], ..good.clone() }, b"b"),
            ReceiptError::Inclusion(ProofError::Length { expected: 2, found: 0 })
        );

        let other = Checkpoint::new(name("other.example"), good.checkpoint.unverified().head());
        let other_log = NoteSigner::from_seed(name("other.example"), &[3; 32]);
        let elsewhere = Receipt { checkpoint: other.sign(&other_log).unwrap(), ..good.clone() };
        let origins = OpenError::Origin { expected: origin.clone(), found: name("other.example") };
        assert_eq!(verify(&elsewhere, b"b"), ReceiptError::Policy(PolicyError::Checkpoint(origins)));
        let unwitnessed = good.checkpoint.unverified().clone().sign(&log()).unwrap();
        let quorum = ReceiptError::Policy(PolicyError::Quorum { cosigned: 0 });
        assert_eq!(verify(&Receipt { checkpoint: unwitnessed, ..good }, b"b"), quorum);
    }

    #[test]
    fn one_fault_each_in_the_text() {
        let checkpoint = signed(TreeHead::EMPTY);
        let hash = Hash::EMPTY_ROOT;
        for (bad, error) in [
            (String::new(), ReceiptTextError::Separator),
            (format!("{HEADER}\nindex 1\n{hash}\n{checkpoint}"), ReceiptTextError::Proof),
            (format!("c2sp.org/tlog-proof@v2\nindex 1\n\n{checkpoint}"), ReceiptTextError::Header),
            (format!("{HEADER} \nindex 1\n\n{checkpoint}"), ReceiptTextError::Header),
            (format!("{HEADER}\n\n{checkpoint}"), ReceiptTextError::Index),
            (format!("{HEADER}\nindex 01\n\n{checkpoint}"), ReceiptTextError::Index),
            (format!("{HEADER}\nindex  1\n\n{checkpoint}"), ReceiptTextError::Index),
            (format!("{HEADER}\nindex 18446744073709551616\n\n{checkpoint}"), ReceiptTextError::Index),
            (format!("{HEADER}\n{hash}\nindex 1\n\n{checkpoint}"), ReceiptTextError::Index),
            (format!("{HEADER}\nextra \nindex 1\n\n{checkpoint}"), ReceiptTextError::Extra),
            (format!("{HEADER}\nextra\nindex 1\n\n{checkpoint}"), ReceiptTextError::Extra),
            (format!("{HEADER}\nextra AAB=\nindex 1\n\n{checkpoint}"), ReceiptTextError::Extra),
            (format!("{HEADER}\nextra AAA=\nextra AAA=\nindex 1\n\n{checkpoint}"), ReceiptTextError::Index),
            (format!("{HEADER}\nindex 1\nextra AAA=\n\n{checkpoint}"), ReceiptTextError::Proof),
            (format!("{HEADER}\nindex 1\n{hash} \n\n{checkpoint}"), ReceiptTextError::Proof),
            (
                format!("{HEADER}\nindex 1\n{}\n{checkpoint}", format!("{hash}\n").repeat(65)),
                ReceiptTextError::Proof,
            ),
            (
                format!("{HEADER}\nindex 1\n\n\n{checkpoint}"),
                ReceiptTextError::Checkpoint(CheckpointError::Origin),
            ),
            (
                format!("{HEADER}\nindex 1\n\n{checkpoint}\n"),
                ReceiptTextError::Checkpoint(CheckpointError::Note(NoteError::Signatures(0))),
            ),
            ("x".repeat(700_000), ReceiptTextError::Text),
        ] {
            assert_eq!(Receipt::parse(bad.as_bytes()), Err(error), "{}", &bad[..bad.len().min(200)]);
        }
        assert_eq!(Receipt::parse(b"\xff\n\n"), Err(ReceiptTextError::Text));
        assert!(Receipt::parse(format!("{HEADER}\nindex 0\n\n{checkpoint}").as_bytes()).is_ok());
        for extra in [vec![], vec![0; MAX_EXTRA_BYTES + 1]] {
            assert_eq!(receipt().with_extra(extra), Err(ReceiptTextError::Extra));
        }
    }
}
