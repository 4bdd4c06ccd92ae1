use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::model::{INSTANCE, Method, NOW_S, SecOps, failed, key_file};
use super::{Api, Chronicle, ChronicleOptions, LogOptions, answer};
use crate::conformance::http::{Reply, Served, Server, Trouble};
use crate::conformance::{self, document, place};
use crate::deliver::{Delivery, Policy, Verdict};
use crate::filter::Filter;
use crate::http::HttpOptions;
use crate::secret::SecretRef;
use crate::sink::{Answer, Document, Sink};

pub(super) fn options(url: &str, key: &Path, method: Method) -> ChronicleOptions {
    let logs = method.is_logs().then(|| LogOptions {
        log_type: "CHAPERONE_ECS".to_owned(),
        forwarder: (!method.is_legacy()).then(|| "f1".to_owned()),
        namespace: Some("prod".to_owned()),
        labels: BTreeMap::from([("env".to_owned(), "test".to_owned())]),
    });
    let project = (!method.is_legacy()).then(|| "acme-secops".to_owned());
    ChronicleOptions {
        instance: INSTANCE.to_owned(),
        project,
        region: "europe".to_owned(),
        api: if method.is_legacy() {
            Api::Legacy
        } else {
            Api::V1
        },
        regional_endpoint: false,
        url: Some(url.to_owned()),
        service_account: Some(SecretRef::File(key.to_owned())),
        token: None,
        workload_identity: false,
        logs,
        http: HttpOptions::default(),
    }
}

pub(super) fn written(content: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), content).expect("written");
    file
}

pub(super) fn open(options: &ChronicleOptions) -> Chronicle {
    let mut sink = Chronicle::open("chronicle", options).expect("it opens");
    sink.credentials.now_s = || NOW_S;
    sink
}

/// An instance with the key of an account that it knows.
pub(super) struct Bench {
    pub(super) server: Server<SecOps>,
    pub(super) key: tempfile::NamedTempFile,
    method: Method,
}

impl Bench {
    pub(super) fn new(method: Method) -> Self {
        let server = Server::start(SecOps::new(method));
        let key = written(&key_file(server.url()).to_string());
        Self {
            server,
            key,
            method,
        }
    }

    pub(super) fn options(&self) -> ChronicleOptions {
        options(self.server.url(), self.key.path(), self.method)
    }

    pub(super) fn delivery(&self) -> Delivery {
        self.delivery_of(open(&self.options()))
    }

    pub(super) fn delivery_of(&self, sink: Chronicle) -> Delivery {
        Delivery::new(Arc::new(sink), Filter::default(), conformance::ordered())
    }
}

fn rig(method: Method) -> Served<SecOps> {
    let Bench { server, key, .. } = Bench::new(method);
    Served {
        server,
        open: Box::new(move |url| Arc::new(open(&options(url, key.path(), method)))),
        refuses_poison: true,
        deduplicates: false,
    }
}

/// Hands one document in and works for so long in paused time.
pub(super) async fn one(delivery: &mut Delivery, offset: u64, patience: u64) -> bool {
    delivery.hand(place(offset), document(&format!("d{offset}")));
    let drained = tokio::time::timeout(Duration::from_secs(patience), delivery.drain());
    let Ok(settled) = drained.await else {
        return false;
    };
    let settled = settled.expect("it stays");
    settled.iter().all(|one| one.verdict == Verdict::Delivered)
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for method in Method::ALL {
        let ran = conformance::run(|| Box::new(rig(method))).await;
        // Success, a kill, twenty faults (not half, impossible, panic), five poisons, an hour.
        assert_eq!(ran, 2 * 28, "{method:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_waits_as_long_as_google_says() {
    let info =
        json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "41.5s"}]);
    for (details, header, least, most) in [
        (json!([]), None, 300, 400),
        (json!([]), Some(20), 20, 60),
        (info, None, 41, 80),
    ] {
        let mut reply = failed(429, "RESOURCE_EXHAUSTED", details);
        if let Some(seconds) = header {
            reply = reply.header("retry-after", seconds);
        }
        let response = crate::http::Response {
            status: reply.status,
            retry_after: header.map(Duration::from_secs),
            clock_s: None,
            body: Bytes::from(reply.body),
        };
        let Answer::Retry {
            after: Some(after),
            uncertain: false,
            ..
        } = answer::read(&response)
        else {
            panic!("{response:?}");
        };
        assert!((least..most).contains(&after.as_secs()), "{after:?}");
    }
    let bench = Bench::new(Method::Events);
    bench.server.spoil(Trouble::Status(429, None));
    let mut delivery = bench.delivery();
    let start = tokio::time::Instant::now();
    assert!(one(&mut delivery, 0, 1_000).await);
    assert!(start.elapsed() >= Duration::from_secs(300));
    assert_eq!(
        (
            bench.server.requests(),
            delivery.counts().possible_duplicates
        ),
        (2, 0)
    );
}

#[test]
fn a_refusal_that_is_not_about_an_event_refuses_none() {
    let read = |reply: Reply| {
        answer::read(&crate::http::Response {
            status: reply.status,
            retry_after: None,
            clock_s: None,
            body: Bytes::from(reply.body),
        })
    };
    let info = |reason: &str| json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]);
    for (reply, word) in [
        (
            failed(403, "PERMISSION_DENIED", info("SERVICE_DISABLED")),
            "not enabled",
        ),
        (
            failed(403, "PERMISSION_DENIED", info("IAM_PERMISSION_DENIED")),
            "chronicle.events.import",
        ),
        (
            failed(
                403,
                "PERMISSION_DENIED",
                info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            ),
            "scope",
        ),
        (failed(404, "NOT_FOUND", json!([])), "`project`, `region`"),
        (
            failed(400, "FAILED_PRECONDITION", json!([])),
            "FAILED_PRECONDITION",
        ),
    ] {
        let Answer::Unauthorized(reason) = read(reply) else {
            panic!("{word}");
        };
        assert!(reason.detail.contains(word), "{reason}");
    }
    let page = Reply {
        status: 400,
        headers: Vec::new(),
        body: "<html>".to_owned(),
    };
    assert!(matches!(
        read(page),
        Answer::Retry {
            uncertain: true,
            ..
        }
    ));
    let aborted = read(failed(409, "ABORTED", json!([])));
    assert!(matches!(aborted, Answer::Retry { .. }));
    let invalid = read(failed(400, "INVALID_ARGUMENT", json!([])));
    assert!(matches!(invalid, Answer::Split(_)));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_is_the_same_bytes() {
    for method in Method::ALL {
        let bench = Bench::new(method);
        for trouble in [
            Trouble::ResetAfter,
            Trouble::SilenceAfter,
            Trouble::Status(503, None),
        ] {
            bench.server.spoil(trouble);
        }
        let mut delivery = bench.delivery();
        for offset in 0..5 {
            delivery.hand(place(offset), document(&format!("d{offset}")));
        }
        delivery.drain().await.expect("it stays");
        // The process starts again before anything was committed.
        let mut delivery = bench.delivery();
        for offset in 0..5 {
            delivery.hand(place(offset), document(&format!("d{offset}")));
        }
        delivery.drain().await.expect("it stays");
        bench.server.with(|secops| {
            assert_eq!(secops.bodies.len(), 4, "{method:?}: one was refused unread");
            assert!(secops.bodies.iter().all(|body| *body == secops.bodies[0]));
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_great_many_go_in_requests_of_the_right_size() {
    for method in Method::ALL {
        let bench = Bench::new(method);
        let mut delivery = Delivery::new(
            Arc::new(open(&bench.options())),
            Filter::default(),
            Policy::default(),
        );
        for offset in 0..40 {
            delivery.hand(place(offset), large(&format!("d{offset}"), 300_000));
        }
        delivery.hand(place(40), large("d40", 5_000_000));
        let settled = delivery.drain().await.expect("it stays");
        let refused = settled
            .iter()
            .filter(|one| one.verdict != Verdict::Delivered);
        assert_eq!(refused.count(), 1, "{method:?}");
        let requests = bench.server.requests();
        assert!(
            requests <= if method.is_legacy() { 20 } else { 5 },
            "{method:?}: {requests}"
        );
    }
}

fn large(id: &str, bytes: usize) -> Document {
    let body = json!({
        "@timestamp": "2026-11-12T09:14:07.412Z",
        "event": {"id": id, "kind": "event", "action": "connect", "category": ["network"]},
        "message": "x".repeat(bytes),
    });
    Document::read(body.to_string().into()).expect("an event")
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_event_is_found_in_few_requests() {
    for count in [2_u64, 7, 64, 1_000] {
        for bad in [0, count / 3, count - 1] {
            let bench = Bench::new(Method::Events);
            let policy = Policy {
                ordered: true,
                ..Policy::default()
            };
            let mut delivery =
                Delivery::new(Arc::new(open(&bench.options())), Filter::default(), policy);
            for offset in 0..count {
                let id = if offset == bad {
                    "poison".to_owned()
                } else {
                    format!("d{offset}")
                };
                delivery.hand(place(offset), document(&id));
            }
            delivery.flush();
            let mut settled = 0;
            let most = 1 + u64::from(count.next_power_of_two().ilog2()) + 1;
            while delivery.counts().refused == 0 {
                settled += delivery.next().await.expect("it stays").len();
            }
            let requests = bench.server.requests();
            assert!(
                requests <= most,
                "{requests} of {most} for {bad} of {count}"
            );
            settled += delivery.drain().await.expect("it stays").len();
            assert_eq!(settled as u64, count);
            assert_eq!(delivery.counts().refused, 1);
        }
    }
}

/// The first alert of every story, and the events behind them.
#[tokio::test(start_paused = true)]
async fn googles_types_read_what_the_stories_give() {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-fixtures");
    let bench = Bench::new(Method::Events);
    let mut delivery = bench.delivery();
    let mut offset = 0;
    for story in std::fs::read_dir(stories).expect("the stories") {
        let story = story.expect("a story").path();
        for file in ["expected-events.ndjson", "expected-alerts.ndjson"] {
            let text = std::fs::read_to_string(story.join(file)).unwrap_or_default();
            for line in text.lines() {
                let document = Document::read(Bytes::from(line.to_owned())).expect("a document");
                delivery.hand(place(offset), document);
                offset += 1;
            }
        }
    }
    let settled = delivery.drain().await.expect("it stays");
    assert!(offset > 50 && settled.iter().all(|one| one.verdict == Verdict::Delivered));
}

#[test]
fn an_alert_reads_as_google_reads_events() {
    let story =
        include_bytes!("../../../replay-fixtures/authentication-spike/expected-alerts.ndjson");
    let first = story.split(|&byte| byte == b'\n').next().expect("a line");
    let alert = Document::read(Bytes::from_static(first)).expect("an alert");
    let key = written(&key_file("http://localhost").to_string());
    let sink = open(&options("http://localhost", key.path(), Method::Events));
    let mut event: Value =
        serde_json::from_slice(&sink.encode(&alert).expect("fine")).expect("JSON");
    let udm = &mut event["udm"];
    let rest = udm.as_object_mut().and_then(|udm| udm.remove("additional"));
    assert_eq!(rest.expect("the rest")["chaperone.alert.count"], 8);
    let expected = json!({
        "metadata": {
            "id": "MGU4ODBmM2Y5OGNmNjE4YTU2NGRiN2Y5ZTk3NDRlOWU=",
            "productLogId": "0e880f3f98cf618a564db7f9e9744e9e",
            "eventTimestamp": "2026-11-12T09:04:25.159Z",
            "eventType": "GENERIC_EVENT",
            "description": "Spike of Failed Agent Authentications for One User",
            "productEventType": "user.authentication.auth_via_mfa",
            "productName": "Chaperone",
            "vendorName": "Chaperone",
        },
        "principal": {
            "ip": ["203.0.113.24"],
            "location": {"city": "Lyon", "countryOrRegion": "France"},
            "user": {
                "userid": "mona@acme.example",
                "userDisplayName": "Mona",
                "emailAddresses": ["mona@acme.example"],
                "productObjectId": "00umona",
            },
        },
        "securityResult": [{
            "alertState": "ALERTING",
            "ruleId": "3a1c0b9e-7d2f-4a53-8f2e-4f5f1f0f2b12",
            "ruleName": "Spike of Failed Agent Authentications for One User",
            "ruleSet": "sigma",
            "ruleAuthor": "Chaperone",
            "summary": "Spike of Failed Agent Authentications for One User",
            "description": "Many failed sign-ins to coding agents for one user in a short time, as in password spraying or the use of a stolen and revoked token.",
            "severity": "HIGH",
            "severityDetails": "high",
            "riskScore": 73,
            "attackDetails": {
                "tactics": [{"id": "TA0006", "name": "Credential Access"}],
                "techniques": [{"id": "T1110"}],
            },
            "detectionFields": [{"key": "user.name", "value": "mona@acme.example"}],
            "firstDiscoveredTime": "2026-11-12T09:00:20.159Z",
            "lastDiscoveredTime": "2026-11-12T09:04:25.159Z",
        }],
    });
    assert_eq!(*udm, expected);
}

#[test]
fn a_request_goes_where_the_instance_is() {
    let options = |change: &dyn Fn(&mut ChronicleOptions)| {
        let mut options = options("", Path::new("key.json"), Method::Events);
        options.url = None;
        change(&mut options);
        options
    };
    let url = |change: &dyn Fn(&mut ChronicleOptions)| {
        let endpoint = Endpoint::new(&options(change)).expect("fine");
        endpoint.url + &endpoint.path
    };
    let of = |region: &str, method: &str| {
        format!("projects/acme-secops/locations/{region}/instances/{INSTANCE}/{method}")
    };
    assert_eq!(
        url(&|_| ()),
        format!(
            "https://europe-chronicle.googleapis.com/v1/{}",
            of("europe", "events:import")
        )
    );
    assert_eq!(
        url(&|options| {
            options.region = "eu".to_owned();
            options.regional_endpoint = true;
            options.api = Api::V1Beta;
        }),
        format!(
            "https://chronicle.eu.rep.googleapis.com/v1beta/{}",
            of("eu", "events:import")
        )
    );
    for (region, prefix) in [
        ("us", ""),
        ("eu", "europe-"),
        ("asia", "asia-southeast1-"),
        ("europe-west2", "europe-west2-"),
    ] {
        let url = url(&|options| {
            options.api = Api::Legacy;
            options.project = None;
            options.region = region.to_owned();
        });
        let host = format!("https://{prefix}malachiteingestion-pa.googleapis.com");
        assert_eq!(url, format!("{host}/v2/udmevents:batchCreate"));
    }
    let wrong: [&dyn Fn(&mut ChronicleOptions); 6] = [
        &|options| options.project = None,
        &|options| options.project = Some("a/b".to_owned()),
        &|options| options.instance.clear(),
        &|options| options.region = "eu?x".to_owned(),
        &|options| options.api = Api::Legacy,
        &|options| {
            options.logs = Some(LogOptions {
                log_type: "A B".to_owned(),
                forwarder: None,
                namespace: None,
                labels: BTreeMap::new(),
            });
        },
    ];
    for change in wrong {
        assert!(Endpoint::new(&options(change)).is_err());
    }
}
