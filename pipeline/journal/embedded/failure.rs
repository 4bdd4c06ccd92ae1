//! The engine's errors in the journal's words.
//!
//! Reading or writing that failed now may work on the next start; a checksum or a structure that
//! is wrong will not. The engine's texts name positions and checksums, never content, so they pass.

use std::path::Path;

use fjall::LsmError;

use crate::journal::JournalError;

/// What came of an operation of the engine.
pub(super) fn engine(path: &Path, doing: &str, error: fjall::Error) -> JournalError {
    match error {
        fjall::Error::Locked => in_use(path),
        fjall::Error::Io(cause) | fjall::Error::Storage(LsmError::Io(cause)) => {
            io(path, doing, &cause)
        }
        fjall::Error::Poisoned => JournalError::Io {
            doing: format!("{doing} {}", path.display()),
            detail: "an earlier write failed, so nothing more is written until a restart".into(),
        },
        other => corrupt(path, format!("{doing}: {other}")),
    }
}

/// A failed call to the system. A file that is missing or ends too early is damage, and so is a
/// place in it that cannot be: everything
/// that is opened here was written as a whole before.
pub(super) fn io(path: &Path, doing: &str, cause: &std::io::Error) -> JournalError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, NotFound, UnexpectedEof};
    if matches!(
        cause.kind(),
        InvalidData | InvalidInput | NotFound | UnexpectedEof
    ) {
        return corrupt(path, format!("{doing}: {cause}"));
    }
    JournalError::Io {
        doing: format!("{doing} {}", path.display()),
        detail: cause.to_string(),
    }
}

/// What is stored is not what was written.
pub(super) fn corrupt(path: &Path, detail: String) -> JournalError {
    JournalError::Corrupt {
        path: path.display().to_string(),
        detail,
    }
}

/// Somebody else has the store.
pub(super) fn in_use(path: &Path) -> JournalError {
    JournalError::InUse {
        path: path.display().to_string(),
    }
}
