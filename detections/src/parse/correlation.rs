//! Reads the `correlation` part of a document.

use std::collections::BTreeMap;

use super::names;
use crate::condition::{self, Condition};
use crate::correlation::{Correlation, CorrelationKind};
use crate::expr::Compare;
use crate::problem::{Place, Problems};
use crate::yaml::{Entry, Node, Scalar};

const KEYS: [&str; 11] = [
    "type",
    "rules",
    "group-by",
    "timespan",
    "condition",
    "aliases",
    "generate",
    "field",
    "percentile",
    "suppress",
    "lateness",
];
/// Ordered correlations keep sets of rules in one word.
const RULES_MAX: usize = 64;
const TYPES: &str = "event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile, value_median or new_terms";

pub(super) fn read(document: &Node, entry: &Entry, problems: &mut Problems) -> Option<Correlation> {
    let node = &entry.value;
    let Some(entries) = node.map() else {
        problems.error(
            entry.place,
            "`correlation` is a mapping with `type`, `rules` and `timespan`",
        );
        return None;
    };
    for unknown in entries.iter().filter(|entry| !KEYS.contains(&&*entry.key)) {
        problems.error(
            unknown.place,
            format!(
                "`{}` is not a key of a correlation; there is {}",
                unknown.key,
                KEYS.join(", ")
            ),
        );
    }
    let mut correlation = Correlation {
        kind: kind(node, entry.place, problems)?,
        rules: list(node, "rules", problems),
        group_by: plain(list(node, "group-by", problems)),
        timespan_ms: duration(node, "timespan", problems).unwrap_or(0),
        thresholds: Vec::new(),
        condition: None,
        fields: plain(list(node, "field", problems)),
        aliases: aliases(node, problems),
        generate: generate(document, problems) | generate(node, problems),
        suppress_ms: duration(node, "suppress", problems).unwrap_or(0),
        lateness_ms: duration(node, "lateness", problems),
        place: entry.place,
    };
    if node.entry("timespan").is_none() {
        problems.error(
            entry.place,
            "`timespan` is missing; write how far apart, like `10m`",
        );
    }
    if let Some(condition) = node.entry("condition") {
        self::condition(condition, &mut correlation, problems);
    }
    check(&mut correlation, node, entry.place, problems);
    Some(correlation)
}

fn kind(node: &Node, place: Place, problems: &mut Problems) -> Option<CorrelationKind> {
    let Some(entry) = node.entry("type") else {
        problems.error(place, format!("`type` is missing; write {TYPES}"));
        return None;
    };
    Some(match entry.value.text().unwrap_or_default() {
        "event_count" => CorrelationKind::EventCount,
        "value_count" => CorrelationKind::ValueCount,
        "value_sum" => CorrelationKind::ValueSum,
        "value_avg" => CorrelationKind::ValueAvg,
        "value_median" => CorrelationKind::ValuePercentile(50.0),
        "value_percentile" => CorrelationKind::ValuePercentile(percentile(node, place, problems)),
        "temporal" => CorrelationKind::Temporal,
        "temporal_ordered" => CorrelationKind::TemporalOrdered,
        "new_terms" => CorrelationKind::NewTerms,
        _ => {
            problems.error(entry.value.place, format!("unknown type; write {TYPES}"));
            return None;
        }
    })
}

/// The specification names no place for the percentile; pySigma reads it beside `field` or in the
/// condition. Both are understood; without one it is the 95th.
fn percentile(node: &Node, place: Place, problems: &mut Problems) -> f64 {
    let within = |node: &Node| node.entry("percentile").map(|entry| entry.value.clone());
    let found = within(node).or_else(|| within(&node.entry("condition")?.value));
    let Some(found) = found else {
        problems.warning(
            place,
            "no `percentile` is given, so the 95th is taken; write `percentile: 95`",
        );
        return 95.0;
    };
    match number(&found) {
        Some(value) if (0.0..=100.0).contains(&value) => value,
        _ => {
            problems.error(found.place, "`percentile` is a number from 0 to 100");
            0.0
        }
    }
}

fn list(node: &Node, key: &str, problems: &mut Problems) -> Vec<(String, Place)> {
    match node.entry(key) {
        Some(entry) => names(&entry.value, key, problems),
        None => Vec::new(),
    }
}

fn plain(list: Vec<(String, Place)>) -> Vec<String> {
    list.into_iter().map(|(text, _)| text).collect()
}

/// `30s`, `5m`, `2h`, `7d`; `w` as pySigma has it; `ms` as an extension.
pub(crate) fn duration_ms(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        _ => return None,
    };
    // A century bounds every later addition of times.
    let total = count.parse::<i64>().ok()?.checked_mul(unit)?;
    (total <= 36_525 * 86_400_000).then_some(total)
}

fn duration(node: &Node, key: &str, problems: &mut Problems) -> Option<i64> {
    let entry = node.entry(key)?;
    let found = entry.value.text().and_then(duration_ms);
    let found = found.filter(|ms| *ms > 0 || key == "lateness");
    if found.is_none() {
        problems.error(
            entry.value.place,
            format!("`{key}` is a number and a unit: 30s, 10m, 2h or 7d"),
        );
    }
    found
}

fn generate(node: &Node, problems: &mut Problems) -> bool {
    let Some(entry) = node.entry("generate") else {
        return false;
    };
    match entry.value.scalar() {
        Some(Scalar::Bool(value)) => value,
        _ => {
            problems.error(entry.value.place, "`generate` is true or false");
            false
        }
    }
}

fn aliases(node: &Node, problems: &mut Problems) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    let Some(entry) = node.entry("aliases") else {
        return out;
    };
    for alias in entry.value.map().unwrap_or_default() {
        let mut fields = BTreeMap::new();
        for field in alias.value.map().unwrap_or_default() {
            match field.value.text() {
                Some(text) => {
                    fields.insert(field.key.clone(), text.to_owned());
                }
                None => problems.error(field.place, "an alias names one field per rule"),
            }
        }
        if fields.is_empty() {
            problems.error(alias.place, "an alias is a mapping of rule names to fields");
        }
        out.insert(alias.key.clone(), fields);
    }
    if out.is_empty() {
        problems.error(entry.place, "`aliases` is a mapping of aliases");
    }
    out
}

fn number(node: &Node) -> Option<f64> {
    match node.scalar()? {
        Scalar::Integer(value) => Some(value as f64),
        Scalar::Float(value) => Some(value),
        _ => None,
    }
}

fn condition(entry: &Entry, correlation: &mut Correlation, problems: &mut Problems) {
    if let Some(text) = entry.value.text() {
        match condition::parse(text) {
            Ok(condition) => extended(condition, entry, correlation, problems),
            Err(error) => problems.error(entry.value.place_within(error.at), error.message),
        }
        return;
    }
    let Some(entries) = entry.value.map() else {
        problems.error(entry.place, "`condition` is a mapping like `gte: 5`");
        return;
    };
    for part in entries {
        match (part.key.as_str(), Compare::parse(&part.key), number(&part.value)) {
            ("field", ..) => correlation.fields = plain(names(&part.value, "field", problems)),
            ("percentile", ..) => {}
            (_, Some(compare), Some(value)) => correlation.thresholds.push((compare, value)),
            (_, Some(_), None) => problems.error(part.value.place, "expected a number"),
            (_, None, _) => problems.error(
                part.place,
                "unknown key in a correlation's condition; write gt, gte, lt, lte, eq, neq or field",
            ),
        }
    }
}

fn extended(
    condition: Condition,
    entry: &Entry,
    correlation: &mut Correlation,
    problems: &mut Problems,
) {
    // Sigma 2.2: without `rules` the condition's names are the rules.
    if correlation.rules.is_empty() {
        condition.names(&mut |name, at| {
            if correlation.rules.iter().all(|(known, _)| known != name) {
                let place = entry.value.place_within(at);
                correlation.rules.push((name.to_owned(), place));
            }
        });
    }
    condition.names(&mut |name, at| {
        if correlation.rules.iter().all(|(known, _)| known != name) {
            problems.error(
                entry.value.place_within(at),
                format!("`{name}` is not among the correlation's rules"),
            );
        }
    });
    correlation.condition = Some(condition);
}

fn check(correlation: &mut Correlation, node: &Node, place: Place, problems: &mut Problems) {
    use CorrelationKind as K;
    let temporal = matches!(correlation.kind, K::Temporal | K::TemporalOrdered);
    let counted = matches!(correlation.kind, K::EventCount | K::NewTerms);
    let at = |key: &str| node.entry(key).map_or(place, |entry| entry.place);
    if correlation.rules.is_empty() {
        problems.error(
            place,
            "`rules` is missing; name at least one rule by its id or name",
        );
    }
    if correlation.fields.is_empty() && !temporal && correlation.kind != K::EventCount {
        problems.error(at("condition"), "this type needs `field` in its condition");
    }
    let many = matches!(
        correlation.kind,
        K::ValueSum | K::ValueAvg | K::ValuePercentile(_)
    );
    if correlation.fields.len() > 1 && many {
        problems.error(at("condition"), "this type takes one field");
    }
    let asks = !correlation.thresholds.is_empty();
    if !temporal && !asks && correlation.kind != K::NewTerms {
        problems.error(
            at("condition"),
            "`condition` is missing; write a mapping like `gte: 5`",
        );
    }
    if correlation.condition.is_some() && !temporal {
        problems.error(
            at("condition"),
            "a condition over rule names needs a temporal type",
        );
    }
    if counted && correlation.kind == K::NewTerms && asks {
        problems.error(at("condition"), "new_terms takes `field` only");
    }
    if correlation.kind == K::TemporalOrdered && asks {
        problems.error(
            at("condition"),
            "temporal_ordered takes no count; write the names in order",
        );
    }
    if let (K::TemporalOrdered, Some(condition)) = (correlation.kind, &correlation.condition)
        && !is_sequence(condition)
    {
        problems.error(
            at("condition"),
            "an ordered condition is a chain like `a and not b and c`, with a rule that must match",
        );
    }
    if correlation.rules.len() > RULES_MAX {
        problems.error(
            at("rules"),
            format!("a correlation refers to at most {RULES_MAX} rules"),
        );
    }
    // Without a condition `temporal` asks for every rule.
    if correlation.kind == K::Temporal && !asks && correlation.condition.is_none() {
        let every = correlation.rules.len() as f64;
        correlation
            .thresholds
            .push((Compare::GreaterOrEqual, every));
    }
}

fn is_sequence(condition: &Condition) -> bool {
    let name = |part: &Condition| matches!(part, Condition::Name(..));
    let negated = |part: &Condition| matches!(part, Condition::Not(inner) if name(inner));
    match condition {
        Condition::And(parts) => {
            parts.iter().any(name) && parts.iter().all(|part| name(part) || negated(part))
        }
        other => name(other),
    }
}
