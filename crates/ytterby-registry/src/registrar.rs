//! The order of effects behind an answer. Whatever makes something public goes through here.
//!
//! What is registered is committed, then signed for, marked and published, and answered last: nobody
//! has a receipt that a crash can take back. Implements proto-docs/registration.md, "Order of effects".

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use ytterby::Entry;
use ytterby::digest::Digest;
use ytterby::event::Event;
use ytterby::form::StatusPurpose;
use ytterby::receipt::Receipt;
use ytterby_store::{
    Admission, Closing, Cosigned, Logged, NewCertificate, Registration, StatusChange, Store, StoreError,
};
use ytterby_tlog::{Hash, SignedCheckpoint, TreeHead};

use crate::log::{Log, LogError};
use crate::problem::Problem;
use crate::receipts::Made;

/// What a commit has registered, and the store's incarnation before it.
pub(crate) struct Registered {
    /// Digests and bytes.
    certificates: Vec<(Digest, Vec<u8>)>,
    logged: Vec<Logged>,
    incarnation: u64,
}

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

    /// Compares the log with its mark and its witnesses, and shows its checkpoint: before anything is
    /// served.
    pub(crate) async fn start(&self) -> Result<(), LogError> {
        self.log.publish(&*self.store, 0).await?;
        Ok(self.load_cosigned().await?)
    }

    /// Goes on with the newest cosigned checkpoint that the store keeps.
    pub(crate) async fn load_cosigned(&self) -> Result<(), StoreError> {
        if let Some(last) = self.store.last_cosigned().await? {
            self.log.note_cosigned(note(&last.note)?);
        }
        Ok(())
    }

    /// The outcome of a write. After a commit in doubt nothing is signed until the log was compared with
    /// its mark and its witnesses anew.
    pub(crate) async fn settle<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::InDoubt(_)) = &outcome {
            self.log.doubt().await;
        }
        outcome
    }

    /// Commits; when this is `Ok`, the certificates, their draws, their entries and the answer to their
    /// idempotency key are on the disk. [`Registrar::made`] publishes them.
    pub(crate) async fn register(&self, registration: Registration) -> Result<Registered, StoreError> {
        let of = |new: &NewCertificate| (new.digest, new.bytes.clone());
        let certificates: Vec<_> = registration.certificates.iter().map(of).collect();
        let incarnation = self.store.incarnation();
        let logged = self.settle(self.store.register(registration).await).await?;
        metrics::counter!("ytterby_certificates_registered_total").increment(certificates.len() as u64);
        Ok(Registered { certificates, logged, incarnation })
    }

    /// What was just registered, with its receipts. Returns when a published checkpoint covers it.
    pub(crate) async fn made(&self, registered: Registered) -> Result<Vec<Made>, Problem> {
        let Registered { certificates, logged, incarnation } = registered;
        if let Some(head) = logged.iter().map(|logged| logged.head).max_by_key(|head| head.size) {
            self.log.publish_committed(&*self.store, head, incarnation).await.map_err(unpublished)?;
        }
        let receipts = if self.store.incarnation() == incarnation {
            logged.into_iter().map(|logged| self.first_receipt(logged)).collect::<Result<_, _>>()?
        } else {
            // Another server answers: what it has is what counts.
            self.receipts(certificates.iter().map(|(digest, _)| *digest).collect()).await?
        };
        let made = |((digest, certificate), receipt)| Made { digest, certificate, receipt };
        Ok(certificates.into_iter().zip(receipts).map(made).collect())
    }

    /// Changes statuses, each an entry; [`Registrar::publish_all`] publishes them.
    pub(crate) async fn change_status(&self, change: StatusChange) -> Result<Vec<u64>, StoreError> {
        self.settle(self.store.change_status(change).await).await
    }

    /// Admits a lot; [`Registrar::publish_all`] publishes it.
    pub(crate) async fn admit(&self, admission: Admission) -> Result<u64, StoreError> {
        let admitted = self.settle(self.store.admit(admission).await).await?;
        metrics::counter!("ytterby_lots_admitted_total").increment(1);
        Ok(admitted)
    }

    /// Closes a lot; [`Registrar::publish_all`] publishes it.
    pub(crate) async fn close(&self, closing: Closing) -> Result<(), StoreError> {
        self.settle(self.store.close(closing).await).await
    }

    /// Returns when a published checkpoint covers everything that is committed now.
    pub(crate) async fn publish_all(&self) -> Result<(), Problem> {
        let shown = self.log.published_size();
        let head = self.store.head().await?;
        self.doubt_below(shown, head).await;
        self.publish(head.size).await
    }

    /// Asks which server answers, and whether it has what was shown. Nothing is committed for it.
    async fn ask_server(&self) -> Result<u64, StoreError> {
        let shown = self.log.published_size();
        let head = self.store.head_covering(1).await?;
        self.doubt_below(shown, head).await;
        Ok(self.store.incarnation())
    }

    /// Of a store that has less than was shown before it was asked, everything is in doubt.
    async fn doubt_below(&self, shown: u64, head: TreeHead) {
        if head.size < shown {
            self.log.doubt().await;
        }
    }

    /// Returns when a published checkpoint covers a size that is committed.
    pub(crate) async fn publish(&self, size: u64) -> Result<(), Problem> {
        self.log.publish(&*self.store, size).await.map_err(unpublished)
    }

    /// The same for what was just read, after asking which server answers: one that lacks what was shown is
    /// noticed by its head.
    pub(crate) async fn publish_asked(&self, size: u64) -> Result<(), Problem> {
        self.ask_server().await?;
        self.publish(size).await
    }

    /// The entry of a lot's admission with its proof, `None` if it was not admitted: under the first
    /// checkpoint that a quorum has cosigned and that covers it, else under the published one.
    pub(crate) async fn admission_receipt(&self, lot: Digest) -> Result<Option<Receipt<'static>>, Problem> {
        self.publish_all().await?;
        let published = self.log.checkpoint().ok_or_else(Problem::busy)?;
        let admission = |event: &Logged| matches!(Entry::parse(&event.entry), Ok(Entry::Admission(_)));
        let events = self.store.events(vec![lot], published.unverified().head().size).await?;
        let Some(logged) = events.into_iter().find(admission) else { return Ok(None) };
        let Some(cosigned) = self.store.cosigned(logged.index).await? else {
            return receipt(logged, (*published).clone()).map(Some);
        };
        let events = self.store.events(vec![lot], cosigned.size).await?;
        let logged = events.into_iter().find(admission).unwrap_or(logged);
        receipt(logged, note(&cosigned.note)?).map(Some)
    }

    /// The receipts of registered certificates, each for the first head that covers its entry: the same
    /// bytes whenever they are asked for. Returns when a published checkpoint covers them all.
    pub(crate) async fn receipts(&self, digests: Vec<Digest>) -> Result<Vec<Vec<u8>>, Problem> {
        // What is read is of the server that answers before and afterwards, and its log is compared with what was
        // signed if it is another than it was then.
        let before = self.ask_server().await?;
        let logged = self.store.logged(digests.clone(), None).await?;
        let after = self.ask_server().await?;
        let sizes = logged.iter().flatten().map(|logged| logged.head.size);
        self.publish(sizes.max().unwrap_or(0)).await?;
        if before != after {
            return Err(Problem::busy());
        }
        let bytes = |(logged, digest): (Option<Logged>, Digest)| {
            self.first_receipt(
                logged.ok_or_else(|| Problem::internal("a certificate is not logged", &digest))?,
            )
        };
        logged.into_iter().zip(digests).map(bytes).collect()
    }

    /// The receipt under the first head that covers an entry.
    fn first_receipt(&self, logged: Logged) -> Result<Vec<u8>, Problem> {
        let checkpoint = self.log.sign(logged.head).map_err(unpublished)?;
        Ok(receipt(logged, checkpoint)?.to_bytes())
    }

    /// The receipts of those of some certificates that are registered: each under the first checkpoint
    /// that a quorum has cosigned and that covers it, whose time is the certificate's for ever, with the
    /// newest such checkpoint beside it; where there is none yet, under the published one. With each the index
    /// of its entry.
    pub(crate) async fn receipts_now(
        &self,
        digests: Vec<Digest>,
    ) -> Result<Vec<(Digest, u64, Receipt<'static>)>, Problem> {
        self.publish_all().await?;
        let published = self.log.checkpoint().ok_or_else(Problem::busy)?;
        let size = published.unverified().head().size;
        let logged = self.store.logged(digests.clone(), Some(size)).await?;
        let mut found: Vec<(Digest, Logged)> =
            digests.into_iter().zip(logged).filter_map(|(digest, logged)| Some((digest, logged?))).collect();
        found.sort_by_key(|(_, logged)| logged.index);
        let mut receipts = Vec::with_capacity(found.len());
        let newest = self.store.last_cosigned().await?;
        let (groups, rest) = self.by_cosigned(&found, |(_, logged)| logged.index).await?;
        for (cosigned, covered) in groups {
            let digests: Vec<Digest> = covered.iter().map(|(digest, _)| *digest).collect();
            let checkpoint = note(&cosigned.note)?;
            let proven = self.store.logged(digests.clone(), Some(cosigned.size)).await?;
            let fresh = self.fresh(&newest, cosigned.size).await?;
            for (digest, logged) in digests.into_iter().zip(proven.into_iter().flatten()) {
                let index = logged.index;
                let first = receipt(logged, checkpoint.clone())?;
                receipts.push((digest, index, with_fresh(first, fresh.as_ref())?));
            }
        }
        for (digest, logged) in rest {
            receipts.push((*digest, logged.index, receipt(logged.clone(), (*published).clone())?));
        }
        Ok(receipts)
    }

    /// What happened to certificates, as far as a quorum has cosigned it: each event under the first such
    /// checkpoint, an admission with the newest one that does not reach it.
    pub(crate) async fn events(
        &self,
        digests: Vec<Digest>,
    ) -> Result<Vec<(&'static str, Event<'static>)>, Problem> {
        let Some(newest) = self.store.last_cosigned().await? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for logged in self.store.events(digests, newest.size).await? {
            let entry = Entry::parse(&logged.entry).map_err(|e| Problem::internal("a stored entry", &e))?;
            // A suspension comes and goes; the lists say whether there is one.
            let member = match &entry {
                Entry::Closing(_) => "closings",
                Entry::Admission(_) => "admissions",
                Entry::Status(change) if change.purpose == StatusPurpose::Revocation => "statusChanges",
                Entry::Status(_) | Entry::Certificate(_) => continue,
            };
            found.push((logged.index, entry.certificate(), member));
        }
        found.sort_unstable();
        let mut events = Vec::with_capacity(found.len());
        let (groups, _) = self.by_cosigned(&found, |(index, ..)| *index).await?;
        for (cosigned, covered) in groups {
            let about: BTreeSet<Digest> = covered.iter().map(|(_, digest, _)| *digest).collect();
            let logged = self.store.events(about.into_iter().collect(), cosigned.size).await?;
            let mut logged: HashMap<u64, Logged> = logged.into_iter().map(|l| (l.index, l)).collect();
            let checkpoint = note(&cosigned.note)?;
            for (index, _, member) in covered {
                let Some(own) = logged.remove(index) else { continue };
                let before = match *member {
                    "admissions" => self.store.cosigned_before(*index).await?,
                    _ => None,
                };
                let before = before.map(|before| note(&before.note)).transpose()?;
                let proof = ytterby_tlog::Receipt::new(own.index, own.proof, checkpoint.clone());
                let event = Event::of(&own.entry, &proof, before.as_ref());
                events.push((*member, event.map_err(|e| Problem::internal("a stored entry", &e))?));
            }
        }
        Ok(events)
    }

    /// What stands at indices, in their order, by the first checkpoint that a quorum has cosigned and that
    /// covers it; the rest is what none covers yet.
    async fn by_cosigned<'f, T>(
        &self,
        mut found: &'f [T],
        index: fn(&T) -> u64,
    ) -> Result<(Vec<(Cosigned, &'f [T])>, &'f [T]), StoreError> {
        let mut groups = Vec::new();
        while let Some(first) = found.first() {
            let Some(cosigned) = self.store.cosigned(index(first)).await? else { break };
            let covered;
            (covered, found) = found.split_at(found.partition_point(|own| index(own) < cosigned.size));
            groups.push((cosigned, covered));
        }
        Ok((groups, found))
    }

    /// The newest of the cosigned checkpoints, or what witnesses have cosigned of it since, with the proof
    /// that it continues the one of a size; none if that is the newest.
    async fn fresh(
        &self,
        newest: &Option<Cosigned>,
        size: u64,
    ) -> Result<Option<(SignedCheckpoint, Vec<Hash>)>, Problem> {
        let Some(newest) = newest else { return Ok(None) };
        let newest = match self.log.refreshed_at(newest.size.max(size)) {
            Some(refreshed) => (*refreshed).clone(),
            None if newest.size > size => note(&newest.note)?,
            None => return Ok(None),
        };
        let (_, proof) = self.store.consistency(size, newest.unverified().head().size).await?;
        Ok(Some((newest, proof)))
    }

    /// The best receipt of a certificate now, `None` if it is not registered. Waits so long for a quorum
    /// to cosign a checkpoint that covers it.
    pub(crate) async fn receipt_now(
        &self,
        digest: Digest,
        wait: Duration,
    ) -> Result<Option<Receipt<'static>>, Problem> {
        let logged = self.store.logged(vec![digest], None).await?;
        let Some(logged) = logged.into_iter().flatten().next() else { return Ok(None) };
        self.publish(logged.head.size).await?;
        if !self.log.witnesses().is_empty() {
            // If it does not come in time, there is the receipt without it.
            let _ = tokio::time::timeout(wait, self.log.cosigned_beyond(logged.index)).await;
        }
        let receipts = self.receipts_now(vec![digest]).await?;
        Ok(receipts.into_iter().next().map(|(_, _, receipt)| receipt))
    }
}

fn with_fresh(
    receipt: Receipt<'static>,
    fresh: Option<&(SignedCheckpoint, Vec<Hash>)>,
) -> Result<Receipt<'static>, Problem> {
    let Some((checkpoint, consistency)) = fresh else { return Ok(receipt) };
    receipt
        .with_fresh(checkpoint, consistency)
        .map_err(|error| Problem::internal("a newer checkpoint", &error))
}

/// A checkpoint that the store keeps.
fn note(text: &str) -> Result<SignedCheckpoint, StoreError> {
    SignedCheckpoint::parse(text.as_bytes())
        .map_err(|error| StoreError::Inconsistent { table: "cosigned", detail: error.to_string() })
}

/// The receipt of what is logged, under a checkpoint that covers it.
fn receipt(logged: Logged, checkpoint: SignedCheckpoint) -> Result<Receipt<'static>, Problem> {
    let proof = ytterby_tlog::Receipt::new(logged.index, logged.proof, checkpoint);
    Receipt::of(&logged.entry, &proof).map_err(|error| Problem::internal("a stored entry", &error))
}

/// What is committed and cannot be shown is in nobody's hands yet: the same request finds it later.
fn unpublished(error: LogError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "the log cannot be published");
    let detail = match error {
        LogError::Lost { .. } => "what was asked for may be lost: ask again with the same key",
        _ => "what was asked for is stored, and no receipt can be given yet: ask again with the same key",
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "log.unpublished", "the log cannot be signed for", detail)
        .retry_after(5)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ytterby::Home;
    use ytterby_store::{Sqlite, SqliteOptions};
    use ytterby_tlog::Frontier;

    use super::*;

    fn registrar(folder: &Path) -> Registrar {
        let origin = Home::parse("registry.example/log").unwrap();
        let (key, _) = Log::new_key(&origin, &[7; 32]).unwrap();
        let log = Log::new(&origin, &key, &folder.join("log.mark")).unwrap();
        let store = Sqlite::open(folder.join("store.db"), &origin, SqliteOptions::default()).unwrap();
        Registrar::new(Arc::new(store), log)
    }

    /// What nobody compares again while all goes well is compared after a commit in doubt.
    #[tokio::test]
    async fn a_commit_in_doubt_makes_it_compare_everything_again() {
        let folder = tempfile::tempdir().unwrap();
        let registrar = registrar(folder.path());
        registrar.start().await.unwrap();
        // The mark of a log with an entry that this store does not have.
        let mut tree = Frontier::new();
        tree.append(Hash::of_leaf(b"an entry")).unwrap();
        let ahead = registrar.log.sign(tree.head()).unwrap();
        std::fs::write(folder.path().join("log.mark"), ahead.to_string()).unwrap();
        registrar.publish_all().await.unwrap();
        let busy = registrar.settle::<()>(Err(StoreError::Busy)).await;
        assert!(matches!(busy, Err(StoreError::Busy)));
        registrar.publish_all().await.unwrap();
        let doubt = registrar.settle::<()>(Err(StoreError::InDoubt("lost".to_owned()))).await;
        assert!(matches!(doubt, Err(StoreError::InDoubt(_))));
        let error = registrar.log.publish(&*registrar.store, 0).await.unwrap_err();
        assert!(matches!(error, LogError::Behind { mark: 1, size: 0 }), "{error}");
        assert!(registrar.publish_all().await.is_err());
        // What was published stays what it was.
        assert_eq!(registrar.log.checkpoint().unwrap().unverified().head(), TreeHead::EMPTY);
    }

    /// What a server confirmed that answers no more counts for as much as the one that answers now has of it.
    #[tokio::test]
    async fn what_another_server_confirmed_is_not_signed_for() {
        let folder = tempfile::tempdir().unwrap();
        let registrar = registrar(folder.path());
        registrar.start().await.unwrap();
        let mut tree = Frontier::new();
        tree.append(Hash::of_leaf(b"an entry")).unwrap();
        let logged = Logged { index: 0, entry: b"an entry".to_vec(), head: tree.head(), proof: Vec::new() };
        let certificates = vec![(Digest::of(b"a certificate"), b"a certificate".to_vec())];
        let incarnation = registrar.store.incarnation() + 1;
        let lost = Registered { certificates, logged: vec![logged], incarnation };
        let problem = registrar.made(lost).await.err().unwrap();
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(registrar.log.checkpoint().unwrap().unverified().head(), TreeHead::EMPTY);
        assert_eq!(registrar.log.marked().unwrap().unwrap().unverified().head(), TreeHead::EMPTY);
    }
}
