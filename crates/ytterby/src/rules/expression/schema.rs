//! Which facts expressions see: their names, their types, and how many of each there may be.

/// The type of a fact.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    Text,
    /// Members by name.
    Record(&'static Record),
    /// Many of a type.
    List(Many, &'static Kind),
}

/// Members by name. One that nobody states is not there: `has()` tells.
#[derive(Debug)]
pub(super) struct Record {
    /// What it is.
    pub(super) name: &'static str,
    /// Its members.
    pub(super) fields: &'static [(&'static str, Kind)],
}

impl Record {
    pub(super) fn field(&self, name: &str) -> Option<Kind> {
        self.fields.iter().find(|(own, _)| *own == name).map(|(_, kind)| *kind)
    }
}

/// The lists among the facts, for their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Many {
    Content,
    Limits,
    Actinides,
    Elements,
    Entered,
    Stages,
    Countries,
    Regions,
    Facilities,
    Issuers,
    Declared,
    Exports,
    Authorisations,
    Parties,
    Attestations,
    Gaps,
    Lists,
    Entries,
}

const LISTS: usize = Many::Entries as usize + 1;

/// How long each list is at most, and the longest text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    lists: [u64; LISTS],
    pub(super) text: u64,
}

impl Sizes {
    /// What packs are checked for when they are read (proto-docs/rules.md, "Expressions").
    pub(super) fn of_a_large_delivery() -> Self {
        let mut sizes = Sizes { lists: [0; LISTS], text: 256 };
        for (many, most) in [
            (Many::Content, 24),
            (Many::Limits, 24),
            (Many::Actinides, 4),
            (Many::Elements, 24),
            (Many::Entered, 8),
            (Many::Stages, 20),
            (Many::Countries, 16),
            (Many::Regions, 32),
            (Many::Facilities, 32),
            (Many::Issuers, 32),
            (Many::Declared, 16),
            (Many::Exports, 256),
            (Many::Authorisations, 4),
            (Many::Parties, 256),
            (Many::Attestations, 128),
            (Many::Gaps, 256),
            (Many::Lists, 4),
            (Many::Entries, 4096),
        ] {
            sizes.lists[many as usize] = most;
        }
        sizes
    }

    /// The length of a list.
    pub(super) fn of(&self, many: Many) -> u64 {
        self.lists[many as usize]
    }

    /// A list of this length was seen.
    pub(super) fn see(&mut self, many: Many, length: usize) {
        let longest = &mut self.lists[many as usize];
        *longest = (*longest).max(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Steps of putting a fact together.
    pub(super) fn built(&self, root: &str) -> u64 {
        FACTS.field(root).map_or(0, |kind| self.nodes(kind))
    }

    fn nodes(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Bool | Kind::Int | Kind::Text => 1,
            Kind::Record(record) => {
                let fields = record.fields.iter().map(|(_, kind)| self.nodes(*kind));
                fields.fold(1, u64::saturating_add)
            }
            Kind::List(many, kind) => self.of(many).saturating_mul(self.nodes(*kind)).saturating_add(1),
        }
    }
}

const TEXT: Kind = Kind::Text;
const INT: Kind = Kind::Int;

/// Everything that an expression may name.
pub(super) static FACTS: Record = Record {
    name: "the facts",
    fields: &[
        ("at", TEXT),
        ("lot", Kind::Record(&LOT)),
        ("exports", Kind::List(Many::Exports, &Kind::Record(&EXPORT))),
        ("parties", Kind::List(Many::Parties, &Kind::Record(&PARTY))),
        ("attestations", Kind::List(Many::Attestations, &Kind::Record(&ATTESTATION))),
        ("gaps", Kind::List(Many::Gaps, &TEXT)),
        ("lists", Kind::List(Many::Lists, &Kind::Record(&LIST))),
    ],
};

static LOT: Record = Record {
    name: "lot",
    fields: &[
        ("number", TEXT),
        ("form", TEXT),
        ("content", Kind::List(Many::Content, &Kind::Record(&HELD))),
        ("limits", Kind::List(Many::Limits, &Kind::Record(&LIMIT))),
        ("actinides", Kind::List(Many::Actinides, &Kind::Record(&ACTINIDE))),
        ("custody", TEXT),
        ("elements", Kind::List(Many::Elements, &Kind::Record(&ELEMENT))),
    ],
};

static HELD: Record = Record { name: "content", fields: &[("element", TEXT), ("mg", INT)] };
static LIMIT: Record = Record { name: "limit", fields: &[("element", TEXT), ("below", INT)] };
static ACTINIDE: Record =
    Record { name: "actinide", fields: &[("formula", TEXT), ("ppm", INT), ("below_ppm", INT)] };

static ELEMENT: Record = Record {
    name: "element",
    fields: &[
        ("element", TEXT),
        ("rare_earth", Kind::Bool),
        ("mg", INT),
        ("entered", Kind::List(Many::Entered, &Kind::Record(&ENTERED))),
        ("pre_consumer", Kind::Record(&SHARE)),
        ("post_consumer", Kind::Record(&SHARE)),
        ("stages", Kind::List(Many::Stages, &Kind::Record(&STAGE))),
    ],
};

static STAGE: Record = Record {
    name: "stage",
    fields: &[
        ("stage", TEXT),
        ("done", Kind::Record(&SHARE)),
        ("untold", Kind::Record(&SHARE)),
        ("countries", Kind::List(Many::Countries, &Kind::Record(&PLACE))),
        ("regions", Kind::List(Many::Regions, &Kind::Record(&REGION))),
        ("facilities", Kind::List(Many::Facilities, &Kind::Record(&FACILITY))),
        ("issuers", Kind::List(Many::Issuers, &Kind::Record(&ISSUER))),
        ("declared", Kind::List(Many::Declared, &Kind::Record(&PLACE))),
    ],
};

static SHARE: Record = Record { name: "share", fields: &[("low", INT), ("mixed", INT), ("high", INT)] };
static ENTERED: Record =
    Record { name: "entered", fields: &[("way", TEXT), ("low", INT), ("mixed", INT), ("high", INT)] };
static PLACE: Record =
    Record { name: "country", fields: &[("country", TEXT), ("low", INT), ("mixed", INT), ("high", INT)] };
static REGION: Record = Record {
    name: "region",
    fields: &[("country", TEXT), ("region", TEXT), ("low", INT), ("mixed", INT), ("high", INT)],
};
static FACILITY: Record =
    Record { name: "facility", fields: &[("facility", TEXT), ("low", INT), ("mixed", INT), ("high", INT)] };
static ISSUER: Record =
    Record { name: "issuer", fields: &[("issuer", TEXT), ("low", INT), ("mixed", INT), ("high", INT)] };

static EXPORT: Record = Record {
    name: "export",
    fields: &[
        ("number", TEXT),
        ("from", TEXT),
        ("to", TEXT),
        ("dispatched", TEXT),
        ("exporter", Kind::Record(&PARTY)),
        ("end_user", Kind::Record(&PARTY)),
        ("end_use", TEXT),
        ("form", TEXT),
        ("content", Kind::List(Many::Content, &Kind::Record(&HELD))),
        ("authorisations", Kind::List(Many::Authorisations, &Kind::Record(&AUTHORISATION))),
    ],
};

static AUTHORISATION: Record = Record {
    name: "authorisation",
    fields: &[
        ("regime", TEXT),
        ("kind", TEXT),
        ("reason", TEXT),
        ("number", TEXT),
        ("scope", TEXT),
        ("holder", TEXT),
        ("customer_category", TEXT),
        ("from", TEXT),
        ("until", TEXT),
    ],
};

static PARTY: Record = Record { name: "party", fields: &[("did", TEXT), ("name", TEXT)] };
static ATTESTATION: Record = Record {
    name: "attestation",
    fields: &[
        ("kind", TEXT),
        ("scheme", TEXT),
        ("issuer", TEXT),
        ("accepted", Kind::Bool),
        ("from", TEXT),
        ("until", TEXT),
    ],
};
static LIST: Record = Record {
    name: "list",
    fields: &[("name", TEXT), ("date", TEXT), ("entries", Kind::List(Many::Entries, &TEXT))],
};
