//! The corridors of `examples`, issued in memory: certificates, a log with witnesses, status lists, bundles.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use examples::corridor::{Corridor, Meaning, load};
use jiff::{Timestamp, ToSpan as _};
use ytterby::digest::Digest;
use ytterby::entry::{Closing, Entry};
use ytterby::form::{CloseReason, StatusPurpose};
use ytterby::key::SigningKey;
use ytterby::status_list::NewStatusList;
use ytterby::time::{format_time, parse_time};
use ytterby::{Bundle, Certificate, Draft, Receipt};

use crate::book::{Book, home, time};
use crate::log::{TestLog, witness};

/// The time the first of them is issued and verified at.
pub const NOW: &str = "2026-11-24T12:00:00Z";

/// The corridors.
pub const FOLDERS: [&str; 4] = ["corridor", "dfars-2027", "mofcom-suspended", "recycled"];

/// A corridor whose certificates are all issued and registered.
pub struct Issued {
    /// What was issued.
    pub corridor: Corridor,
    /// Lots are in its certificates.
    pub book: Book,
    /// Accreditations and attestations.
    statements: Vec<Certificate<'static>>,
    /// Bundles, in the order of the deliveries.
    pub bundles: Vec<Bundle<'static>>,
    log: TestLog,
    /// The first receipt of everything that was in the log when a bundle was made.
    receipts: HashMap<Digest, Receipt<'static>>,
    /// Lots that were closed, with the index of the entry.
    closed: Vec<(Digest, u64)>,
}

/// The first corridor. The book holds every lot; the last is the delivery to the buyer.
///
/// # Panics
///
/// When a file is unreadable or its draft is refused: the corridor is part of the project.
pub fn issued() -> Book {
    Issued::of(FOLDERS[0]).book
}

fn status_key() -> SigningKey {
    SigningKey::from_seed(Digest::of(b"test key of the status lists").as_bytes())
}

impl Issued {
    /// Issues a corridor, each certificate on the last day of what it is about.
    ///
    /// # Panics
    ///
    /// When a file is unreadable or its draft is refused: the corridors are part of the project.
    pub fn of(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
        let corridor = load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let number = FOLDERS.iter().position(|own| *own == name).unwrap_or_default();
        let mut issued = Issued {
            book: Book::new(&corridor.log, u64::try_from(number).unwrap_or_default()),
            statements: Vec::new(),
            bundles: Vec::new(),
            log: TestLog::new(&corridor.log),
            corridor,
            receipts: HashMap::new(),
            closed: Vec::new(),
        };
        issued.accredit();
        issued.play();
        issued
    }

    /// A trust file that pins the anchor and the log, and says who the reader is.
    pub fn trust_file(&self, holder: &str) -> String {
        Self::trust_file_of(&format!("{} sourcing", self.corridor.buyer.title), &[holder], &[self])
    }

    /// A trust file for a reader of several names, who buys from several corridors of one anchor.
    pub fn trust_file_of(name: &str, holders: &[&str], all: &[&Issued]) -> String {
        let holders: Vec<_> = holders.iter().map(|holder| Book::did(holder).to_string()).collect();
        let anchor = &all.first().expect("a corridor").corridor.anchor.name;
        let (key, anchor) = (Book::default().key(anchor).public(), Book::did(anchor));
        let logs: Vec<&str> = all.iter().map(|own| &*own.corridor.log).collect();
        let witnesses = (1..=4).map(|number| {
            format!("\n[[witness]]\nkey = \"{}\"\naudits = {logs:?}\n", witness(number).verifier_key())
        });
        let pin = format!("\nstatus_keys = [\"{}\"]\nkey = ", status_key().public());
        let pinned = all.iter().map(|own| own.log.pinned().replacen("\nkey = ", &pin, 1));
        let pinned =
            pinned.map(|table| format!("\n{}", table.replace("did:web:alliance.example", anchor.as_str())));
        format!(
            "# Every key here is a test key, made from a name that anybody knows.\n\
             version = 1\nname = \"{name}\"\nholder = {holders:?}\n\n\
             [[anchor]]\ndid = \"{anchor}\"\nkeys = [\"{key}\"]\n{}{}\n[quorum]\nneed = 3\ndishonest = 1\n",
            pinned.collect::<String>(),
            witnesses.collect::<String>(),
        )
    }

    fn last_day(&self) -> jiff::civil::Date {
        ytterby::time::parse_date(&self.corridor.last_day).expect("a day")
    }

    /// The anchor accredits every company, two months before the last day.
    fn accredit(&mut self) {
        let noon = |day: jiff::civil::Date| time(&format!("{day}T12:00:00Z"));
        let day = self.last_day();
        let from = noon(day.saturating_sub(60.days()));
        let span = [&*format_time(from), &*format_time(noon(day.saturating_add(1.year())))];
        let Corridor { anchor, companies, .. } = &self.corridor;
        self.book.call(&anchor.name, &anchor.title);
        for company in companies {
            self.book.call(&company.name, &company.title);
            let did = Book::did(&company.name).to_string();
            let keys = [self.book.key(&company.name).public().to_string()];
            let draft = self.corridor.accreditation(company, &did, &keys, span).to_string();
            let given = self.book.state(&anchor.name, &parsed(&draft, &company.name), from);
            let given = given.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", company.name));
            self.log.register(&given);
            self.statements.push(given);
        }
    }

    /// Everybody issues; whenever a delivery is done its bundle is made.
    fn play(&mut self) {
        let Corridor { companies, buyer, .. } = &self.corridor;
        let names = companies.iter().chain([buyer]).map(|company| &company.name);
        let dids: HashMap<_, _> = names.map(|name| (name.clone(), Book::did(name).to_string())).collect();
        let today = self.last_day();
        let (mut lots, mut digests) = (HashMap::new(), HashMap::new());
        let mut at = Timestamp::MIN;
        for step in std::mem::take(&mut self.corridor.steps) {
            if let Some((lot, reason)) = &step.close {
                let certificate = digests[lot.trim_start_matches('@')];
                let reason = CloseReason::parse(reason).expect("a reason");
                let index = self.log.record(&Entry::Closing(Closing { certificate, reason }));
                self.closed.push((certificate, index));
            }
            if let Some(draft) = &step.draft {
                let filled = Meaning { today, dids: &dids, lots: &lots }.fill(draft);
                at = at.max(done(&filled).unwrap_or(at));
                let draft = parsed(&filled.to_string(), &step.name);
                let made = self.issue(&step.issuer, &draft, at);
                let made = made.unwrap_or_else(|refusal| panic!("{}: {refusal:#?}", step.name));
                self.log.register(&made);
                lots.insert(step.name.clone(), made.claims().id.urn().to_string());
                digests.insert(step.name.clone(), made.digest());
            }
            if let Some(number) = self.corridor.deliveries.iter().position(|own| own.step == step.name) {
                let made = time(&self.corridor.deliveries[number].made);
                self.bundle(digests[&step.name], made);
            }
        }
    }

    fn issue(
        &mut self,
        company: &str,
        draft: &Draft,
        at: Timestamp,
    ) -> Result<Certificate<'static>, ytterby::Refusal> {
        if draft.kind().creates_lot() {
            return self.book.issue(company, draft, at);
        }
        let made = self.book.state(company, draft, at)?;
        self.statements.push(made.clone());
        Ok(made)
    }

    /// Makes the bundle of a delivery: what is behind it, and all that is stated, under a checkpoint from an hour
    /// before; what was in a bundle before keeps its receipt, with that checkpoint beside it.
    fn bundle(&mut self, delivered: Digest, made: Timestamp) {
        self.log.cosigned_at = u64::try_from(made.as_second()).expect("a time of ours") - 3_600;
        let checkpoint = self.log.cosigned(3);
        let mut current = HashMap::new();
        for digest in self.book.certificates.iter().chain(&self.statements).map(Certificate::digest) {
            let receipt = match self.receipts.get(&digest) {
                Some(first) => self.log.refreshed(first, &checkpoint),
                None => self.log.receipt(&digest, &checkpoint),
            };
            self.receipts.entry(digest).or_insert_with(|| receipt.clone());
            current.insert(digest, receipt);
        }
        let certificates: Vec<_> =
            self.behind(delivered).into_iter().chain(self.statements.clone()).collect();
        let digests: HashSet<_> = certificates.iter().map(Certificate::digest).collect();
        current.retain(|digest, _| digests.contains(digest));
        let size = self.log.head().size;
        let list = |purpose| {
            let log = home(&self.corridor.log);
            NewStatusList { log: &log, number: 0, purpose, size, at: made, set: &[] }.sign(&status_key())
        };
        let closed = self.closed.iter().filter(|(lot, _)| digests.contains(lot));
        let closings: Vec<_> =
            closed.map(|(_, index)| ("closings", self.log.event(*index, &checkpoint, None))).collect();
        let bundle = Bundle::of(vec![delivered], certificates)
            .with_receipts(current)
            .with_status_lists([StatusPurpose::Revocation, StatusPurpose::Suspension].map(list))
            .with_events(closings);
        self.bundles.push(bundle);
    }

    /// A lot and everything behind it, in the order of issue.
    fn behind(&self, lot: Digest) -> Vec<Certificate<'static>> {
        let mut wanted = HashSet::from([lot]);
        let mut behind = Vec::new();
        for certificate in self.book.certificates.iter().rev().filter(|own| own.lot().is_some()) {
            if wanted.contains(&certificate.digest()) {
                let inputs = certificate.lot().map_or(&[][..], |lot| &lot.inputs);
                wanted.extend(inputs.iter().map(|input| input.digest));
                behind.push(certificate.clone());
            }
        }
        behind.reverse();
        behind
    }
}

fn parsed(draft: &str, name: &str) -> Draft {
    Draft::parse(draft.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Noon of the last day that a draft speaks of.
fn done(draft: &serde_json::Value) -> Option<Timestamp> {
    let day = draft["period"]["to"].as_str().or(draft["dispatchDate"].as_str())?;
    parse_time(&format!("{day}T12:00:00Z")).ok()
}
