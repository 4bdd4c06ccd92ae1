//! One round of writing: the work of many threads as one batch of the engine.
//!
//! The leader admits each piece of work or refuses it, gives out offsets, and commits one batch
//! with the messages, the marks of their partitions, the states and the offsets of groups. What
//! the batch holds is all there or not there after a crash, so each transaction in it is, too.
//!
//! Appends are answered after the fsync; transactions as soon as the engine has them, because
//! after a power cut they are made again from `raw`, of which nothing acknowledged is missing. The
//! engine's log keeps the order of the writes: a transaction never survives what it was made from.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use fjall::PersistMode;

use super::chunk::Segment;
use super::queue::Lead;
use super::store::Shared;
use super::{Fsync, key, ledger, retention};
use crate::journal::ends::lock;
use crate::journal::group::Claim;
use crate::journal::stats::PartitionStats as Mark;
use crate::journal::{JournalError, Topic};

/// Work for the leader, encoded by the thread that brings it.
pub(super) struct Submission {
    pub(super) messages: BTreeMap<(Topic, u32), Vec<Segment>>,
    /// None for an append.
    pub(super) step: Option<Step>,
}

/// The part of a transaction that an append lacks.
pub(super) struct Step {
    pub(super) claim: Claim,
    pub(super) inputs: Vec<(u32, u64)>,
    /// The partitions whose state changes.
    pub(super) owned: BTreeSet<u32>,
    /// Whole keys and what is to stand there; None removes.
    pub(super) states: Vec<(Vec<u8>, Option<Bytes>)>,
}

impl Submission {
    fn bytes(&self) -> u64 {
        self.messages.values().flatten().map(Segment::bytes).sum()
    }
}

/// What a round will write.
#[derive(Default)]
struct Plan {
    messages: BTreeMap<(Topic, u32), Vec<Segment>>,
    bytes: u64,
    steps: Vec<Step>,
    appends: Vec<usize>,
    transactions: Vec<usize>,
}

/// Writes the work of a round and answers for it.
pub(super) fn round(shared: &Shared, lead: &Lead<'_, Submission>, works: Vec<Submission>) {
    let mut plan = Plan::default();
    for (number, work) in works.into_iter().enumerate() {
        match admit(shared, lead, &work, plan.bytes) {
            Ok(()) => plan.add(number, work),
            Err(error) => lead.settle([(number, Err(error))]),
        }
    }
    let Plan {
        appends,
        transactions,
        ..
    } = &plan;
    let (appends, transactions) = (appends.clone(), transactions.clone());
    if let Err(error) = commit(shared, plan) {
        let failed = appends.into_iter().chain(transactions);
        lead.settle(failed.map(|number| (number, Err(same(&error)))));
        return;
    }
    lead.settle(transactions.into_iter().map(|number| (number, Ok(()))));
    let durable = if shared.config.fsync == Fsync::Always && !appends.is_empty() {
        shared.persist(lead, PersistMode::SyncData)
    } else {
        shared.upkeep.written();
        Ok(())
    };
    lead.settle(appends.into_iter().map(|number| {
        let result = durable.as_ref().map_err(same);
        (number, result.copied())
    }));
}

impl Plan {
    fn add(&mut self, number: usize, work: Submission) {
        self.bytes += work.bytes();
        for (place, segments) in work.messages {
            let list = self.messages.entry(place).or_default();
            for segment in segments {
                let left = match list.last_mut() {
                    Some(last) => last.merge(segment),
                    None => Some(segment),
                };
                list.extend(left);
            }
        }
        match work.step {
            Some(step) => {
                self.steps.push(step);
                self.transactions.push(number);
            }
            None => self.appends.push(number),
        }
    }
}

/// Refuses what is not the submitter's to commit, and what there is no room for.
fn admit(
    shared: &Shared,
    lead: &Lead<'_, Submission>,
    work: &Submission,
    planned: u64,
) -> Result<(), JournalError> {
    if let Some(step) = &work.step {
        let topic = step.claim.group.topic;
        let ledger = lock(&shared.ledger);
        let end = |partition| ledger.get(topic, partition).next;
        let owned = step.owned.iter().copied();
        lock(&shared.groups).check(&step.claim, &step.inputs, owned, end)?;
    }
    let bytes = work.bytes();
    // A transaction drains what an append has filled, so it gets room beyond the limit of appends:
    // were both to stop at the same bytes, a full `raw` could never be worked off.
    let limit = match work.step {
        Some(_) => shared
            .config
            .bytes_max
            .saturating_add(shared.config.bytes_max / 4),
        None => shared.config.bytes_max,
    };
    let held = || lock(&shared.ledger).bytes() + planned + bytes;
    if bytes == 0 || held() <= limit {
        return Ok(());
    }
    retention::free(shared, lead, held() - limit)?;
    if held() <= limit {
        return Ok(());
    }
    shared.counters.refused_full();
    Err(JournalError::Full(shared.who_holds()))
}

/// Commits the plan to the engine, then to what is kept in memory.
fn commit(shared: &Shared, plan: Plan) -> Result<(), JournalError> {
    let mut batch = shared.engine.database.batch();
    let written_ms = (shared.clock)();
    let mut marks: Vec<(Topic, u32, Mark)> = Vec::new();
    for ((topic, partition), segments) in plan.messages {
        let mut mark = lock(&shared.ledger).get(topic, partition);
        for segment in segments {
            let bytes = segment.bytes();
            let (key, value) = segment.seal(partition, mark.next, written_ms);
            batch.insert(&shared.engine.topics[topic.index()], key.encode(), value);
            mark.next = key.end();
            mark.bytes += bytes;
        }
        let stored = ledger::encode(mark);
        batch.insert(&shared.engine.marks, key::mark(topic, partition), stored);
        marks.push((topic, partition, mark));
    }
    for step in &plan.steps {
        for (key, value) in &step.states {
            match value {
                Some(value) => batch.insert(&shared.engine.state, &**key, &**value),
                None => batch.remove(&shared.engine.state, &**key),
            }
        }
        for (partition, next) in &step.inputs {
            let key = key::offset(&step.claim.group, *partition);
            batch.insert(&shared.engine.offsets, key, next.to_be_bytes());
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    batch.commit().map_err(|e| shared.failed("writing to", e))?;
    let mut groups = lock(&shared.groups);
    for step in &plan.steps {
        groups.advance(&step.claim.group, &step.inputs);
    }
    drop(groups);
    publish(shared, &marks);
    Ok(())
}

/// Lets consumers see what has been written.
fn publish(shared: &Shared, marks: &[(Topic, u32, Mark)]) {
    let mut ledger = lock(&shared.ledger);
    for (topic, partition, mark) in marks {
        ledger.set(*topic, *partition, *mark);
    }
    drop(ledger);
    for topic in Topic::ALL {
        let mut grown = marks.iter().filter(|(of, ..)| *of == topic).peekable();
        if grown.peek().is_some() {
            let ends = grown.map(|(_, partition, mark)| (*partition, mark.next));
            shared.ends[topic.index()].publish(ends);
        }
    }
}

/// The same error for each of those whom it concerns.
fn same(error: &JournalError) -> JournalError {
    match error {
        JournalError::Corrupt { path, detail } => JournalError::Corrupt {
            path: path.clone(),
            detail: detail.clone(),
        },
        JournalError::Io { doing, detail } => JournalError::Io {
            doing: doing.clone(),
            detail: detail.clone(),
        },
        other => JournalError::Io {
            doing: "writing".into(),
            detail: other.to_string(),
        },
    }
}
