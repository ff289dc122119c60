//! Where in a document something stands: an RFC 6901 JSON pointer that grows on the way down.

use std::fmt;

/// A place in a request's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(String);

impl Place {
    /// A document that is a member of the request.
    pub(crate) fn of(member: &str) -> Self {
        Place(format!("/{member}"))
    }

    /// A member of the object that stands here.
    pub(crate) fn member(&self, name: &str) -> Self {
        Place(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    /// An element of the array that stands here.
    pub(crate) fn item(&self, at: usize) -> Self {
        Place(format!("{}/{at}", self.0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
