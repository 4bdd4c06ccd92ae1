//! The index decides every event as the naive evaluator does.
//!
//! Rules and events are drawn from one small alphabet, so that they meet often, and go the whole
//! way that a user's do: YAML text, compiler, plan; JSON text, parser, matcher. The other side is
//! the explanation of each rule, which walks the condition and looks every field up by itself.

#![no_main]

use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use chaperone_detections::{FieldAliases, Lists, Matcher, RuleFile, RuleSet, explain};
use chaperone_mappings::value;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value as Json, json};

const FIELDS: &[&str] = &["a", "b", "a.b", "a.b.c", "c", "c.a"];
const MODIFIERS: &[&str] = &[
    "",
    "",
    "",
    "|contains",
    "|startswith",
    "|endswith",
    "|contains|all",
    "|cased",
    "|contains|cased",
    "|re",
    "|re|i",
    "|cidr",
    "|gt",
    "|lte",
    "|exists",
    "|fieldref",
    "|windash|contains",
    "|neq",
    "|base64offset|contains",
    "|wide|base64",
    "|hour",
    "|fieldref|endswith",
];
const WORDS: &[&str] = &[
    "a",
    "b",
    "ab",
    "ba",
    "aB",
    "*a",
    "a*",
    "*a*",
    "a?b",
    "\\*",
    "\\\\",
    "é",
    "É",
    "ß",
    "-a /b",
    "7",
    "7.5",
    "-1",
    "true",
    "false",
    "null",
    "''",
    "10.0.0.1",
    "10.0.0.0/8",
    "::1",
    "2026-03-05T07:00:00Z",
    "a+b",
    "^a",
    "b$",
    "(ab|ba)x?",
    "[ab]{2}",
    "a.*b",
    "aaaa",
    "abab",
    "YQ",
];
const CONDITIONS: &[&str] = &[
    "s0",
    "s0 and s1",
    "s0 or s1",
    "not s0",
    "s0 and not s1",
    "1 of s*",
    "all of s*",
    "1 of them",
    "all of them",
    "not (s0 or s1)",
    "not 1 of s*",
    "(s0 or not s1) and s0",
];

/// Rules as YAML, events as JSON.
#[derive(Debug)]
struct Case {
    rules: Vec<String>,
    events: Vec<Json>,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let rules = (0..input.int_in_range(1..=4)?).map(|number| rule(input, number));
        let rules = rules.collect::<arbitrary::Result<_>>()?;
        let events = (0..input.int_in_range(1..=3)?).map(|_| event(input, 3));
        let events = events.collect::<arbitrary::Result<_>>()?;
        Ok(Self { rules, events })
    }
}

fn rule(input: &mut Unstructured<'_>, number: u32) -> arbitrary::Result<String> {
    let mut text = format!(
        "title: rule {number}\nid: 00000000-0000-4000-8000-00000000000{number}\nlogsource:\n  product: x\ndetection:\n"
    );
    for selection in 0..2 {
        text.push_str(&format!("  s{selection}:\n"));
        if input.ratio(1, 6)? {
            let all = if input.ratio(1, 3)? {
                "    '|all':\n"
            } else {
                ""
            };
            text.push_str(all);
            for _ in 0..input.int_in_range(1..=3)? {
                text.push_str(&format!("      - '{}'\n", quoted(input)?));
            }
            continue;
        }
        let list = input.ratio(1, 4)?;
        for item in 0..input.int_in_range(1..=3)? {
            let (field, modifier) = (input.choose(FIELDS)?, input.choose(MODIFIERS)?);
            let mark = if list { "- " } else { "" };
            // Keys of one mapping must differ; another field's name keeps them apart.
            let field = if list {
                (*field).to_owned()
            } else {
                FIELDS[(item + number as usize) % 6].to_owned()
            };
            text.push_str(&format!("    {mark}{field}{modifier}:"));
            if input.ratio(1, 3)? || *modifier == "|contains|all" {
                text.push('\n');
                for _ in 0..input.int_in_range(2..=3)? {
                    text.push_str(&format!("        - '{}'\n", quoted(input)?));
                }
            } else if input.ratio(1, 3)? {
                text.push_str(&format!(
                    " {}\n",
                    input.choose(&["7", "7.5", "true", "null", "''", "-1"])?
                ));
            } else {
                text.push_str(&format!(" '{}'\n", quoted(input)?));
            }
        }
    }
    text.push_str(&format!("  condition: {}\n", input.choose(CONDITIONS)?));
    Ok(text)
}

/// A word for between single quotes.
fn quoted(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let mut word = (*input.choose(WORDS)?).to_owned();
    if input.ratio(1, 4)? {
        word.push_str(input.choose(WORDS)?);
    }
    Ok(word.replace('\'', "''"))
}

fn event(input: &mut Unstructured<'_>, depth: usize) -> arbitrary::Result<Json> {
    let mut map = Map::new();
    for _ in 0..input.int_in_range(0..=4)? {
        let key = *input.choose(&["a", "b", "c", "a.b", "a.b.c", "b.c", "x"])?;
        map.insert(key.to_owned(), node(input, depth)?);
    }
    Ok(Json::Object(map))
}

fn node(input: &mut Unstructured<'_>, depth: usize) -> arbitrary::Result<Json> {
    if depth > 0 && input.ratio(1, 4)? {
        return event(input, depth - 1);
    }
    if depth > 0 && input.ratio(1, 4)? {
        let items = (0..input.int_in_range(0..=3)?).map(|_| node(input, depth - 1));
        return Ok(Json::Array(items.collect::<arbitrary::Result<_>>()?));
    }
    Ok(match input.int_in_range(0..=9)? {
        0 => json!(input.int_in_range(-2..=10)?),
        1 => json!(7.5),
        2 => json!(7.0),
        3 => Json::Null,
        4 => json!(true),
        5 => json!(format!("{}{}", input.choose(WORDS)?, input.choose(WORDS)?)),
        6 => json!(String::arbitrary(input)?),
        _ => json!(input.choose(WORDS)?),
    })
}

fuzz_target!(|case: Case| {
    let files: Vec<RuleFile> = case
        .rules
        .iter()
        .enumerate()
        .map(|(number, text)| RuleFile {
            path: format!("{number}.yml"),
            text: text.clone(),
        })
        .collect();
    let (rules, _) = RuleSet::compile_lenient(&files, &Lists::default(), &FieldAliases::default());
    let rules = Arc::new(rules);
    // One matcher for all events: nothing of one event may be left for the next.
    let mut matcher = Matcher::new(Arc::clone(&rules));
    for event in &case.events {
        let json = event.to_string();
        let body = value::parse(json.as_bytes()).expect("it was JSON");
        let held = matcher.rules_that_hold(&body).to_vec();
        let read = matcher.rules_that_hold_in(&json).expect("it was JSON");
        assert_eq!(read, held, "{json}\n{case:#?}");
        for meta in rules.rules() {
            let index = rules.find(&meta.id).expect("a rule is found by its id");
            let naively = explain::explain(&rules, index, &body);
            assert_eq!(
                held.contains(&index),
                naively.holds,
                "{naively}\n{event}\n{case:#?}"
            );
        }
    }
});
