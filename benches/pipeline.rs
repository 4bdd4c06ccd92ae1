//! What one event costs, step by step, beside the JSON parse alone as the yardstick, and the whole
//! path in events a second on one core. `cargo bench --bench pipeline`; figures in `README.md`.
//!
//! The event is a GitHub audit event of about 700 bytes, the rules are 50 of the kind that a team
//! writes for agents; nothing is read from disk while measuring.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use chaperone::content::{Content, Folders};
use chaperone::filter::Filter;
use chaperone::journal::embedded::{Embedded, EmbeddedConfig};
use chaperone::journal::{Batch, Incoming, Journal, Member, Message, Outgoing, Polled, Topic};
use chaperone::metrics::Metrics;
use chaperone::raw;
use chaperone::stage::Stage;
use chaperone::stage::correlate::Correlate;
use chaperone::stage::normalize::{Normalize, Parts};
use chaperone_detections::{Limits, Matcher};
use chaperone_mappings::normalize::Normalized;
use chaperone_mappings::{Origin, Record, value};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Records of one batch.
const BATCH: usize = 512;

/// An audit event; every one in a thousand is a repository made public.
fn audit_event(number: usize) -> String {
    let action = if number.is_multiple_of(1_000) {
        "repo.access"
    } else {
        "git.clone"
    };
    format!(
        r#"{{"@timestamp":{time},"_document_id":"doc-{number:012}","action":"{action}","actor":"dev-{actor}","actor_id":{actor},"actor_ip":"203.0.113.{ip}","actor_location":{{"country_code":"FR"}},"business":"acme-enterprise","business_id":48500,"created_at":{time},"external_identity_nameid":"dev-{actor}@acme.example","hashed_token":"x7Ztz0cW9QbLr3mKq1HfYt2uVn5sPd8eGjAiBoC4kE0=","operation_type":"read","org":"acme","org_id":1200,"programmatic_access_type":"Personal access token (classic)","public_repo":false,"repo":"acme/service-{repo}","repo_id":{repo},"repository":"acme/service-{repo}","token_id":881177,"token_scopes":"repo,workflow","transport_protocol":1,"transport_protocol_name":"http","user":"dev-{actor}","user_agent":"git/2.47.1","visibility":"private"}}"#,
        time = 1_794_474_847_000_i64 + number as i64,
        actor = number % 997,
        ip = number % 250,
        repo = number % 313,
    )
}

/// Fifty rules: the built-in ones, filled up with simple ones over the same fields.
fn rules(folder: &std::path::Path) {
    for number in 0..36 {
        let text = format!(
            "title: Bench rule {number}\nid: 00000000-0000-4000-8000-{number:012}\nstatus: test\nlogsource:\n  product: github\n  service: audit\ndetection:\n  action:\n    action:\n      - repo.bench_{number}\n      - team.bench_{number}\n  place:\n    repo|startswith: 'acme/secret-{number}-'\n    actor|contains: 'bot{number}'\n  condition: action or place\nlevel: low\n"
        );
        std::fs::write(folder.join(format!("bench_{number}.yml")), text).expect("written");
    }
}

fn content() -> Content {
    let folder = tempfile::tempdir().expect("a folder");
    rules(folder.path());
    let folders = Folders {
        rules: vec!["builtin".into(), folder.path().to_owned()],
        context: Some("replay-fixtures/context".into()),
        builtin_patterns: true,
        ..Folders::default()
    };
    Content::load(&folders, None).expect("the content compiles")
}

fn origin() -> Origin {
    Origin {
        source: "github.audit".into(),
        received_ms: 1_794_480_000_000,
        ..Origin::default()
    }
}

fn records() -> Vec<Record> {
    let bodies = (0..BATCH).map(audit_event);
    bodies
        .map(|body| Record {
            origin: origin(),
            body: body.into(),
        })
        .collect()
}

fn batch(records: &[Record]) -> Batch {
    let messages = records.iter().cloned().map(raw::message).enumerate();
    Batch {
        topic: Topic::Raw,
        partition: 0,
        messages: messages
            .map(|(at, message)| Incoming {
                offset: at as u64,
                message,
            })
            .collect(),
        next_offset: records.len() as u64,
    }
}

fn parts(content: &Content) -> Parts {
    Parts {
        normalizer: content.normalizer.clone(),
        redactor: content.redactor.clone(),
        rules: content.rules.clone(),
        filter: Arc::new(Filter::default()),
        match_partitions: 1,
        metrics: Arc::new(Metrics::default()),
    }
}

fn steps(criterion: &mut Criterion) {
    let content = content();
    let records = records();
    let mut worker = content.normalizer.worker();
    let mut normalized = Normalized::default();
    worker.normalize(&records[1], &mut normalized);
    let event = normalized.events.pop().expect("it maps");
    let body = &records[1].body;
    eprintln!(
        "one record has {} bytes, its event {}",
        body.len(),
        event.json().len()
    );
    let mut group = criterion.benchmark_group("one_event");
    group.throughput(Throughput::Elements(1));
    group.bench_function("1_parse_the_yardstick_serde_json", |bench| {
        bench.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(body)));
    });
    group.bench_function("2_parse", |bench| {
        bench.iter(|| value::parse(black_box(body)))
    });
    let mut scratch = content.redactor.scratch();
    group.bench_function("3_seal_the_raw_text", |bench| {
        bench.iter(|| content.redactor.seal_text(black_box(body), &mut scratch));
    });
    group.bench_function("4_normalize_parse_map_enrich_seal", |bench| {
        bench.iter(|| {
            normalized.events.clear();
            worker.normalize(black_box(&records[1]), &mut normalized);
        });
    });
    let mut matcher = Matcher::new(content.rules.clone());
    let mut matches = Vec::new();
    group.bench_function("5_match_50_rules", |bench| {
        bench.iter(|| {
            matches.clear();
            matcher.matches(black_box(&event), &mut matches);
        });
    });
    let mut json = Vec::new();
    group.bench_function("6_encode", |bench| {
        bench.iter(|| {
            json.clear();
            value::write_json(black_box(event.body()), &mut json);
        });
    });
    group.finish();
}

/// A record that is appended, normalized, committed, correlated and committed again, on one thread.
fn whole_path(criterion: &mut Criterion) {
    let content = content();
    let records = records();
    let mut group = criterion.benchmark_group("whole_path");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.sample_size(20);
    group.bench_function("stages_alone", |bench| {
        let mut normalize = Normalize::new(parts(&content));
        bench.iter_batched(
            || batch(&records),
            |batch| normalize.process(batch, 0),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("with_the_embedded_journal", |bench| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut live = Live::start(&content, folder.path());
        let mut scratch = content.redactor.scratch();
        bench.iter(|| {
            let sealed = records.iter().cloned().map(|mut record| {
                if let Some(sealed) = content.redactor.seal_text(&record.body, &mut scratch) {
                    record.body = Bytes::from(sealed);
                }
                record
            });
            live.pass(sealed);
        });
    });
    group.finish();
}

/// Both stages over an embedded journal of one partition.
struct Live {
    journal: Embedded,
    stages: Vec<(Box<dyn Stage>, Box<dyn chaperone::journal::Consumer>)>,
}

impl Live {
    fn start(content: &Content, folder: &std::path::Path) -> Self {
        let config = EmbeddedConfig {
            path: folder.join("journal"),
            partitions: 1,
            ..EmbeddedConfig::default()
        };
        let journal = Embedded::open(config).expect("the journal opens");
        let alone = Member { index: 0, count: 1 };
        let metrics = Arc::new(Metrics::default());
        let stages: Vec<Box<dyn Stage>> = vec![
            Box::new(Normalize::new(parts(content))),
            Box::new(Correlate::new(
                content.rules.clone(),
                Limits::default(),
                metrics,
                1,
            )),
        ];
        let stages = stages.into_iter().map(|stage| {
            let consumer = journal
                .subscribe("bench", stage.input(), alone)
                .expect("it subscribes");
            (stage, consumer)
        });
        let stages = stages.collect();
        Self { journal, stages }
    }

    fn pass(&mut self, records: impl Iterator<Item = Record>) {
        let outgoing = records.map(|record| Outgoing {
            topic: Topic::Raw,
            partition: None,
            message: Message {
                key: Bytes::new(),
                ..raw::message(record)
            },
        });
        self.journal.append(outgoing.collect()).expect("the append");
        for (stage, consumer) in &mut self.stages {
            loop {
                match consumer
                    .poll(1_000, std::time::Duration::ZERO)
                    .expect("a poll")
                {
                    Polled::Assigned { partition, state } => {
                        stage.assign(partition, state).expect("assigned")
                    }
                    Polled::Revoked { partition } => stage.revoke(partition),
                    Polled::Batch(batch) => {
                        let transaction = stage.process(batch, 0);
                        consumer.commit(transaction).expect("a commit");
                    }
                    Polled::Idle { .. } => break,
                }
            }
        }
    }
}

criterion_group!(benches, steps, whole_path);
criterion_main!(benches);
