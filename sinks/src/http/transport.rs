//! One request and its whole answer, and what a failed one means.

use std::error::Error;
use std::io;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Request};

use super::{ANSWER_BYTES_MAX, Response};
use crate::sink::{Answer, Reason};

/// Sends a request and reads the answer to its end. A longer answer than any product gives is cut,
/// and nothing can then be read out of it.
pub(super) async fn exchange(client: Client, request: Request) -> Result<Response, reqwest::Error> {
    let exchange = async move |request| {
        let mut answer = client.execute(request).await?;
        let status = answer.status().as_u16();
        let headers = std::mem::take(answer.headers_mut());
        let body = read(&mut answer).await?;
        Ok(Response::new(status, &headers, body))
    };
    // In a test's paused time no time passes while a real socket is waited for.
    #[cfg(test)]
    return crate::conformance::http::in_real_time(request, exchange).await;
    #[cfg(not(test))]
    exchange(request).await
}

async fn read(answer: &mut reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = ANSWER_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(body.freeze())
}

/// What the loop is told. Without a connection nothing was stored; after that nobody knows.
pub(super) fn answer(error: &reqwest::Error) -> Answer {
    let cause = cause(error);
    let (reason, uncertain) = if error.is_connect() {
        let detail = format!("no connection to the product: {cause}");
        (Reason::new("connect_failed", detail), false)
    } else if error.is_timeout() {
        let detail = "no answer in time; see `http.timeout`";
        (Reason::new("timeout", detail), true)
    } else {
        let detail = format!("the connection broke before the answer came: {cause}");
        (Reason::new("connection_lost", detail), true)
    };
    Answer::Retry {
        reason,
        after: None,
        uncertain,
    }
}

/// The innermost cause that says something without quoting anything: never a URL.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let plain = if error.is_timeout() {
        "it takes too long"
    } else if error.is_builder() {
        "its options do not fit together"
    } else {
        "the other side closed it"
    };
    let said = error.source().and_then(words);
    said.unwrap_or_else(|| plain.to_owned())
}

/// What TLS or the system says. An error of the system may hold another one instead of naming it as
/// its source.
fn words(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(error.to_string());
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        let inner = error.get_ref().and_then(|inner| words(inner));
        return Some(inner.unwrap_or_else(|| error.kind().to_string()));
    }
    error.source().and_then(words)
}
