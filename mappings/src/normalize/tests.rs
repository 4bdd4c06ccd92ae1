use super::*;
use crate::record::Origin;
use crate::source::SourceFile;

mod cases;
mod laws;

/// 2026-11-12T09:30:00Z.
pub(super) const RECEIVED_MS: i64 = 1_794_475_800_000;

pub(super) fn worker() -> Worker {
    worker_with(&[])
}

pub(super) fn worker_with(files: &[SourceFile]) -> Worker {
    let sources = Sources::load(files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    Normalizer::new(Arc::new(sources), Arc::default(), Arc::default()).worker()
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
