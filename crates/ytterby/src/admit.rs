//! Admission: from a draft, or a certificate that its issuer signed, to what may be registered.
//!
//! The checks are the verifier's own. Nothing here knows a clock, a key store or a database: label,
//! time, inputs and authority are arguments. Implements proto-docs/http-api.md, "Issue".

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::carried::Carried;
use crate::certificate::{CONTEXT, Certificate, Claims, MAX_CERTIFICATE, PURPOSE, VERIFIABLE_CREDENTIAL};
use crate::check::{self, Case, Findings, Known};
use crate::decimal::{Mass, kilograms};
use crate::did::Did;
use crate::digest::Digest;
use crate::draft::{Draft, Take};
use crate::draws::{Drawn, Need, Spread};
use crate::finding::{Code, Effect, Finding};
use crate::form::{ContentFrom, DeclaredReason, Kind, StatusPurpose};
use crate::json::{Members, Misfit, Object, Value};
use crate::key::{Multikey, SigningKey};
use crate::lot::Lot;
use crate::masses::Masses;
use crate::proof;
use crate::time::format_time;
use crate::trust::PinnedIssuer;
use crate::wire::{self, Home};

/// A lot as the registry has it.
#[derive(Debug, Clone)]
pub struct InputLot {
    /// Its certificate.
    pub certificate: Certificate<'static>,
    /// What it hands on.
    pub carried: Carried,
    /// All draws on it so far.
    pub drawn: Masses,
    /// Whether it is closed.
    pub closed: bool,
    /// The status that is on, of several the gravest: nothing may be drawn on it.
    pub status: Option<StatusPurpose>,
}

impl InputLot {
    /// What is left of it.
    pub fn left(&self) -> Masses {
        self.certificate.lot().map(|lot| lot.content.less(&self.drawn)).unwrap_or_default()
    }

    pub(crate) fn net_mass(&self) -> Option<Mass> {
        self.certificate.lot()?.net_mass
    }
}

/// The lots that a draft may name, and those behind a lot that it corrects.
#[derive(Debug, Default)]
pub struct Inputs {
    lots: HashMap<Digest, InputLot>,
    names: HashMap<String, Digest>,
    spread: Spread,
}

impl Inputs {
    /// Adds a lot under its label, and under another name if it has one in this batch.
    pub fn add(&mut self, lot: InputLot, name: Option<&str>) {
        let digest = lot.certificate.digest();
        self.names.insert(lot.certificate.claims().id.urn().to_string(), digest);
        if let Some(name) = name {
            self.names.insert(name.to_owned(), digest);
        }
        self.lots.insert(digest, lot);
    }

    /// Gives a lot that was added another name, whatever else had it.
    pub fn call(&mut self, name: &str, digest: Digest) {
        self.names.insert(name.to_owned(), digest);
    }

    /// The lot of a label or name.
    pub fn named(&self, name: &str) -> Option<&InputLot> {
        self.lots.get(self.names.get(name)?)
    }

    /// The lot of a digest.
    pub fn lot(&self, digest: &Digest) -> Option<&InputLot> {
        self.lots.get(digest)
    }

    /// Notes what an admitted certificate takes, for the next one of the same batch.
    pub fn take(&mut self, certificate: &Certificate<'_>) {
        for input in certificate.lot().iter().flat_map(|lot| lot.inputs.iter()) {
            if let Some(lot) = self.lots.get_mut(&input.digest) {
                lot.drawn.add_all(&input.draws);
            }
        }
    }

    /// Outputs registered together: where their contents together are more than their inputs have,
    /// the deficit is spread evenly over them.
    pub fn register_together(&mut self, drafts: &[Draft]) {
        let mut asked: HashMap<(Digest, crate::element::Element), u64> = HashMap::new();
        for draft in drafts {
            let Ok(Some(wanted)) = Composition::of(draft).map(|c| c.wanted()) else { continue };
            let takes: Vec<_> =
                draft.inputs.iter().filter_map(|i| Some((self.named(&i.lot)?, i.take.clone()))).collect();
            let digests: Vec<_> = takes.iter().map(|(lot, _)| lot.certificate.digest()).collect();
            let need = Need { takes, wanted: Some(wanted), part_mass: None, spread: &Spread::default() };
            for (digest, drawn) in digests.iter().zip(need.plan().unwrap_or_default()) {
                for (element, mg) in drawn.draws.iter() {
                    *asked.entry((*digest, element)).or_default() += mg;
                }
            }
        }
        let left = |(lot, element): &(Digest, _)| self.lot(lot).map_or(0, |lot| lot.left().get(*element));
        let spread = asked
            .iter()
            .map(|(key, asked)| (*key, (left(key), *asked)))
            .filter(|(_, (left, asked))| asked > left);
        self.spread = Spread(spread.collect());
    }

    fn find(&self, digest: &Digest) -> Option<Known<'_>> {
        let lot = self.lots.get(digest)?;
        Some(Known {
            claims: lot.certificate.claims(),
            lot: lot.certificate.lot()?,
            created: lot.certificate.proof().created,
            logged: None,
            carried: Some(&lot.carried),
        })
    }
}

/// Who issues, with which key, for which registry, within which scope.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The issuer.
    pub issuer: Did,
    /// The name it gives itself.
    pub name: Option<String>,
    /// The key it will sign with.
    pub key: Multikey,
    /// The log origin of the registry.
    pub home: Home,
    /// What the registry lets it certify; none means anything.
    pub scope: Option<PinnedIssuer>,
}

/// What makes one issue differ from another: the caller's random label and its clock.
#[derive(Debug, Clone, Copy)]
pub struct Issue {
    /// A random label (version 4).
    pub id: Uuid,
    /// The time of issue.
    pub at: Timestamp,
}

/// A certificate that passed every check and lacks its signature.
#[derive(Debug, Clone)]
pub struct Unsigned {
    document: Object<'static>,
    config: Object<'static>,
    claims: Claims,
    carried: Carried,
    warnings: Vec<Finding>,
}

/// What admission found against a draft: at least one finding that is not a warning.
pub type Refusal = Vec<Finding>;

/// Fills in what a clerk does not type, and judges the result as a verifier would.
pub fn admit(
    draft: &Draft,
    inputs: &Inputs,
    authority: &Authority,
    issue: Issue,
) -> Result<Unsigned, Refusal> {
    let in_draft = |finding| draft.place(finding);
    let subject = compose(draft, inputs, authority).map_err(|finding| vec![in_draft(finding)])?;
    let document = document(draft, subject, authority, issue);
    check_size(&document, authority).map_err(|finding| vec![finding])?;
    let (claims, _) = wire::claims(draft.kind, Members::decoder(&document))
        .map_err(|misfit| vec![in_draft(Finding::from(misfit))])?;
    let (mut findings, carried) = judge(&claims, issue.at, inputs);
    if let Some(scope) = &authority.scope {
        let mut scoped = Findings::default();
        check::authority::check_scope(&claims, scope, &mut scoped);
        findings.extend(scoped.0);
    }
    let findings: Vec<_> = findings.into_iter().map(in_draft).collect();
    if findings.iter().any(|finding| finding.code.effect() != Effect::Warn) {
        return Err(findings);
    }
    let method = authority.issuer.method(&authority.key);
    let config = object([
        ("created", text(format_time(issue.at))),
        ("proofPurpose", text(PURPOSE)),
        ("verificationMethod", text(method)),
    ]);
    Ok(Unsigned { document, config, claims, carried: carried.unwrap_or_default(), warnings: findings })
}

/// Judges a certificate that its issuer signed; says what its lot hands on.
pub fn admit_signed(
    certificate: &Certificate<'_>,
    inputs: &Inputs,
    authority: &Authority,
    at: Timestamp,
) -> Result<(Carried, Vec<Finding>), Refusal> {
    let claims = certificate.claims();
    let created = certificate.proof().created;
    let mut own = Findings::default();
    check::proof::check(certificate, &mut check::proof::Keys::default(), &mut own);
    check::time::check(claims, created, None, at, &mut own);
    if claims.issuer != authority.issuer {
        own.add(
            Code::AuthorityUnknownIssuer,
            "/issuer/id",
            format!("{} may issue here, not {}", authority.issuer, claims.issuer),
        );
    } else if certificate.proof().key().map(|(_, key)| key) != Some(authority.key) {
        own.add(
            Code::AuthorityUnknownKey,
            "/proof/verificationMethod",
            "not the key this registry has for the issuer",
        );
    }
    if let Some(scope) = &authority.scope {
        check::authority::check_scope(claims, scope, &mut own);
    }
    let logged_in = certificate.lot().and_then(|lot| inputs.lot(&lot.inputs.first()?.digest));
    let home = logged_in.map_or(&claims.home, |parent| &parent.certificate.claims().home);
    if *home != authority.home {
        let problem = format!("it belongs into the log of {home}, this is {}", authority.home);
        own.add(Code::RegistrationWrongHome, "/credentialSubject/home", problem);
    }
    let mut findings = own.0;
    let (judged, carried) = judge(claims, created, inputs);
    findings.extend(judged);
    if findings.iter().any(|finding| finding.code.effect() != Effect::Warn) {
        return Err(findings);
    }
    Ok((carried.unwrap_or_default(), findings))
}

impl Unsigned {
    /// Signs it. The same draft, label, time and key give the same bytes.
    pub fn sign(&self, key: &SigningKey) -> Certificate<'static> {
        let secured = proof::sign(self.document.clone(), self.config.clone(), key);
        let mut scratch = Vec::new();
        match Certificate::from_object(&secured, None, &mut scratch) {
            Ok(certificate) => certificate,
            // The claims were decoded from this document before, and the proof is of our own making.
            Err(finding) => unreachable!("a signed draft has the form of a certificate: {finding}"),
        }
    }

    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What its lot hands on.
    pub fn carried(&self) -> &Carried {
        &self.carried
    }

    /// What is unusual about it.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The document as it will be signed, without its proof: canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::json::canonical(&Value::Object(self.document.clone()))
    }
}

/// What a proof adds beside its verification method: contexts, names, a time and a signature.
const MAX_PROOF: usize = 512;

/// What is issued can be read again.
fn check_size(document: &Object<'static>, authority: &Authority) -> Result<(), Finding> {
    let mut bytes = Vec::new();
    crate::json::write_object_without(document, "", &mut bytes);
    let size = bytes.len() + authority.issuer.method(&authority.key).len() + MAX_PROOF;
    if size <= MAX_CERTIFICATE {
        return Ok(());
    }
    let text = format!("{size} bytes with its proof, a certificate has at most {MAX_CERTIFICATE}");
    Err(Finding::new(Code::LimitCertificateBytes, text))
}

/// Every check of a lot against its inputs as the registry has them, and what it hands on.
fn judge(claims: &Claims, created: Timestamp, inputs: &Inputs) -> (Vec<Finding>, Option<Carried>) {
    let mut findings = Findings::default();
    let Some(lot) = claims.lot() else { return (findings.0, None) };
    check::content::check(lot, &mut findings);
    let find = |digest: &Digest| inputs.find(digest);
    let case = Case { claims, lot, created, logged: None, find: &find };
    let carried = check::conservation::check(&case, &mut findings);
    check::custody::check(&case, &mut findings);
    check::time::check_order(&case, &mut findings);
    for (at, input) in lot.inputs.iter().enumerate() {
        let Some(parent) = inputs.lot(&input.digest) else {
            let text = format!("{} is not known here", input.label.urn());
            findings.add(Code::LineageMissingParent, check::input(at, "lot"), text);
            continue;
        };
        if parent.certificate.claims().id != input.label {
            let text = format!("{} is called {}", input.digest, parent.certificate.claims().id.urn());
            findings.add(Code::LineageLabel, check::input(at, "lot"), text);
        }
        check_left(at, input, parent, &mut findings);
    }
    // Whatever its amounts are, on a lot that nobody may draw on nothing can be made.
    let shut = [Code::CustodyClosedLot, Code::StatusRevoked, Code::StatusSuspended];
    findings.0.sort_by_key(|finding| !shut.contains(&finding.code));
    (findings.0, carried)
}

/// What is drawn is still there.
fn check_left(at: usize, input: &crate::lot::Input, parent: &InputLot, findings: &mut Findings) {
    let Some(lot) = parent.certificate.lot() else { return };
    if parent.closed {
        findings.add(
            Code::CustodyClosedLot,
            check::input(at, "lot"),
            format!("lot {} is closed", lot.number),
        );
    }
    if let Some(status) = parent.status {
        let (code, word) = match status {
            StatusPurpose::Revocation => (Code::StatusRevoked, "revoked"),
            StatusPurpose::Suspension => (Code::StatusSuspended, "suspended"),
        };
        let text = format!("lot {} is {word}: nothing is drawn on it here", lot.number);
        findings.add(code, check::input(at, "lot"), text);
    }
    let left = parent.left();
    if let Some((element, mg)) = input.draws.iter().find(|(element, mg)| *mg > left.get(*element)) {
        let (wanted, there) = (kilograms(mg), kilograms(left.get(element)));
        let text = format!("{wanted} kg {element} wanted from {}, {there} kg are left", lot.number);
        findings.add(Code::ConservationOverdrawn, check::input(at, &format!("draws/{element}")), text);
    } else if input.rest && input.draws != left {
        let text = format!("what is left of {} is something else than what is drawn as the rest", lot.number);
        findings.add(Code::ConservationSplit, check::input(at, "rest"), text);
    }
}

/// What decides a draft's content.
struct Composition {
    content_from: ContentFrom,
    assayed: Option<Masses>,
    declared: Masses,
    gained: Masses,
    net_mass: Option<Mass>,
}

impl Composition {
    fn of(draft: &Draft) -> Result<Self, Finding> {
        let under = |name: &'static str| move |misfit: Misfit| Finding::from(misfit.under(name));
        let net_mass = match draft.subject.get("netMass") {
            Some(value) => Some(wire::mass_of(value).map_err(under("netMass"))?),
            None => None,
        };
        let assay = match draft.subject.get("assay") {
            Some(value) => Some(wire::assay_of(value).map_err(under("assay"))?),
            None => None,
        };
        if let Some(assay) = &assay {
            let mut faults = Findings::default();
            check::content::check_assay(assay, &mut faults);
            // Draws chosen by such an assay would be blamed for what is wrong in it.
            if let Some(fault) = faults.0.into_iter().find(|f| f.code.effect() != Effect::Warn) {
                return Err(fault);
            }
        }
        let assayed = assay.zip(net_mass).map(|(assay, mass)| check::content::content_of(&assay, mass));
        let declared = match draft.subject.get("declaredInputs") {
            Some(value) => wire::declared_of(value).map_err(Finding::from)?.into_vec(),
            None => Vec::new(),
        };
        let of = |gain: bool| {
            let fits = declared.iter().filter(move |d| (d.reason == DeclaredReason::InventoryGain) == gain);
            fits.map(|d| (d.element, d.mass.mg())).collect::<Masses>()
        };
        let split = draft.inputs.len() == 1 && draft.kind == Kind::Transfer;
        let always = draft.step().is_some_and(crate::form::Step::always_draws);
        let stated = draft.text("contentFrom").and_then(ContentFrom::parse);
        let by_assay = assayed.is_some() && !split && !always;
        let content_from = stated.unwrap_or(if by_assay { ContentFrom::Assay } else { ContentFrom::Draws });
        Ok(Composition { content_from, assayed, declared: of(false), gained: of(true), net_mass })
    }

    /// What must be drawn for a content from an assay.
    fn wanted(&self) -> Option<Masses> {
        let by_draws = self.content_from == ContentFrom::Draws;
        let assayed = self.assayed.as_ref()?;
        (!by_draws).then(|| assayed.less(&self.declared).less(&self.gained))
    }
}

/// The subject, fully written out.
fn compose(draft: &Draft, inputs: &Inputs, authority: &Authority) -> Result<Object<'static>, Finding> {
    let mut subject = draft.subject.clone();
    if draft.kind != Kind::Transfer || subject.get("home").is_none() {
        subject.insert("home", text(authority.home.to_string()));
    }
    if matches!(draft.kind, Kind::Origin | Kind::Attestation) && !draft.inputs.is_empty() {
        let text = format!("{} has no inputs", draft.kind);
        return Err(Finding::new(Code::MalformedUnknownField, text).at("/inputs"));
    }
    if draft.kind == Kind::Attestation {
        return Ok(subject);
    }
    let composition = Composition::of(draft)?;
    default_holder(draft, &mut subject, authority);
    if draft.kind == Kind::Origin {
        let content = composition.assayed.unwrap_or_default();
        subject.insert("content", amounts(&content));
        return Ok(subject);
    }
    let lots = resolve(draft, inputs)?;
    let drawn = draws(draft, &lots, &composition, inputs)?;
    let content = match (composition.content_from, &composition.assayed) {
        (ContentFrom::Assay, Some(assayed)) => assayed.clone(),
        _ => content_from_draws(draft, &drawn, &composition, inputs, &lots),
    };
    let known = |word: &Value<'_>| word.as_str().and_then(ContentFrom::parse).is_some();
    if draft.kind == Kind::Processing && subject.get("contentFrom").is_none_or(known) {
        subject.insert("contentFrom", text(composition.content_from.as_str()));
    }
    // A `corrects` of another type stays as it is: decoding refuses it.
    if let (Some(Value::Object(corrects)), [corrected, ..]) = (subject.get("corrects"), lots.as_slice()) {
        let mut corrects = corrects.clone();
        let digest = text(corrected.certificate.digest().to_string());
        if corrects.get("digestMultibase").is_some_and(|stated| *stated != digest) {
            let finding = Finding::new(Code::MalformedCombination, "it is not the digest of the one input");
            return Err(finding.at("/corrects/digestMultibase"));
        }
        corrects.insert("digestMultibase", digest);
        subject.insert("corrects", Value::Object(corrects));
    }
    subject.insert("content", amounts(&content));
    subject.insert(
        "inputs",
        Value::Array(lots.iter().zip(&drawn).map(|(lot, drawn)| input(lot, drawn)).collect()),
    );
    Ok(subject)
}

fn default_holder(draft: &Draft, subject: &mut Object<'static>, authority: &Authority) {
    if subject.get("holder").is_some() {
        return;
    }
    let holder = match draft.kind {
        Kind::Transfer => subject.get("to").and_then(|to| to.get("id")).cloned(),
        _ => Some(text(authority.issuer.to_string())),
    };
    if let Some(holder) = holder {
        subject.insert("holder", holder);
    }
}

fn resolve<'i>(draft: &Draft, inputs: &'i Inputs) -> Result<Vec<&'i InputLot>, Finding> {
    let lot = |(at, input): (usize, &crate::draft::DraftInput)| {
        let missing =
            |text: String| Finding::new(Code::LineageMissingParent, text).at(format!("/inputs/{at}/lot"));
        let lot = inputs.named(&input.lot).ok_or_else(|| missing(unknown(&input.lot)))?;
        let digest = lot.certificate.digest();
        if input.digest.is_some_and(|wanted| wanted != digest) {
            return Err(missing(format!("{:?} has the digest {digest}", input.lot)));
        }
        if lot.certificate.lot().is_none() {
            let text = format!("{:?} creates no lot", input.lot);
            return Err(Finding::new(Code::LineageNotALot, text).at(format!("/inputs/{at}/lot")));
        }
        Ok(lot)
    };
    draft.inputs.iter().enumerate().map(lot).collect()
}

/// A lot number may repeat: outside a batch only a label or digest says which lot is meant.
fn unknown(name: &str) -> String {
    match name.starts_with("urn:uuid:") || Digest::parse(name).is_ok() {
        true => format!("no lot {name:?} is known here"),
        false => format!("no lot {name:?} is known here: give the lot's id (urn:uuid:…), not its number"),
    }
}

fn draws(
    draft: &Draft,
    lots: &[&InputLot],
    composition: &Composition,
    inputs: &Inputs,
) -> Result<Vec<Drawn>, Finding> {
    if draft.is_correction() {
        let whole = |lot: &&InputLot| lot.certificate.lot().map(|l| l.content.clone()).unwrap_or_default();
        return Ok(lots.iter().map(|lot| Drawn { draws: whole(lot), rest: false }).collect());
    }
    let takes: Vec<(&InputLot, Take)> =
        lots.iter().copied().zip(draft.inputs.iter().map(|i| i.take.clone())).collect();
    let in_process = draft.step() == Some(crate::form::Step::InProcess);
    // A new assay takes everything that is left into the new lot.
    let reassay =
        draft.step() == Some(crate::form::Step::Repacking) && composition.content_from == ContentFrom::Assay;
    let wanted = if reassay { None } else { composition.wanted().or_else(|| composition.capped(draft)) };
    let part_mass = composition.net_mass.filter(|_| !in_process && !reassay);
    Need { takes, wanted, part_mass, spread: &inputs.spread }.plan()
}

impl Composition {
    /// Content from draws beside an assay that says more: what the assay shows is drawn as far as it is there.
    fn capped(&self, draft: &Draft) -> Option<Masses> {
        let free =
            draft.kind == Kind::Processing && !draft.step().is_some_and(crate::form::Step::always_draws);
        self.assayed.as_ref().filter(|_| free).map(|assayed| assayed.less(&self.declared).less(&self.gained))
    }
}

/// What was drawn and declared; for a correction, what the first lot of its chain drew.
fn content_from_draws(
    draft: &Draft,
    drawn: &[Drawn],
    composition: &Composition,
    inputs: &Inputs,
    lots: &[&InputLot],
) -> Masses {
    let base = || {
        let corrected = lots.first()?;
        let base = corrected.carried.base.unwrap_or(corrected.certificate.digest());
        inputs
            .lot(&base)?
            .certificate
            .lot()
            .map(|lot: &Lot| if lot.is_origin() { lot.content.clone() } else { lot.drawn() })
    };
    let mut content = match draft.is_correction() {
        true => base().unwrap_or_default(),
        false => crate::lot::sum(drawn.iter().map(|drawn| &drawn.draws)),
    };
    content.add_all(&composition.declared);
    content.add_all(&composition.gained);
    content
}

fn input(lot: &InputLot, drawn: &Drawn) -> Value<'static> {
    let mut members = object([
        ("lot", text(lot.certificate.claims().id.urn().to_string())),
        ("digestMultibase", text(lot.certificate.digest().to_string())),
        ("draws", amounts(&drawn.draws)),
    ]);
    if drawn.rest {
        members.insert("rest", Value::Bool(true));
    }
    Value::Object(members)
}

fn document(draft: &Draft, subject: Object<'static>, authority: &Authority, issue: Issue) -> Object<'static> {
    let mut issuer = object([("id", text(authority.issuer.to_string()))]);
    if let Some(name) = &authority.name {
        issuer.insert("name", text(name.clone()));
    }
    let mut document = object([
        ("@context", Value::Array(CONTEXT.map(text).to_vec())),
        ("id", text(issue.id.urn().to_string())),
        ("type", Value::Array(vec![text(VERIFIABLE_CREDENTIAL), text(draft.kind.as_str())])),
        ("issuer", Value::Object(issuer)),
        ("validFrom", text(format_time(issue.at))),
        ("credentialSubject", Value::Object(subject)),
    ]);
    if let Some(until) = &draft.valid_until {
        document.insert("validUntil", until.clone());
    }
    document
}

fn amounts(masses: &Masses) -> Value<'static> {
    let mut object = Object::default();
    for (element, mg) in masses.iter() {
        object.insert(element.symbol(), text(kilograms(mg)));
    }
    Value::Object(object)
}

fn object<const N: usize>(members: [(&'static str, Value<'static>); N]) -> Object<'static> {
    let mut object = Object::default();
    for (name, value) in members {
        object.insert(name, value);
    }
    object
}

fn text(text: impl Into<std::borrow::Cow<'static, str>>) -> Value<'static> {
    Value::String(text.into())
}
