//! The registry's program: started, killed, started again over what it left.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ytterby_tlog::{NoteSigner, VerifierKey};

use super::Failure;
use super::connection::{Connection, Post};

/// A running registry of a demonstration: a SQLite store, a mark, keys, all in one folder.
pub struct Program {
    child: Child,
    address: SocketAddr,
    admin: String,
    folder: PathBuf,
}

impl Program {
    /// Starts it over a folder, and waits until it serves.
    pub fn start(folder: &Path) -> Result<Self, Failure> {
        let log = OpenOptions::new().create(true).append(true).open(folder.join("stderr"))?;
        let mut child = Command::new(binary()?)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--dir"])
            .arg(folder.join("data"))
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        let mut line = |prefix: &str| Some(lines.next()?.ok()?.strip_prefix(prefix)?.to_owned());
        let told = line("listening on http://").zip(line("admin key "));
        let Some((address, admin)) = told else {
            child.kill()?;
            child.wait()?;
            let log = std::fs::read_to_string(folder.join("stderr"))?;
            return Err(format!("it does not start: {}", log.lines().last().unwrap_or("silent")).into());
        };
        Ok(Program { child, address: address.parse()?, admin, folder: folder.to_owned() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new issuer's key.
    pub fn issuer(&self, name: &str) -> Result<String, Failure> {
        issuer(self.address, &self.admin, name)
    }

    /// The key of its log.
    pub fn log_key(&self) -> Result<VerifierKey, Failure> {
        let text = std::fs::read_to_string(self.folder.join("data/log.key"))?;
        Ok(NoteSigner::parse_secret(text.trim())?.verifier_key().clone())
    }

    /// kill -9: at once, wherever it is.
    pub fn kill(mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is gone already if it was killed.
        self.child.kill().and_then(|()| self.child.wait().map(drop)).unwrap_or_default();
    }
}

/// Adds an issuer and makes a key for it that may do everything of an issuer.
pub(crate) fn issuer(address: SocketAddr, admin: &str, name: &str) -> Result<String, Failure> {
    let mut connection = Connection::new(address, admin);
    let body = format!(r#"{{"name":"{name}","title":"{name}"}}"#);
    connection.post(&Post { path: "/v1/issuers", headers: &[], body: &body })?.expect(201)?;
    let body = format!(r#"{{"issuer":"{name}","scopes":["read","issue","manage"],"label":"crash"}}"#);
    let answer = connection.post(&Post { path: "/v1/api-keys", headers: &[], body: &body })?;
    let key = serde_json::from_slice::<serde_json::Value>(&answer.expect(201)?)?;
    Ok(key["key"].as_str().ok_or("no API key")?.to_owned())
}

/// The registry's program of this build, which is made if it is not there.
fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let profile = own.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).ok_or("no folder")?;
    let file = profile.join("ytterby-registry");
    if !file.is_file() {
        // One at a time, whoever asks.
        let lock = File::create(profile.join("ytterby-registry.wanted"))?;
        lock.lock()?;
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--quiet", "-p", "ytterby-registry", "--bins"]);
        build.env("CARGO_TARGET_DIR", profile.parent().unwrap_or(profile));
        build.args((!cfg!(debug_assertions)).then_some("--release"));
        if !build.status()?.success() {
            return Err("cargo build -p ytterby-registry failed".into());
        }
    }
    Ok(file)
}
