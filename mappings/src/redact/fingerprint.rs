//! The keyed hash that stands for a removed secret, so that analysts can count and join on it.
//!
//! A plain hash of a secret can be confirmed by anybody who guesses the secret; a keyed one only by
//! the holder of the key. 48 bits are enough to tell the secrets of one organisation apart and too
//! few to invert. The key's id stands in every marker, so that a rotated key is visible.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::marker;

/// The key under which fingerprints are made.
#[derive(Clone)]
pub struct FingerprintKey {
    id: String,
    secret: Zeroizing<Vec<u8>>,
}

impl FingerprintKey {
    /// A key and its id: one to eight lower-case letters and digits (`k1`), which appear in every
    /// marker. None for another id or for fewer than 16 bytes of key.
    pub fn new(id: &str, secret: &[u8]) -> Option<Self> {
        let long_enough = secret.len() >= 16;
        (marker::is_key_id(id) && long_enough).then(|| Self::keyed(id, secret))
    }

    /// The key for output that anybody must be able to reproduce (id `k0`). It is public: its
    /// fingerprints join, but do not protect a secret that can be guessed.
    pub fn fixed() -> Self {
        Self::keyed("k0", b"chaperone: a public key for reproducible replays")
    }

    fn keyed(id: &str, secret: &[u8]) -> Self {
        Self {
            id: id.to_owned(),
            secret: Zeroizing::new(secret.to_vec()),
        }
    }

    /// The key's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The first 48 bits of the HMAC-SHA256 of a secret.
    pub(super) fn digest(&self, secret: &[u8]) -> [u8; 6] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(secret);
        let full = mac.finalize().into_bytes();
        let mut short = [0; 6];
        short.copy_from_slice(&full[..6]);
        short
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FingerprintKey({}, {} bytes)",
            self.id,
            self.secret.len()
        )
    }
}
