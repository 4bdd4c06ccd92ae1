//! The files that are full: their numbers, their compression, and how many are kept.
//!
//! Compression runs on a thread of its own, because a file of 256 MiB takes seconds and delivery
//! should not wait for it. It writes `….gz.tmp`, syncs, renames to `….gz` and only then removes the
//! plain file; a crash in between leaves either the plain file or both, and [`Rotated::tidy`] at the
//! next start finishes the work.

use std::fs;
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::log::{folder_of, open_options, sync_folder};
use super::tail::{self, RecentIds};
use super::{FileError, FileOptions};

/// A rotated file, by its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Numbered {
    number: u64,
    path: PathBuf,
    packed: bool,
}

/// The rotated files of one current file.
pub(super) struct Rotated {
    folder: PathBuf,
    stem: String,
    extension: String,
    keep: usize,
    gzip: bool,
    packing: Option<JoinHandle<()>>,
}

impl Rotated {
    pub(super) fn new(options: &FileOptions) -> Self {
        let text =
            |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let extension = text(options.path.extension());
        Self {
            folder: folder_of(&options.path).to_owned(),
            stem: text(options.path.file_stem()).unwrap_or_default(),
            extension: extension.map(|text| format!(".{text}")).unwrap_or_default(),
            keep: options.keep_files,
            gzip: options.gzip,
            packing: None,
        }
    }

    /// Gives the current file the next number.
    pub(super) fn take_over(&mut self, current: &Path) -> Result<(), FileError> {
        let failed = |doing| FileError::io(current, doing);
        let last = self.list().map_err(failed("listing rotated files"))?;
        let number = last.last().map_or(1, |last| last.number + 1);
        fs::rename(current, self.path(number)).map_err(failed("rotating"))?;
        sync_folder(&self.folder).map_err(failed("rotating"))
    }

    /// Notes the ids of the newest rotated file, where the current one (of `len` bytes) is too
    /// short to hold all that may come again.
    pub(super) fn look(&mut self, recent: &mut RecentIds, len: u64) -> Result<(), FileError> {
        if len >= tail::TAIL_BYTES_MAX {
            return Ok(());
        }
        let files = self
            .list()
            .map_err(FileError::io(&self.folder, "listing"))?;
        let Some(newest) = files.last() else {
            return Ok(());
        };
        let failed = || FileError::io(&newest.path, "reading");
        let mut file = fs::File::open(&newest.path).map_err(failed())?;
        if newest.packed {
            // A damaged archive costs only the memory of its ids.
            let lines = BufReader::new(GzDecoder::new(BufReader::new(file)));
            let _ = tail::note_lines(lines, recent);
            return Ok(());
        }
        let len = file.metadata().map_err(failed())?.len();
        tail::read(&mut file, len, recent).map_err(failed())?;
        Ok(())
    }

    /// Removes what is too old, and compresses what is not compressed yet, in the background.
    pub(super) fn tidy(&mut self) -> Result<(), FileError> {
        self.wait();
        let failed = |doing| FileError::io(&self.folder, doing);
        self.remove_leftovers().map_err(failed("tidying"))?;
        let files = self.list().map_err(failed("listing rotated files"))?;
        let surplus = files.len().saturating_sub(self.keep);
        for file in &files[..surplus] {
            fs::remove_file(&file.path).map_err(failed("removing an old file"))?;
        }
        let plain: Vec<PathBuf> = files[surplus..]
            .iter()
            .filter(|file| !file.packed)
            .map(|file| file.path.clone())
            .collect();
        if self.gzip && !plain.is_empty() {
            self.packing = Some(std::thread::spawn(move || pack_all(&plain)));
        }
        Ok(())
    }

    /// Waits for the compression that is under way.
    fn wait(&mut self) {
        if let Some(packing) = self.packing.take()
            && packing.join().is_err()
        {
            tracing::error!("compressing a rotated file failed inside; it is kept as it was");
        }
    }

    /// A half written archive, and a plain file beside its finished archive.
    fn remove_leftovers(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if let Some(start) = name.strip_suffix(".gz.tmp")
                && self.number_of(start).is_some()
            {
                fs::remove_file(&path)?;
            }
            if let Some(start) = name.strip_suffix(".gz")
                && let Some((number, _)) = self.number_of(start)
            {
                ignore_missing(fs::remove_file(self.path(number)))?;
            }
        }
        Ok(())
    }

    /// The rotated files, the oldest first.
    fn list(&self) -> io::Result<Vec<Numbered>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if let Some((number, packed)) = self.number_of(&name) {
                files.push(Numbered {
                    number,
                    path,
                    packed,
                });
            }
        }
        files.sort();
        Ok(files)
    }

    fn path(&self, number: u64) -> PathBuf {
        let name = format!("{}.{number:06}{}", self.stem, self.extension);
        self.folder.join(name)
    }

    /// The number in a file's name, and whether it is compressed; None for other files.
    fn number_of(&self, name: &str) -> Option<(u64, bool)> {
        let rest = name.strip_prefix(self.stem.as_str())?.strip_prefix('.')?;
        let (rest, packed) = match rest.strip_suffix(".gz") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let digits = rest.strip_suffix(self.extension.as_str())?;
        let is_number = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok().map(|number| (number, packed)))?
    }
}

impl Drop for Rotated {
    fn drop(&mut self) {
        self.wait();
    }
}

fn pack_all(files: &[PathBuf]) {
    for path in files {
        if let Err(cause) = pack(path) {
            tracing::warn!(path = %path.display(), %cause, "a rotated file could not be compressed; it is kept as it is");
        }
    }
}

fn pack(path: &Path) -> io::Result<()> {
    let with = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let (temporary, packed) = (with(".gz.tmp"), with(".gz"));
    ignore_missing(fs::remove_file(&temporary))?;
    let out = BufWriter::new(open_options().open(&temporary)?);
    let mut encoder = GzEncoder::new(out, Compression::default());
    io::copy(&mut BufReader::new(fs::File::open(path)?), &mut encoder)?;
    let mut out = encoder.finish()?;
    out.flush()?;
    out.get_ref().sync_all()?;
    fs::rename(&temporary, &packed)?;
    sync_folder(folder_of(path))?;
    fs::remove_file(path)
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
