//! How one certificate stands in a log: small, because a witness keeps one for each.

use std::fmt;

use crate::decimal::{Mass, kilograms};
use crate::element::Element;
use crate::entry::{CertificateEntry, Draw};
use crate::form::{CloseReason, StatusPurpose};
use crate::masses::Masses;
use crate::wire::Home;

/// How a certificate stands in a log, after some entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    arrival: Arrival,
    elsewhere: Option<Home>,
    rows: Box<[Row]>,
    draws: u64,
    closed: Option<CloseReason>,
    revoked: bool,
    suspended: bool,
}

/// How a certificate came into a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is registered there.
    Registered,
    /// It is registered in another log, and its lot was admitted.
    Admitted,
}

/// One element of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    element: Element,
    content_mg: u64,
    drawn_mg: u64,
}

/// What is said of a certificate cannot be so in any log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// The text is not one that a standing has.
    #[error("not the text of a standing")]
    Text,
    /// Something is drawn from a lot that does not hold it, or draws and what they took do not go together.
    #[error("draws that the lot cannot have seen")]
    Draws,
    /// A certificate that creates no lot is admitted, has another home than the log, or is closed.
    #[error("it creates no lot, and is said to be admitted, elsewhere or closed")]
    NoLot,
    /// A lot that was admitted has another home than the log.
    #[error("admitted, and its home is elsewhere")]
    Admission,
    /// The status of a certificate that was admitted is kept by the log it came from.
    #[error("admitted, and with a status")]
    Status,
}

impl Standing {
    /// A certificate that has just been registered: the content of its lot, if it creates one, and
    /// its home, if that is another log.
    pub fn registered(content: Option<&Masses>, elsewhere: Option<Home>) -> Self {
        let rows = content.into_iter().flat_map(Masses::iter);
        Standing {
            arrival: Arrival::Registered,
            elsewhere,
            rows: rows.map(|(element, content_mg)| Row { element, content_mg, drawn_mg: 0 }).collect(),
            draws: 0,
            closed: None,
            revoked: false,
            suspended: false,
        }
    }

    /// A lot that has just been admitted.
    pub fn admitted(content: &Masses) -> Self {
        Standing { arrival: Arrival::Admitted, ..Self::registered(Some(content), None) }
    }

    /// The same, after so many draws that took so much in all.
    pub fn with_draws(mut self, draws: u64, drawn: &Masses) -> Result<Self, StandingError> {
        if drawn.iter().any(|(element, mg)| mg > self.content_mg(element)) {
            return Err(StandingError::Draws);
        }
        for row in &mut self.rows {
            row.drawn_mg = drawn.get(row.element);
        }
        self.draws = draws;
        self.sound()
    }

    /// The same, closed.
    pub fn with_closing(mut self, reason: CloseReason) -> Result<Self, StandingError> {
        self.closed = Some(reason);
        self.sound()
    }

    /// The same, revoked or suspended.
    pub fn with_status(mut self, purpose: StatusPurpose) -> Result<Self, StandingError> {
        self.set(purpose, true);
        self.sound()
    }

    /// A certificate as its entry leaves it.
    pub(super) fn of(entry: &CertificateEntry, origin: &Home) -> Self {
        let elsewhere = (entry.home() != origin).then(|| entry.home().clone());
        let closed = entry.is_delivered().then_some(CloseReason::Delivered);
        Standing { closed, ..Self::registered(entry.content(), elsewhere) }
    }

    /// How it came into the log.
    pub fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// The home of its lot, if that is another log: draws are recorded there.
    pub fn elsewhere(&self) -> Option<&Home> {
        self.elsewhere.as_ref()
    }

    /// Whether it creates a lot.
    pub fn is_lot(&self) -> bool {
        !self.rows.is_empty()
    }

    /// The content of its lot.
    pub fn content(&self) -> Masses {
        self.rows.iter().map(|row| (row.element, row.content_mg)).collect()
    }

    /// What was drawn from its lot.
    pub fn drawn(&self) -> Masses {
        self.rows.iter().map(|row| (row.element, row.drawn_mg)).collect()
    }

    /// How many draws there were: the running number of the last.
    pub fn draws(&self) -> u64 {
        self.draws
    }

    /// Why its lot was closed, if it was.
    pub fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    /// Whether it is revoked or suspended.
    pub fn has(&self, purpose: StatusPurpose) -> bool {
        match purpose {
            StatusPurpose::Revocation => self.revoked,
            StatusPurpose::Suspension => self.suspended,
        }
    }

    pub(super) fn content_mg(&self, element: Element) -> u64 {
        let row = self.rows.iter().find(|row| row.element == element);
        row.map_or(0, |row| row.content_mg)
    }

    /// Takes a draw that was found to be the next one.
    pub(super) fn draw(&mut self, draw: &Draw) {
        for row in &mut self.rows {
            row.drawn_mg = draw.cumulative().get(row.element);
        }
        self.draws = draw.seq();
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        self.closed = Some(reason);
    }

    pub(super) fn set(&mut self, purpose: StatusPurpose, value: bool) {
        match purpose {
            StatusPurpose::Revocation => self.revoked = value,
            StatusPurpose::Suspension => self.suspended = value,
        }
    }

    /// Refuses what no replay leads to.
    fn sound(self) -> Result<Self, StandingError> {
        let took = self.rows.iter().any(|row| row.drawn_mg > 0);
        let more = self.rows.iter().any(|row| row.drawn_mg > row.content_mg);
        let admitted = self.arrival == Arrival::Admitted;
        if more || took != (self.draws > 0) || (took && self.elsewhere.is_some()) {
            Err(StandingError::Draws)
        } else if !self.is_lot() && (admitted || self.elsewhere.is_some() || self.closed.is_some()) {
            Err(StandingError::NoLot)
        } else if admitted && self.elsewhere.is_some() {
            Err(StandingError::Admission)
        } else if admitted && (self.revoked || self.suspended) {
            Err(StandingError::Status)
        } else {
            Ok(self)
        }
    }
}

/// One line of six words, `-` for what there is none of: `registered` or `admitted`; the home, if it is
/// elsewhere; how many draws; why it is closed; its statuses; content and what is drawn of each
/// element, in kilograms.
///
/// `registered - 2 - suspension Nd:68.58848:1.5,Dy:0.2:0`
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrival = match self.arrival {
            Arrival::Registered => "registered",
            Arrival::Admitted => "admitted",
        };
        let home = self.elsewhere.as_ref().map_or(NONE, Home::as_str);
        let closed = self.closed.map_or(NONE, CloseReason::as_str);
        write!(f, "{arrival} {home} {} {closed} ", self.draws)?;
        let statuses = StatusPurpose::ALL.iter().filter(|purpose| self.has(**purpose));
        listed(f, statuses.map(|purpose| purpose.as_str().to_owned()))?;
        f.write_str(" ")?;
        let row =
            |row: &Row| format!("{}:{}:{}", row.element, kilograms(row.content_mg), kilograms(row.drawn_mg));
        listed(f, self.rows.iter().map(row))
    }
}

/// No home begins with it.
const NONE: &str = "-";

fn listed(f: &mut fmt::Formatter<'_>, words: impl Iterator<Item = String>) -> fmt::Result {
    let words: Vec<String> = words.collect();
    f.write_str(if words.is_empty() { NONE.to_owned() } else { words.join(",") }.as_str())
}

impl Standing {
    /// Reads what [`Standing`] prints, and nothing else.
    pub fn parse(text: &str) -> Result<Self, StandingError> {
        let standing = read(text).ok_or(StandingError::Text)?.sound()?;
        if standing.to_string() == text { Ok(standing) } else { Err(StandingError::Text) }
    }
}

/// Reads it as far as each word goes; that it is the one text is for the caller.
fn read(text: &str) -> Option<Standing> {
    let mut words = text.split(' ');
    let arrival = match words.next()? {
        "registered" => Arrival::Registered,
        "admitted" => Arrival::Admitted,
        _ => return None,
    };
    let elsewhere = stated(words.next()?, Home::parse)?;
    let draws = words.next()?.parse().ok()?;
    let closed = stated(words.next()?, CloseReason::parse)?;
    let statuses = stated(words.next()?, |list| list.split(',').map(StatusPurpose::parse).collect())?;
    let statuses: Vec<StatusPurpose> = statuses.unwrap_or_default();
    let rows: Option<Box<[Row]>> = stated(words.next()?, |list| list.split(',').map(row).collect())?;
    let rows = rows.unwrap_or_default();
    let in_order = rows.is_sorted_by(|a, b| a.element < b.element);
    (words.next().is_none() && in_order).then(|| Standing {
        arrival,
        elsewhere,
        rows,
        draws,
        closed,
        revoked: statuses.contains(&StatusPurpose::Revocation),
        suspended: statuses.contains(&StatusPurpose::Suspension),
    })
}

/// What a word says; `None` if it says nothing that can be read.
fn stated<T>(word: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if word == NONE { Some(None) } else { parse(word).map(Some) }
}

fn row(text: &str) -> Option<Row> {
    let mut parts = text.split(':');
    let element = Element::parse(parts.next()?)?;
    let content_mg = Mass::parse(parts.next()?).ok()?.mg();
    let drawn_mg = Mass::parse(parts.next()?).ok()?.mg();
    (parts.next().is_none() && content_mg > 0).then_some(Row { element, content_mg, drawn_mg })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masses(text: &[(&str, u64)]) -> Masses {
        text.iter().map(|(symbol, mg)| (Element::parse(symbol).unwrap(), *mg)).collect()
    }

    #[test]
    fn the_text_round_trips() {
        let content = masses(&[("Nd", 68_588_480), ("Dy", 200_000)]);
        let home = Home::parse("other.example/ree").unwrap();
        let open = Standing::registered(Some(&content), None);
        for (standing, text) in [
            (Standing::registered(None, None), "registered - 0 - - -"),
            (
                Standing::registered(None, None).with_status(StatusPurpose::Revocation).unwrap(),
                "registered - 0 - revocation -",
            ),
            (
                Standing::registered(Some(&content), Some(home)),
                "registered other.example/ree 0 - - Nd:68.58848:0,Dy:0.2:0",
            ),
            (
                open.clone().with_draws(2, &masses(&[("Nd", 1_500_000)])).unwrap(),
                "registered - 2 - - Nd:68.58848:1.5,Dy:0.2:0",
            ),
            (
                Standing::admitted(&content).with_closing(CloseReason::Lost).unwrap(),
                "admitted - 0 lost - Nd:68.58848:0,Dy:0.2:0",
            ),
            (
                open.with_status(StatusPurpose::Suspension)
                    .and_then(|standing| standing.with_status(StatusPurpose::Revocation))
                    .unwrap(),
                "registered - 0 - revocation,suspension Nd:68.58848:0,Dy:0.2:0",
            ),
        ] {
            assert_eq!(standing.to_string(), text);
            assert_eq!(Standing::parse(text), Ok(standing));
        }
    }

    #[test]
    fn what_no_replay_leads_to_is_refused() {
        for (text, error) in [
            ("registered - 1 - - Nd:1:1.000001", StandingError::Draws),
            ("registered - 0 - - Nd:1:1", StandingError::Draws),
            ("registered - 1 - - Nd:1:0", StandingError::Draws),
            ("registered - 1 - - -", StandingError::Draws),
            ("registered other.example 1 - - Nd:1:1", StandingError::Draws),
            ("registered other.example 0 - - -", StandingError::NoLot),
            ("registered - 0 lost - -", StandingError::NoLot),
            ("admitted - 0 - - -", StandingError::NoLot),
            ("admitted other.example 0 - - Nd:1:0", StandingError::Admission),
            ("admitted - 0 - revocation Nd:1:0", StandingError::Status),
            ("", StandingError::Text),
            ("registered - 0 - -", StandingError::Text),
            ("registered - 0 - - - -", StandingError::Text),
            ("registered - 00 - - -", StandingError::Text),
            ("registered - -1 - - -", StandingError::Text),
            ("registered  - 0 - - -", StandingError::Text),
            ("registered - 0 - - Nd:1.0:0", StandingError::Text),
            ("registered - 0 - - Nd:0:0", StandingError::Text),
            ("registered - 0 - - Dy:1:0,Nd:1:0", StandingError::Text),
            ("registered - 0 - - Nd:1:0,Nd:1:0", StandingError::Text),
            ("registered - 0 - suspension,revocation Nd:1:0", StandingError::Text),
            ("registered - 0 sold - Nd:1:0", StandingError::Text),
            ("registered - 0 - - Nd:1:0\n", StandingError::Text),
        ] {
            assert_eq!(Standing::parse(text), Err(error), "{text}");
        }
        let lot = Standing::registered(Some(&masses(&[("Nd", 1)])), None);
        assert_eq!(lot.with_draws(1, &masses(&[("Pr", 1)])), Err(StandingError::Draws));
    }

    /// A witness keeps one of these for each certificate of a log.
    #[test]
    fn a_standing_is_small() {
        assert!(size_of::<Standing>() <= 48, "{}", size_of::<Standing>());
    }
}
