//! What is issued: small lots, and draws of a milligram.

use serde_json::{Value, json};

/// A day that is over on every machine: such certificates are made late, which is a warning.
const DAY: &str = "2025-06-02";

/// A lot of so many milligrams that is a fifth Nd₂O₃.
pub(crate) fn lot(number: &str, mg: u64) -> Value {
    json!({
        "type": "OriginCertificate", "source": "opening-stock", "origin": { "country": "unknown" },
        "lotNumber": number, "product": "Feed of the separation circuit", "form": "in-process",
        "netMass": ytterby::decimal::kilograms(mg),
        "assay": {
            "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "20" }],
            "method": "ICP-OES", "laboratory": "Example Lab", "date": DAY,
        },
        "facility": facility(), "period": { "from": DAY, "to": DAY }, "custodyModel": "mass-balance",
    })
}

/// Something made of a milligram of the neodymium of a lot.
pub(crate) fn draw(number: &str, lot: &str) -> Value {
    json!({
        "type": "ProcessingCertificate", "step": "separation", "lotNumber": number, "product": "NdPr oxide",
        "form": "oxide", "contentFrom": "draws", "inputs": [{ "lot": lot, "draws": { "Nd": "0.000001" } }],
        "facility": facility(), "period": { "from": DAY, "to": DAY }, "custodyModel": "mass-balance",
    })
}

fn facility() -> Value {
    json!({ "id": "urn:gln:9521321000010", "name": "Example Refinery", "country": "MY" })
}
