use super::*;
use crate::rule::{Kind, LogSource};

fn meta() -> RuleMeta {
    RuleMeta {
        id: "rule-1".into(),
        name: None,
        title: "Agent merged its own change".into(),
        level: Level::High,
        status: None,
        description: Some("What it means.".into()),
        author: None,
        references: vec!["https://example.com".into()],
        tags: vec![
            "attack.initial-access".into(),
            "attack.t1078.004".into(),
            "attack.g0001".into(),
        ],
        falsepositives: Vec::new(),
        fields: Vec::new(),
        logsource: LogSource {
            category: Some("code_change".into()),
            ..LogSource::default()
        },
        kind: Kind::Rule,
        path: String::new(),
        line: 1,
    }
}

#[test]
fn an_alert_is_an_ecs_document_with_ordered_keys() {
    let group = [("user.name".to_owned(), "alice".to_owned())];
    let meta = meta();
    let parts = Parts {
        script: None,
        meta: &meta,
        tenant: "acme",
        group: &group,
        identity: AlertIdentity::Event("e2"),
        time_ms: 1_767_614_400_500,
        events: vec![
            (
                "e1",
                1_767_614_400_000,
                br#"{"event.action":"merge","user.name":"alice","vcs.change.id":"1"}"#,
            ),
            (
                "e2",
                1_767_614_400_500,
                br#"{"event.action":"merge","user.name":"alice","vcs.change.id":"2"}"#,
            ),
        ],
    };
    let (alert, agreed) = parts.alert(&mut Failures::default());
    let text = std::str::from_utf8(&alert.json).expect("JSON is UTF-8");
    let expected = format!(
        concat!(
            r#"{{"@timestamp":"2026-01-05T12:00:00.500Z","#,
            r#""chaperone":{{"alert":{{"count":2,"events":["e1","e2"],"first_seen":"2026-01-05T12:00:00.000Z","#,
            r#""group":{{"user.name":"alice"}},"last_seen":"2026-01-05T12:00:00.500Z","level":"high"}},"tenant":"acme"}},"#,
            r#""event":{{"action":"merge","category":["intrusion_detection"],"dataset":"chaperone.alerts","id":"{}","kind":"alert","module":"chaperone","risk_score":73,"severity":73,"type":["info"]}},"#,
            r#""message":"Agent merged its own change","#,
            r#""rule":{{"category":"code_change","description":"What it means.","id":"rule-1","name":"Agent merged its own change","reference":"https://example.com","ruleset":"sigma"}},"#,
            r#""threat":{{"framework":"MITRE ATT&CK","tactic":{{"id":["TA0001"],"name":["Initial Access"]}},"technique":{{"id":["T1078"],"subtechnique":{{"id":["T1078.004"]}}}}}},"#,
            r#""user":{{"name":"alice"}}}}"#
        ),
        alert.id
    );
    assert_eq!(text, expected);
    assert_eq!(
        agreed.fields().count(),
        2,
        "the change differs, so it is not agreed"
    );
    assert_eq!(alert.id.len(), 32);
}

#[test]
fn identity_is_tenant_rule_group_and_episode() {
    let meta = meta();
    let id = |tenant: &str, group: &[&str], identity| {
        let group: Vec<_> = group
            .iter()
            .map(|v| ("g".to_owned(), (*v).to_owned()))
            .collect();
        let parts = Parts {
            script: None,
            meta: &meta,
            tenant,
            group: &group,
            identity,
            time_ms: 0,
            events: Vec::new(),
        };
        parts.alert(&mut Failures::default()).0.id
    };
    let of_day = |number| AlertIdentity::Episode(Identity::OfDay { day: 1, number });
    let ids = [
        id("", &["a"], of_day(0)),
        id("t", &["a"], of_day(0)),
        id("", &["b"], of_day(0)),
        id("", &["a", ""], of_day(0)),
        id("", &["a"], of_day(1)),
        id("", &["a"], AlertIdentity::Episode(Identity::At(1))),
        id("", &["a"], AlertIdentity::Event("e")),
    ];
    let different: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
}

#[test]
fn many_events_are_bounded() {
    let meta = meta();
    let names: Vec<String> = (0..1000).map(|n| format!("event-{n}")).collect();
    let parts = Parts {
        script: None,
        meta: &meta,
        tenant: "",
        group: &[],
        identity: AlertIdentity::Event("e"),
        time_ms: i64::MAX,
        events: names
            .iter()
            .map(|name| (name.as_str(), 0, &b""[..]))
            .collect(),
    };
    let json: Json =
        serde_json::from_slice(&parts.alert(&mut Failures::default()).0.json).expect("JSON");
    assert_eq!(json["chaperone"]["alert"]["count"], 1000);
    assert_eq!(
        json["chaperone"]["alert"]["events"]
            .as_array()
            .map(Vec::len),
        Some(EVENTS_MAX)
    );
}
