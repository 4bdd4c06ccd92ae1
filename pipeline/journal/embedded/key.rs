//! The keys of offsets, states and partition marks: topic first, numbers big-endian, so that what
//! is read together lies together. The number of a topic is [`Topic::index`], which is therefore
//! part of the format.

use crate::journal::group::GroupId;
use crate::journal::{JournalError, StateChange, Topic};

/// The engine's limit on keys is 65,535 bytes; this leaves room for our part of a key.
pub(super) const STATE_KEY_BYTES_MAX: usize = 60_000;

fn topic_byte(topic: Topic) -> u8 {
    u8::try_from(topic.index()).unwrap_or(u8::MAX)
}

fn topic_of(byte: u8) -> Option<Topic> {
    Topic::ALL.get(usize::from(byte)).copied()
}

/// The key of a partition's mark.
pub(super) fn mark(topic: Topic, partition: u32) -> [u8; 5] {
    let [a, b, c, d] = partition.to_be_bytes();
    [topic_byte(topic), a, b, c, d]
}

/// The key of a committed offset.
pub(super) fn offset(group: &GroupId, partition: u32) -> Vec<u8> {
    let mut key = mark(group.topic, partition).to_vec();
    key.extend_from_slice(group.name.as_bytes());
    key
}

/// The topic, partition and group of a committed offset.
pub(super) fn read_offset(key: &[u8]) -> Option<(Topic, u32, &str)> {
    let (head, name) = key.split_first_chunk::<5>()?;
    let [topic, a, b, c, d] = *head;
    let partition = u32::from_be_bytes([a, b, c, d]);
    Some((topic_of(topic)?, partition, std::str::from_utf8(name).ok()?))
}

/// What the keys of a group's state begin with.
pub(super) fn group_states(group: &GroupId) -> Vec<u8> {
    // A name has at most 255 bytes, see `GroupId::new`.
    let length = u8::try_from(group.name.len()).unwrap_or(u8::MAX);
    let mut key = vec![topic_byte(group.topic), length];
    key.extend_from_slice(group.name.as_bytes());
    key
}

/// What the keys of a partition's state begin with.
pub(super) fn states(group: &GroupId, partition: u32) -> Vec<u8> {
    let mut key = group_states(group);
    key.extend_from_slice(&partition.to_be_bytes());
    key
}

/// The key of a state entry.
pub(super) fn state(group: &GroupId, change: &StateChange) -> Result<Vec<u8>, JournalError> {
    if change.key.len() > STATE_KEY_BYTES_MAX {
        return Err(JournalError::Io {
            doing: format!("committing for the group {}", group.name),
            detail: format!(
                "a state key of {} bytes; {STATE_KEY_BYTES_MAX} are the most",
                change.key.len()
            ),
        });
    }
    let mut key = states(group, change.partition);
    key.extend_from_slice(&change.key);
    Ok(key)
}
