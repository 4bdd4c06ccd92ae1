//! What is delivered is there once, and is found.

use chaperone_sinks::{Kind, Settled, Verdict};
use serde_json::{Value, json};

use crate::client::{Client, cases, read, stories};

fn assert_delivered(settled: &[Settled], count: usize) {
    for one in settled {
        assert_eq!(one.verdict, Verdict::Delivered, "{}", one.document.id);
    }
    assert_eq!(settled.len(), count);
}

fn buckets(found: &Value, name: &str) -> Vec<(String, u64)> {
    let buckets = found["aggregations"][name]["buckets"].as_array();
    let bucket = |bucket: &Value| {
        let key = bucket["key"].as_str().expect("a text").to_owned();
        (key, bucket["doc_count"].as_u64().expect("a number"))
    };
    buckets.expect("buckets").iter().map(bucket).collect()
}

#[test]
fn templates_are_installed_and_data_streams_made() {
    let client = Client::new("templates");
    assert_delivered(&client.deliver(&stories(Kind::Alert)[..1]), 1);
    assert_delivered(&client.deliver(&stories(Kind::Event)[..1]), 1);
    for what in ["events", "alerts"] {
        let stream = format!("logs-chaperone.{what}-templates");
        let found = client.get(&format!("/_data_stream/{stream}"));
        let found = &found["data_streams"][0];
        assert_eq!(found["name"], stream.as_str());
        assert_eq!(found["template"], format!("logs-chaperone.{what}").as_str());
        let mapping = client.get(&format!("/{stream}/_mapping"));
        let index = mapping.as_object().and_then(|all| all.values().next());
        let fields = &index.expect("an index")["mappings"]["properties"];
        assert_eq!(fields["source"]["properties"]["ip"]["type"], "ip");
        assert_eq!(fields["rule"]["properties"]["name"]["type"], "keyword");
    }
}

#[test]
fn alerts_are_found_by_what_people_search_for() {
    let client = Client::new("alerts");
    let alerts = stories(Kind::Alert);
    assert_delivered(&client.deliver(&alerts), alerts.len());
    let all = alerts.len() as u64;
    let count = |query: Value| client.count("alerts", &query);
    // The query of Elastic Security's rule "External Alerts", over the time that it looks at.
    let external = "event.kind:alert AND NOT event.module:(endgame OR endpoint OR cloud_defend)";
    let promoted = json!({"bool": {
        "must": {"query_string": {"query": external}},
        "filter": {"range": {"event.ingested": {"gte": "now-2m"}}},
    }});
    assert_eq!(count(promoted), all);
    let spike = "Spike of Failed Agent Authentications for One User";
    assert_eq!(count(json!({"term": {"rule.name": spike}})), 1);
    assert_eq!(
        count(json!({"match": {"message": "spike authentications"}})),
        1
    );
    assert_eq!(count(json!({"term": {"source.ip": "203.0.113.24/32"}})), 1);
    assert_eq!(
        count(json!({"term": {"chaperone.alert.group.user.name": "mona@acme.example"}})),
        1
    );
    let high = alerts.iter().filter(|alert| {
        let alert: Value = serde_json::from_slice(&alert.json).expect("JSON");
        alert["event"]["severity"].as_u64() >= Some(73)
    });
    let scores = json!({"range": {"event.risk_score": {"gte": 73.0}}});
    assert_eq!(count(scores), high.count() as u64);
    let found = client.search(
        "alerts",
        &json!({"size": 0, "aggs": {
            "rules": {"terms": {"field": "rule.name", "size": 100}},
            "techniques": {"terms": {"field": "threat.technique.id", "size": 100}},
            "streams": {"terms": {"field": "data_stream.dataset"}},
        }}),
    );
    let rules = buckets(&found, "rules");
    assert_eq!(rules.iter().map(|(_, count)| count).sum::<u64>(), all);
    assert!(rules.contains(&(spike.to_owned(), 1)));
    let techniques = buckets(&found, "techniques");
    assert!(
        techniques.contains(&("T1110".to_owned(), 1)),
        "{techniques:?}"
    );
    assert_eq!(
        buckets(&found, "streams"),
        [("chaperone.alerts".to_owned(), all)]
    );
}

/// No mapping of a source produces what the templates refuse, nor two sources what does not fit together.
#[test]
fn every_event_that_a_source_is_tested_with_is_taken() {
    let client = Client::new("cases");
    let mut events = cases();
    events.extend(stories(Kind::Event));
    events.sort_by(|a, b| a.id.cmp(&b.id));
    events.dedup_by(|a, b| a.id == b.id);
    assert!(events.len() > 200, "{}", events.len());
    let settled = client.deliver(&events);
    let refused: Vec<_> = settled
        .iter()
        .filter(|one| one.verdict != Verdict::Delivered)
        .map(|one| (&one.document.id, &one.verdict))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let alerts = events.iter().filter(|one| one.kind == Kind::Alert).count();
    let count = client.count("events", &json!({"match_all": {}}));
    assert_eq!(count, (events.len() - alerts) as u64);
}

#[test]
fn what_is_sent_again_is_there_once() {
    let client = Client::new("again");
    let alerts = stories(Kind::Alert);
    let taken = client.deliver_and_die(&alerts);
    assert!(taken > 0, "the node had accepted some");
    assert_delivered(&client.deliver(&alerts), alerts.len());
    assert_delivered(&client.deliver(&alerts), alerts.len());
    let count = client.count("alerts", &json!({"match_all": {}}));
    assert_eq!(count, alerts.len() as u64);
}

#[test]
fn a_poison_document_is_refused_alone_and_not_quoted() {
    let client = Client::new("poison");
    let document = |number: usize, vcs: Value| {
        read(&json!({
            "@timestamp": "2026-11-12T09:14:07.412Z",
            "event": {"id": format!("d{number}"), "kind": "event"},
            "vcs": vcs,
        }))
    };
    let mut documents: Vec<_> = (0..20)
        .map(|number| document(number, json!({"repository": {"name": "acme/checkout"}})))
        .collect();
    documents[11] = document(11, json!("a text where an object belongs"));
    let settled = client.deliver(&documents);
    assert_eq!(settled.len(), 20);
    for one in &settled {
        match &one.verdict {
            Verdict::Refused(reason) => {
                assert_eq!(
                    (&*one.document.id, reason.code),
                    ("d11", "mapping_conflict")
                );
                let said = reason.to_string();
                assert!(said.contains("mapper_parsing_exception"), "{said}");
                assert!(!said.contains("belongs"), "{said}");
            }
            verdict => assert_eq!(*verdict, Verdict::Delivered),
        }
    }
    assert_eq!(client.count("events", &json!({"match_all": {}})), 19);
    // What is long or of another type than declared is kept, and does not poison anything.
    let odd = json!({
        "@timestamp": "2026-11-12T09:14:07.412Z",
        "event": {"id": "odd", "kind": "event", "duration": "long"},
        "source": {"ip": "not an address"},
        "acme": {"text": "é".repeat(40_000)},
        "gen_ai": {"tool": {"call": {"result": "a text", "arguments": ["a", {"b": 1}]}}},
    });
    assert_delivered(&client.deliver(&[read(&odd)]), 1);
}
