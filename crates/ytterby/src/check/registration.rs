//! Is it in the log of its home, and does the log agree on what was drawn?
//! (proto-docs/registration.md, "Verifying registration".)
//!
//! Nothing is believed of a log but what the certificate does not say: how often, and how much, was
//! drawn from a lot before. The entry is rebuilt from the certificate and looked for in the log.

use std::collections::HashMap;

use jiff::Timestamp;
use ytterby_tlog::{PolicyError, TreeHead};

use super::{Findings, Known, Logged, input};
use crate::certificate::Certificate;
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::entry::{CertificateEntry, Draw, Entry, Taken};
use crate::finding::{Code, Finding};
use crate::masses::Masses;
use crate::receipt::{Opened, Receipt};
use crate::trust::{PinnedRegistry, Trust};

/// Verifies receipts, each checkpoint once, and remembers what was drawn by which certificate.
pub(crate) struct Registration<'t> {
    trust: &'t Trust,
    /// By digest of the checkpoint's text with its signatures.
    checkpoints: HashMap<Digest, Seen>,
    signatures_left: usize,
    drawn: Vec<Drawn>,
}

/// What is known of a checkpoint.
#[derive(Debug, Clone)]
enum Seen {
    /// Its log has signed it, and so has a quorum.
    Good { head: TreeHead, at: Timestamp, cosigned: u8 },
    /// It does not count.
    Bad(Code, Box<str>),
}

/// A draw as a log has it.
struct Drawn {
    lot: Digest,
    seq: u64,
    cumulative: Masses,
    amount: Masses,
    /// The certificate that draws, and which of its inputs the lot is.
    by: Digest,
    input: u8,
}

/// A certificate with its receipt, and how to find the lots it draws on.
pub(crate) struct Asked<'c> {
    pub(crate) certificate: &'c Certificate<'c>,
    pub(crate) receipt: &'c Receipt<'c>,
    pub(crate) find: &'c dyn Fn(&Digest) -> Option<Known<'c>>,
}

impl<'t> Registration<'t> {
    pub(crate) fn new(trust: &'t Trust, signatures: usize) -> Self {
        Registration { trust, checkpoints: HashMap::new(), signatures_left: signatures, drawn: Vec::new() }
    }

    /// Judges a receipt; says where the certificate was logged if it is found to be.
    pub(crate) fn check(&mut self, asked: &Asked<'_>, findings: &mut Findings) -> Option<Logged> {
        match self.included(asked) {
            Ok((logged, entry)) => {
                self.check_draws(asked, &entry, findings);
                Some(logged)
            }
            Err((code, text)) => {
                findings.add(code, "", text);
                None
            }
        }
    }

    /// The entry, once it is found to be the certificate's and in the log of the right home.
    fn included(&mut self, asked: &Asked<'_>) -> Result<(Logged, CertificateEntry), (Code, String)> {
        let opened = asked.receipt.open().map_err(|error| (Code::RegistrationReceipt, error.to_string()))?;
        let origin = opened.proof.checkpoint().unverified().origin().as_str().to_owned();
        check_home(asked, &origin)?;
        let Some((registry, pinned)) = self.trust.registry(&origin) else {
            let text = format!("it is logged in {origin}, which the trust file does not pin");
            return Err((Code::RegistrationUnknownLog, text));
        };
        let (head, at, cosigned) = match self.seen(&opened, pinned)? {
            Seen::Good { head, at, cosigned } => (*head, *at, *cosigned),
            Seen::Bad(code, text) => return Err((*code, text.to_string())),
        };
        let wrong = |text: String| (Code::RegistrationInclusion, text);
        let taken: Vec<Taken> = opened.entry.draws().iter().map(taken).collect();
        let entry =
            CertificateEntry::of(asked.certificate, &taken).map_err(|error| wrong(error.to_string()))?;
        if entry != opened.entry {
            return Err(wrong(
                "the receipt is that of another certificate, or states it otherwise".to_owned(),
            ));
        }
        let entry = Entry::Certificate(entry);
        opened.proof.verify_at(&entry.to_bytes(), &head).map_err(|error| wrong(error.to_string()))?;
        let index = opened.proof.index();
        Ok((Logged { registry, index, at, cosigned: cosigned.into() }, opened.entry))
    }

    /// What is known of the receipt's checkpoint, which is verified when it is first seen.
    fn seen(&mut self, opened: &Opened, pinned: &PinnedRegistry) -> Result<&Seen, (Code, String)> {
        let key = opened.checkpoint;
        if !self.checkpoints.contains_key(&key) {
            let signatures = opened.proof.checkpoint().note().signatures().len();
            let Some(left) = self.signatures_left.checked_sub(signatures) else {
                let text = "the budget of signatures on checkpoints is spent";
                return Err((Code::LimitSignatures, text.to_owned()));
            };
            self.signatures_left = left;
            self.checkpoints.insert(key, look(opened, pinned));
        }
        self.checkpoints.get(&key).ok_or_else(|| (Code::RegistrationCheckpoint, String::new()))
    }

    /// What the log says was drawn, against the contents of the certificates that were drawn on.
    fn check_draws(&mut self, asked: &Asked<'_>, entry: &CertificateEntry, findings: &mut Findings) {
        let inputs = asked.certificate.lot().map_or(&[][..], |lot| &lot.inputs);
        for (at, (draw, input_of)) in entry.draws().iter().zip(inputs).enumerate() {
            let content = (asked.find)(&draw.lot()).map(|parent| &parent.lot.content);
            if let Some(text) = cumulative_fault(draw, content) {
                findings.add(Code::RegistrationCumulative, input(at, "draws"), text);
            }
            if input_of.rest
                && let Some(content) = content
                && draw.cumulative() != content
            {
                let text = "`rest` takes all that is left, and by the log's count some is left";
                findings.add(Code::ConservationSplit, input(at, "rest"), text);
            }
            self.drawn.push(Drawn {
                lot: draw.lot(),
                seq: draw.seq(),
                cumulative: draw.cumulative().clone(),
                amount: draw.amount().clone(),
                by: asked.certificate.digest(),
                input: u8::try_from(at).unwrap_or(u8::MAX),
            });
        }
    }

    /// Over everything that was seen: a running number stands for one draw, and amounts run on. Two
    /// logs of one name, or a log that was rolled back, would show here.
    pub(crate) fn check_double_draws(&mut self) -> Vec<Finding> {
        self.drawn.sort_unstable_by_key(|drawn| (drawn.lot, drawn.seq, drawn.by));
        let pairs = self.drawn.windows(2).filter(|pair| pair[0].lot == pair[1].lot);
        let fault = |pair: &[Drawn]| {
            let (before, after) = (&pair[0], &pair[1]);
            let text = double_draw(before, after)?;
            let finding = Finding::new(Code::RegistrationDoubleDraw, text);
            Some(finding.at(input(after.input.into(), "digestMultibase")).about(after.by))
        };
        pairs.filter_map(fault).collect()
    }
}

fn taken(draw: &Draw) -> Taken {
    Taken { seq: draw.seq(), cumulative: draw.cumulative().clone() }
}

/// A draw is recorded in the home of the lot that is drawn on; what draws on nothing, in its own.
fn check_home(asked: &Asked<'_>, origin: &str) -> Result<(), (Code, String)> {
    let claims = asked.certificate.claims();
    let inputs = claims.lot().map_or(&[][..], |lot| &lot.inputs);
    let mut parents = inputs.iter().filter_map(|input| (asked.find)(&input.digest)).peekable();
    let wrong = |home: &str| (Code::RegistrationWrongLog, format!("it is logged in {origin}, not in {home}"));
    if parents.peek().is_none() {
        // Of a transfer whose lot is missing nothing can be said; its own home may be another.
        let own = claims.home.as_str();
        let may_differ = claims.lot().is_some_and(|lot| lot.is_transfer());
        return if may_differ || own == origin { Ok(()) } else { Err(wrong(own)) };
    }
    match parents.find(|parent| parent.claims.home.as_str() != origin) {
        Some(parent) => Err(wrong(parent.claims.home.as_str())),
        None => Ok(()),
    }
}

/// Verifies a checkpoint: its log's signature, those of the witnesses, the quorum.
fn look(opened: &Opened, pinned: &PinnedRegistry) -> Seen {
    let bad = |code, text: String| Seen::Bad(code, text.into());
    let (Some(policy), Some((need, all))) = (pinned.policy(), pinned.quorum()) else {
        let text = format!("the trust file has no [quorum] of witnesses for {}", pinned.origin);
        return bad(Code::RegistrationQuorum, text);
    };
    match policy.open(pinned.key.name(), opened.proof.checkpoint()) {
        Ok(witnessed) => Seen::Good {
            head: witnessed.checkpoint().head(),
            at: timestamp(witnessed.time()),
            cosigned: u8::try_from(witnessed.cosignatures().len()).unwrap_or(u8::MAX),
        },
        Err(PolicyError::Quorum { cosigned }) => {
            let text =
                format!("cosigned by {cosigned} of the {all} witnesses that audit it, {need} are needed");
            bad(Code::RegistrationQuorum, text)
        }
        Err(error) => bad(Code::RegistrationCheckpoint, error.to_string()),
    }
}

/// A time that no calendar has is later than every time that can be asked about.
fn timestamp(seconds: Option<u64>) -> Timestamp {
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}

/// The draw is part of what was drawn in all, and that is no more than there was.
fn cumulative_fault(draw: &Draw, content: Option<&Masses>) -> Option<String> {
    let (amount, cumulative) = (draw.amount(), draw.cumulative());
    if let Some((element, mg)) = amount.iter().find(|(element, mg)| *mg > cumulative.get(*element)) {
        let (mg, all) = (kilograms(mg), kilograms(cumulative.get(element)));
        return Some(format!("{mg} kg {element} drawn, {all} kg with all draws before it"));
    }
    if draw.seq() == 1 && amount != cumulative {
        return Some("the first draw on a lot, and the log counts others before it".to_owned());
    }
    let content = content?;
    let (element, mg) = cumulative.iter().find(|(element, mg)| *mg > content.get(*element))?;
    let (mg, all) = (kilograms(mg), kilograms(content.get(element)));
    Some(format!("{mg} kg {element} drawn in all by the log's count, the lot holds {all} kg"))
}

/// Two draws on a lot, the one with the smaller running number first.
fn double_draw(before: &Drawn, after: &Drawn) -> Option<String> {
    let (first, second, lot) = (before.seq, after.seq, before.lot);
    if first == second {
        return Some(format!("draw {second} on {lot} is also that of {}", before.by));
    }
    let mut run_on = before.cumulative.clone();
    run_on.add_all(&after.amount);
    let follows = second == first + 1;
    let less = run_on.iter().any(|(element, mg)| after.cumulative.get(element) < mg);
    if less || (follows && run_on != after.cumulative) {
        let by = before.by;
        return Some(format!(
            "the amounts up to draw {second} on {lot} do not follow from draw {first}, of {by}"
        ));
    }
    None
}
