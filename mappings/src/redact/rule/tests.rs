use super::*;

#[test]
fn stray_braces_are_literals_as_in_go() {
    for (pattern, text) in [
        (r"\$?{{[^}]+}}", "${{ x }}"),
        (r"^\${(?:[A-Z_]+)}$", "${HOME}"),
        (r"a{2}b{1,}c{1,2}", "aabcc"),
        (r"[{]x{", "{x{"),
        (r"\x{41}", "A"),
    ] {
        let compiled = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert!(compiled.is_match(text.as_bytes()), "{pattern}");
    }
    assert!(compile("(").is_err());
}

#[test]
fn lengths_are_of_bytes() {
    assert_eq!(length_max("ghp_[0-9a-z]{36}"), Some(40));
    assert_eq!(length_max("ghp_[0-9a-z]{36,}"), None);
}

#[test]
fn tails_end_where_a_token_ends() {
    let text = b"abc-_9.def. +/= x";
    assert_eq!(Tail::Word.extend(text, 0), 6);
    assert_eq!(Tail::Dotted.extend(text, 0), 10);
    assert_eq!(Tail::Base64.extend(text, 12), 15);
    assert_eq!(Tail::None.extend(text, 0), 0);
}
