//! Issuers, their keys and API keys.

use ytterby_store::{ApiKey, ApiKeyHash, IssuerKey, IssuerRow, Scope, Store, StoreError};

use crate::make::{AT, did, wait};

fn issuer(name: &str) -> IssuerRow {
    IssuerRow { did: did(name), name: name.to_owned(), title: format!("{name} AG"), created: AT.to_owned() }
}

pub(crate) fn issuers_have_one_did_and_one_name(store: &dyn Store) {
    assert_eq!(wait(store.issuer(did("mine"))).unwrap(), None);
    for name in ["plant", "mine"] {
        wait(store.add_issuer(issuer(name))).unwrap();
    }
    assert_eq!(wait(store.issuer(did("mine"))).unwrap(), Some(issuer("mine")));
    assert_eq!(wait(store.issuers()).unwrap(), [issuer("mine"), issuer("plant")]);

    let same_did = IssuerRow { name: "other".to_owned(), ..issuer("mine") };
    let error = wait(store.add_issuer(same_did)).unwrap_err();
    assert!(matches!(&error, StoreError::IdTaken(id) if id == did("mine").as_str()), "{error}");
    let same_name = IssuerRow { did: did("other"), ..issuer("mine") };
    let error = wait(store.add_issuer(same_name)).unwrap_err();
    assert!(matches!(&error, StoreError::IdTaken(id) if id == "mine"), "{error}");
    assert_eq!(wait(store.issuers()).unwrap().len(), 2);
}

fn key(public: &str, custodial: bool, created: &str) -> IssuerKey {
    IssuerKey {
        issuer: did("mine"),
        public: public.to_owned(),
        sealed_secret: custodial.then(|| public.as_bytes().to_vec()),
        created: created.to_owned(),
        retired: None,
    }
}

pub(crate) fn a_new_custodial_key_retires_the_old_one(store: &dyn Store) {
    let error = wait(store.add_issuer_key(key("z1", true, AT))).unwrap_err();
    assert!(matches!(&error, StoreError::UnknownIssuer(issuer) if *issuer == did("mine")), "{error}");
    wait(store.add_issuer(issuer("mine"))).unwrap();
    wait(store.add_issuer(issuer("plant"))).unwrap();
    wait(store.add_issuer_key(IssuerKey { issuer: did("plant"), ..key("z1", true, AT) })).unwrap();

    let keys = [
        key("z1", true, "2026-01-01T00:00:00Z"),
        key("z2", false, "2026-02-01T00:00:00Z"),
        key("z3", true, "2026-03-01T00:00:00Z"),
    ];
    for key in &keys {
        wait(store.add_issuer_key(key.clone())).unwrap();
    }
    let error = wait(store.add_issuer_key(key("z1", true, "2026-04-01T00:00:00Z"))).unwrap_err();
    assert!(matches!(&error, StoreError::IdTaken(public) if public == "z1"), "{error}");

    // Refused, so it retired nothing; the key that signs for itself stays beside the custodial one.
    let [first, second, third] = keys;
    let first = IssuerKey { retired: Some(third.created.clone()), ..first };
    assert_eq!(wait(store.issuer_keys(did("mine"))).unwrap(), [first, second, third]);
    assert_eq!(wait(store.issuer_keys(did("plant"))).unwrap()[0].retired, None);
    assert_eq!(wait(store.issuer_keys(did("nobody"))).unwrap(), []);
}

fn api_key(id: &str, issuer: Option<&str>) -> ApiKey {
    let mut hash = [0; 32];
    hash[..id.len()].copy_from_slice(id.as_bytes());
    ApiKey {
        id: id.to_owned(),
        hash: ApiKeyHash(hash),
        scopes: vec![Scope::Read, Scope::Issue],
        issuer: issuer.map(did),
        label: format!("for {id}"),
        created: AT.to_owned(),
        expires: issuer.map(|_| "2027-01-01T00:00:00Z".to_owned()),
        revoked: None,
    }
}

pub(crate) fn api_keys_are_found_listed_and_revoked(store: &dyn Store) {
    let error = wait(store.add_api_key(api_key("a", Some("mine")))).unwrap_err();
    assert!(matches!(error, StoreError::UnknownIssuer(_)), "{error}");
    wait(store.add_issuer(issuer("mine"))).unwrap();
    let keys = [api_key("a", Some("mine")), api_key("b", Some("mine")), api_key("root", None)];
    for key in &keys {
        wait(store.add_api_key(key.clone())).unwrap();
    }
    let same_id = ApiKey { hash: ApiKeyHash([9; 32]), ..keys[0].clone() };
    let same_hash = ApiKey { id: "c".to_owned(), ..keys[0].clone() };
    for taken in [same_id, same_hash] {
        assert!(matches!(wait(store.add_api_key(taken)), Err(StoreError::IdTaken(_))));
    }
    assert_eq!(wait(store.api_key(keys[1].hash)).unwrap().as_ref(), Some(&keys[1]));
    assert_eq!(wait(store.api_key(ApiKeyHash([9; 32]))).unwrap(), None);
    assert_eq!(wait(store.api_keys(Some(did("mine")))).unwrap(), keys[..2]);
    assert_eq!(wait(store.api_keys(None)).unwrap(), keys[2..]);

    assert!(!wait(store.revoke_api_key("nobody", AT)).unwrap());
    assert!(wait(store.revoke_api_key("a", "2026-05-01T00:00:00Z")).unwrap());
    // Revoked once: a second time does not move it.
    assert!(wait(store.revoke_api_key("a", "2026-06-01T00:00:00Z")).unwrap());
    let revoked = wait(store.api_key(keys[0].hash)).unwrap().unwrap();
    assert_eq!(revoked.revoked.as_deref(), Some("2026-05-01T00:00:00Z"));
    assert_eq!(wait(store.api_key(keys[1].hash)).unwrap().unwrap().revoked, None);
}
