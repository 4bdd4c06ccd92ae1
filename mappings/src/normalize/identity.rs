//! The id of an event: what makes a delivery that comes twice one event.
//!
//! Where the vendor has an id it is `<source>:<the vendor's id>`; the source stands before it so
//! that nobody who may write to one source can take the id of another source's event, and so that
//! vendors who count from one do not meet. Otherwise it is `<source>:<32 hex digits>`, the start of
//! the SHA-256 over the item's JSON in canonical order. The origin and the place are no part of it,
//! and neither are the keyed fingerprints that the redactor put into the raw text, so a replay from
//! another file with another key gives the same ids.
//!
//! Equal items of one record differ by their ordinal: they were sent twice on purpose. An id that
//! comes from the delivery's headers, or from what an item has inherited from its envelope, gets the
//! item's ordinal too, since it names the delivery.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::record::Origin;
use crate::redact::hash_without_fingerprints;
use crate::source::{IdPath, ItemPath, Source};
use crate::value::{self, Value};

/// Vendors' ids that are longer are no ids; they are hashed with the rest.
const VENDOR_ID_BYTES_MAX: usize = 256;

/// The ids of one record's items.
pub(super) struct Identities {
    items: usize,
    seen: FxHashMap<String, usize>,
}

impl Identities {
    pub(super) fn new(items: usize) -> Self {
        Self {
            items,
            seen: FxHashMap::default(),
        }
    }

    /// The id of the next item; `buffer` is scratch.
    pub(super) fn id_of(
        &mut self,
        source: &Source,
        item: &Value,
        origin: &Origin,
        buffer: &mut Vec<u8>,
    ) -> String {
        let name = source.name();
        let vendor = source
            .ids
            .iter()
            .find_map(|path| vendor_id(path, item, origin, &source.spec().items));
        match vendor {
            Some(VendorId { id, of_delivery }) => {
                let id = format!("{name}:{id}");
                if of_delivery { self.ordinal(id) } else { id }
            }
            None => {
                let hash = hash(name, item, buffer);
                self.ordinal(format!("{name}:{hash}"))
            }
        }
    }

    /// The id, with an ordinal where the record had it before.
    fn ordinal(&mut self, id: String) -> String {
        if self.items < 2 {
            return id;
        }
        let count = self.seen.entry(id.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            id
        } else {
            format!("{id}-{count}")
        }
    }
}

struct VendorId {
    id: String,
    of_delivery: bool,
}

/// The values at all of the paths, joined; None where one is missing or can be no id.
fn vendor_id(
    paths: &IdPath,
    item: &Value,
    origin: &Origin,
    envelopes: &[ItemPath],
) -> Option<VendorId> {
    let mut id = String::new();
    let lies_within = |envelope: &str| paths.iter().any(|path| path.starts_with(envelope));
    let mut of_delivery = envelopes
        .iter()
        .any(|envelope| envelope.inherit && !lies_within(&envelope.path));
    for path in paths {
        if !id.is_empty() {
            id.push('/');
        }
        if let Some(header) = path.strip_prefix("%headers.") {
            of_delivery = true;
            id.push_str(origin.header(header)?);
            continue;
        }
        match value::lookup(item, path)? {
            Value::Integer(number) => id.push_str(&number.to_string()),
            other => id.push_str(value::text(other).filter(|text| !text.is_empty())?),
        }
    }
    // A redaction in an id holds a keyed fingerprint: the hash below leaves that out.
    let usable = !id.is_empty() && id.len() <= VENDOR_ID_BYTES_MAX && !id.contains("[REDACTED");
    usable.then_some(VendorId { id, of_delivery })
}

fn hash(source: &str, item: &Value, buffer: &mut Vec<u8>) -> String {
    buffer.clear();
    value::write_json(item, buffer);
    let mut hasher = Sha256::new();
    hasher.update(source.as_bytes());
    hasher.update([0]);
    hash_without_fingerprints(buffer, &mut |part| hasher.update(part));
    hex(&hasher.finalize()[..16])
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}
