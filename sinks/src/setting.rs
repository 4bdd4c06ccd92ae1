//! A value in the configuration that may be a secret: a header, a property, a word in a template.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::secret::{Secret, SecretError, SecretRef};

/// Text, a number or a switch as it is, or a reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// true or false.
    Switch(bool),
    /// A number.
    Number(i64),
    /// Text.
    Text(String),
    /// A secret.
    Secret(SecretRef),
}

impl Setting {
    /// The value, fetched where it is a secret.
    ///
    /// # Errors
    /// A secret that cannot be had.
    pub fn load(&self) -> Result<Secret, SecretError> {
        Ok(match self {
            Self::Switch(value) => Secret::new(value.to_string()),
            Self::Number(value) => Secret::new(value.to_string()),
            Self::Text(value) => Secret::new(value.clone()),
            Self::Secret(secret) => secret.load()?,
        })
    }

    /// Whether it stands in the configuration itself.
    pub fn is_plain(&self) -> bool {
        !matches!(self, Self::Secret(_))
    }

    /// The file that it lies in, which a configuration may name relative to itself.
    pub fn path(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Secret(secret) => secret.path(),
            _ => None,
        }
    }
}
