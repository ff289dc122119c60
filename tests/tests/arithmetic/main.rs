//! Conservation against an oracle: what is honest passes, what creates a milligram does not.
//!
//! `YTTERBY_SEED` adds to the seeds that always run; every seed is printed.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod attack;
mod forged;
mod honest;
mod limits;
mod masses;
mod oracle;
mod plant;
