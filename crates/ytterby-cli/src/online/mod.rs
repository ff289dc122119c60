//! `verify --online`: what may be asked over the network before a bundle is judged.
//!
//! What is fetched is put into the bundle and judged like the rest of it; nobody is believed more for
//! having answered. Implements proto-docs/verification.md, "Asking over the network".

mod documents;
mod logs;
mod web;

use ytterby::finding::{Code, Finding};
use ytterby::{Bundle, Trust};

pub(crate) use documents::Documents;
use logs::Logs;

/// What was fetched in this run, so that nothing is asked for twice.
#[derive(Debug, Default)]
pub(crate) struct Online {
    logs: Logs,
    documents: Documents,
}

impl Online {
    /// The bundle with newer status lists and checkpoints beside its own, and what is to be said of
    /// the network. `say` hears of each address before it is asked.
    pub(crate) fn refresh<'a>(
        &mut self,
        bundle: Bundle<'a>,
        trust: &Trust,
        say: &dyn Fn(&str),
    ) -> (Bundle<'a>, Vec<Finding>) {
        let mut findings = Vec::new();
        let bundle = self.logs.refresh(bundle, trust, say, &mut findings);
        self.documents.compare(&bundle, say, &mut findings);
        (bundle, findings)
    }
}

fn unavailable(text: impl Into<String>) -> Finding {
    Finding::new(Code::OnlineUnavailable, text)
}
