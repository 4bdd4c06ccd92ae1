//! Chaperone: the detection pipeline for coding agents.
//!
//! A record goes in, an alert comes out. Begin with [`stage`], which says what a step is, and
//! [`journal`], which says how a step is made exactly once; [`run`] wires the steps together and
//! [`replay`] runs them over files. `ARCHITECTURE.md` has the picture and the invariants.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod content;
pub mod deliver;
pub mod filter;
pub mod journal;
pub mod live;
pub mod metrics;
pub mod raw;
pub mod read;
pub mod receive;
pub mod refused;
pub mod replay;
pub mod report;
pub mod run;
pub mod settings;
pub mod stage;
pub mod telemetry;
pub mod watch;
pub mod worker;
