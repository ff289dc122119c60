//! Deliveries that are not what they say.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ytterby::entry::{CertificateEntry, Entry, Taken};
use ytterby::key::SigningKey;
use ytterby::{Certificate, Receipt};
use ytterby_tlog::{AddCheckpoint, Checkpoint, Hash, NoteSigner, TreeHead};

use crate::play::Play;
use crate::stage::Stage;

/// Deliveries that are not what they say.
pub(crate) fn forge(play: &Play, stage: &Stage, bundle: &[u8]) -> Result<Vec<Forgery>> {
    let honest: Value = serde_json::from_slice(bundle)?;
    let place = |number: &str, kind: &str| {
        let certificates = honest["certificates"].as_array()?;
        certificates
            .iter()
            .position(|c| c["credentialSubject"]["lotNumber"] == number && c["type"][1] == kind)
    };
    let mut altered = honest.clone();
    let alloy = place("ALLOY-0001", "ProcessingCertificate").context("the alloy is in the bundle")?;
    altered["certificates"][alloy]["credentialSubject"]["content"]["Dy"] = json!("2143");

    // The magnets before they were delivered: held by the magnet maker, shown to another buyer.
    let mut resold = honest.clone();
    let magnets = place("MAG-0002", "ProcessingCertificate").context("the magnets are in the bundle")?;
    let text = honest["certificates"][magnets].to_string();
    let digest = ytterby::Certificate::parse(text.as_bytes())?.digest().to_string();
    resold["subject"] = json!([digest]);

    Ok(vec![
        Forgery {
            name: "altered",
            what: "the alloy's dysprosium is raised by a thousand kilograms",
            code: "proof.signature",
            exit: 1,
            bundle: altered.to_string(),
        },
        inflated(play, &honest)?,
        Forgery {
            name: "resold",
            what: "the magnets as the maker held them, offered without a transfer to the buyer",
            code: "custody.not-your-lot",
            exit: 3,
            bundle: resold.to_string(),
        },
        twice(play, stage, &honest)?,
    ])
}

/// A dishonest issuer: the dysprosium company signs, with its true key, three times what it drew.
fn inflated(play: &Play, honest: &Value) -> Result<Forgery> {
    let company = play.own.values().next().context("one company has a key of its own")?;
    let mut forged = honest.clone();
    let certificates = forged["certificates"].as_array_mut().context("a list of certificates")?;
    let oxide = certificates.iter().find(|c| c["credentialSubject"]["lotNumber"] == "DY-OX-0007");
    let mut document = oxide.context("the dysprosium oxide is in the bundle")?.clone();
    let subject = &mut document["credentialSubject"];
    subject["netMass"] = json!("4176.000");
    subject["lotNumber"] = json!("DY-OX-0008");
    let dysprosium = 4_176_000_000_u128 * 99_600_000 * 99_900_000 * 871_321 / 10_u128.pow(22);
    subject["content"]["Dy"] = json!(ytterby::decimal::kilograms(u64::try_from(dysprosium)?));
    subject["inputs"][0]["draws"]["Dy"] = json!("1.5");
    subject["externalId"] = json!("forged");
    document["id"] = json!("urn:uuid:00000000-0000-4000-8000-00000000f09e");
    let created = document["proof"]["created"].clone();
    let config = json!({ "created": created, "proofPurpose": "assertionMethod",
        "verificationMethod": company.did.method(&company.key.public()) });
    let text = sign(&document, &config, &company.key)?;
    let digest = ytterby::Certificate::parse(text.as_bytes())?.digest().to_string();
    certificates.push(serde_json::from_str(&text)?);
    forged["subject"] = json!([digest]);
    Ok(Forgery {
        name: "inflated",
        what: "an accredited company signs, with its true key, dysprosium that it never drew",
        code: "conservation.exceeds-draws",
        exit: 1,
        bundle: forged.to_string(),
    })
}

/// An issuer and a registry together: the dysprosium that is in the magnets is sold a second time, and the
/// registry signs a second history of its log in which it is the first. The witnesses do not.
fn twice(play: &Play, stage: &Stage, honest: &Value) -> Result<Forgery> {
    let company = play.own.values().next().context("one company has a key of its own")?;
    let certificates = honest["certificates"].as_array().context("a list of certificates")?;
    let sold = certificates.iter().find(|c| {
        c["credentialSubject"]["lotNumber"] == "DYFE-0001" && c["type"][1] == "TransferCertificate"
    });
    let mut document = sold.context("the dysprosium iron was sold")?.clone();
    document["id"] = json!("urn:uuid:00000000-0000-4000-8000-00000000f0a0");
    document["credentialSubject"]["externalId"] = json!("sold again");
    document["credentialSubject"]["holder"] = json!("did:web:rhein-motors.example");
    document["credentialSubject"]["to"] =
        json!({ "id": "did:web:rhein-motors.example", "name": "Rhein Motors" });
    let registry = &stage.registries[0];
    document["credentialSubject"]["home"] = json!(registry.origin);
    let created = document["proof"]["created"].clone();
    let config = json!({ "created": created, "proofPurpose": "assertionMethod",
        "verificationMethod": company.did.method(&company.key.public()) });
    let text = sign(&document, &config, &company.key)?;
    let second = Certificate::parse(text.as_bytes())?;

    // The second history: one entry, by which nobody has drawn on the lot before.
    let inputs = second.lot().map_or(&[][..], |lot| &lot.inputs);
    let taken: Vec<_> =
        inputs.iter().map(|input| Taken { seq: 1, cumulative: input.draws.clone() }).collect();
    let entry = Entry::Certificate(CertificateEntry::of(&second, &taken)?).to_bytes();
    let signer = NoteSigner::parse_secret(std::fs::read_to_string(&registry.key_file)?.trim())?;
    let head = TreeHead { size: 1, root: Hash::of_leaf(&entry) };
    let checkpoint = Checkpoint::new(signer.verifier_key().name().clone(), head).sign(&signer)?;
    for witness in &stage.witnesses {
        let request = AddCheckpoint::new(0, Vec::new(), checkpoint.clone()).to_string();
        let answer = ureq::Agent::from(ureq::Agent::config_builder().http_status_as_error(false).build())
            .post(format!("{}/add-checkpoint", witness.url))
            .send(request)?;
        ensure!(answer.status() == 409, "a witness answered {} to a fork", answer.status());
    }
    println!(
        "\n   meanwhile a company sells metal twice, and {} signs a second history of its log for it;\n   \
         all {} witnesses refuse to cosign that (409)",
        registry.origin,
        stage.witnesses.len()
    );

    let proof = ytterby_tlog::Receipt::new(0, Vec::new(), checkpoint);
    let receipt: Value = serde_json::from_slice(&Receipt::of(&entry, &proof)?.to_bytes())?;
    let mut forged = honest.clone();
    forged["certificates"]
        .as_array_mut()
        .context("a list of certificates")?
        .push(serde_json::from_str(&text)?);
    forged["receipts"][second.digest().to_string()] = receipt;
    forged["subject"] = json!([second.digest().to_string()]);
    // Whoever sells it a second time does not show the first sale.
    let behind = [second.digest().to_string()];
    keep_only_what_is_behind(&mut forged, &behind)?;
    Ok(Forgery {
        name: "twice",
        what: "an issuer sells the same dysprosium again, and its registry signs a second history for it",
        code: "registration.quorum",
        exit: 4,
        bundle: forged.to_string(),
    })
}

/// Takes everything out of a bundle that is not behind some certificates.
fn keep_only_what_is_behind(bundle: &mut Value, subject: &[String]) -> Result<()> {
    let certificates = bundle["certificates"].as_array_mut().context("a list of certificates")?;
    let mut behind: Vec<String> = subject.to_vec();
    let mut at = 0;
    let digest = |certificate: &Value| -> Result<String> {
        Ok(Certificate::parse(certificate.to_string().as_bytes())?.digest().to_string())
    };
    while let Some(wanted) = behind.get(at).cloned() {
        at += 1;
        for certificate in certificates.iter() {
            if digest(certificate)? != wanted {
                continue;
            }
            let inputs = certificate["credentialSubject"]["inputs"].as_array();
            let inputs = inputs.into_iter().flatten().filter_map(|input| input["digestMultibase"].as_str());
            behind.extend(inputs.map(str::to_owned));
        }
    }
    let mut kept = Vec::new();
    for certificate in certificates.drain(..) {
        if behind.contains(&digest(&certificate)?) {
            kept.push(certificate);
        }
    }
    *certificates = kept;
    Ok(())
}

/// A delivery that is not what it says, and how it is refused.
pub(crate) struct Forgery {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) code: &'static str,
    pub(crate) exit: i32,
    pub(crate) bundle: String,
}

/// Signs a document as it stands, without asking whether it is true.
fn sign(document: &Value, config: &Value, key: &SigningKey) -> Result<String> {
    use ytterby::json::{Value as Tree, canonical};
    let (document, config) = (document.to_string(), config.to_string());
    let (Tree::Object(document), Tree::Object(config)) =
        (Tree::parse(document.as_bytes())?, Tree::parse(config.as_bytes())?)
    else {
        bail!("documents are objects");
    };
    Ok(String::from_utf8(canonical(&Tree::Object(ytterby::proof::sign(document, config, key))))?)
}
