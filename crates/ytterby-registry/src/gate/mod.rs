//! The gate in front of transfers: what the operator's rules refuse, and what a screening service refuses, is
//! not registered. Implements proto-docs/gate.md.
//!
//! It is passed between judging and registering. Nothing is locked and nothing is written while it is asked.

mod rules;

use std::collections::HashSet;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Finding};
use ytterby::form::Kind;
use ytterby::rules::{Answer, Ask, RuleAnswer, Screening};
use ytterby::{RulePack, Rules, Trust};

use crate::app::App;
use crate::batch::Mode;
use crate::config::Refuse;
use crate::issue::{self, Failed, Passed};
use crate::problem::Problem;
use crate::screening::{BadAnswer, Decision, Screen, ScreeningError, ScreeningSetting, Transfer};

/// Verifications that run at once for the gate.
const VERIFICATIONS: usize = 2;

/// What a gate asks.
pub struct GateSetting {
    /// Whose attestations count.
    pub trust: Trust,
    /// Lists of parties that packs screen against.
    pub lists: Vec<Screening>,
    /// The packs, and which of their answers refuse.
    pub rules: Vec<GateRule>,
    /// The service that is asked, if one is.
    pub screening: Option<ScreeningSetting>,
}

/// A pack, and which of its answers refuse.
pub struct GateRule {
    /// The pack.
    pub pack: RulePack,
    /// Which answers refuse.
    pub refuse: Refuse,
}

impl GateSetting {
    /// What it asks, for people: a line for each pack, for each list that is missing, and for the service.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for GateRule { pack, refuse } in &self.rules {
            let word = match refuse {
                Refuse::Fail => "fails",
                Refuse::FailOrNotDemonstrated => "fails or is not demonstrated",
            };
            lines.push(format!("refused: a transfer that {word} under {} ({})", pack.id, pack.digest));
            let asks = pack.clauses.iter().flat_map(|clause| &clause.asks);
            let lists =
                asks.filter_map(|ask| if let Ask::Screened { lists } = ask { Some(lists) } else { None });
            let is_missing = |name: &&String| !self.lists.iter().any(|list| list.name == **name);
            lines.extend(lists.flatten().filter(is_missing).map(|name| {
                format!("warning: {} screens against the list {name:?}, which is not in gate.lists", pack.id)
            }));
        }
        if let Some(screening) = &self.screening {
            lines.push(format!("screened by {}", screening.url));
            lines.push(format!("screening key {}", screening.key.public()));
        }
        lines
    }
}

/// The gate.
pub(crate) struct Gate {
    trust: Trust,
    rules: Rules,
    refuse: Vec<Refuse>,
    screen: Option<Screen>,
    verifications: Semaphore,
}

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What has an effect nowhere: for dry runs.
    Rules,
    /// Everything.
    RulesAndService,
}

impl Gate {
    /// A gate whose service so many requests may wait for at once.
    pub(crate) fn new(setting: GateSetting, places: usize) -> Self {
        let (packs, refuse) = setting.rules.into_iter().map(|rule| (rule.pack, rule.refuse)).unzip();
        Gate {
            trust: setting.trust,
            rules: Rules { packs, screening: setting.lists },
            refuse,
            screen: setting.screening.map(|setting| Screen::new(setting, places.max(1))),
            verifications: Semaphore::new(VERIFICATIONS),
        }
    }
}

/// Has the transfers among certificates that were judged pass the gate: those that do not are refused in their place,
/// and with them what draws on them. A problem is one of the gate itself: nothing may be registered then.
pub(crate) async fn pass(
    app: &App,
    mode: Mode,
    depth: Depth,
    judged: &mut [Result<Passed, Failed>],
) -> Result<(), Problem> {
    let is_transfer = |own: &Result<Passed, Failed>| {
        own.as_ref().is_ok_and(|passed| passed.certificate.claims().kind == Kind::Transfer)
    };
    let transfers: Vec<usize> = (0..judged.len()).filter(|at| is_transfer(&judged[*at])).collect();
    let Some(gate) = app.gate().filter(|_| !transfers.is_empty()) else { return Ok(()) };
    let mut refused = Vec::new();
    let mut sound = Vec::with_capacity(transfers.len());
    let all: Vec<_> = judged.iter().filter_map(|own| Some(&own.as_ref().ok()?.certificate)).collect();
    let answers = rules::ask(app, gate, &all).await?;
    for at in transfers {
        let Ok(passed) = &judged[at] else { continue };
        let own = answers.get(&passed.certificate.digest()).map_or(&[][..], Vec::as_slice);
        match gate.refusal(own) {
            Some(problem) => refused.push((at, problem)),
            None => sound.push((at, passed, own)),
        }
    }
    // Who is refused in any case is nobody's to hear of.
    let is_settled = mode == Mode::All && (!refused.is_empty() || judged.iter().any(Result::is_err));
    if let Some(screen) = gate.screen.as_ref().filter(|_| depth == Depth::RulesAndService && !is_settled) {
        issue::not_halted(app).await?;
        refused.extend(screened(app, screen, &sound).await?);
    }
    refuse(judged, refused);
    Ok(())
}

/// The same of one certificate.
pub(crate) async fn pass_one(app: &App, depth: Depth, passed: Passed) -> Result<Passed, Problem> {
    let mut one = [Ok(passed)];
    pass(app, Mode::All, depth, &mut one).await?;
    let [own] = one;
    own.map_err(|failed| failed.problem(false))
}

impl Gate {
    /// Why rules refuse a transfer, given what they answer.
    fn refusal(&self, answers: &[RuleAnswer]) -> Option<Problem> {
        let title = "rules of this registry refuse the transfer";
        let problem =
            |text: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "gate.rules", title, text);
        if answers.len() != self.rules.packs.len() {
            let text = "more is behind it than rules can be asked of: they were not answered";
            return Some(problem(text.to_owned()));
        }
        let decided: Vec<_> =
            answers.iter().zip(&self.refuse).filter(|(answer, refuse)| refuse.is(answer.answer)).collect();
        for (answer, _) in &decided {
            metrics::counter!("ytterby_gate_refusals_total", "pack" => answer.pack.clone()).increment(1);
        }
        let (first, _) = decided.first()?;
        let findings: Vec<Finding> =
            decided.iter().flat_map(|(answer, refuse)| findings(answer, **refuse)).collect();
        let text = findings.first().map(|finding| finding.text.clone()).unwrap_or_default();
        let findings: Vec<_> = findings.iter().map(crate::problem::finding_json).collect();
        let problem = problem(text).with("findings", findings);
        Some(problem.with("pack", first.pack.clone()).with("packDigest", first.pack_digest.to_string()))
    }
}

impl Refuse {
    fn is(self, answer: Answer) -> bool {
        match self {
            Refuse::Fail => answer == Answer::Fail,
            Refuse::FailOrNotDemonstrated => matches!(answer, Answer::Fail | Answer::NotDemonstrated),
        }
    }
}

/// The clauses that decided.
fn findings(answer: &RuleAnswer, refuse: Refuse) -> impl Iterator<Item = Finding> {
    let deciding = answer.clauses.iter().filter(move |own| own.state.counts() && refuse.is(own.answer));
    deciding.map(|own| {
        let code = match own.answer {
            Answer::Fail => Code::RuleFailed,
            _ => Code::RuleNotDemonstrated,
        };
        Finding::new(code, format!("{} {}: {}", answer.pack, own.clause, own.reason))
    })
}

/// Asks the service about transfers, all at once: those that it does not allow.
async fn screened(
    app: &App,
    screen: &Screen,
    sound: &[(usize, &Passed, &[RuleAnswer])],
) -> Result<Vec<(usize, Problem)>, Problem> {
    let transfers: Vec<_> = (sound.iter())
        .map(|(_, passed, rules)| Transfer {
            certificate: passed.certificate.digest(),
            bytes: passed.certificate.bytes(),
            rules,
        })
        .collect();
    if transfers.is_empty() {
        return Ok(Vec::new());
    }
    let decisions = screen.ask(app.origin(), app.now(), &transfers).await.map_err(no_answer)?;
    let mut denied = Vec::new();
    for ((at, passed, _), decision) in sound.iter().zip(decisions) {
        let digest = passed.certificate.digest();
        let (outcome, reference) = (if decision.is_allowed { "allow" } else { "deny" }, &decision.reference);
        tracing::info!(certificate = %digest, outcome, ?reference, reason = ?decision.reason, "a transfer was screened");
        metrics::counter!("ytterby_screenings_total", "outcome" => outcome).increment(1);
        if !decision.is_allowed {
            denied.push((*at, denial(digest, decision)));
        }
    }
    Ok(denied)
}

fn denial(certificate: Digest, decision: Decision) -> Problem {
    let title = "the screening service denies the transfer";
    let detail = decision.reason.clone().unwrap_or_else(|| "it does not say why".to_owned());
    let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "screening.denied", title, detail)
        .with("certificate", certificate.to_string());
    for (name, text) in [("reason", decision.reason), ("reference", decision.reference)] {
        if let Some(text) = text {
            problem = problem.with(name, text);
        }
    }
    problem
}

/// No answer is none that allows. What exactly was wrong is for the operator.
fn no_answer(error: ScreeningError) -> Problem {
    let (outcome, code, title) = match &error {
        ScreeningError::Busy => return Problem::busy(),
        ScreeningError::Unreachable(_) | ScreeningError::Answer(BadAnswer::Status(_)) => {
            ("unavailable", "screening.unavailable", "the screening service cannot be asked")
        }
        ScreeningError::Answer(_) => {
            ("bad-answer", "screening.bad-answer", "the screening service's answer is not believed")
        }
    };
    tracing::error!(error = &error as &dyn std::error::Error, outcome, "a transfer was not screened");
    metrics::counter!("ytterby_screenings_total", "outcome" => outcome).increment(1);
    let detail = "nothing was registered: send it again with the same Idempotency-Key";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail).retry_after(5)
}

/// Refuses certificates in their places, and what draws on them.
fn refuse(judged: &mut [Result<Passed, Failed>], refused: Vec<(usize, Problem)>) {
    let mut gone: HashSet<Digest> = HashSet::new();
    for (at, problem) in refused {
        if let Ok(passed) = &judged[at] {
            gone.insert(passed.certificate.digest());
        }
        judged[at] = Err(problem.into());
    }
    for own in judged.iter_mut() {
        let Ok(passed) = own else { continue };
        let inputs = passed.certificate.lot().into_iter().flat_map(|lot| lot.inputs.iter());
        let found: Vec<_> = (inputs.enumerate())
            .filter(|(_, input)| gone.contains(&input.digest))
            .map(|(at, _)| {
                let text = "it is made by a transfer of this batch that was refused";
                Finding::new(Code::CustodyLotNotFound, text).at(format!("/inputs/{at}/lot"))
            })
            .collect();
        if !found.is_empty() {
            gone.insert(passed.certificate.digest());
            *own = Err(Failed::Refused(found));
        }
    }
}
