//! The delivery headers that a record keeps.
//!
//! A list of what to keep, not of what to drop: a sender may put a credential into any header, and
//! one that nobody thought of must not reach the journal. What is kept says what kind of event the
//! body is, or which delivery it was; signatures, tokens and cookies never are.

use axum::http::HeaderMap;

use super::Seal;

/// The longest value that is kept; an event name or an id is shorter.
const VALUE_BYTES_MAX: usize = 256;

/// The default list, in lower case.
pub(super) const KEPT: &[&str] = &[
    "ce-id",
    "ce-source",
    "ce-type",
    "circleci-event-type",
    "idempotency-key",
    "webhook-id",
    "webhook-timestamp",
    "x-attempt-number",
    "x-event-key",
    "x-github-delivery",
    "x-github-enterprise-host",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
    "x-gitlab-audit-event-type",
    "x-gitlab-event",
    "x-gitlab-event-uuid",
    "x-gitlab-instance",
    "x-gitlab-webhook-uuid",
    "x-goog-channel-id",
    "x-goog-message-number",
    "x-goog-resource-state",
    "x-hook-uuid",
    "x-okta-request-id",
    "x-request-id",
    "x-request-uuid",
    "x-snyk-event",
    "x-snyk-timestamp",
    "x-snyk-transport-id",
    "x-sonarqube-project",
];

/// The headers that a record keeps, sealed. A value that is not visible ASCII or is too long to be
/// an event name or an id is left out.
pub(super) fn keep(
    names: &[String],
    headers: &HeaderMap,
    seal: &dyn Seal,
) -> Vec<(String, String)> {
    names
        .iter()
        .filter_map(|name| {
            let value = headers.get(name.as_str())?.to_str().ok()?;
            if value.len() > VALUE_BYTES_MAX {
                return None;
            }
            let sealed = match seal.seal(value.as_bytes()) {
                Some(sealed) => String::from_utf8(sealed).ok()?,
                None => value.to_owned(),
            };
            Some((name.clone(), sealed))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_headers_are_kept_and_they_are_sealed() {
        let headers: HeaderMap = [
            ("x-github-event", "push"),
            ("x-hub-signature-256", "sha256=00"),
            ("authorization", "Bearer t"),
            ("cookie", "a=b"),
            ("x-request-id", "hunter2"),
        ]
        .into_iter()
        .map(|(name, value)| {
            (
                name.parse::<axum::http::HeaderName>().expect("a name"),
                value.parse().expect("a value"),
            )
        })
        .collect();
        let seal = |text: &[u8]| (text == b"hunter2").then(|| b"[REDACTED:test]".to_vec());
        let names: Vec<String> = KEPT.iter().map(|name| (*name).to_owned()).collect();
        let expected = [
            ("x-github-event", "push"),
            ("x-request-id", "[REDACTED:test]"),
        ];
        let kept = keep(&names, &headers, &seal);
        assert_eq!(
            kept,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn the_default_list_names_no_credential() {
        for name in KEPT {
            assert_eq!(*name, name.to_ascii_lowercase());
            for word in [
                "auth",
                "token",
                "secret",
                "signature",
                "cookie",
                "key-id",
                "api-key",
            ] {
                assert!(!name.contains(word), "{name}");
            }
        }
    }
}
