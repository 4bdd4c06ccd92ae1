//! Makes the tables in `schema/` from the published schemas: facts only, and of OCSF and UDM only
//! the classes, objects and messages that the converters write.
//!
//! `cargo run -p chaperone-mappings --example schema_tables -- FOLDER`, where FOLDER holds
//! `ecs/ecs_flat.yml` (ECS), `ocsf/ocsf-1.8.0-compiled.json` (OCSF, compiled) and `udm/udm.proto`.
//! A converter that writes something new adds its name to a list here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde_json::Value;

/// The classes that the converter writes.
const CLASSES: &str = "file_activity process_activity vulnerability_finding detection_finding \
    application_security_posture_finding account_change authentication entity_management \
    group_management network_activity http_activity application_lifecycle api_activity";

/// The objects that it writes in them.
const OBJECTS: &str = "account actor affected_package ai_model analytic api application attack \
    autonomous_system cloud cve device evidences feature file finding_info fingerprint group \
    http_request http_response location managed_entity message_context metadata \
    network_connection_info network_endpoint network_traffic os process product related_event \
    request resource_details response service session span sub_technique tactic technique trace \
    url user vulnerability";

/// The messages and enumerations of UDM that it writes.
const MESSAGES: &str = "UDM Metadata Metadata.EventType Noun Noun.Platform User Group Process File \
    Location Resource Resource.ResourceType Asset Network Network.Direction Network.IpProtocol \
    Network.ApplicationProtocol Http SecurityResult SecurityResult.Action \
    SecurityResult.AlertState SecurityResult.ProductSeverity AttackDetails AttackDetails.Tactic \
    AttackDetails.Technique Label Extensions Authentication Authentication.Outcome \
    Vulnerabilities Vulnerability";

fn main() {
    let folder = env::args().nth(1).expect("name the folder of the schemas");
    let folder = Path::new(&folder);
    let read = |path: &str| fs::read_to_string(folder.join(path)).expect(path);
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let write = |name: &str, table: String| fs::write(out.join(name), table).expect(name);
    write("ecs.tsv", ecs(&read("ecs/ecs_flat.yml")));
    let compiled = read("ocsf/ocsf-1.8.0-compiled.json");
    let compiled = serde_json::from_str(&compiled).expect("the compiled schema is JSON");
    write("ocsf.tsv", ocsf(&compiled));
    write("udm.tsv", udm(&read("udm/udm.proto")));
}

/// Of a field: its type, `[]` where it is a list, its allowed values.
#[derive(Default)]
struct Field {
    kind: String,
    list: bool,
    values: Vec<String>,
    /// Of `event.category`: the types that are expected with each value.
    types: BTreeMap<String, Vec<String>>,
}

/// The file is written by a program: a field begins at column 0, what is said of it at column 2, and
/// what is said of an allowed value at column 4. That is all that is needed of YAML.
fn ecs(text: &str) -> String {
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    let (mut name, mut section, mut below) = (String::new(), "", "");
    for line in text.lines() {
        let content = line.trim_start();
        let field = fields.entry(name.clone()).or_default();
        match line.len() - content.len() {
            0 if content.ends_with(':') => {
                name = content.trim_end_matches(':').trim_matches('\'').to_owned();
            }
            2 if content.starts_with("type: ") => field.kind = content[6..].to_owned(),
            2 if content == "- array" && section == "normalize:" => field.list = true,
            2 if !content.starts_with("- ") => (section, below) = (content, ""),
            4 if section == "allowed_values:" => match content.strip_prefix("name: ") {
                Some(value) => field.values.push(value.to_owned()),
                None if content.starts_with("- ") && below == "expected_event_types:" => {
                    let pending = field.types.entry(String::new()).or_default();
                    pending.push(content[2..].to_owned());
                }
                None => below = content,
            },
            _ => {}
        }
        // The types stand before the name of their value.
        if let Some(value) = content.strip_prefix("name: ")
            && let Some(field) = fields.get_mut(&name)
            && let Some(types) = field.types.remove("")
        {
            field.types.insert(value.to_owned(), types);
        }
    }
    fields.retain(|_, field| !field.kind.is_empty());
    ecs_table(&fields)
}

fn ecs_table(fields: &BTreeMap<String, Field>) -> String {
    let mut objects: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, field) in fields {
        let (object, name) = path.rsplit_once('.').unwrap_or(("", path));
        let list = if field.list { "[]" } else { "" };
        let member = format!("{name}:{}{list}", field.kind);
        objects.entry(object).or_default().push(member);
    }
    let mut table = String::new();
    for (object, members) in objects {
        line(&mut table, &["fields", object, &members.join(" ")]);
    }
    for (path, field) in fields {
        if !field.values.is_empty() {
            line(&mut table, &["values", path, &field.values.join(" ")]);
        }
        for (category, types) in &field.types {
            line(&mut table, &["types", category, &types.join(" ")]);
        }
    }
    table
}

fn ocsf(schema: &Value) -> String {
    let mut table = String::new();
    let mut enums: BTreeMap<String, String> = BTreeMap::new();
    for (kind, names, all) in [
        ("class", CLASSES, &schema["classes"]),
        ("object", OBJECTS, &schema["objects"]),
    ] {
        for name in names.split_whitespace() {
            let item = &all[name];
            assert!(item.is_object(), "no {kind} {name}");
            let profiles = words(&item["profiles"]);
            let mut constraints = String::new();
            for (rule, members) in item["constraints"].as_object().into_iter().flatten() {
                write!(constraints, "{rule}:{};", words(members))
                    .expect("a String takes any write");
            }
            let uid = item["uid"].to_string();
            line(&mut table, &[kind, name, &uid, &profiles, &constraints]);
            for (attribute, spec) in item["attributes"].as_object().into_iter().flatten() {
                ocsf_attribute(&mut table, &mut enums, name, attribute, spec);
            }
        }
    }
    let types = schema["dictionary"]["types"]["attributes"].as_object();
    for (name, spec) in types.into_iter().flatten() {
        let base = spec["type"].as_str().unwrap_or(name);
        line(&mut table, &["type", name, base]);
    }
    for (values, name) in &enums {
        line(&mut table, &["enum", name, values]);
    }
    table
}

fn ocsf_attribute(
    table: &mut String,
    enums: &mut BTreeMap<String, String>,
    owner: &str,
    attribute: &str,
    spec: &Value,
) {
    let required = if spec["requirement"] == "required" {
        "required"
    } else {
        ""
    };
    let object = spec["object_type"].as_str();
    let kind = object.map_or_else(
        || spec["type"].as_str().unwrap_or_default().to_owned(),
        |object| format!("object {object}"),
    );
    let list = if spec["is_array"] == true { "[]" } else { "" };
    let mut named = String::new();
    // The numbers of classes and types follow from their rule.
    let by_rule = ["type_uid", "class_uid", "category_uid"].contains(&attribute);
    if let (Some(values), false) = (spec["enum"].as_object(), by_rule) {
        let values: Vec<String> = values
            .iter()
            .map(|(key, value)| format!("{key}={}", value["caption"].as_str().unwrap_or(key)))
            .collect();
        let name = format!("{owner}.{attribute}");
        named = enums.entry(values.join("|")).or_insert(name).clone();
    }
    let sibling = spec["sibling"].as_str().unwrap_or_default();
    let kind = format!("{kind}{list}");
    let profiles = words(&spec["profiles"]);
    line(
        table,
        &["", attribute, &kind, required, &profiles, &named, sibling],
    );
}

fn words(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten();
    words
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Messages and enumerations by their full names, with their members.
fn udm(text: &str) -> String {
    let bare: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ");
    let mut found: BTreeMap<String, (bool, Vec<String>)> = BTreeMap::new();
    let mut scope: Vec<String> = Vec::new();
    let mut rest = bare.as_str();
    while let Some(at) = rest.find(['{', '}', ';']) {
        let words: Vec<&str> = rest[..at].split_whitespace().collect();
        match (rest.as_bytes()[at], words.as_slice()) {
            (b'{', [kind, name, ..]) => {
                scope.push((*name).to_owned());
                let is_enum = *kind == "enum";
                found.insert(scope.join("."), (is_enum, Vec::new()));
            }
            (b'}', _) => {
                scope.pop();
            }
            (_, [first, ..]) if !["option", "reserved"].contains(first) => {
                if let Some(member) = udm_member(&words) {
                    found.entry(scope.join(".")).or_default().1.push(member);
                }
            }
            _ => {}
        }
        rest = &rest[at + 1..];
    }
    udm_table(&found)
}

/// `name:type` of a field, the name of an enumeration's value; none of anything else.
fn udm_member(words: &[&str]) -> Option<String> {
    let equals = words.iter().position(|word| *word == "=")?;
    match &words[..equals] {
        [name] => Some((*name).to_owned()),
        [first, .., name] if first.starts_with("map<") => Some(format!("{name}:map")),
        [first, .., kind, name] if *first == "repeated" => Some(format!("{name}:{kind}[]")),
        [.., kind, name] => Some(format!("{name}:{kind}")),
        [] => None,
    }
}

fn udm_table(found: &BTreeMap<String, (bool, Vec<String>)>) -> String {
    let wanted: BTreeSet<&str> = MESSAGES.split_whitespace().collect();
    let mut table = String::new();
    for name in wanted {
        let (is_enum, members) = found.get(name).unwrap_or_else(|| panic!("no {name}"));
        if *is_enum {
            line(&mut table, &["enum", name, &members.join(" ")]);
            continue;
        }
        let members = members.iter().map(|member| {
            let (field, kind) = member.split_once(':').expect("a field has a type");
            let (bare, list) = kind
                .strip_suffix("[]")
                .map_or((kind, ""), |kind| (kind, "[]"));
            // A type is looked up from the message outwards.
            let inner = format!("{name}.{bare}");
            let kind = if found.contains_key(&inner) {
                &inner
            } else {
                bare
            };
            format!("{}:{kind}{list}", camel(field))
        });
        line(
            &mut table,
            &["message", name, &members.collect::<Vec<_>>().join(" ")],
        );
    }
    table
}

/// The name in proto3 JSON.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        all.push_str(&part[..1].to_uppercase());
        all.push_str(&part[1..]);
    }
    all
}

fn line(table: &mut String, columns: &[&str]) {
    table.push_str(columns.join("\t").trim_end_matches('\t'));
    table.push('\n');
}
