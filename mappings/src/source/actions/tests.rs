use super::*;
use crate::value::parse;

fn classified(name: &str) -> String {
    let entry = |names: &[&str], kind: Option<&str>, category: Option<&str>| Action {
        names: names
            .iter()
            .map(|name| super::super::spec::Scalar::Text((*name).to_owned()))
            .collect(),
        category: category.map(str::to_owned),
        kind: kind.map(str::to_owned),
        outcome: None,
        activity: category.map(|_| "directory_change".to_owned()),
    };
    let actions = Actions::new(&[
        entry(&["group_wiped"], Some("deletion"), None),
        entry(&["*_created", "*_added"], Some("creation"), None),
        entry(&["group_*"], Some("change"), Some("iam")),
        entry(&["*"], Some("info"), Some("api")),
    ]);
    let text = format!("{{\"event\":{{\"action\":\"{name}\"}}}}");
    let mut draft = parse(text.as_bytes()).unwrap();
    actions.classify(&mut draft);
    let text = |path: &str| value::lookup(&draft, path).map(ToString::to_string);
    format!(
        "{} {} {}",
        text("event.category").unwrap_or_default(),
        text("event.type").unwrap_or_default(),
        text("chaperone.logsource.category").unwrap_or_default(),
    )
}

#[test]
fn each_key_is_taken_from_the_first_entry_that_says_it() {
    for (name, expected) in [
        ("group_member_added", r#"["iam"] ["creation"]"#),
        ("group_renamed", r#"["iam"] ["change"]"#),
        ("group_wiped", r#"["iam"] ["deletion"]"#),
        ("tunnel_created", r#"["api"] ["creation"]"#),
        ("other", r#"["api"] ["info"]"#),
    ] {
        let expected = format!("{expected} \"directory_change\"");
        assert_eq!(classified(name), expected, "{name}");
    }
}

#[test]
fn an_item_without_an_action_stays_as_it_is() {
    let actions = Actions::new(&[]);
    let mut draft = parse(br#"{"a":1}"#).unwrap();
    actions.classify(&mut draft);
    assert_eq!(draft, parse(br#"{"a":1}"#).unwrap());
}
