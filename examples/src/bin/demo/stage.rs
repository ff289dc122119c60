//! The processes of the demonstration: two registries that know each other, and four witnesses that
//! watch both. Each is a program as an operator would run it, with a configuration of its own.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::{binary, path};

/// How often a program is asked whether it listens, and how long is waited in between.
const TRIES: u32 = 1_500;
const PAUSE: Duration = Duration::from_millis(20);

/// How many witnesses there are, and how many of them are a quorum.
pub(crate) const WITNESSES: usize = 4;
pub(crate) const QUORUM: usize = 3;

/// Everything that runs.
pub(crate) struct Stage {
    pub(crate) registries: Vec<Registry>,
    pub(crate) witnesses: Vec<Witness>,
    /// By which trust file lots of the other registry are admitted.
    pub(crate) admission: PathBuf,
}

/// A registry.
pub(crate) struct Registry {
    pub(crate) origin: &'static str,
    pub(crate) url: String,
    pub(crate) admin_key: String,
    /// Of its log, and of its status lists.
    pub(crate) key: String,
    pub(crate) status_key: String,
    /// The log's own secret, which a dishonest registry would misuse.
    pub(crate) key_file: PathBuf,
    process: Option<Process>,
}

/// A witness.
pub(crate) struct Witness {
    pub(crate) key: String,
    pub(crate) url: String,
    process: Option<Process>,
}

/// A program, ended when it is dropped.
struct Process(Child);

impl Stage {
    /// Starts everything in a folder.
    pub(crate) fn start(folder: &Path, origins: [&'static str; 2]) -> Result<Self> {
        let admission = folder.join("admission.toml");
        std::fs::create_dir_all(folder)?;
        std::fs::write(&admission, "version = 1\n")?;
        let mut registries = Vec::new();
        for origin in origins {
            registries.push(Registry::prepare(folder, origin)?);
        }
        let mut witnesses = Vec::new();
        for number in 1..=WITNESSES {
            witnesses.push(Witness::start(folder, number, &registries)?);
        }
        for at in 0..registries.len() {
            let peer = &registries[1 - at];
            let peer = (peer.origin, peer.url.clone());
            registries[at].start(folder, &witnesses, &peer, &admission)?;
        }
        Ok(Stage { registries, witnesses, admission })
    }

    /// Asks everything to stop, as an operator would, and waits.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let registries = self.registries.iter_mut().map(|registry| registry.process.take());
        let witnesses = self.witnesses.iter_mut().map(|witness| witness.process.take());
        for mut process in registries.chain(witnesses).flatten() {
            Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status()?;
            process.0.wait()?;
        }
        Ok(())
    }
}

impl Registry {
    /// Makes its keys, and finds a place for it.
    fn prepare(folder: &Path, origin: &'static str) -> Result<Self> {
        let folder = folder.join(name(origin));
        std::fs::create_dir_all(&folder)?;
        let (key_file, status) = (folder.join("log.key"), folder.join("status.key"));
        let key = printed("ytterby-registry", &["keys", "log", "--origin", origin, "-o", &path(&key_file)])?;
        let status_key = printed("ytterby-registry", &["keys", "status", "-o", &path(&status)])?;
        std::fs::write(folder.join("seal.secret"), "ytterby-demo- not a secret")?;
        let url = format!("http://{}", free_address()?);
        let admin_key = String::new();
        Ok(Registry { origin, url, admin_key, key, status_key, key_file, process: None })
    }

    fn start(
        &mut self,
        folder: &Path,
        witnesses: &[Witness],
        (peer, peer_url): &(&'static str, String),
        admission: &Path,
    ) -> Result<()> {
        let folder = folder.join(name(self.origin));
        let address = self.url.trim_start_matches("http://");
        let mut text = format!(
            "profile = \"development\"\nlisten = \"{address}\"\npublic_url = \"{}\"\norigin = \"{}\"\n\
             [storage]\nsqlite = \"registry.db\"\n[seal]\nsecret_file = \"seal.secret\"\n\
             [status]\nkey_file = \"status.key\"\n[admission]\ntrust_file = \"{}\"\n\
             [log]\nkey_file = \"log.key\"\nmark_file = \"log.mark\"\nquorum = {QUORUM}\n\
             [[peer]]\norigin = \"{peer}\"\nurl = \"{peer_url}\"\n",
            self.url,
            self.origin,
            path(&std::path::absolute(admission)?),
        );
        for witness in witnesses {
            text += &format!("[[witness]]\nkey = \"{}\"\nurl = \"{}\"\n", witness.key, witness.url);
        }
        let config = folder.join("registry.toml");
        std::fs::write(&config, text)?;
        self.admin_key = printed("ytterby-registry", &["keys", "admin", "--config", &path(&config)])?;
        let command = ["serve", "--config", &path(&config)];
        self.process = Some(Process::start("ytterby-registry", &command, &folder.join("log.txt"), address)?);
        Ok(())
    }
}

impl Witness {
    fn start(folder: &Path, number: usize, registries: &[Registry]) -> Result<Self> {
        let folder = folder.join(format!("witness-{number}"));
        std::fs::create_dir_all(&folder)?;
        let key_file = path(&folder.join("witness.key"));
        let named = format!("witness-{number}.example");
        printed("ytterby", &["key", "generate", "--witness", &named, "-o", &key_file])?;
        let key = printed("ytterby", &["key", "public", &key_file])?;
        let address = free_address()?;
        let mut text = format!("listen = \"{address}\"\nkey_file = \"witness.key\"\nstate = \"state\"\n");
        for registry in registries {
            text += &format!("[[log]]\nkey = \"{}\"\nurl = \"{}/log\"\n", registry.key, registry.url);
        }
        let config = folder.join("witness.toml");
        std::fs::write(&config, text)?;
        let command = ["witness", "--config", &path(&config), "--new", "-v"];
        let process = Process::start("ytterby", &command, &folder.join("log.txt"), &address.to_string())?;
        Ok(Witness { key, url: format!("http://{address}"), process: Some(process) })
    }
}

impl Process {
    /// Starts a program and waits until it listens; what it says goes into a file.
    fn start(program: &str, command: &[&str], says: &Path, address: &str) -> Result<Self> {
        let output = File::create(says)?;
        let child = Command::new(binary(program))
            .args(command)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{program} does not start: cargo build --workspace"))?;
        let mut process = Process(child);
        let mut tries = 0;
        while TcpStream::connect(address).is_err() {
            let ended = process.0.try_wait()?.is_some() || tries == TRIES;
            ensure!(!ended, "{program} does not listen; its words are in {}", says.display());
            tries += 1;
            std::thread::sleep(PAUSE);
        }
        Ok(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The folder of an origin.
fn name(origin: &str) -> &str {
    origin.split('.').next().unwrap_or(origin)
}

/// An address on loopback that nobody listens at.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The last line that a program prints.
fn printed(program: &str, command: &[&str]) -> Result<String> {
    let output = Command::new(binary(program)).args(command).output();
    let output = output.with_context(|| format!("{program} does not start: cargo build --workspace"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {} failed: {said}", command.join(" "));
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().last().unwrap_or_default().trim().to_owned())
}
