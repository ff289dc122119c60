//! Certificates that the service issues in a second, durably and over HTTP, against what its engine does with
//! nothing in front of it and what its HTTP layer does with nothing behind it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use ytterby::Draft;
use ytterby::digest::Digest;
use ytterby_store::{NewCertificate, NewLot, Registration, Sqlite, SqliteOptions, Store};

use super::Failure;
use super::clock::Wall;
use super::figure::Figures;
use super::http::{Connection, Load, per_second};
use super::postgres;
use conformance::book::{Book, time};
use conformance::crash::origin;
use conformance::crash::program::{Program, Storage};

const CLIENTS: [usize; 3] = [1, 16, 128];

pub(crate) fn measure(figures: &mut Figures) -> Result<(), Failure> {
    let binary = std::env::current_exe()?.with_file_name("ytterby-registry");
    if !binary.is_file() {
        figures.missing("the service: cargo build --release -p ytterby-registry");
        return Ok(());
    }
    let folder = super::target().join(format!("bench-service-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut result = CLIENTS.into_iter().try_for_each(|clients| with(figures, clients, &folder));
    if result.is_ok() {
        result = postgres::measure(figures, &CLIENTS, &folder);
    }
    std::fs::remove_dir_all(&folder)?;
    result
}

fn with(figures: &mut Figures, clients: usize, folder: &Path) -> Result<(), Failure> {
    let store = Sqlite::open(folder.join(format!("{clients}.db")), &origin(), SqliteOptions::default())?;
    let engine = engine(clients, &store)?.per_second;
    drop(store);
    let bare = bare(clients)?.per_second;
    let synced = synced(&folder.join(format!("synced-{clients}")))?;
    let place = folder.join(format!("service-{clients}"));
    std::fs::create_dir_all(&place)?;
    let service = Program::start(&place, Storage::Sqlite)?;
    let issued = issued(clients, &[service.address()], &service.issuer("refinery")?)?;
    let name = format!("issue over HTTP, {clients} clients");
    figures.add(name.clone(), issued.per_second, "per second", ("the store alone", engine));
    figures.add(name, issued.per_second, "per second", ("axum without work", bare));
    waited(figures, &format!("{clients} clients"), &issued, synced);
    Ok(())
}

/// What callers who turn from one process to the next get issued, each certificate with its receipt.
pub(crate) fn issued(clients: usize, processes: &[SocketAddr], key: &str) -> Result<Load, Failure> {
    per_second(clients, |client| {
        let open = processes.iter().map(|address| Connection::open(*address));
        let mut open = open.collect::<Result<Vec<_>, _>>()?;
        let mut turn = (0..open.len()).cycle().skip(client % open.len());
        Ok(move |n| {
            let body = draft(&format!("{client}-{n}")).to_string();
            let to = turn.next().and_then(|turn| open.get_mut(turn)).ok_or("no process")?;
            to.post("/v1/certificates", key, &body).map(drop)
        })
    })
}

/// How long they waited.
pub(crate) fn waited(figures: &mut Figures, whom: &str, issued: &Load, synced: f64) {
    for percent in [50, 99] {
        let name = format!("request to receipt, p{percent}, {whom}");
        figures.add(name, issued.percentile(percent), "ms", ("one fdatasync", synced));
    }
}

/// How long it takes to bring four kilobytes to the disk, in milliseconds.
pub(crate) fn synced(file: &Path) -> Result<f64, Failure> {
    const TIMES: u32 = 200;
    let mut file = std::fs::File::create(file)?;
    let watch = Wall::start();
    for _ in 0..TIMES {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    Ok(watch.stop().as_secs_f64() * 1e3 / f64::from(TIMES))
}

fn draft(number: &str) -> Value {
    json!({
        "type": "OriginCertificate", "source": "opening-stock", "origin": { "country": "unknown" },
        "lotNumber": format!("FEED-{number}"), "product": "Feed of the separation circuit", "form": "in-process",
        "netMass": "1000",
        "assay": {
            "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [
                { "oxide": "La2O3", "percent": "2.5" },
                { "oxide": "CeO2", "percent": "4.6" },
                { "oxide": "Pr6O11", "percent": "0.53" },
                { "oxide": "Nd2O3", "percent": "1.85" },
            ],
            "method": "ICP-OES, stocktake", "laboratory": "Gebeng laboratory", "date": "2026-10-31"
        },
        "facility": { "id": "urn:gln:9521321000020", "name": "Gebeng separation plant", "country": "MY" },
        "period": { "from": "2026-10-31", "to": "2026-10-31" }, "custodyModel": "mass-balance",
    })
}

/// Registrations of the same certificate under other numbers, straight into the store.
pub(crate) fn engine(clients: usize, store: &dyn Store) -> Result<Load, Failure> {
    let made = sample()?;
    per_second(clients, |client| {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let made = &made;
        Ok(move |n| {
            let mut certificate = made.clone();
            let name = format!("{client}-{n}");
            // The store holds the bytes to their digest, and looks no further into them.
            certificate.bytes[..name.len()].copy_from_slice(name.as_bytes());
            certificate.digest = Digest::of(&certificate.bytes);
            certificate.id = format!("urn:uuid:{name}");
            certificate.external_id.clone_from(&name);
            let at = certificate.created.clone();
            let registration = Registration { certificates: vec![certificate], idempotency: None, at };
            runtime.block_on(store.register(registration))?;
            Ok(())
        })
    })
}

/// The certificate of a draft as the store takes it.
fn sample() -> Result<NewCertificate, Failure> {
    const AT: &str = "2026-11-24T12:00:00Z";
    let mut book = Book::default();
    let certificate = book
        .issue("refinery", &Draft::parse(draft("0").to_string().as_bytes())?, time(AT))
        .map_err(|findings| format!("refused: {findings:?}"))?;
    let lot = certificate.lot().ok_or("an origin has a lot")?;
    let lot = NewLot {
        number: lot.number.to_string(),
        step: lot.made_by().to_owned(),
        form: lot.form.as_str().to_owned(),
        holder: lot.holder.clone(),
        content: lot.content.clone(),
        carried: String::new(),
    };
    Ok(NewCertificate {
        digest: certificate.digest(),
        id: String::new(),
        issuer: certificate.claims().issuer.clone(),
        home: origin(),
        kind: certificate.claims().kind,
        created: AT.to_owned(),
        external_id: String::new(),
        bytes: certificate.bytes().to_vec(),
        lot: Some(lot),
        draws: vec![],
        about: vec![],
    })
}

/// axum that reads a draft and answers with as many bytes as a certificate has.
fn bare(clients: usize) -> Result<Load, Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let answer = Bytes::from(sample()?.bytes);
    let handler = move |_draft: Bytes| async move { (StatusCode::CREATED, answer) };
    let router = axum::Router::new().route("/v1/certificates", post(handler));
    runtime.spawn(async move { axum::serve(listener, router).await });
    let body = draft("0").to_string();
    per_second(clients, |_| {
        let mut connection = Connection::open(address)?;
        let body = body.clone();
        Ok(move |_| connection.post("/v1/certificates", "none", &body).map(drop))
    })
}
