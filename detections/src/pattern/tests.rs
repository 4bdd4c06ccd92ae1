use super::*;

fn holds(pattern: &str, text: &str) -> bool {
    glob(Pattern::parse(pattern).pieces(), text)
}

#[test]
fn escapes_follow_the_specification() {
    // Rules specification, "Escape Character".
    for (pattern, text, expected) in [
        (r"\*", "*", true),
        (r"\*", "x", false),
        (r"\?", "?", true),
        (r"\?", "x", false),
        (r"\\*", r"\anything", true),
        (r"\\*", "anything", false),
        (r"\\\*", r"\*", true),
        (r"\\\*", r"\x", false),
        (r"\\\\", r"\\", true),
        (r"C:\Windows\x", r"C:\Windows\x", true),
        (r"a\", r"a\", true),
    ] {
        assert_eq!(holds(pattern, text), expected, "{pattern} on {text}");
    }
}

#[test]
fn wildcards_are_any_run_and_exactly_one() {
    // Rules specification, "String Wildcard".
    for (pattern, text, expected) in [
        ("a*b", "ab", true),
        ("a*b", "axxb", true),
        ("a*b", "axxbc", false),
        ("a?b", "ab", false),
        ("a?b", "aéb", true),
        ("*?", "", false),
        ("*a*b*a*", "xxaybza", true),
        ("*aab", "aaab", true),
        ("", "", true),
        ("", "x", false),
    ] {
        assert_eq!(holds(pattern, text), expected, "{pattern} on {text}");
    }
}

#[test]
fn shapes_are_recognized() {
    let shape = |text: &str| format!("{:?}", Pattern::parse(text).shape());
    assert_eq!(shape("a"), r#"Equals("a")"#);
    assert_eq!(shape("a**"), r#"StartsWith("a")"#);
    assert_eq!(shape(r"*\\a"), r#"EndsWith("\\a")"#);
    assert_eq!(shape("*a*"), r#"Contains("a")"#);
    assert_eq!(shape("**"), "Anything");
}
