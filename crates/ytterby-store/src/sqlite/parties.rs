//! Issuers, their keys and API keys.

use rusqlite::{Connection, named_params, params};
use ytterby::did::Did;

use super::register::taken;
use super::rows::Cells;
use crate::{ApiKey, ApiKeyHash, CallerRow, IssuerKey, IssuerRow, Scope, StoreError};

pub(super) fn add_issuer(connection: &Connection, issuer: &IssuerRow) -> Result<(), StoreError> {
    let named = |sql, value: &str| -> Result<bool, StoreError> {
        Ok(connection.prepare_cached(sql)?.exists([value])?)
    };
    if named("SELECT 1 FROM issuers WHERE did = ?1", issuer.did.as_str())? {
        return Err(StoreError::IdTaken(issuer.did.to_string()));
    }
    if named("SELECT 1 FROM issuers WHERE name = ?1", &issuer.name)? {
        return Err(StoreError::IdTaken(issuer.name.clone()));
    }
    connection
        .prepare_cached("INSERT INTO issuers (did, name, title, created) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![issuer.did.as_str(), issuer.name, issuer.title, issuer.created])?;
    Ok(())
}

fn issuer(connection: &Connection, did: &Did) -> Result<Option<IssuerRow>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT did, name, title, created FROM issuers WHERE did = ?1")?;
    let mut rows = query.query([did.as_str()])?;
    rows.next()?.map(|row| issuer_row(&Cells::new("issuers", row))).transpose()
}

pub(super) fn issuers(connection: &Connection) -> Result<Vec<IssuerRow>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT did, name, title, created FROM issuers ORDER BY did")?;
    let mut rows = query.query([])?;
    let mut issuers = Vec::new();
    while let Some(row) = rows.next()? {
        issuers.push(issuer_row(&Cells::new("issuers", row))?);
    }
    Ok(issuers)
}

fn issuer_row(cells: &Cells<'_>) -> Result<IssuerRow, StoreError> {
    Ok(IssuerRow { did: cells.did(0)?, name: cells.text(1)?, title: cells.text(2)?, created: cells.text(3)? })
}

/// A custodial key that is not retired itself retires the one that signed until now.
pub(super) fn add_issuer_key(connection: &Connection, key: &IssuerKey) -> Result<(), StoreError> {
    known(connection, &key.issuer)?;
    if key.sealed_secret.is_some() && key.retired.is_none() {
        connection
            .prepare_cached(
                "UPDATE issuer_keys SET retired = ?2
                 WHERE issuer = ?1 AND sealed_secret IS NOT NULL AND retired IS NULL",
            )?
            .execute(params![key.issuer.as_str(), key.created])?;
    }
    connection
        .prepare_cached(
            "INSERT INTO issuer_keys (issuer, public, sealed_secret, created, retired) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![key.issuer.as_str(), key.public, key.sealed_secret, key.created, key.retired])
        .map_err(|error| if taken(&error) { StoreError::IdTaken(key.public.clone()) } else { error.into() })?;
    Ok(())
}

const ISSUER_KEYS: &str =
    "SELECT issuer, public, sealed_secret, created, retired FROM issuer_keys WHERE issuer = ?1";

pub(super) fn issuer_keys(connection: &Connection, did: &Did) -> Result<Vec<IssuerKey>, StoreError> {
    keys(connection, did, &format!("{ISSUER_KEYS} ORDER BY number"))
}

fn keys(connection: &Connection, did: &Did, sql: &str) -> Result<Vec<IssuerKey>, StoreError> {
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([did.as_str()])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("issuer_keys", row);
        keys.push(IssuerKey {
            issuer: cells.did(0)?,
            public: cells.text(1)?,
            sealed_secret: cells.get(2)?,
            created: cells.text(3)?,
            retired: cells.get(4)?,
        });
    }
    Ok(keys)
}

pub(super) fn add_api_key(connection: &Connection, key: &ApiKey) -> Result<(), StoreError> {
    if let Some(issuer) = &key.issuer {
        known(connection, issuer)?;
    }
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    connection
        .prepare_cached(
            "INSERT INTO api_keys (id, hash, scopes, issuer, label, created, expires, revoked)
             VALUES (:id, :hash, :scopes, :issuer, :label, :created, :expires, :revoked)",
        )?
        .execute(named_params! {
            ":id": key.id,
            ":hash": key.hash.0,
            ":scopes": scopes.join(" "),
            ":issuer": key.issuer.as_ref().map(Did::as_str),
            ":label": key.label,
            ":created": key.created,
            ":expires": key.expires,
            ":revoked": key.revoked,
        })
        .map_err(|error| if taken(&error) { StoreError::IdTaken(key.id.clone()) } else { error.into() })?;
    Ok(())
}

const API_KEY: &str = "SELECT id, hash, scopes, issuer, label, created, expires, revoked FROM api_keys";

/// Who calls with a key, and whether the issuer's idempotency key was answered.
pub(super) fn caller(
    connection: &Connection,
    hash: ApiKeyHash,
    idempotency: Option<&str>,
) -> Result<Option<CallerRow>, StoreError> {
    let mut query = connection.prepare_cached(&format!("{API_KEY} WHERE hash = ?1"))?;
    let mut rows = query.query([hash.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let key = api_key_row(&Cells::new("api_keys", row))?;
    let Some(did) = &key.issuer else { return Ok(Some(CallerRow { key, issuer: None, answered: false })) };
    let row = issuer(connection, did)?.ok_or_else(|| StoreError::UnknownIssuer(did.clone()))?;
    let keys = keys(connection, did, &format!("{ISSUER_KEYS} AND retired IS NULL ORDER BY number"))?;
    let answered = match idempotency {
        Some(idempotency) => connection
            .prepare_cached("SELECT 1 FROM idempotency WHERE caller = ?1 AND key = ?2")?
            .exists([did.as_str(), idempotency])?,
        None => false,
    };
    Ok(Some(CallerRow { key, issuer: Some((row, keys)), answered }))
}

pub(super) fn api_keys(connection: &Connection, issuer: Option<&Did>) -> Result<Vec<ApiKey>, StoreError> {
    let mut query = connection.prepare_cached(&format!("{API_KEY} WHERE issuer IS ?1 ORDER BY number"))?;
    let mut rows = query.query([issuer.map(Did::as_str)])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(api_key_row(&Cells::new("api_keys", row))?);
    }
    Ok(keys)
}

/// The first time stands: a key is revoked once.
pub(super) fn revoke_api_key(connection: &Connection, id: &str, at: &str) -> Result<bool, StoreError> {
    let revoked = connection
        .prepare_cached("UPDATE api_keys SET revoked = coalesce(revoked, ?2) WHERE id = ?1")?
        .execute([id, at])?;
    Ok(revoked == 1)
}

fn api_key_row(cells: &Cells<'_>) -> Result<ApiKey, StoreError> {
    let words = cells.text(2)?;
    let scope = |word: &str| Scope::parse(word).ok_or_else(|| cells.wrong(format!("{word:?} is no scope")));
    let issuer: Option<String> = cells.get(3)?;
    Ok(ApiKey {
        id: cells.text(0)?,
        hash: ApiKeyHash(cells.bytes32(1)?),
        scopes: words.split_whitespace().map(scope).collect::<Result<_, _>>()?,
        issuer: issuer.map(|_| cells.did(3)).transpose()?,
        label: cells.text(4)?,
        created: cells.text(5)?,
        expires: cells.get(6)?,
        revoked: cells.get(7)?,
    })
}

fn known(connection: &Connection, did: &Did) -> Result<(), StoreError> {
    let known = connection.prepare_cached("SELECT 1 FROM issuers WHERE did = ?1")?.exists([did.as_str()])?;
    if known { Ok(()) } else { Err(StoreError::UnknownIssuer(did.clone())) }
}
