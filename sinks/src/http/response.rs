//! What came back, and what all products mean by a status.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::sink::{Answer, Reason};

/// An answer of a product, read to its end or to 1 MiB.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// How long it asks us to wait (`Retry-After`, in seconds or as a date).
    pub retry_after: Option<Duration>,
    /// The product's clock (`Date`), in seconds since 1970.
    pub clock_s: Option<i64>,
    /// The body. It may quote documents: read codes in it, and show none of its words.
    pub body: Bytes,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Response {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            retry_after: retry_after(headers, Utc::now()),
            clock_s: date(headers, &DATE).map(|time| time.timestamp()),
            body,
        }
    }

    /// 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON of this shape, however it is laid out; None where it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What all products mean by this status. None: only the product's own words can tell, which
    /// are 2xx (a success is never taken for granted), 400 and every refusal that is not named here.
    pub fn usual(&self) -> Option<Answer> {
        let status = self.status;
        let act = |code, detail: String| Some(Answer::Unauthorized(Reason::new(code, detail)));
        match status {
            401 | 403 => act(
                "unauthorized",
                format!("the product answered {status}: it does not accept the credentials"),
            ),
            407 => act(
                "proxy_unauthorized",
                "the proxy wants credentials".to_owned(),
            ),
            404 | 405 | 410 => act(
                "wrong_url",
                format!("the product answered {status}: check `url`, nothing is taken there"),
            ),
            300..=399 => act(
                "redirected",
                format!(
                    "the product answered {status}, a redirect, which is not followed: set `url` to where it leads"
                ),
            ),
            413 => Some(Answer::Split(Reason::new(
                Reason::TOO_LARGE,
                "the product answered 413: one request was too large for it",
            ))),
            408 | 425 | 429 | 500.. => Some(self.wait()),
            _ => None,
        }
    }

    /// "Not now", with what the product asks for. A gateway that lost the answer and a product that
    /// failed inside may have stored the documents all the same.
    pub fn wait(&self) -> Answer {
        let code = match self.status {
            429 => "too_many_requests",
            503 => "unavailable",
            408 | 504 => "timeout",
            _ => "server_error",
        };
        Answer::Retry {
            reason: Reason::new(code, format!("the product answered {}", self.status)),
            after: self.retry_after,
            uncertain: !matches!(self.status, 408 | 425 | 429 | 503),
        }
    }

    /// The answer is not what the product says (a login page of a proxy, a torn body): nobody knows
    /// what happened, and the batch goes again.
    pub fn unreadable(&self) -> Answer {
        let detail = format!(
            "the answer ({}, {} bytes) is not what this product says; is there a proxy between?",
            self.status,
            self.body.len()
        );
        Answer::Retry {
            reason: Reason::new("unreadable_answer", detail),
            after: self.retry_after,
            uncertain: true,
        }
    }
}

/// Seconds or a date. A date counts from the answer's own `Date`, so that a clock that is wrong here
/// or there makes no difference.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(headers, &RETRY_AFTER)?;
    let from = date(headers, &DATE).unwrap_or(now);
    (until - from).to_std().ok()
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<DateTime<Utc>> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pairs: &[(reqwest::header::HeaderName, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, value.parse().expect("a value"));
        }
        let now = DateTime::parse_from_rfc3339("2026-11-12T09:00:00Z").expect("a time");
        retry_after(&headers, now.to_utc())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(waits(&[]), None);
        assert_eq!(waits(&[(RETRY_AFTER, "120")]), seconds(120));
        assert_eq!(waits(&[(RETRY_AFTER, "soon")]), None);
        let until = (RETRY_AFTER, "Thu, 12 Nov 2026 09:05:00 GMT");
        assert_eq!(waits(std::slice::from_ref(&until)), seconds(300));
        let sent = (DATE, "Thu, 12 Nov 2026 09:04:30 GMT");
        assert_eq!(waits(&[until, sent]), seconds(30), "their clock, not ours");
        let past = (RETRY_AFTER, "Thu, 12 Nov 2026 08:00:00 GMT");
        assert_eq!(waits(&[past]), None);
    }

    #[test]
    fn a_status_says_what_it_always_says() {
        let answer = |status| Response::new(status, &HeaderMap::new(), Bytes::new()).usual();
        for status in [200, 202, 400, 409, 415, 422] {
            assert_eq!(answer(status), None, "{status}");
        }
        for status in [301, 307, 401, 403, 404, 407] {
            let Some(Answer::Unauthorized(_)) = answer(status) else {
                panic!("{status}");
            };
        }
        for (status, maybe) in [
            (408, false),
            (429, false),
            (500, true),
            (502, true),
            (503, false),
            (504, true),
        ] {
            let Some(Answer::Retry { uncertain, .. }) = answer(status) else {
                panic!("{status}");
            };
            assert_eq!(uncertain, maybe, "{status}");
        }
        assert!(matches!(answer(413), Some(Answer::Split(_))));
    }
}
