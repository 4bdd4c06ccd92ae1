//! How much of a request can be taken: its records counted, without building anything.
//!
//! A request is groups of groups of records: resources, scopes, then log records, spans or metrics,
//! and a metric holds its data points under a key that says what it measures. A record that is not of
//! this form is not taken, and the sender is told how many (`partial_success`); it goes on with the
//! others to normalize, which refuses it by itself, so that it is not lost without a word. What is
//! wrong at the top, where a request would look empty, refuses the whole of it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The way to the records, from the top.
pub(super) type Way = &'static [Step];

/// One step on it.
pub(super) enum Step {
    /// Into an object, at this key.
    Key(&'static str),
    /// Into an object, at whichever of these keys it has; it must have one.
    OneOf(&'static [&'static str]),
    /// Into each element of a list.
    Each,
}

impl Step {
    fn is_at(&self, key: &str) -> bool {
        match self {
            Self::Key(only) => *only == key,
            Self::OneOf(keys) => keys.contains(&key),
            Self::Each => false,
        }
    }
}

/// Records of the right form, and others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) taken: u64,
    pub(super) rejected: u64,
}

impl Tally {
    /// Counts the records of a request.
    ///
    /// # Errors
    /// Where the text is not a request at all.
    pub(super) fn of(way: Way, json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut tally = Self::default();
        let walk = Walk {
            way,
            done: 0,
            tally: &mut tally,
        };
        let mut json = serde_json::Deserializer::from_slice(json);
        walk.deserialize(&mut json)?;
        json.end()?;
        Ok(tally)
    }
}

/// The value that is reached after some of the steps; after all of them it is a record.
struct Walk<'a> {
    way: Way,
    done: usize,
    tally: &'a mut Tally,
}

impl Walk<'_> {
    fn next(&mut self) -> Walk<'_> {
        Walk {
            way: self.way,
            done: self.done + 1,
            tally: self.tally,
        }
    }

    /// Whether this is the request itself or the one list in it.
    fn is_top(&self) -> bool {
        self.done < 2
    }

    fn is_element(&self) -> bool {
        self.done > 0 && matches!(self.way[self.done - 1], Step::Each)
    }

    fn reject<E: Error>(self) -> Result<(), E> {
        if self.is_top() {
            return Err(E::custom("not a request"));
        }
        self.tally.rejected += 1;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an OTLP request")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let step = self.way.get(self.done);
        let mut leads_on = false;
        while let Some(key) = object.next_key::<Cow<'_, str>>()? {
            if step.is_some_and(|step| step.is_at(&key)) {
                leads_on = true;
                object.next_value_seed(self.next())?;
            } else if self.is_top() {
                return Err(A::Error::custom("an unknown key"));
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        match step {
            None => self.tally.taken += 1,
            // What is absent is an empty list.
            Some(Step::Key(_)) => {}
            Some(Step::OneOf(_)) if leads_on => {}
            Some(Step::OneOf(_) | Step::Each) => return self.reject(),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if matches!(self.way.get(self.done), Some(Step::Each)) {
            while list.next_element_seed(self.next())?.is_some() {}
            return Ok(());
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.reject()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.is_element() || self.done == 0 {
            return self.reject();
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.reject()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.reject()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.reject()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.reject()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.reject()
    }
}

#[cfg(test)]
mod tests;
