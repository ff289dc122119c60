//! Entries: the small public leaves of a registry's log.
//!
//! A log that held certificates would publish who bought what from whom. An entry says only what
//! keeps mass from being used twice, and everything in it but the state of the drawn lots is in the
//! certificate: whoever has that rebuilds the entry with [`CertificateEntry::of`] and believes a log
//! nothing. Implements proto-docs/registration.md, "Entries" and "Rebuilding an entry".

mod read;
mod write;

use std::collections::HashSet;

use crate::certificate::Certificate;
use crate::decimal::Mass;
use crate::digest::Digest;
use crate::form::{CloseReason, EntryKind, Kind, StatusPurpose};
use crate::json::{Misfit, ParseError};
use crate::masses::Masses;
use crate::wire::Home;

/// Largest entry, in bytes: what the two length bytes of an entry bundle can say (C2SP tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;

/// The most draws in an entry: the most inputs of a certificate.
pub const MAX_DRAWS: usize = 64;

/// One entry of a log. Holding one is the proof that it can be written and is of sound form; whether
/// a log may hold it, the ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A certificate is registered.
    Certificate(CertificateEntry),
    /// A lot comes here from another log.
    Admission(Admission),
    /// A lot is closed.
    Closing(Closing),
    /// A certificate is revoked, suspended or reinstated.
    Status(StatusChange),
}

/// The registration of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    certificate: Digest,
    kind: Kind,
    home: Home,
    lot: Option<LotEntry>,
}

/// What the entry of a lot's certificate says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LotEntry {
    content: Masses,
    draws: Box<[Draw]>,
    delivered: bool,
}

/// What a certificate takes out of one lot, and how that lot stands afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    lot: Digest,
    seq: u64,
    amount: Masses,
    cumulative: Masses,
}

/// The coming of a lot from the log in which its transfer is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    certificate: Digest,
    home: Home,
    content: Masses,
    from: Home,
    index: u64,
}

/// The closing of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Digest of the lot's certificate.
    pub certificate: Digest,
    /// Why.
    pub reason: CloseReason,
}

/// A change of a certificate's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// Digest of the certificate.
    pub certificate: Digest,
    /// Which of its statuses.
    pub purpose: StatusPurpose,
    /// Whether it is revoked or suspended from now on.
    pub value: bool,
}

/// What the log alone knows of a draw, and a receipt supplies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The running number of the draw on its lot, from 1.
    pub seq: u64,
    /// All that was drawn from the lot so far, this draw included.
    pub cumulative: Masses,
}

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is larger than [`MAX_ENTRY`].
    #[error("an entry of {0} bytes: {MAX_ENTRY} are the most")]
    TooLarge(usize),
    /// The bytes are not strict JSON.
    #[error("not strict JSON: {0}")]
    Json(#[from] ParseError),
    /// It is JSON that breaks the form of an entry.
    #[error("not an entry: {0}")]
    Form(#[from] Misfit),
    /// It says what an entry says, in other bytes than the canonical ones.
    #[error("not in canonical form")]
    NotCanonical,
}

/// Why a certificate has no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// There is not exactly one state for each input.
    #[error("{taken} states of drawn lots for {inputs} inputs")]
    Count {
        /// How many inputs the certificate has.
        inputs: usize,
        /// How many states were given.
        taken: usize,
    },
    /// A lot stands twice among the inputs.
    #[error("draws twice on the lot {lot}")]
    DrawnTwice {
        /// The lot.
        lot: Digest,
    },
    /// A state of a lot is none: running numbers begin at 1, and a cumulative amount is some mass,
    /// no more of an element than a certificate can state.
    #[error("no state in which a draw can leave the lot {lot}")]
    NoState {
        /// The lot.
        lot: Digest,
    },
    /// The entry would be larger than [`MAX_ENTRY`]: the certificate cannot be registered.
    #[error("its entry has {0} bytes: {MAX_ENTRY} are the most")]
    TooLarge(usize),
}

impl Entry {
    /// What it records.
    pub fn kind(&self) -> EntryKind {
        match self {
            Entry::Certificate(_) => EntryKind::Certificate,
            Entry::Admission(_) => EntryKind::Admission,
            Entry::Closing(_) => EntryKind::Closing,
            Entry::Status(_) => EntryKind::Status,
        }
    }

    /// Digest of the certificate that it is about.
    pub fn certificate(&self) -> Digest {
        match self {
            Entry::Certificate(entry) => entry.certificate,
            Entry::Admission(admission) => admission.certificate,
            Entry::Closing(closing) => closing.certificate,
            Entry::Status(change) => change.certificate,
        }
    }

    /// Every digest it names: its certificate, then the lots that are drawn on, in the order of the
    /// inputs. A ledger that knows how these stand knows enough to judge the entry.
    pub fn names(&self) -> impl Iterator<Item = Digest> + '_ {
        let draws = match self {
            Entry::Certificate(entry) => entry.draws(),
            Entry::Admission(_) | Entry::Closing(_) | Entry::Status(_) => &[],
        };
        std::iter::once(self.certificate()).chain(draws.iter().map(|draw| draw.lot))
    }
}

impl CertificateEntry {
    /// The entry of a certificate. All of it but `taken` is the certificate's; `taken` has one state
    /// for each input, in the order of the inputs. Whether those states can be true is not asked.
    pub fn of(certificate: &Certificate<'_>, taken: &[Taken]) -> Result<Self, RebuildError> {
        let claims = certificate.claims();
        let inputs = claims.lot().map_or(&[][..], |lot| &lot.inputs);
        let draws: Vec<_> = inputs.iter().map(|input| (input.digest, &input.draws)).collect();
        let lot = claims.lot().map(|lot| (&lot.content, lot.holder.is_none()));
        Self::stating(certificate.digest(), claims.kind, &claims.home, lot, &draws, taken)
    }

    /// The same for a registrar, which has what the certificate says in parts: of its lot the content,
    /// and whether it is delivered; of each draw the lot and the amount.
    pub fn stating(
        certificate: Digest,
        kind: Kind,
        home: &Home,
        lot: Option<(&Masses, bool)>,
        inputs: &[(Digest, &Masses)],
        taken: &[Taken],
    ) -> Result<Self, RebuildError> {
        if inputs.len() != taken.len() {
            return Err(RebuildError::Count { inputs: inputs.len(), taken: taken.len() });
        }
        let mut lots = HashSet::with_capacity(inputs.len());
        let mut draws = Vec::with_capacity(inputs.len());
        for ((lot, amount), taken) in inputs.iter().zip(taken) {
            let lot = *lot;
            if !lots.insert(lot) {
                return Err(RebuildError::DrawnTwice { lot });
            }
            if taken.seq == 0 || !is_stated(&taken.cumulative) {
                return Err(RebuildError::NoState { lot });
            }
            let (amount, cumulative) = ((*amount).clone(), taken.cumulative.clone());
            draws.push(Draw { lot, seq: taken.seq, amount, cumulative });
        }
        let lot = lot.map(|(content, delivered)| LotEntry {
            content: content.clone(),
            draws: draws.into(),
            delivered,
        });
        let entry = CertificateEntry { certificate, kind, home: home.clone(), lot };
        let length = write::certificate(&entry).len();
        if length > MAX_ENTRY { Err(RebuildError::TooLarge(length)) } else { Ok(entry) }
    }

    /// Digest of the certificate.
    pub fn certificate(&self) -> Digest {
        self.certificate
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its home: the log in which draws on its lot are recorded.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The content of its lot, if it creates one.
    pub fn content(&self) -> Option<&Masses> {
        self.lot.as_ref().map(|lot| &lot.content)
    }

    /// What it draws, in the order of its inputs: at most [`MAX_DRAWS`], each lot once.
    pub fn draws(&self) -> &[Draw] {
        self.lot.as_ref().map_or(&[], |lot| &lot.draws)
    }

    /// Whether its lot goes to somebody without a DID, and is closed from the start.
    pub fn is_delivered(&self) -> bool {
        self.lot.as_ref().is_some_and(|lot| lot.delivered)
    }
}

impl Draw {
    /// Digest of the certificate of the lot that is drawn on.
    pub fn lot(&self) -> Digest {
        self.lot
    }

    /// The running number of the draw on its lot, from 1.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// What is taken.
    pub fn amount(&self) -> &Masses {
        &self.amount
    }

    /// All that was drawn from the lot so far, this draw included.
    pub fn cumulative(&self) -> &Masses {
        &self.cumulative
    }
}

impl Admission {
    /// The admission of a transfer's lot by its home. `index` is that of the transfer's entry in
    /// the log `from`. `None` for what is no transfer, and for one whose lot was delivered: it is
    /// closed, and an admission would open it again.
    pub fn of(transfer: &Certificate<'_>, from: Home, index: u64) -> Option<Self> {
        let claims = transfer.claims();
        let lot = claims.lot().filter(|lot| lot.is_transfer() && lot.holder.is_some())?;
        let (certificate, content) = (transfer.digest(), lot.content.clone());
        Some(Admission { certificate, home: claims.home.clone(), content, from, index })
    }

    /// Digest of the transfer.
    pub fn certificate(&self) -> Digest {
        self.certificate
    }

    /// Its home: the log that admits it.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The content of its lot.
    pub fn content(&self) -> &Masses {
        &self.content
    }

    /// The log in which the transfer is registered.
    pub fn from(&self) -> &Home {
        &self.from
    }

    /// The index of its entry there.
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// Whether every mass is one that can be written, and there is one.
fn is_stated(masses: &Masses) -> bool {
    !masses.is_empty() && masses.iter().all(|(_, mg)| Mass::from_mg(mg).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::element::Element;

    /// The certificates of a vector, as the bundle has them.
    fn certificates(vector: &str) -> Vec<Value> {
        let vector: Value = serde_json::from_str(vector).unwrap();
        vector["bundle"]["certificates"].as_array().unwrap().clone()
    }

    /// An honest chain: origin, separation, transfer.
    fn chain() -> Vec<Value> {
        certificates(include_str!("../../../proto-docs/vectors/honest.json"))
    }

    fn parse(certificate: &Value) -> Certificate<'static> {
        Certificate::parse(certificate.to_string().as_bytes()).unwrap().into_owned()
    }

    fn taken(certificate: &Certificate<'_>) -> Vec<Taken> {
        let inputs = certificate.lot().unwrap().inputs.iter();
        inputs.map(|input| Taken { seq: 1, cumulative: input.draws.clone() }).collect()
    }

    #[test]
    fn a_certificate_has_one_entry() {
        let mut seen = Vec::new();
        for certificate in chain().iter().map(parse) {
            let entry = CertificateEntry::of(&certificate, &taken(&certificate)).unwrap();
            let lot = certificate.lot().unwrap();
            assert_eq!(entry.certificate(), certificate.digest());
            assert_eq!((entry.kind(), entry.home()), (certificate.claims().kind, &certificate.claims().home));
            assert_eq!(entry.content(), Some(&lot.content));
            assert_eq!(entry.is_delivered(), lot.holder.is_none());
            let drawn: Vec<_> =
                entry.draws().iter().map(|draw| (draw.lot(), draw.amount().clone())).collect();
            let inputs: Vec<_> = lot.inputs.iter().map(|input| (input.digest, input.draws.clone())).collect();
            assert_eq!(drawn, inputs);
            let whole = Entry::Certificate(entry);
            assert_eq!(Entry::parse(&whole.to_bytes()), Ok(whole));
            seen.push(certificate.claims().kind);
        }
        seen.sort_unstable();
        assert_eq!(seen, [Kind::Origin, Kind::Processing, Kind::Transfer]);
    }

    #[test]
    fn an_attestation_has_an_entry_without_amounts() {
        let vector = include_str!("../../../proto-docs/vectors/lineage.not-a-lot.json");
        let all: Vec<_> = certificates(vector).iter().map(parse).collect();
        let attestation = all.iter().find(|certificate| certificate.lot().is_none()).unwrap();
        let entry = CertificateEntry::of(attestation, &[]).unwrap();
        assert_eq!((entry.kind(), entry.content(), entry.draws()), (Kind::Attestation, None, &[][..]));
        let whole = Entry::Certificate(entry);
        assert_eq!(Entry::parse(&whole.to_bytes()), Ok(whole));
    }

    /// Without a recipient's DID nobody holds the lot: its entry closes it, and no log admits it.
    #[test]
    fn a_delivered_lot_is_closed_from_the_start() {
        let mut transfer = chain().pop().unwrap();
        let admitted = Admission::of(&parse(&transfer), Home::parse("registry.example/ree").unwrap(), 2);
        assert!(admitted.is_some_and(|admission| admission.index() == 2));
        let origin = parse(&chain()[0]);
        assert_eq!(Admission::of(&origin, Home::parse("registry.example/ree").unwrap(), 0), None);
        let subject = &mut transfer["credentialSubject"];
        subject.as_object_mut().unwrap().remove("holder");
        subject["to"].as_object_mut().unwrap().remove("id");
        let transfer = parse(&transfer);
        let entry = CertificateEntry::of(&transfer, &taken(&transfer)).unwrap();
        assert!(entry.is_delivered());
        let text = String::from_utf8(Entry::Certificate(entry).to_bytes()).unwrap();
        assert!(text.contains(r#""closed":"delivered","home""#));
        assert_eq!(Admission::of(&transfer, Home::parse("registry.example/ree").unwrap(), 2), None);
    }

    #[test]
    fn an_entry_that_would_be_too_large_is_none() {
        let mut processing = chain().remove(1);
        let inputs = &mut processing["credentialSubject"]["inputs"];
        let several = (0..64_u8).map(|at| {
            let mut input = inputs[0].clone();
            input["digestMultibase"] = Digest::of(&[at]).to_string().into();
            input
        });
        *inputs = several.collect();
        let certificate = parse(&processing);
        let symbols = ('A'..='Z').flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}")));
        let elements: Vec<Element> = symbols.filter_map(|symbol| Element::parse(&symbol)).take(40).collect();
        // A mass of sixteen characters for each element, less so many characters in all.
        let entry = |mut less: usize| {
            let mut masses = |element: &Element| {
                let here = less.min(15);
                less -= here;
                (*element, Mass::parse(&text_of(16 - here)).unwrap().mg())
            };
            let taken = |_| Taken { seq: 1, cumulative: elements.iter().map(&mut masses).collect() };
            CertificateEntry::of(&certificate, &(0..64).map(taken).collect::<Vec<_>>())
        };
        let Err(RebuildError::TooLarge(length)) = entry(0) else { panic!("it fits") };
        let largest = Entry::Certificate(entry(length - MAX_ENTRY).unwrap());
        assert_eq!(largest.to_bytes().len(), MAX_ENTRY);
        assert!(Entry::parse(&largest.to_bytes()).is_ok_and(|read| read == largest));
        assert!(entry(length - MAX_ENTRY - 1).is_err_and(|e| e == RebuildError::TooLarge(MAX_ENTRY + 1)));
    }

    #[test]
    fn a_lot_is_drawn_on_once() {
        let mut processing = chain().remove(1);
        let inputs = processing["credentialSubject"]["inputs"].as_array_mut().unwrap();
        inputs.push(inputs[0].clone());
        let certificate = parse(&processing);
        let lot = certificate.lot().unwrap().inputs[0].digest;
        let twice = CertificateEntry::of(&certificate, &taken(&certificate));
        assert_eq!(twice, Err(RebuildError::DrawnTwice { lot }));
    }

    /// Kilograms in so many characters.
    fn text_of(length: usize) -> String {
        let point = if length == 10 { 8 } else { 9 };
        "1111111111111111"[..length]
            .chars()
            .enumerate()
            .map(|(at, c)| if at == point { '.' } else { c })
            .collect()
    }

    #[test]
    fn states_of_inputs_that_cannot_be() {
        let transfer = &parse(&chain()[2]);
        let lot = transfer.lot().unwrap().inputs[0].digest;
        let states = taken(transfer);
        let of = |states: &[Taken]| CertificateEntry::of(transfer, states).unwrap_err();
        assert_eq!(of(&[]), RebuildError::Count { inputs: 1, taken: 0 });
        assert_eq!(of(&[&states[..], &states].concat()), RebuildError::Count { inputs: 1, taken: 2 });
        assert_eq!(of(&[Taken { seq: 0, ..states[0].clone() }]), RebuildError::NoState { lot });
        assert_eq!(of(&[Taken { seq: 1, cumulative: Masses::default() }]), RebuildError::NoState { lot });
        let all = Masses::from_iter([(Element::parse("Nd").unwrap(), u64::MAX)]);
        assert_eq!(of(&[Taken { seq: 1, cumulative: all }]), RebuildError::NoState { lot });
        assert!(CertificateEntry::of(transfer, &[Taken { seq: u64::MAX, ..states[0].clone() }]).is_ok());
    }
}
