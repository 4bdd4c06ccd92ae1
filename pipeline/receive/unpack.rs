//! Content encodings: what a sender packed is unpacked here, within the limit for a body.
//!
//! A few kilobytes can unpack to gigabytes, so nothing is unpacked into memory before it is counted,
//! and the window that zstd may ask for is bounded to the 8 MiB that RFC 8878 names for HTTP.
//! One encoding at a time: nobody packs a packed body, except to get through a limit.

#[cfg(test)]
mod tests;

use std::io::{BufReader, Read};

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::budget::Reservation;
use super::refused::{Reason, Refused};

/// log2 of the window that a zstd body may ask for.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// How much is unpacked between two looks at the limits.
const STEP_BYTES: usize = 64 * 1024;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

impl Encoding {
    /// Reads `Content-Encoding`.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let refused = || {
            Refused::new(
                Reason::MediaType,
                "this content encoding is not taken",
                "use gzip, deflate or zstd, once, or none",
            )
        };
        let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(value) = named.next() else {
            return Ok(Self::Identity);
        };
        let name = value.to_str().map_err(|_| refused())?.trim();
        match name.to_ascii_lowercase().as_str() {
            _ if named.next().is_some() => Err(refused()),
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "zstd" => Ok(Self::Zstd),
            _ => Err(refused()),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// Unpacks a body.
    pub(super) fn unpack(
        self,
        packed: Bytes,
        bytes_max: usize,
        reservation: &mut Reservation,
    ) -> Result<Bytes, Refused> {
        let input = packed.as_ref();
        match self {
            Self::Identity => Ok(packed),
            Self::Gzip => self.drain(MultiGzDecoder::new(input), bytes_max, reservation),
            // RFC 9110 means the zlib form by "deflate", and some senders send the bare one. The
            // first two bytes of the zlib form are a multiple of 31.
            Self::Deflate if is_zlib(input) => {
                self.drain(ZlibDecoder::new(input), bytes_max, reservation)
            }
            Self::Deflate => self.drain(DeflateDecoder::new(input), bytes_max, reservation),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(input))
                    .map_err(|_| self.broken())?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG_MAX)
                    .map_err(|_| self.broken())?;
                self.drain(decoder, bytes_max, reservation)
            }
        }
    }

    fn drain(
        self,
        mut from: impl Read,
        bytes_max: usize,
        reservation: &mut Reservation,
    ) -> Result<Bytes, Refused> {
        let mut whole = Vec::new();
        loop {
            let before = whole.len();
            let step = from.by_ref().take(STEP_BYTES as u64);
            let got = { step }
                .read_to_end(&mut whole)
                .map_err(|_| self.broken())?;
            if whole.len() > bytes_max {
                return Err(Refused::too_large("when unpacked", bytes_max));
            }
            reservation.grow(whole.len() - before)?;
            if got == 0 {
                return Ok(whole.into());
            }
        }
    }

    fn broken(self) -> Refused {
        Refused::new(
            Reason::Malformed,
            format!("the body is not valid {}", self.name()),
            "it breaks off or was changed on the way; check Content-Encoding",
        )
    }
}

fn is_zlib(input: &[u8]) -> bool {
    input.len() >= 2
        && input[0] & 0x0f == 8
        && u16::from_be_bytes([input[0], input[1]]).is_multiple_of(31)
}
