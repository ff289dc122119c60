//! What to do about a finding for whoever drafts: he can mend what a receiver can only refuse.
//! Implements proto-docs/http-api.md, "Drafts".

use crate::finding::Code;

impl Code {
    /// What an issuer does about a finding against his own draft, or against what he signed. The same as
    /// [`Code::help`] where that speaks to him as well.
    #[expect(clippy::too_many_lines, reason = "a table: a line for each code")]
    pub fn help_for_issuer(self) -> &'static str {
        match self {
            Code::AuthorityCountry | Code::AuthorityElement | Code::AuthoritySource | Code::AuthorityStep => {
                "ask the registry's administrator to widen what you may certify there"
            }
            Code::AuthorityUnknownIssuer => {
                "issue with an API key of this issuer, or as the issuer of this key"
            }
            Code::AuthorityUnknownKey => {
                "register the key you signed with first, or sign with the one that is"
            }
            Code::ConservationCorrection => {
                "leave the draws of a correction out: it takes all that it corrects"
            }
            Code::ConservationCorrectionRaises => {
                "an origin is only corrected downwards; certify more as its own lot"
            }
            Code::ConservationDeclaredRareEarth => "name the lot it came from among the inputs",
            Code::ConservationDrawsMismatch => "leave content to be computed, or draw what goes into it",
            Code::ConservationElementFromNothing | Code::ConservationExceedsBound => {
                "name the input that it came from, or look for a wrong row in the assay"
            }
            Code::ConservationExceedsDraws => {
                "compare net mass, assay and inputs with the paper: an input may be missing, drawn on already, or \
                 stated with too small a mass"
            }
            Code::ConservationOverdrawn => {
                "see what is left of the lot, then draw less or name another input; was this certified before?"
            }
            Code::ConservationSplit => {
                "state `mass` or `rest` of the input and no draws: parts keep proportions"
            }
            Code::ConservationWithinBound => "nothing to do, or have the input assayed for it",
            Code::ContentAssayNotInherited => "leave the assay out; a new one makes a new lot by repacking",
            Code::ContentBasis => {
                "add what the bases need (moisture, loss on ignition, TREO, TREM), or state others"
            }
            Code::ContentDrawsRequired => "leave `contentFrom` out: this step hands on what was drawn",
            Code::ContentDuplicateComponent => "keep one row per element",
            Code::ContentExceedsAssay => "leave `contentFrom` out, so that the assay decides",
            Code::ContentExceedsNetMass => "look for a wrong unit or decimal point in net mass and assay",
            Code::ContentMismatch => "leave content to be computed",
            Code::ContentMissingAssay => "state assay and net mass, or `contentFrom` \"draws\"",
            Code::ContentRareEarthImpurity => "move it to the components, where it counts",
            Code::ContentSum => "look for oxides typed as elements, or a wrong percentage basis",
            Code::CustodyClosedLot => "name another lot: what was closed in error stays closed",
            Code::CustodyFormChanged => "certify the step that changed it first",
            Code::CustodyModelMixed => "state the custody model that was really kept",
            Code::CustodyNotHolder => "have its holder issue the transfer to you first, and draw on that",
            Code::CustodyUnusualStep => {
                "nothing to do if it is meant; else look for a wrong step, form or input"
            }
            Code::LimitCertificateBytes => {
                "shorten its lists: at most 512 KiB; long ones belong into an annex"
            }
            Code::LineageDuplicateInput => "name each lot once, with all that was drawn from it",
            Code::LineageLabel => "take label and digest of the input from one certificate",
            Code::LineageMissingParent => {
                "a registry finds ids with GET /v1/certificates?lotNumber=…; offline, give the lot's file with --input"
            }
            Code::LineageNotALot => "name the lot itself, not a statement about it",
            Code::MalformedCombination
            | Code::MalformedMissingField
            | Code::MalformedNotMinimal
            | Code::MalformedUnknownField
            | Code::MalformedValue
            | Code::MalformedWrongType => {
                "mend the member that is pointed at; the published schema has its form"
            }
            Code::MalformedType => "state one of the certificate types",
            Code::ProofContext
            | Code::ProofEncoding
            | Code::ProofKey
            | Code::ProofMethod
            | Code::ProofSignature
            | Code::ProofSuite => "sign it anew, as the specification says; nothing may change after signing",
            Code::RegistrationWrongHome => {
                "issue it where the input is registered, or transfer the input here first"
            }
            Code::TimeAfterIssue => "wait until the work is done, or mend the date",
            Code::TimeBeforeParent => "look for a wrong clock or input: the input is the younger one",
            Code::TimeImpossibleOrder => {
                "look for a wrong date or input: the input was begun after this step's end"
            }
            Code::TimeLateRegistration => "nothing to do; certify sooner after the fact if you can",
            Code::TimeNotYet => "check the clock that it was signed by",
            other => other.help(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_issuer_is_told_to_ask_the_issuer() {
        for code in Code::ALL {
            let of_drafts = ["conservation.", "content.", "malformed.", "lineage.", "custody."];
            let help = code.help_for_issuer();
            if of_drafts.iter().any(|group| code.as_str().starts_with(group)) {
                assert!(
                    !help.contains("ask the issuer") && !help.contains("do not accept the lot"),
                    "{code}"
                );
            }
        }
    }
}
