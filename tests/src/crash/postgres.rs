//! The PostgreSQL engine: a throw-away server, a database for each place.

use std::path::Path;

use ytterby::digest::Digest;
use ytterby_store::{Postgres, PostgresOptions, Replication, Store};

use super::cluster::{Server, programs};
use super::{Failure, origin};

/// A server of its own, which goes when this is dropped.
pub struct Databases(Server);

impl Databases {
    /// Starts the server; none, and a line that says so, if its programs are not here.
    pub fn start() -> Option<Self> {
        programs().map(|bin| Databases(Server::start(bin, &[])))
    }

    /// Opens the store of a place, an empty one if there is none yet.
    pub fn open(&self, place: &Path) -> Result<Box<dyn Store>, Failure> {
        let digest = Digest::of(place.as_os_str().as_encoded_bytes());
        let name: String = digest.as_bytes()[..10].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("place_{name}");
        let there = self.0.ask(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"))?;
        if there == "0" {
            self.0.ask(&format!("CREATE DATABASE {name}"))?;
        }
        let options = PostgresOptions { replication: Replication::Any, ..PostgresOptions::default() };
        Ok(Box::new(Postgres::open(&self.0.url(&name), &origin(), options)?))
    }
}
