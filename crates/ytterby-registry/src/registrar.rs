//! The order of effects behind an answer. Whatever makes something public goes through here.
//!
//! What is registered is committed before anything else is done about it, and answered last.

use std::sync::Arc;

use ytterby_store::{Registered, Registration, Store, StoreError};

/// Registers certificates, one durable transaction per call.
pub(crate) struct Registrar {
    store: Arc<dyn Store>,
}

impl Registrar {
    /// A registrar that commits to this store.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Registrar { store }
    }

    /// Commits; when this is `Ok`, the certificates, their draws and the answer to their idempotency
    /// key are on the disk.
    pub(crate) async fn register(&self, registration: Registration) -> Result<Registered, StoreError> {
        let count = registration.certificates.len() as u64;
        let registered = self.store.register(registration).await?;
        metrics::counter!("ytterby_certificates_registered_total").increment(count);
        Ok(registered)
    }
}
