//! The changelog form of groups and of remembered event ids.

use std::sync::Arc;

use bytes::Bytes;

use super::{Entry, Group, hash, mark};
use crate::correlation::{CorrelationKind, Decision};
use crate::episode::{Episode, Episodes};
use crate::ruleset::RuleSet;
use crate::window::sweep::Sweep;
use crate::window::{Amount, Item};
use crate::wire::{Reader, Writer};

const VERSION: u8 = 1;
const GROUP: u8 = 0;
const EVENT: u8 = 1;

/// Why a changelog entry could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Written by another version of this program.
    #[error(
        "correlation state has version {0}, this program reads version {VERSION}; run the version that wrote it, or start from a new journal"
    )]
    Version(u8),
    /// The bytes are damaged.
    #[error("correlation state is damaged")]
    Damaged,
}

/// A changelog entry, read.
#[derive(Debug)]
pub(crate) enum Stored {
    Group(Box<Group>),
    /// A plain rule has seen the event of this key; forget it when the watermark has reached this.
    Event {
        forget_at: i64,
    },
    /// Of a rule that this set does not have, or has with another meaning.
    Foreign,
}

/// What the state of a correlation means; state of another meaning is dropped.
fn meaning(kind: CorrelationKind) -> u8 {
    match kind {
        CorrelationKind::EventCount => 0,
        CorrelationKind::ValueCount => 1,
        CorrelationKind::ValueSum => 2,
        CorrelationKind::ValueAvg => 3,
        CorrelationKind::ValuePercentile(_) => 4,
        CorrelationKind::Temporal => 5,
        CorrelationKind::TemporalOrdered => 6,
        CorrelationKind::NewTerms => 7,
    }
}

pub(crate) fn encode_event(target: &str, forget_at: i64) -> Vec<u8> {
    let mut w = Writer::default();
    w.byte(VERSION);
    w.byte(EVENT);
    w.text(target);
    w.signed(forget_at);
    w.into_bytes()
}

pub(crate) fn decode(key: &[u8], value: &[u8], rules: &RuleSet) -> Result<Stored, StateError> {
    let mut r = Reader::new(value);
    match r.byte() {
        Some(VERSION) => {}
        Some(version) => return Err(StateError::Version(version)),
        None => return Err(StateError::Damaged),
    }
    stored(key, &mut r, rules).ok_or(StateError::Damaged)
}

fn stored(key: &[u8], r: &mut Reader<'_>, rules: &RuleSet) -> Option<Stored> {
    match r.byte()? {
        EVENT => {
            let target = r.text()?;
            let forget_at = r.signed()?;
            let known = rules
                .find(&target)
                .is_some_and(|at| rules.correlation(at).is_none());
            Some(if known {
                Stored::Event { forget_at }
            } else {
                Stored::Foreign
            })
        }
        GROUP => group(key, r, rules),
        _ => None,
    }
}

impl Group {
    /// The changelog value.
    pub(crate) fn encode(&self, rules: &RuleSet) -> Vec<u8> {
        let mut w = Writer::default();
        w.byte(VERSION);
        w.byte(GROUP);
        w.text(&rules.meta(self.target).id);
        w.byte(
            rules
                .correlation(self.target)
                .map_or(u8::MAX, |asks| meaning(asks.kind)),
        );
        w.text(&self.tenant);
        w.unsigned(self.values.len() as u64);
        for (name, value) in &self.values {
            w.text(name);
            w.text(value);
        }
        w.signed(self.decided);
        w.unsigned(self.episodes.list.len() as u64);
        for one in &self.episodes.list {
            w.signed(one.start);
            w.signed(one.end - one.start);
            w.byte(u8::from(one.alerted) | u8::from(one.late) << 1);
        }
        w.unsigned(self.episodes.numbers.len() as u64);
        for (day, number) in &self.episodes.numbers {
            w.signed(*day);
            w.unsigned(u64::from(*number));
        }
        w.unsigned(self.entries.len() as u64);
        let mut time = 0;
        for one in &self.entries {
            encode_entry(one, &mut time, &mut w);
        }
        w.into_bytes()
    }
}

/// Times are differences to the entry before: one or two bytes instead of six.
fn encode_entry(one: &Entry, time: &mut i64, w: &mut Writer) {
    w.signed(one.item.time_ms - *time);
    *time = one.item.time_ms;
    w.signed(one.keep_until - one.item.time_ms);
    w.text(&one.id);
    w.unsigned(u64::from(one.item.member));
    w.byte(u8::from(one.late));
    match &one.item.value {
        Amount::None => w.byte(0),
        Amount::Distinct(values) => {
            w.byte(1);
            w.unsigned(values.len() as u64);
            values.iter().for_each(|value| w.text(value));
        }
        Amount::Number(number) => {
            w.byte(2);
            w.float(*number);
        }
    }
    w.bytes(&one.evidence);
}

fn group(key: &[u8], r: &mut Reader<'_>, rules: &RuleSet) -> Option<Stored> {
    let id = r.text()?;
    let kind = r.byte()?;
    let asks = rules
        .find(&id)
        .and_then(|at| Some((at, rules.correlation(at)?)));
    let tenant = r.text()?;
    let values = r.list(|r| Some((r.text()?, r.text()?)))?;
    let decided = r.signed()?;
    let list = r.list(|r| {
        let start = r.signed()?;
        let end = start.checked_add(r.signed()?)?;
        let flags = r.byte()?;
        Some(Episode {
            start,
            end,
            alerted: flags & 1 != 0,
            late: flags & 2 != 0,
        })
    })?;
    let numbers = r.list(|r| Some((r.signed()?, u32::try_from(r.unsigned()?).ok()?)))?;
    let mut time = 0;
    let entries = r.list(|r| entry(&mut time, r))?;
    if !r.is_done() {
        return None;
    }
    let Some((target, asks)) = asks.filter(|(_, asks)| meaning(asks.kind) == kind) else {
        return Some(Stored::Foreign);
    };
    let mut sweep = Sweep::default();
    // Where arrival decides, everything in the group was decided before it was written.
    let next = match asks.decision() {
        Decision::Arrival => entries.len(),
        _ => entries.partition_point(|one: &Entry| one.item.time_ms <= decided),
    };
    sweep.start_at(next);
    Some(Stored::Group(Box::new(Group {
        key: Arc::from(key),
        tenant,
        target,
        values,
        seen: entries
            .iter()
            .map(|one| mark(&one.id, one.item.member))
            .collect(),
        evidence_bytes: entries.iter().map(|one| one.evidence.len()).sum(),
        expires: entries
            .iter()
            .map(|one| one.keep_until)
            .max()
            .unwrap_or(i64::MIN),
        entries,
        episodes: Episodes { list, numbers },
        decided,
        sweep,
    })))
}

fn entry(time: &mut i64, r: &mut Reader<'_>) -> Option<Entry> {
    *time = time.checked_add(r.signed()?)?;
    let keep_until = time.checked_add(r.signed()?)?;
    let id = r.text()?;
    let member = u16::try_from(r.unsigned()?).ok()?;
    let late = r.byte()? != 0;
    let value = match r.byte()? {
        0 => Amount::None,
        1 => Amount::Distinct(r.list(|r| Some(Arc::from(r.text()?)))?),
        2 => Amount::Number(r.float().filter(|number| number.is_finite())?),
        _ => return None,
    };
    let evidence = Bytes::copy_from_slice(r.bytes()?);
    Some(Entry {
        item: Item {
            time_ms: *time,
            event: hash(&id),
            member,
            value,
        },
        id: id.into(),
        keep_until,
        late,
        evidence,
    })
}
