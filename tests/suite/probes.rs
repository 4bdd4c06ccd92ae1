//! What the Sigma specification means, one probe a line: a detection, a document, and whether it
//! holds, through `chaperone rules match`.

use std::fs;

use crate::program::{run_with_input, stderr, stdout};

/// Detection (YAML in one line), document, whether it holds.
const PROBES: &[(&str, &str, bool)] = &[
    ("{s: {f: ABC}, condition: s}", r#"{"f":"abc"}"#, true),
    ("{s: {f|cased: ABC}, condition: s}", r#"{"f":"abc"}"#, false),
    ("{s: {f: 'a*c'}, condition: s}", r#"{"f":"abbc"}"#, true),
    ("{s: {f: 'a?c'}, condition: s}", r#"{"f":"abbc"}"#, false),
    (r"{s: {f: 'a\*c'}, condition: s}", r#"{"f":"abc"}"#, false),
    (r"{s: {f: 'a\*c'}, condition: s}", r#"{"f":"a*c"}"#, true),
    (r"{s: {f: 'a\\*c'}, condition: s}", r#"{"f":"a\\bc"}"#, true),
    (r"{s: {f: 'C:\x'}, condition: s}", r#"{"f":"c:\\x"}"#, true),
    (
        "{s: [mimikatz], condition: s}",
        r#"{"f":"xx mimikatz yy"}"#,
        true,
    ),
    (
        "{s: {'|all': [one, two]}, condition: s}",
        r#"{"f":"two","g":"one"}"#,
        true,
    ),
    (
        "{s: {'|all': [one, two]}, condition: s}",
        r#"{"f":"two"}"#,
        false,
    ),
    ("{s: [{f: 1}, {g: 2}], condition: s}", r#"{"g":2}"#, true),
    (
        "{s: {f|contains|all: [a, b]}, condition: s}",
        r#"{"f":"xbya"}"#,
        true,
    ),
    ("{s: {f: null}, condition: s}", "{}", true),
    ("{s: {f: null}, condition: s}", r#"{"f":null}"#, true),
    ("{s: {f: ''}, condition: s}", r#"{"f":""}"#, true),
    ("{s: {f: ''}, condition: s}", r#"{"f":null}"#, false),
    (
        "{s: {f|exists: false}, condition: s}",
        r#"{"f":false}"#,
        false,
    ),
    (
        "{s: {f|exists: true}, condition: s}",
        r#"{"f":false}"#,
        true,
    ),
    ("{s: {f: 42}, condition: s}", r#"{"f":"42"}"#, true),
    ("{s: {f: '42'}, condition: s}", r#"{"f":42}"#, true),
    ("{s: {f|gt: 1}, condition: s}", r#"{"f":1.5}"#, true),
    ("{s: {f|gte: 10}, condition: s}", r#"{"f":"9"}"#, false),
    ("{s: {f|neq: a}, condition: s}", r#"{"f":"b"}"#, true),
    ("{s: {f: a}, condition: s}", r#"{"f":["b","a"]}"#, true),
    (
        "{s: {f.g: a}, condition: s}",
        r#"{"f":[{"g":"b"},{"g":"a"}]}"#,
        true,
    ),
    ("{s: {f.g: a}, condition: s}", r#"{"f.g":"a"}"#, true),
    (
        "{s: {f|re: 'B.D'}, condition: s}",
        r#"{"f":"abcde"}"#,
        false,
    ),
    (
        "{s: {f|re|i: 'B.D'}, condition: s}",
        r#"{"f":"abcde"}"#,
        true,
    ),
    (
        "{s: {f|cidr: 10.0.0.0/8}, condition: s}",
        r#"{"f":"10.2.3.4"}"#,
        true,
    ),
    (
        "{s: {f|cidr: 'fd00::/8'}, condition: s}",
        r#"{"f":"fd12::1"}"#,
        true,
    ),
    (
        "{s: {f|windash|contains: ' -p '}, condition: s}",
        r#"{"f":"x /p y"}"#,
        true,
    ),
    (
        "{s: {f|base64offset|contains: secret}, condition: s}",
        r#"{"f":"YSBzZWNyZXQ="}"#,
        true,
    ),
    (
        "{s: {f|wide|base64: ab}, condition: s}",
        r#"{"f":"YQBiAA=="}"#,
        true,
    ),
    (
        "{s: {f|fieldref: g}, condition: s}",
        r#"{"f":"Ab","g":"aB"}"#,
        true,
    ),
    (
        "{s: {f|hour: 9}, condition: s}",
        r#"{"f":"2026-11-12T09:30:00Z"}"#,
        true,
    ),
    (
        "{s: {f: a}, _t: {f: z}, condition: 1 of them}",
        r#"{"f":"z"}"#,
        false,
    ),
    (
        "{sa: {f: a}, sb: {g: b}, condition: all of s*}",
        r#"{"f":"a"}"#,
        false,
    ),
    (
        "{sa: {f: a}, sb: {g: b}, condition: any of s*}",
        r#"{"f":"a"}"#,
        true,
    ),
    (
        "{s: {f: a}, t: {g: b}, condition: [s, t]}",
        r#"{"g":"b"}"#,
        true,
    ),
    (
        "{a: {f: 1}, b: {f: 2}, c: {f: 3}, condition: a or b and not c}",
        r#"{"f":1}"#,
        true,
    ),
    (
        "{a: {f: 1}, b: {g: 1}, condition: not a and b}",
        r#"{"g":1}"#,
        true,
    ),
];

#[test]
fn every_probe_means_what_the_specification_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut input = String::new();
    for (at, (detection, document, _)) in PROBES.iter().enumerate() {
        let rule = format!(
            "title: probe {at}\nid: 7b4c2f0e-0000-4000-8000-{at:012}\nlogsource: {{product: test}}\ndetection: {detection}\n"
        );
        fs::write(folder.path().join(format!("{at:03}.yml")), rule).expect("written");
        input.push_str(document);
        input.push('\n');
    }
    let dir = folder.path().to_str().expect("a plain path");
    let output = run_with_input(&["rules", "match", "--rules", dir], input.as_bytes());
    assert_eq!(stderr(&output), "", "every rule loads");
    let text = stdout(&output);
    let mut wrong = Vec::new();
    for (at, (detection, document, expected)) in PROBES.iter().enumerate() {
        let line = format!("\"line\":{},", at + 1);
        let title = format!("\"probe {at}\"");
        let held = text
            .lines()
            .any(|found| found.replace('}', ",").contains(&line) && found.contains(&title));
        if held != *expected {
            wrong.push(format!("{at}: {detection} for {document}: {held}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_mean_anything_is_refused_with_its_place() {
    for (detection, part) in [
        ("{s: {f|nonsense: 1}, condition: s}", "nonsense"),
        ("{s: {f: 1}, condition: all of t*}", "t*"),
        ("{s: {f: 1}, condition: s | count() > 3}", "count"),
        ("{s: {f|re: '(?<!a)b'}, condition: s}", "look"),
        ("{s: {f|expand: '%list%'}, condition: s}", "list"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let rule = format!(
            "title: refused\nid: 7b4c2f0e-0000-4000-8000-00000000c001\nlogsource: {{product: test}}\ndetection: {detection}\n"
        );
        fs::write(folder.path().join("r.yml"), rule).expect("written");
        let dir = folder.path().to_str().expect("a plain path");
        let output = crate::program::run(&["rules", "check", dir]);
        assert_eq!(output.status.code(), Some(2), "{detection}");
        let text = stderr(&output);
        assert!(
            text.contains("r.yml:4:") && text.contains(part),
            "{detection}: {text}"
        );
    }
}
