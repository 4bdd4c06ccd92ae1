use super::*;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// 2026-11-12T09:14:07Z.
const NOW_MS: i64 = 1_794_474_847_000;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                header::HeaderName::from_static(name),
                value.parse().expect("a header value"),
            )
        })
        .collect()
}

/// The vector that GitHub publishes for its signature.
#[test]
fn the_published_vector_of_github_passes() {
    let auth = Auth::github(Secret::new("It's a Secret to Everybody"));
    let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let given = headers(&[("x-hub-signature-256", &format!("sha256={digits}"))]);
    assert_eq!(auth.check_head(&given), Ok(()));
    assert_eq!(auth.check_body(&given, b"Hello, World!", NOW_MS), Ok(()));
    let upper = headers(&[(
        "x-hub-signature-256",
        &format!("sha256={}", digits.to_uppercase()),
    )]);
    assert_eq!(auth.check_body(&upper, b"Hello, World!", NOW_MS), Ok(()));
    let other = auth.check_body(&given, b"Hello, World?", NOW_MS);
    assert_eq!(other.map_err(|no| no.reason), Err(Reason::Unauthorized));
}

/// RFC 4231, test case 2: a key shorter than a block.
#[test]
fn a_bare_signature_passes_rfc_4231() {
    let auth = Auth::HmacSha256 {
        header: "x-signature".into(),
        prefix: String::new(),
        secret: Secret::new("Jefe"),
    };
    let given = headers(&[(
        "x-signature",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    )]);
    assert_eq!(
        auth.check_body(&given, b"what do ya want for nothing?", NOW_MS),
        Ok(())
    );
}

/// Bitbucket writes SHA-256 under the name that GitHub has for SHA-1.
#[test]
fn bitbucket_signs_under_the_old_name() {
    let auth = Auth::HmacSha256 {
        header: "x-hub-signature".into(),
        prefix: "sha256=".into(),
        secret: Secret::new("It's a Secret to Everybody"),
    };
    let digits = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
    let given = headers(&[("x-hub-signature", &format!("sha256={digits}"))]);
    assert_eq!(auth.check_head(&given), Ok(()));
    assert_eq!(auth.check_body(&given, b"Hello World!", NOW_MS), Ok(()));
    let sha1 = headers(&[("x-hub-signature", &format!("sha1={}", &digits[..40]))]);
    assert!(auth.check_head(&sha1).is_err());
}

fn standard(id: &str, seconds: i64, signatures: &str) -> HeaderMap {
    headers(&[
        ("webhook-id", id),
        ("webhook-timestamp", &seconds.to_string()),
        ("webhook-signature", signatures),
    ])
}

/// What a sender makes of its key; the way from the key to the text is the specification's.
fn signed(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let start = format!("{id}.{seconds}.");
    let digest = hmac(key, &[start.as_bytes(), body]).finalize().into_bytes();
    format!("v1,{}", STANDARD.encode(digest))
}

#[test]
fn standard_webhooks_sign_id_time_and_body() {
    let (key, body, now) = (
        b"0123456789abcdef",
        br#"{"object_kind":"push"}"#,
        NOW_MS / 1000,
    );
    let written = format!("whsec_{}", STANDARD.encode(key));
    let (encoded, plain) = (Secret::new(written), Secret::new(*key));
    let good = signed(key, "msg-1", now, body);
    for secret in [encoded, plain] {
        let auth = Auth::StandardWebhooks(secret);
        let check = |headers: &HeaderMap, body: &[u8]| {
            auth.check_head(headers)?;
            auth.check_body(headers, body, NOW_MS)
        };
        assert_eq!(check(&standard("msg-1", now, &good), body), Ok(()));
        let several = format!("v1a,AAAA v1,{} {good}", STANDARD.encode([0; 32]));
        assert_eq!(check(&standard("msg-1", now, &several), body), Ok(()));
        for (id, seconds, body, signature) in [
            ("msg-2", now, &body[..], good.as_str()),
            ("msg-1", now + 1, &body[..], &good),
            ("msg-1", now, &body[1..], &good),
            ("msg-1", now, &body[..], ""),
            ("msg-1", now, &body[..], &good[3..]),
        ] {
            let given = standard(id, seconds, signature);
            assert!(check(&given, body).is_err(), "{id} {seconds} {signature}");
        }
    }
}

#[test]
fn a_standard_signature_is_good_for_five_minutes() {
    let auth = Auth::StandardWebhooks(Secret::new("key"));
    for (seconds, passes) in [(-300, true), (300, true), (-301, false), (301, false)] {
        let at = NOW_MS / 1000 + seconds;
        let given = standard("m", at, &signed(b"key", "m", at, b"{}"));
        let checked = auth.check_body(&given, b"{}", NOW_MS);
        assert_eq!(checked.is_ok(), passes, "{seconds}");
    }
    let no = auth.check_head(&HeaderMap::new()).expect_err("no header");
    assert_eq!(no.error, "the header webhook-id is missing");
    let broken = Auth::StandardWebhooks(Secret::new("whsec_*"));
    assert!(broken.is_unusable());
}

#[test]
fn a_signature_that_is_none_is_refused_before_the_body() {
    let auth = Auth::github(Secret::new("s"));
    for given in ["", "sha256=", "sha1=00", "sha256=zz", &"0".repeat(64)] {
        let headers = headers(&[("x-hub-signature-256", given)]);
        let no = auth.check_head(&headers).expect_err("no signature");
        assert_eq!(no.reason, Reason::Unauthorized, "{given}");
    }
    let no = auth.check_head(&HeaderMap::new()).expect_err("no header");
    assert_eq!(no.error, "the header x-hub-signature-256 is missing");
}

#[test]
fn tokens_are_compared_whole() {
    let fixed = Auth::StaticToken {
        header: "x-gitlab-token".into(),
        token: Secret::new("correct"),
    };
    for (given, passes) in [("correct", true), ("correc", false), ("correct ", false)] {
        let headers = headers(&[("x-gitlab-token", given)]);
        assert_eq!(fixed.check_head(&headers).is_ok(), passes, "{given}");
    }
    let bearer = Auth::Bearer(Secret::new("correct"));
    for (given, passes) in [
        ("Bearer correct", true),
        ("bearer correct", true),
        ("Bearer wrong", false),
        ("Basic correct", false),
        ("correct", false),
        ("Bearer", false),
    ] {
        let headers = headers(&[("authorization", given)]);
        assert_eq!(bearer.check_head(&headers).is_ok(), passes, "{given}");
    }
}

#[test]
fn a_refusal_never_repeats_what_was_given() {
    let marker = ["tok", "en-of-a-stranger"].concat();
    let given = headers(&[
        ("authorization", &format!("Bearer {marker}")),
        ("x-t", &marker),
    ]);
    let secret = || Secret::new("something else");
    let fixed = Auth::StaticToken {
        header: "x-t".into(),
        token: secret(),
    };
    for auth in [Auth::Bearer(secret()), fixed] {
        let no = auth.check_head(&given).expect_err("a wrong token");
        assert!(!format!("{no:?} {auth:?}").contains(&marker));
        assert!(!format!("{auth:?}").contains("something else"));
    }
}

#[test]
fn an_open_source_is_not_open_to_a_web_page() {
    assert_eq!(Auth::Open.check_head(&HeaderMap::new()), Ok(()));
    let page = headers(&[("origin", "https://example.org")]);
    let no = Auth::Open.check_head(&page).expect_err("a browser");
    assert_eq!(no.reason, Reason::Forbidden);
}

#[test]
fn an_empty_secret_or_an_impossible_header_is_unusable() {
    assert!(Auth::github(Secret::new("")).is_unusable());
    assert!(Auth::Bearer(Secret::new("")).is_unusable());
    let spaced = Auth::StaticToken {
        header: "two words".into(),
        token: Secret::new("t"),
    };
    assert!(spaced.is_unusable());
    assert!(!Auth::github(Secret::new("s")).is_unusable());
    assert!(!Auth::Open.is_unusable());
}

/// The vector that CircleCI publishes, and a header with a scheme of the future.
#[test]
fn the_signature_of_one_scheme_is_taken_from_a_list() {
    let auth = Auth::HmacSha256 {
        header: "circleci-signature".into(),
        prefix: "v1=".into(),
        secret: Secret::new("secret"),
    };
    let digits = hex_of(b"secret", b"hello world");
    assert!(digits.starts_with("734cc62f"), "{digits}");
    for (given, passes) in [
        (format!("v1={digits}"), true),
        (format!("v1={digits},v2=00"), true),
        (format!("v2=00, v1={digits}"), true),
        (format!("v2={digits}"), false),
        (digits.clone(), false),
    ] {
        let headers = headers(&[("circleci-signature", &given)]);
        let held = auth.check_body(&headers, b"hello world", 0).is_ok();
        assert_eq!(held, passes, "{given}");
    }
}

/// Semgrep and SonarQube sign without a prefix, Snyk with GitHub's under the name of its SHA-1.
#[test]
fn scanners_sign_the_raw_body() {
    let body = br#"[{"semgrep_finding": {}}]"#;
    for (header, prefix) in [
        ("x-semgrep-signature-256", ""),
        ("x-sonar-webhook-hmac-sha256", ""),
        ("x-hub-signature", "sha256="),
    ] {
        let auth = Auth::HmacSha256 {
            header: header.into(),
            prefix: prefix.into(),
            secret: Secret::new("s"),
        };
        let given = format!("{prefix}{}", hex_of(b"s", body));
        let sent = headers(&[(header, &given)]);
        assert!(auth.check_head(&sent).is_ok(), "{header}");
        assert!(auth.check_body(&sent, body, 0).is_ok(), "{header}");
        assert!(auth.check_body(&sent, b"[]", 0).is_err(), "{header}");
    }
}

fn hex_of(key: &[u8], body: &[u8]) -> String {
    let mac = hmac(key, &[body]).finalize().into_bytes();
    mac.iter().map(|byte| format!("{byte:02x}")).collect()
}
