//! The doors: one delivery from its head to its answer.
//!
//! Both doors share [`Doors::deliver`]; they differ in how a body becomes records and in the shape
//! of the answer. What needs the processor (a signature over 25 MiB, unpacking, checking, sealing)
//! runs on the blocking threads when the body is large, so that a large delivery delays no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use bytes::Bytes;
use chaperone_mappings::{Origin, Record};

use super::append::{Appender, Held};
use super::auth::Auth;
use super::body::{self, Limits};
use super::budget::{Budget, Reservation};
use super::config::ReceiveConfig;
use super::counters::Counters;
use super::media::Media;
use super::otlp::{self, Signal};
use super::refused::{Reason, Refused};
use super::unpack::Encoding;
use super::{KnownSources, Seal, headers, text};
use crate::journal::Message;
use crate::raw;

/// A packed or larger body is prepared on a blocking thread.
const INLINE_BYTES_MAX: usize = 16 * 1024;

const WAYS: &str = "POST /v1/sources/<source> takes a webhook, POST /v1/logs, /v1/metrics and \
                    /v1/traces take OTLP, GET /healthz says ok";

/// What the doors need.
pub(super) struct Doors {
    pub(super) config: ReceiveConfig,
    pub(super) counters: Arc<Counters>,
    pub(super) appender: Appender,
    /// What the journal takes.
    pub(super) record_bytes_max: usize,
    pub(super) budget: Budget,
    pub(super) known: Arc<dyn KnownSources>,
    pub(super) seal: Arc<dyn Seal>,
    /// Milliseconds since 1970.
    pub(super) clock: fn() -> i64,
}

/// How the bodies of one door become records.
enum Door {
    Webhook {
        source: String,
        media: Media,
    },
    Otlp {
        signal: &'static Signal,
        encoding: otlp::Encoding,
    },
}

pub(super) fn routes(doors: Arc<Doors>) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/v1/sources/{source}", post(webhook).get(challenge));
    for signal in otlp::SIGNALS {
        let handler = async move |State(doors): State<Arc<Doors>>, request: Request| {
            telemetry(&doors, signal, request).await
        };
        router = router.route(signal.path, any(handler));
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(doors)
}

async fn webhook(
    State(doors): State<Arc<Doors>>,
    source: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let delivery = doors.counters.begin();
    // A name that is not UTF-8 is nobody's.
    let source = source.map(|Path(name)| name).unwrap_or_default();
    let given = doors.known.answer(&source);
    let (parts, mut body) = request.into_parts();
    let result = doors.webhook(&parts.headers, source, &mut body).await;
    match result {
        Ok(taken) => {
            delivery.accepted();
            let body = given.unwrap_or_else(|| format!("{{\"accepted\":{}}}", taken.records));
            json(StatusCode::OK, &body)
        }
        Err(refused) => {
            doors.turn_away(&parts.headers, &mut body, &refused).await;
            delivery.refused(refused.reason);
            answer(&refused)
        }
    }
}

/// A vendor asks whether an address is ours. Whoever asks proves itself as with a delivery.
async fn challenge(
    State(doors): State<Arc<Doors>>,
    source: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let source = source.map(|Path(name)| name).unwrap_or_default();
    let asked = doors.known.challenge(&source).and_then(|(header, answer)| {
        let challenge = headers.get(header)?.to_str().ok()?;
        Some((answer, challenge.to_owned()))
    });
    let Some((key, challenge)) = asked else {
        let mut response = wrong_method(State(doors)).await;
        let allowed = HeaderValue::from_static("POST");
        response.headers_mut().insert(header::ALLOW, allowed);
        return response;
    };
    if let Err(refused) = doors.config.access(&source).0.check_head(&headers) {
        doors.counters.begin().refused(refused.reason);
        return answer(&refused);
    }
    json(
        StatusCode::OK,
        &serde_json::json!({key: challenge}).to_string(),
    )
}

async fn telemetry(doors: &Arc<Doors>, signal: &'static Signal, request: Request) -> Response {
    let delivery = doors.counters.begin();
    let (parts, mut body) = request.into_parts();
    let encoding = otlp::Encoding::of(&parts.headers);
    let result = match &encoding {
        Ok(encoding) => doors.telemetry(&parts, signal, *encoding, &mut body).await,
        Err(refused) => Err(refused.clone()),
    };
    // Who speaks neither encoding gets JSON, which a person can read.
    let encoding = encoding.unwrap_or(otlp::Encoding::Json);
    match result {
        Ok(taken) => {
            delivery.accepted();
            signal.accepted(encoding, taken.rejected)
        }
        Err(refused) => {
            doors.turn_away(&parts.headers, &mut body, &refused).await;
            delivery.refused(refused.reason);
            finish(encoding.refused(&refused), refused.reason)
        }
    }
}

async fn not_found(State(doors): State<Arc<Doors>>) -> Response {
    let refused = Refused::new(Reason::NotFound, "there is nothing at this path", WAYS);
    doors.counters.begin().refused(refused.reason);
    answer(&refused)
}

async fn wrong_method(State(doors): State<Arc<Doors>>) -> Response {
    let refused = Refused::new(Reason::Method, "this path does not take this method", WAYS);
    doors.counters.begin().refused(refused.reason);
    answer(&refused)
}

impl Doors {
    async fn webhook(
        self: &Arc<Self>,
        headers: &HeaderMap,
        source: String,
        body: &mut Body,
    ) -> Result<Taken, Refused> {
        if !self.known.knows(&source) {
            return Err(Refused::new(
                Reason::UnknownSource,
                "no source has this name",
                format!("the sources are {}", self.known.names().join(", ")),
            ));
        }
        let (auth, tenant) = self.config.access(&source);
        auth.check_head(headers)?;
        let media = Media::of(headers).filter(|media| *media != Media::Protobuf);
        let media = media.ok_or_else(|| {
            Refused::new(
                Reason::MediaType,
                "this content type is not taken",
                "use application/json, application/x-ndjson or a form with the field payload, \
                 in UTF-8",
            )
        })?;
        let (auth, tenant) = (auth.clone(), tenant.to_owned());
        let door = Door::Webhook { source, media };
        self.deliver(headers, door, auth, tenant, body).await
    }

    async fn telemetry(
        self: &Arc<Self>,
        parts: &Parts,
        signal: &'static Signal,
        encoding: otlp::Encoding,
        body: &mut Body,
    ) -> Result<Taken, Refused> {
        if parts.method != axum::http::Method::POST {
            let error = "this path does not take this method";
            return Err(Refused::new(Reason::Method, error, WAYS));
        }
        let access = self.config.otlp.clone();
        access.auth.check_head(&parts.headers)?;
        let door = Door::Otlp { signal, encoding };
        self.deliver(&parts.headers, door, access.auth, access.tenant, body)
            .await
    }

    /// Everything after the head has been believed, until the records are durable.
    async fn deliver(
        self: &Arc<Self>,
        headers: &HeaderMap,
        door: Door,
        auth: Auth,
        tenant: String,
        body: &mut Body,
    ) -> Result<Taken, Refused> {
        let packing = Encoding::of(headers)?;
        let mut bytes = self.budget.reserve();
        let sent = body::read(headers, body, self.limits(), &mut bytes).await?;
        // A slow sender holds no place, only those whose body is here do.
        let place = self.budget.place()?;
        let is_small = sent.len() <= INLINE_BYTES_MAX && packing == Encoding::Identity;
        let work = Preparation {
            doors: Arc::clone(self),
            headers: headers.clone(),
            door,
            auth,
            tenant,
            packing,
            bytes,
        };
        let Prepared {
            messages,
            rejected,
            bytes,
        } = if is_small {
            catch_unwind(AssertUnwindSafe(|| work.run(sent))).map_err(|_| panicked())??
        } else {
            tokio::task::spawn_blocking(move || work.run(sent))
                .await
                .map_err(|_| panicked())??
        };
        let records = messages.len();
        if records > 0 {
            let held = Held {
                _place: place,
                _bytes: bytes,
            };
            self.appender.append(messages, held).await?;
        }
        Ok(Taken { records, rejected })
    }

    /// Lets a refused sender finish, so that it reads the answer. One that was too slow or left has
    /// had its chance.
    async fn turn_away(&self, headers: &HeaderMap, body: &mut Body, refused: &Refused) {
        if refused.reason != Reason::Slow {
            body::discard(headers, body, self.limits()).await;
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            bytes_max: self.config.body_bytes_max,
            idle: self.config.body_idle_timeout,
            total: self.config.body_timeout,
        }
    }
}

/// What became of a delivery.
struct Taken {
    /// How many records are durable.
    records: usize,
    /// How much of an OTLP request is not of the protocol's form.
    rejected: u64,
}

/// A body as messages for the journal.
struct Prepared {
    messages: Vec<Message>,
    rejected: u64,
    bytes: Reservation,
}

/// What is to be done with a body that has arrived.
struct Preparation {
    doors: Arc<Doors>,
    headers: HeaderMap,
    door: Door,
    auth: Auth,
    tenant: String,
    packing: Encoding,
    bytes: Reservation,
}

impl Preparation {
    /// The messages of a body. The signature is checked first, over the bytes as they were sent.
    fn run(mut self, sent: Bytes) -> Result<Prepared, Refused> {
        self.auth
            .check_body(&self.headers, &sent, (self.doors.clock)())?;
        let bytes_max = self.doors.config.body_bytes_max;
        let body = self.packing.unpack(sent, bytes_max, &mut self.bytes)?;
        let source = match &self.door {
            Door::Webhook { source, .. } => source.clone(),
            Door::Otlp { .. } => otlp::SOURCE.to_owned(),
        };
        let (texts, rejected) = self.texts(body)?;
        let seal = self.doors.seal.as_ref();
        let origin = Origin {
            source,
            received_ms: (self.doors.clock)(),
            tenant: std::mem::take(&mut self.tenant),
            headers: headers::keep(&self.doors.config.kept_headers, &self.headers, seal),
            place: String::new(),
        };
        let record_bytes_max = self.doors.record_bytes_max;
        let messages = texts.into_iter().map(|text| {
            let body = seal.seal(&text).map_or(text, Bytes::from);
            let origin = origin.clone();
            if body.len() > record_bytes_max {
                return Err(Refused::record_too_large(record_bytes_max));
            }
            Ok(raw::message(Record { origin, body }))
        });
        let messages = messages.collect::<Result<_, _>>()?;
        Ok(Prepared {
            messages,
            rejected,
            bytes: self.bytes,
        })
    }

    /// The texts of the records in a body, and how much of it is in none of them.
    fn texts(&mut self, body: Bytes) -> Result<(Vec<Bytes>, u64), Refused> {
        let config = &self.doors.config;
        match &self.door {
            Door::Webhook { media, .. } => {
                let texts = match media {
                    Media::Ndjson => text::lines(&body, config.records_max)?,
                    Media::Form => {
                        let body = text::form(body)?;
                        text::check_json(&body)?;
                        vec![body]
                    }
                    Media::Json | Media::Protobuf => {
                        text::check_json(&body)?;
                        vec![body]
                    }
                };
                Ok((texts, 0))
            }
            Door::Otlp { signal, encoding } => {
                let before = body.len();
                let taken = signal.take(*encoding, body, config.body_bytes_max)?;
                let after = taken.record.as_ref().map_or(0, Bytes::len);
                self.bytes.grow(after.saturating_sub(before))?;
                Ok((taken.record.into_iter().collect(), taken.rejected))
            }
        }
    }
}

/// The panic's own text is on stderr; it is not ours to repeat.
fn panicked() -> Refused {
    Refused::new(
        Reason::Internal,
        "the delivery could not be prepared, which is a fault of chaperone",
        "please report it, with the log of chaperone around this time",
    )
}

fn answer(refused: &Refused) -> Response {
    let body = serde_json::json!({"error": refused.error, "hint": refused.hint});
    finish(
        json(refused.reason.status(), &body.to_string()),
        refused.reason,
    )
}

fn json(status: StatusCode, body: &str) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (status, content_type, format!("{body}\n")).into_response()
}

/// The headers that a reason asks for.
fn finish(mut response: Response, reason: Reason) -> Response {
    if let Some(after) = reason.retry_after() {
        let seconds = HeaderValue::from(after.as_secs());
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    if reason == Reason::Unauthorized {
        let scheme = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}
