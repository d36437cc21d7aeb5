//! What a change comes to over the record just read: whether it holds, has moved or is open, and the operations of the
//! PATCH that makes an open one hold. Only properties that change are among them; references go whole, and the custom
//! fields go with every PATCH of a record that has some, because ConnectWise refuses it without.

use dovetail_sdk::connector::types::Fault;
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};

use super::comparing::{Look, Standing, is_nothing, standing, standing_of_number};
use super::found::Found;
use super::wanted::{CUSTOM_FIELDS, Named, Wanted};
use super::{communications, entries, types};

/// One operation of a PATCH.
#[derive(Debug, Serialize)]
pub(super) struct Operation {
    op: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
}

impl Operation {
    /// Sets a value; null empties it.
    pub(super) fn replace(path: impl Into<String>, value: Box<RawValue>) -> Self {
        Operation {
            op: "replace",
            path: path.into(),
            value: Some(value),
        }
    }

    /// Puts an item at a place of a list.
    pub(super) fn add(path: impl Into<String>, value: Box<RawValue>) -> Self {
        Operation {
            op: "add",
            path: path.into(),
            value: Some(value),
        }
    }

    /// Takes an item out of a list.
    pub(super) fn remove(path: impl Into<String>) -> Self {
        Operation {
            op: "remove",
            path: path.into(),
            value: None,
        }
    }
}

/// How each thing that a change is about stands, under its field.
pub(super) fn standings(
    look: Look,
    wanted: &Wanted,
    found: &Found,
) -> Result<Vec<(String, Standing)>, Fault> {
    let mut all = Vec::with_capacity(wanted.desired.len());
    for (property, desired) in &wanted.desired {
        if property == communications::PROPERTY {
            all.extend(communications::standings(look, wanted, found));
        } else if let Some(list) = Named::of(property) {
            all.extend(entries::standings(list, wanted, found)?);
        } else {
            all.push((
                wanted.field_of(property),
                standing_of(look, wanted, found, property, desired),
            ));
        }
    }
    Ok(all)
}

fn standing_of(look: Look, wanted: &Wanted, found: &Found, property: &str, desired: &Json) -> Standing {
    let (now, before) = (found.now(property), wanted.before(property));
    match property {
        types::PROPERTY => types::standing(now, before, desired),
        "phoneNumber" | "faxNumber" => standing_of_number(look, now, before, desired),
        _ => standing(now, before, desired),
    }
}

/// Whether the types are still to be brought.
pub(super) fn types_are_open(wanted: &Wanted, found: &Found) -> bool {
    let property = types::PROPERTY;
    let desired = wanted.desired.get(property);
    desired
        .is_some_and(|desired| standing_of(Look::Before, wanted, found, property, desired) == Standing::Open)
}

/// The operations that make what is open hold; types are brought elsewhere and are not among them.
pub(super) fn operations(wanted: &Wanted, found: &Found) -> Result<Vec<Operation>, Fault> {
    let mut operations = Vec::new();
    let mut custom_fields = false;
    for (property, desired) in &wanted.desired {
        let path = || format!("/{property}");
        if property == types::PROPERTY {
        } else if property == communications::PROPERTY {
            operations.extend(communications::operations(wanted, found));
        } else if let Some(list) = Named::of(property) {
            let stand = entries::standings(list, wanted, found)?;
            if stand.iter().any(|(_, standing)| *standing == Standing::Open)
                && let Some(whole) = entries::whole(list, wanted, found)
            {
                custom_fields |= list.property == CUSTOM_FIELDS.property;
                operations.push(Operation::replace(path(), whole));
            }
        } else if standing_of(Look::Before, wanted, found, property, desired) == Standing::Open {
            operations
                .extend(value_of(wanted, property, desired).map(|value| Operation::replace(path(), value)));
        }
    }
    if !operations.is_empty()
        && !custom_fields
        && let Some(whole) = entries::whole(&CUSTOM_FIELDS, wanted, found)
    {
        let path = format!("/{}", CUSTOM_FIELDS.property);
        operations.push(Operation::replace(path, whole));
    }
    Ok(operations)
}

fn value_of(wanted: &Wanted, property: &str, desired: &Json) -> Option<Box<RawValue>> {
    if is_nothing(desired) {
        return to_raw_value(&Json::Null).ok();
    }
    wanted.verbatim.get(property).cloned()
}
