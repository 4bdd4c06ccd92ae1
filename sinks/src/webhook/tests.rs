use std::io::Write;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use super::{Batching, Form, Webhook, WebhookOptions};
use crate::conformance::http::{Product, Received, Reply, Served, Server};
use crate::conformance::{self, document, place};
use crate::deliver::{Delivery, Policy};
use crate::filter::Filter;
use crate::secret::SecretRef;
use crate::setting::Setting;
use crate::sink::{Document, Sink};

fn key() -> Vec<u8> {
    ["signing", "key", "of", "the", "test"]
        .concat()
        .into_bytes()
}

fn file(text: String) -> SecretRef {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let (_, path) = file.keep().expect("kept");
    SecretRef::File(path)
}

fn signing_secret() -> SecretRef {
    static FILE: OnceLock<SecretRef> = OnceLock::new();
    FILE.get_or_init(|| file(format!("whsec_{}", STANDARD.encode(key()))))
        .clone()
}

/// A receiver that checks every signature and knows a request again by its key.
#[derive(Default)]
struct Receiver {
    batching: Batching,
    keys: Vec<String>,
    stored: Vec<String>,
}

impl Receiver {
    fn ids(&self, received: &Received) -> Result<Vec<String>, String> {
        let id = |document: &Value| {
            document["event"]["id"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let body = &received.body;
        let read = |bytes: &[u8]| {
            serde_json::from_slice::<Value>(bytes).map_err(|error| error.to_string())
        };
        match self.batching {
            Batching::One => Ok(vec![id(&read(body)?)]),
            Batching::Array => {
                let all = read(body)?;
                Ok(all.as_array().ok_or("no array")?.iter().map(id).collect())
            }
            Batching::Lines => {
                let body = body.strip_suffix(b"\n").ok_or("no last line end")?;
                body.split(|byte| *byte == b'\n')
                    .map(|line| read(line).map(|document| id(&document)))
                    .collect()
            }
        }
    }
}

impl Product for Receiver {
    fn delivers(&self, _: &Received) -> bool {
        true
    }

    fn answer(&mut self, received: &Received) -> Result<Reply, String> {
        let (id, time) = (
            received.header("webhook-id"),
            received.header("webhook-timestamp"),
        );
        let mut signed = format!("{id}.{time}.").into_bytes();
        signed.extend_from_slice(&received.body);
        let signature = received.header("webhook-signature").strip_prefix("v1,");
        let signature = signature
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or("no signature")?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key());
        if hmac::verify(&key, &signed, &signature).is_err() {
            return Err("a wrong signature".into());
        }
        let right = received.method == "POST"
            && received.path == "/in"
            && !received.gzip
            && received.header("idempotency-key") == id
            && received.header("x-team") == "security";
        if !right || time.parse::<i64>().is_err() {
            return Err(format!("{} {}", received.method, received.path));
        }
        let ids = self.ids(received)?;
        if self.batching == Batching::One && ids != [id] {
            return Err("the key is not the id".into());
        }
        if ids.iter().any(|id| id.starts_with("poison")) {
            return Ok(Reply::json(422, "{}"));
        }
        if !self.keys.iter().any(|known| known == id) {
            self.keys.push(id.to_owned());
            self.stored.extend(ids);
        }
        Ok(Reply::json(200, r#"{"received":true}"#))
    }

    fn refusal(&self, status: u16) -> Option<Reply> {
        // Of the only document of a request these are verdicts, not trouble.
        let verdict = self.batching == Batching::One && matches!(status, 400 | 413);
        (!verdict).then(|| Reply::json(status, "{}"))
    }

    fn stored(&self) -> Vec<String> {
        self.stored.clone()
    }
}

fn options(url: &str, batching: Batching) -> WebhookOptions {
    WebhookOptions {
        url: Some(Setting::Text(format!("{url}/in"))),
        batching,
        headers: [("X-Team".to_owned(), Setting::Text("security".to_owned()))].into(),
        signing_secret: Some(signing_secret()),
        ..WebhookOptions::default()
    }
}

fn rig(batching: Batching) -> Served<Receiver> {
    let receiver = Receiver {
        batching,
        ..Receiver::default()
    };
    Served {
        server: Server::start(receiver),
        open: Box::new(move |url| {
            Arc::new(Webhook::open("webhook", &options(url, batching)).expect("it opens"))
        }),
        refuses_poison: true,
        // One document a request has the same key whatever the batches were.
        deduplicates: batching == Batching::One,
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for batching in [Batching::One, Batching::Array, Batching::Lines] {
        let ran = conformance::run(|| Box::new(rig(batching))).await;
        // Success, a kill, twenty faults (not half, impossible, panic), five poisons, an hour.
        let verdicts = if batching == Batching::One { 2 } else { 0 };
        assert_eq!(ran, 2 * (28 - verdicts));
    }
}

fn story() -> Document {
    let story = include_bytes!("../../../replay-fixtures/denied-repository/expected-alerts.ndjson");
    let line = story.split(|&byte| byte == b'\n').nth(1).expect("a line");
    Document::read(line.into()).expect("an alert")
}

fn formed(form: Form) -> WebhookOptions {
    let value = |text: &str| Setting::Secret(file(text.to_owned()));
    let url = Setting::Secret(file("http://127.0.0.1:9/hook".to_owned()));
    WebhookOptions {
        url: Some(url),
        form: Some(form),
        values: [
            ("routing_key".to_owned(), value("r")),
            ("project".to_owned(), value("SEC")),
        ]
        .into(),
        ..WebhookOptions::default()
    }
}

fn body(options: &WebhookOptions, document: &Document) -> Value {
    let sink = Webhook::open("webhook", options).expect("it opens");
    let encoded = sink.encode(document).expect("it has a body");
    serde_json::from_slice(&encoded).expect("JSON")
}

#[test]
fn an_alert_in_the_form_of_each_product() {
    let alert = story();
    let title = "Agent Tool Call to a Repository on the Deny List";
    let both = format!("{title}: dana@acme.example");
    let slack = body(&formed(Form::Slack), &alert);
    assert_eq!(slack["text"], both.as_str());
    assert_eq!(slack["blocks"][1]["fields"][0]["text"], "*Level*\nhigh");
    assert_eq!(
        slack["blocks"][1]["fields"][3]["text"],
        "*ATT&amp;CK*\nT1213, T1213.003"
    );
    let teams = body(&formed(Form::Teams), &alert);
    let card = &teams["attachments"][0]["content"];
    assert_eq!(card["body"][0]["text"], title);
    assert_eq!(card["body"][2]["facts"][1]["value"], "dana@acme.example");
    let pagerduty = body(&formed(Form::PagerDuty), &alert);
    assert_eq!(pagerduty["dedup_key"], &*alert.id);
    assert_eq!(pagerduty["routing_key"], "r");
    assert_eq!(pagerduty["payload"]["severity"], "error");
    assert_eq!(
        pagerduty["payload"]["custom_details"]["tactics"],
        json!(["TA0009"])
    );
    let servicenow = body(&formed(Form::ServiceNow), &alert);
    assert_eq!(servicenow["correlation_id"], &*alert.id);
    assert_eq!(
        (&servicenow["urgency"], &servicenow["impact"]),
        (&json!("1"), &json!("2"))
    );
    let jira = body(&formed(Form::Jira), &alert);
    assert_eq!(jira["fields"]["project"]["key"], "SEC");
    assert_eq!(jira["fields"]["labels"], json!(["chaperone", "level-high"]));
}

/// What stands in a document cannot leave its place in a template.
#[test]
fn a_template_keeps_values_in_their_place() {
    let json = r#"{"@timestamp":"2026-11-12T09:14:07.412Z","event":{"id":"1","kind":"event","action":"a\"}, \"x\": {\"\n<!here>"},"user":{"name":"\u0000{{ id }}"}}"#;
    let event = Document::read(json.into()).expect("an event");
    for form in [
        Form::Slack,
        Form::Teams,
        Form::PagerDuty,
        Form::ServiceNow,
        Form::Jira,
    ] {
        let mut body = body(&formed(form), &event);
        assert!(body.get("x").is_none(), "{form:?}");
        if form == Form::Slack {
            // Slack looks for nothing in a header.
            body["blocks"][0].take();
            assert!(!body.to_string().contains("<!here>"));
        }
    }
    let own = WebhookOptions {
        url: Some(Setting::Text("http://127.0.0.1:9".into())),
        body: Some(r#"{"t": {{ title }}, "u": {{ document.user.name }}, "no": {{ document.a.b }}, "l": {{ level }}}"#.into()),
        ..WebhookOptions::default()
    };
    let action = "a\"}, \"x\": {\"\n<!here>";
    let expected = json!({"t": action, "u": "\u{0}{{ id }}", "no": null, "l": null});
    assert_eq!(body(&own, &event), expected);
}

#[test]
fn what_cannot_work_is_said_at_the_start() {
    let says = |change: &dyn Fn(&mut WebhookOptions)| {
        let mut options = WebhookOptions {
            url: Some(Setting::Text("http://127.0.0.1:9".into())),
            ..WebhookOptions::default()
        };
        change(&mut options);
        let opened = Webhook::open("webhook", &options);
        opened.err().expect("refused").to_string()
    };
    assert!(says(&|o| o.url = None).contains("`url` is missing"));
    assert!(says(&|o| o.form = Some(Form::Slack)).contains("is a secret"));
    assert!(says(&|o| o.form = Some(Form::PagerDuty)).contains("routing_key"));
    assert!(says(&|o| o.body = Some("{\"a\": \"{{ title }}\"}".into())).contains("without quotes"));
    assert!(says(&|o| o.body = Some("{\n{{ title".into())).contains("line 2"));
    assert!(says(&|o| o.username = Some("u".into())).contains("belong together"));
    let token = Setting::Text(["in", "line"].concat());
    let refused = says(&|o| {
        o.headers.insert("Authorization".into(), token.clone());
    });
    assert!(refused.contains("is a secret") && !refused.contains("inline"));
}

/// Slack takes a message a second.
#[tokio::test(start_paused = true)]
async fn requests_keep_their_distance() {
    struct Slack(Vec<String>);

    impl Product for Slack {
        fn delivers(&self, _: &Received) -> bool {
            true
        }

        fn answer(&mut self, received: &Received) -> Result<Reply, String> {
            let body: Value =
                serde_json::from_slice(&received.body).map_err(|error| error.to_string())?;
            self.0.push(body["text"].to_string());
            let mut reply = Reply::json(200, "");
            reply.body = "ok".into();
            Ok(reply)
        }

        fn refusal(&self, _: u16) -> Option<Reply> {
            None
        }

        fn stored(&self) -> Vec<String> {
            self.0.clone()
        }
    }

    let server = Server::start(Slack(Vec::new()));
    let options = WebhookOptions {
        url: Some(Setting::Secret(file(format!(
            "{}/services/x",
            server.url()
        )))),
        form: Some(Form::Slack),
        ..WebhookOptions::default()
    };
    let sink = Webhook::open("slack", &options).expect("it opens");
    let mut delivery = Delivery::new(Arc::new(sink), Filter::default(), Policy::default());
    for offset in 0..10 {
        delivery.hand(place(offset), document(&format!("d{offset}")));
    }
    let start = tokio::time::Instant::now();
    delivery.drain().await.expect("it stays");
    assert!(start.elapsed().as_secs() >= 9, "{:?}", start.elapsed());
    assert_eq!(server.requests(), 10);
}
