//! What receive counts, and the two gauges of what it holds.
//!
//! One equation holds whenever no delivery is in work: `deliveries = accepted + the sum of refused +
//! abandoned`. A test holds the server to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::refused::Reason;

/// Counters since the start of the process, never reset, and gauges.
#[derive(Debug, Default)]
pub struct Counters {
    deliveries: AtomicU64,
    accepted: AtomicU64,
    abandoned: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    appends: AtomicU64,
    in_flight: AtomicU64,
    buffered_bytes: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
}

/// The counters at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests to a path that takes deliveries, or to a path that does not exist.
    pub deliveries: u64,
    /// Answered with 2xx.
    pub accepted: u64,
    /// The sender left before it had an answer. What it sent may have been made durable.
    pub abandoned: u64,
    /// Records made durable in `raw`.
    pub records: u64,
    /// Their bytes, sealed and unpacked.
    pub bytes: u64,
    /// Appends to the journal; `records / appends` is what committing in groups saves.
    pub appends: u64,
    /// Deliveries now being checked or waiting for the journal.
    pub in_flight: u64,
    /// Bytes that deliveries now hold.
    pub buffered_bytes: u64,
    /// Refused, in the order of [`Reason::ALL`].
    pub refused: [u64; Reason::ALL.len()],
}

impl Counters {
    /// Reads them all.
    pub fn read(&self) -> Counts {
        Counts {
            deliveries: self.deliveries.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            abandoned: self.abandoned.load(Relaxed),
            records: self.records.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            appends: self.appends.load(Relaxed),
            in_flight: self.in_flight.load(Relaxed),
            buffered_bytes: self.buffered_bytes.load(Relaxed),
            refused: std::array::from_fn(|at| self.refused[at].load(Relaxed)),
        }
    }

    /// Counts a delivery that begins. Dropping the result without an answer counts it as abandoned.
    pub(super) fn begin(&self) -> Delivery<'_> {
        self.deliveries.fetch_add(1, Relaxed);
        Delivery {
            counters: self,
            answered: false,
        }
    }

    pub(super) fn appended(&self, records: usize, bytes: usize) {
        self.appends.fetch_add(1, Relaxed);
        self.records.fetch_add(records as u64, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }
}

/// A part of a limit that is in use; dropping it frees it.
#[derive(Debug)]
pub(super) struct InUse {
    counters: Arc<Counters>,
    gauge: fn(&Counters) -> &AtomicU64,
    held: u64,
    max: u64,
}

impl InUse {
    /// One of at most `max` places for deliveries in work.
    pub(super) fn place(counters: &Arc<Counters>, max: usize) -> Option<Self> {
        let mut place = Self::none(counters, |counters| &counters.in_flight, max);
        place.grow(1).then_some(place)
    }

    /// No bytes yet, of at most `max` for all deliveries.
    pub(super) fn bytes(counters: &Arc<Counters>, max: usize) -> Self {
        Self::none(counters, |counters| &counters.buffered_bytes, max)
    }

    fn none(counters: &Arc<Counters>, gauge: fn(&Counters) -> &AtomicU64, max: usize) -> Self {
        Self {
            counters: Arc::clone(counters),
            gauge,
            held: 0,
            max: max as u64,
        }
    }

    /// False, and nothing changes, where the limit does not allow it.
    pub(super) fn grow(&mut self, more: u64) -> bool {
        let grown = |used: u64| used.checked_add(more).filter(|used| *used <= self.max);
        let is_free = (self.gauge)(&self.counters)
            .fetch_update(Relaxed, Relaxed, grown)
            .is_ok();
        if is_free {
            self.held += more;
        }
        is_free
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        (self.gauge)(&self.counters).fetch_sub(self.held, Relaxed);
    }
}

impl Counts {
    /// How many were refused for a reason.
    pub fn refused_for(&self, reason: Reason) -> u64 {
        self.refused[reason as usize]
    }
}

/// One delivery between its head and its answer.
pub(super) struct Delivery<'a> {
    counters: &'a Counters,
    answered: bool,
}

impl Delivery<'_> {
    pub(super) fn accepted(mut self) {
        self.answered = true;
        self.counters.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(mut self, reason: Reason) {
        self.answered = true;
        self.counters.refused[reason as usize].fetch_add(1, Relaxed);
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.counters.abandoned.fetch_add(1, Relaxed);
        }
    }
}
