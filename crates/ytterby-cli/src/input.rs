//! The only place that reads what others wrote: files, directories, standard input, each up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Largest input read, in bytes, unless another limit is asked for: 1 GiB is some 200,000 certificates.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// Something to be read.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// The source that an argument names; `-` is standard input.
    pub(crate) fn of(argument: &Path) -> Self {
        if argument.as_os_str() == "-" { Source::Stdin } else { Source::File(argument.to_owned()) }
    }

    /// What to call it. May hold anything that a file name may.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::Stdin => "standard input".to_owned(),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// All of its bytes; more than `max` are refused.
    pub(crate) fn read(&self, max: u64) -> Result<Vec<u8>, String> {
        let read = |reader: &mut dyn Read, hint: u64| -> io::Result<Vec<u8>> {
            let mut bytes = Vec::with_capacity(usize::try_from(hint.min(max)).unwrap_or_default() + 1);
            reader.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = match self {
            Source::Stdin => read(&mut io::stdin().lock(), 0),
            Source::File(path) => File::open(path).and_then(|mut file| {
                let hint = file.metadata().map_or(0, |metadata| metadata.len());
                read(&mut file, hint)
            }),
        };
        let bytes = bytes.map_err(|error| self.explain(&error))?;
        if bytes.len() as u64 > max {
            return Err(format!("larger than {max} bytes; --max-bytes raises the limit"));
        }
        Ok(bytes)
    }

    fn explain(&self, error: &io::Error) -> String {
        let is_url = self.name().starts_with("http://") || self.name().starts_with("https://");
        if is_url {
            return "this opens no socket: get it first with `ytterby bundle fetch`".to_owned();
        }
        format!("cannot read it: {error}")
    }
}

/// A small file of our own making: a trust file, a key. At most 16 MiB.
pub(crate) fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    let source = Source::of(path);
    source.read(16 << 20).map_err(|text| Failure::undecided(format!("{}: {text}", source.name())))
}

/// An API key. It is read from a file, because arguments can be seen by others on the machine.
pub(crate) fn read_api_key(path: &Path) -> Result<String, Failure> {
    let bytes = read_small(path)?;
    let secret = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Failure::undecided(format!("{}: not an API key", path.display())));
    }
    Ok(secret.to_owned())
}

/// What an argument stands for; `Err` holds the name and what is wrong.
type Found = Result<Source, (String, String)>;

/// The sources that arguments name, and the names of what was skipped: a directory stands for every
/// `*.json` in it, by name, but not for a pipe, socket or device, which may never end.
pub(crate) fn expand(arguments: &[PathBuf]) -> (Vec<Found>, Vec<String>) {
    let (mut sources, mut skipped) = (Vec::new(), Vec::new());
    for argument in arguments {
        if argument.as_os_str() != "-" && argument.is_dir() {
            match directory(argument, &mut skipped) {
                Ok(files) if files.is_empty() => {
                    let text = "a directory without a .json file in it".to_owned();
                    sources.push(Err((argument.display().to_string(), text)));
                }
                Ok(files) => sources.extend(files.into_iter().map(|file| Ok(Source::File(file)))),
                Err(error) => {
                    let text = format!("cannot list it: {error}");
                    sources.push(Err((argument.display().to_string(), text)));
                }
            }
        } else {
            sources.push(Ok(Source::of(argument)));
        }
    }
    (sources, skipped)
}

/// What is said of a name that was skipped.
pub(crate) fn why_skipped(name: &str) -> String {
    format!("skipped: {} is no regular file", ytterby::text::printable(name))
}

fn directory(path: &Path, skipped: &mut Vec<String>) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in path.read_dir()? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(metadata) if !metadata.is_file() => skipped.push(path.display().to_string()),
            // What cannot be looked at is an input of which nothing can be said.
            Ok(_) | Err(_) => files.push(path),
        }
    }
    files.sort();
    Ok(files)
}
