//! What each partition holds, kept beside the messages so that opening and retention need no scan.

use bytes::Buf;

use crate::journal::Topic;
use crate::journal::stats::PartitionStats as Mark;

/// The marks of all partitions. A mark is written in the batch that changes its partition.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    marks: [Vec<Mark>; Topic::ALL.len()],
}

impl Ledger {
    pub(super) fn new(partitions: u32) -> Self {
        Self {
            marks: std::array::from_fn(|_| vec![Mark::default(); partitions as usize]),
        }
    }

    /// The marks of a topic, by partition.
    pub(super) fn topic(&self, topic: Topic) -> &[Mark] {
        &self.marks[topic.index()]
    }

    /// The mark of a partition.
    pub(super) fn get(&self, topic: Topic, partition: u32) -> Mark {
        let marks = self.topic(topic).get(partition as usize);
        marks.copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, topic: Topic, partition: u32, mark: Mark) {
        if let Some(slot) = self.marks[topic.index()].get_mut(partition as usize) {
            *slot = mark;
        }
    }

    /// The bytes of one topic.
    pub(super) fn topic_bytes(&self, topic: Topic) -> u64 {
        self.topic(topic).iter().map(|mark| mark.bytes).sum()
    }

    /// The bytes of all topics.
    pub(super) fn bytes(&self) -> u64 {
        Topic::ALL.map(|topic| self.topic_bytes(topic)).iter().sum()
    }

    /// How far every partition reaches, topic by topic.
    pub(super) fn ends(&self) -> Vec<u64> {
        self.marks.iter().flatten().map(|mark| mark.next).collect()
    }
}

/// A mark as stored.
pub(super) fn encode(mark: Mark) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&mark.oldest.to_be_bytes());
    bytes[8..16].copy_from_slice(&mark.next.to_be_bytes());
    bytes[16..].copy_from_slice(&mark.bytes.to_be_bytes());
    bytes
}

/// None where the bytes are no mark.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Mark> {
    if bytes.len() != 24 {
        return None;
    }
    let mark = Mark {
        oldest: bytes.get_u64(),
        next: bytes.get_u64(),
        bytes: bytes.get_u64(),
    };
    (mark.oldest <= mark.next).then_some(mark)
}
