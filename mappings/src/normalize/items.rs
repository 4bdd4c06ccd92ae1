//! One record, several items: lists, vendors' envelopes and OTLP exports.
//!
//! A list at the top is always taken apart. A source names the paths at which its deliveries hold
//! items; a delivery without any of them is one item. Where the source is to be recognized, an
//! envelope is opened only if what lies in it is recognized: `{"events": […]}` of somebody else
//! stays whole, and is refused as a whole.

use crate::otlp;
use crate::record::Origin;
use crate::source::{ItemPath, Source, Sources};
use crate::value::{self, ObjectMap, Value};

/// The items of a delivery of a known source.
pub(super) fn of_source(document: Value, source: &Source, items_max: usize) -> Vec<Value> {
    split_list(document, |document| {
        if otlp::is_export(&document) {
            return otlp::items(document, items_max);
        }
        open_all(document, &source.spec().items)
    })
}

/// The items of a delivery whose source is still to be recognized, item by item.
pub(super) fn recognized(
    document: Value,
    sources: &Sources,
    origin: &Origin,
    items_max: usize,
) -> Vec<Value> {
    split_list(document, |document| {
        if otlp::is_export(&document) {
            return otlp::items(document, items_max);
        }
        if let Ok(source) = sources.recognize(&document, origin) {
            return open_all(document, &source.spec().items);
        }
        let of_first_item = sources.envelopes().iter().find_map(|path| {
            let first = first_item(&document, path)?;
            let source = sources.recognize(&first, origin).ok()?;
            let items = &source.spec().items;
            items.contains(path).then_some(items)
        });
        match of_first_item {
            Some(paths) => open_all(document, paths),
            None => vec![document],
        }
    })
}

/// Opens the document at the first path that holds a list. What an inherited list gives may hold
/// a list itself, at a path further on: the messages of a session, the blocks of a message.
fn open_all(document: Value, paths: &[ItemPath]) -> Vec<Value> {
    let first = paths
        .iter()
        .position(|path| holds_list(&document, &path.path));
    let Some(at) = first else {
        return vec![document];
    };
    let items = open(document, &paths[at]);
    if !paths[at].inherit {
        return items;
    }
    let further = &paths[at + 1..];
    let opened = items.into_iter().map(|item| open_all(item, further));
    opened.flatten().collect()
}

fn split_list(document: Value, open: impl Fn(Value) -> Vec<Value>) -> Vec<Value> {
    match document {
        Value::Array(documents) => documents.into_iter().flat_map(open).collect(),
        document => open(document),
    }
}

fn holds_list(document: &Value, path: &str) -> bool {
    value::lookup(document, path).is_some_and(Value::is_array)
}

/// What [`open`] would give first, without taking the document apart.
fn first_item(document: &Value, path: &ItemPath) -> Option<Value> {
    let first = value::lookup(document, &path.path)?.as_array()?.first()?;
    if !path.inherit {
        return Some(first.clone());
    }
    let mut item = document.clone();
    value::insert(&mut item, &path.path, first.clone());
    Some(item)
}

fn open(mut document: Value, path: &ItemPath) -> Vec<Value> {
    let Some(Value::Array(elements)) = take(&mut document, &path.path) else {
        return vec![document];
    };
    if !path.inherit {
        return elements;
    }
    let with = |element| {
        let mut item = document.clone();
        value::insert(&mut item, &path.path, element);
        item
    };
    elements.into_iter().map(with).collect()
}

/// Takes the value at a nested path out of the document.
fn take(document: &mut Value, path: &str) -> Option<Value> {
    let object: &mut ObjectMap = document.as_object_mut()?;
    match path.split_once('.') {
        Some((first, rest)) => take(object.get_mut(first)?, rest),
        None => object.remove(path),
    }
}
