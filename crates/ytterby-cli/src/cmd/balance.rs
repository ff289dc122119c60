//! `ytterby balance`: what went in and what came out, per account and element, and what is left of lots.
//!
//! An account is an issuer at a facility, or what a holder received and did not use yet. For each,
//! opening + in + gain = out + residue + lost + open, to the milligram.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};
use ytterby::Certificate;
use ytterby::decimal::kilograms;
use ytterby::element::Element;
use ytterby::text::printable;

use crate::accounts::{Accounts, COLUMNS, Flows};
use crate::args::{Balance, Format};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::{amount, style, wrap};

/// Prints the balance.
pub(crate) fn run(args: &Balance, mut output: Output) -> Result<u8, Failure> {
    let bytes = super::read(&args.input)?;
    let bundle = super::parse(&args.input, &bytes, &output)?;
    let accounts = Accounts::of(&bundle);
    let wanted = |element: Element| args.element.is_none_or(|wanted| wanted == element);
    let lots: Vec<LotRow<'_>> = lots(&bundle, &wanted);
    match args.format {
        Format::Human => {
            output.data(&format!("{}\n", style::strong("accounts, kg")))?;
            output.data(&account_table(&accounts, &wanted))?;
            output.data(&format!("\n{}\n", style::strong("lots, kg")))?;
            output.data(&lot_table(&lots))?;
            output.note("as the certificates in the file have it; nothing was verified");
        }
        Format::Json => output.json(&to_json(&accounts, &lots, &wanted), true)?,
    }
    Ok(0)
}

/// An element of a lot.
struct LotRow<'b> {
    certificate: &'b Certificate<'b>,
    number: &'b str,
    element: Element,
    content_mg: u64,
    drawn_mg: u64,
}

fn lots<'b>(bundle: &'b ytterby::Bundle<'b>, wanted: &dyn Fn(Element) -> bool) -> Vec<LotRow<'b>> {
    let drawn = super::show::drawn(bundle.certificates());
    let mut rows = Vec::new();
    for certificate in bundle.certificates() {
        let Some(lot) = certificate.lot() else { continue };
        for (element, content_mg) in lot.content.iter().filter(|(element, _)| wanted(*element)) {
            let drawn_mg = drawn.get(&certificate.digest()).map_or(0, |drawn| drawn.get(element));
            rows.push(LotRow { certificate, number: &lot.number, element, content_mg, drawn_mg });
        }
    }
    rows
}

fn account_table(accounts: &Accounts, wanted: &dyn Fn(Element) -> bool) -> String {
    let mut heads = vec!["account", "as"];
    heads.extend(COLUMNS);
    let mut rows = Vec::new();
    for (name, element, flows) in accounts.rows().filter(|(_, element, _)| wanted(*element)) {
        let row = |unit: &str, of: &dyn Fn(i128) -> i128| {
            let mut cells = vec![printable(name), unit.to_owned()];
            let all = flows.columns().map(of);
            // Opening, in and gain are what the others add up to.
            let (came, went) = all.split_at(3);
            let written = amount::row_style(came, went);
            cells.extend(all.iter().map(|mg| amount::signed(*mg, written)));
            cells
        };
        rows.push(row(element.symbol(), &|mg| mg));
        if let Some(oxide) = element.treo_oxide() {
            rows.push(row(oxide.name, &|mg| in_oxide(element, mg)));
        }
    }
    laid_out(&heads, rows)
}

fn lot_table(lots: &[LotRow<'_>]) -> String {
    let mut rows = Vec::new();
    for lot in lots {
        let left = i128::from(lot.content_mg) - i128::from(lot.drawn_mg);
        let row = |unit: &str, of: &dyn Fn(i128) -> i128| {
            let (content, drawn, left) = (of(lot.content_mg.into()), of(lot.drawn_mg.into()), of(left));
            let written = amount::row_style(&[content], &[drawn, left]);
            let words = [printable(lot.number), unit.to_owned()];
            words
                .into_iter()
                .chain([content, drawn, left].map(|mg| amount::signed(mg, written)))
                .collect::<Vec<_>>()
        };
        rows.push(row(lot.element.symbol(), &|mg| mg));
        if let Some(oxide) = lot.element.treo_oxide() {
            rows.push(row(oxide.name, &|mg| in_oxide(lot.element, mg)));
        }
    }
    laid_out(&["lot", "as", "content", "drawn", "left"], rows)
}

/// A table without lines, whose columns behind the first two are numbers. Where it is too narrow for that,
/// each row as a sentence under its first cell.
fn laid_out(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heads);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.add_rows(&rows);
    let text = format!("{table}\n");
    if text.lines().all(|line| line.trim_end().chars().count() <= wrap::width()) {
        return text;
    }
    let mut out = String::new();
    let mut under = None;
    for row in &rows {
        let [name, unit, numbers @ ..] = row.as_slice() else { continue };
        if under != Some(name) {
            out.push_str(&format!("{name}\n"));
            under = Some(name);
        }
        let named = heads.iter().skip(2).zip(numbers);
        let sentence: Vec<String> = named.map(|(head, number)| format!("{head} {number}")).collect();
        out.push_str(&wrap::hanging(&format!("  {unit:<6} "), 9, &sentence.join(" · "), str::to_owned));
    }
    out
}

/// The oxide that holds an element, keeping the sign of an overdraft.
fn in_oxide(element: Element, mg: i128) -> i128 {
    let size = u64::try_from(mg.unsigned_abs()).unwrap_or(u64::MAX);
    let oxide = amount::as_oxide(element, size).map_or(0, |(_, mg)| i128::from(mg));
    if mg < 0 { -oxide } else { oxide }
}

fn to_json(accounts: &Accounts, lots: &[LotRow<'_>], wanted: &dyn Fn(Element) -> bool) -> Value {
    let both = |element: Element, mg: i128| {
        json!({
            "element": amount::signed(mg, kilograms),
            "oxide": element.treo_oxide().map(|_| amount::signed(in_oxide(element, mg), kilograms)),
        })
    };
    let account = |(name, element, flows): (&str, Element, &Flows)| {
        let mut row = json!({
            "account": name,
            "element": element.symbol(),
            "oxide": element.treo_oxide().map(|oxide| oxide.name),
        });
        for (column, mg) in COLUMNS.into_iter().zip(flows.columns()) {
            row[column] = both(element, mg);
        }
        row
    };
    let lot = |lot: &LotRow<'_>| {
        let left = i128::from(lot.content_mg) - i128::from(lot.drawn_mg);
        json!({
            "lot": lot.number,
            "digest": lot.certificate.digest().to_string(),
            "element": lot.element.symbol(),
            "content": both(lot.element, lot.content_mg.into()),
            "drawn": both(lot.element, lot.drawn_mg.into()),
            "left": both(lot.element, left),
        })
    };
    json!({
        "balance": "ytterby.balance/1",
        "unit": "kg",
        "accounts": accounts.rows().filter(|(_, e, _)| wanted(*e)).map(account).collect::<Vec<_>>(),
        "lots": lots.iter().map(lot).collect::<Vec<_>>(),
    })
}
