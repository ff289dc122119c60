//! Builders.

use std::future::Future;

use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::form::Kind;
use ytterby::masses::Masses;
use ytterby_store::{Draw, NewCertificate, NewLot, Registration};

pub(crate) const AT: &str = "2026-03-01T08:00:00Z";

/// Waits for an answer.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

/// The log that the tests write.
pub(crate) fn home() -> Home {
    Home::parse("registry.example/ree").unwrap()
}

pub(crate) fn did(name: &str) -> Did {
    Did::parse(&format!("did:web:{name}.example")).unwrap()
}

pub(crate) fn element(symbol: &str) -> Element {
    Element::parse(symbol).unwrap()
}

pub(crate) fn masses(items: &[(&str, u64)]) -> Masses {
    items.iter().map(|(symbol, mg)| (element(symbol), *mg)).collect()
}

/// A certificate of `name` and its lot, which `name`'s issuer holds.
pub(crate) fn certificate(name: &str, issuer: &str, content: &[(&str, u64)]) -> NewCertificate {
    let bytes = format!("certificate {name} of {issuer}").into_bytes();
    NewCertificate {
        digest: Digest::of(&bytes),
        id: format!("urn:uuid:{name}"),
        issuer: did(issuer),
        home: home(),
        kind: Kind::Origin,
        created: AT.to_owned(),
        external_id: format!("erp-{name}"),
        bytes,
        lot: Some(NewLot {
            number: format!("LOT-{name}"),
            step: "mined".to_owned(),
            form: "ore".to_owned(),
            holder: Some(did(issuer)),
            content: masses(content),
            carried: format!("carried by {name}"),
        }),
        draws: vec![],
        about: vec![],
    }
}

/// The same, drawing.
pub(crate) fn drawing(mut certificate: NewCertificate, draws: &[(Digest, &[(&str, u64)])]) -> NewCertificate {
    certificate.kind = Kind::Processing;
    certificate.draws =
        draws.iter().map(|(lot, amount)| Draw { lot: *lot, amount: masses(amount) }).collect();
    // What nothing is said of contains what it drew: a lot has a content.
    if let Some(lot) = certificate.lot.as_mut().filter(|lot| lot.content.is_empty()) {
        certificate.draws.iter().for_each(|draw| lot.content.add_all(&draw.amount));
    }
    certificate
}

pub(crate) fn registration(certificates: &[NewCertificate]) -> Registration {
    Registration { certificates: certificates.to_vec(), idempotency: None, at: AT.to_owned() }
}
