//! Opening a store: what it holds is read back and held against what it must hold.
//!
//! Three things have to agree for every partition: its mark, its oldest and its newest chunk, and
//! the note of how far it was durable. Reading two chunks a partition is cheap and catches a lost
//! table, a log that ends early and a mark of another time; the chunks between are checked when
//! they are read.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::failure::{corrupt, engine};
use super::folder::{Engine, Folder};
use super::ledger::{self, Ledger};
use super::queue::CommitQueue;
use super::store::{Counters, Shared};
use super::{Clock, EmbeddedConfig, PARTITIONS_MAX, key};
use crate::journal::ends::{Ends, lock};
use crate::journal::group::{GroupId, Groups};
use crate::journal::{JournalError, Topic};

/// Opens or creates the store that a configuration names.
pub(super) fn open(config: EmbeddedConfig, clock: Clock) -> Result<Shared, JournalError> {
    if !(1..=PARTITIONS_MAX).contains(&config.partitions) {
        return Err(JournalError::Io {
            doing: format!("opening {}", config.path.display()),
            detail: format!(
                "{} partitions are asked for; 1 to {PARTITIONS_MAX} are possible",
                config.partitions
            ),
        });
    }
    let folder = Folder::open(&config.path, config.partitions)?;
    if folder.partitions != config.partitions {
        tracing::warn!(
            path = %folder.path.display(),
            has = folder.partitions,
            configured = config.partitions,
            "the journal keeps the number of partitions that it was created with"
        );
    }
    let ledger = read_ledger(&folder)?;
    let groups = read_groups(&folder, &ledger)?;
    let ends = Topic::ALL.map(|topic| {
        let marks = ledger.topic(topic).iter();
        Ends::new(marks.map(|mark| mark.next).collect())
    });
    let shared = Shared {
        path: folder.path,
        config,
        clock,
        engine: folder.engine,
        queue: CommitQueue::default(),
        ledger: Mutex::new(ledger),
        groups: Mutex::new(groups),
        ends,
        tail: Mutex::new(folder.tail),
        upkeep: super::upkeep::Upkeep::default(),
        counters: Counters::default(),
        router: crate::journal::route::Router::default(),
        lock: folder.lock,
    };
    check_chunks(&shared)?;
    Ok(shared)
}

fn read_ledger(folder: &Folder) -> Result<Ledger, JournalError> {
    let path = &folder.path;
    let mut ledger = Ledger::new(folder.partitions);
    for topic in Topic::ALL {
        for partition in 0..folder.partitions {
            let stored = folder.engine.marks.get(key::mark(topic, partition));
            let Some(stored) = stored.map_err(|e| engine(path, "reading", e))? else {
                continue;
            };
            let mark = ledger::decode(&stored);
            let mark = mark.ok_or_else(|| corrupt(path, "a partition's mark".into()))?;
            ledger.set(topic, partition, mark);
        }
    }
    for (place, (found, noted)) in ledger.ends().iter().zip(&folder.noted_ends).enumerate() {
        if found < noted {
            let topic = Topic::ALL[place / folder.partitions as usize].name();
            let partition = place % folder.partitions as usize;
            let detail = format!(
                "partition {partition} of {topic} ends at offset {found}, and it had reached {noted}"
            );
            return Err(corrupt(path, detail));
        }
    }
    Ok(ledger)
}

fn read_groups(folder: &Folder, ledger: &Ledger) -> Result<Groups, JournalError> {
    let path = &folder.path;
    let mut offsets: BTreeMap<GroupId, Vec<u64>> = BTreeMap::new();
    for guard in folder.engine.offsets.iter() {
        let (key, value) = guard.into_inner().map_err(|e| engine(path, "reading", e))?;
        let (topic, partition, name) =
            key::read_offset(&key).ok_or_else(|| corrupt(path, "a group's key".into()))?;
        let next = <[u8; 8]>::try_from(&*value).map(u64::from_be_bytes);
        let mark = ledger.get(topic, partition);
        let next = next
            .ok()
            .filter(|next| *next <= mark.next && partition < folder.partitions);
        let next = next.ok_or_else(|| {
            corrupt(
                path,
                format!("the offset of the group {name} in {}", topic.name()),
            )
        })?;
        let group = GroupId::new(topic, name)?;
        let committed = offsets.entry(group).or_insert_with(|| {
            let marks = ledger.topic(topic).iter();
            marks.map(|mark| mark.oldest).collect()
        });
        committed[partition as usize] = next.max(mark.oldest);
    }
    let mut groups = Groups::default();
    for (group, committed) in offsets {
        groups.insert(group, committed);
    }
    Ok(groups)
}

/// Reads the oldest and the newest chunk of every partition.
fn check_chunks(shared: &Shared) -> Result<(), JournalError> {
    let ledger = lock(&shared.ledger).clone();
    for topic in Topic::ALL {
        for (partition, mark) in (0u32..).zip(ledger.topic(topic)) {
            if mark.oldest == mark.next {
                continue;
            }
            for offset in [mark.oldest, mark.next - 1] {
                shared.read_chunk(topic, partition, offset, &mut Vec::new())?;
            }
        }
    }
    Ok(())
}

/// Removes a group's offsets and state.
pub(super) fn forget(shared: &Shared, name: &str, topic: Topic) -> Result<(), JournalError> {
    let group = GroupId::new(topic, name)?;
    let _lead = shared.queue.alone();
    lock(&shared.groups).remove(&group);
    let Engine {
        database,
        offsets,
        state,
        ..
    } = &shared.engine;
    let mut batch = database.batch();
    for partition in 0..shared.ends[topic.index()].partitions() {
        batch.remove(offsets, key::offset(&group, partition));
        let prefix = key::states(&group, partition);
        for guard in state.prefix(prefix) {
            let key = guard.key().map_err(|e| shared.failed("reading", e))?;
            batch.remove(state, key);
        }
    }
    batch.commit().map_err(|e| shared.failed("writing to", e))?;
    shared.upkeep.written();
    Ok(())
}
