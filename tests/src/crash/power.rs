//! Power that is cut: a store on a file system in an image, and a copy of the image while the writer is stopped.
//!
//! What the file system has not yet sent to its device is not in the copy, as it would not be on a disk. So a store
//! that waits for the disk loses nothing that it acknowledged; one that does not must be seen to lose some, or the
//! cut proves nothing. What a device has in a cache of its own counts as written here.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ytterby::digest::Digest;
use ytterby_store::{Sqlite, SqliteOptions, Store, Synchronous, check};

use super::random::Random;
use super::{Failure, must, origin, wait, writer};

/// Room for a store that is written to for a second.
const IMAGE_BYTES: u64 = 128 * 1024 * 1024;
/// The least and the most time a writer has before the power goes, in milliseconds.
const LIFE_MS: (u64, u64) = (100, 900);
/// How often a state that has to come is looked for, 10 ms apart.
const TRIES: usize = 1_000;

/// What was done, and found to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Power cuts of a store that waits for the disk.
    pub rounds: u64,
    /// What it had acknowledged.
    pub acknowledged: usize,
    /// Power cuts of one that does not, until it lost something.
    pub control_rounds: u64,
    /// What that had acknowledged.
    pub control_acknowledged: usize,
    /// What it lost.
    pub control_lost: usize,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { rounds, acknowledged, control_rounds, control_acknowledged, control_lost } = self;
        write!(
            f,
            "{rounds} rounds with synchronous=FULL: {acknowledged} acknowledged, 0 lost; negative control \
             synchronous=NORMAL: {control_lost} of {control_acknowledged} lost after {control_rounds} rounds"
        )
    }
}

/// Why no power can be cut here; nothing if it can.
pub fn impossible() -> Option<String> {
    let try_it = || -> Result<(), Failure> {
        let folder = tempfile::tempdir()?;
        let image = folder.path().join("image");
        new_image(&image)?;
        drop(Volume::mount(&image, &folder.path().join("mounted"))?);
        Ok(())
    };
    try_it().err().map(|error| format!("a file system in a file has to be made and mounted: {error}"))
}

/// So many power cuts that lose nothing, and at most as many of the control until one does. `program` is one whose
/// first argument may be [`writer::CHILD`].
pub fn run(program: &Path, rounds: u64, seed: u64) -> Result<Cut, Failure> {
    let mut random = Random::new(seed);
    let mut cut =
        Cut { rounds, acknowledged: 0, control_rounds: 0, control_acknowledged: 0, control_lost: 0 };
    while cut.control_lost == 0 {
        must(cut.control_rounds < rounds, || {
            format!("synchronous=NORMAL lost nothing in {rounds} rounds: the cut proves nothing")
        })?;
        let (acknowledged, lost) = round(program, Synchronous::Normal, &mut random)?;
        cut.control_rounds += 1;
        cut.control_acknowledged += acknowledged;
        cut.control_lost += lost;
    }
    for number in 0..rounds {
        let (acknowledged, lost) = round(program, Synchronous::Full, &mut random)?;
        must(lost == 0, || format!("round {number}: {lost} of {acknowledged} acknowledged were lost"))?;
        cut.acknowledged += acknowledged;
    }
    Ok(cut)
}

/// One power cut: how many certificates were acknowledged, and how many of them are gone.
fn round(program: &Path, synchronous: Synchronous, random: &mut Random) -> Result<(usize, usize), Failure> {
    let folder = tempfile::tempdir()?;
    let (image, copy) = (folder.path().join("image"), folder.path().join("copy"));
    new_image(&image)?;
    let volume = Volume::mount(&image, &folder.path().join("mounted"))?;
    let mut writer = Writer::start(program, &volume.folder.join("store.db"), synchronous)?;
    let (least, most) = LIFE_MS;
    thread::sleep(Duration::from_millis(least + random.below(most - least)));
    writer.stop()?;
    settled_copy(&image, &copy)?;
    let acknowledged = writer.kill()?;
    drop(volume);
    must(acknowledged.len() > 1, || "nothing was acknowledged: nothing was tested".to_owned())?;
    let after = Volume::mount(&copy, &folder.path().join("again"))?;
    let file = after.folder.join("store.db");
    // Whatever is lost, what is left is whole, its log included.
    check(&file)?;
    let store = Sqlite::open(&file, &origin(), SqliteOptions::default())?;
    let mut lost = 0;
    for digest in &acknowledged {
        lost += usize::from(wait(store.certificate(*digest))??.is_none());
    }
    Ok((acknowledged.len(), lost))
}

/// The process that writes, and what it says.
struct Writer {
    child: Child,
    said: mpsc::Receiver<Digest>,
    first: Digest,
}

impl Writer {
    /// Starts it and waits for its first word.
    fn start(program: &Path, file: &Path, synchronous: Synchronous) -> Result<Self, Failure> {
        let how = if synchronous == Synchronous::Full { "full" } else { "normal" };
        let mut command = Command::new(program);
        command.arg(writer::CHILD).arg(file).arg(how).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let (say, said) = mpsc::channel();
        thread::spawn(move || {
            // A line that was cut off is no digest.
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for digest in lines.filter_map(|line| Digest::parse(&line).ok()) {
                if say.send(digest).is_err() {
                    break;
                }
            }
        });
        match said.recv_timeout(Duration::from_secs(20)) {
            Ok(first) => Ok(Writer { child, said, first }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(format!("the writer says nothing: {error}").into())
            }
        }
    }

    /// Stops every thread of it where it is.
    fn stop(&self) -> Result<(), Failure> {
        let pid = self.child.id().to_string();
        run_tool("kill", &["-STOP", &pid])?;
        let stopped = || -> Result<bool, Failure> {
            for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
                let stat = std::fs::read_to_string(task?.path().join("stat"))?;
                let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
                if state != Some('T') {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        for _ in 0..TRIES {
            if stopped()? {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err("the writer does not stop".into())
    }

    /// Ends it; everything that it has acknowledged.
    fn kill(&mut self) -> Result<Vec<Digest>, Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(std::iter::once(self.first).chain(self.said.iter()).collect())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It is gone already when all went well.
        self.child.kill().and_then(|()| self.child.wait().map(drop)).unwrap_or_default();
    }
}

/// A mounted image; it is unmounted with this.
struct Volume {
    folder: PathBuf,
}

impl Volume {
    fn mount(image: &Path, folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir(folder)?;
        run_tool("mount", &["-o", "loop", &image.to_string_lossy(), &folder.to_string_lossy()])?;
        Ok(Volume { folder: folder.to_owned() })
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let folder = self.folder.to_string_lossy().into_owned();
        if run_tool("umount", &[&folder]).is_err() {
            // Somebody still looks into it: it goes when they are done.
            let _ = run_tool("umount", &["-l", &folder]);
        }
    }
}

/// An empty file system that writes nothing of its own accord.
fn new_image(image: &Path) -> Result<(), Failure> {
    File::create_new(image)?.set_len(IMAGE_BYTES)?;
    let options = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
    run_tool("mkfs.ext4", &["-q", "-F", "-E", options, &image.to_string_lossy()])
}

/// A copy of one moment: the file system may still have been writing, so two copies in a row have to be the same.
fn settled_copy(image: &Path, copy: &Path) -> Result<(), Failure> {
    for _ in 0..TRIES {
        std::fs::copy(image, copy)?;
        if same(image, copy)? {
            return Ok(());
        }
    }
    Err("the image does not come to rest".into())
}

fn same(one: &Path, other: &Path) -> Result<bool, Failure> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    for _ in 0..IMAGE_BYTES >> 20 {
        one.read_exact(&mut left)?;
        other.read_exact(&mut right)?;
        if left != right {
            return Ok(false);
        }
    }
    Ok(true)
}

fn run_tool(tool: &str, arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new(tool).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{tool}: {error}"))?;
    must(output.status.success(), || {
        format!("{tool}: {}", String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("failed"))
    })
}
