//! Requests and connections.

use super::object::url;
use crate::schema::Parts;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn http(event: &Parts<'_>, w: &mut Writer<'_>) {
    http_messages(event, w);
    connection(event, w);
}

/// `http_request` and `http_response`.
pub(super) fn http_messages(event: &Parts<'_>, w: &mut Writer<'_>) {
    let http = event.root.noun("http");
    let (request, response) = (http.noun("request"), http.noun("response"));
    w.object("http_request", |w| {
        w.method("http_method", request.name("method"));
        w.text("uid", request.name("id"));
        w.text("referrer", request.name("referrer"));
        w.text("version", http.name("version"));
        w.text("user_agent", event.root.noun("user_agent").name("original"));
        w.integer("body_length", request.noun("body").name("bytes"));
        w.integer("length", request.name("bytes"));
        url(event.root.noun("url"), w);
    });
    if response
        .name("status_code")
        .and_then(value::Value::as_integer)
        .is_some_and(|code| i32::try_from(code).is_ok())
    {
        w.object("http_response", |w| {
            w.integer("code", response.name("status_code"));
            w.text("content_type", response.name("mime_type"));
            w.integer("body_length", response.noun("body").name("bytes"));
            w.integer("length", response.name("bytes"));
        });
    }
}

pub(super) fn network(event: &Parts<'_>, w: &mut Writer<'_>) {
    url(event.root.noun("url"), w);
    connection(event, w);
}

fn connection(event: &Parts<'_>, w: &mut Writer<'_>) {
    let network = event.root.noun("network");
    w.text("app_protocol_name", network.name("protocol"));
    w.text("app_name", network.name("application"));
    w.object("connection_info", |w| {
        let direction = network.name("direction");
        let id = match direction.and_then(value::text) {
            Some("inbound" | "ingress") => Some(1),
            Some("outbound" | "egress") => Some(2),
            _ => None,
        };
        if id.is_none() && !network.has(&["transport", "community_id", "iana_number"]) {
            return;
        }
        w.int("direction_id", id.unwrap_or(0));
        if let (Some(direction), Some(_)) = (direction, id) {
            w.mark(direction);
        }
        w.text("protocol_name", network.name("transport"));
        w.text("community_uid", network.name("community_id"));
    });
    w.object("traffic", |w| {
        w.long("bytes", network.name("bytes"));
        w.long("bytes_in", event.root.noun("destination").name("bytes"));
        w.long("bytes_out", event.root.noun("source").name("bytes"));
        w.long("packets", network.name("packets"));
    });
}
