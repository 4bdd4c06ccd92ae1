//! Calls of programs: what was asked of whom, about what, and the model behind it.

use crate::schema::Parts;
use crate::schema::write::Writer;
use crate::time;
use crate::value::{self, Value};

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

/// The profile `trace`: it requires the trace's id, and of a span its id and both of its times.
pub(super) fn trace(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let trace = event.root.noun("trace");
    trace.has(&["id"])
        && w.object("trace", |w| {
            w.text("uid", trace.name("id"));
            let span = event.root.noun("span").name("id");
            let (start, end) = (event.event.name("start"), event.event.name("end"));
            let is_time = |time: Option<&Value>| time.and_then(time::parse_ms).is_some();
            if span.and_then(value::text).is_some() && is_time(start) && is_time(end) {
                w.object("span", |w| {
                    w.text("uid", span);
                    w.millis("start_time", start);
                    w.millis("end_time", end);
                });
            }
        })
}
