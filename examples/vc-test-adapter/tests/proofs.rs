//! Proofs, one fault each: refused though everything else is right. Where a fault lies in the proof's
//! configuration, the signature covers it, so only the rule can refuse it.

mod harness;

use harness::{
    BASE, Change, adapter, changed, credential, did, issue, key, method, options, post, presentation,
    refused, secured, sign, unsecured_presentation, verify, verify_presentation,
};
use serde_json::{Value as Json, json};
use ytterby::key::SigningKey;

const PROOF: &str = "/verifiableCredential/proof";

#[test]
fn a_fault_in_the_signed_configuration() {
    let stranger = SigningKey::from_seed(&[6; 32]).public().to_string();
    let (did_key, own) = (did(), key().public().to_string());
    let cases: Vec<(Change, &str)> = vec![
        (("/proofPurpose", None), "/proofPurpose"),
        (("/proofPurpose", Some(json!("authentication"))), "/proofPurpose"),
        (("/proofPurpose", Some(json!(["assertionMethod"]))), "/proofPurpose"),
        (("/verificationMethod", None), "/verificationMethod"),
        (("/verificationMethod", Some(json!([method()]))), "/verificationMethod"),
        (("/verificationMethod", Some(json!(did_key))), "/verificationMethod"),
        (("/verificationMethod", Some(json!("did:key:@invalid@"))), "/verificationMethod"),
        (("/verificationMethod", Some(json!(format!("{did_key}#{stranger}")))), "/verificationMethod"),
        (
            ("/verificationMethod", Some(json!(format!("did:key:{stranger}#{stranger}")))),
            "/verificationMethod",
        ),
        (("/verificationMethod", Some(json!(format!("did:web:a.example#{own}")))), "/verificationMethod"),
        (("/verificationMethod", Some(json!(format!("https://a.example/#{own}")))), "/verificationMethod"),
        (("/created", Some(json!("2026-05-01"))), "/created"),
        (("/created", Some(json!("2026-05-01T00:00:00"))), "/created"),
        (("/created", Some(json!(7))), "/created"),
        (("/expires", Some(json!("never"))), "/expires"),
        (("/expires", Some(json!("2026-06-01T12:00:00Z"))), "/expires"),
        (("/expires", Some(json!("2026-06-01T13:59:59+02:00"))), "/expires"),
        (("/id", Some(json!("proof-1"))), "/id"),
        (("/previousProof", Some(json!("urn:uuid:1"))), "/previousProof"),
        (("/domain", Some(json!(7))), "/domain"),
        (("/domain", Some(json!(["a", 7]))), "/domain"),
        (("/challenge", Some(json!(7))), "/challenge"),
        (("/nonce", Some(json!({}))), "/nonce"),
    ];
    assert_eq!(cases.len(), 23);
    for (change, place) in &cases {
        let document = sign(&credential(&did()), &changed(&options("assertionMethod"), change));
        refused(&verify(&document), &format!("{PROOF}{place}"), &format!("{change:?}"));
    }
}

#[test]
fn a_change_after_signing() {
    let value = secured()["proof"]["proofValue"].as_str().unwrap().to_owned();
    let encode = |bytes: &[u8]| json!(format!("z{}", bs58::encode(bytes).into_string()));
    let bytes = bs58::decode(&value[1..]).into_vec().unwrap();
    let mut high = bytes.clone();
    high[63] |= 0xe0;
    let cases: Vec<(Change, &str)> = vec![
        (("/proof", None), ""),
        (("/proof", Some(json!(null))), ""),
        (("/proof", Some(json!([]))), ""),
        (("/proof", Some(json!("proof"))), ""),
        (("/proof/type", None), "/type"),
        (("/proof/type", Some(json!("Ed25519Signature2020"))), "/type"),
        (("/proof/cryptosuite", None), "/cryptosuite"),
        (("/proof/cryptosuite", Some(json!("eddsa-rdfc-2022"))), "/cryptosuite"),
        (("/proof/proofValue", None), "/proofValue"),
        (("/proof/proofValue", Some(json!(null))), "/proofValue"),
        (("/proof/proofValue", Some(json!(value[1..]))), "/proofValue"),
        (("/proof/proofValue", Some(json!(format!("u{}", &value[1..])))), "/proofValue"),
        (("/proof/proofValue", Some(encode(&bytes[..63]))), "/proofValue"),
        (("/proof/proofValue", Some(encode(&[&bytes[..], &[0]].concat()))), "/proofValue"),
        (("/proof/proofValue", Some(encode(&high))), "/proofValue"),
        (("/proof/created", Some(json!("2026-05-01T00:00:01Z"))), "/proofValue"),
        (("/proof/nonce", Some(json!("1"))), "/proofValue"),
        (("/proof/@context", None), "/proofValue"),
        (("/proof/@context", Some(json!([BASE, "https://a.example/v1"]))), "/@context"),
        (("/proof/@context", Some(json!(["https://a.example/v1"]))), "/@context"),
        (("/validFrom", Some(json!("2026-01-01T00:00:01Z"))), "/proofValue"),
        (("/name", Some(json!("new"))), "/proofValue"),
        (("/id", None), "/proofValue"),
    ];
    assert_eq!(cases.len(), 23);
    for (change, place) in &cases {
        refused(&verify(&changed(&secured(), change)), &format!("{PROOF}{place}"), &format!("{change:?}"));
    }
    // The suite lets a holder append contexts without breaking the proof; nothing else may move.
    let appended = changed(&secured(), &("/@context/-", Some(json!("https://a.example/v1"))));
    assert_eq!(verify(&appended).0, 200);
}

#[test]
fn every_flipped_byte_of_the_signature() {
    let document = secured();
    let value = document["proof"]["proofValue"].as_str().unwrap();
    let bytes = bs58::decode(&value[1..]).into_vec().unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let text = json!(format!("z{}", bs58::encode(flipped).into_string()));
        let answer = verify(&changed(&document, &("/proof/proofValue", Some(text))));
        refused(&answer, &format!("{PROOF}/proofValue"), &format!("byte {at}"));
    }
    assert_eq!(bytes.len(), 64);
}

#[test]
fn a_set_of_proofs_holds_when_each_does() {
    let document = secured();
    let first = document["proof"].clone();
    let second =
        sign(&credential(&did()), &changed(&options("assertionMethod"), &("/nonce", Some(json!("2")))));
    let with = |proofs: Json| changed(&document, &("/proof", Some(proofs)));
    assert_eq!(verify(&with(json!([first, second["proof"]]))).0, 200);
    assert_eq!(verify(&with(json!([first]))).0, 200);
    let mut bad = second["proof"].clone();
    bad["nonce"] = json!("3");
    refused(&verify(&with(json!([first, bad]))), &format!("{PROOF}/1/proofValue"), "second proof");
    refused(&verify(&with(json!([7, first]))), &format!("{PROOF}/0"), "no object");
    refused(&verify(&with(json!(vec![first; 9]))), PROOF, "nine proofs");
}

#[test]
fn the_options_of_a_verifier() {
    let signed = |name: &'static str, value: Json| {
        sign(&credential(&did()), &changed(&options("assertionMethod"), &(name, Some(value))))
    };
    let ask = |document: &Json, options: Json| {
        post("/credentials/verify", json!({"verifiableCredential": document, "options": options}).to_string())
    };
    let both = sign(
        &credential(&did()),
        &json!({"proofPurpose": "assertionMethod", "verificationMethod": method(), "domain": ["a", "b"], "challenge": "c"}),
    );
    assert_eq!(ask(&both, json!({"domain": "b", "challenge": "c"})).0, 200);
    assert_eq!(ask(&both, json!({"checks": ["proof"]})).0, 200);
    assert_eq!(ask(&signed("/expires", json!("2026-06-01T12:00:00.1Z")), json!({})).0, 200);
    refused(&ask(&both, json!({"domain": "c"})), &format!("{PROOF}/domain"), "other domain");
    refused(&ask(&both, json!({"challenge": "d"})), &format!("{PROOF}/challenge"), "other challenge");
    refused(&ask(&secured(), json!({"challenge": "d"})), &format!("{PROOF}/challenge"), "no challenge");
    refused(&ask(&secured(), json!({"domain": "a"})), &format!("{PROOF}/domain"), "no domain");
    let other = json!({"expectedProofPurpose": "authentication"});
    refused(&ask(&secured(), other), &format!("{PROOF}/proofPurpose"), "other purpose");
    refused(&ask(&secured(), json!({"challenge": 7})), "/options/challenge", "options");
}

#[test]
fn what_an_issuer_may_be_asked_for() {
    let own = credential(&adapter().issuer());
    let (status, answer) =
        issue(&own, &json!({"created": "2026-01-02T03:04:05Z", "expires": "2099-01-01T00:00:00Z"}));
    assert_eq!(
        (status, &answer["verifiableCredential"]["proof"]["created"]),
        (201, &json!("2026-01-02T03:04:05Z"))
    );
    assert_eq!(verify(&answer["verifiableCredential"]).0, 200);
    for change in [
        ("/type", json!("Other")),
        ("/cryptosuite", json!("ecdsa-jcs-2019")),
        ("/proofPurpose", json!("authentication")),
        ("/verificationMethod", json!(method())),
        ("/created", json!("yesterday")),
        ("/expires", json!(7)),
    ] {
        let options = changed(&json!({}), &(change.0, Some(change.1.clone())));
        refused(&issue(&own, &options), &format!("/options{}", change.0), &format!("{change:?}"));
    }
    refused(&issue(&credential(&did()), &json!({})), "/credential/issuer", "the key of somebody else");
    // A proof that is there stays, in a set.
    let (status, answer) = issue(&issue(&own, &json!({})).1["verifiableCredential"], &json!({}));
    assert_eq!((status, answer["verifiableCredential"]["proof"].as_array().unwrap().len()), (201, 2));
    assert_eq!(verify(&answer["verifiableCredential"]).0, 200);
    let untyped = changed(&own, &("/proof", Some(json!({"created": "2026-01-01T00:00:00Z"}))));
    refused(&issue(&untyped, &json!({})), "/credential/proof", "a proof without a type");
}

#[test]
fn presentations() {
    let good = presentation();
    assert_eq!(verify_presentation(&good, &json!({})), (200, json!({"verified": true, "notOpened": []})));
    let enveloped = json!({"@context": BASE, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,e30.e30.AA"});
    let cases: Vec<(Change, &str)> = vec![
        (("/@context", Some(json!(["https://a.example"]))), "/@context"),
        (("/type", None), "/type"),
        (("/type", Some(json!("VerifiableCredential"))), "/type"),
        (("/id", Some(json!("1"))), "/id"),
        (("/holder", Some(json!("me"))), "/holder"),
        (("/holder", Some(json!({"name": "me"}))), "/holder/id"),
        (
            ("/holder", Some(json!("did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"))),
            "/proof/verificationMethod",
        ),
        (("/issuer", Some(json!(did()))), "/issuer"),
        (("/termsOfUse", Some(json!({}))), "/termsOfUse/type"),
        (("/verifiableCredential", Some(json!([]))), "/verifiableCredential"),
        (("/verifiableCredential", Some(json!("urn:uuid:1"))), "/verifiableCredential"),
        (("/verifiableCredential/0", Some(json!("urn:uuid:1"))), "/verifiableCredential/0"),
        (("/verifiableCredential/0/type", None), "/verifiableCredential/0/type"),
        (("/verifiableCredential/0/name", Some(json!("new"))), "/verifiableCredential/0/proof/proofValue"),
        (("/verifiableCredential/0/proof", None), "/verifiableCredential/0/proof"),
        (("/verifiableCredential", Some(json!(vec![secured(); 65]))), "/verifiableCredential"),
        (
            ("/verifiableCredential/0", Some(changed(&enveloped, &("/@context", None)))),
            "/verifiableCredential/0/@context",
        ),
        (
            ("/verifiableCredential/0", Some(changed(&enveloped, &("/id", Some(json!("urn:a")))))),
            "/verifiableCredential/0/id",
        ),
        (
            ("/verifiableCredential/0", Some(changed(&enveloped, &("/type", None)))),
            "/verifiableCredential/0/type",
        ),
    ];
    assert_eq!(cases.len(), 19);
    for (change, place) in &cases {
        let faulty = sign(&changed(&unsecured_presentation(), change), &options("authentication"));
        let answer = verify_presentation(&faulty, &json!({}));
        refused(&answer, &format!("/verifiablePresentation{place}"), &format!("{change:?}"));
    }
    for change in [("/proof", None), ("/proof/nonce", Some(json!("1"))), ("/holder", None)] {
        assert_eq!(verify_presentation(&changed(&good, &change), &json!({})).0, 400, "{change:?}");
    }
    let asserted = sign(&unsecured_presentation(), &options("assertionMethod"));
    refused(
        &verify_presentation(&asserted, &json!({})),
        "/verifiablePresentation/proof/proofPurpose",
        "purpose",
    );

    let mixed = changed(&unsecured_presentation(), &("/verifiableCredential/-", Some(enveloped)));
    let options = changed(&options("authentication"), &("/challenge", Some(json!("c"))));
    let mixed = sign(&mixed, &options);
    let (status, answer) = verify_presentation(&mixed, &json!({"challenge": "c"}));
    assert_eq!(
        (status, &answer["notOpened"]),
        (200, &json!(["/verifiablePresentation/verifiableCredential/1"]))
    );
    assert_eq!(verify_presentation(&mixed, &json!({"challenge": "d"})).0, 400);
}
