use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::{self, Outcome};
use super::model::{Acks, Hec};
use super::{Splunk, SplunkOptions};
use crate::conformance::http::{Served, Server, Trouble};
use crate::conformance::{self, Fault, document, place};
use crate::deliver::{Delivery, Policy, Verdict};
use crate::filter::Filter;
use crate::http::{HttpOptions, Response};
use crate::secret::SecretRef;
use crate::sink::{Answer, Document, Sink};

fn token() -> SecretRef {
    // A file that outlives the process of the tests would be one of the environment's.
    static FILE: std::sync::OnceLock<tempfile::NamedTempFile> = std::sync::OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), Hec::token()).expect("written");
        file
    });
    SecretRef::File(file.path().to_owned())
}

fn options(url: &str, acknowledge: bool) -> SplunkOptions {
    SplunkOptions {
        url: url.to_owned(),
        token: token(),
        index: None,
        alerts_index: None,
        host: None,
        acknowledge,
        http: HttpOptions::default(),
    }
}

fn sink(url: &str, acknowledge: bool) -> Arc<dyn Sink> {
    Arc::new(Splunk::open("splunk", &options(url, acknowledge)).expect("it opens"))
}

fn rig(product: Hec) -> Served<Hec> {
    let acknowledge = product.acks != Acks::Off;
    Served {
        server: Server::start(product),
        open: Box::new(move |url| sink(url, acknowledge)),
        refuses_poison: true,
        deduplicates: false,
    }
}

fn delivery(sink: Arc<dyn Sink>) -> Delivery {
    Delivery::new(sink, Filter::default(), conformance::ordered())
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for code in [6, 12, 13, 15] {
        let ran = conformance::run(|| {
            let mut hec = Hec::new(Acks::Off);
            hec.code = code;
            Box::new(rig(hec))
        })
        .await;
        // Success, a kill, twenty-one faults (not half, panic), five poisons, an hour.
        assert_eq!(ran, 2 * 29);
    }
}

#[tokio::test(start_paused = true)]
async fn conforms_with_acknowledgement() {
    for polls in [1, 3] {
        let ran = conformance::run(|| Box::new(rig(Hec::new(Acks::After(polls))))).await;
        assert_eq!(ran, 2 * 29);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_acknowledges_goes_again_and_is_counted() {
    let rig = rig(Hec::new(Acks::Never));
    let mut delivery = delivery(sink(rig.server.url(), true));
    delivery.hand(place(0), document("d0"));
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(400), delivery.drain());
    assert!(waiting.await.is_err(), "there is no verdict without a yes");
    assert_eq!(delivery.counts().possible_duplicates, 1);
    rig.server.with(|hec| hec.acks = Acks::After(1));
    let settled = delivery.drain().await.expect("it stays");
    assert_eq!(settled[0].verdict, Verdict::Delivered);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_does_not_acknowledge_is_sent_nothing() {
    let rig = rig(Hec::new(Acks::Off));
    let mut delivery = delivery(sink(rig.server.url(), true));
    delivery.hand(place(0), document("d0"));
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(60), delivery.drain());
    assert!(waiting.await.is_err(), "somebody has to act");
    assert!(delivery.counts().unauthorized > 0);
    assert_eq!(rig.server.requests(), 0, "nothing that would be lost");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_wants_acknowledgement_says_so() {
    let rig = rig(Hec::new(Acks::After(1)));
    let mut delivery = delivery(sink(rig.server.url(), false));
    delivery.hand(place(0), document("d0"));
    let captured = conformance::log::Captured::begin();
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(60), delivery.drain());
    assert!(waiting.await.is_err());
    assert!(captured.end().contains("acknowledge = true"));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_may_not_be_written_pauses_and_refuses_nothing() {
    let mut hec = Hec::new(Acks::Off);
    hec.indexes = vec!["alerts".to_owned()];
    let server = Server::start(hec);
    let options = SplunkOptions {
        index: Some("events".to_owned()),
        alerts_index: Some("alerts".to_owned()),
        ..options(server.url(), false)
    };
    let mut delivery = delivery(Arc::new(
        Splunk::open("splunk", &options).expect("it opens"),
    ));
    delivery.hand(place(0), document("d0"));
    delivery.hand(place(1), document("d1"));
    delivery.hand(place(2), event("d2"));
    delivery.flush();
    let settled = delivery.next().await.expect("it stays");
    assert_eq!(
        settled.len(),
        2,
        "code 7 counts from 1: both alerts are there"
    );
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(60), delivery.next());
    assert!(waiting.await.is_err());
    assert!(delivery.counts().unauthorized > 0);
    server.with(|hec| hec.indexes.push("events".to_owned()));
    let settled = delivery.drain().await.expect("it stays");
    assert_eq!(settled[0].verdict, Verdict::Delivered);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_unhealthy_no_batch_is_shipped() {
    let mut hec = Hec::new(Acks::Off);
    hec.health = 20;
    let rig = rig(hec);
    rig.server.spoil(Trouble::Status(503, None));
    let mut delivery = delivery(sink(rig.server.url(), false));
    delivery.hand(place(0), document("d0"));
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(60), delivery.drain());
    assert!(waiting.await.is_err());
    assert_eq!(rig.server.requests(), 1, "only the first");
    rig.server
        .with(|hec| assert!(std::mem::replace(&mut hec.health, 17) == 20));
    delivery.drain().await.expect("it stays");
    assert_eq!(rig.server.requests(), 2);
    rig.server.with(|hec| assert!(hec.health_asked > 3));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_for_the_cloud_is_halved_before_anything_is_blamed() {
    let mut hec = Hec::new(Acks::Off);
    hec.cloud = true;
    let rig = rig(hec);
    // As if the cap of our own were not there.
    struct Unlimited(Arc<dyn Sink>);
    impl Sink for Unlimited {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn limits(&self) -> crate::sink::Limits {
            crate::sink::Limits {
                bytes_max: usize::MAX,
                ..self.0.limits()
            }
        }
        fn encode(&self, document: &Document) -> Result<Bytes, crate::sink::Reason> {
            self.0.encode(document)
        }
        fn send<'a>(&'a self, batch: &'a crate::sink::Batch) -> crate::sink::Sending<'a> {
            self.0.send(batch)
        }
    }
    let sink = Arc::new(Unlimited(sink(rig.server.url(), false)));
    let mut delivery = Delivery::new(sink, Filter::default(), Policy::default());
    for offset in 0..8 {
        delivery.hand(place(offset), large(&format!("d{offset}"), 1_000_000));
    }
    let settled = delivery.drain().await.expect("it stays");
    assert!(settled.iter().all(|one| one.verdict == Verdict::Delivered));
    assert!(delivery.counts().splits > 0);
    rig.server.with(|hec| assert_eq!(hec.events.len(), 8));
}

/// What an answer to ten documents means.
fn meaning(status: u16, body: &Value) -> Answer {
    let response = Response {
        status,
        retry_after: None,
        clock_s: None,
        body: body.to_string().into(),
    };
    let hec = answer::Hec::read(&response);
    match answer::outcome(&response, hec.as_ref(), 10, 1000) {
        Outcome::Stored { answer, .. } | Outcome::Nothing { answer, .. } => answer,
    }
}

#[test]
fn every_code_has_its_meaning() {
    let says = |status, code: u32| meaning(status, &json!({"text": "", "code": code}));
    for (status, code) in [(200, 0), (200, 24), (200, 25)] {
        assert_eq!(says(status, code), Answer::Accepted, "{code}");
    }
    for (status, code) in [
        (403, 1),
        (401, 2),
        (401, 3),
        (403, 4),
        (400, 7),
        (400, 10),
        (400, 11),
        (400, 14),
        (400, 16),
        (400, 21),
        (400, 22),
        (400, 28),
    ] {
        assert!(
            matches!(says(status, code), Answer::Unauthorized(_)),
            "{code}"
        );
    }
    for (status, code, maybe) in [
        (500, 8, true),
        (503, 9, false),
        (503, 18, false),
        (503, 19, false),
        (503, 20, false),
        (503, 23, false),
        (429, 26, false),
        (429, 27, false),
        (200, 17, true),
        (400, 99, true),
    ] {
        let Answer::Retry { uncertain, .. } = says(status, code) else {
            panic!("{code}");
        };
        assert_eq!(uncertain, maybe, "{code}");
    }
}

#[test]
fn what_came_before_the_event_that_is_blamed_is_stored() {
    for code in [5, 6, 12, 13, 15] {
        let nobody = meaning(400, &json!({"text": "", "code": code}));
        assert!(matches!(nobody, Answer::Split(_)), "{code}");
        let blames = json!({"text": "", "code": code, "invalid-event-number": 3});
        let Answer::AcceptedUpTo {
            count: 3,
            refused: Some(_),
        } = meaning(400, &blames)
        else {
            panic!("{code}");
        };
    }
    let seven = json!({"text": "Incorrect index", "code": 7, "invalid-event-number": 4});
    let stored = Answer::AcceptedUpTo {
        count: 3,
        refused: None,
    };
    assert_eq!(meaning(400, &seven), stored, "code 7 counts from 1");
}

#[test]
fn an_alert_reads_as_splunk_reads_alerts() {
    let story = include_bytes!("../../../replay-fixtures/denied-repository/expected-alerts.ndjson");
    let first = story.split(|&byte| byte == b'\n').next().expect("a line");
    let alert = Document::read(Bytes::from_static(first)).expect("an alert");
    let options = SplunkOptions {
        index: Some("main".to_owned()),
        ..options("http://localhost", false)
    };
    let splunk = Splunk::open("splunk", &options).expect("it opens");
    let encoded: Value =
        serde_json::from_slice(&splunk.encode(&alert).expect("fine")).expect("JSON");
    assert_eq!(encoded["time"], json!(1_794_474_065.250));
    assert_eq!(encoded["sourcetype"], "chaperone:alert");
    assert_eq!(encoded["source"], "claude_code.hook");
    let expected = json!({
        "chaperone_id": "35d2f195e1b188ba642d84a17a394a33",
        "app": "chaperone",
        "type": "alert",
        "id": "35d2f195e1b188ba642d84a17a394a33",
        "severity": "high",
        "signature": "Agent Tool Call to a Repository on the Deny List",
        "signature_id": "4a6b2c8d-1e3f-4a5b-8c7d-9e0f1a2b3c51",
        "dest": "github.com",
        "risk_object": "acme/payroll",
        "risk_object_type": "other",
        "risk_score": "73",
        "risk_message": "Agent Tool Call to a Repository on the Deny List",
        "annotations.mitre_attack": ["T1213", "T1213.003"],
        "annotations.mitre_attack.mitre_technique_id": ["T1213", "T1213.003"],
        "annotations.mitre_attack.mitre_tactic_id": ["TA0009"],
    });
    assert_eq!(encoded["fields"], expected);
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_in_no_log_and_no_debug_output() {
    let rig = rig(Hec::new(Acks::Off));
    for fault in [Fault::Unauthorized, Fault::Page, Fault::Reset] {
        assert!(conformance::Rig::spoil(&rig, fault));
    }
    let captured = conformance::log::Captured::begin();
    let mut delivery = delivery(sink(rig.server.url(), false));
    delivery.hand(place(0), document("d0"));
    delivery.drain().await.expect("it stays");
    let lines = captured.end();
    assert!(
        lines.contains("unauthorized") && !lines.contains(&Hec::token()),
        "{lines}"
    );
    let options = format!("{:?}", options(rig.server.url(), false));
    assert!(!options.contains(&Hec::token()), "{options}");
}

fn event(id: &str) -> Document {
    let json = format!(
        r#"{{"@timestamp":"2026-11-12T09:14:07.412Z","event":{{"id":"{id}","kind":"event"}}}}"#
    );
    Document::read(json.into()).expect("an event")
}

fn large(id: &str, bytes: usize) -> Document {
    let text = "x".repeat(bytes);
    let json = format!(
        r#"{{"@timestamp":"2026-11-12T09:14:07.412Z","event":{{"id":"{id}","kind":"event"}},"message":"{text}"}}"#
    );
    Document::read(json.into()).expect("an event")
}

/// The add-on speaks of the source types that the sink writes, and every event type has its tags.
#[test]
fn the_add_on_fits_the_sink() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("splunk-ta/default");
    let stanzas = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(folder.join(name)).expect(name);
        let head = |line: &str| Some(line.strip_prefix('[')?.strip_suffix(']')?.to_owned());
        text.lines().filter_map(head).collect()
    };
    assert_eq!(
        stanzas("props.conf"),
        ["chaperone:event", "chaperone:alert"]
    );
    let types = stanzas("eventtypes.conf");
    let tagged: Vec<String> = types
        .iter()
        .map(|name| format!("eventtype={name}"))
        .collect();
    assert_eq!(stanzas("tags.conf"), tagged);
}
