//! What a transparency log is made of, and nothing about what is logged.
//!
//! Merkle trees as RFC 9162 hashes them, the tiles they are stored in, signed notes, checkpoints,
//! offline receipts, witness policies and the witness protocol, all in the texts of C2SP. This crate
//! has no clock, no randomness, no disk and no network: bytes, keys and times are arguments.
//!
//! Start at [`Receipt::verify`] (a verifier), [`grow`] (a log) or [`AddCheckpoint::judge`] (a
//! witness); what our profile adds to the C2SP texts is in `proto-docs/log.md`.

mod appended;
mod bundle;
mod checkpoint;
mod frontier;
mod hash;
mod key;
mod line;
mod merkle;
mod note;
mod policy;
mod policy_text;
mod receipt;
mod signer;
mod tile;
mod tile_tree;
mod witness;

pub use appended::Appended;
pub use bundle::{Bundle, BundleError, MAX_ENTRY_BYTES};
pub use checkpoint::{Checkpoint, CheckpointError, OpenError, SignedCheckpoint};
pub use frontier::{Frontier, FrontierError};
pub use hash::{Hash, HashError};
pub use key::{KeyError, KeyName, SignatureKind, VerifierKey};
pub use merkle::{ProofError, TreeHead, verify_consistency, verify_inclusion};
pub use note::{
    MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature, SignatureError, SignedNote, Verified,
};
pub use policy::{Cosignature, Policy, PolicyError, Witness, Witnessed};
pub use policy_text::{PolicyFault, PolicyTextError};
pub use receipt::{Included, Receipt, ReceiptError, ReceiptTextError};
pub use signer::{Cosigner, MAX_TIME, NoteSigner, TimeError};
pub use tile::{TILE_WIDTH, Tile};
pub use tile_tree::{Growth, TileError, TileTree, grow};
pub use witness::{AddCheckpoint, Refusal, RequestError, parse_cosignatures, print_cosignatures};
