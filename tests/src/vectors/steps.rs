//! One certificate with every intermediate value, so that an implementer finds where he diverges.

use serde_json::{Value, json};
use ytterby::digest::Digest;
use ytterby::json::{Value as Tree, canonical};

use super::Forge;
use super::forge::ore;

/// Key, canonical bytes, hashes, signature and digest of the honest origin.
pub fn intermediate() -> Value {
    let mut forge = Forge::default();
    let secured = forge.sign("OriginCertificate", ore()).value;
    let mut document = secured.clone();
    let mut config = secured["proof"].clone();
    document.as_object_mut().map(|members| members.remove("proof"));
    config.as_object_mut().map(|members| members.remove("proofValue"));
    let (document, config) = (bytes(&document), bytes(&config));
    let hashes = [Digest::of(&config), Digest::of(&document)];
    let signed: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
    let value = secured["proof"]["proofValue"].as_str().unwrap_or_default();
    let signature = ytterby::proof::decode_signature(value).unwrap_or([0; 64]);
    let certificate = bytes(&secured);
    json!({
        "comment": "the honest origin of the other vectors; the key is a test key",
        "secretKeyMultibase": forge.key("refinery").to_secret_multikey(),
        "publicKeyMultibase": forge.key("refinery").public().to_string(),
        "canonicalDocument": text(&document),
        "canonicalProofConfiguration": text(&config),
        "documentHash": hex(hashes[1].as_bytes()),
        "proofConfigurationHash": hex(hashes[0].as_bytes()),
        "signedBytes": hex(&signed),
        "signature": hex(&signature),
        "proofValue": value,
        "canonicalCertificate": text(&certificate),
        "digestMultibase": Digest::of(&certificate).to_string(),
    })
}

/// Formula F2 with its factors as integers.
pub fn contents() -> Value {
    let rows = [
        ("1000.000", "0", "0", "100", "10", 857_356, "Nd2O3 10 % as received"),
        (
            "1000000.000",
            "15.0",
            "0",
            "40.0",
            "18.5",
            857_356,
            "Nd2O3 18.5 % of TREO 40.0 %, dry, moisture 15.0 %",
        ),
        ("73450.900", "0", "0.00", "100", "22.222", 827_704, "Pr6O11 22.222 %, ignited"),
        ("0.000001", "0", "0", "100", "99.999999", 1_000_000, "a milligram that floors to nothing"),
        (
            "999999999.999999",
            "0.000001",
            "0.000001",
            "99.999999",
            "99.999999",
            999_999,
            "the largest product, 180 bits",
        ),
    ];
    let all = rows.map(|(mass, moisture, loss, share, percent, ppm, comment)| {
        let millionths =
            |text: &str| ytterby::decimal::Percent::parse(text).map_or(0, |p| u64::from(p.millionths()));
        let mass_mg = ytterby::decimal::Mass::parse(mass).map_or(0, ytterby::decimal::Mass::mg);
        let factors = [
            100_000_000 - millionths(moisture),
            100_000_000 - millionths(loss),
            millionths(share),
            millionths(percent),
            ppm,
        ];
        let product =
            factors.iter().fold(num_bigint::BigUint::from(mass_mg), |product, factor| product * *factor);
        let divisor = num_bigint::BigUint::from(10_u8).pow(38);
        json!({
            "comment": comment, "netMass": mass, "moisture": moisture, "lossOnIgnition": loss, "share": share,
            "percent": percent, "ppm": ppm.to_string(), "product": product.to_string(),
            "contentMilligrams": (product / divisor).to_string(),
        })
    });
    json!({ "comment": "content = floor(product / 10^38); product = milligrams x factors in 10^-8 and ppm", "rows": all })
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.to_string();
    canonical(&Tree::parse(text.as_bytes()).unwrap_or(Tree::Null))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
