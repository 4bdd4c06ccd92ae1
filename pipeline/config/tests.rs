use super::*;

fn problems(text: &str) -> Vec<String> {
    let problems = Config::parse("c.toml", text).expect_err("there are problems");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_the_defaults() {
    let config = Config::parse("c.toml", "").expect("an empty file is a config");
    assert_eq!(config, Config::builtin());
}

#[test]
fn what_is_shown_can_be_read_again() {
    let text = "[receive.sources.\"github.webhook\"]\ngithub_secret = { env = \"SECRET\" }\n[journal]\nfsync = \"200ms\"\n[[sinks]]\nname = \"a\"\ntype = \"file\"\npath = \"a.ndjson\"\n";
    let config = Config::parse("c.toml", text).expect("it is right");
    assert_eq!(Config::parse("c.toml", &config.to_toml()), Ok(config));
}

#[test]
fn a_sink_has_the_options_of_its_product() {
    let text = "[[sinks]]\nname = \"siem\"\ntype = \"splunk\"\ndocuments = \"both\"\nlevel = \"low\"\nordered = true\nurl = \"https://splunk.example:8088\"\ntoken = { file = \"hec\" }\nbatch = { bytes_max = \"512KiB\" }\nhttp = { gzip = 6, ca_file = \"ca.pem\" }\n";
    let mut config = Config::parse("c.toml", text).expect("it is right");
    assert_eq!(
        Config::parse("c.toml", &config.to_toml()),
        Ok(config.clone())
    );
    let policy = config.sinks[0].policy();
    assert!(policy.ordered && policy.batch_bytes_max == Some(512 << 10));
    config.rebase(Path::new("/etc/chaperone"));
    let paths = config.sinks[0].product.paths();
    let expected = ["/etc/chaperone/hec", "/etc/chaperone/ca.pem"];
    assert!(
        paths
            .into_iter()
            .map(|path| &*path)
            .eq(expected.map(Path::new))
    );
    let of_another = text.replace("\"splunk\"", "\"datadog\"");
    let found = problems(&of_another);
    assert!(
        found[0].contains("c.toml:8:1: unknown field `token`"),
        "{found:?}"
    );
    let inline = ["0123", "4567"].concat();
    let found = problems(&text.replace("{ file = \"hec\" }", &format!("\"{inline}\"")));
    assert!(found[0].contains("a secret is not written here") && !found[0].contains(&inline));
}

#[test]
fn every_section_is_read_whatever_the_others_hold() {
    let found =
        problems("[journal]\npartitions = \"many\"\n[correlate]\nlateness = 5\n[nothing]\n");
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("c.toml:2:14: "), "{}", found[0]);
    assert!(
        found[1].starts_with("c.toml:4:12: expected a length of time"),
        "{}",
        found[1]
    );
    assert!(
        found[2].starts_with("c.toml:5:2: there is no section `nothing`"),
        "{}",
        found[2]
    );
}

#[test]
fn no_message_repeats_a_value() {
    let secret = ["hunter", "2-in-the-wrong-place"].concat();
    for text in [
        format!("[journal]\npartitions = \"{secret}\"\n"),
        format!("[receive]\nlisten = \"{secret}\"\n"),
        format!("[receive.otlp]\nbearer = \"{secret}\"\n"),
        format!("[redaction]\nkey = {{ inline = \"{secret}\" }}\n"),
        format!("[journal]\nfsync = \"{secret}\"\n"),
    ] {
        let found = problems(&text);
        assert!(
            !found.iter().any(|problem| problem.contains(&secret)),
            "{found:?}"
        );
    }
}

#[test]
fn an_auth_is_one_way_in() {
    for (text, what) in [
        ("", "exactly one"),
        (
            "bearer = { env = \"A\" }\ntoken = { env = \"B\" }\nheader = \"x\"",
            "exactly one",
        ),
        ("token = { env = \"B\" }", "need the `header`"),
        ("hmac_sha256 = { env = \"B\" }", "need the `header`"),
        (
            "standard_webhooks = { env = \"B\" }\nheader = \"x\"",
            "`header` belongs",
        ),
        (
            "bearer = { env = \"B\" }\nprefix = \"x\"",
            "`prefix` belongs",
        ),
    ] {
        let found = problems(&format!("[receive.otlp]\n{text}\n"));
        assert!(found[0].contains(what), "{found:?}");
    }
}

#[test]
fn beyond_loopback_something_must_prove_itself() {
    let found = problems("[receive]\nlisten = \"0.0.0.0:4318\"\n");
    assert!(
        found[0].contains("can be reached from other machines"),
        "{found:?}"
    );
    let proven = "[receive]\nlisten = \"0.0.0.0:4318\"\n[receive.otlp]\nbearer = { env = \"A\" }\n";
    Config::parse("c.toml", proven).expect("OTLP proves itself, the rest is closed");
}

#[test]
fn paths_are_relative_to_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    std::fs::write(&path, "[rules]\ndirs = [\"builtin\", \"mine\"]\n").expect("written");
    let config = Config::load(&path).expect("it is right");
    assert_eq!(
        config.rules.dirs,
        [PathBuf::from("builtin"), folder.path().join("mine")]
    );
    assert_eq!(config.journal.path, folder.path().join("chaperone-data"));
}
