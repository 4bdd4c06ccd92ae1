//! Records to events, and events to the matches of base rules.
//!
//! The stage has no state, so it scales with the partitions of `raw`. What it sends to `matches`
//! is keyed by all that one window needs, so the correlations never see a whole stream. Behind
//! the matches of a batch goes the *progress* of event time on this input partition, to every
//! partition of `matches`: the correlations' watermark is made of nothing else. A partition that
//! has been read to its end reports the time of day, so that an idle source holds nobody up.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_detections::{Match, Matcher, Problem, RuleSet};
use chaperone_mappings::normalize::{Normalized, Normalizer, Worker};
use chaperone_mappings::redact::{Redactor, Scratch};
use chaperone_mappings::{Event, Record};

use super::{Stage, StageError};
use crate::content::Content;
use crate::filter::Filter;
use crate::journal::{Batch, Message, Outgoing, StateEntries, Topic, Transaction};
use crate::metrics::{Count, Metrics};
use crate::raw;
use crate::refused::Refused;

/// How often an idle partition reports the time of day.
const IDLE_PROGRESS_MS: i64 = 5_000;

/// What the stage is built from; shared by its workers.
#[derive(Clone)]
pub struct Parts {
    /// Sources, redactor and context.
    pub normalizer: Arc<Normalizer>,
    /// Seals what is kept of refused records.
    pub redactor: Arc<Redactor>,
    /// The compiled rules.
    pub rules: Arc<RuleSet>,
    /// Which events go on; everything in a live run.
    pub filter: Arc<Filter>,
    /// How many partitions `matches` has.
    pub match_partitions: u32,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// raw → events, matches, dead letters.
pub struct Normalize {
    parts: Parts,
    worker: Worker,
    scratch: Scratch,
    matcher: Matcher,
    /// Event time reached on each assigned partition, and when that was last reported.
    progress: BTreeMap<u32, Progress>,
    normalized: Normalized,
    matches: Vec<Match>,
    key: Vec<u8>,
}

#[derive(Default)]
struct Progress {
    reached_ms: i64,
    reported_ms: i64,
}

impl Normalize {
    /// A stage for one worker.
    pub fn new(parts: Parts) -> Self {
        Self {
            worker: parts.normalizer.worker(),
            scratch: parts.redactor.scratch(),
            matcher: Matcher::new(parts.rules.clone()),
            progress: BTreeMap::new(),
            normalized: Normalized::default(),
            matches: Vec::new(),
            key: Vec::new(),
            parts,
        }
    }

    fn record(&mut self, record: &Record, partition: u32, out: &mut Transaction) {
        let mut normalized = std::mem::take(&mut self.normalized);
        self.worker.normalize(record, &mut normalized);
        let metrics = &self.parts.metrics;
        metrics.add(Count::Events, normalized.events.len() as u64);
        metrics.add(Count::Refused, normalized.refusals.len() as u64);
        for event in normalized.events.drain(..) {
            if self.parts.filter.takes(&event) {
                self.event(event, record.origin.received_ms, partition, out);
            }
        }
        for refusal in normalized.refusals.drain(..) {
            let sealed = self
                .parts
                .redactor
                .seal_text(&record.body, &mut self.scratch);
            let sealed = sealed.as_deref().unwrap_or(&record.body);
            out.outputs.push(refusal_message(&refusal, sealed));
        }
        self.normalized = normalized;
    }

    fn event(&mut self, event: Event, received_ms: i64, partition: u32, out: &mut Transaction) {
        let reached = &mut self.progress.entry(partition).or_default().reached_ms;
        *reached = (*reached).max(event.time_ms());
        self.matcher.matches(&event, &mut self.matches);
        for found in &mut self.matches {
            found.received_ms = received_ms;
        }
        self.parts
            .metrics
            .add(Count::Matches, self.matches.len() as u64);
        let (errors, problems) = self.matcher.take_script_errors();
        self.parts.metrics.add(Count::ScriptErrors, errors);
        problems.iter().for_each(say_script_failed);
        out.outputs.push(Outgoing {
            topic: Topic::Events,
            partition: Some(partition),
            message: Message {
                time_ms: event.time_ms(),
                value: event.into_json(),
                ..Message::default()
            },
        });
        for found in self.matches.drain(..) {
            out.outputs.push(message_of(&found, &mut self.key));
        }
    }

    fn report(&self, partition: u32, reached_ms: i64, out: &mut Transaction) {
        for to in 0..self.parts.match_partitions {
            out.outputs.push(Outgoing {
                topic: Topic::Matches,
                partition: Some(to),
                message: progress_message(partition, reached_ms),
            });
        }
    }
}

/// A script fails the same way for every event, so this is said once for each.
pub(super) fn say_script_failed(problem: &Problem) {
    tracing::warn!("{problem}; its alerts go out as the rule wrote them");
}

/// The header that makes a message of `matches` a report of progress: the input partition.
const PROGRESS: &str = "progress";

/// A report that event time has reached `reached_ms` on an input partition.
pub fn progress_message(partition: u32, reached_ms: i64) -> Message {
    Message {
        headers: vec![(
            PROGRESS.into(),
            Bytes::copy_from_slice(&partition.to_be_bytes()),
        )],
        time_ms: reached_ms,
        ..Message::default()
    }
}

/// The input partition, where a message of `matches` reports progress.
pub(super) fn progress_of(message: &Message) -> Option<u32> {
    let (_, value) = message.headers.iter().find(|(name, _)| name == PROGRESS)?;
    Some(u32::from_be_bytes(value.as_ref().try_into().ok()?))
}

/// A match on its way to the partition that keeps its window.
pub(super) fn message_of(found: &Match, scratch: &mut Vec<u8>) -> Outgoing {
    scratch.clear();
    found.encode(scratch);
    Outgoing {
        topic: Topic::Matches,
        partition: None,
        message: Message {
            key: found.key().into(),
            value: Bytes::copy_from_slice(scratch),
            headers: Vec::new(),
            time_ms: found.time_ms,
        },
    }
}

impl Stage for Normalize {
    fn input(&self) -> Topic {
        Topic::Raw
    }

    fn assign(&mut self, partition: u32, _state: StateEntries) -> Result<(), StageError> {
        self.progress.insert(partition, Progress::default());
        Ok(())
    }

    fn revoke(&mut self, partition: u32) {
        self.progress.remove(&partition);
    }

    fn renew(&mut self, content: &Content) {
        self.parts.normalizer = content.normalizer.clone();
        self.parts.redactor = content.redactor.clone();
        self.parts.rules = content.rules.clone();
        self.worker = content.normalizer.worker();
        self.scratch = content.redactor.scratch();
        self.matcher = Matcher::new(content.rules.clone());
    }

    fn process(&mut self, batch: Batch, now_ms: i64) -> Transaction {
        let partition = batch.partition;
        let mut out = Transaction {
            inputs: vec![(partition, batch.next_offset)],
            ..Transaction::default()
        };
        self.parts
            .metrics
            .add(Count::Records, batch.messages.len() as u64);
        for incoming in batch.messages {
            let record = raw::record(&incoming.message, partition, incoming.offset);
            self.record(&record, partition, &mut out);
        }
        let progress = self.progress.entry(partition).or_default();
        progress.reported_ms = now_ms;
        let reached_ms = progress.reached_ms;
        if reached_ms > 0 {
            self.report(partition, reached_ms, &mut out);
        }
        out
    }

    fn idle(&mut self, partitions: &[u32], now_ms: i64) -> Option<Transaction> {
        let mut out = Transaction::default();
        for partition in partitions {
            let Some(progress) = self.progress.get_mut(partition) else {
                continue;
            };
            if now_ms - progress.reported_ms < IDLE_PROGRESS_MS {
                continue;
            }
            progress.reported_ms = now_ms;
            progress.reached_ms = progress.reached_ms.max(now_ms);
            self.report(*partition, now_ms, &mut out);
        }
        (!out.outputs.is_empty()).then_some(out)
    }
}

/// A refusal on its way to the dead letters; `sealed` is the record's text, or empty where it never
/// was one (a line too long to be read).
pub fn refusal_message(refusal: &chaperone_mappings::Refusal, sealed: &[u8]) -> Outgoing {
    Outgoing {
        topic: Topic::DeadLetters,
        partition: None,
        message: Message {
            value: Refused::new(refusal, sealed).to_json(),
            time_ms: refusal.origin.received_ms,
            ..Message::default()
        },
    }
}
