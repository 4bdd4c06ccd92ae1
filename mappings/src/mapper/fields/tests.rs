use std::collections::BTreeSet;

use super::super::Mapper;

fn holds(program: &str, given: Option<&[&str]>, path: &str) -> bool {
    let mapper = Mapper::compile("a.vrl", program).expect("it compiles");
    let given: Option<BTreeSet<&str>> = given.map(|given| given.iter().copied().collect());
    mapper.fields(given.as_ref()).may_hold(path)
}

#[test]
fn a_program_that_writes_the_whole_draft_can_leave_nothing_else() {
    let program = r#"
        name = string(.who) ?? ""
        . = { "user": { "name": name }, "list": [{ "id": .id }], "rest": .rest, "event": {} }
        if name != "" { .event.action = "login" }
    "#;
    for (path, expected) in [
        ("user.name", true),
        ("user", true),
        ("user.nmae", false),
        ("list.id", true),
        ("list.name", false),
        ("rest.any.thing", true),
        ("event.action", true),
        ("event.outcome", false),
        ("who", false),
    ] {
        assert_eq!(holds(program, None, path), expected, "{path}");
    }
}

#[test]
fn what_is_not_taken_away_can_stay() {
    assert!(holds(".event.action = del(.what)", None, "anything"));
    let given: &[&str] = &["github", "user.name"];
    let program = ".event.action = \"a\"";
    assert!(holds(program, Some(given), "github.anything"));
    assert!(holds(program, Some(given), "user.name"));
    assert!(!holds(program, Some(given), "user.email"));
    assert!(!holds(program, Some(given), "anything"));
}

#[test]
fn what_a_closure_assigns_is_possible() {
    let program = r#"
        . = { "ids": .ids, "last": {} }
        for_each(array(.ids) ?? []) -> |_index, id| { .last.id = id }
    "#;
    assert!(holds(program, None, "last.id"));
}
