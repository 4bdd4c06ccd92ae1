//! Watches the folders of rules, mappings, context and patterns, and compiles them anew when a file
//! in them changes.
//!
//! It looks at names, sizes and times of change once a second: that needs nothing of the system, and
//! works on the network and container mounts where notifications do not. A change is taken up when
//! two looks in a row agree, so that a file which is being written is not read in half.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use chaperone_mappings::redact::FingerprintKey;

use crate::content::{Content, Folders};
use crate::live::Live;
use crate::metrics::{Count, Metrics};

/// How often the folders are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a look sees: each file with its size and its time of change.
type Look = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Looks at the folders of one content.
pub struct Watch {
    folders: Folders,
    key: FingerprintKey,
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    /// What the content in force, or the last that was refused, was made of.
    taken: Look,
    /// What the last look saw.
    seen: Look,
}

impl Watch {
    /// Takes the first look, before the content is loaded: what changes meanwhile is then noticed.
    pub fn begin(folders: &Folders) -> Seen {
        Seen(look(folders))
    }

    /// A watch over the content that was loaded after `seen`.
    pub fn new(
        seen: Seen,
        folders: Folders,
        key: FingerprintKey,
        live: Arc<Live>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            folders,
            key,
            live,
            metrics,
            taken: seen.0.clone(),
            seen: seen.0,
        }
    }

    /// Whether there is anything to watch: the built-in content does not change.
    pub fn is_idle(&self) -> bool {
        places(&self.folders).next().is_none()
    }

    /// Looks until the other end of `stop` is dropped.
    pub fn run(mut self, stop: &Receiver<()>) {
        while stop.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            self.look_again();
        }
    }

    fn look_again(&mut self) {
        let now = look(&self.folders);
        let settled = now == self.seen;
        self.seen = now;
        if settled && self.seen != self.taken {
            self.taken = self.seen.clone();
            self.reload();
        }
    }

    fn reload(&self) {
        match Content::load(&self.folders, Some(self.key.clone())) {
            Ok(content) => {
                content.warn();
                let rules = content.rules.len();
                self.live.replace(content);
                self.metrics.add(Count::Reloads, 1);
                tracing::info!(rules, "the content has changed and is in force");
            }
            Err(error) => {
                self.metrics.add(Count::RefusedReloads, 1);
                tracing::error!(
                    "the changed content is refused whole, the old one goes on:\n{error:#}"
                );
            }
        }
    }
}

/// What the folders looked like before their content was loaded.
pub struct Seen(Look);

fn places(folders: &Folders) -> impl Iterator<Item = &PathBuf> {
    let all = folders.rules.iter().chain(&folders.mappings);
    all.chain(&folders.patterns)
        .chain(&folders.context)
        .filter(|place| place.as_os_str() != "builtin")
}

/// What cannot be read is not there; reading the content says so where it matters.
fn look(folders: &Folders) -> Look {
    let mut look = Look::new();
    for place in places(folders) {
        for entry in walkdir::WalkDir::new(place).follow_links(true) {
            let Ok(entry) = entry else { continue };
            if let Ok(meta) = entry.metadata()
                && meta.is_file()
            {
                look.insert(entry.into_path(), (meta.len(), meta.modified().ok()));
            }
        }
    }
    look
}
