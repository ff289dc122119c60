//! The one source of randomness: the operating system's.

use uuid::Uuid;

use crate::failure::Failure;

/// The seed of a new signing key.
pub(crate) fn seed() -> Result<[u8; 32], Failure> {
    bytes()
}

/// A new label, version 4.
pub(crate) fn label() -> Result<Uuid, Failure> {
    Ok(uuid::Builder::from_random_bytes(bytes()?).into_uuid())
}

#[expect(clippy::disallowed_methods, reason = "this is the one source of randomness")]
fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::undecided(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}
