use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Body, Frame, Http, HttpError, HttpOptions};
use crate::conformance::http::{Product, Received, Reply, Served, Server, Trouble};
use crate::conformance::{self, document, place};
use crate::deliver::{Delivery, Policy};
use crate::filter::Filter;
use crate::secret::Secret;
use crate::sink::{Answer, Batch, Limits, Reason, Sending, Sink};

/// The simplest product: takes a JSON array whole or not at all, and answers with how many.
#[derive(Default)]
struct Notebook {
    stored: Vec<String>,
    gzip: Vec<bool>,
}

impl Product for Notebook {
    fn delivers(&self, received: &Received) -> bool {
        received.path == "/base/notes"
    }

    fn answer(&mut self, received: &Received) -> Result<Reply, String> {
        if received.method != "POST" || received.header("authorization") != "Bearer t" {
            return Err(format!("{received:?}"));
        }
        let notes: Vec<serde_json::Value> =
            serde_json::from_slice(&received.body).map_err(|error| error.to_string())?;
        let id = |note: &serde_json::Value| note.pointer("/event/id")?.as_str().map(str::to_owned);
        let ids: Vec<String> = notes.iter().filter_map(id).collect();
        if ids.iter().any(|id| id.starts_with("poison")) {
            return Ok(Reply::json(400, r#"{"error":"one of them is bad"}"#));
        }
        self.gzip.push(received.gzip);
        let count = ids.len();
        self.stored.extend(ids);
        Ok(Reply::json(200, format!(r#"{{"taken":{count}}}"#)))
    }

    fn refusal(&self, status: u16) -> Option<Reply> {
        Some(Reply::json(status, r#"{"error":"no"}"#))
    }

    fn stored(&self) -> Vec<String> {
        self.stored.clone()
    }
}

struct Notes {
    http: Http,
    token: Secret,
}

impl Sink for Notes {
    fn name(&self) -> &str {
        "notes"
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 100,
            bytes_max: 1 << 20,
            document_bytes_max: 1 << 16,
            frame_bytes: 1,
            age_max: std::time::Duration::from_secs(1),
            answer_timeout: None,
            in_flight_max: 4,
        }
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move {
            let body = self.http.batch(Frame::ARRAY, batch);
            let request = self
                .http
                .post("/notes")
                .secret("authorization", &self.token);
            let response = match request.body(body).send().await {
                Ok(response) => response,
                Err(answer) => return answer,
            };
            if let Some(answer) = response.usual() {
                return answer;
            }
            let taken = response
                .json::<serde_json::Value>()
                .and_then(|answer| answer.get("taken")?.as_u64());
            match taken {
                _ if response.status == 400 => Answer::Split(Reason::new("bad", "one is bad")),
                Some(count) if count == batch.len() as u64 => Answer::Accepted,
                _ => response.unreadable(),
            }
        })
    }
}

fn options(gzip: u32) -> HttpOptions {
    HttpOptions {
        gzip,
        ..HttpOptions::default()
    }
}

fn notes(url: &str, gzip: u32) -> Arc<dyn Sink> {
    let http = Http::open(&format!("{url}/base"), &options(gzip)).expect("a client");
    let token = Secret::new("Bearer t".to_owned());
    Arc::new(Notes { http, token })
}

#[tokio::test(start_paused = true)]
async fn a_product_behind_http_conforms() {
    for gzip in [0, 1] {
        let ran = conformance::run(|| {
            Box::new(Served {
                server: Server::start(Notebook::default()),
                open: Box::new(move |url| notes(url, gzip)),
                refuses_poison: true,
                deduplicates: false,
            })
        })
        .await;
        // Success, a kill, twenty faults (not half, impossible, panic), five poisons, an hour.
        assert_eq!(ran, 2 * 28);
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_are_compressed_where_it_is_said() {
    for gzip in [0, 6] {
        let server = Server::start(Notebook::default());
        let mut delivery = Delivery::new(
            notes(server.url(), gzip),
            Filter::default(),
            Policy::default(),
        );
        delivery.hand(place(0), document("d0"));
        delivery.drain().await.expect("it is taken");
        server.with(|product| assert_eq!(product.gzip, [gzip > 0]));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_nothing_was_stored_for_certain() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let http = Http::open(&format!("http://127.0.0.1:{port}"), &options(0)).expect("a client");
    let answer = http.get("/").send().await.expect_err("nobody is there");
    let Answer::Retry {
        reason, uncertain, ..
    } = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!((reason.code, uncertain), ("connect_failed", false));
    assert!(!reason.detail.contains("127.0.0.1"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_uncertain() {
    for (trouble, code) in [
        (Trouble::ResetBefore, "connection_lost"),
        (Trouble::ResetAfter, "connection_lost"),
        (Trouble::Silence, "timeout"),
    ] {
        let server = Server::start(Notebook::default());
        server.spoil(trouble);
        let http = Http::open(server.url(), &options(0)).expect("a client");
        let token = Secret::new("Bearer t".to_owned());
        let request = http.post("/base/notes").secret("authorization", &token);
        let request = request.body(Body::plain("[]"));
        let answer = request.send().await.expect_err("there is no answer");
        let Answer::Retry {
            reason, uncertain, ..
        } = answer
        else {
            panic!("{answer:?}");
        };
        assert_eq!((reason.code, uncertain), (code, true));
    }
}

#[test]
fn a_url_is_absolute_encrypted_and_without_credentials() {
    let open = |url: &str, insecure| {
        let options = HttpOptions {
            insecure,
            ..HttpOptions::default()
        };
        Http::open(url, &options)
    };
    for local in [
        "http://127.0.0.1:8088",
        "http://[::1]:8088",
        "http://localhost",
    ] {
        open(local, false).expect(local);
    }
    assert!(matches!(
        open("splunk:8088", false),
        Err(HttpError::NotAUrl("url"))
    ));
    assert!(matches!(
        open("file:///etc", false),
        Err(HttpError::NotAUrl("url"))
    ));
    let credentials = ["https://user:", "word@splunk"].concat();
    let refused = open(&credentials, false).expect_err("a secret in a URL");
    assert!(!refused.to_string().contains("word"), "{refused}");
    assert!(matches!(
        open("http://splunk:8088", false),
        Err(HttpError::Plain)
    ));
    open("http://splunk:8088", true).expect("said so");
}

#[test]
fn a_file_of_authorities_holds_some() {
    let options = |path: PathBuf| HttpOptions {
        ca_file: Some(path),
        ..HttpOptions::default()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    for text in [None, Some("no certificate")] {
        if let Some(text) = text {
            std::fs::write(&path, text).expect("written");
        }
        let error = Http::open("https://splunk", &options(path.clone())).expect_err("no authority");
        assert!(matches!(error, HttpError::CaFile { .. }), "{error}");
    }
}

/// A TLS server for `localhost` with a certificate that nobody vouches for; returns its URL and
/// the certificate.
fn encrypted() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config));
            let stream = stream.expect("a connection");
            let mut tls = rustls::StreamOwned::new(connection.expect("a server"), stream);
            // A client that does not trust us goes away here.
            let mut request = [0; 1024];
            if tls.read(&mut request).is_ok_and(|count| count > 0) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                tls.write_all(answer).expect("it listens");
            }
        }
    });
    (format!("https://localhost:{port}"), made.cert.pem())
}

#[tokio::test]
async fn a_certificate_is_vouched_for_or_said_to_be_insecure() {
    let (url, certificate) = encrypted();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, certificate).expect("written");
    let get = async |options: HttpOptions| {
        let http = Http::open(&url, &options).expect("a client");
        http.get("/").send().await
    };
    let answer = get(HttpOptions::default())
        .await
        .expect_err("nobody vouches for it");
    let Answer::Retry {
        reason, uncertain, ..
    } = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!((reason.code, uncertain), ("connect_failed", false));
    assert!(reason.detail.contains("certificate"), "{reason}");
    let vouched = HttpOptions {
        ca_file: Some(path),
        ..HttpOptions::default()
    };
    assert_eq!(get(vouched).await.expect("it is trusted").status, 200);
    let insecure = HttpOptions {
        insecure: true,
        ..HttpOptions::default()
    };
    assert_eq!(get(insecure).await.expect("said so").status, 200);
}

#[test]
fn a_frame_is_around_and_between() {
    let http = Http::open("http://localhost", &options(0)).expect("a client");
    let body = |frame, parts: &[&'static str]| {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        let body = http.parts(frame, parts.iter().copied());
        String::from_utf8(body.bytes().to_vec()).expect("text")
    };
    assert_eq!(body(Frame::ARRAY, &["1", "2"]), "[1,2]");
    assert_eq!(body(Frame::ARRAY, &[]), "[]");
    assert_eq!(body(Frame::LINES, &["a", "b"]), "a\nb\n");
    assert_eq!(body(Frame::JOINED, &["a", "b"]), "ab");
    assert_eq!(
        body(Frame::new(b"{\"x\":[", b",", b"]}"), &["1"]),
        "{\"x\":[1]}"
    );
}
