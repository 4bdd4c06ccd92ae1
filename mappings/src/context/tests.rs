use super::*;

fn context(files: &[(&str, &str)]) -> Result<Context, Vec<String>> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    Context::load(&files).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn enriched(context: &Context, draft: &str) -> Value {
    let mut body = value::parse(draft.as_bytes()).expect("the test's JSON");
    context.enrich(&mut body);
    value::lookup(&body, "chaperone")
        .cloned()
        .unwrap_or(Value::Null)
}

fn json(value: &Value) -> String {
    let mut out = Vec::new();
    value::write_json(value, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

const DIRECTORY: &str = r#"
agent_access_groups = ["agents"]
[[users]]
email = "Dana@example.com"
logins = ["dana-dev"]
groups = ["eng", "agents"]
[[users]]
id = "00u2"
groups = ["sales"]
"#;

#[test]
fn a_user_is_known_under_every_name_and_unknown_users_are_not_judged() {
    let context = context(&[("c/directory.toml", DIRECTORY)]).unwrap();
    for user in [
        r#"{"email":"dana@EXAMPLE.com"}"#,
        r#"{"name":"dana-dev","id":"x"}"#,
    ] {
        let found = enriched(&context, &format!(r#"{{"user":{user}}}"#));
        assert_eq!(
            json(&found),
            r#"{"user":{"agent_access":true,"groups":["agents","eng"]}}"#
        );
    }
    let found = enriched(&context, r#"{"user":{"id":"00u2"}}"#);
    assert_eq!(
        json(&found),
        r#"{"user":{"agent_access":false,"groups":["sales"]}}"#
    );
    assert!(enriched(&context, r#"{"user":{"name":"stranger"}}"#).is_null());
    assert!(enriched(&context, r#"{"event":{}}"#).is_null());
}

#[test]
fn a_complete_directory_denies_whom_it_does_not_know() {
    let text = format!("complete = true\n{DIRECTORY}");
    let context = context(&[("directory.toml", &text)]).unwrap();
    let found = enriched(&context, r#"{"user":{"name":"stranger"}}"#);
    assert_eq!(json(&found), r#"{"user":{"agent_access":false}}"#);
    assert!(enriched(&context, r#"{"event":{}}"#).is_null());
}

#[test]
fn the_first_pattern_that_means_a_repository_counts() {
    let text = r#"
[[repositories]]
match = "example/pay-docs"
tier = "public"
[[repositories]]
match = "Example/pay*"
tier = "restricted"
agents = "denied"
"#;
    let context = context(&[("repositories.toml", text)]).unwrap();
    let of = |name: &str| {
        json(&enriched(
            &context,
            &format!(r#"{{"vcs":{{"repository":{{"name":"{name}"}}}}}}"#),
        ))
    };
    assert_eq!(
        of("example/pay-docs"),
        r#"{"repository":{"tier":"public"}}"#
    );
    assert_eq!(
        of("example/PAYments"),
        r#"{"repository":{"agents":"denied","tier":"restricted"}}"#
    );
    assert_eq!(of("example/other"), "null");
    assert_eq!(of("my-example/pay"), "null");
}

#[test]
fn hosts_are_allowed_by_name_by_parent_and_by_network() {
    let text = r#"
allowed_domains = ["registry.example", "*.pkg.example"]
allowed_networks = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]
"#;
    let context = context(&[("networks.toml", text)]).unwrap();
    for host in [
        "registry.example",
        "Registry.Example.",
        "a.b.pkg.example",
        "localhost",
        "127.0.0.1",
        "::1",
        "10.200.0.1",
        "::ffff:10.0.0.1",
        "2001:db8:1::2",
        "192.0.2.7",
    ] {
        assert_eq!(context.allows_host(host), Some(true), "{host}");
    }
    for host in [
        "pkg.example",
        "x.registry.example",
        "evil-registry.example",
        "11.0.0.1",
        "2001:db9::1",
        "192.0.2.8",
    ] {
        assert_eq!(context.allows_host(host), Some(false), "{host}");
    }
    let found = enriched(&context, r#"{"destination":{"domain":"evil.example"}}"#);
    assert_eq!(json(&found), r#"{"destination":{"allowed":false}}"#);
}

#[test]
fn the_known_marks_of_agents_need_no_file_and_deny_nothing() {
    let context = Context::default();
    for draft in [
        r#"{"chaperone":{"change":{"author":"Copilot"}}}"#,
        r#"{"chaperone":{"change":{"labels":["bug","made-by: Codex"]}}}"#,
        r#"{"chaperone":{"change":{"author":"a"}},"vcs":{"ref":{"head":{"name":"codex/x"}}}}"#,
    ] {
        let agent = value::lookup(&enriched(&context, draft), "change.agent").cloned();
        assert_eq!(agent, Some(true.into()), "{draft}");
    }
    for draft in [
        r#"{"chaperone":{"change":{"author":"copilots","labels":["agency","email"]}}}"#,
        r#"{"vcs":{"ref":{"head":{"name":"codex/x"}}}}"#,
    ] {
        let agent = value::lookup(&enriched(&context, draft), "change.agent").cloned();
        assert_eq!(agent, None, "{draft}");
    }
}

#[test]
fn a_change_is_an_agents_by_author_label_or_branch() {
    let text = r#"
bots = ["some-agent[bot]"]
labels = ["Agent"]
branch_prefixes = ["agent/"]
"#;
    let context = context(&[("agents.toml", text)]).unwrap();
    for (draft, expected) in [
        (
            r#"{"chaperone":{"change":{"author":"Some-Agent[bot]"}}}"#,
            true,
        ),
        (
            r#"{"chaperone":{"change":{"author":"a","labels":["bug","agent"]}}}"#,
            true,
        ),
        (
            r#"{"chaperone":{"change":{"author":"a"}},"vcs":{"ref":{"head":{"name":"agent/x"}}}}"#,
            true,
        ),
        (
            r#"{"chaperone":{"change":{"author":"a","agent":true}}}"#,
            true,
        ),
        (
            r#"{"chaperone":{"change":{"author":"a","labels":["agents"]}}}"#,
            false,
        ),
    ] {
        let found = enriched(&context, draft);
        assert_eq!(
            value::lookup(&found, "change.agent"),
            Some(&Value::from(expected)),
            "{draft}"
        );
    }
    assert!(enriched(&context, r#"{"event":{}}"#).is_null());
}

#[test]
fn without_files_nothing_is_added() {
    let draft = r#"{"user":{"name":"a"},"vcs":{"repository":{"name":"a/b"}},"destination":{"domain":"x.example"}}"#;
    assert!(enriched(&Context::default(), draft).is_null());
    assert_eq!(Context::default().allows_host("x"), None);
}

#[test]
fn every_problem_of_every_file_is_named_at_its_place() {
    let problems = context(&[
        (
            "c/directory.toml",
            "[[users]]\ngroups = []\n[[users]]\nnames = [\"a\"]\n[[users]]\nnames = [\"A\"]\n",
        ),
        (
            "c/repositories.toml",
            "[[repositories]]\nmatch = \"payments\"\n",
        ),
        (
            "c/networks.toml",
            "allowed_domains = [\"a b\"]\nallowed_networks = [\"10.0.0.0/33\"]\n",
        ),
        ("c/lists.toml", "a = 1\n"),
        ("c/other.toml", ""),
    ])
    .err()
    .unwrap();
    let places: Vec<&str> = problems
        .iter()
        .map(|p| p.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "c/directory.toml:1:1",
            "c/directory.toml:5:1",
            "c/repositories.toml:2:9",
            "c/networks.toml:1:20",
            "c/networks.toml:2:21",
            "c/lists.toml:1:5",
            "c/other.toml:1:1",
        ],
        "{problems:#?}"
    );
}

#[test]
fn lists_are_handed_out() {
    let context = context(&[("lists.toml", "admins = [\"root\"]\n")]).unwrap();
    assert_eq!(context.lists()["admins"], ["root"]);
}
