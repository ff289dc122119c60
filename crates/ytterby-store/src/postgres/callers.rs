//! Who calls. It is asked once for each request, and so by many at once: whoever asks while others are
//! being answered is asked for together with all who wait, in one round trip. Nothing is kept: what is
//! answered was read after it was asked for.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join4;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Config;

use super::PostgresOptions;
use super::connect::planned_once;
use super::parties::{api_key_row, issuer_key_row, issuer_row};
use super::readers::{Readers, rows};
use super::rows::Cells;
use super::writer::{Shared, again};
use crate::{Answer, ApiKey, ApiKeyHash, CallerRow, IssuerKey, IssuerRow, StoreError};

/// At most so many are asked for in one round trip.
const TOGETHER: usize = 256;

const KEYS: &str = "SELECT id, hash, scopes, issuer, label, created, expires, revoked FROM api_keys
                    WHERE hash = ANY($1)";
const ISSUERS: &str = "SELECT did, name, title, created FROM issuers
                       WHERE did IN (SELECT issuer FROM api_keys WHERE hash = ANY($1))";
const ISSUER_KEYS: &str = "SELECT issuer, public, sealed_secret, created, retired FROM issuer_keys
                           WHERE issuer IN (SELECT issuer FROM api_keys WHERE hash = ANY($1)) AND retired IS NULL ORDER BY number";
/// Each is looked up for itself, by caller and key: one caller may have all there are, and joined they may be
/// walked by caller alone.
const ANSWERED: &str = "SELECT DISTINCT k.issuer, x.key
                        FROM unnest($1::bytea[], $2::text[]) x(hash, key) JOIN api_keys k ON k.hash = x.hash
                        CROSS JOIN LATERAL (SELECT 1 FROM idempotency
                                            WHERE caller = k.issuer AND key = x.key OFFSET 0) i";

/// The hash of an API key, and an idempotency key.
type Asked = (ApiKeyHash, Option<String>);
type Reply = oneshot::Sender<Result<Option<CallerRow>, StoreError>>;

/// The queue in front of the one who asks. Dropping it lets him end.
pub(super) struct Callers {
    queue: mpsc::Sender<(Asked, Reply)>,
    readers: Readers,
}

impl Callers {
    /// Starts the task that asks, on a connection of its own.
    pub(super) fn start(
        runtime: &Handle,
        config: &Config,
        options: &PostgresOptions,
        writer: Arc<Shared>,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let one = PostgresOptions { readers: 1, ..*options };
        let readers = Readers::new(runtime.clone(), planned_once(config), &one, writer)?;
        runtime.spawn(run(readers.clone(), waiting));
        Ok(Callers { queue, readers })
    }

    /// Its connection.
    pub(super) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Whether anybody is told any more.
    pub(super) fn alive(&self) -> Result<(), StoreError> {
        if self.queue.is_closed() { Err(stopped()) } else { Ok(()) }
    }

    /// Who calls with a key, and whether the idempotency key was answered.
    pub(super) fn ask(
        &self,
        hash: ApiKeyHash,
        idempotency: Option<&str>,
    ) -> Answer<'static, Option<CallerRow>> {
        let (reply, answer) = oneshot::channel();
        let queued = self.queue.try_send(((hash, idempotency.map(str::to_owned)), reply));
        let queued = queued.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => stopped(),
        });
        Box::pin(async move {
            queued?;
            answer.await.unwrap_or_else(|_| Err(stopped()))
        })
    }
}

fn stopped() -> StoreError {
    StoreError::Engine("nobody asks who calls any more".to_owned())
}

async fn run(readers: Readers, mut waiting: mpsc::Receiver<(Asked, Reply)>) {
    while let Some(first) = waiting.recv().await {
        let mut group = vec![first];
        while group.len() < TOGETHER
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        let (asked, replies): (Vec<Asked>, Vec<Reply>) = group.into_iter().unzip();
        let asked = Arc::new(asked);
        let read = Arc::clone(&asked);
        let found = readers.ask(move |client| Box::pin(Found::read(client, Arc::clone(&read)))).await;
        for (asked, reply) in asked.iter().zip(replies) {
            // Whoever went away does not want to know.
            let _ = reply.send(found.as_ref().map_err(again).and_then(|found| found.caller(asked)));
        }
    }
}

/// All that was read for a group. What cannot be read of one caller is an error of that one alone.
struct Found {
    keys: HashMap<[u8; 32], Result<ApiKey, StoreError>>,
    issuers: HashMap<String, Result<(IssuerRow, Vec<IssuerKey>), StoreError>>,
    /// Issuer and key.
    answered: HashSet<(String, String)>,
}

impl Found {
    async fn read(client: &ClientWrapper, asked: Arc<Vec<Asked>>) -> Result<Self, StoreError> {
        let hashes: BTreeSet<&[u8]> = asked.iter().map(|(hash, _)| &hash.0[..]).collect();
        let hashes: Vec<&[u8]> = hashes.into_iter().collect();
        let keyed = asked.iter().filter_map(|(hash, key)| Some((&hash.0[..], key.as_deref()?)));
        let (callers, keys): (Vec<&[u8]>, Vec<&str>) = keyed.unzip();
        let (hashes, callers, keys) = (&[&hashes as _], &callers, &keys);
        let (found, issuers, issuer_keys, answered) = try_join4(
            rows(client, KEYS, hashes),
            rows(client, ISSUERS, hashes),
            rows(client, ISSUER_KEYS, hashes),
            rows(client, ANSWERED, &[callers as _, keys as _]),
        )
        .await?;
        let mut all = Found { keys: HashMap::new(), issuers: HashMap::new(), answered: HashSet::new() };
        for row in &found {
            all.keys.insert(Cells::new("api_keys", row).bytes32(1)?, api_key_row(row));
        }
        for row in &issuers {
            all.issuers.insert(row.try_get(0)?, issuer_row(row).map(|issuer| (issuer, Vec::new())));
        }
        for row in &issuer_keys {
            let Some(own) = all.issuers.get_mut(row.try_get::<_, &str>(0)?) else { continue };
            match (issuer_key_row(row), &mut *own) {
                (Ok(key), Ok((_, keys))) => keys.push(key),
                (Err(error), Ok(_)) => *own = Err(error),
                (_, Err(_)) => {}
            }
        }
        for row in &answered {
            all.answered.insert((row.try_get(0)?, row.try_get(1)?));
        }
        Ok(all)
    }

    fn caller(&self, (hash, idempotency): &Asked) -> Result<Option<CallerRow>, StoreError> {
        let Some(key) = self.keys.get(&hash.0) else { return Ok(None) };
        let key = key.as_ref().map_err(again)?.clone();
        let Some(did) = &key.issuer else {
            return Ok(Some(CallerRow { key, issuer: None, answered: false }));
        };
        let issuer = self.issuers.get(did.as_str()).ok_or_else(|| StoreError::UnknownIssuer(did.clone()))?;
        let issuer = Some(issuer.as_ref().map_err(again)?.clone());
        let own = |asked: &String| self.answered.contains(&(did.to_string(), asked.clone()));
        let answered = idempotency.as_ref().is_some_and(own);
        Ok(Some(CallerRow { key, issuer, answered }))
    }
}
