//! Reading drafts: one JSON object, or a table with a row per lot.

use serde_json::{Map, Value, json};
use ytterby::element::{Element, Oxide};

use crate::failure::Failure;
use crate::input::Source;

/// Largest file of drafts, in bytes: some ten thousand rows.
const MAX_BYTES: u64 = 16 << 20;

/// Every draft in a file, as JSON, with the name of its place.
pub(crate) fn read(source: &Source) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let name = source.name();
    let failed = |text: String| Failure::undecided(format!("{name}: {text}"));
    let bytes = source.read(MAX_BYTES).map_err(failed)?;
    let is_table = match source {
        Source::File(path) => path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")),
        Source::Stdin => !bytes.trim_ascii_start().starts_with(b"{"),
    };
    if !is_table {
        return Ok(vec![(name, bytes)]);
    }
    let rows = table(&bytes).map_err(failed)?;
    if rows.is_empty() {
        return Err(failed("a header and no row".to_owned()));
    }
    Ok(rows
        .into_iter()
        .map(|(line, draft)| (format!("{name} line {line}"), draft.to_string().into()))
        .collect())
}

/// The rows of a table, with their lines.
fn table(bytes: &[u8]) -> Result<Vec<(u64, Value)>, String> {
    // What spreadsheets put before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let heads = reader.headers().map_err(|error| error.to_string())?.clone();
    for (at, head) in heads.iter().enumerate() {
        if head.is_empty() || heads.iter().take(at).any(|other| other == head) {
            return Err(format!("column {} has no name, or that of another: {head:?}", at + 1));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut draft = Map::new();
        for (head, cell) in heads.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            set(&mut draft, head, cell).map_err(|text| format!("line {line}, column {head:?}: {text}"))?;
        }
        rows.push((line, Value::Object(draft)));
    }
    Ok(rows)
}

/// Puts a cell where its header says.
fn set(draft: &mut Map<String, Value>, head: &str, cell: &str) -> Result<(), String> {
    if head == "inputs" {
        let names = cell.split(';').map(str::trim).filter(|name| !name.is_empty());
        draft.insert("inputs".to_owned(), names.map(|name| json!({ "lot": name })).collect());
        return Ok(());
    }
    if let Some(species) = head.strip_prefix("assay.")
        && let Some(mut row) = component(species)
    {
        match cell.strip_prefix('<') {
            Some(limit) => row["below"] = json!(limit.trim_start()),
            None => row["percent"] = json!(cell),
        }
        let assay = object(draft, "assay")?;
        let rows = assay.entry("components").or_insert_with(|| json!([]));
        return rows.as_array_mut().map(|rows| rows.push(row)).ok_or_else(|| "not a list".to_owned());
    }
    let mut at = draft;
    let mut path = head;
    while let Some((name, rest)) = path.split_once('.') {
        at = object(at, name)?;
        path = rest;
    }
    match at.insert(path.to_owned(), json!(cell)) {
        Some(_) => Err("another column says the same".to_owned()),
        None => Ok(()),
    }
}

fn object<'m>(map: &'m mut Map<String, Value>, name: &str) -> Result<&'m mut Map<String, Value>, String> {
    let value = map.entry(name).or_insert_with(|| json!({}));
    value.as_object_mut().ok_or_else(|| format!("{name:?} is a text by another column"))
}

/// The row of an assay that an element or oxide begins.
fn component(species: &str) -> Option<Value> {
    if Oxide::parse(species).is_some() {
        return Some(json!({ "oxide": species }));
    }
    Element::parse(species).map(|_| json!({ "element": species }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_draft() {
        let text = "\u{feff}type,lotNumber,assay.massBasis,assay.Nd2O3,assay.Fe,inputs,facility.country\n\
                    OriginCertificate,\"A, 1\",dry,<0.01,1.5,a; b,\n";
        let rows = table(text.as_bytes()).unwrap();
        let wanted = json!({
            "type": "OriginCertificate", "lotNumber": "A, 1", "inputs": [{ "lot": "a" }, { "lot": "b" }],
            "assay": { "massBasis": "dry", "components": [
                { "oxide": "Nd2O3", "below": "0.01" }, { "element": "Fe", "percent": "1.5" }] },
        });
        assert_eq!(rows, [(2, wanted)]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(table(b"a,a\n1,2\n").unwrap_err().contains("column 2"));
        assert!(table(b"a,b\n1\n").is_err());
        assert!(table(b"a,a.b\n1,2\n").unwrap_err().contains("\"a\" is a text"));
        assert!(table(b"a.b,a\n1,2\n").unwrap_err().contains("another column"));
    }
}
