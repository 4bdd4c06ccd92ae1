//! `directory.toml`: who somebody is under each of their names, and which groups they are in.
//!
//! ```toml
//! complete = false                     # true: whoever is not here has no access
//! agent_access_groups = ["eng-agents"]
//!
//! [[users]]
//! names = ["dana@example.com", "dana-dev", "00u1"]   # e-mail, logins, ids; any case
//! groups = ["eng", "eng-agents"]
//! ```
//!
//! A user may also have `id`, `email` and `logins`, which count as names.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::Spanned;

use crate::problem::{Problem, read_toml};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    agent_access_groups: Vec<String>,
    #[serde(default)]
    users: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Option<String>,
    email: Option<String>,
    #[serde(default)]
    logins: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

/// Who is in the directory.
pub(super) struct Directory {
    complete: bool,
    decides_access: bool,
    users: Vec<User>,
    by_name: FxHashMap<String, usize>,
}

/// One user.
pub(super) struct User {
    /// In order, each once.
    pub(super) groups: Vec<String>,
    agent_access: bool,
}

impl Directory {
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let file: File = read_toml(path, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut directory = Self {
            complete: file.complete,
            decides_access: !file.agent_access_groups.is_empty(),
            users: Vec::new(),
            by_name: FxHashMap::default(),
        };
        for entry in file.users {
            let offset = entry.span().start;
            let mut say = |what: String| problems.push(Problem::at(path, text, offset, what));
            let mut entry = entry.into_inner();
            entry.groups.sort();
            entry.groups.dedup();
            let access = |group: &String| file.agent_access_groups.contains(group);
            let agent_access = entry.groups.iter().any(access);
            let names = entry.id.into_iter().chain(entry.email);
            let names: Vec<_> = names.chain(entry.logins).chain(entry.names).collect();
            if names.is_empty() {
                say("the user has no name; write names = [\"…\"]".to_owned());
            }
            for name in names {
                let at = directory.users.len();
                let before = directory.by_name.insert(name.to_lowercase(), at);
                if before.is_some_and(|before| before != at) {
                    say(format!(
                        "`{name}` is the name of another user too; give it to one"
                    ));
                }
            }
            directory.users.push(User {
                groups: entry.groups,
                agent_access,
            });
        }
        if problems.is_empty() {
            Ok(directory)
        } else {
            Err(problems)
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&User> {
        let at = self.by_name.get(&name.to_lowercase())?;
        self.users.get(*at)
    }

    /// Whether a user may use agents; None where the directory cannot say.
    pub(super) fn agent_access(&self, user: Option<&User>) -> Option<bool> {
        if !self.decides_access {
            return None;
        }
        match user {
            Some(user) => Some(user.agent_access),
            None => self.complete.then_some(false),
        }
    }
}
