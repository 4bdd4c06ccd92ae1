//! Matching's share of the whole path, with a hundred agent rules.
//!
//! The path is what the first stage does with a record: parse, map, add context, redact, serialize,
//! then match. The journal, the network and the correlations come on top and would only make the
//! share smaller. Two sources: hook records of a coding agent, and records that are normalized
//! already, whose mapping is the cheapest there is and whose share is therefore the worst case.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use chaperone_detections::{FieldAliases, Lists, Matcher, RuleSet};
use chaperone_mappings::redact::{Redactor, RedactorConfig};
use chaperone_mappings::{Context, Normalized, Normalizer, Origin, Record, Sources};
use serde_json::{Value, json};

use crate::agent_rules;
use crate::args::Args;
use crate::clock::Stopwatch;
use crate::engine::Kind;
use crate::generate::Lane;

/// As many rules as the question asks for.
const RULES: usize = 100;
/// Records between two looks at the clock.
const BATCH: usize = 500;

/// One source's result.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) source: &'static str,
    pub(crate) per_second: f64,
    /// Of the whole, between 0 and 1.
    pub(crate) matching_share: f64,
    pub(crate) matches: usize,
    pub(crate) events: usize,
}

/// Measures both sources, where our engine and the lane of agents are asked for.
pub(crate) fn measure(args: &Args) -> anyhow::Result<Vec<Path>> {
    if !args.wants(Kind::Ours) || !args.lanes().contains(&Lane::Agent) {
        return Ok(Vec::new());
    }
    let files = agent_rules::files(RULES);
    let compiled = RuleSet::compile(&files, &Lists::default(), &FieldAliases::default());
    let (rules, _) = compiled.map_err(|problems| listed(&problems))?;
    let rules = Arc::new(rules);
    let normalizer = normalizer()?;
    let events = Lane::Agent.events(args.events, args.seed);
    let hooks: Vec<String> = events.iter().map(|event| hook(&event.plain)).collect();
    let plain: Vec<String> = events.into_iter().map(|event| event.plain).collect();
    let sources = [("claude_code.hook", hooks), ("ecs", plain)];
    let results = sources.into_iter().map(|(source, bodies)| {
        let records: Vec<Record> = bodies
            .into_iter()
            .map(|body| record(source, body))
            .collect();
        let mut best: Option<Path> = None;
        for _ in 0..args.rounds.max(1) {
            let path = pass(source, &records, &normalizer, &rules)?;
            if best
                .as_ref()
                .is_none_or(|best| best.per_second < path.per_second)
            {
                best = Some(path);
            }
        }
        best.context("there is at least one round")
    });
    results.collect()
}

fn normalizer() -> anyhow::Result<Normalizer> {
    let sources = Sources::builtin().map_err(|problems| listed(&problems))?;
    let redactor = Redactor::new(RedactorConfig::default());
    let (redactor, _) = redactor.map_err(|problems| listed(&problems))?;
    Ok(Normalizer::new(
        Arc::new(sources),
        Arc::new(redactor),
        Arc::new(Context::default()),
    ))
}

/// The built-in content has errors: which ones.
fn listed(problems: &[impl ToString]) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

fn record(source: &str, body: String) -> Record {
    let origin = Origin {
        source: source.to_owned(),
        received_ms: 1_772_750_000_000,
        ..Origin::default()
    };
    Record {
        origin,
        body: body.into(),
    }
}

/// The hook delivery that a normalized tool call would have come from.
fn hook(event: &str) -> String {
    let event: Value = serde_json::from_str(event).expect("the generator writes JSON");
    let text = |pointer: &str| event.pointer(pointer).cloned().unwrap_or(Value::Null);
    json!({
        "session_id": text("/gen_ai/conversation/id"),
        "transcript_path": "/home/dev/.claude/projects/x/session.jsonl",
        "cwd": "/home/dev/src/ledger",
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": text("/gen_ai/tool/name"),
        "tool_use_id": text("/gen_ai/tool/call/id"),
        "tool_input": {
            "command": text("/process/command_line"),
            "file_path": text("/file/path"),
            "url": text("/url/full"),
            "description": "Look at what the last change did before going on with the next one",
        },
    })
    .to_string()
}

fn pass(
    source: &'static str,
    records: &[Record],
    normalizer: &Normalizer,
    rules: &Arc<RuleSet>,
) -> anyhow::Result<Path> {
    let mut worker = normalizer.worker();
    let mut matcher = Matcher::new(Arc::clone(rules));
    let (mut normalizing, mut matching) = (Duration::ZERO, Duration::ZERO);
    let (mut normalized, mut found) = (Normalized::default(), Vec::new());
    let (mut events, mut matches) = (0, 0);
    for batch in records.chunks(BATCH) {
        let start = Stopwatch::start();
        for record in batch {
            worker.normalize(record, &mut normalized);
        }
        normalizing += start.elapsed();
        if let Some(refusal) = normalized.refusals.first() {
            anyhow::bail!("a record of {source} was refused: {:?}", refusal.code);
        }
        let start = Stopwatch::start();
        for event in &normalized.events {
            matcher.matches(event, &mut found);
        }
        matching += start.elapsed();
        events += normalized.events.len();
        matches += found.len();
        normalized.events.clear();
        found.clear();
    }
    ensure!(events == records.len(), "{source}: not one event a record");
    let all = normalizing + matching;
    Ok(Path {
        source,
        per_second: events as f64 / all.as_secs_f64(),
        matching_share: matching.as_secs_f64() / all.as_secs_f64(),
        matches,
        events,
    })
}
