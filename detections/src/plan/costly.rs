//! Tests that cost more than looking a text up: globs, regular expressions, comparisons of fields;
//! and texts so short that many values have them, for which looking them up each time costs more.
//!
//! None is run because a value is there. Each is run when a condition asks for it, after all the rest of
//! an `and` holds; globs and expressions stand behind the literals that they need
//! ([`super::literal`]), which a slot finds with all others.

use memchr::memmem::Finder;

use super::values::Values;
use crate::expr::{Atom, FieldTest, Test};
use crate::modifier::compile_regex;
use crate::pattern::{self, Piece, Shape};

/// Texts of at most so many bytes are short.
const SHORT_MAX: usize = 3;

/// A costly test of the values of one field.
#[derive(Debug)]
pub(super) struct Costly {
    /// None: of every value of the event.
    slot: Option<u32>,
    how: How,
}

#[derive(Debug)]
enum How {
    /// A short text in the folded form.
    Contains(Box<Finder<'static>>),
    Glob {
        pieces: Box<[Piece]>,
        cased: bool,
    },
    Regex(Box<regex::Regex>),
    Field {
        other: u32,
        how: FieldTest,
        cased: bool,
    },
}

/// How a test is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// On every value, together with all others of its field.
    Cheap,
    /// As the costly ones where it can be: a text so short that many values have it.
    Short,
    /// Behind its literals.
    Costly,
}

impl Kind {
    pub(super) fn of(test: &Test) -> Self {
        match test {
            Test::Text { pattern, cased } => match pattern.shape() {
                Shape::Glob(_) => Self::Costly,
                Shape::Contains(text) if !cased && text.is_ascii() && text.len() <= SHORT_MAX => {
                    Self::Short
                }
                _ => Self::Cheap,
            },
            Test::Regex(_) | Test::Field { .. } => Self::Costly,
            _ => Self::Cheap,
        }
    }
}

impl Costly {
    /// None for a cheap test, and for an expression that cannot be compiled, which the parser
    /// refuses.
    pub(super) fn new(atom: &Atom, mut slot: impl FnMut(&str) -> u32) -> Option<Self> {
        let how = match &atom.test {
            Test::Text { pattern, cased } => match pattern.shape() {
                Shape::Contains(text) => How::Contains(Box::new(Finder::new(text).into_owned())),
                Shape::Glob(pieces) => How::Glob {
                    pieces: pieces.into(),
                    cased: *cased,
                },
                _ => return None,
            },
            Test::Regex(source) => How::Regex(Box::new(compile_regex(source).ok()?)),
            Test::Field { other, how, cased } => How::Field {
                other: slot(other),
                how: *how,
                cased: *cased,
            },
            _ => return None,
        };
        let slot = atom.field.as_deref().map(slot);
        Some(Self { slot, how })
    }

    /// Whether it looks at every value of the event.
    pub(super) fn is_keyword(&self) -> bool {
        self.slot.is_none()
    }

    /// What running it costs; only the order matters.
    pub(super) fn cost(&self) -> u8 {
        match self.how {
            How::Contains(_) => 1,
            How::Glob { .. } | How::Field { .. } => 2,
            How::Regex(_) => 3,
        }
    }

    /// Whether it holds for one of the field's values.
    pub(super) fn holds(&self, values: &Values<'_>, buffers: &mut [String; 2]) -> bool {
        let [buffer, other_buffer] = buffers;
        let mut texts = values.texts(self.slot);
        match &self.how {
            How::Contains(finder) => texts.any(|text| finder.find(text.folded()).is_some()),
            How::Glob {
                pieces,
                cased: true,
            } => texts.any(|text| pattern::glob(pieces, text.written(buffer))),
            How::Glob { pieces, .. } => texts.any(|text| pattern::glob(pieces, text.folded_str())),
            How::Regex(regex) => texts.any(|text| regex.is_match(text.written(buffer))),
            How::Field { other, how, cased } => texts.any(|text| {
                values.texts(Some(*other)).any(|other| {
                    if *cased {
                        how.holds(text.written(buffer), other.written(other_buffer))
                    } else {
                        how.holds(text.folded_str(), other.folded_str())
                    }
                })
            }),
        }
    }
}
