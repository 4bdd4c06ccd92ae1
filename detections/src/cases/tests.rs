use super::*;
use crate::{FieldAliases, Lists, RuleFile};

const RULES: &str = "title: failed\nid: failed\nname: failed\nlogsource:\n    category: authentication\ndetection:\n    sel:\n        event.outcome: failure\n        event.category: authentication\n    condition: sel\n---\ntitle: spike\nid: spike\ncorrelation:\n    type: event_count\n    rules: [failed]\n    group-by: [user.name]\n    timespan: 5m\n    condition:\n        gte: 3\n";

const CASES: &str = "
cases:
  - name: three in five minutes
    events:
      - {event.outcome: failure, event: {category: [authentication]}, user.name: a}
      - {at: 2m, event.outcome: failure, event.category: authentication, user: {name: a}}
      - {at: 4m, event.outcome: failure, event.category: authentication, user.name: a}
    expect: {alerts: 1}
  - name: too slow
    events:
      - {at: 0, event.outcome: failure, event.category: authentication, user.name: a}
      - {at: 2m, event.outcome: failure, event.category: authentication, user.name: a}
      - {at: 6m, event.outcome: failure, event.category: authentication, user.name: a}
    expect: none
  - name: wrong on purpose
    events:
      - {event.outcome: success, event.category: authentication, user.name: a}
    expect: match
";

fn rules() -> Arc<RuleSet> {
    let file = RuleFile {
        path: "spike.yml".into(),
        text: RULES.into(),
    };
    let compiled = RuleSet::compile(&[file], &Lists::default(), &FieldAliases::default());
    Arc::new(compiled.expect("the rules are right").0)
}

#[test]
fn cases_pass_or_say_what_was_missing() {
    let file = RuleFile {
        path: "spike.cases.yml".into(),
        text: CASES.into(),
    };
    let cases = read(&file).expect("the cases are right");
    let results = run(&rules(), "spike.yml", &cases);
    assert_eq!(results[0].difference, None);
    assert_eq!(results[1].difference, None);
    assert_eq!(
        results[2].difference.as_deref(),
        Some(
            "expected a match, got 0 alerts\n  event 1, failed: did not hold, for want of: event.outcome equals"
        )
    );
    assert_eq!(results[2].line, 15);
    let strangers = run(&rules(), "other.yml", &cases);
    assert!(strangers.iter().all(|result| result.difference.is_some()));
}

#[test]
fn every_problem_of_a_cases_file_is_named() {
    let text = "cases:\n  - name: x\n    events: [{at: soon}]\n    expect: maybe\n  - events: []\n    expect: none\n  - name: y\n    events: [{at: soon}]\n    expect: none\n    extra: 1\n";
    let file = RuleFile {
        path: "c.yml".into(),
        text: text.into(),
    };
    let problems = read(&file).expect_err("there are problems");
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "c.yml:4:13: `expect` is `match`, `none` or `alerts: N`",
            "c.yml:5:5: `name` is missing; say what the case shows",
            "c.yml:10:5: a case has `name`, `rule`, `events` and `expect`",
            "c.yml:8:19: `at` is a distance like `5m` or a time like 2026-01-05T12:00:00Z",
        ]
    );
}
