//! JSON lines: an object a line, either as `asset list --format jsonl` prints records or with the fields themselves as its
//! members.

use dovetail_domain::{Field, Kind};
use serde_json::{Map, Value as Json};

use super::cell::{self, Pointer};
use super::column::{Column, ORGANIZATION, column};
use super::fault::{Fault, Wrong, shown};
use super::row::{Draft, Row};

/// What `asset list` prints of a record beside what an import takes: where it came from and how it stood there.
const BESIDE: [&str; 8] = [
    "id", "kind", "sync", "source", "pending", "conflict", "held", "updated",
];

/// The rows of a file of JSON lines. Empty lines are passed over.
pub(crate) fn rows(kind: Kind, text: &str) -> impl Iterator<Item = Result<Row, Vec<Fault>>> + '_ {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    lines.map(move |(number, line)| match serde_json::from_str::<Json>(line) {
        Ok(Json::Object(members)) => row(kind, number, line.len(), &members),
        Ok(other) => {
            let wrong = Wrong::new(
                format!("`{}` is no object", shown(&other.to_string())),
                "{…} on each line",
            );
            Err(vec![wrong.at(number, "")])
        }
        Err(error) => {
            let wrong = Wrong::new(format!("it is no JSON ({error})"), "one JSON object on each line");
            Err(vec![wrong.at(number, "")])
        }
    })
}

fn row(kind: Kind, line: u64, bytes: usize, members: &Map<String, Json>) -> Result<Row, Vec<Fault>> {
    let mut draft = Draft::new(kind, line);
    draft.weigh(bytes);
    match members.get("fields") {
        Some(Json::Object(fields)) => as_listed(kind, &mut draft, members, fields),
        Some(_) => draft.wrong("fields", Wrong::new("it is no object", "{\"FIELD\": VALUE, …}")),
        None => {
            for (name, json) in members {
                member(kind, &mut draft, name, json);
            }
        }
    }
    draft.done()
}

/// A record as `asset list` prints it.
fn as_listed(kind: Kind, draft: &mut Draft, members: &Map<String, Json>, fields: &Map<String, Json>) {
    for (name, json) in members {
        match name.as_str() {
            "fields" => {}
            "kind" if json.as_str() != Some(kind.as_str()) => {
                let wrong = Wrong::new(format!("`{}`", shown(&json.to_string())), format!("`{kind}`"));
                draft.wrong(name, wrong);
            }
            // What a person calls it follows from its fields.
            "name" => {}
            ORGANIZATION => draft.belongs(organization(json)),
            "traits" => traits(draft, json),
            known if BESIDE.contains(&known) => {}
            _ => {
                let wrong = Wrong::new(
                    "a record has no such member",
                    "fields under `fields`, traits under `traits`",
                );
                draft.wrong(name, wrong);
            }
        }
    }
    for (name, json) in fields {
        member(kind, draft, name, json);
    }
    let has_name = kind.shape(Field::Name).is_some();
    if let (true, None, Some(json)) = (has_name, fields.get(Field::Name.as_str()), members.get("name")) {
        member(kind, draft, Field::Name.as_str(), json);
    }
}

fn member(kind: Kind, draft: &mut Draft, name: &str, json: &Json) {
    if name == "traits" {
        return traits(draft, json);
    }
    if name == ORGANIZATION && json.is_null() {
        return;
    }
    match column(kind, name) {
        Ok(Column::Organization) => draft.belongs(organization(json)),
        Ok(Column::Field(field, shape)) => draft.field(name, field, cell::from_json(shape, json).map(Some)),
        Ok(Column::Trait(kept)) => draft.keep(name, kept, &json.to_string()),
        Err(wrong) => draft.wrong(name, wrong),
    }
}

fn traits(draft: &mut Draft, json: &Json) {
    let Json::Object(members) = json else {
        return draft.wrong("traits", Wrong::new("it is no object", "{\"NAME\": VALUE, …}"));
    };
    for (name, json) in members {
        let column = format!("traits.{name}");
        match dovetail_runtime::acceptable::trait_name(name.clone()) {
            Ok(name) => draft.keep(&column, name, &json.to_string()),
            Err(why) => draft.wrong(&column, Wrong::new(why.to_string(), "a name of one line")),
        }
    }
}

/// The organization a record belongs to: a name, an id, or both as they are listed.
fn organization(json: &Json) -> Result<Option<Pointer>, Wrong> {
    match json {
        Json::Null => Ok(None),
        Json::String(text) if text.trim().is_empty() => Ok(None),
        Json::String(text) => cell::pointer(text.trim().to_owned()).map(Some),
        Json::Number(id) => cell::pointer(id.to_string()).map(Some),
        other => cell::listed(other).map(Some),
    }
}

#[cfg(test)]
mod tests;
