//! Random lives of a journal against a model of a few lines: vectors, a map, and a copy of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::suite::{ALONE, assignments, batch, everything, state, text, to};
use super::*;

const PARTITIONS: u32 = 2;

#[derive(Debug, Clone)]
enum Step {
    /// Appends that many messages to a partition of `raw`.
    Append(u32, usize),
    /// A member reads a batch of at most so many messages, and commits it unless told not to.
    Work { max: usize, commit: bool },
    /// Drops the consumer and subscribes again.
    Rejoin,
    /// Closes the journal and opens it again.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PARTITIONS, 1..6usize).prop_map(|(partition, count)| Step::Append(partition, count)),
        6 => (1..8usize, prop::bool::weighted(0.8)).prop_map(|(max, commit)| Step::Work { max, commit }),
        1 => Just(Step::Rejoin),
        1 => Just(Step::Reopen),
    ]
}

/// What must be there.
#[derive(Default)]
struct Model {
    raw: [Vec<String>; PARTITIONS as usize],
    events: [Vec<String>; PARTITIONS as usize],
    committed: [usize; PARTITIONS as usize],
    /// Where the consumer of this moment stands.
    position: [usize; PARTITIONS as usize],
    state: [BTreeMap<String, String>; PARTITIONS as usize],
}

/// The journal under test, and its one consumer.
struct Subject<'a> {
    harness: &'a Harness,
    open: Option<(Box<dyn Journal>, Box<dyn Consumer>)>,
}

impl Subject<'_> {
    fn reopen(&mut self) {
        self.open = None;
        let journal = self.harness.open();
        let consumer = join(&*journal);
        self.open = Some((journal, consumer));
    }

    fn parts(&mut self) -> (&dyn Journal, &mut dyn Consumer) {
        let (journal, consumer) = self.open.as_mut().expect("is open");
        (&**journal, &mut **consumer)
    }
}

fn join(journal: &dyn Journal) -> Box<dyn Consumer> {
    journal.subscribe("work", Topic::Raw, ALONE).expect("joins")
}

fn live(harness: &Harness, steps: Vec<Step>) {
    let mut model = Model::default();
    let mut subject = Subject {
        harness,
        open: None,
    };
    subject.reopen();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Append(partition, count) => {
                append(&mut subject, &mut model, partition, count, number)
            }
            Step::Work { max, commit } => work(&mut subject, &mut model, max, commit),
            Step::Rejoin => {
                let (journal, _) = subject.open.take().expect("is open");
                let consumer = join(&*journal);
                subject.open = Some((journal, consumer));
                model.position = model.committed;
            }
            Step::Reopen => {
                subject.reopen();
                model.position = model.committed;
            }
        }
    }
    check(&mut subject, &model);
}

fn append(subject: &mut Subject<'_>, model: &mut Model, partition: u32, count: usize, step: usize) {
    let texts: Vec<_> = (0..count)
        .map(|number| format!("{step}.{number}"))
        .collect();
    let all = texts.iter().map(|text| to(Topic::Raw, partition, text));
    subject.parts().0.append(all.collect()).expect("appends");
    model.raw[partition as usize].extend(texts);
}

fn work(subject: &mut Subject<'_>, model: &mut Model, max: usize, commit: bool) {
    let consumer = subject.parts().1;
    let left = (0..2).any(|p| model.position[p] < model.raw[p].len());
    let Some(read) = batch(consumer, max) else {
        assert!(!left, "idle with work left");
        return;
    };
    let place = read.partition as usize;
    let from = model.position[place];
    let texts: Vec<_> = read.messages.iter().map(text).collect();
    assert!(texts.len() <= max);
    assert_eq!(read.messages[0].offset, from as u64);
    assert_eq!(texts, model.raw[place][from..from + texts.len()]);
    model.position[place] += texts.len();
    // What was read and not committed before this batch goes along with it, as offsets do.
    if commit {
        let key = format!("k{}", model.position[place] % 3);
        let value = model.position[place]
            .is_multiple_of(2)
            .then(|| texts[0].clone());
        let outputs = texts
            .iter()
            .map(|text| to(Topic::Events, read.partition, text));
        let transaction = Transaction {
            inputs: vec![(read.partition, read.next_offset)],
            outputs: outputs.collect(),
            state: vec![state(read.partition, &key, value.as_deref())],
        };
        consumer.commit(transaction).expect("commits");
        model.committed[place] = model.position[place];
        model.events[place].extend(texts);
        match value {
            Some(value) => model.state[place].insert(key, value),
            None => model.state[place].remove(&key),
        };
    }
}

fn check(subject: &mut Subject<'_>, model: &Model) {
    subject.reopen();
    let (journal, consumer) = subject.parts();
    let states = assignments(consumer);
    for (partition, entries) in states {
        let expected = model.state[partition as usize].clone();
        assert_eq!(entries, expected.into_iter().collect::<Vec<_>>());
    }
    for (topic, texts) in [(Topic::Raw, &model.raw), (Topic::Events, &model.events)] {
        let mut expected = Vec::new();
        for (partition, texts) in (0u32..).zip(texts) {
            expected.extend((0u64..).zip(texts).map(|(o, t)| (partition, o, t.clone())));
        }
        assert_eq!(everything(journal, "check", topic), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_disk_does_what_the_model_does(steps in proptest::collection::vec(step(), 1..60)) {
        live(&Harness::disk(PARTITIONS), steps);
    }

    #[test]
    fn memory_does_what_the_model_does(steps in proptest::collection::vec(step(), 1..60)) {
        live(&Harness::memory(PARTITIONS), steps);
    }
}
