//! The background thread of a store: makes transactions durable soon, and removes what is old.
//!
//! It sleeps until something has been written, gives more of it a moment to come, and then does
//! one fsync for all. With nothing written it wakes only to look at the ages of chunks.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fjall::PersistMode;

use super::store::Shared;
use super::{Fsync, retention};
use crate::journal::JournalError;
use crate::journal::ends::lock;

/// How long a transaction may wait for its fsync under [`Fsync::Always`].
const PERSIST_AFTER: Duration = Duration::from_millis(50);
/// How often retention looks.
const RETENTION_EVERY: Duration = Duration::from_secs(1);

/// What the writers tell the background thread.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    unsynced: bool,
    stop: bool,
}

impl Upkeep {
    /// Something has been written that is not durable yet.
    pub(super) fn written(&self) {
        let mut state = lock(&self.state);
        if !std::mem::replace(&mut state.unsynced, true) {
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Everything written is durable.
    pub(super) fn synced(&self) {
        lock(&self.state).unsynced = false;
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        lock(&self.state).stop = true;
        self.changed.notify_all();
    }

    /// Waits until `wanted` holds or the time is over; false where the thread is to end.
    fn sleep(&self, time: Duration, wanted: impl Fn(&State) -> bool) -> bool {
        let asleep = |state: &mut State| !state.stop && !wanted(state);
        let slept = self
            .changed
            .wait_timeout_while(lock(&self.state), time, asleep);
        !slept.unwrap_or_else(PoisonError::into_inner).0.stop
    }

    fn unsynced(&self) -> bool {
        lock(&self.state).unsynced
    }
}

/// Starts the thread.
pub(super) fn start(shared: &Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    std::thread::Builder::new()
        .name("journal-upkeep".into())
        .spawn(move || run(&shared))
}

fn run(shared: &Shared) {
    let persist_after = match shared.config.fsync {
        Fsync::Always => Some(PERSIST_AFTER),
        Fsync::Every(time) => Some(time),
        Fsync::Never => None,
    };
    let mut looked = Instant::now();
    let mut failed = false;
    loop {
        let wanted = |state: &State| persist_after.is_some() && state.unsynced;
        if !shared.upkeep.sleep(RETENTION_EVERY, wanted) {
            return;
        }
        let mut result = Ok(());
        if let Some(time) = persist_after.filter(|_| shared.upkeep.unsynced()) {
            if !shared.upkeep.sleep(time, |state| !state.unsynced) {
                return;
            }
            if shared.upkeep.unsynced() {
                result = persist(shared);
            }
        }
        if looked.elapsed() >= RETENTION_EVERY {
            looked = Instant::now();
            result = result.and_then(|()| remove_old(shared));
        }
        // Said once: the next write will fail with the same cause and end its worker.
        if let (Err(error), false) = (&result, failed) {
            tracing::error!(%error, "the journal's background work fails");
        }
        failed = result.is_err();
    }
}

fn persist(shared: &Shared) -> Result<(), JournalError> {
    let lead = shared.queue.alone();
    if shared.upkeep.unsynced() {
        shared.persist(&lead, PersistMode::SyncData)?;
    }
    Ok(())
}

/// One batch at a time, so that writers get in between.
fn remove_old(shared: &Shared) -> Result<(), JournalError> {
    while retention::enforce(shared, &shared.queue.alone())? {}
    Ok(())
}
