//! From the store to what admission looks at: the lots a submission names, with their balances.

use std::collections::HashMap;

use ytterby::carried::Carried;
use ytterby::certificate::Certificate;
use ytterby::digest::Digest;
use ytterby::{Draft, InputLot, Inputs};
use ytterby_store::{LotRecord, Store, StoreError};

use crate::problem::Problem;
use crate::reference::Reference;

/// What is to be issued: a draft, or a certificate that its issuer signed.
#[derive(Debug, Clone)]
pub(crate) enum Submission {
    /// The registry fills it in and signs it.
    Draft(Box<Draft>),
    /// The registry judges it as it is.
    Signed(Box<Certificate<'static>>),
}

impl Submission {
    /// Reads one: what has a `proof` is a certificate.
    pub(crate) fn read(value: ytterby::json::Value<'_>) -> Result<Self, Problem> {
        if value.get("proof").is_some() {
            let bytes = ytterby::json::canonical(&value);
            return Ok(Submission::Signed(Box::new(Certificate::parse(&bytes)?.into_owned())));
        }
        Ok(Submission::Draft(Box::new(Draft::from_value(value)?)))
    }

    /// The issuer's own reference, as it would be stored.
    pub(crate) fn external_id(&self, year: i16) -> Option<String> {
        match self {
            Submission::Draft(draft) => {
                draft.as_ref().clone().with_external_id(year).text("externalId").map(str::to_owned)
            }
            Submission::Signed(certificate) => Some(certificate.external_id()),
        }
    }

    /// The number of the lot that it would make.
    pub(crate) fn lot_number(&self) -> Option<&str> {
        match self {
            Submission::Draft(draft) => draft.text("lotNumber"),
            Submission::Signed(certificate) => Some(&certificate.lot()?.number),
        }
    }

    /// The inputs as they are named, with the name where it is not the certificate's label.
    fn named(&self) -> Vec<(Reference, Option<String>)> {
        match self {
            Submission::Draft(draft) => draft
                .inputs()
                .iter()
                .filter_map(|input| Some((Reference::parse(&input.lot)?, Some(input.lot.clone()))))
                .collect(),
            Submission::Signed(certificate) => {
                let inputs = certificate.lot().iter().flat_map(|lot| lot.inputs.iter()).collect::<Vec<_>>();
                inputs.iter().map(|input| (Reference::Digest(input.digest), None)).collect()
            }
        }
    }

    fn corrects(&self) -> bool {
        match self {
            Submission::Draft(draft) => draft.is_correction(),
            Submission::Signed(certificate) => certificate.lot().is_some_and(|lot| lot.corrects().is_some()),
        }
    }
}

/// Loads every lot that the submissions name and that is known here. What is not known is for
/// admission to find missing. Behind a lot that is corrected comes the first lot of its chain of
/// corrections, with that one's own inputs.
pub(crate) async fn load(store: &dyn Store, submissions: &[Submission]) -> Result<Inputs, Problem> {
    let mut names: HashMap<Digest, Vec<String>> = HashMap::new();
    let mut corrected = Vec::new();
    for submission in submissions {
        for (reference, name) in submission.named() {
            let Some(digest) = reference.digest(store).await? else { continue };
            names.entry(digest).or_default().extend(name);
            if submission.corrects() {
                corrected.push(digest);
            }
        }
    }
    let mut lots = known(store, names.keys().copied().collect()).await?;
    let bases = corrected.iter().filter_map(|d| Some((d, lots.get(d)?.carried.base)));
    let bases: Vec<Digest> = bases.map(|(digest, base)| base.unwrap_or(*digest)).collect();
    extend(store, &mut lots, bases.clone()).await?;
    let behind = bases.iter().filter_map(|base| lots.get(base)?.certificate.lot());
    let behind: Vec<Digest> = behind.flat_map(|lot| lot.inputs.iter().map(|input| input.digest)).collect();
    extend(store, &mut lots, behind).await?;
    let mut inputs = Inputs::default();
    for lot in lots.into_values() {
        inputs.add(lot, None);
    }
    // Last, for two lots may have one label: what it was looked up as is what is meant.
    for (digest, name) in names.iter().flat_map(|(digest, all)| all.iter().map(move |name| (digest, name))) {
        inputs.call(name, *digest);
    }
    Ok(inputs)
}

/// A lot as admission wants it.
pub(crate) fn input_lot(record: &LotRecord) -> Result<InputLot, Problem> {
    let certificate = Certificate::parse(&record.certificate)
        .map_err(|error| Problem::internal("a stored certificate does not parse", &error))?;
    let carried = Carried::parse(&record.carried)
        .map_err(|error| Problem::internal("a stored carried state does not parse", &error))?;
    Ok(InputLot {
        certificate: certificate.into_owned(),
        carried,
        drawn: record.drawn.clone(),
        closed: record.closed.is_some(),
        status: record.status,
    })
}

async fn extend(
    store: &dyn Store,
    lots: &mut HashMap<Digest, InputLot>,
    digests: Vec<Digest>,
) -> Result<(), Problem> {
    let missing = digests.into_iter().filter(|digest| !lots.contains_key(digest)).collect();
    lots.extend(known(store, missing).await?);
    Ok(())
}

/// Those of the lots that are there.
async fn known(store: &dyn Store, mut digests: Vec<Digest>) -> Result<HashMap<Digest, InputLot>, Problem> {
    digests.sort_unstable();
    digests.dedup();
    while !digests.is_empty() {
        match store.lots(digests.clone()).await {
            Ok(records) => {
                return records.iter().map(|record| Ok((record.digest, input_lot(record)?))).collect();
            }
            Err(StoreError::UnknownLot(unknown)) => {
                let before = digests.len();
                digests.retain(|digest| *digest != unknown);
                if digests.len() == before {
                    return Err(Problem::internal("the store misses a lot nobody asked for", &unknown));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(HashMap::new())
}
