//! Builders.

use std::future::Future;

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::masses::Masses;
use ytterby_store::{Draw, Idempotency, NewCertificate, NewLot, Registration};

pub(crate) const AT: &str = "2026-03-01T08:00:00Z";

/// Waits for an answer.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
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
        kind: "OriginCertificate".to_owned(),
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
    certificate.kind = "ProcessingCertificate".to_owned();
    certificate.draws =
        draws.iter().map(|(lot, amount)| Draw { lot: *lot, amount: masses(amount) }).collect();
    certificate
}

/// An attestation: no lot.
pub(crate) fn attestation(name: &str, about: &[Digest]) -> NewCertificate {
    let certificate = certificate(name, "lab", &[]);
    NewCertificate {
        kind: "AttestationCertificate".to_owned(),
        lot: None,
        about: about.to_vec(),
        ..certificate
    }
}

pub(crate) fn registration(certificates: &[NewCertificate]) -> Registration {
    Registration { certificates: certificates.to_vec(), idempotency: None, at: AT.to_owned() }
}

pub(crate) fn keyed(certificates: &[NewCertificate], caller: &str, key: &str) -> Registration {
    let idempotency = Idempotency {
        caller: caller.to_owned(),
        key: key.to_owned(),
        request: Digest::of(key.as_bytes()),
        status: 201,
        body: format!("answer to {key}").into_bytes(),
    };
    Registration { idempotency: Some(idempotency), ..registration(certificates) }
}

/// A small generator of random numbers, so that a seed repeats a run.
pub(crate) struct Random(u64);

impl Random {
    /// From `YTTERBY_SEED`, or new; printed either way.
    pub(crate) fn seeded() -> Self {
        use std::hash::{BuildHasher, Hasher};
        let seed = std::env::var("YTTERBY_SEED").ok().map_or_else(
            || std::hash::RandomState::new().build_hasher().finish(),
            |text| text.parse().unwrap(),
        );
        println!("YTTERBY_SEED={seed}");
        Random(seed)
    }

    /// SplitMix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of some.
    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}
