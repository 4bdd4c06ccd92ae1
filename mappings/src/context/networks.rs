//! `networks.toml`: the hosts that agents may reach.
//!
//! ```toml
//! allowed_domains = ["registry.example", "*.pkg.example"]   # `*.` means the subdomains only
//! allowed_networks = ["10.0.0.0/8", "2001:db8::/32"]
//! ```
//!
//! The machine itself (`localhost`, loopback addresses) is always allowed: it is no egress.

use std::net::IpAddr;

use rustc_hash::FxHashSet;
use serde::Deserialize;
use toml::Spanned;

use crate::problem::{Problem, read_toml};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allowed_domains: Vec<Spanned<String>>,
    #[serde(default)]
    allowed_networks: Vec<Spanned<String>>,
}

/// What is allowed.
pub(super) struct Networks {
    domains: FxHashSet<String>,
    subdomains_of: FxHashSet<String>,
    networks: Vec<Network>,
}

struct Network {
    address: IpAddr,
    bits: u32,
}

impl Networks {
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let file: File = read_toml(path, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut allowed = Self {
            domains: FxHashSet::default(),
            subdomains_of: FxHashSet::default(),
            networks: Vec::new(),
        };
        for entry in &file.allowed_domains {
            let domain = entry.get_ref().to_lowercase();
            let name = domain.strip_prefix("*.").unwrap_or(&domain);
            if !crate::derive::url::is_host(name) {
                let message = "not a domain; write `name.example` or `*.name.example`";
                problems.push(Problem::at(path, text, entry.span().start, message));
            } else if name.len() < domain.len() {
                allowed.subdomains_of.insert(name.to_owned());
            } else {
                allowed.domains.insert(domain);
            }
        }
        for entry in &file.allowed_networks {
            match Network::parse(entry.get_ref()) {
                Some(network) => allowed.networks.push(network),
                None => {
                    let message = "not a network; write `10.0.0.0/8` or an address";
                    problems.push(Problem::at(path, text, entry.span().start, message));
                }
            }
        }
        if problems.is_empty() {
            Ok(allowed)
        } else {
            Err(problems)
        }
    }

    /// True where agents may reach the host, a name or an address.
    pub(super) fn allow(&self, host: &str) -> bool {
        if let Ok(address) = host.parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback()
                || self.networks.iter().any(|network| network.holds(address));
        }
        let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
        if host == "localhost" || self.domains.contains(&host) {
            return true;
        }
        let parents = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        parents
            .into_iter()
            .any(|parent| self.subdomains_of.contains(parent))
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let most = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differ = u32::from(ours) ^ u32::from(theirs);
                differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differ = u128::from(ours) ^ u128::from(theirs);
                differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}
