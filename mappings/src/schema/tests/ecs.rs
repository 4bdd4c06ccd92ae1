//! Holds an event against ECS: fields, types, allowed values, expected types of a category.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::Value as Json;

use super::table::{Member, Report, choices, members, rows, words};

/// Names that are not of ECS but of OpenTelemetry or our own.
const FOREIGN: [&str; 5] = ["gen_ai", "vcs", "cicd", "mcp", "chaperone"];

struct Ecs {
    objects: BTreeMap<&'static str, BTreeMap<&'static str, Member>>,
    values: BTreeMap<&'static str, BTreeSet<&'static str>>,
    types: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

static ECS: LazyLock<Ecs> = LazyLock::new(|| {
    let mut ecs = Ecs {
        objects: BTreeMap::new(),
        values: BTreeMap::new(),
        types: BTreeMap::new(),
    };
    for [kind, name, content, ..] in rows(include_str!("../../../schema/ecs.tsv")) {
        match kind {
            "fields" => drop(ecs.objects.insert(name, members(content))),
            "values" => drop(ecs.values.insert(name, words(content))),
            "types" => drop(ecs.types.insert(name, words(content))),
            _ => panic!("an unknown row {kind}"),
        }
    }
    ecs
});

/// `own` are the vendors' own top-level names that the event may use.
pub(super) fn check(event: &Json, own: &[String], report: &mut Report) {
    let Some(root) = event.as_object() else {
        report.say("", "is no object");
        return;
    };
    for (name, value) in root {
        let foreign = FOREIGN.contains(&name.as_str()) || own.contains(name);
        check_field(name, value, foreign, report);
    }
    for path in ["@timestamp", "event.id", "event.kind", "event.dataset"] {
        if event
            .pointer(&format!("/{}", path.replace('.', "/")))
            .is_none()
        {
            report.say(path, "is missing");
        }
    }
    check_types(&event["event"], report);
}

fn check_field(path: &str, value: &Json, foreign: bool, report: &mut Report) {
    let (object, name) = path.rsplit_once('.').unwrap_or(("", path));
    let field = ECS.objects.get(object).and_then(|fields| fields.get(name));
    match (field, value) {
        (Some(field), _) => check_value(path, value, *field, report),
        (None, Json::Object(members)) if foreign || is_object(path) => {
            for (name, value) in members {
                check_field(&format!("{path}.{name}"), value, foreign, report);
            }
        }
        (None, _) if foreign => {}
        (None, _) if is_object(path) => report.say(path, "is an object in ECS, and here a value"),
        (None, _) => {
            let at = nearest_object(object);
            let known = ECS.objects[at].keys().copied();
            let known = choices(path[at.len()..].trim_start_matches('.'), known);
            let where_ = if at.is_empty() { "at the top" } else { at };
            report.say(
                path,
                format!(
                    "is no field of ECS; {where_} has {known}. Else keep it under the vendor's name"
                ),
            );
        }
    }
}

/// True where ECS has fields below.
fn is_object(path: &str) -> bool {
    let below = format!("{path}.");
    ECS.objects.contains_key(path)
        || ECS
            .objects
            .range(below.as_str()..)
            .next()
            .is_some_and(|(name, _)| name.starts_with(&below))
}

fn nearest_object(path: &str) -> &str {
    let mut at = path;
    while !ECS.objects.contains_key(at) {
        at = at.rsplit_once('.').map_or("", |(above, _)| above);
    }
    at
}

fn check_value(path: &str, value: &Json, field: Member, report: &mut Report) {
    match value {
        Json::Array(items) if field.list || field.kind == "nested" => {
            for item in items {
                check_scalar(path, item, field.kind, report);
            }
        }
        Json::Array(_) => report.say(path, "is one value in ECS, and here a list"),
        _ if field.list => report.say(path, "is a list in ECS, and here one value"),
        _ => check_scalar(path, value, field.kind, report),
    }
}

fn check_scalar(path: &str, value: &Json, kind: &str, report: &mut Report) {
    let text = value.as_str();
    let right = match kind {
        "keyword" | "wildcard" | "constant_keyword" | "match_only_text" | "text" | "version" => {
            text.is_some()
        }
        "date" => text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        "ip" => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        "long" | "integer" => value.is_i64() || value.is_u64(),
        "double" | "float" | "scaled_float" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" | "flattened" | "nested" => value.is_object(),
        "geo_point" => value["lat"].is_number() && value["lon"].is_number(),
        other => panic!("a type of ECS that is not known here: {other}"),
    };
    if !right {
        report.say(path, format!("is {}, and ECS wants {kind}", kind_of(value)));
    }
    if let (Some(allowed), Some(text)) = (ECS.values.get(path), text)
        && !allowed.contains(text)
    {
        let known = choices(text, allowed.iter().copied());
        report.say(
            path,
            format!("has a value that is not allowed: {text}; allowed: {known}"),
        );
    }
}

/// Never the value: what a field holds stays out of a report.
fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(number) if number.is_f64() => "a fraction",
        Json::Number(_) => "a whole number",
        Json::String(_) => "text of another form",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// Each type is expected with one of the categories.
fn check_types(event: &Json, report: &mut Report) {
    let list = |name: &str| -> Vec<&str> {
        let items = event[name].as_array().into_iter().flatten();
        items.filter_map(Json::as_str).collect()
    };
    let (categories, types) = (list("category"), list("type"));
    if categories.is_empty() {
        return;
    }
    for kind in types {
        let expected = |category: &&str| {
            let types = ECS.types.get(*category);
            types.is_none_or(|types| types.contains(kind))
        };
        if !categories.iter().any(expected) {
            let known: Vec<String> = categories
                .iter()
                .filter_map(|category| {
                    let types = ECS.types.get(category)?.iter().copied();
                    Some(format!(
                        "{category}: {}",
                        types.collect::<Vec<_>>().join(" ")
                    ))
                })
                .collect();
            report.say(
                "event.type",
                format!(
                    "{kind} is not expected with the category; {}",
                    known.join("; ")
                ),
            );
        }
    }
}
