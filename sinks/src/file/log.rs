//! The current file: append, sync, and start over after any failure.
//!
//! After a failed write or a failed `fsync` nothing is known about what the kernel still holds, so
//! the handle is given up, the file is cut back to the last synced length, and the next append
//! opens it anew with the same repair as a start after a crash.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::rotated::Rotated;
use super::tail::{self, RecentIds};
use super::{FileError, FileOptions};

/// What is done to an open file; tests put failures in between.
pub(super) trait Handle: Send {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

impl Handle for fs::File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

/// Makes a handle of an opened file.
pub(super) type Wrap = Box<dyn Fn(fs::File) -> Box<dyn Handle> + Send>;

struct Current {
    handle: Box<dyn Handle>,
    /// Bytes that are synced.
    len: u64,
    since: SystemTime,
}

/// The current file with what is needed to go on after a failure.
pub(super) struct Log {
    options: FileOptions,
    wrap: Wrap,
    current: Option<Current>,
    recent: RecentIds,
    rotated: Rotated,
}

impl Log {
    pub(super) fn open(options: FileOptions, wrap: Wrap) -> Result<Self, FileError> {
        let mut rotated = Rotated::new(&options);
        let mut recent = RecentIds::default();
        let current = open_current(&options, &wrap, &mut recent, Some(&mut rotated))?;
        rotated.tidy()?;
        Ok(Self {
            options,
            wrap,
            current: Some(current),
            recent,
            rotated,
        })
    }

    /// Writes what is not there yet, and syncs. An error means that nothing of it counts.
    pub(super) fn append(&mut self, documents: &[(Box<str>, Bytes)]) -> Result<(), FileError> {
        // Opening after a failure finds what was written all the same, so it comes before the choice.
        self.current()?;
        let mut lines = Vec::new();
        let mut ids: HashSet<&str> = HashSet::with_capacity(documents.len());
        for (id, json) in documents {
            if !self.recent.contains(id) && ids.insert(id) {
                lines.extend_from_slice(json);
                lines.push(b'\n');
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        self.rotate_if_due(lines.len() as u64)?;
        let current = self.current()?;
        let written = current
            .handle
            .append(&lines)
            .and_then(|()| current.handle.sync());
        match written {
            Ok(()) => {
                current.len += lines.len() as u64;
                for id in ids {
                    self.recent.insert(id);
                }
                Ok(())
            }
            Err(cause) => {
                self.give_up();
                Err(FileError::io(&self.options.path, "writing")(cause))
            }
        }
    }

    /// The open file; opened and repaired again where the last write failed.
    fn current(&mut self) -> Result<&mut Current, FileError> {
        let current = match self.current.take() {
            Some(current) => current,
            None => open_current(&self.options, &self.wrap, &mut self.recent, None)?,
        };
        Ok(self.current.insert(current))
    }

    /// Cuts off what may have been written. Where even that fails, the repair at the next opening
    /// cuts a torn line, and whole lines are found by their ids.
    fn give_up(&mut self) {
        if let Some(mut current) = self.current.take() {
            let _ = current.handle.cut(current.len);
        }
    }

    fn rotate_if_due(&mut self, more: u64) -> Result<(), FileError> {
        let (rotate_bytes, rotate_age) = (self.options.rotate_bytes, self.options.rotate_age);
        let current = self.current()?;
        // A clock that was set back makes a file young, never old.
        let age = current.since.elapsed().unwrap_or(Duration::ZERO);
        let is_old = age >= rotate_age.0;
        let is_full = current.len + more > rotate_bytes.0;
        if current.len == 0 || !(is_old || is_full) {
            return Ok(());
        }
        self.current = None;
        self.rotated.take_over(&self.options.path)?;
        let next = open_current(&self.options, &self.wrap, &mut self.recent, None)?;
        self.current = Some(next);
        self.rotated.tidy()
    }
}

/// Opens the current file: the right kind of thing, ours alone, with a whole last line.
fn open_current(
    options: &FileOptions,
    wrap: &Wrap,
    recent: &mut RecentIds,
    before: Option<&mut Rotated>,
) -> Result<Current, FileError> {
    let path = &options.path;
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(FileError::NoFolder(folder.to_owned()));
    }
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(FileError::NotAFile(path.clone()));
    }
    let mut file = open_options()
        .open(path)
        .map_err(FileError::io(path, "opening"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Err(FileError::InUse(path.clone())),
        Err(fs::TryLockError::Error(cause)) => {
            return Err(FileError::io(path, "locking")(cause));
        }
    }
    let metadata = file.metadata().map_err(FileError::io(path, "reading"))?;
    if metadata.len() > 0 && !begins_like_ours(&mut file, path)? {
        return Err(FileError::Foreign(path.clone()));
    }
    if let Some(rotated) = before {
        rotated.look(recent, metadata.len())?;
    }
    let end =
        tail::read(&mut file, metadata.len(), recent).map_err(FileError::io(path, "reading"))?;
    if end < metadata.len() {
        tracing::warn!(path = %path.display(), bytes = metadata.len() - end, "a torn last line was cut off");
        file.set_len(end)
            .map_err(FileError::io(path, "cutting a torn line"))?;
    }
    file.sync_all().map_err(FileError::io(path, "syncing"))?;
    sync_folder(folder).map_err(FileError::io(path, "syncing its folder"))?;
    let since = metadata.created().or_else(|_| metadata.modified());
    Ok(Current {
        handle: wrap(file),
        len: end,
        since: since.unwrap_or_else(|_| SystemTime::now()),
    })
}

fn begins_like_ours(file: &mut fs::File, path: &Path) -> Result<bool, FileError> {
    let mut start = [0];
    match file.read_exact(&mut start) {
        // NUL is what a crash of the whole machine leaves of a file that had no synced byte.
        Ok(()) => Ok(matches!(start[0], b'{' | 0)),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(true),
        Err(cause) => Err(FileError::io(path, "reading")(cause)),
    }
}

/// Readable by the owner only.
pub(super) fn open_options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a creation or a renaming in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
