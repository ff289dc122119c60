//! The registry's program: started, killed, started again over what it left.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ytterby_tlog::{NoteSigner, VerifierKey};

use super::connection::{Connection, Post};
use super::{Failure, must};

/// Where a registry keeps its store.
#[derive(Debug, Clone, Copy)]
pub enum Storage<'s> {
    /// In a SQLite file in its folder: it is a demonstration.
    Sqlite,
    /// In the PostgreSQL database of a connection string.
    Postgres(&'s str),
}

/// A running registry: a mark and keys in one folder, and a store.
pub struct Program {
    child: Child,
    address: SocketAddr,
    admin: String,
    folder: PathBuf,
}

impl Program {
    /// Starts it over a folder, and waits until it serves.
    pub fn start(folder: &Path, storage: Storage<'_>) -> Result<Self, Failure> {
        let mut command = Command::new(binary()?);
        let data = folder.join("data");
        match storage {
            Storage::Sqlite => {
                command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--dir"]).arg(&data);
            }
            Storage::Postgres(url) => {
                if !data.is_dir() {
                    configure(&data, url)?;
                }
                command.args(["serve", "--config"]).arg(data.join(CONFIG));
            }
        }
        let log = OpenOptions::new().create(true).append(true).open(folder.join("stderr"))?;
        command.env("RUST_LOG", "error").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn()?;
        let mut lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        let mut line = |prefix: &str| Some(lines.next()?.ok()?.strip_prefix(prefix)?.to_owned());
        let told = line("listening on http://").zip(match storage {
            Storage::Sqlite => line("admin key "),
            Storage::Postgres(_) => std::fs::read_to_string(data.join(ADMIN)).ok(),
        });
        let Some((address, admin)) = told else {
            child.kill()?;
            child.wait()?;
            let log = std::fs::read_to_string(folder.join("stderr"))?;
            return Err(format!("it does not start: {}", log.lines().last().unwrap_or("silent")).into());
        };
        Ok(Program { child, address: address.parse()?, admin, folder: folder.to_owned() })
    }

    /// Starts another one on the same database, which begins with a copy of this one's keys and mark.
    pub fn another(&self, folder: &Path, url: &str) -> Result<Self, Failure> {
        let (from, to) = (self.folder.join("data"), folder.join("data"));
        std::fs::create_dir_all(&to)?;
        for name in [CONFIG, ADMIN, "log.key", "log.mark", "status.key", "seal.secret"] {
            std::fs::copy(from.join(name), to.join(name))?;
        }
        Self::start(folder, Storage::Postgres(url))
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

/// The configuration of a registry on PostgreSQL, and the key of its administrator, in its folder.
const CONFIG: &str = "registry.toml";
const ADMIN: &str = "admin.key";

/// Makes the folder of a registry on PostgreSQL: keys, a configuration, an administrator.
fn configure(data: &Path, url: &str) -> Result<(), Failure> {
    std::fs::create_dir_all(data)?;
    let own = |name: &str| data.join(name).display().to_string();
    let make = |arguments: &[&str]| -> Result<String, Failure> {
        let out = Command::new(binary()?).args(arguments).env("RUST_LOG", "error").output()?;
        must(out.status.success(), || String::from_utf8_lossy(&out.stderr).into_owned())?;
        Ok(String::from_utf8(out.stdout)?.trim().to_owned())
    };
    make(&["keys", "log", "--origin", super::ORIGIN, "--output", &own("log.key")])?;
    make(&["keys", "status", "--output", &own("status.key")])?;
    std::fs::write(data.join("seal.secret"), "of no secret at all")?;
    let text = format!(
        "profile = \"development\"\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://registry.example\"\n\
         origin = \"{}\"\n[storage]\npostgres = {{ url = \"{url}\" }}\n[seal]\nsecret_file = \"seal.secret\"\n\
         [status]\nkey_file = \"status.key\"\n[log]\nkey_file = \"log.key\"\nmark_file = \"log.mark\"\n",
        super::ORIGIN
    );
    std::fs::write(data.join(CONFIG), text)?;
    let admin = make(&["keys", "admin", "--config", &own(CONFIG)])?;
    Ok(std::fs::write(data.join(ADMIN), admin)?)
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
