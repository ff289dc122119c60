//! The newest edition seen of each trust file that numbers its editions, so that an older one, put in
//! its place, is noticed.
//!
//! One line for each name: the serial, a space, the name. It is held under a lock from reading to
//! writing, and replaced whole. Nothing is written for files without a serial.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use ytterby::Trust;
use ytterby::finding::{Code, Finding};
use ytterby::text::printable;

use crate::failure::Failure;
use crate::file;
use crate::output::Output;
use crate::render::style;

const HEADER: &str = "# ytterby editions/1: the highest serial seen of each trust file, and its name\n";

/// Compares a trust file with the newest edition of it that was used here, and remembers it if it is
/// newer. What is found is a warning: whoever means to go back removes the line. Where nothing can be
/// remembered, that is said, and stops nobody.
pub(crate) fn compare(trust: &Trust, output: &Output) -> Option<Finding> {
    look(trust).unwrap_or_else(|failure| {
        let text = format!("whether it is the newest edition is not known: {}", failure.text);
        output.note(&format!("{}: {}", style::doubtful("warning"), printable(&text)));
        None
    })
}

fn look(trust: &Trust) -> Result<Option<Finding>, Failure> {
    let Some(path) = place().filter(|_| !trust.name.is_empty()) else { return Ok(None) };
    let name = printable(&trust.name);
    let Some(own) = trust.serial else {
        // Taking the number out is no way around it.
        let known = read(&path)?.get(&name).copied();
        return Ok(known.map(|known| older(&format!("it has no serial, {known} was used before"), &path)));
    };
    let known = read(&path)?.get(&name).copied();
    if let Some(known) = known.filter(|known| *known >= own) {
        let text = format!("serial {own}, {known} was used before");
        return Ok((known > own).then(|| older(&text, &path)));
    }
    remember(&path, &name, own)?;
    Ok(None)
}

fn older(text: &str, path: &Path) -> Finding {
    Finding::new(Code::AuthorityTrustFileOlder, format!("{text} ({})", path.display()))
}

fn remember(path: &Path, name: &str, serial: u64) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
    }
    let _held = lock(path)?;
    let mut all = read(path)?;
    // Another may have seen a newer one in the meantime.
    let newest = all.entry(name.to_owned()).or_default();
    *newest = serial.max(*newest);
    let lines = all.iter().map(|(name, serial)| format!("{serial} {name}\n"));
    file::replace(path, format!("{HEADER}{}", lines.collect::<String>()).as_bytes())
}

fn lock(path: &Path) -> Result<File, Failure> {
    let lock = file::beside(path, ".lock");
    let held = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
    let held = held.and_then(|file| file.lock().map(|()| file));
    held.map_err(|error| Failure::file("lock", &lock, &error))
}

fn read(path: &Path) -> Result<BTreeMap<String, u64>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(Failure::file("read", path, &error)),
    };
    parse(&text).map_err(|line| {
        Failure::undecided(format!("{} is no file of editions: line {line} is none", path.display()))
    })
}

/// `Err` holds the number of a line that is neither comment nor edition.
fn parse(text: &str) -> Result<BTreeMap<String, u64>, usize> {
    let mut all = BTreeMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let (serial, name) = line.split_once(' ').ok_or(at + 1)?;
        let serial: u64 = serial.parse().map_err(|_| at + 1)?;
        let newest = all.entry(name.to_owned()).or_default();
        *newest = serial.max(*newest);
    }
    Ok(all)
}

fn place() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local").join("state")))?;
    Some(state.join("ytterby").join("trust-editions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_counts_and_what_is_none_is_named() {
        let all = parse(&format!("{HEADER}7 Acme sourcing\n3 Acme sourcing\n1 b\n")).unwrap();
        assert_eq!(
            all.into_iter().collect::<Vec<_>>(),
            [("Acme sourcing".to_owned(), 7), ("b".to_owned(), 1)]
        );
        for wrong in ["# x\n7\n", "# x\n-1 a\n", "# x\nseven a\n"] {
            assert_eq!(parse(wrong), Err(2), "{wrong}");
        }
    }
}
