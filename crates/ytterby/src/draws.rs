//! Draws that nobody types: from inputs, mass and assay to the masses taken from each input.
//! Implements proto-docs/lots.md, "How draws are chosen".

use std::collections::HashMap;

use crate::admit::InputLot;
use crate::decimal::Mass;
use crate::digest::Digest;
use crate::draft::Take;
use crate::element::Element;
use crate::finding::{Code, Finding};
use crate::masses::Masses;
use crate::wide::{mul_div, mul_div_up};

/// What a plan starts from.
pub(crate) struct Need<'n> {
    /// The inputs, and what is to be taken from each.
    pub(crate) takes: Vec<(&'n InputLot, Take)>,
    /// What the output contains and nothing declared brings, when its content comes from an assay.
    pub(crate) wanted: Option<Masses>,
    /// The output's mass, when a part in proportion to it is taken.
    pub(crate) part_mass: Option<Mass>,
    /// Elements of lots that several outputs want more of than there is.
    pub(crate) spread: &'n Spread,
}

/// What was decided for an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) draws: Masses,
    pub(crate) rest: bool,
}

/// Per lot and element, what is left and what outputs registered together want of it.
#[derive(Debug, Default)]
pub(crate) struct Spread(pub(crate) HashMap<(Digest, Element), (u64, u64)>);

impl Need<'_> {
    /// The draws, one per input.
    pub(crate) fn plan(&self) -> Result<Vec<Drawn>, Finding> {
        let mut plan: Vec<Option<Drawn>> = Vec::with_capacity(self.takes.len());
        for (at, (lot, take)) in self.takes.iter().enumerate() {
            plan.push(self.stated(lot, take).map_err(|f| f.at(format!("/inputs/{at}")))?);
        }
        let needed = match &self.wanted {
            Some(wanted) => self.for_content(wanted, &plan),
            None => self.for_mass(&plan),
        };
        let plan: Vec<Drawn> =
            plan.into_iter().zip(needed).map(|(stated, needed)| stated.unwrap_or(needed)).collect();
        for (at, (drawn, (lot, _))) in plan.iter().zip(&self.takes).enumerate() {
            if drawn.draws.is_empty() {
                return Err(nothing(lot, self.wanted.is_some()).at(format!("/inputs/{at}")));
            }
        }
        Ok(plan)
    }

    /// What the clerk said, if anything.
    fn stated(&self, lot: &InputLot, take: &Take) -> Result<Option<Drawn>, Finding> {
        let drawn = match take {
            Take::Needed => return Ok(None),
            Take::Exactly(draws) => Drawn { draws: draws.clone(), rest: false },
            Take::Rest => Drawn { draws: lot.left(), rest: true },
            Take::Part(mass) => Drawn { draws: part(lot, *mass)?, rest: false },
            Take::Fed(mass) => {
                let all = part(lot, *mass)?;
                let of_output = |element| self.wanted.as_ref().is_none_or(|wanted| wanted.get(element) > 0);
                Drawn { draws: all.iter().filter(|(element, _)| of_output(*element)).collect(), rest: false }
            }
        };
        Ok(Some(drawn))
    }

    /// The output's own content, from the inputs that hold it, in proportion to what is left in each.
    fn for_content(&self, wanted: &Masses, plan: &[Option<Drawn>]) -> Vec<Drawn> {
        let mut needed = vec![Masses::default(); self.takes.len()];
        let open: Vec<usize> = (0..plan.len()).filter(|at| plan[*at].is_none()).collect();
        for (element, content) in wanted.iter() {
            let stated: u64 = plan.iter().flatten().map(|drawn| drawn.draws.get(element)).sum();
            let mut want = content.saturating_sub(stated);
            let shared = |at: usize| self.spread.0.get(&(self.takes[at].0.certificate.digest(), element));
            // Of a lot that is shared, each output's part is of what there was before the first took it.
            let there = |at: usize| self.takes[at].0.left().get(element);
            let left: Vec<u64> =
                open.iter().map(|at| shared(*at).map_or_else(|| there(*at), |(there, _)| *there)).collect();
            let mut total: u64 = left.iter().sum();
            for (at, left) in open.iter().zip(left).filter(|(_, left)| *left > 0) {
                // The last one takes what flooring left over; nobody takes more than there is.
                let share = mul_div(want, left, total).unwrap_or(0).min(left);
                let share = if left == total { want.min(left) } else { share };
                let draw = match shared(*at) {
                    // Rounded up, so that the last output finds exactly what the others left.
                    Some((before, asked)) => mul_div_up(share, *before, *asked).unwrap_or(0).min(there(*at)),
                    None => share,
                };
                needed[*at].set(element, draw);
                want = want.saturating_sub(share);
                total -= left;
            }
        }
        needed.into_iter().map(|draws| Drawn { draws, rest: false }).collect()
    }

    /// A part in proportion to the output's mass; all of it when there is no mass to go by.
    fn for_mass(&self, plan: &[Option<Drawn>]) -> Vec<Drawn> {
        let open = || self.takes.iter().zip(plan).filter(|(_, stated)| stated.is_none());
        let whole: Option<u64> = open().map(|((lot, _), _)| lot.net_mass().map(Mass::mg)).sum();
        let part = self.part_mass.map(Mass::mg).zip(whole).filter(|(part, whole)| part < whole);
        let take = |lot: &InputLot| match part {
            None => Drawn { draws: lot.left(), rest: true },
            Some((part, whole)) => {
                let content = lot.certificate.lot().map(|lot| &lot.content);
                let share = |(e, mg)| (e, mul_div(mg, part, whole).unwrap_or(0));
                Drawn { draws: content.into_iter().flat_map(Masses::iter).map(share).collect(), rest: false }
            }
        };
        self.takes.iter().map(|(lot, _)| take(lot)).collect()
    }
}

/// ⌊content·m ÷ M⌋ of every element.
fn part(lot: &InputLot, mass: Mass) -> Result<Masses, Finding> {
    let fault =
        || Finding::new(Code::MalformedCombination, "the lot has no net mass: state `draws`, or `rest`");
    let (content, whole) =
        lot.certificate.lot().and_then(|l| Some((&l.content, l.net_mass?))).ok_or_else(fault)?;
    Ok(content.iter().map(|(e, mg)| (e, mul_div(mg, mass.mg(), whole.mg()).unwrap_or(u64::MAX))).collect())
}

fn nothing(lot: &InputLot, by_content: bool) -> Finding {
    let number = lot.certificate.lot().map_or_else(String::new, |lot| lot.number.to_string());
    if lot.closed {
        return Finding::new(Code::CustodyClosedLot, format!("lot {number} is closed"));
    }
    if lot.left().is_empty() {
        return Finding::new(Code::ConservationOverdrawn, format!("nothing is left of lot {number}"));
    }
    let why = if by_content { "it holds nothing that the output contains" } else { "the draw is empty" };
    Finding::new(Code::MalformedValue, format!("nothing would be drawn from lot {number}: {why}"))
}
