//! The auditing witness: it reads what a log has signed before it cosigns. Implements
//! proto-docs/log.md, "Witnesses" (C2SP tlog-witness).

mod answer;
mod config;
mod keeper;
mod server;
mod state;

pub(crate) use config::Config;
pub(crate) use server::serve;
pub(crate) use state::State;
