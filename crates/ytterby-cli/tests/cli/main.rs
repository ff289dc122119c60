//! The binary, spawned as a user spawns it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod accreditation;
mod attested;
mod delivery;
mod examples;
mod formats;
mod issue;
mod keys;
mod liar;
mod log;
mod network;
mod online;
mod paper;
mod policy;
mod portfolio;
mod reading;
mod record;
mod registered;
mod remote;
mod rules;
mod run;
mod verify;
mod walks;
mod witness;
