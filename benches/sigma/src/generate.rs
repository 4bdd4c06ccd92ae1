//! Events to measure with: seeded, ours, the same on every machine.
//!
//! A lane is one kind of log as a SIEM team receives it. The shapes (names of fields, nesting,
//! sizes) follow what the products write; people, hosts and addresses are invented. One event in
//! fifty is written so that public rules hold for it, because an engine that only ever says no is
//! not measured. Nothing is read from outside: no data set, no clock, no system random numbers.
//!
//! Every event exists in two texts. The plain one says nothing of its logsource, so each engine
//! holds it against every rule. The tagged one names product, service and category in three flat
//! keys, which both our matcher and rsigma's logsource extractor read: routing on.

mod agent;
mod cloud;
mod pools;
mod proxy;
mod random;
mod structured;
mod sysmon;
mod windows;

use serde_json::{Map, Value};

pub(crate) use random::Random;

/// One event in this many is written to be noticed.
const NOTABLE_ONE_IN: u64 = 50;

/// The flat keys that carry a tagged event's logsource.
pub(crate) const PRODUCT: &str = "chaperone.logsource.product";
/// See [`PRODUCT`].
pub(crate) const SERVICE: &str = "chaperone.logsource.service";
/// See [`PRODUCT`].
pub(crate) const CATEGORY: &str = "chaperone.logsource.category";

/// One kind of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Lane {
    /// Windows Security, PowerShell and process creation events, flat.
    Windows,
    /// Sysmon events under Sysmon's field names, flat.
    Sysmon,
    /// The same Windows events as a log shipper nests them, with the rendered message.
    Structured,
    /// Web proxy lines and Cisco syslog.
    Proxy,
    /// AWS CloudTrail, Azure sign-ins and activity, Okta system log.
    Cloud,
    /// Tool calls of coding agents, normalized (ECS).
    Agent,
}

impl Lane {
    /// Every lane, in the order of the report.
    pub(crate) const ALL: [Self; 6] = [
        Self::Windows,
        Self::Sysmon,
        Self::Structured,
        Self::Proxy,
        Self::Cloud,
        Self::Agent,
    ];

    /// As written in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Sysmon => "sysmon",
            Self::Structured => "structured",
            Self::Proxy => "proxy",
            Self::Cloud => "cloud",
            Self::Agent => "agent",
        }
    }

    /// `count` events of this lane; the same for the same seed.
    pub(crate) fn events(self, count: usize, seed: u64) -> Vec<Event> {
        let mut random = Random::new(seed ^ (self as u64 + 1));
        let draw = match self {
            Self::Windows => windows::event,
            Self::Sysmon => sysmon::event,
            Self::Structured => structured::event,
            Self::Proxy => proxy::event,
            Self::Cloud => cloud::event,
            Self::Agent => agent::event,
        };
        (0..count)
            .map(|_| {
                let notable = random.one_in(NOTABLE_ONE_IN);
                draw(&mut random, notable).into_event()
            })
            .collect()
    }
}

/// One event in both texts.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Without a logsource.
    pub(crate) plain: String,
    /// With one.
    pub(crate) tagged: String,
}

/// What a lane draws: the body, and where a Sigma rule would look for it.
struct Drawn {
    body: Value,
    source: LogSource,
}

/// Product, service and category; empty where the log has none.
#[derive(Debug, Clone, Copy, Default)]
struct LogSource {
    product: &'static str,
    service: &'static str,
    category: &'static str,
}

impl LogSource {
    const fn service(product: &'static str, service: &'static str) -> Self {
        Self {
            product,
            service,
            category: "",
        }
    }

    const fn category(product: &'static str, category: &'static str) -> Self {
        Self {
            product,
            service: "",
            category,
        }
    }
}

impl Drawn {
    fn into_event(self) -> Event {
        let plain = self.body.to_string();
        let mut map = match self.body {
            Value::Object(map) => map,
            other => Map::from_iter([("message".to_owned(), other)]),
        };
        let parts = [
            (PRODUCT, self.source.product),
            (SERVICE, self.source.service),
            (CATEGORY, self.source.category),
        ];
        for (key, part) in parts {
            if !part.is_empty() {
                map.insert(key.to_owned(), part.into());
            }
        }
        let tagged = Value::Object(map).to_string();
        Event { plain, tagged }
    }
}

#[cfg(test)]
mod tests;
