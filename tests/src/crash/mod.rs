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

/// An engine, as far as these tests need to know it.
#[derive(Clone, Copy)]
pub struct Engine<'e> {
    /// Opens a store.
    pub open: &'e Open<'e>,
    /// Copies the store of a place, which nobody has open, to another place.
    pub copy: &'e (dyn Fn(&Path, &Path) -> Result<(), Failure> + 'e),
    /// Removes the store of a place, which nobody has open.
    pub remove: &'e (dyn Fn(&Path) -> Result<(), Failure> + 'e),
}

/// The SQLite engine: a place is a file.
pub const SQLITE: Engine<'static> = Engine { open: &sqlite, copy: &copy_file, remove: &remove_file };

/// The log of the stores that are opened here.
pub const ORIGIN: &str = "registry.example/log";

/// The SQLite engine as a registry runs it.
pub fn sqlite(place: &Path) -> Result<Box<dyn Store>, Failure> {
    Ok(Box::new(Sqlite::open(place, &origin(), SqliteOptions::default())?))
}

// A store that was closed has all it holds in the one file.
fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::copy(from, to).map(drop).map_err(Failure::from)
}

fn remove_file(place: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
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
