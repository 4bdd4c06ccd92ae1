//! Files of one document a line, rotated, and durable before they count as delivered.
//!
//! The current file has the configured name (`alerts.ndjson`) and is only ever appended to; a full
//! one is renamed once to the next number (`alerts.000001.ndjson`, higher is newer) and may be
//! compressed (`.gz`). Numbers instead of a chain of renames, so that a crash at any point leaves
//! files that the next start understands, and a file that somebody cites keeps its name.
//!
//! The verdict comes after `fsync`. A document that was written and not yet acknowledged when the
//! process died comes again; the ids at the end of what is there are read at the start, so it is
//! not written twice. A torn last line is cut off: nobody was told that it is there.
//!
//! What it refuses: a folder that is missing (it would be easy to create the wrong one), something
//! that is not a regular file, a file that does not look like ours (nothing would be cut from it
//! then), and a file that another process has open for the same purpose. A full disk is no refusal
//! but a wait.
//!
//! What it cannot promise: after a crash, duplicates farther back than 131,072 documents or 128 MiB.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chaperone_mappings::Schema;
use serde::{Deserialize, Serialize};

use crate::schema;
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};
use crate::unit::{Size, Span};

mod log;
mod rotated;
mod tail;
#[cfg(test)]
mod tests;

use log::Log;

/// Where to write and when to begin a new file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOptions {
    /// The current file; its folder must exist.
    pub path: PathBuf,
    /// A file that would become larger is rotated first (one batch may pass it).
    #[serde(default = "rotate_bytes")]
    pub rotate_bytes: Size,
    /// A file older than this is rotated when the next batch comes.
    #[serde(default = "rotate_age")]
    pub rotate_age: Span,
    /// How many rotated files are kept; the oldest are removed.
    #[serde(default = "keep_files")]
    pub keep_files: usize,
    /// Whether rotated files are compressed.
    #[serde(default = "gzip")]
    pub gzip: bool,
    /// The schema of the lines.
    #[serde(default)]
    pub schema: Schema,
}

fn rotate_bytes() -> Size {
    Size(100 << 20)
}

fn rotate_age() -> Span {
    Span(Duration::from_secs(24 * 3600))
}

fn keep_files() -> usize {
    7
}

fn gzip() -> bool {
    true
}

impl FileOptions {
    /// The defaults for a path: 100 MiB or a day, 7 files, compressed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            rotate_bytes: rotate_bytes(),
            rotate_age: rotate_age(),
            keep_files: keep_files(),
            gzip: gzip(),
            schema: Schema::Ecs,
        }
    }

    pub(crate) fn find(&self, id: &str) -> String {
        format!("grep -F '{id}' '{}'", self.path.display())
    }
}

/// Why a file sink cannot start.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The folder is not there.
    #[error("the folder {0} does not exist; create it, or choose another `path`")]
    NoFolder(PathBuf),
    /// A folder, a device, a pipe.
    #[error("{0} is not a regular file; choose another `path`")]
    NotAFile(PathBuf),
    /// There is something else in it.
    #[error("{0} does not hold JSON documents; move it away, or choose another `path`")]
    Foreign(PathBuf),
    /// Another process, or another sink, writes to it.
    #[error("{0} is in use by another process or sink; give each its own `path`")]
    InUse(PathBuf),
    /// Anything else that the system says.
    #[error("{path}: {doing} failed: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        cause: io::Error,
    },
}

impl FileError {
    fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { path, doing, cause }
    }

    /// What the loop is told where this happens while running: it may pass.
    fn into_answer(self) -> Answer {
        let code = match &self {
            Self::Io { cause, .. } if is_full(cause) => "disk_full",
            _ => "write_failed",
        };
        let remedy = if code == "disk_full" {
            "; make room, and it goes on"
        } else {
            ""
        };
        Answer::retry(Reason::new(code, format!("{self}{remedy}")))
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// A rotating file of documents.
pub struct File {
    schema: Schema,
    log: Arc<Mutex<Log>>,
}

impl File {
    /// Opens or creates the current file, repairs its end, and reads the ids that are there.
    ///
    /// # Errors
    /// See [`FileError`]; nothing is created or changed where it refuses.
    pub fn open(options: FileOptions) -> Result<Self, FileError> {
        Self::open_with(options, Box::new(|file| Box::new(file)))
    }

    /// The same with a handle of the caller's making around each file, which may fail at will.
    fn open_with(options: FileOptions, wrap: log::Wrap) -> Result<Self, FileError> {
        Ok(Self {
            schema: options.schema,
            log: Arc::new(Mutex::new(Log::open(options, wrap)?)),
        })
    }
}

impl Sink for File {
    fn name(&self) -> &str {
        "file"
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 10_000,
            bytes_max: 4 << 20,
            document_bytes_max: usize::MAX,
            frame_bytes: 1,
            age_max: Duration::from_millis(200),
            answer_timeout: None,
            in_flight_max: 1,
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        schema::write(self.schema, document)
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        let log = Arc::clone(&self.log);
        let documents: Vec<(Box<str>, Bytes)> = batch
            .documents()
            .zip(batch.encoded())
            .map(|(document, encoded)| (document.id.clone(), encoded.clone()))
            .collect();
        Box::pin(async move {
            // Writing and fsync block; a dropped request still ends, and the next one waits for it.
            let write = tokio::task::spawn_blocking(move || {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                match log.append(&documents) {
                    Ok(()) => Answer::Accepted,
                    Err(error) => error.into_answer(),
                }
            });
            write.await.unwrap_or_else(|_| {
                Answer::retry(Reason::new(
                    "write_failed",
                    "writing to the file failed inside",
                ))
            })
        })
    }
}
