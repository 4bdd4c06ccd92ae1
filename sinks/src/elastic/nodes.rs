//! The nodes of a cluster: one is asked until it fails, then the next.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::ElasticOptions;
use crate::http::{Body, Frame, Http, Request, Response};
use crate::product::OpenError;
use crate::secret::Secret;
use crate::sink::{Answer, Batch};

/// At least one.
pub(super) struct Nodes {
    clients: Vec<Http>,
    /// Which one is asked, counted on without end.
    current: AtomicUsize,
    authorization: Option<Secret>,
}

impl Nodes {
    pub(super) fn open(options: &ElasticOptions) -> Result<Self, OpenError> {
        if options.urls.is_empty() {
            let what = "`urls` names no node; write urls = [\"https://host:9200\"]";
            return Err(OpenError::Options(what.to_owned()));
        }
        let clients = options.urls.iter();
        let clients = clients.map(|url| Http::open(url, &options.http));
        Ok(Self {
            clients: clients.collect::<Result<_, _>>()?,
            current: AtomicUsize::new(0),
            authorization: authorization(options)?,
        })
    }

    /// The body of a batch; the same whichever node it goes to.
    pub(super) fn batch(&self, frame: Frame<'_>, batch: &Batch) -> Body {
        self.clients[0].batch(frame, batch)
    }

    /// Sends a request to the current node, and where no connection comes about to the others.
    pub(super) async fn send<'n>(
        &'n self,
        request: impl Fn(&'n Http) -> Request<'n>,
    ) -> Result<Response, Answer> {
        let mut asked = 1;
        loop {
            let current = self.current.load(Ordering::Relaxed);
            let http = &self.clients[current % self.clients.len()];
            let mut request = request(http);
            if let Some(authorization) = &self.authorization {
                request = request.secret("authorization", authorization);
            }
            let answered = request.send().await;
            // A node that is unwell or does not answer is not asked next.
            let is_well = answered
                .as_ref()
                .is_ok_and(|response| response.status < 500);
            if !is_well {
                self.leave(current);
            }
            match answered {
                Err(Answer::Retry {
                    uncertain: false, ..
                }) if asked < self.clients.len() => asked += 1,
                answered => return answered,
            }
        }
    }

    /// Several requests under way may find the same node gone; it is left once.
    fn leave(&self, node: usize) {
        let next = node.wrapping_add(1);
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.current.compare_exchange(node, next, success, failure);
    }
}

/// A POST with a body.
pub(super) fn post<'n>(http: &'n Http, path: &str, media: &str, body: Body) -> Request<'n> {
    http.post(path).header("content-type", media).body(body)
}

fn authorization(options: &ElasticOptions) -> Result<Option<Secret>, OpenError> {
    let text = match (
        &options.api_key,
        &options.user,
        &options.password,
        &options.token,
    ) {
        (None, None, None, None) => return Ok(None),
        (Some(key), None, None, None) => {
            let key = key.load()?;
            // An id and a key are never base64: that has no colon.
            match key.reveal().contains(':') {
                true => format!("ApiKey {}", BASE64_STANDARD.encode(key.reveal())),
                false => format!("ApiKey {}", key.reveal()),
            }
        }
        (None, Some(user), Some(password), None) => {
            let password = password.load()?;
            let pair = Secret::new(format!("{user}:{}", password.reveal()));
            format!("Basic {}", BASE64_STANDARD.encode(pair.reveal()))
        }
        (None, None, None, Some(token)) => format!("Bearer {}", token.load()?.reveal()),
        _ => {
            let what =
                "name one kind of credentials: `api_key`, or `user` and `password`, or `token`";
            return Err(OpenError::Options(what.to_owned()));
        }
    };
    Ok(Some(Secret::new(text)))
}
