//! Throw-away PostgreSQL servers: in a temporary folder, on sockets in it, ended with the test program
//! however that ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// How often, and how long in between, a server is asked before it counts as broken.
const TRIES: usize = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// What installs what is missing.
const MISSING: &str = "PostgreSQL 15 or later is needed: sudo apt-get install postgresql";

/// Starts the server, and waits for the end of its own input: the test program has ended, or wants
/// the server to. Then nothing stays.
const GUARD: &str = r#"
    trap '' INT TERM HUP
    folder=$1; shift
    "$@" </dev/null >>"$folder/server.log" 2>&1 &
    server=$!
    read -r _
    kill -QUIT "$server" 2>/dev/null
    wait "$server"
    rm -rf "$folder"
"#;

/// The folder of the server's programs. `None`, and a line that says what is missing, if they are not
/// here; under `CI=true` that is a failure.
pub(crate) fn programs() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = installed
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort();
        let asked = Command::new("pg_config").arg("--bindir").output().ok();
        let elsewhere = asked.map(|out| PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()));
        let newest = versions.pop().filter(|(version, _)| *version >= 15).map(|(_, path)| path);
        newest.into_iter().chain(elsewhere).find(|path| path.join("initdb").is_file())
    });
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{MISSING}");
        eprintln!("skipped: {MISSING}");
    }
    found.as_deref()
}

/// A command as somebody whom the server accepts: it does not run as root.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let user = user();
    command.args(["--reuid", user, "--regid", group(), "--clear-groups", "--"]).arg(program);
    command.env("HOME", "/").current_dir("/");
    command
}

fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| told(Command::new("id").arg("-u")).trim() == "0")
}

fn user() -> &'static str {
    static USER: OnceLock<&str> = OnceLock::new();
    USER.get_or_init(|| {
        let known = Command::new("id").args(["-u", "postgres"]).stderr(Stdio::null()).output();
        if known.is_ok_and(|out| out.status.success()) { "postgres" } else { "nobody" }
    })
}

fn group() -> &'static str {
    static GROUP: OnceLock<String> = OnceLock::new();
    GROUP.get_or_init(|| told(Command::new("id").args(["-gn", user()])).trim().to_owned())
}

/// What a command prints; it has to succeed.
fn told(command: &mut Command) -> String {
    let out = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&out.stderr));
    text
}

/// A server that runs, or was killed.
pub(crate) struct Server {
    bin: &'static Path,
    folder: PathBuf,
    guard: Child,
    /// The guard ends when this is closed.
    open: Option<ChildStdin>,
}

impl Server {
    /// A new one.
    pub(crate) fn start(bin: &'static Path, settings: &[&str]) -> Self {
        let folder = new_folder();
        let data = folder.join("data");
        let mut initdb = command(bin.join("initdb"));
        initdb
            .args(["-U", "ytterby", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data);
        told(&mut initdb);
        Self::run(bin, folder, settings)
    }

    /// A standby of this one, which it calls by a name.
    pub(crate) fn standby(&self, name: &str) -> Self {
        let folder = new_folder();
        let mut copy = command(self.bin.join("pg_basebackup"));
        let from = format!("host={} user=ytterby application_name={name}", self.folder.display());
        copy.args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &from, "-D"])
            .arg(folder.join("data"));
        told(&mut copy);
        Self::run(self.bin, folder, &[])
    }

    fn run(bin: &'static Path, folder: PathBuf, settings: &[&str]) -> Self {
        let mut guard = command("sh");
        guard.args(["-c", GUARD, "sh"]).arg(&folder).arg(bin.join("postgres"));
        guard.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder);
        for setting in
            ["listen_addresses=", "max_connections=200", "shared_buffers=64MB", "wal_level=replica"]
                .iter()
                .chain(settings)
        {
            guard.args(["-c", setting]);
        }
        let mut guard =
            guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let open = guard.stdin.take();
        let server = Server { bin, folder, guard, open };
        server.wait_for("SELECT 1", "1");
        server
    }

    /// A connection string to a database of this server.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("host={} user=ytterby dbname={database}", self.folder.display())
    }

    /// The folder of its socket.
    pub(crate) fn host(&self) -> String {
        self.folder.display().to_string()
    }

    /// What a statement answers; what went wrong instead.
    pub(crate) fn ask(&self, sql: &str) -> Result<String, String> {
        let mut psql = command(self.bin.join("psql"));
        let out = psql
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url("postgres"), "-c", sql])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
    }

    /// Waits until a statement has an answer.
    pub(crate) fn wait_for(&self, sql: &str, wanted: &str) {
        let mut last = None;
        for _ in 0..TRIES {
            let answer = self.ask(sql);
            if answer.as_deref() == Ok(wanted) {
                return;
            }
            last = Some(answer);
            std::thread::sleep(PAUSE);
        }
        let log = std::fs::File::open(self.folder.join("server.log")).map(BufReader::new);
        let log: Vec<_> = log.into_iter().flat_map(|log| log.lines().map_while(Result::ok)).collect();
        panic!("{sql} does not become {wanted}: {last:?}\n{}", log.join("\n"));
    }

    /// Changes a setting while it runs.
    pub(crate) fn set(&self, setting: &str, value: &str) {
        self.ask(&format!("ALTER SYSTEM SET {setting} = '{value}'")).unwrap();
        self.ask("SELECT pg_reload_conf()").unwrap();
        self.wait_for(&format!("SHOW {setting}"), value);
    }

    /// Makes a standby the one that takes writes.
    pub(crate) fn promote(&self) {
        self.ask("SELECT pg_promote(true, 60)").unwrap();
        self.wait_for("SELECT pg_is_in_recovery()", "f");
    }

    /// Kills it at once: the postmaster, with everything it started.
    pub(crate) fn kill(&self) {
        let pids = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let postmaster = pids.lines().next().unwrap().trim().to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster]).output().unwrap();
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        let mut kill = Command::new("kill");
        kill.arg("-9").arg(&postmaster).args(children.split_whitespace());
        // A child may have ended by itself in between.
        kill.stderr(Stdio::null()).status().unwrap();
        let alive = |pid: &str| Path::new("/proc").join(pid).exists();
        for _ in 0..TRIES {
            if !children.split_whitespace().any(alive) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("some of {children} still run");
    }

    /// Sends a signal to the process that receives what the primary writes.
    pub(crate) fn signal_receiver(&self, signal: &str) {
        let receiver =
            self.ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walreceiver'").unwrap();
        told(Command::new("kill").arg(signal).arg(&receiver));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.open.take());
        // If it is gone already, so is what it guarded.
        let _ = self.guard.wait();
    }
}

/// A folder that the server's user owns; the guard removes it.
fn new_folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("ytb").tempdir().unwrap().keep();
    if is_root() {
        told(Command::new("chown").arg(format!("{}:{}", user(), group())).arg(&folder));
    }
    folder
}
