//! What the journals of this process promise beyond the suite: static members, and turns.

use std::sync::Arc;

use super::suite::{ALONE, Harness, LONG, SHORT, assignments, batch, everything, state, to};
use super::*;

pub(super) fn a_busy_partition_does_not_starve_the_others(harness: &Harness) {
    let journal = harness.open();
    for number in 0..20 {
        let text = number.to_string();
        journal
            .append(vec![to(Topic::Raw, 0, &text)])
            .expect("appends");
    }
    journal
        .append(vec![to(Topic::Raw, 1, "x"), to(Topic::Raw, 2, "y")])
        .expect("appends");
    let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let order: Vec<_> = (0..4)
        .map(|_| batch(&mut *consumer, 5).expect("a batch").partition)
        .collect();
    assert_eq!(order, [0, 1, 2, 0]);
}

pub(super) fn partitions_are_shared_out(harness: &Harness) {
    let journal = harness.open();
    let partitions = |index, count| {
        let member = Member { index, count };
        let mut consumer = journal
            .subscribe("g", Topic::Raw, member)
            .expect("subscribes");
        let assigned = assignments(&mut *consumer);
        assigned.into_iter().map(|(p, _)| p).collect::<Vec<_>>()
    };
    assert_eq!(partitions(0, 3), [0, 3]);
    assert_eq!(partitions(1, 3), [1]);
    assert_eq!(partitions(2, 3), [2]);
    assert!(partitions(4, 5).is_empty());
    for (index, count) in [(3, 3), (0, 0)] {
        let member = Member { index, count };
        assert!(journal.subscribe("g", Topic::Raw, member).is_err());
    }
    for name in ["", &"x".repeat(256)] {
        assert!(journal.subscribe(name, Topic::Raw, ALONE).is_err());
    }
}

pub(super) fn a_commit_that_is_not_ours_changes_nothing(harness: &Harness) {
    let journal = harness.open();
    journal
        .append(vec![to(Topic::Raw, 0, "a"), to(Topic::Raw, 0, "b")])
        .expect("appends");
    let member = Member { index: 0, count: 2 };
    let mut consumer = journal.subscribe("g", Topic::Raw, member).expect("joins");
    let wrong = [
        (vec![(0, 3)], Vec::new()),
        (vec![(1, 0)], Vec::new()),
        (vec![(9, 0)], Vec::new()),
        (vec![(0, 1)], vec![state(1, "k", Some("v"))]),
    ];
    for (inputs, state) in wrong {
        batch(&mut *consumer, 1).expect("a batch");
        let transaction = Transaction {
            inputs,
            outputs: vec![to(Topic::Events, 0, "never")],
            state,
        };
        assert!(consumer.commit(transaction).is_err());
        // The consumer starts over from what is committed.
        assert_eq!(assignments(&mut *consumer), [(0, Vec::new())]);
    }
    let mut again = journal.subscribe("g", Topic::Raw, member).expect("joins");
    let read = batch(&mut *again, 1).expect("a batch");
    let forward = |next| Transaction {
        inputs: vec![(0, next)],
        ..Transaction::default()
    };
    again.commit(forward(read.next_offset)).expect("commits");
    assert!(again.commit(forward(0)).is_err(), "never backwards");
    assert_eq!(everything(&*journal, "x", Topic::Events), []);
}

pub(super) fn a_new_member_takes_over(harness: &Harness) {
    let journal = harness.open();
    journal
        .append(vec![to(Topic::Raw, 0, "a"), to(Topic::Raw, 1, "b")])
        .expect("appends");
    let mut old = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let read = batch(&mut *old, 9).expect("a batch");
    let member = Member { index: 0, count: 2 };
    let mut new = journal.subscribe("g", Topic::Raw, member).expect("joins");
    let transaction = Transaction {
        inputs: vec![(read.partition, read.next_offset)],
        outputs: vec![to(Topic::Events, 0, "from a zombie")],
        ..Transaction::default()
    };
    assert!(old.commit(transaction).is_err(), "the partition is taken");
    let revoked = old.poll(9, SHORT).expect("polls");
    assert!(matches!(revoked, Polled::Revoked { partition: 0 }));
    let left = batch(&mut *old, 9).expect("its other partition stays");
    assert_eq!(left.partition, 1);
    assert_eq!(batch(&mut *new, 9).expect("a batch").partition, 0);
    assert_eq!(everything(&*journal, "x", Topic::Events), []);
}

pub(super) fn takeovers_repeat_and_lose_nothing(harness: &Harness) {
    let journal: Arc<dyn Journal> = harness.open().into();
    let texts: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    let all = texts.iter().map(|text| to(Topic::Raw, 0, text));
    journal.append(all.collect()).expect("appends");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let journal = Arc::clone(&journal);
            scope.spawn(move || while !copy_some(&*journal) {});
        }
    });
    let expected: Vec<_> = (0u64..)
        .zip(texts)
        .map(|(offset, text)| (0, offset, text))
        .collect();
    let found = everything(&*journal, "g", Topic::Events);
    assert_eq!(found, expected);
}

/// Takes the partition over, copies a few batches unless it is taken away; true at the end.
fn copy_some(journal: &dyn Journal) -> bool {
    let mut consumer = journal.subscribe("copy", Topic::Raw, ALONE).expect("joins");
    for _ in 0..4 {
        let batch = match consumer.poll(3, Duration::ZERO).expect("polls") {
            Polled::Batch(batch) => batch,
            Polled::Assigned { .. } => continue,
            Polled::Revoked { .. } => return false,
            Polled::Idle { .. } => return true,
        };
        if consumer.commit(copied(batch)).is_err() {
            return false;
        }
    }
    false
}

/// Each message of a batch, from `raw` to `events`.
fn copied(batch: Batch) -> Transaction {
    let seen = batch.next_offset.to_string();
    let outputs = batch.messages.into_iter().map(|incoming| Outgoing {
        topic: Topic::Events,
        partition: Some(batch.partition),
        message: incoming.message,
    });
    Transaction {
        inputs: vec![(batch.partition, batch.next_offset)],
        outputs: outputs.collect(),
        state: vec![state(batch.partition, "seen", Some(&seen))],
    }
}

pub(super) fn many_workers_commit_at_once(harness: &Harness) {
    let journal: Arc<dyn Journal> = harness.open().into();
    let (workers, messages) = (4u32, 60u64);
    std::thread::scope(|scope| {
        for index in 0..workers {
            let journal = Arc::clone(&journal);
            scope.spawn(move || copy(&*journal, index, workers, messages));
        }
        for number in 0..messages {
            let all = (0..4).map(|partition| to(Topic::Raw, partition, &number.to_string()));
            journal.append(all.collect()).expect("appends");
        }
    });
    let found = everything(&*journal, "g", Topic::Events);
    let expected: Vec<_> = (0..4u32)
        .flat_map(|partition| {
            (0..messages).map(move |number| (partition, number, number.to_string()))
        })
        .collect();
    let mut expected = expected;
    expected.sort();
    assert_eq!(found, expected);
}

/// Copies one partition of `raw` to `events` until it has seen all messages.
fn copy(journal: &dyn Journal, index: u32, count: u32, messages: u64) {
    let member = Member { index, count };
    let mut consumer = journal
        .subscribe("copy", Topic::Raw, member)
        .expect("joins");
    let mut seen = 0;
    while seen < messages {
        let Polled::Batch(batch) = consumer.poll(7, LONG).expect("polls") else {
            continue;
        };
        seen = batch.next_offset;
        consumer.commit(copied(batch)).expect("commits");
    }
}
