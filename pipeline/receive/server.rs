//! The socket: listening, connections and their limits, and the end.
//!
//! HTTP/1.1 only. Webhooks and OTLP over HTTP need no more, and each protocol that is spoken is one
//! that strangers can speak to us.
//!
//! At shutdown the server stops accepting, lets every connection finish the request it is in, and
//! drops what is not finished in time. A dropped delivery had no answer, so its sender sends it
//! again; the events' ids make that harmless.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::append::Appender;
use super::budget::Budget;
use super::config::ReceiveConfig;
use super::counters::Counters;
use super::door::{self, Doors};
use super::{KnownSources, Seal};
use crate::journal::Journal;

/// The most bytes and the most headers of a request's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
const HEADERS_MAX: usize = 100;

/// The pause after a failed accept: out of file descriptors, mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The configuration forbids to start; one problem a line.
    #[error("receive cannot start:\n  {}", .0.join("\n  "))]
    Config(Vec<String>),
    /// The address could not be taken.
    #[error("listening on {listen} failed: {source}; set another `receive.listen`")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The thread that appends to the journal could not start, or died.
    #[error("the thread that appends deliveries to the journal {0}")]
    Append(String),
}

/// A server that has its address and serves when it is told to.
pub struct Receiver {
    listener: TcpListener,
    address: SocketAddr,
    config: ReceiveConfig,
    counters: Arc<Counters>,
    router: Router,
    append_thread: JoinHandle<()>,
}

impl Receiver {
    /// Checks the configuration and takes the address. `clock` gives milliseconds since 1970.
    ///
    /// Refuses an address beyond loopback while any source or OTLP asks for no proof.
    pub async fn bind(
        config: ReceiveConfig,
        journal: Arc<dyn Journal>,
        seal: Arc<dyn Seal>,
        known: Arc<dyn KnownSources>,
        clock: fn() -> i64,
    ) -> Result<Self, ReceiveError> {
        let problems = config.problems(&known.names());
        if !problems.is_empty() {
            return Err(ReceiveError::Config(problems));
        }
        let listen = config.listen;
        let failed = |source| ReceiveError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let counters = Arc::new(Counters::default());
        let record_bytes_max = journal.record_bytes_max();
        let (appender, append_thread) =
            Appender::start(journal, Arc::clone(&counters), config.in_flight_max)
                .map_err(|error| ReceiveError::Append(format!("did not start: {error}")))?;
        let router = door::routes(Arc::new(Doors {
            budget: Budget::new(&config, &counters),
            counters: Arc::clone(&counters),
            appender,
            record_bytes_max,
            known,
            seal,
            clock,
            config: config.clone(),
        }));
        Ok(Self {
            listener,
            address,
            config,
            counters,
            router,
            append_thread,
        })
    }

    /// Where it listens, with the port that it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it counts, also after it has ended.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Serves until `shutdown` is done and the deliveries in work are answered, or their time is
    /// over. What was appended is durable when this returns.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ReceiveError> {
        let (stop, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        {
            let places = Arc::new(Semaphore::new(self.config.connections_max));
            let mut shutdown = pin!(shutdown);
            loop {
                let accepted = tokio::select! {
                    () = &mut shutdown => break,
                    accepted = accept(&self.listener, &places) => accepted,
                };
                let (stream, place) = accepted;
                let connection = connect(stream, self.router.clone(), &self.config);
                let stopped = stopped.clone();
                connections.spawn(async move {
                    run(connection, stopped).await;
                    drop(place);
                });
                while connections.try_join_next().is_some() {}
            }
        }
        drop((self.listener, stop));
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.config.drain_timeout, all)
            .await
            .is_err()
        {
            tracing::warn!("deliveries in work were dropped at shutdown; their senders will retry");
            connections.shutdown().await;
        }
        // The last router holds the last way to the append thread, which then ends.
        drop(self.router);
        tokio::task::spawn_blocking(move || self.append_thread.join())
            .await
            .map_err(|error| ReceiveError::Append(format!("was not waited for: {error}")))?
            .map_err(|_| ReceiveError::Append("panicked; its deliveries were refused".to_owned()))
    }
}

/// The next connection, when there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, tokio::sync::OwnedSemaphorePermit) {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connect(stream: TcpStream, router: Router, config: &ReceiveConfig) -> Connection {
    // An answer is one small packet and must not wait for a second.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

/// Serves one connection; at `stopped` it finishes the request that it is in.
async fn run(connection: Connection, mut stopped: watch::Receiver<()>) {
    let mut connection = pin!(connection);
    let is_done = tokio::select! {
        result = connection.as_mut() => Some(result),
        _ = stopped.changed() => None,
    };
    let result = match is_done {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // Somebody hung up or spoke no HTTP. The text of hyper names the stage, not the bytes.
        tracing::debug!(%error, "a connection ended early");
    }
}
