//! Vectors of form and proof.

use serde_json::json;

use super::forge::{ore, oxide, sale, set, unset};
use super::vectors;
use crate::book::Book;

vectors! {
    /// An honest chain: origin, separation, transfer to the buyer.
    "honest" [] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let sale = f.sale(&oxide);
        f.bundle(&[&ore, &oxide, &sale])
    }
    /// A third context is appended before signing: the specification lets a holder do so, we refuse.
    "malformed.context" ["malformed.context"] |f| {
        let mut document = f.document("OriginCertificate", ore());
        set(&mut document, "/@context/-", json!("https://example.com/v1"));
        let signed = f.sign_document("refinery", "2026-09-20T10:00:00Z", document);
        f.bundle(&[&signed])
    }
    /// `type` names no certificate type.
    "malformed.type" ["malformed.type"] |f| {
        let signed = f.sign("AlumniCredential", ore());
        f.bundle(&[&signed])
    }
    /// A member that the schema does not have, in the subject.
    "malformed.unknown-field" ["malformed.unknown-field"] |f| {
        let mut subject = ore();
        set(&mut subject, "/colour", json!("green"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// The lot number is missing.
    "malformed.missing-field" ["malformed.missing-field"] |f| {
        let mut subject = ore();
        unset(&mut subject, "/lotNumber");
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// The net mass is a JSON number.
    "malformed.wrong-type" ["malformed.wrong-type"] |f| {
        let mut subject = ore();
        set(&mut subject, "/netMass", json!(1000));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// The net mass has seven decimals.
    "malformed.value" ["malformed.value"] |f| {
        let mut subject = ore();
        set(&mut subject, "/netMass", json!("1000.0000000"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A direction-changing character in a product name.
    "malformed.value-bidi" ["malformed.value"] |f| {
        let mut subject = ore();
        set(&mut subject, "/product", json!("carbonate \u{202e}etanobrac"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A computed mass has a trailing zero.
    "malformed.not-minimal" ["malformed.not-minimal"] |f| {
        let mut subject = ore();
        set(&mut subject, "/content/Nd", json!("85.73560"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A period that ends before it begins.
    "malformed.combination" ["malformed.combination"] |f| {
        let mut subject = ore();
        set(&mut subject, "/period/to", json!("2026-07-01"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A transfer whose holder is somebody else than its recipient.
    "malformed.combination-holder" ["malformed.combination"] |f| {
        let ore = f.ore();
        let mut subject = sale(&ore);
        set(&mut subject, "/holder", json!("did:web:thief.example"));
        let signed = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The proof is for authentication.
    "proof.suite" ["proof.suite"] |f| {
        let document = f.document("OriginCertificate", ore());
        let key = f.key("refinery");
        let method = Book::did("refinery").method(&key.public());
        let config = json!({ "created": "2026-09-20T10:00:00Z", "proofPurpose": "authentication", "verificationMethod": method });
        let signed = f.sign_with(&key, config, document);
        f.bundle(&[&signed])
    }
    /// The proof's `@context` has only the first of the document's.
    "proof.context" ["proof.context"] |f| {
        let signed = f.ore().altered("/proof/@context", json!(["https://www.w3.org/ns/credentials/v2"]));
        f.bundle(&[&signed])
    }
    /// The proof value decodes to 63 bytes.
    "proof.encoding" ["proof.encoding"] |f| {
        let signed = f.ore().altered("/proof/proofValue", json!(format!("z{}", "2".repeat(86))));
        f.bundle(&[&signed])
    }
    /// Signed by the thief's key under the thief's name, with the refinery as issuer.
    "proof.method" ["proof.method"] |f| {
        let document = f.document("OriginCertificate", ore());
        let signed = f.sign_document("thief", "2026-09-20T10:00:00Z", document);
        f.bundle(&[&signed])
    }
    /// The key is the neutral element of the curve: it would verify anything. The trust file cannot
    /// pin such a key, so the issuer's key is unknown as well.
    "proof.key" ["proof.key", "authority.unknown-key"] |f| {
        let document = f.document("OriginCertificate", ore());
        let key = f.key("refinery");
        let mut identity = [0; 32];
        identity[0] = 1;
        let method = Book::did("refinery").method(&ytterby::key::Multikey::from_bytes(identity));
        let config = json!({ "created": "2026-09-20T10:00:00Z", "proofPurpose": "assertionMethod", "verificationMethod": method });
        let signed = f.sign_with(&key, config, document);
        f.bundle(&[&signed])
    }
    /// The product's name is altered after signing.
    "proof.signature" ["proof.signature"] |f| {
        let signed = f.ore().altered("/credentialSubject/product", json!("rich carbonate"));
        f.bundle(&[&signed])
    }
    /// The proof of another certificate of the same issuer.
    "proof.signature-copied" ["proof.signature"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let copied = oxide.altered("/proof", ore.value["proof"].clone());
        f.bundle(&[&ore, &copied])
    }
    /// The parent's certificate is not in the bundle.
    "lineage.missing-parent" ["lineage.missing-parent"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        f.bundle(&[&oxide])
    }
    /// The input's label is another one than the certificate's that its digest names.
    "lineage.label" ["lineage.label"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/inputs/0/lot", json!("urn:uuid:00000000-0000-4000-8000-00000000ffff"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Two certificates with one label.
    "lineage.id-reused" ["lineage.id-reused"] |f| {
        let first = f.ore();
        let mut document = f.document("OriginCertificate", ore());
        set(&mut document, "/id", json!(first.id()));
        set(&mut document, "/credentialSubject/lotNumber", json!("MREC-0002"));
        let second = f.sign_document("refinery", "2026-09-20T10:00:00Z", document);
        f.bundle(&[&first, &second])
    }
    /// An attestation among the inputs.
    "lineage.not-a-lot" ["lineage.not-a-lot"] |f| {
        let audit = f.sign("AttestationCertificate", json!({
            "home": "registry.example/ree", "kind": "audit", "about": { "sampleId": "S-1" }, "result": "passed",
        }));
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/inputs/-", super::forge::input(&audit, json!({ "Nd": "0.000001" })));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&audit, &ore, &signed])
    }
    /// One lot twice among the inputs, half of the draw each.
    "lineage.duplicate-input" ["lineage.duplicate-input"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        let half = super::forge::input(&ore, json!({ "Nd": "34.29424" }));
        set(&mut subject, "/inputs", json!([half, half]));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The bundle is about a certificate that it does not hold.
    "lineage.subject-missing" ["lineage.subject-missing"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let mut made = f.bundle(&[&ore]);
        made.bundle["subject"] = json!([oxide.digest()]);
        made
    }
    /// Two certificates where the budget allows one.
    "limit.certificates" ["limit.certificates"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let mut made = f.bundle(&[&ore, &oxide]);
        made.asked.budget = Some((1, 10));
        made
    }
    /// One draw where the budget allows none.
    "limit.edges" ["limit.edges"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let mut made = f.bundle(&[&ore, &oxide]);
        made.asked.budget = Some((10, 0));
        made
    }
}
