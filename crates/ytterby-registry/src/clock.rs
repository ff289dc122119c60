//! The one clock of the service: everything else is told the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the time comes from. It is cut to whole seconds, as certificates write it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    hands: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Clock::default()
    }

    /// A clock that stands until it is set: for tests.
    pub fn standing(at: Timestamp) -> Self {
        Clock { hands: Some(Arc::new(AtomicI64::new(at.as_second()))) }
    }

    /// Sets a standing clock; the machine's is left alone.
    pub fn set(&self, at: Timestamp) {
        if let Some(hands) = &self.hands {
            hands.store(at.as_second(), Ordering::SeqCst);
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let second = match &self.hands {
            Some(hands) => hands.load(Ordering::SeqCst),
            None => machine(),
        };
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }
}

#[expect(clippy::disallowed_methods, reason = "this module is the one home of the clock")]
fn machine() -> i64 {
    Timestamp::now().as_second()
}

/// How long something took.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[expect(clippy::disallowed_methods, reason = "this module is the one home of the clock")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// The time since it was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
