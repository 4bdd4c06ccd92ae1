//! Findings: an alert of a rule, a vendor's detection, what a scanner found.

use super::{actor, call, object, place};
use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::attack::Attack;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value::Value;

/// True where the profile `host` is used: for who dealt with what a scanner found.
pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    info(event, w);
    if event.activity == Activity::Alert {
        w.bool("is_alert", true);
    }
    match event.activity {
        Activity::Vulnerability => vulnerabilities(event, w),
        Activity::Posture => application(event, w),
        _ => evidences(event, w),
    }
    call::resources(event, w);
    place::device(event, w);
    let scanned = matches!(event.activity, Activity::Vulnerability | Activity::Posture);
    scanned && event.user().has(&["id", "name", "email"]) && actor::actor(event, w)
}

fn info(event: &Parts<'_>, w: &mut Writer<'_>) {
    let (root, meta) = (event.root, event.event);
    let (rule, alert) = (root.noun("rule"), root.noun("chaperone").noun("alert"));
    let found = root.noun("vulnerability");
    w.object("finding_info", |w| {
        w.text("uid", Some(event.id));
        let title = rule.name("name").or(found.name("id"));
        w.text("title", title.or(rule.name("id")).or(meta.name("action")));
        w.text(
            "desc",
            rule.name("description").or(found.name("description")),
        );
        w.text("src_url", rule.name("reference").or(meta.name("url")));
        w.millis("first_seen_time", alert.name("first_seen"));
        w.millis("last_seen_time", alert.name("last_seen"));
        if rule.has(&["id", "name"]) {
            w.object("analytic", |w| {
                w.text("uid", rule.name("id"));
                w.text("name", rule.name("name"));
                w.text("category", rule.name("category"));
                w.text("version", rule.name("version"));
                w.int("type_id", 1);
            });
        }
        attacks(root.noun("threat"), w);
        related(alert, w);
    });
}

fn related(alert: Noun<'_>, w: &mut Writer<'_>) {
    w.integer("related_events_count", alert.name("count"));
    let Some(events @ Value::Array(ids)) = alert.get("events") else {
        return;
    };
    w.list("related_events", |w| {
        for id in ids {
            w.item(|w| w.text("uid", Some(id)));
        }
    });
    w.mark(events);
}

fn attacks(threat: Noun<'_>, w: &mut Writer<'_>) {
    let attack = Attack::of(threat);
    w.list("attacks", |w| {
        for (id, name) in &attack.tactics {
            w.item(|w| {
                w.object("tactic", |w| {
                    w.text("uid", Some(id));
                    w.text("name", *name);
                });
            });
        }
        for (id, name, sub) in &attack.techniques {
            w.item(|w| {
                w.object("technique", |w| {
                    w.text("uid", Some(id));
                    w.text("name", *name);
                });
                w.object("sub_technique", |w| w.text("uid", *sub));
            });
        }
    });
    attack.mark(w);
}

fn evidences(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.list("evidences", |w| {
        w.item(|w| {
            let agent = event.root.noun("gen_ai").noun("agent");
            if event.user().has(&["id", "name", "email"]) || agent.has(&["name"]) {
                actor::actor(event, w);
            }
            evidence(event, w);
            w.value(
                "data",
                event.root.noun("chaperone").noun("alert").get("group"),
            );
        });
    });
}

/// What an alert's events agree in, as evidence.
fn evidence(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    if root
        .noun("process")
        .has(&["command_line", "executable", "name"])
    {
        w.object("process", |w| object::process(event, w));
    }
    object::file(root.noun("file"), w);
    object::url(root.noun("url"), w);
    place::source(event, false, w);
    place::destination(event, w);
    if root.noun("gen_ai").noun("tool").has(&["name"]) || root.noun("mcp").object().is_some() {
        call::api(event, w);
    }
}

/// What the finding is about: the repository stands for the application that is made from it.
fn application(event: &Parts<'_>, w: &mut Writer<'_>) {
    let repository = event.root.noun("vcs").noun("repository");
    let service = event.root.noun("service");
    w.object("application", |w| {
        let name = repository.name("name").or(service.name("name"));
        match name {
            Some(_) => w.text("name", name),
            None => w.str("name", "Unknown"),
        }
        w.text("uid", repository.name("id"));
    });
}

fn vulnerabilities(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.list("vulnerabilities", |w| {
        w.item(|w| vulnerability(event, w));
    });
}

fn vulnerability(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let found = root.noun("vulnerability");
    let package = root.noun("package");
    w.text("severity", found.name("severity"));
    w.text("desc", found.name("description"));
    w.texts("references", found.get("reference"));
    w.object("cve", |w| w.text("uid", found.name("id")));
    if package.has(&["name"]) && package.has(&["version"]) {
        w.list("affected_packages", |w| {
            w.item(|w| {
                w.text("name", package.name("name"));
                w.text("version", package.name("version"));
                w.text("fixed_in_version", package.name("fixed_version"));
                w.text("path", package.name("path"));
            });
        });
    }
}
