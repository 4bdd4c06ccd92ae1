//! One member of a consumer group, as a stage's worker sees it.
//!
//! The worker's thread is the only one that polls the client, so everything happens in one order:
//! what the group decides is taken note of by the client's callback and followed here, with the
//! open transaction ended first. A partition begins at its committed offset with the state as of
//! that offset; where a transaction was taken back, every partition begins again like that.
//!
//! The client fetches ahead on its own; what is pulled from it at once is bounded like a batch.

mod begin;
mod group;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, CALL, CONSUMER, Context, GroupEvent};
use super::topics::Kind;
use super::transaction::{Place, Writer};
use super::{Shared, changelog, failure, message};
use crate::journal::consumer::{BATCH_BYTES_MAX, WAIT_MAX, size};
use crate::journal::{Batch, Consumer, Incoming, JournalError, Member, Polled, Topic, Transaction};

/// How often the ends of the partitions are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The same, while there is something to work on.
const LOOK_EVERY_BUSY: Duration = Duration::from_secs(2);

/// A member of a group.
pub(super) struct GroupMember {
    shared: Arc<Shared>,
    /// The group's name in Kafka.
    group: String,
    topic: Topic,
    client: BaseConsumer<Context>,
    writer: Writer,
    changelog: Changelog,
    assigned: BTreeMap<u32, Assigned>,
    /// Read from the client and not handed out yet.
    pulled: VecDeque<Batch>,
    /// To be told before anything else.
    revoked: VecDeque<u32>,
    looked: Instant,
    /// Whether the client had nothing more since the last look.
    ran_dry: bool,
    /// Whether the client has been told to fetch nothing.
    paused: bool,
}

/// Where the state lies.
struct Changelog {
    topic: String,
    exists: bool,
}

/// A partition of ours.
struct Assigned {
    place: Place,
    announced: bool,
    /// The client has to be set to `position` before it goes on.
    seek: bool,
    /// The next offset to hand out.
    position: u64,
    /// The next offset as the transaction that is open, or the last one, has it.
    committed: u64,
    /// Its end as of the last look.
    end: Option<u64>,
}

impl GroupMember {
    /// Joins a group.
    pub(super) fn join(
        shared: Arc<Shared>,
        group: &str,
        topic: Topic,
        member: Member,
    ) -> Result<Self, JournalError> {
        let kafka = &shared.config;
        let group = format!("{}{group}.{}", kafka.prefix, topic.name());
        let doing = || format!("joining the group {group}");
        let mut config = client::config(kafka, &CONSUMER);
        config.set("group.id", &group);
        let defaults = [
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("queued.max.messages.kbytes", "16384"),
            ("fetch.wait.max.ms", "100"),
        ];
        for (name, value) in defaults {
            if !kafka.properties.contains_key(name) {
                config.set(name, value);
            }
        }
        let name = match &kafka.instance {
            Some(instance) => {
                let name = format!("{group}.{instance}.{}", member.index);
                config.set("group.instance.id", &name);
                name
            }
            None => format!("{group}.{}.{}", shared.run, member.index),
        };
        let context = Context::new(kafka);
        let client: BaseConsumer<Context> = config
            .create_with_context(context.clone())
            .map_err(|error| failure::at_start(doing(), &error))?;
        client::await_token(kafka, &context, &client);
        let input = shared.names.topic(topic).to_owned();
        client
            .subscribe(&[&input])
            .map_err(|error| failure::at_start(doing(), &error))?;
        let log = format!("{group}.changelog");
        let partitions = shared.topics.partitions(&shared.uncommitted, &log)?;
        let mut changelog = Changelog {
            topic: log,
            exists: false,
        };
        if partitions.is_some() {
            changelog.ensure(&shared)?;
        }
        Ok(Self {
            writer: Writer::new(Arc::clone(&shared), name),
            shared,
            group,
            topic,
            client,
            changelog,
            assigned: BTreeMap::new(),
            pulled: VecDeque::new(),
            revoked: VecDeque::new(),
            looked: Instant::now(),
            ran_dry: false,
            paused: false,
        })
    }

    /// Takes what the client has, up to the bounds of a batch; waits for the first record only.
    /// False where nothing came.
    fn pull(&mut self, messages: usize, wait: Duration) -> Result<bool, JournalError> {
        // The batch of each partition, and its bytes.
        let mut batches: BTreeMap<u32, (Vec<Incoming>, usize)> = BTreeMap::new();
        let (mut count, mut bytes, mut wait) = (0, 0, wait);
        while count < messages && bytes < BATCH_BYTES_MAX {
            match self.client.poll(wait) {
                None => {
                    self.ran_dry = true;
                    break;
                }
                Some(Ok(record)) => {
                    if let Some((partition, incoming)) = take(&mut self.assigned, &record)? {
                        let more = size(&incoming.message);
                        count += 1;
                        bytes += more;
                        let (batch, held) = batches.entry(partition).or_default();
                        if *held + more > BATCH_BYTES_MAX && !batch.is_empty() {
                            let full = std::mem::take(batch);
                            self.pulled.push_back(batch_of(self.topic, partition, full));
                            *held = 0;
                        }
                        *held += more;
                        batch.push(incoming);
                    }
                }
                Some(Err(error)) => self.consumed(&error)?,
            }
            wait = Duration::ZERO;
        }
        for (partition, (messages, _)) in batches {
            self.pulled
                .push_back(batch_of(self.topic, partition, messages));
        }
        Ok(!self.pulled.is_empty())
    }

    /// An error in place of a record.
    fn consumed(&mut self, error: &KafkaError) -> Result<(), JournalError> {
        match failure::code(error) {
            // The offset is not there: where to go on is decided as at an assignment.
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                self.restart();
                Ok(())
            }
            // The client connects again by itself.
            Some(
                RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve,
            ) => Ok(()),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                tracing::error!(
                    "the topic {} is not there; make it again, or stop",
                    self.shared.names.topic(self.topic)
                );
                Ok(())
            }
            _ => Err(self.failed(error)),
        }
    }

    fn commit_open(&mut self) -> Result<(), JournalError> {
        let committed = self.writer.commit(&self.client);
        if committed.is_err() {
            self.restart();
        }
        committed
    }

    /// The time left of the open transaction; None where there is none.
    fn left(&self) -> Option<Duration> {
        let age = self.writer.age()?;
        Some(self.shared.config.transaction.saturating_sub(age))
    }

    /// Which partitions have been read to their ends. The ends are asked for, so a broker that is
    /// slow or away makes nothing look idle. Behind the last record may lie the end marks of
    /// transactions, which a consumer never sees: a partition that ends in some is at its end when
    /// the client has run dry and the end has not moved from one look to the next.
    fn look(&mut self) -> Result<(Vec<u32>, bool), JournalError> {
        let mut asked = TopicPartitionList::new();
        for assigned in self.assigned.values() {
            let (topic, partition) = &assigned.place;
            asked
                .add_partition_offset(topic, *partition, Offset::End)
                .map_err(|error| self.failed(&error))?;
        }
        let ran_dry = std::mem::take(&mut self.ran_dry);
        self.looked = Instant::now();
        if self.assigned.is_empty() {
            return Ok((Vec::new(), false));
        }
        let found = self
            .client
            .offsets_for_times(asked, CALL)
            .map_err(|error| self.failed(&error))?;
        let mut read = Vec::new();
        for (partition, assigned) in &mut self.assigned {
            let (topic, number) = &assigned.place;
            let end = found.find_partition(topic, *number);
            let end = end.and_then(|found| match found.offset() {
                Offset::Offset(end) if found.error().is_ok() => u64::try_from(end).ok(),
                _ => None,
            });
            let Some(end) = end else { continue };
            let waiting = self
                .pulled
                .iter()
                .any(|batch| batch.partition == *partition);
            let marks_only = ran_dry && assigned.end == Some(end);
            if assigned.announced && !waiting && (assigned.position >= end || marks_only) {
                read.push(*partition);
            }
            assigned.end = Some(end);
            let lag = end.saturating_sub(assigned.position);
            self.shared.meters.lag(&self.group, *partition, lag);
        }
        let all = read.len() == self.assigned.len();
        Ok((read, all))
    }

    fn failed(&self, error: &KafkaError) -> JournalError {
        failure::kafka(format!("reading for the group {}", self.group), error)
    }

    /// Refuses what is not ours, and what was not handed out.
    fn check(&self, transaction: &Transaction) -> Result<(), JournalError> {
        let refuse = |detail| {
            Err(JournalError::Io {
                doing: format!("committing for the group {}", self.group),
                detail,
            })
        };
        let topic = self.topic.name();
        let states = transaction.state.iter().map(|change| change.partition);
        let inputs = transaction.inputs.iter().map(|(partition, _)| *partition);
        for partition in inputs.chain(states) {
            let ours = self.assigned.get(&partition).is_some_and(|a| a.announced);
            if !ours {
                return refuse(format!(
                    "partition {partition} of {topic} belongs to another member"
                ));
            }
        }
        for (partition, next) in &transaction.inputs {
            let assigned = &self.assigned[partition];
            if !(assigned.committed..=assigned.position).contains(next) {
                return refuse(format!(
                    "offset {next} of partition {partition} of {topic} is not in {} to {}",
                    assigned.committed, assigned.position
                ));
            }
        }
        Ok(())
    }

    fn write(&mut self, transaction: Transaction) -> Result<(), JournalError> {
        let kafka = &self.shared.config;
        let routes = self
            .shared
            .router
            .route(&transaction.outputs, kafka.partitions)?;
        if !transaction.state.is_empty() && !self.changelog.exists {
            self.changelog.ensure(&self.shared)?;
        }
        for (out, partition) in transaction.outputs.iter().zip(routes) {
            let topic = self.shared.names.topic(out.topic);
            self.writer.write(topic, partition, &out.message)?;
        }
        for change in &transaction.state {
            let key = changelog::key(&change.key);
            let value = change.value.as_deref();
            let topic = &self.changelog.topic;
            self.writer.change(topic, change.partition, &key, value)?;
        }
        let reads_nothing = transaction.inputs.is_empty();
        for (partition, next) in transaction.inputs {
            let assigned = self.assigned.get_mut(&partition).expect("it was checked");
            assigned.committed = next;
            self.writer.read(assigned.place.clone(), next);
        }
        // A step that has read nothing says how far it has read all the same: by that the brokers
        // know a member that was put out of its group.
        if reads_nothing && let Some(assigned) = self.assigned.values().next() {
            self.writer.read(assigned.place.clone(), assigned.committed);
        }
        Ok(())
    }
}

impl Changelog {
    fn ensure(&mut self, shared: &Shared) -> Result<(), JournalError> {
        let partitions = shared.config.partitions;
        let reader = &shared.uncommitted;
        shared
            .topics
            .ensure(reader, &self.topic, Kind::Changelog, partitions)?;
        self.exists = true;
        Ok(())
    }
}

impl Consumer for GroupMember {
    fn poll(&mut self, max_messages: usize, wait: Duration) -> Result<Polled, JournalError> {
        let now = Instant::now();
        let deadline = now.checked_add(wait).unwrap_or(now + WAIT_MAX);
        self.resume()?;
        loop {
            if self.left().is_some_and(|left| left.is_zero()) {
                self.commit_open()?;
            }
            self.follow()?;
            if let Some(partition) = self.revoked.pop_front() {
                return Ok(Polled::Revoked { partition });
            }
            if let Some(assigned) = self.announce()? {
                return Ok(assigned);
            }
            // A partition that is at its end must not wait for the others to be worked off.
            if self.looked.elapsed() >= LOOK_EVERY_BUSY {
                let (partitions, all) = self.look()?;
                if !partitions.is_empty() {
                    return Ok(Polled::Idle { partitions, all });
                }
            }
            if let Some(batch) = self.pulled.pop_front() {
                return Ok(Polled::Batch(batch));
            }
            if self.pull(max_messages.max(1), Duration::ZERO)? {
                continue;
            }
            // Nothing more to gather.
            self.commit_open()?;
            if self.looked.elapsed() >= LOOK_EVERY {
                let (partitions, all) = self.look()?;
                if !partitions.is_empty() {
                    return Ok(Polled::Idle { partitions, all });
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Polled::Idle {
                    partitions: Vec::new(),
                    all: false,
                });
            }
            self.pull(max_messages.max(1), left.min(LOOK_EVERY))?;
        }
    }

    fn commit(&mut self, transaction: Transaction) -> Result<(), JournalError> {
        let written = self
            .check(&transaction)
            .and_then(|()| self.write(transaction));
        if let Err(error) = written {
            self.restart();
            return Err(error);
        }
        if self.left().is_some_and(|left| left.is_zero()) {
            self.commit_open()?;
        }
        Ok(())
    }

    fn remain(&mut self) -> Result<Option<Polled>, JournalError> {
        self.commit_open()?;
        if !self.paused {
            let all = list(self.assigned.values().map(|a| (&a.place, &a.position)));
            self.client
                .pause(&all)
                .map_err(|error| self.failed(&error))?;
            self.paused = true;
        }
        // Serves the group. At most what was on its way at the pause still comes.
        self.pull(1, Duration::ZERO)?;
        self.follow()?;
        Ok(self
            .revoked
            .pop_front()
            .map(|partition| Polled::Revoked { partition }))
    }
}

impl Drop for GroupMember {
    fn drop(&mut self) {
        if let Err(error) = self.commit_open() {
            tracing::warn!("{error}; the next owner does it again");
        }
        for partition in self.assigned.keys() {
            self.shared.meters.left(&self.group, *partition);
        }
        // What was decided and not followed is followed now, or the client would wait for it.
        self.client.context().close();
        while let Some(event) = self.client.context().event() {
            if let GroupEvent::Revoke(partitions) = event {
                let _ = client::give_back(&self.client, &partitions);
            }
            self.client.context().followed();
        }
    }
}

/// A record on its way to a batch; None where it comes from before the last seek.
fn take(
    assigned: &mut BTreeMap<u32, Assigned>,
    record: &BorrowedMessage<'_>,
) -> Result<Option<(u32, Incoming)>, JournalError> {
    let partition = u32::try_from(record.partition()).unwrap_or(u32::MAX);
    let Some(assigned) = assigned.get_mut(&partition) else {
        return Ok(None);
    };
    if !assigned.announced {
        // It would be missing later.
        assigned.seek = true;
        return Ok(None);
    }
    let offset = u64::try_from(record.offset()).unwrap_or(0);
    if offset < assigned.position {
        return Ok(None);
    }
    assigned.position = offset + 1;
    let message = message::read(record)?;
    Ok(Some((partition, Incoming { offset, message })))
}

fn batch_of(topic: Topic, partition: u32, messages: Vec<Incoming>) -> Batch {
    let last = messages.last().expect("a batch holds a message");
    Batch {
        topic,
        partition,
        next_offset: last.offset + 1,
        messages,
    }
}

/// The number by which the pipeline knows a partition.
fn number((_, partition): &Place) -> u32 {
    u32::try_from(*partition).unwrap_or(u32::MAX)
}

fn list<'a>(offsets: impl Iterator<Item = (&'a Place, &'a u64)>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), offset) in offsets {
        let offset = i64::try_from(*offset).unwrap_or(i64::MAX);
        list.add_partition_offset(topic, *partition, Offset::Offset(offset))
            .expect("an offset from 0 on can be set");
    }
    list
}
