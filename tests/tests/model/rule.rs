//! The rules, each of which can be switched off.

/// What the search may switch off. Who keeps it, and what it says, is in [`Rule::TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    ParentsHome,
    WholeLineage,
    Rebuilt,
    CertifiedContent,
    Delivered,
    RegisteredOnce,
    KnownBeforeDrawn,
    AdmittedOnce,
    AdmittedFromElsewhere,
    Sum,
    Closed,
    Revoked,
    Final,
    AppendOnly,
    Outvoted,
    Shared,
    CommitFirst,
    Mark,
    BelowMark,
    OwnHome,
    Sequence,
    StatedContent,
}

/// All rules hold but at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules(pub(crate) Option<Rule>);

impl Rules {
    pub(crate) const ALL: Rules = Rules(None);

    /// Whether a rule holds.
    pub(crate) fn keep(self, rule: Rule) -> bool {
        self.0 != Some(rule)
    }
}

impl Rule {
    /// Who keeps it.
    pub(crate) fn keeper(self) -> &'static str {
        Self::TABLE.iter().find(|(rule, ..)| *rule == self).map_or("", |(_, keeper, _)| keeper)
    }

    /// Why nothing is used twice without it, of a rule that is not kept for that.
    pub(crate) fn alone(self) -> Option<&'static str> {
        match self {
            Rule::OwnHome => Some("every draw is still in one log; it leaves admission to transfers"),
            Rule::Sequence => {
                Some("the sums still count; by it two receipts show that a log has two histories")
            }
            Rule::StatedContent => {
                Some("the verifier's limit still holds; by it a witness stops what no buyer would take")
            }
            _ => None,
        }
    }

    /// Every rule: who keeps it, and what it says.
    pub(crate) const TABLE: [(Rule, &'static str, &'static str); 22] = [
        (Rule::ParentsHome, "verifier", "a draw is logged in the home that the parent's certificate names"),
        (Rule::WholeLineage, "verifier", "every certificate behind the lot is registered, not it alone"),
        (Rule::Rebuilt, "verifier", "entries are rebuilt from certificates, their amounts not believed"),
        (
            Rule::CertifiedContent,
            "verifier",
            "`cumulative` stays within the content of the parent's certificate",
        ),
        (Rule::Delivered, "verifier", "a lot is its holder's: a delivery is a transfer to the buyer"),
        (Rule::RegisteredOnce, "replay", "a certificate is registered once"),
        (Rule::KnownBeforeDrawn, "replay", "a lot is registered or admitted before it is drawn on"),
        (Rule::AdmittedOnce, "replay", "a lot is admitted once"),
        (Rule::AdmittedFromElsewhere, "replay", "a lot is not admitted where it is registered"),
        (Rule::Sum, "replay", "`cumulative` is the sum of all draws"),
        (Rule::Closed, "replay", "a closed lot is not drawn on"),
        (Rule::Revoked, "replay", "a revoked lot is not drawn on"),
        (Rule::Final, "replay", "draws are final: a revocation gives nothing back"),
        (Rule::AppendOnly, "witness", "only what continues the tree last seen is cosigned"),
        (Rule::Outvoted, "quorum", "2k > n + f"),
        (Rule::Shared, "quorum", "buyers have one set of witnesses for a log"),
        (Rule::CommitFirst, "registry", "a head is committed before it is signed"),
        (Rule::Mark, "registry", "nothing is signed that does not continue the mark"),
        (Rule::BelowMark, "registry", "nothing is shown before the mark covers it"),
        (Rule::OwnHome, "both", "only a transfer names another home than the log it is in"),
        (Rule::Sequence, "replay", "`seq` runs on by one"),
        (Rule::StatedContent, "replay", "`cumulative` stays within the content that the lot's entry states"),
    ];
}
