//! The network between principal and target, and the session.

use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let network = root.noun("network");
    let conversation = root.noun("gen_ai").noun("conversation");
    w.text("sessionId", conversation.name("id"));
    if event.activity == Activity::Http {
        let secure = root.noun("url").says("scheme", "https");
        w.str("applicationProtocol", if secure { "HTTPS" } else { "HTTP" });
    }
    word(
        w,
        "ipProtocol",
        network.name("transport"),
        &[("tcp", "TCP"), ("udp", "UDP")],
    );
    let directions = [
        ("inbound", "INBOUND"),
        ("ingress", "INBOUND"),
        ("outbound", "OUTBOUND"),
        ("egress", "OUTBOUND"),
    ];
    word(w, "direction", network.name("direction"), &directions);
    w.count("sentBytes", root.noun("source").name("bytes"));
    w.count("receivedBytes", root.noun("destination").name("bytes"));
    let (request, response) = (
        root.noun("http").noun("request"),
        root.noun("http").noun("response"),
    );
    w.object("http", |w| {
        w.text("method", request.name("method"));
        w.text("referralUrl", request.name("referrer"));
        w.text("userAgent", root.noun("user_agent").name("original"));
        w.integer("responseCode", response.name("status_code"));
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
