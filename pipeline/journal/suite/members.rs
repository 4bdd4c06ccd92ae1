//! What several members and threads may rely on.

use std::sync::Arc;

use super::*;

pub(crate) fn a_waiting_consumer_is_woken(harness: &Harness) {
    let journal = harness.open();
    let mut consumer = journal.subscribe("g", Topic::Events, ALONE).expect("joins");
    assert!(batch(&mut *consumer, 9).is_none(), "idle without data");
    let mut source = journal.subscribe("s", Topic::Raw, ALONE).expect("joins");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                let polled = consumer.poll(9, LONG).expect("polls");
                if !matches!(polled, Polled::Idle { .. }) {
                    break polled;
                }
            }
        });
        // A commit of another group's transaction is what wakes it.
        let outputs = vec![to(Topic::Events, 1, "wake")];
        let transaction = Transaction {
            outputs,
            ..Transaction::default()
        };
        source.commit(transaction).expect("commits");
        drop(source);
        let woken = waiting.join().expect("no panic");
        assert!(matches!(woken, Polled::Batch(batch) if batch.partition == 1));
    });
}

pub(crate) fn many_threads_append_at_once(harness: &Harness) {
    let journal: Arc<dyn Journal> = harness.open().into();
    let (threads, appends) = (8, 40);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let journal = Arc::clone(&journal);
            scope.spawn(move || {
                for number in 0..appends {
                    let key = format!("thread-{thread}");
                    let pair = ["x", "y"].map(|part| {
                        let text = format!("{thread} {number} {part}");
                        keyed(Topic::Raw, &key, &text)
                    });
                    journal.append(pair.into()).expect("appends");
                }
            });
        }
    });
    drop(journal);
    let found = everything(&*harness.open(), "g", Topic::Raw);
    assert_eq!(found.len(), threads * appends * 2);
    let mut seen = vec![Vec::new(); threads];
    let mut next = [0; 4];
    for (partition, offset, text) in found {
        assert_eq!(offset, next[partition as usize], "dense");
        next[partition as usize] += 1;
        let (thread, rest) = text.split_once(' ').expect("as written");
        let thread: usize = thread.parse().expect("as written");
        seen[thread].push(rest.to_owned());
    }
    let expected: Vec<_> = (0..appends)
        .flat_map(|number| ["x", "y"].map(|part| format!("{number} {part}")))
        .collect();
    for texts in seen {
        assert_eq!(texts, expected, "each thread's messages keep their order");
    }
}
