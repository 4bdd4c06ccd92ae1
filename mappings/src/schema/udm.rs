//! Google's Unified Data Model.

use super::Parts;
use super::write::{Writer, object};

/// Writes the event.
pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    w.document(|w| {
        w.object("metadata", |w| {
            w.text("eventTimestamp", Some(event.time));
            w.str("eventType", "GENERIC_EVENT");
            w.text("productLogId", Some(event.id));
            let meta = object(root, "event");
            w.text("productEventType", meta.and_then(|meta| meta.get("action")));
        });
        w.rest("additional", root);
    });
}
