//! The group and the value that a match has for one consumer.

use crate::matched::MatchValue;
use crate::ruleset::{Consumer, Source};

/// A list in a group-by field puts the event into one group per member, up to this many in all.
const GROUPS_MAX: usize = 16;

/// What a consumer gets of one event.
pub(crate) struct Parts {
    pub(crate) groups: Vec<Vec<(String, String)>>,
    pub(crate) value: Option<MatchValue>,
}

/// None where the event lacks a field that the consumer needs: such an event is in no group.
pub(crate) fn of(consumer: &Consumer, field: impl Fn(&str, &mut Vec<String>)) -> Option<Parts> {
    let values = |source: &Source| {
        let mut values = Vec::new();
        source
            .paths
            .iter()
            .for_each(|path| field(path, &mut values));
        values.sort_unstable();
        values.dedup();
        (!values.is_empty()).then_some(values)
    };
    let mut groups = vec![Vec::new()];
    for source in &consumer.group {
        let values = values(source)?;
        groups = product(&groups, &values, |group: &Vec<(String, String)>, value| {
            let mut group = group.clone();
            group.push((source.name.clone(), value.clone()));
            group
        });
    }
    let value = if consumer.values.is_empty() {
        None
    } else if consumer.numeric {
        let values = values(consumer.values.first()?)?;
        let number = values.first()?.trim().parse::<f64>().ok();
        Some(MatchValue::Number(
            number.filter(|number| number.is_finite())?,
        ))
    } else {
        // Several fields count as one value: the tuple. Its parts are told apart by a length.
        let mut tuples = vec![String::new()];
        for source in &consumer.values {
            let values = values(source)?;
            tuples = product(&tuples, &values, |tuple: &String, value| {
                format!("{tuple}{}:{value}", value.len())
            });
        }
        Some(MatchValue::Distinct(tuples))
    };
    Some(Parts { groups, value })
}

fn product<T>(left: &[T], right: &[String], join: impl Fn(&T, &String) -> T) -> Vec<T> {
    let pairs = left
        .iter()
        .flat_map(|left| right.iter().map(move |right| (left, right)));
    pairs
        .take(GROUPS_MAX)
        .map(|(left, right)| join(left, right))
        .collect()
}
