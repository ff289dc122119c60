//! A lot that goes to another registry, and comes back.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use ytterby::entry::Entry;
use ytterby::key::SigningKey;
use ytterby::time::parse_time;
use ytterby::{Bundle, Certificate, Home, Trust, Verdict};
use ytterby_registry::config::PeerConfig;
use ytterby_registry::log::Log;
use ytterby_tlog::VerifierKey;

use crate::accreditations::accreditation;
use crate::cosigned::{cosigned, pinned};
use crate::make::{Answer, ORIGIN, START, Service, Setting, draw, origin, separation, transfer, trust};
use crate::witness::Witness;

const FAR: &str = "far.example/log";

/// When everything is verified.
const LATER: &str = "2026-09-02T00:00:00Z";

/// A table of a registry in a trust file, with the witnesses that watch it and three of them required.
pub(crate) fn pins(origin: &str, witnesses: &[Witness], status: &str) -> String {
    let table = pinned(&log_key(origin), witnesses, 3);
    let mut pins = table.replacen("[registry.published]\n", &format!("{status}[registry.published]\n"), 1);
    for witness in witnesses {
        pins.push_str(&format!("[[witness]]\nkey = \"{}\"\naudits = [\"{origin}\"]\n", witness.key()));
    }
    let require = if status.is_empty() { "status = false\n" } else { "" };
    pins + &format!("[quorum]\nneed = 3\ndishonest = 1\n[require]\n{require}")
}

fn log_key(origin: &str) -> VerifierKey {
    let (_, public) = Log::new_key(&Home::parse(origin).unwrap(), &[7; 32]).unwrap();
    VerifierKey::parse(&public).unwrap()
}

/// Two registries, each with four witnesses; each admits what comes from the other.
struct Two {
    near: Service,
    far: Service,
    witnesses: [Vec<Witness>; 2],
    _folder: tempfile::TempDir,
    trust_file: PathBuf,
}

impl Two {
    fn start() -> Self {
        let time = parse_time(START).unwrap().as_second().unsigned_abs();
        let (near_witnesses, near) = Witness::several(4, 3, &log_key(ORIGIN), time);
        let (far_witnesses, far) = Witness::several(4, 3, &log_key(FAR), time);
        let folder = tempfile::tempdir().unwrap();
        let trust_file = folder.path().join("peers.toml");
        // The issuers are known once they are made; a service reads the file when it starts.
        std::fs::write(&trust_file, "version = 1\n").unwrap();
        let near = Service::set(near);
        let far = Service::set(Setting { origin: Some(FAR), ..far });
        let mut two =
            Two { near, far, witnesses: [near_witnesses, far_witnesses], _folder: folder, trust_file };
        let _ = (two.near.issuer("refinery"), two.far.issuer("alloyer"));
        std::fs::write(&two.trust_file, two.trust("")).unwrap();
        two = two.restarted();
        two
    }

    /// The same services, now with the trust file.
    fn restarted(self) -> Self {
        let Two { near, far, witnesses, _folder, trust_file } = self;
        let setting = |witnesses: &[Witness], origin| Setting {
            quorum: Some(3),
            witness: witnesses.iter().map(Witness::config).collect(),
            admission: Some(trust_file.clone()),
            origin,
            ..Setting::default()
        };
        let (first, second) = (setting(&witnesses[0], None), setting(&witnesses[1], Some(FAR)));
        let (near_folder, far_folder): (Arc<_>, Arc<_>) = (near.stop(), far.stop());
        let far = Service::again_with(far_folder, second);
        let peer = vec![PeerConfig { origin: FAR.to_owned(), url: far.client.url.clone() }];
        let near = Service::again_with(near_folder, Setting { peer, ..first });
        Two { near, far, witnesses, _folder, trust_file }
    }

    /// What everybody here believes, with more at its head.
    fn trust(&self, head: &str) -> String {
        let issuers = |service: &Service| {
            let text = trust(service, "did:web:nobody.example");
            text.split_once("[[issuer]]").map(|(_, rest)| format!("[[issuer]]{rest}")).unwrap()
        };
        let registry = |origin| pinned(&log_key(origin), &self.witnesses[0], 3);
        // The same four watch both.
        let witness = |witness: &Witness| {
            format!("[[witness]]\nkey = \"{}\"\naudits = [\"{ORIGIN}\", \"{FAR}\"]\n", witness.key())
        };
        format!(
            "version = 1\n{head}{}{}{}{}{}[quorum]\nneed = 3\ndishonest = 1\n[require]\nstatus = false\n",
            issuers(&self.near),
            issuers(&self.far),
            registry(ORIGIN),
            registry(FAR),
            self.witnesses[0].iter().map(witness).collect::<String>(),
        )
    }
}

/// Asks for an admission; the witnesses' clocks are ahead of the services' until then.
fn admit(service: &Service, api_key: &str, message: &Value) -> Answer {
    service.clock.set(parse_time(LATER).unwrap());
    let answer = service.client.post("/v1/admissions", api_key, message);
    service.clock.set(parse_time(START).unwrap());
    answer
}

/// Something drawn from what arrived on the last day of August.
fn drawn(number: &str, input: &str, kg: &str) -> Value {
    let mut draft = draw(number, input, kg);
    draft["period"] = json!({ "from": "2026-08-31", "to": "2026-08-31" });
    draft
}

fn bundle(service: &Service, api_key: &str, id: &str) -> Value {
    cosigned(service, api_key, id);
    service.client.get(&format!("/v1/certificates/{id}/bundle"), api_key).expect(200).json()
}

fn did(service: &Service, name: &str) -> String {
    let issuer = service.client.get(&format!("/v1/issuers/{name}"), &service.admin).expect(200).json();
    issuer["did"].as_str().unwrap().to_owned()
}

/// What somebody says of a lot whom nobody here knows.
fn hearsay(lot: &str, digest: &Value) -> Value {
    let tree = |value: Value| {
        let text = value.to_string();
        match ytterby::json::Value::parse(text.as_bytes()).unwrap().into_owned() {
            ytterby::json::Value::Object(object) => object,
            other => panic!("{other:?}"),
        }
    };
    let (key, did) =
        (SigningKey::from_seed(&[77; 32]), ytterby::did::Did::parse("did:web:stranger.example").unwrap());
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/ytterby/v1"],
        "id": "urn:uuid:00000000-0000-4000-8000-000000000077",
        "type": ["VerifiableCredential", "AttestationCertificate"],
        "issuer": { "id": did.as_str() },
        "validFrom": START,
        "credentialSubject": {
            "home": ORIGIN, "kind": "audit", "result": "failed",
            "about": { "lots": [{ "lot": lot, "digestMultibase": digest }] },
        },
    });
    let method = did.method(&key.public());
    let config = json!({ "created": START, "proofPurpose": "assertionMethod", "verificationMethod": method });
    let signed = ytterby::proof::sign(tree(document), tree(config), &key);
    let bytes = ytterby::json::canonical(&ytterby::json::Value::Object(signed));
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_lot_moves_is_drawn_on_and_comes_back() {
    let two = Two::start();
    let (refinery, alloyer) =
        (two.near.key(Some("refinery"), &["issue"]), two.far.key(Some("alloyer"), &["issue"]));
    let alloyer_did = did(&two.far, "alloyer");
    // Whoever accredited the refinery is known to the near registry alone, and nobody here needs it.
    let alliance = two.near.issuer("alliance").1;
    let given = accreditation(&two.near, "refinery", json!({ "mayCertify": {} }));
    two.near.client.make("/v1/certificates", &alliance, "given", &given).expect(201);
    let ore = two.near.client.issue(&refinery, &origin("MREC-1")).id();
    let oxide = two.near.client.issue(&refinery, &separation("OX-1", &ore)).id();
    let mut sale = transfer("OX-1", &oxide, &alloyer_did);
    sale["home"] = json!(FAR);
    let sold = two.near.client.make("/v1/certificates", &refinery, "sale", &sale).expect(201).id();
    let mut message = bundle(&two.near, &refinery, &sold);
    // It is in nobody's way, and is not handed on: nothing of it was verified.
    message["attestations"] = json!([hearsay(&sold, &two.near.client.lot(&refinery, &sold)["digest"])]);

    // Nobody draws on it where it was, nor where it is to be before it was admitted.
    let early = two.far.client.make("/v1/certificates", &alloyer, "e", &draw("E", &sold, "1"));
    assert!((400..500).contains(&early.status), "{}", early.text());
    let admitted = admit(&two.far, &alloyer, &message).expect(201);
    let entry = Entry::parse(admitted.json()["receipt"]["entry"].to_string().as_bytes()).unwrap();
    let Entry::Admission(entry) = entry else { panic!("{entry:?}") };
    assert_eq!((entry.from().as_str(), entry.index(), entry.home().as_str()), (ORIGIN, 3, FAR));
    let again = admit(&two.far, &alloyer, &message).expect(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let refused = admit(&two.near, &refinery, &message).expect(422);
    assert_eq!(refused.json()["code"], json!("admission.unfit"));

    let metal = two.far.client.issue(&alloyer, &drawn("NDPR-1", &sold, "100")).id();
    // The accreditation has come with the lot, with its receipt.
    let there = bundle(&two.far, &alloyer, &metal);
    let [given] = there["accreditations"].as_array().unwrap().as_slice() else { panic!("{there}") };
    let digest = Certificate::parse(given.to_string().as_bytes()).unwrap().digest().to_string();
    assert!(there["receipts"].get(&digest).is_some(), "{there}");
    // And back: what the far registry made of it, to the near one.
    let mut back = transfer("NDPR-1", &metal, &did(&two.near, "refinery"));
    back["home"] = json!(ORIGIN);
    back["inputs"][0]["rest"] = json!(true);
    back.as_object_mut().unwrap().remove("netMass");
    let returned = two.far.client.make("/v1/certificates", &alloyer, "back", &back).expect(201).id();
    let message = bundle(&two.far, &alloyer, &returned);
    admit(&two.near, &refinery, &message).expect(201);
    let last = two.near.client.issue(&refinery, &drawn("AGAIN-1", &returned, "10")).id();

    assert!(!message.to_string().contains("did:web:stranger.example"));
    // The whole way, through both registries, in one file.
    let delivery = bundle(&two.near, &refinery, &last);
    let holder = format!("holder = [\"{}\"]\n", did(&two.near, "refinery"));
    // The near registry hands on the status lists of the far one.
    let status = SigningKey::from_seed(&[9; 32]).public();
    let text = two.trust(&holder).replace("[require]\nstatus = false\n", "");
    let text = text.replace("\nkey = \"", &format!("\nstatus_keys = [\"{status}\"]\nkey = \""));
    let text = text.replace(&format!("[[witness]]\nstatus_keys = [\"{status}\"]\n"), "[[witness]]\n");
    let trust = Trust::parse(text.as_bytes()).unwrap();
    let bytes = delivery.to_string();
    let report = ytterby::verify(
        &Bundle::parse(bytes.as_bytes()).unwrap(),
        &trust,
        &ytterby::Rules::default(),
        parse_time(LATER).unwrap(),
    );
    let codes: Vec<_> = report.findings().iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!((report.verdict(), codes.join(" ")), (Verdict::Verified, String::new()));
    assert_eq!((report.certificates.len(), report.relied_on().count()), (7, 6));
    assert!(report.is_status_checked());
    let logs: Vec<_> =
        report.relied_on().map(|own| own.logged.as_ref().unwrap().log.as_str().to_owned()).collect();
    assert_eq!(logs.iter().filter(|log| *log == FAR).count(), 2);
}

#[test]
fn what_is_not_proven_is_not_admitted() {
    let two = Two::start();
    let refinery = two.near.key(Some("refinery"), &["issue"]);
    let alloyer = two.far.key(Some("alloyer"), &["issue"]);
    let other = two.far.issuer("other").1;
    let ore = two.near.client.issue(&refinery, &origin("MREC-1")).id();
    let oxide = two.near.client.issue(&refinery, &separation("OX-1", &ore)).id();
    let mut sale = transfer("OX-1", &oxide, &did(&two.far, "alloyer"));
    sale["home"] = json!(FAR);
    let sold = two.near.client.make("/v1/certificates", &refinery, "sale", &sale).expect(201).id();
    let message = bundle(&two.near, &refinery, &sold);
    let admit = |api_key: &str, message: &Value| admit(&two.far, api_key, message);
    let refused = |message: &Value, wanted: &str| {
        let answer = admit(&alloyer, message).expect(422);
        assert!(answer.text().contains(wanted), "{wanted}: {}", answer.text());
    };
    admit(&other, &message).expect(403);
    let mut without = message.clone();
    without["receipts"] = json!({});
    refused(&without, "registration.missing");
    let mut altered = message.clone();
    let last = altered["certificates"].as_array().unwrap().len() - 1;
    altered["certificates"][last]["credentialSubject"]["content"]["Nd"] = json!("99999");
    refused(&altered, "proof.signature");
    let mut partial = message.clone();
    partial["certificates"].as_array_mut().unwrap().remove(0);
    refused(&partial, "lineage.missing-parent");
    refused(&bundle(&two.near, &refinery, &oxide), "only a transfer");
    refused(&json!({ "id": "x" }), "request.bundle");
    let head = two.far.client.send("GET", "/version", &[], None).expect(200).json();
    assert_eq!(head["log"]["published"], json!(0));
    admit(&alloyer, &message).expect(201);

    let closed = Service::set(Setting { origin: Some(FAR), ..Setting::default() });
    let closed_key = closed.issuer("alloyer").1;
    let answer = closed.client.post("/v1/admissions", &closed_key, &message).expect(403);
    assert_eq!(answer.json()["code"], json!("admission.closed"));
}
