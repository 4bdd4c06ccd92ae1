//! YAML text becomes rules, correlations and filters.
//!
//! Every problem of a file is found in one go: a broken document is left out and the others are
//! read on. Field names stay as the rule wrote them; aliases and references between documents are
//! resolved when a set is compiled, because they need the other files.
//!
//! What it refuses: `action: global` collections and aggregations, which Sigma 2 removed.

mod correlation;
mod meta;

pub(crate) use correlation::duration_ms;

use crate::condition::{self, Condition};
use crate::expr::Expr;
use crate::lists::Lists;
use crate::modifier::{self, one_or};
use crate::problem::{Place, Problem, Problems};
use crate::rule::{CorrelationRule, Document, Filter, Kind, Rule};
use crate::yaml::{self, Data, Entry, Node};

/// One YAML file. It may hold several documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleFile {
    /// As it should be named in problems.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Reads a file: the documents that are right, and every problem.
pub(crate) fn file(file: &RuleFile, lists: &Lists) -> (Vec<Document>, Vec<Problem>) {
    let mut problems = Problems::new(&file.path);
    let nodes = yaml::documents(&file.text, &mut problems);
    let mut documents = Vec::with_capacity(nodes.len());
    for node in &nodes {
        let before = problems.errors();
        let found = document(node, &file.path, lists, &mut problems);
        // A document with any error is left out whole: half a condition is another condition.
        if problems.errors() == before {
            documents.extend(found);
        }
    }
    if nodes.is_empty() && problems.errors() == 0 {
        problems.error(Place::default(), "the file is empty; write a Sigma rule");
    }
    (documents, problems.into_list())
}

fn document(node: &Node, path: &str, lists: &Lists, problems: &mut Problems) -> Option<Document> {
    if node.map().is_none() {
        problems.error(
            node.place,
            format!("expected a mapping with `title`, found {}", node.kind()),
        );
        return None;
    }
    if let Some(action) = node.entry("action") {
        problems.error(
            action.place,
            "`action` collections were removed in Sigma 2; write each rule in full",
        );
        return None;
    }
    if let Some(entry) = node.entry("correlation") {
        let mut meta = meta::read(node, Kind::Correlation, path, problems)?;
        let correlation = correlation::read(node, entry, problems)?;
        meta.kind = Kind::Correlation;
        return Some(Document::Correlation(Box::new(CorrelationRule {
            meta,
            correlation,
        })));
    }
    if let Some(entry) = node.entry("filter") {
        return filter(node, entry, path, lists, problems);
    }
    let meta = meta::read(node, Kind::Rule, path, problems);
    let Some(detection) = node.entry("detection") else {
        problems.error(
            node.place,
            "`detection` is missing; write selections and a `condition` there",
        );
        return None;
    };
    let searches = searches(&detection.value, &[], lists, problems);
    let condition = condition_of(detection, &searches, problems)?;
    Some(Document::Rule(Box::new(Rule {
        meta: meta?,
        condition,
        place: node.place,
    })))
}

fn filter(
    node: &Node,
    entry: &Entry,
    path: &str,
    lists: &Lists,
    problems: &mut Problems,
) -> Option<Document> {
    let title = meta::title(node, problems)?;
    if node.entry("logsource").is_none() {
        problems.error(node.place, "a filter needs a `logsource`");
    }
    let logsource = meta::logsource(node, problems);
    let rules = match entry.value.entry("rules") {
        None => None,
        Some(rules) if rules.value.text() == Some("any") => None,
        Some(rules) => Some(names(&rules.value, "rules", problems)),
    };
    let searches = searches(&entry.value, &["rules"], lists, problems);
    let condition = condition_of(entry, &searches, problems)?;
    Some(Document::Filter(Box::new(Filter {
        title,
        logsource,
        rules,
        condition,
        path: path.to_owned(),
    })))
}

/// A text or a list of texts, each with its place.
fn names(node: &Node, what: &str, problems: &mut Problems) -> Vec<(String, Place)> {
    let nodes = match node.list() {
        Some(list) => list,
        None => std::slice::from_ref(node),
    };
    let mut out = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node.text() {
            Some(text) => out.push((text.to_owned(), node.place)),
            None => problems.error(
                node.place,
                format!(
                    "`{what}` takes a name or a list of names, found {}",
                    node.kind()
                ),
            ),
        }
    }
    out
}

/// A named selection and what it asks.
struct Search {
    name: String,
    place: Place,
    expr: Expr,
}

fn searches(node: &Node, skip: &[&str], lists: &Lists, problems: &mut Problems) -> Vec<Search> {
    let Some(entries) = node.map() else {
        problems.error(
            node.place,
            format!(
                "expected selections and a `condition`, found {}",
                node.kind()
            ),
        );
        return Vec::new();
    };
    let mut out = Vec::new();
    for entry in entries {
        if matches!(entry.key.as_str(), "condition" | "timeframe") || skip.contains(&&*entry.key) {
            continue;
        }
        let expr = selection(&entry.value, lists, problems).unwrap_or(Expr::Or(Vec::new()));
        out.push(Search {
            name: entry.key.clone(),
            place: entry.place,
            expr,
        });
    }
    if let Some(old) = node.entry("timeframe") {
        problems.error(
            old.place,
            "`timeframe` was removed in Sigma 2; write a correlation with `timespan` instead",
        );
    }
    out
}

/// The content of a selection: a map (all), or a list (any) of maps and keywords.
fn selection(node: &Node, lists: &Lists, problems: &mut Problems) -> Option<Expr> {
    match &node.data {
        Data::Map(entries) => all_of(node, entries, lists, problems),
        Data::Scalar { .. } => modifier::keyword(node, lists, problems),
        Data::List(items) if items.is_empty() => {
            problems.error(node.place, "an empty selection can never hold; remove it");
            None
        }
        Data::List(items) => {
            let mut parts = Vec::with_capacity(items.len());
            for item in items {
                parts.push(match &item.data {
                    Data::Map(entries) => all_of(item, entries, lists, problems)?,
                    Data::Scalar { .. } => modifier::keyword(item, lists, problems)?,
                    Data::List(_) => {
                        problems.error(item.place, "expected a mapping or a keyword, found a list");
                        return None;
                    }
                });
            }
            Some(one_or(parts, Expr::Or))
        }
    }
}

fn all_of(node: &Node, entries: &[Entry], lists: &Lists, problems: &mut Problems) -> Option<Expr> {
    if entries.is_empty() {
        problems.error(
            node.place,
            "an empty selection holds for everything; remove it",
        );
        return None;
    }
    let parts: Vec<Option<Expr>> = entries
        .iter()
        .map(|entry| modifier::item(entry, lists, problems))
        .collect();
    let parts: Option<Vec<Expr>> = parts.into_iter().collect();
    Some(one_or(parts?, Expr::And))
}

/// Reads `condition` of a detection or filter: a text, or a list of them of which one suffices.
fn condition_of(parent: &Entry, searches: &[Search], problems: &mut Problems) -> Option<Expr> {
    let Some(entry) = parent.value.entry("condition") else {
        problems.error(
            parent.place,
            "`condition` is missing; name the selections that must hold, like `condition: selection`",
        );
        return None;
    };
    let nodes = match entry.value.list() {
        Some(list) => list,
        None => std::slice::from_ref(&entry.value),
    };
    let mut used = vec![false; searches.len()];
    let mut parts = Vec::with_capacity(nodes.len());
    for node in nodes {
        parts.push(one_condition(node, searches, &mut used, problems));
    }
    let parts: Option<Vec<Expr>> = parts.into_iter().collect();
    let parts = parts.filter(|parts| !parts.is_empty())?;
    for (search, used) in searches.iter().zip(used) {
        if !used && !search.name.starts_with('_') {
            problems.warning(
                search.place,
                format!("`{}` is not used by the condition", search.name),
            );
        }
    }
    Some(one_or(parts, Expr::Or))
}

fn one_condition(
    node: &Node,
    searches: &[Search],
    used: &mut [bool],
    problems: &mut Problems,
) -> Option<Expr> {
    let Some(text) = node.text() else {
        problems.error(
            node.place,
            format!("a condition is a text, found {}", node.kind()),
        );
        return None;
    };
    match condition::parse(text) {
        Ok(condition) => resolve(&condition, node, searches, used, problems),
        Err(error) => {
            problems.error(node.place_within(error.at), error.message);
            None
        }
    }
}

fn resolve(
    condition: &Condition,
    node: &Node,
    searches: &[Search],
    used: &mut [bool],
    problems: &mut Problems,
) -> Option<Expr> {
    let mut each = |parts: &[Condition]| -> Option<Vec<Expr>> {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| resolve(part, node, searches, used, problems))
            .collect();
        parts.into_iter().collect()
    };
    match condition {
        Condition::And(parts) => each(parts).map(Expr::And),
        Condition::Or(parts) => each(parts).map(Expr::Or),
        Condition::Not(inner) => {
            let inner = resolve(inner, node, searches, used, problems)?;
            Some(Expr::Not(Box::new(inner)))
        }
        Condition::Name(name, at) => {
            let Some(found) = searches.iter().position(|search| search.name == *name) else {
                problems.error(
                    node.place_within(*at),
                    format!("no selection is called `{name}`{}", known(searches)),
                );
                return None;
            };
            used[found] = true;
            Some(named(&searches[found]))
        }
        Condition::Of { all, pattern, at } => {
            let mut parts = Vec::new();
            for (search, used) in searches.iter().zip(used) {
                if of_takes(pattern, &search.name) {
                    *used = true;
                    parts.push(named(search));
                }
            }
            if parts.is_empty() {
                problems.error(
                    node.place_within(*at),
                    format!("no selection's name fits `{pattern}`{}", known(searches)),
                );
                return None;
            }
            Some(one_or(parts, if *all { Expr::And } else { Expr::Or }))
        }
    }
}

fn named(search: &Search) -> Expr {
    Expr::Named(search.name.clone(), Box::new(search.expr.clone()))
}

fn known(searches: &[Search]) -> String {
    let names: Vec<_> = searches.iter().map(|search| &*search.name).collect();
    match names.as_slice() {
        [] => "; the rule has none".to_owned(),
        names => format!("; there is {}", names.join(", ")),
    }
}

/// Whether `x of pattern` includes a name. `them` means all but those that start with `_`; a
/// pattern takes those too only where it starts with `_` itself.
pub(crate) fn of_takes(pattern: &str, name: &str) -> bool {
    if pattern == "them" {
        return !name.starts_with('_');
    }
    if name.starts_with('_') && !pattern.starts_with('_') {
        return false;
    }
    let mut pieces = crate::pattern::Pattern::default();
    for (at, part) in pattern.split('*').enumerate() {
        if at > 0 {
            pieces.push(crate::pattern::Piece::Any);
        }
        pieces.push_text(part);
    }
    crate::pattern::glob(pieces.pieces(), name)
}

#[cfg(test)]
mod tests;
