//! The progress of event time on the inputs of a correlator, as state: it survives a restart and
//! moves along with its partition.

use std::collections::BTreeMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::journal::StateChange;

/// The entry's key. Those of windows are never empty.
pub(super) const PROGRESS_KEY: &[u8] = b"";

const VERSION: u8 = 1;
/// An input and its time.
const ENTRY_BYTES: usize = 12;

/// How far each input has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// By input: event time in milliseconds.
    pub(super) reached: BTreeMap<u32, i64>,
    changed: bool,
}

impl Progress {
    /// An input has come that far; it does not go back.
    pub(super) fn reach(&mut self, input: u32, time_ms: i64) {
        let known = self.reached.entry(input).or_insert(i64::MIN);
        if time_ms > *known {
            *known = time_ms;
            self.changed = true;
        }
    }

    /// What has to be stored since the last call.
    pub(super) fn changed(&mut self, partition: u32) -> Option<StateChange> {
        std::mem::take(&mut self.changed).then(|| StateChange {
            partition,
            key: Bytes::from_static(PROGRESS_KEY),
            value: Some(self.encode()),
        })
    }

    fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(1 + self.reached.len() * ENTRY_BYTES);
        out.put_u8(VERSION);
        for (input, time_ms) in &self.reached {
            out.put_u32(*input);
            out.put_i64(*time_ms);
        }
        out.freeze()
    }

    /// None where the bytes are of another version, or broken off.
    pub(super) fn decode(mut value: &[u8]) -> Option<Self> {
        if value.is_empty() || value.get_u8() != VERSION || !value.len().is_multiple_of(ENTRY_BYTES)
        {
            return None;
        }
        let mut known = Self::default();
        while value.has_remaining() {
            let input = value.get_u32();
            known.reached.insert(input, value.get_i64());
        }
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_comes_back() {
        let mut progress = Progress::default();
        assert_eq!(progress.changed(3), None);
        progress.reach(0, 10);
        progress.reach(7, -5);
        progress.reach(0, 9);
        let change = progress.changed(3).expect("it has changed");
        assert_eq!(change.partition, 3);
        let value = change.value.expect("it is stored");
        assert_eq!(Progress::decode(&value), Some(progress));
        assert_eq!(Progress::decode(&value[..value.len() - 1]), None);
        assert_eq!(Progress::decode(&[]), None);
        assert_eq!(Progress::decode(&[VERSION + 1]), None);
    }
}
