//! Who: the actor, users, groups, and the classes that are about them.

use crate::schema::Parts;
use crate::schema::noun::Noun;
use crate::schema::write::Writer;
use crate::value;

/// The user on whose behalf, the agent as the application, its session.
pub(super) fn actor(event: &Parts<'_>, w: &mut Writer<'_>) -> bool {
    let agent = event.root.noun("gen_ai").noun("agent");
    let session = event.root.noun("gen_ai").noun("conversation").name("id");
    w.object("actor", |w| {
        w.object("user", |w| user(event.user(), w));
        let name = agent
            .name("name")
            .or(event.root.noun("service").name("name"));
        w.text("app_name", name);
        w.text("app_uid", agent.name("id"));
        w.object("session", |w| w.text("uid", session));
        if !event.user().has(&["id", "name", "email"]) && name.is_none() {
            // What asked is not known; what reported it is.
            let reporter = event.event.first(&["provider", "dataset"]);
            match reporter {
                Some(_) => w.text("app_name", reporter),
                None => w.str("app_name", "Unknown"),
            }
        }
    })
}

/// A user: OCSF wants a name or an id, so an address stands for a name that is not there.
pub(super) fn user(user: Noun<'_>, w: &mut Writer<'_>) {
    if !user.has(&["id", "name", "email"]) {
        return;
    }
    let name = if user.has(&["name", "id"]) {
        user.name("name")
    } else {
        user.name("email")
    };
    w.text("name", name);
    w.text("uid", user.name("id"));
    w.email("email_addr", user.name("email"));
    w.text("full_name", user.name("full_name"));
    w.text("domain", user.name("domain"));
    w.list("groups", |w| w.item(|w| group(user.noun("group"), w)));
}

fn group(group: Noun<'_>, w: &mut Writer<'_>) {
    w.text("name", group.name("name"));
    w.text("uid", group.name("id"));
    w.text("domain", group.name("domain"));
}

/// A user who is required: without any name the schema's word for it.
fn required_user(noun: Noun<'_>, w: &mut Writer<'_>) {
    let there = w.object("user", |w| user(noun, w));
    if !there {
        w.object("user", |w| {
            w.str("name", "Unknown");
            w.int("type_id", 0);
        });
    }
}

pub(super) fn authentication(event: &Parts<'_>, w: &mut Writer<'_>) {
    let target = event.user().noun("target");
    let user = if target.has(&["id", "name", "email"]) {
        target
    } else {
        event.user()
    };
    required_user(user, w);
    // Where somebody signs in to: the service, else what reported it.
    let service = event.root.noun("service");
    w.object("service", |w| {
        let reporter = event.event.first(&["provider", "dataset"]);
        match service.name("name").or(reporter) {
            Some(name) => w.text("name", Some(name)),
            None => w.str("name", "Unknown"),
        }
        w.text("uid", service.name("id"));
        w.text("version", service.name("version"));
    });
}

pub(super) fn account(event: &Parts<'_>, w: &mut Writer<'_>) {
    required_user(event.user().noun("target"), w);
}

pub(super) fn group_change(event: &Parts<'_>, w: &mut Writer<'_>) {
    let target = event.user().noun("target");
    let own = event.root.noun("group");
    let changed = if own.has(&["id", "name"]) {
        own
    } else {
        target.noun("group")
    };
    w.object("group", |w| group(changed, w));
    w.object("user", |w| {
        if target.has(&["id", "name", "email"]) {
            user(target, w);
        }
    });
}

pub(super) fn entity(event: &Parts<'_>, w: &mut Writer<'_>) {
    let entity = event.root.noun("entity");
    w.object("entity", |w| {
        w.text("name", entity.name("name"));
        w.text("uid", entity.name("id"));
        let kind = entity.name("type");
        let known: &[(&str, i64)] = &[
            ("host", 1),
            ("device", 1),
            ("user", 2),
            ("group", 3),
            ("organization", 4),
            ("policy", 5),
        ];
        let text = kind.and_then(value::text);
        let id = known.iter().find(|(name, _)| Some(*name) == text);
        match (id, text) {
            (Some((_, id)), _) => w.int("type_id", *id),
            (None, Some(_)) => {
                w.int("type_id", 99);
                w.text("type", kind);
            }
            (None, None) => w.int("type_id", 0),
        }
    });
}
