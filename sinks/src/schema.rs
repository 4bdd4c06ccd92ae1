//! A document in the schema that a sink is configured for.

use bytes::Bytes;
use chaperone_mappings::Schema;
use chaperone_mappings::schema::convert_json;

use crate::sink::{Document, Reason};

/// Compact JSON without a line break. A document that cannot be converted is refused.
pub(crate) fn write(schema: Schema, document: &Document) -> Result<Bytes, Reason> {
    if schema == Schema::Ecs {
        return Ok(document.json.clone());
    }
    let mut out = Vec::with_capacity(document.json.len() * 5 / 4);
    convert_json(schema, &document.json, &mut out)
        .map_err(|error| Reason::new("not_convertible", error.to_string()))?;
    Ok(out.into())
}
