//! What a journal of this process holds, for metrics and for people.

use super::Topic;

/// The whole journal at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// One entry a topic, in the order of [`Topic::ALL`].
    pub topics: Vec<TopicStats>,
    /// Appends and transactions refused because the journal was full, since it was opened.
    pub refused_full: u64,
    /// Times that the disk was told to make everything durable, since it was opened.
    pub fsyncs: u64,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicStats {
    /// Which.
    pub topic: Topic,
    /// Messages held.
    pub messages: u64,
    /// Bytes that they take, encoded; the files on disk take more until they are compacted.
    pub bytes: u64,
    /// Messages that retention has removed since the journal was opened.
    pub removed: u64,
    /// By partition.
    pub partitions: Vec<PartitionStats>,
    /// By name of the group.
    pub groups: Vec<GroupStats>,
}

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartitionStats {
    /// The oldest offset held; equal to `next` where nothing is.
    pub oldest: u64,
    /// The offset of the next message.
    pub next: u64,
    /// Bytes held.
    pub bytes: u64,
}

/// One consumer group of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupStats {
    /// Its name.
    pub group: String,
    /// The next offset to read, by partition.
    pub committed: Vec<u64>,
    /// Messages that it has yet to read.
    pub lag: u64,
}

impl TopicStats {
    /// Adds the partitions and the groups up.
    pub(super) fn new<'a>(
        topic: Topic,
        partitions: Vec<PartitionStats>,
        groups: impl Iterator<Item = (&'a str, &'a [u64])>,
        removed: u64,
    ) -> Self {
        let groups = groups
            .map(|(group, committed)| GroupStats {
                group: group.to_owned(),
                committed: committed.to_vec(),
                lag: partitions
                    .iter()
                    .zip(committed)
                    .map(|(held, committed)| held.next.saturating_sub(*committed))
                    .sum(),
            })
            .collect();
        Self {
            topic,
            messages: partitions.iter().map(|held| held.next - held.oldest).sum(),
            bytes: partitions.iter().map(|held| held.bytes).sum(),
            removed,
            partitions,
            groups,
        }
    }
}
