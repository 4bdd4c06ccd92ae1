//! Members come and go while there is work: nothing is lost, nothing is done twice, and the state
//! goes where its partition goes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use chaperone::journal::{
    Batch, Journal, Kafka, Member, Outgoing, Polled, StateChange, Topic, Transaction,
};

use crate::cluster::Cluster;
use crate::conformance::config;
use crate::journal::suite::{everything, to};

const PARTITIONS: u32 = 4;
const RECORDS: u64 = 2_000;
const SUM: &[u8] = b"sum";

/// Copies `raw` to `events` with the number of records of the partition so far, which is its state.
struct Counter {
    counts: BTreeMap<u32, u64>,
}

impl Counter {
    /// Works until told to stop.
    fn run(&mut self, journal: &dyn Journal, member: Member, stop: &AtomicBool) {
        let mut consumer = journal
            .subscribe("count", Topic::Raw, member)
            .expect("joins");
        while !stop.load(Ordering::Acquire) {
            let done = match consumer.poll(20, Duration::from_millis(100)) {
                Ok(Polled::Assigned { partition, state }) => {
                    let mut count = 0;
                    for entry in state {
                        let (key, value) = entry.expect("reads");
                        assert_eq!(key, SUM);
                        count = u64::from_be_bytes(value[..].try_into().expect("a count"));
                    }
                    self.counts.insert(partition, count);
                    Ok(())
                }
                Ok(Polled::Revoked { partition }) => {
                    self.counts.remove(&partition);
                    Ok(())
                }
                Ok(Polled::Batch(batch)) => consumer.commit(self.count(batch)),
                Ok(Polled::Idle { .. }) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                assert!(!error.is_fatal(), "{error}");
            }
        }
    }

    fn count(&mut self, batch: Batch) -> Transaction {
        let partition = batch.partition;
        let count = self.counts.get_mut(&partition).expect("it is ours");
        let outputs = batch.messages.into_iter().map(|incoming| {
            *count += 1;
            let mut message = incoming.message;
            let text = [&message.value[..], format!(" {count}").as_bytes()].concat();
            message.value = text.into();
            Outgoing {
                topic: Topic::Events,
                partition: Some(partition),
                message,
            }
        });
        let outputs = outputs.collect();
        Transaction {
            inputs: vec![(partition, batch.next_offset)],
            outputs,
            state: vec![StateChange {
                partition,
                key: Bytes::from_static(SUM),
                value: Some(Bytes::copy_from_slice(&count.to_be_bytes())),
            }],
        }
    }
}

#[test]
fn members_come_and_go() {
    let cluster = Cluster::start(1);
    let journal = || Kafka::connect(config(&cluster, "move.", PARTITIONS)).expect("connects");
    let (first, feed) = (journal(), journal());
    let stops = [(); 4].map(|()| AtomicBool::new(false));
    thread::scope(|scope| {
        let work = |journal: Kafka, index: usize| {
            let stop = &stops[index];
            scope.spawn(move || {
                let member = Member { index: 0, count: 1 };
                let mut counter = Counter {
                    counts: BTreeMap::new(),
                };
                counter.run(&journal, member, stop);
            })
        };
        work(first, 0);
        for number in 0..RECORDS {
            let all =
                (0..PARTITIONS).map(|partition| to(Topic::Raw, partition, &number.to_string()));
            feed.append(all.collect()).expect("appends");
            match number {
                300 => drop(work(journal(), 1)),
                600 => drop(work(journal(), 2)),
                900 => stops[0].store(true, Ordering::Release),
                1_200 => drop(work(journal(), 3)),
                1_500 => stops[1].store(true, Ordering::Release),
                _ => {}
            }
        }
        let mut seen = 0;
        while seen < RECORDS * u64::from(PARTITIONS) {
            let reader = format!("seen-{seen}");
            seen = everything(&feed, &reader, Topic::Events).len() as u64;
        }
        stops
            .iter()
            .for_each(|stop| stop.store(true, Ordering::Release));
    });
    let mut events: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (partition, _, text) in everything(&feed, "check", Topic::Events) {
        events.entry(partition).or_default().push(text);
    }
    let expected: Vec<_> = (0..RECORDS).map(|n| format!("{n} {}", n + 1)).collect();
    assert_eq!(events.len(), PARTITIONS as usize);
    for (partition, texts) in events {
        let at = texts.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(at, None, "partition {partition} differs");
        assert_eq!(texts.len(), expected.len(), "partition {partition}");
    }
}
