//! The content in force, and what may take its place while the pipeline runs.
//!
//! Workers look here between two batches and nowhere else, so a batch is worked on with one content
//! from beginning to end. A new content is compiled beside the old one and put in its place whole;
//! where it does not compile the old one goes on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::content::Content;

/// The content in force.
pub struct Live {
    /// Grows with each replacement; a worker that knows it need not look further.
    version: AtomicU64,
    content: Mutex<Arc<Content>>,
}

impl Live {
    /// With the content of the start, version 0.
    pub fn new(content: Content) -> Self {
        Self {
            version: AtomicU64::new(0),
            content: Mutex::new(Arc::new(content)),
        }
    }

    /// What is in force.
    pub fn content(&self) -> Arc<Content> {
        self.lock().clone()
    }

    /// How often the content was replaced.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The content, where it is another than `known`; `known` is brought up to date.
    pub fn newer(&self, known: &mut u64) -> Option<Arc<Content>> {
        let version = self.version();
        if version == *known {
            return None;
        }
        *known = version;
        Some(self.content())
    }

    /// Puts a new content in the place of the old.
    pub fn replace(&self, content: Content) {
        *self.lock() = Arc::new(content);
        self.version.fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arc<Content>> {
        // Only an assignment runs under the lock, so it is never left half done.
        self.content
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
