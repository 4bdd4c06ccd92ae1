//! How far the partitions of one topic reach, and waiting until they reach further.
//!
//! A consumer at the end of its partitions sleeps on the condition variable here and is woken by
//! the append or commit that gives it work, so nothing polls. An end is published only after the
//! store has taken the messages: whoever sees an end may read up to it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Locks, and goes on with what a panicked thread left: everything behind the locks of this
/// module is changed in one assignment at a time, so there is no half-done state to fear.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next offset of each partition of a topic.
#[derive(Debug)]
pub(super) struct Ends {
    next: Mutex<Vec<u64>>,
    grown: Condvar,
}

impl Ends {
    /// Starts with what the store holds already.
    pub(super) fn new(next: Vec<u64>) -> Self {
        Self {
            next: Mutex::new(next),
            grown: Condvar::new(),
        }
    }

    /// How many partitions there are.
    pub(super) fn partitions(&self) -> u32 {
        u32::try_from(lock(&self.next).len()).unwrap_or(u32::MAX)
    }

    /// One past the last readable offset of a partition.
    pub(super) fn of(&self, partition: u32) -> u64 {
        let next = lock(&self.next);
        next.get(partition as usize).copied().unwrap_or(0)
    }

    /// Lets consumers read up to the given ends, and wakes those that wait.
    pub(super) fn publish(&self, ends: impl IntoIterator<Item = (u32, u64)>) {
        let mut next = lock(&self.next);
        for (partition, end) in ends {
            if let Some(slot) = next.get_mut(partition as usize) {
                *slot = end;
            }
        }
        drop(next);
        self.grown.notify_all();
    }

    /// Waits until `wanted` holds for the ends; false where the deadline came first.
    pub(super) fn wait_until(&self, deadline: Instant, wanted: impl Fn(&[u64]) -> bool) -> bool {
        let mut next = lock(&self.next);
        loop {
            if wanted(&next) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            next = self
                .grown
                .wait_timeout(next, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
