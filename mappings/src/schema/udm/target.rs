//! What it was done to.

use super::event_type::has_user;
use super::principal;
use crate::schema::Parts;
use crate::schema::activity::Activity;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;

pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    machine(root, w);
    w.object("process", |w| process(root.noun("process"), w));
    w.object("file", |w| file(root.noun("file"), w));
    w.text("url", root.noun("url").first(&["full", "original"]));
    let user = event.user();
    if has_user(user.noun("target")) {
        w.object("user", |w| principal::user(user.noun("target"), w));
    } else if event.activity == Activity::Authentication {
        w.object("user", |w| principal::user(user, w));
    }
    let own = root.noun("group");
    let group = if own.object().is_some() {
        own
    } else {
        user.noun("target").noun("group")
    };
    w.object("group", |w| {
        w.text("groupDisplayName", group.name("name"));
        w.text("productObjectId", group.name("id"));
    });
    let server = root.noun("mcp").noun("server").name("name");
    let service = root.noun("service").name("name").or_else(|| {
        // Where somebody signs in to, if nothing else says so.
        let signs_in = event.activity == Activity::Authentication;
        event.event.name("provider").filter(|_| signs_in)
    });
    w.text("application", server.or(service));
    w.object("resource", |w| resource(event, w));
}

/// The far end of a connection; of a URL only its host is known.
fn machine(root: Noun<'_>, w: &mut Writer<'_>) {
    let far = root.noun("destination");
    let name = far.first(&["domain", "address"]);
    w.text("hostname", name.or(root.noun("url").name("domain")));
    w.list("ip", |w| w.item_ip(far.get("ip")));
    w.port("port", far.name("port").or(root.noun("url").name("port")));
    w.object("location", |w| principal::location(far.noun("geo"), w));
}

fn process(process: Noun<'_>, w: &mut Writer<'_>) {
    w.text("commandLine", process.name("command_line"));
    w.text("pid", process.name("pid"));
    w.object("file", |w| {
        w.text("fullPath", process.first(&["executable", "name"]))
    });
    let parent = process.noun("parent");
    w.object("parentProcess", |w| {
        w.text("commandLine", parent.name("command_line"));
        w.text("pid", parent.name("pid"));
        w.object("file", |w| {
            w.text("fullPath", parent.first(&["executable", "name"]))
        });
    });
}

fn file(file: Noun<'_>, w: &mut Writer<'_>) {
    let hash = file.noun("hash");
    w.text("fullPath", file.first(&["path", "name"]));
    w.text("mimeType", file.name("mime_type"));
    w.count("size", file.name("size"));
    w.text("md5", hash.get("md5"));
    w.text("sha1", hash.get("sha1"));
    w.text("sha256", hash.get("sha256"));
}

/// True where the target gets a resource with a name.
pub(super) fn has_resource(event: &Parts<'_>) -> bool {
    chosen(event).is_some()
}

/// The kind of resource, and where its name and id lie.
fn chosen<'a>(event: &Parts<'a>) -> Option<(&'static str, Noun<'a>)> {
    let root = event.root;
    let tool = root.noun("gen_ai").noun("tool");
    [
        ("repository", root.noun("vcs").noun("repository")),
        ("entity", root.noun("entity")),
        ("MCP tool", root.noun("mcp").noun("tool")),
        ("package", root.noun("package")),
        ("tool", tool),
    ]
    .into_iter()
    .find(|(_, noun)| noun.has(&["name"]))
}

fn resource(event: &Parts<'_>, w: &mut Writer<'_>) {
    let Some((kind, noun)) = chosen(event) else {
        return;
    };
    if kind == "repository" {
        w.str("resourceType", "REPOSITORY");
    } else {
        w.str("resourceSubtype", kind);
    }
    w.text("name", noun.name("name"));
    w.text("productObjectId", noun.name("id"));
}
