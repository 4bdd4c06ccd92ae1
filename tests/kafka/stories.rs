//! The recorded stories through the real program: what the embedded journal makes of them, one
//! process on a Kafka makes as well.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use chaperone::content::{self, Content, Folders};
use chaperone::journal::{Embedded, EmbeddedConfig, Journal, Kafka, Outgoing, Topic};
use chaperone::read::{self, Found};
use chaperone::{raw, replay};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::conformance::config as kafka_config;
use crate::program::{Running, root, wait_for};

const PARTITIONS: u32 = 3;

fn stories() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("replay-fixtures")).expect("the folder is there");
    let all = entries.map(|entry| entry.expect("an entry").path());
    let mut stories: Vec<_> = all
        .filter(|path| path.join("case.toml").is_file())
        .collect();
    stories.sort();
    stories
}

/// The ids of alerts in NDJSON.
fn ids(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let alerts = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    alerts
        .map(|alert| alert["event"]["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// Puts the records of a story into `raw`, sealed as receive does it.
fn fill(story: &Path, journal: &dyn Journal) {
    let folders = Folders {
        builtin_patterns: true,
        ..Folders::default()
    };
    let content = Content::load(&folders, None).expect("the built-in content compiles");
    let mut scratch = content.redactor.scratch();
    let inputs = read::inputs(&[story.to_owned()], "auto").expect("a story");
    let mut all = Vec::new();
    for input in &inputs {
        let counter = Arc::new(AtomicU64::new(0));
        let each = &mut |found| {
            let Found::Record(record) = found else {
                panic!("a story is made of records");
            };
            let mut message = raw::message(record);
            replay::seal(&content.redactor, &mut scratch, &mut message.value);
            all.push(Outgoing {
                topic: Topic::Raw,
                partition: Some(u32::try_from(all.len()).expect("few") % PARTITIONS),
                message,
            });
            Ok(())
        };
        read::read(input, 25 << 20, 1_795_000_000_000, &counter, each).expect("reads");
    }
    journal.append(all).expect("appends");
}

/// Runs the program over a filled journal until it has raised what is expected.
fn alerts(story: &Path, folder: &Path, journal: &str, expected: usize) -> BTreeSet<String> {
    let context = content::context_of(&[story.to_owned()]).expect("a story has a context or none");
    let context = context.map_or(String::new(), |dir| {
        format!("[context]\ndir = {:?}\n", root().join(dir))
    });
    let config = folder.join("chaperone.toml");
    let text = format!(
        "{journal}\n[receive]\nlisten = \"127.0.0.1:0\"\n{context}\n[[sinks]]\nname = \"file\"\ntype = \"file\"\npath = \"alerts.ndjson\"\n"
    );
    std::fs::write(&config, text).expect("written");
    let running = Running::start(&config);
    let path = folder.join("alerts.ndjson");
    wait_for("the alerts of the story", || {
        (ids(&path).len() >= expected).then_some(())
    });
    assert_eq!(running.stop(), 0, "it ends well");
    ids(&path)
}

#[test]
fn the_stories_raise_the_same_alerts_on_a_kafka() {
    let cluster = Cluster::start(1);
    for story in stories() {
        let name = story
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let expected = ids(&story.join("expected-alerts.ndjson"));
        if expected.is_empty() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Embedded::open(EmbeddedConfig {
            path: folder.path().join("data/journal"),
            partitions: PARTITIONS,
            ..EmbeddedConfig::default()
        });
        fill(&story, &journal.expect("opens"));
        let section = format!("[journal]\npath = \"data\"\npartitions = {PARTITIONS}");
        let embedded = alerts(&story, folder.path(), &section, expected.len());

        let folder = tempfile::tempdir().expect("a folder");
        let prefix = format!("{name}.");
        let kafka = Kafka::connect(kafka_config(&cluster, &prefix, PARTITIONS));
        fill(&story, &kafka.expect("connects"));
        let section = format!(
            "[journal]\npath = \"data\"\n[journal.kafka]\nbrokers = [\"{}\"]\nprefix = \"{prefix}\"\npartitions = {PARTITIONS}\nreplication = 1\n",
            cluster.addresses()
        );
        let kafka = alerts(&story, folder.path(), &section, expected.len());
        assert_eq!(kafka, embedded, "{name}");
        assert_eq!(kafka, expected, "{name}: as in a replay");
    }
}
