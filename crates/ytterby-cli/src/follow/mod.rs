//! Following a log: reading its public files, replaying its entries, keeping them.
//!
//! The witness, the monitor and `log verify` differ in what they do afterwards, not in how they come
//! to know a log. Implements proto-docs/monitoring.md, "Following a log".

mod files;
mod kept;
mod replica;

pub(crate) use files::LogFiles;
pub(crate) use kept::Kept;
pub(crate) use replica::{Fault, FollowError, Patience, Replica, Step};
