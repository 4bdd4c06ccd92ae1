//! Secrets: named in the configuration, never written there, never shown.
//!
//! A [`SecretRef`] says where a secret lies (`{ env = "NAME" }` or `{ file = "/run/secrets/x" }`);
//! [`SecretRef::load`] fetches it as a [`Secret`], which has no `Display` and no serialization and
//! is wiped when it is dropped. Whoever writes the secret itself into the configuration is refused
//! with the remedy. Error texts of deserializers like to quote the value that did not fit, so this
//! file has its own visitor that quotes nothing. (A `toml` error prints the line of the file beside
//! its message: report `message()` and the position, not the whole error.)
//!
//! An environment variable's name is repeated only where it looks like one by convention
//! (`A-Z`, `0-9`, `_`): `{ env = "…" }` with the token itself in it is the most common mistake.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// No token or key is longer, in bytes.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

const HOW: &str =
    "a secret is not written here: name it as { env = \"NAME\" } or { file = \"/path\" }";

/// A secret that cannot be shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret that came from elsewhere (a token endpoint).
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one line that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Where a secret lies.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In an environment variable.
    Env(String),
    /// In a file; a line break at its end does not count.
    File(PathBuf),
}

// Written by hand: the derived form would show a token that somebody put in the name's place.
impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

/// A secret that could not be had. Says where it was looked for, never what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("{0} is not set")]
    NotSet(String),
    /// There is nothing in it.
    #[error("{0} is empty")]
    Empty(String),
    /// Not text, or text with control characters, which no header or key could carry.
    #[error("{0} is not one line of plain text")]
    NotText(String),
    /// Larger than any secret.
    #[error("{0} is larger than 64 KiB; that is no secret")]
    TooLarge(String),
    /// The file cannot be read.
    #[error("{place} cannot be read: {cause}")]
    Unreadable {
        /// The file.
        place: String,
        /// Why.
        cause: String,
    },
}

impl SecretRef {
    /// Fetches the secret. A multi-line text (a PEM key) is fine from a file.
    ///
    /// # Errors
    /// Where it is missing, empty or no text; the error names the place only.
    pub fn load(&self) -> Result<Secret, SecretError> {
        self.load_from(|name| std::env::var_os(name))
    }

    /// The file that it lies in, which a configuration may name relative to itself.
    pub fn path(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Env(_) => None,
            Self::File(path) => Some(path),
        }
    }

    fn load_from(
        &self,
        variable: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Result<Secret, SecretError> {
        let place = self.place();
        let text = match self {
            Self::Env(name) => {
                let value = variable(name).ok_or_else(|| SecretError::NotSet(place.clone()))?;
                value
                    .into_string()
                    .map_err(|_| SecretError::NotText(place.clone()))?
            }
            Self::File(path) => read(path, &place)?,
        };
        let text = Zeroizing::new(text);
        let trimmed = text.trim_end_matches(['\n', '\r']);
        let is_file = matches!(self, Self::File(_));
        let bad = |c: char| c.is_control() && !(is_file && matches!(c, '\n' | '\r' | '\t'));
        if trimmed.trim().is_empty() {
            return Err(SecretError::Empty(place));
        }
        if trimmed.contains(bad) {
            return Err(SecretError::NotText(place));
        }
        Ok(Secret::new(trimmed.to_owned()))
    }

    /// Where the secret lies, in words that may be printed.
    fn place(&self) -> String {
        match self {
            Self::Env(name) if is_conventional(name) => format!("the environment variable {name}"),
            Self::Env(_) => "the environment variable named here".to_owned(),
            Self::File(path) => format!("the file {}", path.display()),
        }
    }
}

fn read(path: &std::path::Path, place: &str) -> Result<String, SecretError> {
    use std::io::Read;

    let unreadable = |cause: std::io::Error| SecretError::Unreadable {
        place: place.to_owned(),
        cause: cause.kind().to_string(),
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(SECRET_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > SECRET_BYTES_MAX {
        return Err(SecretError::TooLarge(place.to_owned()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText(place.to_owned()))?;
    Ok(text.to_owned())
}

fn is_conventional(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits)
}

impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Env(name) if is_conventional(name) => map.serialize_entry("env", name)?,
            Self::Env(_) => map.serialize_entry("env", "(not shown)")?,
            Self::File(path) => map.serialize_entry("file", path)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reference)
    }
}

/// Methods of a visitor that refuse a value without quoting it.
macro_rules! refuse_unquoted {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E: de::Error>(self, _: $type) -> Result<Self::Value, E> {
            Err(E::custom(HOW))
        })*
    };
}

struct Reference;

impl<'de> Visitor<'de> for Reference {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"/path\" }")
    }

    refuse_unquoted!(visit_str: &str, visit_bytes: &[u8], visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<SecretRef, A::Error> {
        Err(de::Error::custom(HOW))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
        let refused = || de::Error::custom(HOW);
        let key = map.next_key::<Word>()?.ok_or_else(refused)?.0;
        let value = map.next_value::<Word>()?.0;
        if map.next_key::<Word>()?.is_some() || value.is_empty() {
            return Err(refused());
        }
        match key.as_str() {
            "env" => Ok(SecretRef::Env(value)),
            "file" => Ok(SecretRef::File(value.into())),
            _ => Err(refused()),
        }
    }
}

/// A string whose absence is reported without quoting what is there.
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
        Ok(Word(text.to_owned()))
    }

    refuse_unquoted!(visit_bytes: &[u8], visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Word, A::Error> {
        Err(de::Error::custom(HOW))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Word, A::Error> {
        Err(de::Error::custom(HOW))
    }
}
