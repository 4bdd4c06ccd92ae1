//! A match: a rule held for one event, on its way to whoever correlates it.
//!
//! Matches cross a topic of the journal, so they have a binary form of their own: compact, with a
//! version in front, and decoding never trusts a length.

use bytes::Bytes;

use crate::wire::{Reader, Writer};

const VERSION: u8 = 2;
/// Without the receive time.
const FIRST_VERSION: u8 = 1;

/// A rule (or a correlation, in a chain) held.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Whose event it is; empty for the default tenant.
    pub tenant: String,
    /// The id of the rule that held.
    pub rule: String,
    /// The id of the rule or correlation that takes the match.
    pub target: String,
    /// The event's stable id; in a chain the alert's.
    pub event_id: String,
    /// Event time in milliseconds since 1970.
    pub time_ms: i64,
    /// When the event was received, where that is known: until a timespan after this, its group
    /// waits for others that are as late. 0: not known.
    pub received_ms: i64,
    /// Group-by field → value, in the target's order; empty for a plain rule.
    pub group: Vec<(String, String)>,
    /// What the target counts or adds up, where it does.
    pub value: Option<MatchValue>,
    /// Curated sealed fields of the event as a flat JSON object, at most about 4 KiB.
    pub evidence: Bytes,
}

/// The value of a match for a `value_*` correlation.
#[derive(Debug, Clone, PartialEq)]
pub enum MatchValue {
    /// Values to count the different ones of (several where the field is a list).
    Distinct(Vec<String>),
    /// A number to add up, average or rank; finite.
    Number(f64),
}

impl Match {
    /// All that one window needs has one key: tenant, target and group. A plain rule's matches need
    /// only meet their own duplicates, so their key has the event id instead and they spread.
    pub fn key(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.text(&self.tenant);
        out.text(&self.target);
        if self.rule == self.target {
            out.text(&self.event_id);
        }
        for (_, value) in &self.group {
            out.text(value);
        }
        out.into_bytes()
    }

    /// Appends the binary form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut w = Writer::onto(std::mem::take(out));
        w.byte(VERSION);
        for text in [&self.tenant, &self.rule, &self.target, &self.event_id] {
            w.text(text);
        }
        w.signed(self.time_ms);
        w.signed(self.received_ms);
        w.unsigned(self.group.len() as u64);
        for (name, value) in &self.group {
            w.text(name);
            w.text(value);
        }
        match &self.value {
            None => w.byte(0),
            Some(MatchValue::Distinct(values)) => {
                w.byte(1);
                w.unsigned(values.len() as u64);
                values.iter().for_each(|value| w.text(value));
            }
            Some(MatchValue::Number(number)) => {
                w.byte(2);
                w.float(*number);
            }
        }
        w.bytes(&self.evidence);
        *out = w.into_bytes();
    }

    /// Reads the binary form; None where the bytes are not a match of a known version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let version = r.byte()?;
        if !(FIRST_VERSION..=VERSION).contains(&version) {
            return None;
        }
        let (tenant, rule, target, event_id) = (r.text()?, r.text()?, r.text()?, r.text()?);
        let time_ms = r.signed()?;
        let received_ms = if version == FIRST_VERSION {
            0
        } else {
            r.signed()?
        };
        let group = r.list(|r| Some((r.text()?, r.text()?)))?;
        let value = match r.byte()? {
            0 => None,
            1 => Some(MatchValue::Distinct(r.list(Reader::text)?)),
            2 => Some(MatchValue::Number(
                r.float().filter(|number| number.is_finite())?,
            )),
            _ => return None,
        };
        let evidence = Bytes::copy_from_slice(r.bytes()?);
        r.is_done().then_some(Self {
            tenant,
            rule,
            target,
            event_id,
            time_ms,
            received_ms,
            group,
            value,
            evidence,
        })
    }
}
