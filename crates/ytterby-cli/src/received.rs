//! The file of lots received, by which a lot presented twice is noticed.
//!
//! One line per lot: time, digest, lot number, between spaces. It only grows. It is held under a lock
//! from reading to writing, and replaced whole, so that a crash leaves the old one or the new one.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ytterby::digest::Digest;
use ytterby::text::printable;
use ytterby::time::{format_time, parse_time};

use crate::failure::Failure;
use crate::file;

const HEADER: &str = "# ytterby received/1: when, which lot, its number\n";

/// The lots received so far, locked against others who receive.
pub(crate) struct Received {
    path: PathBuf,
    text: String,
    lots: HashMap<Digest, Timestamp>,
    fresh: bool,
    // Held until this is dropped.
    _lock: File,
}

impl Received {
    /// Opens the file, waiting for others who hold it; a missing one is empty.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        // One lock for one file, however it is named.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let lock = file::beside(&path, ".lock");
        let held = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let held = held.and_then(|file| file.lock().map(|()| file));
        let held = held.map_err(|error| Failure::file("lock", &lock, &error))?;
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| broken(&path, "it is not UTF-8"))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEADER.to_owned(),
            Err(error) => return Err(Failure::file("read", &path, &error)),
        };
        let lots = parse(&text).map_err(|line| broken(&path, &format!("line {line} is no record")))?;
        Ok(Received { path, text, lots, fresh: false, _lock: held })
    }

    /// When a lot was received.
    pub(crate) fn when(&self, lot: &Digest) -> Option<Timestamp> {
        self.lots.get(lot).copied()
    }

    /// Notes a lot; it is in the file after [`Received::save`].
    pub(crate) fn note(&mut self, lot: Digest, number: &str, at: Timestamp) {
        if self.lots.insert(lot, at).is_none() {
            self.text.push_str(&format!("{} {lot} {}\n", format_time(at), printable(number)));
            self.fresh = true;
        }
    }

    /// Makes what was noted durable.
    pub(crate) fn save(self) -> Result<(), Failure> {
        if self.fresh { file::replace(&self.path, self.text.as_bytes()) } else { Ok(()) }
    }
}

/// `Err` holds the number of a line that is neither comment nor record.
fn parse(text: &str) -> Result<HashMap<Digest, Timestamp>, usize> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(text.lines().count());
    }
    let mut lots = HashMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let mut words = line.splitn(3, ' ');
        let time = words.next().and_then(|word| parse_time(word).ok());
        let lot = words.next().and_then(|word| Digest::parse(word).ok());
        let (Some(time), Some(lot)) = (time, lot) else { return Err(at + 1) };
        lots.entry(lot).or_insert(time);
    }
    Ok(lots)
}

fn broken(path: &Path, what: &str) -> Failure {
    Failure::undecided(format!("{} is no file of received lots: {what}", path.display()))
}
