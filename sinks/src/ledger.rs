//! From verdicts to offsets: how far each partition may be committed.
//!
//! Requests end out of order, and an offset says "everything before this is done". So the ledger
//! keeps every place that was handed in until all places before it are settled, and gives the
//! refused documents out together with the offset that moves past them: the caller writes their
//! dead letters in the same transaction, so that each is written once (invariant I3).
//!
//! What it refuses: a verdict about a place that it does not hold (of a partition that was taken
//! away, or a second one) changes nothing.

use std::collections::{BTreeMap, VecDeque};

use crate::deliver::{Settled, Verdict};
use crate::sink::Place;

#[cfg(test)]
mod tests;

/// A partition whose offset may move.
#[derive(Debug)]
pub struct Progress {
    /// Which of the caller's consumers.
    pub input: u32,
    /// The partition.
    pub partition: u32,
    /// One past the last settled offset.
    pub next_offset: u64,
    /// The refused documents that the offset moves past, in order.
    pub refused: Vec<Settled>,
}

#[derive(Debug)]
struct Entry {
    offset: u64,
    ended: Option<Ended>,
}

#[derive(Debug)]
enum Ended {
    Done,
    Refused(Box<Settled>),
}

/// The places without a verdict, and those that wait for an earlier one.
#[derive(Debug, Default)]
pub struct Ledger {
    partitions: BTreeMap<(u32, u32), VecDeque<Entry>>,
}

impl Ledger {
    /// Notes a place that was handed to a delivery. Offsets of a partition must rise.
    pub fn note(&mut self, place: Place) {
        let entries = self
            .partitions
            .entry((place.input, place.partition))
            .or_default();
        let rises = entries.back().is_none_or(|last| last.offset < place.offset);
        debug_assert!(rises, "offsets of a partition must rise");
        if rises {
            entries.push_back(Entry {
                offset: place.offset,
                ended: None,
            });
        }
    }

    /// Notes a verdict.
    pub fn settle(&mut self, settled: Settled) {
        let place = settled.place;
        let Some(entries) = self.partitions.get_mut(&(place.input, place.partition)) else {
            return;
        };
        let Ok(position) = entries.binary_search_by_key(&place.offset, |entry| entry.offset) else {
            return;
        };
        let ended = &mut entries[position].ended;
        if ended.is_none() {
            *ended = Some(match settled.verdict {
                Verdict::Delivered | Verdict::Skipped => Ended::Done,
                Verdict::Refused(_) => Ended::Refused(Box::new(settled)),
            });
        }
    }

    /// Takes what may be committed: every partition whose oldest places are settled. Each place is
    /// given out once; a caller whose commit failed starts over from the journal's offset.
    pub fn take(&mut self) -> Vec<Progress> {
        let mut all = Vec::new();
        for (&(input, partition), entries) in &mut self.partitions {
            let mut next_offset = None;
            let mut refused = Vec::new();
            while entries.front().is_some_and(|entry| entry.ended.is_some()) {
                let Some(entry) = entries.pop_front() else {
                    break;
                };
                next_offset = Some(entry.offset + 1);
                if let Some(Ended::Refused(settled)) = entry.ended {
                    refused.push(*settled);
                }
            }
            if let Some(next_offset) = next_offset {
                all.push(Progress {
                    input,
                    partition,
                    next_offset,
                    refused,
                });
            }
        }
        all
    }

    /// Forgets a partition that is no longer ours.
    pub fn forget(&mut self, input: u32, partition: u32) {
        self.partitions.remove(&(input, partition));
    }

    /// Places that are not given out yet.
    pub fn held(&self) -> usize {
        self.partitions.values().map(VecDeque::len).sum()
    }
}
