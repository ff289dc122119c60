//! Following a log: reading its public files, replaying its entries, keeping them.
//!
//! The witness, the monitor and `log verify` differ in what they do afterwards, not in how they come
//! to know a log. Implements proto-docs/monitoring.md, "Following a log".

mod accuse;
mod files;
mod kept;
mod mirror;
mod proofs;
mod replica;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

pub(crate) use accuse::{accuse, fork_in_tiles};
pub(crate) use files::{LogFiles, MAX_STATUS_LIST, status_list_path};
pub(crate) use kept::{Kept, Read};
pub(crate) use mirror::mirror;
pub(crate) use proofs::Proofs;
pub(crate) use replica::{Fault, FollowError, Patience, Replica};

use replica::Step;

/// How an origin is named in paths: the hexadecimal SHA-256 of it.
pub(crate) fn origin_hash(origin: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(origin.as_bytes()))
}
