//! From a place in the certificate to be, to the member of the draft that a clerk typed.
//! Implements proto-docs/http-api.md, "Drafts".

use crate::draft::{Draft, Take};
use crate::element::{Element, Oxide};
use crate::finding::Finding;
use crate::form::Kind;
use crate::json::Value;

impl Draft {
    /// A finding about the certificate made from this draft, at the member that it comes from. What was
    /// computed is not in the draft: it points at what it was computed from.
    pub(crate) fn place(&self, mut finding: Finding) -> Finding {
        let typed = finding.pointer.strip_prefix("/credentialSubject").unwrap_or(&finding.pointer);
        let mut words = typed.split('/').skip(1);
        let words = (words.next().unwrap_or_default(), words.next(), words.next(), words.next());
        let place = match (words.0, words.1, words.2) {
            ("content", Some(element), _) => self.source_of(element),
            ("content", None, _) => self.first_typed(&["netMass", "assay", "inputs"]),
            ("inputs", Some(at), Some("draws")) => self.draw(at, words.3),
            ("inputs", Some(at), Some("rest")) => format!("/inputs/{at}"),
            ("inputs", Some(at), Some("digestMultibase")) => format!("/inputs/{at}/lot"),
            ("proof", ..) => self.last_day(),
            ("period", None, _) if finding.code.as_str().starts_with("time.") => self.last_day(),
            ("holder", ..) if self.member_of("holder").is_none() && self.kind() == Kind::Transfer => {
                "/to/id".to_owned()
            }
            ("issuer" | "home", ..) => String::new(),
            ("contentFrom", ..) => self.first_typed(&["contentFrom", "assay", "netMass"]),
            _ => typed.to_owned(),
        };
        finding.pointer = place;
        finding
    }

    /// The row of the assay with an element, else the material or the draw it is said to come from.
    fn source_of(&self, symbol: &str) -> String {
        let element = Element::parse(symbol);
        let is = |row: &Value<'_>| {
            let word = |name: &str| row.get(name).and_then(Value::as_str);
            let oxide = word("oxide").and_then(Oxide::parse).map(|oxide| oxide.element);
            oxide.or_else(|| word("element").and_then(Element::parse)) == element
        };
        let row = |rows: Option<&Value<'_>>| rows.and_then(Value::as_array)?.iter().position(is);
        if let Some(at) = row(self.member_of("assay").and_then(|assay| assay.get("components"))) {
            return format!("/assay/components/{at}");
        }
        if let Some(at) = row(self.member_of("declaredInputs")) {
            return format!("/declaredInputs/{at}");
        }
        let draws = |take: &Take| match (take, element) {
            (Take::Exactly(draws), Some(element)) => draws.get(element) > 0,
            _ => false,
        };
        match self.inputs().iter().position(|input| draws(&input.take)) {
            Some(at) => self.draw(&at.to_string(), Some(symbol)),
            None => self.first_typed(&["assay", "netMass", "inputs"]),
        }
    }

    /// What was typed of the draw on an input: elements, oxides, or nothing but the lot.
    fn draw(&self, at: &str, symbol: Option<&str>) -> String {
        let input = at.parse().ok().and_then(|at: usize| Some((at, self.inputs().get(at)?)));
        match (input.map(|(at, input)| (at, &input.take)), symbol.and_then(Element::parse)) {
            (Some((at, Take::Exactly(_))), _) if self.in_oxides.contains(&at) => {
                format!("/inputs/{at}/oxideDraws")
            }
            (Some((at, Take::Exactly(draws))), Some(element)) if draws.get(element) > 0 => {
                format!("/inputs/{at}/draws/{element}")
            }
            (Some((at, Take::Exactly(_))), _) => format!("/inputs/{at}/draws"),
            _ => format!("/inputs/{at}"),
        }
    }

    fn last_day(&self) -> String {
        let day = if self.kind() == Kind::Transfer { "dispatchDate" } else { "period" };
        match (self.member_of(day), day) {
            (None, _) => String::new(),
            (Some(_), "period") => "/period/to".to_owned(),
            (Some(_), _) => format!("/{day}"),
        }
    }

    fn first_typed(&self, names: &[&str]) -> String {
        let typed = |name: &&&str| match **name {
            "inputs" => !self.inputs().is_empty(),
            name => self.member_of(name).is_some(),
        };
        names.iter().find(typed).map_or_else(String::new, |name| format!("/{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Code;

    #[test]
    fn computed_members_point_at_what_was_typed() {
        let bytes = br#"{"type":"ProcessingCertificate","step":"separation","netMass":"10",
            "assay":{"components":[{"oxide":"Nd2O3","percent":"1"},{"element":"Pr","percent":"2"}]},
            "period":{"from":"2026-01-01","to":"2026-01-31"},
            "inputs":[{"lot":"a"},{"lot":"b","draws":{"Ce":"1"}},{"lot":"c","oxideDraws":{"La2O3":"1"}}]}"#;
        let draft = Draft::parse(bytes).unwrap();
        for (there, here) in [
            ("/credentialSubject/content/Pr", "/assay/components/1"),
            ("/credentialSubject/content/Nd", "/assay/components/0"),
            ("/credentialSubject/content/Ce", "/inputs/1/draws/Ce"),
            ("/credentialSubject/content/La", "/inputs/2/oxideDraws"),
            ("/credentialSubject/content/Dy", "/assay"),
            ("/credentialSubject/content", "/netMass"),
            ("/credentialSubject/inputs/0/draws/Nd", "/inputs/0"),
            ("/credentialSubject/inputs/1/draws/Ce", "/inputs/1/draws/Ce"),
            ("/credentialSubject/inputs/0/lot", "/inputs/0/lot"),
            ("/credentialSubject/inputs/0/digestMultibase", "/inputs/0/lot"),
            ("/credentialSubject/contentFrom", "/assay"),
            ("/credentialSubject/facility/country", "/facility/country"),
            ("/proof/created", "/period/to"),
            ("/inputs/0/lot", "/inputs/0/lot"),
            ("", ""),
        ] {
            let finding = Finding::new(Code::ConservationExceedsDraws, "text").at(there);
            assert_eq!(draft.place(finding).pointer, here, "{there}");
        }
        let after = Finding::new(Code::TimeAfterIssue, "text").at("/credentialSubject/period");
        assert_eq!(draft.place(after).pointer, "/period/to");
        let missing = Finding::new(Code::MalformedMissingField, "text").at("/credentialSubject/period");
        assert_eq!(draft.place(missing).pointer, "/period");
    }
}
