//! Serving: from a configuration to a listener, and an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use ytterby::Home;
use ytterby_store::{Postgres, PostgresOptions, Replication, Sqlite, SqliteOptions, Store, StoreError};

use crate::app::{About, App, SealCheck};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Engine, Profile};
use crate::cosigning;
use crate::http;
use crate::log::{Log, LogError};
use crate::seal::{Seal, SealError};
use crate::witnesses::Witnesses;

/// How long connections may take to end once the service is told to stop.
const GRACE: Duration = Duration::from_secs(20);
/// How long the head of a request may take, and a connection lie idle.
const HEAD: Duration = Duration::from_secs(15);
/// Largest head of a request, bytes.
const LARGEST_HEAD: usize = 32 * 1024;
/// Connections that are open at once.
const CONNECTIONS: usize = 4_096;

/// Why the service does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is not accepted.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The sealing secret is not accepted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The sealing secret is not that of the store's keys.
    #[error(transparent)]
    SealCheck(#[from] SealCheck),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log must not be signed for.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A listener failed.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// Opens the store, the seal and the log of a configuration.
pub fn open(config: &Config, clock: Clock) -> Result<App, ServeError> {
    let origin = config.home()?;
    let seal = Seal::new(&config.secret()?, &origin.to_string())?;
    let (witnesses, quorum) = config.witnesses()?;
    if let Some(weak) = config.weak_quorum()? {
        tracing::warn!("{weak}");
    }
    let log = Log::new(&origin, config.log_key()?.expose_secret(), &config.log.mark_file)?
        .with_witnesses(Witnesses::new(witnesses, quorum))
        .with_entries(config.log.entries);
    let store = store(config, &origin)?;
    let about = About {
        public_url: config.public_url.clone(),
        origin,
        limits: config.limits.clone(),
        status_key: config.status_key()?,
        peers: config.peers()?,
        admission: config.admission.as_ref().map(|admission| admission.trust_file.clone()),
        gate: config.gate()?,
        refresh: Duration::from_secs(config.log.refresh_seconds),
    };
    Ok(App::new(store, log, seal, clock, about))
}

fn store(config: &Config, origin: &Home) -> Result<Arc<dyn Store>, ServeError> {
    Ok(match config.engine()? {
        Engine::Sqlite(path) => Arc::new(Sqlite::open(path, origin, SqliteOptions::default())?),
        Engine::Postgres(url) => {
            let replication = match config.profile {
                Profile::Production => Replication::Synchronous,
                Profile::Development => Replication::Any,
            };
            let options = PostgresOptions { replication, ..PostgresOptions::default() };
            Arc::new(Postgres::open(url.expose_secret(), origin, options)?)
        }
    })
}

/// Serves until told to stop; then no connection is accepted, what was accepted is finished, and
/// every write that was begun is on the disk.
///
/// Nothing is served if the log and its mark do not belong together.
pub async fn serve(app: App, listener: TcpListener, stop: watch::Receiver<bool>) -> Result<(), ServeError> {
    app.check_seal().await?;
    app.start().await?;
    let service = http::router(app.clone());
    let collecting = tokio::spawn(cosigning::collect(app.clone()));
    run(listener, service, stop).await;
    app.finish_writes().await;
    collecting.abort();
    // It was aborted, or had nothing to do.
    let _ = collecting.await;
    // A client that went away has left nothing that could come over what the next process writes.
    app.registrar().log().mark_at_rest().await;
    Ok(())
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

/// Accepts connections until told to stop. A connection that does not send the head of a request in
/// time is closed, an idle one too; when there are as many as may be, the next one waits.
async fn run(listener: TcpListener, service: Router, mut stop: watch::Receiver<bool>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(LARGEST_HEAD);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = told(&mut stop) => break,
        };
        let Ok((stream, place)) = accepted else {
            // Out of file descriptors, most likely: connections that end make room.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(service.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await.inspect_err(|error| {
        tracing::warn!(%error, "a connection could not be accepted");
    })?;
    Ok((stream, place))
}

/// Ends when the service is told to stop, or nobody is left who could tell.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
