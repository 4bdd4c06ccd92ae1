//! The index templates: ECS as our table has it, and rules for what has no declared type.
//!
//! A field whose type is guessed from the first document refuses the second one that differs. So the
//! ECS fields are declared, other texts are keywords, numbers that do not fit are ignored instead of
//! refused, and what has any shape (a tool's arguments and results, a script's context) is kept and
//! not indexed. Long texts are kept whole and indexed up to a bound: Lucene refuses terms of
//! more than 32,766 bytes.

use chaperone_mappings::schema::ecs_fields;
use serde_json::{Map, Value, json};

use super::Engine;
use super::install::{Part, VERSION};
use crate::unit::Span;

/// The sets of ECS fields that events use. Others (`dll`, `registry`, …) are typed by the rules.
const SETS: &[&str] = &[
    "",
    "client",
    "cloud",
    "container",
    "data_stream",
    "destination",
    "device",
    "dns",
    "ecs",
    "email",
    "error",
    "event",
    "file",
    "gen_ai",
    "group",
    "host",
    "http",
    "log",
    "network",
    "observer",
    "orchestrator",
    "organization",
    "package",
    "process",
    "related",
    "rule",
    "server",
    "service",
    "source",
    "span",
    "threat",
    "tls",
    "trace",
    "transaction",
    "url",
    "user",
    "user_agent",
    "vulnerability",
];
/// Parts of names below which are hundreds of fields that no source has.
const SKIPPED: &[&str] = &[
    "elf",
    "enrichments",
    "entity",
    "entry_leader",
    "entry_meta",
    "group_leader",
    "indicator",
    "macho",
    "pe",
    "session_leader",
];
/// Kept and not indexed: they are objects in one event and texts in the next.
const ANY_SHAPE: &[&str] = &[
    "chaperone.alert.context",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
];
/// The fields that are ours.
const OWN: &[(&str, &str)] = &[
    ("chaperone.alert.count", "long"),
    ("chaperone.alert.events", "keyword"),
    ("chaperone.alert.first_seen", "date"),
    ("chaperone.alert.last_seen", "date"),
    ("chaperone.alert.level", "keyword"),
    ("chaperone.source", "keyword"),
    ("chaperone.tenant", "keyword"),
];
/// Characters of a keyword that are indexed; in UTF-8 at most 32,766 bytes.
const KEYWORD_MAX: u32 = 8_191;

/// Everything that is to be there, in the order in which it is put.
pub(super) fn all(engine: Engine, retention: Option<Span>) -> Vec<Part> {
    let mut parts = Vec::new();
    if engine == Engine::Elasticsearch {
        parts.push(lifecycle(retention));
    }
    let component = "/_component_template";
    let version = Some("/component_templates/0/component_template/version");
    parts.push(Part {
        path: format!("{component}/chaperone@custom"),
        version: None,
        body: json!({"template": {}, "_meta": {"description": "Yours: chaperone never changes it."}}),
    });
    // In one: alone, the mappings would be held against the default limit of 1,000 fields.
    let template = json!({"settings": settings(engine), "mappings": mappings(engine)});
    parts.push(Part {
        path: format!("{component}/chaperone@ecs"),
        version,
        body: json!({"version": VERSION, "template": template}),
    });
    parts.extend(["events", "alerts"].map(|what| Part {
        path: format!("/_index_template/logs-chaperone.{what}"),
        version: Some("/index_templates/0/index_template/version"),
        body: json!({
            "version": VERSION,
            "index_patterns": [format!("logs-chaperone.{what}-*")],
            "data_stream": {},
            // Above the built-in template of Elasticsearch for logs-*-* (100).
            "priority": 500,
            "composed_of": ["chaperone@ecs", "chaperone@custom"],
        }),
    }));
    parts
}

/// A new backing index at 50 GB or after a month; old ones are kept unless somebody says how long.
fn lifecycle(retention: Option<Span>) -> Part {
    let rollover = json!({"max_primary_shard_size": "50gb", "max_age": "30d"});
    let mut phases = json!({"hot": {"actions": {"rollover": rollover}}});
    if let Some(Span(retention)) = retention {
        let age = format!("{}s", retention.as_secs());
        phases["delete"] = json!({"min_age": age, "actions": {"delete": {}}});
    }
    Part {
        path: "/_ilm/policy/chaperone".to_owned(),
        version: None,
        body: json!({"policy": {"phases": phases}}),
    }
}

fn settings(engine: Engine) -> Value {
    let mut settings = json!({
        "index.mapping.ignore_malformed": true,
        "index.mapping.total_fields.limit": 10_000,
    });
    if engine == Engine::Elasticsearch {
        settings["index.lifecycle.name"] = "chaperone".into();
    }
    settings
}

fn mappings(engine: Engine) -> Value {
    let mut properties = Map::new();
    for (name, kind) in ecs_fields().filter(|(name, _)| is_used(name)) {
        if let Some(field) = field(engine, &name, kind) {
            put(&mut properties, &name, field);
        }
    }
    for (name, kind) in OWN {
        let field = field(engine, name, kind).expect("our own types are known");
        put(&mut properties, name, field);
    }
    for name in ANY_SHAPE {
        let field = json!({"type": "object", "enabled": false});
        put(&mut properties, name, field);
    }
    let text = json!({"type": "keyword", "ignore_above": KEYWORD_MAX});
    json!({
        "date_detection": false,
        "numeric_detection": false,
        "dynamic_templates": [
            {"texts": {"match_mapping_type": "string", "mapping": text}},
        ],
        "properties": properties,
    })
}

fn is_used(name: &str) -> bool {
    let (set, _) = name.split_once('.').unwrap_or(("", name));
    SETS.contains(&set) && !name.split('.').any(|part| SKIPPED.contains(&part))
}

/// How a field of ECS is declared; None where its content decides (an object).
fn field(engine: Engine, name: &str, kind: &str) -> Option<Value> {
    let keyword = |most| json!({"type": "keyword", "ignore_above": most});
    Some(match kind {
        "object" => return None,
        "keyword" => keyword(1024),
        // Parts of a stream's name; a fixed value would refuse what came from another stream.
        "constant_keyword" => keyword(1024),
        // OpenSearch has it since 2.15 only.
        "wildcard" if engine.is_opensearch() => keyword(KEYWORD_MAX),
        "match_only_text" if engine.is_opensearch() => json!({"type": "text"}),
        // OpenSearch's own type for that refuses long texts.
        "flattened" if engine.is_opensearch() => return None,
        "flattened" => json!({"type": "flattened", "ignore_above": KEYWORD_MAX}),
        // Lists of words, in OpenTelemetry and in what agents send.
        "nested" if name.starts_with("gen_ai.") => keyword(1024),
        "scaled_float" => json!({"type": kind, "scaling_factor": 1000}),
        _ => json!({"type": kind}),
    })
}

/// Puts a field at its dotted name.
fn put(properties: &mut Map<String, Value>, name: &str, field: Value) {
    let Some((first, rest)) = name.split_once('.') else {
        properties.insert(name.to_owned(), field);
        return;
    };
    let object = properties
        .entry(first)
        .or_insert_with(|| json!({"properties": {}}));
    if let Some(Value::Object(inner)) = object.get_mut("properties") {
        put(inner, rest, field);
    }
}
