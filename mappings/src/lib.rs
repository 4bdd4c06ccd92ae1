//! Bytes in, sealed events out.
//!
//! A [`Record`] is what somebody sent us, byte for byte, with its [`Origin`]. A mapping (a VRL
//! program) turns it into [`Draft`]s, which may still hold secrets, and the redactor turns a draft
//! into an [`Event`]: normalized, without secrets, with a stable id. Nothing else can make an event
//! (invariant I1), so a reader who wants to know what may leave this process starts at [`event`].
//! The way from one to the other, step by step, is [`normalize`].
//!
//! This crate does no IO and reads no clock: time and files enter as data.

pub mod context;
mod derive;
pub mod event;
mod mapper;
pub mod normalize;
mod otlp;
pub mod problem;
pub mod record;
pub mod redact;
pub mod refusal;
mod sarif;
pub mod schema;
pub mod source;
mod time;
pub mod value;

pub use context::Context;
pub use event::{Draft, Event};
pub use normalize::{Limits, Normalized, Normalizer, Worker};
pub use problem::Problem;
pub use record::{Origin, Record};
pub use refusal::{Refusal, RefusalCode};
pub use schema::Schema;
pub use source::{Source, SourceFile, Sources};
pub use value::Value;
