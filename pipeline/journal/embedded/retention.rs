//! Removing what is old, and only what every consumer has read.
//!
//! A chunk goes when all its messages lie before the committed offset of every group that the
//! topic has ever had, and the topic is over its bytes or the chunk over its age. Age is counted
//! from when the chunk was written, not from the time in its messages: a replay of last year's
//! records is not old. A topic that nobody ever subscribed to is bounded all the same.
//!
//! When the journal is full, what is consumed goes at once, whatever its bytes and age. A group
//! that no longer reads holds its topic until it is forgotten: that is the price of losing nothing.

use fjall::Iter;

use super::chunk::ChunkKey;
use super::queue::Lead;
use super::store::Shared;
use super::write::Submission;
use super::{key, ledger};
use crate::journal::ends::lock;
use crate::journal::{JournalError, Topic};

/// How many chunks one batch removes at most, so that writers need not wait for long.
const CHUNKS_MAX: usize = 1_000;

/// What a topic may keep.
#[derive(Debug, Clone, Copy)]
struct Keep {
    bytes: u64,
    /// Chunks written before this are too old.
    written_since_ms: u64,
}

/// Applies the configured retention to every topic; true where a topic has more to remove.
pub(super) fn enforce(shared: &Shared, lead: &Lead<'_, Submission>) -> Result<bool, JournalError> {
    let mut more = false;
    for topic in Topic::ALL {
        let retention = shared.config.retention.of(topic);
        let age_ms = u64::try_from(retention.age.as_millis()).unwrap_or(u64::MAX);
        let keep = Keep {
            bytes: retention.bytes,
            written_since_ms: (shared.clock)().saturating_sub(age_ms),
        };
        more |= remove(shared, lead, topic, keep)? == CHUNKS_MAX;
    }
    Ok(more)
}

/// Makes room for bytes that are missing: removes consumed chunks, the fullest topic first.
pub(super) fn free(
    shared: &Shared,
    lead: &Lead<'_, Submission>,
    missing: u64,
) -> Result<(), JournalError> {
    let target = lock(&shared.ledger).bytes().saturating_sub(missing);
    let mut topics = Topic::ALL;
    topics.sort_by_key(|topic| std::cmp::Reverse(lock(&shared.ledger).topic_bytes(*topic)));
    for topic in topics {
        // What nobody has ever subscribed to is kept for people to look at, as configured.
        if lock(&shared.groups).floor(topic, 0).is_none() {
            continue;
        }
        loop {
            let (held, of_topic) = {
                let ledger = lock(&shared.ledger);
                (ledger.bytes(), ledger.topic_bytes(topic))
            };
            if held <= target {
                return Ok(());
            }
            let bytes = of_topic.saturating_sub(held - target);
            let written_since_ms = 0;
            let keep = Keep {
                bytes,
                written_since_ms,
            };
            if remove(shared, lead, topic, keep)? < CHUNKS_MAX {
                break;
            }
        }
    }
    Ok(())
}

/// Removes chunks of a topic, the longest written first, until it keeps no more than it may or a
/// batch is full; how many. Runs under the lead, so no mark changes meanwhile.
fn remove(
    shared: &Shared,
    _lead: &Lead<'_, Submission>,
    topic: Topic,
    keep: Keep,
) -> Result<usize, JournalError> {
    let mut marks = lock(&shared.ledger).topic(topic).to_vec();
    let mut bytes: u64 = marks.iter().map(|mark| mark.bytes).sum();
    let mut heads = heads(shared, topic)?;
    let mut batch = shared.engine.database.batch();
    let keyspace = &shared.engine.topics[topic.index()];
    let mut messages = 0;
    let mut chunks = 0;
    while chunks < CHUNKS_MAX {
        let oldest = heads
            .iter_mut()
            .filter_map(|head| head.oldest.map(|chunk| (chunk, head)))
            .min_by_key(|(chunk, _)| chunk.written_ms);
        let Some((chunk, head)) = oldest else { break };
        if bytes <= keep.bytes && chunk.written_ms >= keep.written_since_ms {
            break;
        }
        batch.remove(keyspace, chunk.encode());
        let stored = u64::from(chunk.bytes) + chunk.encode().len() as u64;
        if let Some(mark) = marks.get_mut(chunk.partition as usize) {
            mark.oldest = chunk.end();
            mark.bytes = mark.bytes.saturating_sub(stored);
        }
        bytes = bytes.saturating_sub(stored);
        messages += u64::from(chunk.messages);
        chunks += 1;
        head.advance(shared)?;
    }
    if chunks == 0 {
        return Ok(0);
    }
    for (partition, mark) in (0u32..).zip(&marks) {
        let stored = ledger::encode(*mark);
        batch.insert(&shared.engine.marks, key::mark(topic, partition), stored);
    }
    batch
        .commit()
        .map_err(|e| shared.failed("removing old messages from", e))?;
    let mut ledger = lock(&shared.ledger);
    for (partition, mark) in (0u32..).zip(marks) {
        ledger.set(topic, partition, mark);
    }
    drop(ledger);
    shared.counters.removed(topic, messages);
    Ok(chunks)
}

/// The removable chunks of one partition, oldest first.
struct Head {
    chunks: Iter,
    floor: u64,
    oldest: Option<ChunkKey>,
}

/// The head of every partition of a topic.
fn heads(shared: &Shared, topic: Topic) -> Result<Vec<Head>, JournalError> {
    let marks = lock(&shared.ledger).topic(topic).to_vec();
    let keyspace = &shared.engine.topics[topic.index()];
    let mut heads = Vec::with_capacity(marks.len());
    for (partition, mark) in (0u32..).zip(marks) {
        let floor = lock(&shared.groups).floor(topic, partition);
        // From the oldest on: before it lie the traces of what was removed earlier.
        let first = ChunkKey::seek(partition, mark.oldest).to_vec();
        let beyond = ChunkKey::beyond(partition, u64::MAX).to_vec();
        let mut head = Head {
            chunks: keyspace.range(first..=beyond),
            floor: floor.unwrap_or(mark.next),
            oldest: None,
        };
        head.advance(shared)?;
        heads.push(head);
    }
    Ok(heads)
}

impl Head {
    fn advance(&mut self, shared: &Shared) -> Result<(), JournalError> {
        self.oldest = None;
        let Some(guard) = self.chunks.next() else {
            return Ok(());
        };
        let key = guard.key().map_err(|e| shared.failed("reading", e))?;
        let chunk = ChunkKey::decode(&key).ok_or_else(|| shared.corrupt("a chunk's key"))?;
        self.oldest = (chunk.end() <= self.floor).then_some(chunk);
        Ok(())
    }
}
