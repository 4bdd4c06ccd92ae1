//! What needs a real OpenSearch: `cargo test --test opensearch`. The first run fetches its jars.
//!
//! These tests are a target of their own because they need Java; `.ci/run` runs them, a plain
//! `cargo test` does not. None of them is ever skipped. They share a node, and each has a namespace
//! of its own there.

#[path = "../real/opensearch.rs"]
mod node;
#[path = "../real/server.rs"]
#[allow(dead_code, reason = "the tests with Kafka use all of it")]
mod server;

#[path = "../suite/github.rs"]
mod github;
#[path = "../suite/program.rs"]
#[allow(dead_code, reason = "the suite uses all of it")]
mod program;

mod client;
mod crash;
mod delivery;
