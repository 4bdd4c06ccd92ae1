//! What an event is about, read once for both schemas.
//!
//! `event.category` says what a mapping took it for; the nouns say whether there is enough of it for
//! a class that demands them. A shell command without a command line, say, is only a call.

use super::noun::Noun;

/// What happened, as far as a class or an event type depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// A rule's alert.
    Alert,
    /// A vendor's own detection.
    Detection,
    /// A scanner found a known vulnerability.
    Vulnerability,
    /// A scanner found something else in code or configuration.
    Posture,
    /// Somebody signs in or out.
    Authentication,
    /// An account is changed.
    Account,
    /// A group's members or the group are changed.
    Group,
    /// Another managed thing of a directory is changed.
    Entity,
    /// A process starts or ends.
    Process,
    /// A file is touched.
    File,
    /// Something is fetched over HTTP.
    Http,
    /// A connection.
    Network,
    /// A program is installed, started or stopped.
    Application,
    /// Anything else that is asked of a program: a tool call, a prompt, a change at a code host.
    Call,
}

/// What is done, from `event.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Create,
    Read,
    Update,
    Delete,
    Start,
    End,
    Install,
    Other,
}

impl Deed {
    pub(super) fn of(event: Noun<'_>) -> Self {
        const WORDS: [(&str, Deed); 8] = [
            ("creation", Deed::Create),
            ("deletion", Deed::Delete),
            ("installation", Deed::Install),
            ("change", Deed::Update),
            ("access", Deed::Read),
            ("end", Deed::End),
            ("start", Deed::Start),
            ("connection", Deed::Start),
        ];
        let found = WORDS.iter().find(|(word, _)| event.says("type", word));
        found.map_or(Self::Other, |(_, deed)| *deed)
    }
}

impl Activity {
    pub(super) fn of(root: Noun<'_>, event: Noun<'_>) -> Self {
        let is = |category: &str| event.says("category", category);
        if event.says("kind", "alert") && root.noun("rule").has(&["id", "name"]) {
            return Self::Alert;
        }
        if is("vulnerability") || root.noun("vulnerability").has(&["id"]) {
            return finding(root);
        }
        let logsource = root.noun("chaperone").noun("logsource");
        if logsource.says("category", "code_scan") && (is("threat") || is("malware")) {
            return Self::Posture;
        }
        if is("intrusion_detection") || is("threat") || is("malware") {
            return Self::Detection;
        }
        if is("authentication") {
            return Self::Authentication;
        }
        if is("iam") {
            return managed(root).unwrap_or(Self::Call);
        }
        let about_application = is("package") || is("session");
        if about_application && application(root, event) {
            return Self::Application;
        }
        if let Some(observed) = observed(root, &is) {
            return observed;
        }
        let directory = logsource.says("category", "directory_change");
        if directory && is("configuration") {
            return managed(root).unwrap_or(Self::Call);
        }
        Self::Call
    }
}

/// A vulnerability is one that has a number of the CVE list.
fn finding(root: Noun<'_>) -> Activity {
    let id = root.noun("vulnerability").text("id");
    if id.is_some_and(|id| id.starts_with("CVE-")) {
        Activity::Vulnerability
    } else {
        Activity::Posture
    }
}

/// What is managed: the group before the user who joins it.
fn managed(root: Noun<'_>) -> Option<Activity> {
    let user = root.noun("user");
    let (target, keys) = (user.noun("target"), &["id", "name"][..]);
    if root.noun("group").has(keys) || target.noun("group").has(keys) {
        Some(Activity::Group)
    } else if target.has(&["id", "name", "email"]) {
        Some(Activity::Account)
    } else if root.noun("entity").has(keys) {
        Some(Activity::Entity)
    } else {
        None
    }
}

/// True where the program that is installed, started or stopped is named.
fn application(root: Noun<'_>, event: Noun<'_>) -> bool {
    let lifecycle = Deed::of(event);
    let named = root.noun("package").has(&["name"])
        || root.noun("gen_ai").noun("agent").has(&["name", "id"]);
    named
        && matches!(
            lifecycle,
            Deed::Install | Deed::Start | Deed::End | Deed::Delete
        )
}

/// What was seen on a host or a wire.
fn observed(root: Noun<'_>, is: &dyn Fn(&str) -> bool) -> Option<Activity> {
    const PROCESS: [&str; 5] = ["command_line", "executable", "name", "pid", "entity_id"];
    if is("process") && root.noun("process").has(&PROCESS) {
        return Some(Activity::Process);
    }
    if is("file") && root.noun("file").has(&["path", "name"]) {
        return Some(Activity::File);
    }
    let over_http = root.noun("url").has(&["full", "original", "path"])
        && (is("web") || root.noun("http").noun("request").has(&["method"]));
    if (is("web") || is("network")) && over_http {
        return Some(Activity::Http);
    }
    let far = root.noun("destination");
    let far = far.has(&["domain", "address"]) || far.ip("ip").is_some();
    if (is("network") || is("web")) && far {
        return Some(Activity::Network);
    }
    None
}
