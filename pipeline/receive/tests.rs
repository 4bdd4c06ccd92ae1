//! The server over real sockets on 127.0.0.1, with a client written by hand, so that it can do what
//! a decent client would not.

mod limits;
mod telemetry;
mod webhooks;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::journal::{Consumer, Journal, JournalError, Member, Message, Outgoing, Topic};

/// The time that the server's clock shows.
const NOW_MS: i64 = 1_794_474_847_412;

/// A journal that keeps what it gets, and fails or waits when told.
#[derive(Default)]
struct Ledger {
    appends: Mutex<Vec<Vec<Outgoing>>>,
    fails: Mutex<Option<fn() -> JournalError>>,
    is_held: Mutex<bool>,
    released: Condvar,
    is_entered: AtomicBool,
}

impl Ledger {
    fn messages(&self) -> Vec<Message> {
        let appends = self.appends.lock().expect("no test panics in here");
        appends
            .iter()
            .flatten()
            .map(|outgoing| outgoing.message.clone())
            .collect()
    }

    fn bodies(&self) -> Vec<String> {
        self.messages()
            .iter()
            .map(|message| String::from_utf8_lossy(&message.value).into_owned())
            .collect()
    }

    fn hold(&self, is_held: bool) {
        *self.is_held.lock().expect("no test panics in here") = is_held;
        self.released.notify_all();
    }

    fn fail(&self, error: Option<fn() -> JournalError>) {
        *self.fails.lock().expect("no test panics in here") = error;
    }
}

impl Journal for Ledger {
    fn partitions(&self, _: Topic) -> u32 {
        1
    }

    fn append(&self, outgoing: Vec<Outgoing>) -> Result<(), JournalError> {
        self.is_entered.store(true, SeqCst);
        let held = self.is_held.lock().expect("no test panics in here");
        let held = self.released.wait_while(held, |held| *held);
        drop(held.expect("no test panics in here"));
        if let Some(error) = *self.fails.lock().expect("no test panics in here") {
            return Err(error());
        }
        self.appends
            .lock()
            .expect("no test panics in here")
            .push(outgoing);
        Ok(())
    }

    fn subscribe(&self, _: &str, _: Topic, _: Member) -> Result<Box<dyn Consumer>, JournalError> {
        Err(JournalError::Full("nothing to read here".into()))
    }
}

/// A running server.
struct Server {
    address: std::net::SocketAddr,
    ledger: Arc<Ledger>,
    counters: Arc<Counters>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ReceiveError>>,
}

fn config() -> ReceiveConfig {
    ReceiveConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        ..ReceiveConfig::default()
    }
}

/// The sources of the tests: the sender of one waits for an answer, and one asks whether the address
/// is ours.
struct Known;

impl KnownSources for Known {
    fn knows(&self, source: &str) -> bool {
        self.names().iter().any(|name| name == source)
    }

    fn challenge(&self, source: &str) -> Option<(String, String)> {
        let header = "x-okta-verification-challenge".to_owned();
        (source == "okta.system_log").then(|| (header, "verification".to_owned()))
    }

    fn names(&self) -> Vec<String> {
        let names = [
            "acme.hook",
            "github.webhook",
            "gitlab.audit",
            "okta.system_log",
        ];
        names.map(str::to_owned).into()
    }

    fn answer(&self, source: &str) -> Option<String> {
        (source == "acme.hook").then(|| r#"{"action":"allow"}"#.to_owned())
    }
}

/// The seal of the tests: one word is a secret, and one is a bug.
fn seal(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    assert!(!text.contains("a bug"), "a bug in the seal");
    text.contains("hunter2")
        .then(|| text.replace("hunter2", "[REDACTED:test]").into_bytes())
}

async fn bind(config: ReceiveConfig, ledger: &Arc<Ledger>) -> Result<Receiver, ReceiveError> {
    let journal: Arc<dyn Journal> = ledger.clone();
    Receiver::bind(config, journal, Arc::new(seal), Arc::new(Known), || NOW_MS).await
}

async fn start(config: ReceiveConfig) -> Server {
    let ledger = Arc::new(Ledger::default());
    let receiver = bind(config, &ledger).await.expect("the server starts");
    let (stop, stopped) = oneshot::channel();
    Server {
        address: receiver.address(),
        counters: receiver.counters(),
        ledger,
        stop,
        task: tokio::spawn(receiver.serve(async {
            let _ = stopped.await;
        })),
    }
}

impl Server {
    /// Sends one request and reads the answer to its end.
    async fn send(&self, request: impl Into<Vec<u8>>) -> Answer {
        exchange(self.address, request.into()).await
    }

    async fn post(&self, path: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Answer {
        self.send(post(path, headers, body.as_ref())).await
    }

    /// Stops it; what it counted must add up.
    async fn end(self) -> Counts {
        self.stop.send(()).expect("the server runs");
        self.task
            .await
            .expect("no panic")
            .expect("a clean shutdown");
        let counts = self.counters.read();
        let refused: u64 = counts.refused.iter().sum();
        assert_eq!(
            counts.deliveries,
            counts.accepted + refused + counts.abandoned,
            "{counts:?}"
        );
        let messages = self.ledger.messages();
        assert_eq!(counts.records, messages.len() as u64);
        assert_eq!((counts.in_flight, counts.buffered_bytes), (0, 0));
        let bytes: usize = messages.iter().map(|message| message.value.len()).sum();
        assert_eq!(counts.bytes, bytes as u64);
        counts
    }
}

/// The bytes of a POST request.
fn post(path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// What the server answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON answer")
    }

    /// Refused as it should be: the status, and a text and a hint of ours.
    fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert!(json["hint"].as_str().is_some_and(|hint| hint.len() > 10));
        json["error"].as_str().expect("an error").to_owned()
    }
}

async fn exchange(address: std::net::SocketAddr, request: Vec<u8>) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(&request).await.expect("it reads");
    read_answer(&mut stream).await
}

async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("it answers");
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {bytes:?}"));
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII");
    Answer {
        status: head[9..12].parse().expect("a status"),
        head,
        body: bytes[end + 4..].to_vec(),
    }
}

/// Waits until something holds, without a clock of its own: the time is that of the other tasks.
async fn until(holds: impl Fn() -> bool) {
    let all = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all)
        .await
        .expect("it holds within 20 s");
}
