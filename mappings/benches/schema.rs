//! What it costs to write an event in OCSF and in UDM, with the parse of its JSON as the yardstick.
//!
//! `cargo bench -p chaperone-mappings --bench schema` prints, for one event of each busy source and
//! one alert: the parse into VRL's value and into `serde_json`'s, and both conversions.

use std::hint::black_box;
use std::path::Path;

use chaperone_mappings::{Schema, schema, value};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Files below this crate's folder that hold an expected event.
const EVENTS: [(&str, &str); 7] = [
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
    (
        "alert",
        "../replay-fixtures/self-merged-agent-pr/expected-alerts.ndjson",
    ),
];

fn event(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).expect("the file can be read");
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(case) if case["expect"].is_array() => case["expect"][0].to_string(),
        _ => text.lines().next().expect("a line").to_owned(),
    }
}

fn convert(criterion: &mut Criterion) {
    for (name, path) in EVENTS {
        let json = event(path);
        let body = value::parse(json.as_bytes()).expect("the event is JSON");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function("parse", |bencher| {
            bencher.iter(|| value::parse(black_box(json.as_bytes())));
        });
        group.bench_function("parse_serde_json", |bencher| {
            bencher.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&json)));
        });
        let mut out = Vec::new();
        for schema in Schema::ALL {
            group.bench_function(schema.name(), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    schema::convert(schema, black_box(&body), &mut out).expect("an event");
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, convert);
criterion_main!(benches);
