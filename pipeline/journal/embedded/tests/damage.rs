//! Damaged files: each either does not matter, or is found out; never is something missing or
//! different without a word.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::*;

type Content = BTreeMap<(Topic, u32, u64), String>;

/// A store with tables, blob files and a log.
fn filled(place: &Place) -> Content {
    let journal = place.opened();
    let mut reader = journal.subscribe("g", Topic::Raw, ALONE).expect("joins");
    for round in 0..6 {
        let texts = (0..40).map(|number| format!("{round} {number} {}", "x".repeat(60)));
        let all = texts.map(|text| to(Topic::Raw, round % 2, &text));
        journal.append(all.collect()).expect("appends");
        let read = batch(&mut *reader, 40).expect("a batch");
        let transaction = Transaction {
            inputs: vec![(read.partition, read.next_offset)],
            outputs: vec![to(Topic::Events, 0, &format!("event {round}"))],
            state: vec![state(read.partition, "round", Some(&round.to_string()))],
        };
        reader.commit(transaction).expect("commits");
        if round == 3 {
            flush(&journal);
        }
    }
    drop(reader);
    content(&journal, "all").expect("reads")
}

/// Moves what is in memory to tables.
fn flush(journal: &Embedded) {
    let engine = &journal.shared.engine;
    let small = [&engine.marks, &engine.offsets, &engine.state];
    for keyspace in engine.topics.iter().chain(small) {
        keyspace.rotate_memtable_and_wait().expect("flushes");
    }
}

/// Everything in the topics, and the state of the group `g` under offsets of its own.
fn content(journal: &Embedded, group: &str) -> Result<Content, JournalError> {
    let mut content = Content::new();
    for topic in [Topic::Raw, Topic::Events] {
        let mut consumer = journal.subscribe(group, topic, ALONE)?;
        loop {
            match consumer.poll(100, Duration::ZERO)? {
                Polled::Batch(batch) => {
                    content.extend(batch.messages.iter().map(|incoming| {
                        ((topic, batch.partition, incoming.offset), text(incoming))
                    }))
                }
                Polled::Idle { .. } => break,
                _ => {}
            }
        }
    }
    let mut consumer = journal.subscribe("g", Topic::Raw, ALONE)?;
    for partition in [0, 1] {
        let Polled::Assigned { state, .. } = consumer.poll(1, Duration::ZERO)? else {
            panic!("two assignments come first")
        };
        for (number, entry) in (0..).zip(state) {
            let value = String::from_utf8_lossy(&entry?.1).into_owned();
            content.insert((Topic::Alerts, partition, number), value);
        }
    }
    Ok(content)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.expect("walks");
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).expect("inside");
            found.push(path.to_owned());
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().expect("has one")).expect("creates");
        fs::copy(from.join(file), target).expect("copies");
    }
}

#[derive(Debug)]
enum Verdict {
    FoundOut,
    NoMatter,
    OtherError(#[expect(dead_code, reason = "shown where the test fails")] String),
    Panic,
    Silent,
}

impl Verdict {
    fn demand(&self, file: &Path, at: usize) {
        let file = file.display();
        let fine = matches!(self, Self::FoundOut | Self::NoMatter);
        assert!(fine, "{file} damaged at {at}: {self:?}");
    }
}

/// What comes of opening a copy of the store with one file changed.
fn verdict(
    place: &Place,
    expected: &Content,
    file: &Path,
    change: impl Fn(&mut Vec<u8>),
) -> Verdict {
    let damaged = Place::new();
    copy(place.path(), damaged.path());
    let path = damaged.path().join(file);
    let mut bytes = fs::read(&path).expect("reads");
    change(&mut bytes);
    fs::write(&path, bytes).expect("writes");
    let read = catch_unwind(AssertUnwindSafe(|| {
        damaged
            .open(damaged.config())
            .and_then(|journal| content(&journal, "after"))
    }));
    match read {
        Err(_) => Verdict::Panic,
        Ok(Err(JournalError::Corrupt { .. } | JournalError::NewerFormat { .. })) => {
            Verdict::FoundOut
        }
        Ok(Err(error)) => Verdict::OtherError(error.to_string()),
        Ok(Ok(content)) if content == *expected => Verdict::NoMatter,
        Ok(Ok(_)) => Verdict::Silent,
    }
}

#[test]
fn flipped_bits_are_found_out() {
    let (place, expected) = filled_copy();
    let mut found_out = 0;
    for file in files(place.path()) {
        if is_version(&file) {
            continue;
        }
        let length = fs::read(place.path().join(&file)).expect("reads").len();
        for at in (0..length).step_by((length / 8).max(1)) {
            let verdict = verdict(&place, &expected, &file, |bytes| bytes[at] ^= 0x40);
            verdict.demand(&file, at);
            found_out += usize::from(matches!(verdict, Verdict::FoundOut));
        }
    }
    assert!(found_out > 80, "{found_out}");
}

#[test]
fn cut_files_are_found_out() {
    let (place, expected) = filled_copy();
    let mut found_out = 0;
    for file in files(place.path()) {
        let length = fs::read(place.path().join(&file)).expect("reads").len();
        for to in [0, length / 3, length * 3 / 4] {
            let verdict = verdict(&place, &expected, &file, |bytes| bytes.truncate(to));
            verdict.demand(&file, to);
            found_out += usize::from(matches!(verdict, Verdict::FoundOut));
        }
    }
    assert!(found_out > 30, "{found_out}");
}

/// The engine's lists of its own files. It reserves the memory that a damaged list asks for before
/// it looks at the checksum, and the process may end for want of it: loud, but no error of ours.
fn is_version(file: &Path) -> bool {
    let name = file.file_name().expect("a name").to_string_lossy();
    file.starts_with("store/keyspaces") && name.starts_with('v')
}

/// A store without the zeros that the engine lays out ahead of its log.
fn filled_copy() -> (Place, Content) {
    let original = Place::new();
    let expected = filled(&original);
    let place = Place::new();
    copy(original.path(), place.path());
    let log = place.path().join("store/0.jnl");
    let mut bytes = fs::read(&log).expect("reads");
    let used = bytes.iter().rposition(|byte| *byte != 0).expect("is used") + 1;
    bytes.truncate(used + 64);
    fs::write(log, bytes).expect("writes");
    (place, expected)
}
