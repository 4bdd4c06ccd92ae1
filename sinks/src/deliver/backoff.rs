//! How long to wait before the next attempt: doubling, with seeded jitter.
//!
//! Half of each delay is fixed and half is drawn, so that many instances that lost the same product
//! do not come back in step, and no delay is ever close to nothing.

use std::time::Duration;

use super::Policy;

/// The delays of one delivery.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    state: u64,
}

impl Backoff {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            first: policy.retry_delay_first.max(Duration::from_millis(1)),
            max: policy.retry_delay_max,
            state: policy.seed,
        }
    }

    /// The delay after so many attempts (from 1).
    pub(super) fn delay(&mut self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(20);
        let full = self
            .first
            .checked_mul(1 << doublings)
            .map_or(self.max, |delay| delay.min(self.max));
        full / 2 + self.part_of(full / 2)
    }

    /// A part of `span`, up to a tenth: what is added to a `Retry-After`, which is never shortened.
    pub(super) fn extra(&mut self, span: Duration) -> Duration {
        self.part_of(span / 10)
    }

    fn part_of(&mut self, span: Duration) -> Duration {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.draw() % micros.saturating_add(1).max(1))
    }

    /// SplitMix64: enough for jitter, and the same everywhere for the same seed.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
