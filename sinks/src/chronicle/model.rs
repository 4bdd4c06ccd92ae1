//! A strict instance: its token endpoint, and the import methods of both interfaces. Every event is
//! read by Google's own types.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::DateTime;
use google_backstory::model::Udm;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};

use crate::conformance::http::{Product, Received, Reply};

pub(super) const NOW_S: i64 = 1_794_474_847;
pub(super) const INSTANCE: &str = "01234567-89ab-cdef-0123-456789abcdef";
const EMAIL: &str = "chaperone@acme-secops.iam.gserviceaccount.com";
const KEY_ID: &str = "key-1";
const PARENT: &str =
    "projects/acme-secops/locations/europe/instances/01234567-89ab-cdef-0123-456789abcdef";
/// SHA-256 in the DER of a PKCS #1 signature (RFC 8017, section 9.2).
const SHA256: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// What is imported, and through what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Events,
    Logs,
    LegacyEvents,
    LegacyLogs,
}

impl Method {
    pub(super) const ALL: [Self; 4] = [
        Self::Events,
        Self::Logs,
        Self::LegacyEvents,
        Self::LegacyLogs,
    ];

    pub(super) fn is_legacy(self) -> bool {
        matches!(self, Self::LegacyEvents | Self::LegacyLogs)
    }

    pub(super) fn is_logs(self) -> bool {
        matches!(self, Self::Logs | Self::LegacyLogs)
    }

    fn path(self) -> String {
        match self {
            Self::Events => format!("/v1/{PARENT}/events:import"),
            Self::Logs => format!("/v1/{PARENT}/logTypes/CHAPERONE_ECS/logs:import"),
            Self::LegacyEvents => "/v2/udmevents:batchCreate".to_owned(),
            Self::LegacyLogs => "/v2/unstructuredlogentries:batchCreate".to_owned(),
        }
    }

    fn scope(self) -> &'static str {
        if self.is_legacy() {
            "https://www.googleapis.com/auth/malachite-ingestion"
        } else {
            "https://www.googleapis.com/auth/cloud-platform"
        }
    }
}

/// The key of all tests, made by the first of them.
fn key() -> &'static RsaPrivateKey {
    static KEY: std::sync::OnceLock<RsaPrivateKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key"))
}

/// The JSON key of the account whose tokens this server gives.
pub(super) fn key_file(url: &str) -> Value {
    let pem = key().to_pkcs8_pem(LineEnding::LF).expect("a key");
    json!({
        "type": "service_account",
        "project_id": "acme-secops",
        "private_key_id": KEY_ID,
        "private_key": pem.as_str(),
        "client_email": EMAIL,
        "token_uri": format!("{url}/token"),
    })
}

pub(super) struct SecOps {
    method: Method,
    /// Its clock.
    pub(super) now_s: i64,
    /// In seconds.
    pub(super) lifetime: i64,
    /// The account's key is one of its keys.
    pub(super) knows_key: bool,
    /// What the token endpoint says instead.
    pub(super) token_trouble: Option<Reply>,
    /// Tokens and when they end.
    pub(super) tokens: BTreeMap<String, i64>,
    pub(super) issued: usize,
    /// How often it said 401.
    pub(super) unauthorized: usize,
    ids: Vec<String>,
    pub(super) events: Vec<Value>,
    pub(super) bodies: Vec<Vec<u8>>,
    /// Events that Google's types have read, without their ids.
    read: BTreeSet<String>,
}

impl SecOps {
    pub(super) fn new(method: Method) -> Self {
        Self {
            method,
            now_s: NOW_S,
            lifetime: 3_599,
            knows_key: true,
            token_trouble: None,
            tokens: BTreeMap::new(),
            issued: 0,
            unauthorized: 0,
            ids: Vec::new(),
            events: Vec::new(),
            bodies: Vec::new(),
            read: BTreeSet::new(),
        }
    }

    fn token(&mut self, received: &Received) -> Result<Reply, String> {
        if received.header("content-type") != "application/x-www-form-urlencoded" {
            return Err("the grant is no form".to_owned());
        }
        if let Some(reply) = &self.token_trouble {
            return Ok(reply.clone());
        }
        let body = std::str::from_utf8(&received.body).map_err(|error| error.to_string())?;
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        let assertion = body
            .strip_prefix(grant)
            .ok_or("not the grant of RFC 7523")?;
        let parts: Vec<&str> = assertion.split('.').collect();
        let &[head, claims, signature] = parts.as_slice() else {
            return Err("no JWT".to_owned());
        };
        if decoded(head)? != json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID}) {
            return Err("the head of the JWT is wrong".to_owned());
        }
        let signed = format!("{head}.{claims}");
        let digest = ring::digest::digest(&ring::digest::SHA256, signed.as_bytes());
        let scheme = Pkcs1v15Sign {
            hash_len: Some(32),
            prefix: SHA256.into(),
        };
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|error| error.to_string())?;
        RsaPublicKey::from(key())
            .verify(scheme, digest.as_ref(), &signature)
            .map_err(|error| error.to_string())?;
        if !self.knows_key {
            return Ok(self.no_grant("Invalid JWT Signature."));
        }
        let claims = decoded(claims)?;
        let audience = claims["aud"].as_str().unwrap_or_default();
        let right = claims["iss"] == EMAIL
            && claims["scope"] == self.method.scope()
            && audience.starts_with("http://127.0.0.1:")
            && audience.ends_with("/token");
        let (iat, exp) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        let (Some(iat), Some(exp), true) = (iat, exp, right) else {
            return Err(format!("the claims {claims}"));
        };
        if exp - iat > 3_600 {
            return Err("an assertion for more than an hour".to_owned());
        }
        if iat > self.now_s || exp <= self.now_s {
            let what = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.";
            return Ok(self.no_grant(what));
        }
        Ok(self.grant())
    }

    fn grant(&mut self) -> Reply {
        self.issued += 1;
        let token = format!("ya29.{}", self.issued);
        self.tokens
            .insert(token.clone(), self.now_s + self.lifetime);
        let body =
            json!({"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"});
        Reply::json(200, body)
    }

    fn no_grant(&self, description: &str) -> Reply {
        let date = DateTime::from_timestamp(self.now_s, 0).expect("a time");
        let body = json!({"error": "invalid_grant", "error_description": description});
        Reply::json(400, body).header("date", date.format("%a, %d %b %Y %H:%M:%S GMT"))
    }

    fn import(&mut self, received: &Received) -> Result<Reply, String> {
        let right = received.method == "POST"
            && received.path == self.method.path()
            && received.query.is_none()
            && received.header("content-type") == "application/json";
        if !right {
            return Err(format!("{} {}", received.method, received.path));
        }
        let bearer = received.header("authorization").strip_prefix("Bearer ");
        let ends = bearer.and_then(|token| self.tokens.get(token));
        if ends.is_none_or(|ends| *ends <= self.now_s) {
            self.unauthorized += 1;
            return Ok(refused(401));
        }
        let most = if self.method.is_legacy() {
            1_000_000
        } else {
            4_000_000
        };
        if received.body.len() > most {
            return Err(format!("a request of {} bytes", received.body.len()));
        }
        self.bodies.push(received.body.clone());
        let body: Value =
            serde_json::from_slice(&received.body).map_err(|error| error.to_string())?;
        let items = self.items(&body)?;
        let mut ids = Vec::new();
        for item in &items {
            ids.push(self.check(item)?);
        }
        if ids.iter().any(|id| id.starts_with("poison")) {
            return Ok(refused(400));
        }
        self.ids.extend(ids);
        self.events.extend(items);
        Ok(Reply::json(200, "{}\n"))
    }

    /// The events or logs of a request, which says nothing but what it should.
    fn items(&self, body: &Value) -> Result<Vec<Value>, String> {
        let forwarder = format!("{PARENT}/forwarders/f1");
        let expected = |items: &Value| match self.method {
            Method::Events => json!({"inlineSource": {"events": items}}),
            Method::Logs => json!({"inlineSource": {"forwarder": forwarder, "logs": items}}),
            Method::LegacyEvents => json!({"customerId": INSTANCE, "events": items}),
            Method::LegacyLogs => json!({
                "customer_id": INSTANCE, "log_type": "CHAPERONE_ECS", "namespace": "prod",
                "labels": [{"key": "env", "value": "test"}], "entries": items,
            }),
        };
        let found = [
            "/inlineSource/events",
            "/inlineSource/logs",
            "/events",
            "/entries",
        ];
        let items = found
            .iter()
            .find_map(|path| body.pointer(path))
            .ok_or("no items")?;
        if *body != expected(items) {
            return Err("the request is not of its form".to_owned());
        }
        let list = items.as_array().filter(|items| !items.is_empty());
        list.cloned().ok_or_else(|| "no list of items".to_owned())
    }

    /// What a correct client never gets wrong; returns the document's id.
    fn check(&mut self, item: &Value) -> Result<String, String> {
        match self.method {
            Method::Events => {
                if item.as_object().is_none_or(|item| item.len() != 1) {
                    return Err("an event has its UDM and nothing else".to_owned());
                }
                self.check_udm(&item["udm"])
            }
            Method::LegacyEvents => self.check_udm(item),
            Method::Logs => check_log(item),
            Method::LegacyLogs => {
                let time = item["ts_rfc3339"].as_str().unwrap_or_default();
                DateTime::parse_from_rfc3339(time).map_err(|error| error.to_string())?;
                id_of_log(item["log_text"].as_str().unwrap_or_default())
            }
        }
    }

    /// Google's own types know every name in it, and write the same back.
    fn check_udm(&mut self, udm: &Value) -> Result<String, String> {
        let id = udm["metadata"]["productLogId"]
            .as_str()
            .ok_or("no productLogId")?;
        if udm["metadata"]["id"] != STANDARD.encode(id) {
            return Err("metadata.id is not the event's".to_owned());
        }
        let mut without_id = udm.clone();
        without_id["metadata"]["id"] = "AA==".into();
        without_id["metadata"]["productLogId"] = "".into();
        if !self.read.insert(without_id.to_string()) {
            return Ok(id.to_owned());
        }
        let read: Udm = serde_json::from_value(udm.clone()).map_err(|error| error.to_string())?;
        let mut shown = read.clone();
        // A struct of any names cannot hold an unknown one.
        shown.additional = None;
        let shown = format!("{shown:?}");
        if shown.contains("_unknown_fields") || shown.contains("UnknownValue") {
            return Err(format!("Google's types do not know all of {udm}"));
        }
        let again = serde_json::to_value(&read).and_then(serde_json::from_value::<Udm>);
        if again.ok() != Some(read) {
            return Err(format!(
                "Google's types write something else back than {udm}"
            ));
        }
        Ok(id.to_owned())
    }
}

fn check_log(log: &Value) -> Result<String, String> {
    let time = |key: &str| {
        let text = log[key].as_str().unwrap_or_default();
        DateTime::parse_from_rfc3339(text).map_err(|error| format!("{key}: {error}"))
    };
    if time("collectionTime")? <= time("logEntryTime")? {
        return Err("collected before it was written".to_owned());
    }
    let known =
        log["environmentNamespace"] == "prod" && log["labels"] == json!({"env": {"value": "test"}});
    if !known || log.as_object().is_none_or(|log| log.len() != 5) {
        return Err("the log is not of its form".to_owned());
    }
    let data = STANDARD.decode(log["data"].as_str().unwrap_or_default());
    let data = data.map_err(|error| error.to_string())?;
    id_of_log(std::str::from_utf8(&data).map_err(|error| error.to_string())?)
}

fn id_of_log(text: &str) -> Result<String, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let id = document["event"]["id"]
        .as_str()
        .ok_or("a log without an id")?;
    Ok(id.to_owned())
}

fn decoded(part: &str) -> Result<Value, String> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

/// Google's error with a status.
pub(super) fn failed(status: u16, word: &str, details: Value) -> Reply {
    let error =
        json!({"code": status, "message": "the message", "status": word, "details": details});
    Reply::json(status, format!("{:#}\n", json!({ "error": error })))
}

fn refused(status: u16) -> Reply {
    let word = match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        // Of the front end, in HTML.
        _ => {
            return Reply {
                status,
                headers: vec![("content-type", "text/html".to_owned())],
                body: format!("<!DOCTYPE html><title>Error {status}</title>"),
            };
        }
    };
    failed(status, word, json!([]))
}

impl Product for SecOps {
    fn delivers(&self, received: &Received) -> bool {
        received.path == self.method.path()
    }

    fn answer(&mut self, received: &Received) -> Result<Reply, String> {
        match received.path.as_str() {
            "/token" if received.method == "POST" => self.token(received),
            "/computeMetadata/v1/instance/service-accounts/default/token" => {
                if received.method != "GET" || received.header("metadata-flavor") != "Google" {
                    return Err("the metadata server is asked with its flavor".to_owned());
                }
                Ok(self.token_trouble.clone().unwrap_or_else(|| self.grant()))
            }
            _ => self.import(received),
        }
    }

    fn refusal(&self, status: u16) -> Option<Reply> {
        Some(refused(status))
    }

    fn stored(&self) -> Vec<String> {
        self.ids.clone()
    }
}
