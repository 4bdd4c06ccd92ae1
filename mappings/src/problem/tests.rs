use super::*;

#[test]
fn a_position_counts_lines_and_characters_from_one() {
    assert_eq!(position("ab\ncd", 0), (1, 1));
    assert_eq!(position("ab\nüd", 5), (2, 2));
    assert_eq!(position("ab", 99), (1, 3));
}

#[test]
fn toml_errors_carry_their_place() {
    let problem = read_toml::<toml::Table>("a.toml", "x = 1\ny = [\n").unwrap_err();
    assert_eq!((problem.path.as_str(), problem.line), ("a.toml", 2));
    assert!(problem.to_string().starts_with("a.toml:2:"), "{problem}");
}
