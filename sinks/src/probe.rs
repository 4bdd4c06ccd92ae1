//! One marked alert, sent once: what `chaperone sinks test` does.
//!
//! The alert passes no filter and no retry: what is wanted is the product's first answer. It has the
//! lowest level, and says in every field that people look at that it is a test.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tokio::time::timeout;

use crate::deliver::no_answer;
use crate::sink::{Answer, Batch, Document, ItemAnswer, Parcel, Place, Sink};

/// How long an answer is waited for where the sink itself says nothing.
const PATIENCE: Duration = Duration::from_secs(120);

/// The rule that the alert names.
const RULE: &str = "Chaperone Sink Test";

/// The alert, with an id that nothing else has.
pub fn alert(now: DateTime<Utc>) -> Document {
    let time = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let alert = json!({
        "@timestamp": time,
        "chaperone": {
            "alert": {
                "count": 1, "events": [], "first_seen": time, "last_seen": time, "group": {},
                "level": "informational",
            },
            "source": "chaperone.test",
        },
        "event": {
            "action": "sink_test",
            "category": ["configuration"],
            "dataset": "chaperone.alerts",
            "id": format!("chaperone-test-{}", now.timestamp_micros()),
            "kind": "alert",
            "severity": 1,
            "type": ["info"],
        },
        "message": "A test of the way to this product. Nothing has happened, and nothing is to be done.",
        "rule": {
            "description": "Sent by `chaperone sinks test`.",
            "id": "chaperone-sink-test",
            "name": RULE,
            "ruleset": "chaperone",
        },
    });
    Document::read(alert.to_string().into()).expect("it has all that a document needs")
}

/// Sends it, once, and returns what the product said about it.
pub async fn send(sink: &dyn Sink, document: Document) -> Answer {
    let encoded = match sink.encode(&document) {
        Ok(encoded) => encoded,
        Err(reason) => return Answer::Refused(reason),
    };
    let place = Place {
        input: 0,
        partition: 0,
        offset: 0,
    };
    let parcel = Parcel {
        place,
        document,
        encoded,
    };
    let batch = Batch {
        parcels: vec![parcel.into()],
    };
    let patience = sink.limits().answer_timeout.unwrap_or(PATIENCE);
    let answer = timeout(patience, sink.send(&batch)).await;
    alone(answer.unwrap_or_else(|_| no_answer(patience)))
}

/// What an answer says about the only document of a batch.
fn alone(answer: Answer) -> Answer {
    match answer {
        Answer::AcceptedUpTo { count: 1, .. } => Answer::Accepted,
        Answer::AcceptedUpTo {
            refused: Some(reason),
            ..
        }
        | Answer::Split(reason) => Answer::Refused(reason),
        Answer::Each(answers) => match answers.into_iter().next() {
            Some(ItemAnswer::Retry(reason)) => Answer::retry(reason),
            Some(ItemAnswer::Refused(reason)) => Answer::Refused(reason),
            Some(ItemAnswer::Accepted) => Answer::Accepted,
            None => Answer::Each(Vec::new()),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Rig;
    use crate::conformance::model::{Model, Unit};
    use crate::sink::{Kind, Level};

    #[tokio::test(start_paused = true)]
    async fn a_marked_alert_goes_once_past_every_filter() {
        let model = Model::new(Unit::Each, false);
        let sent = alert(Utc::now());
        assert_eq!(
            (sent.kind, sent.level),
            (Kind::Alert, Some(Level::Informational))
        );
        assert_eq!(send(&model, sent.clone()).await, Answer::Accepted);
        assert_eq!(model.stored(), [&*sent.id]);
        for schema in chaperone_mappings::Schema::ALL {
            let written = crate::schema::write(schema, &sent).expect("it converts");
            let text = String::from_utf8(written.to_vec()).expect("text");
            assert!(text.contains(&*sent.id) && text.contains(RULE), "{text}");
        }
    }
}
