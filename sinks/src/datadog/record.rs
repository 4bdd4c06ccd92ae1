//! A document as a Datadog log, in two parts: the rest, which is made once, and before it the head
//! with the time, which is made when it is sent.

use bytes::Bytes;
use chaperone_mappings::schema;

use super::{AGE_MS_MAX, DatadogOptions, Schema};
use crate::facts::Facts;
use crate::json::Object;
use crate::sink::{Document, Kind, Level, Reason};

/// Datadog cuts a log at 1 MB; whether that is 1,000,000 bytes or more is not said.
pub(super) const BYTES_MAX: usize = 1_000_000 - HEAD_BYTES_MAX;
/// Room for the head and a comma.
pub(super) const HEAD_BYTES_MAX: usize = 64;
/// So much of a document that is too large goes along as text; escaped it is at most six times that.
const EXCERPT_BYTES: usize = 100_000;

/// What is the same for every log.
pub(super) struct Records {
    service: String,
    tags: String,
    schema: Schema,
}

impl Records {
    pub(super) fn new(options: &DatadogOptions) -> Self {
        Self {
            service: options.service.clone(),
            tags: options.tags.join(","),
            schema: options.schema,
        }
    }

    /// The time of a log. One that is too old for Datadog has the time of now, and says so.
    pub(super) fn head(&self, document: &Document, now_ms: i64) -> Vec<u8> {
        if now_ms - document.time_ms > AGE_MS_MAX {
            return format!(r#"{{"timestamp":{now_ms},"late":true,"#).into_bytes();
        }
        format!(r#"{{"timestamp":{},"#, document.time_ms).into_bytes()
    }

    /// The log without its opening brace.
    pub(super) fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        let mut whole = Vec::with_capacity(document.json.len() * 2 + 1024);
        let mut converted = Vec::new();
        let (attribute, json) = match self.schema {
            Schema::Ecs => ("ecs", &document.json[..]),
            Schema::Ocsf => {
                converted.reserve(document.json.len() * 2);
                schema::convert_json(schema::Schema::Ocsf, &document.json, &mut converted)
                    .map_err(|error| Reason::new("not_convertible", error.to_string()))?;
                ("ocsf", &converted[..])
            }
        };
        self.write(document, &mut whole, false, |log| log.raw(attribute, json));
        if whole.len() > BYTES_MAX {
            whole.clear();
            let excerpt = excerpt(&document.json);
            self.write(document, &mut whole, true, |log| {
                log.text("excerpt", excerpt)
            });
        }
        Ok(Bytes::from(whole).slice(1..))
    }

    fn write(
        &self,
        document: &Document,
        buffer: &mut Vec<u8>,
        truncated: bool,
        body: impl FnOnce(&mut Object<'_>),
    ) {
        let facts = Facts::read(&document.json);
        let mut log = Object::begin(buffer);
        log.text("ddsource", "chaperone");
        log.text("service", &self.service);
        log.text("ddtags", &self.tags(document, truncated));
        log.text("status", status(document));
        log.text_if("hostname", facts.host.0.name.get());
        log.text("message", &message(document, &facts));
        log.object("chaperone", |own| {
            own_attributes(own, document, &facts);
            if truncated {
                let bytes = i64::try_from(document.json.len()).unwrap_or(i64::MAX);
                own.number("truncated_bytes", bytes);
            }
        });
        standard_attributes(&mut log, &facts);
        body(&mut log);
        log.end();
    }

    fn tags(&self, document: &Document, truncated: bool) -> String {
        let kind = match document.kind {
            Kind::Event => "event",
            Kind::Alert => "alert",
        };
        let mut tags = format!("kind:{kind}");
        let mut add = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                tags.push(',');
                tags.push_str(key);
                tags.extend(value.chars().map(|c| {
                    let fits = c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
                    if fits { c } else { '_' }
                }));
            }
        };
        add("level:", document.level.map(Level::name));
        add("log_source:", document.source.as_deref());
        add("tenant:", document.tenant.as_deref());
        add("truncated:", truncated.then_some("true"));
        if !self.tags.is_empty() {
            tags.push(',');
            tags.push_str(&self.tags);
        }
        tags
    }
}

/// What a detection rule and a person look for.
fn own_attributes(own: &mut Object<'_>, document: &Document, facts: &Facts<'_>) {
    own.text("id", &document.id);
    let time = chrono::DateTime::from_timestamp_millis(document.time_ms).unwrap_or_default();
    own.text("time", &time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
    own.text_if("source", document.source.as_deref());
    own.text_if("tenant", document.tenant.as_deref());
    own.text_if("level", document.level.map(Level::name));
    if document.kind == Kind::Alert {
        let rule = &facts.rule.0;
        own.object("rule", |object| {
            object.text_if("id", rule.id.get());
            object.text_if("name", rule.name.get());
        });
        own.text_if("subject", facts.subject().map(|(name, _)| name));
        own.texts("techniques", facts.techniques());
        own.texts("tactics", facts.threat.0.tactic.0.id.iter());
    }
}

/// Datadog's standard attributes.
fn standard_attributes(log: &mut Object<'_>, facts: &Facts<'_>) {
    let (event, user) = (&facts.event.0, &facts.user.0);
    log.object("evt", |evt| {
        evt.text_if("name", event.action.get());
        evt.text_if("outcome", event.outcome.get());
        evt.text_if("category", event.category.iter().next());
    });
    if user
        .id
        .get()
        .or(user.name.get())
        .or(user.email.get())
        .is_some()
    {
        log.object("usr", |usr| {
            usr.text_if("id", user.id.get());
            usr.text_if("name", user.name.get());
            usr.text_if("email", user.email.get());
        });
    }
    let (client, destination) = (&facts.source.0, &facts.destination.0);
    if client.address().or(destination.address()).is_none() {
        return;
    }
    log.object("network", |network| {
        for (name, end) in [("client", client), ("destination", destination)] {
            if end.address().is_some() {
                network.object(name, |object| {
                    object.text_if("ip", end.ip.get());
                    object.text_if("domain", end.domain.get());
                    if let Ok(port @ 1..) = i64::try_from(end.port.0) {
                        object.number("port", port);
                    }
                });
            }
        }
    });
}

fn status(document: &Document) -> &'static str {
    match document.level {
        Some(Level::Critical) => "critical",
        Some(Level::High) => "error",
        Some(Level::Medium) => "warn",
        Some(Level::Low) => "notice",
        Some(Level::Informational) | None => "info",
    }
}

fn message(document: &Document, facts: &Facts<'_>) -> String {
    let what = facts.rule.0.name.get().or(facts.event.0.action.get());
    let what = what.or(document.source.as_deref()).unwrap_or("event");
    match facts.subject() {
        Some((name, _)) => format!("{what}: {name}"),
        None => what.to_owned(),
    }
}

/// The beginning of a document as text.
fn excerpt(json: &[u8]) -> &str {
    let part = &json[..json.len().min(EXCERPT_BYTES)];
    // A document is JSON, so only the cut can be inside a character.
    std::str::from_utf8(part).unwrap_or_else(|error| {
        std::str::from_utf8(&part[..error.valid_up_to()]).unwrap_or_default()
    })
}
