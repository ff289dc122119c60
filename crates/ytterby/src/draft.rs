//! Drafts: what a clerk types, before the computed members are filled in.
//!
//! A draft is a certificate's subject without `home`, `content`, digests and draws, with `type`
//! beside its members. What is typed stays as typed. Implements proto-docs/http-api.md, "Drafts".

use crate::certificate::CertificateError;
use crate::decimal::Mass;
use crate::digest::Digest;
use crate::element::{Element, Oxide};
use crate::finding::Finding;
use crate::form::{Kind, Source, Step, TransferKind};
use crate::json::{Misfit, MisfitKind, Object, Value, from_value};
use crate::masses::Masses;
use crate::wire::DraftInput as WireInput;

/// A certificate that is to be.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) kind: Kind,
    pub(crate) subject: Object<'static>,
    pub(crate) inputs: Vec<DraftInput>,
    /// An accreditation's: it may begin before or after it is issued.
    pub(crate) valid_from: Option<Value<'static>>,
    pub(crate) valid_until: Option<Value<'static>>,
    /// The inputs whose draws were typed as oxides.
    pub(crate) in_oxides: Vec<usize>,
}

/// An input of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftInput {
    /// A certificate's `urn:uuid`, or a lot number of the same batch.
    pub lot: String,
    /// The digest, if the drafter knows it: it must then be that one.
    pub digest: Option<Digest>,
    /// What is taken.
    pub take: Take,
}

/// What is taken from an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// What the output needs: its own content, or a part in proportion to its mass, or all.
    Needed,
    /// What this mass of the lot, charged to the step, holds of the elements of the output.
    Fed(Mass),
    /// What this mass of the lot holds of all elements.
    Part(Mass),
    /// These masses.
    Exactly(Masses),
    /// Everything that is left.
    Rest,
}

impl Draft {
    /// Reads a draft.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let value = Value::parse(bytes)?;
        Self::from_value(value).map_err(|misfit| CertificateError::Form(Box::new(Finding::from(misfit))))
    }

    /// Reads a draft from its tree.
    pub fn from_value(value: Value<'_>) -> Result<Self, Misfit> {
        let Value::Object(mut subject) = value.into_owned() else {
            return Err(Misfit::new(MisfitKind::WrongType, "a draft is an object"));
        };
        let kind = match subject.remove("type") {
            Some(Value::String(word)) => Kind::parse(&word),
            _ => None,
        };
        let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let text = format!("`type` must be one of {}", known.join(", "));
        let kind = kind.ok_or_else(|| Misfit::new(MisfitKind::Value, text).under("type"))?;
        // A transfer may say that the lot moves to another registry.
        let computed = if kind == Kind::Transfer { &["content"][..] } else { &["home", "content"] };
        for computed in computed.iter().copied() {
            if subject.get(computed).is_some() {
                let misfit =
                    Misfit::new(MisfitKind::UnknownField, "this is computed, a draft does not state it");
                return Err(misfit.under(computed));
            }
        }
        let mut in_oxides = Vec::new();
        let inputs = match subject.remove("inputs") {
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .inspect(|(at, item)| in_oxides.extend(item.get("oxideDraws").map(|_| *at)))
                .map(|(at, item)| DraftInput::read(item).map_err(|m| m.under(at.to_string()).under("inputs")))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(Misfit::new(MisfitKind::WrongType, "a list is expected").under("inputs")),
            None => Vec::new(),
        };
        let valid_until = subject.remove("validUntil");
        let valid_from = subject.get("validFrom").filter(|_| kind == Kind::Accreditation).cloned();
        if valid_from.is_some() {
            subject.remove("validFrom");
        }
        Ok(Draft { kind, subject, inputs, valid_from, valid_until, in_oxides })
    }

    /// A draft of an origin.
    pub fn origin(source: Source) -> Self {
        Self::new(Kind::Origin).member("source", source.as_str())
    }

    /// A draft of a processing step.
    pub fn processing(step: Step) -> Self {
        Self::new(Kind::Processing).member("step", step.as_str())
    }

    /// A draft of a transfer.
    pub fn transfer(kind: TransferKind) -> Self {
        Self::new(Kind::Transfer).member("kind", kind.as_str())
    }

    /// Sets the lot number.
    #[must_use]
    pub fn lot_number(self, number: &str) -> Self {
        self.member("lotNumber", number)
    }

    /// Sets a member that is a string, by its name in the schema.
    #[must_use]
    pub fn member(self, name: &str, text: &str) -> Self {
        self.set(name, Value::String(text.to_owned().into()))
    }

    /// Sets any member, by its name in the schema.
    #[must_use]
    pub fn set(mut self, name: &str, value: Value<'_>) -> Self {
        self.subject.insert(name.to_owned(), value.into_owned());
        self
    }

    /// Adds an input by its label or lot number.
    #[must_use]
    pub fn input(mut self, lot: &str, take: Take) -> Self {
        self.inputs.push(DraftInput { lot: lot.to_owned(), digest: None, take });
        self
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its inputs.
    pub fn inputs(&self) -> &[DraftInput] {
        &self.inputs
    }

    pub(crate) fn member_of(&self, name: &str) -> Option<&Value<'static>> {
        self.subject.get(name)
    }

    /// A member that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.subject.get(name).and_then(Value::as_str)
    }

    /// The step, if it is a processing step.
    pub(crate) fn step(&self) -> Option<Step> {
        self.text("step").and_then(Step::parse)
    }

    /// Whether it corrects its one input.
    pub fn is_correction(&self) -> bool {
        self.subject.get("corrects").is_some()
    }

    fn new(kind: Kind) -> Self {
        Draft {
            kind,
            subject: Object::default(),
            inputs: Vec::new(),
            valid_from: None,
            valid_until: None,
            in_oxides: Vec::new(),
        }
    }
}

impl DraftInput {
    fn read(value: &Value<'_>) -> Result<Self, Misfit> {
        let wire: WireInput<'_> = from_value(value)?;
        let given = [
            wire.fed.is_some(),
            wire.mass.is_some(),
            wire.draws.is_some(),
            wire.oxide_draws.is_some(),
            wire.rest.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() > 1 {
            let text = "at most one of `fed`, `mass`, `draws`, `oxideDraws` and `rest`";
            return Err(Misfit::new(MisfitKind::Combination, text));
        }
        let take = if let Some(fed) = wire.fed {
            Take::Fed(fed.0)
        } else if let Some(mass) = wire.mass {
            Take::Part(mass.0)
        } else if let Some(draws) = wire.draws {
            Take::Exactly(masses(draws, "draws", |symbol| Element::parse(symbol).map(|e| (e, 1_000_000)))?)
        } else if let Some(draws) = wire.oxide_draws {
            Take::Exactly(masses(draws, "oxideDraws", |formula| {
                Oxide::parse(formula).map(|oxide| (oxide.element, oxide.ppm))
            })?)
        } else if let Some(rest) = wire.rest {
            if !rest {
                return Err(Misfit::new(MisfitKind::Value, "`rest` is true or absent").under("rest"));
            }
            Take::Rest
        } else {
            Take::Needed
        };
        Ok(DraftInput { lot: wire.lot.0.to_owned(), digest: wire.digest_multibase.map(|d| d.0), take })
    }
}

fn masses(
    wire: std::collections::BTreeMap<&str, crate::wire::Leaf<Mass>>,
    name: &str,
    of: impl Fn(&str) -> Option<(Element, u32)>,
) -> Result<Masses, Misfit> {
    let mut masses = Masses::default();
    for (key, mass) in wire {
        let misfit = || {
            let expected = if name == "draws" { "element symbol" } else { "rare-earth oxide" };
            let text = crate::wire::refusal(expected, key, "not in the table (proto-docs/lots.md)");
            Misfit::new(MisfitKind::Value, text).under(key).under(name)
        };
        let (element, ppm) = of(key).ok_or_else(misfit)?;
        masses.add(element, crate::wide::mul_div(mass.0.mg(), ppm.into(), 1_000_000).unwrap_or(u64::MAX));
    }
    Ok(masses)
}
