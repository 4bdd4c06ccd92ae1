//! Which fields a program can leave in a draft, read off the program without running it.
//!
//! VRL knows the shape of its target at every point of a program. Told what an item holds before
//! the program runs, it says what can be there afterwards. A rule that names anything else waits
//! for a field that never comes.
//!
//! The answer errs to one side: what cannot be excluded is possible. A program that keeps the rest
//! of an item at the top of the draft can produce any field at all.

use std::collections::BTreeSet;

use vrl::compiler::state::ExternalEnv;
use vrl::compiler::{CompileConfig, TypeState};
use vrl::path::{OwnedSegment, OwnedTargetPath, OwnedValuePath, PathPrefix};
use vrl::value::Kind;
use vrl::value::kind::Collection;

use super::{Mapper, functions};

/// What a draft can hold.
pub(crate) struct Fields {
    shape: Kind,
    /// What the program assigns anywhere: a closure's assignments are not in the shape.
    assigned: BTreeSet<String>,
}

impl Mapper {
    /// What a draft can hold. `given` are the dotted paths at which an item can hold something when
    /// the program begins; None: any.
    pub(crate) fn fields(&self, given: Option<&BTreeSet<&str>>) -> Fields {
        let anything = || Kind::object(Collection::any());
        let before = given.map_or_else(anything, |given| {
            let mut shape = room(ROOM_LEVELS);
            for path in given {
                let fields = path
                    .split('.')
                    .map(|field| OwnedSegment::Field(field.into()));
                shape.insert(
                    &OwnedValuePath::from(fields.collect::<Vec<_>>()),
                    Kind::any(),
                );
            }
            shape
        });
        let state = TypeState {
            external: ExternalEnv::new_with_kind(before, anything()),
            ..TypeState::default()
        };
        let mut config = CompileConfig::default();
        config.set_read_only_path(OwnedTargetPath::metadata_root(), true);
        let compiled = vrl::compiler::compile_with_state(&self.text, functions(), &state, config);
        let Ok(compiled) = compiled else {
            // It compiles where nothing is known of the item, or it would not be here.
            return Fields {
                shape: anything(),
                assigned: BTreeSet::new(),
            };
        };
        let assigned = compiled.program.info().target_assignments.iter();
        let assigned = assigned
            .filter(|path| path.prefix == PathPrefix::Event && !path.path.is_root())
            .map(|path| dotted(&path.path));
        Fields {
            shape: compiled
                .program
                .final_type_info()
                .state
                .external
                .target_kind()
                .clone(),
            assigned: assigned.collect(),
        }
    }
}

impl Fields {
    /// Whether a draft can hold something at a dotted path, on any way through lists.
    pub(crate) fn may_hold(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        may_hold(&self.shape, &parts)
            || self
                .assigned
                .iter()
                .any(|assigned| is_below(path, assigned) || is_below(assigned, path))
    }
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The path as rules write it; an index ends it, since rules look into every element.
fn dotted(path: &OwnedValuePath) -> String {
    let fields = path.segments.iter().map_while(|segment| match segment {
        OwnedSegment::Field(field) => Some(field.as_str()),
        OwnedSegment::Index(_) => None,
    });
    fields.collect::<Vec<_>>().join(".")
}

fn may_hold(kind: &Kind, path: &[&str]) -> bool {
    if path.is_empty() {
        return is_possible(kind);
    }
    let in_object = kind.as_object().is_some_and(|object| {
        is_possible(&object.unknown_kind())
            // A key may hold dots itself.
            || (1..=path.len()).any(|split| {
                let (key, rest) = (path[..split].join("."), &path[split..]);
                let known = object.known().get(&key.as_str().into());
                known.is_some_and(|kind| may_hold(kind, rest))
            })
    });
    in_object
        || kind.as_array().is_some_and(|list| {
            let unknown = list.unknown_kind();
            may_hold(&unknown, path) || list.known().values().any(|kind| may_hold(kind, path))
        })
}

/// Whether anything but empty objects can be there; those are pruned from every draft.
fn is_possible(kind: &Kind) -> bool {
    let mut rest = kind.clone();
    rest.remove_undefined();
    if !rest.is_object() {
        return !rest.is_never();
    }
    rest.as_object().is_some_and(|object| {
        object.known().values().any(is_possible) || {
            let unknown = object.unknown_kind();
            // A kind that is unknown all the way down says so at its own top.
            unknown.is_any() || is_possible(&unknown)
        }
    })
}

/// How deep a program may assign where an item holds nothing.
const ROOM_LEVELS: usize = 6;

/// Nothing but room for assignments: VRL refuses to assign below what is certainly no object.
fn room(levels: usize) -> Kind {
    let below = if levels == 0 {
        Kind::undefined()
    } else {
        room(levels - 1).or_undefined()
    };
    Kind::object(Collection::from_unknown(below))
}

#[cfg(test)]
mod tests;
