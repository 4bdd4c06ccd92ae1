//! What an event costs from bytes to seal, with the JSON parse alone as the yardstick.
//!
//! `cargo bench -p chaperone-mappings` prints, for one record of each busy source: the parse, the
//! whole path through the normalizer, and what lies between them.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chaperone_mappings::redact::{Redactor, RedactorConfig};
use chaperone_mappings::{Context, Normalized, Normalizer, Origin, Record, Sources, value};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A case of each busy source, below this crate's folder.
const CASES: [(&str, &str); 7] = [
    ("github.audit", "github/audit/cases/git.clone.json"),
    (
        "github.webhook",
        "github/webhook/cases/pull_request.closed.merged.json",
    ),
    (
        "claude_code.otel",
        "claude_code/otel/cases/tool_result.bash.json",
    ),
    (
        "claude_code.hook",
        "claude_code/hook/cases/PreToolUse.bash.json",
    ),
    ("codex.otel", "codex/otel/cases/tool_result.shell.json"),
    (
        "okta.system_log",
        "okta/system_log/cases/user.session.start.json",
    ),
    ("ecs", "ecs/events/cases/nested.json"),
];

fn record(source: &str, path: &str) -> Record {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).expect("the case can be read");
    let case: serde_json::Value = serde_json::from_str(&text).expect("the case is JSON");
    Record {
        origin: Origin {
            source: source.to_owned(),
            received_ms: 1_794_475_800_000,
            headers: vec![("x-github-event".to_owned(), "pull_request".to_owned())],
            ..Origin::default()
        },
        body: case["input"].to_string().into(),
    }
}

fn context() -> Context {
    let files = [
        (
            "directory.toml",
            "agent_access_groups = [\"a\"]\n[[users]]\nnames = [\"mona-dev\", \"mona@example.com\"]\ngroups = [\"a\"]\n",
        ),
        (
            "repositories.toml",
            "[[repositories]]\nmatch = \"example/*\"\ntier = \"high\"\nagents = \"denied\"\n",
        ),
        ("networks.toml", "allowed_domains = [\"*.example\"]\n"),
        ("agents.toml", "labels = [\"agent\"]\n"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Context::load(&files).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn normalize(criterion: &mut Criterion) {
    let sources = Sources::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    let redactor = Redactor::new(RedactorConfig::default());
    let (redactor, _) = redactor.unwrap_or_else(|problems| panic!("{problems:?}"));
    let normalizer = Normalizer::new(Arc::new(sources), Arc::new(redactor), Arc::new(context()));
    for (source, path) in CASES {
        let record = record(source, path);
        let mut group = criterion.benchmark_group(source);
        group.throughput(Throughput::Bytes(record.body.len() as u64));
        group.bench_function("parse", |bencher| {
            bencher.iter(|| value::parse(black_box(&record.body)));
        });
        let mut worker = normalizer.worker();
        let mut out = Normalized::default();
        group.bench_function("whole", |bencher| {
            bencher.iter(|| {
                out.events.clear();
                worker.normalize(black_box(&record), &mut out);
                assert!(out.refusals.is_empty());
            });
        });
        group.finish();
    }
}

criterion_group!(benches, normalize);
criterion_main!(benches);
