//! Holds a document against OCSF: required, type, enumeration, sibling, constraint, profile, numbers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use super::table::{Report, choices, rows};

struct Attribute {
    kind: &'static str,
    list: bool,
    required: bool,
    profiles: Vec<&'static str>,
    values: &'static str,
    sibling: &'static str,
}

#[derive(Default)]
struct Shape {
    name: &'static str,
    profiles: Vec<&'static str>,
    constraints: &'static str,
    attributes: BTreeMap<&'static str, Attribute>,
}

#[derive(Default)]
struct Ocsf {
    classes: BTreeMap<i64, Shape>,
    objects: BTreeMap<&'static str, Shape>,
    types: BTreeMap<&'static str, &'static str>,
    enums: BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>,
}

static OCSF: LazyLock<Ocsf> = LazyLock::new(read);

fn read() -> Ocsf {
    let mut ocsf = Ocsf::default();
    let mut open: Option<(&str, &str, Shape)> = None;
    for [kind, name, a, b, c, d, e] in rows(include_str!("../../../schema/ocsf.tsv")) {
        if kind.is_empty() {
            let (_, _, shape) = open.as_mut().expect("an attribute belongs to something");
            let attribute = Attribute {
                kind: a.trim_end_matches("[]"),
                list: a.ends_with("[]"),
                required: b == "required",
                profiles: c.split_whitespace().collect(),
                values: d,
                sibling: e,
            };
            shape.attributes.insert(name, attribute);
            continue;
        }
        match open.take() {
            Some(("class", uid, shape)) => {
                let uid = uid.parse().expect("a class has a number");
                ocsf.classes.insert(uid, shape);
            }
            Some((_, _, shape)) => drop(ocsf.objects.insert(shape.name, shape)),
            None => {}
        }
        match kind {
            "class" | "object" => {
                let shape = Shape {
                    name,
                    profiles: b.split_whitespace().collect(),
                    constraints: c,
                    attributes: BTreeMap::new(),
                };
                open = Some((kind, a, shape));
            }
            "type" => drop(ocsf.types.insert(name, a)),
            "enum" => {
                let pairs = a.split('|').filter_map(|pair| pair.split_once('='));
                ocsf.enums.insert(name, pairs.collect());
            }
            _ => panic!("an unknown row {kind}"),
        }
    }
    ocsf
}

pub(super) fn check(document: &Json, report: &mut Report) {
    let number = |name: &str| document[name].as_i64().unwrap_or(-1);
    let Some(class) = OCSF.classes.get(&number("class_uid")) else {
        report.say("class_uid", "is no class of the table");
        return;
    };
    if number("category_uid") != number("class_uid") / 1000 {
        report.say("category_uid", "is not the class's");
    }
    if number("type_uid") != number("class_uid") * 100 + number("activity_id") {
        report.say("type_uid", "is not class_uid * 100 + activity_id");
    }
    let used = document["metadata"]["profiles"]
        .as_array()
        .into_iter()
        .flatten();
    let used: Vec<&str> = used.filter_map(Json::as_str).collect();
    for profile in &used {
        if !class.profiles.contains(profile) {
            let known = choices(profile, class.profiles.iter().copied());
            let what = format!("{} has no profile {profile}; it has {known}", class.name);
            report.say("metadata.profiles", what);
        }
    }
    let members = document.as_object().expect("a class is an object");
    check_shape("", members, class, &used, report);
}

fn check_shape(
    path: &str,
    members: &Map<String, Json>,
    shape: &Shape,
    used: &[&str],
    report: &mut Report,
) {
    let at = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, value) in members {
        let Some(attribute) = shape.attributes.get(name.as_str()) else {
            let known = choices(name, shape.attributes.keys().copied());
            report.say(
                &at(name),
                format!("is no attribute of {}; it has {known}", shape.name),
            );
            continue;
        };
        let of_profile = attribute
            .profiles
            .iter()
            .any(|profile| used.contains(profile));
        if !attribute.profiles.is_empty() && !of_profile {
            let profiles = attribute.profiles.join(" or ");
            report.say(
                &at(name),
                format!("needs the profile {profiles} in metadata.profiles"),
            );
        }
        check_attribute(&at(name), value, attribute, used, report);
        check_enum(&at(name), value, attribute, members, report);
    }
    for (name, attribute) in &shape.attributes {
        let wanted = attribute.profiles.is_empty()
            || attribute
                .profiles
                .iter()
                .any(|profile| used.contains(profile));
        if attribute.required && wanted && !members.contains_key(*name) {
            report.say(&at(name), format!("is required in {}", shape.name));
        }
    }
    for rule in shape.constraints.split(';').filter(|rule| !rule.is_empty()) {
        let (rule, names) = rule
            .split_once(':')
            .expect("a constraint names its attributes");
        let there = names
            .split(' ')
            .filter(|name| members.contains_key(*name))
            .count();
        let held = match rule {
            "at_least_one" => there > 0,
            "just_one" => there == 1,
            _ => panic!("an unknown constraint {rule}"),
        };
        if !held {
            report.say(path, format!("{} wants {rule} of {names}", shape.name));
        }
    }
}

fn check_attribute(
    path: &str,
    value: &Json,
    attribute: &Attribute,
    used: &[&str],
    report: &mut Report,
) {
    if attribute.kind == "json_t" {
        return;
    }
    match (value, attribute.list) {
        (Json::Array(items), true) => {
            for (at, item) in items.iter().enumerate() {
                check_one(&format!("{path}[{at}]"), item, attribute.kind, used, report);
            }
        }
        (_, true) => report.say(path, "is a list in OCSF, and here one value"),
        (_, false) => check_one(path, value, attribute.kind, used, report),
    }
}

fn check_one(path: &str, value: &Json, kind: &str, used: &[&str], report: &mut Report) {
    if let Some(object) = kind.strip_prefix("object ") {
        let Some(members) = value.as_object() else {
            report.say(path, format!("is no object, and OCSF wants {object}"));
            return;
        };
        if object == "object" {
            return;
        }
        match OCSF.objects.get(object) {
            Some(shape) => check_shape(path, members, shape, used, report),
            None => report.say(
                path,
                format!("{object} is not in the table; add it to examples/schema_tables.rs"),
            ),
        }
        return;
    }
    let text = value.as_str();
    let right = match (kind, OCSF.types.get(kind).copied().unwrap_or(kind)) {
        ("ip_t", _) => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        ("port_t", _) => value.as_u64().is_some_and(|port| port <= 65535),
        ("email_t", _) => text.is_some_and(|text| text.contains('@') && !text.contains(' ')),
        ("mac_t", _) => text.is_some_and(|text| text.split([':', '-']).count() == 6),
        ("uuid_t", _) => text.is_some_and(|text| text.len() == 36),
        (_, "string_t") => text.is_some(),
        (_, "integer_t") => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        (_, "long_t") => value.is_i64(),
        (_, "float_t") => value.is_number(),
        (_, "boolean_t") => value.is_boolean(),
        (_, "json_t") => true,
        (_, other) => panic!("a type of OCSF that is not known here: {other}"),
    };
    if !right {
        report.say(path, format!("is not of the type {kind}"));
    }
}

/// The value is one of the enumeration; its sibling is there for 99 and else says the same.
fn check_enum(
    path: &str,
    value: &Json,
    attribute: &Attribute,
    members: &Map<String, Json>,
    report: &mut Report,
) {
    let Some(values) = OCSF.enums.get(attribute.values) else {
        return;
    };
    let key = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let Some(caption) = values.get(key.as_str()) else {
        let known: Vec<String> = values
            .iter()
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        report.say(path, format!("{key} is not one of {}", known.join(", ")));
        return;
    };
    let sibling = members.get(attribute.sibling);
    if key == "99" && sibling.is_none() && !attribute.sibling.is_empty() {
        report.say(
            path,
            format!("99 (other) wants {} to say what", attribute.sibling),
        );
    }
    if let (Some(sibling), false) = (sibling.and_then(Json::as_str), key == "99")
        && sibling != *caption
    {
        report.say(
            path,
            format!(
                "{key} is {caption}, and {} says something else",
                attribute.sibling
            ),
        );
    }
}
