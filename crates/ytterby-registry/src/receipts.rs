//! Receipts in answers. An answer is stored, under its idempotency key, in the transaction that does what
//! it says; there is no receipt yet. It goes in on the way out, the same each time.

use ytterby::digest::Digest;
use ytterby::json::{Value, canonical};

use crate::app::App;
use crate::problem::Problem;

/// Where a receipt goes. Within a string the quotes would be escaped, and a certificate has no `null`.
const PLACE: &[u8] = b"\"receipt\":null";

/// An answer with the receipts of the certificates in it, in their order.
pub(crate) async fn fill(app: &App, answer: Vec<u8>, certificates: Vec<Digest>) -> Result<Vec<u8>, Problem> {
    let receipts = app.registrar().receipts(certificates).await?;
    let mut filled = Vec::with_capacity(answer.len() + receipts.iter().map(Vec::len).sum::<usize>());
    let mut rest = answer.as_slice();
    for receipt in receipts {
        let place = rest.windows(PLACE.len()).position(|window| window == PLACE);
        let place = place.ok_or_else(|| Problem::internal("an answer has no place", &"for a receipt"))?;
        let name = place + PLACE.len() - b"null".len();
        filled.extend_from_slice(&rest[..name]);
        filled.extend_from_slice(&receipt);
        rest = &rest[place + PLACE.len()..];
    }
    filled.extend_from_slice(rest);
    Ok(filled)
}

/// The same of an answer that was given before.
pub(crate) async fn fill_again(app: &App, answer: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let certificates =
        certificates(&answer).ok_or_else(|| Problem::internal("a stored answer", &"has no certificates"))?;
    fill(app, answer, certificates).await
}

/// The certificates in an answer: of one request, or the results of a batch.
fn certificates(answer: &[u8]) -> Option<Vec<Digest>> {
    // A batch is stored with status numbers, which strict JSON reads as well.
    let answer = Value::parse(answer).ok()?;
    let digest = |certificate: &Value<'_>| Digest::of(&canonical(certificate));
    match answer.get("results") {
        None => Some(vec![digest(answer.get("certificate")?)]),
        Some(results) => Some(
            results.as_array()?.iter().filter_map(|result| result.get("certificate")).map(digest).collect(),
        ),
    }
}
