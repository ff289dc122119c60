//! Time on the processor: what a busy machine does to others does not count.

use std::time::{Duration, Instant};

/// How long the calling thread worked.
pub(crate) struct Stopwatch {
    wall: Instant,
    worked: Option<Duration>,
}

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the one clock of this program")]
    pub(crate) fn start() -> Self {
        Stopwatch { worked: worked(), wall: Instant::now() }
    }

    /// Processor time since the start; elapsed time where the kernel does not tell.
    pub(crate) fn stop(&self) -> Duration {
        match (self.worked, worked()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.wall.elapsed(),
        }
    }
}

/// Time on the wall: what somebody waits.
pub(crate) struct Wall(Instant);

impl Wall {
    #[expect(clippy::disallowed_methods, reason = "the one clock of this program")]
    pub(crate) fn start() -> Self {
        Wall(Instant::now())
    }

    pub(crate) fn stop(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Nanoseconds that this thread was on a processor (the first number of Linux's schedstat).
fn worked() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

/// The smallest of several times.
#[derive(Clone, Copy)]
pub(crate) struct Best(pub(crate) Duration);

impl Best {
    pub(crate) const NONE: Best = Best(Duration::MAX);

    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let watch = Stopwatch::start();
        let result = work();
        self.0 = self.0.min(watch.stop());
        result
    }
}
