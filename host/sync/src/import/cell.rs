//! What a cell of a CSV file or a value of a JSON line says of a field. What it may be at most is the runtime's one check.

use dovetail_domain::{AssetId, Entry, Shape, Value};
use dovetail_runtime::acceptable::{self, Unacceptable};
use serde_json::Value as Json;

use super::fault::{Wrong, shown};

/// What is said of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A value.
    Value(Value),
    /// A record it links to, still to be found.
    Link(Pointer),
}

/// A record, as a file names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pointer {
    /// By its id or its name.
    Either(String),
    /// As `asset list` prints it. Without an id it was no record of the documentation there either.
    Listed {
        /// Its id; another home may have given it to another record.
        id: Option<AssetId>,
        /// What it is called.
        name: String,
    },
}

impl Pointer {
    /// What a person calls it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Pointer::Either(text) => text,
            Pointer::Listed { name, .. } => name,
        }
    }
}

/// What separates the values of a list in one cell.
const SEPARATOR: char = ';';

/// What a cell says of a field. An empty one says nothing.
pub(crate) fn from_text(shape: Shape, text: &str) -> Result<Option<Said>, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let value = match shape {
        Shape::Text => acceptable::plain(text.to_owned()).map_err(|why| too_much(&why))?,
        Shape::Flag => Value::Flag(flag(text)?),
        Shape::Date => date(text)?,
        Shape::Texts => {
            acceptable::set(pieces(text).map(str::to_owned).collect()).map_err(|why| too_much(&why))?
        }
        Shape::Entries => entries(pieces(text).enumerate().map(entry).collect::<Result<_, _>>()?)?,
        Shape::Reference => return pointer(text.to_owned()).map(Said::Link).map(Some),
    };
    Ok(Some(Said::Value(value)))
}

/// A record named by a text.
pub(crate) fn pointer(text: String) -> Result<Pointer, Wrong> {
    acceptable::label(text)
        .map(Pointer::Either)
        .map_err(|why| too_much(&why))
}

fn too_much(why: &Unacceptable) -> Wrong {
    Wrong::new(why.to_string(), "less than that")
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(SEPARATOR)
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
}

/// A yes or no.
fn flag(text: &str) -> Result<bool, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(Wrong::new(
            format!("`{}` is neither yes nor no", shown(text)),
            "true, false, yes, no, 1 or 0",
        )),
    }
}

fn date(text: &str) -> Result<Value, Wrong> {
    acceptable::date(text).map_err(|_| {
        Wrong::new(
            format!("`{}` is no date", shown(text)),
            "YYYY-MM-DD, or a time as 2026-11-01T09:30:00Z",
        )
    })
}

/// `value` or `label=value`; the first is the primary one.
fn entry((place, text): (usize, &str)) -> Result<Entry, Wrong> {
    let (label, value) = text.split_once('=').unwrap_or(("", text));
    if value.trim().is_empty() {
        return Err(Wrong::new(
            format!("`{}` has a label and no value", shown(text)),
            "VALUE or LABEL=VALUE",
        ));
    }
    Ok(Entry {
        value: value.trim().to_owned(),
        label: label.trim().to_owned(),
        primary: place == 0,
        extension: None,
    })
}

fn entries(entries: Vec<Entry>) -> Result<Value, Wrong> {
    acceptable::labelled(entries).map_err(|why| too_much(&why))
}

/// What a value of a JSON line says of a field. `null` and the empty text say that it holds nothing.
pub(crate) fn from_json(shape: Shape, json: &Json) -> Result<Said, Wrong> {
    let value = match (shape, json) {
        (_, Json::Null) => Value::Absent,
        // Lists as `asset list` prints them keep the space around their texts, and so does a text.
        (Shape::Text, Json::String(text)) => acceptable::plain(text.clone()).map_err(|why| too_much(&why))?,
        (Shape::Text, Json::Number(number)) => Value::text(number.to_string()),
        (Shape::Flag, Json::Bool(flag)) => Value::Flag(*flag),
        (Shape::Flag, Json::Number(number)) => Value::Flag(flag(&number.to_string())?),
        (Shape::Texts, Json::Array(items)) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect();
            let texts = texts.ok_or_else(|| mistaken(shape, json))?;
            acceptable::set(texts).map_err(|why| too_much(&why))?
        }
        (Shape::Entries, Json::Array(items)) => {
            entries(items.iter().map(listed_entry).collect::<Result<_, _>>()?)?
        }
        (Shape::Reference, Json::Object(_)) => return listed(json).map(Said::Link),
        (Shape::Reference, Json::Number(id)) => return pointer(id.to_string()).map(Said::Link),
        (_, Json::String(text)) if shape != Shape::Text => {
            return Ok(from_text(shape, text)?.unwrap_or(Said::Value(Value::Absent)));
        }
        _ => return Err(mistaken(shape, json)),
    };
    Ok(Said::Value(value))
}

fn mistaken(shape: Shape, json: &Json) -> Wrong {
    let expected = match shape {
        Shape::Text => "a text",
        Shape::Flag => "true or false",
        Shape::Date => "a text: YYYY-MM-DD, or a time as 2026-11-01T09:30:00Z",
        Shape::Texts => "a list of texts",
        Shape::Entries => "a list of {\"value\", \"label\", \"primary\", \"extension\"}",
        Shape::Reference => "an id, a name, or {\"id\", \"name\"}",
    };
    Wrong::new(format!("`{}` does not fit", shown(&json.to_string())), expected)
}

/// A record as `asset list` prints one that is linked to.
pub(crate) fn listed(json: &Json) -> Result<Pointer, Wrong> {
    let wrong = || mistaken(Shape::Reference, json);
    let members = json.as_object().ok_or_else(wrong)?;
    if members.keys().any(|key| key != "id" && key != "name") {
        return Err(wrong());
    }
    let id = match members.get("id") {
        None | Some(Json::Null) => None,
        Some(Json::String(id)) => Some(id.parse::<AssetId>().map_err(|_| wrong())?),
        Some(Json::Number(id)) => Some(id.to_string().parse::<AssetId>().map_err(|_| wrong())?),
        Some(_) => return Err(wrong()),
    };
    match (id, members.get("name").and_then(Json::as_str)) {
        (id, Some(name)) => {
            let name = acceptable::label(name.to_owned()).map_err(|why| too_much(&why))?;
            Ok(Pointer::Listed { id, name })
        }
        (Some(id), None) => Ok(Pointer::Either(id.to_string())),
        (None, None) => Err(wrong()),
    }
}

fn listed_entry(json: &Json) -> Result<Entry, Wrong> {
    let wrong = || mistaken(Shape::Entries, json);
    if let Json::String(value) = json {
        let (label, extension) = (String::new(), None);
        return Ok(Entry {
            value: value.clone(),
            label,
            primary: false,
            extension,
        });
    }
    let members = json.as_object().ok_or_else(wrong)?;
    let known = ["value", "label", "primary", "extension"];
    if members.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(wrong());
    }
    let text = |key: &str| match members.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong()),
    };
    let primary = match members.get("primary") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(primary)) => *primary,
        Some(_) => return Err(wrong()),
    };
    Ok(Entry {
        value: text("value")?.ok_or_else(wrong)?,
        label: text("label")?.unwrap_or_default(),
        primary,
        extension: text("extension")?,
    })
}

#[cfg(test)]
mod tests;
