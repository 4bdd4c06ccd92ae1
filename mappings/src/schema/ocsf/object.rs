//! Things: processes, files, URLs.

use crate::schema::Parts;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn process_activity(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.object("process", |w| process(event, w));
    w.integer("exit_code", event.root.noun("process").name("exit_code"));
}

/// A process: OCSF wants an identifier of it. The producer's own one is the tool call's, where an
/// agent started it, and else the event's.
pub(super) fn process(event: &Parts<'_>, w: &mut Writer<'_>) {
    let process = event.root.noun("process");
    let call = event
        .root
        .noun("gen_ai")
        .noun("tool")
        .noun("call")
        .name("id");
    w.integer("pid", process.name("pid"));
    w.text("uid", process.name("entity_id").or(call).or(Some(event.id)));
    members(process, w);
    let parent = process.noun("parent");
    if parent.has(&["pid", "entity_id"]) {
        w.object("parent_process", |w| {
            w.integer("pid", parent.name("pid"));
            w.text("uid", parent.name("entity_id"));
            members(parent, w);
        });
    }
}

fn members(process: Noun<'_>, w: &mut Writer<'_>) {
    w.text("cmd_line", process.name("command_line"));
    w.text("name", process.name("name"));
    w.text("path", process.name("executable"));
    w.text("working_directory", process.name("working_directory"));
}

/// `file`, where its name or path is known.
pub(super) fn file(file: Noun<'_>, w: &mut Writer<'_>) {
    let (name, path) = (file.name("name"), file.name("path"));
    let Some(known) = name.or(path) else { return };
    w.object("file", |w| {
        let parts = path
            .and_then(value::text)
            .map(|path| path.rsplit(['/', '\\']));
        let last = parts.and_then(|mut parts| parts.find(|part| !part.is_empty()));
        match last {
            Some(last) if name.is_none() => w.str("name", last),
            _ => w.text("name", Some(known)),
        }
        let kind = file.name("type");
        let id = match kind.and_then(value::text) {
            Some("file") => 1,
            Some("dir" | "directory") => 2,
            Some("symlink") => 7,
            _ => 0,
        };
        w.int("type_id", id);
        if let (Some(kind), true) = (kind, id != 0) {
            w.mark(kind);
        }
        w.text("path", file.name("path"));
        w.text("ext", file.name("extension"));
        w.text("mime_type", file.name("mime_type"));
        w.text("uid", file.name("inode"));
        w.long("size", file.name("size"));
        hashes(file.noun("hash"), w);
    });
}

fn hashes(hash: Noun<'_>, w: &mut Writer<'_>) {
    let known = [("md5", 1), ("sha1", 2), ("sha256", 3), ("sha512", 4)];
    w.list("hashes", |w| {
        for (name, id) in known {
            if hash.has(&[name]) {
                w.item(|w| {
                    w.int("algorithm_id", id);
                    w.text("value", hash.get(name));
                });
            }
        }
    });
}

pub(super) fn url(url: Noun<'_>, w: &mut Writer<'_>) {
    if url.has(&["full", "original", "path"]) {
        w.object("url", |w| {
            w.text("url_string", url.first(&["full", "original"]));
            w.text("hostname", url.name("domain"));
            w.text("path", url.name("path"));
            w.text("query_string", url.name("query"));
            w.text("scheme", url.name("scheme"));
            w.port("port", url.name("port"));
        });
    }
}
