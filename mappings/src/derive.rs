//! What follows from what a draft already says, for every source alike.
//!
//! A mapping program puts down a command line or a URL; the parts of the URL, the host that a
//! command reaches, the repository that it works on and the `related.*` lists follow from that by
//! rule, so they are made here and not in sixty programs. Nothing that a program has set is
//! changed: this only fills what is empty.
//!
//! Where a command line names several hosts or repositories, the field holds the one that the
//! context objects to, else the first: `curl a.example; curl b.example` must not hide its second
//! half behind its first. All of them are in `related.hosts`.

use crate::context::Context;
use crate::value::{self, ObjectMap, Value};

use command::Facts;
use url::{Endpoint, Url};

mod command;
pub(crate) mod url;

/// Fields that name a user, for `related.user`.
const USERS: [&str; 9] = [
    "user.name",
    "user.email",
    "user.id",
    "user.effective.name",
    "user.target.name",
    "user.target.email",
    "user.target.id",
    "chaperone.change.author",
    "chaperone.change.merged_by",
];

/// Fields that hold an address, for `related.ip`.
const ADDRESSES: [&str; 4] = ["source.ip", "client.ip", "destination.ip", "host.ip"];

/// Fields that name a host, for `related.hosts`.
const HOSTS: [&str; 4] = [
    "destination.domain",
    "url.domain",
    "source.domain",
    "host.name",
];

/// Fills what follows from the draft.
pub(crate) fn complete(body: &mut Value, context: &Context) {
    let facts = facts(body);
    let reaches_out = is_activity(body);
    if let Some(email) = value::text_at(body, "user.email").map(str::to_owned) {
        // Rules group by one name, whichever of the two a source knows.
        fill(body, "user.name", || email.into());
    }
    split_url(body, reaches_out);
    if let Some(facts) = facts {
        fill_endpoint(body, &facts, context);
        fill_repository(body, &facts, context);
        relate(body, "hosts", facts.hosts.into_iter());
    }
    for (list, paths) in [
        ("user", USERS.as_slice()),
        ("ip", &ADDRESSES),
        ("hosts", &HOSTS),
    ] {
        let found: Vec<String> = paths
            .iter()
            .filter_map(|path| text_at(body, path))
            .map(str::to_owned)
            .collect();
        relate(body, list, found.into_iter());
    }
}

/// True where the event is something that an agent or its sandbox does or is denied, so that a URL
/// in it is a place to be reached and not one that is spoken of.
fn is_activity(body: &Value) -> bool {
    text_at(body, "chaperone.logsource.category").is_some_and(|category| {
        matches!(category, "agent_tool_call" | "agent_policy") || category.starts_with("sandbox_")
    })
}

fn facts(body: &Value) -> Option<Facts> {
    let category = text_at(body, "chaperone.logsource.category")?;
    if !category.starts_with("agent_") && !category.starts_with("sandbox_") {
        return None;
    }
    let facts = command::read(text_at(body, "process.command_line")?);
    (!facts.is_empty()).then_some(facts)
}

/// `url.full` into its parts, and into the destination where it is reached.
fn split_url(body: &mut Value, reaches_out: bool) {
    let Some(full) = text_at(body, "url.full").map(str::to_owned) else {
        return;
    };
    let Some(url) = Url::parse(&full) else {
        return;
    };
    fill(body, "url.scheme", || url.scheme.into());
    fill(body, "url.domain", || url.host.clone().into());
    if let Some(port) = url.port {
        fill(body, "url.port", || i64::from(port).into());
    }
    if !url.path.is_empty() {
        fill(body, "url.path", || url.path.into());
    }
    if let Some(query) = url.query {
        fill(body, "url.query", || query.into());
    }
    if reaches_out && !has(body, "destination") {
        set_destination(body, &url.endpoint());
    }
}

fn fill_endpoint(body: &mut Value, facts: &Facts, context: &Context) {
    if has(body, "destination") || has(body, "url") {
        return;
    }
    let objected = facts
        .endpoints
        .iter()
        .find(|end| context.allows_host(&end.host) == Some(false));
    let Some(endpoint) = objected.or(facts.endpoints.first()) else {
        return;
    };
    set_destination(body, endpoint);
    if let Some(full) = &endpoint.url {
        value::insert(body, "url.full", full.as_str());
        split_url(body, false);
    }
}

fn fill_repository(body: &mut Value, facts: &Facts, context: &Context) {
    if has(body, "vcs.repository.name") {
        return;
    }
    let names = &facts.repositories;
    let objected = names.iter().find(|name| context.denies_agents(name));
    if let Some(name) = objected.or(names.first()) {
        value::insert(body, "vcs.repository.name", name.as_str());
    }
}

fn set_destination(body: &mut Value, endpoint: &Endpoint) {
    let path = if endpoint.is_address() {
        "destination.ip"
    } else {
        "destination.domain"
    };
    value::insert(body, path, endpoint.host.as_str());
    if let Some(port) = endpoint.port {
        value::insert(body, "destination.port", i64::from(port));
    }
}

/// Adds to a list under `related`, each value once.
fn relate(body: &mut Value, list: &str, found: impl Iterator<Item = String>) {
    let mut found = found.peekable();
    if found.peek().is_none() {
        return;
    }
    let Some(draft) = body.as_object_mut() else {
        return;
    };
    let related = draft
        .entry("related".into())
        .or_insert_with(|| ObjectMap::new().into());
    let Some(related) = related.as_object_mut() else {
        return;
    };
    let known = related
        .entry(list.into())
        .or_insert_with(|| Value::Array(Vec::new()));
    if !known.is_array() {
        *known = Value::Array(vec![known.clone()]);
    }
    let Some(known) = known.as_array_mut() else {
        return;
    };
    for new in found {
        if !known
            .iter()
            .any(|old| value::text(old) == Some(new.as_str()))
        {
            known.push(new.into());
        }
    }
}

fn has(body: &Value, path: &str) -> bool {
    nested(body, path).is_some_and(|found| !found.is_null())
}

fn text_at<'a>(body: &'a Value, path: &str) -> Option<&'a str> {
    nested(body, path).and_then(value::text)
}

/// The value at a path whose parts are all nested, as they are in a draft.
fn nested<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = body;
    for part in path.split('.') {
        at = at.as_object()?.get(part)?;
    }
    Some(at)
}

fn fill(body: &mut Value, path: &str, new: impl FnOnce() -> Value) {
    if !has(body, path) {
        value::insert(body, path, new());
    }
}

#[cfg(test)]
mod tests;
