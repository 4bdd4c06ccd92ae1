//! OCSF 1.8.0: the class that the activity really is, its nouns, and the rest in `unmapped`.
//!
//! What a class requires and the event does not know is written as the schema's own "unknown" (0),
//! and a name that is required and unknown as `Unknown`: never a value that looks like a fact.

use super::Parts;
use super::activity::Activity;
use super::write::Writer;

mod actor;
mod base;
mod call;
mod class;
mod finding;
mod network;
mod object;
mod place;

use class::Class;

/// The attributes of profiles that an event uses; `metadata.profiles` has to name them.
#[derive(Debug, Default)]
struct Profiles {
    ai_operation: bool,
    cloud: bool,
    host: bool,
    security_control: bool,
    trace: bool,
}

/// Writes the event.
pub(super) fn write(event: &Parts<'_>, w: &mut Writer<'_>) {
    let class = Class::of(event.activity);
    let mut profiles = Profiles::default();
    w.document(|w| {
        base::classification(event, &class, w);
        base::times(event, w);
        base::outcome(event, &class, w);
        profiles.security_control = base::decision(event, w);
        nouns(event, &class, &mut profiles, w);
        profiles.cloud = place::cloud(event, w);
        base::metadata(event, &profiles, w);
        w.rest("unmapped", event.root);
    });
}

fn nouns(event: &Parts<'_>, class: &Class, profiles: &mut Profiles, w: &mut Writer<'_>) {
    match event.activity {
        Activity::Alert | Activity::Detection | Activity::Vulnerability | Activity::Posture => {
            profiles.host = finding::write(event, w);
            return;
        }
        Activity::Authentication => actor::authentication(event, w),
        Activity::Account => actor::account(event, w),
        Activity::Group => actor::group_change(event, w),
        Activity::Entity => actor::entity(event, w),
        Activity::Process => object::process_activity(event, w),
        Activity::File => object::file(event.root.noun("file"), w),
        Activity::Http => network::http(event, w),
        Activity::Network => network::network(event, w),
        Activity::Application => call::application(event, w),
        Activity::Call => call::call(event, w),
    }
    let actor = actor::actor(event, w);
    let device = if class.requires_device {
        place::required_device(event, w);
        true
    } else {
        place::device(event, w)
    };
    profiles.host = (actor && class.actor_of_host) || (device && !class.requires_device);
    if class.has_source {
        place::source(event, class.requires_source, w);
    }
    if class.has_destination {
        place::destination(event, w);
    }
    if class.has_http && event.activity != Activity::Http {
        network::http_messages(event, w);
    }
    if class.has_ai {
        profiles.ai_operation = call::ai_operation(event, w);
    }
    if class.has_trace {
        profiles.trace = call::trace(event, w);
    }
}
