//! A witness outside the engine of how far the partitions reached when they were last durable.
//!
//! The engine ends its write-ahead log at the first entry that it cannot read. After a power cut
//! that is right: an unfinished write is no loss. But a bit that flips in the middle of the log
//! looks the same to it, and everything behind would be gone without a word. So after each fsync
//! the ends of all partitions are noted here, and a store that opens shorter than that is damaged.
//!
//! The note itself is not fsynced: it never claims more than the log had made durable before, so
//! an older note after a power cut only proves less. Two slots take turns, so that one torn write
//! leaves the other.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use bytes::Buf;

/// The file of notes.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    /// The number of the last note; its parity chooses the slot.
    number: u64,
    slot_bytes: u64,
}

/// Checksum, number, and the count of ends.
const HEAD: usize = 4 + 8 + 4;

impl Tail {
    /// Creates the file for a new store, durable and without a note.
    pub(super) fn create(path: &Path, ends: usize) -> std::io::Result<Self> {
        let file = File::create(path)?;
        file.sync_all()?;
        Ok(Self {
            file,
            number: 0,
            slot_bytes: slot_bytes(ends),
        })
    }

    /// Opens the file, with the newest note in it, if it has one. `Ok(None)`: both slots are
    /// damaged.
    pub(super) fn open(path: &Path, ends: usize) -> std::io::Result<Option<(Self, Vec<u64>)>> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let slot_bytes = slot_bytes(ends);
        let mut bytes = Vec::new();
        (&mut file).take(2 * slot_bytes).read_to_end(&mut bytes)?;
        let second = bytes.split_off(bytes.len().min(slot_bytes as usize));
        let newest = [&bytes, &second]
            .into_iter()
            .filter_map(|slot| decode(slot, ends))
            .max_by_key(|(number, _)| *number);
        let found = match newest {
            Some((number, noted)) => (number, noted),
            None if bytes.is_empty() => (0, vec![0; ends]),
            None => return Ok(None),
        };
        let (number, noted) = found;
        let tail = Self {
            file,
            number,
            slot_bytes,
        };
        Ok(Some((tail, noted)))
    }

    /// Notes how far the partitions reach. Called after an fsync with what it made durable.
    pub(super) fn note(&mut self, ends: &[u64]) -> std::io::Result<()> {
        self.number += 1;
        let place = (self.number % 2) * self.slot_bytes;
        self.file.seek(SeekFrom::Start(place))?;
        self.file.write_all(&encode(self.number, ends))
    }

    /// Makes the notes durable.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_all()
    }
}

/// Whole pages, so that the two slots never share one.
fn slot_bytes(ends: usize) -> u64 {
    (HEAD + 8 * ends).next_multiple_of(4096) as u64
}

fn encode(number: u64, ends: &[u64]) -> Vec<u8> {
    let mut note = vec![0; 4];
    note.extend_from_slice(&number.to_be_bytes());
    // The count is that of topics times partitions, each a u32.
    note.extend_from_slice(&u32::try_from(ends.len()).unwrap_or(u32::MAX).to_be_bytes());
    for end in ends {
        note.extend_from_slice(&end.to_be_bytes());
    }
    let checksum = checksum(&note[4..]);
    note[..4].copy_from_slice(&checksum.to_be_bytes());
    note
}

fn decode(slot: &[u8], ends: usize) -> Option<(u64, Vec<u64>)> {
    let note = slot.get(..HEAD + 8 * ends)?;
    let (mut head, mut list) = note.split_at(HEAD);
    let stored = head.get_u32();
    let number = head.get_u64();
    let count = head.get_u32();
    let whole = stored == checksum(&note[4..]) && count as usize == ends;
    whole.then(|| (number, (0..ends).map(|_| list.get_u64()).collect()))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
