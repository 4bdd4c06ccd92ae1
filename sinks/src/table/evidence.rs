//! What of a document goes into a row: the rule, who, where, and what proves it.
//!
//! Everything is looked up by its ECS name; what is missing leaves no hole, the next best takes its
//! place. The evidence begins with what a person asks first: how often and over what span (for a
//! correlation), then what was done, to what, from where.

use serde_json::Value;

use crate::sink::Level;

/// The text at a dotted path; numbers as text.
fn text(document: &Value, path: &str) -> Option<String> {
    let mut keys = path.split('.').filter(|key| !key.is_empty());
    let found = keys.try_fold(document, |value, key| value.get(key))?;
    match found {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => text(items.first()?, ""),
        _ => None,
    }
}

fn first(document: &Value, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| text(document, path))
}

/// `2026-11-12 09:14:07`, in UTC.
pub(super) fn time(document: &Value) -> String {
    let stamp = text(document, "@timestamp").unwrap_or_default();
    match chrono::DateTime::parse_from_rfc3339(&stamp) {
        Ok(time) => time.to_utc().format("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "-".to_owned(),
    }
}

/// The level of an alert; None for an event.
pub(super) fn level(document: &Value) -> Option<Level> {
    if text(document, "event.kind").as_deref() != Some("alert") {
        return None;
    }
    let named = text(document, "chaperone.alert.level");
    Some(
        named
            .and_then(|name| name.parse().ok())
            .unwrap_or(Level::High),
    )
}

/// The rule's title, or what an event is about.
pub(super) fn rule(document: &Value) -> String {
    let paths = ["rule.name", "rule.id", "event.action", "event.dataset"];
    first(document, &paths).unwrap_or_else(|| "-".to_owned())
}

/// The person and the agent that acts for them.
pub(super) fn who(document: &Value) -> String {
    let person = first(
        document,
        &[
            "user.email",
            "user.name",
            "user.full_name",
            "chaperone.change.author",
            "user.id",
        ],
    )
    .or_else(|| group(document, "user."));
    let agent = first(document, &["gen_ai.agent.name", "gen_ai.agent.id"]);
    match (person, agent) {
        (Some(person), Some(agent)) if person != agent => format!("{person} ({agent})"),
        (Some(person), _) => person,
        (None, Some(agent)) => agent,
        (None, None) => {
            first(document, &["source.ip", "host.name"]).unwrap_or_else(|| "-".to_owned())
        }
    }
}

/// `owner/name`.
pub(super) fn repository(document: &Value) -> String {
    first(
        document,
        &["vcs.repository.name", "vcs.repository.url.full"],
    )
    .or_else(|| group(document, "vcs.repository."))
    .unwrap_or_else(|| "-".to_owned())
}

/// A group value of a correlation whose field begins so.
fn group(document: &Value, start: &str) -> Option<String> {
    let group = document.pointer("/chaperone/alert/group")?.as_object()?;
    let (_, value) = group.iter().find(|(field, _)| field.starts_with(start))?;
    text(value, "").or_else(|| value.as_str().map(str::to_owned))
}

/// What proves it, the most telling first.
pub(super) fn evidence(document: &Value) -> String {
    let mut parts = Vec::new();
    parts.extend(how_often(document));
    parts.extend(text(document, "process.command_line").map(|command| format!("$ {command}")));
    parts.extend(change(document));
    parts.extend(host(document));
    parts.extend(tool(document));
    parts.extend(text(document, "file.path"));
    parts.extend(text(document, "source.ip").map(|ip| format!("from {ip}")));
    if parts.is_empty() {
        parts.extend(text(document, "event.action"));
    }
    parts.extend(text(document, "event.reason"));
    parts.extend(group_rest(document));
    parts.extend(session(document));
    parts.dedup();
    parts.join(" · ")
}

/// "12 events in 4 min", for more than one.
fn how_often(document: &Value) -> Option<String> {
    let count: u64 = text(document, "chaperone.alert.count")?.parse().ok()?;
    if count < 2 {
        return None;
    }
    let moment = |path| {
        let stamp = text(document, path)?;
        chrono::DateTime::parse_from_rfc3339(&stamp).ok()
    };
    let first = moment("chaperone.alert.first_seen");
    let last = moment("chaperone.alert.last_seen");
    Some(match (first, last) {
        (Some(first), Some(last)) => {
            format!("{count} events in {}", span((last - first).num_seconds()))
        }
        _ => format!("{count} events"),
    })
}

/// Seconds in the two largest units.
fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        let count = left / size;
        left %= size;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        parts.push("1 s".to_owned());
    }
    parts.join(" ")
}

/// The pull request: number, title and address.
fn change(document: &Value) -> Option<String> {
    let id = text(document, "vcs.change.id")?;
    let title = text(document, "vcs.change.title").map(|title| format!(" “{title}”"));
    let author = text(document, "chaperone.change.author");
    let merger = text(document, "chaperone.change.merged_by");
    let people = match (author, merger) {
        (Some(author), Some(merger)) if author == merger => {
            format!(" opened and merged by {author}")
        }
        (Some(author), Some(merger)) => format!(" opened by {author}, merged by {merger}"),
        (Some(author), None) => format!(" opened by {author}"),
        (None, Some(merger)) => format!(" merged by {merger}"),
        (None, None) => String::new(),
    };
    let address = first(document, &["url.full", "url.original"])
        .or_else(|| {
            let repository = text(document, "vcs.repository.url.full")?;
            let is_github = text(document, "vcs.provider.name").as_deref() == Some("github");
            is_github.then(|| format!("{}/pull/{id}", repository.trim_end_matches(".git")))
        })
        .map(|address| format!(" {address}"));
    let (title, address) = (title.unwrap_or_default(), address.unwrap_or_default());
    Some(format!("PR #{id}{title}{people}{address}"))
}

/// Where traffic went.
fn host(document: &Value) -> Option<String> {
    let host = first(
        document,
        &[
            "destination.domain",
            "destination.address",
            "url.domain",
            "destination.ip",
        ],
    )?;
    let is_change = text(document, "vcs.change.id").is_some();
    if is_change && text(document, "destination.domain").is_none() {
        return None;
    }
    let port = text(document, "destination.port").map(|port| format!(":{port}"));
    Some(format!("→ {host}{}", port.unwrap_or_default()))
}

/// The tool, where no command line says more.
fn tool(document: &Value) -> Option<String> {
    let tool = first(
        document,
        &["gen_ai.tool.name", "mcp.tool.name", "mcp.method.name"],
    )?;
    let said = text(document, "process.command_line").is_some();
    (!said).then(|| format!("tool {tool}"))
}

/// Group values that no column shows.
fn group_rest(document: &Value) -> Vec<String> {
    let Some(group) = document
        .pointer("/chaperone/alert/group")
        .and_then(Value::as_object)
    else {
        return Vec::new();
    };
    let shown = |field: &str| {
        field.starts_with("user.")
            || field.starts_with("vcs.repository.")
            || field == "source.ip"
            || field.starts_with("destination.")
    };
    group
        .iter()
        .filter(|(field, _)| !shown(field))
        .filter_map(|(field, value)| value.as_str().map(|value| format!("{field}={value}")))
        .collect()
}

/// The beginning of the agent session's id, enough to find it.
fn session(document: &Value) -> Option<String> {
    let id = text(document, "gen_ai.conversation.id")?;
    let short: String = id.chars().take(8).collect();
    Some(format!("session {short}"))
}
