//! Chaperone's own health as alerts: what a bound has evicted must not stay in a counter that
//! nobody looks at (invariant I5).
//!
//! One alert an hour of event time and partition, whatever the number, so that a flood of keys does
//! not become a flood of alerts. It goes the way of every other alert.

use bytes::Bytes;
use chaperone_detections::Health;
use serde_json::json;

use crate::refused::time_text;

const HOUR_MS: i64 = 3_600_000;

/// What was reported last.
#[derive(Debug, Default)]
pub(super) struct Reported {
    evicted: [u64; 3],
    hour: Option<i64>,
}

/// An alert that is due: its id and its document.
pub(super) struct Due {
    pub(super) id: String,
    pub(super) json: Bytes,
}

impl Reported {
    /// Compares the counters with what was reported; `time_ms` is event time.
    pub(super) fn due(&mut self, health: Health, partition: u32, time_ms: i64) -> Option<Due> {
        let evicted = [
            health.evicted_matches,
            health.evicted_groups,
            health.evicted_events,
        ];
        let hour = time_ms.div_euclid(HOUR_MS);
        if evicted == self.evicted || self.hour == Some(hour) {
            return None;
        }
        let new: Vec<u64> = evicted
            .iter()
            .zip(self.evicted)
            .map(|(now, was)| now - was)
            .collect();
        self.evicted = evicted;
        self.hour = Some(hour);
        let id = format!("chaperone.health.evicted/{partition}/{hour}");
        let document = json!({
            "@timestamp": time_text(time_ms),
            "ecs": { "version": "9.4.0" },
            "event": { "kind": "alert", "id": id, "severity": 47, "risk_score": 47,
                       "module": "chaperone", "dataset": "chaperone.alerts",
                       "category": ["process"], "type": ["info"], "action": "state_evicted" },
            "rule": { "id": "chaperone.health.evicted", "ruleset": "chaperone",
                      "name": "Correlation State Was Evicted",
                      "description": "A limit of [correlate] was reached, and the least useful state was dropped: alerts may be missing. Raise the limit, or narrow the rule." },
            "message": format!("{} matches, {} groups and {} remembered events were dropped", new[0], new[1], new[2]),
            "chaperone": { "alert": { "level": "medium", "count": 1, "events": [], "group": {},
                                      "first_seen": time_text(time_ms), "last_seen": time_text(time_ms) } },
        });
        Some(Due {
            json: document.to_string().into(),
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alert_an_hour_with_what_is_new() {
        let mut reported = Reported::default();
        let health = |evicted_groups| Health {
            evicted_groups,
            ..Health::default()
        };
        assert!(reported.due(health(0), 0, 0).is_none());
        let first = reported
            .due(health(3), 0, 10)
            .expect("three groups were dropped");
        assert_eq!(first.id, "chaperone.health.evicted/0/0");
        assert!(
            reported.due(health(9), 0, 20).is_none(),
            "the hour has had its alert"
        );
        let second = reported.due(health(9), 0, HOUR_MS).expect("the next hour");
        let text = String::from_utf8(second.json.to_vec()).expect("JSON");
        assert!(
            text.contains("0 matches, 6 groups and 0 remembered events"),
            "{text}"
        );
        assert!(
            reported.due(health(9), 0, 2 * HOUR_MS).is_none(),
            "nothing is new"
        );
    }
}
