//! What a webhook's sender sees.

use std::fmt::Write as _;

use super::*;
use crate::raw;

const GITHUB: &str = "/v1/sources/github.webhook";
const JSON: &str = "Content-Type: application/json";

#[tokio::test]
async fn a_delivery_becomes_one_sealed_record_with_its_origin() {
    let server = start(config()).await;
    let answer = server
        .post(
            GITHUB,
            &[
                JSON,
                "X-GitHub-Event: push",
                "X-GitHub-Delivery: 72d3162e",
                "X-Hub-Signature-256: sha256=00",
                "Authorization: Bearer abc",
                "X-Request-Id: hunter2",
            ],
            "{\"password\":\"hunter2\"}",
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({"accepted": 1}));
    let messages = server.ledger.messages();
    let record = raw::record(&messages[0], 0, 5);
    assert_eq!(record.body, "{\"password\":\"[REDACTED:test]\"}");
    assert_eq!(record.origin.source, "github.webhook");
    assert_eq!(record.origin.received_ms, NOW_MS);
    assert_eq!(record.origin.place, "raw/0@5");
    let kept: Vec<_> = record
        .origin
        .headers
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        kept,
        [
            "x-github-delivery=72d3162e",
            "x-github-event=push",
            "x-request-id=[REDACTED:test]"
        ]
    );
    assert_eq!(server.end().await.accepted, 1);
}

#[tokio::test]
async fn paths_methods_and_names_are_explained() {
    let server = start(config()).await;
    let health = server
        .send("GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!((health.status, health.body.as_slice()), (200, &b"ok\n"[..]));
    let nowhere = server.post("/hook", &[JSON], "{}").await;
    nowhere.refused(404);
    let hint = nowhere.json()["hint"].to_string();
    for way in ["/v1/sources/<source>", "/v1/logs", "/healthz"] {
        assert!(hint.contains(way), "{hint}");
    }
    let misnamed = server.post("/v1/sources/githup", &[JSON], "{}").await;
    misnamed.refused(404);
    let names = "the sources are acme.hook, github.webhook, gitlab.audit, okta.system_log";
    assert_eq!(misnamed.json()["hint"], names);
    assert!(!String::from_utf8_lossy(&misnamed.body).contains("githup"));
    let not_utf8 = server.post("/v1/sources/%ff", &[JSON], "{}").await;
    not_utf8.refused(404);
    let got = server
        .send(format!(
            "GET {GITHUB} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        ))
        .await;
    got.refused(405);
    assert_eq!(got.header("allow"), Some("POST"));
    let counts = server.end().await;
    assert_eq!(counts.refused_for(Reason::NotFound), 1);
    assert_eq!(counts.refused_for(Reason::UnknownSource), 2);
    assert_eq!(counts.refused_for(Reason::Method), 1);
}

fn signature(secret: &str, body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(body);
    let mut text = "X-Hub-Signature-256: sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").expect("a String takes any write");
    }
    text
}

#[tokio::test]
async fn a_sender_that_waits_for_an_answer_gets_the_one_of_its_source() {
    let server = start(config()).await;
    let hook = server.post("/v1/sources/acme.hook", &[JSON], "{}").await;
    assert_eq!(
        (hook.status, hook.body.trim_ascii()),
        (200, br#"{"action":"allow"}"#.as_slice())
    );
    let other = server.post(GITHUB, &[JSON], "{}").await;
    assert_eq!(
        (other.status, other.body.trim_ascii()),
        (200, br#"{"accepted":1}"#.as_slice())
    );
    server.end().await;
}

#[tokio::test]
async fn a_configured_source_asks_for_its_proof() {
    let mut config = config();
    let access = SourceAccess {
        auth: Auth::github(Secret::new("shared")),
        tenant: "acme".into(),
    };
    config.sources.insert("github.webhook".into(), access);
    let token = Auth::StaticToken {
        header: "X-Gitlab-Event-Streaming-Token".into(),
        token: Secret::new("glst"),
    };
    let access = SourceAccess::new(token);
    config.sources.insert("gitlab.audit".into(), access);
    config.default_auth = Auth::Closed;
    let server = start(config).await;

    let body = b"{\"zen\":\"Keep it logically awesome.\"}";
    let good = signature("shared", body);
    let answer = server.post(GITHUB, &[JSON, &good], body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        raw::record(&server.ledger.messages()[0], 0, 0)
            .origin
            .tenant,
        "acme"
    );
    for headers in [
        vec![JSON],
        vec![JSON, "X-Hub-Signature-256: sha256=12"],
        vec![JSON, &signature("other", body)],
    ] {
        let answer = server.post(GITHUB, &headers, body).await;
        answer.refused(401);
        assert!(answer.header("www-authenticate").is_some());
    }
    let changed = server.post(GITHUB, &[JSON, &good], b"{\"zen\":1}").await;
    changed.refused(401);

    let gitlab = "/v1/sources/gitlab.audit";
    let form = "Content-Type: application/x-www-form-urlencoded";
    let token = "X-Gitlab-Event-Streaming-Token: glst";
    let answer = server.post(gitlab, &[form, token], "{\"id\":1}").await;
    assert_eq!(answer.status, 200);
    let answer = server.post(gitlab, &[form], "{\"id\":1}").await;
    answer.refused(401);
    let closed = server
        .post("/v1/sources/okta.system_log", &[JSON], "{}")
        .await;
    closed.refused(403);
    let counts = server.end().await;
    assert_eq!(counts.refused_for(Reason::Unauthorized), 5);
    assert_eq!(counts.records, 2);
}

/// The signature is that of the form; the record is the JSON in it.
#[tokio::test]
async fn a_signed_form_is_unwrapped_after_its_signature() {
    let mut config = config();
    let access = SourceAccess::new(Auth::github(Secret::new("shared")));
    config.sources.insert("github.webhook".into(), access);
    let server = start(config).await;
    let body = b"payload=%7B%22action%22%3A+%22closed%22%7D";
    let form = "Content-Type: application/x-www-form-urlencoded";
    let answer = server
        .post(GITHUB, &[form, &signature("shared", body)], body)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(server.ledger.bodies(), ["{\"action\": \"closed\"}"]);
    server.end().await;
}

#[tokio::test]
async fn ndjson_is_one_record_a_line_in_one_append() {
    let server = start(config()).await;
    let ndjson = "Content-Type: application/x-ndjson";
    let answer = server
        .post(GITHUB, &[ndjson], "{\"a\":1}\n\n{\"b\":\"hunter2\"}\n")
        .await;
    assert_eq!(answer.json(), serde_json::json!({"accepted": 2}));
    assert_eq!(
        server.ledger.bodies(),
        ["{\"a\":1}", "{\"b\":\"[REDACTED:test]\"}"]
    );
    let broken = server.post(GITHUB, &[ndjson], "{\"a\":1}\n{\"b\"\n").await;
    assert_eq!(
        broken.refused(400),
        "the body is not JSON at line 2 column 4"
    );
    let counts = server.end().await;
    assert_eq!((counts.records, counts.appends), (2, 1));
}

#[tokio::test]
async fn broken_bodies_are_refused_with_a_place_and_without_content() {
    let server = start(config()).await;
    let secret = ["gh", "p_0123456789"].concat();
    let cases: [(&str, Vec<u8>, &str); 5] = [
        (
            "Content-Type: application/json",
            format!("{{\"a\": {secret}}}").into_bytes(),
            "the body is not JSON at line 1 column 7",
        ),
        (
            "Content-Type: application/json",
            vec![],
            "the body is not JSON at line 1 column 0",
        ),
        (
            "Content-Type: application/json",
            b"\"text\"".to_vec(),
            "the body is not a JSON object or array at line 1 column 1",
        ),
        (
            "Content-Encoding: gzip",
            format!("{{\"a\":\"{secret}\"}}").into_bytes(),
            "the body is not valid gzip",
        ),
        (
            "Content-Type: application/x-www-form-urlencoded",
            format!("token={secret}").into_bytes(),
            "the form has no field named payload",
        ),
    ];
    for (header, body, expected) in cases {
        let answer = server.post(GITHUB, &[header], &body).await;
        assert_eq!(answer.refused(400), expected);
        assert!(!String::from_utf8_lossy(&answer.body).contains(&secret));
    }
    for header in [
        "Content-Type: text/xml",
        "Content-Type: application/json; charset=utf-16",
        "Content-Encoding: br",
    ] {
        let answer = server.post(GITHUB, &[header], "{}").await;
        answer.refused(415);
    }
    let counts = server.end().await;
    assert_eq!(counts.refused_for(Reason::Malformed), 5);
    assert_eq!(counts.refused_for(Reason::MediaType), 3);
}

/// A page of any site can make a browser post to 127.0.0.1; its `Origin` gives it away.
#[tokio::test]
async fn a_web_page_cannot_use_an_open_source() {
    let server = start(config()).await;
    let form = "Content-Type: application/x-www-form-urlencoded";
    let origin = "Origin: https://evil.example";
    let answer = server.post(GITHUB, &[form, origin], "{}").await;
    answer.refused(403);
    let otlp = server.post("/v1/logs", &[JSON, origin], "{}").await;
    assert_eq!(otlp.status, 403);
    assert_eq!(server.end().await.refused_for(Reason::Forbidden), 2);
}

#[tokio::test]
async fn an_address_beyond_loopback_needs_a_proof_for_everything() {
    let mut config = config();
    config.listen = ([0, 0, 0, 0], 0).into();
    let ledger = Arc::new(Ledger::default());
    let Err(ReceiveError::Config(problems)) = bind(config.clone(), &ledger).await else {
        panic!("it started");
    };
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("`receive.default_auth` asks for no proof"));
    assert!(problems[1].starts_with("`receive.otlp.auth` asks for no proof"));

    config.default_auth = Auth::Closed;
    config.otlp.auth = Auth::Bearer(Secret::new("t"));
    let open = SourceAccess::new(Auth::Open);
    config.sources.insert("github.webhook".into(), open);
    let Err(ReceiveError::Config(problems)) = bind(config.clone(), &ledger).await else {
        panic!("it started");
    };
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("`receive.sources.\"github.webhook\".auth` asks for no proof"));

    let signed = SourceAccess::new(Auth::github(Secret::new("s")));
    config.sources.insert("github.webhook".into(), signed);
    assert!(bind(config, &ledger).await.is_ok());
}

#[tokio::test]
async fn all_problems_of_a_configuration_are_told_at_once() {
    let mut config = config();
    config.body_bytes_max = 0;
    config.otlp.auth = Auth::Bearer(Secret::new(""));
    let access = SourceAccess::new(Auth::Open);
    config.sources.insert("githup".into(), access);
    let ledger = Arc::new(Ledger::default());
    let Err(ReceiveError::Config(problems)) = bind(config, &ledger).await else {
        panic!("it started");
    };
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let server = start(config()).await;
    let mut config = config();
    config.listen = server.address;
    let error = bind(config, &Arc::new(Ledger::default())).await.err();
    let text = error.expect("it is taken").to_string();
    assert!(
        text.contains(&server.address.to_string()) && text.contains("receive.listen"),
        "{text}"
    );
}

#[tokio::test]
async fn a_challenge_is_sent_back_to_whoever_has_the_token() {
    let okta = SourceAccess::new(Auth::StaticToken {
        header: "authorization".into(),
        token: Secret::new("shared"),
    });
    let server = start(ReceiveConfig {
        sources: [("okta.system_log".to_owned(), okta)].into(),
        ..config()
    })
    .await;
    let ask = |headers: &str| {
        format!(
            "GET /v1/sources/okta.system_log HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{headers}\r\n"
        )
    };
    let challenge = "X-Okta-Verification-Challenge: c-1\r\n";
    let answer = server
        .send(ask(&format!("{challenge}Authorization: shared\r\n")))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({"verification": "c-1"}));
    server.send(ask(challenge)).await.refused(401);
    server.send(ask("")).await.refused(405);
    assert!(server.ledger.messages().is_empty());
    server.end().await;
}
