//! A contact's communication items: written by index in the contact, or as records of their own.

use super::body;
use super::intake::{Intake, is_blank};
use super::limits;
use super::patch::{Op, no_target};
use crate::catalog::{self, FieldType};
use crate::kind::{Kind, Source};
use crate::reply::Reply;
use crate::view::View;
use serde_json::{Map, Value};

const SCHEMA: &str = "ContactCommunicationItem";

/// Replaces all items. Those that name the id of one that is there keep it.
pub(crate) fn replace_all(
    intake: &mut Intake<'_>,
    record: &mut Map<String, Value>,
    given: &Value,
) -> Result<bool, Reply> {
    let given = match given {
        Value::Null => &[][..],
        Value::Array(given) => given,
        _ => {
            return Err(intake
                .body
                .not_converted(given, "ContactCommunicationItem[]", "communicationItems"));
        }
    };
    let before = list(record);
    let mut items = Vec::with_capacity(given.len());
    for item in given {
        let id = item.get("id").and_then(super::references::number);
        let known = before.iter().any(|item| id.is_some() && id_of(item) == id);
        items.push(read(intake, SCHEMA, item, id.filter(|_| known))?);
    }
    record.insert("communicationItems".into(), Value::Array(items));
    Ok(true)
}

/// Applies an operation to an item or one of its fields; `rest` is the path behind `communicationItems`.
pub(crate) fn patch(
    intake: &mut Intake<'_>,
    record: &mut Map<String, Value>,
    op: Op,
    rest: &[String],
    given: &Value,
) -> Result<bool, Reply> {
    let mut items = list(record);
    let (place, field) = match rest {
        [place] => (place, None),
        [place, field, ..] => (place, Some(field)),
        [] => return Err(no_target("communicationItems")),
    };
    let index = match place.as_str() {
        "-" if op == Op::Add => items.len(),
        text => text.parse().map_err(|_| no_target(text))?,
    };
    let done = match (op, field) {
        (Op::Add, None) if index <= items.len() => {
            let item = read(intake, SCHEMA, given, None)?;
            items.insert(index, item);
            true
        }
        (Op::Remove, None) if index < items.len() => {
            items.remove(index);
            true
        }
        (Op::Replace, None) => {
            let item = items.get_mut(index).ok_or_else(|| no_target(place))?;
            *item = read(intake, SCHEMA, given, id_of(item))?;
            true
        }
        (_, Some(field)) => {
            let declared = catalog::exact(SCHEMA, field).ok_or_else(|| no_target(field))?;
            let item = items
                .get_mut(index)
                .and_then(Value::as_object_mut)
                .ok_or_else(|| no_target(place))?;
            // Deeper than a field there are only references, which are replaced whole.
            let taken = rest.len() == 2 && !limits::is_server_owned(SCHEMA, field);
            if taken {
                set(intake, SCHEMA, item, field, &declared, given)?;
            }
            taken
        }
        _ => return Err(no_target(place)),
    };
    record.insert("communicationItems".into(), Value::Array(items));
    Ok(done)
}

/// An item as it is stored, with the id it keeps or a new one.
pub(crate) fn read(
    intake: &mut Intake<'_>,
    schema: &str,
    given: &Value,
    id: Option<u64>,
) -> Result<Value, Reply> {
    let mut item = Map::new();
    let id = id.unwrap_or_else(|| intake.new_item());
    item.insert("id".into(), id.into());
    item.insert("defaultFlag".into(), false.into());
    for (name, value) in body::object(given, schema)? {
        match catalog::field(schema, name) {
            Some((name, declared)) if !limits::is_server_owned(schema, name) => {
                set(intake, schema, &mut item, name, &declared, value)?;
            }
            Some(_) => {}
            None if name == "_info" => {}
            None => return Err(intake.body.unknown_member(schema, name)),
        }
    }
    for limit in limits::of(schema).filter(|limit| limit.required) {
        if !item.contains_key(limit.field) {
            intake.missing(limit.field);
        }
    }
    Ok(Value::Object(item))
}

/// Sets one field of an item.
pub(crate) fn set(
    intake: &mut Intake<'_>,
    schema: &str,
    item: &mut Map<String, Value>,
    name: &str,
    declared: &FieldType,
    given: &Value,
) -> Result<(), Reply> {
    let faults = intake.complaints.len();
    let value = intake.value(schema, name, declared, given)?;
    if limits::is_required(schema, name) && is_blank(Some(&value)) && intake.complaints.len() == faults {
        intake.missing(name);
    }
    // Kept where it is cleared too, so that it does not count as missing once more.
    item.insert(name.to_owned(), value);
    Ok(())
}

/// Brings the items in order after a change: class and domain follow from type and value, and each class has one
/// default: the one that became it last, else the one that was it, else the first. The contact's default phone
/// follows.
pub(crate) fn settle(view: &View<'_>, before: &Map<String, Value>, record: &mut Map<String, Value>) {
    let mut items = list(record);
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.retain(|_, value| !value.is_null());
        let class = class(view, item);
        let domain = item
            .get("value")
            .and_then(Value::as_str)
            .and_then(|value| value.split_once('@'));
        let domain = domain
            .filter(|_| class == "Email")
            .map(|(_, domain)| format!("@{domain}"));
        match domain {
            Some(domain) => drop(item.insert("domain".into(), domain.into())),
            None => drop(item.remove("domain")),
        }
        item.insert("communicationType".into(), class.into());
    }
    let old = list(before);
    let was_default = |item: &Value| old.iter().any(|old| id_of(old) == id_of(item) && is_default(old));
    for class in ["Email", "Phone", "Fax"] {
        let of_class = |item: &&Value| item.get("communicationType").and_then(Value::as_str) == Some(class);
        let chosen = items
            .iter()
            .filter(of_class)
            .max_by_key(|item| (is_default(item) && !was_default(item), is_default(item)));
        let chosen = match chosen {
            Some(item) if is_default(item) => id_of(item),
            _ => items.iter().find(of_class).and_then(id_of),
        };
        for item in &mut items {
            if item.get("communicationType").and_then(Value::as_str) == Some(class) {
                let is = id_of(item) == chosen;
                if let Some(item) = item.as_object_mut() {
                    item.insert("defaultFlag".into(), is.into());
                }
            }
        }
    }
    let phone = items.iter().find(|item| {
        is_default(item) && item.get("communicationType").and_then(Value::as_str) == Some("Phone")
    });
    for (field, value) in [
        (
            "defaultPhoneType",
            phone.and_then(|item| item.pointer("/type/name")),
        ),
        ("defaultPhoneNbr", phone.and_then(|item| item.get("value"))),
        (
            "defaultPhoneExtension",
            phone.and_then(|item| item.get("extension")),
        ),
    ] {
        match value {
            Some(value) => drop(record.insert(field.into(), value.clone())),
            None => drop(record.remove(field)),
        }
    }
    record.insert("communicationItems".into(), Value::Array(items));
}

/// Email, Phone or Fax, as the item's type says.
fn class(view: &View<'_>, item: &Map<String, Value>) -> &'static str {
    let of = item
        .get("type")
        .and_then(|of| of.get("id"))
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let of = view
        .value(Source::All(Kind::CommunicationType), of)
        .unwrap_or_default();
    let is = |flag: &str| of.get(flag) == Some(&Value::Bool(true));
    match (is("emailFlag"), is("faxFlag")) {
        (true, _) => "Email",
        (_, true) => "Fax",
        _ => "Phone",
    }
}

fn is_default(item: &Value) -> bool {
    item.get("defaultFlag") == Some(&Value::Bool(true))
}

/// An item's id.
pub(crate) fn id_of(item: &Value) -> Option<u64> {
    item.get("id").and_then(Value::as_u64)
}

/// A contact's items.
pub(crate) fn list(record: &Map<String, Value>) -> Vec<Value> {
    match record.get("communicationItems") {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    }
}
