//! The token of every request: fetched when it is needed, kept, renewed before it lapses.
//!
//! There is one token at a time and one that fetches it; the others wait. Where it cannot be renewed
//! the old one is used as long as it lives. When Google does not accept a token that it accepted
//! before, it has lapsed or was revoked: it is forgotten, and the batch goes again with a new one. One
//! that was never accepted is somebody's to repair. What lies in a file (the key, a token) is read
//! again for each new token, so that a rotation needs no restart.
//!
//! An assertion is refused where our clock is too far from Google's. The refusal carries Google's own
//! time, so the next assertion is made for that, and it works with any clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::ChronicleOptions;
use super::account::Account;
use crate::http::{Body, Http, HttpOptions, Response};
use crate::product::OpenError;
use crate::secret::{Secret, SecretRef};
use crate::sink::{Answer, Reason};

#[cfg(test)]
mod tests;

/// The same address on every machine, pod and function of Google's.
const METADATA_URL: &str = "http://169.254.169.254";
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// A token is renewed so long before its end, or after four fifths of a shorter life.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);
const RETRY_RENEWAL: Duration = Duration::from_secs(30);
/// Two clocks that differ by more, in seconds, are not the same time.
const SKEW_S: i64 = 30;

/// A token as a header.
pub(super) struct Token {
    pub(super) authorization: Secret,
    accepted: AtomicBool,
}

impl Token {
    /// Google took it.
    pub(super) fn accepted(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }
}

enum Source {
    Account(SecretRef),
    Metadata(Http),
    Static(SecretRef),
}

struct Kept {
    token: Arc<Token>,
    renew_at: Instant,
    ends_at: Instant,
}

/// Where tokens come from, and the one at hand.
pub(super) struct Credentials {
    source: Source,
    scope: &'static str,
    kept: Mutex<Option<Kept>>,
    /// How far Google's clock is ahead of ours, as far as it matters.
    skew_s: AtomicI64,
    pub(super) now_s: fn() -> i64,
}

/// What a token endpoint and a metadata server answer.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// RFC 6749, section 5.2.
#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Credentials {
    pub(super) fn open(
        options: &ChronicleOptions,
        scope: &'static str,
        now_s: fn() -> i64,
    ) -> Result<Self, OpenError> {
        let given = (
            &options.service_account,
            &options.token,
            options.workload_identity,
        );
        let source = match given {
            (Some(key), None, false) => {
                let account = Account::read(&key.load()?);
                account.map_err(|what| OpenError::Options(what.to_owned()))?;
                Source::Account(key.clone())
            }
            (None, Some(token), false) => {
                token.load()?;
                Source::Static(token.clone())
            }
            (None, None, true) => {
                let direct = HttpOptions {
                    proxy: Some("none".to_owned()),
                    ..HttpOptions::default()
                };
                Source::Metadata(Http::open(METADATA_URL, &direct)?)
            }
            _ => {
                let what =
                    "one of `service_account`, `token` and `workload_identity = true` is needed";
                return Err(OpenError::Options(what.to_owned()));
            }
        };
        Ok(Self {
            source,
            scope,
            kept: Mutex::new(None),
            skew_s: AtomicI64::new(0),
            now_s,
        })
    }

    /// The token for a request, which may have to be fetched with the client's TLS and proxy.
    pub(super) async fn token(&self, http: &Http) -> Result<Arc<Token>, Answer> {
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.renew_at) {
            return Ok(Arc::clone(&kept.token));
        }
        match (self.fetch(http).await, &mut *kept) {
            (Ok(fetched), kept) => Ok(Arc::clone(&kept.insert(fetched).token)),
            (Err(_), Some(old)) if now < old.ends_at => {
                old.renew_at = now + RETRY_RENEWAL;
                Ok(Arc::clone(&old.token))
            }
            (Err(answer), kept) => {
                *kept = None;
                Err(answer)
            }
        }
    }

    /// Google answered 401 to this token.
    pub(super) async fn refused(&self, token: &Arc<Token>) -> Answer {
        let mut kept = self.kept.lock().await;
        if kept
            .as_ref()
            .is_some_and(|kept| Arc::ptr_eq(&kept.token, token))
        {
            *kept = None;
        }
        if token.accepted.load(Ordering::Relaxed) {
            let detail = "Google answered 401: the token has lapsed, and a new one is fetched";
            return Answer::retry(Reason::new("token_lapsed", detail));
        }
        let detail = "Google answered 401: it does not accept the token, which is new";
        Answer::Unauthorized(Reason::new("unauthorized", detail))
    }

    async fn fetch(&self, http: &Http) -> Result<Kept, Answer> {
        match &self.source {
            Source::Static(place) => {
                let token = place.load().map_err(|error| unusable(error.to_string()))?;
                // Its end is not known; a 401 tells.
                Ok(keep(token.reveal(), Duration::from_secs(10 * 365 * 86_400)))
            }
            Source::Metadata(server) => ask_metadata(server).await,
            Source::Account(place) => {
                let key = place.load().map_err(|error| unusable(error.to_string()))?;
                let account = Account::read(&key).map_err(unusable)?;
                self.exchange(http, &account).await
            }
        }
    }

    /// A signed assertion for a token; once more where only the clocks differ.
    async fn exchange(&self, http: &Http, account: &Account) -> Result<Kept, Answer> {
        let mut again = true;
        loop {
            let now_s = (self.now_s)() + self.skew_s.load(Ordering::Relaxed);
            let form = account.form(self.scope, now_s).map_err(unusable)?;
            let endpoint = http.at(&account.token_uri);
            let endpoint = endpoint.map_err(|_| {
                unusable("the `token_uri` of `service_account` is no URL with https")
            })?;
            let request = endpoint
                .post("")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::plain(form));
            let response = request.send().await.map_err(nothing_sent)?;
            if let Some(granted) = granted(&response) {
                return Ok(granted);
            }
            let refused = response.json::<Refused>();
            let skew_s = response.clock_s.map_or(0, |theirs| theirs - now_s);
            let is_grant = refused
                .as_ref()
                .is_some_and(|no| no.error == "invalid_grant");
            if is_grant && skew_s.abs() > SKEW_S && std::mem::take(&mut again) {
                self.skew_s.fetch_add(skew_s, Ordering::Relaxed);
                continue;
            }
            return Err(match refused {
                Some(refused) if matches!(response.status, 400 | 401 | 403) => refusal(&refused),
                _ => failed(&response),
            });
        }
    }
}

async fn ask_metadata(server: &Http) -> Result<Kept, Answer> {
    let request = server
        .get(METADATA_PATH)
        .header("metadata-flavor", "Google");
    let response = request.send().await.map_err(|_| {
        unusable("no metadata server answers: `workload_identity` works on Google Cloud only")
    })?;
    if let Some(granted) = granted(&response) {
        return Ok(granted);
    }
    Err(match response.status {
        403 | 404 => unusable("the metadata server knows no service account for this workload"),
        _ => failed(&response),
    })
}

fn granted(response: &Response) -> Option<Kept> {
    if response.status != 200 {
        return None;
    }
    let granted = response.json::<Granted>()?;
    let token = Secret::new(granted.access_token);
    Some(keep(
        token.reveal(),
        Duration::from_secs(granted.expires_in),
    ))
}

fn keep(token: &str, life: Duration) -> Kept {
    let now = Instant::now();
    let margin = RENEWED_BEFORE.min(life / 5);
    Kept {
        token: Arc::new(Token {
            authorization: Secret::new(format!("Bearer {token}")),
            accepted: AtomicBool::new(false),
        }),
        renew_at: now + (life - margin),
        ends_at: now + life,
    }
}

/// No token can be had before somebody acts.
fn unusable(detail: impl Into<std::borrow::Cow<'static, str>>) -> Answer {
    Answer::Unauthorized(Reason::new("no_token", detail))
}

/// The token endpoint's words, which are about the account alone; a few of them are known.
fn refusal(refused: &Refused) -> Answer {
    let says = |word: &str| refused.error_description.contains(word);
    let what = match refused.error.as_str() {
        "invalid_grant" if says("ignature") => {
            "invalid_grant: the key is not (any more) one of the account; make a new one (IAM > Service accounts > Keys)"
        }
        "invalid_grant" if says("account not found") => {
            "invalid_grant: there is no such service account any more, or it is disabled"
        }
        "invalid_grant" if says("timeframe") => {
            "invalid_grant: the clock of this machine is wrong; set it"
        }
        "invalid_grant" => "invalid_grant: the account or its key is deleted, disabled or replaced",
        "invalid_client" | "unauthorized_client" => {
            "unauthorized_client: the service account may not ask for this scope"
        }
        "invalid_scope" => "invalid_scope: this token endpoint gives no tokens for Google SecOps",
        _ => "an error that is not known; is `token_uri` of the key Google's?",
    };
    unusable(format!("the token endpoint answered {what}"))
}

/// It did not answer in its own words: later, perhaps.
fn failed(response: &Response) -> Answer {
    let detail = format!("the token endpoint answered {}", response.status);
    Answer::Retry {
        reason: Reason::new("token_endpoint", detail),
        after: response.retry_after,
        uncertain: false,
    }
}

/// Whatever befell the request for a token, no document was in it.
fn nothing_sent(answer: Answer) -> Answer {
    match answer {
        Answer::Retry { reason, after, .. } => Answer::Retry {
            reason: Reason::new(reason.code, format!("no token: {}", reason.detail)),
            after,
            uncertain: false,
        },
        other => other,
    }
}
