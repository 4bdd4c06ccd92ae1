use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chaperone_mappings::Schema;
use tempfile::TempDir;

use super::log::Handle;
use super::{File, FileError, FileOptions};
use crate::conformance::{self, Fault, Rig, document, place};
use crate::deliver::{Delivery, Policy};
use crate::filter::Filter;
use crate::sink::Sink;
use crate::unit::{Size, Span};

type Faults = Arc<Mutex<VecDeque<Fault>>>;

/// A disk that fails when it is told to.
struct Disk {
    folder: TempDir,
    faults: Faults,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            faults: Faults::default(),
        }
    }
}

struct Faulty {
    file: fs::File,
    faults: Faults,
    /// The machine does not even let us undo.
    stuck: bool,
}

impl Handle for Faulty {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fault = self
            .faults
            .lock()
            .expect("no panic inside")
            .front()
            .copied();
        match fault {
            None => self.file.append(bytes),
            Some(Fault::LostAnswer) => self.file.append(bytes),
            Some(Fault::Half) => {
                self.faults.lock().expect("no panic inside").pop_front();
                self.stuck = true;
                self.file.append(&bytes[..bytes.len() / 2])?;
                Err(io::ErrorKind::StorageFull.into())
            }
            Some(Fault::Panic) => {
                self.faults.lock().expect("no panic inside").pop_front();
                panic!("a fault of the sink's own")
            }
            Some(_) => {
                self.faults.lock().expect("no panic inside").pop_front();
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let fault = self.faults.lock().expect("no panic inside").pop_front();
        if fault == Some(Fault::LostAnswer) {
            self.stuck = true;
            return Err(io::Error::other("the disk is gone"));
        }
        self.file.sync()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        if self.stuck {
            return Err(io::Error::other("the disk is gone"));
        }
        self.file.cut(len)
    }
}

impl Disk {
    fn options(&self) -> FileOptions {
        FileOptions {
            schema: Schema::Ecs,
            rotate_bytes: Size(2_000),
            keep_files: 1_000,
            ..FileOptions::new(self.folder.path().join("alerts.ndjson"))
        }
    }
}

/// Every line of every file, the oldest first; archives are unpacked.
fn lines(folder: &Path) -> Vec<String> {
    let mut paths = names(folder);
    // The current file has the smallest name but the newest lines.
    paths.sort_by_key(|name| (name == "alerts.ndjson", name.clone()));
    let mut all = Vec::new();
    for name in paths {
        let bytes = fs::read(folder.join(&name)).expect("readable");
        let mut text = String::new();
        if name.ends_with(".gz") {
            let mut decoder = flate2::read::GzDecoder::new(&*bytes);
            decoder.read_to_string(&mut text).expect("a whole archive");
        } else {
            text = String::from_utf8(bytes).expect("text");
        }
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "{name} ends in a torn line"
        );
        all.extend(text.lines().map(str::to_owned));
    }
    all
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.expect("listed").file_name();
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().expect("text"))
        .collect();
    names.sort();
    names
}

fn id(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).expect("a whole line");
    let id = value.pointer("/event/id").and_then(|id| id.as_str());
    id.expect("an id").to_owned()
}

impl Rig for Disk {
    fn open(&self) -> Arc<dyn Sink> {
        let faults = Arc::clone(&self.faults);
        let wrap = move |file| -> Box<dyn Handle> {
            Box::new(Faulty {
                file,
                faults: Arc::clone(&faults),
                stuck: false,
            })
        };
        // No compression here: it runs beside the suite, which reads the folder while it runs.
        let options = FileOptions {
            schema: Schema::Ecs,
            gzip: false,
            ..self.options()
        };
        Arc::new(File::open_with(options, Box::new(wrap)).expect("opens"))
    }

    fn spoil(&self, fault: Fault) -> bool {
        let can = matches!(
            fault,
            Fault::Busy | Fault::Half | Fault::LostAnswer | Fault::Panic
        );
        if can {
            self.faults
                .lock()
                .expect("no panic inside")
                .push_back(fault);
        }
        can
    }

    fn stored(&self) -> Vec<String> {
        lines(self.folder.path())
            .iter()
            .map(|line| id(line))
            .collect()
    }

    fn refuses_poison(&self) -> bool {
        false
    }

    fn deduplicates(&self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    let ran = conformance::run(|| Box::new(Disk::default())).await;
    // Success, a kill, a full disk, half a write, a failed sync, a panic; in order and not.
    assert_eq!(ran, 2 * 6);
}

async fn deliver(sink: Arc<dyn Sink>, from: u64, to: u64) {
    let policy = Policy {
        batch_documents_max: Some(1),
        ..Policy::default()
    };
    let mut delivery = Delivery::new(sink, Filter::default(), policy);
    for offset in from..to {
        delivery.hand(place(offset), document(&format!("d{offset:04}")));
    }
    delivery.drain().await.expect("a file does not close");
}

fn open(options: &FileOptions) -> Result<Arc<dyn Sink>, FileError> {
    Ok(Arc::new(File::open(options.clone())?))
}

/// Notes what was written since the last sync.
struct Unsynced {
    file: fs::File,
    bytes: Arc<Mutex<usize>>,
}

impl Handle for Unsynced {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        *self.bytes.lock().expect("no panic inside") += bytes.len();
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        *self.bytes.lock().expect("no panic inside") = 0;
        self.file.sync()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.cut(len)
    }
}

#[tokio::test]
async fn what_counts_as_delivered_is_synced() {
    let disk = Disk::default();
    let unsynced = Arc::new(Mutex::new(0));
    let bytes = Arc::clone(&unsynced);
    let wrap = move |file| -> Box<dyn Handle> {
        let bytes = Arc::clone(&bytes);
        Box::new(Unsynced { file, bytes })
    };
    let sink = File::open_with(disk.options(), Box::new(wrap)).expect("opens");
    let mut delivery = Delivery::new(Arc::new(sink), Filter::default(), conformance::ordered());
    for offset in 0..100 {
        delivery.hand(place(offset), document(&format!("d{offset:04}")));
    }
    delivery.flush();
    while delivery.held() > 0 {
        let settled = delivery.next().await.expect("a file does not close");
        let left = *unsynced.lock().expect("no panic inside");
        // The next batch is not under way before this call asks for it.
        assert_eq!((settled.len() <= 8, left), (true, 0));
    }
}

#[tokio::test]
async fn full_files_are_numbered_compressed_and_the_oldest_removed() {
    let disk = Disk::default();
    let options = FileOptions {
        schema: Schema::Ecs,
        rotate_bytes: Size(400),
        keep_files: 3,
        ..disk.options()
    };
    let sink = open(&options).expect("opens");
    deliver(Arc::clone(&sink), 0, 20).await;
    drop(sink);
    let names = names(disk.folder.path());
    assert_eq!(
        names,
        [
            "alerts.000007.ndjson.gz",
            "alerts.000008.ndjson.gz",
            "alerts.000009.ndjson.gz",
            "alerts.ndjson"
        ]
    );
    let ids: Vec<String> = lines(disk.folder.path())
        .iter()
        .map(|line| id(line))
        .collect();
    assert_eq!(
        ids,
        [
            "d0012", "d0013", "d0014", "d0015", "d0016", "d0017", "d0018", "d0019"
        ]
    );
}

#[tokio::test]
async fn an_old_file_is_rotated_when_the_next_batch_comes() {
    let disk = Disk::default();
    let options = |age| FileOptions {
        schema: Schema::Ecs,
        rotate_age: Span(age),
        gzip: false,
        ..disk.options()
    };
    let folder = disk.folder.path();
    deliver(open(&options(Duration::ZERO)).expect("opens"), 0, 3).await;
    assert_eq!(names(folder).len(), 3, "an empty file is not rotated");
    deliver(
        open(&options(Duration::from_secs(3600))).expect("opens"),
        3,
        6,
    )
    .await;
    assert_eq!(names(folder).len(), 3);
    assert_eq!(lines(folder).len(), 6);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads() {
    use std::os::unix::fs::PermissionsExt;

    let disk = Disk::default();
    deliver(open(&disk.options()).expect("opens"), 0, 30).await;
    let names = names(disk.folder.path());
    assert!(names.iter().any(|name| name.ends_with(".gz")));
    for name in names {
        let metadata = fs::metadata(disk.folder.path().join(&name)).expect("there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

/// Writes what a crash leaves, opens, delivers 0 to 4 again, and returns the ids.
async fn after_crash(left: impl FnOnce(&Path)) -> Vec<String> {
    let disk = Disk::default();
    deliver(open(&disk.options()).expect("opens"), 0, 3).await;
    left(&disk.options().path);
    deliver(open(&disk.options()).expect("opens again"), 0, 5).await;
    lines(disk.folder.path())
        .iter()
        .map(|line| id(line))
        .collect()
}

fn append(path: &Path, bytes: &[u8]) {
    use std::io::Write;

    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("there");
    file.write_all(bytes).expect("written");
}

#[tokio::test]
async fn a_torn_last_line_is_cut_and_nothing_is_written_twice() {
    let whole = ["d0000", "d0001", "d0002", "d0003", "d0004"];
    let torn = document("d0003").json;
    for cut in [1, 20, torn.len()] {
        let ids = after_crash(|path| append(path, &torn[..cut])).await;
        assert_eq!(ids, whole, "torn after {cut} bytes");
    }
    let written = after_crash(|path| append(path, &[&torn[..], b"\n"].concat())).await;
    assert_eq!(written, whole, "written and never acknowledged");
    assert_eq!(after_crash(|path| append(path, &[0; 4096])).await, whole);
    assert_eq!(after_crash(|path| append(path, b"\0\0\n\0")).await, whole);
}

#[tokio::test]
async fn what_was_rotated_just_before_a_crash_is_remembered() {
    for gzip in [false, true] {
        let disk = Disk::default();
        let options = FileOptions {
            schema: Schema::Ecs,
            rotate_age: Span(Duration::ZERO),
            gzip,
            ..disk.options()
        };
        deliver(open(&options).expect("opens"), 0, 2).await;
        fs::remove_file(&options.path).expect("there");
        deliver(open(&options).expect("opens"), 0, 3).await;
        let ids: Vec<String> = lines(disk.folder.path())
            .iter()
            .map(|line| id(line))
            .collect();
        assert_eq!(
            ids,
            ["d0000", "d0001", "d0002"],
            "the first is known from the rotated file"
        );
    }
}

#[tokio::test]
async fn an_interrupted_compression_is_finished() {
    let disk = Disk::default();
    let folder = disk.folder.path();
    let line = [&document("d0000").json[..], b"\n"].concat();
    fs::write(folder.join("alerts.000001.ndjson"), &line).expect("written");
    fs::write(folder.join("alerts.000001.ndjson.gz.tmp"), b"half").expect("written");
    fs::write(folder.join("alerts.000002.ndjson"), &line).expect("written");
    fs::write(folder.join("alerts.notes.ndjson"), b"not ours").expect("written");
    drop(open(&disk.options()).expect("opens"));
    let expected = [
        "alerts.000001.ndjson.gz",
        "alerts.000002.ndjson.gz",
        "alerts.ndjson",
        "alerts.notes.ndjson",
    ];
    assert_eq!(names(folder), expected);
    fs::write(folder.join("alerts.000002.ndjson"), &line).expect("written");
    let options = FileOptions {
        schema: Schema::Ecs,
        gzip: false,
        ..disk.options()
    };
    drop(open(&options).expect("opens"));
    assert_eq!(
        names(folder),
        expected,
        "a plain file beside its archive goes"
    );
}

fn refusal(path: impl Into<PathBuf>) -> String {
    let error = File::open(FileOptions::new(path)).err().expect("refused");
    error.to_string()
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let disk = Disk::default();
    let folder = disk.folder.path();
    let missing = refusal(folder.join("none/alerts.ndjson"));
    assert!(missing.contains("does not exist; create it"), "{missing}");
    assert!(!folder.join("none").exists());
    assert!(refusal(folder).contains("not a regular file"));
    fs::write(folder.join("notes.txt"), "my only copy").expect("written");
    assert!(refusal(folder.join("notes.txt")).contains("does not hold JSON"));
    assert_eq!(
        fs::read(folder.join("notes.txt")).expect("there"),
        b"my only copy"
    );
    let _first = File::open(disk.options()).expect("opens");
    assert!(refusal(disk.options().path).contains("in use"));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_waits_and_says_so() {
    let disk = Disk::default();
    for _ in 0..20 {
        disk.spoil(Fault::Busy);
    }
    let captured = conformance::log::Captured::begin();
    deliver(disk.open(), 0, 3).await;
    let said = captured.end();
    assert!(
        said.contains("disk_full") && said.contains("make room"),
        "{said}"
    );
    assert_eq!(disk.stored().len(), 3);
}
