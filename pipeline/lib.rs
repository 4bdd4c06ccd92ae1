//! Chaperone: the detection pipeline for coding agents.
//!
//! A record goes in, an alert comes out. Begin with [`journal`], which says how a step is made
//! exactly once, then the stages.

pub mod journal;
pub mod raw;
pub mod receive;
