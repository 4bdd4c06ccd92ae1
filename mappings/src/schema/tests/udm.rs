//! Holds a document against UDM: fields and types, Google's own types, and the nouns that the event
//! type demands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use google_backstory::model::Udm as Google;
use serde_json::Value as Json;

use super::table::{Member, Report, choices, members, rows, words};

struct Udm {
    messages: BTreeMap<&'static str, BTreeMap<&'static str, Member>>,
    enums: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

static UDM: LazyLock<Udm> = LazyLock::new(|| {
    let mut udm = Udm {
        messages: BTreeMap::new(),
        enums: BTreeMap::new(),
    };
    for [kind, name, content, ..] in rows(include_str!("../../../schema/udm.tsv")) {
        match kind {
            "message" => drop(udm.messages.insert(name, members(content))),
            "enum" => drop(udm.enums.insert(name, words(content))),
            _ => panic!("an unknown row {kind}"),
        }
    }
    udm
});

pub(super) fn check(document: &Json, report: &mut Report) {
    check_without_google(document, report);
    check_googles_types(document, report);
}

/// [`check`] against the table alone, which is a hundred times faster.
pub(super) fn check_without_google(document: &Json, report: &mut Report) {
    check_message("", document, "UDM", report);
    check_nouns(document, report);
}

fn check_message(path: &str, value: &Json, name: &str, report: &mut Report) {
    let fields = &UDM.messages[name];
    let Some(members) = value.as_object() else {
        report.say(path, format!("is no object, and UDM wants {name}"));
        return;
    };
    for (key, value) in members {
        let at = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let Some(field) = fields.get(key.as_str()) else {
            let known = choices(key, fields.keys().copied());
            report.say(&at, format!("is no field of {name}; it has {known}"));
            continue;
        };
        match (value, field.list) {
            (Json::Array(items), true) => {
                for (index, item) in items.iter().enumerate() {
                    check_value(&format!("{at}[{index}]"), item, field.kind, report);
                }
            }
            (_, true) => report.say(&at, "is a list in UDM, and here one value"),
            (_, false) => check_value(&at, value, field.kind, report),
        }
    }
}

fn check_value(path: &str, value: &Json, kind: &str, report: &mut Report) {
    if let Some(values) = UDM.enums.get(kind) {
        let text = value.as_str().unwrap_or_default();
        if !values.contains(text) {
            let known = choices(text, values.iter().copied());
            report.say(path, format!("is not one of {kind}: {known}"));
        }
        return;
    }
    if UDM.messages.contains_key(kind) {
        check_message(path, value, kind, report);
        return;
    }
    let text = value.as_str();
    let right = match kind {
        "string" => text.is_some(),
        "bytes" => text.is_some_and(|text| STANDARD.decode(text).is_ok()),
        "int32" => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        "int64" => value.is_i64(),
        "uint64" => value.is_u64(),
        "float" | "double" => value.is_number(),
        "bool" => value.is_boolean(),
        "google.protobuf.Struct" => value.is_object(),
        "google.protobuf.Timestamp" => {
            text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())
        }
        "google.type.LatLng" => value["latitude"].is_number() && value["longitude"].is_number(),
        other => {
            report.say(
                path,
                format!("{other} is not in the table; add it to examples/schema_tables.rs"),
            );
            true
        }
    };
    if !right {
        report.say(path, format!("is not of the type {kind}"));
    }
}

/// Google's own types read it, know every name in it, and write the same back.
pub(super) fn check_googles_types(document: &Json, report: &mut Report) {
    let read: Google = match serde_json::from_value(document.clone()) {
        Ok(read) => read,
        Err(error) => {
            report.say("", format!("Google's types refuse it: {error}"));
            return;
        }
    };
    // A struct of any names cannot hold an unknown one.
    let mut strict = read.clone();
    strict.additional = None;
    let shown = format!("{strict:?}");
    if shown.contains("_unknown_fields") {
        report.say("", "Google's types know a field by no name that is in it");
    }
    if shown.contains("UnknownValue") {
        report.say(
            "",
            "Google's types know a value of an enumeration by no name that is in it",
        );
    }
    let again = serde_json::to_value(&read).and_then(serde_json::from_value::<Google>);
    if again.ok() != Some(read) {
        report.say("", "Google's types write something else back");
    }
}

/// What a type demands, after Google's UDM usage guide: places of which one has to be there, for
/// each demand. `machine` stands for a machine identifier.
const MACHINE: [&str; 4] = ["hostname", "ip", "mac", "assetId"];
const USER: [&str; 3] = ["user.userid", "user.emailAddresses", "user.productObjectId"];

enum Demand {
    PrincipalMachine,
    PrincipalUser,
    PrincipalAny,
    TargetMachine,
    TargetUser,
    Target(&'static [&'static str]),
    Network(&'static str),
    Auth,
}

fn demands(event_type: &str) -> Option<Vec<Demand>> {
    use Demand::{
        Auth, Network, PrincipalAny, PrincipalMachine, PrincipalUser, Target, TargetMachine,
        TargetUser,
    };
    const RESOURCE: &[&str] = &["resource.name", "resource.productObjectId"];
    Some(match event_type {
        "GENERIC_EVENT" => vec![],
        "PROCESS_LAUNCH" | "PROCESS_TERMINATION" | "PROCESS_UNCATEGORIZED" => vec![
            PrincipalMachine,
            Target(&["process.commandLine", "process.pid", "process.file"]),
        ],
        "FILE_CREATION" | "FILE_READ" | "FILE_MODIFICATION" | "FILE_DELETION"
        | "FILE_UNCATEGORIZED" => vec![PrincipalMachine, Target(&["file.fullPath", "file.sha256"])],
        "NETWORK_HTTP" => vec![
            PrincipalMachine,
            TargetMachine,
            Network("applicationProtocol"),
        ],
        "NETWORK_CONNECTION" => vec![PrincipalMachine, TargetMachine],
        "USER_LOGIN" | "USER_LOGOUT" => vec![TargetUser, Auth],
        "USER_CREATION"
        | "USER_DELETION"
        | "USER_CHANGE_PASSWORD"
        | "USER_CHANGE_PERMISSIONS"
        | "USER_UNCATEGORIZED" => vec![PrincipalAny, TargetUser],
        "GROUP_CREATION" | "GROUP_DELETION" | "GROUP_MODIFICATION" => vec![
            PrincipalUser,
            Target(&["group.groupDisplayName", "group.productObjectId"]),
        ],
        "USER_RESOURCE_CREATION"
        | "USER_RESOURCE_ACCESS"
        | "USER_RESOURCE_UPDATE_CONTENT"
        | "USER_RESOURCE_UPDATE_PERMISSIONS"
        | "USER_RESOURCE_DELETION" => {
            vec![PrincipalUser, Target(RESOURCE)]
        }
        "RESOURCE_CREATION"
        | "RESOURCE_READ"
        | "RESOURCE_WRITTEN"
        | "RESOURCE_PERMISSIONS_CHANGE"
        | "RESOURCE_DELETION" => {
            vec![PrincipalAny, Target(RESOURCE)]
        }
        "STATUS_UPDATE" | "STATUS_STARTUP" | "STATUS_SHUTDOWN" => vec![PrincipalMachine],
        _ => return None,
    })
}

fn check_nouns(document: &Json, report: &mut Report) {
    let has = |noun: &str, paths: &[&str]| {
        let pointer = |path: &&str| format!("/{noun}/{}", path.replace('.', "/"));
        paths
            .iter()
            .any(|path| document.pointer(&pointer(path)).is_some())
    };
    for refused in ["email", "file", "registry"] {
        if has("principal", &[refused]) {
            report.say(
                &format!("principal.{refused}"),
                "a principal must not carry it",
            );
        }
    }
    let event_type = document["metadata"]["eventType"]
        .as_str()
        .unwrap_or_default();
    if document["metadata"]["eventTimestamp"].is_null() {
        report.say("metadata.eventTimestamp", "is required");
    }
    let Some(demands) = demands(event_type) else {
        let what = format!("the demands of {event_type} are not known here; add them");
        report.say("metadata.eventType", what);
        return;
    };
    for demand in demands {
        let (held, what) = match demand {
            Demand::PrincipalMachine => (has("principal", &MACHINE), "principal: a machine"),
            Demand::PrincipalUser => (has("principal", &USER), "principal: a user"),
            Demand::PrincipalAny => (
                has("principal", &MACHINE) || has("principal", &USER),
                "principal: a machine or a user",
            ),
            Demand::TargetMachine => (has("target", &MACHINE), "target: a machine"),
            Demand::TargetUser => (has("target", &USER), "target: a user"),
            Demand::Target(paths) => (has("target", paths), paths[0]),
            Demand::Network(path) => (has("network", &[path]), path),
            Demand::Auth => (has("extensions", &["auth"]), "extensions.auth"),
        };
        if !held {
            report.say("metadata.eventType", format!("{event_type} demands {what}"));
        }
    }
}
