//! Runs one stage over its partitions: poll, process, commit the transaction. The only loop that
//! moves offsets, and it cannot do so without the outputs (invariant I3).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::journal::{Consumer, Journal, JournalError, Member, Polled};
use crate::live::Live;
use crate::stage::Stage;

/// The most messages of one transaction.
const BATCH_MESSAGES_MAX: usize = 1_000;
/// How long a poll waits before it calls the stage idle.
const POLL_WAIT: Duration = Duration::from_millis(500);

/// How long to wait where the journal is full for the moment.
const RETRY_WAIT: Duration = Duration::from_millis(500);

/// Tells workers to finish: what is in the journal is still worked on, then they end.
#[derive(Debug, Default)]
pub struct Drain(AtomicBool);

impl Drain {
    /// From now on a worker ends as soon as it has read everything.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has begun.
    pub fn begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Runs a stage until it is drained, or until the journal or the stored state fails.
pub fn run(
    mut stage: Box<dyn Stage>,
    journal: &dyn Journal,
    group: &str,
    member: Member,
    drain: &Drain,
    live: &Live,
    clock: fn() -> i64,
) -> anyhow::Result<()> {
    // The stage was made of some content before this thread began; it may have changed since.
    let mut version = 0;
    let mut consumer = journal.subscribe(group, stage.input(), member)?;
    loop {
        let draining = drain.begun();
        if draining && journal.is_shared() {
            return Ok(());
        }
        let polled = consumer.poll(BATCH_MESSAGES_MAX, POLL_WAIT);
        // After the poll: what it brings may come of a content that is newer than the last look, and
        // a match of a rule that is not known yet would be lost.
        if let Some(content) = live.newer(&mut version) {
            stage.renew(&content);
        }
        match step(polled, stage.as_mut(), consumer.as_mut(), clock) {
            Ok(Step::Idle) if draining => return Ok(()),
            Ok(Step::Idle | Step::Worked) => {}
            // The journal has rolled back: the consumer begins again at what is committed, with an
            // assignment, so nothing is lost and nothing done twice.
            Err(error) if is_passing(&error) => {
                tracing::warn!(group, "{error:#}; trying again");
                thread::park_timeout(RETRY_WAIT);
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_passing(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<JournalError>()
        .is_some_and(|error| !error.is_fatal())
}

enum Step {
    Worked,
    Idle,
}

fn step(
    polled: Result<Polled, JournalError>,
    stage: &mut dyn Stage,
    consumer: &mut dyn Consumer,
    clock: fn() -> i64,
) -> anyhow::Result<Step> {
    match polled? {
        Polled::Assigned { partition, state } => stage.assign(partition, state)?,
        Polled::Revoked { partition } => stage.revoke(partition),
        Polled::Batch(batch) => {
            let transaction = stage.process(batch, clock());
            consumer.commit(transaction)?;
        }
        Polled::Idle { partitions, all } => {
            if let Some(transaction) = stage.idle(&partitions, clock()) {
                consumer.commit(transaction)?;
            }
            if all {
                return Ok(Step::Idle);
            }
        }
    }
    Ok(Step::Worked)
}
