//! What the conformance tests share.

pub mod book;
pub mod corpus;
pub mod corridor;
pub mod fuzz;
pub mod log;
pub mod vectors;

use std::path::PathBuf;

/// The folder of public test vectors, named by `YTTERBY_VECTORS`; without it the tests that read
/// them say so in one line and pass, because the vectors are not part of the project.
pub fn public_vectors() -> Option<PathBuf> {
    std::env::var_os("YTTERBY_VECTORS").map(PathBuf::from).filter(|folder| folder.is_dir())
}
