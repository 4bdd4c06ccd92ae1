//! The canonical event in another schema: OCSF 1.8 and Google's UDM.
//!
//! A source has one mapping, to ECS. From there each other schema is one program, and it is plain
//! Rust that reads the event's value and writes JSON straight into the caller's buffer: no tree of
//! the other schema comes to be in between, so a conversion costs about what the parse of the event
//! costs. What a program has written down is remembered, and the rest of the event goes whole
//! into the place that the schema has for it (`unmapped`, `additional`), so nothing is lost.
//!
//! Events and alerts ([`event.kind`: `alert`](crate::event)) go the same way. Nothing is invented:
//! where the other schema demands what the event does not know, its own word for that is written.

use std::str::FromStr;

use crate::time;
use crate::value::{self, ParseError, Value};

mod activity;
mod attack;
mod ecs;
mod form;
mod noun;
mod ocsf;
mod udm;
mod write;

use activity::Activity;
pub use ecs::ecs_fields;
use noun::Noun;
use write::Writer;

/// The built-in sources' names, in order, and their vendors.
const VENDORS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/vendors.rs"));

/// A schema in which an event or an alert can be written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Schema {
    /// Elastic Common Schema 9.4: the canonical form, as it is.
    #[default]
    Ecs,
    /// Open Cybersecurity Schema Framework 1.8.0.
    Ocsf,
    /// Google's Unified Data Model: a `UDM` message as proto3 JSON.
    Udm,
}

impl Schema {
    /// Every schema.
    pub const ALL: [Self; 3] = [Self::Ecs, Self::Ocsf, Self::Udm];

    /// The name in the configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Ocsf => "ocsf",
            Self::Udm => "udm",
        }
    }
}

impl std::fmt::Display for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no schema's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSchema(String);

impl std::fmt::Display for UnknownSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = Schema::ALL.map(Schema::name).join(", ");
        write!(f, "no schema `{}`; the schemas are {names}", self.0)
    }
}

impl std::error::Error for UnknownSchema {}

impl FromStr for Schema {
    type Err = UnknownSchema;

    fn from_str(name: &str) -> Result<Self, UnknownSchema> {
        let found = Self::ALL.into_iter().find(|schema| schema.name() == name);
        found.ok_or_else(|| UnknownSchema(name.to_owned()))
    }
}

/// Why something cannot be converted: it is no event. Holds nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnEvent {
    /// Not JSON.
    Unreadable(ParseError),
    /// A field that every event and alert has is missing or of another type.
    Lacks(&'static str),
}

impl std::fmt::Display for NotAnEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(
                f,
                "not an event: no JSON at line {} column {}",
                error.line, error.column
            ),
            Self::Lacks(field) => write!(f, "not an event: `{field}` is missing"),
        }
    }
}

impl std::error::Error for NotAnEvent {}

/// Appends an event or an alert to `out` in the schema, as compact JSON without a line end.
///
/// `event` is the canonical form ([`Event::body`](crate::Event::body), or an alert's JSON parsed).
/// Where it is none, `out` stays as it was.
pub fn convert(schema: Schema, event: &Value, out: &mut Vec<u8>) -> Result<(), NotAnEvent> {
    let parts = Parts::of(event)?;
    match schema {
        Schema::Ecs => value::write_json(event, out),
        Schema::Ocsf => ocsf::write(&parts, &mut Writer::new(out)),
        Schema::Udm => udm::write(&parts, &mut Writer::new(out)),
    }
    Ok(())
}

/// [`convert`] for the JSON of an event or an alert, as topics hold it.
pub fn convert_json(schema: Schema, json: &[u8], out: &mut Vec<u8>) -> Result<(), NotAnEvent> {
    if schema == Schema::Ecs {
        out.extend_from_slice(json);
        return Ok(());
    }
    let event = value::parse(json).map_err(NotAnEvent::Unreadable)?;
    convert(schema, &event, out)
}

/// An event taken apart as far as every program needs it.
struct Parts<'a> {
    root: Noun<'a>,
    /// `event.*`.
    event: Noun<'a>,
    id: &'a Value,
    time: &'a Value,
    time_ms: i64,
    activity: Activity,
}

impl<'a> Parts<'a> {
    fn of(event: &'a Value) -> Result<Self, NotAnEvent> {
        let root = event.as_object().ok_or(NotAnEvent::Lacks("@timestamp"))?;
        let root = Noun::new(root);
        let time = root.get("@timestamp");
        let time = time.ok_or(NotAnEvent::Lacks("@timestamp"))?;
        let time_ms = time::parse_ms(time).ok_or(NotAnEvent::Lacks("@timestamp"))?;
        let event = root.noun("event");
        let id = event.get("id").ok_or(NotAnEvent::Lacks("event.id"))?;
        Ok(Self {
            root,
            event,
            id,
            time,
            time_ms,
            activity: Activity::of(root, event),
        })
    }

    fn user(&self) -> Noun<'a> {
        self.root.noun("user")
    }

    /// Who makes what reported the event: what the event says of it, the built-in source's vendor,
    /// or at least the product's name in rules.
    fn write_vendor(&self, key: &str, w: &mut Writer<'_>) {
        let chaperone = self.root.noun("chaperone");
        let said = self.root.noun("observer").get("vendor");
        let source = chaperone.text("source").unwrap_or_default();
        match VENDORS.binary_search_by_key(&source, |(name, _)| name) {
            Ok(at) if said.is_none() => w.str(key, VENDORS[at].1),
            _ => w.text(key, said.or(chaperone.noun("logsource").get("product"))),
        }
    }
}

#[cfg(test)]
mod tests;
