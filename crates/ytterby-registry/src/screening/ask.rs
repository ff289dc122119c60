//! The question over the network: one POST, no redirect, little to read, in time; everything else is a refusal.

use std::sync::Arc;

use tokio::sync::Semaphore;
use ureq::Agent;
use ytterby::Home;

use super::{Answer, BadAnswer, Decision, Question, ScreeningSetting, Transfer};
use crate::random;

/// Largest body of an answer, bytes: a thousand answers with reason and reference.
const LARGEST: u64 = 1024 * 1024;
/// Largest head of an answer, bytes.
const LARGEST_HEAD: usize = 16 * 1024;

/// The service that is asked.
pub(crate) struct Screen {
    setting: ScreeningSetting,
    agent: Agent,
    places: Arc<Semaphore>,
}

/// Why there is no answer that counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScreeningError {
    /// As many questions wait as may wait.
    #[error("as many questions wait as may wait")]
    Busy,
    /// No connection, no answer in time, or one that is too large.
    #[error("it cannot be asked: {0}")]
    Unreachable(String),
    /// It answered, and not so that it is believed.
    #[error("its answer is not believed: {0}")]
    Answer(#[from] BadAnswer),
}

impl Screen {
    /// A service that so many questions may wait for at once.
    pub(crate) fn new(setting: ScreeningSetting, places: usize) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_response_header_size(LARGEST_HEAD)
            .timeout_global(Some(setting.timeout));
        if setting.url.starts_with("http://") {
            // Plain text stays on this machine, whatever proxy the environment names.
            config = config.proxy(None);
        }
        Screen { setting, agent: config.build().into(), places: Arc::new(Semaphore::new(places)) }
    }

    /// What the service says of each transfer.
    pub(crate) async fn ask(
        &self,
        registry: &Home,
        at: jiff::Timestamp,
        transfers: &[Transfer<'_>],
    ) -> Result<Vec<Decision>, ScreeningError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| ScreeningError::Busy)?;
        let question = Question::new(&self.setting, registry, at, &random::bytes(), transfers);
        let (agent, url) = (self.agent.clone(), self.setting.url.clone());
        let asked = tokio::task::spawn_blocking(move || {
            // Held until the question ends, which may be when nobody waits for it any more.
            let _place = place;
            let answer = send(&agent, &url, &question).map_err(|error| error.to_string());
            (question, answer)
        });
        let (question, answer) = asked.await.map_err(|e| ScreeningError::Unreachable(e.to_string()))?;
        let answer = answer.map_err(ScreeningError::Unreachable)?;
        Ok(question.judge(&answer, &self.setting.keys)?)
    }
}

fn send(agent: &Agent, url: &str, question: &Question) -> Result<Answer, ureq::Error> {
    let mut post = agent.post(url);
    for (name, value) in &question.headers {
        post = post.header(*name, value);
    }
    let (parts, mut body) = post.send(&question.body)?.into_parts();
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: body.with_config().limit(LARGEST).read_to_vec()?,
    })
}
