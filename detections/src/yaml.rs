//! YAML as a tree in which every node knows its place.
//!
//! Built from the parser's events rather than from a ready-made document type, for three reasons:
//! a plain `10.0` must stay the text `10.0` until a rule decides what it is; a key that is written
//! twice is an error with both places, not a silent overwrite; and a syntax error in the last
//! document of a file does not hide the documents before it.
//!
//! What it refuses: keys that are not scalars, and aliases that expand past a bound.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, SpannedEventReceiver, Tag};

use crate::problem::{Place, Problems};

/// More nodes than this from aliases is an attack, not a rule.
const ALIAS_NODES_MAX: usize = 10_000;
/// Deeper than any rule; keeps recursion over the tree bounded.
const DEPTH_MAX: usize = 64;

/// A node and where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) data: Data,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Scalar { text: String, style: Style },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// How a scalar was written: only a plain one may be a number, a boolean or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

/// One key of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

/// What a scalar means under the YAML core schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
}

impl Node {
    /// The scalar's meaning; None for lists and maps.
    pub(crate) fn scalar(&self) -> Option<Scalar<'_>> {
        let Data::Scalar { text, style } = &self.data else {
            return None;
        };
        if *style != Style::Plain {
            return Some(Scalar::Text(text));
        }
        Some(match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            other => number(other).unwrap_or(Scalar::Text(other)),
        })
    }

    /// The text of a scalar as it was written; None for lists, maps and null.
    pub(crate) fn text(&self) -> Option<&str> {
        match (&self.data, self.scalar()) {
            (_, Some(Scalar::Null)) => None,
            (Data::Scalar { text, .. }, _) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of a mapping by its key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.map()?.iter().find(|entry| entry.key == key)
    }

    /// The place of a character inside a scalar, for errors inside conditions. Exact for a scalar on
    /// one line without escapes; else the place where the scalar starts.
    pub(crate) fn place_within(&self, characters: usize) -> Place {
        let mut place = self.place;
        if let Data::Scalar { text, style } = &self.data
            && *style != Style::Block
            && !text.contains('\n')
        {
            place.column += characters + usize::from(*style == Style::Quoted);
        }
        place
    }

    /// A word for error messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.data {
            Data::Scalar { .. } => "a single value",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }
}

fn number(text: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let radix = |prefix: &str, radix| {
        let rest = text.strip_prefix(prefix)?;
        i64::from_str_radix(rest, radix).ok().map(Scalar::Integer)
    };
    if let Some(found) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(found);
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !digits.contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Scalar::Integer(integer));
    }
    text.parse::<f64>()
        .ok()
        .filter(|float| float.is_finite())
        .map(Scalar::Float)
}

/// Reads every document of a file. A syntax error becomes a problem; what stood before it is kept.
pub(crate) fn documents(text: &str, problems: &mut Problems) -> Vec<Node> {
    let mut builder = Builder {
        problems,
        done: Vec::new(),
        open: Vec::new(),
        anchors: Vec::new(),
        alias_nodes: 0,
        broken: false,
    };
    let result = Parser::new_from_str(text).load(&mut builder, true);
    let done = std::mem::take(&mut builder.done);
    if let Err(error) = result {
        let at = error.marker();
        // Text that ends inside a key is reported on the line behind it, which no editor shows.
        let last = text.lines().count().max(1);
        let place = Place {
            line: at.line().min(last),
            column: if at.line() > last { 1 } else { at.col() + 1 },
        };
        problems.error(place, format!("not valid YAML: {}", error.info()));
    }
    done
}

struct Open {
    place: Place,
    anchor: usize,
    tagged_text: bool,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Place)>,
    },
}

struct Builder<'p> {
    problems: &'p mut Problems,
    done: Vec<Node>,
    open: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    alias_nodes: usize,
    /// Set when a document is past use (too deep); its remaining events are skipped.
    broken: bool,
}

impl<'input> SpannedEventReceiver<'input> for Builder<'_> {
    fn on_event(&mut self, event: Event<'input>, span: Span) {
        let place = Place {
            line: span.start.line(),
            column: span.start.col() + 1,
        };
        if matches!(event, Event::DocumentStart(_)) {
            self.broken = false;
            self.open.clear();
        }
        if self.broken {
            return;
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain if !is_text_tag(tag.as_ref()) => Style::Plain,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    _ => Style::Quoted,
                };
                let text = text.into_owned();
                let data = Data::Scalar { text, style };
                self.add(Node { place, data }, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(place, anchor, tag.as_ref(), Content::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    key: None,
                };
                self.start(place, anchor, tag.as_ref(), content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, place),
            _ => {}
        }
    }
}

impl Builder<'_> {
    fn start(&mut self, place: Place, anchor: usize, tag: Option<&Cow<'_, Tag>>, content: Content) {
        if self.open.len() >= DEPTH_MAX {
            self.problems.error(
                place,
                format!("nested deeper than {DEPTH_MAX} levels; write it flatter"),
            );
            self.broken = true;
            return;
        }
        self.open.push(Open {
            place,
            anchor,
            tagged_text: is_text_tag(tag),
            content,
        });
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.tagged_text {
            self.problems
                .error(open.place, "the tag !!str does not fit a list or a mapping");
        }
        let data = match open.content {
            Content::List(items) => Data::List(items),
            Content::Map { entries, .. } => Data::Map(entries),
        };
        let node = Node {
            place: open.place,
            data,
        };
        self.add(node, open.anchor);
    }

    fn alias(&mut self, anchor: usize, place: Place) {
        let found = self.anchors.iter().find(|(id, _)| *id == anchor);
        let Some(node) = found.map(|(_, node)| node.clone()) else {
            self.problems
                .error(place, "this alias names no anchor above it");
            return;
        };
        self.alias_nodes += count(&node);
        if self.alias_nodes > ALIAS_NODES_MAX {
            self.problems.error(
                place,
                format!("aliases expand to more than {ALIAS_NODES_MAX} values; write them out"),
            );
            self.broken = true;
            return;
        }
        self.add(node, 0);
    }

    fn add(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.push((anchor, node.clone()));
        }
        let Some(open) = self.open.last_mut() else {
            self.done.push(node);
            return;
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, key } => match key.take() {
                Some((key, place)) => {
                    if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                        let line = first.place.line;
                        self.problems.error(
                            place,
                            format!("`{key}` is written twice in this mapping (first on line {line}); keep one"),
                        );
                        return;
                    }
                    entries.push(Entry {
                        key,
                        place,
                        value: node,
                    });
                }
                None => {
                    let text = match node.data {
                        Data::Scalar { text, .. } => text,
                        _ => {
                            self.problems
                                .error(node.place, "a key must be a single value");
                            String::new()
                        }
                    };
                    *key = Some((text, node.place));
                }
            },
        }
    }
}

fn is_text_tag(tag: Option<&Cow<'_, Tag>>) -> bool {
    tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str")
}

fn count(node: &Node) -> usize {
    match &node.data {
        Data::Scalar { .. } => 1,
        Data::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Data::Map(entries) => 1 + entries.iter().map(|e| count(&e.value)).sum::<usize>(),
    }
}
