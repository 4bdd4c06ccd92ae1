//! The event type: what happened, as long as the nouns are there that the type demands.
//!
//! The demands are those of Google's UDM usage guide; a test holds every case against them.

use crate::schema::Parts;
use crate::schema::activity::{Activity, Deed};
use crate::schema::noun::Noun;

const GENERIC: &str = "GENERIC_EVENT";

pub(super) fn of(event: &Parts<'_>) -> &'static str {
    let deed = Deed::of(event.event);
    let (machine, user) = (has_machine(event), has_user(event.user()));
    let typed = match event.activity {
        Activity::Alert | Activity::Detection | Activity::Vulnerability | Activity::Posture => None,
        Activity::Process => process(event, deed).filter(|_| machine),
        Activity::File => Some(file(deed)).filter(|_| machine),
        Activity::Http => Some("NETWORK_HTTP").filter(|_| machine && has_far_end(event)),
        Activity::Network => Some("NETWORK_CONNECTION").filter(|_| machine && has_far_end(event)),
        Activity::Authentication => authentication(event, deed),
        Activity::Account => Some(account(event.event, deed)).filter(|_| machine || user),
        Activity::Group => Some(group(event, deed)).filter(|_| user),
        Activity::Application => application(event, deed, machine, user),
        Activity::Entity | Activity::Call => call(event, deed, machine, user),
    };
    typed.unwrap_or(GENERIC)
}

/// True where the principal gets a machine identifier.
fn has_machine(event: &Parts<'_>) -> bool {
    let root = event.root;
    root.noun("host").has(&["name", "hostname"])
        || ["host", "source", "client"]
            .iter()
            .any(|noun| root.noun(noun).ip("ip").is_some())
}

pub(super) fn has_user(user: Noun<'_>) -> bool {
    user.has(&["id", "name", "email"])
}

/// True where the target gets a machine identifier.
fn has_far_end(event: &Parts<'_>) -> bool {
    let root = event.root;
    let far = root.noun("destination");
    far.has(&["domain", "address"]) || far.ip("ip").is_some() || root.noun("url").has(&["domain"])
}

fn process(event: &Parts<'_>, deed: Deed) -> Option<&'static str> {
    let process = event.root.noun("process");
    process
        .has(&["command_line", "executable", "pid"])
        .then_some(match deed {
            Deed::Start => "PROCESS_LAUNCH",
            Deed::End => "PROCESS_TERMINATION",
            _ => "PROCESS_UNCATEGORIZED",
        })
}

fn file(deed: Deed) -> &'static str {
    match deed {
        Deed::Create => "FILE_CREATION",
        Deed::Read => "FILE_READ",
        Deed::Update => "FILE_MODIFICATION",
        Deed::Delete => "FILE_DELETION",
        _ => "FILE_UNCATEGORIZED",
    }
}

fn authentication(event: &Parts<'_>, deed: Deed) -> Option<&'static str> {
    let user = event.user();
    if !has_user(user) && !has_user(user.noun("target")) {
        return None;
    }
    match deed {
        Deed::Start => Some("USER_LOGIN"),
        Deed::End => Some("USER_LOGOUT"),
        _ => None,
    }
}

fn account(event: Noun<'_>, deed: Deed) -> &'static str {
    let action = event
        .text("action")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if action.contains("password") {
        return "USER_CHANGE_PASSWORD";
    }
    match deed {
        Deed::Create => "USER_CREATION",
        Deed::Delete => "USER_DELETION",
        _ if changes_permissions(&action) => "USER_CHANGE_PERMISSIONS",
        _ => "USER_UNCATEGORIZED",
    }
}

fn changes_permissions(action: &str) -> bool {
    [
        "permission",
        "privilege",
        "role",
        "admin",
        "grant",
        "revoke",
    ]
    .iter()
    .any(|word| action.contains(word))
}

fn group(event: &Parts<'_>, deed: Deed) -> &'static str {
    let member = has_user(event.user().noun("target"));
    match deed {
        Deed::Create if !member => "GROUP_CREATION",
        Deed::Delete if !member => "GROUP_DELETION",
        _ => "GROUP_MODIFICATION",
    }
}

fn application(event: &Parts<'_>, deed: Deed, machine: bool, user: bool) -> Option<&'static str> {
    match deed {
        Deed::Start if machine => Some("STATUS_STARTUP"),
        Deed::End if machine => Some("STATUS_SHUTDOWN"),
        Deed::Install => call(event, Deed::Create, machine, user),
        _ => call(event, deed, machine, user),
    }
}

/// With something that is created, read, written or deleted it is a resource event, of a user
/// where there is one; else at most news of a machine.
fn call(event: &Parts<'_>, deed: Deed, machine: bool, user: bool) -> Option<&'static str> {
    let status = machine.then_some("STATUS_UPDATE");
    if !super::target::has_resource(event) || !(machine || user) {
        return status;
    }
    let action = event
        .event
        .text("action")
        .unwrap_or_default()
        .to_ascii_lowercase();
    Some(match (deed, user) {
        (Deed::Update, true) if changes_permissions(&action) => "USER_RESOURCE_UPDATE_PERMISSIONS",
        (Deed::Update, false) if changes_permissions(&action) => "RESOURCE_PERMISSIONS_CHANGE",
        (Deed::Create, true) => "USER_RESOURCE_CREATION",
        (Deed::Create, false) => "RESOURCE_CREATION",
        (Deed::Read, true) => "USER_RESOURCE_ACCESS",
        (Deed::Read, false) => "RESOURCE_READ",
        (Deed::Update, true) => "USER_RESOURCE_UPDATE_CONTENT",
        (Deed::Update, false) => "RESOURCE_WRITTEN",
        (Deed::Delete, true) => "USER_RESOURCE_DELETION",
        (Deed::Delete, false) => "RESOURCE_DELETION",
        _ => return status,
    })
}
