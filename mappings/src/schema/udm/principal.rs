//! Who did it, and from where. A principal never carries files or registry keys.

use crate::schema::Parts;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let host = root.noun("host");
    let source = if root.noun("source").object().is_some() {
        root.noun("source")
    } else {
        root.noun("client")
    };
    w.text(
        "hostname",
        host.first(&["hostname", "name"]).or(source.get("domain")),
    );
    w.list("ip", |w| {
        w.item_ip(source.get("ip"));
        w.item_ips(host.get("ip"));
    });
    w.port("port", source.get("port"));
    w.texts("mac", host.get("mac"));
    if host.has(&["id"]) {
        w.object("asset", |w| w.text("productObjectId", host.get("id")));
    }
    w.object("user", |w| user(event.user(), w));
    w.text("administrativeDomain", event.user().get("domain"));
    w.text("application", root.noun("gen_ai").noun("agent").get("name"));
    platform(host.noun("os"), w);
    w.object("location", |w| location(source.noun("geo"), w));
}

/// A user: the name that a person signs in with, and the product's own id.
pub(super) fn user(user: Noun<'_>, w: &mut Writer<'_>) {
    w.text("userid", user.first(&["name", "id", "email"]));
    w.text("productObjectId", user.get("id"));
    w.text("userDisplayName", user.get("full_name"));
    w.texts("emailAddresses", user.get("email"));
    w.texts(
        "groupIdentifiers",
        user.noun("group").first(&["id", "name"]),
    );
}

fn platform(os: Noun<'_>, w: &mut Writer<'_>) {
    let kind = os.first(&["type", "platform"]);
    let name = match kind.and_then(value::text) {
        Some("windows") => "WINDOWS",
        Some("macos" | "darwin") => "MAC",
        Some("linux") => "LINUX",
        Some("ios") => "IOS",
        Some("android") => "ANDROID",
        _ => "",
    };
    if let (Some(kind), false) = (kind, name.is_empty()) {
        w.str("platform", name);
        w.mark(kind);
    }
    w.text("platformVersion", os.get("version"));
}

pub(super) fn location(geo: Noun<'_>, w: &mut Writer<'_>) {
    w.text("city", geo.get("city_name"));
    w.text("state", geo.get("region_name"));
    w.text(
        "countryOrRegion",
        geo.first(&["country_name", "country_iso_code"]),
    );
    let place = geo.noun("location");
    w.object("regionCoordinates", |w| {
        w.number("latitude", place.get("lat"));
        w.number("longitude", place.get("lon"));
    });
}
