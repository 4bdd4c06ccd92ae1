//! What was decided or found: `securityResult`, and the extensions for sign-ins and vulnerabilities.

use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::noun::Noun;
use crate::schema::write::{Writer, items};
use crate::value::{self, Value};

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let rule = root.noun("rule");
    w.list("securityResult", |w| {
        w.item(|w| {
            w.text("ruleId", rule.get("id"));
            w.text("ruleName", rule.get("name"));
            w.text("ruleSet", rule.get("ruleset"));
            w.text("ruleVersion", rule.get("version"));
            w.text("ruleType", rule.get("category"));
            w.text("ruleAuthor", one_of(rule.get("author")));
            w.text("urlBackToProduct", rule.get("reference"));
            w.text("summary", event.event.get("reason").or(rule.get("name")));
            let error = root.noun("error");
            w.text(
                "description",
                rule.get("description").or(error.get("message")),
            );
            action(event, w);
            severity(event, w);
            w.object("attackDetails", |w| attack(root.noun("threat"), w));
            if event.activity == Activity::Alert {
                alert(root.noun("chaperone").noun("alert"), w);
            }
        });
    });
}

fn one_of(value: Option<&Value>) -> Option<&Value> {
    items(value).first()
}

fn alert(alert: Noun<'_>, w: &mut Writer<'_>) {
    w.str("alertState", "ALERTING");
    w.timestamp("firstDiscoveredTime", alert.get("first_seen"));
    w.timestamp("lastDiscoveredTime", alert.get("last_seen"));
    let Some(group) = alert.noun("group").object() else {
        return;
    };
    w.list("detectionFields", |w| {
        for (key, value) in group {
            w.item(|w| {
                w.str("key", key);
                w.text("value", Some(value));
            });
        }
    });
}

/// A refused sign-in is blocked; anything else that did not work has failed.
fn action(event: &Parts<'_>, w: &mut Writer<'_>) {
    let outcome = event.event.get("outcome");
    let failed = outcome.and_then(value::text) == Some("failure");
    let signs_in = event.activity == Activity::Authentication;
    let name = if event.event.says("type", "denied") || (failed && signs_in) {
        "BLOCK"
    } else if failed {
        "FAIL"
    } else if event.event.says("type", "allowed") || event.event.says("outcome", "success") {
        "ALLOW"
    } else {
        return;
    };
    w.list("action", |w| w.item_str(name));
}

fn severity(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let alert = root.noun("chaperone").noun("alert").get("level");
    let said = alert.or(root.noun("vulnerability").get("severity"));
    let Some(text) = said.and_then(value::text) else {
        return;
    };
    let known: &[(&str, &str)] = &[
        ("informational", "INFORMATIONAL"),
        ("info", "INFORMATIONAL"),
        ("low", "LOW"),
        ("medium", "MEDIUM"),
        ("moderate", "MEDIUM"),
        ("high", "HIGH"),
        ("critical", "CRITICAL"),
    ];
    if let Some((_, name)) = known
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
    {
        w.str("severity", name);
    }
    w.text("severityDetails", said);
}

fn attack(threat: Noun<'_>, w: &mut Writer<'_>) {
    let (tactic, technique) = (threat.noun("tactic"), threat.noun("technique"));
    let names = items(tactic.get("name"));
    w.list("tactics", |w| {
        for (at, id) in items(tactic.get("id")).iter().enumerate() {
            w.item(|w| {
                w.text("id", Some(id));
                w.text("name", names.get(at));
            });
        }
    });
    let subs = items(technique.noun("subtechnique").get("id"));
    let titles = items(technique.get("name"));
    w.list("techniques", |w| {
        for (at, id) in items(technique.get("id")).iter().enumerate() {
            let main = value::text(id).unwrap_or_default();
            let below = |sub: &&Value| {
                let whole = value::text(sub).unwrap_or_default();
                whole.split('.').next() == Some(main)
            };
            let mut subs = subs.iter().filter(below).peekable();
            let alone = subs.peek().is_none();
            for sub in subs.map(Some).chain(alone.then_some(None)) {
                w.item(|w| {
                    w.text("id", Some(id));
                    w.text("name", titles.get(at));
                    w.text("subtechniqueId", sub);
                });
            }
        }
    });
}

/// Sign-ins and vulnerabilities have fields of their own.
pub(super) fn extensions(event: &Parts<'_>, w: &mut Writer<'_>) {
    if event.activity == Activity::Authentication {
        let outcome = match event.event.text("outcome") {
            Some("success") => "SUCCESS",
            Some("failure") => "FAILURE",
            _ => "OUTCOME_UNSPECIFIED",
        };
        w.object("auth", |w| {
            w.text("authDetails", event.event.get("action"));
            w.str("outcome", outcome);
        });
    }
    let found = event.root.noun("vulnerability");
    if found.object().is_some() {
        w.object("vulns", |w| {
            w.list("vulnerabilities", |w| {
                w.item(|w| vulnerability(found, w));
            });
        });
    }
}

fn vulnerability(found: Noun<'_>, w: &mut Writer<'_>) {
    let id = found.text("id");
    if id.is_some_and(|id| id.starts_with("CVE-")) {
        w.text("cveId", found.get("id"));
    } else {
        w.text("vendorVulnerabilityId", found.get("id"));
    }
    w.text("description", found.get("description"));
    w.text("severityDetails", found.get("severity"));
    w.number("cvssBaseScore", found.noun("score").get("base"));
    w.text("cvssVersion", found.noun("score").get("version"));
}
