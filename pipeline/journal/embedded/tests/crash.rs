//! Killing the process at any moment: what was acknowledged is there once, and transactions are
//! whole. The test starts its own binary as the victim.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::journal::suite::keyed;

/// Names the victim's folder and makes it a victim.
const FOLDER: &str = "CHAPERONE_TEST_JOURNAL_VICTIM";
/// Tells the victims of one store apart.
const RUN: &str = "CHAPERONE_TEST_JOURNAL_RUN";
const KILLS: u64 = 12;
const WRITERS: usize = 2;

fn config(path: &Path) -> EmbeddedConfig {
    EmbeddedConfig {
        path: path.to_owned(),
        partitions: 2,
        fsync: Fsync::Always,
        ..EmbeddedConfig::default()
    }
}

#[test]
fn a_killed_process_loses_and_repeats_nothing() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = Random(seed);
    let place = Place::new();
    let mut acknowledged = Vec::new();
    for run in 0..KILLS {
        let mut victim = start(place.path(), run);
        let lines = BufReader::new(victim.stdout.take().expect("is piped")).lines();
        let kill_after = 1 + random.below(60);
        let mut victim = Some(victim);
        let mut seen = 0;
        // What the victim managed to say between the decision and its death counts as well.
        for line in lines {
            let line = line.expect("reads");
            let Some((_, id)) = line.split_once("appended ") else {
                continue;
            };
            acknowledged.push(id.to_owned());
            seen += 1;
            if seen == kill_after
                && let Some(mut victim) = victim.take()
            {
                victim.kill().expect("kills");
                victim.wait().expect("is gone");
            }
        }
        assert!(victim.is_none(), "run {run}: the victim ended by itself");
        check(place.path(), &acknowledged);
    }
}

/// Splitmix64: enough to choose moments.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn start(folder: &Path, run: u64) -> Child {
    Command::new(std::env::current_exe().expect("has a path"))
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("journal::embedded::tests::crash::victim")
        .env(FOLDER, folder)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts")
}

/// Holds a store against what its victims have said.
fn check(folder: &Path, acknowledged: &[String]) {
    let journal = Embedded::open(config(folder)).expect("opens");
    let raw = everything(&journal, "check", Topic::Raw);
    let events = everything(&journal, "check", Topic::Events);
    let mut parts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (_, _, text) in &raw {
        let (id, part) = text.rsplit_once(' ').expect("as written");
        parts.entry(id.to_owned()).or_default().push(part);
    }
    for (id, parts) in &parts {
        assert_eq!(parts, &["x", "y", "z"], "the append {id} is whole and once");
    }
    for id in acknowledged {
        assert!(parts.contains_key(id), "{id} was acknowledged and is lost");
    }
    // Each writer may have had one append under way when it was killed.
    let runs = acknowledged.iter().map(|id| id.split(' ').next());
    let runs = runs.collect::<std::collections::BTreeSet<_>>().len();
    assert!(parts.len() <= acknowledged.len() + runs * WRITERS);

    let stats = journal.stats();
    let groups = &stats.topics[Topic::Raw.index()].groups;
    let copied = groups.iter().find(|group| group.group == "copy");
    let committed = copied.map_or(vec![0, 0], |group| group.committed.clone());
    let expected: Vec<_> = raw
        .into_iter()
        .filter(|(partition, offset, _)| *offset < committed[*partition as usize])
        .collect();
    assert_eq!(events, expected, "outputs agree with the offsets");
    let mut copy = journal.subscribe("copy", Topic::Raw, ALONE).expect("joins");
    let states = crate::journal::suite::assignments(&mut *copy);
    for (partition, state) in states {
        let seen = committed[partition as usize];
        let expected = [("seen".to_owned(), seen.to_string())];
        assert_eq!(
            state,
            &expected[usize::from(seen == 0)..],
            "so does the state"
        );
    }
    for topic in [Topic::Raw, Topic::Events] {
        journal.forget_group("check", topic).expect("forgets");
    }
}

/// Does nothing, except in a process that was started to be killed: there it never returns.
#[test]
fn victim() {
    let (Ok(folder), Ok(run)) = (std::env::var(FOLDER), std::env::var(RUN)) else {
        return;
    };
    let journal = Embedded::open(config(Path::new(&folder))).expect("opens");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (journal, run) = (&journal, &run);
            scope.spawn(move || append_forever(journal, run, writer));
        }
        copy_forever(&journal);
    });
}

fn append_forever(journal: &Embedded, run: &str, writer: usize) {
    for number in 0.. {
        let id = format!("{run} {writer} {number}");
        let key = format!("{writer} {}", number % 5);
        let all = ["x", "y", "z"].map(|part| keyed(Topic::Raw, &key, &format!("{id} {part}")));
        journal.append(all.into()).expect("appends");
        // One write a line: a line is there as a whole or not at all.
        let line = format!("\nappended {id}\n");
        let written = std::io::stdout().write_all(line.as_bytes());
        written
            .and_then(|()| std::io::stdout().flush())
            .expect("says so");
    }
}

fn copy_forever(journal: &Embedded) {
    let mut consumer = journal.subscribe("copy", Topic::Raw, ALONE).expect("joins");
    loop {
        let Polled::Batch(batch) = consumer.poll(4, Duration::from_secs(1)).expect("polls") else {
            continue;
        };
        let outputs = batch.messages.into_iter().map(|incoming| Outgoing {
            topic: Topic::Events,
            partition: Some(batch.partition),
            message: incoming.message,
        });
        let seen = batch.next_offset.to_string();
        let transaction = Transaction {
            inputs: vec![(batch.partition, batch.next_offset)],
            outputs: outputs.collect(),
            state: vec![state(batch.partition, "seen", Some(&seen))],
        };
        consumer.commit(transaction).expect("commits");
    }
}
