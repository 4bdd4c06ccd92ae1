//! `lists.toml`: named lists of values for the placeholders of rules.
//!
//! ```toml
//! admins = ["root", "breakglass"]
//! ```

use std::collections::BTreeMap;

use crate::problem::{Problem, read_toml};

pub(super) fn read(path: &str, text: &str) -> Result<BTreeMap<String, Vec<String>>, Vec<Problem>> {
    read_toml(path, text).map_err(|problem| vec![problem])
}
