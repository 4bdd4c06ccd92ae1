//! The consumer of a journal that lives in this process: the same for the one on disk and the one
//! in memory, so that a test against memory is a test of what runs.
//!
//! Membership is static: a member owns the partitions whose number, divided by the count of
//! members, leaves its index. It is told of each of them once, with the state to start from, then
//! reads them in turn, so that a busy partition does not starve the others.
//!
//! After a commit that failed the consumer starts over: it forgets what it has read ahead, announces
//! its partitions once more with their stored state, and reads from the committed offsets. A worker
//! needs no memory of what it handed in; this is what an aborted Kafka transaction asks for as well.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::ends::{Ends, lock};
use super::group::{Claim, GroupId, Groups};
use super::{
    Batch, Consumer, Incoming, JournalError, Member, Message, Polled, StateEntries, Topic,
    Transaction,
};

/// The most bytes of one batch; a single message may be larger.
pub(super) const BATCH_BYTES_MAX: usize = 4 << 20;

/// What a wait is cut to that the clock cannot count.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What a consumer needs of a journal.
pub(super) trait Store: Send + Sync + 'static {
    /// How far the partitions of a topic reach.
    fn ends(&self, topic: Topic) -> &Ends;

    /// The consumer groups.
    fn groups(&self) -> &Mutex<Groups>;

    /// Makes the group known where it is not, reading from the oldest message on, and gives the
    /// member its partitions. No commit of an earlier owner is under way when this returns, so
    /// that what the new owner reads of offsets and state is the last word.
    fn claim(&self, group: &GroupId, member: Member) -> Result<(Claim, Vec<u32>), JournalError>;

    /// Messages from an offset on, at least one; more than asked for where that comes for free.
    /// The offset lies before the end.
    fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: u64,
        messages: usize,
    ) -> Result<Vec<Incoming>, JournalError>;

    /// The state that a group keeps with a partition, as of now.
    fn state(&self, group: &GroupId, partition: u32) -> Result<StateEntries, JournalError>;

    /// Applies a transaction as a whole.
    fn commit(&self, claim: &Claim, transaction: Transaction) -> Result<(), JournalError>;
}

/// One member of a group.
pub(super) struct LocalConsumer<S> {
    store: Arc<S>,
    claim: Claim,
    assigned: Vec<Assigned>,
    /// Index in `assigned` of the partition whose turn it is.
    turn: usize,
}

struct Assigned {
    partition: u32,
    announced: bool,
    /// The next offset to hand out.
    position: u64,
    /// Read from the store and not handed out yet; begins at `position`.
    ahead: VecDeque<Incoming>,
}

impl<S: Store> LocalConsumer<S> {
    /// Joins a group as one of its members.
    pub(super) fn join(
        store: Arc<S>,
        group: &str,
        topic: Topic,
        member: Member,
    ) -> Result<Self, JournalError> {
        if member.index >= member.count {
            return Err(JournalError::Io {
                doing: format!("joining the group {group} of {}", topic.name()),
                detail: format!("member {} of {} does not exist", member.index, member.count),
            });
        }
        let group = GroupId::new(topic, group)?;
        let (claim, partitions) = store.claim(&group, member)?;
        let assigned = partitions
            .into_iter()
            .map(|partition| Assigned {
                partition,
                announced: false,
                position: 0,
                ahead: VecDeque::new(),
            })
            .collect();
        Ok(Self {
            store,
            claim,
            assigned,
            turn: 0,
        })
    }

    /// A partition that another member has taken over.
    fn lost(&mut self) -> Option<u32> {
        let groups = lock(self.store.groups());
        let lost = self
            .assigned
            .iter()
            .position(|assigned| !groups.owns(&self.claim, assigned.partition))?;
        drop(groups);
        self.turn = 0;
        Some(self.assigned.remove(lost).partition)
    }

    /// A partition that the caller has not heard of yet.
    fn announce(&mut self) -> Result<Option<Polled>, JournalError> {
        let Some(assigned) = self.assigned.iter_mut().find(|a| !a.announced) else {
            return Ok(None);
        };
        let partition = assigned.partition;
        let group = &self.claim.group;
        let committed = lock(self.store.groups()).committed(group, partition);
        let state = self.store.state(group, partition)?;
        assigned.position = committed.unwrap_or(0);
        assigned.ahead.clear();
        assigned.announced = true;
        Ok(Some(Polled::Assigned { partition, state }))
    }

    /// The next batch of the partition whose turn it is, or of the first after it that has one.
    fn next_batch(&mut self, max_messages: usize) -> Result<Option<Batch>, JournalError> {
        let count = self.assigned.len();
        let topic = self.claim.group.topic;
        for step in 0..count {
            let index = (self.turn + step) % count;
            let assigned = &mut self.assigned[index];
            if assigned.fill(&*self.store, topic, max_messages)? {
                self.turn = (index + 1) % count;
                return Ok(Some(assigned.take(topic, max_messages)));
            }
        }
        Ok(None)
    }

    /// Waits until one of our partitions has something to read; false at the deadline.
    fn wait(&self, deadline: Instant) -> bool {
        self.store
            .ends(self.claim.group.topic)
            .wait_until(deadline, |ends| {
                self.assigned.iter().any(|assigned| {
                    let end = ends.get(assigned.partition as usize);
                    end.is_some_and(|end| *end > assigned.position)
                })
            })
    }
}

impl Assigned {
    /// Reads ahead where nothing is left; false at the end of the partition.
    fn fill(
        &mut self,
        store: &impl Store,
        topic: Topic,
        messages: usize,
    ) -> Result<bool, JournalError> {
        if !self.ahead.is_empty() {
            return Ok(true);
        }
        if self.position >= store.ends(topic).of(self.partition) {
            return Ok(false);
        }
        self.ahead = store
            .read(topic, self.partition, self.position, messages)?
            .into();
        Ok(!self.ahead.is_empty())
    }

    /// Hands out what fits into one batch: at least one message.
    fn take(&mut self, topic: Topic, max_messages: usize) -> Batch {
        let mut bytes = 0;
        let fitting = self
            .ahead
            .iter()
            .take(max_messages)
            .take_while(|incoming| {
                bytes += size(&incoming.message);
                bytes <= BATCH_BYTES_MAX
            })
            .count()
            .max(1);
        let messages: Vec<_> = self.ahead.drain(..fitting).collect();
        self.position = messages.last().map_or(self.position, |m| m.offset + 1);
        Batch {
            topic,
            partition: self.partition,
            messages,
            next_offset: self.position,
        }
    }
}

impl<S: Store> Consumer for LocalConsumer<S> {
    fn poll(&mut self, max_messages: usize, wait: Duration) -> Result<Polled, JournalError> {
        let max_messages = max_messages.max(1);
        let now = Instant::now();
        let deadline = now.checked_add(wait).unwrap_or(now + WAIT_MAX);
        loop {
            if let Some(partition) = self.lost() {
                return Ok(Polled::Revoked { partition });
            }
            if let Some(assigned) = self.announce()? {
                return Ok(assigned);
            }
            if let Some(batch) = self.next_batch(max_messages)? {
                return Ok(Polled::Batch(batch));
            }
            if !self.wait(deadline) {
                return Ok(Polled::Idle {
                    partitions: self.assigned.iter().map(|a| a.partition).collect(),
                    all: true,
                });
            }
        }
    }

    fn commit(&mut self, transaction: Transaction) -> Result<(), JournalError> {
        self.store
            .commit(&self.claim, transaction)
            .inspect_err(|_| {
                for assigned in &mut self.assigned {
                    assigned.announced = false;
                }
            })
    }
}

/// The bytes that a message counts for in a batch.
pub(super) fn size(message: &Message) -> usize {
    let headers = message.headers.iter();
    message.key.len() + message.value.len() + headers.map(|(n, v)| n.len() + v.len()).sum::<usize>()
}
