use super::super::testing::{dice::Dice, fill};
use super::super::{Redactor, RedactorConfig};
use super::*;

/// The examples of every rule are found by that rule, whole, and its counter-examples by none.
#[test]
fn rules_do_what_their_examples_say() {
    let (redactor, _) = Redactor::new(RedactorConfig::default()).expect("the pack compiles");
    let mut scratch = redactor.scratch();
    let mut dice = Dice::new(21);
    let rules = load().expect("the pack has no problems");
    assert!(rules.len() >= 70);
    let table: toml::Table = TEXT.parse().expect("TOML");
    for (entry, rule) in table["rule"].as_array().expect("rules").iter().zip(&rules) {
        let examples = entry["examples"].as_array().expect("examples");
        assert!(!examples.is_empty(), "{} has no example", rule.id);
        for example in examples {
            let text = fill(example.as_str().expect("a string"), &mut dice);
            let (before, rest) = text.split_once("<<").unwrap_or(("", &text));
            let (secret, after) = rest.split_once(">>").unwrap_or((rest, ""));
            let plain = format!("{before}{secret}{after}");
            let from = memchr::memmem::find(plain.as_bytes(), secret.as_bytes()).expect("a part");
            let hit = (0..=from)
                .filter_map(|at| rule.find(plain.as_bytes(), at, plain.len()))
                .find(|hit| hit.start <= from && hit.end >= from + secret.len());
            assert!(hit.is_some(), "{} does not match {plain}", rule.id);
        }
        for other in entry["others"].as_array().expect("others") {
            let other = other.as_str().expect("a string");
            let sealed = redactor.seal_text(other.as_bytes(), &mut scratch);
            assert_eq!(sealed, None, "{}: {other}", rule.id);
        }
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let text = "[[rule]]\nid = \"x\"\nkeyword = [\"a\"]\npattern = '('\nclass = \"tokn\"\n";
    let problems = parse("p.toml", text).expect_err("mistakes");
    let places: Vec<(usize, usize)> = problems.iter().map(|p| (p.line, p.column)).collect();
    assert!(
        places.contains(&(3, 1)) && places.contains(&(4, 11)),
        "{problems:?}"
    );
}
