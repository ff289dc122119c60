//! The bundle: the one file an offline verifier needs.
//!
//! Read member by member, one certificate's tree at a time, so that a hundred thousand certificates
//! cost little beyond the file itself. Implements proto-docs/bundle.md.

use std::collections::HashSet;
use std::iter::Peekable;

use crate::certificate::{Certificate, MAX_CERTIFICATE, kind_hints};
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::form::Kind;
use crate::json::{ParseError, ParseErrorKind, Reader, Value, canonical};

/// The value of the member `bundle`.
pub const BUNDLE_VERSION: &str = "ytterby.bundle/1";

/// Largest presentation or bare certificate read as one tree.
const MAX_TREE: usize = 64 * 1024 * 1024;

/// A readable bundle. What breaks form inside it is kept, and rejects it.
#[derive(Debug, Clone, Default)]
pub struct Bundle<'a> {
    pub(crate) subject: Option<Vec<Digest>>,
    pub(crate) certificates: Vec<Certificate<'a>>,
    /// Certificates that break form: their digest, what they call themselves, and how they break it.
    pub(crate) broken: Vec<Broken>,
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
        Bundle { subject: Some(subject), certificates, broken: Vec::new() }
    }

    /// The certificates of sound form, in the order of the file.
    pub fn certificates(&self) -> &[Certificate<'a>] {
        &self.certificates
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
        let list = |lots: bool| -> Vec<&[u8]> {
            self.certificates.iter().filter(|c| c.lot().is_some() == lots).map(Certificate::bytes).collect()
        };
        let subject: Vec<String> = self.subject().iter().map(|digest| format!("\"{digest}\"")).collect();
        let mut out = b"{\"accreditations\":[],\"attestations\":[".to_vec();
        out.extend(list(false).join(&b','));
        out.extend_from_slice(format!("],\"bundle\":\"{BUNDLE_VERSION}\",\"certificates\":[").as_bytes());
        out.extend(list(true).join(&b','));
        out.extend_from_slice(b"],\"closings\":[],\"receipts\":{},\"statusLists\":[],\"subject\":[");
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
    /// An object is a bundle if its members are a bundle's; else it is a certificate or presentation,
    /// small enough to be read as one tree.
    fn object(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut look = reader.clone();
        let is_bundle = look.open(b'{')? && MEMBERS.contains(&look.key()?.as_ref());
        if is_bundle {
            return self.members(reader);
        }
        let from = reader.offset();
        let value = reader.value_up_to(MAX_TREE)?;
        let source = reader.span(from, reader.offset()).trim_ascii_end();
        let presented = value.get("verifiableCredential");
        match (&value, presented) {
            (Value::Object(_), Some(Value::Array(items))) => {
                items.iter().try_for_each(|item| self.certificate(item, None, reader))
            }
            (Value::Object(_), Some(item @ Value::Object(_))) => self.certificate(item, None, reader),
            (Value::Object(object), None) if object.get("credentialSubject").is_some() => {
                self.certificate(&value, Some(source), reader)
            }
            _ => Err(reader.error(ParseErrorKind::Shape(SHAPE))),
        }
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
            "certificates" | "attestations" => self.certificates(reader)?,
            // Read strictly: what they prove is not looked at by this version.
            "receipts" => {
                let mut more = reader.open(b'{')?;
                let mut keys = HashSet::new();
                while more {
                    let key = reader.key()?;
                    if !keys.insert(key.clone()) {
                        return Err(reader.error(ParseErrorKind::DuplicateKey(key.into_owned())));
                    }
                    reader.value_up_to(MAX_CERTIFICATE)?;
                    more = reader.more(b'{')?;
                }
            }
            _ => {
                let mut more = reader.open(b'[')?;
                while more {
                    let value = reader.value_up_to(MAX_CERTIFICATE)?;
                    self.misplaced(name, &value);
                    more = reader.more(b'[')?;
                }
            }
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
            self.bundle.broken.push(Broken { digest: Digest::of(&canonical(value)), finding });
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

    fn certificates(&mut self, reader: &mut Reader<'a>) -> Result<(), ParseError> {
        let mut more = reader.open(b'[')?;
        while more {
            if let Some((certificate, length)) = self.plain(reader) {
                reader.pass(length);
                self.add(certificate);
            } else {
                let from = reader.offset();
                let value = reader.value_up_to(MAX_CERTIFICATE)?;
                let source = reader.span(from, reader.offset()).trim_ascii_end();
                self.certificate(&value, Some(source), reader)?;
            }
            more = reader.more(b'[')?;
        }
        Ok(())
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
                if self.seen.insert(digest) {
                    self.bundle.broken.push(Broken { digest, finding });
                }
            }
        }
        Ok(())
    }
}

const MEMBERS: [&str; 8] = [
    "accreditations",
    "attestations",
    "bundle",
    "certificates",
    "closings",
    "receipts",
    "statusLists",
    "subject",
];

impl Broken {
    /// How it breaks form, said of its digest.
    pub(crate) fn finding(&self) -> Finding {
        self.finding.clone().about(self.digest)
    }
}
