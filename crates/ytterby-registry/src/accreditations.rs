//! Who accredited the issuers of a bundle, up to whoever nobody here accredited: an anchor, if the
//! reader pins it. Implements proto-docs/accreditation.md, "In bundles".

use std::collections::HashSet;

use ytterby::certificate::Certificate;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby_store::Store;

use crate::problem::Problem;

/// Of each accreditor the newest of each issuer: as many as a verifier looks at.
const MOST: usize = 64;
/// Longest chain of accreditations that a verifier follows.
const MAX_CHAIN: usize = 8;

/// By what an accreditation is found: the digest of whom it accredits.
pub(crate) fn filed(issuer: &Did) -> Digest {
    Digest::of(issuer.as_str().as_bytes())
}

/// The accreditations of everybody who issued some certificates, of those who gave them, and so on, that
/// are not among the certificates already: at most so many.
pub(crate) async fn behind(
    store: &dyn Store,
    certificates: &[Certificate<'_>],
    most: usize,
) -> Result<Vec<Certificate<'static>>, Problem> {
    let mut seen: HashSet<Digest> = certificates.iter().map(Certificate::digest).collect();
    let mut known: HashSet<Did> = certificates.iter().map(|own| own.claims().issuer.clone()).collect();
    let mut asked: Vec<Did> = known.iter().cloned().collect();
    let mut found = Vec::new();
    for _ in 0..MAX_CHAIN {
        if asked.is_empty() {
            break;
        }
        asked.sort_unstable();
        let all = store.accreditations(asked.iter().map(filed).collect(), MOST).await?;
        asked.clear();
        for bytes in all {
            let certificate = Certificate::parse(&bytes)
                .map_err(|error| Problem::internal("a stored accreditation does not parse", &error))?;
            if found.len() == most || !seen.insert(certificate.digest()) {
                continue;
            }
            if known.insert(certificate.claims().issuer.clone()) {
                asked.push(certificate.claims().issuer.clone());
            }
            found.push(certificate.into_owned());
        }
    }
    Ok(found)
}
