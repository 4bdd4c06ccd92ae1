//! Google's Unified Data Model, as a `UDM` message in proto3 JSON with camelCase names.
//!
//! The importer refuses an event that lacks a noun which its type demands, and with it the whole
//! request. So the type follows from the nouns that are there, and `GENERIC_EVENT`, which demands
//! none, takes what is left. What has no field goes to `additional` under its dotted canonical
//! path, since a search there knows only the first level.

use super::Parts;
use super::activity::Activity;
use super::write::Writer;

mod event_type;
mod network;
mod principal;
mod security;
mod target;

/// Writes the event.
pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.document(|w| {
        w.object("metadata", |w| metadata(event, w));
        w.object("principal", |w| principal::write(event, w));
        w.object("target", |w| target::write(event, w));
        w.object("network", |w| network::write(event, w));
        security::write(event, w);
        w.object("extensions", |w| security::extensions(event, w));
        w.rest_flat("additional", event.root);
    });
}

fn metadata(event: &Parts<'_>, w: &mut Writer<'_>) {
    let (root, meta) = (event.root, event.event);
    w.text("eventTimestamp", Some(event.time));
    w.timestamp("collectedTimestamp", meta.name("created"));
    w.str("eventType", event_type::of(event));
    w.base64("id", event.id);
    w.text("productLogId", Some(event.id));
    w.text("productEventType", meta.first(&["action", "code"]));
    w.text("description", root.name("message"));
    w.text("urlBackToProduct", meta.name("url"));
    w.text("productDeploymentId", root.noun("organization").name("id"));
    if event.activity == Activity::Alert {
        w.str("productName", "Chaperone");
        w.str("vendorName", "Chaperone");
        return;
    }
    let observer = root.noun("observer");
    let name = observer
        .name("product")
        .or(meta.first(&["provider", "dataset"]));
    w.text("productName", name);
    event.write_vendor("vendorName", w);
    let version = root.noun("gen_ai").noun("agent").name("version");
    w.text("productVersion", observer.name("version").or(version));
}
