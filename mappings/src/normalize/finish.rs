//! What every event has, whatever its source: a time, an id, a kind, and where it comes from.
//!
//! A mapping program says what only it can know. All that is the same for every source is done
//! here once, so that sixty programs cannot do it in sixty ways.

use crate::value::KeyString;

use super::Failure;
use crate::record::Origin;
use crate::refusal::RefusalCode;
use crate::source::Source;
use crate::time;
use crate::value::{self, ObjectMap, Value};

/// The version of ECS that events follow.
const ECS_VERSION: &str = "9.4.0";

/// What finishing a draft needs to know besides the draft.
pub(super) struct Finishing<'a> {
    pub(super) source: &'a Source,
    pub(super) origin: &'a Origin,
    pub(super) skew_ms: i64,
}

impl Finishing<'_> {
    pub(super) fn finish(&self, body: &mut Value, id: String) -> Result<(), Failure> {
        let Some(draft) = body.as_object_mut() else {
            let detail = "the program left something that is not an object";
            return Err((RefusalCode::InvalidEvent, detail.to_owned()));
        };
        self.prune(draft);
        if draft.is_empty() {
            let detail = "the program left an empty object";
            return Err((RefusalCode::InvalidEvent, detail.to_owned()));
        }
        self.stamp(draft)?;
        self.name(draft, id);
        Ok(())
    }

    /// Removes what stands for absence: null, empty text, lists and objects, and the vendor's words
    /// for it. The words are left alone under `event`, where ECS has `unknown` for an outcome.
    fn prune(&self, draft: &mut ObjectMap) {
        let absent = &self.source.spec().absent;
        let says_absent = |found: &Value| absent.iter().any(|word| word.is(found));
        draft.retain(|key, found| match key.as_str() {
            "event" => keep(found, &|_| false),
            _ if absent.is_empty() => keep(found, &|_| false),
            _ => keep(found, &says_absent),
        });
    }

    /// Brings `@timestamp` into its form; a time too far beyond the receive time is clamped to it.
    fn stamp(&self, draft: &mut ObjectMap) -> Result<(), Failure> {
        let received = self.origin.received_ms;
        let given = draft.get("@timestamp").and_then(time::parse_ms);
        let ms = match given {
            Some(ms) if received > 0 && ms > received.saturating_add(self.skew_ms) => {
                tag(draft, "timestamp_clamped");
                received
            }
            Some(ms) => ms,
            None if received > 0 && !self.source.spec().needs_time => {
                let chaperone = object_at(draft, "chaperone");
                chaperone.insert("time".into(), "received".into());
                received
            }
            None => {
                let detail = "it has no time, and its source or its delivery gives none";
                return Err((RefusalCode::NoTime, detail.to_owned()));
            }
        };
        draft.insert("@timestamp".into(), time::format_ms(ms).into());
        Ok(())
    }

    fn name(&self, draft: &mut ObjectMap, id: String) {
        let spec = self.source.spec();
        let name = self.source.name();
        let event = object_at(draft, "event");
        if !(spec.keeps_id && event.get("id").and_then(value::text).is_some()) {
            event.insert("id".into(), id.into());
        }
        fill(event, "kind", "event");
        fill(event, "dataset", name);
        if let Some(ours) = &spec.logsource {
            fill(event, "provider", &ours.product);
        }
        fill(object_at(draft, "ecs"), "version", ECS_VERSION);
        let chaperone = object_at(draft, "chaperone");
        fill(chaperone, "source", name);
        if !self.origin.tenant.is_empty() {
            chaperone.insert("tenant".into(), self.origin.tenant.as_str().into());
        }
        if let Some(ours) = &spec.logsource {
            let logsource = object_at(chaperone, "logsource");
            fill(logsource, "product", &ours.product);
            fill(logsource, "service", &ours.service);
        }
    }
}

/// Whether anything is left of the value after what stands for absence has been removed from it.
fn keep(found: &mut Value, absent: &impl Fn(&Value) -> bool) -> bool {
    match found {
        Value::Null => false,
        Value::Object(object) => {
            object.retain(|_, inner| keep(inner, absent));
            !object.is_empty()
        }
        Value::Array(list) => {
            list.retain_mut(|inner| keep(inner, absent));
            !list.is_empty()
        }
        other => value::text(other) != Some("") && !absent(other),
    }
}

/// The object at a key; made where there is none, and where something else is in its place.
fn object_at<'a>(parent: &'a mut ObjectMap, key: &str) -> &'a mut ObjectMap {
    if !parent.get(key).is_some_and(Value::is_object) {
        parent.insert(KeyString::from(key), Value::Object(ObjectMap::new()));
    }
    let child = parent.get_mut(key).and_then(Value::as_object_mut);
    child.expect("it was made an object above")
}

fn fill(object: &mut ObjectMap, key: &str, new: &str) {
    if !object.contains_key(key) {
        object.insert(key.into(), new.into());
    }
}

fn tag(draft: &mut ObjectMap, tag: &str) {
    let tags = draft.entry("tags".into()).or_insert(Value::Null);
    match tags {
        Value::Array(list) => {
            if !list.iter().any(|known| value::text(known) == Some(tag)) {
                list.push(tag.into());
            }
        }
        Value::Null => *tags = Value::Array(vec![tag.into()]),
        other => *other = Value::Array(vec![other.clone(), tag.into()]),
    }
}
