//! The folder of a store: whose it is, which format it has, and the engine opened in it.
//!
//! ```text
//! lock     held by the process that has the store
//! format   three lines of text: format, partitions, and whether creation was finished
//! tail     how far the partitions reached when they were last durable
//! store/   the engine's files
//! ```
//!
//! The format stands in a text file of our own and not in the store, so that a version that cannot
//! read the store can still say so. It is written once before the engine's files and once after, so
//! that a creation that was cut off is told from a store that lost its files: the first is started
//! anew, the second is never touched.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions};

use super::failure::{corrupt, engine, in_use, io};
use super::tail::Tail;
use crate::journal::{JournalError, Topic};

/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// A store that is open.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) partitions: u32,
    pub(super) tail: Tail,
    /// How far the partitions reached at least when the store was last durable.
    pub(super) noted_ends: Vec<u64>,
    pub(super) engine: Engine,
    /// Held until the engine is closed: fields are dropped in this order.
    pub(super) lock: File,
}

/// The engine and its keyspaces.
pub(super) struct Engine {
    pub(super) topics: [Keyspace; Topic::ALL.len()],
    pub(super) marks: Keyspace,
    pub(super) offsets: Keyspace,
    pub(super) state: Keyspace,
    pub(super) database: Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format {
    partitions: u32,
    ready: bool,
}

impl Folder {
    /// Opens the store in a folder, or creates one there with this many partitions.
    pub(super) fn open(path: &Path, partitions: u32) -> Result<Self, JournalError> {
        fs::create_dir_all(path).map_err(|e| io(path, "creating", &e))?;
        let lock = take_lock(path)?;
        match read_format(path)? {
            Some(format) if format.ready => Self::reopen(path, format.partitions, lock),
            Some(_) => {
                discard_unfinished(path)?;
                Self::create(path, partitions, lock)
            }
            None if path.join("store").exists() => {
                Err(corrupt(path, "its file `format` is missing".into()))
            }
            None => Self::create(path, partitions, lock),
        }
    }

    fn create(path: &Path, partitions: u32, lock: File) -> Result<Self, JournalError> {
        let format = |ready| Format { partitions, ready };
        write_format(path, format(false)).map_err(|e| io(path, "creating", &e))?;
        let ends = Topic::ALL.len() * partitions as usize;
        let tail = Tail::create(&path.join("tail"), ends).map_err(|e| io(path, "creating", &e))?;
        let engine = Engine::open(path, true)?;
        write_format(path, format(true)).map_err(|e| io(path, "creating", &e))?;
        Ok(Self {
            path: path.to_owned(),
            partitions,
            tail,
            noted_ends: vec![0; ends],
            engine,
            lock,
        })
    }

    fn reopen(path: &Path, partitions: u32, lock: File) -> Result<Self, JournalError> {
        let ends = Topic::ALL.len() * partitions as usize;
        let tail = Tail::open(&path.join("tail"), ends)
            .map_err(|e| io(path, "reading the file `tail` of", &e))?;
        let Some((tail, noted_ends)) = tail else {
            return Err(corrupt(path, "its file `tail` is damaged".into()));
        };
        let engine = Engine::open(path, false)?;
        Ok(Self {
            path: path.to_owned(),
            partitions,
            tail,
            noted_ends,
            engine,
            lock,
        })
    }
}

impl Engine {
    fn open(path: &Path, create: bool) -> Result<Self, JournalError> {
        // The engine asserts what it expects of its files, so damage can make it panic here.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::open_keyspaces(path, create)));
        opened.unwrap_or_else(|_| {
            Err(corrupt(
                path,
                "the engine could not make sense of it".into(),
            ))
        })
    }

    fn open_keyspaces(path: &Path, create: bool) -> Result<Self, JournalError> {
        let failed = |e| engine(path, "opening", e);
        let store = path.join("store");
        if !create && !store.is_dir() {
            return Err(corrupt(path, "its folder `store` is missing".into()));
        }
        let database = Database::builder(&store)
            .journal_compression(CompressionType::None)
            .max_journaling_size(LOG_BYTES_MAX)
            .open()
            .map_err(failed)?;
        let keyspace = |name: &str, options: fn() -> KeyspaceCreateOptions| {
            // The engine would silently begin a new one in the place of one that was lost.
            if !create && !database.keyspace_exists(name) {
                return Err(corrupt(path, format!("its part `{name}` is missing")));
            }
            database.keyspace(name, options).map_err(failed)
        };
        let [raw, events, matches, alerts, dead_letters] =
            Topic::ALL.map(|topic| keyspace(topic.name(), messages));
        Ok(Self {
            topics: [raw?, events?, matches?, alerts?, dead_letters?],
            marks: keyspace("marks", small)?,
            offsets: keyspace("offsets", small)?,
            state: keyspace("state", states)?,
            database,
        })
    }
}

/// The engine's write-ahead log; what is in it is in the tables as well after a while.
const LOG_BYTES_MAX: u64 = 256 << 20;

/// Chunks are written once, read once or twice, and removed from their old end: they go into files
/// of their own, so that compaction moves only their keys and old files vanish whole.
fn messages() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(16 << 20)
        .with_kv_separation(Some(
            KvSeparationOptions::default()
                .separation_threshold(512)
                .file_target_size(16 << 20)
                .compression(CompressionType::Lz4),
        ))
}

fn states() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(16 << 20)
}

fn small() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(4 << 20)
}

fn take_lock(path: &Path) -> Result<File, JournalError> {
    let lock = File::create(path.join("lock")).map_err(|e| io(path, "locking", &e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(in_use(path)),
        Err(TryLockError::Error(e)) => Err(io(path, "locking", &e)),
    }
}

/// None where there is no file; refuses one that is newer or makes no sense.
fn read_format(path: &Path) -> Result<Option<Format>, JournalError> {
    let text = match fs::read_to_string(path.join("format")) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io(path, "reading the file `format` of", &e)),
    };
    let field = |name: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
        values.next().map(str::trim)
    };
    let number = |name| field(name).and_then(|value| value.parse::<u32>().ok());
    let damaged = || corrupt(path, "its file `format` makes no sense".into());
    let found = number("format ").ok_or_else(damaged)?;
    if found > FORMAT {
        let path = path.display().to_string();
        let supported = FORMAT;
        return Err(JournalError::NewerFormat {
            path,
            found,
            supported,
        });
    }
    let partitions =
        number("partitions ").filter(|count| (1..=super::PARTITIONS_MAX).contains(count));
    let ready = match field("state ") {
        Some("ready") => true,
        Some("creating") => false,
        _ => return Err(damaged()),
    };
    match partitions {
        Some(partitions) if found > 0 => Ok(Some(Format { partitions, ready })),
        _ => Err(damaged()),
    }
}

/// Replaces the file as a whole, durably.
fn write_format(path: &Path, format: Format) -> std::io::Result<()> {
    let state = if format.ready { "ready" } else { "creating" };
    let text = format!(
        "format {FORMAT}\npartitions {}\nstate {state}\n",
        format.partitions
    );
    let new = path.join("format.new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path.join("format"))?;
    File::open(path)?.sync_all()
}

/// Removes what a creation that never finished has left; no message was ever taken into it.
fn discard_unfinished(path: &Path) -> Result<(), JournalError> {
    let store = path.join("store");
    if store.exists() {
        fs::remove_dir_all(&store).map_err(|e| io(path, "clearing", &e))?;
    }
    Ok(())
}
