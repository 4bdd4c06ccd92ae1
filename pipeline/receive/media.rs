//! Content types.

use axum::http::{HeaderMap, header};

/// What a body claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json` and everything that ends in `+json`, or no content type at all.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// A form; several senders say so and mean JSON.
    Form,
    Protobuf,
}

impl Media {
    /// Reads `Content-Type`; None where it is one that nothing here takes, or text that is not UTF-8.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Some(Self::Json);
        };
        let value = value.to_str().ok()?.to_ascii_lowercase();
        let mut parts = value.split(';').map(str::trim);
        let name = parts.next()?;
        let charset = parts.find_map(|part| part.strip_prefix("charset="));
        if charset.is_some_and(|name| !matches!(name.trim_matches('"'), "utf-8" | "utf8")) {
            return None;
        }
        match name {
            "" | "application/json" | "text/json" => Some(Self::Json),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/jsonlines"
            | "application/json-lines" => Some(Self::Ndjson),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            _ if name.starts_with("application/") && name.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_read_with_their_parameters() {
        let of = |value: &str| {
            let value = value.parse().expect("a header value");
            Media::of(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)]))
        };
        assert_eq!(Media::of(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(of("Application/JSON; Charset=UTF-8"), Some(Media::Json));
        assert_eq!(of("application/cloudevents+json"), Some(Media::Json));
        assert_eq!(of("application/x-ndjson"), Some(Media::Ndjson));
        assert_eq!(of("application/x-www-form-urlencoded"), Some(Media::Form));
        assert_eq!(of("application/x-protobuf"), Some(Media::Protobuf));
        assert_eq!(of("application/json; charset=latin1"), None);
        assert_eq!(of("text/plain"), None);
        assert_eq!(of("application/grpc"), None);
    }
}
