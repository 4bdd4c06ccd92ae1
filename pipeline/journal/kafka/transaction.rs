//! The transaction of one worker: outputs, state and offsets, all or nothing.
//!
//! Steps of a stage are gathered into one transaction of Kafka for as long as the configuration
//! says, because each costs the brokers several round trips. It ends with the offsets of all that
//! went in, sent with the group's metadata of that moment: a member that was put out of its group
//! is refused there (KIP-447), whatever it has written before.
//!
//! Every call is bounded. Where the end of a commit stays unknown, the producer is thrown away: its
//! successor bears the same name, and by that the brokers decide what becomes of the transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::append::{PRODUCER, client_bytes_max, record, send};
use super::client::{self, CALL, Context};
use super::{Shared, failure};
use crate::journal::{JournalError, Message};

/// A partition of a topic, as Kafka names it.
pub(super) type Place = (Arc<str>, i32);

/// Writes transactions, one at a time.
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// `transactional.id`: whoever takes it ends what its last bearer left open.
    id: String,
    producer: Option<ThreadedProducer<Context>>,
    open: Option<Open>,
}

struct Open {
    since: Instant,
    /// Whether the producer takes part; an offset alone needs none.
    writes: bool,
    offsets: BTreeMap<Place, u64>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, id: String) -> Self {
        Self {
            shared,
            id,
            producer: None,
            open: None,
        }
    }

    /// How long the open transaction has been open.
    pub(super) fn age(&self) -> Option<Duration> {
        self.open.as_ref().map(|open| open.since.elapsed())
    }

    /// Writes into the open transaction; opens one where none is.
    pub(super) fn write(
        &mut self,
        topic: &str,
        partition: u32,
        message: &Message,
    ) -> Result<(), JournalError> {
        let producer = self.writing()?;
        send(producer, record(topic, partition, message, ()))
    }

    /// Changes an entry of a compacted topic; without a value it is removed.
    pub(super) fn change(
        &mut self,
        topic: &str,
        partition: u32,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), JournalError> {
        let producer = self.writing()?;
        let mut record = BaseRecord::to(topic)
            .partition(i32::try_from(partition).unwrap_or(i32::MAX))
            .key(key);
        record.payload = value;
        send(producer, record)
    }

    /// The producer, taking part in the open transaction.
    fn writing(&mut self) -> Result<&ThreadedProducer<Context>, JournalError> {
        if !self.opened().writes {
            let producer = self.producer()?;
            producer
                .begin_transaction()
                .map_err(|error| failure::kafka("beginning a transaction", &error))?;
            self.opened().writes = true;
        }
        Ok(self.producer.as_ref().expect("it takes part"))
    }

    /// Notes how far a partition has been read in this transaction.
    pub(super) fn read(&mut self, place: Place, next: u64) {
        self.opened().offsets.insert(place, next);
    }

    fn opened(&mut self) -> &mut Open {
        self.open.get_or_insert_with(|| {
            self.shared.meters.opened(&self.id);
            Open {
                since: Instant::now(),
                writes: false,
                offsets: BTreeMap::new(),
            }
        })
    }

    /// Ends the open transaction. After an error nothing of it is there, or a new producer has
    /// made the brokers decide; either way the committed offsets tell.
    pub(super) fn commit(&mut self, member: &BaseConsumer<Context>) -> Result<(), JournalError> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let (writes, since) = (open.writes, open.since);
        let offsets = list(&open.offsets);
        let result = if writes {
            self.end(member, &offsets)
        } else {
            member
                .commit(&offsets, CommitMode::Sync)
                .map_err(|error| failure::kafka("committing offsets", &error))
        };
        match result {
            Ok(()) => {
                self.open = None;
                self.shared.meters.committed(&self.id, since.elapsed());
                Ok(())
            }
            Err(error) => {
                self.abort();
                Err(error)
            }
        }
    }

    fn end(
        &mut self,
        member: &BaseConsumer<Context>,
        offsets: &TopicPartitionList,
    ) -> Result<(), JournalError> {
        let producer = self.producer.as_ref().expect("it takes part");
        let lost = || JournalError::Interrupted {
            doing: "committing a transaction".into(),
            detail: "this process was put out of the consumer group".into(),
        };
        let metadata = member.group_metadata().ok_or_else(lost)?;
        // Asked for after the metadata: what was lost by then does not count, and its metadata may
        // be empty, which the brokers would take from anybody.
        if member.assignment_lost() {
            return Err(lost());
        }
        persist("sending offsets", || {
            producer.send_offsets_to_transaction(offsets, &metadata, CALL)
        })?;
        // The client's own wait for what is under way goes in steps of 100 ms.
        let deadline = Instant::now() + CALL;
        while producer.in_flight_count() > 0 && Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_micros(500));
        }
        persist("committing a transaction", || {
            producer.commit_transaction(CALL)
        })
    }

    /// Takes the open transaction back.
    pub(super) fn abort(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.shared.meters.aborted(&self.id);
        if !open.writes {
            return;
        }
        let Some(producer) = &self.producer else {
            return;
        };
        if let Err(error) = persist("aborting a transaction", || {
            producer.abort_transaction(CALL)
        }) {
            tracing::warn!("{error}; the next producer ends it");
            self.producer = None;
        }
    }

    fn producer(&mut self) -> Result<&ThreadedProducer<Context>, JournalError> {
        if self.producer.is_none() {
            let kafka = &self.shared.config;
            let mut config = client::config(kafka, &PRODUCER);
            let timeout = kafka.transaction_timeout.as_millis().to_string();
            config
                .set("transactional.id", &self.id)
                .set("transaction.timeout.ms", &timeout)
                .set("message.timeout.ms", &timeout)
                .set("message.max.bytes", client_bytes_max(kafka));
            let producer: ThreadedProducer<Context> = config
                .create_with_context(Context::new(kafka))
                .map_err(|error| failure::kafka("making a producer", &error))?;
            persist("beginning to write transactions", || {
                producer.init_transactions(CALL)
            })?;
            self.producer = Some(producer);
        }
        Ok(self.producer.as_ref().expect("it was just made"))
    }
}

/// The client says of some calls that the same call is to be made again.
fn persist(doing: &str, call: impl Fn() -> Result<(), KafkaError>) -> Result<(), JournalError> {
    let deadline = Instant::now() + CALL;
    loop {
        let Err(error) = call() else {
            return Ok(());
        };
        let again = matches!(&error, KafkaError::Transaction(error) if error.is_retriable());
        if !again || Instant::now() > deadline {
            return Err(failure::kafka(doing, &error));
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn list(offsets: &BTreeMap<Place, u64>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), next) in offsets {
        let next = i64::try_from(*next).unwrap_or(i64::MAX);
        list.add_partition_offset(topic, *partition, Offset::Offset(next))
            .expect("an offset from 0 on can be set");
    }
    list
}
