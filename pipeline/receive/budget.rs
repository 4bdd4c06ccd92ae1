//! What all deliveries together may hold (invariant I5): places and bytes.
//!
//! A limit per body is not enough: many bodies at once are as large as one without a limit. Every
//! byte that is read, unpacked or converted is first reserved here, and a delivery that gets no
//! reservation is refused with 429. It never waits, since a delivery that waits holds what others
//! wait for. What is held is counted in the gauges of [`Counters`], which are the
//! limits' only state.

use std::sync::Arc;

use super::config::ReceiveConfig;
use super::counters::{Counters, InUse};
use super::refused::Refused;

/// The limits over all deliveries.
#[derive(Debug)]
pub(super) struct Budget {
    counters: Arc<Counters>,
    bytes_max: usize,
    in_flight_max: usize,
}

impl Budget {
    pub(super) fn new(config: &ReceiveConfig, counters: &Arc<Counters>) -> Self {
        Self {
            counters: Arc::clone(counters),
            bytes_max: config.buffered_bytes_max,
            in_flight_max: config.in_flight_max,
        }
    }

    /// No bytes yet; see [`Reservation::grow`].
    pub(super) fn reserve(&self) -> Reservation {
        Reservation(InUse::bytes(&self.counters, self.bytes_max))
    }

    /// A place among the deliveries in work.
    pub(super) fn place(&self) -> Result<InUse, Refused> {
        InUse::place(&self.counters, self.in_flight_max).ok_or_else(Refused::busy)
    }
}

/// The bytes that one delivery holds; dropping it gives them back.
#[derive(Debug)]
pub(super) struct Reservation(InUse);

impl Reservation {
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        if self.0.grow(bytes as u64) {
            Ok(())
        } else {
            Err(Refused::busy())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let counters = Arc::default();
        let config = ReceiveConfig {
            buffered_bytes_max: 10,
            in_flight_max: 1,
            ..ReceiveConfig::default()
        };
        let budget = Budget::new(&config, &counters);
        let mut first = budget.reserve();
        first.grow(6).expect("6 of 10");
        let mut second = budget.reserve();
        assert_eq!(second.grow(5), Err(Refused::busy()));
        second.grow(4).expect("4 of 4");
        drop(first);
        second.grow(6).expect("6 of 6");
        drop(second);
        let place = budget.place().expect("the only one");
        assert!(budget.place().is_err());
        drop(place);
        assert!(budget.place().is_ok());
        assert_eq!(counters.read(), crate::receive::Counts::default());
    }
}
