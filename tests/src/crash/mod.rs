//! What is left when something breaks: processes killed, power cut, writers in each other's way, connections
//! lost, storage that fails. `make test` runs a few rounds of each, the program `crash` (`make crash`) the
//! figures that count. Everything random comes from a seed that is printed.

pub mod audit;
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "one server that lives is enough here"
)]
#[path = "../../../crates/ytterby-store/tests/cluster/mod.rs"]
mod cluster;
pub mod connection;
pub mod contention;
pub mod drafts;
pub mod faults;
pub mod faulty;
pub mod kills;
pub mod postgres;
pub mod power;
pub mod program;
pub mod random;
pub mod retries;
pub mod served;
pub mod witness;
pub mod writer;

use std::path::Path;

use ytterby::Home;
use ytterby_store::{Sqlite, SqliteOptions, Store};

/// Why a run ended: something was lost, or could not be tried.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Opens the store of a place, an empty one if there is none yet. An engine is one such function.
pub type Open<'a> = dyn Fn(&Path) -> Result<Box<dyn Store>, Failure> + Sync + 'a;

/// The log of the stores that are opened here.
pub const ORIGIN: &str = "registry.example/log";

/// The SQLite engine as a registry runs it.
pub fn sqlite(place: &Path) -> Result<Box<dyn Store>, Failure> {
    Ok(Box::new(Sqlite::open(place, &origin(), SqliteOptions::default())?))
}

/// The origin of [`ORIGIN`].
///
/// # Panics
///
/// Never: it is an origin.
pub fn origin() -> Home {
    Home::parse(ORIGIN).expect("an origin")
}

/// Waits for an answer of a store.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?.block_on(answer))
}

/// What must hold, or the run has failed.
pub(crate) fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(what().into()) }
}
