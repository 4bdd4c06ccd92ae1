//! The client's errors in the journal's words: what passes, and what ends the process.
//!
//! A broker that is away, a group that is being shared out anew, a transaction that must be taken
//! back: the same step is done again, so these are [`JournalError::Interrupted`]. A producer that
//! was fenced, a right that is missing, a message that no broker takes: doing it again changes
//! nothing, so these are fatal. The texts of the client name brokers, topics and codes, never
//! content; what it says of its configuration is left out, since it would quote secrets.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::journal::JournalError;

/// What came of an operation.
pub(super) fn kafka(doing: impl Into<String>, error: &KafkaError) -> JournalError {
    let (doing, detail) = (doing.into(), text(error));
    if is_fatal(error) {
        JournalError::Io { doing, detail }
    } else {
        JournalError::Interrupted { doing, detail }
    }
}

/// The same, where nothing is under way that could be done again: at the start.
pub(super) fn at_start(doing: impl Into<String>, error: &KafkaError) -> JournalError {
    JournalError::Io {
        doing: doing.into(),
        detail: text(error),
    }
}

fn text(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, description, key, _value) => {
            format!("the property `{key}` is refused: {description}")
        }
        other => match code(other) {
            Some(code) => format!("{other}{}", advice(code)),
            None => other.to_string(),
        },
    }
}

fn is_fatal(error: &KafkaError) -> bool {
    match error {
        KafkaError::ClientConfig(..)
        | KafkaError::ClientCreation(_)
        | KafkaError::MessageConsumptionFatal(_)
        | KafkaError::Nul(_) => true,
        KafkaError::Transaction(error) => error.is_fatal() || is_final(error.code()),
        other => code(other).is_some_and(is_final),
    }
}

/// Codes that the same call will meet again.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::Fatal
            | Code::Fenced
            | Code::FencedInstanceId
            | Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::UnsupportedVersion
            | Code::MessageSizeTooLarge
    )
}

/// The code of an error, where it has one.
pub(super) fn code(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::Transaction(error) => Some(error.code()),
        other => other.rdkafka_error_code(),
    }
}

fn advice(code: Code) -> &'static str {
    match code {
        Code::Fenced => {
            "; the brokers have ended this producer's transactions: it was away for longer than \
             `transaction_timeout`, or another process has the same `instance`"
        }
        Code::FencedInstanceId => "; another process has the same `instance`",
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => {
            "; give the user of chaperone the rights that docs/kafka.md lists"
        }
        Code::MessageSizeTooLarge => "; raise `message_bytes_max`, and the topic's with it",
        _ => "",
    }
}
