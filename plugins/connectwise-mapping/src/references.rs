//! References as the API writes them: `{"id", "name"}`, some with an `identifier`; and, for "none", null, `{}`, an
//! object with nothing but `_info`, or nothing at all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::reading::{Id, Text};

/// A reference. All of it is empty where it points nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ref<'a> {
    pub(crate) id: Id,
    pub(crate) identifier: Text<'a>,
    pub(crate) name: Text<'a>,
}

impl Ref<'_> {
    /// What a person calls what it points at: its name, its identifier where it has none; may be empty.
    pub(crate) fn label(&self) -> &str {
        if self.name.is_empty() {
            self.identifier.as_str()
        } else {
            self.name.as_str()
        }
    }

    /// The reference as the API takes it.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = Map::new();
        if !self.id.is_none() {
            json.insert("id".to_owned(), self.id.0.into());
        }
        for (property, text) in [("identifier", &self.identifier), ("name", &self.name)] {
            if !text.is_empty() {
                json.insert(property.to_owned(), text.as_str().into());
            }
        }
        Value::Object(json)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Ref<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Ref<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reference")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ref<'de>, A::Error> {
                let mut read = Ref::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "id" => read.id = map.next_value()?,
                        "identifier" => read.identifier = map.next_value()?,
                        "name" => read.name = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(read)
            }

            fn visit_unit<E: Error>(self) -> Result<Ref<'de>, E> {
                Ok(Ref::default())
            }
        }

        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_nowhere() {
        for json in [
            "null",
            "{}",
            r#"{"_info":{"site_href":"https://x"}}"#,
            r#"{"id":null,"name":null}"#,
        ] {
            assert_eq!(
                serde_json::from_str::<Ref<'_>>(json).unwrap(),
                Ref::default(),
                "{json}"
            );
        }
    }

    #[test]
    fn a_reference_leads_back() {
        let json = r#"{"id":7,"identifier":"US","name":"United States","_info":{}}"#;
        let reference: Ref<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(reference.label(), "United States");
        assert_eq!(
            reference.to_json(),
            serde_json::json!({"id": 7, "identifier": "US", "name": "United States"})
        );
        let unnamed: Ref<'_> = serde_json::from_str(r#"{"identifier":"US"}"#).unwrap();
        assert_eq!(unnamed.label(), "US");
    }
}
