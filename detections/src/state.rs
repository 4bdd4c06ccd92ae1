//! What a correlation remembers of one group, and its changelog form.
//!
//! A group is its matches of the last timespan, ordered by (time, event id, rule), and the episodes
//! they made. Everything else (windows, aggregates) is rebuilt from those, so the changelog holds
//! no derived data and a restored group goes on exactly where it was.

mod codec;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashSet;

use crate::correlation::{Correlation, CorrelationKind, Decision};
use crate::episode::{Episode, Episodes, Identity, Next};
use crate::matched::{Match, MatchValue};
use crate::ruleset::RuleIndex;
use crate::window::sweep::{self, Sweep};
use crate::window::{Amount, Item, Window, count_needed};

pub use codec::StateError;
pub(crate) use codec::{Stored, decode, encode_event};

/// Expired matches are taken out in runs, not one by one.
const FORGET_MIN: usize = 16;

/// A match as its group remembers it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) item: Item,
    pub(crate) id: Box<str>,
    /// Not needed once the watermark has reached this.
    pub(crate) keep_until: i64,
    /// It came after the watermark had passed its time.
    pub(crate) late: bool,
    /// Empty once its episode's alert is out.
    pub(crate) evidence: Bytes,
}

impl AsRef<Item> for Entry {
    fn as_ref(&self) -> &Item {
        &self.item
    }
}

/// One group of one correlation.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its key in the changelog and in `matches`.
    pub(crate) key: Arc<[u8]>,
    pub(crate) tenant: String,
    pub(crate) target: RuleIndex,
    pub(crate) values: Vec<(String, String)>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) episodes: Episodes,
    /// Instants up to this are decided (not used where arrival decides).
    decided: i64,
    /// Which (event, rule) it holds, by hash; a hit is looked up.
    seen: FxHashSet<u64>,
    sweep: Sweep,
    evidence_bytes: usize,
    /// The watermark at which its last match is not needed any more.
    expires: i64,
}

/// What adding a match did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    New,
    Duplicate,
    /// It was added, and another one was dropped because the group is full.
    Full,
}

/// The bounds of one group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) matches: usize,
    pub(crate) evidence_bytes: usize,
}

impl Group {
    pub(crate) fn new(key: Arc<[u8]>, first: &Match, target: RuleIndex) -> Self {
        Self {
            key,
            tenant: first.tenant.clone(),
            target,
            values: first.group.clone(),
            entries: Vec::new(),
            episodes: Episodes::default(),
            decided: i64::MIN,
            seen: FxHashSet::default(),
            sweep: Sweep::default(),
            evidence_bytes: 0,
            expires: i64::MIN,
        }
    }

    /// Puts a match in its place in time.
    pub(crate) fn add(
        &mut self,
        asks: &Correlation,
        m: &Match,
        member: u16,
        watermark: i64,
        bounds: Bounds,
    ) -> Added {
        let mark = mark(&m.event_id, member);
        if self.seen.contains(&mark) && self.has(&m.event_id, member) {
            return Added::Duplicate;
        }
        self.seen.insert(mark);
        let late = m.time_ms <= watermark;
        let evidence = if self.evidence_bytes + m.evidence.len() <= bounds.evidence_bytes {
            m.evidence.clone()
        } else {
            Bytes::new()
        };
        self.evidence_bytes += evidence.len();
        let entry = Entry {
            item: Item {
                time_ms: m.time_ms,
                event: hash(&m.event_id),
                member,
                value: amount(m.value.as_ref()),
            },
            id: m.event_id.as_str().into(),
            keep_until: m
                .time_ms
                .max(watermark)
                .max(m.received_ms)
                .saturating_add(asks.lookback_ms()),
            late,
            evidence,
        };
        self.expires = self.expires.max(entry.keep_until);
        let order = |one: &Entry| {
            (one.item.time_ms, &*one.id, one.item.member) < (m.time_ms, &*m.event_id, member)
        };
        let at = self.entries.partition_point(order);
        self.entries.insert(at, entry);
        self.sweep.back_to(at);
        self.thin(asks, at);
        if self.entries.len() > bounds.matches {
            self.remove(0);
            return Added::Full;
        }
        Added::New
    }

    fn has(&self, id: &str, member: u16) -> bool {
        self.entries
            .iter()
            .any(|one| &*one.id == id && one.item.member == member)
    }

    fn remove(&mut self, at: usize) {
        let gone = self.entries.remove(at);
        self.seen.remove(&mark(&gone.id, gone.item.member));
        self.evidence_bytes -= gone.evidence.len();
        self.sweep.removed(at, &gone.item);
    }

    /// Drops a match in the middle of a flood that no count can miss: with `needed` matches within
    /// half a timespan on either side of it, every window that contains it has enough without it.
    fn thin(&mut self, asks: &Correlation, at: usize) {
        if asks.kind != CorrelationKind::EventCount || asks.decision() != Decision::Arrival {
            return;
        }
        let needed = count_needed(asks);
        let Some(middle) = at.checked_sub(needed) else {
            return;
        };
        let Some(before) = middle.checked_sub(needed) else {
            return;
        };
        let time = |at: usize| self.entries[at].item.time_ms;
        let half = asks.timespan_ms / 2;
        if time(before) > time(middle) - half && time(at) < time(middle) + half {
            self.remove(middle);
        }
    }

    /// Decides what can be decided at a watermark, and hands each alert that is due to `alert`.
    /// Whether that changed anything that the changelog holds.
    pub(crate) fn decide(
        &mut self,
        asks: &Correlation,
        watermark: i64,
        mut alert: impl FnMut(&Self, Identity, Episode),
    ) -> bool {
        let before = (self.episodes.clone(), self.decided, self.entries.len());
        match asks.decision() {
            Decision::Anchored => self.decide_anchored(asks, watermark),
            decision => self.decide_sliding(asks, decision, watermark),
        }
        let exact = asks.decision() != Decision::Arrival;
        let gap = asks.gap_ms();
        while let Next::Alert(identity, episode) = self.episodes.next(watermark, gap, exact) {
            alert(self, identity, episode);
        }
        self.drop_evidence();
        self.forget(asks, watermark);
        before != (self.episodes.clone(), self.decided, self.entries.len())
    }

    /// Whether its state prevents a second alert.
    pub(crate) fn has_alerted(&self) -> bool {
        self.episodes.alerted_until().is_some() || !self.episodes.numbers.is_empty()
    }

    fn decide_sliding(&mut self, asks: &Correlation, decision: Decision, watermark: i64) {
        let due = |one: &Entry| due_at(asks, decision, one) <= watermark;
        let Self {
            sweep,
            entries,
            episodes,
            ..
        } = self;
        let gap = asks.gap_ms();
        sweep.run(asks, entries, due, |at| {
            let one = &entries[at];
            episodes.add(one.item.time_ms, one.item.time_ms, one.late, gap);
        });
        if let Some(last) = sweep.next().checked_sub(1) {
            self.decided = self.decided.max(self.entries[last].item.time_ms);
        }
    }

    fn decide_anchored(&mut self, asks: &Correlation, watermark: i64) {
        loop {
            let at = self
                .entries
                .partition_point(|one| one.item.time_ms <= self.decided);
            let Some(first) = self.entries.get(at) else {
                return;
            };
            if due_at(asks, Decision::Anchored, first) > watermark {
                return;
            }
            let (start, late) = (first.item.time_ms, first.late);
            let end = start + asks.timespan_ms - 1;
            let mut window = Window::new(asks);
            let within = self.entries[at..]
                .iter()
                .take_while(|one| one.item.time_ms <= end);
            within.for_each(|one| window.add(&one.item));
            if window.holds(asks, end, None) {
                self.episodes.add(start, end, late, asks.gap_ms());
            }
            self.decided = end;
        }
    }

    fn drop_evidence(&mut self) {
        let Some(until) = self
            .episodes
            .alerted_until()
            .filter(|_| self.evidence_bytes > 0)
        else {
            return;
        };
        // Backwards, and only to the first without: the ones before it were done at their time.
        let done = self
            .entries
            .iter_mut()
            .rev()
            .skip_while(|one| one.item.time_ms > until);
        for one in done.take_while(|one| !one.evidence.is_empty()) {
            self.evidence_bytes -= one.evidence.len();
            one.evidence = Bytes::new();
        }
    }

    fn forget(&mut self, asks: &Correlation, watermark: i64) {
        // What is decided later can still join an episode that ended before the watermark.
        self.episodes
            .forget(watermark.saturating_sub(asks.delay_ms()), asks.gap_ms());
        let expired = self
            .entries
            .iter()
            .take_while(|one| one.keep_until <= watermark)
            .count();
        if expired < self.entries.len() && expired < FORGET_MIN.max(self.entries.len() / 4) {
            return;
        }
        for gone in self.entries.drain(..expired) {
            self.seen.remove(&mark(&gone.id, gone.item.member));
            self.evidence_bytes -= gone.evidence.len();
        }
        self.sweep.forgot(expired);
    }

    /// The watermark at which [`Self::decide`] has something to do again; None: never, it is empty.
    pub(crate) fn due(&mut self, asks: &Correlation, watermark: i64) -> Option<i64> {
        let decision = asks.decision();
        let undecided = match decision {
            Decision::Arrival => None,
            Decision::Anchored => {
                let at = self
                    .entries
                    .partition_point(|one| one.item.time_ms <= self.decided);
                self.entries.get(at)
            }
            _ => self.entries.get(self.sweep.next()),
        };
        let decide = undecided.map(|one| due_at(asks, decision, one));
        let gap = asks.gap_ms();
        let alert = match self
            .episodes
            .clone()
            .next(watermark, gap, decision != Decision::Arrival)
        {
            Next::Alert(..) => Some(watermark),
            Next::Wait(until) => Some(until),
            Next::Nothing => None,
        };
        let expires = (!self.entries.is_empty()).then_some(self.expires);
        let forget = self
            .episodes
            .forget_at(gap)
            .map(|at| at.saturating_add(asks.delay_ms()));
        [decide, alert, forget, expires].into_iter().flatten().min()
    }

    /// The watermark at which its last match is not needed any more.
    pub(crate) fn expires(&self) -> i64 {
        self.expires
    }

    /// Whether nothing is left to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.episodes.list.is_empty() && self.episodes.numbers.is_empty()
    }

    /// The matches that an episode's alert is about, in order.
    pub(crate) fn completing(&self, asks: &Correlation, episode: Episode) -> &[Entry] {
        &self.entries[sweep::completing(asks, &self.entries, episode.start)]
    }
}

/// The watermark at which the instant (or window) that begins with a match can be decided.
fn due_at(asks: &Correlation, decision: Decision, one: &Entry) -> i64 {
    // A match that came late is taken as if its time were when it came.
    let since = one.keep_until.saturating_sub(asks.lookback_ms());
    match decision {
        Decision::Arrival => i64::MIN,
        _ => since.saturating_add(asks.delay_ms()),
    }
}

fn amount(value: Option<&MatchValue>) -> Amount {
    match value {
        None => Amount::None,
        Some(MatchValue::Number(number)) => Amount::Number(*number),
        Some(MatchValue::Distinct(values)) => Amount::Distinct(
            values
                .iter()
                .map(|value| Arc::from(value.as_str()))
                .collect(),
        ),
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn mark(id: &str, member: u16) -> u64 {
    let mut hasher = DefaultHasher::new();
    (id, member).hash(&mut hasher);
    hasher.finish()
}
