//! Issuers, their keys and API keys.

use ytterby_store::{ApiKey, ApiKeyHash, IssuerKey, IssuerRow, Scope, Store, StoreError};

use crate::make::{AT, certificate, did, keyed, wait};

fn issuer(name: &str) -> IssuerRow {
    IssuerRow { did: did(name), name: name.to_owned(), title: format!("{name} AG"), created: AT.to_owned() }
}

pub(crate) fn issuers_have_one_did_and_one_name(store: &dyn Store) {
    assert_eq!(wait(store.issuers()).unwrap(), []);
    for name in ["plant", "mine"] {
        wait(store.add_issuer(issuer(name))).unwrap();
    }
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
    let found = |hash: ApiKeyHash| wait(store.caller(hash, None)).unwrap().map(|caller| caller.key);
    assert_eq!(found(keys[1].hash).as_ref(), Some(&keys[1]));
    assert_eq!(found(ApiKeyHash([9; 32])), None);
    assert_eq!(wait(store.api_keys(Some(did("mine")))).unwrap(), keys[..2]);
    assert_eq!(wait(store.api_keys(None)).unwrap(), keys[2..]);

    assert!(!wait(store.revoke_api_key("nobody", AT)).unwrap());
    assert!(wait(store.revoke_api_key("a", "2026-05-01T00:00:00Z")).unwrap());
    // Revoked once: a second time does not move it.
    assert!(wait(store.revoke_api_key("a", "2026-06-01T00:00:00Z")).unwrap());
    assert_eq!(found(keys[0].hash).unwrap().revoked.as_deref(), Some("2026-05-01T00:00:00Z"));
    assert_eq!(found(keys[1].hash).unwrap().revoked, None);
}

/// Whoever is asked for together with others is answered as alone.
pub(crate) fn each_caller_is_told_his_own(store: &dyn Store) {
    let names = ["mine", "plant", "works"];
    for name in names {
        wait(store.add_issuer(issuer(name))).unwrap();
        wait(store.add_api_key(api_key(name, Some(name)))).unwrap();
    }
    wait(store.add_api_key(api_key("root", None))).unwrap();
    let retired = |public| IssuerKey { retired: Some(AT.to_owned()), ..key(public, true, AT) };
    for key in [key("z1", false, AT), retired("z0"), key("z2", false, AT)] {
        wait(store.add_issuer_key(key)).unwrap();
    }
    // One key of two callers: what the other was answered is no matter of this one.
    for name in ["mine", "plant"] {
        let new = certificate(name, name, &[("Nd", 5)]);
        wait(store.register(keyed(&[new], did(name).as_str(), "k"))).unwrap();
    }
    let told = |name: &str, asked: Option<&str>| {
        let caller = wait(store.caller(api_key(name, None).hash, asked)).unwrap().unwrap();
        assert_eq!(caller.key, api_key(name, names.contains(&name).then_some(name)));
        let (row, keys) = caller.issuer.unzip();
        assert_eq!(row, names.contains(&name).then(|| issuer(name)));
        let keys: Vec<String> = keys.unwrap_or_default().into_iter().map(|key| key.public).collect();
        assert_eq!(keys, if name == "mine" { vec!["z1", "z2"] } else { vec![] });
        let answered = asked == Some("k") && ["mine", "plant"].contains(&name);
        assert_eq!(caller.answered, answered, "{name} {asked:?}");
    };
    std::thread::scope(|scope| {
        for turn in 0..32 {
            let name = ["mine", "plant", "works", "root"][turn % 4];
            let asked = [None, Some("k"), Some("other")][turn % 3];
            scope.spawn(move || (0..20).for_each(|_| told(name, asked)));
        }
        scope.spawn(|| assert_eq!(wait(store.caller(ApiKeyHash([9; 32]), Some("k"))).unwrap(), None));
    });
}
