//! What no log may hold.

use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{CloseReason, StatusPurpose};
use crate::masses::Masses;
use crate::wire::Home;

/// Why an entry may not come next in a log. Whoever finds one in a published log has evidence against
/// the registry: the entry, and the one before it that it contradicts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A certificate is registered that is registered already.
    #[error("{certificate} is registered a second time")]
    RegisteredTwice {
        /// The certificate.
        certificate: Digest,
    },
    /// A certificate is registered that was admitted from another log, where it is registered.
    #[error("{certificate} is registered here after it was admitted from another log")]
    RegisteredThoughAdmitted {
        /// The certificate.
        certificate: Digest,
    },
    /// A certificate that is no transfer, or an admission, names another log as its home.
    #[error("{certificate} has its home in {home}, which is another log")]
    HomeElsewhere {
        /// The certificate.
        certificate: Digest,
        /// The home it names.
        home: Home,
    },
    /// A lot is drawn on, or closed, that is neither registered nor admitted.
    #[error("the lot {lot} is neither registered nor admitted")]
    UnknownLot {
        /// The lot.
        lot: Digest,
    },
    /// What is drawn on, or closed, is a certificate that creates no lot.
    #[error("{certificate} creates no lot")]
    NotALot {
        /// The certificate.
        certificate: Digest,
    },
    /// A lot is drawn on, or closed, whose transfer has taken it to another home.
    #[error("the lot {lot} has its home in {home}")]
    LotElsewhere {
        /// The lot.
        lot: Digest,
        /// Its home.
        home: Home,
    },
    /// A lot is drawn on, or closed, that is closed already.
    #[error("the lot {lot} is closed: {reason}")]
    Closed {
        /// The lot.
        lot: Digest,
        /// Why it was closed.
        reason: CloseReason,
    },
    /// A lot is drawn on whose certificate is revoked.
    #[error("the lot {lot} is revoked")]
    Revoked {
        /// The lot.
        lot: Digest,
    },
    /// A lot is drawn on while its certificate is suspended.
    #[error("the lot {lot} is suspended")]
    Suspended {
        /// The lot.
        lot: Digest,
    },
    /// A draw has another running number than the one after the last.
    #[error("draw {found} on the lot {lot} follows draw {last}")]
    OutOfSequence {
        /// The lot.
        lot: Digest,
        /// How many draws there were.
        last: u64,
        /// The number it has.
        found: u64,
    },
    /// A cumulative amount is not what was drawn before and the amount of the draw together.
    #[error("the draws on the lot {lot} do not add up to the cumulative amount")]
    WrongCumulative {
        /// The lot.
        lot: Digest,
        /// What they add up to.
        expected: Masses,
        /// What is stated.
        found: Masses,
    },
    /// More of an element is drawn from a lot than its content.
    #[error(
        "{} kg {element} drawn from the lot {lot}, which holds {} kg",
        kilograms(*cumulative_mg),
        kilograms(*content_mg)
    )]
    Overdrawn {
        /// The lot.
        lot: Digest,
        /// The element.
        element: Element,
        /// What the lot holds of it.
        content_mg: u64,
        /// What would be drawn of it in all.
        cumulative_mg: u64,
    },
    /// A transfer holds more of an element than it draws.
    #[error(
        "the transfer {certificate} holds {} kg {element} and draws {} kg",
        kilograms(*content_mg),
        kilograms(*drawn_mg)
    )]
    TransferExceedsDraws {
        /// The transfer.
        certificate: Digest,
        /// The element.
        element: Element,
        /// What it draws of it.
        drawn_mg: u64,
        /// What it holds of it.
        content_mg: u64,
    },
    /// A lot is admitted that was admitted already, whatever was done with it since.
    #[error("{certificate} is admitted a second time")]
    AdmittedTwice {
        /// Its transfer.
        certificate: Digest,
    },
    /// A lot is admitted whose certificate is registered in this log.
    #[error("{certificate} is admitted and is registered in this log")]
    AdmittedThoughRegistered {
        /// The certificate.
        certificate: Digest,
    },
    /// A lot is admitted from the log that it is admitted to.
    #[error("{certificate} is admitted from this log itself")]
    AdmittedFromHere {
        /// Its transfer.
        certificate: Digest,
    },
    /// The status of a certificate changes that is neither registered nor admitted.
    #[error("{certificate} is not registered")]
    UnknownCertificate {
        /// The certificate.
        certificate: Digest,
    },
    /// The status of a certificate changes whose status another log keeps: it was admitted from there.
    #[error("the status of {certificate} is kept by the log it was admitted from")]
    StatusElsewhere {
        /// The certificate.
        certificate: Digest,
    },
    /// A status is set to what it is.
    #[error("the {purpose} of {certificate} is {} already", u8::from(*value))]
    StatusUnchanged {
        /// The certificate.
        certificate: Digest,
        /// Which status.
        purpose: StatusPurpose,
        /// What it is.
        value: bool,
    },
    /// A revocation is taken back.
    #[error("the revocation of {certificate} is lifted, and revocations are final")]
    RevocationLifted {
        /// The certificate.
        certificate: Digest,
    },
}
