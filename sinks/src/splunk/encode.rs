//! A document in HEC's envelope, written straight into the buffer that goes out.
//!
//! The time is made of whole numbers: HEC refuses one in scientific notation. `fields` is flat, its
//! values are texts or lists of texts, and there are few of them, because each one is indexed.

use bytes::Bytes;

use super::SplunkOptions;
use crate::facts::{Facts, Subject};
use crate::json::Object;
use crate::sink::{Document, Kind, Level};

/// What is the same for every document.
pub(super) struct Encoder {
    index: Option<String>,
    alerts_index: Option<String>,
    host: Option<String>,
}

impl Encoder {
    pub(super) fn new(options: &SplunkOptions) -> Self {
        Self {
            index: options.index.clone(),
            alerts_index: options.alerts_index.clone().or(options.index.clone()),
            host: options.host.clone(),
        }
    }

    pub(super) fn encode(&self, document: &Document) -> Bytes {
        let facts = Facts::read(&document.json);
        let mut buffer = Vec::with_capacity(document.json.len() + 1024);
        let mut envelope = Object::begin(&mut buffer);
        let time_ms = document.time_ms.max(0);
        let time = format!("{}.{:03}", time_ms / 1000, time_ms % 1000);
        envelope.raw("time", time.as_bytes());
        envelope.text_if("host", facts.host.0.name.get().or(self.host.as_deref()));
        let (sourcetype, index) = match document.kind {
            Kind::Event => ("chaperone:event", &self.index),
            Kind::Alert => ("chaperone:alert", &self.alerts_index),
        };
        envelope.text("source", document.source.as_deref().unwrap_or("chaperone"));
        envelope.text("sourcetype", sourcetype);
        envelope.text_if("index", index.as_deref());
        envelope.raw("event", &document.json);
        envelope.object("fields", |fields| {
            fields.text("chaperone_id", &document.id);
            if document.kind == Kind::Alert {
                alert(fields, document, &facts);
            }
        });
        envelope.end();
        buffer.into()
    }
}

/// The data models Alerts and Risk.
fn alert(fields: &mut Object<'_>, document: &Document, facts: &Facts<'_>) {
    let rule = &facts.rule.0;
    fields.text("app", "chaperone");
    fields.text("type", "alert");
    fields.text("id", &document.id);
    fields.text("severity", document.level.unwrap_or(Level::High).name());
    fields.text_if("signature", rule.name.get());
    fields.text_if("signature_id", rule.id.get());
    fields.text_if("user", facts.user());
    fields.text_if("src", facts.source.0.address());
    let host = facts.host.0.name.get();
    fields.text_if("dest", facts.destination.0.called().or(host));
    if let Some((name, subject)) = facts.subject() {
        fields.text("risk_object", name);
        let kind = match subject {
            Subject::User => "user",
            Subject::Machine => "system",
            Subject::Other => "other",
        };
        fields.text("risk_object_type", kind);
        let score = facts.event.0.severity.0.to_string();
        fields.text("risk_score", &score);
        fields.text_if("risk_message", rule.name.get());
    }
    fields.texts("annotations.mitre_attack", facts.techniques());
    fields.texts(
        "annotations.mitre_attack.mitre_technique_id",
        facts.techniques(),
    );
    fields.texts(
        "annotations.mitre_attack.mitre_tactic_id",
        facts.threat.0.tactic.0.id.iter(),
    );
}
