//! Puts the index templates where they are missing or older, before the first batch.
//!
//! What is there in this version is left alone, so that what an administrator has changed stays. What
//! somebody wants to add (a number of shards, another lifecycle) belongs into the component template
//! `chaperone@custom`, which is made empty and never written again.

use serde_json::Value;

use super::nodes::Nodes;
use crate::http::{Body, Http, Request};
use crate::sink::{Answer, Reason};

/// Something that is to be there.
pub(super) struct Part {
    /// Where it is read and put.
    pub(super) path: String,
    /// Where its version stands in the answer, as a JSON pointer. None: it is only made, never changed.
    pub(super) version: Option<&'static str>,
    pub(super) body: Value,
}

/// Of [`Part::body`]; one more with every change of a template.
pub(super) const VERSION: u64 = 1;

/// Puts every part, in order.
pub(super) async fn install(nodes: &Nodes, parts: &[Part]) -> Result<(), Answer> {
    for part in parts {
        if is_missing(nodes, part).await? {
            put(nodes, part).await?;
        }
    }
    Ok(())
}

async fn is_missing(nodes: &Nodes, part: &Part) -> Result<bool, Answer> {
    let response = nodes.send(|http| http.get(&part.path)).await?;
    if response.status == 404 {
        return Ok(true);
    }
    let there: Value = match response.status {
        200 => response.json().ok_or_else(|| response.unreadable())?,
        _ => return Err(response.usual().unwrap_or_else(|| response.unreadable())),
    };
    let Some(pointer) = part.version else {
        return Ok(false);
    };
    let version = there.pointer(pointer).and_then(Value::as_u64);
    Ok(version.is_none_or(|version| version < VERSION))
}

async fn put(nodes: &Nodes, part: &Part) -> Result<(), Answer> {
    let body = Body::plain(part.body.to_string());
    let request = |http| put_request(http, &part.path, body.clone());
    let response = nodes.send(request).await?;
    let answer: Option<Value> = response.json();
    match response.status {
        200 if answer.is_some_and(|answer| answer["acknowledged"] == true) => Ok(()),
        200 => Err(response.unreadable()),
        400 => Err(Answer::Unauthorized(Reason::new(
            "template_refused",
            format!(
                "it answered 400 to {}: is it Elasticsearch 8 or OpenSearch 2 at least? Else make the templates yourself, and set `install_templates = false`",
                part.path
            ),
        ))),
        _ => Err(response.usual().unwrap_or_else(|| response.unreadable())),
    }
}

fn put_request<'n>(http: &'n Http, path: &str, body: Body) -> Request<'n> {
    http.put(path)
        .header("content-type", "application/json")
        .body(body)
}
