//! `chaperone rules check|test|list|match|explain|backtest`.
//!
//! Rules meet two kinds of documents. A normalized event holds what a rule's raw vendor names were
//! mapped to, so there the names are resolved through the mappings' aliases. Any other JSON is held
//! against the rules as they are written. Which of the two a document is, it says itself: a
//! normalized event names its source.

mod backtest;
mod hold;
mod list;
mod report;
mod unmapped;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use chaperone_detections::explain::explain;
use chaperone_detections::{FieldAliases, Lists, Problem, RuleFile, RuleSet, Severity, cases};
use chaperone_mappings::value;

use super::{Ended, Invalid};
use crate::cli::{CaseFormat, RulesCommand};
use crate::content;

/// Runs the command.
pub fn run(command: &RulesCommand) -> Result<Ended> {
    match command {
        RulesCommand::Check { dirs } => check(dirs),
        RulesCommand::List { dirs } if dirs.is_empty() => list(&["builtin".into()]),
        RulesCommand::List { dirs } => list(dirs),
        RulesCommand::Test { dirs, format } => test(dirs, *format),
        RulesCommand::Backtest(args) => backtest::run(args),
        RulesCommand::Explain { rule, event } => explain_event(rule, event),
        RulesCommand::Match { rules, file } => hold::run(rules, file.as_deref()),
    }
}

/// Compiles what is right, for normalized events; the problems of the rest come beside it.
fn lenient(files: &[RuleFile]) -> Result<(RuleSet, Vec<Problem>)> {
    let aliases = content::aliases(&content::builtin_sources()?);
    Ok(compile(files, &aliases))
}

fn compile(files: &[RuleFile], aliases: &FieldAliases) -> (RuleSet, Vec<Problem>) {
    RuleSet::compile_lenient(files, &Lists::default(), aliases)
}

fn check(dirs: &[PathBuf]) -> Result<Ended> {
    let files = content::rule_files(dirs)?;
    let sources = content::builtin_sources()?;
    let (rules, mut problems) = compile(&files, &content::aliases(&sources));
    problems.extend(unmapped::find(&rules, &files, &sources));
    problems.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
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
    let (rules, problems) = lenient(&content::rule_files(dirs)?)?;
    list::print(&rules)?;
    for problem in problems.iter().filter(|problem| is_error(problem)) {
        eprintln!("{problem}");
    }
    Ok(Ended::Well)
}

/// Runs every cases file against the rules of all folders, so that a case sees the filters and
/// correlations that its rule would meet.
fn test(dirs: &[PathBuf], format: CaseFormat) -> Result<Ended> {
    let (rules, problems) = lenient(&content::rule_files(dirs)?)?;
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
    match format {
        CaseFormat::Table => report::table(&results)?,
        CaseFormat::Junit => report::junit(&results)?,
    }
    let differs = results.iter().any(|result| result.difference.is_some());
    Ok(if differs { Ended::Differs } else { Ended::Well })
}

/// `a/b.yml` for `a/b.cases.yml`.
fn rule_of(cases: &str) -> String {
    cases.replacen(".cases.y", ".y", 1)
}

fn explain_event(rule: &Path, event: &Path) -> Result<Ended> {
    let name = event.display();
    let text = std::fs::read(event).with_context(|| format!("{name} cannot be read"))?;
    let body = value::parse(&text).map_err(|error| {
        super::invalid(format!(
            "{name}:{}:{}: not a JSON document",
            error.line, error.column
        ))
    })?;
    let files = content::rule_files(&[rule.to_owned()])?;
    let (rules, problems) = compile(&files, &hold::names_in(&body)?);
    if problems.iter().any(is_error) {
        return Err(Invalid(problems.iter().map(ToString::to_string).collect()).into());
    }
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
