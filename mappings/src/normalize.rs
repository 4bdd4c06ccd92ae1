//! From a record to sealed events: the order of things, in one place.
//!
//! Parse once → take the record apart into items → find each item's source → take its id → run the
//! mapping program in place → finish (time, id, names; [`finish`]) → derive what follows from what
//! is there ([`crate::derive`]) → add the context ([`crate::context`]) → seal. Whatever fails
//! becomes a [`Refusal`]; nothing is dropped. An empty record is nothing at all.
//!
//! No clock, no IO, no randomness (invariant I2): the same record gives the same events, live and
//! in replay. The receive time enters with the record's origin.

use std::sync::Arc;

use crate::context::Context;
use crate::derive;
use crate::event::{Draft, Event};
use crate::mapper::Machine;
use crate::record::Record;
use crate::redact::{Redactor, Scratch};
use crate::refusal::{Refusal, RefusalCode};
use crate::source::{Source, Sources};
use crate::value::{self, ObjectMap, Value};

mod convert;
mod finish;
mod identity;
mod items;
mod lines;

use identity::Identities;

/// What bounds the work on one record.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest record, in bytes.
    pub record_bytes_max: usize,
    /// The most items that one record may hold.
    pub items_max: usize,
    /// The largest event, in bytes of JSON.
    pub event_bytes_max: usize,
    /// How far a timestamp may lie beyond the receive time, in milliseconds, before it is clamped.
    pub skew_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes_max: 25 << 20,
            items_max: 100_000,
            event_bytes_max: 8 << 20,
            skew_ms: 5 * 60 * 1000,
        }
    }
}

/// All that normalizing needs, shared by its workers and never changed.
#[derive(Clone)]
pub struct Normalizer {
    shared: Arc<Shared>,
}

struct Shared {
    sources: Arc<Sources>,
    redactor: Arc<Redactor>,
    context: Arc<Context>,
    limits: Limits,
}

/// What a record became. The worker appends, so the caller decides when to clear.
#[derive(Debug, Default)]
pub struct Normalized {
    /// Sealed events, in the order of the items.
    pub events: Vec<Event>,
    /// What could not become an event.
    pub refusals: Vec<Refusal>,
}

/// One thread's share: buffers that are reused from record to record.
pub struct Worker {
    shared: Arc<Shared>,
    machine: Machine,
    scratch: Scratch,
    json: Vec<u8>,
}

impl Normalizer {
    /// With the default limits.
    pub fn new(sources: Arc<Sources>, redactor: Arc<Redactor>, context: Arc<Context>) -> Self {
        Self::with_limits(sources, redactor, context, Limits::default())
    }

    /// With limits of one's own.
    pub fn with_limits(
        sources: Arc<Sources>,
        redactor: Arc<Redactor>,
        context: Arc<Context>,
        limits: Limits,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                sources,
                redactor,
                context,
                limits,
            }),
        }
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker {
        Worker {
            shared: Arc::clone(&self.shared),
            machine: Machine::default(),
            scratch: self.shared.redactor.scratch(),
            json: Vec::new(),
        }
    }
}

impl Worker {
    /// Appends what the record became: events, refusals, or nothing for an empty record.
    pub fn normalize(&mut self, record: &Record, out: &mut Normalized) {
        let shared = Arc::clone(&self.shared);
        match open(&shared, record) {
            Ok(Some(opened)) => self.map_items(&shared, record, opened, out),
            Ok(None) => {}
            Err((code, detail)) => out.refusals.push(refuse(record, 0, code, detail)),
        }
    }

    fn map_items(
        &mut self,
        shared: &Shared,
        record: &Record,
        opened: Opened<'_>,
        out: &mut Normalized,
    ) {
        let mut identities = Identities::new(opened.items.len());
        let mut metadata: Option<Value> = None;
        for (at, item) in opened.items.into_iter().enumerate() {
            let found = find_source(shared, opened.source, &item, record);
            let result = found.and_then(|source| {
                if !item.is_object() {
                    let detail =
                        "the item is no object, or no line that its source reads".to_owned();
                    return Err((RefusalCode::InvalidEvent, detail));
                }
                let id = identities.id_of(source, &item, &record.origin, &mut self.json);
                self.map_item(shared, record, source, item, id, &mut metadata)
            });
            match result {
                Ok(event) => out.events.push(event),
                Err((code, detail)) => out.refusals.push(refuse(record, at, code, detail)),
            }
        }
    }

    fn map_item(
        &mut self,
        shared: &Shared,
        record: &Record,
        source: &Source,
        item: Value,
        id: String,
        metadata: &mut Option<Value>,
    ) -> Result<Event, Failure> {
        let mut body = item;
        convert::prepare(&mut body, source.spec());
        let classified = source.actions.classify(&mut body);
        let mut none = Value::Null;
        let metadata = if source.mapper.reads_metadata() {
            metadata.get_or_insert_with(|| metadata_of(record))
        } else {
            &mut none
        };
        source
            .mapper
            .run(&mut self.machine, &mut body, metadata)
            .map_err(|error| (error.code, error.detail))?;
        if !classified {
            source.actions.classify(&mut body);
        }
        let finishing = finish::Finishing {
            source,
            origin: &record.origin,
            skew_ms: shared.limits.skew_ms,
        };
        finishing.finish(&mut body, id)?;
        derive::complete(&mut body, &shared.context);
        shared.context.enrich(&mut body);
        let sealed = shared.redactor.seal(Draft { body }, &mut self.scratch);
        let event = sealed.map_err(|code| (code, String::new()))?;
        let bytes = event.json().len();
        if bytes > shared.limits.event_bytes_max {
            let detail = format!(
                "the event has {bytes} bytes, and the limit is {}",
                shared.limits.event_bytes_max
            );
            return Err((RefusalCode::InvalidEvent, detail));
        }
        Ok(event)
    }
}

/// A code and a detail without content.
type Failure = (RefusalCode, String);

/// A record taken apart.
struct Opened<'a> {
    /// The source that the origin names, or that reads its lines; None: each item is recognized.
    source: Option<&'a Source>,
    items: Vec<Value>,
}

/// Parses the record and takes it apart. None: it is empty.
fn open<'a>(shared: &'a Shared, record: &Record) -> Result<Option<Opened<'a>>, Failure> {
    let body = record
        .body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&record.body);
    let (bytes, limit) = (body.len(), shared.limits.record_bytes_max);
    if bytes > limit {
        let detail = format!("the record has {bytes} bytes, and the limit is {limit}");
        return Err((RefusalCode::TooLarge, detail));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let source = named_source(shared, &record.origin.source)?;
    let limit = shared.limits.items_max;
    let room = limit.saturating_add(1);
    let (source, items) = match (value::parse(body), source) {
        (Ok(document), Some(named)) => (source, items::of_source(document, named, room)),
        (Ok(document), None) => (
            None,
            items::recognized(document, &shared.sources, &record.origin, room),
        ),
        (Err(error), _) => lines::read(body, source, &shared.sources, room)
            .map(|(source, items)| (Some(source), items))
            .ok_or_else(|| unreadable(body, error))?,
    };
    if items.len() > limit {
        let detail = format!(
            "the record holds {} items or more, and the limit is {limit}",
            items.len()
        );
        return Err((RefusalCode::TooLarge, detail));
    }
    Ok(Some(Opened { source, items }))
}

/// The source that the origin names. `otlp` is a way in and no source: its items say what they are.
fn named_source<'a>(shared: &'a Shared, name: &str) -> Result<Option<&'a Source>, Failure> {
    if matches!(name, "" | "auto" | "otlp") {
        return Ok(None);
    }
    match shared.sources.get(name) {
        Some(source) => Ok(Some(source)),
        None => {
            let known: Vec<_> = shared.sources.names().collect();
            let detail = format!("the sources are {}", known.join(", "));
            Err((RefusalCode::NoMapping, detail))
        }
    }
}

fn unreadable(body: &[u8], error: value::ParseError) -> Failure {
    let detail = format!("line {} column {}", error.line, error.column);
    if error.too_deep {
        (RefusalCode::TooDeep, detail)
    } else if let Err(error) = std::str::from_utf8(body) {
        let detail = format!("after byte {}", error.valid_up_to());
        (RefusalCode::InvalidUtf8, detail)
    } else {
        (RefusalCode::InvalidJson, detail)
    }
}

fn find_source<'a>(
    shared: &'a Shared,
    named: Option<&'a Source>,
    item: &Value,
    record: &Record,
) -> Result<&'a Source, Failure> {
    match named {
        Some(source) => Ok(source),
        None => shared
            .sources
            .recognize(item, &record.origin)
            .map_err(|detail| (RefusalCode::UnknownSource, detail)),
    }
}

/// `%` of a program: what is known of the delivery.
fn metadata_of(record: &Record) -> Value {
    let headers = record.origin.headers.iter();
    let headers: ObjectMap = headers
        .map(|(name, value)| (name.as_str().into(), Value::from(value.as_str())))
        .collect();
    Value::Object(ObjectMap::from([
        ("headers".into(), headers.into()),
        ("received".into(), record.origin.received_ms.into()),
        ("source".into(), record.origin.source.as_str().into()),
    ]))
}

fn refuse(record: &Record, item: usize, code: RefusalCode, detail: String) -> Refusal {
    Refusal {
        code,
        origin: record.origin.clone(),
        item,
        detail,
    }
}

#[cfg(test)]
mod tests;
