use std::ffi::OsString;

use serde::Deserialize;

use super::{Secret, SecretError, SecretRef};

#[derive(Deserialize, Debug)]
struct Config {
    token: SecretRef,
}

/// Looks like a token, and is put together here so that no scanner takes this file for a leak.
fn fake_token() -> String {
    format!("{}_{}", "ghp", "Zq3".repeat(12))
}

fn parse(value: &str) -> Result<SecretRef, String> {
    toml::from_str::<Config>(&format!("token = {value}"))
        .map(|config| config.token)
        .map_err(|error| error.message().to_owned())
}

#[test]
fn a_reference_is_read() {
    assert_eq!(
        parse(r#"{ env = "HEC_TOKEN" }"#),
        Ok(SecretRef::Env("HEC_TOKEN".into()))
    );
    assert_eq!(
        parse(r#"{ file = "/run/x" }"#),
        Ok(SecretRef::File("/run/x".into()))
    );
}

#[test]
fn an_inline_secret_is_refused_and_not_quoted() {
    let token = fake_token();
    for value in [
        format!("\"{token}\""),
        format!("{{ value = \"{token}\" }}"),
        format!("{{ {token} = 1 }}"),
        format!("{{ env = [\"{token}\"] }}"),
        format!("{{ env = \"A\", file = \"{token}\" }}"),
        format!("[\"{token}\"]"),
        "48151623".to_owned(),
        "{ env = 48151623 }".to_owned(),
        "{ env = 4.8151623 }".to_owned(),
        "{}".to_owned(),
        "{ env = \"\" }".to_owned(),
    ] {
        let message = parse(&value).expect_err(&value);
        assert!(message.contains("{ env = \"NAME\" }"), "{message}");
        assert!(
            !message.contains("Zq3") && !message.contains("8151623"),
            "{message}"
        );
    }
}

#[test]
fn a_token_in_the_place_of_a_name_is_not_repeated() {
    let reference = SecretRef::Env(fake_token());
    let error = reference.load_from(|_| None).expect_err("not set");
    let shown = serde_json::to_string(&reference).expect("serializes");
    for text in [
        error.to_string(),
        format!("{error:?}"),
        format!("{reference:?}"),
        shown,
    ] {
        assert!(!text.contains("Zq3"), "{text}");
    }
    let named = SecretRef::Env("HEC_TOKEN".into()).load_from(|_| None);
    assert_eq!(
        named.expect_err("not set").to_string(),
        "the environment variable HEC_TOKEN is not set"
    );
}

#[test]
fn a_secret_does_not_show_itself() {
    let secret = Secret::new(fake_token());
    assert_eq!(format!("{secret:?}"), "Secret(not shown)");
    assert_eq!(secret.reveal(), fake_token());
}

#[test]
fn a_file_is_read_without_its_last_line_break() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    let load = |content: &[u8]| {
        std::fs::write(&path, content).expect("written");
        SecretRef::File(path.clone()).load()
    };
    assert_eq!(load(b"abc\r\n").expect("a secret").reveal(), "abc");
    assert_eq!(
        load(b"-----\nkey\n-----\n").expect("a key").reveal(),
        "-----\nkey\n-----"
    );
    assert!(matches!(load(b" \n"), Err(SecretError::Empty(_))));
    assert!(matches!(load(b"a\0b"), Err(SecretError::NotText(_))));
    assert!(matches!(load(b"\xff\xfe"), Err(SecretError::NotText(_))));
    assert!(matches!(
        load(&[b'a'; 70_000]),
        Err(SecretError::TooLarge(_))
    ));
    let missing = SecretRef::File(folder.path().join("none")).load();
    assert!(matches!(missing, Err(SecretError::Unreadable { .. })));
}

#[test]
fn a_variable_is_one_line() {
    let load = |value: &str| SecretRef::Env("X".into()).load_from(|_| Some(OsString::from(value)));
    assert_eq!(load("abc").expect("a secret").reveal(), "abc");
    assert!(matches!(load("a\nb"), Err(SecretError::NotText(_))));
    assert!(matches!(load(""), Err(SecretError::Empty(_))));
}
