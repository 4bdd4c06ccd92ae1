//! A strict HEC: what Splunk Enterprise 10.4 and Splunk Cloud answered when they were asked.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::conformance::http::{Product, Received, Reply, Trouble};

const TOKEN: &str = "Splunk 11111111-2222-3333-4444-555555555555";
const CLOUD_BYTES_MAX: usize = 5_242_880;

/// How an indexer acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acks {
    /// The token does not.
    Off,
    /// After so many polls.
    After(u32),
    /// Never: an indexer that lost them.
    Never,
}

/// A collector with one token.
#[derive(Debug)]
pub(super) struct Hec {
    pub(super) acks: Acks,
    /// The code of a poisoned event: 6, 12, 13 or 15.
    pub(super) code: u32,
    /// Indexes that the token may write to; empty: any.
    pub(super) indexes: Vec<String>,
    /// Splunk Cloud's cap on a body.
    pub(super) cloud: bool,
    /// The health endpoint's code.
    pub(super) health: u32,
    pub(super) health_asked: usize,
    pub(super) events: Vec<Value>,
    channels: BTreeMap<String, Channel>,
}

#[derive(Debug, Default)]
struct Channel {
    next: u64,
    polls: BTreeMap<u64, u32>,
}

impl Hec {
    pub(super) fn new(acks: Acks) -> Self {
        Self {
            acks,
            code: 6,
            indexes: Vec::new(),
            cloud: false,
            health: 17,
            health_asked: 0,
            events: Vec::new(),
            channels: BTreeMap::new(),
        }
    }

    /// The token in the form of the header.
    pub(super) fn token() -> String {
        TOKEN.trim_start_matches("Splunk ").to_owned()
    }

    fn collect(&mut self, received: &Received) -> Result<Reply, String> {
        if received.header("content-type") != "application/json" {
            return Err("the body is not called JSON".to_owned());
        }
        if self.acks != Acks::Off && received.header("x-splunk-request-channel").is_empty() {
            return Ok(said(400, "Data channel is missing", 10));
        }
        if self.cloud && received.body.len() > CLOUD_BYTES_MAX {
            return Ok(blame(6, 0, None));
        }
        let text = std::str::from_utf8(&received.body).map_err(|error| error.to_string())?;
        times_are_plain(text)?;
        let mut taken = 0;
        for envelope in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let envelope = envelope.map_err(|error| error.to_string())?;
            check(&envelope)?;
            let index = envelope["index"].as_str().unwrap_or("main");
            if !self.indexes.is_empty() && !self.indexes.iter().any(|known| known == index) {
                let ack = (taken > 0).then(|| self.acknowledge(received)).flatten();
                return Ok(blame(7, taken + 1, ack));
            }
            if id(&envelope).starts_with("poison") {
                let ack = (taken > 0).then(|| self.acknowledge(received)).flatten();
                return Ok(blame(self.code, taken, ack));
            }
            self.events.push(envelope);
            taken += 1;
        }
        if taken == 0 {
            return Ok(said(400, "No data", 5));
        }
        let ack = self.acknowledge(received);
        Ok(Reply::json(
            200,
            with_ack(json!({"text": "Success", "code": 0}), ack),
        ))
    }

    fn acknowledge(&mut self, received: &Received) -> Option<u64> {
        if self.acks == Acks::Off {
            return None;
        }
        let name = received.header("x-splunk-request-channel").to_owned();
        let channel = self.channels.entry(name).or_default();
        let ack = channel.next;
        channel.next += 1;
        channel.polls.insert(ack, 0);
        Some(ack)
    }

    fn poll(&mut self, received: &Received) -> Result<Reply, String> {
        if self.acks == Acks::Off {
            return Ok(said(400, "ACK is disabled", 14));
        }
        let name = received.header("x-splunk-request-channel");
        let guid: Vec<usize> = name.split('-').map(str::len).collect();
        if guid != [8, 4, 4, 4, 12] {
            return Err(format!("`{name}` is no GUID"));
        }
        let asked: Value =
            serde_json::from_slice(&received.body).map_err(|error| error.to_string())?;
        let asked = asked["acks"].as_array().ok_or("no list of acks")?;
        let after = match self.acks {
            Acks::After(polls) => polls,
            Acks::Off | Acks::Never => u32::MAX,
        };
        let channel = self.channels.entry(name.to_owned()).or_default();
        let mut acks = serde_json::Map::new();
        for ack in asked.iter().filter_map(Value::as_u64) {
            let polls = channel.polls.get_mut(&ack);
            let done = polls.is_some_and(|polls| {
                *polls += 1;
                *polls >= after
            });
            // What was said once is forgotten.
            if done {
                channel.polls.remove(&ack);
            }
            acks.insert(ack.to_string(), done.into());
        }
        Ok(Reply::json(200, json!({ "acks": acks })))
    }
}

impl Product for Hec {
    fn delivers(&self, received: &Received) -> bool {
        received.path == "/services/collector/event"
    }

    fn answer(&mut self, received: &Received) -> Result<Reply, String> {
        if received.path == "/services/collector/health" {
            self.health_asked += 1;
            let wants_ack = self.acks != Acks::Off;
            if wants_ack != (received.query.as_deref() == Some("ack=1")) {
                return Err(format!("health of acknowledgements: {:?}", received.query));
            }
            let status = if self.health == 17 { 200 } else { 503 };
            return Ok(said(status, "HEC is ...", self.health));
        }
        if received.method != "POST" {
            return Ok(said(405, "Method Not Allowed", 405));
        }
        if received.header("authorization") != TOKEN {
            return Ok(said(403, "Invalid token", 4));
        }
        match received.path.as_str() {
            "/services/collector/event" => self.collect(received),
            "/services/collector/ack" => self.poll(received),
            path => Err(format!("there is no {path}")),
        }
    }

    fn refusal(&self, status: u16) -> Option<Reply> {
        Some(match status {
            400 => said(400, "Invalid data format", 6),
            401 => said(401, "Invalid authorization", 3),
            403 => said(403, "Invalid token", 4),
            429 => said(429, "HEC queue is at capacity", 26),
            500 => said(500, "Internal server error", 8),
            503 => said(503, "Server is busy", 9),
            // Of the web server and the load balancer before HEC, in HTML.
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
            Trouble::Half => false,
            Trouble::Status(status, _) => self.refusal(status).is_some(),
            _ => true,
        }
    }

    /// It blames an event that was not sent.
    fn impossible(&mut self, received: &Received) -> Option<Reply> {
        self.collect(received).ok()?;
        let ack = (self.acks != Acks::Off).then_some(0);
        Some(blame(6, 100_000, ack))
    }

    fn stored(&self) -> Vec<String> {
        self.events
            .iter()
            .map(|event| id(event).to_owned())
            .collect()
    }
}

fn said(status: u16, text: &str, code: u32) -> Reply {
    Reply::json(status, json!({ "text": text, "code": code }))
}

fn blame(code: u32, number: usize, ack: Option<u64>) -> Reply {
    let text = match code {
        7 => "Incorrect index",
        12 => "Event field is required",
        13 => "Event field cannot be blank",
        15 => "Error in handling indexed fields",
        _ => "Invalid data format",
    };
    let body = json!({"text": text, "code": code, "invalid-event-number": number});
    Reply::json(400, with_ack(body, ack))
}

fn with_ack(mut body: Value, ack: Option<u64>) -> Value {
    if let Some(ack) = ack {
        body["ackId"] = ack.into();
    }
    body
}

fn id(envelope: &Value) -> &str {
    envelope["event"]["event"]["id"]
        .as_str()
        .unwrap_or_default()
}

/// A number like `1.79e9` is refused with code 15, so the text is looked at, not the number.
fn times_are_plain(body: &str) -> Result<(), String> {
    for part in body.split(r#"{"time":"#).skip(1) {
        let time = part.split(',').next().unwrap_or_default();
        let (seconds, millis) = time.split_once('.').ok_or("no milliseconds")?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(seconds) || !digits(millis) || seconds.is_empty() || millis.len() != 3 {
            return Err(format!("the time {time} is not plain"));
        }
    }
    Ok(())
}

/// What a correct client never gets wrong.
fn check(envelope: &Value) -> Result<(), String> {
    let envelope = envelope.as_object().ok_or("an envelope is an object")?;
    for (key, value) in envelope {
        let right = match key.as_str() {
            "time" => value.is_number(),
            "host" | "source" | "index" => value.as_str().is_some_and(|text| !text.is_empty()),
            "sourcetype" => matches!(value.as_str(), Some("chaperone:event" | "chaperone:alert")),
            "event" => value.as_object().is_some_and(|event| !event.is_empty()),
            "fields" => value
                .as_object()
                .is_some_and(|fields| fields.values().all(is_flat)),
            _ => false,
        };
        if !right {
            return Err(format!("`{key}` of the envelope is wrong"));
        }
    }
    let has_all = ["time", "source", "sourcetype", "event", "fields"]
        .iter()
        .all(|key| envelope.contains_key(*key));
    if !has_all || envelope["fields"]["chaperone_id"] != envelope["event"]["event"]["id"] {
        return Err("the envelope is not complete".to_owned());
    }
    Ok(())
}

fn is_flat(value: &Value) -> bool {
    let texts = |list: &Vec<Value>| list.iter().all(Value::is_string);
    value.is_string() || value.as_array().is_some_and(texts)
}
