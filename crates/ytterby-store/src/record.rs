//! What goes into a store and comes out of it: domain values, parsed on the way out.

use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::form::{Kind, StatusPurpose};
use ytterby::masses::Masses;
use ytterby_tlog::{Hash, TreeHead};

pub use ytterby::form::CloseReason;

/// Certificates to be registered together, all or none.
#[derive(Debug, Clone)]
pub struct Registration {
    /// In the order in which they may draw on each other.
    pub certificates: Vec<NewCertificate>,
    /// The request's idempotency key, if it has one.
    pub idempotency: Option<Idempotency>,
    /// The time of registration, `YYYY-MM-DDThh:mm:ssZ`.
    pub at: String,
}

/// One certificate to be registered.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// SHA-256 over `bytes`.
    pub digest: Digest,
    /// Its `urn:uuid` label.
    pub id: String,
    /// Its issuer.
    pub issuer: Did,
    /// The log origin that it names as its home.
    pub home: Home,
    /// Its type.
    pub kind: Kind,
    /// `proof.created`.
    pub created: String,
    /// Unique per issuer for ever.
    pub external_id: String,
    /// The bytes that were signed, in canonical form.
    pub bytes: Vec<u8>,
    /// The lot it creates; attestations and accreditations create none.
    pub lot: Option<NewLot>,
    /// What it draws.
    pub draws: Vec<Draw>,
    /// The lots (digests) that an attestation is about; of an accreditation, the digest of the DID of
    /// whom it accredits.
    pub about: Vec<Digest>,
}

/// The lot of a new certificate.
#[derive(Debug, Clone)]
pub struct NewLot {
    /// Lot number as printed.
    pub number: String,
    /// Processing step, transfer kind or origin source.
    pub step: String,
    /// Physical form.
    pub form: String,
    /// Who may draw on it; nobody after a delivery.
    pub holder: Option<Did>,
    /// Content per element.
    pub content: Masses,
    /// What the checks of a child need and the certificate does not say (the library's text).
    pub carried: String,
}

/// A draw on an input lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// The input.
    pub lot: Digest,
    /// What is taken.
    pub amount: Masses,
}

/// An idempotency key and what to answer it with from now on.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Who sent it: keys of different callers never meet.
    pub caller: String,
    /// The key.
    pub key: String,
    /// Digest of the request.
    pub request: Digest,
    /// The response's status.
    pub status: u16,
    /// The response's body.
    pub body: Vec<u8>,
}

/// What an idempotency key was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Digest of the request.
    pub request: Digest,
    /// The response's status.
    pub status: u16,
    /// The response's body.
    pub body: Vec<u8>,
}

/// Where a certificate stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The index of its entry.
    pub index: u64,
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// A head that covers it.
    pub head: TreeHead,
    /// The inclusion proof in that head's tree.
    pub proof: Vec<Hash>,
}

/// A checkpoint that a quorum of witnesses has cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Its size.
    pub size: u64,
    /// The signed note, cosignatures included.
    pub note: String,
}

/// Entries that are to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The index of the first: the size of the log before.
    pub from: u64,
    /// The entries, in canonical bytes.
    pub entries: Vec<Vec<u8>>,
    /// The time of the recovery, in the place of the times of registration, which are lost.
    pub at: String,
}

/// A lot as it stands.
#[derive(Debug, Clone)]
pub struct LotRecord {
    /// Digest of its certificate.
    pub digest: Digest,
    /// The certificate's bytes.
    pub certificate: Vec<u8>,
    /// The library's text about what is carried along the lineage.
    pub carried: String,
    /// All draws so far, per element.
    pub drawn: Masses,
    /// How many draws there were.
    pub draws: u64,
    /// When and why it was closed.
    pub closed: Option<(String, CloseReason)>,
    /// The status of its certificate that is on, of several the gravest: no draw on it is taken. An
    /// admitted lot has none, for that is kept where its transfer is registered.
    pub status: Option<StatusPurpose>,
}

/// A certificate and what the registry knows of it.
#[derive(Debug, Clone)]
pub struct CertificateRow {
    /// Its digest.
    pub digest: Digest,
    /// Its label.
    pub id: String,
    /// Its issuer.
    pub issuer: Did,
    /// Its type.
    pub kind: String,
    /// Its external id.
    pub external_id: String,
    /// When it was registered.
    pub registered: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Which certificates to list. Fields that are `None` fit any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFilter {
    /// Exact lot number.
    pub lot_number: Option<String>,
    /// Type.
    pub kind: Option<String>,
    /// Step, transfer kind or origin source.
    pub step: Option<String>,
    /// An element (symbol) the lot contains.
    pub element: Option<String>,
    /// Issuer.
    pub issuer: Option<Did>,
    /// Holder.
    pub holder: Option<Did>,
    /// `open` (something is left), `drained`, `closed`.
    pub status: Option<String>,
    /// External id.
    pub external_id: Option<String>,
    /// Registered at or after.
    pub from: Option<String>,
    /// Registered before.
    pub to: Option<String>,
}

/// Where a page ended: opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub i64);

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows.
    pub rows: Vec<CertificateRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// A draw on a lot, from the lot's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnBy {
    /// The drawing certificate.
    pub digest: Digest,
    /// Its label.
    pub id: String,
    /// Its issuer.
    pub issuer: Did,
    /// Running number of the draw on this lot.
    pub seq: u64,
    /// What it took.
    pub amount: Masses,
}

/// The closing of a lot by its holder.
#[derive(Debug, Clone)]
pub struct Closing {
    /// The lot.
    pub lot: Digest,
    /// Who closes it: must hold it, else [`crate::StoreError::NotHolder`].
    pub holder: Did,
    /// Why.
    pub reason: CloseReason,
    /// When.
    pub at: String,
}

/// A party that may issue here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRow {
    /// Its DID.
    pub did: Did,
    /// The short name in this registry's paths (`/issuers/{name}/did.json`).
    pub name: String,
    /// The name people know it by.
    pub title: String,
    /// When it was added.
    pub created: String,
}

/// A key of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKey {
    /// Whose key it is.
    pub issuer: Did,
    /// The public key, as a Multikey.
    pub public: String,
    /// The encrypted secret if the registry keeps it, else the issuer signs for itself.
    pub sealed_secret: Option<Vec<u8>>,
    /// When it was added.
    pub created: String,
    /// When it stopped signing new certificates.
    pub retired: Option<String>,
}

/// SHA-256 of an API key's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyHash(pub [u8; 32]);

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// A public name for it, for listing and revoking.
    pub id: String,
    /// The hash it is found by.
    pub hash: ApiKeyHash,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whose it is; administrators' keys have no issuer.
    pub issuer: Option<Did>,
    /// A note for people.
    pub label: String,
    /// When it was made.
    pub created: String,
    /// From when on it is refused.
    pub expires: Option<String>,
    /// When it was revoked.
    pub revoked: Option<String>,
}

/// Who calls with an API key, and what a request of his needs before it is looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerRow {
    /// The key.
    pub key: ApiKey,
    /// The issuer that it is bound to, and those keys of his that are not retired, oldest first.
    pub issuer: Option<(IssuerRow, Vec<IssuerKey>)>,
    /// Whether the issuer's idempotency key was answered: [`crate::Store::replay`] says with what.
    pub answered: bool,
}

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Read certificates, lots and bundles.
    Read,
    /// Issue certificates and close lots of its issuer.
    Issue,
    /// Manage its issuer's keys and API keys.
    Manage,
    /// Manage issuers and every API key.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Read, Self::Issue, Self::Manage, Self::Admin];

    /// The word that stands in requests and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Issue => "issue",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}
