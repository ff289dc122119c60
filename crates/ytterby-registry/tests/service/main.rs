//! The service over real HTTP on loopback, with a real store.
#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod access;
mod admissions;
mod batches;
mod bodies;
mod contention;
mod cosigned;
mod crash;
mod first;
mod idempotency;
mod issue;
mod log;
mod make;
mod overload;
mod program;
mod recover;
mod status;
mod surface;
mod witness;
