//! Why a delivery was refused, and how the sender is told.
//!
//! Every way to say no is one [`Reason`]. It decides the HTTP status, the name in the metrics and
//! whether the sender should try again, so that the three never disagree. The texts are ours alone:
//! they hold names, limits and positions, never a byte of the delivery (invariant I7), and they say
//! what to do about it.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;

/// Why a delivery was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Reason {
    /// No such path.
    NotFound,
    /// The path exists, the method does not.
    Method,
    /// No mapping has this source.
    UnknownSource,
    /// The signature or token is missing or wrong.
    Unauthorized,
    /// The configuration closes this source, or a browser tries to use an open one.
    Forbidden,
    /// Larger than a limit, as sent or unpacked.
    TooLarge,
    /// A content type or an encoding that is not taken.
    MediaType,
    /// Not what its content type says.
    Malformed,
    /// The body came too slowly.
    Slow,
    /// As many deliveries are in work as the limits allow.
    Busy,
    /// The journal is full.
    JournalFull,
    /// The journal could not make the delivery durable.
    JournalFailed,
    /// A fault of ours; the same delivery would meet it again.
    Internal,
}

impl Reason {
    /// Every reason, in the order of the counters.
    pub const ALL: [Self; 13] = [
        Self::NotFound,
        Self::Method,
        Self::UnknownSource,
        Self::Unauthorized,
        Self::Forbidden,
        Self::TooLarge,
        Self::MediaType,
        Self::Malformed,
        Self::Slow,
        Self::Busy,
        Self::JournalFull,
        Self::JournalFailed,
        Self::Internal,
    ];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Method => "method",
            Self::UnknownSource => "unknown_source",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too_large",
            Self::MediaType => "media_type",
            Self::Malformed => "malformed",
            Self::Slow => "slow",
            Self::Busy => "busy",
            Self::JournalFull => "journal_full",
            Self::JournalFailed => "journal_failed",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotFound | Self::UnknownSource => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::JournalFull | Self::JournalFailed => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// How long the sender should wait before the same delivery may succeed; None: never.
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
            Self::JournalFull => Some(Duration::from_secs(30)),
            Self::JournalFailed => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// The code of `google.rpc.Status` that OTLP answers with.
    pub(super) fn rpc_code(self) -> u8 {
        match self {
            Self::NotFound | Self::UnknownSource => 5,
            Self::Method => 12,
            Self::Unauthorized => 16,
            Self::Forbidden => 7,
            Self::TooLarge | Self::MediaType | Self::Malformed => 3,
            Self::Slow => 4,
            Self::Busy | Self::JournalFull => 8,
            Self::JournalFailed => 14,
            Self::Internal => 13,
        }
    }
}

/// A refusal on its way to the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// What is wrong.
    pub(super) error: Cow<'static, str>,
    /// What to do about it.
    pub(super) hint: Cow<'static, str>,
}

impl Refused {
    pub(super) fn new(
        reason: Reason,
        error: impl Into<Cow<'static, str>>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            reason,
            error: error.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn too_large(what: &str, bytes_max: usize) -> Self {
        Self::new(
            Reason::TooLarge,
            format!("the body {what} is larger than {bytes_max} bytes"),
            "send less at once, or raise `receive.body_bytes_max`",
        )
    }

    pub(super) fn record_too_large(bytes_max: usize) -> Self {
        Self::new(
            Reason::TooLarge,
            format!(
                "a record of the body is larger than the {bytes_max} bytes that the journal takes"
            ),
            "send it in parts, or raise `journal.kafka.message_bytes_max`",
        )
    }

    pub(super) fn busy() -> Self {
        Self::new(
            Reason::Busy,
            "as many deliveries are in work as the limits allow",
            "send it again after Retry-After seconds; \
             `receive.in_flight_max` and `receive.buffered_bytes_max` are the limits",
        )
    }
}
