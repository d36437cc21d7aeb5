//! A new record: one POST with everything it should hold. Types are taken only here, and addresses and numbers come with
//! their types; what is empty is left to ConnectWise's defaults.

use dovetail_sdk::connector::types::{Cause, Fault};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value as Json, json};

use super::communications::{self, made};
use super::comparing::{is_nothing, member};
use super::types;
use super::wanted::{Members, Wanted, entries};
use super::written::Written;
use crate::api::{Ask, Method};
use crate::loose::Reference;
use crate::refusal::fault;

const COMPANY: &str = "company";

/// The request that makes the record. `types` are those it should have, with their ids.
pub(super) fn request(wanted: &Wanted, types: Option<&[Reference]>) -> Result<Ask, Fault> {
    for property in wanted.written.required() {
        if is_nothing(member(&wanted.desired, property)) {
            return Err(missing(wanted, property));
        }
    }
    let mut body = Members::new();
    for (property, value) in &wanted.desired {
        if is_nothing(value) {
            continue;
        }
        let value = match property.as_str() {
            types::PROPERTY => {
                let types: Vec<Json> = types.unwrap_or_default().iter().map(types::json_of).collect();
                raw(&types)
            }
            communications::PROPERTY => {
                let items = entries(value).filter(|item| !is_nothing(member(item, "value")));
                let made: Vec<_> = items.filter_map(made).collect();
                raw(&made).filter(|_| !made.is_empty())
            }
            _ => wanted.verbatim.get(property).cloned(),
        };
        body.extend(value.map(|value| (property.clone(), value)));
    }
    // A site's company stands in its path.
    let named = matches!(wanted.written, Written::Contact | Written::Configuration);
    if named && !body.contains_key(COMPANY) {
        match wanted.parent {
            Some(parent) => body.extend(raw(&json!({ "id": parent })).map(|id| (COMPANY.to_owned(), id))),
            None if wanted.written == Written::Configuration => return Err(missing(wanted, COMPANY)),
            None => {}
        }
    }
    let body = serde_json::to_string(&body)
        .map_err(|trouble| fault(Cause::Bug, format!("The new record cannot be written: {trouble}")))?;
    Ok(Ask::write(
        Method::Post,
        wanted.written.path(wanted.parent)?,
        Some(body),
    ))
}

fn missing(wanted: &Wanted, property: &str) -> Fault {
    let (noun, field) = (wanted.written.noun(), wanted.field_of(property));
    fault(
        Cause::Data(field.clone()),
        format!("ConnectWise makes no {noun} without `{field}` ({property}); nothing was sent. Fill it in."),
    )
}

fn raw<T: serde::Serialize>(value: &T) -> Option<Box<RawValue>> {
    to_raw_value(value).ok()
}
