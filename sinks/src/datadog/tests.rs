use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Datadog, DatadogOptions, Schema};
use crate::conformance::http::{Product, Received, Reply, Served, Server};
use crate::conformance::{self, document, place};
use crate::deliver::{Delivery, Verdict};
use crate::filter::Filter;
use crate::http::HttpOptions;
use crate::secret::SecretRef;
use crate::sink::{Document, Sink};

const NOW_MS: i64 = 1_794_474_847_412;
const HOUR_MS: i64 = 3_600_000;

/// A strict intake.
#[derive(Default)]
struct Intake {
    logs: Vec<Value>,
}

impl Product for Intake {
    fn delivers(&self, received: &Received) -> bool {
        received.path == "/api/v2/logs"
    }

    fn answer(&mut self, received: &Received) -> Result<Reply, String> {
        let right = received.method == "POST"
            && received.path == "/api/v2/logs"
            && received.query.is_none()
            && received.header("content-type") == "application/json";
        if !right {
            return Err(format!("{} {}", received.method, received.path));
        }
        if received.header("dd-api-key") != key() {
            return Ok(refused(403));
        }
        if received.body.len() > 5_000_000 {
            return Err("a request over 5 MB".to_owned());
        }
        let logs: Vec<Value> =
            serde_json::from_slice(&received.body).map_err(|error| error.to_string())?;
        if logs.is_empty() || logs.len() > 1_000 {
            return Err(format!("{} logs", logs.len()));
        }
        logs.iter().try_for_each(check)?;
        if logs.iter().any(|log| id(log).starts_with("poison")) {
            return Ok(refused(400));
        }
        self.logs.extend(logs);
        Ok(Reply::json(202, "{}"))
    }

    fn refusal(&self, status: u16) -> Option<Reply> {
        Some(refused(status))
    }

    fn stored(&self) -> Vec<String> {
        self.logs.iter().map(|log| id(log).to_owned()).collect()
    }
}

fn refused(status: u16) -> Reply {
    let title = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        _ => "Error",
    };
    let error = json!({"status": status.to_string(), "title": title, "detail": "the detail"});
    Reply::json(status, json!({ "errors": [error] }))
}

fn id(log: &Value) -> &str {
    log["chaperone"]["id"].as_str().unwrap_or_default()
}

/// What a correct client never gets wrong.
fn check(log: &Value) -> Result<(), String> {
    if log.to_string().len() > 1_000_000 {
        return Err("a log over 1 MB, which would be cut without a word".to_owned());
    }
    let time = log["timestamp"].as_i64().ok_or("no timestamp")?;
    if NOW_MS - time > 18 * HOUR_MS || time > NOW_MS + 4 * HOUR_MS {
        return Err(format!("the time {time} would not be taken"));
    }
    let known = [
        "timestamp",
        "late",
        "ddsource",
        "service",
        "ddtags",
        "status",
        "hostname",
        "message",
        "chaperone",
        "evt",
        "usr",
        "network",
        "ocsf",
        "ecs",
        "excerpt",
    ];
    let log = log.as_object().ok_or("a log is an object")?;
    if let Some(key) = log.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("`{key}` may collide with a reserved attribute"));
    }
    let texts = ["ddsource", "service", "ddtags", "status", "message"];
    let empty = |key: &&str| {
        log.get(*key)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
    };
    if let Some(key) = texts.iter().find(|key| empty(key)) {
        return Err(format!("`{key}` is no text"));
    }
    let tags = log["ddtags"].as_str().unwrap_or_default();
    let is_tag = |tag: &str| {
        tag.split_once(':')
            .is_some_and(|(key, value)| !key.is_empty() && !value.is_empty())
    };
    if !tags.split(',').all(is_tag) {
        return Err(format!("`{tags}` are not tags"));
    }
    Ok(())
}

fn key() -> String {
    ["0123456789abcdef", "0123456789abcdef"].concat()
}

fn key_file() -> SecretRef {
    static FILE: std::sync::OnceLock<tempfile::NamedTempFile> = std::sync::OnceLock::new();
    let file = FILE.get_or_init(|| {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(key().as_bytes()).expect("written");
        file
    });
    SecretRef::File(file.path().to_owned())
}

fn options(url: &str) -> DatadogOptions {
    DatadogOptions {
        site: super::site(),
        url: Some(url.to_owned()),
        api_key: key_file(),
        service: super::service(),
        tags: vec!["env:test".to_owned()],
        schema: Schema::Ocsf,
        http: HttpOptions::default(),
    }
}

fn open(url: &str) -> Datadog {
    let mut sink = Datadog::open("datadog", &options(url)).expect("it opens");
    sink.now_ms = || NOW_MS;
    sink
}

fn rig() -> Served<Intake> {
    Served {
        server: Server::start(Intake::default()),
        open: Box::new(|url| Arc::new(open(url))),
        refuses_poison: true,
        deduplicates: false,
    }
}

fn delivery(server: &Server<Intake>) -> Delivery {
    let sink = Arc::new(open(server.url()));
    Delivery::new(sink, Filter::default(), conformance::ordered())
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    let ran = conformance::run(|| Box::new(rig())).await;
    // Success, a kill, twenty faults (not half, impossible, panic), five poisons, an hour.
    assert_eq!(ran, 2 * 28);
}

fn event(id: &str, time_ms: i64, message: &str) -> Document {
    let time = chrono::DateTime::from_timestamp_millis(time_ms).expect("a time");
    let body = json!({
        "@timestamp": time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "event": {"id": id, "kind": "event", "action": "connect", "category": ["network"]},
        "message": message,
    });
    Document::read(body.to_string().into()).expect("an event")
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_sent_as_new_and_says_so() {
    let server = Server::start(Intake::default());
    let mut delivery = delivery(&server);
    delivery.hand(place(0), event("old", NOW_MS - 19 * HOUR_MS, ""));
    delivery.hand(place(1), event("new", NOW_MS - 17 * HOUR_MS, ""));
    delivery.drain().await.expect("it stays");
    server.with(|intake| {
        let (old, new) = (&intake.logs[0], &intake.logs[1]);
        assert_eq!(
            (&old["timestamp"], &old["late"]),
            (&json!(NOW_MS), &json!(true))
        );
        assert_eq!(old["chaperone"]["time"], "2026-11-11T14:14:07.412Z");
        assert_eq!(new["timestamp"], json!(NOW_MS - 17 * HOUR_MS));
        assert!(new.get("late").is_none());
    });
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_cut_where_it_shows() {
    let server = Server::start(Intake::default());
    let mut delivery = delivery(&server);
    for (offset, text) in [(0, "\u{1}".repeat(300_000)), (1, "é".repeat(700_000))] {
        delivery.hand(place(offset), event(&format!("d{offset}"), NOW_MS, &text));
    }
    let settled = delivery.drain().await.expect("it stays");
    assert!(settled.iter().all(|one| one.verdict == Verdict::Delivered));
    server.with(|intake| {
        for log in &intake.logs {
            let bytes = log["chaperone"]["truncated_bytes"].as_u64();
            assert!(bytes.is_some_and(|bytes| bytes > 1_000_000));
            assert!(
                log["ddtags"]
                    .as_str()
                    .is_some_and(|tags| tags.contains("truncated:true"))
            );
            assert!(log.get("ocsf").is_none() && log["evt"]["name"] == "connect");
            assert!(
                log["excerpt"]
                    .as_str()
                    .is_some_and(|text| text.starts_with('{'))
            );
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_great_many_go_in_requests_of_the_right_size() {
    let server = Server::start(Intake::default());
    let sink = Arc::new(open(server.url()));
    let mut delivery = Delivery::new(sink, Filter::default(), crate::Policy::default());
    for offset in 0..2_500 {
        delivery.hand(place(offset), document(&format!("d{offset}")));
    }
    for offset in 2_500..2_520 {
        delivery.hand(
            place(offset),
            event(&format!("d{offset}"), NOW_MS, &"x".repeat(400_000)),
        );
    }
    delivery.drain().await.expect("it stays");
    server.with(|intake| assert_eq!(intake.logs.len(), 2_520));
    assert!(server.requests() >= 5);
}

#[test]
fn an_alert_reads_as_datadog_reads_logs() {
    let story =
        include_bytes!("../../../replay-fixtures/authentication-spike/expected-alerts.ndjson");
    let first = story.split(|&byte| byte == b'\n').next().expect("a line");
    let alert = Document::read(Bytes::from_static(first)).expect("an alert");
    let sink = open("http://localhost");
    let mut log = sink.records.head(&alert, NOW_MS);
    log.extend_from_slice(&sink.encode(&alert).expect("fine"));
    let mut log: Value = serde_json::from_slice(&log).expect("JSON");
    check(&log).expect("a log");
    let ocsf = log
        .as_object_mut()
        .and_then(|log| log.remove("ocsf"))
        .expect("OCSF");
    assert_eq!(ocsf["class_uid"], 2004, "a detection finding");
    let expected = json!({
        "timestamp": 1_794_474_265_159_i64,
        "ddsource": "chaperone",
        "service": "chaperone",
        "ddtags": "kind:alert,level:high,log_source:okta.system_log,env:test",
        "status": "error",
        "message": "Spike of Failed Agent Authentications for One User: mona@acme.example",
        "chaperone": {
            "id": "0e880f3f98cf618a564db7f9e9744e9e",
            "time": "2026-11-12T09:04:25.159Z",
            "source": "okta.system_log",
            "level": "high",
            "rule": {
                "id": "3a1c0b9e-7d2f-4a53-8f2e-4f5f1f0f2b12",
                "name": "Spike of Failed Agent Authentications for One User",
            },
            "subject": "mona@acme.example",
            "techniques": ["T1110"],
            "tactics": ["TA0006"],
        },
        "evt": {"name": "user.authentication.auth_via_mfa", "category": "intrusion_detection"},
        "usr": {"id": "00umona", "name": "mona@acme.example", "email": "mona@acme.example"},
        "network": {"client": {"ip": "203.0.113.24"}},
    });
    assert_eq!(log, expected);
}

#[test]
fn the_intake_is_the_sites() {
    let open = |site: &str| {
        let options = DatadogOptions {
            url: None,
            site: site.to_owned(),
            ..options("")
        };
        Datadog::open("datadog", &options)
    };
    open("us5.datadoghq.com").map(drop).expect("a site");
    for wrong in [
        "",
        "https://app.datadoghq.com/",
        "datadoghq.com/logs",
        "a@b",
    ] {
        assert!(open(wrong).is_err(), "{wrong}");
    }
}

/// The rule and the pipeline to import look for what is sent.
#[test]
fn what_is_imported_fits_the_logs() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("datadog");
    let read = |name: &str| -> Value {
        let text = std::fs::read(folder.join(name)).expect(name);
        serde_json::from_slice(&text).expect("JSON")
    };
    let rule = read("detection-rule.json");
    let queries = rule["queries"].as_array().expect("queries");
    let cases = rule["cases"].as_array().expect("cases");
    assert_eq!((queries.len(), cases.len()), (5, 5));
    for (level, (query, case)) in crate::Level::ALL
        .iter()
        .rev()
        .zip(queries.iter().zip(cases))
    {
        let name = level.name();
        assert_eq!(query["name"], name);
        let expected = format!("source:chaperone kind:alert @chaperone.level:{name}");
        assert_eq!(query["query"], expected.as_str());
        assert_eq!(case["condition"], format!("{name} > 0").as_str());
    }
    let pipeline = read("pipeline.json");
    assert_eq!(pipeline["filter"]["query"], "source:chaperone");
}
