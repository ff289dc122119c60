//! Certificates and receipts in answers. An answer is stored, under its idempotency key, in the transaction
//! that does what it says. Its certificates are stored beside it, and there is no receipt yet: both go in on
//! the way out, the same each time.

use ytterby::digest::Digest;

use crate::app::App;
use crate::problem::Problem;

/// A certificate of an answer.
pub(crate) struct Made {
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its bytes.
    pub(crate) certificate: Vec<u8>,
    /// Its receipt.
    pub(crate) receipt: Vec<u8>,
}

/// What stands around the digest where a certificate and its receipt go. Within a string the quotes would be
/// escaped, and nothing else in an answer has a `receipt`.
const PLACE: [&str; 2] = ["\"certificate\":\"", "\",\"receipt\":null"];

/// What stands in a stored answer in the place of a certificate and its receipt.
pub(crate) fn place(certificate: Digest) -> String {
    let [before, after] = PLACE;
    format!("{before}{certificate}{after}")
}

/// An answer with the certificates and receipts that belong into it, in their order.
pub(crate) fn fill(answer: &[u8], made: &[Made]) -> Result<Vec<u8>, Problem> {
    let more: usize = made.iter().map(|made| made.certificate.len() + made.receipt.len()).sum();
    let mut filled = Vec::with_capacity(answer.len() + more);
    let mut rest = answer;
    for Made { digest, certificate, receipt } in made {
        let place = place(*digest);
        let at = memchr::memmem::find(rest, place.as_bytes());
        let at = at.ok_or_else(|| Problem::internal("an answer has no place", &format!("for {digest}")))?;
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(b"\"certificate\":");
        filled.extend_from_slice(certificate);
        filled.extend_from_slice(b",\"receipt\":");
        filled.extend_from_slice(receipt);
        rest = &rest[at + place.len()..];
    }
    filled.extend_from_slice(rest);
    Ok(filled)
}

/// The same of an answer that was given before.
pub(crate) async fn fill_again(app: &App, answer: &[u8]) -> Result<Vec<u8>, Problem> {
    let digests = certificates(answer);
    if digests.is_empty() {
        return Err(Problem::internal("a stored answer", &"names no certificate"));
    }
    let lost = |digest: Digest| Problem::internal("the certificate of a stored answer is not there", &digest);
    let receipts = app.registrar().receipts(digests.clone()).await?;
    let certificates = app.store().certificates(digests.clone()).await?;
    let made = digests.into_iter().zip(certificates).zip(receipts).map(|((digest, bytes), receipt)| {
        Ok(Made { digest, certificate: bytes.ok_or_else(|| lost(digest))?, receipt })
    });
    fill(answer, &made.collect::<Result<Vec<_>, Problem>>()?)
}

/// The certificates that belong into an answer.
fn certificates(answer: &[u8]) -> Vec<Digest> {
    let [before, after] = PLACE.map(str::as_bytes);
    let starts = memchr::memmem::find_iter(answer, before).map(|at| &answer[at + before.len()..]);
    let digest = |text: &[u8]| {
        let (digest, rest) = text.split_at_checked(memchr::memchr(b'"', text)?)?;
        let digest = Digest::parse(std::str::from_utf8(digest).ok()?).ok()?;
        rest.starts_with(after).then_some(digest)
    };
    starts.filter_map(digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_filled_in_its_places_alone() {
        let made = [b"one", b"two"].map(|certificate| Made {
            digest: Digest::of(certificate),
            certificate: certificate.to_vec(),
            receipt: [b"of ", &certificate[..]].concat(),
        });
        let [one, two] = [place(made[0].digest), place(made[1].digest)];
        // A problem names a certificate too, and a text may look like a place.
        let problem = format!("{{\"certificate\":\"{}\",\"detail\":{one:?}}}", made[0].digest);
        let answer = format!("[{problem},{{{one}}},{problem},{{{two}}}]");
        assert_eq!(certificates(answer.as_bytes()), [made[0].digest, made[1].digest]);
        let filled = String::from_utf8(fill(answer.as_bytes(), &made).unwrap()).unwrap();
        let [one, two] = ["one", "two"].map(|of| format!("{{\"certificate\":{of},\"receipt\":of {of}}}"));
        assert_eq!(filled, format!("[{problem},{one},{problem},{two}]"));
        assert!(fill(filled.as_bytes(), &made).is_err(), "it has no place any more");
    }
}
