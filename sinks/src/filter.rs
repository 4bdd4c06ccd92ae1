//! Which documents a sink takes: kinds, a least level, sources and tenants.
//!
//! The filter runs inside the delivery, so that a document that a sink does not want still ends
//! with a verdict (`skipped`) and the offset moves past it. An empty list means "all"; a document
//! without a source or a tenant is not in any list. The level is a property of alerts: it never
//! hides an event, so "events and alerts from high" needs one sink.

use crate::sink::{Document, Kind, Level};

#[cfg(test)]
mod tests;

/// What one sink takes. The default takes everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Takes events.
    pub events: bool,
    /// Takes alerts.
    pub alerts: bool,
    /// The least level of an alert.
    pub level_min: Level,
    /// `chaperone.source` must be one of these; empty: any. `github.*` names a vendor's sources.
    pub sources: Vec<String>,
    /// `chaperone.tenant` must be one of these; empty: any.
    pub tenants: Vec<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            events: true,
            alerts: true,
            level_min: Level::Informational,
            sources: Vec::new(),
            tenants: Vec::new(),
        }
    }
}

impl Filter {
    /// Alerts only, of every level, source and tenant.
    pub fn alerts() -> Self {
        Self {
            events: false,
            ..Self::default()
        }
    }

    /// Whether the sink takes this document.
    pub fn wants(&self, document: &Document) -> bool {
        let kind = match document.kind {
            Kind::Event => self.events,
            Kind::Alert => self.alerts && document.level >= Some(self.level_min),
        };
        kind && listed(&self.sources, document.source.as_deref())
            && listed(&self.tenants, document.tenant.as_deref())
    }
}

fn listed(list: &[String], name: Option<&str>) -> bool {
    list.is_empty() || name.is_some_and(|name| list.iter().any(|pattern| names(pattern, name)))
}

/// `github.*` stands for every name that begins with `github.`; anything else for itself.
fn names(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) if start.ends_with('.') => name.starts_with(start),
        _ => pattern == name,
    }
}
