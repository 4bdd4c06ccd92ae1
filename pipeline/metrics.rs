//! Counters of what went through, with names in one place.
//!
//! Two equations over them are tested: records that are read end as events or refusals
//! (`received = refused + events` for records of one item each), and what a correlator takes in is
//! accounted for. A counter never carries event content.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Records read by normalize.
    Records,
    /// Events made of them.
    Events,
    /// Records, or items of records, that could not become events.
    Refused,
    /// Matches of rules.
    Matches,
    /// Messages of `matches` that could not be read.
    BrokenMatches,
    /// Alerts raised.
    Alerts,
    /// Documents that a sink took.
    Delivered,
    /// Documents that a sink refused: they are in the dead letters.
    DeadLetters,
    /// Calls of scripts that failed.
    ScriptErrors,
    /// Changed content that was put in force.
    Reloads,
    /// Changed content that was refused.
    RefusedReloads,
}

impl Count {
    /// Every counter with its name.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Records, "records"),
        (Self::Events, "events"),
        (Self::Refused, "refused"),
        (Self::Matches, "matches"),
        (Self::BrokenMatches, "broken_matches"),
        (Self::Alerts, "alerts"),
        (Self::Delivered, "delivered"),
        (Self::DeadLetters, "dead_letters"),
        (Self::ScriptErrors, "script_errors"),
        (Self::Reloads, "reloads"),
        (Self::RefusedReloads, "refused_reloads"),
    ];
}

/// The counters of one process.
#[derive(Debug, Default)]
pub struct Metrics([AtomicU64; Count::ALL.len()]);

impl Metrics {
    /// Adds to a counter.
    pub fn add(&self, count: Count, number: u64) {
        self.0[count as usize].fetch_add(number, Ordering::Relaxed);
    }

    /// The value of a counter.
    pub fn get(&self, count: Count) -> u64 {
        self.0[count as usize].load(Ordering::Relaxed)
    }

    /// One line for the log: `records=5 events=5 …`.
    pub fn line(&self) -> String {
        let pairs = Count::ALL.map(|(count, name)| format!("{name}={}", self.get(count)));
        pairs.join(" ")
    }
}
