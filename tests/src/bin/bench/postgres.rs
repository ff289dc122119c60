//! The same on PostgreSQL: a throw-away server, one registry process and three on one database.

use std::path::{Path, PathBuf};

use conformance::crash::postgres::Databases;
use conformance::crash::program::{Program, Storage};

use super::Failure;
use super::figure::Figures;
use super::http::Load;
use super::service::{engine, issued, synced, waited};

const PROCESSES: usize = 3;
/// Each is measured so often, in turn: what else the machine does meets both.
const ROUNDS: usize = 2;

pub(crate) fn measure(figures: &mut Figures, clients: &[usize], folder: &Path) -> Result<(), Failure> {
    let Some(databases) = Databases::start() else {
        figures.missing("the service on PostgreSQL: sudo apt-get install postgresql");
        return Ok(());
    };
    let bench = Bench { databases, folder: folder.to_owned() };
    clients.iter().try_for_each(|clients| bench.with(figures, *clients))
}

struct Bench {
    databases: Databases,
    folder: PathBuf,
}

impl Bench {
    fn with(&self, figures: &mut Figures, clients: usize) -> Result<(), Failure> {
        let place = self.folder.join(format!("engine-{clients}"));
        let store = self.databases.open(&place)?;
        let engine = engine(clients, &*store)?.per_second;
        drop(store);
        self.databases.remove(&place)?;
        let synced = synced(&self.folder.join(format!("synced-postgres-{clients}")))?;
        let (mut one, mut three) = (Load::default(), Load::default());
        for _ in 0..ROUNDS {
            one.add(self.issued(clients, 1)?);
            three.add(self.issued(clients, PROCESSES)?);
        }
        let name = |processes: &str| format!("PostgreSQL, {processes}, {clients} clients");
        let unit = "per second";
        for (processes, load) in [("one process", &one), ("three processes", &three)] {
            let figure = format!("issue over HTTP, {}", name(processes));
            figures.add(figure.clone(), load.per_second, unit, ("the store alone", engine));
            if processes != "one process" {
                figures.add(figure, load.per_second, unit, ("one process", one.per_second));
            }
            waited(figures, &name(processes), load, synced);
        }
        Ok(())
    }

    /// So many clients of so many processes on a database of their own.
    fn issued(&self, clients: usize, processes: usize) -> Result<Load, Failure> {
        let place = self.folder.join("service-postgres");
        let url = self.databases.url(&place)?;
        let mut all: Vec<Program> = Vec::new();
        for number in 0..processes {
            let own = place.join(number.to_string());
            std::fs::create_dir_all(&own)?;
            all.push(match all.first() {
                None => Program::start(&own, Storage::Postgres(&url))?,
                Some(first) => first.another(&own, &url)?,
            });
        }
        let first = all.first().ok_or("no process")?;
        let addresses: Vec<_> = all.iter().map(Program::address).collect();
        let issued = issued(clients, &addresses, &first.issuer("refinery")?)?;
        drop(all);
        self.databases.remove(&place)?;
        std::fs::remove_dir_all(&place)?;
        Ok(issued)
    }
}
