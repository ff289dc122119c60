//! The corridor of `examples/corridor`, issued in memory.

use std::collections::HashMap;
use std::path::Path;

use examples::corridor::{Meaning, load};
use ytterby::Draft;

use crate::book::{Book, time};

/// The time it is issued and verified at.
pub const NOW: &str = "2026-11-24T12:00:00Z";

/// Issues all of it. The book holds every certificate; the last is the delivery to the buyer.
///
/// # Panics
///
/// When a file is unreadable or its draft is refused: the corridor is part of the project.
pub fn issued() -> Book {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/corridor");
    let corridor = load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut book = Book::default();
    let companies = corridor.companies.iter().map(|company| company.name.as_str()).chain(["buyer"]);
    let dids: HashMap<String, String> =
        companies.map(|name| (name.to_owned(), Book::did(name).to_string())).collect();
    let mut lots = HashMap::new();
    let today = ytterby::time::parse_date(&NOW[..10]).unwrap_or_default();
    for step in &corridor.steps {
        let Some(draft) = &step.draft else { continue };
        let text = Meaning { today, dids: &dids, lots: &lots }.fill(draft).to_string();
        let draft = Draft::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", step.name));
        let certificate = book.issue(&step.issuer, &draft, time(NOW)).unwrap_or_else(|refusal| {
            let findings: Vec<String> = refusal.iter().map(ToString::to_string).collect();
            panic!("{}: {}", step.name, findings.join("; "))
        });
        lots.insert(step.name.clone(), certificate.claims().id.urn().to_string());
    }
    book
}
