//! The trade's closed vocabularies: forms, steps, sources, bases, kinds (ISO 22444 words).

/// Declares an enum of words: one spelling each, for wire, schema and people.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            schemars::JsonSchema,
        )]
        #[schemars(inline)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word of this list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as certificates write it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What kind of certificate; the second word of its `type`.
    Kind {
        /// A lot with no inputs.
        Origin = "OriginCertificate",
        /// A lot made from inputs.
        Processing = "ProcessingCertificate",
        /// A lot that is (part of) another lot in other hands.
        Transfer = "TransferCertificate",
        /// A third party about a lot, sample or facility.
        Attestation = "AttestationCertificate",
        /// An anchor, or whom it lets accredit, about an issuer.
        Accreditation = "AccreditationCertificate",
    }
}

words! {
    /// Where the metal of an origin comes from.
    Source {
        /// Mined.
        Mined = "mined",
        /// Collected after use.
        PostConsumer = "post-consumer",
        /// From a supplier who does not certify.
        Purchased = "purchased",
        /// What a company had when it joined.
        OpeningStock = "opening-stock",
    }
}

words! {
    /// What was done to the inputs of a processing certificate.
    Step {
        /// Ore to concentrate.
        Beneficiation = "beneficiation",
        /// Into solution.
        Leaching = "leaching",
        /// Breaking the mineral open.
        Cracking = "cracking",
        /// One rare earth from another.
        Separation = "separation",
        /// To oxide by heat.
        Calcination = "calcination",
        /// To metal.
        Reduction = "reduction",
        /// Melting together.
        Alloying = "alloying",
        /// Milling.
        Powder = "powder",
        /// Pressing and sintering.
        Sintering = "sintering",
        /// Bonding with a polymer.
        Bonding = "bonding",
        /// Grain-boundary diffusion.
        Diffusion = "diffusion",
        /// Plating or painting.
        Coating = "coating",
        /// Cutting and grinding.
        Finishing = "finishing",
        /// Magnetizing.
        Magnetization = "magnetization",
        /// Into a product.
        Assembly = "assembly",
        /// Out of a product.
        Dismantling = "dismantling",
        /// Scrap to raw material.
        Recycling = "recycling",
        /// Several lots into one, unchanged otherwise.
        Blending = "blending",
        /// The same material in other packages.
        Repacking = "repacking",
        /// A pool in a plant: a separation circuit's contents.
        InProcess = "in-process",
        /// Only in a correction of an origin: it has no step of its own.
        Origin = "origin",
        /// Only in a correction: the step did not happen, the inputs are as they were.
        Undo = "undo",
    }
}

words! {
    /// The physical form of a lot.
    Form {
        /// Ore as mined.
        Ore = "ore",
        /// Mineral concentrate.
        Concentrate = "concentrate",
        /// Mixed rare-earth carbonate, chloride, oxide or hydroxide.
        MixedCompound = "mixed-compound",
        /// Rare earths in solution.
        Solution = "solution",
        /// Separated carbonate.
        Carbonate = "carbonate",
        /// Separated chloride.
        Chloride = "chloride",
        /// Separated fluoride.
        Fluoride = "fluoride",
        /// Separated nitrate.
        Nitrate = "nitrate",
        /// Separated oxalate.
        Oxalate = "oxalate",
        /// Separated hydroxide.
        Hydroxide = "hydroxide",
        /// Separated oxide.
        Oxide = "oxide",
        /// Metal.
        Metal = "metal",
        /// Alloy, master alloy, strip-cast flake.
        Alloy = "alloy",
        /// Alloy powder.
        Powder = "powder",
        /// Sintered or bonded magnet block or blank.
        MagnetBlock = "magnet-block",
        /// Finished magnet.
        Magnet = "magnet",
        /// Something with magnets in it.
        Component = "component",
        /// Other material: phosphor, catalyst, ceramic, glass polishing powder.
        OtherProduct = "other-product",
        /// Grinding sludge and turnings.
        Swarf = "swarf",
        /// Solid production scrap.
        Scrap = "scrap",
        /// Products after use.
        EndOfLife = "end-of-life",
        /// Residue of a step.
        Residue = "residue",
        /// Contents of a plant.
        InProcess = "in-process",
    }
}

words! {
    /// What the percentages of an assay refer to.
    MassBasis {
        /// The mass as weighed.
        AsReceived = "as-received",
        /// The mass without moisture.
        Dry = "dry",
        /// The mass after ignition of the dried material.
        Ignited = "ignited",
    }
}

words! {
    /// Of what share the percentages of rare earths are.
    PercentBasis {
        /// Of the mass.
        OfMass = "of-mass",
        /// Of the total rare-earth oxides.
        OfTreo = "of-treo",
        /// Of the total rare-earth metals.
        OfTrem = "of-trem",
    }
}

words! {
    /// Whether a percentage was measured or calculated from others.
    Determination {
        /// Measured.
        Measured = "measured",
        /// Calculated, for example as the rest to 100.
        Calculated = "calculated",
    }
}

words! {
    /// What a lot's content is computed from.
    ContentFrom {
        /// Net mass and assay.
        Assay = "assay",
        /// What was drawn, and declared inputs.
        Draws = "draws",
    }
}

words! {
    /// The custody model of a step (ISO 22095). Book-and-claim moves no metal and is not on the list.
    CustodyModel {
        /// One source, kept apart.
        IdentityPreserved = "identity-preserved",
        /// Certified material only, sources mixed.
        Segregated = "segregated",
        /// Mixed in known proportions.
        ControlledBlending = "controlled-blending",
        /// Certified and other material mixed, quantities kept in balance.
        MassBalance = "mass-balance",
    }
}

words! {
    /// Why a lot changes hands or place.
    TransferKind {
        /// Sold.
        Sale = "sale",
        /// Handed over to be worked on, and back.
        Toll = "toll",
        /// Lent.
        Loan = "loan",
        /// Given back.
        Return = "return",
        /// Left with somebody to sell.
        Consignment = "consignment",
        /// Moved between places of the same holder.
        OwnMove = "own-move",
    }
}

words! {
    /// What an attestation is.
    AttestationKind {
        /// A laboratory's assay.
        Assay = "assay",
        /// An audit.
        Audit = "audit",
        /// An environmental, social or governance claim.
        Esg = "esg",
        /// A screening of parties.
        Screening = "screening",
        /// A licence.
        Licence = "licence",
    }
}

words! {
    /// What a laboratory's assay is for.
    AssayPurpose {
        /// Provisional.
        Provisional = "provisional",
        /// Final.
        Final = "final",
        /// An umpire's.
        Umpire = "umpire",
    }
}

words! {
    /// Why material without a certificate is declared.
    DeclaredReason {
        /// No certificate is to be had, or none is asked for: iron, boron.
        Uncertified = "uncertified",
        /// A lining, flux or other aid of the process.
        ProcessAid = "process-aid",
        /// Found at a stocktake; counts as unbacked.
        InventoryGain = "inventory-gain",
    }
}

words! {
    /// The regime's word for an export authorisation.
    AuthorisationType {
        /// For one consignment or contract.
        Single = "single",
        /// For a customer or period.
        General = "general",
        /// None is needed, for the reason stated.
        NotRequired = "not-required",
    }
}

words! {
    /// What an entry of the log records.
    EntryKind {
        /// A certificate is registered.
        Certificate = "certificate",
        /// A lot comes here from another log.
        Admission = "admission",
        /// A lot is closed.
        Closing = "closing",
        /// A certificate is revoked, suspended or reinstated.
        Status = "status",
    }
}

words! {
    /// Why a lot was closed.
    CloseReason {
        /// Used up in a process that is not certified.
        Consumed = "consumed",
        /// Lost.
        Lost = "lost",
        /// Disposed of.
        Disposed = "disposed",
        /// Delivered to somebody without a DID.
        Delivered = "delivered",
        /// Settled at a stocktake.
        Stocktake = "stocktake",
    }
}

words! {
    /// What a status is for (W3C Bitstring Status List).
    StatusPurpose {
        /// Withdrawn for good.
        Revocation = "revocation",
        /// Not to be relied on for the time being.
        Suspension = "suspension",
    }
}

impl Kind {
    /// Whether a certificate of this kind creates a lot.
    pub fn creates_lot(self) -> bool {
        match self {
            Kind::Origin | Kind::Processing | Kind::Transfer => true,
            Kind::Attestation | Kind::Accreditation => false,
        }
    }
}

impl Step {
    /// Whether content is always what was drawn: the step does not change what is in the material,
    /// or nobody measures it.
    pub fn always_draws(self) -> bool {
        matches!(
            self,
            Step::InProcess
                | Step::Blending
                | Step::Repacking
                | Step::Finishing
                | Step::Magnetization
                | Step::Assembly
                | Step::Undo
        )
    }

    /// Whether the step may only stand in a correction.
    pub fn only_in_correction(self) -> bool {
        matches!(self, Step::Origin | Step::Undo)
    }

    /// Whether the trade knows this step from such an input to such an output. An unusual order is
    /// only warned about.
    pub fn is_usual(self, input: Form, output: Form) -> bool {
        use Form as F;
        let compound = |form| {
            matches!(
                form,
                F::MixedCompound
                    | F::Solution
                    | F::Carbonate
                    | F::Chloride
                    | F::Fluoride
                    | F::Nitrate
                    | F::Oxalate
                    | F::Hydroxide
                    | F::Oxide
                    | F::InProcess
            )
        };
        let waste = |form| matches!(form, F::Swarf | F::Scrap | F::EndOfLife | F::Residue | F::Component);
        let solid = |form| matches!(form, F::Metal | F::Alloy | F::Powder);
        let magnet = |form| matches!(form, F::MagnetBlock | F::Magnet);
        let residue = waste(output) && output != F::EndOfLife && output != F::Component;
        residue
            || match self {
                Step::Beneficiation => {
                    matches!(input, F::Ore | F::Concentrate | F::Residue) && output == F::Concentrate
                }
                Step::Leaching => output == F::Solution || output == F::MixedCompound,
                Step::Cracking => {
                    matches!(input, F::Concentrate | F::Ore | F::Residue | F::InProcess) && compound(output)
                }
                Step::Separation => compound(input) && compound(output),
                Step::Calcination => compound(input) && output == F::Oxide,
                Step::Reduction => compound(input) && solid(output),
                Step::Alloying => (solid(input) || waste(input)) && output == F::Alloy,
                Step::Powder => solid(input) && output == F::Powder,
                Step::Sintering | Step::Bonding => solid(input) && magnet(output),
                Step::Diffusion => (magnet(input) || compound(input) || solid(input)) && magnet(output),
                Step::Coating | Step::Finishing | Step::Magnetization => magnet(input) && magnet(output),
                Step::Assembly => {
                    (magnet(input) || input == F::Component)
                        && matches!(output, F::Component | F::OtherProduct)
                }
                Step::Dismantling => {
                    matches!(input, F::EndOfLife | F::Component) && (magnet(output) || waste(output))
                }
                Step::Recycling => {
                    (waste(input) || magnet(input) || input == F::InProcess)
                        && (compound(output) || solid(output))
                }
                Step::Blending | Step::Repacking => input == output,
                Step::InProcess => output == F::InProcess,
                Step::Origin | Step::Undo => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_one_spelling() {
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(*step));
        }
        assert_eq!(Step::parse("Separation"), None);
        assert_eq!(CustodyModel::parse("book-and-claim"), None);
    }

    #[test]
    fn usual_orders() {
        assert!(Step::Separation.is_usual(Form::MixedCompound, Form::Oxide));
        assert!(Step::Finishing.is_usual(Form::MagnetBlock, Form::Swarf));
        assert!(!Step::Sintering.is_usual(Form::Ore, Form::Magnet));
        assert!(!Step::Reduction.is_usual(Form::Magnet, Form::Metal));
    }
}
