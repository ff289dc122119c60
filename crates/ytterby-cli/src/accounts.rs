//! Accounts: who handled how much of an element where.

use std::collections::BTreeMap;
use std::collections::HashMap;

use ytterby::Bundle;
use ytterby::certificate::Claims;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::form::{Form, Source};
use ytterby::lot::{Lot, Making};

/// The columns of an account, in order.
pub(crate) const COLUMNS: [&str; 7] = ["opening", "in", "gain", "out", "residue", "lost", "open"];

/// What happened to an element in an account, milligrams. Open and residue may be negative: an overdraft.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Flows {
    opening: i128,
    input: i128,
    gain: i128,
    out: i128,
    residue: i128,
    lost: i128,
    open: i128,
}

impl Flows {
    /// As [`COLUMNS`] names them.
    pub(crate) fn columns(&self) -> [i128; 7] {
        [self.opening, self.input, self.gain, self.out, self.residue, self.lost, self.open]
    }
}

/// Every account of a bundle.
#[derive(Default)]
pub(crate) struct Accounts(BTreeMap<(String, Element), Flows>);

impl Accounts {
    pub(crate) fn of(bundle: &Bundle<'_>) -> Self {
        let mut accounts = Accounts::default();
        let names: HashMap<Digest, String> = bundle
            .certificates()
            .iter()
            .filter_map(|certificate| {
                Some((certificate.digest(), name(certificate.claims(), certificate.lot()?)))
            })
            .collect();
        let waste: HashMap<Digest, bool> = bundle
            .certificates()
            .iter()
            .filter_map(|certificate| Some((certificate.digest(), is_residue(certificate.lot()?.form))))
            .collect();
        for certificate in bundle.certificates() {
            let (Some(lot), Some(name)) = (certificate.lot(), names.get(&certificate.digest())) else {
                continue;
            };
            accounts.made(name, lot);
            for input in &lot.inputs {
                let from = names.get(&input.digest);
                let residue = waste.get(&input.digest).copied().unwrap_or_default();
                for (element, mg) in input.draws.iter() {
                    if let Some(from) = from {
                        accounts.drawn(from, element, mg.into(), residue, from == name);
                    }
                    if from != Some(name) {
                        accounts.flows(name, element).input += i128::from(mg);
                    }
                }
            }
        }
        accounts
    }

    /// Accounts and elements, sorted.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, Element, &Flows)> {
        self.0.iter().map(|((name, element), flows)| (name.as_str(), *element, flows))
    }

    /// A lot came to be: it is there, and what it took more or less than it holds is gain or loss.
    fn made(&mut self, name: &str, lot: &Lot) {
        let mut backed: BTreeMap<Element, i128> = BTreeMap::new();
        for (element, mg) in lot.drawn().iter() {
            *backed.entry(element).or_default() += i128::from(mg);
        }
        let (declared, _) = lot.declared_masses();
        for (element, mg) in declared.iter() {
            *backed.entry(element).or_default() += i128::from(mg);
            self.flows(name, element).input += i128::from(mg);
        }
        for (element, mg) in lot.content.iter() {
            let flows = self.flows(name, element);
            let stock = if is_residue(lot.form) { &mut flows.residue } else { &mut flows.open };
            *stock += i128::from(mg);
            let backed = backed.remove(&element).unwrap_or_default();
            match &lot.making {
                Making::Origin { source: Source::OpeningStock, .. } => flows.opening += i128::from(mg),
                Making::Origin { .. } => flows.input += i128::from(mg),
                Making::Processing { .. } | Making::Transfer { .. } => {
                    flows.gain += (i128::from(mg) - backed).max(0);
                    flows.lost += (backed - i128::from(mg)).max(0);
                }
            }
        }
        for (element, mg) in backed {
            self.flows(name, element).lost += mg;
        }
    }

    /// A lot was drawn on: what stays in the account only changes its lot.
    fn drawn(&mut self, name: &str, element: Element, mg: i128, residue: bool, stays: bool) {
        let flows = self.flows(name, element);
        let stock = if residue { &mut flows.residue } else { &mut flows.open };
        *stock -= mg;
        if !stays {
            flows.out += mg;
        }
    }

    fn flows(&mut self, name: &str, element: Element) -> &mut Flows {
        self.0.entry((name.to_owned(), element)).or_default()
    }
}

/// A lot is in the account of its issuer at its facility; after a transfer, of whoever received it.
fn name(claims: &Claims, lot: &Lot) -> String {
    match (&lot.making, &lot.facility) {
        (Making::Transfer { to, .. }, _) => match &lot.holder {
            Some(holder) => format!("{holder} (received)"),
            None => format!("{to} (received)"),
        },
        (_, Some(facility)) => format!("{} at {}", claims.issuer, facility.name),
        (_, None) => claims.issuer.to_string(),
    }
}

fn is_residue(form: Form) -> bool {
    matches!(form, Form::Residue | Form::Swarf | Form::Scrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_within_an_account_stays_in_it() {
        let nd = Element::parse("Nd").unwrap();
        let mut accounts = Accounts::default();
        accounts.flows("a", nd).open = 100;
        accounts.flows("a", nd).opening = 100;
        accounts.drawn("a", nd, 30, false, true);
        accounts.drawn("a", nd, 20, false, false);
        let flows = accounts.flows("a", nd);
        assert_eq!((flows.open, flows.out), (50, 20));
    }
}
