use super::*;
use crate::value::{parse, write_json};

fn compile(text: &str) -> Result<Mapper, Vec<String>> {
    Mapper::compile("m/a/b/mapping.vrl", text)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn run(program: &str, item: &str) -> Result<String, MapError> {
    let mapper = compile(program).expect("the test's program");
    let mut item = parse(item.as_bytes()).expect("the test's JSON");
    let mut metadata = parse(br#"{"headers":{"x-kind":"k"}}"#).expect("JSON");
    mapper.run(&mut Machine::default(), &mut item, &mut metadata)?;
    let mut out = Vec::new();
    write_json(&item, &mut out);
    Ok(String::from_utf8(out).expect("JSON is UTF-8"))
}

#[test]
fn the_item_becomes_the_draft_in_place() {
    let program = r#". = {"a": del(.x), "kind": %headers."x-kind", "rest": del(.)}"#;
    let draft = run(program, r#"{"x":1,"y":2}"#).unwrap();
    assert_eq!(draft, r#"{"a":1,"kind":"k","rest":{"y":2}}"#);
}

#[test]
fn variables_do_not_outlive_an_item() {
    let mapper = compile("if .set == true { kept = .v }\n.kept = kept ?? null");
    assert!(
        mapper.is_err(),
        "a variable that may be unset does not even compile"
    );
    let mapper = compile("kept = .v\n.kept = kept").expect("the test's program");
    let mut machine = Machine::default();
    for text in [r#"{"v":1}"#, r#"{"w":1}"#] {
        let mut item = parse(text.as_bytes()).expect("the test's JSON");
        let ran = mapper.run(&mut machine, &mut item, &mut Value::Null);
        assert_eq!(ran, Ok(()));
        assert_eq!(
            crate::value::lookup(&item, "kept").is_some_and(Value::is_null),
            text.contains('w')
        );
    }
}

#[test]
fn every_problem_of_a_program_is_named_at_its_place() {
    let problems = compile("a = parse_json(.x)\n.b = to_int(.y)\n")
        .err()
        .unwrap();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].starts_with("m/a/b/mapping.vrl:1:"),
        "{}",
        problems[0]
    );
    assert!(
        problems[1].starts_with("m/a/b/mapping.vrl:2:"),
        "{}",
        problems[1]
    );
    let problems = compile(". = {\n  \"a\": ,\n  \"b\": 1,\n  \"c\": 2\n}")
        .err()
        .unwrap();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].starts_with("m/a/b/mapping.vrl:2:8: syntax error"),
        "{}",
        problems[0]
    );
}

#[test]
fn a_failing_program_says_where_and_never_what() {
    let failed = run(".a = 1\n.b = int!(.x)", r#"{"x":"secret-content"}"#).unwrap_err();
    assert_eq!(failed.code, RefusalCode::MappingFailed);
    assert_eq!(failed.detail, "m/a/b/mapping.vrl:2:6");
    let failed = run("if exists(.x) { abort }", r#"{"x":"secret-content"}"#).unwrap_err();
    assert_eq!(failed.detail, "m/a/b/mapping.vrl:1:17");
    let program = "assert!(false, message: \"of \" + string!(.x))";
    let failed = run(program, r#"{"x":"secret-content"}"#).unwrap_err();
    assert!(
        !failed.detail.contains("secret-content"),
        "{}",
        failed.detail
    );
}

#[test]
fn a_program_without_end_is_stopped() {
    let numbers: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
    let item = format!(r#"{{"list":[{}]}}"#, numbers.join(","));
    let program = "l = array!(.list)\nsum = 0\nfor_each(l) -> |_i, _v| { for_each(l) -> |_j, _w| { sum = sum + 1 } }\n.sum = sum";
    let stopped = run(program, &item).unwrap_err();
    assert_eq!(stopped.code, RefusalCode::MappingLimit);
}

#[test]
fn nothing_but_the_item_decides_the_draft() {
    for call in [
        "now()",
        "uuid_v4()",
        "random_int!(0, 9)",
        "get_hostname!()",
        "get_env_var!(\"HOME\")",
    ] {
        let problems = compile(&format!(".a = {call}")).err().unwrap_or_default();
        assert!(!problems.is_empty(), "{call} compiles");
    }
    assert!(
        compile("%headers = {}").is_err(),
        "the metadata is read-only"
    );
}
