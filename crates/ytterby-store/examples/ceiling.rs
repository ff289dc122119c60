//! The most that the engine does: durable registrations per second, with nothing in front of it.
//! Prints a JSON line for each number of callers. Arguments: a folder on the disk to measure.

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
use ytterby_store::{Draw, NewCertificate, NewLot, Registration, Sqlite, SqliteOptions, Store, StoreError};

/// How long each number of callers is measured.
const SECONDS: u64 = 3;
/// The canonical form of a processing certificate is about as long.
const BYTES: usize = 3_000;
const AT: &str = "2026-03-01T08:00:00Z";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    for clients in [1, 16, 128] {
        let place = tempfile::tempdir_in(&folder)?;
        let home = Home::parse("registry.example/ree").ok_or("an origin")?;
        let store = Sqlite::open(place.path().join("ceiling.db"), &home, SqliteOptions::default())?;
        for (name, drawing) in [("origin", false), ("drawing", true)] {
            let per_second = measure(&store, clients, drawing)? / SECONDS;
            writeln!(
                std::io::stdout(),
                r#"{{"name":"register/{name}","clients":{clients},"per_second":{per_second}}}"#
            )?;
        }
    }
    Ok(())
}

/// Registrations acknowledged before the time was over.
fn measure(store: &Sqlite, clients: usize, drawing: bool) -> Result<u64, StoreError> {
    let runtime = || tokio::runtime::Builder::new_current_thread().build();
    let engine = |error: std::io::Error| StoreError::Engine(error.to_string());
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let callers: Vec<_> = (0..clients)
            .map(|client| {
                let (stop, done) = (&stop, &done);
                scope.spawn(move || {
                    let runtime = runtime().map_err(engine)?;
                    let lot = certificate(&format!("lot {client} {drawing}"), None)?;
                    let input = lot.certificates.first().map(|lot| lot.digest);
                    runtime.block_on(store.register(lot))?;
                    for n in 0.. {
                        let next =
                            certificate(&format!("{client} {drawing} {n}"), input.filter(|_| drawing))?;
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
