//! Matches in, alerts out: the stateful half of detection.
//!
//! One correlator serves one partition of matches. It has no clock: event time comes with
//! [`Correlator::progress`], and the watermark (the least progress of all inputs, less the lateness)
//! says what can still arrive. A batch is: `restore` once, then for each batch any number of
//! `observe` and `progress`, then `advance`, then `drain`.
//!
//! A plain rule is the trivial correlation: each event raises one alert, and its id is remembered so
//! that a delivery that comes again raises none, also after a restart.
//!
//! What it refuses: growing without bound. Groups per tenant and rule, matches and evidence per
//! group and remembered event ids are limited; what a limit drops is counted in [`Health`].

mod emit;
mod plain;
mod replace;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::alert::Alert;
use crate::matched::Match;
use crate::problem::Problem;
use crate::ruleset::{RuleIndex, RuleSet};
use crate::state::{self, Added, Bounds, Group, StateError, Stored};
use emit::Emitted;
use plain::Plain;
use shelf::Shelf;

/// Later than any event, and far enough from the end that timespans can be added.
const END_OF_TIME: i64 = i64::MAX / 4;
/// Before any event.
const UNKNOWN: i64 = i64::MIN / 4;

/// Every bound of a correlator. The defaults hold about 100 MB at the worst for one busy rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How late a match may come, in milliseconds, where the rule does not say.
    pub lateness_ms: i64,
    /// Groups of one rule for one tenant.
    pub groups_per_rule: usize,
    /// Matches of one group.
    pub matches_per_group: usize,
    /// Bytes of evidence of one group.
    pub evidence_bytes_per_group: usize,
    /// How long a plain rule remembers an event id, in milliseconds.
    pub dedup_ms: i64,
    /// Event ids that plain rules remember together.
    pub dedup_events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lateness_ms: 5 * 60_000,
            groups_per_rule: 50_000,
            matches_per_group: 20_000,
            evidence_bytes_per_group: 256 << 10,
            dedup_ms: 7 * 86_400_000,
            dedup_events: 1_000_000,
        }
    }
}

/// What happened to matches, since the correlator began. Every match is counted in `matches` and in
/// exactly one of `duplicates`, `unknown_rule` and `taken`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Matches observed.
    pub matches: u64,
    /// Seen before; not counted again.
    pub duplicates: u64,
    /// For a rule that this set does not have.
    pub unknown_rule: u64,
    /// Taken into a window, or alerted at once.
    pub taken: u64,
    /// Of those taken: they came after the watermark had passed them.
    pub late: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Matches dropped because their group was full.
    pub evicted_matches: u64,
    /// Groups dropped because their rule had too many.
    pub evicted_groups: u64,
    /// Event ids forgotten early because there were too many.
    pub evicted_events: u64,
    /// Restored state of rules that this set does not have.
    pub foreign_state: u64,
    /// Calls of scripts that failed; their alerts went out as the rules wrote them.
    pub script_errors: u64,
}

/// What a batch produced.
#[derive(Debug, Default)]
pub struct Output {
    /// Alerts, ordered by time and id within each `advance`.
    pub alerts: Vec<Alert>,
    /// Matches of correlations for the correlations that refer to them.
    pub matches: Vec<Match>,
    /// Changelog entries: key and value, or None for what is forgotten.
    pub state: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The first failure of each script.
    pub problems: Vec<Problem>,
    /// The counters, as they are now.
    pub health: Health,
}

/// Turns matches into alerts.
#[derive(Debug)]
pub struct Correlator {
    rules: Arc<RuleSet>,
    limits: Limits,
    timing: Vec<Timing>,
    inputs: FxHashMap<u32, i64>,
    watermark: i64,
    /// Correlations of up to this depth are closed for good.
    finished: u32,
    plain: Plain,
    groups: Vec<Option<Group>>,
    free: Vec<u32>,
    index: FxHashMap<Arc<[u8]>, u32>,
    /// By tenant and rule.
    shelves: BTreeMap<(String, RuleIndex), Shelf>,
    /// Groups to decide at the next `advance`.
    touched: BTreeSet<u32>,
    /// Groups whose changelog entry is out of date.
    changed: BTreeSet<u32>,
    gone: BTreeSet<Arc<[u8]>>,
    emitted: Emitted,
    health: Health,
}

/// How far a correlation lags behind the watermark of the inputs.
#[derive(Debug, Clone, Copy, Default)]
struct Timing {
    lag_ms: i64,
    /// 0 for rules, 1 for correlations of rules, …
    depth: u32,
}

impl Correlator {
    /// A correlator without state.
    pub fn new(rules: Arc<RuleSet>, limits: Limits) -> Self {
        Self {
            timing: timing(&rules, &limits),
            rules,
            limits,
            inputs: FxHashMap::default(),
            watermark: UNKNOWN,
            finished: 0,
            plain: Plain::default(),
            groups: Vec::new(),
            free: Vec::new(),
            index: FxHashMap::default(),
            shelves: BTreeMap::new(),
            touched: BTreeSet::new(),
            changed: BTreeSet::new(),
            gone: BTreeSet::new(),
            emitted: Emitted::default(),
            health: Health::default(),
        }
    }

    /// Takes back a changelog entry. State of rules that the set no longer has is dropped; the
    /// error says that an entry is damaged or of another version.
    pub fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), StateError> {
        match state::decode(key, value, &self.rules)? {
            Stored::Event { forget_at } => self.plain.restore(key, forget_at),
            Stored::Group(mut group) => {
                let rules = Arc::clone(&self.rules);
                let due = rules
                    .correlation(group.target)
                    .and_then(|asks| group.due(asks, UNKNOWN));
                self.insert(*group, due.unwrap_or(END_OF_TIME));
            }
            Stored::Foreign => {
                self.health.foreign_state += 1;
                self.gone.insert(key.into());
            }
        }
        Ok(())
    }

    /// A match arrived, in any order. Times that no calendar has are taken as the nearest usable.
    pub fn observe(&mut self, m: &Match) {
        self.health.matches += 1;
        if !(UNKNOWN..=END_OF_TIME).contains(&m.time_ms) {
            let time_ms = m.time_ms.clamp(UNKNOWN, END_OF_TIME);
            return self.route(&Match {
                time_ms,
                ..m.clone()
            });
        }
        self.route(m);
    }

    fn route(&mut self, m: &Match) {
        let target = self.rules.find(&m.target);
        let rule = self.rules.find(&m.rule);
        let (Some(target), Some(rule)) = (target, rule) else {
            self.health.unknown_rule += 1;
            return;
        };
        if self.rules.correlation(target).is_some() {
            self.observe_correlated(m, target, rule);
        } else {
            self.observe_plain(m, target);
        }
    }

    /// Event time has reached `event_time_ms` on an input. Progress does not go back.
    pub fn progress(&mut self, input: u32, event_time_ms: i64) {
        let time_ms = event_time_ms.clamp(UNKNOWN, END_OF_TIME);
        let known = self.inputs.entry(input).or_insert(time_ms);
        *known = (*known).max(time_ms);
    }

    /// Decides what this batch and the watermark have made decidable.
    pub fn advance(&mut self) {
        let reached = self.inputs.values().copied().min().unwrap_or(UNKNOWN);
        self.watermark = self.watermark.max(reached);
        for slot in std::mem::take(&mut self.touched) {
            self.decide(slot);
        }
        let due: Vec<u32> = self
            .shelves
            .iter()
            .flat_map(|((_, target), shelf)| shelf.due(self.watermark_of(*target)))
            .collect();
        due.into_iter().for_each(|slot| self.decide(slot));
        self.plain.forget(self.watermark);
        self.emitted.order();
    }

    /// The end of a replay: closes everything that is open, one level of chained correlations at a
    /// time. True while there are further levels: then drain, observe the drained matches, and call
    /// it again. There is no way back: what is observed after the last call is decided at once.
    pub fn finish(&mut self) -> bool {
        self.finished += 1;
        let level = self.finished;
        let open: Vec<u32> = (0..self.groups.len() as u32)
            .filter(|slot| {
                let group = self.groups[*slot as usize].as_ref();
                group.is_some_and(|group| self.timing[group.target.0 as usize].depth <= level)
            })
            .collect();
        self.touched.extend(open);
        self.advance();
        self.timing.iter().any(|timing| timing.depth > level)
    }

    /// Appends what happened since the last call. Call it after `advance` or `finish`.
    pub fn drain(&mut self, out: &mut Output) {
        self.emitted.drain(out);
        self.emitted.drain_failures(&mut self.health, out);
        for key in std::mem::take(&mut self.gone) {
            out.state.push((key.to_vec(), None));
        }
        for slot in std::mem::take(&mut self.changed) {
            if let Some(group) = &self.groups[slot as usize] {
                out.state
                    .push((group.key.to_vec(), Some(group.encode(&self.rules))));
            }
        }
        self.plain.drain(&mut out.state);
        out.health = self.health;
    }

    /// The counters, as they are now.
    pub fn health(&self) -> Health {
        self.health
    }

    fn watermark_of(&self, target: RuleIndex) -> i64 {
        let timing = self.timing[target.0 as usize];
        if timing.depth <= self.finished {
            return END_OF_TIME;
        }
        self.watermark.saturating_sub(timing.lag_ms).max(UNKNOWN)
    }

    fn observe_plain(&mut self, m: &Match, target: RuleIndex) {
        let forget_at = m
            .time_ms
            .max(self.watermark)
            .saturating_add(self.limits.dedup_ms);
        if !self
            .plain
            .is_new(m, forget_at, self.limits.dedup_events, &mut self.health)
        {
            self.health.duplicates += 1;
            return;
        }
        self.health.taken += 1;
        self.health.alerts += 1;
        self.emitted.plain(&self.rules, target, m);
    }

    fn observe_correlated(&mut self, m: &Match, target: RuleIndex, rule: RuleIndex) {
        let Some(member) = self.rules.member(target, rule) else {
            self.health.unknown_rule += 1;
            return;
        };
        let key = m.key();
        let slot = match self.index.get(key.as_slice()) {
            Some(slot) => *slot,
            None => self.insert(Group::new(key.into(), m, target), END_OF_TIME),
        };
        let watermark = self.watermark_of(target);
        let bounds = Bounds {
            matches: self.limits.matches_per_group,
            evidence_bytes: self.limits.evidence_bytes_per_group,
        };
        let rules = Arc::clone(&self.rules);
        let (Some(group), Some(asks)) = (
            self.groups[slot as usize].as_mut(),
            rules.correlation(target),
        ) else {
            return;
        };
        match group.add(asks, m, member, watermark, bounds) {
            Added::Duplicate => {
                self.health.duplicates += 1;
                return;
            }
            Added::Full => self.health.evicted_matches += 1,
            Added::New => {}
        }
        self.health.taken += 1;
        self.health.late += u64::from(m.time_ms <= watermark);
        self.touched.insert(slot);
        self.changed.insert(slot);
    }

    fn insert(&mut self, group: Group, due: i64) -> u32 {
        let place = (group.tenant.clone(), group.target);
        self.make_room(&place);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.groups.push(None);
            (self.groups.len() - 1) as u32
        });
        self.index.insert(Arc::clone(&group.key), slot);
        self.gone.remove(&group.key);
        let shelf = self.shelves.entry(place).or_default();
        shelf.put(slot, group.expires(), due, group.has_alerted());
        self.groups[slot as usize] = Some(group);
        slot
    }

    /// A rule's groups are bounded for each tenant, so a flood of keys pushes out only its own kind:
    /// first a group without an alert, and of those the one that would expire first.
    fn make_room(&mut self, place: &(String, RuleIndex)) {
        let Some(shelf) = self.shelves.get(place) else {
            return;
        };
        if shelf.len() < self.limits.groups_per_rule.max(1) {
            return;
        }
        if let Some(slot) = shelf.least_useful() {
            self.health.evicted_groups += 1;
            self.remove(slot);
        }
    }

    fn remove(&mut self, slot: u32) {
        let Some(group) = self.groups[slot as usize].take() else {
            return;
        };
        self.index.remove(&group.key);
        self.touched.remove(&slot);
        self.changed.remove(&slot);
        self.gone.insert(Arc::clone(&group.key));
        let place = (group.tenant, group.target);
        if let Some(shelf) = self.shelves.get_mut(&place) {
            shelf.take(slot);
            if shelf.len() == 0 {
                self.shelves.remove(&place);
            }
        }
        self.free.push(slot);
    }

    fn decide(&mut self, slot: u32) {
        let Some(mut group) = self.groups[slot as usize].take() else {
            return;
        };
        let rules = Arc::clone(&self.rules);
        let Some(asks) = rules.correlation(group.target) else {
            return;
        };
        let watermark = self.watermark_of(group.target);
        let (emitted, health) = (&mut self.emitted, &mut self.health);
        let changed = group.decide(asks, watermark, |group, identity, episode| {
            health.alerts += u64::from(emitted.episode(&rules, asks, group, identity, episode));
        });
        if changed {
            self.changed.insert(slot);
        }
        let due = group.due(asks, watermark);
        let alerted = group.has_alerted();
        let place = (group.tenant.clone(), group.target);
        let empty = group.is_empty();
        if let Some(shelf) = self.shelves.get_mut(&place) {
            shelf.put(slot, group.expires(), due.unwrap_or(END_OF_TIME), alerted);
        }
        self.groups[slot as usize] = Some(group);
        if empty {
            self.remove(slot);
        }
    }
}

/// The lag of every rule and correlation. A correlation of correlations waits until those have had
/// time to decide, and one lateness more for their alerts to reach it.
fn timing(rules: &RuleSet, limits: &Limits) -> Vec<Timing> {
    let mut all = vec![Timing::default(); rules.len()];
    // References go at most a few levels deep and never in circles, so this settles.
    loop {
        let before: Vec<_> = all.iter().map(|one| (one.lag_ms, one.depth)).collect();
        for at in 0..rules.len() {
            let index = RuleIndex(at as u32);
            let Some(asks) = rules.correlation(index) else {
                continue;
            };
            let lateness = asks.lateness_ms.unwrap_or(limits.lateness_ms);
            let mut timing = Timing {
                lag_ms: lateness,
                depth: 1,
            };
            for member in rules.members(index) {
                let of = all[member.0 as usize];
                timing.depth = timing.depth.max(of.depth + 1);
                if let Some(inner) = rules.correlation(*member) {
                    let lag = of.lag_ms + inner.lookback_ms() + lateness;
                    timing.lag_ms = timing.lag_ms.max(lag);
                }
            }
            all[at] = timing;
        }
        if all.iter().map(|one| (one.lag_ms, one.depth)).eq(before) {
            return all;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
