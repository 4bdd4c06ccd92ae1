//! One record, several items: lists, vendors' envelopes, OTLP exports and SARIF logs.
//!
//! A list at the top is always taken apart. A source names the paths at which its deliveries hold
//! items, the outermost first: what lies at one is looked at for those after it. A delivery without
//! any of them is one item. Where the source is to be recognized, an envelope is opened only if what
//! lies in it is recognized: `{"events": […]}` of somebody else stays whole, and is refused as a
//! whole.

use crate::otlp;
use crate::record::Origin;
use crate::sarif;
use crate::source::{ItemPath, Source, Sources};
use crate::value::{self, ObjectMap, Value};

/// Envelopes within envelopes: a page of activities, each with its events.
const ENVELOPES_MAX: usize = 2;

/// The items of a delivery of a known source.
pub(super) fn of_source(document: Value, source: &Source, items_max: usize) -> Vec<Value> {
    split_list(document, |document| match standard(document, items_max) {
        Ok(items) => items,
        Err(document) => take_apart(document, &source.spec().items),
    })
}

/// The items of a delivery whose source is still to be recognized, item by item.
pub(super) fn recognized(
    document: Value,
    sources: &Sources,
    origin: &Origin,
    items_max: usize,
) -> Vec<Value> {
    split_list(document, |document| match standard(document, items_max) {
        Ok(items) => items,
        Err(document) => match source_within(&document, sources, origin, ENVELOPES_MAX) {
            Some(source) => take_apart(document, &source.spec().items),
            None => vec![document],
        },
    })
}

/// The items of a document whose form is a standard and no vendor's; else the document again.
fn standard(document: Value, items_max: usize) -> Result<Vec<Value>, Value> {
    if otlp::is_export(&document) {
        Ok(otlp::items(document, items_max))
    } else if sarif::is_log(&document) {
        Ok(sarif::items(document, items_max))
    } else {
        Err(document)
    }
}

/// Opens the document at the first path that holds a list. What lies in it may hold a list itself, at
/// a path further on: the events of an activity, the messages of a session, the blocks of a message.
/// Where a list to inherit is empty, what says who and when is the item itself.
fn take_apart(document: Value, paths: &[ItemPath]) -> Vec<Value> {
    let first = paths.iter().position(|path| holds_items(&document, path));
    let Some(at) = first else {
        return vec![document];
    };
    let elements = open(document, &paths[at]).into_iter();
    elements
        .flat_map(|element| take_apart(element, &paths[at + 1..]))
        .collect()
}

/// The source of the document, or of the first item in its envelopes.
fn source_within<'a>(
    document: &Value,
    sources: &'a Sources,
    origin: &Origin,
    envelopes_max: usize,
) -> Option<&'a Source> {
    if let Ok(source) = sources.recognize(document, origin) {
        return Some(source);
    }
    if envelopes_max == 0 {
        return None;
    }
    sources.envelopes().iter().find_map(|path| {
        let first = first_item(document, path)?;
        let source = source_within(&first, sources, origin, envelopes_max - 1)?;
        source.spec().items.contains(path).then_some(source)
    })
}

fn split_list(document: Value, open: impl Fn(Value) -> Vec<Value>) -> Vec<Value> {
    match document {
        Value::Array(documents) => documents.into_iter().flat_map(open).collect(),
        document => open(document),
    }
}

fn holds_items(document: &Value, path: &ItemPath) -> bool {
    let list = value::lookup(document, &path.path).and_then(Value::as_array);
    list.is_some_and(|list| !(path.inherit && list.is_empty()))
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
