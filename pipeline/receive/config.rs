//! What receive is told: where to listen, whom to believe, how much to take.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::auth::Auth;
use super::headers;

/// What any count or size may be at most: what tokio's semaphores can count on every platform.
const BOUND_MAX: usize = (1 << 29) - 1;

/// The resolved configuration.
#[derive(Debug, Clone)]
pub struct ReceiveConfig {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The largest body, as sent and unpacked.
    pub body_bytes_max: usize,
    /// The most records of one NDJSON body.
    pub records_max: usize,
    /// The bytes of all bodies in memory at once.
    pub buffered_bytes_max: usize,
    /// The most deliveries that are checked or wait for the journal at once.
    pub in_flight_max: usize,
    /// The most connections at once; further ones wait in the kernel.
    pub connections_max: usize,
    /// How long a request's head may take, and how long a connection may be idle.
    pub head_timeout: Duration,
    /// The longest pause within a body.
    pub body_idle_timeout: Duration,
    /// How long a whole body may take.
    pub body_timeout: Duration,
    /// How long deliveries in work may take to end at shutdown.
    pub drain_timeout: Duration,
    /// Sources with settings of their own.
    pub sources: BTreeMap<String, SourceAccess>,
    /// Every other known source.
    pub default_auth: Auth,
    /// OTLP.
    pub otlp: SourceAccess,
    /// The delivery headers that a record keeps, in lower case. All others are dropped, so that a
    /// credential in a header never reaches the journal.
    pub kept_headers: Vec<String>,
}

/// Who may deliver to one source, and whose its records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAccess {
    /// The proof that is asked.
    pub auth: Auth,
    /// The tenant of its records; empty for the default one.
    pub tenant: String,
}

impl SourceAccess {
    /// With a proof and without a tenant.
    pub fn new(auth: Auth) -> Self {
        Self {
            auth,
            tenant: String::new(),
        }
    }
}

impl Default for ReceiveConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4318)),
            body_bytes_max: 25 * 1024 * 1024,
            records_max: 50_000,
            buffered_bytes_max: 256 * 1024 * 1024,
            in_flight_max: 1024,
            connections_max: 1024,
            head_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
            sources: BTreeMap::new(),
            default_auth: Auth::Open,
            otlp: SourceAccess::new(Auth::Open),
            kept_headers: headers::KEPT
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        }
    }
}

impl ReceiveConfig {
    /// Everything that forbids to start, in words for the person who wrote the configuration.
    /// `known` are the names of the sources that have a mapping.
    pub fn problems(&self, known: &[String]) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, auth) in self.proofs() {
            if auth.is_unusable() {
                problems.push(format!(
                    "`{key}` has an empty secret or a header name that cannot be one"
                ));
            }
            if auth.is_open() && !self.listen.ip().is_loopback() {
                problems.push(format!(
                    "`{key}` asks for no proof, and {} can be reached from other machines: \
                     set a signature secret or a token there, or close it",
                    self.listen
                ));
            }
        }
        for name in self.sources.keys().filter(|name| !known.contains(name)) {
            problems.push(format!(
                "`receive.sources.\"{name}\"` is no source: the sources are {}",
                known.join(", ")
            ));
        }
        let bounds = [
            ("body_bytes_max", self.body_bytes_max),
            ("records_max", self.records_max),
            ("in_flight_max", self.in_flight_max),
            ("connections_max", self.connections_max),
        ];
        for (key, bound) in bounds {
            if !(1..=BOUND_MAX).contains(&bound) {
                problems.push(format!("`receive.{key}` must be from 1 to {BOUND_MAX}"));
            }
        }
        // A body is held twice while it is unpacked or converted.
        if self.buffered_bytes_max < self.body_bytes_max.saturating_mul(2) {
            problems.push(
                "`receive.buffered_bytes_max` must be at least twice `receive.body_bytes_max`"
                    .to_owned(),
            );
        }
        problems
    }

    /// Who may deliver to a webhook source.
    pub(super) fn access(&self, source: &str) -> (&Auth, &str) {
        match self.sources.get(source) {
            Some(access) => (&access.auth, &access.tenant),
            None => (&self.default_auth, ""),
        }
    }

    fn proofs(&self) -> impl Iterator<Item = (String, &Auth)> {
        let named = self
            .sources
            .iter()
            .map(|(name, access)| (format!("receive.sources.\"{name}\".auth"), &access.auth));
        named.chain([
            ("receive.default_auth".to_owned(), &self.default_auth),
            ("receive.otlp.auth".to_owned(), &self.otlp.auth),
        ])
    }
}
