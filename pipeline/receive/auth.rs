//! Who may deliver to a source.
//!
//! A delivery proves itself with a signature over its raw bytes or with a token in a header. What
//! can be decided without the body is decided before the body is read, so that a stranger cannot
//! make us buffer anything. Comparisons take the same time whatever differs. A refusal says which
//! header is missing or wrong and never what stood in it.
//!
//! An open source (no proof asked) is only for a loopback address, and even there a web page in a
//! browser must not be able to use it: a browser sends `Origin` with every cross-site POST, an
//! exporter or a webhook never does, so an open source refuses what has one.

mod standard_webhooks;
#[cfg(test)]
mod tests;

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::refused::{Reason, Refused};

/// A shared secret. It is wiped when dropped and has no way to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the secret's bytes as they are: no trimming, no decoding.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares digests, so that neither the place of a difference nor the length shows in time.
    fn equals(&self, other: &[u8]) -> bool {
        let digests = (Sha256::digest(self.0.as_slice()), Sha256::digest(other));
        digests.0.as_slice().ct_eq(digests.1.as_slice()).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// How a delivery proves where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// No proof is asked: only on a loopback address.
    Open,
    /// Nothing is taken.
    Closed,
    /// The hexadecimal HMAC-SHA256 of the raw body in a header: GitHub, Bitbucket (under the name
    /// that GitHub has for SHA-1) and most others.
    HmacSha256 {
        /// The header's name.
        header: String,
        /// What stands before the digits: `sha256=`, or nothing.
        prefix: String,
        /// The key.
        secret: Secret,
    },
    /// A fixed value in a header of its own: GitLab's `x-gitlab-token`, an Okta event hook.
    StaticToken {
        /// The header's name.
        header: String,
        /// Its value.
        token: Secret,
    },
    /// The signature of [`standard_webhooks`]: GitLab's signing token, and several agents' vendors.
    StandardWebhooks(Secret),
    /// `Authorization: Bearer <token>`, as an OTLP exporter sends it from its headers setting.
    Bearer(Secret),
}

impl Auth {
    /// GitHub's signature: `X-Hub-Signature-256: sha256=<hex>` over the raw body.
    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
    pub fn github(secret: Secret) -> Self {
        Self::HmacSha256 {
            header: "x-hub-signature-256".into(),
            prefix: "sha256=".into(),
            secret,
        }
    }

    /// True where anybody who reaches the port may deliver.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// True where the secret is missing or the header's name cannot be one: a proof that anybody
    /// or nobody can give.
    pub(super) fn is_unusable(&self) -> bool {
        let named = |name: &String| header::HeaderName::try_from(name.as_str()).is_ok();
        match self {
            Self::Open | Self::Closed => false,
            Self::HmacSha256 { header, secret, .. } => secret.is_empty() || !named(header),
            Self::StaticToken { header, token } => token.is_empty() || !named(header),
            Self::StandardWebhooks(secret) => standard_webhooks::key(secret).is_none(),
            Self::Bearer(token) => token.is_empty(),
        }
    }

    /// What can be decided before the body is read.
    pub(super) fn check_head(&self, headers: &HeaderMap) -> Result<(), Refused> {
        match self {
            Self::Open if headers.contains_key(header::ORIGIN) => Err(Refused::new(
                Reason::Forbidden,
                "this source asks for no proof, and takes nothing from a browser",
                "configure a token for this source to deliver from a web page",
            )),
            Self::Open => Ok(()),
            Self::Closed => Err(Refused::new(
                Reason::Forbidden,
                "the configuration closes this source",
                "give it an `auth` under `receive.sources`, or set `receive.default_auth`",
            )),
            Self::HmacSha256 { header, prefix, .. } => {
                signature(headers, header, prefix).map(|_| ())
            }
            Self::StandardWebhooks(_) => standard_webhooks::check_head(headers),
            Self::StaticToken { header, token } => match headers.get(header.as_str()) {
                None => Err(missing(header)),
                Some(value) if token.equals(value.as_bytes()) => Ok(()),
                Some(_) => Err(wrong(header)),
            },
            Self::Bearer(token) => check_bearer(headers, token),
        }
    }

    /// What needs the body, as the raw bytes that were sent, and the time at which they came.
    pub(super) fn check_body(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now_ms: i64,
    ) -> Result<(), Refused> {
        match self {
            Self::HmacSha256 {
                header,
                prefix,
                secret,
            } => {
                let given = signature(headers, header, prefix)?;
                let mac = hmac(&secret.0, &[body]);
                // `verify_slice` compares in constant time.
                mac.verify_slice(&given)
                    .map_err(|_| not_of_this_body(header))
            }
            Self::StandardWebhooks(secret) => {
                standard_webhooks::check_body(secret, headers, body, now_ms)
            }
            _ => Ok(()),
        }
    }
}

/// The HMAC-SHA256 over parts that stand one behind the other.
fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn not_of_this_body(header: &str) -> Refused {
    Refused::new(
        Reason::Unauthorized,
        format!("the signature in {header} is not that of this body"),
        "use the same secret on both sides; the body must arrive byte for byte as signed",
    )
}

fn check_bearer(headers: &HeaderMap, token: &Secret) -> Result<(), Refused> {
    let name = header::AUTHORIZATION.as_str();
    let value = headers.get(name).ok_or_else(|| missing(name))?.as_bytes();
    let is_bearer = value
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    if !is_bearer {
        return Err(Refused::new(
            Reason::Unauthorized,
            "authorization is not a bearer token",
            "send `Authorization: Bearer <token>`",
        ));
    }
    if token.equals(&value[7..]) {
        Ok(())
    } else {
        Err(wrong(name))
    }
}

/// The 32 bytes of a signature header. Where it lists several, the one of the scheme that the prefix
/// names counts: `v1=…,v2=…`, as CircleCI sends it.
fn signature(headers: &HeaderMap, name: &str, prefix: &str) -> Result<[u8; 32], Refused> {
    let value = headers.get(name).ok_or_else(|| missing(name))?.as_bytes();
    let mut listed = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    listed
        .find_map(|one| one.strip_prefix(prefix.as_bytes()))
        .and_then(hex)
        .ok_or_else(|| {
            Refused::new(
                Reason::Unauthorized,
                format!("{name} is not a signature"),
                format!("send `{prefix}` and 64 hexadecimal digits"),
            )
        })
}

fn hex(digits: &[u8]) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = digits.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = (pair[0] as char).to_digit(16)?;
        let low = (pair[1] as char).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

fn missing(header: &str) -> Refused {
    Refused::new(
        Reason::Unauthorized,
        format!("the header {header} is missing"),
        "configure the secret of this source at the sender",
    )
}

fn wrong(header: &str) -> Refused {
    Refused::new(
        Reason::Unauthorized,
        format!("the token in {header} is not the one configured"),
        "use the same token on both sides",
    )
}
