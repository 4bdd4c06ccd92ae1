use super::testing::dice::Dice;
use super::testing::{CONTEXTS, Fake, benign, fakes, leaked, nest, place};
use super::*;

fn redactor() -> Redactor {
    Redactor::new(RedactorConfig::default())
        .expect("the built-in pack compiles")
        .0
}

fn sealed(redactor: &Redactor, text: &str) -> String {
    let sealed = redactor.seal_text(text.as_bytes(), &mut redactor.scratch());
    sealed.map_or_else(
        || text.to_owned(),
        |bytes| String::from_utf8(bytes).expect("text stays text"),
    )
}

/// Pieces of a secret up to this long also occur by chance.
const CHANCE_MAX: usize = 7;

fn covered(redactor: &Redactor, text: &str, fake: &Fake) -> bool {
    let out = sealed(redactor, text);
    leaked(out.as_bytes(), &fake.secret) <= CHANCE_MAX
}

#[test]
fn covers_all_formats_in_all_contexts_at_all_depths() {
    let redactor = redactor();
    let fakes = fakes(1);
    println!("{} formats", fakes.len());
    let (mut all, mut prefixed) = ([0_usize; 2], [0_usize; 2]);
    for context in CONTEXTS {
        let mut hits = [0_usize; 4];
        let mut missed = Vec::new();
        for fake in &fakes {
            let text = place(context, fake);
            for (depth, hit) in hits.iter_mut().enumerate() {
                let ok = covered(&redactor, &nest(&text, depth), fake);
                *hit += usize::from(ok);
                all[usize::from(ok)] += 1;
                if fake.prefixed {
                    prefixed[usize::from(ok)] += 1;
                }
                if !ok {
                    let left = leaked(
                        sealed(&redactor, &nest(&text, depth)).as_bytes(),
                        &fake.secret,
                    );
                    missed.push(format!("{}@{depth}:{left}", fake.format));
                }
            }
        }
        let percent = hits.map(|hit| format!("{:6.2}", 100.0 * hit as f64 / fakes.len() as f64));
        println!("{context:8} {} {}", percent.join(" "), missed.join(" "));
    }
    let share = |counts: [usize; 2]| 100.0 * counts[1] as f64 / (counts[0] + counts[1]) as f64;
    println!(
        "all {:.2} %, with a prefix {:.2} %",
        share(all),
        share(prefixed)
    );
    assert!(share(all) >= 97.0);
    assert!(share(prefixed) >= 99.5);
}

/// What the patterns do alone: the name before the secret says nothing.
#[test]
fn knows_prefixed_tokens_by_themselves() {
    let redactor = redactor();
    let (mut seen, mut missed) = (0, Vec::new());
    for seed in 2..6 {
        for fake in fakes(seed).into_iter().filter(|fake| fake.prefixed) {
            let fake = Fake {
                name: "VALUE".to_owned(),
                ..fake
            };
            for context in CONTEXTS {
                let text = nest(&place(context, &fake), (seed % 4) as usize);
                seen += 1;
                if !covered(&redactor, &text, &fake) {
                    missed.push(format!("{}@{context}", fake.format));
                }
            }
        }
    }
    let share = 100.0 * missed.len() as f64 / seen as f64;
    println!("missed {share:.3} % of {seen}: {}", missed.join(" "));
    assert!(share <= 0.5);
}

#[test]
fn leaves_a_working_day_alone() {
    const EVENTS: usize = 2000;
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    let mut dice = Dice::new(11);
    let mut changed = 0;
    for _ in 0..EVENTS {
        let event = benign::event(&mut dice);
        if let Some(sealed) = redactor.seal_text(event.as_bytes(), &mut scratch) {
            changed += 1;
            let flat = String::from_utf8_lossy(&sealed).into_owned();
            let at = flat.find("[REDACTED:").expect("a change leaves a marker");
            let from = (0..=at.saturating_sub(60))
                .rev()
                .find(|at| flat.is_char_boundary(*at));
            println!(
                "…{}",
                flat[from.unwrap_or(0)..]
                    .chars()
                    .take(130)
                    .collect::<String>()
            );
        }
    }
    println!("{changed} of {EVENTS} benign events changed");
    assert!(changed * 10_000 <= 5 * EVENTS);
}

fn draft(body: serde_json::Value) -> Draft {
    let json = body.to_string();
    Draft {
        body: value::parse(json.as_bytes()).expect("the test's own JSON"),
    }
}

fn event(fields: serde_json::Value) -> serde_json::Value {
    let mut body = serde_json::json!({
        "@timestamp": "2026-11-21T10:00:00.000Z", "event": {"id": "e-1"},
    });
    for (key, value) in fields.as_object().expect("an object") {
        body[key] = value.clone();
    }
    body
}

fn token() -> String {
    format!(
        "ghp_{}",
        Dice::new(77).text("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", 36)
    )
}

#[test]
fn an_event_says_what_was_redacted_and_by_what() {
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    let secret = token();
    let output = serde_json::json!({"stdout": format!("export T={secret}")}).to_string();
    let body = event(serde_json::json!({"tool": {"output": output}, "note": secret, "n": secret}));
    let event = redactor.seal(draft(body), &mut scratch).expect("an event");
    let json: serde_json::Value = serde_json::from_slice(event.json()).expect("JSON");
    assert!(leaked(event.json(), &secret) <= CHANCE_MAX);
    let list = json["chaperone"]["redactions"].as_array().expect("a list");
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|entry| entry["rule"] == "github-token"));
    assert!(
        list.iter()
            .all(|entry| entry["fingerprint"] == list[0]["fingerprint"])
    );
    assert_eq!(list[2]["field"], "tool.output");
    assert_eq!(list[2]["count"], 1);
    assert_eq!(
        json["chaperone"]["redaction"]["ruleset"],
        redactor.ruleset()
    );
    let inner = json["tool"]["output"].as_str().expect("text");
    assert!(serde_json::from_str::<serde_json::Value>(inner).is_ok());
}

#[test]
fn an_event_without_a_secret_keeps_its_content() {
    let redactor = redactor();
    let body = event(serde_json::json!({"message": "all quiet", "chaperone": {"redactions": [1]}}));
    let event = redactor
        .seal(draft(body), &mut redactor.scratch())
        .expect("an event");
    let json: serde_json::Value = serde_json::from_slice(event.json()).expect("JSON");
    assert_eq!(json["message"], "all quiet");
    assert!(json["chaperone"].get("redactions").is_none());
    assert_eq!(event.id(), "e-1");
}

#[test]
fn sealing_an_event_again_changes_nothing() {
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    let body = event(serde_json::json!({
        "a": format!("password=hunter2x9 {}", token()), "http://u:pw123@h": 1, "http://u:pw124@h": 2,
    }));
    let once = redactor.seal(draft(body), &mut scratch).expect("an event");
    let again = value::parse(once.json()).expect("JSON");
    let twice = redactor
        .seal(Draft { body: again }, &mut scratch)
        .expect("an event");
    assert_eq!(once.json(), twice.json());
}

#[test]
fn a_draft_that_cannot_be_an_event_is_refused() {
    let redactor = redactor();
    for body in [serde_json::json!([1]), serde_json::json!({"a": 1})] {
        let refused = redactor.seal(draft(body), &mut redactor.scratch());
        assert_eq!(refused.err(), Some(RefusalCode::InvalidEvent));
    }
}

#[test]
fn keys_that_hold_secrets_do_not_become_one() {
    let redactor = redactor();
    let text = r#"{"http://u:pw-one-1@h":1,"http://u:pw-two-2@h":2,"http://u:pw-three-3@h":3}"#;
    let out: serde_json::Value = serde_json::from_str(&sealed(&redactor, text)).expect("JSON");
    assert_eq!(out.as_object().map(serde_json::Map::len), Some(3));
}

#[test]
fn numbers_under_secret_names_become_text() {
    let redactor = redactor();
    let text = r#"{"password":12345678,"n":[1,2],"inner":"{\"passcode\":87654321}"}"#;
    let out: serde_json::Value = serde_json::from_str(&sealed(&redactor, text)).expect("JSON");
    assert_eq!(out["password"], "[REDACTED:password]");
    let inner = out["inner"].as_str().expect("text");
    let inner: serde_json::Value = serde_json::from_str(inner).expect("JSON in JSON");
    assert_eq!(inner["passcode"], "[REDACTED:password]");
}

#[test]
fn named_values_are_found_however_they_are_written() {
    let redactor = redactor();
    let value = Dice::new(5).text("abcdefghijkmnpqrstuvwxyz23456789", 11) + "4z";
    for template in [
        r#"{"headers":[{"name":"X-Api-Key","value":"@"}]}"#,
        r#"{"attributes":[{"key":"db.password","value":{"stringValue":"@"}}]}"#,
        r#"{"headers":{"Set-Cookie":["sid=@; Path=/","b=1"]}}"#,
        r#"{"argv":["psql","--password","@"]}"#,
        r#"{"secrets":{"client_secret":["one@one","two@two"]}}"#,
        "Cookie: theme=dark; sid=@",
        "Server=db;User Id=sa;Password=@;Encrypt=true",
        "jdbc:postgresql://db/shop?user=bob&password=@&ssl=true",
        "postgres://bob:@@db.example.com:5432/shop",
        "mysql -u root -p@ shop",
        "<add key=\"Password\" value=\"@\" />",
        "config['password'] = '@'",
        "spring.datasource.password=@",
    ] {
        // The separator of user and host in a URL stays.
        let text = template.replacen('@', &value, if template.contains("@@") { 1 } else { 9 });
        for depth in 0..3 {
            let out = sealed(&redactor, &nest(&text, depth));
            assert!(
                leaked(out.as_bytes(), &value) < 6,
                "{template} at {depth}: {out}"
            );
        }
    }
}

#[test]
fn a_passphrase_is_not_prose() {
    let redactor = redactor();
    let passphrase = r#"{"password":"correct horse battery staple"}"#;
    assert_eq!(
        sealed(&redactor, passphrase),
        r#"{"password":"[REDACTED:password]"}"#
    );
    for prose in [
        r#"{"password":"This field is required"}"#,
        r#"{"password":"Forgot your password?"}"#,
        r#"{"password":"must be longer, please"}"#,
    ] {
        assert_eq!(sealed(&redactor, prose), prose);
    }
}

#[test]
fn a_caught_secret_goes_everywhere_in_the_delivery() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let redactor = redactor();
    let secret = format!(
        "Zx9{}",
        Dice::new(9).text("abcdefghijkmnpqrstuvwxyz23456789", 15)
    );
    let encoded = STANDARD.encode(format!("\u{1}..{secret}..\u{2}"));
    let text = serde_json::json!({
        "a": format!("DB_PASSWORD={secret}"), "b": format!("it was {secret}!"), "c": encoded,
    });
    let out = sealed(&redactor, &text.to_string());
    assert!(leaked(out.as_bytes(), &secret) < 6, "{out}");
    assert!(leaked(out.as_bytes(), &encoded) < 6, "{out}");
}

#[test]
fn text_that_is_not_text_fails_closed() {
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    let out = redactor.seal_text(
        b"{\"a\":\"x\xffy\",\"b\":\"\\\"q\xfe\\\" z\"}",
        &mut scratch,
    );
    let out = out.expect("changed");
    let json: serde_json::Value = serde_json::from_slice(&out).expect("still JSON");
    assert_eq!(json["a"], "[REDACTED:invalid-text]");
    assert_eq!(json["b"], "\"[REDACTED:invalid-text]\" z");
    assert_eq!(
        redactor.take_findings(&mut scratch),
        [("invalid-text".to_owned(), 2)]
    );
}

#[test]
fn an_agent_cannot_hide_a_token_in_a_marker() {
    let redactor = redactor();
    let secret = token();
    for text in [
        format!("[REDACTED:{secret}]"),
        format!("[REDACTED:x:k0:{secret}:40]"),
        format!("gitleaks:allow {secret}"),
        format!("password=[REDACTED:x]{secret}"),
    ] {
        assert!(
            leaked(sealed(&redactor, &text).as_bytes(), &secret) < 6,
            "{text}"
        );
    }
}

#[test]
fn pieces_of_a_stream_may_end_anywhere() {
    let redactor = redactor();
    let fakes = fakes(8);
    let text: String = CONTEXTS
        .iter()
        .zip(&fakes)
        .map(|(c, f)| place(c, f) + "\n")
        .collect();
    let mut whole = Vec::new();
    let mut stream = redactor.stream();
    stream.push(text.as_bytes(), &mut whole);
    stream.finish(&mut whole);
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut out = Vec::new();
        let mut stream = redactor.stream();
        text.as_bytes()
            .chunks(size)
            .for_each(|piece| stream.push(piece, &mut out));
        stream.finish(&mut out);
        assert_eq!(out, whole, "pieces of {size}");
    }
    for fake in fakes.iter().take(CONTEXTS.len()) {
        assert!(
            leaked(&whole, &fake.secret) <= CHANCE_MAX,
            "{}",
            fake.format
        );
    }
}

/// The keys and the lengths of lists of a document: what redaction must not change.
fn shape(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => map
            .iter()
            .map(|(key, inner)| (key.clone(), shape(inner)))
            .collect(),
        serde_json::Value::Array(items) => items.iter().map(shape).collect(),
        serde_json::Value::String(text) => serde_json::from_str::<serde_json::Value>(text)
            .map_or(serde_json::Value::Null, |inner| shape(&inner)),
        _ => serde_json::Value::Null,
    }
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that make texts of which any may be a secret's name, its value, or a border.
    const PIECES: [&str; 30] = [
        "password",
        "\":\"",
        "token",
        "=",
        ": ",
        "\\",
        "\"",
        "'",
        "{",
        "}",
        "[",
        ",",
        "\n",
        "%22",
        "\\u0022",
        "api_key",
        "https://u:",
        "@h",
        "Bearer ",
        "[REDACTED:",
        "[REDACTED:x]",
        " ",
        "\u{1b}[0m",
        "é",
        "Authorization: ",
        "-----BEGIN PRIVATE KEY-----",
        "7",
        "-p",
        "|",
        "<",
    ];

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => (0..PIECES.len()).prop_map(|at| PIECES[at].to_owned()),
            1 => (0_u64..1000).prop_map(|seed| {
                let fakes = fakes(seed % 5);
                fakes[seed as usize % fakes.len()].secret.clone()
            }),
            1 => "[ -~]{0,24}",
        ];
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn redacting_twice_is_redacting_once(text in texts(), depth in 0_usize..3) {
            let redactor = shared();
            let once = sealed(redactor, &nest(&text, depth));
            prop_assert_eq!(sealed(redactor, &once), once);
        }

        #[test]
        fn documents_keep_their_shape(
            texts in proptest::collection::vec(texts(), 1..5),
            number in any::<i64>(),
            depth in 0_usize..3,
        ) {
            let inner = serde_json::json!({
                "password": texts[0], "list": texts, "n": number, "token": number, "ok": true,
            });
            let document = nest(&inner.to_string(), depth);
            let out = sealed(shared(), &document);
            let before: serde_json::Value = serde_json::from_str(&document).expect("JSON");
            let after = serde_json::from_str::<serde_json::Value>(&out);
            prop_assert!(after.is_ok(), "{}", out);
            let (before, after) = (shape(&before), shape(&after.expect("checked")));
            prop_assert_eq!(keys(&after, depth), keys(&before, depth));
        }
    }

    /// The shape down to the document that the test made; texts in it may be any JSON by chance.
    fn keys(shape: &serde_json::Value, depth: usize) -> serde_json::Value {
        let mut inner = shape.clone();
        for _ in 0..depth {
            inner = inner["output"].clone();
        }
        let names: Vec<String> = inner
            .as_object()
            .map(|m| m.keys().cloned().collect())
            .unwrap_or_default();
        let count = inner["list"].as_array().map_or(0, Vec::len);
        serde_json::json!([names, count])
    }

    fn shared() -> &'static Redactor {
        static REDACTOR: std::sync::OnceLock<Redactor> = std::sync::OnceLock::new();
        REDACTOR.get_or_init(redactor)
    }
}
