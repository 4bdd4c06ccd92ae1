//! A JSON document built from dotted paths, with its keys in order.
//!
//! `serde_json`'s own map keeps insertion order in some builds, and an alert's bytes must not depend
//! on which other crates are compiled in.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Tree(BTreeMap<String, Branch>);

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Branch {
    Leaf(Json),
    Tree(Tree),
}

impl Tree {
    /// Puts a value at a dotted path. What stood there, or in the way, is replaced.
    pub(super) fn put(&mut self, path: &str, value: impl Into<Json>) {
        let Some((first, rest)) = path.split_once('.') else {
            let value = ordered(value.into());
            self.0.insert(path.to_owned(), value);
            return;
        };
        let branch = self
            .0
            .entry(first.to_owned())
            .or_insert_with(|| Branch::Tree(Self::default()));
        if matches!(branch, Branch::Leaf(_)) {
            *branch = Branch::Tree(Self::default());
        }
        if let Branch::Tree(tree) = branch {
            tree.put(rest, value);
        }
    }

    /// As a script sees it.
    pub(super) fn to_value(&self) -> Json {
        serde_json::to_value(self).expect("a tree of JSON values serializes")
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a tree of JSON values serializes")
    }
}

fn ordered(value: Json) -> Branch {
    match value {
        Json::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (key, ordered(value)));
            Branch::Tree(Tree(entries.collect()))
        }
        other => Branch::Leaf(other),
    }
}
