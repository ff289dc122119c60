//! The faults that can be shown to anybody.

use std::fmt;

/// A fault that can be shown to anybody. Its name is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Two checkpoints that no history has.
    SplitView,
    /// A certificate is registered twice, or registered and admitted.
    DoubleRegistration,
    /// A lot is admitted twice to one log.
    DoubleAdmission,
    /// Two draws on a lot have one number.
    DoubleSeq,
    /// A cumulative amount is not the sum of the draws.
    WrongCumulative,
    /// More was drawn than there is.
    OverDraw,
    /// A log records what is for another log to record.
    WrongHome,
    /// What is drawn on, or closed, is no lot.
    DrawnOnNoLot,
    /// A closed lot is drawn on.
    DrawnAfterClosing,
    /// A revoked lot is drawn on.
    DrawnAfterRevocation,
    /// A suspended lot is drawn on.
    DrawnWhileSuspended,
    /// A revocation is taken back.
    RevocationLifted,
    /// A status list does not have a revocation that its log has.
    StatusList,
    /// A lot is admitted with another content than its transfer has.
    InflatedAdmission,
    /// A lot is admitted on the strength of an entry that is not its transfer's.
    UnfoundedAdmission,
    /// A certificate has one home in one log, and another in another.
    AdmittedElsewhere,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 16] = [
        Kind::SplitView,
        Kind::DoubleRegistration,
        Kind::DoubleAdmission,
        Kind::DoubleSeq,
        Kind::WrongCumulative,
        Kind::OverDraw,
        Kind::WrongHome,
        Kind::DrawnOnNoLot,
        Kind::DrawnAfterClosing,
        Kind::DrawnAfterRevocation,
        Kind::DrawnWhileSuspended,
        Kind::RevocationLifted,
        Kind::StatusList,
        Kind::InflatedAdmission,
        Kind::UnfoundedAdmission,
        Kind::AdmittedElsewhere,
    ];

    /// Its name, as evidence has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::SplitView => "split-view",
            Kind::DoubleRegistration => "double-registration",
            Kind::DoubleAdmission => "double-admission",
            Kind::DoubleSeq => "double-seq",
            Kind::WrongCumulative => "wrong-cumulative",
            Kind::OverDraw => "over-draw",
            Kind::WrongHome => "wrong-home",
            Kind::DrawnOnNoLot => "drawn-on-no-lot",
            Kind::DrawnAfterClosing => "drawn-after-closing",
            Kind::DrawnAfterRevocation => "drawn-after-revocation",
            Kind::DrawnWhileSuspended => "drawn-while-suspended",
            Kind::RevocationLifted => "revocation-lifted",
            Kind::StatusList => "status-list",
            Kind::InflatedAdmission => "inflated-admission",
            Kind::UnfoundedAdmission => "unfounded-admission",
            Kind::AdmittedElsewhere => "admitted-elsewhere",
        }
    }

    /// The kind of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it takes the entries of two logs, one of which lies.
    pub(super) fn is_between_logs(self) -> bool {
        matches!(self, Kind::InflatedAdmission | Kind::UnfoundedAdmission | Kind::AdmittedElsewhere)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
