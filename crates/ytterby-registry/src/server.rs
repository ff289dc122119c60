//! Serving: from a configuration to a listener, and an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use ytterby_store::{Sqlite, SqliteOptions, StoreError};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::http;
use crate::seal::{Seal, SealError};

/// How long connections may take to end once the service is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Why the service does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is not accepted.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The sealing secret is not accepted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A listener failed.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// Opens the store and the seal of a configuration.
pub fn open(config: &Config, clock: Clock) -> Result<App, ServeError> {
    let origin = config.home()?;
    let seal = Seal::new(&config.secret()?, &origin.to_string())?;
    let store = Sqlite::open(&config.storage.sqlite, SqliteOptions::default())?;
    Ok(App::new(Arc::new(store), seal, clock, config.public_url.clone(), origin, config.limits.clone()))
}

/// Serves until told to stop; then no connection is accepted, what was accepted is finished, and
/// every write that was begun is on the disk.
pub async fn serve(app: App, listener: TcpListener, stop: watch::Receiver<bool>) {
    let service = http::router(app.clone());
    run(listener, service, stop).await;
    app.finish_writes().await;
}

/// Serves `/metrics` and nothing else.
pub async fn serve_metrics(handle: PrometheusHandle, listener: TcpListener, stop: watch::Receiver<bool>) {
    let service = Router::new().route("/metrics", get(async move || handle.render()));
    run(listener, service, stop).await;
}

/// Listens at an address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

async fn run(listener: TcpListener, service: Router, stop: watch::Receiver<bool>) {
    let told = |mut stop: watch::Receiver<bool>| async move {
        // An error means that nobody is left who could tell: stop as well.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let serving = axum::serve(listener, service).with_graceful_shutdown(told(stop.clone()));
    let late = async {
        told(stop).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => if let Err(error) = ended { tracing::error!(%error, "serving ended"); },
        () = late => tracing::warn!("connections did not end in time"),
    }
}
