//! Which fields an event of a source can have: what its tables and its program can leave, and what
//! every event gets.

use std::collections::BTreeSet;

use super::Source;
use crate::mapper::Fields;

/// What is filled in for events of every source, where the event gives cause for it.
const EVERY_EVENT: [&str; 20] = [
    "@timestamp",
    "tags",
    "event.id",
    "event.kind",
    "event.dataset",
    "event.provider",
    "ecs.version",
    "related",
    "user.name",
    "url",
    "destination",
    "vcs.repository.name",
    "chaperone.source",
    "chaperone.tenant",
    "chaperone.time",
    "chaperone.logsource",
    "chaperone.redactions",
    "chaperone.user",
    "chaperone.repository",
    "chaperone.destination",
];

/// The fields of a source's events.
pub struct Produces(Fields);

impl Source {
    /// What events of this source can hold. Looks through the program once.
    pub fn produces(&self) -> Produces {
        let spec = &self.spec;
        let given = spec.rest.as_deref().map(|rest| {
            let moved = spec.moves.values().map(String::as_str);
            let constant = spec.constants.keys().map(String::as_str);
            let classified = self.actions.paths().iter().copied();
            moved
                .chain(constant)
                .chain(classified)
                .chain([rest])
                .collect::<BTreeSet<_>>()
        });
        Produces(self.mapper.fields(given.as_ref()))
    }
}

impl Produces {
    /// Whether an event can have something at a canonical dotted path. Errs towards yes.
    pub fn may_hold(&self, path: &str) -> bool {
        let filled = |known: &str| {
            known == path
                || path
                    .strip_prefix(known)
                    .is_some_and(|rest| rest.starts_with('.'))
                || known
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        path == "chaperone.change.agent"
            || EVERY_EVENT.into_iter().any(filled)
            || self.0.may_hold(path)
    }
}
