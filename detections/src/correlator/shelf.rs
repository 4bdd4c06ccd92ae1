//! The groups of one rule for one tenant: when each is due, and which is needed least.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// For each group: when it is due, and its rank of use.
    known: FxHashMap<u32, (i64, Use)>,
    due: BTreeSet<(i64, u32)>,
    used: BTreeSet<(Use, u32)>,
}

/// Whether it has alerted (then its state prevents a second alert), and when it expires.
type Use = (bool, i64);

impl Shelf {
    pub(super) fn put(&mut self, slot: u32, expires: i64, due: i64, alerted: bool) {
        self.take(slot);
        let used = (alerted, expires);
        self.known.insert(slot, (due, used));
        self.due.insert((due, slot));
        self.used.insert((used, slot));
    }

    pub(super) fn take(&mut self, slot: u32) {
        if let Some((due, used)) = self.known.remove(&slot) {
            self.due.remove(&(due, slot));
            self.used.remove(&(used, slot));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn least_useful(&self) -> Option<u32> {
        self.used.first().map(|(_, slot)| *slot)
    }

    /// The groups that are due at a watermark, the earliest first.
    pub(super) fn due(&self, watermark: i64) -> impl Iterator<Item = u32> {
        self.due
            .range(..=(watermark, u32::MAX))
            .map(|(_, slot)| *slot)
    }
}
