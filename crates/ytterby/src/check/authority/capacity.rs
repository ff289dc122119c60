//! Is what a facility put out plausible? (proto-docs/accreditation.md, "Capacity".)

use std::collections::{HashMap, HashSet};

use crate::accreditation::{Scope, Task};
use crate::certificate::Claims;
use crate::check::{Findings, subject};
use crate::decimal::kilograms;
use crate::finding::Code;
use crate::form::Step;

/// What the facilities of a bundle put out: by facility, calendar year and what was done there, in
/// milligrams. A step after another at one place is the same material again, so steps are not summed.
#[derive(Default)]
pub(super) struct Outputs {
    sums: HashMap<(Box<str>, i16, Task), u64>,
    said: HashSet<(Box<str>, i16, Task)>,
}

impl Outputs {
    /// Counts a lot, and says when a capacity that one of the scopes states is exceeded by it: once.
    pub(super) fn count<'s>(
        &mut self,
        claims: &Claims,
        scopes: impl Iterator<Item = &'s Scope>,
        findings: &mut Findings,
    ) {
        let (Some(lot), Some(task)) = (claims.lot(), super::scope::task(claims)) else { return };
        // Pools, and what only goes into other packages, are no output.
        let same = matches!(task, Task::Step(Step::InProcess | Step::Blending | Step::Repacking));
        let (Some(facility), Some(mass)) = (&lot.facility, lot.net_mass) else { return };
        if same || lot.corrects().is_some() {
            return;
        }
        let year = lot.period.1.year();
        let place = (facility.id.clone(), year, task);
        let sum = self.sums.entry(place.clone()).or_default();
        *sum = sum.saturating_add(mass.mg());
        let capacity = scopes
            .filter_map(|scope| scope.facility(&facility.id)?.annual_capacity.map(|mass| mass.mg()))
            .min();
        if let Some(capacity) = capacity.filter(|capacity| *sum > *capacity)
            && self.said.insert(place)
        {
            let (sum, capacity) = (kilograms(*sum), kilograms(capacity));
            let text = format!(
                "{sum} kg by {task} in {year} with this lot, the facility's capacity is {capacity} kg"
            );
            findings.add(Code::AuthorityCapacity, subject("facility/id"), text);
        }
    }
}
