//! Issuers, their keys, API keys, and the switch that stops registrations.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};
use ytterby::did::Did;

use super::cosigned;
use super::readers::{one, rows};
use super::rows::Cells;
use crate::{ApiKey, ApiKeyHash, Cosigned, IssuerKey, IssuerRow, Scope, StoreError};

/// A write that is no part of the log.
#[derive(Debug)]
pub(super) enum Party {
    /// A new issuer.
    Issuer(IssuerRow),
    /// A key of an issuer.
    IssuerKey(IssuerKey),
    /// A new API key.
    ApiKey(ApiKey),
    /// The public id of an API key, and when it was revoked.
    Revoke(String, String),
    /// Why registrations stop, or nothing.
    Halt(Option<String>),
    /// A checkpoint that a quorum has cosigned.
    Cosigned(Cosigned),
}

impl Party {
    /// Does it, in a transaction that is begun; whether there was something to change.
    pub(super) async fn write(&self, client: &Client) -> Result<bool, StoreError> {
        // Numbers are given one after the other: the head's lock is the lock of every write.
        client.execute("SELECT one FROM log FOR UPDATE", &[]).await?;
        match self {
            Party::Issuer(issuer) => add_issuer(client, issuer).await.map(|()| true),
            Party::IssuerKey(key) => add_issuer_key(client, key).await.map(|()| true),
            Party::ApiKey(key) => add_api_key(client, key).await.map(|()| true),
            Party::Revoke(id, at) => {
                // The first time stands: a key is revoked once.
                let sql = "UPDATE api_keys SET revoked = coalesce(revoked, $2) WHERE id = $1";
                Ok(client.execute(sql, &[id, at]).await? == 1)
            }
            Party::Halt(reason) => {
                client.execute("UPDATE log SET halted = $1", &[reason]).await?;
                Ok(true)
            }
            Party::Cosigned(cosigned) => cosigned::keep(client, cosigned).await,
        }
    }
}

async fn add_issuer(client: &Client, issuer: &IssuerRow) -> Result<(), StoreError> {
    let did = issuer.did.as_str();
    if client.query_opt("SELECT 1 FROM issuers WHERE did = $1", &[&did]).await?.is_some() {
        return Err(StoreError::IdTaken(issuer.did.to_string()));
    }
    if client.query_opt("SELECT 1 FROM issuers WHERE name = $1", &[&issuer.name]).await?.is_some() {
        return Err(StoreError::IdTaken(issuer.name.clone()));
    }
    let sql = "INSERT INTO issuers (did, name, title, created) VALUES ($1, $2, $3, $4)";
    client.execute(sql, &[&did, &issuer.name, &issuer.title, &issuer.created]).await?;
    Ok(())
}

/// A custodial key that is not retired itself retires the one that signed until now.
async fn add_issuer_key(client: &Client, key: &IssuerKey) -> Result<(), StoreError> {
    known(client, &key.issuer).await?;
    let issuer = key.issuer.as_str();
    if key.sealed_secret.is_some() && key.retired.is_none() {
        let sql = "UPDATE issuer_keys SET retired = $2
                   WHERE issuer = $1 AND sealed_secret IS NOT NULL AND retired IS NULL";
        client.execute(sql, &[&issuer, &key.created]).await?;
    }
    let sql = "INSERT INTO issuer_keys (number, issuer, public, sealed_secret, created, retired)
               VALUES ((SELECT coalesce(max(number), 0) + 1 FROM issuer_keys), $1, $2, $3, $4, $5)";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&issuer, &key.public, &key.sealed_secret, &key.created, &key.retired];
    client.execute(sql, &values).await.map_err(|error| taken(error, &key.public))?;
    Ok(())
}

async fn add_api_key(client: &Client, key: &ApiKey) -> Result<(), StoreError> {
    if let Some(issuer) = &key.issuer {
        known(client, issuer).await?;
    }
    let scopes = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let (hash, issuer) = (&key.hash.0[..], key.issuer.as_ref().map(Did::as_str));
    let sql = "INSERT INTO api_keys (number, id, hash, scopes, issuer, label, created, expires, revoked)
               VALUES ((SELECT coalesce(max(number), 0) + 1 FROM api_keys), $1, $2, $3, $4, $5, $6, $7, $8)";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
        [&key.id, &hash, &scopes, &issuer, &key.label, &key.created, &key.expires, &key.revoked];
    client.execute(sql, &values).await.map_err(|error| taken(error, &key.id))?;
    Ok(())
}

async fn known(client: &Client, did: &Did) -> Result<(), StoreError> {
    let found = client.query_opt("SELECT 1 FROM issuers WHERE did = $1", &[&did.as_str()]).await?;
    found.map(drop).ok_or_else(|| StoreError::UnknownIssuer(did.clone()))
}

fn taken(error: tokio_postgres::Error, name: &str) -> StoreError {
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => StoreError::IdTaken(name.to_owned()),
        _ => error.into(),
    }
}

pub(super) async fn issuers(client: &ClientWrapper) -> Result<Vec<IssuerRow>, StoreError> {
    let sql = "SELECT did, name, title, created FROM issuers ORDER BY did";
    rows(client, sql, &[]).await?.iter().map(issuer_row).collect()
}

pub(super) fn issuer_row(row: &Row) -> Result<IssuerRow, StoreError> {
    let cells = Cells::new("issuers", row);
    Ok(IssuerRow { did: cells.did(0)?, name: cells.text(1)?, title: cells.text(2)?, created: cells.text(3)? })
}

pub(super) async fn issuer_keys(client: &ClientWrapper, did: Did) -> Result<Vec<IssuerKey>, StoreError> {
    let sql = "SELECT issuer, public, sealed_secret, created, retired FROM issuer_keys
               WHERE issuer = $1 ORDER BY number";
    rows(client, sql, &[&did.as_str()]).await?.iter().map(issuer_key_row).collect()
}

pub(super) fn issuer_key_row(row: &Row) -> Result<IssuerKey, StoreError> {
    let cells = Cells::new("issuer_keys", row);
    Ok(IssuerKey {
        issuer: cells.did(0)?,
        public: cells.text(1)?,
        sealed_secret: cells.get(2)?,
        created: cells.text(3)?,
        retired: cells.get(4)?,
    })
}

pub(super) async fn api_keys(client: &ClientWrapper, issuer: Option<Did>) -> Result<Vec<ApiKey>, StoreError> {
    let sql = "SELECT id, hash, scopes, issuer, label, created, expires, revoked FROM api_keys
               WHERE issuer IS NOT DISTINCT FROM $1 ORDER BY number";
    rows(client, sql, &[&issuer.as_ref().map(Did::as_str)]).await?.iter().map(api_key_row).collect()
}

pub(super) fn api_key_row(row: &Row) -> Result<ApiKey, StoreError> {
    let cells = Cells::new("api_keys", row);
    let words = cells.text(2)?;
    let scope = |word: &str| Scope::parse(word).ok_or_else(|| cells.wrong(format!("{word:?} is no scope")));
    let issuer: Option<&str> = cells.get(3)?;
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

pub(super) async fn halted(client: &ClientWrapper) -> Result<Option<String>, StoreError> {
    let row = one(client, "SELECT halted FROM log", &[]).await?;
    row.as_ref().map_or(Ok(None), |row| Cells::new("log", row).get(0))
}
