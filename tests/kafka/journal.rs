//! The journal's conformance suite, where it is compiled against a real Kafka.

pub(crate) use chaperone::journal::*;

#[macro_use]
#[path = "../../pipeline/journal/suite/mod.rs"]
pub(crate) mod suite;
