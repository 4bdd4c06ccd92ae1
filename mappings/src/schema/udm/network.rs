//! The network between principal and target, and the session.

use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let network = root.noun("network");
    let conversation = root.noun("gen_ai").noun("conversation");
    w.text("sessionId", conversation.get("id"));
    if event.activity == Activity::Http {
        let secure = root.noun("url").says("scheme", "https");
        w.str("applicationProtocol", if secure { "HTTPS" } else { "HTTP" });
    }
    word(
        w,
        "ipProtocol",
        network.get("transport"),
        &[("tcp", "TCP"), ("udp", "UDP")],
    );
    let directions = [
        ("inbound", "INBOUND"),
        ("ingress", "INBOUND"),
        ("outbound", "OUTBOUND"),
        ("egress", "OUTBOUND"),
    ];
    word(w, "direction", network.get("direction"), &directions);
    w.integer("sentBytes", root.noun("source").get("bytes"));
    w.integer("receivedBytes", root.noun("destination").get("bytes"));
    let (request, response) = (
        root.noun("http").noun("request"),
        root.noun("http").noun("response"),
    );
    w.object("http", |w| {
        w.text("method", request.get("method"));
        w.text("referralUrl", request.get("referrer"));
        w.text("userAgent", root.noun("user_agent").get("original"));
        w.integer("responseCode", response.get("status_code"));
    });
}

/// An enumeration's name for a word, where it has one.
fn word(w: &mut Writer<'_>, key: &str, value: Option<&value::Value>, names: &[(&str, &str)]) {
    let text = value.and_then(value::text);
    let found = names.iter().find(|(word, _)| Some(*word) == text);
    if let (Some((_, name)), Some(value)) = (found, value) {
        w.str(key, name);
        w.mark(value);
    }
}
