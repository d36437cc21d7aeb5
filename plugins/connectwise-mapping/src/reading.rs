//! Reading what the API sends rather than what it documents: a null is the same as nothing, a number stands where a
//! text is documented, a flag comes as text. Texts are borrowed from the JSON wherever it writes them without escapes.

use std::borrow::Cow;
use std::fmt;

use dovetail_sdk::mapping::types::Fault;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Reads a record: one JSON object.
pub(crate) fn record<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Fault> {
    // Serde would take a list for the object's properties in their order.
    if !json.trim_start().starts_with('{') {
        return Err(Fault::data(
            "",
            "the record's JSON cannot be read: it is no object",
        ));
    }
    serde_json::from_str(json).map_err(|error| {
        // The error may quote a value of the record, which may be long.
        let words: String = error.to_string().chars().take(300).collect();
        Fault::data("", format!("the record's JSON cannot be read: {words}"))
    })
}

/// A text without white space around it and without NUL; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Text<'a> {
        Text(if text.contains('\0') {
            Cow::Owned(tidied(text))
        } else {
            Cow::Borrowed(text.trim())
        })
    }
}

/// The text without white space around it. Most texts have none, which two bytes tell.
fn trimmed(text: &str) -> &str {
    let mark = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if mark(bytes.first()) && mark(bytes.last()) {
        text
    } else {
        text.trim()
    }
}

fn tidied(text: &str) -> String {
    if text.contains('\0') {
        text.replace('\0', "").trim().to_owned()
    } else {
        text.trim().to_owned()
    }
}

/// A record's id; 0 where there is none. ConnectWise counts from 1 and writes negative ids for "any".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A flag that may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flag(Option<bool>);

impl Flag {
    pub(crate) fn or(self, missing: bool) -> bool {
        self.0.unwrap_or(missing)
    }
}

/// A list that may be null.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                // JSON writes NUL with an escape only, so what can be borrowed has none.
                Ok(Text(Cow::Borrowed(trimmed(text))))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(tidied(text))))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(if flag { "true" } else { "false" })))
            }

            fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }

        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id(id))
            }

            fn visit_i64<E: Error>(self, id: i64) -> Result<Id, E> {
                Ok(Id(u64::try_from(id).unwrap_or_default()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                let id = text.trim();
                if id.is_empty() {
                    return Ok(Id::default());
                }
                id.parse()
                    .map(Id)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_unit<E: Error>(self) -> Result<Id, E> {
                Ok(Id::default())
            }
        }

        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(Some(flag)))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(Some(number != 0)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
                match text.trim() {
                    "" => Ok(Flag(None)),
                    word if word.eq_ignore_ascii_case("true") => Ok(Flag(Some(true))),
                    word if word.eq_ignore_ascii_case("false") => Ok(Flag(Some(false))),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Flag, E> {
                Ok(Flag(None))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        serde_json::from_str::<Text<'_>>(json)
            .unwrap()
            .as_str()
            .to_owned()
    }

    #[test]
    fn texts_are_read_as_they_come() {
        assert_eq!(text("\"  a b \""), "a b");
        assert_eq!(text("\"a\\u0000b\\u0000 \""), "ab");
        assert_eq!(text("null"), "");
        assert_eq!(text("12"), "12");
        assert_eq!(text("-1.5"), "-1.5");
        assert_eq!(text("true"), "true");
        assert!(serde_json::from_str::<Text<'_>>("{}").is_err());
    }

    #[test]
    fn plain_texts_are_borrowed() {
        let text: Text<'_> = serde_json::from_str("\" plain \"").unwrap();
        assert!(matches!(text.0, Cow::Borrowed("plain")));
    }

    #[test]
    fn ids_and_flags_are_read_as_they_come() {
        let id = |json| serde_json::from_str::<Id>(json).map(|id| id.0);
        assert_eq!(id("7").unwrap(), 7);
        assert_eq!(id("\"7\"").unwrap(), 7);
        assert_eq!(id("-1").unwrap(), 0);
        assert_eq!(id("null").unwrap(), 0);
        assert!(id("\"seven\"").is_err());
        let flag = |json| serde_json::from_str::<Flag>(json).map(|flag| flag.0);
        assert_eq!(flag("true").unwrap(), Some(true));
        assert_eq!(flag("\"False\"").unwrap(), Some(false));
        assert_eq!(flag("1").unwrap(), Some(true));
        assert_eq!(flag("null").unwrap(), None);
        assert!(flag("\"perhaps\"").is_err());
    }
}
