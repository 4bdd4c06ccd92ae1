//! What: processes, files, requests, connections, calls, and the model behind them.

use super::place;
use crate::schema::Parts;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value;

pub(super) fn process_activity(event: &Parts<'_>, w: &mut Writer<'_>) {
    w.object("process", |w| process(event, w));
    w.integer("exit_code", event.root.noun("process").get("exit_code"));
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
        .get("id");
    w.integer("pid", process.get("pid"));
    w.text("uid", process.get("entity_id").or(call).or(Some(event.id)));
    members(process, w);
    let parent = process.noun("parent");
    if parent.has(&["pid", "entity_id"]) {
        w.object("parent_process", |w| {
            w.integer("pid", parent.get("pid"));
            w.text("uid", parent.get("entity_id"));
            members(parent, w);
        });
    }
}

fn members(process: Noun<'_>, w: &mut Writer<'_>) {
    w.text("cmd_line", process.get("command_line"));
    w.text("name", process.get("name"));
    w.text("path", process.get("executable"));
    w.text("working_directory", process.get("working_directory"));
}

/// `file`, where its name or path is known.
pub(super) fn file(file: Noun<'_>, w: &mut Writer<'_>) {
    let path = file.text("path");
    let last = path.and_then(|path| path.rsplit(['/', '\\']).find(|part| !part.is_empty()));
    if path.is_none() && file.text("name").is_none() {
        return;
    }
    w.object("file", |w| {
        match (file.text("name"), last.or(path)) {
            (Some(_), _) | (None, None) => w.text("name", file.get("name")),
            (None, Some(last)) => w.str("name", last),
        }
        let kind = file.get("type");
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
        w.text("path", file.get("path"));
        w.text("ext", file.get("extension"));
        w.text("mime_type", file.get("mime_type"));
        w.text("uid", file.get("inode"));
        w.integer("size", file.get("size"));
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
            w.text("hostname", url.get("domain"));
            w.text("path", url.get("path"));
            w.text("query_string", url.get("query"));
            w.text("scheme", url.get("scheme"));
            w.port("port", url.get("port"));
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
        w.method("http_method", request.get("method"));
        w.text("uid", request.get("id"));
        w.text("referrer", request.get("referrer"));
        w.text("version", http.get("version"));
        w.text("user_agent", event.root.noun("user_agent").get("original"));
        w.integer("body_length", request.noun("body").get("bytes"));
        w.integer("length", request.get("bytes"));
        url(event.root.noun("url"), w);
    });
    if response
        .get("status_code")
        .is_some_and(|code| code.is_integer())
    {
        w.object("http_response", |w| {
            w.integer("code", response.get("status_code"));
            w.text("content_type", response.get("mime_type"));
            w.integer("body_length", response.noun("body").get("bytes"));
            w.integer("length", response.get("bytes"));
        });
    }
}

pub(super) fn network(event: &Parts<'_>, w: &mut Writer<'_>) {
    url(event.root.noun("url"), w);
    connection(event, w);
}

fn connection(event: &Parts<'_>, w: &mut Writer<'_>) {
    let network = event.root.noun("network");
    w.text("app_protocol_name", network.get("protocol"));
    w.text("app_name", network.get("application"));
    w.object("connection_info", |w| {
        let direction = network.get("direction");
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
        w.text("protocol_name", network.get("transport"));
        w.text("community_uid", network.get("community_id"));
    });
    w.object("traffic", |w| {
        w.integer("bytes", network.get("bytes"));
        w.integer("bytes_in", event.root.noun("destination").get("bytes"));
        w.integer("bytes_out", event.root.noun("source").get("bytes"));
        w.integer("packets", network.get("packets"));
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
        w.text("name", app.get("name"));
        w.text("uid", app.get("id"));
        w.text("version", app.get("version"));
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
        let operation = mcp.noun("method").get("name").or(tool.get("name"));
        let operation = operation.or(meta.get("action"));
        match operation {
            Some(_) => w.text("operation", operation),
            None => w.str("operation", "Unknown"),
        }
        let server = mcp.noun("server");
        w.object("service", |w| {
            let name = server.get("name").or(root.noun("service").get("name"));
            w.text("name", name.or(meta.get("provider")));
            w.text("version", server.get("version"));
        });
        if let Some(id) = call
            .get("id")
            .or(root.noun("http").noun("request").get("id"))
        {
            w.object("request", |w| {
                w.text("uid", Some(id));
                w.value("data", call.get("arguments"));
            });
        }
        let error = root.noun("error");
        w.object("response", |w| {
            w.text("error", error.get("type"));
            w.text("error_message", error.get("message"));
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
        resource("repository", repository.get("id"), repository.get("name"));
        resource("change", change.get("id"), change.get("title"));
        resource("MCP tool", None, tool.get("name"));
        resource("file", None, root.noun("file").get("path"));
        resource("package", None, root.noun("package").get("name"));
        let entity = root.noun("entity");
        resource("entity", entity.get("id"), entity.get("name"));
    });
}

/// The profile `ai_operation`: the model, and the message's place in a conversation.
pub(super) fn ai_operation(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let ai = event.root.noun("gen_ai");
    let (agent, usage) = (ai.noun("agent"), ai.noun("usage"));
    let model = ai
        .noun("response")
        .get("model")
        .or(ai.noun("request").get("model"));
    let provider = ai.noun("provider").get("name");
    let modelled = model.is_some()
        && provider.is_some()
        && w.object("ai_model", |w| {
            w.text("name", model);
            w.text("ai_provider", provider);
        });
    let context = agent.has(&["name", "id"])
        && w.object("message_context", |w| {
            w.object("application", |w| {
                w.text("name", agent.get("name"));
                w.text("uid", agent.get("id"));
                w.text("version", agent.get("version"));
            });
            w.text("uid", ai.noun("conversation").get("id"));
            w.integer("prompt_tokens", usage.get("input_tokens"));
            w.integer("completion_tokens", usage.get("output_tokens"));
        });
    modelled || context
}

/// The profile `trace`: it requires the trace's id.
pub(super) fn trace(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let trace = event.root.noun("trace");
    trace.has(&["id"])
        && w.object("trace", |w| {
            w.text("uid", trace.get("id"));
            let span = event.root.noun("span").get("id");
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
