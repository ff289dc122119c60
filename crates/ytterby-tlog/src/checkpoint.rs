//! Checkpoints: a log's statement of how large it is and what its root is, in a signed note.
//! Implements proto-docs/log.md, "Checkpoints" (C2SP tlog-checkpoint).
//!
//! ```text
//! registry.example/ree
//! 5
//! fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=
//!
//! — registry.example/ree wmXTHFC+n1dXQmHF0Llda8MofyNu2gplUPsAM+eJ9EJx…
//! — witness.example/1 bqJ0tAAAAABqsTuADv9QVx9p03UqQ0G9YANEz4KjwztMEruR…
//! ```

use std::fmt;

use crate::hash::Hash;
use crate::key::{KeyName, VerifierKey};
use crate::line;
use crate::merkle::TreeHead;
use crate::note::{NoteError, NoteSignature, SignatureError, SignedNote, Verified};
use crate::signer::NoteSigner;

/// The text of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: KeyName,
    head: TreeHead,
    extensions: Vec<String>,
}

/// A checkpoint and the signatures on it, of which nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no signed note.
    #[error("not a signed note: {0}")]
    Note(#[from] NoteError),
    /// Fewer than three lines.
    #[error("a checkpoint has an origin, a size and a root")]
    Lines,
    /// The origin is not the name of a key.
    #[error("the origin is not a URL without its scheme")]
    Origin,
    /// The size is no decimal number that a `u64` holds.
    #[error("the size is no decimal number")]
    Size,
    /// The root is not the base64 of a hash, or a tree without leaves has another root than it must.
    #[error("the root is no hash, or not that of the empty tree")]
    Root,
    /// An extension line is empty.
    #[error("an extension line is empty")]
    Extension,
}

/// Why a checkpoint is not accepted as a log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is another log's.
    #[error("the checkpoint is of {found}, not of {expected}")]
    Origin {
        /// The origin of the key.
        expected: KeyName,
        /// The origin of the checkpoint.
        found: KeyName,
    },
    /// The log's signature is missing or bad.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Checkpoint {
    /// The checkpoint of a log at a tree head, without extension lines.
    pub fn new(origin: KeyName, head: TreeHead) -> Self {
        Checkpoint { origin, head, extensions: Vec::new() }
    }

    /// Parses the text of a note; it prints as it was read.
    pub(crate) fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = line::lines(text).ok_or(CheckpointError::Lines)?;
        let [origin, size, root, extensions @ ..] = &lines[..] else { return Err(CheckpointError::Lines) };
        let origin = KeyName::parse(origin).map_err(|_| CheckpointError::Origin)?;
        let size = line::decimal(size).ok_or(CheckpointError::Size)?;
        let root = Hash::parse(root).map_err(|_| CheckpointError::Root)?;
        if size == 0 && root != Hash::EMPTY_ROOT {
            return Err(CheckpointError::Root);
        }
        if extensions.contains(&"") {
            return Err(CheckpointError::Extension);
        }
        let extensions = extensions.iter().copied().map(str::to_owned).collect();
        Ok(Checkpoint { origin, head: TreeHead { size, root }, extensions })
    }

    /// Which log it is of.
    pub fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// Further lines, which only the signers know the meaning of.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs as the log. The head must be committed, or a crash signs two heads of one size.
    pub fn sign(self, log: &NoteSigner) -> Result<SignedCheckpoint, OpenError> {
        same_origin(&self, log.verifier_key().name())?;
        let text = self.to_string();
        let note = SignedNote::of_one(log.sign(&text), text);
        Ok(SignedCheckpoint { checkpoint: self, note })
    }
}

/// The text that is signed, with its last newline.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, self.head.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignedCheckpoint {
    /// Parses a checkpoint with its signatures; it prints as it was read.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(bytes)?;
        Ok(SignedCheckpoint { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// What is stated. Nobody needs to have signed it: use [`SignedCheckpoint::open`].
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Adds a signature, such as a witness's, below the others.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.note.add(signature)
    }

    /// The checkpoint, once it is found to be of the log whose key this is, and signed with it.
    pub fn open(&self, log: &VerifierKey) -> Result<&Checkpoint, OpenError> {
        same_origin(&self.checkpoint, log.name())?;
        self.note.verify([log])?;
        Ok(&self.checkpoint)
    }

    /// The signatures by known keys, once one of the log's keys is found among them. All keys of the
    /// log must have the checkpoint's origin as their name.
    pub(crate) fn open_with<'k>(
        &self,
        origin: &KeyName,
        logs: &[&'k VerifierKey],
        witnesses: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<Verified<'k>>, OpenError> {
        same_origin(&self.checkpoint, origin)?;
        let verified = self.note.verify(logs.iter().copied().chain(witnesses))?;
        let by_log = verified.iter().any(|signature| logs.contains(&signature.key));
        if by_log { Ok(verified) } else { Err(SignatureError::Missing.into()) }
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

fn same_origin(checkpoint: &Checkpoint, expected: &KeyName) -> Result<(), OpenError> {
    if checkpoint.origin == *expected {
        return Ok(());
    }
    Err(OpenError::Origin { expected: expected.clone(), found: checkpoint.origin.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    #[test]
    fn one_fault_each() {
        let root = Hash::of_leaf(b"").to_string();
        let good = format!("log.example\n1\n{root}\n");
        let parsed = Checkpoint::parse(&good).unwrap();
        assert_eq!(parsed.to_string(), good);
        let extended = format!("{good}more\nand more\n");
        assert_eq!(parsed.extensions(), [""; 0]);
        let parsed = Checkpoint::parse(&extended).unwrap();
        assert_eq!(
            (parsed.to_string(), parsed.extensions()),
            (extended, &["more".to_owned(), "and more".to_owned()][..])
        );
        for (bad, error) in [
            (String::new(), CheckpointError::Lines),
            (format!("log.example\n1\n{root}"), CheckpointError::Lines),
            ("log.example\n1\n".into(), CheckpointError::Lines),
            (format!("\n1\n{root}\n"), CheckpointError::Origin),
            (format!("log example\n1\n{root}\n"), CheckpointError::Origin),
            (format!("log.example\n01\n{root}\n"), CheckpointError::Size),
            (format!("log.example\n+1\n{root}\n"), CheckpointError::Size),
            (format!("log.example\n-1\n{root}\n"), CheckpointError::Size),
            (format!("log.example\n\n{root}\n"), CheckpointError::Size),
            (format!("log.example\n18446744073709551616\n{root}\n"), CheckpointError::Size),
            (format!("log.example\n1\n{}\n", &root[1..]), CheckpointError::Root),
            (format!("log.example\n0\n{root}\n"), CheckpointError::Root),
            (format!("{good}\n"), CheckpointError::Extension),
            (format!("{good}\nmore\n"), CheckpointError::Extension),
        ] {
            assert_eq!(Checkpoint::parse(&bad), Err(error), "{bad:?}");
        }
        assert_eq!(SignedCheckpoint::parse(b"x"), Err(CheckpointError::Note(NoteError::Separator)));
    }

    #[test]
    fn only_the_log_of_the_origin_opens() {
        let log = NoteSigner::from_seed(name("log.example"), &[1; 32]);
        let other_log = NoteSigner::from_seed(name("other.example"), &[2; 32]);
        let same_name = NoteSigner::from_seed(name("log.example"), &[3; 32]);
        let checkpoint = Checkpoint::new(name("log.example"), TreeHead::EMPTY);
        let signed = checkpoint.clone().sign(&log).unwrap();
        assert_eq!(SignedCheckpoint::parse(signed.to_string().as_bytes()), Ok(signed.clone()));
        assert_eq!(signed.open(log.verifier_key()), Ok(&checkpoint));
        let missing = Err(OpenError::Signature(SignatureError::Missing));
        assert_eq!(signed.open(same_name.verifier_key()), missing);
        let another = OpenError::Origin { expected: name("other.example"), found: name("log.example") };
        assert_eq!(signed.open(other_log.verifier_key()), Err(another.clone()));
        assert_eq!(checkpoint.clone().sign(&other_log), Err(another));

        // A log that signs another one's origin is not that log.
        let text = checkpoint.to_string();
        let note = SignedNote::new(text.clone(), vec![other_log.sign(&text)]).unwrap();
        let stolen = SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(stolen.open(log.verifier_key()), missing);

        // Rotation: both keys sign for a while, and each opens.
        let mut both = signed;
        both.add(same_name.sign(&text)).unwrap();
        assert!(both.open(log.verifier_key()).is_ok() && both.open(same_name.verifier_key()).is_ok());
    }
}
