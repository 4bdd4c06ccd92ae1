//! The end of a file: which documents are there, and where the last whole one ends.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use serde::Deserialize;

/// Ids remembered. More than a delivery holds by default, so all that can come again is known.
const IDS_MAX: usize = 131_072;

/// Bytes of a file that are looked at for ids.
pub(super) const TAIL_BYTES_MAX: u64 = 128 << 20;

/// The ids written last. Ids are kept as 128 bits of two keyed hashes: the keys are new in every
/// process, so nobody can choose an id that stands for another.
#[derive(Debug, Default)]
pub(super) struct RecentIds {
    keys: (RandomState, RandomState),
    known: HashSet<(u64, u64)>,
    order: VecDeque<(u64, u64)>,
}

impl RecentIds {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.known.contains(&self.hash(id))
    }

    pub(super) fn insert(&mut self, id: &str) {
        let hash = self.hash(id);
        if self.known.insert(hash) {
            self.order.push_back(hash);
        }
        if self.order.len() > IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn hash(&self, id: &str) -> (u64, u64) {
        (self.keys.0.hash_one(id), self.keys.1.hash_one(id))
    }
}

/// Notes the ids at the end of a file of `len` bytes, and returns where its last whole line ends:
/// what is behind that was torn by a crash.
pub(super) fn read<F: Read + Seek>(
    file: &mut F,
    len: u64,
    recent: &mut RecentIds,
) -> io::Result<u64> {
    let start = len.saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut reader = BufReader::with_capacity(1 << 16, file.take(len - start));
    let skipped = if start > 0 {
        skip_line(&mut reader)?
    } else {
        0
    };
    if start > 0 && start + skipped == len {
        // One line is larger than the whole tail. Nothing is cut that was not read.
        return Ok(len);
    }
    Ok(start + skipped + note_lines(reader, recent)?)
}

/// Notes the ids of whole lines, and returns how many bytes they take, up to the last one that
/// holds no NUL (which is what a crash of the machine leaves of bytes that were never synced).
pub(super) fn note_lines(mut reader: impl BufRead, recent: &mut RecentIds) -> io::Result<u64> {
    let mut line = Vec::new();
    let (mut read, mut good) = (0, 0);
    loop {
        line.clear();
        read += reader.read_until(b'\n', &mut line)? as u64;
        if line.last() != Some(&b'\n') {
            return Ok(good);
        }
        if !line.contains(&0) {
            good = read;
        }
        if let Some(id) = id_of(&line) {
            recent.insert(&id);
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let count = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(count);
        skipped += count as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// Where each schema has the id: ECS, OCSF (an event, an alert) and UDM.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    event: Id,
    finding_info: Id,
    metadata: Id,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Id {
    #[serde(alias = "uid", alias = "productLogId")]
    id: Option<String>,
}

fn id_of(line: &[u8]) -> Option<String> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let Line {
        event,
        finding_info,
        metadata,
    } = line;
    event.id.or(finding_info.id).or(metadata.id)
}
