//! What ConnectWise's JSON is read into. The documented types are not kept by the server: references come as `{}`, as
//! `{"_info": …}` without an id, as null or not at all; flags and numbers come as text; texts carry NUL characters.
//! Nothing here ever refuses a value: what does not fit is read as absent, so that one odd record never costs a page.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A single value that is neither a list nor an object.
enum Scalar<'a> {
    Nothing,
    Flag(bool),
    Whole(u64),
    Text(&'a str),
}

/// A type that makes something of every JSON value. What a type says nothing about leaves its default.
trait Tolerant: Default {
    fn of_scalar(_: Scalar<'_>) -> Self {
        Self::default()
    }

    fn of_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn of_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

struct Anything<T>(PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for Anything<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Flag(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Whole(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Text(&value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Text(&value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Text(value)))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Nothing))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::of_list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::of_object(members)
    }
}

macro_rules! read_tolerantly {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                source.deserialize_any(Anything(PhantomData))
            }
        }
    )*};
}

read_tolerantly!(Text, Flag, Id, Reference, References, Info);

/// Text, empty where there is none; a number or flag as it is written. NUL characters are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl Tolerant for Text {
    fn of_scalar(value: Scalar<'_>) -> Self {
        Text(match value {
            Scalar::Nothing => String::new(),
            Scalar::Flag(flag) => flag.to_string(),
            Scalar::Whole(number) => number.to_string(),
            Scalar::Text(text) => text.replace('\0', ""),
        })
    }
}

/// A flag; `None` where the server does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl Tolerant for Flag {
    fn of_scalar(value: Scalar<'_>) -> Self {
        Flag(match value {
            Scalar::Flag(flag) => Some(flag),
            Scalar::Whole(0) => Some(false),
            Scalar::Whole(1) => Some(true),
            Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Scalar::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }
}

impl Flag {
    /// Whether the server said true; saying nothing is false.
    pub(crate) fn is_set(self) -> bool {
        self.0 == Some(true)
    }
}

/// A record's id; `None` where there is none or it is no whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) Option<u64>);

impl Tolerant for Id {
    fn of_scalar(value: Scalar<'_>) -> Self {
        Id(match value {
            Scalar::Whole(number) => Some(number),
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Nothing | Scalar::Flag(_) => None,
        })
    }
}

/// A reference to another record: both parts may be missing. The name is the first of `name`, `description` and
/// `identifier` that holds something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum ReferenceKey {
    Id,
    Name,
    Description,
    Identifier,
    #[serde(other)]
    Other,
}

impl Tolerant for Reference {
    fn of_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        let mut id = Id(None);
        let (mut name, mut description, mut identifier) = (Text::default(), Text::default(), Text::default());
        while let Some(key) = members.next_key::<ReferenceKey>()? {
            match key {
                ReferenceKey::Id => id = members.next_value()?,
                ReferenceKey::Name => name = members.next_value()?,
                ReferenceKey::Description => description = members.next_value()?,
                ReferenceKey::Identifier => identifier = members.next_value()?,
                ReferenceKey::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        let name = [name, description, identifier]
            .into_iter()
            .map(|text| text.0)
            .find(|text| !text.is_empty());
        Ok(Reference {
            id: id.0,
            name: name.unwrap_or_default(),
        })
    }
}

/// A list of references; `None` where the member is missing, null or no list, which differs from an empty list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct References(pub(crate) Option<Vec<Reference>>);

impl Tolerant for References {
    fn of_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Reference>()? {
            if item != Reference::default() {
                list.push(item);
            }
        }
        Ok(References(Some(list)))
    }
}

/// When a record changed last, from its `_info`; empty where the server does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) last_updated: String,
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum InfoKey {
    #[serde(rename = "lastUpdated")]
    LastUpdated,
    #[serde(other)]
    Other,
}

impl Tolerant for Info {
    fn of_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        let mut last_updated = Text::default();
        while let Some(key) = members.next_key::<InfoKey>()? {
            match key {
                InfoKey::LastUpdated => last_updated = members.next_value()?,
                InfoKey::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Info {
            last_updated: last_updated.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default, Debug, PartialEq)]
    #[serde(default)]
    struct Odd {
        id: Id,
        flag: Flag,
        text: Text,
        company: Reference,
        types: References,
        #[serde(rename = "_info")]
        info: Info,
    }

    #[test]
    fn quirk_loose_types_never_cost_a_record() {
        let every_shape = [
            "null",
            "{}",
            "[]",
            "\"x\"",
            "1",
            "-1",
            "1.5",
            "true",
            "{\"_info\":{\"a_href\":\"b\"}}",
            "[null,{}]",
        ];
        for shape in every_shape {
            let json = format!(
                r#"{{"id":{shape},"flag":{shape},"text":{shape},"company":{shape},"types":{shape},"_info":{shape}}}"#
            );
            let odd: Odd = serde_json::from_str(&json).unwrap_or_else(|trouble| panic!("{shape}: {trouble}"));
            assert_eq!(odd.company, Reference::default(), "{shape}");
        }
    }

    #[test]
    fn quirk_references_without_id_and_scalars_as_text() {
        let odd: Odd = serde_json::from_str(
            r#"{"id":"17","flag":"True","text":"a\u0000b","company":{"identifier":"ACME","id":250},
                "types":[{"id":1,"name":"Client"},{}],"_info":{"lastUpdated":"2026-01-01T00:00:00Z","x":1}}"#,
        )
        .unwrap();
        assert_eq!(odd.id, Id(Some(17)));
        assert!(odd.flag.is_set());
        assert_eq!(odd.text.0, "ab");
        assert_eq!(
            odd.company,
            Reference {
                id: Some(250),
                name: "ACME".into()
            }
        );
        assert_eq!(
            odd.types.0.unwrap(),
            [Reference {
                id: Some(1),
                name: "Client".into()
            }]
        );
        assert_eq!(odd.info.last_updated, "2026-01-01T00:00:00Z");
    }
}
