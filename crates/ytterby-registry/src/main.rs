//! `ytterby-registry`: serve, check a configuration, back up, restore, recover, manage keys.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one place that prints")]

mod args;
mod demo;
mod keys;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use ytterby::Home;
use ytterby::key::SigningKey;
use ytterby::time::format_time;
use ytterby_registry::clock::Clock;
use ytterby_registry::config::{Config, Profile};
use ytterby_registry::gate::GateSetting;
use ytterby_registry::log::Log;
use ytterby_registry::{App, auth, random, recover, server};
use ytterby_store::{IssuerKey, Scope};

use args::{Args, Command, Keys};

fn main() -> ExitCode {
    let args = Args::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(run(args.command)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config: Some(path), .. } => serve(Config::read(&path)?).await,
        Command::Serve { listen, dir, .. } => serve_demo(listen, dir).await,
        Command::CheckConfig { config } => check_config(&Config::read(&config)?),
        Command::Backup { config, to } => backup(&Config::read(&config)?, &to).await,
        Command::Restore { from, to } => {
            let checked = ytterby_store::restore(&from, &to)?;
            println!("restored: {} certificates, {} lots", checked.certificates, checked.lots);
            Ok(())
        }
        Command::Recover { config, from, api_key_file } => {
            recover(&config, &from, api_key_file.as_deref()).await
        }
        Command::Keys(keys) => manage_keys(keys).await,
    }
}

fn check_config(config: &Config) -> anyhow::Result<()> {
    let log = Log::new(&config.home()?, config.log_key()?.expose_secret(), &config.log.mark_file)?;
    let status = config.status_key().context("the status key")?;
    println!("ok: {} as {}", config.public_url, config.home()?);
    println!("log key {}", log.verifier_key());
    println!("status key {}", status.public());
    match config.witnesses()? {
        (all, quorum) if quorum > 0 => println!("cosigned by {quorum} of {} witnesses", all.len()),
        _ => println!("no witness is named: nobody's trust file finds a quorum on its receipts"),
    }
    if let Some(weak) = config.weak_quorum()? {
        println!("warning: {weak}");
    }
    for line in config.gate()?.iter().flat_map(GateSetting::lines) {
        println!("{line}");
    }
    if let Some(backups) = config.engine()?.backups() {
        println!("{backups}");
    }
    Ok(())
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let app = server::open(&config, Clock::system())?;
    if config.profile == Profile::Production {
        refuse_demo_keys(&app).await?;
    }
    app.start().await?;
    let listener = server::listen(config.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = stop_signal()?;
    if let Some(address) = config.metrics_listen {
        let handle = PrometheusBuilder::new().install_recorder().context("metrics")?;
        let private = server::listen(address).await?;
        tokio::spawn(server::serve_metrics(handle, private, stop.clone()));
    }
    server::serve(app, listener, stop).await?;
    Ok(())
}

async fn serve_demo(listen: std::net::SocketAddr, dir: Option<std::path::PathBuf>) -> anyhow::Result<()> {
    let folder = demo::Folder::of(dir)?;
    let listener = server::listen(listen).await?;
    let address = listener.local_addr()?;
    let app = server::open(&folder.config(address)?, Clock::system())?;
    app.start().await?;
    let key = make_admin_key(&app, demo::LABEL).await?;
    // In one piece: whoever reads only the first lines must not break the pipe under the rest.
    let text = format!(
        "listening on http://{address}\nadmin key {key}\ndocumentation http://{address}/docs\n\
         next: the four calls under \"First certificate\" in proto-docs/http-api.md\n"
    );
    std::io::stdout().write_all(text.as_bytes())?;
    server::serve(app, listener, stop_signal()?).await?;
    Ok(())
}

/// Told when the process is to stop: SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        let _ = tell.send(true);
    });
    Ok(told)
}

async fn refuse_demo_keys(app: &App) -> anyhow::Result<()> {
    let keys = app.store().api_keys(None).await?;
    if keys.iter().any(|key| key.label == demo::LABEL && key.revoked.is_none()) {
        bail!("profile = \"production\" refuses the admin key of a demonstration: revoke it first");
    }
    Ok(())
}

async fn backup(config: &Config, to: &Path) -> anyhow::Result<()> {
    if let Some(backups) = config.engine()?.backups() {
        bail!("{backups}");
    }
    let app = server::open(config, Clock::system()).context("stop the service first")?;
    app.store().backup(to).await?;
    let checked = ytterby_store::check(to)?;
    println!("backed up: {} certificates, {} lots", checked.certificates, checked.lots);
    Ok(())
}

async fn recover(config: &Path, from: &str, api_key_file: Option<&Path>) -> anyhow::Result<()> {
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let key = api_key_file.map(read).transpose()?.map(|key| key.trim().to_owned());
    let app = open(config)?;
    let recovered = recover::recover(&app, from, key).await?;
    match recovered.now - recovered.before {
        0 => println!("nothing was missing: {} entries", recovered.now),
        missing => println!("recovered: {missing} entries, there are {} now", recovered.now),
    }
    Ok(())
}

async fn manage_keys(keys: Keys) -> anyhow::Result<()> {
    match keys {
        Keys::List { config } => {
            let app = open(&config)?;
            for issuer in app.store().issuers().await? {
                for key in app.store().issuer_keys(issuer.did.clone()).await? {
                    let state = key.retired.map_or("in use".to_owned(), |at| format!("retired {at}"));
                    let kept = if key.sealed_secret.is_some() { "custodial" } else { "own" };
                    println!("{}\t{}\t{}\t{kept}\t{state}", issuer.name, issuer.did, key.public);
                }
            }
            Ok(())
        }
        Keys::Rotate { config, issuer } => rotate(&config, &issuer).await,
        Keys::Log { origin, output } => {
            let origin = Home::parse(&origin).with_context(|| format!("{origin:?} is no log origin"))?;
            let (secret, public) = Log::new_key(&origin, &random::bytes::<32>())?;
            keys::write_new(&output, &secret).with_context(|| output.display().to_string())?;
            println!("{public}");
            Ok(())
        }
        Keys::Status { output } | Keys::Screening { output } => {
            let key = SigningKey::from_seed(&random::bytes::<32>());
            keys::write_new(&output, &key.to_secret_multikey())
                .with_context(|| output.display().to_string())?;
            println!("{}", key.public());
            Ok(())
        }
        Keys::Admin { config, label, output } => {
            if label == demo::LABEL {
                bail!("the label {label:?} is a demonstration's");
            }
            let app = open(&config)?;
            let Some(output) = output else {
                println!("{}", make_admin_key(&app, &label).await?);
                return Ok(());
            };
            // The file first: a key that is in use and that nobody has would help nobody.
            let (text, key) = auth::new_key(None, vec![Scope::Admin], label, app.now(), None);
            keys::write_new(&output, text.expose_secret()).with_context(|| output.display().to_string())?;
            app.store().add_api_key(key).await?;
            Ok(())
        }
    }
}

async fn rotate(config: &Path, issuer: &str) -> anyhow::Result<()> {
    let app = open(config)?;
    let all = app.store().issuers().await?;
    let row = all.into_iter().find(|row| row.name == issuer).context("no issuer of this name")?;
    let keys = app.store().issuer_keys(row.did.clone()).await?;
    if !keys.iter().any(|key| key.sealed_secret.is_some()) {
        bail!("{issuer} keeps its keys itself");
    }
    let (public, sealed) = app.new_custodial_key(&row.did)?;
    let key = IssuerKey {
        issuer: row.did,
        public: public.to_string(),
        sealed_secret: Some(sealed),
        created: format_time(app.now()),
        retired: None,
    };
    app.store().add_issuer_key(key).await?;
    println!("{public}");
    Ok(())
}

fn open(config: &Path) -> anyhow::Result<App> {
    server::open(&Config::read(config)?, Clock::system()).context("stop the service first")
}

async fn make_admin_key(app: &App, label: &str) -> anyhow::Result<String> {
    let (text, key) = auth::new_key(None, vec![Scope::Admin], label.to_owned(), app.now(), None);
    app.store().add_api_key(key).await?;
    Ok(text.expose_secret().to_owned())
}
