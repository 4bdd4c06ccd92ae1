mod bounds;
mod crash;
mod damage;
mod opening;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::journal::suite::{ALONE, batch, everything, state, text, to};
use crate::journal::{Polled, Transaction};

/// A store in a folder that is gone after the test, and a clock that stands still.
struct Place {
    folder: tempfile::TempDir,
    now: Arc<AtomicU64>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let now = Arc::new(AtomicU64::new(1_000_000));
        Self { folder, now }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Two partitions, no fsync, and nothing is removed.
    fn config(&self) -> EmbeddedConfig {
        let keep = Retention {
            bytes: u64::MAX,
            age: Duration::MAX,
        };
        EmbeddedConfig {
            path: self.path().to_owned(),
            partitions: 2,
            fsync: Fsync::Never,
            retention: Retentions {
                raw: keep,
                events: keep,
                matches: keep,
                alerts: keep,
                dead_letters: keep,
            },
            bytes_max: u64::MAX,
        }
    }

    fn open(&self, config: EmbeddedConfig) -> Result<Embedded, JournalError> {
        let now = Arc::clone(&self.now);
        Embedded::open_with_clock(config, Arc::new(move || now.load(Ordering::Relaxed)))
    }

    fn opened(&self) -> Embedded {
        self.open(self.config()).expect("opens")
    }

    fn pass(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).expect("short");
        self.now.fetch_add(ms, Ordering::Relaxed);
    }
}

/// What the background thread does, now.
fn remove_old(journal: &Embedded) {
    let shared = &journal.shared;
    while retention::enforce(shared, &shared.queue.alone()).expect("removes") {}
}

/// Reads a batch of a partition and commits it.
fn consume(consumer: &mut dyn Consumer, max_messages: usize) -> Option<u64> {
    let batch = batch(consumer, max_messages)?;
    let transaction = Transaction {
        inputs: vec![(batch.partition, batch.next_offset)],
        ..Transaction::default()
    };
    consumer.commit(transaction).expect("commits");
    Some(batch.next_offset)
}
