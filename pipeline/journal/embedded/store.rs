//! An open store: what reading, writing and upkeep share.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fjall::PersistMode;

use super::chunk::{self, ChunkKey};
use super::folder::Engine;
use super::ledger::Ledger;
use super::queue::{CommitQueue, Lead};
use super::tail::Tail;
use super::upkeep::Upkeep;
use super::write::{self, Step, Submission};
use super::{Clock, EmbeddedConfig, failure, key};
use crate::journal::consumer::{BATCH_BYTES_MAX, Store};
use crate::journal::ends::{Ends, lock};
use crate::journal::group::{Claim, GroupId, Groups};
use crate::journal::route::Router;
use crate::journal::{Incoming, JournalError, Member, Outgoing, StateEntries, Topic, Transaction};

/// Everything of a store that is open. The fields are dropped in their order: the engine before
/// the lock that keeps other processes out.
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) config: EmbeddedConfig,
    pub(super) clock: Clock,
    pub(super) engine: Engine,
    pub(super) queue: CommitQueue<Submission>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) groups: Mutex<Groups>,
    pub(super) ends: [Ends; Topic::ALL.len()],
    pub(super) tail: Mutex<Tail>,
    pub(super) upkeep: Upkeep,
    pub(super) counters: Counters,
    pub(super) router: Router,
    #[expect(dead_code, reason = "held, not used: its lock ends when it is dropped")]
    pub(super) lock: std::fs::File,
}

/// What has happened since the store was opened.
#[derive(Debug, Default)]
pub(super) struct Counters {
    removed: [AtomicU64; Topic::ALL.len()],
    refused_full: AtomicU64,
    fsyncs: AtomicU64,
}

impl Counters {
    pub(super) fn removed(&self, topic: Topic, messages: u64) {
        self.removed[topic.index()].fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn refused_full(&self) {
        self.refused_full.fetch_add(1, Ordering::Relaxed);
    }

    /// Messages removed from a topic, refusals for lack of room, and fsyncs.
    pub(super) fn read(&self, topic: Topic) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (
            read(&self.removed[topic.index()]),
            read(&self.refused_full),
            read(&self.fsyncs),
        )
    }
}

impl Shared {
    /// Encodes an append or a transaction, and has it written.
    pub(super) fn write(
        &self,
        outgoing: &[Outgoing],
        step: Option<Step>,
    ) -> Result<(), JournalError> {
        let partitions = self.ends[0].partitions();
        let routes = self.router.route(outgoing, partitions)?;
        let messages = chunk::encode(outgoing, &routes)?;
        let submission = Submission { messages, step };
        self.queue
            .submit(submission, |lead, works| write::round(self, lead, works))
    }

    /// Makes everything written so far durable, and notes how far it reaches. Under the lead, so
    /// that nothing is written meanwhile.
    pub(super) fn persist(
        &self,
        _lead: &Lead<'_, Submission>,
        mode: PersistMode,
    ) -> Result<(), JournalError> {
        self.upkeep.synced();
        let persisted = self.engine.database.persist(mode);
        persisted.map_err(|e| self.failed("making durable", e))?;
        self.counters.fsyncs.fetch_add(1, Ordering::Relaxed);
        let ends = lock(&self.ledger).ends();
        lock(&self.tail)
            .note(&ends)
            .map_err(|e| failure::io(&self.path, "noting the ends of", &e))
    }

    /// An error of the engine.
    pub(super) fn failed(&self, doing: &str, error: fjall::Error) -> JournalError {
        failure::engine(&self.path, doing, error)
    }

    /// Something that was read is not what was written.
    pub(super) fn corrupt(&self, what: impl Into<String>) -> JournalError {
        failure::corrupt(&self.path, what.into())
    }

    /// Which topic holds the most, and who has not read it: what to look at when it is full.
    pub(super) fn who_holds(&self) -> String {
        let ledger = lock(&self.ledger);
        let fullest = Topic::ALL
            .into_iter()
            .max_by_key(|topic| ledger.topic_bytes(*topic))
            .unwrap_or(Topic::Raw);
        let behind = |committed: &[u64]| -> u64 {
            let marks = ledger.topic(fullest).iter().zip(committed);
            marks.map(|(mark, next)| mark.next - next).sum()
        };
        let groups = lock(&self.groups);
        let slowest = groups
            .of_topic(fullest)
            .map(|(group, committed)| (behind(committed), group))
            .max();
        let reader = slowest.map_or_else(
            || "which nobody reads".to_owned(),
            |(lag, group)| format!("of which {group} has {lag} messages to read"),
        );
        format!(
            "{} of {} bytes are held, the most by {} ({} bytes), {reader}",
            ledger.bytes(),
            self.config.bytes_max,
            fullest.name(),
            ledger.topic_bytes(fullest),
        )
    }

    /// Makes a group known that begins with the oldest messages.
    fn register(&self, _lead: &Lead<'_, Submission>, group: &GroupId) -> Result<(), JournalError> {
        let marks = lock(&self.ledger).topic(group.topic).to_vec();
        let oldest: Vec<_> = marks.iter().map(|mark| mark.oldest).collect();
        let mut batch = self.engine.database.batch();
        for (partition, offset) in (0u32..).zip(&oldest) {
            let key = key::offset(group, partition);
            batch.insert(&self.engine.offsets, key, offset.to_be_bytes());
        }
        batch.commit().map_err(|e| self.failed("writing to", e))?;
        self.upkeep.written();
        lock(&self.groups).insert(group.clone(), oldest);
        Ok(())
    }

    /// The chunk that holds an offset, or the first one behind it.
    fn chunk(
        &self,
        topic: Topic,
        partition: u32,
        offset: u64,
        sequential: bool,
    ) -> Result<(ChunkKey, Bytes), JournalError> {
        let keyspace = &self.engine.topics[topic.index()];
        let guard = if sequential {
            let beyond = ChunkKey::beyond(partition, u64::MAX).to_vec();
            let seek = ChunkKey::seek(partition, offset).to_vec();
            keyspace.range(seek..=beyond).next()
        } else {
            let least = ChunkKey::seek(partition, 0).to_vec();
            let beyond = ChunkKey::beyond(partition, offset).to_vec();
            keyspace.range(least..=beyond).next_back()
        };
        let missing = || {
            self.corrupt(format!(
                "offset {offset} of partition {partition} of {} is missing",
                topic.name()
            ))
        };
        let (key, value) = guard
            .ok_or_else(missing)?
            .into_inner()
            .map_err(|e| self.failed("reading", e))?;
        let key = ChunkKey::decode(&key).ok_or_else(|| self.corrupt("a chunk's key"))?;
        if (key.first..key.end()).contains(&offset) && key.partition == partition {
            Ok((key, Bytes::from_owner(value)))
        } else {
            Err(missing())
        }
    }

    /// Appends the messages of one chunk from an offset on; how far the chunk reaches.
    pub(super) fn read_chunk(
        &self,
        topic: Topic,
        partition: u32,
        offset: u64,
        into: &mut Vec<Incoming>,
    ) -> Result<u64, JournalError> {
        // What came before was read to its end, so the next chunk begins exactly here.
        let sequential = !into.is_empty();
        let (key, value) = self.chunk(topic, partition, offset, sequential)?;
        chunk::decode(&key, value, offset, into).map_err(|what| {
            self.corrupt(format!(
                "the chunk at offset {} of partition {partition} of {}: {what}",
                key.first,
                topic.name()
            ))
        })?;
        Ok(key.end())
    }
}

impl Store for Shared {
    fn ends(&self, topic: Topic) -> &Ends {
        &self.ends[topic.index()]
    }

    fn groups(&self) -> &Mutex<Groups> {
        &self.groups
    }

    fn claim(&self, group: &GroupId, member: Member) -> Result<(Claim, Vec<u32>), JournalError> {
        // Under the lead: no commit of an earlier owner is under way, and retention cannot pass
        // the offsets that a new group takes.
        let lead = self.queue.alone();
        if !lock(&self.groups).knows(group) {
            self.register(&lead, group)?;
        }
        Ok(lock(&self.groups).claim(group, member))
    }

    fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: u64,
        messages: usize,
    ) -> Result<Vec<Incoming>, JournalError> {
        let end = self.ends(topic).of(partition);
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut next = from;
        while next < end && found.len() < messages && bytes < BATCH_BYTES_MAX {
            let before = found.len();
            next = self.read_chunk(topic, partition, next, &mut found)?;
            let new = found[before..].iter();
            bytes += new
                .map(|incoming| incoming.message.value.len())
                .sum::<usize>();
        }
        Ok(found)
    }

    fn state(&self, group: &GroupId, partition: u32) -> Result<StateEntries, JournalError> {
        let prefix = key::states(group, partition);
        let skip = prefix.len();
        let path = self.path.clone();
        let entries = self.engine.state.prefix(prefix).map(move |guard| {
            let (key, value) = guard
                .into_inner()
                .map_err(|e| failure::engine(&path, "reading the state in", e))?;
            Ok((
                Bytes::copy_from_slice(&key[skip..]),
                Bytes::from_owner(value),
            ))
        });
        Ok(Box::new(entries))
    }

    fn commit(&self, claim: &Claim, transaction: Transaction) -> Result<(), JournalError> {
        let states = transaction.state.iter().map(|change| {
            let key = key::state(&claim.group, change)?;
            Ok((key, change.value.clone()))
        });
        let step = Step {
            claim: claim.clone(),
            inputs: transaction.inputs,
            owned: transaction
                .state
                .iter()
                .map(|change| change.partition)
                .collect(),
            states: states.collect::<Result<_, JournalError>>()?,
        };
        self.write(&transaction.outputs, Some(step))
    }
}
