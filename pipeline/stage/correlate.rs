//! Matches to alerts.
//!
//! Each partition of `matches` has a correlator of its own: all that one window needs comes
//! through one partition, so partitions never talk to each other. The correlator keeps its windows
//! in memory; what a batch changed goes into the transaction and comes back after a restart. So
//! does the progress of the inputs: a correlator that has just taken a partition over must not take
//! the first input that it hears of for all of them, or what the others still bring would be late.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_detections::{Correlator, Limits, Match, Output, RuleSet};

use super::health::Reported;
use super::normalize::{message_of, progress_of, say_script_failed};
use super::progress::{PROGRESS_KEY, Progress};
use super::{Stage, StageError};
use crate::content::Content;
use crate::journal::{Batch, Message, Outgoing, StateChange, StateEntries, Topic, Transaction};
use crate::metrics::{Count, Metrics};

/// matches → alerts.
pub struct Correlate {
    rules: Arc<RuleSet>,
    limits: Limits,
    metrics: Arc<Metrics>,
    /// How many inputs report their progress at least: the partitions of `raw`.
    inputs: u32,
    partitions: BTreeMap<u32, Partition>,
    output: Output,
    /// Failures of scripts that the metrics know of, by partition.
    script_errors: BTreeMap<u32, u64>,
    encoded: Vec<u8>,
}

/// One partition of `matches`.
struct Partition {
    correlator: Correlator,
    reported: Reported,
    progress: Progress,
    /// Event time as far as it was seen, for the reports of health.
    reached_ms: i64,
}

impl Correlate {
    /// A stage for one worker. Nothing is closed before `inputs` inputs have reported.
    pub fn new(rules: Arc<RuleSet>, limits: Limits, metrics: Arc<Metrics>, inputs: u32) -> Self {
        Self {
            rules,
            limits,
            metrics,
            inputs,
            partitions: BTreeMap::new(),
            output: Output::default(),
            script_errors: BTreeMap::new(),
            encoded: Vec::new(),
        }
    }

    /// The end of a replay: what is still open is closed, one level of correlations at a time.
    /// True where another level waits for the matches of this one.
    pub fn finish(&mut self) -> (Transaction, bool) {
        let mut out = Transaction::default();
        let mut more = false;
        let partitions: Vec<u32> = self.partitions.keys().copied().collect();
        for partition in partitions {
            more |= self.partition(partition).correlator.finish();
            self.drain(partition, &mut out);
        }
        (out, more)
    }

    fn partition(&mut self, partition: u32) -> &mut Partition {
        self.partitions.entry(partition).or_insert_with(|| {
            let mut correlator = Correlator::new(self.rules.clone(), self.limits.clone());
            for input in 0..self.inputs {
                correlator.progress(input, i64::MIN);
            }
            Partition {
                correlator,
                reported: Reported::default(),
                progress: Progress::default(),
                reached_ms: 0,
            }
        })
    }

    fn drain(&mut self, partition: u32, out: &mut Transaction) {
        let mut output = std::mem::take(&mut self.output);
        let Partition {
            correlator,
            reported,
            progress,
            reached_ms,
        } = self.partition(partition);
        out.state.extend(progress.changed(partition));
        correlator.drain(&mut output);
        let time_ms = *reached_ms;
        if let Some(due) = reported.due(output.health, partition, time_ms) {
            out.outputs.push(Outgoing {
                topic: Topic::Alerts,
                partition: Some(partition),
                message: Message {
                    key: Bytes::from(due.id),
                    value: due.json,
                    headers: Vec::new(),
                    time_ms,
                },
            });
        }
        self.metrics.add(Count::Alerts, output.alerts.len() as u64);
        let errors = output.health.script_errors;
        let known = self.script_errors.insert(partition, errors).unwrap_or(0);
        self.metrics
            .add(Count::ScriptErrors, errors.saturating_sub(known));
        output
            .problems
            .drain(..)
            .for_each(|problem| say_script_failed(&problem));
        for alert in output.alerts.drain(..) {
            out.outputs.push(Outgoing {
                topic: Topic::Alerts,
                partition: Some(partition),
                message: Message {
                    key: Bytes::from(alert.id),
                    value: alert.json,
                    headers: Vec::new(),
                    time_ms: alert.time_ms,
                },
            });
        }
        for found in output.matches.drain(..) {
            out.outputs.push(message_of(&found, &mut self.encoded));
        }
        for (key, value) in output.state.drain(..) {
            out.state.push(StateChange {
                partition,
                key: key.into(),
                value: value.map(Bytes::from),
            });
        }
        self.output = output;
    }
}

impl Stage for Correlate {
    fn input(&self) -> Topic {
        Topic::Matches
    }

    fn assign(&mut self, partition: u32, state: StateEntries) -> Result<(), StageError> {
        self.partitions.remove(&partition);
        let assigned = self.partition(partition);
        for entry in state {
            let (key, value) = entry?;
            if key == PROGRESS_KEY {
                let known = Progress::decode(&value).ok_or_else(|| StageError::State {
                    partition,
                    detail: "the progress of its inputs has an unknown format".into(),
                })?;
                for (input, time_ms) in &known.reached {
                    assigned.correlator.progress(*input, *time_ms);
                }
                assigned.progress = known;
                continue;
            }
            assigned
                .correlator
                .restore(&key, &value)
                .map_err(|error| StageError::State {
                    partition,
                    detail: error.to_string(),
                })?;
        }
        Ok(())
    }

    fn revoke(&mut self, partition: u32) {
        self.partitions.remove(&partition);
    }

    fn renew(&mut self, content: &Content) {
        self.rules = content.rules.clone();
        for partition in self.partitions.values_mut() {
            partition.correlator.replace_rules(content.rules.clone());
        }
    }

    fn process(&mut self, batch: Batch, _now_ms: i64) -> Transaction {
        let partition = batch.partition;
        let mut out = Transaction {
            inputs: vec![(partition, batch.next_offset)],
            ..Transaction::default()
        };
        let mut broken = 0;
        let Partition {
            correlator,
            progress,
            reached_ms,
            ..
        } = self.partition(partition);
        for incoming in &batch.messages {
            let message = &incoming.message;
            *reached_ms = (*reached_ms).max(message.time_ms);
            if let Some(input) = progress_of(message) {
                correlator.progress(input, message.time_ms);
                progress.reach(input, message.time_ms);
            } else if let Some(found) = Match::decode(&message.value) {
                correlator.observe(&found);
            } else {
                broken += 1;
            }
        }
        correlator.advance();
        self.metrics.add(Count::BrokenMatches, broken);
        self.drain(partition, &mut out);
        out
    }

    // Time comes in with the reports of progress, never from here.
    fn idle(&mut self, _partitions: &[u32], _now_ms: i64) -> Option<Transaction> {
        None
    }
}
