//! Masses per element: contents, draws, declared inputs, unbacked metal.

use crate::element::Element;

/// Milligrams per element, sorted by atomic number, no zeros. A lot holds a handful of elements, so
/// a sorted list is smaller and faster than any map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Masses(Vec<(Element, u64)>);

impl Masses {
    /// The mass of an element; zero if it is not there.
    pub fn get(&self, element: Element) -> u64 {
        self.position(element).map_or(0, |at| self.0[at].1)
    }

    /// Sets the mass of an element; zero takes it out.
    pub fn set(&mut self, element: Element, mg: u64) {
        match (self.position(element), mg) {
            (Ok(at), 0) => {
                self.0.remove(at);
            }
            (Ok(at), mg) => self.0[at].1 = mg,
            (Err(_), 0) => {}
            (Err(at), mg) => self.0.insert(at, (element, mg)),
        }
    }

    /// Adds to an element. Sums of the masses a bundle can hold stay far below 2⁶⁴; it saturates
    /// there, which no check accepts.
    pub fn add(&mut self, element: Element, mg: u64) {
        self.set(element, self.get(element).saturating_add(mg));
    }

    /// Adds all of another.
    pub fn add_all(&mut self, other: &Masses) {
        for (element, mg) in other.iter() {
            self.add(element, mg);
        }
    }

    /// This less the other, element by element, not below zero.
    #[must_use]
    pub fn less(&self, other: &Masses) -> Masses {
        self.iter().map(|(element, mg)| (element, mg.saturating_sub(other.get(element)))).collect()
    }

    /// The elements and their masses, by atomic number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Element, u64)> + '_ {
        self.0.iter().copied()
    }

    /// All masses together.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, mg)| sum.saturating_add(*mg))
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives back memory that is not used.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    fn position(&self, element: Element) -> Result<usize, usize> {
        self.0.binary_search_by_key(&element, |(e, _)| *e)
    }
}

impl FromIterator<(Element, u64)> for Masses {
    fn from_iter<T: IntoIterator<Item = (Element, u64)>>(items: T) -> Self {
        let mut masses = Masses::default();
        for (element, mg) in items {
            masses.add(element, mg);
        }
        masses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_leave_and_sums_add() {
        let (nd, pr) = (Element::parse("Nd").unwrap(), Element::parse("Pr").unwrap());
        let mut masses: Masses = [(nd, 3), (pr, 0), (nd, 4)].into_iter().collect();
        assert_eq!(masses.iter().collect::<Vec<_>>(), [(nd, 7)]);
        masses.set(nd, 0);
        assert!(masses.is_empty());
        let left = Masses::from_iter([(nd, 5), (pr, 1)]).less(&Masses::from_iter([(nd, 9)]));
        assert_eq!(left, Masses::from_iter([(pr, 1)]));
    }
}
