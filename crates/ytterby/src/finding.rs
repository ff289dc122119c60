//! Findings: one statement each about what was looked at, with a frozen code.
//!
//! A finding is data, not an error. Its code decides what it does to the verdict; its text says
//! what is wrong here and by how much. Codes are documented one by one in proto-docs/findings.md.

use std::fmt;

use crate::digest::Digest;
use crate::json::{Misfit, MisfitKind};

/// What a finding does to the verdict. Ordered: the first that applies is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Something is proven wrong.
    Reject,
    /// Evidence is missing, too old, or a budget is spent.
    Undecided,
    /// Sound, but not from anybody the trust file accepts, or not yours.
    Untrusted,
    /// Worth knowing; the verdict stays.
    Warn,
}

/// One statement about a certificate, a lot or the whole bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of statement it is.
    pub code: Code,
    /// The certificate it is about; none when it is about the whole input.
    pub certificate: Option<Digest>,
    /// The place in that certificate, as a JSON pointer; empty for the whole of it.
    pub pointer: String,
    /// What is the matter, in one lower-case sentence with its quantities.
    pub text: String,
}

impl Finding {
    /// A finding about the whole input.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Finding { code, certificate: None, pointer: String::new(), text: text.into() }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// The same, about a certificate.
    #[must_use]
    pub fn about(mut self, certificate: Digest) -> Self {
        self.certificate = Some(certificate);
        self
    }
}

impl From<Misfit> for Finding {
    fn from(misfit: Misfit) -> Self {
        let code = match misfit.kind {
            MisfitKind::UnknownField => Code::MalformedUnknownField,
            MisfitKind::MissingField => Code::MalformedMissingField,
            MisfitKind::WrongType => Code::MalformedWrongType,
            MisfitKind::Value => Code::MalformedValue,
            MisfitKind::NotMinimal => Code::MalformedNotMinimal,
            MisfitKind::Combination => Code::MalformedCombination,
        };
        Finding::new(code, misfit.text.clone()).at(misfit.pointer())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.pointer, self.text)
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $effect:ident $title:literal, $help:literal;)+) => {
        /// The code of a finding. Its name is frozen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $variant),+ }

        impl Code {
            /// Every code, by name.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The frozen name.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code),+ }
            }

            /// What it does to the verdict.
            pub fn effect(self) -> Effect {
                match self { $(Code::$variant => Effect::$effect),+ }
            }

            /// What it says, without the particulars.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),+ }
            }

            /// What to do about it.
            pub fn help(self) -> &'static str {
                match self { $(Code::$variant => $help),+ }
            }

            /// The code of a name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }
        }
    };
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

codes! {
    AuthorityAnchorKey "authority.anchor-key" Untrusted
        "an anchor accredited the issuer with a key that the trust file does not pin for it",
        "ask the anchor, over a channel you know, whether this key is its own; then add it to `keys` of its [[anchor]]";
    AuthorityAttestationNotCounted "authority.attestation-not-counted" Warn
        "an attestation beside the lot is by nobody that the trust file accepts for it, and is not counted",
        "nothing, if you do not rely on it; else pin its issuer in the trust file";
    AuthorityCapacity "authority.capacity" Warn
        "a facility put out more than it can",
        "ask the issuer how; material of another place may have been certified under this one";
    AuthorityCountry "authority.country" Untrusted
        "the issuer is not accepted for work in this country",
        "if this issuer does work there, widen `countries` of its [[issuer]] in the trust file, or ask for an accreditation that covers it";
    AuthorityDelegation "authority.delegation" Warn
        "an accreditation gives more than whoever gave it may",
        "only what both may counts; nothing to do, unless you expected more";
    AuthorityElement "authority.element" Untrusted
        "the issuer is not accepted for this element",
        "if this issuer handles it, widen `elements` of its [[issuer]] in the trust file, or ask for an accreditation that covers it";
    AuthorityExpired "authority.expired" Untrusted
        "the accreditation, or the key, had ended when this was logged",
        "ask for the accreditation that followed it";
    AuthorityFacility "authority.facility" Untrusted
        "the issuer is not accepted for work at this facility",
        "ask the accreditor whether the facility is meant to be covered";
    AuthorityKeyCompromised "authority.key-compromised" Untrusted
        "nothing shows that this was logged before the key was compromised",
        "somebody else may have signed it; ask the issuer for a certificate with a new key";
    AuthorityKeyRetired "authority.key-retired" Untrusted
        "this was logged when the key had been retired",
        "ask the issuer, over a channel you know, whether it signed this";
    AuthorityKeyUnpublished "authority.key-unpublished" Warn
        "the issuer's DID document, as it is now, does not publish the key that signed",
        "a key that has retired may be gone from it; of a fresh certificate, ask the issuer over a channel you know";
    AuthorityMayNotAccredit "authority.may-not-accredit" Untrusted
        "the issuer is accredited by somebody who may accredit nobody",
        "ask for an accreditation by somebody whom your anchor lets accredit";
    AuthorityNoTrustFile "authority.no-trust-file" Untrusted
        "no trust file says whom to believe",
        "make one with `ytterby trust init` and pin the issuers you know";
    AuthorityNotYetValid "authority.not-yet-valid" Untrusted
        "the accreditation, or the key, began after this was logged",
        "ask the accreditor for an accreditation that covers the time before";
    AuthorityOpeningStock "authority.opening-stock" Untrusted
        "more opening stock than the issuer may certify, or later than it may",
        "ask the accreditor what was counted when the company joined";
    AuthorityOriginRegistry "authority.origin-registry" Untrusted
        "origins of this facility are registered in another registry",
        "the same ore may stand under another lot there; ask the issuer why it is registered elsewhere";
    AuthorityRevoked "authority.revoked" Untrusted
        "the accreditation had been revoked when this was made",
        "ask the accreditor why; do not rely on this issuer until you know";
    AuthoritySource "authority.source" Untrusted
        "the issuer is not accepted for origins of this source",
        "if it may certify such origins, widen `sources` of its [[issuer]] in the trust file, or ask for an accreditation that covers it";
    AuthorityStep "authority.step" Untrusted
        "the issuer is not accepted for this step",
        "if this issuer does that step, widen `steps` of its [[issuer]] in the trust file, or ask for an accreditation that covers it";
    AuthorityThreshold "authority.threshold" Untrusted
        "fewer different keys of the anchor accredited the issuer than are needed",
        "ask for the accreditations by the anchor's other keys";
    AuthorityTrustFileExpired "authority.trust-file-expired" Undecided
        "the trust file expired more than 30 days ago",
        "get a current trust file from whoever keeps it, or renew `expires` after a review";
    AuthorityTrustFileOlder "authority.trust-file-older" Warn
        "an older edition of the trust file is used than was used before",
        "find out where it comes from, and use the newest edition; remove the file of editions seen if you mean to go back";
    AuthorityTrustFileStale "authority.trust-file-stale" Warn
        "the trust file has expired",
        "get a current trust file from whoever keeps it, or renew `expires` after a review";
    AuthorityUnknownIssuer "authority.unknown-issuer" Untrusted
        "nobody in the trust file vouches for this issuer",
        "find out who it is; if you accept it, pin its DID and keys in the trust file";
    AuthorityUnknownKey "authority.unknown-key" Untrusted
        "the issuer is known, the key is not",
        "ask the issuer, over a channel you know, whether this key is its own; then add it to `keys`";
    ConservationCorrection "conservation.correction" Reject
        "a correction does not draw the whole content of the one lot it corrects",
        "ask the issuer for a correction that draws everything the corrected certificate stated";
    ConservationCorrectionRaises "conservation.correction-raises" Reject
        "the correction of an origin states more than the origin did",
        "do not accept the lot under this certificate; an origin can only be corrected downwards";
    ConservationDeclaredRareEarth "conservation.declared-rare-earth" Reject
        "a rare earth is declared as material without a certificate",
        "ask for the certificate of that material, or for an origin certificate that says where it is from";
    ConservationDrawsMismatch "conservation.draws-mismatch" Reject
        "the content is not what was drawn and declared",
        "ask the issuer for a certificate whose content equals its draws and declared inputs";
    ConservationElementFromNothing "conservation.element-from-nothing" Reject
        "an element is certified that no input holds",
        "ask the issuer which input it came from; do not accept the lot under this certificate";
    ConservationExceedsBound "conservation.exceeds-bound" Reject
        "more of an element is certified than the inputs' detection limits allow",
        "ask the issuer which input it came from; do not accept the lot under this certificate";
    ConservationExceedsDraws "conservation.exceeds-draws" Reject
        "this certificate promises more than was drawn for it",
        "ask the issuer for a corrected certificate; do not accept the lot under this one";
    ConservationOverdrawn "conservation.overdrawn" Reject
        "more was drawn from a lot than it holds",
        "at least one of the certificates that draw on it is not backed; do not accept any of them";
    ConservationSplit "conservation.split" Reject
        "a part of a lot does not have the composition of the whole",
        "ask the issuer for a certificate that draws every element in proportion";
    ConservationWithinBound "conservation.within-bound" Warn
        "an element is certified that the inputs were only known to be below a limit of",
        "plausible, and backed by nothing measured; ask for an assay of the input if it matters";
    ContentAssayNotInherited "content.assay-not-inherited" Reject
        "a part of a lot carries another assay than the whole",
        "a new assay makes a new lot by repacking; ask the issuer for the inherited one";
    ContentBasis "content.basis" Reject
        "the assay's bases do not fit its numbers",
        "ask the issuer to state moisture, loss on ignition, TREO or TREM as the bases need them";
    ContentContradictedByReport "content.contradicted-by-report" Undecided
        "a laboratory's report that counts gives less of an element than the delivered lot certifies",
        "take the lot at the content of the report alone: it is for a correction, or a new assay, to certify that";
    ContentDrawsRequired "content.draws-required" Reject
        "this step cannot take its content from an assay",
        "ask for a certificate with `contentFrom` \"draws\"";
    ContentDuplicateComponent "content.duplicate-component" Reject
        "an element stands twice in the assay",
        "ask the issuer for an assay with one row per element";
    ContentExceedsAssay "content.exceeds-assay" Reject
        "the content is more than the lot's own assay shows",
        "ask for a certificate with `contentFrom` \"assay\"";
    ContentExceedsInputMass "content.exceeds-input-mass" Reject
        "the lot weighs more than what went into it",
        "look for a wrong unit or decimal point; what took up more than moisture needs an assay of its own";
    ContentExceedsNetMass "content.exceeds-net-mass" Reject
        "the elements weigh more than the lot",
        "look for a wrong unit or decimal point; ask the issuer for a corrected certificate";
    ContentMismatch "content.mismatch" Reject
        "the stated content is not what mass and assay give",
        "do not rely on the stated content; ask the issuer for a corrected certificate";
    ContentMissingAssay "content.missing-assay" Reject
        "content from an assay needs an assay and a net mass",
        "ask the issuer for both";
    ContentRareEarthImpurity "content.rare-earth-impurity" Reject
        "a rare earth is listed as an impurity",
        "it belongs among the components, where it counts";
    ContentReportDiffers "content.report-differs" Warn
        "a laboratory's report gives less of an element than a lot on the way certifies",
        "ask for a final report, or an umpire's; what was made from the lot has its own content";
    ContentReportReused "content.report-reused" Undecided
        "one laboratory report stands under two lots",
        "ask the laboratory which of the lots its sample was of; the other needs a report of its own";
    ContentReportsDisagree "content.reports-disagree" Warn
        "two laboratory reports on one material differ by more than two laboratories do",
        "ask for an umpire's assay if it matters";
    ContentSum "content.sum" Reject
        "the assay adds up to more than 101 %",
        "look for oxides typed as elements or a wrong basis; ask the issuer for a corrected certificate";
    ContentSumOver100 "content.sum-over-100" Warn
        "the assay adds up to a little more than 100 %",
        "within laboratory error; nothing to do";
    ControlClassificationMismatch "control.classification-mismatch" Warn
        "a tariff code does not fit the lot's form or elements",
        "ask the declarant; the code decides duties and controls at the border";
    CustodyAlreadyReceived "custody.already-received" Untrusted
        "you have recorded this lot as received before",
        "find out who presents it a second time, and why";
    CustodyClosedLot "custody.closed-lot" Reject
        "the lot is closed: nothing may draw on it",
        "use another lot; what was closed in error stays closed";
    CustodyCorrection "custody.correction" Reject
        "a correction may not do what this one does",
        "only the issuer who holds a lot may correct it, step, form and home staying as they were";
    CustodyFormChanged "custody.form-changed" Reject
        "material cannot change its form on the way",
        "ask for the certificate of the step that changed it";
    CustodyLotNotFound "custody.lot-not-found" Untrusted
        "the lot you asked about is not delivered by this bundle",
        "compare the number with the label, and ask for the bundle of that lot";
    CustodyMassNotCovered "custody.mass-not-covered" Untrusted
        "the certificate covers less than was delivered",
        "accept only the certified mass, or ask for the certificates of the rest";
    CustodyModelMixed "custody.model-mixed" Reject
        "material of several lots cannot be identity-preserved",
        "ask the issuer for the custody model that was really kept";
    CustodyNotHolder "custody.not-holder" Reject
        "somebody drew on a lot that another holds",
        "ask for the transfer certificate by which the issuer got the lot";
    CustodyNotYourLot "custody.not-your-lot" Untrusted
        "the lot is in somebody else's hands",
        "ask the seller for the transfer certificate that names you as holder";
    CustodyUnusualStep "custody.unusual-step" Warn
        "the step does not usually turn such an input into such an output",
        "ask the issuer if it is not obvious";
    LimitAccreditations "limit.accreditations" Undecided
        "the issuer is accredited in more ways than are looked at",
        "ask for a bundle with the accreditations that matter";
    LimitCertificateBytes "limit.certificate-bytes" Undecided
        "a certificate is larger than any honest one",
        "ask the issuer for a certificate of at most 512 KiB; long lists belong into an annex";
    LimitCertificates "limit.certificates" Undecided
        "the bundle holds more certificates than the budget allows",
        "raise the budget, or verify a smaller bundle";
    LimitEdges "limit.edges" Undecided
        "the bundle holds more draws than the budget allows",
        "raise the budget, or verify a smaller bundle";
    LimitSignatures "limit.signatures" Undecided
        "the receipts hold more signatures than the budget allows",
        "raise the budget, or ask the registry for receipts that share a checkpoint";
    LineageDuplicateInput "lineage.duplicate-input" Reject
        "a lot stands twice among the inputs",
        "ask the issuer for a certificate with one draw per lot";
    LineageIdReused "lineage.id-reused" Reject
        "one label stands for two different certificates",
        "find out which of them is the issuer's; identity is the digest";
    LineageLabel "lineage.label" Reject
        "an input's label is not the label of the certificate it names by digest",
        "ask the issuer for a corrected certificate";
    LineageMissingParent "lineage.missing-parent" Undecided
        "the certificate of an input is not in the bundle",
        "ask the seller for the complete bundle, or fetch it from the registry";
    LineageNotALot "lineage.not-a-lot" Reject
        "an input is a certificate that makes no lot",
        "do not accept the lot under this certificate";
    LineageSubjectMissing "lineage.subject-missing" Undecided
        "the bundle does not hold the certificate it is about",
        "ask for the complete bundle";
    MalformedCombination "malformed.combination" Reject
        "members that are each well formed do not go together",
        "ask the issuer for a certificate of the published schema";
    MalformedContext "malformed.context" Reject
        "@context is not exactly ours",
        "a context was added, dropped or reordered; get the certificate as the issuer signed it";
    MalformedMissingField "malformed.missing-field" Reject
        "a member that must be there is not",
        "ask the issuer for a certificate of the published schema";
    MalformedNotMinimal "malformed.not-minimal" Reject
        "a computed mass is not in its minimal form",
        "ask the issuer for a certificate of the published schema";
    MalformedType "malformed.type" Reject
        "`type` is not one of the certificate types",
        "this is some other credential; ask for the lot's certificate";
    MalformedUnknownField "malformed.unknown-field" Reject
        "a member that the schema does not have",
        "ask the issuer for a certificate of the published schema";
    MalformedValue "malformed.value" Reject
        "a value is not of the form that may stand here",
        "ask the issuer for a certificate of the published schema";
    MalformedWrongType "malformed.wrong-type" Reject
        "a JSON type that may not stand here",
        "ask the issuer for a certificate of the published schema";
    OnlineUnavailable "online.unavailable" Warn
        "what was to be asked over the network was not to be had",
        "the verdict is the one without it; try again, or see whether the address in the trust file is right";
    ProofContext "proof.context" Reject
        "the proof's @context is not the document's",
        "get the certificate as the issuer signed it";
    ProofEncoding "proof.encoding" Reject
        "proofValue is not the base58btc of 64 bytes",
        "get the certificate as the issuer signed it";
    ProofKey "proof.key" Reject
        "the key cannot verify anything",
        "do not accept anything signed with this key";
    ProofMethod "proof.method" Reject
        "the verification method is not a key of the issuer",
        "somebody else signed this; do not accept it";
    ProofSignature "proof.signature" Reject
        "the signature does not verify",
        "the certificate was altered after it was signed, or was never signed by this key; do not accept it";
    ProofSuite "proof.suite" Reject
        "not a DataIntegrityProof of eddsa-jcs-2022 for assertionMethod",
        "ask the issuer for a certificate secured as the specification says";
    RegistrationCheckpoint "registration.checkpoint" Reject
        "the checkpoint is not signed by its log, or a signature of a known witness is forged",
        "do not rely on this receipt; fetch the bundle again from the registry, and compare its key if that does not help";
    RegistrationConsistency "registration.consistency" Reject
        "two checkpoints of one log are not shown to go together",
        "fetch the bundle again; if it stays so, keep both checkpoints: the log may have two histories";
    RegistrationCumulative "registration.cumulative" Reject
        "by the log's count more was drawn from a lot than it holds, or the count is impossible",
        "do not accept the lot under this certificate, and show the receipt to the registry's witnesses";
    RegistrationDoubleDraw "registration.double-draw" Reject
        "two certificates draw on one lot as if the other did not",
        "the log has forked or was rolled back: keep the bundle, it is the evidence, and accept neither";
    RegistrationFrozen "registration.frozen" Untrusted
        "the receipt goes beyond where the trust file has frozen its log",
        "find out why the log was frozen; what it says since then is not accepted, older receipts are";
    RegistrationInclusion "registration.inclusion" Reject
        "the receipt does not show this certificate in the log",
        "ask for the certificate's own receipt; it is as good as not registered until then";
    RegistrationMissing "registration.missing" Undecided
        "a certificate has no receipt",
        "ask the seller for the complete bundle, or fetch it from the registry";
    RegistrationNotChecked "registration.not-checked" Undecided
        "whether the certificates are registered was not checked",
        "pin the registry and its witnesses in the trust file; `[require] registration = false` does without";
    RegistrationPrivateQuorum "registration.private-quorum" Warn
        "the quorum is not one that is published for everybody who relies on the log",
        "take the witnesses and the quorum that an anchor publishes, and state them under `published` in the trust file: another buyer's quorum need not share an honest witness with yours";
    RegistrationQuorum "registration.quorum" Undecided
        "too few of the witnesses that audit the log have cosigned the checkpoint",
        "ask the registry for a receipt with more cosignatures, or pin the witnesses that it has and the quorum";
    RegistrationReceipt "registration.receipt" Reject
        "the receipt is none",
        "get the receipt as the registry gave it";
    RegistrationUnknownLog "registration.unknown-log" Untrusted
        "the certificate is registered in a log that nobody vouches for",
        "find out whose log it is; if you accept it, pin its key and its witnesses in the trust file";
    RegistrationWrongHome "registration.wrong-home" Reject
        "a lot's draws would be recorded in another registry than its home",
        "only a transfer may name another home; ask the issuer for one";
    RegistrationWrongLog "registration.wrong-log" Reject
        "the certificate is registered in another log than its lots' home",
        "the draws are recorded where nobody looks for them; ask for the receipt of the home";
    RuleFailed "rule.failed" Untrusted
        "a rule that was asked does not hold",
        "read what decided; the lot is sound, and not for this use";
    RuleNotDemonstrated "rule.not-demonstrated" Undecided
        "what would show that a rule holds is not there",
        "ask for the certificates, assays or papers that the reason names";
    RuleNotInForce "rule.not-in-force" Warn
        "a rule that was asked does not hold, and is not law as of the time asked about",
        "see from when it is, and whether the delivery is used before";
    StatusAccreditationRevoked "status.accreditation-revoked" Undecided
        "an accreditation that this rests on is revoked",
        "ask the accreditor whether what was certified before stands";
    StatusAncestorRevoked "status.ancestor-revoked" Undecided
        "a certificate that this lot was made from is revoked",
        "ask the issuer what was wrong with it, and whether it was revoked before the lot was drawn on";
    StatusAttestationRevoked "status.attestation-revoked" Warn
        "an attestation about a lot is revoked or suspended",
        "it counts no longer; ask for a current one if it matters";
    StatusExpired "status.expired" Warn
        "an attestation or accreditation is no longer valid",
        "ask for a current one if it matters";
    StatusList "status.list" Reject
        "a status list is none, or not as it was signed",
        "get the list as the registry serves it";
    StatusMissing "status.missing" Undecided
        "whether a certificate is revoked or suspended is not known",
        "fetch the bundle again with its status lists, and pin the registry's `status_keys`; `[require] status = false` does without";
    StatusNotChecked "status.not-checked" Undecided
        "whether the certificates are revoked was not checked",
        "pin the registry and its `status_keys` in the trust file; `[require] status = false` does without";
    StatusRevoked "status.revoked" Reject
        "the certificate is revoked",
        "do not accept the lot under this certificate";
    StatusRevokedBeforeDraw "status.revoked-before-draw" Reject
        "a lot was drawn on after its certificate was revoked",
        "do not accept the lot under this certificate, and ask the registry and its witnesses how that could be logged";
    StatusStale "status.stale" Undecided
        "what is known of a certificate's status is too old",
        "fetch the bundle again, or allow older lists with --max-status-age";
    StatusSuspended "status.suspended" Undecided
        "a certificate is suspended",
        "ask its issuer why, and verify again when it is lifted";
    TimeAfterIssue "time.after-issue" Reject
        "the certificate was signed before what it certifies was done",
        "do not accept promises as certificates; ask for one signed after the fact";
    TimeBeforeParent "time.before-parent" Reject
        "the certificate is older than one it draws on",
        "one of the two is backdated; do not accept the lot under this certificate";
    TimeImpossibleOrder "time.impossible-order" Reject
        "the step ended before its input was begun",
        "look for a wrong date; ask the issuer for a corrected certificate";
    TimeLateRegistration "time.late-registration" Warn
        "the certificate was made more than 62 days after the fact",
        "ask why, if it matters";
    TimeNotYet "time.not-yet" Undecided
        "the certificate is from after the time asked about",
        "check the clock, or ask about a later time with --at";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dotted_kebab_case_sorted_and_unique() {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for name in names {
            let (group, rest) = name.split_once('.').unwrap();
            assert!(
                rest.split('-')
                    .chain([group])
                    .all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric()))
            );
            assert_eq!(Code::parse(name).unwrap().as_str(), name);
        }
    }
}
