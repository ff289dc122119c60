//! The codes of the service that are no findings: they say what became of a request, not what is wrong with a
//! certificate. Part of proto-docs/http-api.md; here, so that the command line explains them too.

/// What to do about a code; `None` if it is none of the service's own.
pub fn help(code: &str) -> Option<&'static str> {
    SERVICE_CODES.iter().find(|(own, _)| *own == code).map(|(_, text)| *text)
}

/// Every code with what happened, and what to do about it.
pub const SERVICE_CODES: [(&str, &str); 41] = [
    (
        "admission.closed",
        "The operator has named no trust file by which lots of other registries are admitted.",
    ),
    (
        "admission.unfit",
        "Admit the bundle of one transfer that names this registry as the lot's new home and its holder.",
    ),
    (
        "auth.invalid",
        "The API key is unknown, expired or revoked. Ask whoever manages your issuer's keys for another.",
    ),
    ("auth.missing", "Send `Authorization: Bearer ytb_...`."),
    (
        "auth.no-issuer",
        "Certificates are made by keys of issuers: POST /v1/api-keys with `issuer` and the scope `issue`.",
    ),
    ("auth.not-yours", "What you asked for belongs to another issuer than your key."),
    (
        "auth.scope",
        "The key lacks the scope that is named. Whoever manages the issuer's keys can make one that has it.",
    ),
    (
        "certificate.external-id-taken",
        "`certificate` is the digest of what was issued under this reference. Another lot needs another `externalId`.",
    ),
    (
        "gate.rules",
        "Rules that the operator has chosen refuse the transfer; `findings` says which clauses and why, `pack` which rules. Nothing was registered.",
    ),
    ("idempotency.in-progress", "The same request is being answered. Send it again after `Retry-After`."),
    ("idempotency.malformed", "An idempotency key is 1 to 255 printable ASCII characters."),
    (
        "idempotency.missing",
        "Send `Idempotency-Key`: the same key for the same request, however often it is sent.",
    ),
    ("idempotency.other-body", "The key was used for another body. A new request needs a new key."),
    (
        "issuer.no-custodial-key",
        "The issuer keeps its keys itself: post certificates that it signed, not drafts.",
    ),
    (
        "issuer.no-key",
        "Register the public key that the certificate was signed with first: POST /v1/issuers/{name}/keys.",
    ),
    (
        "log.rule",
        "The log's rules do not let this be recorded: `detail` says which. What is revoked or suspended is not drawn on, and a revocation is not lifted.",
    ),
    (
        "log.unpublished",
        "It is stored, and the log cannot be signed for at present. Ask again with the same Idempotency-Key.",
    ),
    (
        "registry.halted",
        "An administrator has stopped issue and admissions; `detail` says why. What is registered stays so.",
    ),
    (
        "request.ambiguous",
        "Several lots that were admitted from other registries have this label. Name one by its digest (`uEi...`).",
    ),
    ("request.broken-off", "The body ended before it was complete. Send it again."),
    ("request.bundle", "`bundle` is a bundle, a certificate, a list of them, or a W3C presentation."),
    ("request.content-type", "Send `Content-Type: application/json`."),
    (
        "request.json",
        "The body is not strict JSON; `line` and `column` say where. No member may stand twice.",
    ),
    ("request.method", "`Allow` lists the methods of this path."),
    (
        "request.not-found",
        "There is nothing of that name here. Lots are found with GET /v1/certificates?lotNumber=...",
    ),
    ("request.query", "A query parameter is unknown, stands twice, or has a value that may not stand there."),
    ("request.refused", "It was refused."),
    ("request.taken", "The name or identifier is taken. Choose another, or use what is there."),
    ("request.too-large", "Send less at once: `detail` names the limit."),
    (
        "screening.bad-answer",
        "The screening service's answer is not one to this question under a key that the operator has pinned. Nothing was registered: send it again after `Retry-After`, and tell the operator.",
    ),
    (
        "screening.denied",
        "The screening service denies the transfer. `reference` is what it is filed under there, if it says so. Nothing was registered.",
    ),
    (
        "screening.unavailable",
        "The screening service did not answer in time. Nothing was registered: send it again after `Retry-After` with the same idempotency key.",
    ),
    ("service.busy", "Nothing was done. Send it again after `Retry-After`."),
    (
        "service.in-doubt",
        "It may or may not have happened. Send it again with the same idempotency key: nothing is made twice.",
    ),
    ("service.internal", "A fault of the service. Its log has the particulars under the request id."),
    ("service.not-ready", "The storage does not answer. Try again later."),
    ("service.timeout", "It took too long. Send it again with the same idempotency key."),
    ("service.too-many", "As many verifications run as may run at once. Try again after `Retry-After`."),
    ("request.timeout", "The body did not come in time. Send it again."),
    (
        "status.changed",
        "Somebody else has changed the status since it was read. Read it again, and name its `ETag`.",
    ),
    (
        "status.if-match",
        "Send `If-Match` with the `ETag` of GET /v1/certificates/{id}/status, quotes included.",
    ),
];
