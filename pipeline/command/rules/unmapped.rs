//! Warns of a rule that names a field which no mapping of its logsource can produce: such a rule
//! compiles, and waits for ever.
//!
//! Nothing is said of logsources that no mapping serves, since their events come from elsewhere,
//! and nothing of a field that a mapping might produce.

use std::collections::BTreeMap;

use chaperone_detections::{Kind, LogSource, Problem, RuleFile, RuleMeta, RuleSet, Severity};
use chaperone_mappings::source::{Produces, Source, Sources};

/// A warning for each such field of each rule.
pub(super) fn find(rules: &RuleSet, files: &[RuleFile], sources: &Sources) -> Vec<Problem> {
    let mut produces: BTreeMap<&str, Produces> = BTreeMap::new();
    let mut problems = Vec::new();
    for meta in rules.rules().filter(|meta| meta.kind == Kind::Rule) {
        let Some(index) = rules.find(&meta.id) else {
            continue;
        };
        let serving: Vec<&Source> = sources
            .iter()
            .filter(|source| serves(source, &meta.logsource))
            .collect();
        if serving.is_empty() {
            continue;
        }
        for source in &serving {
            produces
                .entry(source.name())
                .or_insert_with(|| source.produces());
        }
        let possible = |field: &str| {
            serving
                .iter()
                .any(|source| produces[source.name()].may_hold(field))
        };
        for field in rules.fields(index) {
            if !possible(field) {
                problems.push(problem(meta, field, &serving, files));
            }
        }
    }
    problems
}

/// Whether the source's events are among those that the rule is about, as far as names can tell:
/// the category is the program's to give.
fn serves(source: &Source, about: &LogSource) -> bool {
    let Some(ours) = &source.spec().logsource else {
        return false;
    };
    let Some(product) = &about.product else {
        return false;
    };
    let service = about
        .service
        .as_ref()
        .is_none_or(|service| *service == ours.service || ours.also_services.contains(service));
    *product == ours.product && service
}

fn problem(meta: &RuleMeta, field: &str, serving: &[&Source], files: &[RuleFile]) -> Problem {
    let (line, column) = place(meta, field, files).unwrap_or((meta.line, 1));
    let names: Vec<&str> = serving.iter().map(|source| source.name()).collect();
    Problem {
        path: meta.path.clone(),
        line,
        column,
        severity: Severity::Warning,
        message: format!(
            "no event of {} has a field `{field}`; see what they have with `chaperone normalize`, or add an alias to the mapping",
            names.join(" or ")
        ),
    }
}

/// Where the rule writes the field: the first key of that name in its document.
fn place(meta: &RuleMeta, field: &str, files: &[RuleFile]) -> Option<(usize, usize)> {
    let file = files.iter().find(|file| file.path == meta.path)?;
    let lines = file.text.lines().enumerate().skip(meta.line - 1);
    for (at, line) in lines {
        let key = line.trim_start_matches([' ', '-', '{', '"', '\'']);
        let column = line.chars().count() - key.chars().count() + 1;
        let rest = key.strip_prefix(field);
        if rest.is_some_and(|rest| rest.starts_with(['|', ':', '"', '\''])) {
            return Some((at + 1, column));
        }
    }
    None
}
