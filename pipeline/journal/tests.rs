//! One conformance suite for every journal of this process: what a stage may rely on.

/// Runs a case against every journal.
macro_rules! conformance {
    ($($(#[$doc:meta])* $case:ident, $partitions:literal;)*) => {
        mod memory {
            use super::Harness;
            $($(#[$doc])* #[test] fn $case() { super::$case(&Harness::memory($partitions)); })*
        }
        mod disk {
            use super::Harness;
            $($(#[$doc])* #[test] fn $case() { super::$case(&Harness::disk($partitions)); })*
        }
    };
}

mod conformance;
mod members;
mod model;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use super::*;

/// Longer than any wake-up takes, for what must come.
pub(super) const LONG: Duration = Duration::from_secs(20);
/// For what must not come.
pub(super) const SHORT: Duration = Duration::from_millis(20);
/// Alone in its group.
pub(super) const ALONE: Member = Member { index: 0, count: 1 };

/// Opens the same journal again and again.
pub(super) enum Harness {
    Memory(Memory),
    Disk {
        path: PathBuf,
        partitions: u32,
        _folder: tempfile::TempDir,
    },
}

impl Harness {
    pub(super) fn memory(partitions: u32) -> Self {
        Self::Memory(Memory::new(partitions))
    }

    pub(super) fn disk(partitions: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::Disk {
            path: folder.path().join("journal"),
            partitions,
            _folder: folder,
        }
    }

    /// The journal as a process that starts finds it. The one before must have been dropped.
    pub(super) fn open(&self) -> Box<dyn Journal> {
        match self {
            Self::Memory(memory) => Box::new(memory.clone()),
            Self::Disk {
                path, partitions, ..
            } => {
                let config = EmbeddedConfig {
                    path: path.clone(),
                    partitions: *partitions,
                    // A power cut cannot be tested here, and an fsync costs each test its time.
                    fsync: Fsync::Never,
                    ..EmbeddedConfig::default()
                };
                Box::new(Embedded::open(config).expect("opens"))
            }
        }
    }
}

pub(super) fn message(text: &str) -> Message {
    Message {
        value: Bytes::copy_from_slice(text.as_bytes()),
        ..Message::default()
    }
}

/// A message for a partition.
pub(super) fn to(topic: Topic, partition: u32, text: &str) -> Outgoing {
    Outgoing {
        topic,
        partition: Some(partition),
        message: message(text),
    }
}

/// A message for the partition of its key, or for any where the key is empty.
pub(super) fn keyed(topic: Topic, key: &str, text: &str) -> Outgoing {
    let mut message = message(text);
    message.key = Bytes::copy_from_slice(key.as_bytes());
    Outgoing {
        topic,
        partition: None,
        message,
    }
}

pub(super) fn text(incoming: &Incoming) -> String {
    String::from_utf8_lossy(&incoming.message.value).into_owned()
}

/// The next batch; assignments are passed over. None when idle.
pub(super) fn batch(consumer: &mut dyn Consumer, max_messages: usize) -> Option<Batch> {
    loop {
        match consumer.poll(max_messages, SHORT).expect("polls") {
            Polled::Batch(batch) => return Some(batch),
            Polled::Idle => return None,
            Polled::Assigned { .. } => {}
            Polled::Revoked { partition } => panic!("partition {partition} was revoked"),
        }
    }
}

/// Everything that a new group finds in a topic: partition, offset and text, sorted.
pub(super) fn everything(
    journal: &dyn Journal,
    group: &str,
    topic: Topic,
) -> Vec<(u32, u64, String)> {
    let mut consumer = journal.subscribe(group, topic, ALONE).expect("subscribes");
    let mut found = Vec::new();
    while let Some(batch) = batch(&mut *consumer, 7) {
        let partition = batch.partition;
        let messages = batch.messages.iter();
        found.extend(messages.map(|incoming| (partition, incoming.offset, text(incoming))));
    }
    found.sort();
    found
}

/// The partitions that a consumer is told of, with their states.
pub(super) fn assignments(consumer: &mut dyn Consumer) -> Vec<(u32, Vec<(String, String)>)> {
    let mut found = Vec::new();
    loop {
        match consumer.poll(1, Duration::ZERO).expect("polls") {
            Polled::Assigned { partition, state } => {
                let text = |bytes: Bytes| String::from_utf8_lossy(&bytes).into_owned();
                let entries = state.map(|entry| {
                    let (key, value) = entry.expect("reads");
                    (text(key), text(value))
                });
                found.push((partition, entries.collect()));
            }
            _ => return found,
        }
    }
}

/// A change to the state.
pub(super) fn state(partition: u32, key: &str, value: Option<&str>) -> StateChange {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    StateChange {
        partition,
        key: bytes(key),
        value: value.map(bytes),
    }
}
