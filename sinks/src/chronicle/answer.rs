//! What Google means by an answer: its error has a `status` word and sometimes a detail of a known
//! type; its message may quote an event and is not repeated.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::Response;
use crate::sink::{Answer, Reason};

/// Google's own advice for a tenant over its rate, which is measured over five minutes.
const BURST_PAUSE: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
struct Failed {
    error: Fault,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<Value>,
}

impl Fault {
    /// `google.rpc.ErrorInfo.reason`.
    fn reason(&self) -> &str {
        let found = self
            .details
            .iter()
            .find_map(|detail| detail["reason"].as_str());
        found.unwrap_or_default()
    }

    /// `google.rpc.RetryInfo.retryDelay`, like `30s` or `1.5s`.
    fn delay(&self) -> Option<Duration> {
        let mut delays = self
            .details
            .iter()
            .map(|detail| detail["retryDelay"].as_str());
        let seconds: f64 = delays
            .find_map(|text| text)?
            .strip_suffix('s')?
            .parse()
            .ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// All answers but 401, which is about the token.
pub(super) fn read(response: &Response) -> Answer {
    let fault = response.json::<Failed>().map(|failed| failed.error);
    let act = |code, detail| Answer::Unauthorized(Reason::new(code, detail));
    match (response.status, fault) {
        (200, None) if is_yes(response) => Answer::Accepted,
        (400, Some(fault)) if fault.status == "FAILED_PRECONDITION" => act(
            "failed_precondition",
            "Google answered 400 FAILED_PRECONDITION: the instance is not in a state in which it takes anything",
        ),
        (400, Some(_)) => Answer::Split(Reason::new(
            "bad_request",
            "Google answered 400: it takes the whole request or nothing, and names no event in it",
        )),
        (403, fault) => act("permission_denied", permission(fault.as_ref())),
        (404, _) => act(
            "not_found",
            "Google answered 404: there is no such instance (or log type) under `project`, `region` and `api`",
        ),
        (409 | 499, Some(_)) => response.wait(),
        (429, fault) => Answer::Retry {
            reason: Reason::new(
                "too_many_requests",
                "Google answered 429: the tenant is over its burst limit",
            ),
            after: response
                .retry_after
                .or_else(|| fault.and_then(|fault| fault.delay()))
                .or(Some(BURST_PAUSE)),
            uncertain: false,
        },
        // A page of something between is no word of Google's.
        (200..=299 | 400, _) => response.unreadable(),
        _ => response.usual().unwrap_or_else(|| response.unreadable()),
    }
}

/// The answer is an empty message.
fn is_yes(response: &Response) -> bool {
    response.body.is_empty() || response.json::<Map<String, Value>>().is_some()
}

fn permission(fault: Option<&Fault>) -> &'static str {
    match fault.map_or("", Fault::reason) {
        "SERVICE_DISABLED" => {
            "Google answered 403 SERVICE_DISABLED: the Chronicle API is not enabled in `project`"
        }
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => {
            "Google answered 403: the token is not made for this API (its scope is too small)"
        }
        _ => {
            "Google answered 403: the credentials may not import here (`chronicle.events.import`, `chronicle.logs.import`)"
        }
    }
}
