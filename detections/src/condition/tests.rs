use super::*;

fn shown(condition: &Condition) -> String {
    let list = |parts: &[Condition], word: &str| {
        let parts: Vec<_> = parts.iter().map(shown).collect();
        format!("({})", parts.join(word))
    };
    match condition {
        Condition::And(parts) => list(parts, "&"),
        Condition::Or(parts) => list(parts, "|"),
        Condition::Not(inner) => format!("!{}", shown(inner)),
        Condition::Name(name, _) => name.clone(),
        Condition::Of { all, pattern, .. } => {
            format!("{}[{pattern}]", if *all { "all" } else { "any" })
        }
    }
}

#[test]
fn precedence_is_or_and_not_of() {
    // Rules specification, "Condition".
    for (text, expected) in [
        ("a or b and not c", "(a|(b&!c))"),
        ("not a and b", "(!a&b)"),
        ("not 1 of sel_* or all of them", "(!any[sel_*]|all[them])"),
        ("(a or b) and c", "((a|b)&c)"),
        ("any of them", "any[them]"),
        ("a AND b", "(a&b)"),
        ("not not a", "!!a"),
    ] {
        let parsed = parse(text).map(|condition| shown(&condition));
        assert_eq!(parsed.as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn errors_point_at_the_character() {
    for (text, at) in [
        ("a and", 5),
        ("a b", 2),
        ("(a", 0),
        ("a)", 1),
        ("2 of sel*", 0),
        ("1 of", 4),
        ("a | count() > 5", 2),
        ("and a", 0),
        ("", 0),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.at, at, "{text}: {}", error.message);
    }
}

#[test]
fn depth_is_bounded() {
    let text = format!("{}a", "not ".repeat(10_000));
    assert!(parse(&text).is_err());
    let text = format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(parse(&text).is_err());
}
