use super::*;

/// About a hundred bytes for a partition.
fn hundred(partition: u32, number: usize) -> Outgoing {
    let text = format!("{number:04}{}", "x".repeat(96));
    to(Topic::Raw, partition, &text)
}

fn raw(journal: &Embedded) -> TopicStats {
    journal.stats().topics.swap_remove(0)
}

#[test]
fn age_removes_what_everybody_has_read() {
    let place = Place::new();
    let mut config = place.config();
    config.retention.raw.age = Duration::from_secs(60);
    let journal = place.open(config.clone()).expect("opens");
    let mut fast = journal.subscribe("fast", Topic::Raw, ALONE).expect("joins");
    let mut slow = journal.subscribe("slow", Topic::Raw, ALONE).expect("joins");
    for number in 0..4 {
        journal.append(vec![hundred(0, number)]).expect("appends");
    }
    while consume(&mut *fast, 9).is_some() {}
    assert_eq!(consume(&mut *slow, 2), Some(2));
    remove_old(&journal);
    assert_eq!(raw(&journal).messages, 4, "nothing is old yet");
    place.pass(Duration::from_secs(61));
    journal.append(vec![hundred(0, 4)]).expect("appends");
    remove_old(&journal);
    let stats = raw(&journal);
    let left = (stats.messages, stats.removed);
    assert_eq!(left, (3, 2), "slow has not read them");
    assert_eq!(
        (stats.partitions[0].oldest, stats.partitions[0].next),
        (2, 5)
    );
    while consume(&mut *slow, 2).is_some() {}
    while consume(&mut *fast, 9).is_some() {}
    remove_old(&journal);
    assert_eq!(raw(&journal).partitions[0].oldest, 4, "the last is young");
    drop((journal, fast, slow));
    let journal = place.open(config).expect("opens");
    let found = everything(&journal, "late", Topic::Raw);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, 4, "a late group starts at the oldest");
}

#[test]
fn bytes_remove_the_oldest_over_all_partitions() {
    let place = Place::new();
    let mut config = place.config();
    config.retention.raw.bytes = 1_000;
    let journal = place.open(config.clone()).expect("opens");
    let mut reader = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    for number in 0..20 {
        place.pass(Duration::from_millis(1));
        let partition = u32::from(number >= 12);
        journal
            .append(vec![hundred(partition, number)])
            .expect("appends");
    }
    remove_old(&journal);
    assert_eq!(raw(&journal).messages, 20);
    while consume(&mut *reader, 9).is_some() {}
    remove_old(&journal);
    let stats = raw(&journal);
    assert!(stats.bytes <= 1_000 && stats.bytes > 700, "{}", stats.bytes);
    assert_eq!(stats.partitions[0].oldest, 12, "the older one is empty");
    assert_eq!(stats.removed + stats.messages, 20);
    drop((journal, reader));
    let journal = place.open(config).expect("opens");
    assert_eq!(raw(&journal).partitions, stats.partitions);
    journal.append(vec![hundred(0, 20)]).expect("appends");
    let found = everything(&journal, "g2", Topic::Raw);
    assert_eq!(found[0].1, 12, "offsets go on where they were");
}

#[test]
fn a_topic_that_nobody_reads_is_bounded() {
    let place = Place::new();
    let mut config = place.config();
    config.retention.raw.bytes = 1_000;
    let journal = place.open(config).expect("opens");
    for number in 0..2_500 {
        journal.append(vec![hundred(0, number)]).expect("appends");
    }
    remove_old(&journal);
    assert!(raw(&journal).bytes <= 1_000);
    assert!(raw(&journal).messages > 0);
}

#[test]
fn a_full_journal_refuses_appends_until_somebody_reads() {
    let place = Place::new();
    let mut config = place.config();
    config.bytes_max = 4_000;
    let journal = place.open(config).expect("opens");
    let mut reader = journal.subscribe("slow", Topic::Raw, ALONE).expect("joins");
    let mut taken = 0;
    let error = loop {
        match journal.append(vec![hundred(0, taken)]) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(!error.is_fatal());
    assert!(matches!(error, JournalError::Full(_)), "{error}");
    let said = error.to_string();
    assert!(said.contains("raw") && said.contains("slow"), "{said}");
    assert!((20..40).contains(&taken), "{taken}");
    // A transaction still has room: it is what empties the journal.
    let read = batch(&mut *reader, 9).expect("a batch");
    let transaction = Transaction {
        inputs: vec![(0, read.next_offset)],
        outputs: vec![to(Topic::Events, 0, &"y".repeat(400))],
        state: vec![state(0, "k", Some("v"))],
    };
    reader.commit(transaction).expect("commits");
    for _ in 0..3 {
        journal.append(vec![hundred(0, taken)]).expect("has room");
    }
    assert_eq!(journal.stats().refused_full, 1);
    assert!(raw(&journal).removed > 0);
}

#[test]
fn a_transaction_that_does_not_fit_fails_whole_and_comes_again() {
    let place = Place::new();
    let mut config = place.config();
    config.bytes_max = 4_000;
    let journal = place.open(config).expect("opens");
    let mut events = journal.subscribe("d", Topic::Events, ALONE).expect("joins");
    let mut reader = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    journal.append(vec![hundred(0, 0)]).expect("appends");
    let transaction = |next, bytes: usize| Transaction {
        inputs: vec![(0, next)],
        outputs: vec![to(Topic::Events, 0, &"y".repeat(bytes))],
        state: vec![state(0, "k", Some("v"))],
    };
    let read = batch(&mut *reader, 9).expect("a batch");
    let refused = reader.commit(transaction(read.next_offset, 5_000));
    assert!(matches!(refused, Err(JournalError::Full(_))));
    let Ok(Polled::Assigned {
        partition: 0,
        state,
    }) = reader.poll(9, Duration::ZERO)
    else {
        panic!("it starts over")
    };
    assert_eq!(state.count(), 0);
    let read = batch(&mut *reader, 9).expect("the same again");
    assert_eq!(read.next_offset, 1);
    reader.commit(transaction(1, 4_500)).expect("fits");
    assert_eq!(batch(&mut *events, 9).expect("a batch").messages.len(), 1);
}

#[test]
fn a_forgotten_group_holds_nothing_back() {
    let place = Place::new();
    let mut config = place.config();
    config.retention.raw.bytes = 0;
    let journal = place.open(config.clone()).expect("opens");
    let mut gone = journal.subscribe("gone", Topic::Raw, ALONE).expect("joins");
    let change = Transaction {
        state: vec![state(0, "k", Some("v"))],
        ..Transaction::default()
    };
    gone.commit(change).expect("commits");
    let mut reader = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    for number in 0..5 {
        journal.append(vec![hundred(1, number)]).expect("appends");
    }
    while consume(&mut *reader, 9).is_some() {}
    remove_old(&journal);
    assert_eq!(raw(&journal).messages, 5);
    let lags: Vec<_> = raw(&journal)
        .groups
        .into_iter()
        .map(|group| (group.group, group.lag))
        .collect();
    assert_eq!(lags, [("g".into(), 0), ("gone".into(), 5)]);
    journal.forget_group("gone", Topic::Raw).expect("forgets");
    journal
        .forget_group("unknown", Topic::Raw)
        .expect("forgets");
    let revoked = gone.poll(1, Duration::ZERO).expect("polls");
    assert!(matches!(revoked, Polled::Revoked { .. }));
    remove_old(&journal);
    assert_eq!(raw(&journal).messages, 0);
    drop((journal, reader, gone));
    let journal = place.open(config).expect("opens");
    assert_eq!(raw(&journal).groups.len(), 1);
    let mut anew = journal.subscribe("gone", Topic::Raw, ALONE).expect("joins");
    let assigned = crate::journal::suite::assignments(&mut *anew);
    assert_eq!(assigned, [(0, vec![]), (1, vec![])], "its state is gone");
}

#[test]
fn an_oversized_state_key_is_refused() {
    let place = Place::new();
    let journal = place.opened();
    let mut reader = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let long = "k".repeat(key::STATE_KEY_BYTES_MAX);
    let change = |key: &str| Transaction {
        state: vec![state(0, key, Some("v"))],
        ..Transaction::default()
    };
    reader.commit(change(&long)).expect("fits");
    assert!(reader.commit(change(&format!("{long}k"))).is_err());
}

#[test]
fn fsyncs_are_shared_and_follow_the_policy() {
    let fsyncs = |fsync| {
        let place = Place::new();
        let mut config = place.config();
        config.fsync = fsync;
        let journal = place.open(config).expect("opens");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for number in 0..20 {
                        journal.append(vec![hundred(0, number)]).expect("appends");
                    }
                });
            }
        });
        (journal.stats().fsyncs, raw(&journal).messages)
    };
    let (always, messages) = fsyncs(Fsync::Always);
    assert_eq!(messages, 160);
    assert!((20..160).contains(&always), "{always} for 160 appends");
    assert_eq!(fsyncs(Fsync::Never), (0, 160));
    let (every, _) = fsyncs(Fsync::Every(Duration::from_secs(3_600)));
    assert_eq!(every, 0);
}

#[test]
fn a_transaction_is_made_durable_soon() {
    let place = Place::new();
    let mut config = place.config();
    config.fsync = Fsync::Always;
    let journal = place.open(config).expect("opens");
    let mut reader = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let change = Transaction {
        state: vec![state(0, "k", Some("v"))],
        ..Transaction::default()
    };
    reader.commit(change).expect("commits");
    let begun = std::time::Instant::now();
    while journal.stats().fsyncs == 0 {
        assert!(begun.elapsed() < crate::journal::suite::LONG);
        std::thread::yield_now();
    }
}
