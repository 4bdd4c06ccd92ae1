//! Raw vendor field names and where the normalized event holds them.
//!
//! SigmaHQ writes its rules against the vendors' own names (`action`, `eventType`). A mapping
//! declares, for its logsource, which canonical path each of these has become; with that the rules
//! run unchanged on normalized events.

use std::collections::BTreeMap;

use crate::rule::LogSource;

/// Per logsource (product, service): raw field name → canonical dotted path. And per product: other
/// names of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldAliases {
    fields: BTreeMap<(String, String), BTreeMap<String, String>>,
    services: BTreeMap<(String, String), String>,
}

impl FieldAliases {
    /// Declares one alias. An empty `service` stands for every service of the product.
    pub fn insert(
        &mut self,
        product: impl Into<String>,
        service: impl Into<String>,
        field: impl Into<String>,
        path: impl Into<String>,
    ) {
        let source = (product.into(), service.into());
        self.fields
            .entry(source)
            .or_default()
            .insert(field.into(), path.into());
    }

    /// Declares another name of a service: rules for `also` are about the events of `service`.
    pub fn insert_service(
        &mut self,
        product: impl Into<String>,
        also: impl Into<String>,
        service: impl Into<String>,
    ) {
        let name = (product.into(), also.into());
        self.services.insert(name, service.into());
    }

    /// The name that events have for a rule's logsource.
    pub(crate) fn rename(&self, source: &mut LogSource) {
        if let (Some(product), Some(service)) = (&source.product, &source.service) {
            let name = (product.clone(), service.clone());
            if let Some(service) = self.services.get(&name) {
                source.service = Some(service.clone());
            }
        }
    }

    /// Where a rule's field is: the alias's path if one is declared, else the name itself. A rule
    /// that names no service gets the paths of every service of its product.
    pub(crate) fn resolve<'a>(
        &'a self,
        product: Option<&str>,
        service: Option<&str>,
        field: &'a str,
    ) -> Vec<&'a str> {
        let Some(product) = product else {
            return vec![field];
        };
        let mut paths: Vec<&str> = self
            .fields
            .iter()
            .filter(|((known, _), _)| known == product)
            .filter(|((_, known), _)| {
                known.is_empty() || service.is_none_or(|service| service == known)
            })
            .filter_map(|(_, fields)| fields.get(field).map(String::as_str))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        if paths.is_empty() {
            paths.push(field);
        }
        paths
    }
}
