//! What a stage may rely on: messages, batches and transactions.

use std::collections::BTreeMap;

use super::*;

pub(crate) fn messages_come_back_whole_and_in_order(harness: &Harness) {
    let whole = |number: i64| Outgoing {
        topic: Topic::Raw,
        partition: None,
        message: Message {
            key: Bytes::from(vec![0, 255, 128]),
            value: Bytes::from(vec![7; usize::try_from(number).expect("small") * 300]),
            headers: vec![
                ("source".into(), Bytes::from_static(b"github.webhook")),
                (String::new(), Bytes::new()),
            ],
            time_ms: [i64::MIN, -1, 0, 1, i64::MAX][usize::try_from(number % 5).expect("small")],
        },
    };
    let sent: Vec<_> = (0..10).map(whole).collect();
    {
        let journal = harness.open();
        journal.append(sent[..3].to_vec()).expect("appends");
        journal.append(Vec::new()).expect("appends nothing");
        journal.append(sent[3..].to_vec()).expect("appends");
    }
    let journal = harness.open();
    let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let mut all = Vec::new();
    while all.len() < 10 {
        let batch = batch(&mut *consumer, 100).expect("a batch");
        all.extend(batch.messages);
        assert_eq!(batch.next_offset, all.len() as u64);
    }
    let (offsets, messages): (Vec<_>, Vec<_>) = all
        .into_iter()
        .map(|incoming| (incoming.offset, incoming.message))
        .unzip();
    assert_eq!(offsets, (0..10).collect::<Vec<_>>());
    let sent: Vec<_> = sent.into_iter().map(|out| out.message).collect();
    assert_eq!(messages, sent);
}

pub(crate) fn offsets_are_dense_in_each_partition(harness: &Harness) {
    let mut expected = Vec::new();
    let mut next = [0u64; 3];
    for round in 0..4 {
        let journal = harness.open();
        for number in 0..9u32 {
            let partition = (number * number) % 3;
            let text = format!("{round}-{number}");
            journal
                .append(vec![to(Topic::Matches, partition, &text)])
                .expect("appends");
            expected.push((partition, next[partition as usize], text));
            next[partition as usize] += 1;
        }
    }
    expected.sort();
    assert_eq!(everything(&*harness.open(), "g", Topic::Matches), expected);
}

pub(crate) fn a_key_keeps_its_partition(harness: &Harness) {
    for _ in 0..3 {
        let journal = harness.open();
        for key in 0..40 {
            let key = format!("key-{key}");
            journal
                .append(vec![keyed(Topic::Matches, &key, &key)])
                .expect("appends");
        }
    }
    let mut partitions: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (partition, _, text) in everything(&*harness.open(), "g", Topic::Matches) {
        partitions.entry(text).or_default().push(partition);
    }
    let mut used: Vec<_> = partitions.values().map(|places| places[0]).collect();
    for places in partitions.values() {
        assert_eq!(places.len(), 3);
        assert!(places.iter().all(|place| place == &places[0]), "{places:?}");
    }
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), 8, "40 keys reach all partitions");
}

pub(crate) fn messages_without_a_key_are_spread(harness: &Harness) {
    let journal = harness.open();
    for number in 0..40 {
        let text = number.to_string();
        journal
            .append(vec![keyed(Topic::Raw, "", &text)])
            .expect("appends");
    }
    let mut counts = [0; 4];
    for (partition, ..) in everything(&*journal, "g", Topic::Raw) {
        counts[partition as usize] += 1;
    }
    assert_eq!(counts, [10; 4]);
}

pub(crate) fn an_append_is_all_or_nothing(harness: &Harness) {
    let journal = harness.open();
    let refused = journal.append(vec![
        to(Topic::Raw, 0, "good"),
        to(Topic::Alerts, 1, "good"),
        to(Topic::Raw, 2, "there is no partition 2"),
    ]);
    assert!(matches!(refused, Err(JournalError::Io { .. })));
    for topic in [Topic::Raw, Topic::Alerts] {
        assert_eq!(everything(&*journal, "g", topic), []);
    }
}

pub(crate) fn a_transaction_moves_outputs_state_and_offset_together(harness: &Harness) {
    {
        let journal = harness.open();
        let inputs = ["a", "b", "c"].map(|text| to(Topic::Raw, 0, text));
        journal.append(inputs.into()).expect("appends");
        let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
        let read = batch(&mut *consumer, 2).expect("a batch");
        assert_eq!((read.messages.len(), read.next_offset), (2, 2));
        let transaction = Transaction {
            inputs: vec![(0, read.next_offset)],
            outputs: vec![
                to(Topic::Events, 0, "A"),
                to(Topic::Events, 0, "B"),
                to(Topic::Matches, 0, "m"),
            ],
            state: vec![state(0, "seen", Some("2")), state(0, "gone", None)],
        };
        consumer.commit(transaction).expect("commits");
        // The consumer goes on behind what it has read, without a word about the commit.
        let read = batch(&mut *consumer, 2).expect("a batch");
        assert_eq!(text(&read.messages[0]), "c");
    }
    let journal = harness.open();
    let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let entry = ("seen".to_owned(), "2".to_owned());
    assert_eq!(assignments(&mut *consumer), [(0, vec![entry])]);
    let events = everything(&*journal, "g", Topic::Events);
    assert_eq!(events, [(0, 0, "A".to_owned()), (0, 1, "B".to_owned())]);
    let matches = everything(&*journal, "g", Topic::Matches);
    assert_eq!(matches, [(0, 0, "m".to_owned())]);
    drop(consumer);
    let mut again = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let read = batch(&mut *again, 9).expect("a batch");
    assert_eq!(read.messages.iter().map(text).collect::<Vec<_>>(), ["c"]);
}

pub(crate) fn what_was_not_committed_comes_again(harness: &Harness) {
    {
        let journal = harness.open();
        journal
            .append(vec![to(Topic::Raw, 0, "a"), to(Topic::Raw, 1, "b")])
            .expect("appends");
        let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
        let read = [(); 2].map(|()| batch(&mut *consumer, 9).expect("a batch"));
        let first = read.iter().find(|batch| batch.partition == 0);
        let first = first.expect("each partition has a batch");
        let inputs = vec![(first.partition, first.next_offset)];
        let transaction = Transaction {
            inputs,
            ..Transaction::default()
        };
        consumer.commit(transaction).expect("commits");
    }
    let journal = harness.open();
    let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let read = batch(&mut *consumer, 9).expect("a batch");
    assert_eq!((read.partition, text(&read.messages[0])), (1, "b".into()));
    assert!(batch(&mut *consumer, 9).is_none());
}

pub(crate) fn groups_do_not_see_each_other(harness: &Harness) {
    let journal = harness.open();
    journal
        .append(vec![to(Topic::Alerts, 0, "a")])
        .expect("appends");
    for group in ["g", "gg", "h"] {
        let mut consumer = journal
            .subscribe(group, Topic::Alerts, ALONE)
            .expect("joins");
        let read = batch(&mut *consumer, 9).expect("a batch");
        let transaction = Transaction {
            inputs: vec![(0, read.next_offset)],
            outputs: vec![to(Topic::DeadLetters, 0, group)],
            state: vec![state(0, "k", Some(group))],
        };
        consumer.commit(transaction).expect("commits");
    }
    for group in ["g", "gg", "h"] {
        let mut consumer = journal
            .subscribe(group, Topic::Alerts, ALONE)
            .expect("joins");
        let entry = ("k".to_owned(), group.to_owned());
        assert_eq!(assignments(&mut *consumer), [(0, vec![entry])]);
        assert!(batch(&mut *consumer, 9).is_none());
    }
    assert_eq!(everything(&*journal, "x", Topic::DeadLetters).len(), 3);
}

pub(crate) fn states_are_told_apart(harness: &Harness) {
    let journal = harness.open();
    let mut raw = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let mut events = journal.subscribe("g", Topic::Events, ALONE).expect("joins");
    for consumer in [&mut raw, &mut events] {
        assert_eq!(
            assignments(&mut **consumer),
            [(0, Vec::new()), (1, Vec::new())]
        );
    }
    let change = |state| Transaction {
        state,
        ..Transaction::default()
    };
    let steps = [
        vec![state(0, "b", Some("1")), state(0, "a", Some(""))],
        vec![state(1, "", Some("empty key")), state(0, "a", Some("2"))],
        vec![state(0, "b", None), state(1, "b", None)],
        vec![state(0, "c", Some("3")), state(0, "c", None)],
    ];
    for step in steps {
        raw.commit(change(step)).expect("commits");
    }
    events
        .commit(change(vec![state(0, "a", Some("of events"))]))
        .expect("commits");
    let entry = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    drop((raw, events));
    let mut raw = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let expected = [(0, entry("a", "2")), (1, entry("", "empty key"))];
    assert_eq!(assignments(&mut *raw), expected);
    let mut events = journal.subscribe("g", Topic::Events, ALONE).expect("joins");
    let expected = [(0, entry("a", "of events")), (1, Vec::new())];
    assert_eq!(assignments(&mut *events), expected);
}

pub(crate) fn batches_are_bounded(harness: &Harness) {
    let journal = harness.open();
    let large = "x".repeat(1_500_000);
    for _ in 0..4 {
        journal
            .append(vec![to(Topic::Raw, 0, &large), to(Topic::Raw, 0, "small")])
            .expect("appends");
    }
    let huge = "y".repeat(5 << 20);
    journal
        .append(vec![to(Topic::Raw, 0, &huge)])
        .expect("appends");
    let mut consumer = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let mut sizes = Vec::new();
    while let Some(batch) = batch(&mut *consumer, 3) {
        let bytes: usize = batch.messages.iter().map(|m| m.message.value.len()).sum();
        assert!(batch.messages.len() <= 3);
        assert!(bytes <= 4 << 20 || batch.messages.len() == 1, "{bytes}");
        sizes.push(batch.messages.len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 9);
    drop(consumer);
    let mut again = journal.subscribe("h", Topic::Raw, ALONE).expect("joins");
    let first = batch(&mut *again, 0).expect("none asked for is one");
    assert_eq!(first.messages.len(), 1);
}
