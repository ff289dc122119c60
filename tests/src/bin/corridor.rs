//! Writes the corridor's certificates, one file each, and the keys of their issuers: for peers.

use std::path::PathBuf;

use conformance::corridor::issued;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| std::io::Error::other("usage: corridor FOLDER"))?;
    std::fs::create_dir_all(&folder)?;
    for (at, certificate) in issued().certificates.iter().enumerate() {
        std::fs::write(folder.join(format!("{:02}.json", at + 1)), certificate.bytes())?;
    }
    Ok(())
}
