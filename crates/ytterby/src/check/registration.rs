//! Is it in the log of its home, and does the log agree on what was drawn?
//! (proto-docs/registration.md, "Verifying registration".)
//!
//! Nothing is believed of a log but what the certificate does not say: how often, and how much, was
//! drawn from a lot before. The entry is rebuilt from the certificate and looked for in the log.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ytterby_tlog::{ProofError, SignedCheckpoint, verify_consistency};

use super::checkpoints::{Checkpoints, Fault, Seen};
use super::events::Stands;
use super::{Findings, Known, Logged, UpTo, input};
use crate::certificate::Certificate;
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::entry::{CertificateEntry, Draw, Entry, Taken};
use crate::event::OpenedEvent;
use crate::finding::{Code, Finding};
use crate::masses::Masses;
use crate::receipt::{Fresh, Receipt};
use crate::trust::{PinnedRegistry, Trust};

/// Verifies receipts, each checkpoint once, and remembers what was drawn by which certificate.
pub(crate) struct Registration<'t> {
    trust: &'t Trust,
    checkpoints: Checkpoints,
    drawn: Vec<Drawn>,
    /// The registries, by their numbers in the trust file, in whose logs a certificate was found.
    found: BTreeSet<usize>,
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

/// What a receipt has shown.
struct Included {
    logged: Logged,
    entry: CertificateEntry,
    /// How far the newer checkpoint goes that travels with it, if one does and it counts.
    fresh: Result<Option<UpTo>, Fault>,
}

/// A certificate with its receipt, and how to find the lots it draws on.
pub(crate) struct Asked<'c> {
    pub(crate) certificate: &'c Certificate<'c>,
    pub(crate) receipt: &'c Receipt<'c>,
    pub(crate) find: &'c dyn Fn(&Digest) -> Option<Known<'c>>,
}

impl<'t> Registration<'t> {
    pub(crate) fn new(trust: &'t Trust, signatures: usize) -> Self {
        Registration {
            trust,
            checkpoints: Checkpoints::new(signatures),
            drawn: Vec::new(),
            found: BTreeSet::new(),
        }
    }

    /// Judges a receipt; says where the certificate was logged if it is found to be.
    pub(crate) fn check(&mut self, asked: &Asked<'_>, findings: &mut Findings) -> Option<Logged> {
        match self.included(asked) {
            Ok(Included { mut logged, entry, fresh }) => {
                match fresh {
                    // The newer checkpoint is of both the newest: what its witnesses saw, they saw later.
                    Ok(Some(up_to)) => logged.known = logged.known.max(up_to),
                    // Beyond where the log is frozen nothing is looked at; the receipt is older.
                    Ok(None) | Err((Code::RegistrationFrozen, _)) => {}
                    Err((code, text)) => findings.add(code, "", format!("the newer checkpoint: {text}")),
                }
                self.check_draws(asked, &entry, findings);
                self.found.insert(logged.registry);
                Some(logged)
            }
            Err((code, text)) => {
                findings.add(code, "", text);
                None
            }
        }
    }

    /// The entry, once it is found to be the certificate's and in the log of the right home.
    fn included(&mut self, asked: &Asked<'_>) -> Result<Included, Fault> {
        let opened = asked.receipt.open().map_err(|error| (Code::RegistrationReceipt, error.to_string()))?;
        let origin = opened.proof.checkpoint().unverified().origin().as_str().to_owned();
        check_home(asked, &origin)?;
        let Some((registry, pinned)) = self.trust.registry(&origin) else {
            let text = format!("it is logged in {origin}, which the trust file does not pin");
            return Err((Code::RegistrationUnknownLog, text));
        };
        let seen = self.checkpoints.seen(opened.checkpoint, opened.proof.checkpoint(), pinned)?;
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
        opened.proof.verify_at(&entry.to_bytes(), &seen.head).map_err(|error| wrong(error.to_string()))?;
        let fresh = opened.fresh.map(|fresh| self.continued(&seen, &fresh, pinned)).transpose();
        let Seen { at, cosigned, .. } = seen;
        let known = UpTo { size: seen.head.size, at };
        let logged = Logged { registry, index: opened.proof.index(), at, cosigned: cosigned.into(), known };
        Ok(Included { logged, entry: opened.entry, fresh })
    }

    /// Where an event stands, once it is found in a log that counts; nothing of one that is not pinned or
    /// has no quorum.
    pub(crate) fn event(&mut self, event: &OpenedEvent) -> Result<Option<Stands>, Fault> {
        let checkpoint = event.proof.checkpoint();
        let origin = checkpoint.unverified().origin();
        let Some((registry, pinned)) = self.trust.registry(origin.as_str()) else { return Ok(None) };
        let seen = match self.checkpoints.seen(event.checkpoint, checkpoint, pinned) {
            Err((Code::RegistrationQuorum | Code::RegistrationFrozen, _)) => return Ok(None),
            seen => seen?,
        };
        let wrong = |error: ProofError| (Code::RegistrationInclusion, error.to_string());
        event.proof.verify_at(&event.entry.to_bytes(), &seen.head).map_err(wrong)?;
        Ok(Some(Stands { registry, index: event.proof.index(), at: seen.at }))
    }

    /// When an event had not happened yet: the time of a checkpoint of its log that does not reach it.
    pub(crate) fn before(
        &mut self,
        stands: Stands,
        checkpoint: &SignedCheckpoint,
        digest: Digest,
    ) -> Result<Option<Timestamp>, Fault> {
        let Some(pinned) = self.trust.registries.get(stands.registry) else { return Ok(None) };
        match self.checkpoints.seen(digest, checkpoint, pinned) {
            Err((Code::RegistrationQuorum | Code::RegistrationFrozen, _)) => Ok(None),
            Err(fault) => Err(fault),
            Ok(seen) => Ok((seen.head.size <= stands.index).then_some(seen.at)),
        }
    }

    /// How far a newer checkpoint goes, once it is found to count and to continue the receipt's.
    fn continued(&mut self, seen: &Seen, fresh: &Fresh, pinned: &PinnedRegistry) -> Result<UpTo, Fault> {
        let newer = self.checkpoints.seen(fresh.digest, &fresh.checkpoint, pinned)?;
        verify_consistency(&seen.head, &newer.head, &fresh.consistency)
            .map_err(|error| (Code::RegistrationConsistency, error.to_string()))?;
        Ok(UpTo { size: newer.head.size, at: newer.at })
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

impl Registration<'_> {
    /// Of each log that was relied on: two buyers are protected against each other only if their
    /// quorums share an honest witness, and only one that is published for both is sure to.
    pub(crate) fn check_quorums(&self) -> Vec<Finding> {
        let pinned = self.found.iter().filter_map(|at| self.trust.registries.get(*at));
        let private = pinned.filter_map(PinnedRegistry::private_quorum);
        private.map(|text| Finding::new(Code::RegistrationPrivateQuorum, text)).collect()
    }
}

fn taken(draw: &Draw) -> Taken {
    Taken { seq: draw.seq(), cumulative: draw.cumulative().clone() }
}

/// A draw is recorded in the home of the lot that is drawn on; what draws on nothing, in its own.
fn check_home(asked: &Asked<'_>, origin: &str) -> Result<(), Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;

    #[test]
    fn amounts_run_on_from_one_draw_to_the_next() {
        let nd = |mg| -> Masses { [(Element::parse("Nd").unwrap(), mg)].into_iter().collect() };
        let drawn = |seq, amount, cumulative| Drawn {
            lot: Digest::of(b"lot"),
            seq,
            cumulative: nd(cumulative),
            amount: nd(amount),
            by: Digest::of(b"by"),
            input: 0,
        };
        let fault = |after| double_draw(&drawn(1, 10, 10), &after).is_some();
        assert!(fault(drawn(1, 5, 15)), "the same number twice");
        assert!(!fault(drawn(2, 5, 15)));
        assert!(fault(drawn(2, 5, 16)), "more than the two");
        assert!(fault(drawn(2, 5, 14)), "less than the two");
        assert!(!fault(drawn(3, 5, 20)), "the one between may have drawn");
        assert!(fault(drawn(3, 5, 14)), "less than the two, whatever is between");
    }
}
