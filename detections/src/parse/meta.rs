//! What a document says about itself: title, id, level, logsource and the rest.

use crate::problem::Problems;
use crate::rule::{Kind, Level, LogSource, RuleMeta};
use crate::yaml::Node;

const STATUSES: [&str; 5] = [
    "stable",
    "test",
    "experimental",
    "deprecated",
    "unsupported",
];

pub(super) fn title(node: &Node, problems: &mut Problems) -> Option<String> {
    let title = text(node, "title", problems).filter(|title| !title.trim().is_empty());
    if title.is_none() {
        problems.error(
            node.place,
            "`title` is missing; say in a few words what the rule finds",
        );
    }
    title
}

pub(super) fn read(
    node: &Node,
    kind: Kind,
    path: &str,
    problems: &mut Problems,
) -> Option<RuleMeta> {
    let title = title(node, problems)?;
    let id = text(node, "id", problems);
    let name = text(node, "name", problems);
    if id.is_none() {
        problems.warning(
            node.place,
            "`id` is missing; alerts are told apart by it, so write a UUID",
        );
    }
    if kind == Kind::Rule && node.entry("logsource").is_none() {
        problems.error(
            node.place,
            "`logsource` is missing; say which events the rule is about, like `product: github`",
        );
    }
    let level = level(node, problems);
    let status = status(node, problems);
    Some(RuleMeta {
        id: id.or_else(|| name.clone()).unwrap_or_else(|| slug(&title)),
        name,
        level,
        status,
        description: text(node, "description", problems).map(|text| text.trim().to_owned()),
        author: text(node, "author", problems),
        references: texts(node, "references", problems),
        tags: texts(node, "tags", problems),
        falsepositives: texts(node, "falsepositives", problems),
        fields: texts(node, "fields", problems),
        logsource: logsource(node, problems),
        kind,
        path: path.to_owned(),
        line: node.place.line,
        title,
    })
}

pub(super) fn logsource(node: &Node, problems: &mut Problems) -> LogSource {
    let Some(entry) = node.entry("logsource") else {
        return LogSource::default();
    };
    if entry.value.map().is_none() {
        problems.error(
            entry.place,
            "`logsource` is a mapping of `product`, `service` and `category`",
        );
    }
    let source = LogSource {
        category: text(&entry.value, "category", problems),
        product: text(&entry.value, "product", problems),
        service: text(&entry.value, "service", problems),
    };
    if source == LogSource::default() {
        problems.warning(
            entry.place,
            "this logsource names no product, service or category, so the rule looks at every event",
        );
    }
    source
}

fn level(node: &Node, problems: &mut Problems) -> Level {
    let Some(text) = text(node, "level", problems) else {
        return Level::default();
    };
    Level::parse(&text).unwrap_or_else(|| {
        let place = node
            .entry("level")
            .map_or(node.place, |entry| entry.value.place);
        let names = Level::ALL.map(Level::name).join(", ");
        problems.error(place, format!("unknown level; write one of {names}"));
        Level::default()
    })
}

fn status(node: &Node, problems: &mut Problems) -> Option<String> {
    let status = text(node, "status", problems)?;
    if !STATUSES.contains(&status.as_str()) {
        let place = node
            .entry("status")
            .map_or(node.place, |entry| entry.value.place);
        problems.warning(
            place,
            format!("unknown status; write one of {}", STATUSES.join(", ")),
        );
    }
    Some(status)
}

fn text(node: &Node, key: &str, problems: &mut Problems) -> Option<String> {
    let entry = node.entry(key)?;
    if entry.value.scalar().is_none() {
        problems.error(
            entry.value.place,
            format!("`{key}` is one text, found {}", entry.value.kind()),
        );
    }
    entry.value.text().map(str::to_owned)
}

fn texts(node: &Node, key: &str, problems: &mut Problems) -> Vec<String> {
    let Some(entry) = node.entry(key) else {
        return Vec::new();
    };
    if entry.value.text().is_none() && entry.value.scalar().is_some() {
        return Vec::new();
    }
    super::names(&entry.value, key, problems)
        .into_iter()
        .map(|(text, _)| text)
        .collect()
}

/// An id for a rule that has none: the title's words.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}
