use bytes::Bytes;

use super::Filter;
use crate::sink::{Document, Kind, Level};

fn document(kind: Kind, level: Option<Level>, source: Option<&str>) -> Document {
    Document {
        id: "x".into(),
        kind,
        level,
        source: source.map(Into::into),
        tenant: None,
        time_ms: 0,
        json: Bytes::new(),
    }
}

#[test]
fn the_level_sorts_alerts_and_never_hides_an_event() {
    let filter = Filter {
        level_min: Level::High,
        ..Filter::default()
    };
    assert!(filter.wants(&document(Kind::Event, None, None)));
    assert!(!filter.wants(&document(Kind::Alert, Some(Level::Medium), None)));
    assert!(filter.wants(&document(Kind::Alert, Some(Level::High), None)));
    assert!(filter.wants(&document(Kind::Alert, Some(Level::Critical), None)));
}

#[test]
fn kinds_are_chosen() {
    let alerts = Filter::alerts();
    assert!(!alerts.wants(&document(Kind::Event, None, None)));
    assert!(alerts.wants(&document(Kind::Alert, Some(Level::Low), None)));
}

#[test]
fn a_list_takes_what_it_names_and_nothing_without_a_name() {
    let filter = Filter {
        sources: vec!["okta.system_log".into(), "github.*".into()],
        ..Filter::default()
    };
    let wants = |source| filter.wants(&document(Kind::Event, None, source));
    assert!(wants(Some("okta.system_log")));
    assert!(wants(Some("github.webhook")));
    assert!(!wants(Some("githubby.webhook")));
    assert!(!wants(Some("codex.otel")));
    assert!(!wants(None));
    let tenants = Filter {
        tenants: vec!["t1".into()],
        ..Filter::default()
    };
    assert!(!tenants.wants(&document(Kind::Event, None, None)));
}
