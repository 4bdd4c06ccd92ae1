//! What: processes, files, requests, connections, calls, and the model behind them.

use super::place;
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
        .is_some_and(|code| code.is_integer())
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

/// A program that is installed, started or stopped: a package, or the agent itself.
pub(super) fn application(event: &Parts<'_>, w: &mut Writer<'_>) {
    let package = event.root.noun("package");
    let agent = event.root.noun("gen_ai").noun("agent");
    let app = if package.has(&["name"]) {
        package
    } else {
        agent
    };
    w.object("app", |w| {
        w.text("name", app.name("name"));
        w.text("uid", app.name("id"));
        w.text("version", app.name("version"));
    });
}

/// `api` and `resources`: who was asked for what, and what it was about.
pub(super) fn call(event: &Parts<'_>, w: &mut Writer<'_>) {
    api(event, w);
    resources(event, w);
}

pub(super) fn api(event: &Parts<'_>, w: &mut Writer<'_>) {
    let (root, meta) = (event.root, event.event);
    let (tool, mcp) = (root.noun("gen_ai").noun("tool"), root.noun("mcp"));
    let call = tool.noun("call");
    w.object("api", |w| {
        let operation = mcp.noun("method").name("name").or(tool.name("name"));
        let operation = operation.or(meta.name("action"));
        match operation {
            Some(_) => w.text("operation", operation),
            None => w.str("operation", "Unknown"),
        }
        let server = mcp.noun("server");
        w.object("service", |w| {
            let name = server.name("name").or(root.noun("service").name("name"));
            w.text("name", name.or(meta.name("provider")));
            w.text("version", server.name("version"));
        });
        if let Some(id) = call
            .name("id")
            .or(root.noun("http").noun("request").name("id"))
        {
            w.object("request", |w| {
                w.text("uid", Some(id));
                w.value("data", call.get("arguments"));
            });
        }
        let error = root.noun("error");
        w.object("response", |w| {
            w.text("error", error.name("type"));
            w.text("error_message", error.name("message"));
            w.value("data", call.get("result"));
        });
    });
}

/// What it was about: the repository, the change, the tool of an MCP server, a file, a package.
pub(super) fn resources(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    let vcs = root.noun("vcs");
    let (repository, change) = (vcs.noun("repository"), vcs.noun("change"));
    let tool = root.noun("mcp").noun("tool");
    w.list("resources", |w| {
        let mut resource = |kind: &str, id: Option<&_>, name: Option<&_>| {
            if id.or(name).is_some() {
                w.item(|w| {
                    w.str("type", kind);
                    w.text("uid", id);
                    w.text("name", name);
                });
            }
        };
        resource("repository", repository.name("id"), repository.name("name"));
        resource("change", change.name("id"), change.name("title"));
        resource("MCP tool", None, tool.name("name"));
        resource("file", None, root.noun("file").name("path"));
        resource("package", None, root.noun("package").name("name"));
        let entity = root.noun("entity");
        resource("entity", entity.name("id"), entity.name("name"));
    });
}

/// The profile `ai_operation`: the model, and the message's place in a conversation.
pub(super) fn ai_operation(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let ai = event.root.noun("gen_ai");
    let (agent, usage) = (ai.noun("agent"), ai.noun("usage"));
    let model = ai
        .noun("response")
        .name("model")
        .or(ai.noun("request").name("model"));
    let provider = ai.noun("provider").name("name");
    let modelled = model.is_some()
        && provider.is_some()
        && w.object("ai_model", |w| {
            w.text("name", model);
            w.text("ai_provider", provider);
        });
    let context = agent.has(&["name", "id"])
        && w.object("message_context", |w| {
            w.object("application", |w| {
                w.text("name", agent.name("name"));
                w.text("uid", agent.name("id"));
                w.text("version", agent.name("version"));
            });
            w.text("uid", ai.noun("conversation").name("id"));
            w.integer("prompt_tokens", usage.name("input_tokens"));
            w.integer("completion_tokens", usage.name("output_tokens"));
        });
    modelled || context
}

/// The profile `trace`: it requires the trace's id.
pub(super) fn trace(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let trace = event.root.noun("trace");
    trace.has(&["id"])
        && w.object("trace", |w| {
            w.text("uid", trace.name("id"));
            let span = event.root.noun("span").name("id");
            if span.is_some() {
                w.object("span", |w| w.text("uid", span));
            }
        })
}

/// What an alert's events agree in, as evidence.
pub(super) fn evidence(event: &Parts<'_>, w: &mut Writer<'_>) {
    let root = event.root;
    if root
        .noun("process")
        .has(&["command_line", "executable", "name"])
    {
        w.object("process", |w| process(event, w));
    }
    file(root.noun("file"), w);
    url(root.noun("url"), w);
    place::source(event, false, w);
    place::destination(event, w);
    if root.noun("gen_ai").noun("tool").has(&["name"]) || root.noun("mcp").object().is_some() {
        api(event, w);
    }
}
