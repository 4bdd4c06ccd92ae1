//! What the tests ask the node, and the sink that they test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chaperone_sinks::http::Body;
use chaperone_sinks::{
    Delivery, Document, Filter, Http, HttpOptions, Kind, Place, Policy, Product, Settled,
};
use serde_json::{Value, json};

use crate::node::OpenSearch;
use crate::program::root;

/// A sink that pauses (a template that is refused) would pause for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node and a namespace on it.
pub(crate) struct Client {
    pub(crate) node: Arc<OpenSearch>,
    pub(crate) namespace: &'static str,
    http: Http,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    pub(crate) fn new(namespace: &'static str) -> Self {
        let node = OpenSearch::shared();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        Self {
            http: Http::open(&node.url, &HttpOptions::default()).expect("a client"),
            node,
            namespace,
            runtime,
        }
    }

    /// The answer to a GET; it has to be a 200.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.runtime.block_on(self.http.get(path).send());
        let answer = answer.expect("the node answers");
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.json().expect("JSON")
    }

    /// The answer to a search in the events or the alerts of the namespace, made visible before.
    pub(crate) fn search(&self, what: &str, body: &Value) -> Value {
        let stream = format!("/logs-chaperone.{what}-{}", self.namespace);
        self.post(&format!("{stream}/_refresh"), &json!({}));
        self.post(&format!("{stream}/_search"), body)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(path);
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::plain(body.to_string()));
        let answer = self.runtime.block_on(request.send());
        let answer = answer.expect("the node answers");
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.json().expect("JSON")
    }

    /// How many documents a query finds.
    pub(crate) fn count(&self, what: &str, query: &Value) -> u64 {
        let body = json!({"query": query, "size": 0, "track_total_hits": true});
        let found = self.search(what, &body);
        found["hits"]["total"]["value"].as_u64().expect("a number")
    }

    /// The sink, as a configuration makes it.
    pub(crate) fn delivery(&self) -> Delivery {
        let mut options = toml::Table::new();
        options.insert("urls".to_owned(), vec![self.node.url.clone()].into());
        options.insert("namespace".to_owned(), self.namespace.into());
        let product = Product::read("opensearch", toml::Value::Table(options));
        let sink = product
            .expect("its options")
            .open("siem")
            .expect("it opens");
        let policy = Policy {
            batch_documents_max: Some(8),
            ..Policy::default()
        };
        Delivery::new(sink, Filter::default(), policy)
    }

    /// Delivers all of them.
    pub(crate) fn deliver(&self, documents: &[Document]) -> Vec<Settled> {
        let mut delivery = self.delivery();
        hand(&mut delivery, documents);
        let drained = async { tokio::time::timeout(PATIENCE, delivery.drain()).await };
        let settled = self.runtime.block_on(drained);
        let settled = settled.expect("the sink waits for something that does not come");
        settled.expect("the node stays")
    }

    /// Delivers until the node has accepted something, and ends there as a killed process does:
    /// nothing of it is committed.
    pub(crate) fn deliver_and_die(&self, documents: &[Document]) -> usize {
        let mut delivery = self.delivery();
        hand(&mut delivery, documents);
        let settled = self.runtime.block_on(delivery.next());
        settled.expect("the node stays").len()
    }
}

fn hand(delivery: &mut Delivery, documents: &[Document]) {
    for (offset, document) in (0..).zip(documents) {
        let place = Place {
            input: 0,
            partition: 0,
            offset,
        };
        delivery.hand(place, document.clone());
    }
    delivery.flush();
}

/// A document of this kind, from JSON.
pub(crate) fn read(json: &Value) -> Document {
    Document::read(Bytes::from(json.to_string())).expect("a document")
}

/// The documents of all recorded stories, each once.
pub(crate) fn stories(kind: Kind) -> Vec<Document> {
    let file = match kind {
        Kind::Event => "expected-events.ndjson",
        Kind::Alert => "expected-alerts.ndjson",
    };
    let stories = std::fs::read_dir(root().join("replay-fixtures")).expect("the stories");
    let mut documents = Vec::new();
    for story in stories {
        let path = story.expect("a story").path().join(file);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let read = |line: &str| Document::read(Bytes::from(line.to_owned())).expect("a document");
        documents.extend(text.lines().map(read));
    }
    documents.sort_by(|a, b| a.id.cmp(&b.id));
    documents.dedup_by(|a, b| a.id == b.id);
    documents
}

/// The events that every source's cases expect, each once.
pub(crate) fn cases() -> Vec<Document> {
    let mut documents = Vec::new();
    collect(&root().join("mappings"), &mut documents);
    documents.sort_by(|a, b| a.id.cmp(&b.id));
    documents.dedup_by(|a, b| a.id == b.id);
    documents
}

fn collect(folder: &Path, documents: &mut Vec<Document>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, documents);
        } else if folder.ends_with("cases") {
            let text = std::fs::read_to_string(&path).expect("a case");
            let case: Value = serde_json::from_str(&text).unwrap_or_default();
            let events = case["expect"].as_array();
            let events = events.into_iter().flatten();
            documents.extend(events.filter_map(|event| {
                // What is refused has no event.
                Document::read(Bytes::from(event.to_string())).ok()
            }));
        }
    }
}
