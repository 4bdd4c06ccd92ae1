//! `chaperone rules check|test|list|match|explain`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Result;
use chaperone_detections::{Matcher, Problem, RuleSet, Severity};
use chaperone_mappings::value;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde_json::json;

use super::{Ended, Invalid};
use crate::cli::RulesCommand;
use crate::clock;
use crate::config::Config;
use crate::content;
use crate::read::{self, Found, Input};

/// Runs the command.
pub fn run(command: &RulesCommand) -> Result<Ended> {
    match command {
        RulesCommand::Check { dirs } => check(dirs),
        RulesCommand::List { dirs } if dirs.is_empty() => list(&["builtin".into()]),
        RulesCommand::List { dirs } => list(dirs),
        RulesCommand::Test { .. } | RulesCommand::Explain { .. } => Err(super::invalid("soon")),
        RulesCommand::Match { rules, file } => matches(rules, file.as_deref()),
    }
}

/// Compiles what is right; the problems of the rest come beside it.
fn lenient(dirs: &[PathBuf]) -> Result<(RuleSet, Vec<Problem>)> {
    let files = content::rule_files(dirs)?;
    let aliases = content::aliases(&content::builtin_sources()?);
    Ok(RuleSet::compile_lenient(&files, &chaperone_detections::Lists::default(), &aliases))
}

fn check(dirs: &[PathBuf]) -> Result<Ended> {
    let (rules, problems) = lenient(dirs)?;
    let (errors, warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_error);
    for warning in &warnings {
        eprintln!("{warning}");
    }
    let number = rules.rules().count();
    let (wrong, doubtful) = (errors.len(), warnings.len());
    if errors.is_empty() {
        println!("{number} rules, {doubtful} warnings");
        return Ok(Ended::Well);
    }
    eprintln!("{number} rules are fine, {wrong} errors, {doubtful} warnings");
    Err(Invalid(errors.iter().map(ToString::to_string).collect()).into())
}

fn list(dirs: &[PathBuf]) -> Result<Ended> {
    let (rules, problems) = lenient(dirs)?;
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["level", "title", "ATT&CK", "logsource", "id"]);
    let mut metas: Vec<_> = rules.rules().collect();
    metas.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.title.cmp(&b.title)));
    for meta in metas {
        let attack = meta.tags.iter().filter_map(|tag| tag.strip_prefix("attack."));
        table.add_row([
            meta.level.name().to_owned(),
            meta.title.clone(),
            attack.collect::<Vec<_>>().join(", "),
            logsource(&meta.logsource),
            meta.id.clone(),
        ]);
    }
    writeln!(io::stdout(), "{table}")?;
    for problem in problems.iter().filter(|problem| is_error(problem)) {
        eprintln!("{problem}");
    }
    Ok(Ended::Well)
}

fn matches(dirs: &[PathBuf], file: Option<&Path>) -> Result<Ended> {
    let (rules, problems) = lenient(dirs)?;
    for problem in problems.iter().filter(|problem| is_error(problem)) {
        eprintln!("{problem}");
    }
    let rules = Arc::new(rules);
    let mut matcher = Matcher::new(rules.clone());
    let mut out = BufWriter::new(io::stdout().lock());
    let input = Input::new(file.unwrap_or(Path::new("-")), "");
    let limit = usize::try_from(Config::builtin().receive.body_bytes_max.0)?;
    let counted = Arc::new(AtomicU64::new(0));
    let mut broken = 0_u64;
    read::read(&input, limit, clock::now_ms(), &counted, &mut |found| {
        let Found::Record(record) = found else {
            broken += 1;
            return Ok(());
        };
        let Ok(body) = value::parse(&record.body) else {
            broken += 1;
            return Ok(());
        };
        let line: usize = record.origin.place.rsplit(':').next().map_or(Ok(0), str::parse)?;
        for index in matcher.rules_that_hold(&body) {
            let meta = rules.meta(*index);
            let found = json!({"rule_id": meta.id, "rule_title": meta.title, "line": line});
            writeln!(out, "{found}")?;
        }
        Ok(())
    })?;
    out.flush()?;
    if broken > 0 {
        eprintln!("{broken} lines are not JSON documents and were passed by");
    }
    Ok(Ended::Well)
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

fn logsource(source: &chaperone_detections::LogSource) -> String {
    let parts = [&source.product, &source.service, &source.category];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("/")
}
