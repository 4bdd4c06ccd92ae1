//! Group commit: many threads hand work in, one of them writes it all.
//!
//! Whoever finds nobody leading takes everything that waits, writes it as one batch with one
//! fsync, and answers the others; meanwhile the next work gathers. So an fsync is shared by all
//! that came while the one before it ran, without a timer and without a thread of its own, and
//! only one thread at a time gives out offsets.
//!
//! A leader that panics answers everybody with an error and gives the lead up: nobody waits forever.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::journal::JournalError;
use crate::journal::ends::lock;

/// Work that waits for a leader.
pub(super) struct CommitQueue<W> {
    state: Mutex<State<W>>,
    changed: Condvar,
}

struct State<W> {
    waiting: Vec<(W, Answer)>,
    leading: bool,
}

type Answer = Arc<Mutex<Option<Result<(), JournalError>>>>;

/// The right to write, and the duty to answer for the work taken. Dropping it gives the right
/// back and fails what has no answer.
pub(super) struct Lead<'a, W> {
    queue: &'a CommitQueue<W>,
    answers: Vec<Answer>,
}

impl<W> Default for CommitQueue<W> {
    fn default() -> Self {
        let waiting = Vec::new();
        let leading = false;
        Self {
            state: Mutex::new(State { waiting, leading }),
            changed: Condvar::new(),
        }
    }
}

impl<W> CommitQueue<W> {
    /// Hands work in and waits for its answer. Where nobody leads, `lead` is called with all the
    /// work that waits; the work's place in the list is its number for [`Lead::settle`].
    pub(super) fn submit(
        &self,
        work: W,
        lead: impl FnOnce(&Lead<'_, W>, Vec<W>),
    ) -> Result<(), JournalError> {
        let answer = Answer::default();
        let mut state = lock(&self.state);
        state.waiting.push((work, Arc::clone(&answer)));
        loop {
            if let Some(result) = lock(&answer).take() {
                return result;
            }
            if !state.leading {
                break;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        // Nobody leads and there is no answer, so our work still waits: it is ours to do.
        state.leading = true;
        let (works, answers) = std::mem::take(&mut state.waiting).into_iter().unzip();
        drop(state);
        let queue = self;
        let leader = Lead { queue, answers };
        lead(&leader, works);
        drop(leader);
        let result = lock(&answer).take();
        result.unwrap_or_else(|| Err(unanswered()))
    }

    /// Waits for the lead without taking work along: for what must not run beside a write.
    pub(super) fn alone(&self) -> Lead<'_, W> {
        let mut state = lock(&self.state);
        while state.leading {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.leading = true;
        let answers = Vec::new();
        let queue = self;
        Lead { queue, answers }
    }
}

impl<W> Lead<'_, W> {
    /// Answers for pieces of work, by their numbers; the first answer counts.
    pub(super) fn settle(
        &self,
        results: impl IntoIterator<Item = (usize, Result<(), JournalError>)>,
    ) {
        let state = lock(&self.queue.state);
        for (number, result) in results {
            if let Some(answer) = self.answers.get(number) {
                lock(answer).get_or_insert(result);
            }
        }
        drop(state);
        self.queue.changed.notify_all();
    }
}

impl<W> Drop for Lead<'_, W> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        for answer in &self.answers {
            // An answer that was taken already leaves nobody to read this one.
            lock(answer).get_or_insert_with(|| Err(unanswered()));
        }
        state.leading = false;
        drop(state);
        self.queue.changed.notify_all();
    }
}

fn unanswered() -> JournalError {
    JournalError::Io {
        doing: "writing".into(),
        detail: "the thread that wrote for all stopped".into(),
    }
}

#[cfg(test)]
mod tests;
