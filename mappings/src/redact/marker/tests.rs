use super::*;

#[test]
fn only_real_markers_are_markers() {
    for (text, rule) in [
        ("[REDACTED:password]", Some("password")),
        ("[REDACTED:jwt:k1:0123456789ab:40]", Some("jwt")),
        ("[REDACTED:url-password:#12]", Some("url-password")),
        ("[REDACTED:]", None),
        ("[REDACTED:Password]", None),
        ("[REDACTED:jwt:k1:0123456789AB:40]", None),
        ("[REDACTED:jwt:k1:0123456789ab:4x]", None),
        ("[REDACTED:abcdefghijklmnopqrst]", None),
        ("[REDACTED:a1b2c3d4e5]", None),
        ("[REDACTED:password", None),
    ] {
        let found = markers(text.as_bytes()).next().map(|marker| marker.rule);
        assert_eq!(found, rule, "{text}");
    }
}

#[test]
fn any_rule_name_becomes_one_that_markers_take() {
    for id in [
        "Generic API_Key",
        "sha256-1234567-x",
        "",
        "ÄÖ",
        "averyveryverylongwordindeed-x",
    ] {
        let name = rule_name(id);
        let text = format!("[REDACTED:{name}]");
        assert_eq!(markers(text.as_bytes()).count(), 1, "{id}: {name}");
    }
}

#[test]
fn hashes_do_not_depend_on_the_key() {
    let hash = |text: &str| {
        let mut fed = Vec::new();
        hash_without_fingerprints(text.as_bytes(), &mut |part: &[u8]| {
            fed.extend_from_slice(part)
        });
        String::from_utf8(fed).expect("text")
    };
    let one = hash("a [REDACTED:jwt:k1:0123456789ab:40] b [REDACTED:x] c");
    assert_eq!(
        one,
        hash("a [REDACTED:jwt:k22:ba9876543210:40] b [REDACTED:x] c")
    );
    assert_eq!(one, "a [REDACTED:jwt:40] b [REDACTED:x] c");
    assert_ne!(
        one,
        hash("a [REDACTED:jwt:k1:0123456789ab:41] b [REDACTED:x] c")
    );
}
