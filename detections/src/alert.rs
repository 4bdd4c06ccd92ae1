//! Alerts: their identity and their ECS form.
//!
//! **Identity** is a hash of tenant, rule, group values and what tells the group's alerts apart: the
//! event of a plain rule, the episode of a correlation ([`episode`](crate::episode)). Nothing that
//! depends on the order of arrival goes into it, so a sink that sees an alert twice sees one id.
//!
//! **Content** is about the earliest instant at which the condition held: the matches of the window
//! that ends there, in the order of (time, event id), up to the one that completes the condition.
//! What comes later in the episode is not awaited. Replay, which knows all matches before it
//! decides, therefore gives the same bytes every time; live, a match that is still under way when
//! the alert goes out can be missing from its content, never from its identity.

mod attack;
mod tree;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::episode::Identity;
use crate::matcher::Evidence;
use crate::rule::{Level, RuleMeta};
use crate::script::{Failures, Script, Told};
use crate::wire::Writer;
pub use attack::TACTICS;
use tree::Tree;

/// Alerts name at most this many events; `chaperone.alert.count` has the full number.
const EVENTS_MAX: usize = 100;
/// Agreement is looked for among this many events, the earliest.
const EVIDENCE_MAX: usize = 64;

/// An alert, ready to deliver.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Deterministic; 32 hexadecimal digits.
    pub id: String,
    /// The rule or correlation.
    pub rule_id: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// The time of the event that completed it, in milliseconds since 1970.
    pub time_ms: i64,
    /// Whose it is; empty for the default tenant.
    pub tenant: String,
    /// The ECS document: compact JSON, keys ordered.
    pub json: Bytes,
}

/// What an alert is made of.
pub(crate) struct Parts<'a> {
    pub(crate) meta: &'a RuleMeta,
    pub(crate) tenant: &'a str,
    pub(crate) group: &'a [(String, String)],
    pub(crate) identity: AlertIdentity<'a>,
    pub(crate) time_ms: i64,
    /// The contributing events in order: id, time, evidence as JSON.
    pub(crate) events: Vec<(&'a str, i64, &'a [u8])>,
    /// What lies beside the rule.
    pub(crate) script: Option<&'a Script>,
}

/// What tells the alerts of one group apart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AlertIdentity<'a> {
    Event(&'a str),
    Episode(Identity),
}

impl Parts<'_> {
    /// Makes the alert, and the evidence in which all of its events agree.
    pub(crate) fn alert(&self, failures: &mut Failures) -> (Alert, Evidence) {
        let evidence = self.agreed();
        let mut id = self.id();
        let mut tree = Tree::default();
        for (path, value) in evidence.fields() {
            // `event.*` of the alert is about the alert; of the events only the action is kept.
            if !path.starts_with("event.") || path == "event.action" {
                tree.put(path, value.clone());
            }
        }
        self.put_alert(&id, &mut tree);
        self.put_rule(&mut tree);
        attack::put(&self.meta.tags, &mut tree);
        let told = self
            .script
            .map(|script| script.tell(&tree.to_value(), failures))
            .unwrap_or_default();
        if let Some(key) = &told.dedup {
            id = self.id_of(key);
        }
        put_told(&told, &id, &mut tree);
        let alert = Alert {
            rule_id: self.meta.id.clone(),
            title: told.title.unwrap_or_else(|| self.meta.title.clone()),
            level: told.level.unwrap_or(self.meta.level),
            time_ms: self.time_ms,
            tenant: self.tenant.to_owned(),
            json: tree.to_json().into(),
            id,
        };
        (alert, evidence)
    }

    fn agreed(&self) -> Evidence {
        let mut each = self
            .events
            .iter()
            .take(EVIDENCE_MAX)
            .filter(|(_, _, json)| !json.is_empty());
        let Some((_, _, first)) = each.next() else {
            return Evidence::default();
        };
        let mut agreed = Evidence::from_json(first);
        each.for_each(|(_, _, json)| agreed.agree(&Evidence::from_json(json)));
        agreed
    }

    fn id(&self) -> String {
        let mut w = Writer::default();
        w.text("alert/1");
        w.text(self.tenant);
        w.text(&self.meta.id);
        w.unsigned(self.group.len() as u64);
        self.group.iter().for_each(|(_, value)| w.text(value));
        match self.identity {
            AlertIdentity::Event(id) => {
                w.byte(0);
                w.text(id);
            }
            AlertIdentity::Episode(Identity::OfDay { day, number }) => {
                w.byte(1);
                w.signed(day);
                w.unsigned(u64::from(number));
            }
            AlertIdentity::Episode(Identity::At(start)) => {
                w.byte(2);
                w.signed(start);
            }
        }
        hexadecimal(w)
    }

    /// The id of every alert of the rule whose script gives one key.
    fn id_of(&self, key: &str) -> String {
        let mut w = Writer::default();
        w.text("alert/dedup/1");
        w.text(self.tenant);
        w.text(&self.meta.id);
        w.text(key);
        hexadecimal(w)
    }

    fn put_alert(&self, id: &str, tree: &mut Tree) {
        let meta = self.meta;
        tree.put("@timestamp", time(self.time_ms));
        tree.put("event.kind", "alert");
        tree.put("event.id", id);
        tree.put("event.category", json!(["intrusion_detection"]));
        tree.put("event.type", json!(["info"]));
        put_severity(meta.level, tree);
        tree.put("event.module", "chaperone");
        tree.put("event.dataset", "chaperone.alerts");
        tree.put("chaperone.alert.level", meta.level.name());
        tree.put("chaperone.alert.count", self.events.len());
        let times = || self.events.iter().map(|(_, time, _)| *time);
        tree.put(
            "chaperone.alert.first_seen",
            time(times().min().unwrap_or(self.time_ms)),
        );
        tree.put(
            "chaperone.alert.last_seen",
            time(times().max().unwrap_or(self.time_ms)),
        );
        let mut ids: Vec<&str> = Vec::new();
        for (id, _, _) in &self.events {
            if ids.len() < EVENTS_MAX && !ids.contains(id) {
                ids.push(id);
            }
        }
        tree.put("chaperone.alert.events", json!(ids));
        // Group fields are names with dots; they stay one key each, as the rule wrote them.
        let group: serde_json::Map<String, Json> = self
            .group
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        tree.put("chaperone.alert.group", Json::Object(group));
        if !self.tenant.is_empty() {
            tree.put("chaperone.tenant", self.tenant);
        }
    }

    fn put_rule(&self, tree: &mut Tree) {
        let meta = self.meta;
        tree.put("rule.id", meta.id.as_str());
        tree.put("rule.name", meta.title.as_str());
        tree.put("message", meta.title.as_str());
        tree.put("rule.ruleset", "sigma");
        let optional = [
            ("rule.description", meta.description.as_deref()),
            (
                "rule.reference",
                meta.references.first().map(String::as_str),
            ),
            ("rule.category", meta.logsource.category.as_deref()),
        ];
        for (path, value) in optional {
            if let Some(value) = value {
                tree.put(path, value);
            }
        }
        if let Some(author) = &meta.author {
            tree.put("rule.author", json!([author]));
        }
    }
}

fn hexadecimal(w: Writer) -> String {
    let digest = Sha256::digest(w.into_bytes());
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The score is the severity; both are there because products read the one or the other.
fn put_severity(level: Level, tree: &mut Tree) {
    tree.put("event.severity", level.severity());
    tree.put("event.risk_score", level.severity());
}

fn put_told(told: &Told, id: &str, tree: &mut Tree) {
    if let Some(title) = &told.title {
        tree.put("message", title.as_str());
    }
    if let Some(level) = told.level {
        put_severity(level, tree);
        tree.put("chaperone.alert.level", level.name());
    }
    if let Some(key) = &told.dedup {
        tree.put("event.id", id);
        tree.put("chaperone.alert.dedup", key.as_str());
    }
    if let Some(context) = &told.context {
        tree.put("chaperone.alert.context", context.clone());
    }
}

/// RFC 3339 in milliseconds; times that no calendar has are shown as its ends.
fn time(ms: i64) -> Json {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or(if ms < 0 {
        DateTime::<chrono::Utc>::MIN_UTC
    } else {
        DateTime::<chrono::Utc>::MAX_UTC
    });
    time.to_rfc3339_opts(SecondsFormat::Millis, true).into()
}

#[cfg(test)]
mod tests;
