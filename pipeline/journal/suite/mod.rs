//! One conformance suite for every journal: what a stage may rely on.
//!
//! The cases are plain functions of a [`Harness`]; who has a journal runs them over it. They hold for
//! every journal.

/// Hands the cases that hold for every journal to a macro: module, name, partitions.
macro_rules! shared_cases {
    ($run:ident) => {
        $run! {
            conformance::messages_come_back_whole_and_in_order, 1;
            conformance::offsets_are_dense_in_each_partition, 3;
            conformance::a_key_keeps_its_partition, 8;
            conformance::messages_without_a_key_are_spread, 4;
            conformance::an_append_is_all_or_nothing, 2;
            conformance::a_transaction_moves_outputs_state_and_offset_together, 1;
            conformance::what_was_not_committed_comes_again, 2;
            conformance::groups_do_not_see_each_other, 1;
            conformance::states_are_told_apart, 2;
            conformance::batches_are_bounded, 1;
            members::a_waiting_consumer_is_woken, 2;
            members::many_threads_append_at_once, 4;
        }
    };
}

pub(crate) mod conformance;
pub(crate) mod members;

use std::time::Duration;

use bytes::Bytes;

use super::*;

/// Longer than any wake-up takes, for what must come.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// For what must not come.
pub(crate) const SHORT: Duration = Duration::from_millis(20);
/// Alone in its group.
pub(crate) const ALONE: Member = Member { index: 0, count: 1 };

/// Opens the same journal again and again.
pub(crate) struct Harness(Box<dyn Fn() -> Box<dyn Journal>>);

impl Harness {
    pub(crate) fn new(open: impl Fn() -> Box<dyn Journal> + 'static) -> Self {
        Self(Box::new(open))
    }

    /// The journal as a process that starts finds it. The one before must have been dropped.
    pub(crate) fn open(&self) -> Box<dyn Journal> {
        self.0()
    }
}

pub(crate) fn message(text: &str) -> Message {
    Message {
        value: Bytes::copy_from_slice(text.as_bytes()),
        ..Message::default()
    }
}

/// A message for a partition.
pub(crate) fn to(topic: Topic, partition: u32, text: &str) -> Outgoing {
    Outgoing {
        topic,
        partition: Some(partition),
        message: message(text),
    }
}

/// A message for the partition of its key, or for any where the key is empty.
pub(crate) fn keyed(topic: Topic, key: &str, text: &str) -> Outgoing {
    let mut message = message(text);
    message.key = Bytes::copy_from_slice(key.as_bytes());
    Outgoing {
        topic,
        partition: None,
        message,
    }
}

pub(crate) fn text(incoming: &Incoming) -> String {
    String::from_utf8_lossy(&incoming.message.value).into_owned()
}

/// The next batch; assignments are passed over. None when idle.
pub(crate) fn batch(consumer: &mut dyn Consumer, max_messages: usize) -> Option<Batch> {
    loop {
        match consumer.poll(max_messages, SHORT).expect("polls") {
            Polled::Batch(batch) => return Some(batch),
            Polled::Idle { all: true, .. } => return None,
            Polled::Idle { .. } | Polled::Assigned { .. } => {}
            Polled::Revoked { partition } => panic!("partition {partition} was revoked"),
        }
    }
}

/// Everything that a new group finds in a topic: partition, offset and text, sorted.
pub(crate) fn everything(
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
pub(crate) fn assignments(consumer: &mut dyn Consumer) -> Vec<(u32, Vec<(String, String)>)> {
    let mut found = Vec::new();
    loop {
        match consumer.poll(1, Duration::ZERO).expect("polls") {
            // Nothing was assigned yet.
            Polled::Idle { all: false, .. } if found.is_empty() => {}
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
pub(crate) fn state(partition: u32, key: &str, value: Option<&str>) -> StateChange {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    StateChange {
        partition,
        key: bytes(key),
        value: value.map(bytes),
    }
}
