//! The body of a request: encoded documents between a prefix and a suffix, compressed as they are
//! written. The bytes of a document are copied once, into the buffer that goes to the socket.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Http;
use crate::sink::Batch;

/// What stands around and between the documents of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'f> {
    /// Before the first.
    pub prefix: &'f [u8],
    /// Between two.
    pub separator: &'f [u8],
    /// Behind the last.
    pub suffix: &'f [u8],
}

impl Frame<'static> {
    /// One behind the other.
    pub const JOINED: Self = Self::new(b"", b"", b"");
    /// One a line, the last line ended like the others.
    pub const LINES: Self = Self::new(b"", b"\n", b"\n");
    /// A JSON array.
    pub const ARRAY: Self = Self::new(b"[", b",", b"]");
}

impl<'f> Frame<'f> {
    /// A frame of these.
    pub const fn new(prefix: &'f [u8], separator: &'f [u8], suffix: &'f [u8]) -> Self {
        Self {
            prefix,
            separator,
            suffix,
        }
    }
}

/// A body that is ready to go.
#[derive(Clone)]
pub struct Body {
    bytes: Bytes,
    gzip: bool,
}

// Its content stays out of logs (invariant I7).
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("bytes", &self.bytes.len())
            .field("gzip", &self.gzip)
            .finish()
    }
}

impl Body {
    /// These bytes as they are, without compression (a body that is signed, a form).
    pub fn plain(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            gzip: false,
        }
    }

    /// What goes to the socket.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether it is compressed.
    pub fn is_gzip(&self) -> bool {
        self.gzip
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl Http {
    /// The documents of a batch in a frame, compressed where the sink's options say so.
    pub fn batch(&self, frame: Frame<'_>, batch: &Batch) -> Body {
        self.parts(frame, batch.encoded().map(AsRef::as_ref))
    }

    /// The same for parts that are no batch's.
    pub fn parts<'p>(
        &self,
        frame: Frame<'_>,
        parts: impl ExactSizeIterator<Item = &'p [u8]> + Clone,
    ) -> Body {
        let between = frame.separator.len() * parts.len().saturating_sub(1);
        let around = frame.prefix.len() + between + frame.suffix.len();
        let size = around + parts.clone().map(<[u8]>::len).sum::<usize>();
        if self.gzip == 0 {
            let bytes = frame.write(parts, Vec::with_capacity(size));
            return Body::plain(bytes);
        }
        // JSON of one kind shrinks to less than a fifth; what does not grows the buffer.
        let buffer = Vec::with_capacity(size / 5 + 64);
        let encoder = GzEncoder::new(buffer, Compression::new(self.gzip));
        let compressed = frame.write(parts, encoder).finish();
        Body {
            bytes: compressed.expect("a vector takes every byte").into(),
            gzip: true,
        }
    }
}

impl Frame<'_> {
    /// The parts in this frame, as they are.
    pub fn join<'p>(&self, parts: impl Iterator<Item = &'p [u8]>) -> Vec<u8> {
        self.write(parts, Vec::new())
    }

    fn write<'p, W: Write>(&self, parts: impl Iterator<Item = &'p [u8]>, mut to: W) -> W {
        let mut put = |bytes: &[u8]| to.write_all(bytes).expect("a vector takes every byte");
        put(self.prefix);
        for (number, part) in parts.enumerate() {
            if number > 0 {
                put(self.separator);
            }
            put(part);
        }
        put(self.suffix);
        to
    }
}
