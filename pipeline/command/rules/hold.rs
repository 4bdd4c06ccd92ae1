//! `chaperone rules match`: documents of any shape against rules, one line a match.
//!
//! The rules are compiled twice at most: for normalized events, where raw vendor names stand for
//! canonical paths, and as they are written, for everything else. Each form is compiled when the
//! first document of its kind comes.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Result;
use chaperone_detections::{FieldAliases, Matcher, Problem, RuleFile, RuleSet};
use chaperone_mappings::value::{self, Value};
use serde_json::json;

use super::{compile, is_error};
use crate::clock;
use crate::command::Ended;
use crate::config::Config;
use crate::content;
use crate::read::{self, Found, Input};

/// What a normalized event says about where it comes from, and nothing else does.
const SAYS_SOURCE: [&str; 4] = [
    "chaperone.source",
    "chaperone.logsource.product",
    "chaperone.logsource.service",
    "chaperone.logsource.category",
];

/// Whether a document is a normalized event.
fn is_normalized(body: &Value) -> bool {
    SAYS_SOURCE
        .iter()
        .any(|path| value::text_at(body, path).is_some())
}

/// The same of a document's text, which is parsed only where it may say so.
fn is_normalized_text(json: &str) -> bool {
    json.contains("chaperone")
        && value::parse(json.as_bytes()).is_ok_and(|body| is_normalized(&body))
}

/// What the names of rules mean in a document.
pub(super) fn names_in(body: &Value) -> Result<FieldAliases> {
    names(is_normalized(body))
}

fn names(normalized: bool) -> Result<FieldAliases> {
    let sources = content::builtin_sources()?;
    Ok(if normalized {
        content::aliases(&sources)
    } else {
        content::spellings(&sources)
    })
}

/// The rules in one of the two forms.
struct Form {
    rules: Arc<RuleSet>,
    matcher: Matcher,
}

/// The rules, compiled for the kinds of documents that came.
struct Forms {
    files: Vec<RuleFile>,
    normalized: Option<Form>,
    written: Option<Form>,
    reported: bool,
}

impl Forms {
    fn of(&mut self, json: &str) -> Result<&mut Form> {
        let normalized = is_normalized_text(json);
        let place = if normalized {
            &mut self.normalized
        } else {
            &mut self.written
        };
        if place.is_none() {
            let (rules, problems) = compile(&self.files, &names(normalized)?);
            if !std::mem::replace(&mut self.reported, true) {
                report(&problems);
            }
            let rules = Arc::new(rules);
            *place = Some(Form {
                matcher: Matcher::new(rules.clone()),
                rules,
            });
        }
        Ok(place.as_mut().expect("it was compiled above"))
    }
}

fn report(problems: &[Problem]) {
    for problem in problems.iter().filter(|problem| is_error(problem)) {
        eprintln!("{problem}");
    }
}

/// Runs the command.
pub(super) fn run(dirs: &[PathBuf], file: Option<&Path>) -> Result<Ended> {
    let mut forms = Forms {
        files: content::rule_files(dirs)?,
        normalized: None,
        written: None,
        reported: false,
    };
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
        let Ok(json) = std::str::from_utf8(&record.body) else {
            broken += 1;
            return Ok(());
        };
        let line: usize = record
            .origin
            .place
            .rsplit(':')
            .next()
            .map_or(Ok(0), str::parse)?;
        let form = forms.of(json)?;
        let Ok(held) = form.matcher.rules_that_hold_in(json) else {
            broken += 1;
            return Ok(());
        };
        for index in held {
            let meta = form.rules.meta(*index);
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
