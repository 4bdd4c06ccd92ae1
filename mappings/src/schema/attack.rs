//! MITRE ATT&CK of an alert, as both schemas want it: one entry for each technique.

use super::form::items;
use super::noun::Noun;
use super::write::Writer;
use crate::value::{self, Value};

/// `threat.*` of an event. Tactics and techniques are lists beside each other, and which belongs to
/// which is not said.
pub(super) struct Attack<'a> {
    /// Id and, where it is known, name.
    pub(super) tactics: Vec<(&'a Value, Option<&'a Value>)>,
    /// Id, name, and the id of one of its sub-techniques.
    pub(super) techniques: Vec<(&'a Value, Option<&'a Value>, Option<&'a Value>)>,
    lists: [Option<&'a Value>; 5],
}

impl<'a> Attack<'a> {
    pub(super) fn of(threat: Noun<'a>) -> Self {
        let (tactic, technique) = (threat.noun("tactic"), threat.noun("technique"));
        let sub = technique.noun("subtechnique");
        let lists = [
            tactic.get("id"),
            tactic.get("name"),
            technique.get("id"),
            technique.get("name"),
            sub.get("id"),
        ];
        let [tactics, names, techniques, titles, subs] = lists.map(items);
        let tactics = tactics.iter().enumerate();
        let mut attack = Self {
            tactics: tactics.map(|(at, id)| (id, names.get(at))).collect(),
            techniques: Vec::new(),
            lists,
        };
        for (at, id) in techniques.iter().enumerate() {
            let before = attack.techniques.len();
            let below = subs.iter().filter(|sub| is_below(sub, id));
            let entries = below.map(|sub| (id, titles.get(at), Some(sub)));
            attack.techniques.extend(entries);
            if attack.techniques.len() == before {
                attack.techniques.push((id, titles.get(at), None));
            }
        }
        attack
    }

    /// Counts the lists as written.
    pub(super) fn mark(&self, w: &mut Writer<'_>) {
        for list in self.lists.into_iter().flatten() {
            w.mark(list);
        }
    }
}

/// A sub-technique's id begins with its technique's: `T1078.004`.
fn is_below(sub: &Value, technique: &Value) -> bool {
    let main = value::text(sub).and_then(|sub| sub.split('.').next());
    main.is_some() && main == value::text(technique)
}
