//! A bar on a terminal, for work that takes over a second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;

/// Below this nobody needs to be told that something is going on.
const QUIET: Duration = Duration::from_secs(1);
/// How often the clock is looked at, in certificates.
const STRIDE: usize = 64;

/// How far some work is.
pub(crate) struct Progress {
    begun: Stopwatch,
    bar: Option<ProgressBar>,
    shown: bool,
}

impl Progress {
    /// Starts; `shown` is whether anybody wants to see it.
    pub(crate) fn start(shown: bool) -> Self {
        Progress { begun: Stopwatch::start(), bar: None, shown }
    }

    /// So many of so many are done.
    pub(crate) fn at(&mut self, done: usize, of: usize) {
        if !self.shown || !(done.is_multiple_of(STRIDE) || done == of) {
            return;
        }
        if self.bar.is_none() && self.begun.elapsed() >= QUIET {
            // Hidden by itself where stderr is no terminal.
            let bar = ProgressBar::with_draw_target(Some(of as u64), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} certificates");
            self.bar = Some(style.map_or(bar.clone(), |style| bar.with_style(style)));
        }
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
