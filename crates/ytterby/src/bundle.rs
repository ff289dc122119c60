//! The bundle: the one file an offline verifier needs.
//!
//! Read member by member, one certificate's tree at a time, so that a hundred thousand certificates
//! cost little beyond the file itself. Implements proto-docs/bundle.md.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::iter::Peekable;

use crate::certificate::{Certificate, MAX_CERTIFICATE, kind_hints};
use crate::digest::Digest;
use crate::event::Event;
use crate::finding::{Code, Finding};
use crate::form::Kind;
use crate::json::{ParseError, ParseErrorKind, Reader, Value, canonical};
use crate::receipt::Receipt;

/// The value of the member `bundle`.
pub const BUNDLE_VERSION: &str = "ytterby.bundle/1";

/// Largest receipt, in bytes: its entry has at most 65,535, its checkpoint a kilobyte or two.
const MAX_RECEIPT: usize = MAX_CERTIFICATE;

/// Most members of a presentation; their names are kept, to notice one that stands twice.
const MAX_PRESENTATION: usize = 1_000;

/// Certificates that break form whose findings are kept; the rest are only counted. One of them is
/// enough for the verdict, and a file can hold millions.
const MAX_BROKEN: usize = 1_000;

/// A readable bundle. What breaks form inside it is kept, and rejects it.
#[derive(Debug, Clone, Default)]
pub struct Bundle<'a> {
    pub(crate) subject: Option<Vec<Digest>>,
    pub(crate) certificates: Vec<Certificate<'a>>,
    /// Certificates that break form: their digest, what they call themselves, and how they break it.
    pub(crate) broken: Vec<Broken>,
    receipts: HashMap<Digest, Receipt<'a>>,
    status_lists: Vec<Cow<'a, [u8]>>,
    /// Closings, changes of status and admissions, each with the member it stands under.
    events: Vec<(&'static str, Event<'a>)>,
    /// How many more break form.
    pub(crate) more_broken: usize,
}

/// A certificate that breaks form.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) digest: Digest,
    pub(crate) finding: Finding,
}

/// Bytes are no bundle at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct BundleError(#[from] pub ParseError);

impl<'a> Bundle<'a> {
    /// Reads a bundle, a bare certificate, an array of certificates, or a W3C presentation.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        let mut reader = Reader::new(bytes)?;
        let mut builder = Builder::default();
        match reader.peek() {
            Some(b'[') => builder.certificates(&mut reader)?,
            Some(b'{') => builder.object(&mut reader)?,
            _ => return Err(reader.error(ParseErrorKind::Shape(SHAPE)).into()),
        }
        reader.end()?;
        Ok(builder.bundle)
    }

    /// A bundle of certificates at hand, for one or several subjects.
    pub fn of(subject: Vec<Digest>, certificates: Vec<Certificate<'a>>) -> Self {
        Bundle { subject: Some(subject), certificates, ..Bundle::default() }
    }

    /// The same with receipts, each for the certificate of a digest.
    #[must_use]
    pub fn with_receipts(mut self, receipts: impl IntoIterator<Item = (Digest, Receipt<'a>)>) -> Self {
        self.receipts.extend(receipts);
        self
    }

    /// Adds the receipt of a certificate, in the place of one that is there.
    pub fn add_receipt(&mut self, certificate: Digest, receipt: Receipt<'a>) {
        self.receipts.insert(certificate, receipt);
    }

    /// The receipt of a certificate.
    pub fn receipt(&self, certificate: &Digest) -> Option<&Receipt<'a>> {
        self.receipts.get(certificate)
    }

    /// All receipts, in no order. Some may be of certificates that are not in the bundle: nothing
    /// looks at those.
    pub fn receipts(&self) -> impl ExactSizeIterator<Item = (Digest, &Receipt<'a>)> {
        self.receipts.iter().map(|(digest, receipt)| (*digest, receipt))
    }

    /// The same with status lists: the bytes of each credential.
    #[must_use]
    pub fn with_status_lists(mut self, lists: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.status_lists.extend(lists.into_iter().map(Cow::Owned));
        self
    }

    /// The status lists, of which nothing is read yet but that they are strict JSON.
    pub fn status_lists(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.status_lists.iter().map(AsRef::as_ref)
    }

    /// The same with events, each under its member: `closings`, `statusChanges` or `admissions`.
    #[must_use]
    pub fn with_events(mut self, events: impl IntoIterator<Item = (&'static str, Event<'a>)>) -> Self {
        self.events.extend(events);
        self
    }

    /// The events, each with the member it stands under and its number there.
    pub fn events(&self) -> impl Iterator<Item = (&'static str, usize, &Event<'a>)> {
        let mut numbers = HashMap::new();
        self.events.iter().map(move |(member, event)| {
            let number = numbers.entry(*member).or_insert(0_usize);
            *number += 1;
            (*member, *number - 1, event)
        })
    }

    /// The same without some of its certificates.
    #[must_use]
    pub fn without(mut self, gone: &HashSet<Digest>) -> Self {
        self.certificates.retain(|certificate| !gone.contains(&certificate.digest()));
        self
    }

    /// The certificates of sound form, in the order of the file.
    pub fn certificates(&self) -> &[Certificate<'a>] {
        &self.certificates
    }

    /// How the certificates that break form do so, each finding about a digest; of more than 1,000 the first.
    pub fn broken(&self) -> impl Iterator<Item = Finding> {
        self.broken.iter().map(Broken::finding)
    }

    /// The certificate of a digest.
    pub fn certificate(&self, digest: &Digest) -> Option<&Certificate<'a>> {
        self.certificates.iter().find(|certificate| certificate.digest() == *digest)
    }

    /// What the bundle is about, each digest once: what it says, or else the certificates that no other
    /// draws on.
    pub fn subject(&self) -> Vec<Digest> {
        if let Some(subject) = &self.subject {
            let mut seen = HashSet::new();
            return subject.iter().copied().filter(|digest| seen.insert(*digest)).collect();
        }
        let drawn: HashSet<Digest> = self
            .certificates
            .iter()
            .filter_map(Certificate::lot)
            .flat_map(|lot| lot.inputs.iter().map(|input| input.digest))
            .collect();
        let sinks = self.certificates.iter().filter(|c| c.lot().is_some() && !drawn.contains(&c.digest()));
        let lots: Vec<Digest> = sinks.map(Certificate::digest).collect();
        if lots.is_empty() { self.certificates.iter().map(Certificate::digest).collect() } else { lots }
    }

    /// The bundle as a file: canonical JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        let list = |fits: fn(Kind) -> bool| -> Vec<&[u8]> {
            self.certificates.iter().filter(|c| fits(c.claims().kind)).map(Certificate::bytes).collect()
        };
        let events = |wanted: &str| -> Vec<&[u8]> {
            let own = self.events.iter().filter(|(member, _)| *member == wanted);
            own.map(|(_, event)| event.as_bytes()).collect()
        };
        let subject: Vec<String> = self.subject().iter().map(|digest| format!("\"{digest}\"")).collect();
        let mut out = b"{\"accreditations\":[".to_vec();
        out.extend(list(|kind| kind == Kind::Accreditation).join(&b','));
        out.extend_from_slice(b"],\"admissions\":[");
        out.extend(events("admissions").join(&b','));
        out.extend_from_slice(b"],\"attestations\":[");
        out.extend(list(|kind| kind == Kind::Attestation).join(&b','));
        out.extend_from_slice(format!("],\"bundle\":\"{BUNDLE_VERSION}\",\"certificates\":[").as_bytes());
        out.extend(list(Kind::creates_lot).join(&b','));
        out.extend_from_slice(b"],\"closings\":[");
        out.extend(events("closings").join(&b','));
        out.extend_from_slice(b"],\"receipts\":{");
        let mut receipts: Vec<_> =
            self.receipts.iter().map(|(digest, receipt)| (digest.to_string(), receipt)).collect();
        receipts.sort_by(|a, b| a.0.cmp(&b.0));
        for (at, (digest, receipt)) in receipts.into_iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            out.extend_from_slice(format!("{comma}\"{digest}\":").as_bytes());
            out.extend(receipt.to_bytes());
        }
        out.extend_from_slice(b"},\"statusChanges\":[");
        out.extend(events("statusChanges").join(&b','));
        out.extend_from_slice(b"],\"statusLists\":[");
        out.extend(self.status_lists().collect::<Vec<_>>().join(&b','));
        out.extend_from_slice(b"],\"subject\":[");
        out.extend_from_slice(subject.join(",").as_bytes());
        out.extend_from_slice(b"]}");
        out
    }
}

const SHAPE: &str = "neither a bundle (\"bundle\": \"ytterby.bundle/1\"), nor a certificate, a list of them or a presentation";

#[derive(Default)]
struct Builder<'a> {
    bundle: Bundle<'a>,
    seen: HashSet<Digest>,
    scratch: Vec<u8>,
    hints: Option<Hints<'a>>,
}

/// Which kind of certificate comes next. Asked in the order of the file, so that each byte is looked at once.
struct Hints<'a> {
    base: usize,
    kinds: Peekable<Box<dyn Iterator<Item = (usize, Kind)> + 'a>>,
}

impl<'a> Hints<'a> {
    fn of(reader: &Reader<'a>) -> Self {
        let kinds: Box<dyn Iterator<Item = _> + 'a> = Box::new(kind_hints(reader.rest()));
        Hints { base: reader.offset(), kinds: kinds.peekable() }
    }

    /// The kind that is written next behind an offset.
    fn kind_behind(&mut self, offset: usize) -> Option<Kind> {
        while self.kinds.next_if(|(at, _)| self.base + at < offset).is_some() {}
        self.kinds.peek().map(|(_, kind)| *kind)
    }
}

impl<'a> Builder<'a> {
    /// An object is a bundle if its members are a bundle's, a certificate if it is of such a size and
    /// has a subject, else a presentation.
    fn object(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut look = reader.clone();
        let is_bundle = look.open(b'{')? && MEMBERS.contains(&look.key()?.as_ref());
        if is_bundle {
            return self.members(reader);
        }
        let mut look = reader.clone();
        match look.value_up_to(MAX_CERTIFICATE) {
            Ok(value) if value.get("verifiableCredential").is_some() => self.presentation(reader),
            Ok(value) if value.get("credentialSubject").is_some() => {
                let source = reader.span(reader.offset(), look.offset()).trim_ascii_end();
                *reader = look;
                self.certificate(&value, Some(source), reader)
            }
            Err(large) if matches!(large.kind, ParseErrorKind::TooLarge(_)) => {
                let no_presentation = ParseErrorKind::Shape(SHAPE);
                self.presentation(reader)
                    .map_err(|error| if error.kind == no_presentation { large } else { error })
            }
            Ok(_) => Err(look.error(ParseErrorKind::Shape(SHAPE))),
            Err(error) => Err(error),
        }
    }

    /// Read as a bundle is, so that its size is no matter. All but its certificates is only read.
    fn presentation(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut names = HashSet::new();
        let mut more = reader.open(b'{')?;
        while more {
            let name = reader.key()?;
            if names.len() == MAX_PRESENTATION {
                return Err(reader.error(ParseErrorKind::Shape("more members than a presentation has")));
            }
            if names.contains(&name) {
                return Err(reader.error(ParseErrorKind::DuplicateKey(name.chars().take(60).collect())));
            }
            match (name.as_ref(), reader.peek()) {
                ("verifiableCredential", Some(b'[')) => self.certificates(reader)?,
                ("verifiableCredential", Some(b'{')) => self.one(reader)?,
                ("verifiableCredential", _) => return Err(reader.error(ParseErrorKind::Shape(SHAPE))),
                _ => drop(reader.value_up_to(MAX_CERTIFICATE)?),
            }
            names.insert(name);
            more = reader.more(b'{')?;
        }
        if names.contains("verifiableCredential") {
            return Ok(());
        }
        Err(reader.error(ParseErrorKind::Shape(SHAPE)))
    }

    fn members(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut seen = Vec::new();
        let mut more = reader.open(b'{')?;
        while more {
            let key = reader.key()?;
            let Some(name) = MEMBERS.iter().copied().find(|name| *name == key.as_ref()) else {
                return Err(reader.error(ParseErrorKind::Shape("a member that a bundle does not have")));
            };
            if seen.contains(&name) {
                return Err(reader.error(ParseErrorKind::DuplicateKey(name.to_owned())));
            }
            seen.push(name);
            self.member(name, reader)?;
            more = reader.more(b'{')?;
        }
        for needed in ["bundle", "certificates"] {
            if !seen.contains(&needed) {
                return Err(reader
                    .error(ParseErrorKind::Shape("a bundle has the members `bundle` and `certificates`")));
            }
        }
        Ok(())
    }

    fn member(&mut self, name: &str, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        match name {
            "bundle" => {
                if reader.value()?.as_str() != Some(BUNDLE_VERSION) {
                    return Err(reader.error(ParseErrorKind::Shape("`bundle` must be \"ytterby.bundle/1\"")));
                }
            }
            "subject" => self.subject(reader)?,
            "accreditations" | "attestations" | "certificates" => self.certificates(reader)?,
            "receipts" => self.receipts(reader)?,
            _ => self.evidence(name, reader)?,
        }
        Ok(())
    }

    /// Read strictly here, and as what they are when they are looked at.
    fn evidence(&mut self, name: &str, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut more = reader.open(b'[')?;
        let mut count = 0;
        while more {
            count += 1;
            if count > MAX_EVIDENCE {
                return Err(reader.error(ParseErrorKind::Shape("more of a kind than a bundle holds")));
            }
            let from = reader.offset();
            let value = reader.value_up_to(MAX_CERTIFICATE)?;
            self.misplaced(name, &value);
            let span = reader.span(from, reader.offset()).trim_ascii_end();
            match EVENTS.iter().find(|member| **member == name) {
                Some(member) => self.bundle.events.push((*member, Event::of_span(span))),
                None if name == "statusLists" => self.bundle.status_lists.push(Cow::Borrowed(span)),
                None => {}
            }
            more = reader.more(b'[')?;
        }
        Ok(())
    }

    /// A lot's certificate where none is looked for would hide what it draws.
    fn misplaced(&mut self, member: &str, value: &Value<'_>) {
        let is_lot = |word: &Value<'_>| {
            let kind = word.as_str().and_then(Kind::parse);
            matches!(kind, Some(Kind::Origin | Kind::Processing | Kind::Transfer))
        };
        let types = value.get("type");
        if types
            .is_some_and(|types| is_lot(types) || types.as_array().is_some_and(|all| all.iter().any(is_lot)))
        {
            let text = format!("a lot's certificate stands under `{member}`, its place is `certificates`");
            let finding = Finding::new(Code::MalformedType, text).at("/type");
            if self.bundle.broken.len() < MAX_BROKEN {
                self.bundle.broken.push(Broken { digest: Digest::of(&canonical(value)), finding });
            } else {
                self.bundle.more_broken += 1;
            }
        }
    }

    fn subject(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let value = reader.value_up_to(MAX_CERTIFICATE)?;
        let digests = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().and_then(|text| Digest::parse(text).ok()))
                .collect::<Option<Vec<_>>>()
        });
        let wrong = || reader.error(ParseErrorKind::Shape("`subject` must be a list of digests (uEi…)"));
        self.bundle.subject = Some(digests.ok_or_else(wrong)?);
        Ok(())
    }

    /// Receipts are read strictly here, and as receipts when they are looked at.
    fn receipts(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut more = reader.open(b'{')?;
        while more {
            let key = reader.key()?;
            let wrong = || reader.error(ParseErrorKind::Shape("`receipts` are by digest (uEi…)"));
            let digest = Digest::parse(&key).map_err(|_| wrong())?;
            let from = reader.offset();
            reader.value_up_to(MAX_RECEIPT)?;
            let receipt = Receipt::of_span(reader.span(from, reader.offset()).trim_ascii_end());
            if self.bundle.receipts.insert(digest, receipt).is_some() {
                return Err(reader.error(ParseErrorKind::DuplicateKey(key.into_owned())));
            }
            more = reader.more(b'{')?;
        }
        Ok(())
    }

    fn certificates(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut more = reader.open(b'[')?;
        while more {
            self.one(reader)?;
            more = reader.more(b'[')?;
        }
        Ok(())
    }

    fn one(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        if let Some((certificate, length)) = self.plain(reader) {
            reader.pass(length);
            self.add(certificate);
            return Ok(());
        }
        let from = reader.offset();
        let value = reader.value_up_to(MAX_CERTIFICATE)?;
        let source = reader.span(from, reader.offset()).trim_ascii_end();
        self.certificate(&value, Some(source), reader)
    }

    /// The certificate at the cursor, if it stands there in canonical bytes.
    fn plain(&mut self, reader: &Reader<'a>) -> Option<(Certificate<'a>, usize)> {
        let hints = self.hints.get_or_insert_with(|| Hints::of(reader));
        let kind = hints.kind_behind(reader.offset())?;
        Certificate::plain(reader.rest(), kind)
    }

    fn add(&mut self, certificate: Certificate<'a>) {
        if self.seen.insert(certificate.digest()) {
            self.bundle.certificates.push(certificate);
        }
    }

    fn certificate(
        &mut self,
        value: &Value<'_>,
        source: Option<&'a [u8]>,
        reader: &Reader<'a>,
    ) -> Result<(), ParseError> {
        let Value::Object(object) = value else {
            return Err(reader.error(ParseErrorKind::Shape("a certificate is an object")));
        };
        match Certificate::from_object(object, source, &mut self.scratch) {
            Ok(certificate) => self.add(certificate),
            Err(finding) => {
                let digest = Digest::of(&self.scratch);
                if self.bundle.broken.len() < MAX_BROKEN {
                    if self.seen.insert(digest) {
                        self.bundle.broken.push(Broken { digest, finding });
                    }
                } else if !self.seen.contains(&digest) {
                    self.bundle.more_broken += 1;
                }
            }
        }
        Ok(())
    }
}

/// Most lists, and most events of a kind, that a bundle holds: a list is about 131,072 certificates, an event
/// about one of at most a million.
const MAX_EVIDENCE: usize = 100_000;

/// The members that hold events.
const EVENTS: [&str; 3] = ["admissions", "closings", "statusChanges"];

const MEMBERS: [&str; 10] = [
    "accreditations",
    "admissions",
    "attestations",
    "bundle",
    "certificates",
    "closings",
    "receipts",
    "statusChanges",
    "statusLists",
    "subject",
];

impl Broken {
    /// How it breaks form, said of its digest.
    pub(crate) fn finding(&self) -> Finding {
        self.finding.clone().about(self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(usize, usize), ParseErrorKind> {
        let bundle = Bundle::parse(text.as_bytes()).map_err(|error| error.0.kind)?;
        Ok((bundle.certificates.len(), bundle.broken.len()))
    }

    #[test]
    fn a_presentation_of_any_size_is_read_member_by_member() {
        let long = format!("[{}]", vec!["[0]"; 100_000].join(","));
        let items: Vec<String> = (0..6).map(|at| format!("{{\"{at}\":{long}}}")).collect();
        let list = items.join(", ");
        assert_eq!(read(&format!("{{\"holder\":\"x\",\"verifiableCredential\":[{list}]}}")), Ok((0, 6)));
        assert_eq!(read(&format!("{{\"verifiableCredential\":[{list}],\"proof\":{long}}}")), Ok((0, 6)));
        assert_eq!(read(&format!("{{\"proof\":{long},\"verifiableCredential\":{}}}", items[0])), Ok((0, 1)));
        assert_eq!(read("{\"verifiableCredential\":{}}"), Ok((0, 1)));
        assert_eq!(read("{\"verifiableCredential\":[]}"), Ok((0, 0)));
    }

    #[test]
    fn what_is_neither_small_nor_a_presentation_is_refused() {
        let long = format!("[{}0]", "0,".repeat(MAX_CERTIFICATE / 4));
        let large = Err(ParseErrorKind::TooLarge(MAX_CERTIFICATE));
        let shape = Err(ParseErrorKind::Shape(SHAPE));
        assert_eq!(read(&format!("{{\"credentialSubject\":[{long},{long}]}}")), large);
        assert_eq!(read(&format!("{{\"credentialSubject\":{long},\"id\":{long}}}")), large);
        assert_eq!(read(&format!("{{\"id\":[{long},{long}],\"verifiableCredential\":[]}}")), large);
        assert_eq!(read(&format!("{{\"verifiableCredential\":[[{long},{long}]]}}")), large);
        assert_eq!(read("{\"verifiableCredential\":\"data:x\"}"), shape);
        assert_eq!(read("{\"id\":\"x\"}"), shape);
        let twice = ParseErrorKind::DuplicateKey("a".into());
        assert_eq!(read(&format!("{{\"a\":{long},\"a\":{long},\"verifiableCredential\":[]}}")), Err(twice));
        let names: Vec<String> = (0..=MAX_PRESENTATION).map(|at| format!("\"{at}\":0")).collect();
        let crowd = format!("{{{},\"verifiableCredential\":[]}}", names.join(","));
        let crowded = ParseErrorKind::Shape("more members than a presentation has");
        assert_eq!(read(&crowd), Err(crowded));
    }

    #[test]
    fn a_certificate_is_not_decoded_beyond_what_one_may_have() {
        // The hint stands behind a context that alone is longer than a certificate.
        let context = "\"\",".repeat(MAX_CERTIFICATE);
        let certificate = format!(
            "{{\"@context\":[{context}\"\"],\"type\":[\"VerifiableCredential\",\"OriginCertificate\"]}}"
        );
        assert_eq!(read(&format!("[{certificate}]")), Err(ParseErrorKind::TooLarge(MAX_CERTIFICATE)));
    }
}
