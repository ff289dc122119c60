//! Writing files so that a crash leaves the old one or the new one, never a part of either.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Replaces a file: written beside it, synced, renamed over it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // The file behind a link is replaced, not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = beside(path, &format!(".part-{}", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = File::create(&beside)?;
        if let Ok(metadata) = path.metadata() {
            file.set_permissions(metadata.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        sync_directory(path)
    };
    // A device such as /dev/null is written to, not replaced.
    let written = if path.exists() && !path.is_file() { std::fs::write(path, bytes) } else { write() };
    written.map_err(|error| Failure::file("write", path, &error))
}

/// Makes a file that was not there; `secret` makes it its owner's alone.
pub(crate) fn create(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = secret;
    let write = || -> io::Result<()> {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_directory(path)
    };
    write().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::undecided(format!("{} is there already, and is not overwritten", path.display()))
        }
        _ => Failure::file("write", path, &error),
    })
}

/// Holds a file as long as the process lives, so that no other uses what it stands for.
pub(crate) fn lock(path: &Path) -> Result<File, Failure> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|error| Failure::file("open", path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::undecided(format!("{} is held: another process uses this state", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(Failure::file("lock", path, &error)),
    }
}

/// The path with something added to its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}

/// A name is durable once its directory is.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if cfg!(unix) { File::open(parent.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
}
