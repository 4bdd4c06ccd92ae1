//! HTTP for every sink that has a URL: one client, one way to build a body, one reading of statuses.
//!
//! A sink author builds a body out of a batch, posts it, and reads a [`Response`]:
//!
//! ```text
//! http.post("/services/collector/event")      a path behind the configured URL
//!     .secret("authorization", &value)        marked, so that nothing prints it
//!     .body(http.batch(Frame::JOINED, batch)) the encoded documents, compressed once, no copy before
//!     .send().await                           Response, or the Answer of a failed transport
//! ```
//!
//! [`Response::usual`] reads what all products mean by a status. It says nothing about 2xx, 400 and
//! the other refusals: a success is what a product's own words say, and only the product knows
//! which document it blames.
//!
//! What it refuses: to follow a redirect (the credentials and the documents would go along), to read
//! more than 1 MiB of an answer, plain HTTP beyond this machine and certificates that nobody vouches
//! for unless `insecure` is set, and credentials inside a URL. An error never holds a URL, because
//! some products' URLs are secrets.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, Url, header};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::sink::Answer;
use crate::unit::Span;

mod body;
mod response;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub use body::{Body, Frame};
pub use response::Response;

/// No product's answer is longer, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("chaperone/", env!("CARGO_PKG_VERSION"));

/// How to reach a product: `http = { … }` of a sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpOptions {
    /// From the request to the end of the answer.
    pub timeout: Span,
    /// How hard bodies are compressed: 1 (fast) to 9 (small); 0: not at all.
    pub gzip: u32,
    /// Certificates of authorities beside those of the system, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// A proxy's URL, or `none`; without it `HTTPS_PROXY` and `NO_PROXY` of the environment count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Permits plain HTTP beyond this machine and certificates that nobody vouches for.
    pub insecure: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Span(Duration::from_secs(60)),
            gzip: 1,
            ca_file: None,
            proxy: None,
            insecure: false,
        }
    }
}

/// Why a client cannot be made. It does not hold the URL.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No absolute URL with http or https.
    #[error("`{0}` is not a URL like https://host:port")]
    NotAUrl(&'static str),
    /// A user name or a password in it.
    #[error("`{0}` holds credentials; a secret is not written here")]
    Credentials(&'static str),
    /// Plain HTTP to another machine.
    #[error(
        "`url` is plain http to another machine, which can be read on the way; use https, or say `http = {{ insecure = true }}`"
    )]
    Plain,
    /// The file with certificates.
    #[error("the `ca_file` {path} cannot be used: {cause}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A compression level that does not exist.
    #[error("`gzip` goes from 0 (not at all) to 9 (small)")]
    Gzip,
    /// TLS or the client itself.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

/// A client of one product.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: Url,
    gzip: u32,
}

impl Http {
    /// A client for paths behind `url`.
    ///
    /// # Errors
    /// Where the options cannot be had; nothing is sent yet.
    pub fn open(url: &str, options: &HttpOptions) -> Result<Self, HttpError> {
        let base = parse("url", url)?;
        let local = is_local(&base);
        if base.scheme() == "http" && !local && !options.insecure {
            return Err(HttpError::Plain);
        }
        if options.gzip > 9 {
            return Err(HttpError::Gzip);
        }
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls::config(base.scheme() == "https", options)?)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(options.timeout.0);
        match options.proxy.as_deref() {
            None if local => builder = builder.no_proxy(),
            None => {}
            Some("none") => builder = builder.no_proxy(),
            Some(proxy) => {
                let proxy = reqwest::Proxy::all(parse("proxy", proxy)?);
                builder = builder.proxy(proxy.map_err(client_error)?);
            }
        }
        Ok(Self {
            client: builder.build().map_err(client_error)?,
            base,
            gzip: options.gzip,
        })
    }

    /// The same client for another URL of the same product (a token endpoint, a regional host).
    ///
    /// # Errors
    /// Where it is no URL, or plain HTTP beyond this machine.
    pub fn at(&self, url: &str) -> Result<Self, HttpError> {
        let base = parse("url", url)?;
        if base.scheme() == "http" && self.base.scheme() != "http" && !is_local(&base) {
            return Err(HttpError::Plain);
        }
        Ok(Self {
            base,
            ..self.clone()
        })
    }

    /// A POST to a path behind the URL (`/v1/logs`; `?` begins a query; empty: the URL itself).
    pub fn post(&self, path: &str) -> Request<'_> {
        self.request(Method::POST, path)
    }

    /// A PUT.
    pub fn put(&self, path: &str) -> Request<'_> {
        self.request(Method::PUT, path)
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    fn request(&self, method: Method, path: &str) -> Request<'_> {
        let mut url = self.base.clone();
        if !path.is_empty() {
            let (path, query) = match path.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (path, None),
            };
            let joined = format!("{}{path}", self.base.path().trim_end_matches('/'));
            url.set_path(&joined);
            if query.is_some() {
                url.set_query(query);
            }
        }
        Request {
            http: self,
            request: reqwest::Request::new(method, url),
        }
    }
}

/// A request that is being built.
#[derive(Debug)]
pub struct Request<'h> {
    http: &'h Http,
    request: reqwest::Request,
}

impl Request<'_> {
    /// Sets a header.
    ///
    /// # Panics
    /// Where the value cannot be a header's (a line break): a mistake in the sink, found by its tests.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = header::HeaderValue::from_str(value).expect("a header of one line");
        self.request.headers_mut().insert(name, value);
        self
    }

    /// Sets a header that is not printed anywhere. A value that cannot be a header's is left out,
    /// and the product says that it does not know us.
    #[must_use]
    pub fn secret(mut self, name: impl header::IntoHeaderName, value: &Secret) -> Self {
        if let Ok(mut value) = header::HeaderValue::from_str(value.reveal()) {
            value.set_sensitive(true);
            self.request.headers_mut().insert(name, value);
        }
        self
    }

    /// Sets the body, and says how it is encoded.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        if body.is_gzip() {
            let gzip = header::HeaderValue::from_static("gzip");
            self.request
                .headers_mut()
                .insert(header::CONTENT_ENCODING, gzip);
        }
        *self.request.body_mut() = Some(body.into_bytes().into());
        self
    }

    /// Sends it and reads the answer to its end.
    ///
    /// # Errors
    /// What the loop is to be told where there is no answer: certain that nothing was stored where
    /// no connection came about, uncertain otherwise.
    pub async fn send(self) -> Result<Response, Answer> {
        let client = self.http.client.clone();
        let exchanged = transport::exchange(client, self.request).await;
        exchanged.map_err(|error| transport::answer(&error))
    }
}

fn parse(what: &'static str, text: &str) -> Result<Url, HttpError> {
    let url = Url::parse(text).map_err(|_| HttpError::NotAUrl(what))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(HttpError::NotAUrl(what));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HttpError::Credentials(what));
    }
    Ok(url)
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse().is_ok_and(|address: IpAddr| match address {
            // Link-local is the machine's own host: where a cloud has its metadata server.
            IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => address.is_loopback(),
        })
}

fn client_error(error: reqwest::Error) -> HttpError {
    HttpError::Client(transport::cause(&error))
}
