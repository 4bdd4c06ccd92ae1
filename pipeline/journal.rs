//! The durable ordered log between the stages, and the whole exactly-once story.
//!
//! A stage reads a batch from one partition of a topic, computes, and hands back one
//! [`Transaction`]: what it outputs, what it changed in its state and how far it has read. The
//! journal makes all of it durable or none of it. In Kafka that is a Kafka transaction with the
//! state in a compacted changelog topic; in the embedded journal it is one atomic write batch.
//! Nothing outside this module knows which of the two runs (invariant I3, I6).
//!
//! What it refuses: moving an offset without the outputs that the offset stands for. There is no
//! `commit(offset)`.

pub mod embedded;
pub mod kafka;
pub mod memory;
pub mod stats;

mod consumer;
mod ends;
mod group;
mod route;
#[cfg(test)]
#[macro_use]
mod suite;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;

pub use embedded::{Embedded, EmbeddedConfig, Fsync};
pub use kafka::{Kafka, KafkaConfig};
pub use memory::Memory;

/// The topics of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Records as received (obvious secrets sealed), with their origin in the headers.
    Raw,
    /// Sealed, normalized events.
    Events,
    /// Matches of base rules and the progress of event time, keyed by what one window needs.
    Matches,
    /// Alerts.
    Alerts,
    /// Refusals, and what a sink refused, sealed.
    DeadLetters,
}

impl Topic {
    /// Every topic, in the order of the data flow.
    pub const ALL: [Self; 5] = [
        Self::Raw,
        Self::Events,
        Self::Matches,
        Self::Alerts,
        Self::DeadLetters,
    ];

    /// The name in Kafka, in metrics and on disk.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Events => "events",
            Self::Matches => "matches",
            Self::Alerts => "alerts",
            Self::DeadLetters => "dead-letters",
        }
    }

    /// The place in [`Topic::ALL`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Raw => 0,
            Self::Events => 1,
            Self::Matches => 2,
            Self::Alerts => 3,
            Self::DeadLetters => 4,
        }
    }
}

/// One message of a topic: what a Kafka record is.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Decides the partition where none is given; empty: any partition.
    pub key: Bytes,
    /// The content.
    pub value: Bytes,
    /// Names and values; never event content.
    pub headers: Vec<(String, Bytes)>,
    /// Milliseconds since 1970: the receive time in `raw`, event time in the other topics.
    pub time_ms: i64,
}

// A message may hold a record, so its content never reaches a log (invariant I7).
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("bytes", &self.value.len())
            .field("time_ms", &self.time_ms)
            .finish_non_exhaustive()
    }
}

/// A message on its way into a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// The partition; None: by the key, or any where the key is empty.
    pub partition: Option<u32>,
    /// What.
    pub message: Message,
}

/// A message read from a partition, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its place in the partition.
    pub offset: u64,
    /// What.
    pub message: Message,
}

/// A run of messages of one partition, in order.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The topic read.
    pub topic: Topic,
    /// The partition read.
    pub partition: u32,
    /// The messages, oldest first; never empty.
    pub messages: Vec<Incoming>,
    /// The offset to commit: one past the last message.
    pub next_offset: u64,
}

/// A change to the state of a stage, kept with the partition that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The partition of the input topic that owns this state.
    pub partition: u32,
    /// The entry.
    pub key: Bytes,
    /// Its new content; None removes it.
    pub value: Option<Bytes>,
}

/// All that one step of a stage changes: durable together or not at all.
#[derive(Debug, Default)]
pub struct Transaction {
    /// How far the input has been read: partition of the consumer's topic, and the next offset.
    pub inputs: Vec<(u32, u64)>,
    /// What goes out.
    pub outputs: Vec<Outgoing>,
    /// What changed in the state.
    pub state: Vec<StateChange>,
}

/// A stored state, entry by entry.
pub type StateEntries = Box<dyn Iterator<Item = Result<(Bytes, Bytes), JournalError>> + Send>;

/// What a consumer has to say.
pub enum Polled {
    /// A partition is ours from now on; its state as of the last transaction.
    Assigned {
        /// Which.
        partition: u32,
        /// What the stage had stored for it.
        state: StateEntries,
    },
    /// A partition is no longer ours: forget its state.
    Revoked {
        /// Which.
        partition: u32,
    },
    /// Something to work on.
    Batch(Batch),
    /// Nothing is to be worked on, here or elsewhere.
    Idle {
        /// Partitions that have been read to their ends. A partition whose end is not known, since
        /// its broker is away or what lies before it is still on its way, is not among them.
        partitions: Vec<u32>,
        /// Whether these are all that are assigned, and nothing came within the wait.
        all: bool,
    },
}

/// One member of a consumer group: reads its partitions and commits transactions. It is not
/// shared: one worker, one consumer, one thread.
pub trait Consumer: Send {
    /// Waits at most `wait` for something to say. Assignments come before the first batch.
    fn poll(&mut self, max_messages: usize, wait: Duration) -> Result<Polled, JournalError>;

    /// Makes a transaction durable as a whole, or fails as a whole. A journal may gather several
    /// before it makes them durable together: at the latest in the call of `poll` that finds nothing
    /// more to read, or when the consumer is dropped; until then a poll may fail for them. After an error that
    /// [`JournalError::is_fatal`] calls fatal the consumer is of no more use. After another error
    /// it starts over: it announces its partitions again, with the state as of the last
    /// transaction, and reads from the committed offsets.
    fn commit(&mut self, transaction: Transaction) -> Result<(), JournalError>;

    /// In place of [`Consumer::poll`] while there is no room for more: remains a member of the
    /// group, and says what the group has decided.
    fn remain(&mut self) -> Result<Option<Polled>, JournalError> {
        Ok(None)
    }
}

/// A member's place in its group, where the journal itself does not do membership.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// From 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

/// The journal: topics to append to and to subscribe to.
pub trait Journal: Send + Sync + 'static {
    /// How many partitions a topic has.
    fn partitions(&self, topic: Topic) -> u32;

    /// How many workers of this process a topic's stage is to have.
    fn workers(&self, topic: Topic) -> u32 {
        self.partitions(topic)
    }

    /// Whether other processes go on with what this one leaves: then it stops without working
    /// everything off.
    fn is_shared(&self) -> bool {
        false
    }

    /// The largest record that may be appended to `raw`, with its headers.
    fn record_bytes_max(&self) -> usize {
        usize::MAX
    }

    /// Appends atomically, and returns when it is durable.
    fn append(&self, outgoing: Vec<Outgoing>) -> Result<(), JournalError>;

    /// Joins a consumer group of a topic. A group that was never here starts at the oldest message.
    fn subscribe(
        &self,
        group: &str,
        topic: Topic,
        member: Member,
    ) -> Result<Box<dyn Consumer>, JournalError>;
}

/// What can go wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The limit of the journal's size is reached by what no consumer has read yet: try again later.
    #[error("the journal is full: {0}")]
    Full(String),
    /// Another process has the store.
    #[error(
        "the journal at {path} is in use by another process; stop it, or set another `journal.path`"
    )]
    InUse {
        /// The folder.
        path: String,
    },
    /// Written by a newer version.
    #[error(
        "the journal at {path} has format {found}, and this version reads up to {supported}: run the newer version, or move the folder away"
    )]
    NewerFormat {
        /// The folder.
        path: String,
        /// What it says.
        found: u32,
        /// What this version knows.
        supported: u32,
    },
    /// What is stored cannot be read.
    #[error(
        "the journal at {path} is damaged ({detail}): restore it from a backup, or move the folder away and start empty"
    )]
    Corrupt {
        /// The folder.
        path: String,
        /// Where and what, without content.
        detail: String,
    },
    /// What was being done was taken back, and is to be done again.
    #[error("the journal was interrupted while {doing}: {detail}")]
    Interrupted {
        /// What was being done to what.
        doing: String,
        /// The cause.
        detail: String,
    },
    /// Reading or writing failed.
    #[error("the journal failed while {doing}: {detail}")]
    Io {
        /// What was being done to what.
        doing: String,
        /// The cause.
        detail: String,
    },
}

impl JournalError {
    /// False where the same call may succeed later.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Full(_) | Self::Interrupted { .. })
    }
}
