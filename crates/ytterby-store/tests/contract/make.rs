//! The builders, and those that only the contract needs.

#[path = "../make/mod.rs"]
mod plain;

use ytterby::digest::Digest;
use ytterby::form::Kind;
use ytterby::json::Value;
use ytterby_store::{Idempotency, Logged, NewCertificate, Registration};

pub(crate) use plain::*;

/// An attestation: no lot.
pub(crate) fn attestation(name: &str, about: &[Digest]) -> NewCertificate {
    let certificate = certificate(name, "lab", &[]);
    NewCertificate { kind: Kind::Attestation, lot: None, about: about.to_vec(), ..certificate }
}

/// An accreditation by a company, filed under a digest: no lot.
pub(crate) fn accreditation(name: &str, by: &str, of: Digest) -> NewCertificate {
    NewCertificate { kind: Kind::Accreditation, lot: None, about: vec![of], ..certificate(name, by, &[]) }
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

/// The running numbers of each certificate's draws.
pub(crate) fn sequence(done: &[Logged]) -> Vec<Vec<u64>> {
    let of = |logged: &Logged| {
        let entry = Value::parse(&logged.entry).unwrap();
        let draws = entry.get("amounts").and_then(|amounts| amounts.get("draws")?.as_array());
        let seq = |draw: &Value<'_>| draw.get("seq").unwrap().as_str().unwrap().parse().unwrap();
        draws.unwrap_or_default().iter().map(seq).collect()
    };
    done.iter().map(of).collect()
}
