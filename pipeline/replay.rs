//! History through the same stages, without a journal.
//!
//! Normalizing runs on all cores; the outputs of its transactions come back in the order of the
//! input. Matches are held until everything is read and then go to the correlations in the order
//! of event time, so that neither the order of files nor the number of cores changes an alert
//! (invariant I4). What is held is bounded: beyond [`MATCH_BYTES_MAX`] the older half goes on.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Result;
use bytes::Bytes;
use chaperone_detections::Limits;
use chaperone_mappings::redact::{Redactor, Scratch};

use crate::journal::{Batch, Incoming, Message, Outgoing, Topic, Transaction};
use crate::raw;
use crate::read::{self, Found, Input};
use crate::stage::Stage;
use crate::stage::correlate::Correlate;
use crate::stage::normalize::{Normalize, Parts, progress_message, refusal_message};

/// Matches that are held for sorting, in bytes.
const MATCH_BYTES_MAX: usize = 512 << 20;
/// Records of one batch, and their bytes.
const BATCH_MESSAGES: usize = 512;
const BATCH_BYTES: usize = 1 << 20;
/// Matches of one batch of the correlations.
const MATCHES_PER_STEP: usize = 1_000;

/// What to run.
pub struct Replay {
    /// What normalize is built from.
    pub parts: Parts,
    /// The bounds of the correlations.
    pub limits: Limits,
    /// The files.
    pub inputs: Vec<Input>,
    /// The limit for one record.
    pub record_bytes_max: usize,
    /// The time of day, for records from a pipe that have no time of their own.
    pub now_ms: i64,
    /// How much of the files was read; a progress bar looks at it.
    pub read_bytes: Arc<AtomicU64>,
}

/// Batches on their way to the workers and back, numbered in the order of the input.
type Numbered<T> = (u64, T);

impl Replay {
    /// Runs it. `each` sees what goes to the topics `events`, `matches` and `dead-letters` in the
    /// order of the input, then the alerts in the order of event time.
    pub fn run(self, each: &mut dyn FnMut(Outgoing) -> Result<()>) -> Result<()> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let mut correlations = Correlations::new(&self);
        thread::scope(|scope| {
            let (work, todo) = sync_channel::<Numbered<Work>>(workers * 2);
            let (finished, results) = sync_channel::<Numbered<Transaction>>(workers * 2);
            let todo = Arc::new(Mutex::new(todo));
            for _ in 0..workers {
                let (todo, finished) = (todo.clone(), finished.clone());
                let parts = self.parts.clone();
                scope.spawn(move || normalize(parts, &todo, &finished));
            }
            drop((todo, finished));
            let (failed, failure) = channel();
            let replay = &self;
            scope.spawn(move || replay.read(work, &failed));
            in_order(&results, &mut |transaction| {
                transaction.outputs.into_iter().try_for_each(|outgoing| {
                    if outgoing.topic == Topic::Matches {
                        correlations.hold(&outgoing.message, each)?;
                    }
                    each(outgoing)
                })
            })?;
            match failure.recv() {
                Ok(error) => Err(error),
                Err(_) => Ok(()),
            }
        })?;
        correlations.finish(each)
    }

    fn read(&self, work: SyncSender<Numbered<Work>>, failed: &Sender<anyhow::Error>) {
        let mut batches = Batches {
            work,
            number: 0,
            messages: Vec::new(),
            bytes: 0,
        };
        let all = self.inputs.iter().try_for_each(|input| {
            let each = &mut |read| batches.add(read);
            read::read(
                input,
                self.record_bytes_max,
                self.now_ms,
                &self.read_bytes,
                each,
            )
        });
        let all = all.and_then(|()| batches.send());
        if let Err(error) = all
            && !error.is::<Stopped>()
        {
            // Nobody listens where the collector has failed first, and its error counts.
            let _ = failed.send(error);
        }
    }
}

/// What a worker gets.
enum Work {
    Batch(Vec<Incoming>),
    Refused(Outgoing),
}

/// The other side has gone; its own error says why.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

/// Records, gathered into batches.
struct Batches {
    work: SyncSender<Numbered<Work>>,
    number: u64,
    messages: Vec<Incoming>,
    bytes: usize,
}

impl Batches {
    fn add(&mut self, read: Found) -> Result<()> {
        match read {
            Found::Record(record) => {
                self.bytes += record.body.len();
                let offset = self.messages.len() as u64;
                self.messages.push(Incoming {
                    offset,
                    message: raw::message(record),
                });
                if self.messages.len() >= BATCH_MESSAGES || self.bytes >= BATCH_BYTES {
                    self.send()?;
                }
                Ok(())
            }
            Found::Refusal(refusal) => {
                self.send()?;
                self.push(Work::Refused(refusal_message(&refusal, b"")))
            }
        }
    }

    fn send(&mut self) -> Result<()> {
        self.bytes = 0;
        let messages = std::mem::take(&mut self.messages);
        if messages.is_empty() {
            return Ok(());
        }
        self.push(Work::Batch(messages))
    }

    fn push(&mut self, work: Work) -> Result<()> {
        self.number += 1;
        Ok(self.work.send((self.number, work)).map_err(|_| Stopped)?)
    }
}

/// One worker: batches in, transactions out, until there are no more.
fn normalize(
    parts: Parts,
    todo: &Mutex<Receiver<Numbered<Work>>>,
    finished: &SyncSender<Numbered<Transaction>>,
) {
    let redactor = parts.redactor.clone();
    let mut scratch = redactor.scratch();
    let mut stage = Normalize::new(parts);
    loop {
        let next = todo.lock().expect("no worker panics with the lock").recv();
        let Ok((number, work)) = next else { return };
        let transaction = match work {
            Work::Refused(outgoing) => Transaction {
                outputs: vec![outgoing],
                ..Default::default()
            },
            Work::Batch(mut messages) => {
                for incoming in &mut messages {
                    seal(&redactor, &mut scratch, &mut incoming.message.value);
                }
                stage.process(batch(Topic::Raw, messages), 0)
            }
        };
        if finished.send((number, transaction)).is_err() {
            return;
        }
    }
}

/// As receive does: what is mapped, and what ids are made of, is the same. What is no text is left
/// for normalize to refuse.
pub fn seal(redactor: &Redactor, scratch: &mut Scratch, body: &mut Bytes) {
    if std::str::from_utf8(body).is_ok()
        && let Some(sealed) = redactor.seal_text(body, scratch)
    {
        *body = sealed.into();
    }
}

fn batch(topic: Topic, messages: Vec<Incoming>) -> Batch {
    let next_offset = messages.len() as u64;
    Batch {
        topic,
        partition: 0,
        messages,
        next_offset,
    }
}

/// Hands on the results in the order of their numbers. What waits is bounded by the channels.
fn in_order(
    results: &Receiver<Numbered<Transaction>>,
    each: &mut dyn FnMut(Transaction) -> Result<()>,
) -> Result<()> {
    let mut waiting = BTreeMap::new();
    let mut next = 1;
    for (number, transaction) in results {
        waiting.insert(number, transaction);
        while let Some(transaction) = waiting.remove(&next) {
            next += 1;
            each(transaction)?;
        }
    }
    Ok(())
}

/// The matches that wait for their turn, and the stage that takes them.
struct Correlations {
    stage: Correlate,
    held: Vec<Message>,
    held_bytes: usize,
    alerts: Vec<Outgoing>,
}

impl Correlations {
    fn new(replay: &Replay) -> Self {
        let parts = &replay.parts;
        let limits = replay.limits.clone();
        Self {
            stage: Correlate::new(parts.rules.clone(), limits, parts.metrics.clone(), 1),
            held: Vec::new(),
            held_bytes: 0,
            alerts: Vec::new(),
        }
    }

    fn hold(
        &mut self,
        message: &Message,
        each: &mut dyn FnMut(Outgoing) -> Result<()>,
    ) -> Result<()> {
        self.held_bytes += message.value.len() + message.key.len();
        self.held.push(message.clone());
        if self.held_bytes > MATCH_BYTES_MAX {
            self.sort();
            let older = self.held.len() / 2;
            let rest = self.held.split_off(older);
            let older = std::mem::replace(&mut self.held, rest);
            self.held_bytes = self
                .held
                .iter()
                .map(|held| held.value.len() + held.key.len())
                .sum();
            self.step(older, each)?;
        }
        Ok(())
    }

    /// By event time; matches of one time in the order of their bytes, which is arbitrary and
    /// always the same.
    fn sort(&mut self) {
        self.held
            .sort_by(|a, b| (a.time_ms, &a.key, &a.value).cmp(&(b.time_ms, &b.key, &b.value)));
    }

    fn step(
        &mut self,
        messages: Vec<Message>,
        each: &mut dyn FnMut(Outgoing) -> Result<()>,
    ) -> Result<()> {
        let mut messages = messages.into_iter();
        loop {
            let mut some: Vec<Message> = messages.by_ref().take(MATCHES_PER_STEP).collect();
            let Some(last) = some.last() else {
                return Ok(());
            };
            some.push(progress_message(0, last.time_ms));
            self.process(some, each)?;
        }
    }

    /// One step, and the steps of the matches that correlations make for other correlations.
    fn process(
        &mut self,
        messages: Vec<Message>,
        each: &mut dyn FnMut(Outgoing) -> Result<()>,
    ) -> Result<()> {
        let numbered = messages.into_iter().enumerate();
        let incoming = numbered.map(|(offset, message)| Incoming {
            offset: offset as u64,
            message,
        });
        let transaction = self
            .stage
            .process(batch(Topic::Matches, incoming.collect()), 0);
        let derived = self.keep(transaction, each)?;
        if derived.is_empty() {
            Ok(())
        } else {
            self.process(derived, each)
        }
    }

    fn keep(
        &mut self,
        transaction: Transaction,
        each: &mut dyn FnMut(Outgoing) -> Result<()>,
    ) -> Result<Vec<Message>> {
        let mut derived = Vec::new();
        for outgoing in transaction.outputs {
            match outgoing.topic {
                Topic::Matches => derived.push(outgoing.message),
                Topic::Alerts => self.alerts.push(outgoing),
                _ => each(outgoing)?,
            }
        }
        Ok(derived)
    }

    fn finish(mut self, each: &mut dyn FnMut(Outgoing) -> Result<()>) -> Result<()> {
        self.sort();
        let held = std::mem::take(&mut self.held);
        self.step(held, each)?;
        loop {
            let (transaction, more) = self.stage.finish();
            let derived = self.keep(transaction, each)?;
            if !derived.is_empty() {
                self.process(derived, each)?;
            }
            if !more {
                break;
            }
        }
        let mut alerts = self.alerts;
        alerts.sort_by(|a, b| {
            (a.message.time_ms, &a.message.key).cmp(&(b.message.time_ms, &b.message.key))
        });
        alerts.into_iter().try_for_each(each)
    }
}

#[cfg(test)]
mod tests;
