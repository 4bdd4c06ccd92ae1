use std::sync::LazyLock;

use super::*;
use crate::record::Origin;
use crate::redact::RedactorConfig;

mod cases;
mod laws;

/// 2026-11-12T09:30:00Z.
pub(super) const RECEIVED_MS: i64 = 1_794_475_800_000;

/// Compiled once for all tests: that takes most of their time.
pub(super) static BUILTIN: LazyLock<Arc<Sources>> = LazyLock::new(|| {
    Arc::new(Sources::builtin().unwrap_or_else(|problems| panic!("{problems:#?}")))
});

/// The built-in patterns under the fixed key.
static REDACTOR: LazyLock<Arc<Redactor>> = LazyLock::new(|| {
    let redactor = Redactor::new(RedactorConfig::default());
    Arc::new(
        redactor
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
            .0,
    )
});

pub(super) fn worker() -> Worker {
    Normalizer::new(Arc::clone(&BUILTIN), Arc::clone(&REDACTOR), Arc::default()).worker()
}

pub(super) fn record(source: &str, body: impl Into<bytes::Bytes>) -> Record {
    Record {
        origin: Origin {
            source: source.to_owned(),
            received_ms: RECEIVED_MS,
            place: "test".to_owned(),
            ..Origin::default()
        },
        body: body.into(),
    }
}

pub(super) fn run(worker: &mut Worker, record: &Record) -> Normalized {
    let mut out = Normalized::default();
    worker.normalize(record, &mut out);
    out
}
