//! How much work an input may cause.

/// Limits on what a bundle may hold. Reaching one is undecided, never verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Certificates, each with one signature. Default: a million, ten times what a rolling separation
    /// circuit puts behind a drum after some years.
    pub certificates: usize,
    /// Draws, all certificates together. Default: four million; a certificate has at most 64.
    pub edges: usize,
    /// Signatures on the checkpoints of receipts, each distinct checkpoint once. Default: four million,
    /// a checkpoint of its own with a log's and three witnesses' for each of a million certificates.
    pub signatures: usize,
    /// Shares added up for provenance profiles. Default: 200 million, some seconds; the profile of a
    /// hundred thousand certificates behind a drum takes about 40 million.
    pub shares: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { certificates: 1_000_000, edges: 4_000_000, signatures: 4_000_000, shares: 200_000_000 }
    }
}
