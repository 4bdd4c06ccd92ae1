//! A strict cluster: what Elasticsearch and OpenSearch check of a request, and what they answer when
//! only the statuses and the types of errors are asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use super::Engine;
use crate::conformance::http::{Product, Received, Reply, Trouble};

/// A cluster with one user.
pub(super) struct Cluster {
    engine: Engine,
    authorization: String,
    /// What was put, by its path.
    pub(super) installed: BTreeMap<String, Value>,
    pub(super) puts: usize,
    /// Index, id and document, in order.
    pub(super) documents: Vec<(String, String, Value)>,
    ids: BTreeSet<(String, String)>,
}

impl Cluster {
    pub(super) fn new(engine: Engine, authorization: &str) -> Self {
        Self {
            engine,
            authorization: authorization.to_owned(),
            installed: BTreeMap::new(),
            puts: 0,
            documents: Vec::new(),
            ids: BTreeSet::new(),
        }
    }

    fn bulk(&mut self, received: &Received, most: usize) -> Result<Value, String> {
        if received.header("content-type") != "application/x-ndjson" {
            return Err("the body is not called NDJSON".to_owned());
        }
        if !received.body.ends_with(b"\n") {
            return Err("the last line has no end".to_owned());
        }
        let text = std::str::from_utf8(&received.body).map_err(|error| error.to_string())?;
        let lines: Vec<&str> = text.lines().collect();
        if lines.is_empty() || !lines.len().is_multiple_of(2) {
            return Err(format!("{} lines", lines.len()));
        }
        let mut items = Vec::new();
        for (number, pair) in lines.chunks(2).enumerate() {
            let (index, id) = action(pair[0])?;
            self.check_stream(&index)?;
            let document = check(pair[1], &index)?;
            items.push(match number < most {
                true => self.create(index, id, document),
                false => item(429, Some("es_rejected_execution_exception")),
            });
        }
        Ok(json!({ "items": items }))
    }

    fn create(&mut self, index: String, id: String, document: Value) -> Value {
        if event_id(&document).starts_with("poison") {
            return item(400, Some("document_parsing_exception"));
        }
        if !self.ids.insert((index.clone(), id.clone())) {
            return item(409, Some("version_conflict_engine_exception"));
        }
        self.documents.push((index, id, document));
        item(201, None)
    }

    /// Without a template of its own it would become something else.
    fn check_stream(&self, index: &str) -> Result<(), String> {
        let patterns = self.installed.values().flat_map(|body| {
            let patterns = body["index_patterns"].as_array();
            patterns.into_iter().flatten().filter_map(Value::as_str)
        });
        let fits = |pattern: &str| {
            let start = pattern.strip_suffix('*').unwrap_or(pattern);
            index.starts_with(start)
        };
        match patterns.into_iter().any(fits) {
            true => Ok(()),
            false => Err(format!("there is no template for {index}")),
        }
    }

    fn get(&self, path: &str) -> Reply {
        let Some(body) = self.installed.get(path) else {
            return failure(404, "resource_not_found_exception");
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let body = match path.split('/').nth(1) {
            Some("_component_template") => {
                json!({"component_templates": [{"name": name, "component_template": body}]})
            }
            Some("_index_template") => {
                json!({"index_templates": [{"name": name, "index_template": body}]})
            }
            _ => json!({name: body}),
        };
        Reply::json(200, body)
    }

    fn put(&mut self, path: &str, body: Value) -> Result<Reply, String> {
        let keys: Vec<&str> = body
            .as_object()
            .into_iter()
            .flat_map(|body| body.keys().map(String::as_str))
            .collect();
        let known: &[&str] = match path.split('/').nth(1) {
            Some("_ilm") if self.engine == Engine::Elasticsearch => &["policy"],
            Some("_component_template") => &["template", "version", "_meta"],
            Some("_index_template") => {
                for part in body["composed_of"].as_array().into_iter().flatten() {
                    let part = part.as_str().unwrap_or_default();
                    let path = format!("/_component_template/{part}");
                    if !self.installed.contains_key(&path) {
                        return Err(format!("there is no {part}"));
                    }
                }
                if body["priority"].as_u64() <= Some(100) || !body["data_stream"].is_object() {
                    return Err("another template would win".to_owned());
                }
                &[
                    "version",
                    "index_patterns",
                    "data_stream",
                    "priority",
                    "composed_of",
                ]
            }
            _ => return Err(format!("there is no {path}")),
        };
        if keys.iter().any(|key| !known.contains(key)) {
            return Err(format!("{path} does not take one of {keys:?}"));
        }
        if let Some(policy) = body["template"]["settings"]["index.lifecycle.name"].as_str() {
            let path = format!("/_ilm/policy/{policy}");
            if !self.installed.contains_key(&path) {
                return Err(format!("there is no policy {policy}"));
            }
        }
        self.installed.insert(path.to_owned(), body);
        self.puts += 1;
        Ok(Reply::json(200, json!({"acknowledged": true})))
    }
}

impl Product for Cluster {
    fn delivers(&self, received: &Received) -> bool {
        received.path == "/_bulk"
    }

    fn answer(&mut self, received: &Received) -> Result<Reply, String> {
        if received.header("authorization") != self.authorization {
            return Ok(failure(401, "security_exception"));
        }
        match (received.method.as_str(), received.path.as_str()) {
            ("GET", path) => Ok(self.get(path)),
            ("PUT", path) => {
                if received.header("content-type") != "application/json" {
                    return Err(format!("{path} is not called JSON"));
                }
                let body: Value =
                    serde_json::from_slice(&received.body).map_err(|error| error.to_string())?;
                self.put(path, body)
            }
            ("POST", "/_bulk") => {
                let asked = "filter_path=items.*.status,items.*.error.type,error.type,status";
                if received.query.as_deref() != Some(asked) {
                    return Err(format!("{:?} asks for words", received.query));
                }
                Ok(Reply::json(200, self.bulk(received, usize::MAX)?))
            }
            (method, path) => Err(format!("{method} {path}")),
        }
    }

    fn refusal(&self, status: u16) -> Option<Reply> {
        Some(match status {
            400 => failure(400, "illegal_argument_exception"),
            401 | 403 => failure(status, "security_exception"),
            429 => failure(429, "circuit_breaking_exception"),
            500 => failure(500, "illegal_state_exception"),
            503 => failure(503, "cluster_block_exception"),
            // Of the web server and the load balancer before it.
            408 | 413 | 502 => Reply {
                status,
                headers: vec![("content-type", "text/html".to_owned())],
                body: format!("<html><head><title>{status}</title></head></html>"),
            },
            _ => return None,
        })
    }

    fn shows(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::Status(status, _) => self.refusal(status).is_some(),
            _ => true,
        }
    }

    fn half(&mut self, received: &Received) -> Option<Reply> {
        let documents = received.body.iter().filter(|&&byte| byte == b'\n').count() / 2;
        let body = self.bulk(received, documents / 2).ok()?;
        Some(Reply::json(200, body))
    }

    /// One verdict is missing.
    fn impossible(&mut self, received: &Received) -> Option<Reply> {
        let mut body = self.bulk(received, usize::MAX).ok()?;
        body["items"].as_array_mut()?.pop();
        Some(Reply::json(200, body))
    }

    fn stored(&self) -> Vec<String> {
        let documents = self.documents.iter();
        documents
            .map(|(_, _, document)| event_id(document).to_owned())
            .collect()
    }
}

fn item(status: u16, kind: Option<&str>) -> Value {
    match kind {
        Some(kind) => json!({"create": {"status": status, "error": {"type": kind}}}),
        None => json!({"create": {"status": status}}),
    }
}

fn failure(status: u16, kind: &str) -> Reply {
    let words = "the words of a reason may quote a document";
    let error = json!({"type": kind, "reason": words, "root_cause": []});
    Reply::json(status, json!({"error": error, "status": status}))
}

fn event_id(document: &Value) -> &str {
    document["event"]["id"].as_str().unwrap_or_default()
}

/// Index and id of an action line; a data stream takes nothing but `create`.
fn action(line: &str) -> Result<(String, String), String> {
    let action: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let create = action["create"].as_object();
    let create = create.ok_or_else(|| format!("no create: {line}"))?;
    let text = |key: &str| create.get(key).and_then(Value::as_str).unwrap_or_default();
    let (index, id) = (text("_index").to_owned(), text("_id").to_owned());
    if create.len() != 2 || index != index.to_lowercase() || index.is_empty() {
        return Err(format!("the action is not right: {line}"));
    }
    if id.is_empty() || id.len() > 512 {
        return Err(format!("an id of {} bytes", id.len()));
    }
    Ok((index, id))
}

/// What every document of a data stream has.
fn check(line: &str, index: &str) -> Result<Value, String> {
    no_key_twice(line)?;
    let document: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let is_time = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        chrono::DateTime::parse_from_rfc3339(text).is_ok()
    };
    if !is_time(&document["@timestamp"]) || !is_time(&document["event.ingested"]) {
        return Err("a document without its times".to_owned());
    }
    let part = |name: &str| document["data_stream"][name].as_str().unwrap_or_default();
    let name = format!("{}-{}-{}", part("type"), part("dataset"), part("namespace"));
    match name == index {
        true => Ok(document),
        false => Err(format!("a document of {name} in {index}")),
    }
}

/// A JSON parser that merges keys hides what the products refuse.
fn no_key_twice(line: &str) -> Result<(), String> {
    struct Keys;

    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }

    let mut json = serde_json::Deserializer::from_str(line);
    let keys = json
        .deserialize_map(Keys)
        .map_err(|error| error.to_string())?;
    let unique: BTreeSet<&String> = keys.iter().collect();
    match unique.len() == keys.len() {
        true => Ok(()),
        false => Err(format!("a key is there twice: {keys:?}")),
    }
}
