//! The service over real HTTP on loopback, with a real store.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where something fails")]

mod access;
mod accreditations;
mod admissions;
mod batches;
mod bodies;
#[expect(dead_code, reason = "these tests need one server that lives")]
#[path = "../../../ytterby-store/tests/cluster/mod.rs"]
mod cluster;
mod contention;
mod cosigned;
mod crash;
mod database;
mod first;
mod gate;
mod idempotency;
mod issue;
mod log;
mod make;
mod overload;
mod program;
mod recover;
mod screening;
mod status;
mod surface;
mod witness;
