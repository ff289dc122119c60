//! How lots, draws and certificates look in answers: decimals as strings, kilograms of the element
//! and of the oxide the trade quotes it as.

use serde_json::{Map, Value, json};
use ytterby::Inputs;
use ytterby::certificate::Certificate;
use ytterby::decimal::kilograms;
use ytterby::element::Element;
use ytterby::masses::Masses;
use ytterby_store::{ApiKey, CertificateRow, DrawnBy, IssuerKey, IssuerRow, LotRecord};

use crate::issue::Passed;
use crate::problem::finding_json;

/// Per element, kilograms of it and of its oxide.
pub(crate) fn masses(masses: &Masses) -> Value {
    let per_element = masses.iter().map(|(element, mg)| (element.symbol().to_owned(), mass(element, mg)));
    Value::Object(per_element.collect::<Map<_, _>>())
}

fn mass(element: Element, mg: u64) -> Value {
    let mut shown = json!({ "kg": kilograms(mg) });
    if let Some(oxide) = element.treo_oxide() {
        shown["oxide"] = oxide.name.into();
        shown["kgOxide"] = kilograms(oxide.mass_holding(mg)).into();
    }
    shown
}

/// What a dry run found: the certificate as it would be signed, and what it would draw.
pub(crate) fn dry_run(passed: &Passed, inputs: &Inputs) -> Value {
    let lot = passed.certificate.lot();
    let mut certificate: Value = serde_json::from_slice(passed.certificate.bytes()).unwrap_or_default();
    if let Some(document) = certificate.as_object_mut() {
        document.remove("proof");
    }
    let draws = lot.iter().flat_map(|lot| lot.inputs.iter()).map(|input| {
        let parent = inputs.lot(&input.digest);
        let left = parent.map(|parent| masses(&parent.left().less(&input.draws)));
        let number = parent.and_then(|parent| parent.certificate.lot()).map(|lot| lot.number.to_string());
        json!({
            "lot": input.label.urn().to_string(),
            "digest": input.digest.to_string(),
            "lotNumber": number,
            "draws": masses(&input.draws),
            "leftAfter": left,
        })
    });
    json!({
        "dryRun": true,
        "certificate": certificate,
        "content": lot.map(|lot| masses(&lot.content)),
        "inputs": draws.collect::<Vec<_>>(),
        "warnings": passed.warnings.iter().map(finding_json).collect::<Vec<_>>(),
    })
}

/// A certificate in a list.
pub(crate) fn row(row: &CertificateRow) -> Value {
    let certificate = Certificate::parse(&row.bytes).ok();
    let lot = certificate.as_ref().and_then(Certificate::lot);
    json!({
        "id": row.id,
        "digest": row.digest.to_string(),
        "type": row.kind,
        "issuer": row.issuer.as_str(),
        "externalId": row.external_id,
        "registered": row.registered,
        "lotNumber": lot.map(|lot| lot.number.to_string()),
        "product": lot.map(|lot| lot.product.to_string()),
        "form": lot.map(|lot| lot.form.as_str()),
        "step": lot.map(ytterby::lot::Lot::made_by),
        "netMass": lot.and_then(|lot| lot.net_mass).map(|mass| mass.to_string()),
        "holder": lot.and_then(|lot| lot.holder.as_ref()).map(|holder| holder.as_str()),
    })
}

/// A lot with its balance.
pub(crate) fn lot(record: &LotRecord, certificate: &Certificate<'_>, drawn_by: &[DrawnBy]) -> Value {
    let lot = certificate.lot();
    let content = lot.map(|lot| lot.content.clone()).unwrap_or_default();
    let draws = drawn_by.iter().map(|draw| {
        json!({
            "certificate": draw.id,
            "digest": draw.digest.to_string(),
            "issuer": draw.issuer.as_str(),
            "seq": draw.seq,
            "draws": masses(&draw.amount),
        })
    });
    let closed = record.closed.as_ref();
    json!({
        "id": certificate.claims().id.urn().to_string(),
        "digest": record.digest.to_string(),
        "lotNumber": lot.map(|lot| lot.number.to_string()),
        "issuer": certificate.claims().issuer.as_str(),
        "holder": lot.and_then(|lot| lot.holder.as_ref()).map(|holder| holder.as_str()),
        "content": masses(&content),
        "drawn": masses(&record.drawn),
        "left": masses(&content.less(&record.drawn)),
        "drawnBy": draws.collect::<Vec<_>>(),
        "closed": closed.map(|(at, reason)| json!({ "at": at, "reason": reason.as_str() })),
    })
}

/// An issuer.
pub(crate) fn issuer(row: &IssuerRow, keys: &[IssuerKey]) -> Value {
    json!({
        "did": row.did.as_str(),
        "name": row.name,
        "title": row.title,
        "created": row.created,
        "keys": keys.iter().map(issuer_key).collect::<Vec<_>>(),
    })
}

/// A key of an issuer: never its secret.
pub(crate) fn issuer_key(key: &IssuerKey) -> Value {
    json!({
        "publicKeyMultibase": key.public,
        "custodial": key.sealed_secret.is_some(),
        "created": key.created,
        "retired": key.retired,
    })
}

/// An API key: never its text or hash.
pub(crate) fn api_key(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "label": key.label,
        "issuer": key.issuer.as_ref().map(|did| did.as_str()),
        "scopes": key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "created": key.created,
        "expires": key.expires,
        "revoked": key.revoked,
    })
}
