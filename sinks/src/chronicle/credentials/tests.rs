use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Source;
use crate::chronicle::model::{Method, NOW_S, key_file};
use crate::chronicle::tests::{Bench, one, open, options, written};
use crate::chronicle::{Chronicle, ChronicleOptions};
use crate::conformance;
use crate::conformance::http::Reply;
use crate::http::{Http, HttpOptions};
use crate::secret::SecretRef;

#[tokio::test(start_paused = true)]
async fn any_clock_gets_a_token() {
    let clocks: [fn() -> i64; 6] = [
        || NOW_S,
        || NOW_S - 3_000,
        || NOW_S + 59,
        || NOW_S + 61,
        || NOW_S + 86_400,
        || NOW_S - 86_400,
    ];
    for clock in clocks {
        let bench = Bench::new(Method::Events);
        let mut sink = open(&bench.options());
        sink.credentials.now_s = clock;
        let mut delivery = bench.delivery_of(sink);
        assert!(one(&mut delivery, 0, 10).await, "{}", clock() - NOW_S);
        // What was learned about the clock is kept.
        bench.server.with(|secops| secops.tokens.clear());
        assert!(one(&mut delivery, 1, 10).await, "{}", clock() - NOW_S);
        bench.server.with(|secops| assert_eq!(secops.issued, 2));
        assert_eq!(delivery.counts().unauthorized, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_kept_and_renewed_before_it_lapses() {
    let bench = Bench::new(Method::Events);
    let mut delivery = bench.delivery();
    for (offset, issued) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
        assert!(one(&mut delivery, offset, 10).await);
        bench.server.with(|secops| {
            assert_eq!((secops.issued, secops.unauthorized), (issued, 0));
            secops.now_s += 1_700;
        });
        tokio::time::advance(Duration::from_secs(1_700)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lapses_in_mid_run_is_replaced_without_a_word() {
    let bench = Bench::new(Method::Events);
    let mut delivery = bench.delivery();
    assert!(one(&mut delivery, 0, 10).await);
    bench.server.with(|secops| secops.now_s += 4_000);
    let captured = conformance::log::Captured::begin();
    assert!(one(&mut delivery, 1, 10).await);
    assert!(!captured.end().contains("ERROR"));
    bench
        .server
        .with(|secops| assert_eq!((secops.issued, secops.unauthorized), (2, 1)));
    let counts = delivery.counts();
    assert_eq!(
        (
            counts.retries,
            counts.unauthorized,
            counts.possible_duplicates
        ),
        (1, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn while_it_cannot_be_renewed_the_old_token_is_used_to_its_end() {
    let bench = Bench::new(Method::Events);
    let mut delivery = bench.delivery();
    assert!(one(&mut delivery, 0, 10).await);
    bench
        .server
        .with(|secops| secops.token_trouble = Some(Reply::json(503, "")));
    tokio::time::advance(Duration::from_secs(3_400)).await;
    assert!(one(&mut delivery, 1, 10).await);
    tokio::time::advance(Duration::from_secs(300)).await;
    assert!(!one(&mut delivery, 2, 60).await, "it has ended");
    let counts = delivery.counts();
    assert!(counts.retries > 0);
    assert_eq!((counts.unauthorized, counts.possible_duplicates), (0, 0));
    bench.server.with(|secops| secops.token_trouble = None);
    assert!(one(&mut delivery, 3, 300).await);
}

#[tokio::test(start_paused = true)]
async fn what_the_token_endpoint_refuses_is_said_once_with_what_to_do() {
    let oauth = |error: &str, what: &str| {
        Reply::json(400, json!({"error": error, "error_description": what}))
    };
    let cases = [
        (
            oauth("invalid_grant", "Invalid JWT Signature."),
            "make a new one",
        ),
        (
            oauth("invalid_grant", "Invalid grant: account not found"),
            "no such service account",
        ),
        (
            oauth("invalid_grant", "Invalid JWT: … in a reasonable timeframe."),
            "the clock of this machine",
        ),
        (
            oauth("unauthorized_client", "…"),
            "may not ask for this scope",
        ),
        (
            oauth("invalid_scope", "…"),
            "gives no tokens for Google SecOps",
        ),
        (
            oauth("somethingelse", "…"),
            "is `token_uri` of the key Google's?",
        ),
    ];
    for (trouble, expected) in cases {
        let bench = Bench::new(Method::Events);
        bench
            .server
            .with(|secops| secops.token_trouble = Some(trouble));
        let mut delivery = bench.delivery();
        let captured = conformance::log::Captured::begin();
        assert!(!one(&mut delivery, 0, 100).await);
        let lines = captured.end();
        assert_eq!(lines.matches("ERROR").count(), 1, "{lines}");
        assert!(lines.contains(expected), "{lines}");
        assert_eq!(
            bench.server.requests(),
            0,
            "nothing is sent without a token"
        );
        bench.server.with(|secops| secops.token_trouble = None);
        assert!(one(&mut delivery, 1, 100).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_replaced_is_read_again() {
    let bench = Bench::new(Method::Events);
    bench.server.with(|secops| secops.knows_key = false);
    let mut delivery = bench.delivery();
    assert!(!one(&mut delivery, 0, 100).await);
    std::fs::write(bench.key.path(), "{}").expect("written");
    assert!(!one(&mut delivery, 1, 100).await, "half of a rotation");
    let key = key_file(bench.server.url()).to_string();
    std::fs::write(bench.key.path(), key).expect("written");
    bench.server.with(|secops| secops.knows_key = true);
    assert!(one(&mut delivery, 2, 100).await);
    assert_eq!(delivery.counts().delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_somebody_else_is_read_again_when_it_lapses() {
    let bench = Bench::new(Method::Events);
    let file = written("t-1");
    let mut options = bench.options();
    options.service_account = None;
    options.token = Some(SecretRef::File(file.path().to_owned()));
    let mut delivery = bench.delivery_of(open(&options));
    bench
        .server
        .with(|secops| secops.tokens.insert("t-1".to_owned(), NOW_S + 60));
    assert!(one(&mut delivery, 0, 10).await);
    bench
        .server
        .with(|secops| secops.tokens = BTreeMap::from([("t-2".to_owned(), NOW_S + 60)]));
    assert!(!one(&mut delivery, 1, 60).await, "nobody renewed it yet");
    assert!(delivery.counts().unauthorized > 0);
    std::fs::write(file.path(), "t-2").expect("written");
    assert!(one(&mut delivery, 2, 100).await);
}

#[tokio::test(start_paused = true)]
async fn a_workload_asks_the_metadata_server() {
    let bench = Bench::new(Method::Events);
    let mut options = bench.options();
    options.service_account = None;
    options.workload_identity = true;
    let mut sink = open(&options);
    let server = Http::open(bench.server.url(), &HttpOptions::default()).expect("a client");
    sink.credentials.source = Source::Metadata(server);
    let mut delivery = bench.delivery_of(sink);
    bench
        .server
        .with(|secops| secops.token_trouble = Some(Reply::json(404, "")));
    assert!(!one(&mut delivery, 0, 60).await);
    assert!(delivery.counts().unauthorized > 0);
    bench.server.with(|secops| secops.token_trouble = None);
    assert!(one(&mut delivery, 1, 100).await);
}

#[test]
fn credentials_are_of_one_kind_and_whole() {
    let right = key_file("https://localhost");
    let attempt = |change: &dyn Fn(&mut Value, &mut ChronicleOptions)| {
        let mut key = right.clone();
        let file = written("");
        let mut options = options("https://localhost", file.path(), Method::Events);
        change(&mut key, &mut options);
        std::fs::write(file.path(), key.to_string()).expect("written");
        Chronicle::open("chronicle", &options).map(drop)
    };
    attempt(&|_, _| ()).expect("a key");
    type Change<'c> = &'c dyn Fn(&mut Value, &mut ChronicleOptions);
    let wrong: [(Change<'_>, &str); 6] = [
        (
            &|_, options| options.workload_identity = true,
            "one of `service_account`",
        ),
        (
            &|_, options| options.service_account = None,
            "one of `service_account`",
        ),
        (
            &|key, _| key["type"] = "external_account".into(),
            "workload_identity",
        ),
        (&|key, _| key["client_email"] = "".into(), "client_email"),
        (
            &|key, _| key["private_key"] = "secret words".into(),
            "2048 bits",
        ),
        (&|key, _| *key = "secret words".into(), "not the JSON key"),
    ];
    for (change, expected) in wrong {
        let error = attempt(change).expect_err(expected).to_string();
        assert!(
            error.contains(expected) && !error.contains("secret words"),
            "{error}"
        );
    }
}
