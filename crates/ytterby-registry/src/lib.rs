//! The registry: authenticates, admits, signs and registers certificates over HTTP.
//!
//! Why a crate of its own: it keeps the web framework, the key custody and the clock out of
//! everything that verifies. Start at [`http::routes`] and [`server::serve`]; what happens to a
//! certificate is in one place, `issue`. Implements proto-docs/http-api.md.

mod accreditations;
mod admission;
mod app;
pub mod auth;
mod batch;
mod bundles;
pub mod clock;
pub mod config;
mod cosigning;
pub mod gate;
pub mod http;
mod idempotency;
mod inputs;
mod issue;
pub mod log;
mod mark;
pub mod peers;
mod problem;
pub mod random;
mod receipts;
pub mod recover;
mod reference;
mod registrar;
pub mod screening;
pub mod seal;
pub mod server;
mod show;
mod statuses;
mod witness;
pub mod witnesses;

pub use app::{About, App, SealCheck};
pub use problem::Problem;
