//! The order of effects behind an answer. Whatever makes something public goes through here.
//!
//! What is registered is committed, then signed for, marked and published, and answered last: nobody
//! has a receipt that a crash can take back. Implements proto-docs/registration.md, "Order of effects".

use std::sync::Arc;

use axum::http::StatusCode;
use ytterby::digest::Digest;
use ytterby::receipt::Receipt;
use ytterby_store::{Logged, Registered, Registration, Store, StoreError};
use ytterby_tlog::SignedCheckpoint;

use crate::log::{Log, LogError};
use crate::problem::Problem;

/// Registers certificates, one durable transaction per call.
pub(crate) struct Registrar {
    store: Arc<dyn Store>,
    log: Log,
}

impl Registrar {
    /// A registrar that commits to this store and signs for this log.
    pub(crate) fn new(store: Arc<dyn Store>, log: Log) -> Self {
        Registrar { store, log }
    }

    /// The log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Compares the log with its mark and shows its checkpoint: before anything is served.
    pub(crate) async fn start(&self) -> Result<(), LogError> {
        self.log.publish(&*self.store, 0).await
    }

    /// Commits; when this is `Ok`, the certificates, their draws, their entries and the answer to their
    /// idempotency key are on the disk. [`Registrar::receipts`] publishes them.
    pub(crate) async fn register(&self, registration: Registration) -> Result<Registered, StoreError> {
        let count = registration.certificates.len() as u64;
        let registered = self.store.register(registration).await?;
        metrics::counter!("ytterby_certificates_registered_total").increment(count);
        Ok(registered)
    }

    /// Returns when a published checkpoint covers everything that is committed now.
    pub(crate) async fn publish_all(&self) -> Result<(), Problem> {
        let head = self.store.head().await?;
        self.log.publish(&*self.store, head.size).await.map_err(unpublished)
    }

    /// The receipts of registered certificates, each for the first head that covers its entry: the same
    /// bytes whenever they are asked for. Returns when a published checkpoint covers them all.
    pub(crate) async fn receipts(&self, digests: Vec<Digest>) -> Result<Vec<Vec<u8>>, Problem> {
        let logged = self.store.logged(digests.clone(), None).await?;
        let sizes = logged.iter().flatten().map(|logged| logged.head.size);
        self.log.publish(&*self.store, sizes.max().unwrap_or(0)).await.map_err(unpublished)?;
        let bytes = |(logged, digest): (Option<Logged>, Digest)| {
            let logged = logged.ok_or_else(|| Problem::internal("a certificate is not logged", &digest))?;
            let checkpoint = self.log.sign(logged.head).map_err(unpublished)?;
            Ok(receipt(logged, checkpoint)?.to_bytes())
        };
        logged.into_iter().zip(digests).map(bytes).collect()
    }

    /// The receipts of those of some certificates that are registered, all under the checkpoint that is
    /// published: whoever verifies them opens one.
    pub(crate) async fn receipts_now(
        &self,
        digests: Vec<Digest>,
    ) -> Result<Vec<(Digest, Receipt<'static>)>, Problem> {
        self.publish_all().await?;
        let checkpoint = self.log.checkpoint().ok_or_else(Problem::busy)?;
        let size = checkpoint.unverified().head().size;
        let logged = self.store.logged(digests.clone(), Some(size)).await?;
        let found = digests.into_iter().zip(logged).filter_map(|(digest, logged)| Some((digest, logged?)));
        found.map(|(digest, logged)| Ok((digest, receipt(logged, (*checkpoint).clone())?))).collect()
    }
}

/// The receipt of what is logged, under a checkpoint that covers it.
fn receipt(logged: Logged, checkpoint: SignedCheckpoint) -> Result<Receipt<'static>, Problem> {
    let proof = ytterby_tlog::Receipt::new(logged.index, logged.proof, checkpoint);
    Receipt::of(&logged.entry, &proof).map_err(|error| Problem::internal("a stored entry", &error))
}

/// What is committed and cannot be shown is in nobody's hands yet: the same request finds it later.
fn unpublished(error: LogError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "the log cannot be published");
    let detail = "what was asked for is stored, and no receipt can be given yet: ask again with the same key";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "log.unpublished", "the log cannot be signed for", detail)
        .retry_after(5)
}
