//! The most that the engines do: durable registrations per second, with nothing in front of them.
//! Prints a JSON line for each number of callers. Arguments: a folder on the disk to measure, and, for
//! PostgreSQL too, the connection string of an empty database (of a server on that disk): one instance and
//! three at once, against rows of the same size that are inserted in groups of as many as there are callers.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::form::Kind;
use ytterby::masses::Masses;
use ytterby_store::{
    Draw, NewCertificate, NewLot, Postgres, PostgresOptions, Registration, Replication, Sqlite,
    SqliteOptions, Store, StoreError,
};

/// How long each number of callers is measured.
const SECONDS: u64 = 3;
/// The canonical form of a processing certificate is about as long.
const BYTES: usize = 3_000;
const AT: &str = "2026-03-01T08:00:00Z";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let home = Home::parse("registry.example/ree").ok_or("an origin")?;
    for clients in [1, 16, 128] {
        let place = tempfile::tempdir_in(&folder)?;
        let store = Sqlite::open(place.path().join("ceiling.db"), &home, SqliteOptions::default())?;
        both("sqlite", &[&store], clients)?;
    }
    let Some(url) = std::env::args().nth(2) else { return Ok(()) };
    let options = PostgresOptions { replication: Replication::Any, ..PostgresOptions::default() };
    let open = || Postgres::open(&url, &home, options);
    let stores = [open()?, open()?, open()?];
    for clients in [1, 16, 128] {
        say("postgres, bare group commit", clients, bare(&url, clients)?)?;
        both("postgres, one process", &[&stores[0]], clients)?;
        let all: Vec<&dyn Store> = stores.iter().map(|store| store as &dyn Store).collect();
        both("postgres, three processes with as many callers each", &all, 3 * clients)?;
    }
    Ok(())
}

fn both(engine: &str, stores: &[&dyn Store], clients: usize) -> Result<(), Box<dyn std::error::Error>> {
    for (name, drawing) in [("origin", false), ("drawing", true)] {
        say(&format!("{engine}: {name}"), clients, measure(stores, clients, drawing)? / SECONDS)?;
    }
    Ok(())
}

fn say(name: &str, clients: usize, per_second: u64) -> std::io::Result<()> {
    let line = format!(r#"{{"name":"{name}","clients":{clients},"per_second":{per_second}}}"#);
    writeln!(std::io::stdout(), "{line}")
}

/// Rows per second that are inserted in groups, each group in one durable transaction of its own.
fn bare(url: &str, group: usize) -> Result<u64, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        let driving = tokio::spawn(connection);
        client.batch_execute("CREATE TABLE IF NOT EXISTS ceiling (bytes bytea)").await?;
        let insert = client.prepare("INSERT INTO ceiling SELECT unnest($1::bytea[])").await?;
        let row = vec![b' '; BYTES];
        let rows: Vec<&[u8]> = (0..group).map(|_| &row[..]).collect();
        let mut groups = 0;
        let measured = tokio::time::timeout(Duration::from_secs(SECONDS), async {
            loop {
                client.execute(&insert, &[&rows]).await?;
                groups += 1;
            }
        });
        if let Ok(failed) = measured.await {
            let failed: Result<(), tokio_postgres::Error> = failed;
            failed?;
        }
        drop(client);
        driving.await??;
        Ok(groups * group as u64 / SECONDS)
    })
}

/// Registrations acknowledged before the time was over.
fn measure(stores: &[&dyn Store], clients: usize, drawing: bool) -> Result<u64, StoreError> {
    let runtime = || tokio::runtime::Builder::new_current_thread().build();
    let engine = |error: std::io::Error| StoreError::Engine(error.to_string());
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    // What is registered stays, so that each run needs names of its own.
    static RUN: AtomicU64 = AtomicU64::new(0);
    let run = RUN.fetch_add(1, Ordering::Relaxed);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..clients)
            .map(|client| {
                let (stop, done, store) = (&stop, &done, stores[client % stores.len()]);
                scope.spawn(move || {
                    let runtime = runtime().map_err(engine)?;
                    let lot = certificate(&format!("lot {run} {client}"), None)?;
                    let input = lot.certificates.first().map(|lot| lot.digest);
                    runtime.block_on(store.register(lot))?;
                    for n in 0.. {
                        let next = certificate(&format!("{run} {client} {n}"), input.filter(|_| drawing))?;
                        runtime.block_on(store.register(next))?;
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(SECONDS));
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().try_for_each(|caller| {
            caller.join().unwrap_or_else(|_| Err(StoreError::Engine("a caller panicked".to_owned())))
        })
    })?;
    Ok(done.into_inner())
}

/// A certificate with a lot of two elements; it draws one milligram of each, if it draws.
fn certificate(name: &str, draws: Option<Digest>) -> Result<Registration, StoreError> {
    let invalid = |what: &str| StoreError::Engine(what.to_owned());
    let issuer = Did::parse("did:web:mine.example").map_err(|_| invalid("did"))?;
    let element = |symbol| Element::parse(symbol).ok_or_else(|| invalid("element"));
    let (neodymium, praseodymium) = (element("Nd")?, element("Pr")?);
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(BYTES, b' ');
    let amount = Masses::from_iter([(neodymium, 1), (praseodymium, 1)]);
    let content = Masses::from_iter([(neodymium, 700_000_000), (praseodymium, 200_000_000)]);
    let lot = NewLot {
        number: name.to_owned(),
        step: "separation".to_owned(),
        form: "oxide".to_owned(),
        holder: Some(issuer.clone()),
        content,
        carried: String::new(),
    };
    let certificate = NewCertificate {
        digest: Digest::of(&bytes),
        id: format!("urn:uuid:{name}"),
        issuer,
        home: Home::parse("registry.example/ree").ok_or_else(|| invalid("origin"))?,
        kind: if draws.is_some() { Kind::Processing } else { Kind::Origin },
        created: AT.to_owned(),
        external_id: name.to_owned(),
        bytes,
        lot: Some(lot),
        draws: draws.into_iter().map(|lot| Draw { lot, amount: amount.clone() }).collect(),
        about: vec![],
    };
    Ok(Registration { certificates: vec![certificate], idempotency: None, at: AT.to_owned() })
}
