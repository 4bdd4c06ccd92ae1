//! What an organization knows and an event does not say: groups, tiers, allowed hosts, agents.
//!
//! A context is a handful of TOML files in a folder; this module reads their texts and answers
//! questions about one draft at a time, by hash lookups and patterns compiled once. A file that is
//! not there adds no field: absence of knowledge never looks like a "no". For the same reason a
//! user whom the directory does not know has no groups, unless the directory says that it is
//! `complete`.
//!
//! | file | what it says | fields |
//! | --- | --- | --- |
//! | `directory.toml` | users, their names and groups | `chaperone.user.{groups,agent_access}` |
//! | `repositories.toml` | tiers, and where agents may work | `chaperone.repository.{tier,agents}` |
//! | `networks.toml` | hosts that agents may reach | `chaperone.destination.allowed` |
//! | `agents.toml` | what marks a change as an agent's | `chaperone.change.agent` |
//! | `lists.toml` | named lists for rules | none; see [`Context::lists`] |

use std::collections::BTreeMap;

use crate::problem::Problem;
use crate::value::{self, Value};

use agents::Agents;
use directory::Directory;
use networks::Networks;
use repositories::Repositories;

mod agents;
mod directory;
mod lists;
mod networks;
mod repositories;

/// Where a draft names the acting user, best first.
const USER_PATHS: [&str; 3] = ["user.email", "user.id", "user.name"];

/// The knowledge of an organization. The default knows nothing but the marks of agents.
#[derive(Default)]
pub struct Context {
    directory: Option<Directory>,
    repositories: Option<Repositories>,
    networks: Option<Networks>,
    agents: Option<Agents>,
    lists: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// Reads the files of a context folder, each a path and its text.
    ///
    /// # Errors
    /// Every problem in every file.
    pub fn load(files: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut context = Self::default();
        let mut problems = Vec::new();
        for (path, text) in files {
            if let Err(found) = context.load_file(path, text) {
                problems.extend(found);
            }
        }
        if problems.is_empty() {
            Ok(context)
        } else {
            Err(problems)
        }
    }

    fn load_file(&mut self, path: &str, text: &str) -> Result<(), Vec<Problem>> {
        match path.rsplit(['/', '\\']).next().unwrap_or_default() {
            "directory.toml" => self.directory = Some(Directory::read(path, text)?),
            "repositories.toml" => self.repositories = Some(Repositories::read(path, text)?),
            "networks.toml" => self.networks = Some(Networks::read(path, text)?),
            "agents.toml" => self.agents = Some(Agents::read(path, text)?),
            "lists.toml" => self.lists = lists::read(path, text)?,
            _ => {
                let message = "not a context file; they are directory.toml, repositories.toml, \
                               networks.toml, agents.toml and lists.toml";
                return Err(vec![Problem::at(path, text, 0, message)]);
            }
        }
        Ok(())
    }

    /// Named lists of values, for the placeholders of rules (`%name%`).
    pub fn lists(&self) -> &BTreeMap<String, Vec<String>> {
        &self.lists
    }

    /// Whether agents may reach a host; None where nothing is known of hosts.
    pub(crate) fn allows_host(&self, host: &str) -> Option<bool> {
        self.networks.as_ref().map(|networks| networks.allow(host))
    }

    /// True where agents are denied a repository.
    pub(crate) fn denies_agents(&self, repository: &str) -> bool {
        self.repositories
            .as_ref()
            .is_some_and(|repositories| repositories.deny_agents(repository))
    }

    /// Adds to a draft what is known of its user, repository, destination and change.
    pub(crate) fn enrich(&self, body: &mut Value) {
        if let Some(directory) = &self.directory {
            add_user(directory, body);
        }
        if let Some(repositories) = &self.repositories {
            add_repository(repositories, body);
        }
        if let Some(networks) = &self.networks {
            let host = ["destination.domain", "destination.ip"]
                .iter()
                .find_map(|path| value::text_at(body, path));
            if let Some(allowed) = host.map(|host| networks.allow(host)) {
                value::insert(body, "chaperone.destination.allowed", allowed);
            }
        }
        if let Some(agent) = agents::judge(self.agents.as_ref(), body) {
            value::insert(body, "chaperone.change.agent", agent);
        }
    }
}

fn add_user(directory: &Directory, body: &mut Value) {
    let names = || {
        USER_PATHS
            .iter()
            .filter_map(|path| value::text_at(body, path))
    };
    if names().next().is_none() {
        return;
    }
    let known = names().find_map(|name| directory.find(name));
    let access = directory.agent_access(known);
    if let Some(user) = known {
        let groups: Vec<Value> = user
            .groups
            .iter()
            .map(|group| group.as_str().into())
            .collect();
        if !groups.is_empty() {
            value::insert(body, "chaperone.user.groups", groups);
        }
    }
    if let Some(access) = access {
        value::insert(body, "chaperone.user.agent_access", access);
    }
}

fn add_repository(repositories: &Repositories, body: &mut Value) {
    let Some(name) = value::text_at(body, "vcs.repository.name") else {
        return;
    };
    let Some(entry) = repositories.find(name) else {
        return;
    };
    if let Some(tier) = &entry.tier {
        value::insert(body, "chaperone.repository.tier", tier.as_str());
    }
    if let Some(agents) = entry.agents {
        value::insert(body, "chaperone.repository.agents", agents.name());
    }
}

#[cfg(test)]
mod tests;
