//! Who did it, and from where. A principal never carries files or registry keys.

use crate::schema::Parts;
use crate::schema::form::is_number;
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
        host.first(&["hostname", "name"]).or(source.name("domain")),
    );
    w.list("ip", |w| {
        w.item_ip(source.get("ip"));
        w.item_ips(host.get("ip"));
    });
    w.port("port", source.name("port"));
    w.texts("mac", host.get("mac"));
    if host.has(&["id"]) {
        w.object("asset", |w| w.text("productObjectId", host.name("id")));
    }
    w.object("user", |w| user(event.user(), w));
    w.text("administrativeDomain", event.user().name("domain"));
    w.text(
        "application",
        root.noun("gen_ai").noun("agent").name("name"),
    );
    platform(host.noun("os"), w);
    w.object("location", |w| location(source.noun("geo"), w));
}

/// A user: the name that a person signs in with, and the product's own id.
pub(super) fn user(user: Noun<'_>, w: &mut Writer<'_>) {
    w.text("userid", user.first(&["name", "id", "email"]));
    w.text("productObjectId", user.name("id"));
    w.text("userDisplayName", user.name("full_name"));
    w.texts("emailAddresses", user.name("email"));
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
    w.text("platformVersion", os.name("version"));
}

pub(super) fn location(geo: Noun<'_>, w: &mut Writer<'_>) {
    w.text("city", geo.name("city_name"));
    w.text("state", geo.name("region_name"));
    w.text(
        "countryOrRegion",
        geo.first(&["country_name", "country_iso_code"]),
    );
    let place = geo.noun("location");
    let (lat, lon) = (place.name("lat"), place.name("lon"));
    if [lat, lon]
        .iter()
        .flatten()
        .filter(|value| is_number(value))
        .count()
        == 2
    {
        w.object("regionCoordinates", |w| {
            w.number("latitude", lat);
            w.number("longitude", lon);
        });
    }
}
