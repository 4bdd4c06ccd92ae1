//! How messages lie on disk: a chunk is the messages that one write put into one partition.
//!
//! One entry per chunk instead of one per message, because the engine's cost is per entry: five
//! hundred messages of a transaction are one key, one checksum and one copy. A chunk's key says all
//! that retention and recovery need, so neither has to read a value:
//!
//! ```text
//! key    partition u32 · first offset u64 · messages u32 · bytes of the value u32 · written ms u64
//! value  version u8 (1) · CRC-32 of key and messages, u32 little-endian · messages
//! message  key · value · header count · (name · value)… · time      lengths and counts as varints,
//!                                                                   the time as a zigzag varint
//! ```
//!
//! Numbers of the key are big-endian, so that the order of the keys is the order of the offsets.
//! The engine has checksums of its own; this one also covers what lies between it and us, and the
//! key, so that a chunk at the wrong place is found out.

use std::collections::BTreeMap;

use bytes::{Buf, Bytes};

use crate::journal::{Incoming, JournalError, Message, Outgoing, Topic};

/// A chunk is closed when it has reached this many bytes; a larger message is a chunk of its own.
pub(super) const CHUNK_BYTES_MAX: usize = 1 << 20;

/// The most bytes of one message: far beyond what is received, and well within a chunk's u32.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

const VERSION: u8 = 1;
/// Version and checksum, in front of the messages.
const HEAD: usize = 5;
const KEY: usize = 28;

/// What the key of a chunk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkKey {
    pub(super) partition: u32,
    pub(super) first: u64,
    pub(super) messages: u32,
    pub(super) bytes: u32,
    pub(super) written_ms: u64,
}

impl ChunkKey {
    /// One past the last offset.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::from(self.messages)
    }

    pub(super) fn encode(&self) -> [u8; KEY] {
        let mut key = [0; KEY];
        key[..4].copy_from_slice(&self.partition.to_be_bytes());
        key[4..12].copy_from_slice(&self.first.to_be_bytes());
        key[12..16].copy_from_slice(&self.messages.to_be_bytes());
        key[16..20].copy_from_slice(&self.bytes.to_be_bytes());
        key[20..].copy_from_slice(&self.written_ms.to_be_bytes());
        key
    }

    /// None where the bytes are not a chunk's key.
    pub(super) fn decode(mut key: &[u8]) -> Option<Self> {
        if key.len() != KEY {
            return None;
        }
        let decoded = Self {
            partition: key.get_u32(),
            first: key.get_u64(),
            messages: key.get_u32(),
            bytes: key.get_u32(),
            written_ms: key.get_u64(),
        };
        let fits = decoded.first.checked_add(u64::from(decoded.messages));
        (decoded.messages > 0 && fits.is_some()).then_some(decoded)
    }

    /// The least key of a chunk that begins at this offset or later.
    pub(super) fn seek(partition: u32, first: u64) -> [u8; 12] {
        let mut key = [0; 12];
        key[..4].copy_from_slice(&partition.to_be_bytes());
        key[4..].copy_from_slice(&first.to_be_bytes());
        key
    }

    /// A key beyond every chunk that begins at this offset or earlier.
    pub(super) fn beyond(partition: u32, first: u64) -> [u8; KEY] {
        let mut key = [0xff; KEY];
        key[..12].copy_from_slice(&Self::seek(partition, first));
        key
    }
}

/// Encoded messages on their way into a partition; their offsets are not known yet.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) messages: u32,
    /// Begins with room for the head.
    value: Vec<u8>,
}

impl Segment {
    fn new() -> Self {
        let mut value = Vec::with_capacity(4096);
        value.resize(HEAD, 0);
        let messages = 0;
        Self { messages, value }
    }

    /// The bytes that it takes as a chunk of its own.
    pub(super) fn bytes(&self) -> u64 {
        (self.value.len() + KEY) as u64
    }

    /// Takes the messages of another segment behind its own, if a chunk holds both; else gives
    /// the other back.
    pub(super) fn merge(&mut self, other: Self) -> Option<Self> {
        if self.value.len() + other.value.len() > CHUNK_BYTES_MAX {
            return Some(other);
        }
        self.messages += other.messages;
        self.value.extend_from_slice(&other.value[HEAD..]);
        None
    }

    /// The key and the value to store.
    pub(super) fn seal(self, partition: u32, first: u64, written_ms: u64) -> (ChunkKey, Vec<u8>) {
        let key = ChunkKey {
            partition,
            first,
            messages: self.messages,
            // Bounded by the limits of a chunk and of a message.
            bytes: u32::try_from(self.value.len()).unwrap_or(u32::MAX),
            written_ms,
        };
        let mut value = self.value;
        let checksum = checksum(&key, &value[HEAD..]);
        value[0] = VERSION;
        value[1..HEAD].copy_from_slice(&checksum.to_le_bytes());
        (key, value)
    }

    fn push(&mut self, message: &Message) {
        put_bytes(&mut self.value, &message.key);
        put_bytes(&mut self.value, &message.value);
        put_varint(&mut self.value, message.headers.len() as u64);
        for (name, value) in &message.headers {
            put_bytes(&mut self.value, name.as_bytes());
            put_bytes(&mut self.value, value);
        }
        let time = message.time_ms;
        put_varint(
            &mut self.value,
            ((time << 1) ^ (time >> 63)).cast_unsigned(),
        );
        self.messages += 1;
    }
}

/// Encodes messages by topic and partition, each partition's in their order.
pub(super) fn encode(
    outgoing: &[Outgoing],
    routes: &[u32],
) -> Result<BTreeMap<(Topic, u32), Vec<Segment>>, JournalError> {
    let mut segments: BTreeMap<(Topic, u32), Vec<Segment>> = BTreeMap::new();
    for (out, partition) in outgoing.iter().zip(routes) {
        let bytes = crate::journal::consumer::size(&out.message);
        if bytes > MESSAGE_BYTES_MAX {
            return Err(JournalError::Io {
                doing: format!("writing to {}", out.topic.name()),
                detail: format!("a message of {bytes} bytes; {MESSAGE_BYTES_MAX} are the most"),
            });
        }
        let list = segments.entry((out.topic, *partition)).or_default();
        let full = |last: &Segment| last.value.len() + bytes > CHUNK_BYTES_MAX;
        if list.last().is_none_or(full) {
            list.push(Segment::new());
        }
        if let Some(last) = list.last_mut() {
            last.push(&out.message);
        }
    }
    Ok(segments)
}

/// The messages of a chunk from an offset on, and how far it reaches. The messages share the
/// chunk's memory. The error says what is wrong with it, without content.
pub(super) fn decode(
    key: &ChunkKey,
    value: Bytes,
    from: u64,
    into: &mut Vec<Incoming>,
) -> Result<(), &'static str> {
    if value.len() < HEAD || value.len() != key.bytes as usize {
        return Err("its length is not what its key says");
    }
    if value[0] != VERSION {
        return Err("its version is unknown");
    }
    let stored = u32::from_le_bytes([value[1], value[2], value[3], value[4]]);
    if stored != checksum(key, &value[HEAD..]) {
        return Err("its checksum does not match");
    }
    let mut rest = value.slice(HEAD..);
    for offset in key.first..key.end() {
        let message = take_message(&mut rest).ok_or("a message in it is cut off")?;
        if offset >= from {
            into.push(Incoming { offset, message });
        }
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err("it holds more than its key says")
    }
}

fn checksum(key: &ChunkKey, messages: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(&key.encode());
    crc.update(messages);
    crc.sum()
}

fn take_message(rest: &mut Bytes) -> Option<Message> {
    let key = take_bytes(rest)?;
    let value = take_bytes(rest)?;
    let count = take_varint(rest)?;
    let mut headers = Vec::new();
    for _ in 0..count {
        let name = String::from_utf8(take_bytes(rest)?.to_vec()).ok()?;
        headers.push((name, take_bytes(rest)?));
    }
    let time = take_varint(rest)?;
    let time_ms = (time >> 1).cast_signed() ^ -((time & 1).cast_signed());
    Some(Message {
        key,
        value,
        headers,
        time_ms,
    })
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn take_bytes(rest: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(take_varint(rest)?).ok()?;
    (length <= rest.len()).then(|| rest.split_to(length))
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// None where the bytes end within the number, or it has more than 64 bits.
fn take_varint(rest: &mut Bytes) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        if rest.is_empty() {
            return None;
        }
        let byte = rest.get_u8();
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests;
