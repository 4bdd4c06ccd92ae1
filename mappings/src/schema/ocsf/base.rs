//! What every class has: classification, time, outcome, decision, metadata.

use super::Profiles;
use super::class::Class;
use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn classification(event: &Parts<'_>, class: &Class, w: &mut Writer<'_>) {
    let action = event.event.name("action");
    let activity = match class.activity(event) {
        Some(id) => id,
        None if action.is_some() => 99,
        None => 0,
    };
    w.int("activity_id", activity);
    if activity == 99 {
        w.text("activity_name", action);
    }
    w.int("category_uid", class.category());
    w.int("class_uid", class.uid);
    w.int("type_uid", class.uid * 100 + activity);
    let severity = severity(event, w);
    w.int("severity_id", severity);
    w.text("message", event.root.name("message"));
}

/// The alert's level, the scanner's or the log's word; 0 (unknown) without one. That a log calls a
/// record an error does not say how grave it is.
fn severity(event: &Parts<'_>, w: &mut Writer<'_>) -> i64 {
    let root = event.root;
    let said = [
        root.noun("chaperone").noun("alert").name("level"),
        root.noun("vulnerability").name("severity"),
        root.noun("log").name("level"),
    ];
    let Some((said, text)) = said
        .into_iter()
        .flatten()
        .find_map(|value| Some((value, value::text(value)?)))
    else {
        return 0;
    };
    let known: &[(&str, i64)] = &[
        ("informational", 1),
        ("information", 1),
        ("info", 1),
        ("notice", 1),
        ("debug", 1),
        ("low", 2),
        ("medium", 3),
        ("moderate", 3),
        ("high", 4),
        ("critical", 5),
    ];
    let found = known
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    match found {
        Some((_, id)) => {
            w.mark(said);
            *id
        }
        None => 0,
    }
}

/// Milliseconds since 1970, durations in milliseconds.
pub(super) fn times(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.int("time", event.time_ms);
    w.mark(event.time);
    w.millis("start_time", event.event.name("start"));
    w.millis("end_time", event.event.name("end"));
    w.nanos_as_millis("duration", event.event.name("duration"));
}

pub(super) fn outcome(event: &Parts<'_>, class: &Class, w: &mut Writer<'_>) {
    let outcome = event.event.name("outcome");
    if class.category() == 2 {
        // The status of a finding is how far somebody has dealt with it.
        if event.activity == Activity::Alert {
            w.int("status_id", 1);
        }
    } else {
        let id = match outcome.and_then(value::text) {
            Some("success") => 1,
            Some("failure") => 2,
            _ => 0,
        };
        w.int("status_id", id);
        if let Some(outcome) = outcome {
            w.mark(outcome);
        }
    }
    let error = event.root.noun("error");
    w.text("status_code", error.name("code"));
    let detail = event.event.name("reason").or(error.name("message"));
    w.text("status_detail", detail);
}

/// Somebody allowed or denied it.
pub(super) fn decision(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let id = if event.event.says("type", "denied") {
        2
    } else if event.event.says("type", "allowed") {
        1
    } else {
        return false;
    };
    // The numbers of `allowed` and `denied`/`blocked` are the same in both enumerations.
    w.int("action_id", id);
    w.int("disposition_id", id);
    true
}

pub(super) fn metadata(event: &Parts<'_>, profiles: &Profiles, w: &mut Writer<'_>) {
    let (root, meta) = (event.root, event.event);
    w.object("metadata", |w| {
        w.str("version", "1.8.0");
        profile_names(profiles, w);
        w.text("uid", Some(event.id));
        w.text("event_code", meta.first(&["code", "action"]));
        w.text(
            "correlation_uid",
            root.noun("gen_ai").noun("tool").noun("call").name("id"),
        );
        w.integer("sequence", meta.name("sequence"));
        w.text("log_name", meta.name("dataset"));
        w.text("log_level", root.noun("log").name("level"));
        w.millis("logged_time", meta.name("created"));
        w.millis("processed_time", meta.name("ingested"));
        w.text("original_event_uid", meta.name("original_id"));
        w.texts("labels", root.get("tags"));
        let tenant = root.noun("chaperone").name("tenant");
        w.text(
            "tenant_uid",
            tenant.or(root.noun("organization").name("id")),
        );
        w.object("product", |w| product(event, w));
    });
}

/// What reported the event; for an alert that is Chaperone.
fn product(event: &Parts<'_>, w: &mut Writer<'_>) {
    if event.activity == Activity::Alert {
        w.str("name", "Chaperone");
        w.str("vendor_name", "Chaperone");
        return;
    }
    let observer = event.root.noun("observer");
    let logsource = event.root.noun("chaperone").noun("logsource");
    let name = observer
        .name("product")
        .or(event.event.first(&["provider", "dataset"]));
    match name {
        Some(_) => w.text("name", name),
        None => w.str("name", "Unknown"),
    }
    event.write_vendor("vendor_name", w);
    w.text("version", observer.name("version"));
    w.object("feature", |w| w.text("name", logsource.name("service")));
}

fn profile_names(profiles: &Profiles, w: &mut Writer<'_>) {
    let used = [
        ("ai_operation", profiles.ai_operation),
        ("cloud", profiles.cloud),
        ("host", profiles.host),
        ("security_control", profiles.security_control),
        ("trace", profiles.trace),
    ];
    w.list("profiles", |w| {
        for (name, used) in used {
            if used {
                w.item_str(name);
            }
        }
    });
}
