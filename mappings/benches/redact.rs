//! The redactor's speed, in bytes of text per second: a working day of agent events, text without a
//! keyword, and inputs made to be slow.

#[path = "../src/redact/testing/benign.rs"]
mod benign;
#[path = "../src/redact/testing/dice.rs"]
mod dice;

use std::hint::black_box;

use chaperone_mappings::redact::{Redactor, RedactorConfig};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// What a text that wants to be slow repeats.
const RUNS: [&str; 12] = [
    "\\",
    "\\\"",
    "%",
    "key",
    "key=",
    "ghp_",
    "eyJ",
    "token=a:",
    "authorization: ",
    "cookie: a=b; ",
    "-----BEGIN PRIVATE KEY-----",
    "[REDACTED:",
];

fn seal(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    redactor: &Redactor,
    name: &str,
    texts: &[String],
) {
    let mut scratch = redactor.scratch();
    group.throughput(Throughput::Bytes(
        texts.iter().map(String::len).sum::<usize>() as u64,
    ));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for text in texts {
                black_box(redactor.seal_text(black_box(text.as_bytes()), &mut scratch));
            }
        });
    });
}

fn redact(criterion: &mut Criterion) {
    let (redactor, _) = Redactor::new(RedactorConfig::default()).expect("the pack compiles");
    let mut dice = dice::Dice::new(5);
    let mut group = criterion.benchmark_group("redact");
    group.sample_size(10);
    let events: Vec<String> = (0..1000).map(|_| benign::event(&mut dice)).collect();
    seal(&mut group, &redactor, "agent events", &events);
    let quiet =
        "The quick brown fox jumps over lazy dogs while nobody looks at them.\n".repeat(50_000);
    seal(&mut group, &redactor, "no keyword", &[quiet]);
    seal(
        &mut group,
        &redactor,
        "base64",
        &[dice.text(LETTERS, 1 << 20)],
    );
    for run in RUNS {
        let text = run.repeat((1 << 20) / run.len());
        seal(&mut group, &redactor, &format!("runs of {run}"), &[text]);
    }
    group.finish();
}

criterion_group!(benches, redact);
criterion_main!(benches);
