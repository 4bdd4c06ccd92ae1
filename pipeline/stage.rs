//! START HERE: a stage, and why a transaction is the whole story.
//!
//! A stage turns a batch of one partition into a [`Transaction`]: what goes out, what changed in
//! its state, how far it has read. It is a plain function of its state and the batch, with no
//! clock, no IO and no randomness (invariant I2): the time of day comes in as `now_ms`, and the
//! worker around it ([`crate::worker`]) talks to the journal. So a crash at any point loses
//! nothing and repeats nothing: either the transaction is there, or the same batch comes again to
//! the same state and gives the same transaction. For the same reason a replay is the same code
//! without a journal ([`crate::replay`]).
//!
//! There are two stages: [`normalize`] (raw → events and matches, without state, as many workers
//! as partitions) and [`correlate`] (matches → alerts, with the windows as its state).

use crate::content::Content;
use crate::journal::{Batch, JournalError, StateEntries, Topic, Transaction};

pub mod correlate;
mod health;
pub mod normalize;
mod progress;

#[cfg(test)]
mod tests;

/// One step of the pipeline; the worker owns it, nobody shares it.
pub trait Stage: Send {
    /// The topic that it reads.
    fn input(&self) -> Topic;

    /// A partition is this stage's from now on; `state` is what it stored for it.
    fn assign(&mut self, partition: u32, state: StateEntries) -> Result<(), StageError>;

    /// A partition is no longer this stage's.
    fn revoke(&mut self, partition: u32);

    /// Works on a batch. `now_ms` is the time of day in a live run, and the latest receive time
    /// in a replay.
    fn process(&mut self, batch: Batch, now_ms: i64) -> Transaction;

    /// The content has changed: from the next batch on this one is in force. State stays.
    fn renew(&mut self, content: &Content);

    /// These partitions have been read to their ends: time may pass for them. None where that
    /// changes nothing.
    fn idle(&mut self, partitions: &[u32], now_ms: i64) -> Option<Transaction>;
}

/// What keeps a stage from starting.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The journal could not give the state.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The state is there and cannot be used.
    #[error(
        "the stored state of partition {partition} cannot be used ({detail}); run the version that wrote it, or replay from the raw records into a new journal"
    )]
    State {
        /// Which partition.
        partition: u32,
        /// Why, without content.
        detail: String,
    },
}
