//! What a shell command line names: hosts that it reaches, repositories that it works on.
//!
//! This reads the words of a command, no more: no variables, no files, no aliases. It claims only
//! what the words say plainly (`curl https://…`, `git clone …`, `gh -R owner/name`), because a rule
//! will act on it; a host that is merely spoken of (`git commit -m "see https://…"`) is listed as
//! related and not as reached. Who hides a host from it needs the sandbox's own network events.

use super::url::{Endpoint, Url, host_and_port, is_host};

/// How much of a command line is read, in bytes.
const READ_MAX: usize = 64 << 10;
/// How many of a kind are told of one command line: beyond that it is a list and no command.
const NAMED_MAX: usize = 256;
/// How deep `bash -c "bash -c …"` is followed.
const DEPTH_MAX: usize = 3;

/// Programs that reach the URL or host that they are given.
const FETCHERS: [&str; 9] = [
    "curl", "wget", "http", "https", "xh", "aria2c", "lynx", "w3m", "websocat",
];
/// Programs that reach `[user@]host`.
const SHELLS: [&str; 6] = ["ssh", "sftp", "telnet", "nc", "ncat", "mosh"];
/// Programs that reach `[user@]host:path`.
const COPIERS: [&str; 2] = ["scp", "rsync"];
/// Words before a command that are none of its own.
const WRAPPERS: [&str; 7] = ["sudo", "env", "time", "nohup", "exec", "command", "xargs"];
/// What `git` does with a remote that is given in its arguments.
const GIT_REMOTE: [&str; 8] = [
    "clone",
    "fetch",
    "pull",
    "push",
    "ls-remote",
    "remote",
    "submodule",
    "archive",
];
/// Options of fetchers that take no value, as far as they are told together (`-fsSL`).
const FLAGS: &str = "sSLkfvgGIi#46qcN";

/// What a command line names, in the order of its words, each once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Places that the command reaches.
    pub(super) endpoints: Vec<Endpoint>,
    /// Repositories that it works on, `owner/name`.
    pub(super) repositories: Vec<String>,
    /// Every host that it names, reached or spoken of.
    pub(super) hosts: Vec<String>,
}

impl Facts {
    pub(super) fn is_empty(&self) -> bool {
        self.endpoints.is_empty() && self.repositories.is_empty() && self.hosts.is_empty()
    }

    fn reach(&mut self, host: String, port: Option<u16>, url: Option<&str>) {
        self.mention(host.clone());
        let known = |end: &&Endpoint| end.host == host && end.url.as_deref() == url;
        if self.endpoints.len() < NAMED_MAX && !self.endpoints.iter().any(|end| known(&end)) {
            self.endpoints.push(Endpoint {
                host,
                port,
                url: url.map(str::to_owned),
            });
        }
    }

    fn mention(&mut self, host: String) {
        if self.hosts.len() < NAMED_MAX && !self.hosts.contains(&host) {
            self.hosts.push(host);
        }
    }

    fn repository(&mut self, name: &str) {
        let name = name.trim_matches('/');
        let name = name.strip_suffix(".git").unwrap_or(name);
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || "-_.~".contains(c))
        };
        let is_name = name.contains('/') && name.split('/').all(plain);
        let full = self.repositories.len() >= NAMED_MAX;
        if is_name && !full && !self.repositories.iter().any(|known| known == name) {
            self.repositories.push(name.to_owned());
        }
    }
}

/// Reads a command line.
pub(super) fn read(line: &str) -> Facts {
    let mut facts = Facts::default();
    let end = (0..=line.len().min(READ_MAX))
        .rev()
        .find(|at| line.is_char_boundary(*at));
    read_line(&line[..end.unwrap_or(0)], 0, &mut facts);
    facts
}

fn read_line(line: &str, depth: usize, facts: &mut Facts) {
    for words in commands(line) {
        read_command(&words, depth, facts);
    }
    mention_urls(line, facts);
}

fn read_command(words: &[String], depth: usize, facts: &mut Facts) {
    let is_setting = |word: &str| word.contains('=') && !word.starts_with('-');
    let mut words = words;
    while let Some(first) = words.first() {
        if !is_setting(first) && !WRAPPERS.contains(&first.as_str()) {
            break;
        }
        words = &words[1..];
    }
    let Some((program, arguments)) = words.split_first() else {
        return;
    };
    for word in words {
        reach_device(word, facts);
    }
    match program.rsplit('/').next().unwrap_or_default() {
        "bash" | "sh" | "zsh" | "dash" if depth < DEPTH_MAX => {
            let given = arguments.iter().position(|word| {
                word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
            });
            if let Some(script) = given.and_then(|at| arguments.get(at + 1)) {
                read_line(script, depth + 1, facts);
            }
        }
        "git" => read_git(arguments, facts),
        "gh" | "glab" => read_host_tool(arguments, facts),
        name if FETCHERS.contains(&name) => read_fetch(arguments, facts),
        name if SHELLS.contains(&name) => read_shell(arguments, facts),
        name if COPIERS.contains(&name) => {
            for word in arguments.iter().filter(|word| !word.starts_with('-')) {
                if let Some((host, _)) = scp_like(word) {
                    facts.reach(host, None, None);
                }
            }
        }
        _ => {}
    }
}

/// `git clone https://host/owner/name.git`, `git push git@host:owner/name`.
fn read_git(arguments: &[String], facts: &mut Facts) {
    let works_on_remote = arguments
        .iter()
        .any(|word| GIT_REMOTE.contains(&word.as_str()));
    if !works_on_remote {
        return;
    }
    for word in remotes(arguments) {
        let word = word.strip_prefix("--remote=").unwrap_or(word);
        if let Some(url) = Url::parse(word) {
            facts.reach(url.host.clone(), url.port, Some(word));
            facts.repository(url.path);
        } else if let Some((host, path)) = scp_like(word) {
            facts.reach(host, None, None);
            facts.repository(path);
        }
    }
}

/// The arguments that may name a remote: where refspecs (`HEAD:main`) follow one, none after it.
fn remotes(arguments: &[String]) -> &[String] {
    let names = |word: &String| matches!(word.as_str(), "fetch" | "pull" | "push");
    let Some(verb) = arguments.iter().position(names) else {
        return arguments;
    };
    let after = &arguments[verb + 1..];
    let remote = after.iter().position(|word| !word.starts_with('-'));
    &after[..remote.map_or(after.len(), |at| at + 1)]
}

/// `gh -R owner/name …`, `gh repo clone owner/name`, `gh api repos/owner/name/…`.
fn read_host_tool(arguments: &[String], facts: &mut Facts) {
    let mut words = arguments.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if word == "-R" || word == "--repo" {
            if let Some(name) = words.next() {
                host_tool_repository(name, facts);
            }
        } else if let Some(name) = word.strip_prefix("--repo=") {
            host_tool_repository(name, facts);
        }
    }
    let plain: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| !word.starts_with('-'))
        .collect();
    match plain.as_slice() {
        ["repo", _, name, ..] => host_tool_repository(name, facts),
        ["api", path, ..] => {
            let mut parts = path.trim_start_matches('/').split(['/', '?']);
            if let (Some("repos"), Some(owner), Some(name)) =
                (parts.next(), parts.next(), parts.next())
            {
                facts.repository(&format!("{owner}/{name}"));
            }
        }
        _ => {}
    }
}

/// `owner/name`, `host/owner/name` or a URL.
fn host_tool_repository(name: &str, facts: &mut Facts) {
    if let Some(url) = Url::parse(name) {
        facts.reach(url.host.clone(), url.port, Some(name));
        facts.repository(url.path);
        return;
    }
    match name.split_once('/') {
        Some((host, rest)) if rest.contains('/') && host.contains('.') => {
            facts.reach(host.to_ascii_lowercase(), None, None);
            facts.repository(rest);
        }
        _ => facts.repository(name),
    }
}

fn read_fetch(arguments: &[String], facts: &mut Facts) {
    let mut before = "";
    for word in arguments {
        let word = word.strip_prefix("--url=").unwrap_or(word);
        if let Some(url) = Url::parse(word) {
            facts.reach(url.host.clone(), url.port, Some(word));
        } else if !word.starts_with('-') && takes_no_value(before) {
            let authority = word.split(['/', '?']).next().unwrap_or_default();
            if let Some((host, port)) = host_and_port(authority).filter(|(host, _)| is_public(host))
            {
                facts.reach(host, port, None);
            }
        }
        before = word;
    }
}

/// True for what stands before a bare word that is no option's value.
fn takes_no_value(word: &str) -> bool {
    match word.strip_prefix('-') {
        None => true,
        Some(flags) => !flags.starts_with('-') && flags.chars().all(|flag| FLAGS.contains(flag)),
    }
}

/// `ssh -p 22 user@host …`: the word with a user, else the first that looks like a host.
fn read_shell(arguments: &[String], facts: &mut Facts) {
    let mut plain = arguments.iter().filter(|word| !word.starts_with('-'));
    let with_user = arguments
        .iter()
        .find_map(|word| Some(word.split_once('@')?.1));
    let named = with_user.or_else(|| plain.find(|word| is_public(word)).map(String::as_str));
    if let Some((host, port)) = named.and_then(host_and_port) {
        let following = arguments.iter().rev().find_map(|word| word.parse().ok());
        facts.reach(host, port.or(following), None);
    }
}

/// `/dev/tcp/host/port`, the shell's own socket.
fn reach_device(word: &str, facts: &mut Facts) {
    let Some((_, rest)) = word
        .split_once("/dev/tcp/")
        .or_else(|| word.split_once("/dev/udp/"))
    else {
        return;
    };
    let mut parts = rest.split('/');
    if let Some(host) = parts.next().filter(|host| is_host(host)) {
        let port = parts.next().and_then(|port| port.parse().ok());
        facts.reach(host.to_ascii_lowercase(), port, None);
    }
}

/// `[user@]host:path` with a path that is no port.
fn scp_like(word: &str) -> Option<(String, &str)> {
    let (host, path) = word.split_once(':')?;
    let host = host.rsplit('@').next()?;
    let is_remote = is_host(host) && host.len() > 1 && !path.is_empty() && !path.starts_with("//");
    is_remote.then(|| (host.to_ascii_lowercase(), path))
}

/// A name with a dot whose last part is no file's ending, or an address.
fn is_public(word: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        "json", "txt", "html", "yml", "yaml", "toml", "tar", "gz", "zip", "sh", "py", "js", "ts",
        "md", "log", "xml",
    ];
    if word.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let authority = word.split(':').next().unwrap_or_default();
    is_host(authority)
        && authority.rsplit_once('.').is_some_and(|(_, last)| {
            last.len() > 1 && last.chars().all(char::is_alphabetic) && !ENDINGS.contains(&last)
        })
}

/// Every host of every URL in the text, wherever it stands.
fn mention_urls(line: &str, facts: &mut Facts) {
    let mut from = 0;
    while let Some(found) = line[from..].find("://") {
        let at = from + found;
        let rest = &line[at + 3..];
        let stop = |c: char| c.is_whitespace() || "'\"`<>|;,()\\/?#".contains(c);
        let authority = &rest[..rest.find(stop).unwrap_or(rest.len())];
        let host = authority.rsplit('@').next().and_then(host_and_port);
        if let Some((host, _)) = host {
            facts.mention(host);
        }
        from = at + 3;
    }
}

/// The words of each simple command. Quotes are honoured and removed; what separates commands ends
/// one, and so does a bracket, since a substitution is a command of its own.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ';' | '|' | '&' | '\n' | '(' | ')' | '`' | '<' | '>') => {
                finish_word(&mut commands, &mut word);
                if !matches!(c, '<' | '>') {
                    commands.push(Vec::new());
                }
            }
            (None, c) if c.is_whitespace() => finish_word(&mut commands, &mut word),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    finish_word(&mut commands, &mut word);
    commands.retain(|words| !words.is_empty());
    commands
}

fn finish_word(commands: &mut [Vec<String>], word: &mut Option<String>) {
    if let (Some(word), Some(words)) = (word.take(), commands.last_mut()) {
        words.push(word);
    }
}

#[cfg(test)]
mod tests;
