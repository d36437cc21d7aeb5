//! Fields and traits as a file of cases writes them: the standard shapes, held to what production holds them to.

use dovetail_domain::mapping::Draft;
use dovetail_domain::{Entry, Field, Kind, Reference, Shape, SourceId, Value};
use dovetail_runtime::acceptable::{self, Unacceptable};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

/// Fields and traits that are expected. An absent value and a trait of `null` mean that there is nothing.
pub(super) struct Wanted {
    pub(super) fields: Vec<(Field, Value)>,
    pub(super) traits: Vec<(String, Json)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    value: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    primary: bool,
    extension: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenReference {
    kind: Option<String>,
    id: Json,
    #[serde(default)]
    name: String,
}

pub(super) fn wanted(
    kind: Kind,
    fields: Map<String, Json>,
    traits: Map<String, Json>,
) -> Result<Wanted, String> {
    let traits = traits.into_iter().map(|(name, json)| {
        let json = if is_absent(&json) { Json::Null } else { json };
        (name, json)
    });
    Ok(Wanted {
        fields: sorted(kind, fields)?,
        traits: traits.collect(),
    })
}

/// The record so far.
pub(super) fn draft(
    kind: Kind,
    fields: Map<String, Json>,
    traits: Map<String, Json>,
) -> Result<Draft, String> {
    let told = |why: Unacceptable| why.to_string();
    acceptable::trait_count(traits.len()).map_err(told)?;
    let mut kept = Vec::with_capacity(traits.len());
    for (name, json) in traits {
        let json =
            acceptable::trait_value(json.to_string()).map_err(|why| format!("trait `{name}`: {why}"))?;
        kept.push((acceptable::trait_name(name).map_err(told)?, json));
    }
    kept.sort_unstable_by(|one: &(String, String), two| one.0.cmp(&two.0));
    Ok(Draft {
        organization: None,
        fields: sorted(kind, fields)?,
        traits: kept,
    })
}

fn sorted(kind: Kind, given: Map<String, Json>) -> Result<Vec<(Field, Value)>, String> {
    let mut fields = Vec::with_capacity(given.len());
    for (name, json) in given {
        let found = Field::named(&name).and_then(|field| Some((field, kind.shape(field)?)));
        let Some((field, shape)) = found else {
            let known: Vec<&str> = kind.fields().iter().map(|(field, _)| field.as_str()).collect();
            return Err(format!(
                "`{name}` is no field of a {kind}; it has {}",
                known.join(", ")
            ));
        };
        let value = value(field, shape, json).map_err(|why| format!("field `{name}` {why}"))?;
        fields.push((field, value));
    }
    fields.sort_unstable_by_key(|(field, _)| *field);
    Ok(fields)
}

fn is_absent(json: &Json) -> bool {
    json.is_null() || *json == json!({"absent": true})
}

fn value(field: Field, shape: Shape, json: Json) -> Result<Value, String> {
    if is_absent(&json) {
        return Ok(Value::Absent);
    }
    let checked =
        |value: Result<Value, Unacceptable>| value.map_err(|why| format!("is not acceptable: {why}"));
    match (shape, json) {
        (Shape::Text, Json::String(text)) => checked(acceptable::plain(text)),
        (Shape::Flag, Json::Bool(flag)) => Ok(Value::Flag(flag)),
        (Shape::Date, Json::String(text)) => checked(acceptable::date(&text)),
        (Shape::Texts, json @ Json::Array(_)) => {
            let texts = serde_json::from_value(json).map_err(|_| "holds a list of texts".to_owned())?;
            checked(acceptable::set(texts))
        }
        (Shape::Entries, json @ Json::Array(_)) => {
            let entries: Vec<WrittenEntry> = serde_json::from_value(json)
                .map_err(|why| format!("holds entries of value, label, primary and extension: {why}"))?;
            let entries = entries.into_iter().map(|entry| Entry {
                value: entry.value,
                label: entry.label,
                primary: entry.primary,
                extension: entry.extension,
            });
            checked(acceptable::labelled(entries.collect()))
        }
        (Shape::Reference, json @ Json::Object(_)) => reference(field, json),
        (Shape::Text, _) => Err("holds a text".to_owned()),
        (Shape::Flag, _) => Err("holds true or false".to_owned()),
        (Shape::Date, _) => Err("holds a date: YYYY-MM-DD or RFC 3339".to_owned()),
        (Shape::Texts, _) => Err("holds a list of texts".to_owned()),
        (Shape::Entries, _) => Err("holds a list of entries".to_owned()),
        (Shape::Reference, _) => Err("holds a reference: { id = \"17\", name = \"Head office\" }".to_owned()),
    }
}

fn reference(field: Field, json: Json) -> Result<Value, String> {
    let written: WrittenReference =
        serde_json::from_value(json).map_err(|why| format!("holds a reference of id and name: {why}"))?;
    let kind = match &written.kind {
        Some(kind) => kind
            .parse()
            .map_err(|_| format!("names `{kind}`, which is no kind"))?,
        None => field.target().ok_or("needs the kind it refers to")?,
    };
    let id = match written.id {
        Json::String(text) => SourceId::new(text),
        Json::Number(number) => SourceId::new(number.to_string()),
        _ => None,
    };
    Ok(Value::Reference(Reference {
        kind,
        asset: None,
        source: Some(id.ok_or("needs the PSA's id as a text or a number")?),
        name: written.name,
    }))
}

/// A value as a file of cases would write it.
pub(super) fn shown(value: &Value) -> Json {
    match value {
        Value::Reference(link) => json!({
            "kind": link.kind,
            "id": link.source.as_ref().map(ToString::to_string),
            "name": link.name,
        }),
        other => other.to_json(),
    }
}
