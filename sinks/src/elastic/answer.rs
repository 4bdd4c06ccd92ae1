//! What `_bulk` says: 200, and a verdict for each document.
//!
//! `errors` is not looked at, the statuses are. Who takes the whole answer for one verdict, as
//! some do, drops a thousand documents for one bad one, or takes a 409 for an error.

use serde::Deserialize;

use crate::http::Response;
use crate::sink::{Answer, ItemAnswer, Reason};

#[derive(Deserialize)]
struct Bulk {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    create: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    status: u16,
    error: Option<Failure>,
}

/// Of an error only its type: its reason quotes the document.
#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "type")]
    kind: String,
}

/// The whole request was refused.
#[derive(Deserialize)]
struct Whole {
    error: Failure,
}

/// What is to become of a document.
enum Verdict {
    Accepted,
    Retry(Reason),
    Refused(Reason),
    /// Somebody has to act; the document is fine.
    Act(Reason),
}

/// Reads the answer to a batch of so many documents.
pub(super) fn read(response: &Response, documents: usize) -> Answer {
    match response.status {
        200 => match response.json::<Bulk>() {
            Some(bulk) if bulk.items.len() == documents => each(response, bulk),
            _ => response.unreadable(),
        },
        400 => {
            let kind = response.json::<Whole>().map(|whole| whole.error.kind);
            let kind = name(kind.as_deref());
            let what = format!("it answered 400 to a whole request ({kind})");
            Answer::Split(Reason::new("bad_request", what))
        }
        _ => response.usual().unwrap_or_else(|| response.unreadable()),
    }
}

fn each(response: &Response, bulk: Bulk) -> Answer {
    let verdicts = bulk.items.into_iter().map(|item| verdict(&item.create));
    let verdicts: Vec<Verdict> = verdicts.collect();
    let is_final = |verdict: &Verdict| matches!(verdict, Verdict::Accepted | Verdict::Refused(_));
    if verdicts
        .iter()
        .all(|verdict| matches!(verdict, Verdict::Accepted))
    {
        return Answer::Accepted;
    }
    if verdicts.iter().any(is_final) {
        let item = |verdict| match verdict {
            Verdict::Accepted => ItemAnswer::Accepted,
            Verdict::Refused(reason) => ItemAnswer::Refused(reason),
            // Alone in the next request, it is seen what somebody has to do.
            Verdict::Retry(reason) | Verdict::Act(reason) => ItemAnswer::Retry(reason),
        };
        return Answer::Each(verdicts.into_iter().map(item).collect());
    }
    let mut waits = None;
    for verdict in verdicts {
        match verdict {
            Verdict::Act(reason) => return Answer::Unauthorized(reason),
            Verdict::Retry(reason) => waits = Some(reason),
            Verdict::Accepted | Verdict::Refused(_) => {}
        }
    }
    match waits {
        Some(reason) => Answer::Retry {
            reason,
            after: response.retry_after,
            uncertain: false,
        },
        None => response.unreadable(),
    }
}

fn verdict(outcome: &Outcome) -> Verdict {
    let status = outcome.status;
    let kind = name(outcome.error.as_ref().map(|error| error.kind.as_str()));
    let said =
        |code, what: &str| Reason::new(code, format!("it answered {status} ({kind}): {what}"));
    match (status, kind) {
        (200 | 201, _) => Verdict::Accepted,
        // It has a document of this id.
        (409, "version_conflict_engine_exception") => Verdict::Accepted,
        // A disk that is nearly full, an index that is closed for a while.
        (403 | 429, "cluster_block_exception") => Verdict::Retry(said(
            "blocked",
            "writing is blocked; has a node disk space?",
        )),
        (401 | 403, _) => Verdict::Act(said(
            "unauthorized",
            "the credentials may not write to the data stream",
        )),
        (404, _) => Verdict::Act(said(
            "no_data_stream",
            "there is no such data stream, and it may not be made",
        )),
        (429, _) => Verdict::Retry(said("too_many_requests", "its queue is full")),
        (409 | 500.., _) => Verdict::Retry(said("unavailable", "this document later")),
        (
            _,
            "mapper_parsing_exception"
            | "document_parsing_exception"
            | "strict_dynamic_mapping_exception",
        ) => Verdict::Refused(said(
            "mapping_conflict",
            "a field of the document does not fit the mapping of the data stream",
        )),
        _ => Verdict::Refused(said("rejected", "it does not take the document")),
    }
}

/// The type of an error, where it is one: a word of lower case and underscores.
fn name(kind: Option<&str>) -> &str {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    kind.filter(|kind| kind.len() <= 64 && kind.bytes().all(fits))
        .unwrap_or("no type")
}
