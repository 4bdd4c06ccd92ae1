//! Which partition a message goes to.
//!
//! What shares a key must share a partition for as long as the store lives, so the hash is part of
//! the format on disk: 64-bit FNV-1a with a final mix. The standard library's hashers promise no
//! stability, and FNV alone leaves its low bits poor for short keys.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{JournalError, Outgoing};

/// Chooses partitions. Messages without a key go to one partition per call, the next one at each
/// call, so that an append of many stays one chunk.
#[derive(Debug, Default)]
pub(super) struct Router {
    turn: AtomicU32,
}

impl Router {
    /// The partition of each message, in order. `partitions` is never 0. Refuses a message that
    /// names a partition beyond them.
    pub(super) fn route(
        &self,
        outgoing: &[Outgoing],
        partitions: u32,
    ) -> Result<Vec<u32>, JournalError> {
        let mut keyless = None;
        outgoing
            .iter()
            .map(|out| match out.partition {
                Some(partition) if partition < partitions => Ok(partition),
                Some(partition) => Err(JournalError::Io {
                    doing: format!("writing to {}", out.topic.name()),
                    detail: format!("it has {partitions} partitions, none is number {partition}"),
                }),
                None if out.message.key.is_empty() => Ok(*keyless
                    .get_or_insert_with(|| self.turn.fetch_add(1, Ordering::Relaxed) % partitions)),
                None => Ok(of_key(&out.message.key, partitions)),
            })
            .collect()
    }
}

/// The partition of a key.
pub(super) fn of_key(key: &[u8], partitions: u32) -> u32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in key {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    // The remainder of a division by a u32 fits into a u32.
    u32::try_from(hash % u64::from(partitions)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
