//! Findings: an alert of a rule, a vendor's detection, what a scanner found.

use super::{actor, object, place};
use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::noun::Noun;
use crate::schema::write::{Writer, items};
use crate::value::{self, Value};

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    info(event, w);
    if event.activity == Activity::Alert {
        w.bool("is_alert", true);
    }
    match event.activity {
        Activity::Vulnerability => vulnerabilities(event, w),
        Activity::Posture => application(event, w),
        _ => evidences(event, w),
    }
    object::resources(event, w);
    place::device(event, w);
}

fn info(event: &Parts<'_>, w: &mut Writer<'_>) {
    let (root, meta) = (event.root, event.event);
    let (rule, alert) = (root.noun("rule"), root.noun("chaperone").noun("alert"));
    let found = root.noun("vulnerability");
    w.object("finding_info", |w| {
        w.text("uid", Some(event.id));
        let title = rule.get("name").or(found.get("id"));
        w.text("title", title.or(rule.get("id")).or(meta.get("action")));
        w.text("desc", rule.get("description").or(found.get("description")));
        w.text("src_url", rule.get("reference").or(meta.get("url")));
        w.millis("first_seen_time", alert.get("first_seen"));
        w.millis("last_seen_time", alert.get("last_seen"));
        if rule.has(&["id", "name"]) {
            w.object("analytic", |w| {
                w.text("uid", rule.get("id"));
                w.text("name", rule.get("name"));
                w.text("category", rule.get("category"));
                w.text("version", rule.get("version"));
                w.int("type_id", 1);
            });
        }
        attacks(root.noun("threat"), w);
        related(alert, w);
    });
}

fn related(alert: Noun<'_>, w: &mut Writer<'_>) {
    w.integer("related_events_count", alert.get("count"));
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

/// A tactic and a technique stand in two lists, and which belongs to which is not said: each gets
/// an entry of its own. A sub-technique's id begins with its technique's.
fn attacks(threat: Noun<'_>, w: &mut Writer<'_>) {
    let tactics = items(threat.noun("tactic").get("id"));
    let names = items(threat.noun("tactic").get("name"));
    let techniques = items(threat.noun("technique").get("id"));
    let titles = items(threat.noun("technique").get("name"));
    let subs = items(threat.noun("technique").noun("subtechnique").get("id"));
    w.list("attacks", |w| {
        for (at, id) in tactics.iter().enumerate() {
            w.item(|w| {
                w.object("tactic", |w| {
                    w.text("uid", Some(id));
                    w.text("name", names.get(at));
                });
            });
        }
        for (at, id) in techniques.iter().enumerate() {
            let within = |sub: &&Value| {
                let whole = value::text(sub).unwrap_or_default();
                whole.split('.').next() == value::text(id)
            };
            let mut below = subs.iter().filter(within).peekable();
            let alone = below.peek().is_none();
            let entries = below.map(Some).chain(alone.then_some(None));
            for sub in entries {
                w.item(|w| {
                    w.object("technique", |w| {
                        w.text("uid", Some(id));
                        w.text("name", titles.get(at));
                    });
                    w.object("sub_technique", |w| w.text("uid", sub));
                });
            }
        }
    });
    for list in [
        threat.noun("tactic").get("id"),
        threat.noun("tactic").get("name"),
        threat.noun("technique").get("id"),
        threat.noun("technique").noun("subtechnique").get("id"),
    ]
    .into_iter()
    .flatten()
    {
        w.mark(list);
    }
}

fn evidences(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.list("evidences", |w| {
        w.item(|w| {
            let agent = event.root.noun("gen_ai").noun("agent");
            if event.user().has(&["id", "name", "email"]) || agent.has(&["name"]) {
                actor::actor(event, w);
            }
            object::evidence(event, w);
            w.value(
                "data",
                event.root.noun("chaperone").noun("alert").get("group"),
            );
        });
    });
}

/// What the finding is about: the repository stands for the application that is made from it.
fn application(event: &Parts<'_>, w: &mut Writer<'_>) {
    let repository = event.root.noun("vcs").noun("repository");
    let service = event.root.noun("service");
    w.object("application", |w| {
        let name = repository.get("name").or(service.get("name"));
        match name {
            Some(_) => w.text("name", name),
            None => w.str("name", "Unknown"),
        }
        w.text("uid", repository.get("id"));
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
    w.text("severity", found.get("severity"));
    w.text("desc", found.get("description"));
    w.texts("references", found.get("reference"));
    w.object("cve", |w| w.text("uid", found.get("id")));
    if package.has(&["name"]) && package.has(&["version"]) {
        w.list("affected_packages", |w| {
            w.item(|w| {
                w.text("name", package.get("name"));
                w.text("version", package.get("version"));
                w.text("fixed_in_version", package.get("fixed_version"));
                w.text("path", package.get("path"));
            });
        });
    }
}
