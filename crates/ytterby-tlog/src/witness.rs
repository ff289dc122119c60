//! The witness protocol: what a log sends, what a witness answers, and how it decides. The transport
//! and the stored state are the caller's. Implements proto-docs/log.md, "Witnesses" (C2SP
//! tlog-witness).
//!
//! ```text
//! old 3
//! V8efTzGuApxdS9MLBzwnyU35NDiytGl+Hh7vW8A5SkE=
//! YcoROfaBWEHVuvLQ0tm9nf7pfImN1ve6DAqpQe5sAes=
//! WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=
//! SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=
//!
//! registry.example/ree
//! 5
//! fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=
//!
//! — registry.example/ree wmXTHFC+n1dXQmHF0Llda8MofyNu2gplUPsAM+eJ9EJx…
//! ```

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::line;
use crate::merkle::{ProofError, TreeHead, verify_consistency};
use crate::note::{MAX_NOTE_BYTES, NoteError, NoteSignature, SignatureError, parse_signature_lines};

/// Most hashes in a consistency proof that C2SP lets a client send.
const MAX_PROOF: usize = 63;

/// The body of an `add-checkpoint` request, of which nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why bytes are no request; the answer is 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not UTF-8, or longer than a request can be.
    #[error("not UTF-8, or too long")]
    Text,
    /// The first line is not `old` and a decimal number.
    #[error("the line \"old\" with a decimal number is missing")]
    Old,
    /// A line of the proof is no hash, or there are more than 63.
    #[error("the proof is not a list of at most {MAX_PROOF} hashes")]
    Proof,
    /// No empty line stands before the checkpoint.
    #[error("no empty line before the checkpoint")]
    Separator,
    /// What follows is no checkpoint.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The old size is larger than the checkpoint's.
    #[error("the old size is larger than the checkpoint")]
    OldSize,
    /// No known key of the log has signed, or one's signature is bad.
    #[error("{0}")]
    Signature(SignatureError),
    /// The witness knows no log of this origin.
    #[error("no log of this origin is known")]
    UnknownOrigin,
    /// The witness has last seen another size than the old one: this one, which is its answer.
    #[error("the latest cosigned size is {size}")]
    Conflict {
        /// The size last seen.
        size: u64,
    },
    /// The log has signed two trees of one size: keep the request, it is the evidence.
    #[error("the latest cosigned tree has the same size {size} and another root")]
    Fork {
        /// The size last seen.
        size: u64,
    },
    /// The proof does not show that the tree has only grown.
    #[error("{0}")]
    Inconsistent(ProofError),
}

impl AddCheckpoint {
    /// The request to cosign a checkpoint, from the size last cosigned and a consistency proof.
    pub fn new(old_size: u64, proof: Vec<Hash>, checkpoint: SignedCheckpoint) -> Self {
        AddCheckpoint { old_size, proof, checkpoint }
    }

    /// Parses the body of a request; it prints as it was read.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        // A line of the proof takes 45 bytes, the first one less.
        if bytes.len() > MAX_NOTE_BYTES + (MAX_PROOF + 1) * 45 {
            return Err(RequestError::Text);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RequestError::Text)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(RequestError::Separator)?;
        let lines: Vec<&str> = head.split('\n').collect();
        let [old, hashes @ ..] = &lines[..] else { return Err(RequestError::Old) };
        let old_size = old.strip_prefix("old ").and_then(line::decimal).ok_or(RequestError::Old)?;
        let proof = line::hashes(hashes, MAX_PROOF).ok_or(RequestError::Proof)?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(AddCheckpoint { old_size, proof, checkpoint })
    }

    /// Whether a witness that knows these keys of logs, and has last cosigned `seen` of the
    /// checkpoint's origin ([`TreeHead::EMPTY`] if nothing), may cosign the checkpoint. If so, it must
    /// store the checkpoint's head in place of `seen`, atomically and durably, before it cosigns.
    pub fn judge<'k>(
        &self,
        logs: impl IntoIterator<Item = &'k VerifierKey>,
        seen: &TreeHead,
    ) -> Result<&Checkpoint, Refusal> {
        let checkpoint = self.checkpoint.unverified();
        let head = checkpoint.head();
        let keys: Vec<&VerifierKey> =
            logs.into_iter().filter(|key| key.name() == checkpoint.origin()).collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownOrigin);
        }
        self.checkpoint.note().verify(keys).map_err(Refusal::Signature)?;
        if self.old_size > head.size {
            return Err(Refusal::OldSize);
        }
        if self.old_size != seen.size {
            return Err(Refusal::Conflict { size: seen.size });
        }
        if head.size == seen.size && head.root != seen.root {
            return Err(Refusal::Fork { size: seen.size });
        }
        verify_consistency(seen, &head, &self.proof).map_err(Refusal::Inconsistent)?;
        Ok(checkpoint)
    }

    /// The size that the log believes was last cosigned.
    pub fn old_size(&self) -> u64 {
        self.old_size
    }

    /// The checkpoint to cosign.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Refusal {
    /// The HTTP status of the answer. The body of a 409 is the size in decimal and a newline, its
    /// type `text/x.tlog.size`.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::OldSize => 400,
            Refusal::Signature(_) => 403,
            Refusal::UnknownOrigin => 404,
            Refusal::Conflict { .. } | Refusal::Fork { .. } => 409,
            Refusal::Inconsistent(_) => 422,
        }
    }
}

/// Parses a witness's answer: signature lines and nothing else. They are to be verified with
/// [`VerifierKey::verify`], and those of other keys left out.
pub fn parse_cosignatures(bytes: &[u8]) -> Result<Vec<NoteSignature>, NoteError> {
    if bytes.len() > MAX_NOTE_BYTES {
        return Err(NoteError::Long);
    }
    parse_signature_lines(std::str::from_utf8(bytes).map_err(|_| NoteError::Text)?)
}

/// A witness's answer.
pub fn print_cosignatures(signatures: &[NoteSignature]) -> String {
    signatures.iter().map(|signature| format!("{signature}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::Frontier;
    use crate::key::KeyName;
    use crate::signer::{Cosigner, NoteSigner};

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn log() -> NoteSigner {
        NoteSigner::from_seed(name("log.example"), &[1; 32])
    }

    fn head(entries: &[&str]) -> TreeHead {
        let mut frontier = Frontier::new();
        entries.iter().for_each(|entry| frontier.append(Hash::of_leaf(entry.as_bytes())).map(drop).unwrap());
        frontier.head()
    }

    fn request(old_size: u64, proof: &[Hash], head: TreeHead) -> AddCheckpoint {
        let checkpoint = Checkpoint::new(name("log.example"), head).sign(&log()).unwrap();
        AddCheckpoint::new(old_size, proof.to_vec(), checkpoint)
    }

    #[test]
    fn a_witness_goes_only_forward() {
        let (none, one, two) = (TreeHead::EMPTY, head(&["a"]), head(&["a", "b"]));
        let (other_one, b) = (head(&["x"]), Hash::of_leaf(b"b"));
        let (key, same_name) = (log(), NoteSigner::from_seed(name("log.example"), &[2; 32]));
        let other_log = NoteSigner::from_seed(name("other.example"), &[3; 32]);
        let root = Refusal::Inconsistent(ProofError::Root);
        let length = |expected, found| Refusal::Inconsistent(ProofError::Length { expected, found });
        for (seen, old_size, proof, new, expected) in [
            (none, 0, &[][..], none, Ok(())),
            (none, 0, &[], two, Ok(())),
            (one, 1, &[b], two, Ok(())),
            (two, 2, &[], two, Ok(())),
            (two, 0, &[], two, Err((409, Refusal::Conflict { size: 2 }))),
            (none, 1, &[b], two, Err((409, Refusal::Conflict { size: 0 }))),
            (two, 1, &[b], two, Err((409, Refusal::Conflict { size: 2 }))),
            (two, 1, &[], one, Err((409, Refusal::Conflict { size: 2 }))),
            (two, 2, &[], one, Err((400, Refusal::OldSize))),
            (one, 1, &[], other_one, Err((409, Refusal::Fork { size: 1 }))),
            (other_one, 1, &[b], two, Err((422, root))),
            (one, 1, &[], two, Err((422, length(1, 0)))),
            (one, 1, &[b, b], two, Err((422, length(1, 2)))),
            (none, 0, &[b], two, Err((422, length(0, 1)))),
            (two, 2, &[b], two, Err((422, length(0, 1)))),
        ] {
            let request = request(old_size, proof, new);
            assert_eq!(AddCheckpoint::parse(request.to_string().as_bytes()), Ok(request.clone()));
            let judged = request.judge([key.verifier_key(), other_log.verifier_key()], &seen);
            assert_eq!(
                judged.map(|checkpoint| assert_eq!(checkpoint.head(), new)),
                expected.map_err(|(status, refusal)| {
                    assert_eq!(refusal.status(), status);
                    refusal
                })
            );
        }
        let good = request(1, &[b], two);
        let refused = |signers: &[&NoteSigner]| {
            let refusal = good.judge(signers.iter().map(|signer| signer.verifier_key()), &one).unwrap_err();
            (refusal.status(), refusal)
        };
        assert_eq!(refused(&[&other_log]), (404, Refusal::UnknownOrigin));
        assert_eq!(refused(&[]), (404, Refusal::UnknownOrigin));
        assert_eq!(refused(&[&same_name]), (403, Refusal::Signature(SignatureError::Missing)));
        let forged = good.to_string().replace(&two.root.to_string(), &other_one.root.to_string());
        let forged = AddCheckpoint::parse(forged.as_bytes()).unwrap();
        let invalid = Refusal::Signature(SignatureError::Invalid(name("log.example")));
        assert_eq!(forged.judge([key.verifier_key()], &one), Err(invalid));
    }

    #[test]
    fn one_fault_each_in_the_text() {
        let checkpoint = request(0, &[], TreeHead::EMPTY).checkpoint;
        let hash = Hash::EMPTY_ROOT;
        for (bad, error) in [
            (String::new(), RequestError::Separator),
            (format!("\n\n{checkpoint}"), RequestError::Old),
            (format!("old\n\n{checkpoint}"), RequestError::Old),
            (format!("old 01\n\n{checkpoint}"), RequestError::Old),
            (format!("old -1\n\n{checkpoint}"), RequestError::Old),
            (format!("old 18446744073709551616\n\n{checkpoint}"), RequestError::Old),
            (format!("{hash}\nold 1\n\n{checkpoint}"), RequestError::Old),
            (format!("old 1\n{hash} \n\n{checkpoint}"), RequestError::Proof),
            (format!("old 1\n{checkpoint}"), RequestError::Proof),
            (format!("old 1\n{}\n{checkpoint}", format!("{hash}\n").repeat(64)), RequestError::Proof),
            (format!("old 1\n\n\n{checkpoint}"), RequestError::Checkpoint(CheckpointError::Origin)),
            ("x".repeat(600_000), RequestError::Text),
        ] {
            let parsed = AddCheckpoint::parse(bad.as_bytes());
            assert_eq!(parsed, Err(error), "{}", &bad[..bad.len().min(200)]);
        }
        assert_eq!(AddCheckpoint::parse(b"\xff\n\n"), Err(RequestError::Text));
        let most = format!("old 1\n{}\n{checkpoint}", format!("{hash}\n").repeat(63));
        assert!(AddCheckpoint::parse(most.as_bytes()).is_ok());
    }

    #[test]
    fn answers_round_trip() {
        let checkpoint = Checkpoint::new(name("log.example"), TreeHead::EMPTY);
        let witness = |seed| Cosigner::from_seed(name("w.example"), &[seed; 32]);
        let signatures = [1, 2].map(|seed| witness(seed).cosign(&checkpoint, 5).unwrap());
        let answer = print_cosignatures(&signatures);
        assert_eq!(parse_cosignatures(answer.as_bytes()).unwrap(), signatures);
        let key = witness(2).verifier_key().clone();
        let text = checkpoint.to_string();
        let verified: Vec<_> = signatures.iter().filter(|s| key.verify(&text, s).is_ok()).collect();
        assert_eq!(verified, [&signatures[1]]);
        for (bad, error) in [
            (Vec::new(), NoteError::Signatures(0)),
            (b"\n".to_vec(), NoteError::Signature(1)),
            (answer.trim_end().as_bytes().to_vec(), NoteError::Signature(2)),
            (format!("{answer}\n").into_bytes(), NoteError::Signature(3)),
            (format!("text\n\n{answer}").into_bytes(), NoteError::Signature(1)),
            (b"\xff\n".to_vec(), NoteError::Text),
            (answer.repeat(33).into_bytes(), NoteError::Signatures(66)),
            (vec![b'x'; MAX_NOTE_BYTES + 1], NoteError::Long),
        ] {
            assert_eq!(parse_cosignatures(&bad), Err(error));
        }
    }
}
