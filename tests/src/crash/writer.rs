//! Certificates for stores, which look at nothing but the digest of their bytes; and the process whose power is cut.

use std::io::Write;
use std::path::Path;
use std::thread;

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::form::Kind;
use ytterby::masses::Masses;
use ytterby_store::{Draw, NewCertificate, NewLot, Registration, Sqlite, SqliteOptions, Store, Synchronous};

use super::{Failure, origin};

/// When everything is registered.
const AT: &str = "2026-03-01T08:00:00Z";
const WRITERS: usize = 8;
/// Draws, half of all that a writer registers, are on a lot with enough for all of them.
const POOL_MG: u64 = 1_000_000;

/// What the other process is told: the first argument of a program that is it.
pub const CHILD: &str = "--write";

/// A lot of so many milligrams of neodymium.
///
/// # Panics
///
/// Never: what is parsed here is well formed.
pub(crate) fn certificate(name: &str, mg: u64) -> NewCertificate {
    let bytes = format!("certificate {name}").into_bytes();
    let did = Did::parse("did:web:mine.example").expect("a DID");
    let neodymium = Element::parse("Nd").expect("an element");
    NewCertificate {
        digest: Digest::of(&bytes),
        id: format!("urn:uuid:{name}"),
        issuer: did.clone(),
        home: origin(),
        kind: Kind::Origin,
        created: AT.to_owned(),
        external_id: name.to_owned(),
        bytes,
        lot: Some(NewLot {
            number: name.to_owned(),
            step: "mined".to_owned(),
            form: "ore".to_owned(),
            holder: Some(did),
            content: Masses::from_iter([(neodymium, mg)]),
            carried: String::new(),
        }),
        draws: vec![],
        about: vec![],
    }
}

/// The same, made of what it draws from a lot.
pub(crate) fn drawing(mut certificate: NewCertificate, lot: Digest) -> NewCertificate {
    certificate.kind = Kind::Processing;
    let amount = certificate.lot.iter().map(|lot| lot.content.clone()).next().unwrap_or_default();
    certificate.draws = vec![Draw { lot, amount }];
    certificate
}

pub(crate) fn registration(certificates: Vec<NewCertificate>) -> Registration {
    Registration { certificates, idempotency: None, at: AT.to_owned() }
}

/// Registers until it is killed; says what was acknowledged, one digest a line.
pub fn write(file: &Path, synchronous: Synchronous) -> Result<(), Failure> {
    let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
    let store = Sqlite::open(file, &origin(), options)?;
    let say = |digest: Digest| std::io::stdout().lock().write_all(format!("{digest}\n").as_bytes());
    let pool = certificate("pool", POOL_MG);
    super::wait(store.register(registration(vec![pool.clone()])))??;
    say(pool.digest)?;
    let write = |writer: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        for n in 0.. {
            let mut new = certificate(&format!("{writer}-{n}"), 1);
            if n % 2 == 0 {
                new = drawing(new, pool.digest);
            }
            let digest = new.digest;
            runtime.block_on(store.register(registration(vec![new])))?;
            say(digest)?;
        }
        Ok::<_, Failure>(())
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| "a writer panicked")?)
    })
}
