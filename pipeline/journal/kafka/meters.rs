//! What the journal measures of itself.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::journal::ends::lock;

/// What was measured, since the process began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Transactions committed.
    pub transactions: u64,
    /// Transactions taken back.
    pub aborted: u64,
    /// Time from the beginning to the end of the committed ones, together.
    pub transaction_time: Duration,
    /// The longest of them.
    pub transaction_longest: Duration,
    /// How long the oldest transaction is open that is open now.
    pub transaction_oldest: Duration,
    /// Partitions that came to this process or left it.
    pub rebalances: u64,
    /// States restored, and the time that it took.
    pub restores: u64,
    /// See `restores`.
    pub restore_time: Duration,
    /// Records that retention removed before they were read.
    pub records_lost: u64,
    /// Records yet to be read, by consumer group and partition, as of the last look.
    pub lag: BTreeMap<(String, u32), u64>,
}

#[derive(Default)]
pub(super) struct Meters(Mutex<Measured>);

#[derive(Default)]
struct Measured {
    reading: Reading,
    /// Transactions that are open, by their names.
    open: BTreeMap<String, Instant>,
}

impl Meters {
    pub(super) fn reading(&self) -> Reading {
        let measured = lock(&self.0);
        let oldest = measured.open.values().map(Instant::elapsed).max();
        Reading {
            transaction_oldest: oldest.unwrap_or_default(),
            ..measured.reading.clone()
        }
    }

    pub(super) fn opened(&self, id: &str) {
        lock(&self.0).open.insert(id.to_owned(), Instant::now());
    }

    pub(super) fn committed(&self, id: &str, took: Duration) {
        let mut measured = lock(&self.0);
        measured.open.remove(id);
        let reading = &mut measured.reading;
        reading.transactions += 1;
        reading.transaction_time += took;
        reading.transaction_longest = reading.transaction_longest.max(took);
    }

    pub(super) fn aborted(&self, id: &str) {
        let mut measured = lock(&self.0);
        measured.open.remove(id);
        measured.reading.aborted += 1;
    }

    pub(super) fn rebalanced(&self) {
        lock(&self.0).reading.rebalances += 1;
    }

    pub(super) fn restored(&self, took: Duration) {
        let mut measured = lock(&self.0);
        measured.reading.restores += 1;
        measured.reading.restore_time += took;
    }

    pub(super) fn lost(&self, records: u64) {
        lock(&self.0).reading.records_lost += records;
    }

    pub(super) fn lag(&self, group: &str, partition: u32, records: u64) {
        let key = (group.to_owned(), partition);
        lock(&self.0).reading.lag.insert(key, records);
    }

    /// Another process has the partition now.
    pub(super) fn left(&self, group: &str, partition: u32) {
        lock(&self.0)
            .reading
            .lag
            .remove(&(group.to_owned(), partition));
    }
}
