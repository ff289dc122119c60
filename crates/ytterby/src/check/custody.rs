//! Did the issuer hold what it used, and is what it did possible? (proto-docs/verification.md, "Custody".)

use super::{Case, Findings, input, subject};
use crate::finding::Code;
use crate::form::{CustodyModel, Step};

pub(crate) fn check(case: &Case<'_>, findings: &mut Findings) {
    for (at, draw, parent) in case.parents() {
        match &parent.lot.holder {
            Some(holder) if *holder == case.claims.issuer => {}
            Some(holder) => {
                let text =
                    format!("{} holds lot {}, {} drew on it", holder, parent.lot.number, case.claims.issuer);
                findings.add(Code::CustodyNotHolder, input(at, "lot"), text);
            }
            None => {
                let text = format!("lot {} was delivered to somebody without a DID", parent.lot.number);
                findings.add(Code::CustodyNotHolder, input(at, "lot"), text);
            }
        }
        // A lot that nobody holds goes nowhere: its old home must know that it is closed.
        let may_move = case.lot.is_transfer() && case.lot.holder.is_some();
        if !may_move && parent.claims.home != case.claims.home {
            let text = format!(
                "the input's home is {}, this certificate's is {}",
                parent.claims.home, case.claims.home
            );
            findings.add(Code::RegistrationWrongHome, input(at, "digestMultibase"), text);
        }
        if (case.lot.is_transfer() || case.lot.is_split() || case.lot.is_reassay())
            && parent.lot.form != case.lot.form
        {
            let text = format!("{} went in, {} came out", parent.lot.form, case.lot.form);
            findings.add(Code::CustodyFormChanged, subject("form"), text);
        }
        if case.lot.inputs[..at].iter().any(|other| other.digest == draw.digest) {
            findings.add(
                Code::LineageDuplicateInput,
                input(at, "lot"),
                "the lot stands among the inputs before",
            );
        }
    }
    if case.lot.custody_model == Some(CustodyModel::IdentityPreserved) && case.lot.inputs.len() > 1 {
        let text = format!("{} lots went in", case.lot.inputs.len());
        findings.add(Code::CustodyModelMixed, subject("custodyModel"), text);
    }
    check_step(case, findings);
}

/// Unusual steps are warned about once per certificate.
fn check_step(case: &Case<'_>, findings: &mut Findings) {
    let Some(step) = case.lot.step().filter(|step| *step != Step::Repacking) else { return };
    if case.lot.corrects().is_some() {
        return;
    }
    let output = case.lot.form;
    // One usual input is enough: alloying takes compounds beside metals, recycling takes anything.
    if case.parents().count() == 0
        || case.parents().any(|(_, _, parent)| step.is_usual(parent.lot.form, output))
    {
        return;
    }
    let forms: Vec<_> = case.parents().map(|(_, _, parent)| parent.lot.form.as_str()).collect();
    let text = format!("{step} of {} into {output}", forms.join(", "));
    findings.add(Code::CustodyUnusualStep, subject("step"), text);
}
