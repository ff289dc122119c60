//! How requests name certificates: `urn:uuid:…`, the plain UUID, or the digest `uEi…`.

use ytterby::digest::Digest;
use ytterby_store::{Store, StoreError};

/// A certificate's name in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// By its label, written `urn:uuid:…`.
    Label(String),
    /// By its digest.
    Digest(Digest),
}

impl Reference {
    /// Reads a name; `None` if it is of none of the three kinds.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(digest) = Digest::parse(text) {
            return Some(Reference::Digest(digest));
        }
        let plain = text.strip_prefix("urn:uuid:").unwrap_or(text);
        let uuid = uuid::Uuid::try_parse(plain).ok().filter(|uuid| uuid.hyphenated().to_string() == plain)?;
        Some(Reference::Label(uuid.urn().to_string()))
    }

    /// The digest it stands for, if the store has such a label.
    pub(crate) async fn digest(&self, store: &dyn Store) -> Result<Option<Digest>, StoreError> {
        match self {
            Reference::Digest(digest) => Ok(Some(*digest)),
            Reference::Label(label) => store.digest_of(label).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_spellings_and_no_other() {
        let uuid = "5d0c2f61-9c4b-4e6f-8a55-0123456789ab";
        let label = Some(Reference::Label(format!("urn:uuid:{uuid}")));
        assert_eq!(Reference::parse(uuid), label);
        assert_eq!(Reference::parse(&format!("urn:uuid:{uuid}")), label);
        let digest = Digest::of(b"x");
        assert_eq!(Reference::parse(&digest.to_string()), Some(Reference::Digest(digest)));
        for bad in ["", "..", "x/../y", &uuid.to_uppercase(), &uuid.replace('-', ""), "urn:uuid:", "uEi"] {
            assert_eq!(Reference::parse(bad), None, "{bad}");
        }
    }
}
