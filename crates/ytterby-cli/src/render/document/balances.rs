//! What went in and came out of every account, and what is left of every lot.

use std::collections::BTreeSet;

use ytterby::element::Element;
use ytterby::text::printable;

use super::Whole;
use super::table::{Cell, Look, Section, Table};
use crate::accounts::{Accounts, COLUMNS};
use crate::render::amount;

const NOTE: &str = "Kilograms of the elements that are delivered; `ytterby balance` has the others. Of an account, \
    opening, in and gain together are out, residue, lost and open together. Draws that are not in the file are \
    not in the balance.";

pub(super) fn section(whole: &Whole<'_, '_>) -> Option<Section> {
    let delivered = whole.shown.report.subject.iter();
    let delivered = delivered.filter_map(|digest| whole.shown.index.get(digest)?.lot());
    let elements: BTreeSet<Element> =
        delivered.flat_map(|lot| lot.content.iter().map(|(own, _)| own)).collect();
    let mut tables = accounts(whole, &elements);
    tables.push(lots(whole, &elements));
    Section::of("Balances", NOTE, tables)
}

/// A table for each account.
fn accounts(whole: &Whole<'_, '_>, elements: &BTreeSet<Element>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let accounts = Accounts::of(whole.bundle);
    for (name, element, flows) in accounts.rows().filter(|(_, element, _)| elements.contains(element)) {
        let caption = printable(name);
        if tables.last().is_none_or(|last| last.caption != caption) {
            let mut table = Table::new(caption, &["element"]);
            table.head.extend(COLUMNS.map(str::to_owned));
            tables.push(table);
        }
        let all = flows.columns();
        // Opening, in and gain are what the others add up to.
        let (came, went) = all.split_at(3);
        let written = amount::row_style(came, went);
        let mut cells = vec![element.symbol().into()];
        cells.extend(all.map(|mg| Cell::new(Look::Number, amount::signed(mg, written))));
        if let Some(table) = tables.last_mut() {
            table.add(cells);
        }
    }
    tables
}

fn lots(whole: &Whole<'_, '_>, elements: &BTreeSet<Element>) -> Table {
    let heads = ["lot", "element", "content", "drawn here", "left", "unbacked"];
    let mut table = Table::new("Lots", &heads);
    for own in &whole.shown.report.certificates {
        let Some(lot) = whole.shown.lot(own) else { continue };
        for (element, mg) in lot.content.iter().filter(|(element, _)| elements.contains(element)) {
            let drawn = own.drawn.get(element);
            let left = mg.saturating_sub(drawn);
            let written = amount::row_style(&[mg.into()], &[drawn.into(), left.into()]);
            let number = |mg: u64| Cell::new(Look::Number, written(mg));
            let unbacked = own.carried.as_ref().map(|carried| carried.unbacked.get(element));
            let unbacked = unbacked.map_or_else(|| Cell::new(Look::Number, "not known"), number);
            let name = format!("{} ({})", printable(&lot.number), lot.made_by());
            table.add(vec![
                name.into(),
                element.symbol().into(),
                number(mg),
                number(drawn),
                number(left),
                unbacked,
            ]);
        }
    }
    table
}
