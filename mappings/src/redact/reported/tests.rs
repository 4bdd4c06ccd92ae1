use std::sync::Arc;

use crate::redact::testing::dice::Dice;
use crate::redact::testing::fill;
use crate::redact::{Redactor, RedactorConfig};
use crate::{Normalized, Normalizer, Origin, Record, Sources};

/// What no pattern of ours knows: words, and a random run.
fn secrets(dice: &mut Dice) -> [String; 2] {
    let words = fill("{alpha:5} {alpha:6} {alpha:7}", dice);
    [words, fill("{alnum:24}", dice)]
}

/// A report of each kind, with the secret wherever its format has it.
fn reports(secret: &str) -> [(&'static str, serde_json::Value); 3] {
    let line = format!("let x = \"{secret}\"; // \\ \u{1F511}\n");
    [
        (
            "gitleaks.report",
            serde_json::json!([{
                "RuleID": "acme", "StartLine": 1, "File": "a.rs", "Fingerprint": "a.rs:acme:1",
                "Match": line, "Secret": secret, "Date": "2026-11-12T09:00:00Z", "Message": "",
            }]),
        ),
        (
            "trufflehog.report",
            serde_json::json!({
                "DetectorName": "Acme", "Raw": secret, "RawV2": line, "Redacted": secret,
                "SecretParts": {"key": secret, "more": [secret, line]},
                "SourceMetadata": {"Data": {"Filesystem": {"file": "a.rs"}}},
            }),
        ),
        (
            "sarif.result",
            serde_json::json!({"version": "2.1.0", "runs": [{
                "tool": {"driver": {"name": "acme"}},
                "results": [{"ruleId": "acme", "message": {"text": "found"}, "locations": [
                    {"physicalLocation": {"artifactLocation": {"uri": "a.rs"}, "region": {
                        "startLine": 1, "snippet": {"text": line}}}}]}]}]}),
        ),
    ]
}

fn redactor() -> Redactor {
    let (redactor, _) = Redactor::new(RedactorConfig::default()).expect("the rules compile");
    redactor
}

#[test]
fn no_reported_secret_reaches_the_journal_or_a_dead_letter() {
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    for secret in secrets(&mut Dice::new(7)) {
        for (source, report) in reports(&secret) {
            let compact = report.to_string();
            let nested = serde_json::json!({ "body": compact }).to_string();
            let pretty = serde_json::to_string_pretty(&report).expect("JSON");
            let broken = compact[..compact.len() - 1].to_owned();
            for text in [compact, nested, pretty, broken] {
                let sealed = redactor.seal_text(text.as_bytes(), &mut scratch);
                let sealed = String::from_utf8(sealed.expect("it is redacted")).expect("UTF-8");
                assert!(!sealed.contains(&secret), "{source}");
                assert!(
                    sealed.contains("acme") || sealed.contains("Acme"),
                    "{source}"
                );
                let parses = serde_json::from_str::<serde_json::Value>(&text).is_ok();
                let still = serde_json::from_str::<serde_json::Value>(&sealed).is_ok();
                assert_eq!(parses, still, "{source}");
            }
        }
    }
}

#[test]
fn no_reported_secret_is_in_an_event() {
    let sources = Sources::builtin().expect("the sources compile");
    let normalizer = Normalizer::new(Arc::new(sources), Arc::new(redactor()), Arc::default());
    let mut worker = normalizer.worker();
    for secret in secrets(&mut Dice::new(8)) {
        for (source, report) in reports(&secret) {
            for name in [source, "auto"] {
                let origin = Origin {
                    source: name.to_owned(),
                    received_ms: 1_794_475_800_000,
                    ..Origin::default()
                };
                let body = report.to_string().into();
                let mut out = Normalized::default();
                worker.normalize(&Record { origin, body }, &mut out);
                assert_eq!(out.events.len(), 1, "{source}");
                let event = String::from_utf8_lossy(out.events[0].json()).into_owned();
                assert!(!event.contains(&secret), "{source}");
            }
        }
    }
}

#[test]
fn the_same_secret_has_one_fingerprint_in_a_report_and_where_it_leaked() {
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    let [_, secret] = secrets(&mut Dice::new(9));
    let [(_, report), ..] = reports(&secret);
    let mut sealed = |text: String| {
        let sealed = redactor.seal_text(text.as_bytes(), &mut scratch);
        String::from_utf8(sealed.expect("it is redacted")).expect("UTF-8")
    };
    let fingerprint = |text: &str| {
        let at = text.find(":k0:").expect("a fingerprint");
        text[at..at + 16].to_owned()
    };
    let reported = sealed(format!(
        "{{\"RuleID\":\"acme\",\"Secret\":{}}}",
        report[0]["Secret"]
    ));
    let leaked = sealed(format!("password = {secret}"));
    assert_eq!(fingerprint(&reported), fingerprint(&leaked));
}

#[test]
fn ordinary_words_stay_where_there_is_no_report() {
    let redactor = redactor();
    let text =
        r#"{"Match": "prefix", "Raw": "text of a page", "Line": "one", "snippet": {"text": "x"}}"#;
    assert_eq!(
        redactor.seal_text(text.as_bytes(), &mut redactor.scratch()),
        None
    );
}
