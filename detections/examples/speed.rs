//! How fast events are matched: `… --example speed -- RULES_DIR`. One core, deterministic events of
//! four lanes; the JSON parse alone is the yardstick beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chaperone_detections::{
    Correlator, FieldAliases, Limits, Lists, Match, MatchValue, Matcher, Output, RuleFile, RuleSet,
};
use chaperone_mappings::value;

const EVENTS: usize = 20_000;

fn main() -> std::io::Result<()> {
    let mut paths = Vec::new();
    for folder in std::env::args().skip(1) {
        collect(Path::new(&folder), &mut paths)?;
    }
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in &paths {
        let text = std::fs::read_to_string(path)?;
        files.push(RuleFile {
            path: path.display().to_string(),
            text,
        });
    }
    let start = Instant::now();
    let (set, _) = RuleSet::compile_lenient(&files, &Lists::default(), &FieldAliases::default());
    println!("{} rules loaded in {:?}", set.len(), start.elapsed());
    let mut matcher = Matcher::new(Arc::new(set));
    for (name, source) in [
        (
            "process creation",
            r#"{"category":"process_creation","product":"windows"}"#,
        ),
        (
            "file event",
            r#"{"category":"file_event","product":"windows"}"#,
        ),
        ("cloud audit", r#"{"product":"aws","service":"cloudtrail"}"#),
        (
            "agent",
            r#"{"category":"agent_tool_call","product":"claude_code","service":"otel"}"#,
        ),
    ] {
        for routed in [false, true] {
            lane(name, routed.then_some(source), &mut matcher);
        }
    }
    for kind in ["event_count", "value_count", "value_sum", "value_median"] {
        for window in [100, 10_000] {
            correlate(kind, window);
        }
    }
    Ok(())
}

/// One group, every value different, a window that holds so many matches and never suffices.
fn correlate(kind: &str, window: i64) {
    let text = format!(
        "title: a\nid: a\nlogsource: {{product: p}}\ndetection: {{s: {{k: v}}, condition: s}}\n---\ntitle: c\nid: c\ncorrelation:\n    type: {kind}\n    rules: a\n    timespan: {window}s\n    condition: {{field: f, gte: 1000000000000}}\n"
    );
    let file = RuleFile {
        path: "c.yml".into(),
        text,
    };
    let compiled = RuleSet::compile(&[file], &Lists::default(), &FieldAliases::default());
    let (set, _) = compiled.expect("the rules are right");
    let mut correlator = Correlator::new(Arc::new(set), Limits::default());
    let numeric = kind != "value_count";
    let matches: Vec<Match> = (0..40_000)
        .map(|number| Match {
            tenant: String::new(),
            rule: "a".into(),
            target: "c".into(),
            event_id: format!("event-{number}"),
            time_ms: number * 1000,
            group: Vec::new(),
            value: Some(if numeric {
                MatchValue::Number((number * 7919 % 100_003) as f64)
            } else {
                MatchValue::Distinct(vec![number.to_string()])
            }),
            evidence: b"{}".to_vec().into(),
        })
        .collect();
    let (mut out, start) = (Output::default(), Instant::now());
    let mut changelog = std::time::Duration::ZERO;
    for batch in matches.chunks(500) {
        for m in batch {
            correlator.observe(m);
            correlator.progress(0, m.time_ms);
        }
        correlator.advance();
        let drained = Instant::now();
        correlator.drain(&mut out);
        out.state.clear();
        changelog += drained.elapsed();
    }
    let took = start.elapsed();
    let each = |time: std::time::Duration| time.as_nanos() as usize / matches.len();
    println!(
        "{kind:12} window of {window:6}: {:5} ns a match, {:5} ns of them for the changelog",
        each(took),
        each(changelog)
    );
}

fn lane(name: &str, source: Option<&str>, matcher: &mut Matcher) {
    let events: Vec<String> = (0..EVENTS)
        .map(|number| event(name, source, number))
        .collect();
    let bytes: usize = events.iter().map(String::len).sum();
    let start = Instant::now();
    let bodies: Vec<_> = events
        .iter()
        .map(|event| value::parse(event.as_bytes()).expect("the generator writes JSON"))
        .collect();
    let parse = start.elapsed();
    matcher.rules_that_hold(&bodies[0]);
    let start = Instant::now();
    let held: usize = bodies
        .iter()
        .map(|body| matcher.rules_that_hold(body).len())
        .sum();
    let matching = start.elapsed();
    let rate = |time: std::time::Duration| EVENTS as f64 / time.as_secs_f64() / 1000.0;
    println!(
        "{name:17} {:9} {:4} bytes: parse {:6.0}k/s, match {:6.0}k/s, both {:6.0}k/s, {held} matches",
        if source.is_some() {
            "routed"
        } else {
            "unrouted"
        },
        bytes / EVENTS,
        rate(parse),
        rate(matching),
        rate(parse + matching),
    );
}

fn event(lane: &str, source: Option<&str>, number: usize) -> String {
    let pick = |list: &[&str], salt: usize| {
        list[number.wrapping_mul(31).wrapping_add(salt * 17) / 7 % list.len()].to_owned()
    };
    let program = pick(
        &[
            "svchost.exe",
            "chrome.exe",
            "powershell.exe",
            "cmd.exe",
            "msedge.exe",
            "rundll32.exe",
            "git.exe",
        ],
        1,
    );
    let parent = pick(
        &["explorer.exe", "services.exe", "code.exe", "winword.exe"],
        2,
    );
    let arguments = pick(
        &[
            "-k netsvcs -p -s Schedule",
            "--type=renderer --lang=en-US --enable-features=Net",
            "-NoProfile -File build.ps1",
            "/c dir /b *.log",
            "shell32.dll,Control_RunDLL desk.cpl",
            "push origin main --force-with-lease",
        ],
        3,
    );
    let fields = match lane {
        "process creation" => format!(
            r#""EventID":1,"Image":"C:\\Windows\\System32\\{program}","OriginalFileName":"{program}","CommandLine":"C:\\Windows\\System32\\{program} {arguments} {number}","ParentImage":"C:\\Windows\\{parent}","ParentCommandLine":"{parent} /start","User":"CORP\\user{}","IntegrityLevel":"Medium","CurrentDirectory":"C:\\Users\\user\\","Hashes":"SHA256=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF{number:016}","Company":"Microsoft Corporation","Description":"Host process""#,
            number % 50
        ),
        "file event" => format!(
            r#""EventID":11,"Image":"C:\\Program Files\\{program}","TargetFilename":"C:\\Users\\user\\AppData\\Local\\Temp\\{number}\\file{}.tmp","CreationUtcTime":"2026-01-05 12:00:00.000","User":"CORP\\user""#,
            number % 9
        ),
        "cloud audit" => format!(
            r#""eventVersion":"1.08","eventSource":"{}.amazonaws.com","eventName":"{}","awsRegion":"eu-west-1","sourceIPAddress":"10.0.{}.{}","userAgent":"aws-cli/2.15","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/u{}","userName":"u"}},"requestParameters":{{"bucketName":"b{number}","maxKeys":100}},"responseElements":null"#,
            pick(&["s3", "ec2", "iam", "sts"], 4),
            pick(
                &[
                    "GetObject",
                    "DescribeInstances",
                    "ListUsers",
                    "AssumeRole",
                    "PutBucketPolicy"
                ],
                5
            ),
            number % 200,
            number % 250,
            number % 40
        ),
        _ => format!(
            r#""@timestamp":"2026-01-05T12:00:00.000Z","event":{{"id":"e{number}","kind":"event","category":["process"],"action":"tool_call","outcome":"success"}},"user":{{"name":"u{}"}},"gen_ai":{{"agent":{{"name":"claude_code"}},"tool":{{"name":"Bash"}},"conversation":{{"id":"c{}"}}}},"process":{{"command_line":"{program} {arguments}"}},"vcs":{{"repository":{{"name":"acme/app"}}}}"#,
            number % 30,
            number % 300
        ),
    };
    match source {
        Some(source) => format!(r#"{{{fields},"chaperone":{{"logsource":{source}}}}}"#),
        None => format!("{{{fields}}}"),
    }
}

fn collect(path: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), out)?;
        }
    } else if path
        .extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml")
    {
        out.push(path.to_owned());
    }
    Ok(())
}
