//! Indexer acknowledgement: a batch is delivered when an indexer says that it has it.
//!
//! HEC numbers what it received in our channel, and answers polls for a number with true once it is
//! indexed (and replicated), which it says once and then forgets. Measured elsewhere that takes
//! about a second. Whatever else the endpoint answers (an error, a page, a number that it does not know)
//! is "not yet"; after five minutes the batch goes again, and may then be there twice.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::{Splunk, answer};
use crate::http::Body;
use crate::sink::{Answer, Reason};

const PATH: &str = "/services/collector/ack";
const POLL_FIRST: Duration = Duration::from_secs(1);
const POLL_EVERY_MAX: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
struct Acks {
    acks: HashMap<String, bool>,
}

impl Splunk {
    /// Once, and before anything is sent: a token that does not acknowledge would take documents
    /// and leave us without a word for them.
    pub(super) async fn ensure_acknowledging(&self) -> Result<(), Answer> {
        if self.channel.is_none() || self.acknowledges.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = self.post(PATH).body(Body::plain(r#"{"acks":[0]}"#));
        let response = request.send().await?;
        if response.is_success() && response.json::<Acks>().is_some() {
            self.acknowledges.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let cannot = answer::cannot_acknowledge(&response).or_else(|| response.usual());
        Err(cannot.unwrap_or_else(|| response.unreadable()))
    }

    /// Waits until an indexer has what was received under this number.
    pub(super) async fn acknowledged(&self, ack: u64) -> Result<(), Answer> {
        let deadline = Instant::now() + PATIENCE;
        let mut wait = POLL_FIRST;
        loop {
            tokio::time::sleep(wait).await;
            if self.is_acknowledged(ack).await {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let detail = format!("no indexer acknowledged it in {} s", PATIENCE.as_secs());
                return Err(Answer::Retry {
                    reason: Reason::new("not_acknowledged", detail),
                    after: None,
                    uncertain: true,
                });
            }
            wait = (wait * 2).min(POLL_EVERY_MAX);
        }
    }

    async fn is_acknowledged(&self, ack: u64) -> bool {
        let body = Body::plain(format!(r#"{{"acks":[{ack}]}}"#));
        let Ok(response) = self.post(PATH).body(body).send().await else {
            return false;
        };
        let acks = response.json::<Acks>().filter(|_| response.is_success());
        acks.is_some_and(|acks| acks.acks.get(&ack.to_string()) == Some(&true))
    }
}
