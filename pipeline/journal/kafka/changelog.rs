//! The state of a stage, read back from its compacted topic before the first record.
//!
//! Partition n of the changelog holds the state of partition n of the stage's topic, so a partition
//! that moves takes its state along. Only the owner of a partition writes there, and what it wrote
//! counts when its transaction is committed. A takeover therefore waits until no transaction of an
//! earlier owner is open: the end that readers of committed records see must have reached the end
//! that everybody sees. Until then some of what the committed offset stands for may be missing.
//!
//! A key is a version byte and the stage's key; what the stage writes has versions of its own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::Message as _;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, CALL, Reader};
use super::{Shared, failure};
use crate::journal::{JournalError, StateEntries};

const VERSION: u8 = 1;
/// How often a long restore says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The key of an entry in the topic.
pub(super) fn key(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(key.len() + 1);
    stored.push(VERSION);
    stored.extend_from_slice(key);
    stored
}

/// Reads the state of a partition.
pub(super) fn restore(
    shared: &Shared,
    group: &str,
    topic: &str,
    partition: u32,
) -> Result<StateEntries, JournalError> {
    let begun = Instant::now();
    let doing = format!("restoring {topic}/{partition}");
    let of = doing.clone();
    let fail = |error: &KafkaError| failure::kafka(of.clone(), error);
    let number = i32::try_from(partition).unwrap_or(i32::MAX);
    let reader = client::reader(&shared.config, group, "read_committed").map_err(|e| fail(&e))?;
    let (first, end) = settled(shared, &reader, topic, number, &doing)?;
    let mut restore = Restore {
        doing,
        partition: number,
        first,
        end,
        entries: HashMap::default(),
        records: 0,
        said: Instant::now(),
    };
    if first < end {
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, number, Offset::Beginning)
            .map_err(|e| fail(&e))?;
        reader.assign(&from).map_err(|e| fail(&e))?;
        restore.read(&reader)?;
    }
    shared.meters.restored(begun.elapsed());
    tracing::debug!(
        entries = restore.entries.len(),
        records = restore.records,
        ms = begun.elapsed().as_millis(),
        "{} is done",
        restore.doing
    );
    Ok(Box::new(restore.entries.into_iter().map(Ok)))
}

/// First offset and end, once no transaction is open before that end.
fn settled(
    shared: &Shared,
    reader: &Reader,
    topic: &str,
    partition: i32,
    doing: &str,
) -> Result<(i64, i64), JournalError> {
    let fail = |error: &KafkaError| failure::kafka(doing, error);
    let (_, end) = shared
        .uncommitted
        .fetch_watermarks(topic, partition, CALL)
        .map_err(|e| fail(&e))?;
    let deadline = Instant::now() + shared.config.transaction_timeout + CALL;
    loop {
        let (first, committed) = reader
            .fetch_watermarks(topic, partition, CALL)
            .map_err(|e| fail(&e))?;
        if committed >= end {
            return Ok((first, committed));
        }
        if Instant::now() > deadline {
            return Err(JournalError::Interrupted {
                doing: doing.to_owned(),
                detail: "a transaction of an earlier owner is still open".into(),
            });
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

struct Restore {
    doing: String,
    partition: i32,
    first: i64,
    end: i64,
    entries: HashMap<Bytes, Bytes>,
    records: u64,
    said: Instant,
}

impl Restore {
    /// Reads until the client says that it is at the end.
    fn read(&mut self, reader: &Reader) -> Result<(), JournalError> {
        let mut deadline = Instant::now() + CALL;
        loop {
            match reader.poll(Duration::from_millis(100)) {
                Some(Ok(record)) => {
                    deadline = Instant::now() + CALL;
                    self.say(record.offset());
                    self.take(record.key(), record.payload())?;
                }
                Some(Err(KafkaError::PartitionEOF(of))) if of == self.partition => return Ok(()),
                Some(Err(error)) => return Err(failure::kafka(self.doing.clone(), &error)),
                None if Instant::now() > deadline => {
                    return Err(JournalError::Interrupted {
                        doing: self.doing.clone(),
                        detail: "the brokers send nothing".into(),
                    });
                }
                None => {}
            }
        }
    }

    fn take(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<(), JournalError> {
        let Some((&VERSION, key)) = key.and_then(|key| key.split_first()) else {
            return Err(JournalError::Io {
                doing: self.doing.clone(),
                detail: "an entry has a format that this version does not know: run the version that wrote it, or delete the topic and replay from the raw records".into(),
            });
        };
        self.records += 1;
        match value {
            Some(value) => {
                let value = Bytes::copy_from_slice(value);
                self.entries.insert(Bytes::copy_from_slice(key), value);
            }
            None => {
                self.entries.remove(key);
            }
        }
        Ok(())
    }

    fn say(&mut self, offset: i64) {
        if self.said.elapsed() > SAY_EVERY {
            let (done, all) = (offset - self.first, self.end - self.first);
            tracing::info!("{}: {done} of {all} records", self.doing);
            self.said = Instant::now();
        }
    }
}
