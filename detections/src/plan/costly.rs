//! Tests that cost more than looking a text up: globs, regular expressions, comparisons of fields.
//!
//! None is run because a value is there. Each stands in the graph behind the literals that it needs
//! ([`super::literal`]), which a slot finds with all others, and is run when a condition asks for
//! it: when its literals were seen and all the rest of an `and` holds.

use super::values::Values;
use crate::expr::{Atom, FieldTest, Test};
use crate::modifier::compile_regex;
use crate::pattern::{self, Piece, Shape};

/// A costly test of the values of one field.
#[derive(Debug)]
pub(super) struct Costly {
    /// None: of every value of the event.
    slot: Option<u32>,
    how: How,
}

#[derive(Debug)]
enum How {
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

/// Whether a test is costly.
pub(super) fn is_costly(test: &Test) -> bool {
    match test {
        Test::Text { pattern, .. } => matches!(pattern.shape(), Shape::Glob(_)),
        Test::Regex(_) | Test::Field { .. } => true,
        _ => false,
    }
}

impl Costly {
    /// None for an expression that cannot be compiled; the parser refuses those.
    pub(super) fn new(atom: &Atom, mut slot: impl FnMut(&str) -> u32) -> Option<Self> {
        let how = match &atom.test {
            Test::Text { pattern, cased } => How::Glob {
                pieces: pattern.pieces().into(),
                cased: *cased,
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

    /// Whether it holds for one of the field's values.
    pub(super) fn holds(&self, values: &Values<'_>, buffers: &mut [String; 2]) -> bool {
        let [buffer, other_buffer] = buffers;
        let mut texts = values.texts(self.slot);
        match &self.how {
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
