//! What HEC says: the codes 0 to 28, and the event that a 400 blames.
//!
//! The meaning is in `code`, not in the status and not in `text` (which differs between releases).
//! Behind a 400 with `invalid-event-number` lies a half success: everything before that event was
//! indexed, nothing behind it was looked at. The number counts from 0, except for code 7, where it
//! counts from 1.

use serde::Deserialize;

use crate::http::Response;
use crate::sink::{Answer, Reason};

/// Splunk Cloud refuses larger bodies and blames event 0, with the code of a malformed one.
const CLOUD_BYTES_MAX: usize = 5_242_880;

/// HEC's own words.
#[derive(Debug, Deserialize)]
pub(super) struct Hec {
    code: u32,
    #[serde(rename = "invalid-event-number")]
    invalid: Option<usize>,
    #[serde(rename = "ackId")]
    ack: Option<u64>,
}

impl Hec {
    pub(super) fn read(response: &Response) -> Option<Self> {
        response.json()
    }
}

/// What became of a batch.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// Some of it was received; where the channel acknowledges, under this number.
    Stored { ack: Option<u64>, answer: Answer },
    /// None of it was.
    Nothing { answer: Answer, busy: bool },
}

/// Reads the answer to a batch of so many documents and bytes.
pub(super) fn outcome(
    response: &Response,
    hec: Option<&Hec>,
    documents: usize,
    bytes: usize,
) -> Outcome {
    let nothing = |answer| Outcome::Nothing {
        answer,
        busy: false,
    };
    let Some(hec) = hec else {
        return nothing(response.usual().unwrap_or_else(|| response.unreadable()));
    };
    let stored = |answer| Outcome::Stored {
        ack: hec.ack,
        answer,
    };
    match hec.code {
        // 24 and 25 say that a queue is nearly full, and that this was accepted.
        0 | 24 | 25 if response.is_success() => stored(Answer::Accepted),
        5 | 6 | 12 | 13 | 15 => {
            let reason = refusal(hec.code);
            match hec.invalid {
                Some(0) if bytes > CLOUD_BYTES_MAX && documents > 1 => {
                    nothing(Answer::Split(reason))
                }
                Some(0) => nothing(up_to(0, Some(reason))),
                Some(count) => stored(up_to(count, Some(reason))),
                None => nothing(Answer::Split(reason)),
            }
        }
        // An index that the token may not write to is a mistake in a configuration: what came before
        // is stored, and the rest waits until somebody acts.
        7 => match hec.invalid.map_or(0, |count| count.saturating_sub(1)) {
            0 => nothing(Answer::Unauthorized(act(7))),
            count => stored(up_to(count, None)),
        },
        1..=4 | 10 | 11 | 14 | 16 | 21 | 22 | 28 => nothing(Answer::Unauthorized(act(hec.code))),
        9 | 18..=20 | 23 | 26 | 27 => Outcome::Nothing {
            answer: wait(hec.code, response),
            busy: true,
        },
        _ => nothing(response.usual().unwrap_or_else(|| response.unreadable())),
    }
}

fn up_to(count: usize, refused: Option<Reason>) -> Answer {
    Answer::AcceptedUpTo { count, refused }
}

/// The health endpoint says that it cannot take anything.
pub(super) fn unhealthy(response: &Response) -> Answer {
    let code = Hec::read(response).map_or(18, |hec| hec.code);
    wait(code, response)
}

/// A token that was known to acknowledge has answered without a number.
pub(super) fn without_ack() -> Answer {
    Answer::Retry {
        reason: Reason::new("no_ack_id", "HEC received a batch and gave no ackId for it"),
        after: None,
        uncertain: true,
    }
}

fn wait(code: u32, response: &Response) -> Answer {
    let name = if matches!(code, 26 | 27) {
        "queue_full"
    } else {
        "unavailable"
    };
    let what = match code {
        18 | 26 => "its queues are full",
        19 | 27 => "its acknowledgements are full",
        20 => "its queues and acknowledgements are full",
        23 => "it is shutting down",
        _ => "it is busy",
    };
    Answer::Retry {
        reason: Reason::new(name, format!("HEC code {code}: {what}")),
        after: response.retry_after,
        uncertain: false,
    }
}

/// Why one event is refused.
fn refusal(code: u32) -> Reason {
    match code {
        5 => Reason::new("no_data", "HEC code 5: it finds no event in the request"),
        12 => Reason::new(
            "event_missing",
            "HEC code 12: it finds no event in the envelope",
        ),
        13 => Reason::new("event_blank", "HEC code 13: it finds the event blank"),
        15 => Reason::new(
            "invalid_fields",
            "HEC code 15: it does not take the indexed fields or the time",
        ),
        _ => Reason::new(
            "invalid_data",
            "HEC code 6: it cannot read the event, or the request is too large",
        ),
    }
}

/// What somebody has to do.
fn act(code: u32) -> Reason {
    let (name, what) = match code {
        1 | 22 => ("token_disabled", "the token is disabled"),
        2 | 3 => (
            "unauthorized",
            "it got no usable authorization; is there a proxy that removes it?",
        ),
        7 => (
            "incorrect_index",
            "the token may not write to this `index`, or there is none of that name",
        ),
        10 => (
            "channel_missing",
            "the token wants acknowledgement: set `acknowledge = true`",
        ),
        11 => (
            "channel_invalid",
            "it does not take our channel; is there a proxy that changes headers?",
        ),
        14 => (
            "ack_disabled",
            "the token does not acknowledge: enable it there, or set `acknowledge = false`",
        ),
        16 => (
            "query_string",
            "it wants no token in a query, and `url` has one",
        ),
        28 => (
            "channel_missing",
            "the token wants acknowledgement: set `acknowledge = true`, with sticky sessions at the load balancer",
        ),
        _ => ("invalid_token", "it does not know the token"),
    };
    Reason::new(name, format!("HEC code {code}: {what}"))
}

/// The token cannot acknowledge, found out before anything was sent. None: it can.
pub(super) fn cannot_acknowledge(response: &Response) -> Option<Answer> {
    let code = Hec::read(response).map(|hec| hec.code)?;
    match outcome(
        response,
        Some(&Hec {
            code,
            invalid: None,
            ack: None,
        }),
        1,
        0,
    ) {
        Outcome::Nothing { answer, .. } => Some(answer),
        Outcome::Stored { .. } => None,
    }
}
