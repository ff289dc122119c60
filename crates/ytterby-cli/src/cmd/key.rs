//! `ytterby key`: signing keys in files, one secret Multikey (z3u2…) on one line.

use std::path::Path;

use ytterby::key::SigningKey;
use ytterby::text::printable;
use ytterby_tlog::{Cosigner, KeyName};

use crate::args;
use crate::failure::Failure;
use crate::output::Output;
use crate::{file, input, random};

/// Runs one of the commands.
pub(crate) fn run(args: args::Key, mut output: Output) -> Result<u8, Failure> {
    match args {
        args::Key::Generate { witness, output: path } => {
            let (secret, public) = match witness {
                Some(name) => {
                    let name = KeyName::parse(&name)
                        .map_err(|error| Failure::usage(format!("--witness {name:?}: {error}")))?;
                    let key = Cosigner::from_seed(name, &random::seed()?);
                    (key.to_secret(), key.verifier_key().to_string())
                }
                None => {
                    let key = SigningKey::from_seed(&random::seed()?);
                    (key.to_secret_multikey(), key.public().to_string())
                }
            };
            let secret = format!("{secret}\n");
            match path.filter(|path| path.as_os_str() != "-") {
                Some(path) => {
                    file::create(&path, secret.as_bytes(), true)?;
                    let shown = printable(&path.display().to_string());
                    output.note(&format!("wrote {shown}: its public key is {public}"));
                }
                None => output.raw(secret.as_bytes())?,
            }
        }
        args::Key::Public { file } => output.data(&format!("{}\n", public(&file)?))?,
        args::Key::Did { file } => output.data(&format!("did:key:{}\n", read(&file)?.public()))?,
    }
    Ok(0)
}

/// The public half of a signing key, or of a witness's key.
fn public(path: &Path) -> Result<String, Failure> {
    let bytes = input::read_small(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    match Cosigner::parse_secret(text.trim_end()) {
        Ok(witness) => Ok(witness.verifier_key().to_string()),
        Err(_) => Ok(read(path)?.public().to_string()),
    }
}

/// Reads a signing key.
pub(crate) fn read(path: &Path) -> Result<SigningKey, Failure> {
    let bytes = input::read_small(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    // The text is never repeated in the message: it may be almost a key.
    SigningKey::parse(text.trim_end()).map_err(|_| {
        Failure::undecided(format!("{}: not a secret Ed25519 Multikey (z3u2...)", path.display()))
    })
}
