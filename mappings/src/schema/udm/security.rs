//! What was decided or found: `securityResult`, and the extensions for sign-ins and vulnerabilities.

use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::attack::Attack;
use crate::schema::form::one;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let rule = root.noun("rule");
    w.list("securityResult", |w| {
        w.item(|w| {
            w.text("ruleId", rule.name("id"));
            w.text("ruleName", rule.name("name"));
            w.text("ruleSet", rule.name("ruleset"));
            w.text("ruleVersion", rule.name("version"));
            w.text("ruleType", rule.name("category"));
            w.text("ruleAuthor", one(rule.get("author")));
            w.text("urlBackToProduct", rule.get("reference"));
            w.text("summary", event.event.name("reason").or(rule.name("name")));
            let error = root.noun("error");
            w.text(
                "description",
                rule.name("description").or(error.name("message")),
            );
            action(event, w);
            severity(event, w);
            w.object("attackDetails", |w| attack(root.noun("threat"), w));
            if event.activity == Activity::Alert {
                let severity = event.event.name("severity");
                alert(root.noun("chaperone").noun("alert"), severity, w);
            }
        });
    });
}

fn alert(alert: Noun<'_>, severity: Option<&value::Value>, w: &mut Writer<'_>) {
    w.str("alertState", "ALERTING");
    w.number("riskScore", severity);
    w.timestamp("firstDiscoveredTime", alert.name("first_seen"));
    w.timestamp("lastDiscoveredTime", alert.name("last_seen"));
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
    let outcome = event.event.name("outcome");
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
    let alert = root.noun("chaperone").noun("alert").name("level");
    let said = alert.or(root.noun("vulnerability").name("severity"));
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
    let attack = Attack::of(threat);
    w.list("tactics", |w| {
        for (id, name) in &attack.tactics {
            w.item(|w| {
                w.text("id", Some(id));
                w.text("name", *name);
            });
        }
    });
    w.list("techniques", |w| {
        for (id, name, sub) in &attack.techniques {
            w.item(|w| {
                w.text("id", Some(id));
                w.text("name", *name);
                w.text("subtechniqueId", *sub);
            });
        }
    });
    attack.mark(w);
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
            w.text("authDetails", event.event.name("action"));
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
        w.text("cveId", found.name("id"));
    } else {
        w.text("vendorVulnerabilityId", found.name("id"));
    }
    w.text("description", found.name("description"));
    w.text("severityDetails", found.name("severity"));
    w.number("cvssBaseScore", found.noun("score").name("base"));
    w.text("cvssVersion", found.noun("score").name("version"));
}
