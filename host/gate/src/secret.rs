//! Secrets in memory. They cannot be printed, compared or serialized, and their bytes are overwritten when they go.
//! What libraries copy on the way out (a header being sent) is beyond this.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::GateError;

/// Fewest characters of a secret: a shorter one could be guessed, and blotting it out would blot out plain words.
const FEWEST_CHARACTERS: usize = 12;
/// Most bytes of a secret.
const MOST_BYTES: usize = 1_024;

/// A secret text: 12 characters to 1,024 bytes, without control characters.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a secret; `key` is the setting it belongs to.
    pub fn new(key: &str, text: String) -> Result<Secret, GateError> {
        let text = Zeroizing::new(text);
        let refused = |reason: &str| GateError::SecretRefused {
            key: key.to_owned(),
            reason: reason.to_owned(),
        };
        if text.chars().count() < FEWEST_CHARACTERS {
            return Err(refused("it has fewer than 12 characters"));
        }
        if text.len() > MOST_BYTES {
            return Err(refused("it is larger than 1,024 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(refused("it holds control characters"));
        }
        Ok(Secret(text))
    }

    /// The text; within this room only.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// An integration's secrets by the key of their setting.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    /// None yet.
    pub fn new() -> Self {
        Secrets::default()
    }

    /// Adds one, in place of the one under that key.
    pub fn insert(&mut self, key: impl Into<String>, secret: Secret) {
        self.0.insert(key.into(), secret);
    }

    /// Whether there is one under that key.
    pub fn holds(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Secret> {
        self.0.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(key, secret)| (key.as_str(), secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_broken_secrets_are_refused() {
        for (text, fits) in [
            ("elevenchars", false),
            ("twelve chars", true),
            ("zwölfzeichen", true),
            ("with\na newline", false),
            ("with\0nothing in it", false),
            (&"x".repeat(1_024), true),
            (&"x".repeat(1_025), false),
        ] {
            let made = Secret::new("private-key", text.to_owned());
            assert_eq!(made.is_ok(), fits, "{text}");
            if let Err(error) = made {
                assert!(!error.to_string().contains(text), "{error}");
            }
        }
    }
}
