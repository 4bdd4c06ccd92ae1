//! `chaperone rules check|test|list|match|explain`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result};
use chaperone_detections::cases::{self, CaseResult};
use chaperone_detections::explain::explain;
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
        RulesCommand::Test { dirs } => test(dirs),
        RulesCommand::Explain { rule, event } => explain_event(rule, event),
        RulesCommand::Match { rules, file } => matches(rules, file.as_deref()),
    }
}

/// Compiles what is right; the problems of the rest come beside it.
fn lenient(dirs: &[PathBuf]) -> Result<(RuleSet, Vec<Problem>)> {
    let files = content::rule_files(dirs)?;
    let aliases = content::aliases(&content::builtin_sources()?);
    Ok(RuleSet::compile_lenient(
        &files,
        &chaperone_detections::Lists::default(),
        &aliases,
    ))
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
        let attack = meta
            .tags
            .iter()
            .filter_map(|tag| tag.strip_prefix("attack."));
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

/// Runs every cases file against the rules of all folders, so that a case sees the filters and
/// correlations that its rule would meet.
fn test(dirs: &[PathBuf]) -> Result<Ended> {
    let (rules, problems) = lenient(dirs)?;
    let mut broken: Vec<String> = problems
        .iter()
        .filter(|problem| is_error(problem))
        .map(ToString::to_string)
        .collect();
    let rules = Arc::new(rules);
    let mut results = Vec::new();
    for file in content::case_files(dirs)? {
        match cases::read(&file) {
            Ok(read) => results.extend(cases::run(&rules, &rule_of(&file.path), &read)),
            Err(found) => broken.extend(found.iter().map(ToString::to_string)),
        }
    }
    if !broken.is_empty() {
        return Err(Invalid(broken).into());
    }
    report(&results)
}

/// `a/b.yml` for `a/b.cases.yml`.
fn rule_of(cases: &str) -> String {
    cases.replacen(".cases.y", ".y", 1)
}

fn report(results: &[CaseResult]) -> Result<Ended> {
    let mut out = io::stdout().lock();
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["", "case", "where"]);
    for result in results {
        let verdict = if result.difference.is_none() {
            "ok"
        } else {
            "DIFFERS"
        };
        let place = format!("{}:{}", result.path, result.line);
        table.add_row([verdict, &result.name, &place]);
    }
    writeln!(out, "{table}")?;
    let different: Vec<_> = results
        .iter()
        .filter_map(|result| Some((result, result.difference.as_ref()?)))
        .collect();
    for (result, difference) in &different {
        writeln!(
            out,
            "{}:{}: {}\n  {difference}",
            result.path, result.line, result.name
        )?;
    }
    writeln!(out, "{} cases, {} differ", results.len(), different.len())?;
    Ok(if different.is_empty() {
        Ended::Well
    } else {
        Ended::Differs
    })
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
        let line: usize = record
            .origin
            .place
            .rsplit(':')
            .next()
            .map_or(Ok(0), str::parse)?;
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

fn explain_event(rule: &Path, event: &Path) -> Result<Ended> {
    let (rules, problems) = lenient(&[rule.to_owned()])?;
    if problems.iter().any(is_error) {
        return Err(Invalid(problems.iter().map(ToString::to_string).collect()).into());
    }
    let name = event.display();
    let text = std::fs::read(event).with_context(|| format!("{name} cannot be read"))?;
    let body = value::parse(&text).map_err(|error| {
        super::invalid(format!(
            "{name}:{}:{}: not a JSON document",
            error.line, error.column
        ))
    })?;
    let mut out = io::stdout().lock();
    for meta in rules.rules() {
        if let Some(index) = rules.find(&meta.id) {
            writeln!(out, "{}\n{}", meta.title, explain(&rules, index, &body))?;
        }
    }
    Ok(Ended::Well)
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

fn logsource(source: &chaperone_detections::LogSource) -> String {
    let parts = [&source.product, &source.service, &source.category];
    parts
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join("/")
}
