use super::super::testing::dice::Dice;
use super::super::{FingerprintKey, Redactor, RedactorConfig};
use super::*;

fn redactor(files: &[(&str, &str)]) -> Result<(Redactor, Vec<String>), Vec<Problem>> {
    Redactor::new(RedactorConfig {
        gitleaks: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect(),
        builtin: false,
        key: FingerprintKey::fixed(),
    })
}

fn seal(redactor: &Redactor, text: &str) -> String {
    redactor
        .seal_text(text.as_bytes(), &mut redactor.scratch())
        .map_or_else(
            || text.to_owned(),
            |out| String::from_utf8(out).expect("text"),
        )
}

const ACME: &str = r#"
title = "acme"
[[rules]]
id = "acme-key"
regex = '''(?i)acme[_-]?key\s*=\s*"?(x?)([a-z0-9]{12})"?'''
secretGroup = 2
entropy = 2.0
keywords = ["acme"]
[[rules.allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''test''']
stopwords = ["dummy"]
[allowlist]
stopwords = ["sample"]
"#;

#[test]
fn groups_entropy_and_allowlists_mean_what_they_mean_there() {
    let (redactor, notes) = redactor(&[("a.toml", ACME)]).expect("loads");
    assert!(notes.is_empty(), "{notes:?}");
    let secret = Dice::new(1).text("abcdef0123456789", 12);
    let out = seal(
        &redactor,
        &format!("ACME_KEY = \"{secret}\" # gitleaks:allow"),
    );
    assert!(
        out.starts_with("ACME_KEY = \"[REDACTED:acme-key:k0:")
            && out.ends_with(":12]\" # gitleaks:allow")
    );
    for kept in [
        "acme_key = aaaaaaaaaaaa",
        "acme_key = sample4f9c2e",
        "acme_key = dummy94f9c2e # test",
    ] {
        assert_eq!(seal(&redactor, kept), kept);
    }
    // One of two conditions is not enough.
    assert!(seal(&redactor, "acme_key = dummy94f9c2e").contains("[REDACTED:acme-key"));
}

#[test]
fn a_file_can_extend_another_one() {
    let child = "[extend]\npath = \"a.toml\"\n[[rules]]\nid = \"acme-key\"\n[rules.allowlist]\nstopwords = [\"4f9\"]\n";
    let files = [("c.toml", child), ("dir/a.toml", ACME)];
    let (redactor, _) = redactor(&files).expect("loads");
    assert_eq!(
        seal(&redactor, "acme_key = 04f9c2e7a1b8"),
        "acme_key = 04f9c2e7a1b8"
    );
    assert!(seal(&redactor, "acme_key = 05f9c2e7a1b8").contains("[REDACTED:acme-key"));
    assert_eq!(extends(child).as_deref(), Some("a.toml"));
}

#[test]
fn a_file_can_do_without_rules_that_it_extends() {
    let child = "[extend]\npath = \"a.toml\"\ndisabledRules = [\"acme-key\"]\n";
    let (redactor, _) = redactor(&[("c.toml", child), ("a.toml", ACME)]).expect("loads");
    assert_eq!(
        seal(&redactor, "acme_key = 05f9c2e7a1b8"),
        "acme_key = 05f9c2e7a1b8"
    );
}

#[test]
fn what_is_not_supported_is_named() {
    let text = "[extend]\nuseDefault = true\n[[rules]]\nid = \"p\"\npath = 'x'\n[[rules]]\nid = \"q\"\nregex = 'q'\nvalidate = 1\n[[rules.required]]\nid = \"p\"\n";
    let (_, notes) = redactor(&[("a.toml", text)]).expect("loads");
    for part in [
        "useDefault",
        "rule p",
        "`validate`",
        "`required`",
        "no keywords",
    ] {
        assert!(
            notes.iter().any(|note| note.contains(part)),
            "{part}: {notes:?}"
        );
    }
}

#[test]
fn all_mistakes_come_in_one_go_with_their_places() {
    let text = "[[rules]]\nid = \"a\"\nregex = '('\n[[rules]]\nregex = 'x'\n[[allowlists]]\ncondition = \"XOR\"\n";
    let problems = redactor(&[("a.toml", text)]).expect_err("mistakes");
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(
        lines.iter().any(|line| line.starts_with("a.toml:3:9: ")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with("a.toml:4:")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with("a.toml:7:13: ")),
        "{lines:?}"
    );
}
