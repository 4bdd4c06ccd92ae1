//! Every error names its place and what to write instead, and all errors come in one go.

use super::*;

const HEAD: &str = "title: t\nid: i\nlogsource:\n    product: p\n";

fn problems(text: &str) -> Vec<String> {
    let file = RuleFile {
        path: "r.yml".into(),
        text: text.into(),
    };
    let (_, problems) = super::file(&file, &Lists::default());
    problems.iter().map(ToString::to_string).collect()
}

/// The only problem of a rule with this detection; lines count from `detection:`, which is line 5.
#[track_caller]
fn only(detection: &str, expected: &str) {
    let found = problems(&format!("{HEAD}detection:\n{detection}"));
    assert_eq!(found, [format!("r.yml:{expected}")], "{detection}");
}

#[test]
fn conditions_are_exact_to_the_column() {
    only(
        "    sel:\n        a: 1\n    condition: sel and other\n",
        "8:24: no selection is called `other`; there is sel",
    );
    only(
        "    sel:\n        a: 1\n    condition: 'sel or 1 of x*'\n",
        "8:29: no selection's name fits `x*`; there is sel",
    );
    only(
        "    sel:\n        a: 1\n    condition: sel | count() > 5\n",
        "8:20: aggregations after `|` were removed in Sigma 2; write a correlation (`correlation:` with `type: event_count`) instead",
    );
    only(
        "    sel:\n        a: 1\n    condition:\n        - sel\n        - sel)\n",
        "10:14: this `)` closes nothing; remove it",
    );
}

#[test]
fn modifiers_say_what_to_write() {
    for (line, expected) in [
        (
            "a|equals: 1",
            "7:9: unknown modifier `equals`; leave it out: a value alone means equal",
        ),
        (
            "a|re: '(?=x)y'",
            "7:9: this regular expression is not supported: look-around, including look-ahead and look-behind, is not supported; write a second selection for what must not be there, and `and not` it in the condition",
        ),
        ("a|i: x", "7:9: `i` is a flag of `re`; write `re|i`"),
        (
            "a|cidr: 10.0.0.0/40",
            "7:9: expected an address range such as 10.0.0.0/8 or fe80::/10",
        ),
        (
            "a|base64: 'x*y'",
            "7:9: `base64` cannot encode a wildcard; escape it or write the text without it",
        ),
        ("a|gt: x", "7:9: `gt` needs a number"),
        ("a|exists: maybe", "7:9: `exists` needs true or false"),
        (
            "a|expand: '%x%'",
            "7:19: the placeholder %x% has no values; give a list of that name",
        ),
        (
            "a: []",
            "7:9: an empty list can never match; write a value, or null for an absent field",
        ),
        ("a: {b: c}", "7:12: expected a value here, found a mapping"),
        (
            "a|contains: null",
            "7:9: null has no text; test for it without a modifier",
        ),
        (
            "a|re|contains: x",
            "7:9: contains, startswith and endswith act on text, not on this comparison",
        ),
    ] {
        only(
            &format!("    sel:\n        {line}\n    condition: sel\n"),
            expected,
        );
    }
}

#[test]
fn what_is_legal_but_wrong_is_a_warning() {
    only(
        "    sel:\n        a: 1\n    unused:\n        b: 1\n    condition: sel\n",
        "8:5: warning: `unused` is not used by the condition",
    );
    only(
        "    sel:\n        a|contains|all: x\n    condition: sel\n",
        "7:9: warning: `all` with a single value changes nothing; remove it",
    );
    let found = problems(
        "title: t\nlogsource:\n    definition: x\ndetection:\n    s:\n        a: 1\n    condition: s\n",
    );
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn all_problems_of_all_documents_come_at_once() {
    let text = format!(
        "{HEAD}level: extreme\ndetection:\n    sel:\n        a|nope: 1\n        a|nope: 2\n    condition: sel and\n---\ntitle: second\nid: j\nlogsource: {{product: p}}\ndetection: {{sel: {{b: 1}}, condition: sel}}\n---\n- not\n- a rule\n"
    );
    let found = problems(&text);
    for expected in [
        "5:8: unknown level",
        "8:9: unknown modifier",
        "9:9: `a|nope` is written twice",
        "10:23: the condition ends here",
        "17:1: expected a mapping",
    ] {
        assert!(
            found
                .iter()
                .any(|line| line.starts_with(&format!("r.yml:{expected}"))),
            "{expected}\n{found:#?}"
        );
    }
    let file = RuleFile {
        path: "r.yml".into(),
        text,
    };
    assert_eq!(
        super::file(&file, &Lists::default()).0.len(),
        1,
        "the second document is right"
    );
}

#[test]
fn broken_yaml_keeps_what_stood_before_it() {
    let text = format!(
        "{HEAD}detection:\n    sel:\n        a: 1\n    condition: sel\n---\ntitle: [unclosed\n"
    );
    let file = RuleFile {
        path: "r.yml".into(),
        text,
    };
    let (documents, problems) = super::file(&file, &Lists::default());
    assert_eq!(documents.len(), 1);
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.starts_with("not valid YAML"))
    );
}

#[test]
fn hostile_yaml_is_bounded() {
    let deep = format!("{}x{}", "[".repeat(5000), "]".repeat(5000));
    assert!(!problems(&deep).is_empty());
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for level in 1..30 {
        bomb += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
    }
    assert!(
        problems(&bomb)
            .iter()
            .any(|line| line.contains("aliases expand"))
    );
    for text in ["", "---\n---\n", "\u{0}", "? [a]\n: b\n", "\t", "a: *x"] {
        assert!(!problems(text).is_empty(), "{text:?}");
    }
}

#[test]
fn correlations_are_checked() {
    let with = |body: &str| {
        problems(&format!("title: t\nid: i\ncorrelation:\n{body}"))
            .into_iter()
            .map(|line| line.trim_start_matches("r.yml:").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        with("    type: often\n    rules: a\n    timespan: 1m\n").len(),
        1
    );
    let found =
        with("    type: event_count\n    rules: [a]\n    timespan: 5 minutes\n    window: x\n");
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found.contains(&"6:15: `timespan` is a number and a unit: 30s, 10m, 2h or 7d".to_owned())
    );
    let found =
        with("    type: value_count\n    rules: [a]\n    timespan: 1m\n    condition: {gte: 1}\n");
    assert_eq!(found, ["7:5: this type needs `field` in its condition"]);
    let found = with(
        "    type: temporal\n    rules: [a, b]\n    timespan: 1m\n    condition: a and not d\n",
    );
    assert_eq!(found, ["7:26: `d` is not among the correlation's rules"]);
    let found = with(
        "    type: temporal_ordered\n    rules: [a, b]\n    timespan: 1m\n    condition: a or b\n",
    );
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(with("    type: temporal\n    timespan: 1m\n    condition: a and b\n").is_empty());
}

#[test]
fn a_problem_is_on_a_line_that_is_there() {
    let whole =
        "title: a\ndetection:\n    sel:\n        'a b': 1\n    condition: sel\n? x\n: y\n\"k";
    for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let text = &whole[..end];
        let file = RuleFile {
            path: "cut.yml".into(),
            text: text.into(),
        };
        let lines = text.lines().count().max(1);
        let (_, problems) = crate::parse::file(&file, &crate::Lists::default());
        for problem in problems {
            assert!(
                problem.line <= lines && problem.column >= 1,
                "{problem}\n{text}"
            );
        }
    }
}
