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
        let options = PostgresOptions { replication: Replication::Any, ..PostgresOptions::default() };
        Ok(Box::new(Postgres::open(&self.url(place)?, &origin(), options)?))
    }

    /// The connection string of a place's database, which is made if there is none yet.
    pub fn url(&self, place: &Path) -> Result<String, Failure> {
        let name = name(place);
        let there = self.0.ask(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"))?;
        if there == "0" {
            self.0.ask(&format!("CREATE DATABASE {name}"))?;
        }
        Ok(self.0.url(&name))
    }

    /// Copies the store of a place, which nobody has open, to another place.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        self.0.ask(&format!("CREATE DATABASE {} TEMPLATE {}", name(to), name(from)))?;
        Ok(())
    }

    /// Removes the store of a place, if there is one.
    pub fn remove(&self, place: &Path) -> Result<(), Failure> {
        self.0.ask(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(place)))?;
        Ok(())
    }
}

/// What the database of a place is called.
fn name(place: &Path) -> String {
    let digest = Digest::of(place.as_os_str().as_encoded_bytes());
    let name: String = digest.as_bytes()[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("place_{name}")
}
