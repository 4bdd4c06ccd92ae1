//! URLs as people and agents write them in arguments: scheme, host, port, path, query.
//!
//! No validation beyond what tells a host from something else: the text is evidence and is kept as
//! it is. A host that a redaction has touched is none.

use std::net::IpAddr;

/// A URL taken apart. Credentials in it are skipped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    pub(crate) scheme: &'a str,
    /// In lower case, without brackets and without a last dot.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

/// A place in the network that something reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// The whole URL where there is one.
    pub(crate) url: Option<String>,
}

impl Endpoint {
    pub(crate) fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }
}

impl<'a> Url<'a> {
    /// Takes a text apart that is a URL as a whole.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let named = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
        if scheme.is_empty() || !scheme.chars().all(named) {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (host, port) = host_and_port(authority.rsplit('@').next()?)?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query).filter(|query| !query.is_empty())),
            None => (rest, None),
        };
        Some(Self {
            scheme,
            host,
            port,
            path,
            query,
        })
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint {
            host: self.host.clone(),
            port: self.port,
            url: None,
        }
    }
}

/// `host`, `host:port`, `[address]:port`.
pub(crate) fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        address.parse::<IpAddr>().ok()?;
        let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
        return Some((address.to_ascii_lowercase(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    is_host(host).then(|| (host.to_ascii_lowercase(), port))
}

/// Letters, digits, dots, hyphens and underscores, and nothing empty between dots.
pub(crate) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests;
