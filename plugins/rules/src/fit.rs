//! Between loose JSON, which expressions and files give, and the values of standard fields. What does not fit is told;
//! nothing is guessed.

use dovetail_sdk::mapping::types::{Entry, Reference, Value};
use serde_json::{Map, Value as Json, json};

use crate::dates;
use crate::place::quoted;
use crate::shape::Shape;

/// The JSON as a field of that shape holds it. Null and empty texts and lists are nothing.
///
/// # Errors
/// What was expected and what is there instead.
pub(crate) fn fit(json: Json, shape: Shape) -> Result<Value, String> {
    let blank = match &json {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    };
    if blank {
        return Ok(Value::Absent);
    }
    let fitted = match shape {
        Shape::Text => scalar(&json).filter(|text| !text.contains('\0')).map(Value::Text),
        Shape::Flag => flag(&json).map(Value::Flag),
        Shape::Date => json.as_str().and_then(dates::inward).map(Value::Date),
        Shape::Texts => match &json {
            Json::Array(items) => texts(items),
            one => scalar(one).map(|text| Value::Texts(vec![text])),
        },
        Shape::Entries => match &json {
            Json::Array(items) => items
                .iter()
                .map(entry)
                .collect::<Option<Vec<_>>>()
                .map(Value::Entries),
            one => entry(one).map(|entry| Value::Entries(vec![entry])),
        },
        Shape::Reference(kind) => reference(&json, kind),
    };
    fitted.ok_or_else(|| format!("takes {}, not {}", shape.expected(), shown(&json)))
}

/// A field's value as expressions see it.
pub(crate) fn loose(value: &Value) -> Json {
    match value {
        Value::Absent => Json::Null,
        Value::Text(text) | Value::Date(text) => Json::String(text.clone()),
        Value::Number(digits) => {
            let number = serde_json::from_str(digits).ok().map(Json::Number);
            number.unwrap_or_else(|| Json::String(digits.clone()))
        }
        Value::Flag(flag) => Json::Bool(*flag),
        Value::Texts(texts) => json!(texts),
        Value::Entries(entries) => entries.iter().map(loose_entry).collect(),
        Value::Reference(link) => json!({"kind": link.kind, "id": link.id, "name": link.name}),
    }
}

fn loose_entry(entry: &Entry) -> Json {
    let mut map = Map::new();
    map.insert("value".to_owned(), json!(entry.value));
    map.insert("label".to_owned(), json!(entry.label));
    map.insert("primary".to_owned(), json!(entry.primary));
    map.insert("extension".to_owned(), json!(entry.extension));
    Json::Object(map)
}

/// A value in a message.
pub(crate) fn shown(json: &Json) -> String {
    match json {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

/// A text, number or flag as the text a person would write.
pub(crate) fn scalar(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn flag(json: &Json) -> Option<bool> {
    match scalar(json)?.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn texts(items: &[Json]) -> Option<Value> {
    let texts = items.iter().map(scalar).collect::<Option<Vec<String>>>()?;
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    Some(if texts.is_empty() {
        Value::Absent
    } else {
        Value::Texts(texts)
    })
}

fn entry(json: &Json) -> Option<Entry> {
    let map = match json {
        Json::Object(map) => map,
        text => {
            return Some(Entry {
                value: scalar(text)?,
                label: String::new(),
                primary: false,
                extension: None,
            });
        }
    };
    let known = |name: &String| ["value", "label", "primary", "extension"].contains(&name.as_str());
    if !map.keys().all(known) {
        return None;
    }
    let text = |name: &str| match map.get(name) {
        None | Some(Json::Null) => Some(None),
        Some(text) => scalar(text).map(Some),
    };
    Some(Entry {
        value: text("value")?.filter(|value| !value.is_empty())?,
        label: text("label")?.unwrap_or_default(),
        primary: map.get("primary").map_or(Some(false), flag)?,
        extension: text("extension")?,
    })
}

/// A link with an id; one that names a kind has to name the right one.
fn reference(json: &Json, kind: &str) -> Option<Value> {
    let text = |name: &str| json.get(name).and_then(scalar);
    let id = text("id").filter(|id| !id.is_empty())?;
    if text("kind").is_some_and(|named| named != kind) {
        return None;
    }
    Some(Value::Reference(Reference {
        kind: kind.to_owned(),
        id,
        name: text("name").unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(json: Json, shape: Shape) -> Value {
        fit(json, shape).unwrap()
    }

    #[test]
    fn what_fits() {
        assert_eq!(fitted(json!(42), Shape::Text), Value::Text("42".into()));
        assert_eq!(fitted(json!(""), Shape::Flag), Value::Absent);
        assert_eq!(fitted(json!(null), Shape::Text), Value::Absent);
        assert_eq!(fitted(json!("Yes"), Shape::Flag), Value::Flag(true));
        assert_eq!(fitted(json!(0), Shape::Flag), Value::Flag(false));
        assert_eq!(
            fitted(json!("2026-11-01T00:00:00Z"), Shape::Date),
            Value::Date("2026-11-01".into())
        );
        assert_eq!(
            fitted(json!(["a", 2, ""]), Shape::Texts),
            Value::Texts(vec!["a".into(), "2".into()])
        );
        assert_eq!(fitted(json!("a"), Shape::Texts), Value::Texts(vec!["a".into()]));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        for (json, shape, words) in [
            (json!(["a"]), Shape::Text, "takes a text, not `[\"a\"]`"),
            (
                json!("maybe"),
                Shape::Flag,
                "takes yes or no (`true` or `false`), not `maybe`",
            ),
            (
                json!("soon"),
                Shape::Date,
                "takes a date such as `2026-11-01` or `2026-11-01T09:30:00Z`, not `soon`",
            ),
            (
                json!([{"a": 1}]),
                Shape::Texts,
                "takes a list of texts, not `[{\"a\":1}]`",
            ),
            (
                json!({"id": 1, "kind": "contact"}),
                Shape::Reference("location"),
                "takes a link",
            ),
            (
                json!([{"valu": "x"}]),
                Shape::Entries,
                "takes a list of entries such as `{ value = \"…\", label = \"Work\" }`, not",
            ),
        ] {
            let said = fit(json, shape).unwrap_err();
            assert!(said.starts_with(words), "{said}");
        }
    }

    #[test]
    fn loose_and_back() {
        let entries = Value::Entries(vec![Entry {
            value: "a@b.example".into(),
            label: "Work".into(),
            primary: true,
            extension: Some("7".into()),
        }]);
        assert_eq!(fitted(loose(&entries), Shape::Entries), entries);
        let link = Value::Reference(Reference {
            kind: "contact".into(),
            id: "7".into(),
            name: "Ada".into(),
        });
        assert_eq!(fitted(loose(&link), Shape::Reference("contact")), link);
        assert_eq!(loose(&Value::Number("-12.5".into())), json!(-12.5));
    }
}
