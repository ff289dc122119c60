//! The one source of randomness of the service.

use uuid::Uuid;

/// Random bytes from the operating system. A system without randomness cannot run a registry: the
/// request that asked ends there.
#[expect(clippy::disallowed_methods, reason = "this module is the one home of randomness")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes);
    assert!(filled.is_ok(), "the operating system gives no randomness");
    bytes
}

/// A random label (version 4).
pub fn label() -> Uuid {
    uuid::Builder::from_random_bytes(bytes()).into_uuid()
}
