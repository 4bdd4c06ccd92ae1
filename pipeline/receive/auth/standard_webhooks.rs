//! Standard Webhooks: the HMAC-SHA256 over id, time and body, in base64.
//!
//! Three headers: `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature`, a
//! list of `v1,<base64>` parted by blanks, one for each secret in force. Signed are the raw bytes
//! `<id>.<timestamp>.<body>`. A secret is written `whsec_<base64 of the key>`; one without the
//! prefix is the key itself.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use zeroize::Zeroizing;

use super::super::refused::{Reason, Refused};
use super::{Secret, hmac, missing, not_of_this_body};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// How far the time of a signature may lie from ours, so that a delivery that somebody has copied
/// is of no use to him later.
const TOLERANCE_MS: u64 = 5 * 60 * 1000;

/// The key in a secret; None where it is empty, or said to be base64 and is not.
pub(super) fn key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let key = match secret.0.strip_prefix(b"whsec_") {
        Some(encoded) => Zeroizing::new(STANDARD.decode(encoded).ok()?),
        None => secret.0.clone(),
    };
    (!key.is_empty()).then_some(key)
}

pub(super) fn check_head(headers: &HeaderMap) -> Result<(), Refused> {
    for name in [ID, TIMESTAMP, SIGNATURE] {
        text(headers, name)?;
    }
    Ok(())
}

pub(super) fn check_body(
    secret: &Secret,
    headers: &HeaderMap,
    body: &[u8],
    now_ms: i64,
) -> Result<(), Refused> {
    let (id, timestamp) = (text(headers, ID)?, text(headers, TIMESTAMP)?);
    let key = key(secret).ok_or_else(|| not_of_this_body(SIGNATURE))?;
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let mut given = text(headers, SIGNATURE)?.split(' ').filter_map(digest);
    // `verify_slice` compares in constant time.
    if !given.any(|digest| hmac(&key, &parts).verify_slice(&digest).is_ok()) {
        return Err(not_of_this_body(SIGNATURE));
    }
    let signed_ms = timestamp
        .parse::<i64>()
        .ok()
        .and_then(|s| s.checked_mul(1000));
    if signed_ms.is_some_and(|ms| ms.abs_diff(now_ms) <= TOLERANCE_MS) {
        return Ok(());
    }
    Err(Refused::new(
        Reason::Unauthorized,
        format!("{TIMESTAMP} is not within five minutes of our time"),
        "set both clocks right; a delivery that is sent again needs a new signature",
    ))
}

/// The 32 bytes of one signature of the first version; others are for other kinds of keys.
fn digest(signature: &str) -> Option<[u8; 32]> {
    let encoded = signature.strip_prefix("v1,")?;
    STANDARD.decode(encoded).ok()?.try_into().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refused> {
    let value = headers.get(name).ok_or_else(|| missing(name))?;
    value.to_str().map_err(|_| {
        Refused::new(
            Reason::Unauthorized,
            format!("{name} holds more than visible ASCII"),
            "send the headers as the specification of Standard Webhooks writes them",
        )
    })
}
