//! Why a command ended without doing its work: an exit code and a sentence.

/// Something is proven wrong.
pub(crate) const REJECTED: u8 = 1;
/// The command line makes no sense.
pub(crate) const USAGE: u8 = 2;
/// It cannot be decided, or not be done.
pub(crate) const UNDECIDED: u8 = 4;
/// A bug of ours.
pub(crate) const INTERNAL: u8 = 70;

/// A command's end that is not its success.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What is the matter; may hold text from anywhere, so it is made printable when it is printed.
    pub(crate) text: String,
}

impl Failure {
    /// Something is proven wrong.
    pub(crate) fn rejected(text: impl Into<String>) -> Self {
        Failure { code: REJECTED, text: text.into() }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Failure { code: USAGE, text: text.into() }
    }

    /// It cannot be decided, or not be done.
    pub(crate) fn undecided(text: impl Into<String>) -> Self {
        Failure { code: UNDECIDED, text: text.into() }
    }

    /// A file could not be read or written.
    pub(crate) fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::undecided(format!("cannot {what} {}: {error}", path.display()))
    }
}
