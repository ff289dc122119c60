//! The service over real HTTP on loopback, with a real store.

mod access;
mod batches;
mod bodies;
mod contention;
mod crash;
mod idempotency;
mod issue;
mod make;
mod surface;
