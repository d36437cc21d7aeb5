//! Ids as types of their own, so that a run's id cannot be handed in for a record's.
//!
//! Numbers that dovetail gives out are shown and accepted as decimal text; ids of the PSA are text as the PSA wrote it.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written<N> {
    Number(N),
    Text(String),
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        /// As text where people or other programs read it, as a number where only this program does.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match serializer.is_human_readable() {
                    true => serializer.collect_str(self),
                    false => self.0.serialize(serializer),
                }
            }
        }

        /// A number stands for itself in JSON too.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                if !deserializer.is_human_readable() {
                    return <$inner>::deserialize(deserializer).map($name);
                }
                match Written::<$inner>::deserialize(deserializer)? {
                    Written::Number(number) => Ok($name(number)),
                    Written::Text(text) => text.parse().map_err(D::Error::custom),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.parse().map($name).map_err(|_| NotAnId(text.to_owned()))
            }
        }
    };
}

number_id!(
    /// A documentation record. Given out once, never again.
    AssetId(u64)
);
number_id!(
    /// A run of an integration. Greater is later.
    RunId(u64)
);
number_id!(
    /// An integration, as keys in the store name it. It outlives a change of the integration's name.
    IntegrationId(u32)
);
impl IntegrationId {
    /// Stands for no integration: the records of the documentation's own, a run that read a file.
    pub const NONE: IntegrationId = IntegrationId(0);
}

number_id!(
    /// An entry of the quarantine.
    QuarantineId(u64)
);

/// A text that is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: ids are whole numbers, as the lists show them")]
pub struct NotAnId(pub String);

/// The PSA's own id of a record: 1 to 100 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// The most bytes an id may have.
    pub const MAX_BYTES: usize = 100;

    /// Takes over an id that a plugin or a person named; `None` where it is empty, too long or has control characters.
    pub fn new(text: impl Into<String>) -> Option<SourceId> {
        SourceId::try_from(text.into()).ok()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is no id is given back.
impl TryFrom<String> for SourceId {
    type Error = String;

    fn try_from(text: String) -> Result<SourceId, String> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_BYTES && !text.chars().any(char::is_control);
        if fits { Ok(SourceId(text)) } else { Err(text) }
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name a person gave an integration: 1 to 40 of `a-z 0-9 - _`, beginning with a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IntegrationName(String);

impl IntegrationName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot name an integration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name an integration: use 1 to 40 of a-z, 0-9, - and _, beginning with a letter or a digit"
)]
pub struct NotAName(pub String);

impl FromStr for IntegrationName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let first_fits = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let all_fit = text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        if first_fits && all_fit && text.len() <= 40 {
            Ok(IntegrationName(text.to_owned()))
        } else {
            Err(NotAName(text.to_owned()))
        }
    }
}

impl TryFrom<String> for IntegrationName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<IntegrationName> for String {
    fn from(name: IntegrationName) -> String {
        name.0
    }
}

impl fmt::Display for IntegrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_json_an_id_is_a_text() {
        assert_eq!(serde_json::to_string(&AssetId(7)).unwrap(), "\"7\"");
        for written in ["7", "\"7\""] {
            assert_eq!(serde_json::from_str::<AssetId>(written).unwrap(), AssetId(7));
        }
        for written in ["-1", "\"seven\"", "null", "7.5"] {
            assert!(serde_json::from_str::<AssetId>(written).is_err(), "{written}");
        }
    }

    #[test]
    fn names_are_held_to_their_alphabet() {
        for good in ["acme", "a", "0x", "acme-prod_2"] {
            assert_eq!(good.parse::<IntegrationName>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "Acme", "a b", "ä", &"x".repeat(41)] {
            assert!(bad.parse::<IntegrationName>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn source_ids_are_never_empty_long_or_controlled() {
        assert!(SourceId::new("250").is_some());
        assert!(SourceId::new("").is_none());
        assert!(SourceId::new("a\n").is_none());
        assert!(SourceId::new("x".repeat(101)).is_none());
    }
}
