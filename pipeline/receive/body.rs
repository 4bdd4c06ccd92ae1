//! Reading a body within its limits, and leaving one unread politely.
//!
//! Three limits hold at once: the bytes of one body, the bytes of all bodies together
//! ([`Budget`](super::budget::Budget)) and the time, both between two pieces and in total, so that
//! a sender that trickles one byte at a time holds a connection for a bounded time and no memory.
//!
//! A refusal that is decided before the body is read still reads it and throws it away, up to a
//! bound. A server that answers and closes while the sender still writes makes the sender's kernel
//! drop the answer, and a person then sees "connection reset" where we said "larger than 25 MiB".

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use super::budget::Reservation;
use super::refused::{Reason, Refused};

/// The limits of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes_max: usize,
    /// Between two pieces.
    pub(super) idle: Duration,
    /// From the first byte to the last.
    pub(super) total: Duration,
}

/// Reads a body as it was sent.
pub(super) async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    limits: Limits,
    reservation: &mut Reservation,
) -> Result<Bytes, Refused> {
    let too_large = || Refused::too_large("as sent", limits.bytes_max);
    if declared(headers).is_some_and(|bytes| bytes > limits.bytes_max as u64) {
        return Err(too_large());
    }
    let end = Instant::now() + limits.total;
    let mut whole = BytesMut::new();
    loop {
        let by = end.min(Instant::now() + limits.idle);
        let Some(piece) = timeout_at(by, next(body)).await.map_err(|_| slow())?? else {
            return Ok(whole.freeze());
        };
        if whole.len() + piece.len() > limits.bytes_max {
            return Err(too_large());
        }
        reservation.grow(piece.len())?;
        whole.extend_from_slice(&piece);
    }
}

/// Reads what is left of a refused body and throws it away: at most four times the limit, and for a
/// tenth of the time.
pub(super) async fn discard(headers: &HeaderMap, body: &mut Body, limits: Limits) {
    let is_unsent = headers.contains_key(header::EXPECT);
    let bytes_max = limits.bytes_max.saturating_mul(4);
    if is_unsent || declared(headers).is_some_and(|bytes| bytes > bytes_max as u64) {
        return;
    }
    let end = Instant::now() + limits.total / 10;
    let mut seen = 0;
    while let Ok(Ok(Some(piece))) = timeout_at(end, next(body)).await {
        seen += piece.len();
        if seen > bytes_max {
            return;
        }
    }
}

/// The next piece of data; None at the end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Refused> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => {
                return Err(Refused::new(
                    Reason::Malformed,
                    "the body broke off",
                    "send as many bytes as Content-Length says, or end the last chunk",
                ));
            }
            // A frame that is no data is a trailer, and none of them concerns us.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn slow() -> Refused {
    Refused::new(
        Reason::Slow,
        "the body did not arrive in time",
        "send it without pauses",
    )
}
