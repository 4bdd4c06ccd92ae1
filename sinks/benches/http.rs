//! What it costs to encode alerts and to send them, for each product behind HTTP.
//!
//! `cargo bench -p chaperone-sinks --bench http [-- NAME]`. The product is a server on loopback in
//! threads of its own, which reads a request and says yes. The delivery runs on one thread, and what
//! is reported is the processor time of that thread: filter, encode, batch, compress, TCP, read the
//! answer, settle. The alerts are those of the recorded stories, again and again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chaperone_sinks::{Delivery, Document, Filter, Place, Policy, Product};

const ALERTS: u64 = 200_000;

/// A product: its options, and what it answers.
struct Case {
    name: &'static str,
    kind: &'static str,
    options: &'static str,
    answer: fn(&str) -> (u16, &'static str),
}

/// `{url}` and `{secret}` are put in.
const CASES: &[Case] = &[
    Case {
        name: "splunk",
        kind: "splunk",
        options: "url = '{url}'\ntoken = { file = '{secret}' }",
        answer: |_| (200, r#"{"text":"Success","code":0}"#),
    },
    Case {
        name: "splunk-ack",
        kind: "splunk",
        options: "url = '{url}'\nacknowledge = true\ntoken = { file = '{secret}' }",
        answer: |path| match path {
            "/services/collector/ack" => (200, r#"{"acks":{"0":true}}"#),
            _ => (200, r#"{"text":"Success","code":0,"ackId":0}"#),
        },
    },
    Case {
        name: "datadog-ocsf",
        kind: "datadog",
        options: "url = '{url}'\napi_key = { file = '{secret}' }",
        answer: |_| (202, "{}"),
    },
    Case {
        name: "datadog-ecs",
        kind: "datadog",
        options: "url = '{url}'\nschema = 'ecs'\napi_key = { file = '{secret}' }",
        answer: |_| (202, "{}"),
    },
    Case {
        name: "chronicle-udm",
        kind: "chronicle",
        options: "url = '{url}'\ninstance = 'i'\nproject = 'p'\ntoken = { file = '{secret}' }",
        answer: |_| (200, "{}"),
    },
    Case {
        name: "chronicle-logs",
        kind: "chronicle",
        options: "url = '{url}'\ninstance = 'i'\nproject = 'p'\ntoken = { file = '{secret}' }\nlogs = { log_type = 'L' }",
        answer: |_| (200, "{}"),
    },
];

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let alerts = Arc::new(alerts());
    let bytes: usize = alerts.iter().map(|alert| alert.json.len()).sum();
    println!(
        "{ALERTS} alerts of {} bytes each on average",
        bytes / alerts.len()
    );
    println!("product        gzip   CPU s   clock s   alerts/s and core   peak MB");
    for case in CASES {
        if wanted.as_deref().is_some_and(|name| name != case.name) {
            continue;
        }
        for gzip in [0, 1] {
            run(case, gzip, Arc::clone(&alerts));
        }
    }
}

/// The alerts of the recorded stories.
fn alerts() -> Vec<Document> {
    let stories = concat!(env!("CARGO_MANIFEST_DIR"), "/../replay-fixtures");
    let mut alerts = Vec::new();
    for story in std::fs::read_dir(stories).expect("the stories") {
        let path = story
            .expect("a story")
            .path()
            .join("expected-alerts.ndjson");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let read = |line: &str| Document::read(Bytes::from(line.to_owned())).expect("an alert");
        alerts.extend(text.lines().map(read));
    }
    alerts
}

fn run(case: &'static Case, gzip: u32, alerts: Arc<Vec<Document>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            std::thread::spawn(move || serve(stream, case.answer));
        }
    });
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "0123456789abcdef").expect("written");
    let options = case
        .options
        .replace("{url}", &url)
        .replace("{secret}", &secret.path().display().to_string());
    let options = format!("{options}\nhttp = {{ gzip = {gzip} }}");
    let options: toml::Table = options.parse().expect("TOML");
    let options = toml::Value::Table(options);
    let product = Product::read(case.kind, options).expect("its options");
    let sink = product.open(case.name).expect("it opens");
    let sender = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (before, start) = (cpu_seconds(), Instant::now());
        let delivery = Delivery::new(sink, Filter::default(), Policy::default());
        runtime.block_on(deliver(delivery, &alerts));
        (cpu_seconds() - before, start.elapsed().as_secs_f64())
    });
    let (cpu, clock) = sender.join().expect("it delivers");
    println!(
        "{:<14} {gzip:>4} {cpu:>7.2} {clock:>9.2} {:>19.0} {:>9}",
        case.name,
        ALERTS as f64 / cpu,
        peak_megabytes()
    );
}

async fn deliver(mut delivery: Delivery, alerts: &[Document]) {
    let mut offset = 0;
    let mut settled = 0;
    while settled < ALERTS {
        while offset < ALERTS && delivery.has_room() {
            let place = Place {
                input: 0,
                partition: 0,
                offset,
            };
            let index = usize::try_from(offset).expect("few") % alerts.len();
            delivery.hand(place, alerts[index].clone());
            offset += 1;
        }
        if offset == ALERTS {
            delivery.flush();
        }
        settled += delivery.next().await.expect("it stays").len() as u64;
    }
    assert_eq!(delivery.counts().delivered, ALERTS);
}

/// Reads requests and says yes, as fast as it goes.
fn serve(stream: TcpStream, answer: fn(&str) -> (u16, &'static str)) {
    let mut writer = stream.try_clone().expect("a handle");
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut line = String::new();
    let mut body = Vec::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).expect("a header");
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body).expect("a body");
        let (status, text) = answer(&path);
        let reply = format!(
            "HTTP/1.1 {status} OK\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        writer.write_all(reply.as_bytes()).expect("it listens");
    }
}

/// Processor time of this thread so far.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or(0.0, |nanoseconds: f64| nanoseconds / 1e9)
}

/// The most memory that the process has had, with the server's.
fn peak_megabytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.unwrap_or(0) / 1024
}
