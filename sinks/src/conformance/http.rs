//! The server side of a product: real HTTP on loopback, in a thread and a runtime of its own.
//!
//! A [`Product`] is a strict model: it checks what it is sent, keeps it, and answers in the product's
//! own words. The [`Server`] around it does what networks and overloaded servers do ([`Trouble`]),
//! one request at a time from a queue, and [`Served`] makes a [`Rig`] of the two.
//!
//! The suite runs in paused time, which passes as soon as every task waits: while a socket is waited
//! for, too, which would end every request with a timeout. So each request of [`crate::http`] holds
//! time still ([`in_real_time`]) until its answer is read. A server that will never answer lets that
//! one request's hold go, and the hours pass.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::{Fault, Rig};
use crate::sink::Sink;

/// Names the hold of a request; the product does not see it.
const HOLD: &str = "x-conformance-hold";

/// A request as the product sees it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// Decompressed.
    pub(crate) body: Vec<u8>,
    /// Whether it was compressed on the way.
    pub(crate) gzip: bool,
}

impl Received {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

/// What the product says.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl ToString) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A strict model of a product.
pub(crate) trait Product: Send + 'static {
    /// Whether this request brings documents, so that trouble may befall it (a health check, a token
    /// or an acknowledgement is spared).
    fn delivers(&self, request: &Received) -> bool;
    /// Checks a request, keeps what it takes, answers. `Err` is a request that the real product
    /// would never be sent by a correct client: the test fails with it.
    fn answer(&mut self, request: &Received) -> Result<Reply, String>;
    /// The product's own words for a refusal with this status, of which it keeps nothing. None: it
    /// never says that.
    fn refusal(&self, status: u16) -> Option<Reply>;
    /// Whether it can show this.
    fn shows(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::Status(status, _) => self.refusal(status).is_some(),
            Trouble::Half | Trouble::Impossible => false,
            _ => true,
        }
    }
    /// Takes the first half and says so, where it [shows](Product::shows) that.
    fn half(&mut self, _: &Received) -> Option<Reply> {
        None
    }
    /// Takes it and answers something that cannot be, where it shows that.
    fn impossible(&mut self, _: &Received) -> Option<Reply> {
        None
    }
    /// The ids it holds, in its order, as often as it holds them.
    fn stored(&self) -> Vec<String>;
}

/// What befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The product refuses with this status and keeps nothing; with `Retry-After`, in seconds.
    Status(u16, Option<u64>),
    /// The connection breaks before the body is read.
    ResetBefore,
    /// The product takes it, and the connection breaks before the answer.
    ResetAfter,
    /// The product does not take it and never answers.
    Silence,
    /// The product takes it and never answers.
    SilenceAfter,
    /// The product takes it and answers late, in time.
    Late,
    /// Something between answers 200 with a page, and the product never sees it.
    Page,
    /// The product takes it, and its answer is laid out over many lines.
    Pretty,
    /// Somebody answers with a redirect.
    Redirect,
    /// It takes half.
    Half,
    /// It takes it and answers something that cannot be.
    Impossible,
}

struct State<P> {
    product: P,
    troubles: VecDeque<Trouble>,
    violations: Vec<String>,
    requests: u64,
}

/// A product that listens. Dropping it ends it.
pub(crate) struct Server<P> {
    state: Arc<Mutex<State<P>>>,
    url: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl<P: Product> Server<P> {
    pub(crate) fn start(product: P) -> Self {
        let state = Arc::new(Mutex::new(State {
            product,
            troubles: VecDeque::new(),
            violations: Vec::new(),
            requests: 0,
        }));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (bound, address) = mpsc::channel();
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                bound.send(address).expect("somebody waits");
                tokio::select! {
                    () = accept(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().expect("the server listens");
        Self {
            state,
            url: format!("http://{address}"),
            stop: Some(stop),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Spoils the next delivery that is not spoiled yet.
    pub(crate) fn spoil(&self, trouble: Trouble) {
        self.state().troubles.push_back(trouble);
    }

    /// Looks at the product.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut P) -> T) -> T {
        look(&mut self.state().product)
    }

    /// How many deliveries came, whatever became of them.
    pub(crate) fn requests(&self) -> u64 {
        self.state().requests
    }

    /// Fails where a request broke the product's contract.
    pub(crate) fn assert_strict(&self) {
        let violations = std::mem::take(&mut self.state().violations);
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Drop for Server<P> {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let violations = &state.violations;
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "{}", violations.join("\n"));
        }
    }
}

async fn accept<P: Product>(listener: TcpListener, state: Arc<Mutex<State<P>>>) {
    loop {
        let (stream, _) = listener.accept().await.expect("connections come");
        // What is closed is closed at once: a reset, as where a process dies.
        stream.set_zero_linger().expect("an option of a socket");
        tokio::spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve<P: Product>(stream: TcpStream, state: Arc<Mutex<State<P>>>) {
    let service = hyper::service::service_fn(|request| respond(request, Arc::clone(&state)));
    // A client that goes away and a reset of our own both end here.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The connection is to break.
#[derive(Debug, thiserror::Error)]
#[error("reset")]
struct Reset;

type Answered = hyper::Response<Full<Bytes>>;

async fn respond<P: Product>(
    request: hyper::Request<Incoming>,
    state: Arc<Mutex<State<P>>>,
) -> Result<Answered, Reset> {
    let (head, body) = request.into_parts();
    let hold = head.headers.get(HOLD).and_then(|id| id.to_str().ok());
    let hold: Option<u64> = hold.and_then(|id| id.parse().ok());
    let mut headers = head.headers;
    headers.remove(HOLD);
    let mut received = Received {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers,
        body: Vec::new(),
        gzip: false,
    };
    let trouble = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let delivers = state.product.delivers(&received);
        state.requests += u64::from(delivers);
        delivers.then(|| state.troubles.pop_front()).flatten()
    };
    if trouble == Some(Trouble::ResetBefore) {
        return Err(Reset);
    }
    let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
    received.gzip = received.header(CONTENT_ENCODING.as_str()) == "gzip";
    received.body = if received.gzip {
        gunzip(&body)
    } else {
        body.to_vec()
    };
    let reply = befall(&state, &received, trouble);
    match (reply, trouble) {
        (_, Some(Trouble::ResetAfter)) => Err(Reset),
        (_, Some(Trouble::Silence | Trouble::SilenceAfter)) => {
            let_time_pass(hold);
            std::future::pending::<Infallible>().await;
            Err(Reset)
        }
        (mut reply, Some(Trouble::Pretty)) => {
            reply.body = pretty(&reply.body);
            Ok(written(reply))
        }
        (reply, Some(Trouble::Late)) => {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            Ok(written(reply))
        }
        (reply, _) => Ok(written(reply)),
    }
}

/// What the product does and says.
fn befall<P: Product>(
    state: &Mutex<State<P>>,
    received: &Received,
    trouble: Option<Trouble>,
) -> Reply {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let product = &mut state.product;
    let untaken = match trouble {
        Some(Trouble::Status(status, after)) => {
            let refusal = product.refusal(status).expect("the rig knows what it says");
            Some(match after {
                Some(seconds) => refusal.header("retry-after", seconds),
                None => refusal,
            })
        }
        Some(Trouble::Silence) => Some(Reply::json(200, "")),
        Some(Trouble::Page) => Some(page()),
        Some(Trouble::Redirect) => {
            Some(Reply::json(302, "").header("location", "http://127.0.0.1:9/"))
        }
        Some(Trouble::Half) => product.half(received),
        Some(Trouble::Impossible) => product.impossible(received),
        _ => None,
    };
    if let Some(reply) = untaken {
        return reply;
    }
    match product.answer(received) {
        Ok(reply) => reply,
        Err(violation) => {
            state.violations.push(violation);
            Reply::json(400, "{}")
        }
    }
}

fn page() -> Reply {
    Reply {
        status: 200,
        headers: vec![("content-type", "text/html".to_owned())],
        body: "<!doctype html><title>Sign in to the guest network</title>".to_owned(),
    }
}

fn pretty(body: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(value) => format!("\n{value:#}\r\n"),
        Err(_) => body.to_owned(),
    }
}

fn written(reply: Reply) -> Answered {
    let mut answer = hyper::Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        answer = answer.header(name, value);
    }
    let body = Full::new(Bytes::from(reply.body));
    answer.body(body).expect("a reply of a model is valid")
}

fn gunzip(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body)
        .read_to_end(&mut plain)
        .expect("what says gzip is gzip");
    plain
}

/// Requests that hold time still, by the number that their header carries.
static HOLDS: Mutex<BTreeMap<u64, mpsc::Sender<()>>> = Mutex::new(BTreeMap::new());
static NEXT_HOLD: AtomicU64 = AtomicU64::new(0);

/// Ends a hold when its request ends, also where that is dropped half way.
struct Hold(u64);

impl Drop for Hold {
    fn drop(&mut self) {
        let_time_pass(Some(self.0));
    }
}

fn let_time_pass(hold: Option<u64>) {
    let mut holds = HOLDS.lock().unwrap_or_else(PoisonError::into_inner);
    hold.and_then(|hold| holds.remove(&hold));
}

/// Runs a request with time held still: paused time does not pass while a blocking task runs.
pub(crate) async fn in_real_time<T>(
    mut request: reqwest::Request,
    exchange: impl AsyncFnOnce(reqwest::Request) -> T,
) -> T {
    let id = NEXT_HOLD.fetch_add(1, Ordering::Relaxed);
    let (sender, ended) = mpsc::channel();
    let holds = || HOLDS.lock().unwrap_or_else(PoisonError::into_inner);
    holds().insert(id, sender);
    let hold = Hold(id);
    tokio::task::spawn_blocking(move || ended.recv());
    request.headers_mut().insert(HOLD, id.into());
    let answer = exchange(request).await;
    drop(hold);
    answer
}

/// Opens a sink for a URL.
type Opening = Box<dyn Fn(&str) -> Arc<dyn Sink>>;

/// A product that is served, with the sink that speaks to it: what the suite runs.
pub(crate) struct Served<P: Product> {
    pub(crate) server: Server<P>,
    /// Opens the sink for a URL.
    pub(crate) open: Opening,
    /// Whether it refuses documents whose id begins with `poison`.
    pub(crate) refuses_poison: bool,
    /// Whether a document that is sent twice is there once.
    pub(crate) deduplicates: bool,
}

impl<P: Product> Rig for Served<P> {
    fn open(&self) -> Arc<dyn Sink> {
        (self.open)(self.server.url())
    }

    fn spoil(&self, fault: Fault) -> bool {
        let trouble = match fault {
            Fault::Busy => Trouble::Status(503, None),
            Fault::BusyFor(seconds) => Trouble::Status(429, Some(seconds)),
            Fault::Unauthorized => Trouble::Status(401, None),
            Fault::Half => Trouble::Half,
            Fault::LostAnswer => Trouble::ResetAfter,
            Fault::Slow => Trouble::SilenceAfter,
            Fault::Impossible => Trouble::Impossible,
            Fault::Panic | Fault::Gone => return false,
            Fault::Status(status) => Trouble::Status(status, None),
            Fault::Reset => Trouble::ResetBefore,
            Fault::Silence => Trouble::Silence,
            Fault::Late => Trouble::Late,
            Fault::Page => Trouble::Page,
            Fault::Pretty => Trouble::Pretty,
            Fault::Redirect => Trouble::Redirect,
        };
        let can = self.server.with(|product| product.shows(trouble));
        if can {
            self.server.spoil(trouble);
        }
        can
    }

    fn stored(&self) -> Vec<String> {
        self.server.assert_strict();
        self.server.with(|product| product.stored())
    }

    fn refuses_poison(&self) -> bool {
        self.refuses_poison
    }

    fn deduplicates(&self) -> bool {
        self.deduplicates
    }
}
