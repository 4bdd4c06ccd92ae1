//! How many bytes all deliveries together may hold in memory (invariant I5).
//!
//! A limit per body is not enough: many bodies at once are as large as one without a limit. Every
//! byte that is read, unpacked or converted is first reserved here, and a delivery that gets no
//! reservation is refused with 429. It never waits, since a delivery that waits holds what others
//! wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::refused::Refused;

/// Bytes that are still free.
#[derive(Debug)]
pub(super) struct Budget(AtomicUsize);

impl Budget {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    /// Nothing yet; see [`Reservation::grow`].
    pub(super) fn reserve(self: &Arc<Self>) -> Reservation {
        Reservation {
            budget: Arc::clone(self),
            bytes: 0,
        }
    }
}

/// The bytes that one delivery holds; dropping it gives them back.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Reservation {
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        self.budget
            .0
            .fetch_update(Relaxed, Relaxed, |free| free.checked_sub(bytes))
            .map_err(|_| Refused::busy())?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let budget = Budget::new(10);
        let mut first = budget.reserve();
        first.grow(6).expect("6 of 10");
        let mut second = budget.reserve();
        assert_eq!(second.grow(5), Err(Refused::busy()));
        second.grow(4).expect("4 of 4");
        drop(first);
        second.grow(6).expect("6 of 6");
        drop(second);
        assert_eq!(budget.0.load(Relaxed), 10);
    }
}
