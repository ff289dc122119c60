//! Each fault of what publishing rests on, twice: what was not confirmed is lost, or persisted anyway. Afterwards the
//! registrar goes on with one history, or refuses to sign; the log that is public is verified from its first entry.

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ytterby::digest::Digest;
use ytterby_store::Store;

use super::audit::{Audit, PublicLog, follow_store};
use super::connection::{Answer, Connection, Post};
use super::faulty::{Faulty, Outcome, Plan, Verb};
use super::program::issuer;
use super::served::{Served, log_key, signed};
use super::witness::Witness;
use super::writer::{certificate, registration};
use super::{Engine, Failure, drafts, must, origin, wait};

use Expected::{Progress, Refuse};
use Fault::{Commit, Mark, MarkGone, OtherHistory, OtherServer, Unconfirmed};
use Outcome::{Lost, Persisted};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The storage does not confirm.
    Unconfirmed(Verb),
    /// The mark is not written, or the file is replaced and nobody is told.
    Mark,
    /// What was confirmed: an acknowledged commit, which is lost with a restored copy, or is not.
    Commit,
    /// What was confirmed: the write of the mark, whose file is the one before, or is not.
    MarkBack,
    /// The mark's file is gone: before anything was signed, or afterwards.
    MarkGone,
    /// Another server answers, from the commit on: one that lacks what was signed, or one that has it.
    OtherServer,
    /// The store is that of a history of the same length: the same one (lost: another one).
    OtherHistory,
}

/// What a registry has to do afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It goes on.
    Progress,
    /// It signs nothing.
    Refuse,
}

/// Fault, what became of it, and what has to follow.
const TABLE: [(Fault, Outcome, Expected); 20] = [
    (Unconfirmed(Verb::Register), Lost, Progress),
    (Unconfirmed(Verb::Register), Persisted, Progress),
    (Unconfirmed(Verb::Close), Lost, Progress),
    (Unconfirmed(Verb::Close), Persisted, Progress),
    (Unconfirmed(Verb::ChangeStatus), Lost, Progress),
    (Unconfirmed(Verb::ChangeStatus), Persisted, Progress),
    (Unconfirmed(Verb::KeepCosigned), Lost, Progress),
    (Unconfirmed(Verb::KeepCosigned), Persisted, Progress),
    // Reads have nothing to persist.
    (Unconfirmed(Verb::Head), Lost, Progress),
    (Unconfirmed(Verb::Logged), Lost, Progress),
    (Mark, Lost, Progress),
    (Mark, Persisted, Progress),
    (Fault::MarkBack, Lost, Progress),
    (Fault::MarkBack, Persisted, Progress),
    (Commit, Lost, Refuse),
    (Commit, Persisted, Progress),
    (MarkGone, Lost, Refuse),
    (OtherHistory, Lost, Refuse),
    (OtherServer, Lost, Refuse),
    (OtherServer, Persisted, Progress),
];

/// What was done, and found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulted {
    /// Rows of the table.
    pub rows: usize,
    /// Sizes of the log at which each happened.
    pub sizes: Vec<u64>,
    /// How often a registry went on.
    pub progressed: usize,
    /// How often it refused.
    pub refused: usize,
}

impl fmt::Display for Faulted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Faulted { rows, sizes, progressed, refused } = self;
        write!(
            f,
            "{rows} faults, lost or persisted, at sizes {sizes:?}, in the same process and after a restart: {progressed} went on, \
             {refused} refused to sign, the whole log re-verified after each"
        )
    }
}

/// Every row at every size that the faulted write makes; sizes grow. The entries that no registry made are put into one
/// store, which grows with the sizes and is copied for each case.
pub fn run(engine: Engine<'_>, place: &Path, sizes: &[u64]) -> Result<Faulted, Failure> {
    let mut done = Faulted { rows: TABLE.len(), sizes: sizes.to_vec(), progressed: 0, refused: 0 };
    let mut base = Base { engine, place: place.join("base"), audit: Audit::new(origin()) };
    for size in sizes {
        base.grow(size - 2)?;
        for (row, (fault, outcome, expected)) in TABLE.into_iter().enumerate() {
            for restart in [false, true] {
                let folder = place.join(format!("{size}-{row}-{restart}"));
                std::fs::create_dir_all(&folder)?;
                let scene = Scene { base: &base, size: *size, folder, outcome, restart };
                let told = |error| format!("{fault:?} {outcome:?} at {size}, restart {restart}: {error}");
                match expected {
                    Progress => scene.goes_on(fault).map(|()| done.progressed += 1).map_err(told)?,
                    Refuse if fault == OtherServer && !restart => {
                        scene.refuses_at_once().map(|()| done.refused += 1).map_err(told)?;
                    }
                    // Whoever refuses is met at a start.
                    Refuse if !restart || fault == OtherServer => {}
                    Refuse => scene.refuses(fault).map(|()| done.refused += 1).map_err(told)?,
                }
                // A server goes with all it has; to remove a database takes it longer than a case, and small ones take no room.
                for name in STORES.iter().filter(|_| *size > AT_ONCE) {
                    (engine.remove)(&scene.folder.join(name))?;
                }
                std::fs::remove_dir_all(&scene.folder)?;
            }
        }
    }
    (engine.remove)(&base.place)?;
    Ok(done)
}

/// The stores of a case.
const STORES: [&str; 3] = ["store", "restored", "other"];
/// So many entries are put into a store at once.
const AT_ONCE: u64 = 4_096;

/// Entries that no registry made, and what was verified of their log.
struct Base<'e> {
    engine: Engine<'e>,
    place: PathBuf,
    audit: Audit,
}

impl Base<'_> {
    /// Grows to a size, and verifies what is new.
    fn grow(&mut self, size: u64) -> Result<(), Failure> {
        let store = (self.engine.open)(&self.place)?;
        fill(&*store, self.audit.size(), size)?;
        follow_store(&mut self.audit, &*store)
    }
}

/// The entries of a filled store from one index to another.
fn fill(store: &dyn Store, from: u64, to: u64) -> Result<(), Failure> {
    let mut next = from;
    while next < to {
        let end = to.min(next + AT_ONCE);
        let made: Vec<_> = (next..end).map(|n| certificate(&format!("fill-{n}"), 1)).collect();
        wait(store.register(registration(made)))??;
        next = end;
    }
    Ok(())
}

/// One fault at one size.
struct Scene<'b> {
    base: &'b Base<'b>,
    size: u64,
    folder: PathBuf,
    outcome: Outcome,
    /// Whether the registry is started anew before it is asked again.
    restart: bool,
}

/// A registry with a key of an issuer and a lot of that issuer.
struct Stage {
    served: Served,
    plan: Plan,
    key: String,
    lot: (String, Digest),
    /// Only where it is of interest: it takes its time.
    witness: Option<Witness>,
    /// What was verified of the entries that no registry made.
    base: Audit,
}

impl Scene<'_> {
    fn mark(&self) -> PathBuf {
        self.folder.join("log.mark")
    }

    fn open(&self, name: &str) -> Result<Box<dyn Store>, Failure> {
        (self.base.engine.open)(&self.folder.join(name))
    }

    /// A store with so many entries that no registry made.
    fn filled(&self, name: &str, entries: u64) -> Result<Box<dyn Store>, Failure> {
        (self.base.engine.copy)(&self.base.place, &self.folder.join(name))?;
        let store = self.open(name)?;
        fill(&*store, self.base.audit.size(), entries)?;
        // The log of these entries was signed, as that of a registry is.
        let head = wait(store.head())??;
        std::fs::write(self.mark(), signed(head)?.to_string())?;
        Ok(store)
    }

    /// A registry whose next write makes the size.
    fn stage(&self, fault: Fault) -> Result<Stage, Failure> {
        let plan = Plan::default();
        let wanted = fault == Unconfirmed(Verb::KeepCosigned);
        let witness = wanted.then(|| Witness::start(log_key()?)).transpose()?;
        let store = Faulty::new(self.filled("store", self.size - 2)?, plan.clone());
        let served =
            Served::start(Box::new(store), &self.mark(), witness.as_ref().map(|w| w.address.clone()))?;
        let key = issuer(served.address, &served.admin, "refinery")?;
        let answer =
            Connection::new(served.address, &key).issue("lot", &drafts::lot("LOT", 1_000).to_string())?;
        let label = answer.json()?["certificate"]["id"].as_str().ok_or("no label")?.to_owned();
        let (digest, index) = PublicLog::new(served.address, &log_key()?)?.receipt(&answer.expect(201)?)?;
        must(index == self.size - 2, || format!("the lot is at {index}"))?;
        let base = self.base.audit.clone();
        let stage = Stage { served, plan, key, lot: (label, digest), witness, base };
        stage.cosigned(self.size - 2)?;
        Ok(stage)
    }

    /// The fault, the same request again, and a history that has it once.
    fn goes_on(&self, fault: Fault) -> Result<(), Failure> {
        let mut stage = self.stage(fault)?;
        let before = std::fs::read(self.mark())?;
        self.strike(fault, &stage, &before)?;
        if self.restart || matches!(fault, Fault::MarkBack | Commit) {
            stage = self.again(stage, fault, &before)?;
        }
        let action = Action::of(fault);
        let answer = action.ask(&stage)?;
        // Who asks for a change that happened already is told so.
        let told = matches!(answer.status, 200 | 201 | 412);
        must(told, || format!("asked again: {} {}", answer.status, answer.text()))?;
        let audit = stage.audited()?;
        must(audit.size() == self.size, || format!("the log has {} entries", audit.size()))?;
        action.is_done(&stage, &audit)?;
        stage.cosigned(self.size - 1)?;
        let more = Action::Lot.ask(&stage)?;
        must(more.status == 201, || format!("goes on: {} {}", more.status, more.text()))?;
        must(stage.audited()?.size() == self.size + 1, || "the next entry is not there".to_owned())?;
        let stage = self.again(stage, Mark, &before)?;
        let whole = PublicLog::new(stage.served.address, &log_key()?)?.whole()?;
        must(whole.size() == self.size + 1, || "a restart changes the log".to_owned())?;
        stage.served.stop()
    }

    /// Lets it happen; whoever asked is not told that all is well.
    fn strike(&self, fault: Fault, stage: &Stage, before: &[u8]) -> Result<(), Failure> {
        let away = self.folder.join("log.mark.away");
        match fault {
            Unconfirmed(verb) => {
                if verb == Verb::Logged {
                    // It is read for an answer that is given again.
                    Action::of(fault).ask(stage)?.expect(201)?;
                }
                stage.plan.arm(verb, self.outcome);
            }
            Mark => {
                std::fs::rename(self.mark(), &away)?;
                std::fs::create_dir(self.mark())?;
            }
            OtherServer => stage.plan.turn(),
            Fault::MarkBack | Commit | MarkGone | OtherHistory => {}
        }
        let answer = Action::of(fault).ask(stage)?;
        let acknowledged = matches!(answer.status, 200 | 201);
        let wanted = match fault {
            // Witnesses are asked later and beside all this.
            Unconfirmed(Verb::KeepCosigned) => stage.spent().map(|()| true)?,
            Unconfirmed(_) | Mark => false,
            Fault::MarkBack | Commit | MarkGone | OtherHistory | OtherServer => true,
        };
        must(acknowledged == wanted, || format!("was answered {} {}", answer.status, answer.text()))?;
        must(stage.plan.is_spent(), || "the fault did not happen".to_owned())?;
        if fault == Mark {
            std::fs::remove_dir(self.mark())?;
            std::fs::rename(&away, self.mark())?;
            must(std::fs::read(self.mark())? == before, || "the mark has moved".to_owned())?;
            // The public log is the one before.
            let shown = stage.audited()?.size();
            must(shown == self.size - 1, || format!("{shown} entries are shown, above the mark"))?;
            if self.outcome == Persisted {
                let head = stage.plan.last_head().ok_or("nobody asked for the head")?;
                std::fs::write(self.mark(), signed(head)?.to_string())?;
            }
        }
        Ok(())
    }

    /// Stops it, does to its files what the fault did, and starts it.
    fn again(&self, stage: Stage, fault: Fault, before: &[u8]) -> Result<Stage, Failure> {
        let Stage { served, plan, key, lot, witness, base } = stage;
        served.stop()?;
        if fault == Fault::MarkBack && self.outcome == Lost {
            std::fs::write(self.mark(), before)?;
        }
        let store = Faulty::new(self.open("store")?, plan.clone());
        let served =
            Served::start(Box::new(store), &self.mark(), witness.as_ref().map(|w| w.address.clone()))?;
        Ok(Stage { served, plan, key, lot, witness, base })
    }

    /// A registry whose server is replaced by one that has less than what was signed.
    fn refuses_at_once(&self) -> Result<(), Failure> {
        let (plan, restored) = (Plan::default(), self.filled("restored", self.size - 2)?);
        let store = Faulty::new(self.filled("store", self.size - 1)?, plan.clone()).with_other(restored);
        let served = Served::start(Box::new(store), &self.mark(), None)?;
        let key = issuer(served.address, &served.admin, "refinery")?;
        let issue = |number: &str| {
            let draft = drafts::lot(number, 1_000).to_string();
            Connection::new(served.address, &key).issue(number, &draft)
        };
        issue("last")?.expect(201)?;
        let signed = std::fs::read(self.mark())?;
        plan.turn();
        // The new server commits it; as far as anybody was shown, its place in the log is another entry's.
        let answer = issue("too much")?;
        must(answer.status == 503, || format!("was answered {} {}", answer.status, answer.text()))?;
        must(plan.is_spent(), || "the fault did not happen".to_owned())?;
        must(std::fs::read(self.mark())? == signed, || "the mark has moved".to_owned())?;
        served.stop()
    }

    /// A registry that acknowledged one more entry is started over another store, or without its mark.
    fn refuses(&self, fault: Fault) -> Result<(), Failure> {
        let served = Served::start(self.filled("store", self.size - 1)?, &self.mark(), None)?;
        let key = issuer(served.address, &served.admin, "refinery")?;
        Connection::new(served.address, &key)
            .issue("last", &drafts::lot("LAST", 1_000).to_string())?
            .expect(201)?;
        let shown = PublicLog::new(served.address, &log_key()?)?.whole()?;
        must(shown.size() == self.size, || format!("{} entries are shown", shown.size()))?;
        served.stop()?;
        let signed = std::fs::read(self.mark())?;
        let (store, reason) = match fault {
            Commit => (self.filled("restored", self.size - 1)?, "going on would fork the log"),
            OtherHistory => (self.filled("other", self.size)?, "not the one that was signed"),
            _ => (self.open("store")?, "there is no mark"),
        };
        match fault {
            MarkGone => std::fs::remove_file(self.mark())?,
            _ => std::fs::write(self.mark(), signed)?,
        }
        match Served::start(store, &self.mark(), None) {
            Ok(_) => Err("it signs for a log that is not the one it signed".into()),
            Err(error) => must(error.to_string().contains(reason), || format!("it refuses for: {error}")),
        }
    }
}

/// What is asked of a registry when a fault strikes.
#[derive(Debug, Clone, Copy)]
enum Action {
    Draw,
    Close,
    Suspend,
    /// What is always possible.
    Lot,
}

impl Action {
    fn of(fault: Fault) -> Self {
        match fault {
            // What a registration has led to it says itself.
            Unconfirmed(Verb::Close | Verb::Head) => Action::Close,
            Unconfirmed(Verb::ChangeStatus) => Action::Suspend,
            _ => Action::Draw,
        }
    }

    /// Asks, always in the same bytes.
    fn ask(self, stage: &Stage) -> Result<Answer, Failure> {
        let mut connection = Connection::new(stage.served.address, &stage.key);
        let label = &stage.lot.0;
        Ok(match self {
            Action::Draw => connection.issue("draw", &drafts::draw("DRAW", label).to_string())?,
            Action::Lot => connection.issue("next", &drafts::lot("NEXT", 1_000).to_string())?,
            Action::Close => connection.post(&Post {
                path: &format!("/v1/lots/{label}/close"),
                headers: &[("idempotency-key", "close")],
                body: r#"{"reason":"consumed"}"#,
            })?,
            Action::Suspend => connection.post(&Post {
                path: &format!("/v1/certificates/{label}/status"),
                headers: &[("if-match", "\"0\"")],
                body: r#"{"action":"suspend","reason":"under inquiry"}"#,
            })?,
        })
    }

    /// It happened, once. What an entry is about says whether it is the one.
    fn is_done(self, stage: &Stage, audit: &Audit) -> Result<(), Failure> {
        let last = audit.certificate(audit.size() - 1);
        let standing = audit.ledger().get(&stage.lot.1).ok_or("the lot is lost")?;
        let holds = match self {
            Action::Draw => standing.draws() == 1 && last != Some(stage.lot.1),
            Action::Lot => last != Some(stage.lot.1),
            Action::Close => standing.closed().is_some(),
            Action::Suspend => standing.has(ytterby::form::StatusPurpose::Suspension),
        };
        must(holds, || format!("{self:?} has left {standing:?}"))
    }
}

impl Stage {
    /// The public log: what came after the entries that no registry made, and that it continues these.
    fn audited(&self) -> Result<Audit, Failure> {
        let mut audit = self.base.clone();
        PublicLog::new(self.served.address, &log_key()?)?.follow(&mut audit)?;
        Ok(audit)
    }

    /// Waits until the fault has happened beside everything else.
    fn spent(&self) -> Result<(), Failure> {
        until("the fault does not happen", || Ok(self.plan.is_spent()))
    }

    /// Waits until the lot's receipt has a cosigned checkpoint and the log is known beyond an index.
    fn cosigned(&self, index: u64) -> Result<(), Failure> {
        if self.witness.is_none() {
            return Ok(());
        }
        let mut connection = Connection::new(self.served.address, &self.key);
        until("no witness cosigns", || {
            let status = connection.get("/log/checkpoint")?.expect(200)?;
            let shown = ytterby_tlog::SignedCheckpoint::parse(&status)?;
            let signed = String::from_utf8(status)?.contains("— witness.example ");
            Ok(signed && shown.unverified().head().size > index)
        })
    }
}

fn until(else_what: &str, mut holds: impl FnMut() -> Result<bool, Failure>) -> Result<(), Failure> {
    for _ in 0..1_000 {
        if holds()? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(else_what.to_owned().into())
}
