//! A lot that arrives from another registry, with everything that came with it.

use ytterby::digest::Digest;
use ytterby::entry;

use crate::NewCertificate;

/// A transfer that is registered in another log, to be admitted here: once, for ever.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The transfer. It is stored like any certificate, and registered there, not here.
    pub transfer: NewCertificate,
    /// Its entry.
    pub entry: entry::Admission,
    /// Its receipt, and the certificates behind it that are not registered here, with theirs.
    pub foreign: Vec<Foreign>,
    /// When, `YYYY-MM-DDThh:mm:ssZ`.
    pub at: String,
}

/// A certificate that is registered elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its digest.
    pub digest: Digest,
    /// The bytes that were signed; `None` for the admitted transfer itself, which is stored already.
    pub bytes: Option<Vec<u8>>,
    /// The lots that it draws on, or is about.
    pub behind: Vec<Digest>,
    /// Its receipt, in its JSON form.
    pub receipt: Vec<u8>,
}
