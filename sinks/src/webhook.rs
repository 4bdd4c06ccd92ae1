//! A webhook: documents as JSON bodies to a URL, signed, in a form that the receiver understands.
//!
//! Without more it sends the document. `body` is a template of another JSON, and `form` names one of
//! the templates that are built in: Slack, Teams, PagerDuty, ServiceNow, Jira ([`body`]).
//!
//! Every request carries `webhook-id` and `idempotency-key`: the document's id, or the hash of all
//! ids of a batch, so that a receiver may know a request again. With `signing_secret` it is signed
//! as Standard Webhooks says: HMAC-SHA256 over id, time and body, where the time is that of sending,
//! so that what was copied on the way is soon of no use. Bodies are never compressed, since few
//! receivers would take that.
//!
//! What it cannot promise: a receiver that looks at no id has a request twice whose answer was lost.
//! Of the forms only PagerDuty knows an alert again (`dedup_key`); ServiceNow can be told to
//! (`correlation_id`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chaperone_mappings::Schema;
use chrono::Utc;
use reqwest::header::HeaderName;
use ring::{digest, hmac};
use serde::{Deserialize, Serialize};

use crate::http::{Body, Frame, Http, HttpOptions, Response};
use crate::product::OpenError;
use crate::secret::{Secret, SecretRef};
use crate::setting::Setting;
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};
use crate::unit::Span;

mod body;
#[cfg(test)]
mod tests;

use body::Template;

/// The options of `type = "webhook"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookOptions {
    /// Where to. Some URLs are secrets (Slack, Teams) and are given like one. Of ServiceNow and Jira
    /// the instance; PagerDuty's is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Setting>,
    /// A body that is built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// A template of the body, in place of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What `values.…` is in the template.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Setting>,
    /// One document a request, or an array, or lines.
    pub batching: Batching,
    /// More headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Setting>,
    /// For basic authentication, with `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For basic authentication, with `username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// Signs requests as Standard Webhooks says: `whsec_<base64 of the key>`, or the key itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<SecretRef>,
    /// The least time between two requests; without it the form's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// The schema of the document.
    pub schema: Schema,
    /// How to reach it.
    pub http: HttpOptions,
}

/// The products whose form is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// An incoming webhook.
    Slack,
    /// A workflow that begins "when a Teams webhook request is received".
    Teams,
    /// Events API v2; needs `values.routing_key`.
    PagerDuty,
    /// An incident through the table API.
    ServiceNow,
    /// An issue; needs `values.project`, and may have `values.issue_type`.
    Jira,
}

/// How many documents a request holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Batching {
    /// One.
    #[default]
    One,
    /// Many, as a JSON array.
    Array,
    /// Many, one a line.
    Lines,
}

impl Form {
    /// Behind the URL of the instance.
    fn path(self) -> &'static str {
        match self {
            Self::Slack | Self::Teams | Self::PagerDuty => "",
            Self::ServiceNow => "/api/now/table/incident",
            Self::Jira => "/rest/api/2/issue",
        }
    }

    /// How often the product takes a request.
    fn interval(self) -> Duration {
        match self {
            Self::Slack => Duration::from_secs(1),
            Self::Teams => Duration::from_millis(250),
            Self::PagerDuty | Self::ServiceNow | Self::Jira => Duration::ZERO,
        }
    }

    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Slack | Self::Teams | Self::ServiceNow => &[],
            Self::PagerDuty => &["routing_key"],
            Self::Jira => &["project"],
        }
    }

    /// Whether the answer is the product's own yes.
    fn took(self, response: &Response) -> bool {
        let said = |key: &str| {
            let answer = response.json::<serde_json::Value>();
            answer.is_some_and(|answer| !answer[key].is_null())
        };
        match self {
            Self::Slack => response.status == 200 && response.body.trim_ascii() == b"ok",
            Self::Teams => response.status == 202 && !is_page(response),
            Self::PagerDuty => response.status == 202 && said("dedup_key"),
            Self::ServiceNow => response.status == 201 && said("result"),
            Self::Jira => response.status == 201 && said("key"),
        }
    }
}

impl WebhookOptions {
    pub(crate) fn find(&self, id: &str) -> String {
        match self.form {
            Some(Form::Slack | Form::Teams) => format!("in the channel: {id}"),
            Some(Form::PagerDuty) => format!("the alert with the key {id}"),
            Some(Form::ServiceNow) => format!("incident.list?sysparm_query=correlation_id={id}"),
            Some(Form::Jira) => format!("text ~ \"{id}\""),
            None => format!("the request with webhook-id: {id}"),
        }
    }

    pub(crate) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let settings = self.url.iter_mut().chain(self.values.values_mut());
        let settings = settings.chain(self.headers.values_mut());
        let secrets = self.password.iter_mut().chain(&mut self.signing_secret);
        settings
            .filter_map(Setting::path)
            .chain(secrets.filter_map(SecretRef::path))
            .chain(&mut self.http.ca_file)
            .collect()
    }

    fn check(&self) -> Result<(), String> {
        let Some(form) = self.form else {
            return match self.url {
                Some(_) => Ok(()),
                None => Err("`url` is missing".into()),
            };
        };
        if self.body.is_some() || self.batching != Batching::One {
            return Err("a `form` has its own body, with one document a request".into());
        }
        if self.url.is_none() && form != Form::PagerDuty {
            return Err("`url` is missing".into());
        }
        let lacks = |name: &&&str| !self.values.contains_key(**name);
        match form.needs().iter().find(lacks) {
            Some(name) => Err(format!("this `form` needs `values = {{ {name} = … }}`")),
            None => Ok(()),
        }
    }
}

/// One receiver.
pub struct Webhook {
    name: String,
    http: Http,
    path: &'static str,
    form: Option<Form>,
    template: Template,
    batching: Batching,
    headers: Vec<(HeaderName, Secret)>,
    key: Option<hmac::Key>,
    interval: Duration,
}

impl Webhook {
    /// Reads the secrets and tries the template; connects to nothing yet.
    ///
    /// # Errors
    /// Options that do not fit together, a URL, a secret or a template that cannot be used.
    pub fn open(name: &str, options: &WebhookOptions) -> Result<Self, OpenError> {
        options.check().map_err(OpenError::Options)?;
        let url = match &options.url {
            Some(url) => url.load()?,
            None => Secret::new("https://events.pagerduty.com/v2/enqueue".into()),
        };
        let http = Http::open(url.reveal(), &options.http)?;
        let is_secret = matches!(options.form, Some(Form::Slack | Form::Teams));
        if is_secret && options.url.as_ref().is_some_and(Setting::is_plain) {
            let what = "who knows this `url` may write to the channel, so it is a secret and is not written here: name it as { env = \"NAME\" } or { file = \"/path\" }";
            return Err(OpenError::Options(what.into()));
        }
        let key = options.signing_secret.as_ref().map(signing_key);
        let interval = options.interval.map(|span| span.0);
        Ok(Self {
            name: name.to_owned(),
            http,
            path: options.form.map_or("", Form::path),
            form: options.form,
            template: Template::new(options)?,
            batching: options.batching,
            headers: headers(options)?,
            key: key.transpose()?,
            interval: interval
                .or(options.form.map(Form::interval))
                .unwrap_or_default(),
        })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Answer, Answer> {
        let body = self.body(batch);
        let id = Secret::new(request_id(batch));
        let mut request = self
            .http
            .post(self.path)
            .secret("webhook-id", &id)
            .secret("idempotency-key", &id);
        if let Some(key) = &self.key {
            let time = Utc::now().timestamp().to_string();
            let signature = sign(key, id.reveal(), &time, &body);
            request = request
                .header("webhook-timestamp", &time)
                .header("webhook-signature", &signature);
        }
        request = request.header(
            "content-type",
            match self.batching {
                Batching::Lines => "application/x-ndjson",
                Batching::One | Batching::Array => "application/json",
            },
        );
        for (name, value) in &self.headers {
            request = request.secret(name.clone(), value);
        }
        Ok(self.read(&request.body(Body::plain(body)).send().await?))
    }

    fn body(&self, batch: &Batch) -> Bytes {
        let frame = match self.batching {
            Batching::One => Frame::JOINED,
            Batching::Array => Frame::ARRAY,
            Batching::Lines => Frame::LINES,
        };
        frame.join(batch.encoded().map(AsRef::as_ref)).into()
    }

    /// A receiver that is not known says yes with any status of success, unless it shows a page.
    fn read(&self, response: &Response) -> Answer {
        let took = match self.form {
            Some(form) => form.took(response),
            None => response.is_success() && !is_page(response),
        };
        if took {
            return Answer::Accepted;
        }
        let refused = |status| {
            let detail = format!("the receiver answered {status}: it does not take this body");
            Answer::Split(Reason::new("rejected", detail))
        };
        match response.status {
            // The first request with this key is still being worked on.
            409 => response.wait(),
            status => match response.usual() {
                Some(answer) => answer,
                None if response.is_success() => response.unreadable(),
                None => refused(status),
            },
        }
    }
}

impl Sink for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        let one = self.batching == Batching::One;
        Limits {
            documents_max: if one { 1 } else { 500 },
            bytes_max: 1 << 20,
            document_bytes_max: 1 << 20,
            frame_bytes: 1,
            age_max: Duration::from_secs(if one { 0 } else { 1 }),
            // The client's own timeout ends each request.
            answer_timeout: None,
            in_flight_max: if self.interval.is_zero() { 8 } else { 1 },
        }
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        self.template.render(document)
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move { self.deliver(batch).await.unwrap_or_else(|answer| answer) })
    }

    fn remedy(&self) -> &str {
        "check `url` and the credentials of this sink, and that the webhook still exists there"
    }
}

/// The configured headers, with the one of basic authentication.
fn headers(options: &WebhookOptions) -> Result<Vec<(HeaderName, Secret)>, OpenError> {
    let mut headers = Vec::new();
    for (name, value) in &options.headers {
        let credential = ["authorization", "token", "key", "secret", "cookie"];
        let lower = name.to_ascii_lowercase();
        if value.is_plain() && credential.iter().any(|part| lower.contains(part)) {
            let what = format!(
                "the header `{name}` is a secret and is not written here: name it as {{ env = \"NAME\" }} or {{ file = \"/path\" }}"
            );
            return Err(OpenError::Options(what));
        }
        let known: HeaderName = lower
            .parse()
            .map_err(|_| OpenError::Options("`headers` holds a name that no header has".into()))?;
        headers.push((known, value.load()?));
    }
    match (&options.username, &options.password) {
        (Some(user), Some(password)) => {
            let password = password.load()?;
            let pair = Secret::new(format!("{user}:{}", password.reveal()));
            let basic = format!("Basic {}", STANDARD.encode(pair.reveal()));
            headers.push((reqwest::header::AUTHORIZATION, Secret::new(basic)));
        }
        (None, None) => {}
        _ => {
            let what = "`username` and `password` belong together";
            return Err(OpenError::Options(what.into()));
        }
    }
    Ok(headers)
}

fn signing_key(secret: &SecretRef) -> Result<hmac::Key, OpenError> {
    let secret = secret.load()?;
    let text = secret.reveal();
    let key = match text.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| {
            OpenError::Options("`signing_secret` is not base64 behind whsec_".into())
        })?,
        None => text.as_bytes().to_vec(),
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

fn sign(key: &hmac::Key, id: &str, time: &str, body: &[u8]) -> String {
    let mut signing = hmac::Context::with_key(key);
    for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
        signing.update(part);
    }
    format!("v1,{}", STANDARD.encode(signing.sign()))
}

/// The id of the only document where it can be a header, otherwise a hash of all ids.
fn request_id(batch: &Batch) -> String {
    let mut ids = batch.documents().map(|document| &*document.id);
    if let (Some(id), None) = (ids.next(), ids.next())
        && id.len() <= 255
        && id.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return id.to_owned();
    }
    let mut hash = digest::Context::new(&digest::SHA256);
    for document in batch.documents() {
        hash.update(document.id.as_bytes());
        hash.update(b"\n");
    }
    let bytes = hash.finish();
    bytes.as_ref()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What stands between us and the receiver answers with pages.
fn is_page(response: &Response) -> bool {
    response.body.trim_ascii_start().starts_with(b"<")
}
