//! What was measured: an aligned table for people, JSON for machines.

use serde_json::{Value, json};

/// One figure, with the baseline it is compared to.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// The baseline's name and value, measured in the same run or, for memory, wanted.
    pub(crate) baseline: (&'static str, f64),
}

impl Figure {
    fn ratio(&self) -> f64 {
        self.value / self.baseline.1
    }
}

#[derive(Default)]
pub(crate) struct Figures {
    figures: Vec<Figure>,
    missing: Vec<String>,
}

impl Figures {
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        baseline: (&'static str, f64),
    ) {
        self.figures.push(Figure { name: name.into(), value, unit, baseline });
    }

    /// Notes what could not be measured, and what it needs.
    pub(crate) fn missing(&mut self, text: impl Into<String>) {
        self.missing.push(text.into());
    }

    pub(crate) fn table(&self) -> String {
        let header = ["figure", "value", "unit", "baseline", "", "ratio"].map(str::to_owned);
        let row = |f: &Figure| {
            let (against, value) = f.baseline;
            [
                f.name.clone(),
                rounded(f.value),
                f.unit.to_owned(),
                rounded(value),
                against.to_owned(),
                format!("{:.2}", f.ratio()),
            ]
        };
        let rows: Vec<_> = std::iter::once(header).chain(self.figures.iter().map(row)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        let mut out = String::new();
        for row in &rows {
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let number = matches!(column, 1 | 3 | 5);
                out += &if number { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        for line in &self.missing {
            out += &format!("not measured: {line}\n");
        }
        out
    }

    pub(crate) fn json(&self) -> String {
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|f| {
                let (against, value) = f.baseline;
                let baseline = json!({ "name": against, "value": value });
                json!({ "name": f.name, "value": f.value, "unit": f.unit, "baseline": baseline, "ratio": f.ratio() })
            })
            .collect();
        let all = json!({ "figures": figures, "notMeasured": self.missing });
        format!("{all:#}\n")
    }
}

/// Three significant digits or the whole number.
fn rounded(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}
