//! Which class an activity is, and which of its activities.

use crate::schema::Parts;
use crate::schema::activity::{Activity, Deed};
use crate::schema::noun::Noun;

/// A class, as far as the writing depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class {
    pub(super) uid: i64,
    /// `device` is required; elsewhere it belongs to the profile `host`.
    pub(super) requires_device: bool,
    /// `actor` belongs to the profile `host`.
    pub(super) actor_of_host: bool,
    pub(super) has_source: bool,
    pub(super) requires_source: bool,
    pub(super) has_destination: bool,
    /// It has `http_request` and `http_response`.
    pub(super) has_http: bool,
    /// It allows the profile `ai_operation`.
    pub(super) has_ai: bool,
    /// It allows the profile `trace`.
    pub(super) has_trace: bool,
}

const PLAIN: Class = Class {
    uid: 0,
    requires_device: false,
    actor_of_host: false,
    has_source: false,
    requires_source: false,
    has_destination: false,
    has_http: false,
    has_ai: false,
    has_trace: false,
};

/// Identity and access management: somewhere on the network somebody asks for a change.
const IAM: Class = Class {
    has_source: true,
    has_http: true,
    ..PLAIN
};

const SYSTEM: Class = Class {
    requires_device: true,
    ..PLAIN
};

const NETWORK: Class = Class {
    actor_of_host: true,
    has_source: true,
    has_destination: true,
    ..PLAIN
};

impl Class {
    pub(super) fn of(activity: Activity) -> Self {
        let (uid, class) = match activity {
            Activity::File => (1001, SYSTEM),
            Activity::Process => (
                1007,
                Self {
                    has_ai: true,
                    ..SYSTEM
                },
            ),
            Activity::Vulnerability => (2002, PLAIN),
            Activity::Alert | Activity::Detection => (2004, PLAIN),
            Activity::Posture => (2007, PLAIN),
            Activity::Account => (3001, IAM),
            Activity::Authentication => (
                3002,
                Self {
                    has_destination: true,
                    ..IAM
                },
            ),
            Activity::Entity => (3004, IAM),
            Activity::Group => (3006, IAM),
            Activity::Network => (4001, NETWORK),
            Activity::Http => (
                4002,
                Self {
                    has_http: true,
                    has_trace: true,
                    ..NETWORK
                },
            ),
            Activity::Application => (
                6002,
                Self {
                    actor_of_host: true,
                    ..PLAIN
                },
            ),
            Activity::Call => (
                6003,
                Self {
                    has_source: true,
                    requires_source: true,
                    has_destination: true,
                    has_http: true,
                    has_ai: true,
                    has_trace: true,
                    ..PLAIN
                },
            ),
        };
        Self { uid, ..class }
    }

    /// A class's number begins with its category's.
    pub(super) fn category(&self) -> i64 {
        self.uid / 1000
    }

    /// The class's activity; none where the schema has no number for what was done.
    pub(super) fn activity(&self, event: &Parts<'_>) -> Option<i64> {
        let deed = Deed::of(event.event);
        match event.activity {
            Activity::Alert | Activity::Detection | Activity::Vulnerability | Activity::Posture => {
                Some(finding(event, deed))
            }
            Activity::Authentication => match deed {
                Deed::Start => Some(1),
                Deed::End => Some(2),
                _ => None,
            },
            Activity::Account => account(event.event, deed),
            Activity::Group => group(event, deed),
            Activity::Process => match deed {
                Deed::Start => Some(1),
                Deed::End => Some(2),
                _ => None,
            },
            Activity::Http => method(event.root),
            Activity::Network => Some(connection(event.event, deed)),
            Activity::Application => match deed {
                Deed::Install => Some(1),
                Deed::Delete => Some(2),
                Deed::Start => Some(3),
                Deed::End => Some(4),
                _ => None,
            },
            Activity::File | Activity::Entity | Activity::Call => match deed {
                Deed::Create => Some(1),
                Deed::Read => Some(2),
                Deed::Update => Some(3),
                Deed::Delete => Some(4),
                _ => None,
            },
        }
    }
}

/// True where the action's words (`user.account.unlock`, `Disable account`) hold one of these.
fn action_has(event: Noun<'_>, words: &[&str]) -> bool {
    let action = event.text("action").unwrap_or_default();
    action
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

fn account(event: Noun<'_>, deed: Deed) -> Option<i64> {
    let on = action_has(
        event,
        &["activate", "enable", "enroll", "reactivate", "unsuspend"],
    );
    let off = action_has(
        event,
        &["deactivate", "disable", "suspend", "remove", "unenroll"],
    );
    if action_has(event, &["password"]) {
        let reset = action_has(event, &["reset", "expire"]);
        return Some(if reset { 4 } else { 3 });
    }
    if action_has(event, &["mfa", "factor", "2sv", "2fa"]) {
        return if on {
            Some(10)
        } else if off {
            Some(11)
        } else {
            None
        };
    }
    if action_has(event, &["unlock"]) {
        Some(12)
    } else if action_has(event, &["lock"]) {
        Some(9)
    } else if off && deed != Deed::Delete {
        Some(5)
    } else if on {
        Some(2)
    } else {
        match deed {
            Deed::Create => Some(1),
            Deed::Delete => Some(6),
            _ => None,
        }
    }
}

/// Found, dealt with, or closed; an alert of a rule is always new.
fn finding(event: &Parts<'_>, deed: Deed) -> i64 {
    const CLOSED: [&str; 5] = ["closed", "close", "resolved", "fixed", "dismissed"];
    const UPDATED: [&str; 3] = ["updated", "reopened", "assigned"];
    if event.activity == Activity::Alert {
        1
    } else if action_has(event.event, &CLOSED) || matches!(deed, Deed::End | Deed::Delete) {
        3
    } else if action_has(event.event, &UPDATED) || deed == Deed::Update {
        2
    } else {
        1
    }
}

/// With a user it is about the membership, without one about the group.
fn group(event: &Parts<'_>, deed: Deed) -> Option<i64> {
    let member = event.user().noun("target").has(&["id", "name", "email"]);
    let (created, deleted) = if member { (3, 4) } else { (6, 5) };
    if member && action_has(event.event, &["add", "added", "join", "joined", "assign"]) {
        return Some(created);
    }
    if member && action_has(event.event, &["remove", "removed", "leave", "unassign"]) {
        return Some(deleted);
    }
    match deed {
        Deed::Create => Some(created),
        Deed::Delete => Some(deleted),
        _ => None,
    }
}

/// 0 where the method is not known: then there is nothing else that it could be called.
fn method(root: Noun<'_>) -> Option<i64> {
    const METHODS: [(&str, i64); 9] = [
        ("CONNECT", 1),
        ("DELETE", 2),
        ("GET", 3),
        ("HEAD", 4),
        ("OPTIONS", 5),
        ("POST", 6),
        ("PUT", 7),
        ("TRACE", 8),
        ("PATCH", 9),
    ];
    let Some(method) = root.noun("http").noun("request").text("method") else {
        return Some(0);
    };
    let found = METHODS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(method));
    found.map(|(_, id)| *id)
}

fn connection(event: Noun<'_>, deed: Deed) -> i64 {
    if event.says("type", "denied") {
        return 5;
    }
    match deed {
        Deed::Start => 1,
        Deed::End => 2,
        _ => 6,
    }
}
