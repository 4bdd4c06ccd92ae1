//! Where: devices, endpoints, locations, the cloud.

use crate::schema::Parts;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value;

/// The host, where it is known.
pub(super) fn device(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let host = event.root.noun("host");
    if !host.has(&["name", "hostname", "id"]) && host.ip("ip").is_none() {
        return false;
    }
    w.object("device", |w| {
        w.int("type_id", 0);
        w.text("hostname", host.first(&["hostname", "name"]));
        w.text("name", host.name("name"));
        w.text("uid", host.name("id"));
        w.text("ip", host.ip("ip"));
        w.text("domain", host.name("domain"));
        w.object("os", |w| os(host.noun("os"), w));
    })
}

/// The host, where the class requires one: what is known of it, and that its name is not.
pub(super) fn required_device(event: &Parts<'_>, w: &mut Writer<'_>) {
    if device(event, w) {
        return;
    }
    w.object("device", |w| {
        w.int("type_id", 0);
        w.str("name", "Unknown");
        w.object("os", |w| os(event.root.noun("host").noun("os"), w));
    });
}

fn os(os: Noun<'_>, w: &mut Writer<'_>) {
    let kind = os.name("type");
    let name = os.first(&["name", "full", "type", "platform"]);
    if name.is_none() {
        return;
    }
    let known: &[(&str, i64)] = &[
        ("windows", 100),
        ("linux", 200),
        ("android", 201),
        ("macos", 300),
        ("darwin", 300),
        ("ios", 301),
    ];
    let text = kind.and_then(value::text);
    let id = known.iter().find(|(name, _)| Some(*name) == text);
    w.text("name", name);
    w.text("version", os.name("version"));
    w.text("kernel_release", os.name("kernel"));
    match (id, text) {
        (Some((_, id)), _) => {
            w.int("type_id", *id);
            kind.iter().for_each(|kind| w.mark(kind));
        }
        (None, Some(_)) => {
            w.int("type_id", 99);
            w.text("type", kind);
        }
        (None, None) => w.int("type_id", 0),
    }
}

/// Where it came from: the source, else the host; for a class that requires it at least the name
/// of the program that asked.
pub(super) fn source(event: &Parts<'_>, required: bool, w: &mut Writer<'_>) {
    let root = event.root;
    let source = if root.noun("source").object().is_some() {
        root.noun("source")
    } else {
        root.noun("client")
    };
    let there = w.object("src_endpoint", |w| endpoint(source, w));
    if there || !required {
        return;
    }
    let host = root.noun("host");
    w.object("src_endpoint", |w| {
        w.text("hostname", host.first(&["hostname", "name"]));
        w.text("ip", host.ip("ip"));
        if !host.has(&["hostname", "name"]) && host.ip("ip").is_none() {
            let agent = root.noun("gen_ai").noun("agent").name("name");
            let program = agent.or(event.event.first(&["provider", "dataset"]));
            match program {
                Some(_) => w.text("svc_name", program),
                None => w.str("svc_name", "Unknown"),
            }
        }
    });
}

/// Where it went.
pub(super) fn destination(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let root = event.root;
    let far = if root.noun("destination").object().is_some() {
        root.noun("destination")
    } else {
        root.noun("server")
    };
    w.object("dst_endpoint", |w| endpoint(far, w))
}

pub(super) fn endpoint(place: Noun<'_>, w: &mut Writer<'_>) {
    let (ip, name) = (place.ip("ip"), place.first(&["domain", "address"]));
    if ip.or(name).is_some() {
        w.text("ip", ip);
        w.text("hostname", name);
        w.port("port", place.name("port"));
        w.mac("mac", place.get("mac"));
        w.object("location", |w| location(place.noun("geo"), w));
        let system = place.noun("as");
        w.object("autonomous_system", |w| {
            w.integer("number", system.name("number"));
            w.text("name", system.noun("organization").name("name"));
        });
    }
}

fn location(geo: Noun<'_>, w: &mut Writer<'_>) {
    const PLACES: [&str; 6] = [
        "city_name",
        "country_iso_code",
        "country_name",
        "postal_code",
        "region_iso_code",
        "region_name",
    ];
    if !geo.has(&PLACES) {
        return;
    }
    w.text("city", geo.name("city_name"));
    w.text("country", geo.first(&["country_iso_code", "country_name"]));
    w.text("region", geo.first(&["region_iso_code", "region_name"]));
    w.text(
        "continent",
        geo.first(&["continent_name", "continent_code"]),
    );
    w.text("postal_code", geo.name("postal_code"));
    w.number("lat", geo.noun("location").name("lat"));
    w.number("long", geo.noun("location").name("lon"));
}

/// The cloud in which it happened; the profile wants its name.
pub(super) fn cloud(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let cloud = event.root.noun("cloud");
    if cloud.text("provider").is_none() {
        return false;
    }
    w.object("cloud", |w| {
        w.text("provider", cloud.name("provider"));
        w.text("region", cloud.name("region"));
        w.text("zone", cloud.name("availability_zone"));
        w.text("project_uid", cloud.noun("project").name("id"));
        w.object("account", |w| {
            w.text("uid", cloud.noun("account").name("id"));
            w.text("name", cloud.noun("account").name("name"));
        });
    })
}
