//! When the next request to a product may go.
//!
//! Three things hold requests back, and each of them is about the product and not about one batch:
//! the window of requests under way (it grows by one for every window of successes and halves on
//! trouble), the circuit (after some failures in a row nothing goes until a pause is over), and a
//! pause that the product asked for (`Retry-After`) or that credentials need. After a pause exactly
//! one request goes; only its answer opens the gate again. Beside that there is a pace, the
//! least time between two requests. Time comes in as an argument.

use std::time::Duration;

use tokio::time::Instant;

#[cfg(test)]
mod tests;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Requests go, as many as the window holds.
    Open,
    /// Nothing goes before this time; then one.
    Paused(Instant),
    /// The one request after a pause is under way.
    Probing,
}

/// The gate of one sink.
#[derive(Debug)]
pub(crate) struct Gate {
    state: State,
    window: usize,
    window_max: usize,
    successes: usize,
    failures: u32,
    failures_max: u32,
    interval: Duration,
    /// The next request goes no sooner, whatever the state.
    paced: Option<Instant>,
}

impl Gate {
    /// Open, with room for one request; `failures_max` in a row close it.
    pub(crate) fn new(window_max: usize, failures_max: u32) -> Self {
        Self {
            state: State::Open,
            window: 1,
            window_max: window_max.max(1),
            successes: 0,
            failures: 0,
            failures_max: failures_max.max(1),
            interval: Duration::ZERO,
            paced: None,
        }
    }

    /// The same, with at least so much time between two requests.
    pub(crate) fn with_interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Whether a request may go now, with so many under way.
    pub(crate) fn permits(&self, now: Instant, in_flight: usize) -> bool {
        if self.paced.is_some_and(|paced| paced > now) {
            return false;
        }
        match self.state {
            State::Open => in_flight < self.window,
            State::Paused(until) => until <= now && in_flight == 0,
            State::Probing => false,
        }
    }

    /// When waiting alone will open the gate; None where only an answer can, or it is open.
    pub(crate) fn opens_at(&self) -> Option<Instant> {
        match self.state {
            State::Paused(until) => Some(until.max(self.paced.unwrap_or(until))),
            State::Open | State::Probing => self.paced,
        }
    }

    /// True while the circuit is open, so nothing but one probe goes.
    pub(crate) fn is_paused(&self) -> bool {
        self.state != State::Open
    }

    /// How many requests may be under way.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// A request went.
    pub(crate) fn launched(&mut self, now: Instant) {
        self.paced = (!self.interval.is_zero()).then_some(now + self.interval);
        if matches!(self.state, State::Paused(_)) {
            self.state = State::Probing;
        }
    }

    /// The product dealt with a request, whatever it thought of the documents. An answer that was
    /// under way when a pause began does not end the pause.
    pub(crate) fn answered(&mut self) {
        match self.state {
            State::Paused(_) => return,
            State::Probing => {
                self.state = State::Open;
                self.window = 1;
                self.successes = 0;
                self.failures = 0;
                return;
            }
            State::Open => {}
        }
        self.failures = 0;
        self.successes += 1;
        if self.successes >= self.window && self.window < self.window_max {
            self.window += 1;
            self.successes = 0;
        }
    }

    /// A request failed. `asked` is the pause that the product wants; `delay` is the pause that the
    /// circuit takes once the failures in a row are enough, or after a probe.
    pub(crate) fn failed(&mut self, now: Instant, asked: Option<Duration>, delay: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.window = (self.window / 2).max(1);
        self.successes = 0;
        let broken = self.failures >= self.failures_max || self.state == State::Probing;
        match asked {
            Some(asked) => self.pause(now + asked),
            None if broken => self.pause(now + delay),
            None => {}
        }
    }

    /// Nothing goes before `until`. A longer pause that is already on stays.
    pub(crate) fn pause(&mut self, until: Instant) {
        self.state = match self.state {
            State::Paused(longer) if longer > until => State::Paused(longer),
            State::Open | State::Paused(_) | State::Probing => State::Paused(until),
        };
    }
}
