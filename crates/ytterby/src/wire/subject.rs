//! `credentialSubject` of each type, fully written out.
#![expect(dead_code, reason = "members that no check reads are part of the closed schema all the same")]

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::assay::Assay;
use super::leaf::{Amounts, Count, Country, Home, HsCode, Leaf, MaybeCountry, Uri};
use crate::decimal::Mass;
use crate::did::Did;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{
    AssayPurpose, AttestationKind, AuthorisationType, ContentFrom, CustodyModel, DeclaredReason, Form,
    Source, Step, TransferKind,
};

/// A closed wire struct that borrows its texts.
macro_rules! wire {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
        pub(crate) struct $name<'t> { $($(#[$fdoc])* pub(crate) $field: $type,)+ }
    };
}

/// A wire struct of a lot: what every lot says, then what its type adds.
macro_rules! lot {
    ($(#[$doc:meta])* $name:ident { $($rest:tt)* }) => {
        wire! {
            $(#[$doc])*
            $name {
                /// The log origin of the registry that records draws on this lot.
                home: Leaf<Home>,
                /// Who may draw on this lot.
                holder: Option<Leaf<Did>>,
                /// The number on the label. It may repeat; a transfer keeps it.
                lot_number: Leaf<&'t str>,
                /// What the trade calls it.
                product: Leaf<&'t str>,
                /// Its physical form.
                form: Form,
                /// Grade or specification name.
                grade: Option<Leaf<&'t str>>,
                /// The issuer's own reference, unique per issuer for ever.
                external_id: Option<Leaf<&'t str>>,
                /// Mass as weighed, kilograms.
                net_mass: Option<Leaf<Mass>>,
                /// What is in it, as on the laboratory's paper.
                assay: Option<Assay<'t>>,
                /// Contained mass of each element: computed.
                content: Amounts,
                /// Tariff codes.
                #[schemars(length(min = 1, max = 8))]
                hs_codes: Option<Vec<TariffCode<'t>>>,
                /// Drums, bags, pallets.
                #[schemars(length(min = 1, max = 1000))]
                packages: Option<Vec<Package<'t>>>,
                /// How many pieces.
                pieces: Option<Leaf<Count>>,
                /// Mass of one piece, kilograms.
                piece_mass: Option<Leaf<Mass>>,
                /// What only the direct customer needs, by digest.
                annex: Option<Document<'t>>,
                /// Papers this certificate rests on, by digest.
                #[schemars(length(min = 1, max = 40))]
                documents: Option<Vec<Document<'t>>>,
                $($rest)*
            }
        }
    };
}

lot! {
    /// A lot with no inputs.
    OriginSubject {
        /// Where the metal comes from.
        source: Source,
        /// Where it was mined, and where collected.
        origin: OriginPlace<'t>,
        /// Who sold it, for `purchased`.
        supplier: Option<Party<'t>>,
        /// Where the lot was made or taken over.
        facility: Facility<'t>,
        /// From when to when.
        period: Period,
        /// How it was kept apart from other material.
        custody_model: CustodyModel,
    }
}

lot! {
    /// A lot made from inputs.
    ProcessingSubject {
        /// What was done.
        step: Step,
        /// What the content is computed from.
        content_from: ContentFrom,
        /// Where it was done.
        facility: Facility<'t>,
        /// From when to when.
        period: Period,
        /// How it was kept apart from other material.
        custody_model: CustodyModel,
        /// The lots it was made from, and what was drawn from each.
        #[schemars(length(min = 1, max = 64))]
        inputs: Vec<Input>,
        /// Material without a certificate.
        #[schemars(length(min = 1, max = 40))]
        declared_inputs: Option<Vec<Declared<'t>>>,
        /// The certificate that this one corrects.
        corrects: Option<Corrects<'t>>,
    }
}

lot! {
    /// A lot that is (part of) another lot in other hands.
    TransferSubject {
        /// Why.
        kind: TransferKind,
        /// Who receives it; with a DID, that DID is the holder.
        to: Party<'t>,
        /// When it left.
        dispatch_date: Leaf<Date>,
        /// The country it goes to.
        destination: Leaf<Country>,
        /// Who will use it.
        end_user: Option<Party<'t>>,
        /// What for.
        end_use: Option<Leaf<&'t str>>,
        /// Export authorisations, or why none is needed.
        #[schemars(length(min = 1, max = 16))]
        authorisations: Option<Vec<Authorisation<'t>>>,
        /// The one lot it is taken from.
        #[schemars(length(min = 1, max = 1))]
        inputs: Vec<Input>,
    }
}

wire! {
    /// A third party about lots, a sample or a facility.
    AttestationSubject {
        /// The log origin of the registry that registers it.
        home: Leaf<Home>,
        /// What it is.
        kind: AttestationKind,
        /// What it is about.
        about: About<'t>,
        /// The scheme, standard or regime.
        scheme: Option<Leaf<&'t str>>,
        /// Its version.
        scheme_version: Option<Leaf<&'t str>>,
        /// What was looked at.
        scope: Option<Leaf<&'t str>>,
        /// What a claim includes: from where to where, which scopes. An ESG claim has it, and nothing else.
        boundary: Option<Leaf<&'t str>>,
        /// How a claim shares the total of a plant out over its products. An ESG claim has it, and nothing else.
        allocation_rule: Option<Leaf<&'t str>>,
        /// Who verified an ESG claim, as whoever issues it says.
        verifier: Option<Party<'t>>,
        /// What was found.
        result: Leaf<&'t str>,
        /// The laboratory's or auditor's accreditation number.
        accreditation_number: Option<Leaf<&'t str>>,
        /// What an assay is for.
        purpose: Option<AssayPurpose>,
        /// The assay.
        assay: Option<Assay<'t>>,
        /// The papers, by digest.
        #[schemars(length(min = 1, max = 40))]
        documents: Option<Vec<Document<'t>>>,
    }
}

wire! {
    /// What an attestation is about: at least one of these.
    About {
        /// Lots.
        #[schemars(length(min = 1, max = 64))]
        lots: Option<Vec<LotReference>>,
        /// A sample.
        sample_id: Option<Leaf<&'t str>>,
        /// A facility.
        facility: Option<Facility<'t>>,
    }
}

/// A lot, by label and digest.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LotReference {
    /// The `id` of its certificate: a label.
    pub(crate) lot: Leaf<uuid::Uuid>,
    /// The digest of its certificate: its identity.
    pub(crate) digest_multibase: Leaf<Digest>,
}

/// An input and what was drawn from it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    /// The `id` of the input's certificate: a label.
    pub(crate) lot: Leaf<uuid::Uuid>,
    /// The digest of the input's certificate: its identity.
    pub(crate) digest_multibase: Leaf<Digest>,
    /// Kilograms of each element taken.
    pub(crate) draws: Amounts,
    /// `true` when exactly what is left is taken.
    // Without this the schema that is given instead of the type's makes the member required.
    #[serde(default)]
    #[schemars(schema_with = "only_true")]
    pub(crate) rest: Option<bool>,
}

fn only_true(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "boolean", "const": true })
}

wire! {
    /// Material without a certificate.
    Declared {
        /// The element it brings.
        element: Leaf<Element>,
        /// Kilograms of the element.
        mass: Leaf<Mass>,
        /// What it is.
        material: Leaf<&'t str>,
        /// Why it has no certificate.
        reason: DeclaredReason,
        /// Where its steps were done, as far as known.
        #[schemars(length(min = 1, max = 16))]
        origins: Option<Vec<DeclaredOrigin<'t>>>,
        /// A paper, by digest.
        document: Option<Document<'t>>,
    }
}

wire! {
    /// A step of declared material and its country.
    DeclaredOrigin {
        /// The step, in words.
        step: Leaf<&'t str>,
        /// The country.
        country: Leaf<MaybeCountry>,
    }
}

wire! {
    /// The certificate that a correction corrects; it is also the one input.
    Corrects {
        /// Its digest.
        digest_multibase: Leaf<Digest>,
        /// What was wrong with it.
        reason: Leaf<&'t str>,
    }
}

wire! {
    /// Where metal was mined, and where it was collected.
    OriginPlace {
        /// The country it was mined in, or `unknown`.
        country: Leaf<MaybeCountry>,
        /// Region within it.
        region: Option<Leaf<&'t str>>,
        /// The deposit.
        deposit: Option<Leaf<&'t str>>,
        /// The country it was collected in after use.
        collected_in: Option<Leaf<Country>>,
    }
}

wire! {
    /// A place of work.
    Facility {
        /// Its identifier, an absolute URI: `urn:gln:9521321000010`, a permit's or register's URL.
        id: Leaf<Uri<'t>>,
        /// Its name.
        name: Leaf<&'t str>,
        /// The country it is in.
        country: Leaf<Country>,
        /// Region within it.
        region: Option<Leaf<&'t str>>,
    }
}

wire! {
    /// A company or person.
    Party {
        /// Its DID, if it has one.
        id: Option<Leaf<Did>>,
        /// Its name.
        name: Leaf<&'t str>,
        /// Its country.
        country: Option<Leaf<Country>>,
    }
}

/// From when to when, both days included.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Period {
    /// First day.
    pub(crate) from: Leaf<Date>,
    /// Last day.
    pub(crate) to: Leaf<Date>,
}

wire! {
    /// A tariff code with its nomenclature.
    TariffCode {
        /// Nomenclature and edition: `HS 2022`.
        nomenclature: Leaf<&'t str>,
        /// The code.
        code: Leaf<HsCode<'t>>,
    }
}

wire! {
    /// A package.
    Package {
        /// Its number. (JSON-LD takes `id` and `type` for identifiers of its own.)
        number: Leaf<&'t str>,
        /// Drum, bag, pallet.
        packaging: Leaf<&'t str>,
        /// Gross mass, kilograms.
        gross: Option<Leaf<Mass>>,
        /// Tare, kilograms.
        tare: Option<Leaf<Mass>>,
        /// Net mass, kilograms.
        net: Option<Leaf<Mass>>,
        /// Seal number.
        seal: Option<Leaf<&'t str>>,
    }
}

wire! {
    /// A document, by digest.
    Document {
        /// SHA-256 of its bytes.
        digest_multibase: Leaf<Digest>,
        /// What it is.
        name: Option<Leaf<&'t str>>,
        /// Its media type.
        media_type: Option<Leaf<&'t str>>,
    }
}

wire! {
    /// An export authorisation, or why none is needed.
    Authorisation {
        /// The law it is under.
        regime: Leaf<&'t str>,
        /// Single, general or not required.
        r#type: AuthorisationType,
        /// Why none is required.
        reason: Option<Leaf<&'t str>>,
        /// Its number.
        number: Option<Leaf<&'t str>>,
        /// What it covers.
        scope: Option<Leaf<&'t str>>,
        /// Who holds it.
        holder: Option<Leaf<&'t str>>,
        /// The category of customer it is for.
        customer_category: Option<Leaf<&'t str>>,
        /// From when to when it is valid.
        validity: Option<Period>,
    }
}
