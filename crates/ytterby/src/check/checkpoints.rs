//! Does a checkpoint count: has its log signed it, and a quorum of the witnesses that audit it?
//! (proto-docs/registration.md, "Verifying registration", step 5.)
//!
//! Thousands of receipts hold one checkpoint; its signatures are verified when it is first seen.

use std::collections::HashMap;

use jiff::Timestamp;
use ytterby_tlog::{PolicyError, SignedCheckpoint, TreeHead};

use crate::digest::Digest;
use crate::finding::Code;
use crate::trust::PinnedRegistry;

/// Opens checkpoints, each once, within a budget of signatures.
pub(crate) struct Checkpoints {
    /// By digest of the checkpoint's text with its signatures, which names its log.
    seen: HashMap<Digest, Result<Seen, Fault>>,
    signatures_left: usize,
}

/// A checkpoint that its log has signed, and a quorum cosigned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) head: TreeHead,
    /// When the quorum had cosigned.
    pub(crate) at: Timestamp,
    /// How many of the witnesses that audit the log have.
    pub(crate) cosigned: u8,
}

/// What is wrong, as the code and the text of a finding.
pub(crate) type Fault = (Code, String);

impl Checkpoints {
    /// None seen yet, and so many signatures that may be verified.
    pub(crate) fn new(signatures: usize) -> Self {
        Checkpoints { seen: HashMap::new(), signatures_left: signatures }
    }

    /// What a checkpoint states, if it counts. `digest` is that of its text with its signatures.
    pub(crate) fn seen(
        &mut self,
        digest: Digest,
        checkpoint: &SignedCheckpoint,
        pinned: &PinnedRegistry,
    ) -> Result<Seen, Fault> {
        // The same text is a checkpoint of one log alone, whoever asks.
        if checkpoint.unverified().origin().as_str() != pinned.origin.as_str() {
            let text = format!("it is a checkpoint of {}", checkpoint.unverified().origin());
            return Err((Code::RegistrationCheckpoint, text));
        }
        if let Some(seen) = self.seen.get(&digest) {
            return seen.clone();
        }
        let Some(left) = self.signatures_left.checked_sub(checkpoint.note().signatures().len()) else {
            let text = "the budget of signatures on checkpoints is spent";
            return Err((Code::LimitSignatures, text.to_owned()));
        };
        self.signatures_left = left;
        let seen = look(checkpoint, pinned).and_then(|seen| within(seen, pinned));
        self.seen.insert(digest, seen.clone());
        seen
    }
}

/// Verifies a checkpoint: its log's signature, those of the witnesses, the quorum.
fn look(checkpoint: &SignedCheckpoint, pinned: &PinnedRegistry) -> Result<Seen, Fault> {
    let (Some(policy), Some((need, all))) = (pinned.policy(), pinned.quorum()) else {
        let text = format!("the trust file has no [quorum] of witnesses for {}", pinned.origin);
        return Err((Code::RegistrationQuorum, text));
    };
    match policy.open(pinned.key.name(), checkpoint) {
        Ok(witnessed) => Ok(Seen {
            head: witnessed.checkpoint().head(),
            at: timestamp(witnessed.time()),
            cosigned: u8::try_from(witnessed.cosignatures().len()).unwrap_or(u8::MAX),
        }),
        Err(PolicyError::Quorum { cosigned }) => {
            let text =
                format!("cosigned by {cosigned} of the {all} witnesses that audit it, {need} are needed");
            Err((Code::RegistrationQuorum, text))
        }
        Err(error) => Err((Code::RegistrationCheckpoint, error.to_string())),
    }
}

/// A frozen log ends where the trust file says, and has one tree there. That an older tree is part of
/// that one is believed: of a checkpoint alone it cannot be shown.
fn within(seen: Seen, pinned: &PinnedRegistry) -> Result<Seen, Fault> {
    let Some(last) = pinned.frozen else { return Ok(seen) };
    let size = seen.head.size;
    if size > last.size {
        let text = format!("a checkpoint of {size} entries; {} is frozen at {}", pinned.origin, last.size);
        return Err((Code::RegistrationFrozen, text));
    }
    if size == last.size && seen.head.root != last.root {
        let text = format!("a checkpoint of {size} entries has another root than the trust file's");
        return Err((Code::RegistrationConsistency, text));
    }
    Ok(seen)
}

/// A time that no calendar has is later than every time that can be asked about.
fn timestamp(seconds: Option<u64>) -> Timestamp {
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}
