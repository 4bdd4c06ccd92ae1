//! OCSF 1.8.0.

use super::Parts;
use super::write::{Writer, object};

/// Writes the event.
pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    w.document(|w| {
        w.int("class_uid", 0);
        w.int("category_uid", 0);
        w.int("activity_id", 0);
        w.int("type_uid", 0);
        w.int("severity_id", 0);
        w.int("time", event.time_ms);
        w.mark(event.time);
        w.text("message", root.get("message"));
        w.object("metadata", |w| {
            w.str("version", "1.8.0");
            w.text("uid", Some(event.id));
            w.object("product", |w| {
                let meta = object(root, "event");
                w.text("name", meta.and_then(|meta| meta.get("dataset")));
            });
        });
        w.rest("unmapped", root);
    });
}
