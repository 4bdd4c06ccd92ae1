use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use serde_json::{Value, json};

use super::answer::read;
use super::install::VERSION;
use super::model::Cluster;
use super::{Elastic, ElasticOptions, Engine};
use crate::conformance::http::{Served, Server};
use crate::conformance::{self, document, place};
use crate::deliver::{Delivery, Verdict};
use crate::filter::Filter;
use crate::http::{HttpOptions, Response};
use crate::secret::SecretRef;
use crate::sink::{Answer, Document, ItemAnswer, Sink};
use crate::unit::Span;

/// A secret in a file that stays as long as the process.
fn secret(text: &str) -> SecretRef {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let (_, path) = file.keep().expect("kept");
    SecretRef::File(path)
}

fn options(urls: &[&str]) -> ElasticOptions {
    ElasticOptions {
        urls: urls.iter().map(|&url| url.to_owned()).collect(),
        namespace: super::namespace(),
        api_key: None,
        user: None,
        password: None,
        token: None,
        install_templates: true,
        retention: None,
        http: HttpOptions::default(),
    }
}

fn open(options: &ElasticOptions, engine: Engine) -> Elastic {
    let mut sink = Elastic::open("elastic", options, engine).expect("it opens");
    sink.now = || {
        let now = DateTime::parse_from_rfc3339("2026-11-12T09:15:00.250Z");
        now.expect("a time").to_utc()
    };
    sink
}

/// Elasticsearch with an API key, OpenSearch with a user.
fn rig(engine: Engine) -> Served<Cluster> {
    let pair = ["id", "key"].join(":");
    let (authorization, key, password) = match engine {
        // base64 of `id:key`.
        Engine::Elasticsearch => ("ApiKey aWQ6a2V5", Some(secret(&pair)), None),
        // base64 of `dana:word`.
        Engine::OpenSearch => ("Basic ZGFuYTp3b3Jk", None, Some(secret("word"))),
    };
    Served {
        server: Server::start(Cluster::new(engine, authorization)),
        open: Box::new(move |url| {
            let options = ElasticOptions {
                api_key: key.clone(),
                user: password.as_ref().map(|_| "dana".to_owned()),
                password: password.clone(),
                ..options(&[url])
            };
            Arc::new(open(&options, engine))
        }),
        refuses_poison: true,
        deduplicates: true,
    }
}

#[tokio::test(start_paused = true)]
async fn elasticsearch_conforms() {
    let ran = conformance::run(|| Box::new(rig(Engine::Elasticsearch))).await;
    // Success, a kill, twenty-two faults (not panic), five poisons, an hour.
    assert_eq!(ran, 2 * 30);
}

#[tokio::test(start_paused = true)]
async fn opensearch_conforms() {
    let ran = conformance::run(|| Box::new(rig(Engine::OpenSearch))).await;
    assert_eq!(ran, 2 * 30);
}

/// A cluster that wants no credentials, and a delivery to it.
fn served(urls: &[&str]) -> (Server<Cluster>, Delivery) {
    let server = Server::start(Cluster::new(Engine::Elasticsearch, ""));
    let mut all: Vec<&str> = urls.to_vec();
    all.push(server.url());
    let sink = Arc::new(open(&options(&all), Engine::Elasticsearch));
    let delivery = Delivery::new(sink, Filter::default(), conformance::ordered());
    (server, delivery)
}

async fn deliver(delivery: &mut Delivery, ids: &[&str]) {
    for (offset, id) in (0..).zip(ids) {
        delivery.hand(place(offset), document(id));
    }
    let settled = delivery.drain().await.expect("it stays");
    assert!(settled.iter().all(|one| one.verdict == Verdict::Delivered));
    assert_eq!(settled.len(), ids.len());
}

#[tokio::test(start_paused = true)]
async fn templates_are_put_once_and_again_when_they_are_older() {
    let (server, mut delivery) = served(&[]);
    deliver(&mut delivery, &["a"]).await;
    deliver(&mut delivery, &["b"]).await;
    let mappings = "/_component_template/chaperone@ecs";
    server.with(|cluster| {
        assert_eq!(cluster.puts, 5, "a policy, two components, two templates");
        let mine = cluster.installed.get_mut(mappings).expect("it is there");
        mine["version"] = json!(VERSION - 1);
        // What is older and not ours to change stays.
        let custom = "/_component_template/chaperone@custom";
        cluster
            .installed
            .insert(custom.to_owned(), json!({"template": {"settings": {}}}));
        cluster.puts = 0;
    });
    let sink = Arc::new(open(&options(&[server.url()]), Engine::Elasticsearch));
    let mut delivery = Delivery::new(sink, Filter::default(), conformance::ordered());
    deliver(&mut delivery, &["c"]).await;
    server.with(|cluster| {
        assert_eq!(cluster.puts, 1);
        assert_eq!(cluster.installed[mappings]["version"], VERSION);
    });
}

#[tokio::test(start_paused = true)]
async fn who_may_not_make_templates_is_told_and_sends_nothing() {
    let server = Server::start(Cluster::new(Engine::Elasticsearch, "Bearer other"));
    let sink = open(&options(&[server.url()]), Engine::Elasticsearch);
    let answer = super::install::install(&sink.nodes, &sink.templates).await;
    assert!(matches!(answer, Err(Answer::Unauthorized(_))), "{answer:?}");
    assert_eq!(server.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_gone_is_passed_over() {
    // Nobody listens at a port that was just given back.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let (server, mut delivery) = served(&[&gone]);
    deliver(&mut delivery, &["a", "b"]).await;
    assert_eq!(delivery.counts().retries, 0, "another node took it at once");
    assert_eq!(server.requests(), 1);
}

fn answered(status: u16, body: &str) -> Response {
    Response {
        status,
        retry_after: Some(Duration::from_secs(7)),
        clock_s: None,
        body: Bytes::from(body.to_owned()),
    }
}

fn codes(answer: &Answer) -> Vec<&'static str> {
    let Answer::Each(items) = answer else {
        panic!("{answer:?}");
    };
    let code = |item: &ItemAnswer| match item {
        ItemAnswer::Accepted => "accepted",
        ItemAnswer::Retry(reason) | ItemAnswer::Refused(reason) => reason.code,
    };
    items.iter().map(code).collect()
}

/// As it is without `filter_path`, with all its words, over many lines.
#[test]
fn each_document_has_its_own_verdict() {
    let failed = |status: u16, kind: &str| {
        json!({"create": {"_index": ".ds-logs-chaperone.events-default-2026.11.12-000001",
            "_id": "x", "status": status,
            "error": {"type": kind, "reason": "failed to parse: 'dana@acme.example'",
                      "caused_by": {"type": "other", "reason": "words"}}}})
    };
    let body = json!({"took": 3, "errors": true, "items": [
        {"create": {"_id": "a", "_version": 1, "result": "created", "_shards": {"total": 2},
                    "_seq_no": 0, "_primary_term": 1, "status": 201}},
        failed(409, "version_conflict_engine_exception"),
        failed(409, "other_exception"),
        failed(429, "es_rejected_execution_exception"),
        failed(503, "unavailable_shards_exception"),
        failed(403, "cluster_block_exception"),
        failed(403, "security_exception"),
        failed(404, "index_not_found_exception"),
        failed(400, "mapper_parsing_exception"),
        failed(400, "document_parsing_exception"),
        failed(400, "illegal_argument_exception"),
        failed(400, "Words of dana@acme.example"),
    ]});
    let answer = read(&answered(200, &format!("{body:#}\n")), 12);
    let expected = [
        "accepted",
        "accepted",
        "unavailable",
        "too_many_requests",
        "unavailable",
        "blocked",
        "unauthorized",
        "no_data_stream",
        "mapping_conflict",
        "mapping_conflict",
        "rejected",
        "rejected",
    ];
    assert_eq!(codes(&answer), expected);
    let said = format!("{answer:?}");
    assert!(
        said.contains("(mapper_parsing_exception)") && !said.contains("dana"),
        "{said}"
    );
}

#[test]
fn an_answer_for_all_of_them() {
    let items = |items: &[Value]| json!({ "items": items }).to_string();
    let item = |status: u16| json!({"create": {"status": status, "error": {"type": "x"}}});
    let of = |statuses: &[u16]| {
        let body = items(
            &statuses
                .iter()
                .map(|&status| item(status))
                .collect::<Vec<_>>(),
        );
        read(&answered(200, &body), statuses.len())
    };
    assert_eq!(of(&[201, 201]), Answer::Accepted);
    assert!(matches!(of(&[429, 403]), Answer::Unauthorized(_)));
    let waits = of(&[429, 503]);
    let asked = Some(Duration::from_secs(7));
    assert!(
        matches!(&waits, Answer::Retry { after, uncertain: false, .. } if *after == asked),
        "{waits:?}"
    );
    // Not what was asked: another number, another action, no JSON, nothing.
    let update = r#"{"items":[{"update":{"status":200}}]}"#;
    for body in [&items(&[item(201), item(201)]), update, "<html>", "{}", ""] {
        let answer = read(&answered(200, body), 1);
        assert!(
            matches!(
                answer,
                Answer::Retry {
                    uncertain: true,
                    ..
                }
            ),
            "{body}: {answer:?}"
        );
    }
    let error = r#"{"error":{"type":"action_request_validation_exception"},"status":400}"#;
    assert!(matches!(read(&answered(400, error), 2), Answer::Split(_)));
}

/// The two lines of a document, with their end.
fn lines(sink: &Elastic, document: &Document) -> [Value; 2] {
    let encoded = sink.encode(document).expect("fine");
    let text = String::from_utf8(encoded.to_vec()).expect("text");
    let text = text + &super::encode::tail((sink.now)());
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    lines.try_into().expect("two lines")
}

#[test]
fn an_alert_reads_as_elastic_security_reads_alerts() {
    let story =
        include_bytes!("../../../replay-fixtures/authentication-spike/expected-alerts.ndjson");
    let first = story.split(|&byte| byte == b'\n').next().expect("a line");
    let alert = Document::read(Bytes::from_static(first)).expect("an alert");
    let sink = open(&options(&["http://localhost"]), Engine::Elasticsearch);
    let [action, document] = lines(&sink, &alert);
    let expected = json!({"create": {
        "_index": "logs-chaperone.alerts-default",
        "_id": "0e880f3f98cf618a564db7f9e9744e9e",
    }});
    assert_eq!(action, expected);
    // What the rule "External Alerts" asks for, and what it takes over.
    assert_eq!(document["event"]["kind"], "alert");
    assert_eq!(document["event"]["module"], "chaperone");
    assert_eq!(document["event"]["severity"], 73);
    assert_eq!(document["event"]["risk_score"], 73);
    assert_eq!(
        document["message"],
        "Spike of Failed Agent Authentications for One User"
    );
    assert_eq!(document["event.ingested"], "2026-11-12T09:15:00.250Z");
    let stream = json!({"type": "logs", "dataset": "chaperone.alerts", "namespace": "default"});
    assert_eq!(document["data_stream"], stream);
    assert_eq!(document["event"]["dataset"], "chaperone.alerts");
}

fn event(id: &str, more: &str) -> Document {
    let json = format!(
        r#"{{"@timestamp":"2026-11-12T09:14:07.412Z","event":{{"id":"{id}","kind":"event"}}{more}}}"#
    );
    Document::read(json.into()).expect("an event")
}

#[test]
fn an_id_is_the_tenants_and_not_too_long() {
    let sink = open(&options(&["http://localhost"]), Engine::OpenSearch);
    let id = |document: &Document| lines(&sink, document)[0]["create"]["_id"].clone();
    assert_eq!(id(&event("a:1", "")), "a:1");
    assert_eq!(
        id(&event("a:1", r#","chaperone":{"tenant":"acme"}"#)),
        "acme/a:1"
    );
    assert_eq!(id(&event(&"x".repeat(512), "")), "x".repeat(512));
    let long = id(&event(&"x".repeat(513), ""));
    assert_eq!(long.as_str().map(str::len), Some(64));
    assert_ne!(long, id(&event(&"x".repeat(514), "")));
}

#[test]
fn a_document_of_another_data_stream_keeps_its_name() {
    let sink = open(&options(&["http://localhost"]), Engine::Elasticsearch);
    let [_, document] = lines(&sink, &event("a", r#","data_stream":{"dataset":"other"}"#));
    assert_eq!(document["data_stream"], json!({"dataset": "other"}));
}

#[test]
fn options_that_do_not_fit_are_refused_with_the_remedy() {
    let plain = || options(&["http://localhost"]);
    let refused = |options: ElasticOptions, engine| {
        let error = Elastic::open("elastic", &options, engine).err();
        error.expect("it does not open").to_string()
    };
    let none = ElasticOptions {
        urls: Vec::new(),
        ..plain()
    };
    assert!(refused(none, Engine::Elasticsearch).contains("urls = ["));
    let upper = ElasticOptions {
        namespace: "Prod-1".to_owned(),
        ..plain()
    };
    assert!(refused(upper, Engine::Elasticsearch).contains("`namespace`"));
    let retention = Some(Span(Duration::from_secs(3600)));
    let kept = ElasticOptions {
        retention,
        ..plain()
    };
    assert!(refused(kept.clone(), Engine::OpenSearch).contains("ISM"));
    let without = ElasticOptions {
        install_templates: false,
        ..kept
    };
    assert!(refused(without, Engine::Elasticsearch).contains("install_templates"));
    let two = ElasticOptions {
        api_key: Some(secret("one")),
        token: Some(secret("two")),
        ..plain()
    };
    assert!(refused(two, Engine::Elasticsearch).contains("one kind"));
}

#[test]
fn the_mapping_has_the_fields_people_search_by() {
    for engine in [Engine::Elasticsearch, Engine::OpenSearch] {
        let parts = super::templates::all(engine, None);
        let mappings = parts
            .iter()
            .find(|part| part.path.ends_with("chaperone@ecs"));
        let mappings = &mappings.expect("a part").body["template"]["mappings"];
        let kind = |path: &str| {
            let path = path.replace('.', "/properties/");
            mappings
                .pointer(&format!("/properties/{path}/type"))
                .cloned()
        };
        for (path, expected) in [
            ("@timestamp", "date"),
            ("event.ingested", "date"),
            ("event.risk_score", "float"),
            ("source.ip", "ip"),
            ("source.geo.location", "geo_point"),
            ("rule.name", "keyword"),
            ("threat.technique.id", "keyword"),
            ("gen_ai.response.finish_reasons", "keyword"),
            ("chaperone.alert.count", "long"),
            ("gen_ai.tool.call.result", "object"),
        ] {
            assert_eq!(kind(path), Some(json!(expected)), "{path}");
        }
        assert_eq!(kind("threat.indicator.ip"), None);
        let has_policy = parts.iter().any(|part| part.path.starts_with("/_ilm"));
        assert_eq!(has_policy, engine == Engine::Elasticsearch);
    }
    let kept = super::templates::all(
        Engine::Elasticsearch,
        Some(Span(Duration::from_secs(90 * 86_400))),
    );
    let deleted = &kept[0].body["policy"]["phases"]["delete"];
    assert_eq!(deleted["min_age"], "7776000s");
}
