//! Time that this thread ran, not time that passed: other work on the machine makes the wall clock
//! say what the machine was doing rather than what the engine costs.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A started measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Duration);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(now())
    }

    /// How long this thread has run since.
    pub(crate) fn elapsed(self) -> Duration {
        now().saturating_sub(self.0)
    }
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // The kernel's clock of a thread starts at zero and its nanoseconds are below a billion.
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}
