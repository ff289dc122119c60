//! What the conformance tests share.

pub mod book;
pub mod corpus;
pub mod corridor;
pub mod crash;
pub mod fuzz;
pub mod kept;
pub mod log;
pub mod vectors;

use std::path::PathBuf;

/// The folder of public test vectors, named by `YTTERBY_VECTORS`; without it the tests that read
/// them say so in one line and pass, because the vectors are not part of the project.
///
/// # Panics
///
/// When a folder is named that is not there.
pub fn public_vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("YTTERBY_VECTORS").map(PathBuf::from)?;
    assert!(folder.is_dir(), "YTTERBY_VECTORS names {}, which is no folder", folder.display());
    Some(folder)
}
