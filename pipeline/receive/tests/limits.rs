//! What happens at the bounds, when the journal fails, and at the end.

use std::time::Duration;

use super::*;

const GITHUB: &str = "/v1/sources/github.webhook";

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_the_sender_hears_it() {
    let mut config = config();
    config.body_bytes_max = 1_000_000;
    let server = start(config).await;
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(999_992));
    assert_eq!(fits.len(), 1_000_000);
    assert_eq!(server.post(GITHUB, &[], &fits).await.status, 200);
    // Larger than what the kernel buffers: whoever answers and closes is not heard.
    let large = "x".repeat(3_900_000);
    server.post(GITHUB, &[], &large).await.refused(413);
    let mut chunked = format!(
        "POST {GITHUB} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    chunked.push_str(&format!("f4240\r\n{}\r\n", &large[..1_000_000]).repeat(2));
    chunked.push_str("0\r\n\r\n");
    server.send(chunked).await.refused(413);
    // Nothing is sent before the answer to the head has come.
    let expecting = format!(
        "POST {GITHUB} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
         Expect: 100-continue\r\nContent-Length: 50000000\r\n\r\n"
    );
    server.send(expecting).await.refused(413);
    assert_eq!(server.end().await.refused_for(Reason::TooLarge), 3);
}

#[tokio::test]
async fn a_zip_bomb_is_refused() {
    let server = start(config()).await;
    let blanks = std::io::Read::take(std::io::repeat(b' '), 200_000_000);
    let bomb = zstd::encode_all(blanks, 1).expect("a Vec takes any write");
    assert!(bomb.len() < 100_000);
    let zstd = ["Content-Encoding: zstd"];
    server.post(GITHUB, &zstd, &bomb).await.refused(413);
    server.end().await;
}

#[tokio::test]
async fn slow_bodies_and_slow_heads_are_cut_off() {
    let mut config = config();
    config.head_timeout = Duration::from_millis(300);
    config.body_idle_timeout = Duration::from_millis(100);
    let server = start(config).await;
    let mut head = TcpStream::connect(server.address).await.expect("listens");
    head.write_all(b"POST /v1/so").await.expect("it reads");
    let mut bytes = Vec::new();
    head.read_to_end(&mut bytes).await.expect("it closes");

    let mut idle = TcpStream::connect(server.address).await.expect("listens");
    idle.read_to_end(&mut bytes).await.expect("it closes");

    let request = post(GITHUB, &[], b"{\"a\":1}");
    let mut body = TcpStream::connect(server.address).await.expect("listens");
    body.write_all(&request[..request.len() - 3])
        .await
        .expect("it reads");
    read_answer(&mut body).await.refused(408);
    assert_eq!(server.end().await.refused_for(Reason::Slow), 1);
}

/// One byte at a time never pauses long enough, but has no more than the whole time.
#[tokio::test]
async fn a_trickle_is_cut_off_as_well() {
    let mut config = config();
    config.body_timeout = Duration::from_millis(200);
    let server = start(config).await;
    let stream = TcpStream::connect(server.address).await.expect("listens");
    let (mut read, mut write) = stream.into_split();
    let head = format!("POST {GITHUB} HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n");
    write.write_all(head.as_bytes()).await.expect("it reads");
    let trickle = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while write.write_all(b" ").await.is_ok() {
            tick.tick().await;
        }
    });
    let mut answer = vec![0; 12];
    read.read_exact(&mut answer).await.expect("it answers");
    assert_eq!(answer, b"HTTP/1.1 408");
    trickle.abort();
    server.end().await;
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let server = start(config()).await;
    let header = format!("X-Large: {}", "x".repeat(40_000));
    let answer = server.post(GITHUB, &[&header], "{}").await;
    assert_eq!(answer.status, 431);
    let many: Vec<String> = (0..200).map(|at| format!("X-{at}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(server.post(GITHUB, &many, "{}").await.status, 431);
    server.end().await;
}

#[tokio::test]
async fn more_deliveries_than_places_are_told_to_wait() {
    let mut config = config();
    config.in_flight_max = 2;
    let server = start(config).await;
    server.ledger.hold(true);
    let request = || exchange(server.address, post(GITHUB, &[], b"{}"));
    let first = tokio::spawn(request());
    let second = tokio::spawn(request());
    until(|| server.counters.read().in_flight == 2).await;
    let answer = request().await;
    answer.refused(429);
    assert_eq!(answer.header("retry-after"), Some("1"));
    server.ledger.hold(false);
    for waiting in [first, second] {
        assert_eq!(waiting.await.expect("no panic").status, 200);
    }
    assert_eq!(server.post(GITHUB, &[], "{}").await.status, 200);
    let counts = server.end().await;
    assert_eq!((counts.accepted, counts.refused_for(Reason::Busy)), (3, 1));
}

/// A sender that hangs up does not free what its delivery still holds.
#[tokio::test]
async fn a_delivery_whose_sender_left_keeps_its_place_until_it_is_durable() {
    let mut config = config();
    config.in_flight_max = 1;
    let server = start(config).await;
    server.ledger.hold(true);
    let mut stream = TcpStream::connect(server.address).await.expect("listens");
    stream
        .write_all(&post(GITHUB, &[], b"{\"left\":1}"))
        .await
        .expect("it reads");
    until(|| server.ledger.is_entered.load(SeqCst)).await;
    drop(stream);
    until(|| server.counters.read().abandoned == 1).await;
    server.post(GITHUB, &[], "{}").await.refused(429);
    server.ledger.hold(false);
    until(|| server.counters.read().records == 1).await;
    assert_eq!(server.ledger.bodies(), ["{\"left\":1}"]);
    server.end().await;
}

#[tokio::test]
async fn all_bodies_together_are_bounded() {
    let mut config = config();
    config.body_bytes_max = 1_000_000;
    config.buffered_bytes_max = 2_000_000;
    let server = start(config).await;
    let partial = format!(
        "POST {GITHUB} HTTP/1.1\r\nHost: t\r\nContent-Length: 999999\r\n\r\n{}",
        " ".repeat(999_000)
    );
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(server.address).await.expect("listens");
        stream.write_all(partial.as_bytes()).await.expect("reads");
        open.push(stream);
    }
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(10_000));
    until(|| server.counters.read().buffered_bytes == 1_998_000).await;
    server.post(GITHUB, &[], &body).await.refused(429);
    drop(open);
    until(|| server.counters.read().buffered_bytes == 0).await;
    assert_eq!(server.post(GITHUB, &[], &body).await.status, 200);
    server.end().await;
}

#[tokio::test]
async fn a_journal_that_fails_is_a_503_and_nothing_is_promised() {
    let server = start(config()).await;
    server
        .ledger
        .fail(Some(|| JournalError::Full("1 GiB".into())));
    let answer = server.post(GITHUB, &[], "{}").await;
    answer.refused(503);
    assert_eq!(answer.header("retry-after"), Some("30"));
    server.ledger.fail(Some(|| JournalError::Io {
        doing: "writing".into(),
        detail: "a detail of ours".into(),
    }));
    let answer = server.post(GITHUB, &[], "{}").await;
    answer.refused(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("detail of ours"));
    server.ledger.fail(None);
    assert_eq!(server.post(GITHUB, &[], "{}").await.status, 200);
    let counts = server.end().await;
    assert_eq!(counts.refused_for(Reason::JournalFull), 1);
    assert_eq!(counts.refused_for(Reason::JournalFailed), 1);
    assert_eq!(counts.records, 1);
}

/// No answer before the append has returned.
#[tokio::test]
async fn the_answer_comes_after_the_append() {
    let server = start(config()).await;
    server.ledger.hold(true);
    let waiting = tokio::spawn(exchange(server.address, post(GITHUB, &[], b"{}")));
    until(|| server.ledger.is_entered.load(SeqCst)).await;
    assert!(!waiting.is_finished());
    assert_eq!(server.counters.read().accepted, 0);
    server.ledger.hold(false);
    assert_eq!(waiting.await.expect("no panic").status, 200);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_deliveries_share_appends_and_none_is_lost() {
    let server = start(config()).await;
    server.ledger.hold(true);
    let senders: Vec<_> = (0..400)
        .map(|at| {
            let body = format!("{{\"at\":{at}}}");
            tokio::spawn(exchange(server.address, post(GITHUB, &[], body.as_bytes())))
        })
        .collect();
    until(|| server.counters.read().in_flight == 400).await;
    server.ledger.hold(false);
    for sender in senders {
        assert_eq!(sender.await.expect("no panic").status, 200);
    }
    let mut bodies = server.ledger.bodies();
    bodies.sort();
    let mut expected: Vec<_> = (0..400).map(|at| format!("{{\"at\":{at}}}")).collect();
    expected.sort();
    assert_eq!(bodies, expected);
    let counts = server.end().await;
    assert!(counts.appends < 200, "{counts:?}");
}

#[tokio::test]
async fn a_connection_takes_one_delivery_after_the_other() {
    let server = start(config()).await;
    let mut stream = TcpStream::connect(server.address).await.expect("listens");
    let keep = format!("POST {GITHUB} HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{{}}");
    let refused = format!("POST {GITHUB} HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{{x");
    for request in [&keep, &refused, &keep] {
        stream.write_all(request.as_bytes()).await.expect("reads");
    }
    stream
        .write_all(&post(GITHUB, &[], b"{}"))
        .await
        .expect("reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("answers");
    let statuses: Vec<&str> = text
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(statuses, ["200", "400", "200", "200"]);
    assert_eq!(server.end().await.records, 3);
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_work_and_takes_nothing_new() {
    let server = start(config()).await;
    server.ledger.hold(true);
    let waiting = tokio::spawn(exchange(server.address, post(GITHUB, &[], b"{}")));
    let mut idle = TcpStream::connect(server.address).await.expect("listens");
    until(|| server.ledger.is_entered.load(SeqCst)).await;
    let Server {
        address,
        ledger,
        stop,
        task,
        ..
    } = server;
    stop.send(()).expect("it runs");
    let mut none = Vec::new();
    idle.read_to_end(&mut none).await.expect("it closes");
    assert!(none.is_empty());
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!task.is_finished());
    ledger.hold(false);
    assert_eq!(waiting.await.expect("no panic").status, 200);
    task.await.expect("no panic").expect("a clean end");
    assert_eq!(ledger.bodies(), ["{}"]);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_sender_that_never_ends() {
    let mut config = config();
    config.drain_timeout = Duration::from_millis(50);
    let server = start(config).await;
    let request = post(GITHUB, &[], b"{\"a\":1}");
    let mut stream = TcpStream::connect(server.address).await.expect("listens");
    stream
        .write_all(&request[..request.len() - 1])
        .await
        .expect("reads");
    until(|| server.counters.read().deliveries == 1).await;
    let counts = server.end().await;
    assert_eq!(counts.abandoned, 1);
}

/// A fault of ours costs the delivery that meets it, and no other.
#[tokio::test]
async fn a_panic_is_a_500_and_the_server_goes_on() {
    let server = start(config()).await;
    let small = "{\"a\":\"a bug\"}".to_owned();
    let large = format!("{{\"a\":\"a bug{}\"}}", "x".repeat(100_000));
    for body in [small, large] {
        let answer = server.post(GITHUB, &[], &body).await;
        answer.refused(500);
        assert!(!String::from_utf8_lossy(&answer.body).contains("a bug"));
    }
    assert_eq!(server.post(GITHUB, &[], "{}").await.status, 200);
    assert_eq!(server.end().await.refused_for(Reason::Internal), 2);
}
