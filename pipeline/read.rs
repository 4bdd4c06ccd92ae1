//! Replay inputs: files, folders and stdin, plain or compressed, as records.
//!
//! A file is NDJSON, one pretty-printed document, or lines of text; nobody has to say which. A
//! folder is walked in the order of its names. A folder with a `case.toml` is a recorded story:
//! only its inputs are read. Nothing is held whole in memory beyond the limit for one record, and
//! what is beyond it becomes a refusal with its place while the rest goes on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use bytes::Bytes;
use chaperone_mappings::{Origin, Record, Refusal, RefusalCode};

pub mod story;

/// What a reader gives.
#[derive(Debug)]
pub enum Found {
    /// A record.
    Record(Record),
    /// Something that is none, with its place.
    Refusal(Refusal),
}

/// One input with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The file, or `-`.
    pub path: PathBuf,
    /// The source's name, or empty for `auto`.
    pub source: String,
    /// What `{{name}}` stands for in a story.
    pub fakes: BTreeMap<String, String>,
}

impl Input {
    /// One file, or `-`.
    pub fn new(path: &Path, source: &str) -> Self {
        Self {
            path: path.into(),
            source: source.into(),
            fakes: BTreeMap::new(),
        }
    }
}

/// The files behind the paths of a command line, in order.
pub fn inputs(paths: &[PathBuf], source: &str) -> Result<Vec<Input>> {
    let source = if source == "auto" { "" } else { source };
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            found.push(Input::new(path, source));
            continue;
        }
        let kind = std::fs::metadata(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if kind.is_dir() {
            folder(path, source, &mut found)?;
        } else {
            found.push(Input::new(path, source));
        }
    }
    Ok(found)
}

fn folder(path: &Path, source: &str, found: &mut Vec<Input>) -> Result<()> {
    if let Some(story) = story::Story::load(path)? {
        found.extend(story.inputs.into_iter().map(|input| Input {
            source: if source.is_empty() {
                story.source.clone()
            } else {
                source.into()
            },
            path: input,
            fakes: story.fakes.clone(),
        }));
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(|| format!("{} cannot be listed", path.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            if entry.file_name().is_some_and(|name| name != "context") {
                folder(&entry, source, found)?;
            }
        } else if is_record_file(&entry) {
            found.push(Input::new(&entry, source));
        }
    }
    Ok(())
}

/// By the name: what a folder holds beside records (a README, a rule) is not read.
fn is_record_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name
        .strip_suffix(".gz")
        .or(name.strip_suffix(".zst"))
        .unwrap_or(&name);
    [".json", ".jsonl", ".ndjson", ".log", ".sarif"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The sum of the sizes on disk, for a progress bar.
pub fn total_bytes(inputs: &[Input]) -> u64 {
    let sizes = inputs
        .iter()
        .filter_map(|input| std::fs::metadata(&input.path).ok());
    sizes.map(|meta| meta.len()).sum()
}

/// Reads one input to its end. `read_bytes` counts what was read of the file on disk.
pub fn read(
    input: &Input,
    record_bytes_max: usize,
    now_ms: i64,
    read_bytes: &Arc<AtomicU64>,
    each: &mut dyn FnMut(Found) -> Result<()>,
) -> Result<()> {
    let name = if input.path.as_os_str() == "-" {
        "stdin".to_owned()
    } else {
        input.path.display().to_string()
    };
    let (raw, received_ms): (Box<dyn Read>, i64) = if name == "stdin" {
        (Box::new(io::stdin().lock()), now_ms)
    } else {
        let file = File::open(&input.path).with_context(|| format!("{name} cannot be opened"))?;
        let received_ms = modified_ms(&file).unwrap_or(now_ms);
        (Box::new(file), received_ms)
    };
    let counted = Counted {
        inner: raw,
        bytes: read_bytes.clone(),
    };
    let mut reader = decompress(counted).with_context(|| format!("{name} cannot be read"))?;
    if !input.fakes.is_empty() {
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .with_context(|| format!("{name} cannot be read"))?;
        for (fake, secret) in &input.fakes {
            text = text.replace(&format!("{{{{{fake}}}}}"), secret);
        }
        reader = Box::new(io::Cursor::new(text));
    }
    let origin = Origin {
        source: input.source.clone(),
        received_ms,
        ..Origin::default()
    };
    Lines {
        reader,
        name,
        origin,
        line: 0,
        limit: record_bytes_max,
    }
    .run(each)
}

/// A record without any time of its own is as old as its file.
fn modified_ms(file: &File) -> Option<i64> {
    let modified = file.metadata().ok()?.modified().ok()?;
    i64::try_from(modified.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// gzip and zstd are told by their first bytes, whatever the file's name.
fn decompress(raw: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut reader = BufReader::with_capacity(256 << 10, raw);
    let start = reader.fill_buf()?;
    if start.starts_with(&[0x1f, 0x8b]) {
        let plain = flate2::bufread::MultiGzDecoder::new(reader);
        return Ok(Box::new(BufReader::with_capacity(256 << 10, plain)));
    }
    if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let plain = zstd::stream::read::Decoder::with_buffer(reader)?;
        return Ok(Box::new(BufReader::with_capacity(256 << 10, plain)));
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(Box::new(reader))
}

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Cuts a stream into records.
struct Lines {
    reader: Box<dyn BufRead>,
    name: String,
    origin: Origin,
    line: usize,
    limit: usize,
}

/// What one line turned out to be.
enum Line {
    End,
    Whole,
    TooLong,
}

impl Lines {
    fn run(mut self, each: &mut dyn FnMut(Found) -> Result<()>) -> Result<()> {
        let mut buffer = Vec::new();
        if self.first_document(&mut buffer, each)? {
            return Ok(());
        }
        loop {
            buffer.clear();
            match self.next_line(&mut buffer)? {
                Line::End => return Ok(()),
                Line::TooLong => each(self.too_long())?,
                Line::Whole => self.emit(&buffer, each)?,
            }
        }
    }

    /// Reads the first line that holds something. Where it is not a document by itself but the
    /// whole input is one, the input is that document; else the lines go out one by one. True
    /// where the input is used up.
    fn first_document(
        &mut self,
        buffer: &mut Vec<u8>,
        each: &mut dyn FnMut(Found) -> Result<()>,
    ) -> Result<bool> {
        loop {
            buffer.clear();
            match self.next_line(buffer)? {
                Line::End => return Ok(true),
                Line::TooLong => {
                    each(self.too_long())?;
                    return Ok(false);
                }
                Line::Whole if buffer.trim_ascii().is_empty() => {}
                Line::Whole => break,
            }
        }
        let opens = matches!(buffer.trim_ascii().first(), Some(b'{' | b'['));
        if !opens || is_json(buffer) {
            self.emit(buffer, each)?;
            return Ok(false);
        }
        let (first, line) = (buffer.len(), self.line);
        let room = (self.limit as u64).saturating_sub(first as u64);
        buffer.push(b'\n');
        (&mut self.reader)
            .take(room)
            .read_to_end(buffer)
            .with_context(|| self.reading())?;
        if is_json(buffer) {
            self.emit(buffer, each)?;
            return Ok(true);
        }
        // Not one document: what was read ahead goes back, line by line.
        let ahead = std::mem::take(buffer);
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.line = line - 1;
        self.reader = Box::new(BufReader::new(io::Cursor::new(ahead).chain(rest)));
        Ok(false)
    }

    fn next_line(&mut self, buffer: &mut Vec<u8>) -> Result<Line> {
        let mut limited = (&mut self.reader).take(self.limit as u64 + 1);
        let read = limited.read_until(b'\n', buffer);
        let read = read.with_context(|| self.reading())?;
        if read == 0 {
            return Ok(Line::End);
        }
        self.line += 1;
        if buffer.last() == Some(&b'\n') {
            buffer.pop();
        } else if buffer.len() > self.limit {
            self.skip_line()?;
            return Ok(Line::TooLong);
        }
        Ok(Line::Whole)
    }

    fn skip_line(&mut self) -> Result<()> {
        loop {
            let ahead = self
                .reader
                .fill_buf()
                .with_context(|| format!("{}:{} cannot be read", self.name, self.line))?;
            let (used, end) = match memchr::memchr(b'\n', ahead) {
                Some(at) => (at + 1, true),
                None => (ahead.len(), ahead.is_empty()),
            };
            self.reader.consume(used);
            if end {
                return Ok(());
            }
        }
    }

    fn emit(&self, line: &[u8], each: &mut dyn FnMut(Found) -> Result<()>) -> Result<()> {
        let body = line.trim_ascii();
        if body.is_empty() {
            return Ok(());
        }
        let origin = Origin {
            place: self.place(),
            ..self.origin.clone()
        };
        each(Found::Record(Record::from_line(
            Bytes::copy_from_slice(body),
            origin,
        )))
    }

    fn too_long(&self) -> Found {
        Found::Refusal(Refusal {
            code: RefusalCode::TooLarge,
            origin: Origin {
                place: self.place(),
                ..self.origin.clone()
            },
            item: 0,
            detail: format!(
                "longer than the {} bytes of one record; it was skipped",
                self.limit
            ),
        })
    }

    fn place(&self) -> String {
        format!("{}:{}", self.name, self.line)
    }

    fn reading(&self) -> String {
        format!("{} cannot be read after line {}", self.name, self.line)
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

#[cfg(test)]
mod tests;
