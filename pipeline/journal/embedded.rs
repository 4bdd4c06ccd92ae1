//! The journal on this machine's disk: no server, one process.
//!
//! It stands on an embedded log-structured store (`fjall`), which gives atomic batches over several
//! keyspaces and a write-ahead log; everything that makes it a journal is here. One keyspace a
//! topic holds the messages in chunks (`chunk`), and one each the state of stages, the offsets of
//! groups and the marks of partitions (`ledger`). A transaction is part of one batch, so it is
//! whole or absent after a crash (`write`).
//!
//! **What is durable when.** Every write is handed to the system before anybody is told of it, so
//! killing the process loses nothing. Against a power cut [`Fsync`] decides: by default an append
//! returns after an fsync that it shares with all who wait (`queue`), and transactions are synced
//! in the background at most 50 ms later. A transaction that a power cut takes is made again from
//! `raw`, with the same result, because stages are pure.
//!
//! **What is refused.** A second process; a store of a newer format; a store that is damaged, or
//! shorter than it is known to have been (`tail`): none of these is repaired by forgetting.
//!
//! **Bounds.** `bytes_max` counts the encoded messages of all topics. An append beyond it is
//! refused as full once nothing consumed is left to remove; transactions may use a quarter more,
//! or a full `raw` could never be worked off. On disk come the write-ahead log (at most 256 MiB)
//! and what compaction has not yet removed.

mod chunk;
mod failure;
mod folder;
mod key;
mod ledger;
mod queue;
mod recover;
mod retention;
mod store;
mod tail;
#[cfg(test)]
mod tests;
mod upkeep;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use fjall::PersistMode;

use super::consumer::LocalConsumer;
use super::ends::lock;
use super::stats::{Stats, TopicStats};
use super::{Consumer, Journal, JournalError, Member, Outgoing, Topic};
use store::Shared;

/// The most partitions of a topic.
pub const PARTITIONS_MAX: u32 = 1_024;

/// When what has been written is made to survive a power cut. Killing the process loses nothing
/// under any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Before an append returns; transactions within 50 ms.
    Always,
    /// In the background, this long after a write: a power cut may take what was acknowledged in
    /// that time.
    Every(Duration),
    /// When the system sees fit, and when the journal is closed.
    Never,
}

/// What a topic keeps of messages that all its consumers have read. Whichever bound is reached
/// first removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Encoded bytes over all partitions.
    pub bytes: u64,
    /// Since the message was written.
    pub age: Duration,
}

/// The retention of each topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retentions {
    /// Of `raw`.
    pub raw: Retention,
    /// Of `events`.
    pub events: Retention,
    /// Of `matches`.
    pub matches: Retention,
    /// Of `alerts`.
    pub alerts: Retention,
    /// Of `dead-letters`.
    pub dead_letters: Retention,
}

impl Retentions {
    /// The retention of a topic.
    pub fn of(&self, topic: Topic) -> Retention {
        match topic {
            Topic::Raw => self.raw,
            Topic::Events => self.events,
            Topic::Matches => self.matches,
            Topic::Alerts => self.alerts,
            Topic::DeadLetters => self.dead_letters,
        }
    }
}

impl Default for Retentions {
    /// A day of records and matches, a week of events, a month of what people look at.
    fn default() -> Self {
        let keep = |mebibytes: u64, days: u64| Retention {
            bytes: mebibytes << 20,
            age: Duration::from_secs(days * 24 * 60 * 60),
        };
        Self {
            raw: keep(1_024, 1),
            events: keep(1_024, 7),
            matches: keep(256, 1),
            alerts: keep(256, 30),
            dead_letters: keep(256, 30),
        }
    }
}

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedConfig {
    /// Its folder; created where it does not exist.
    pub path: PathBuf,
    /// Partitions of every topic, 1 to [`PARTITIONS_MAX`]. Fixed when the store is created: a
    /// store that exists keeps its own count, and a different one here is only warned about,
    /// because the key of a message has chosen its partition by the old count.
    pub partitions: u32,
    /// When writes are made to survive a power cut.
    pub fsync: Fsync,
    /// What is kept of messages that have been read.
    pub retention: Retentions,
    /// The most encoded bytes of all topics; beyond it an append is refused as full.
    pub bytes_max: u64,
}

impl Default for EmbeddedConfig {
    /// `./chaperone-data/journal`, a partition a core (at most 16), an fsync before an append
    /// returns, at most 8 GiB.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            path: PathBuf::from("chaperone-data/journal"),
            partitions: u32::try_from(cores.min(16)).unwrap_or(1),
            fsync: Fsync::Always,
            retention: Retentions::default(),
            bytes_max: 8 << 30,
        }
    }
}

/// Milliseconds since 1970.
type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A journal on disk. Dropping it makes everything durable and ends its background thread; the
/// folder is free for others when its consumers are dropped as well.
pub struct Embedded {
    shared: Arc<Shared>,
    upkeep: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Opens the store in the configured folder, or creates one there.
    ///
    /// # Errors
    /// [`JournalError::InUse`], [`JournalError::NewerFormat`], [`JournalError::Corrupt`], or
    /// [`JournalError::Io`] where the folder cannot be used or `partitions` is out of its range.
    pub fn open(config: EmbeddedConfig) -> Result<Self, JournalError> {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let clock = move || now().map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX));
        Self::open_with_clock(config, Arc::new(clock))
    }

    fn open_with_clock(config: EmbeddedConfig, clock: Clock) -> Result<Self, JournalError> {
        let shared = Arc::new(recover::open(config, clock)?);
        let upkeep = upkeep::start(&shared).map_err(|e| JournalError::Io {
            doing: "starting the journal's thread".into(),
            detail: e.to_string(),
        })?;
        let upkeep = Some(upkeep);
        Ok(Self { shared, upkeep })
    }

    /// What it holds, and how far each group has read.
    pub fn stats(&self) -> Stats {
        let ledger = lock(&self.shared.ledger).clone();
        let groups = lock(&self.shared.groups);
        let counters = &self.shared.counters;
        let topics = Topic::ALL.map(|topic| {
            let (removed, ..) = counters.read(topic);
            let partitions = ledger.topic(topic).to_vec();
            TopicStats::new(topic, partitions, groups.of_topic(topic), removed)
        });
        let (_, refused_full, fsyncs) = counters.read(Topic::Raw);
        Stats {
            topics: topics.into(),
            refused_full,
            fsyncs,
        }
    }

    /// Forgets a consumer group with its offsets and its state, so that retention no longer waits
    /// for it: for a sink that is gone for good. A group that is not known is no error. Consumers
    /// of the group lose their partitions.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn forget_group(&self, group: &str, topic: Topic) -> Result<(), JournalError> {
        recover::forget(&self.shared, group, topic)
    }

    /// Makes everything durable that has been written.
    fn close(&self) -> Result<(), JournalError> {
        let lead = self.shared.queue.alone();
        self.shared.persist(&lead, PersistMode::SyncAll)?;
        lock(&self.shared.tail)
            .sync()
            .map_err(|e| failure::io(&self.shared.path, "closing", &e))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.upkeep.stop();
        if let Some(upkeep) = self.upkeep.take()
            && upkeep.join().is_err()
        {
            tracing::error!("the journal's background thread had panicked");
        }
        if let Err(error) = self.close() {
            tracing::error!(%error, "the journal was not closed cleanly");
        }
    }
}

impl Journal for Embedded {
    fn partitions(&self, topic: Topic) -> u32 {
        self.shared.ends[topic.index()].partitions()
    }

    fn append(&self, outgoing: Vec<Outgoing>) -> Result<(), JournalError> {
        if outgoing.is_empty() {
            return Ok(());
        }
        self.shared.write(&outgoing, None)
    }

    fn subscribe(
        &self,
        group: &str,
        topic: Topic,
        member: Member,
    ) -> Result<Box<dyn Consumer>, JournalError> {
        let consumer = LocalConsumer::join(Arc::clone(&self.shared), group, topic, member)?;
        Ok(Box::new(consumer))
    }
}
