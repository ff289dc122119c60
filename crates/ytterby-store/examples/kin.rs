//! What a recall asks of a large store: which certificates are behind a lot, and which are after it.
//!
//! ```text
//! kin FOLDER [CERTIFICATES [URL]]
//! ```
//!
//! Fills a SQLite file in the folder with so many certificates (a million unless it is said) and asks; with the connection
//! string of an empty database, that one in its place. A thousandth of the certificates are origins; on each a hundred lots
//! draw, one after the other in ten chains, and the rest of the certificates draw on the first origin: half of them
//! directly, each of these drawn on by one of the other half. Prints a JSON line for each question, with the least and the
//! most time of several.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::form::Kind;
use ytterby::masses::Masses;
use ytterby_store::{
    Cursor, Direction, Draw, Kin, NewCertificate, NewLot, Postgres, PostgresOptions, Registration,
    Replication, Sqlite, SqliteOptions, Store,
};

type Failure = Box<dyn std::error::Error>;

/// Certificates of one transaction.
const AT_ONCE: usize = 4_096;
/// Chains of each origin, and lots of each.
const CHAINS: usize = 10;
const LINKS: usize = 10;
/// How often each question is asked.
const TIMES: usize = 5;
const AT: &str = "2026-03-01T08:00:00Z";

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("a folder is expected")?;
    let certificates = arguments.next().map_or(Ok(1_000_000), |number| number.parse())?;
    let home = Home::parse("registry.example/ree").ok_or("an origin")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (name, store): (_, Box<dyn Store>) = match arguments.next() {
        None => {
            let file = Path::new(&folder).join("kin.db");
            ("SQLite", Box::new(Sqlite::open(file, &home, SqliteOptions::default())?))
        }
        Some(url) => {
            let options = PostgresOptions {
                replication: Replication::Any,
                statement_timeout: Duration::from_secs(600),
                ..PostgresOptions::default()
            };
            ("PostgreSQL", Box::new(Postgres::open(&url, &home, options)?))
        }
    };
    runtime.block_on(run(name, &*store, certificates))
}

async fn run(engine: &str, store: &dyn Store, certificates: usize) -> Result<(), Failure> {
    let watch = now();
    let made = Made::fill(store, certificates).await?;
    let line = format!(
        r#"{{"engine":"{engine}","certificates":{},"filled_seconds":{:.1}}}"#,
        made.count,
        watch.elapsed().as_secs_f64()
    );
    say(&line)?;
    for (question, of, direction) in [
        ("after an origin of ten chains", made.small, Direction::After),
        ("behind the end of a chain", made.leaf, Direction::Behind),
        ("after the origin of most", made.large, Direction::After),
        ("behind the last of most", made.last, Direction::Behind),
    ] {
        for limit in [1_000, 100_000] {
            let (mut least, mut most, mut total, mut next) = (Duration::MAX, Duration::ZERO, 0, None);
            for _ in 0..TIMES {
                let (took, found) = ask(store, of, direction, None, limit).await?;
                (least, most) = (least.min(took), most.max(took));
                (total, next) = (found.total, found.next);
            }
            say(&format!(
                r#"{{"engine":"{engine}","question":"{question}","total":{total},"page":{limit},"ms":[{:.2},{:.2}]}}"#,
                milliseconds(least),
                milliseconds(most)
            ))?;
            // The second page costs what the first does.
            if let Some(cursor) = next {
                let (took, _) = ask(store, of, direction, Some(cursor), limit).await?;
                say(&format!(
                    r#"{{"engine":"{engine}","question":"{question}, the next page","page":{limit},"ms":[{:.2}]}}"#,
                    milliseconds(took)
                ))?;
            }
        }
    }
    Ok(())
}

async fn ask(
    store: &dyn Store,
    of: Digest,
    direction: Direction,
    after: Option<Cursor>,
    limit: usize,
) -> Result<(Duration, Kin), Failure> {
    let watch = now();
    let found = store.kin(of, direction, after, limit).await?;
    Ok((watch.elapsed(), found))
}

/// What was put into the store, and whom it is asked about.
struct Made {
    count: usize,
    small: Digest,
    leaf: Digest,
    large: Digest,
    last: Digest,
}

impl Made {
    async fn fill(store: &dyn Store, certificates: usize) -> Result<Self, Failure> {
        let mut group = Group { store, waiting: Vec::new(), count: 0 };
        let large = group.add(None).await?;
        let (mut small, mut leaf) = (large, large);
        for _ in 0..certificates / 1_000 {
            small = group.add(None).await?;
            for _ in 0..CHAINS {
                leaf = small;
                for _ in 0..LINKS {
                    leaf = group.add(Some(leaf)).await?;
                }
            }
        }
        let mut last = large;
        while group.count < certificates {
            last = group.add(Some(large)).await?;
            last = group.add(Some(last)).await?;
        }
        group.flush().await?;
        Ok(Made { count: group.count, small, leaf, large, last })
    }
}

/// Certificates that go into the store together.
struct Group<'s> {
    store: &'s dyn Store,
    waiting: Vec<NewCertificate>,
    count: usize,
}

impl Group<'_> {
    async fn add(&mut self, parent: Option<Digest>) -> Result<Digest, Failure> {
        let new = certificate(self.count, parent)?;
        let digest = new.digest;
        self.waiting.push(new);
        self.count += 1;
        if self.waiting.len() == AT_ONCE {
            self.flush().await?;
        }
        Ok(digest)
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let certificates = std::mem::take(&mut self.waiting);
        let registration = Registration { certificates, idempotency: None, at: AT.to_owned() };
        self.store.register(registration).await?;
        Ok(())
    }
}

/// A lot of a tonne; of the lot before it, it draws a milligram.
fn certificate(number: usize, parent: Option<Digest>) -> Result<NewCertificate, Failure> {
    let issuer = Did::parse("did:web:mine.example").map_err(|_| "a DID")?;
    let neodymium = Element::parse("Nd").ok_or("an element")?;
    let bytes = format!("certificate {number}").into_bytes();
    let content = if parent.is_some() { 1_000_000 } else { 1_000_000_000 };
    Ok(NewCertificate {
        digest: Digest::of(&bytes),
        id: format!("urn:uuid:{number}"),
        issuer: issuer.clone(),
        home: Home::parse("registry.example/ree").ok_or("an origin")?,
        kind: if parent.is_some() { Kind::Processing } else { Kind::Origin },
        created: AT.to_owned(),
        external_id: number.to_string(),
        bytes,
        lot: Some(NewLot {
            number: number.to_string(),
            step: "separation".to_owned(),
            form: "oxide".to_owned(),
            holder: Some(issuer),
            content: Masses::from_iter([(neodymium, content)]),
            carried: String::new(),
        }),
        draws: parent
            .map(|lot| Draw { lot, amount: Masses::from_iter([(neodymium, 1)]) })
            .into_iter()
            .collect(),
        about: vec![],
    })
}

#[expect(clippy::disallowed_methods, reason = "the one clock of this program")]
fn now() -> Instant {
    Instant::now()
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
