//! What became of a create whose answer was lost: the records entered since then that hold what identifies the new one.
//! The server narrows it down by conditions; whether a record really holds it is looked at here.

use dovetail_sdk::connector::exports::Change;
use dovetail_sdk::connector::types::{Cause, Fault, SourceRecord};
use serde_json::{Map, Value as Json};

use super::comparing::{is_nothing, member, same, text_of};
use super::wanted::Wanted;
use super::written::Written;
use crate::api::Api;
use crate::conditions::Conditions;
use crate::listing;
use crate::paging::{Plan, Slice, read_all};
use crate::record::whole_seconds;
use crate::refusal::fault;

/// The properties by which a record is found again.
fn identifying(written: Written) -> &'static [&'static str] {
    match written {
        Written::Company => &["identifier", "name"],
        Written::Site => &["name"],
        Written::Contact => &["firstName", "lastName"],
        Written::Configuration => &["type", "name", "serialNumber"],
    }
}

/// The fields of [`identifying`], for the description.
pub(crate) fn identity(written: Written) -> Vec<String> {
    identifying(written)
        .iter()
        .map(|property| written.field_of(property))
        .collect()
}

/// The records that may be the one a lost create made.
pub(crate) fn seek(api: &mut Api<'_>, change: &Change, since: &str) -> Result<Vec<SourceRecord>, Fault> {
    let wanted = Wanted::of(change)?;
    if wanted.id.is_some() {
        let words = format!(
            "Only a new record is looked for, and {} has an id.",
            wanted.about()
        );
        return Err(fault(Cause::Bug, words));
    }
    let since = whole_seconds(since);
    if since.is_empty() {
        return Err(fault(
            Cause::Bug,
            "The time since when to look is no time in UTC.".to_owned(),
        ));
    }
    let plan = Plan {
        path: wanted.written.path(wanted.parent)?,
        about: "a new record",
        permission: wanted.written.permission(),
        conditions: conditions(&wanted, &since),
        slices: vec![Slice::default()],
        ..Plan::default()
    };
    let mut raw: Vec<String> = Vec::new();
    read_all(api, &plan, |records| {
        raw.extend(records.iter().map(|record| (*record).to_owned()));
    })?;
    let parent = wanted.parent.map(|id| id.to_string());
    let (kind, noun) = (wanted.written.kind(), wanted.written.noun());
    let mut found = Vec::new();
    for record in &raw {
        let record = listing::single(api, kind, parent.as_deref(), noun, record.as_bytes())?.record_found;
        if holds(&wanted, &record, &since) {
            found.push(record);
        }
    }
    Ok(found)
}

fn conditions(wanted: &Wanted, since: &str) -> Conditions {
    let mut all = Conditions::new().since("dateEntered", Some(since));
    if let Some(parent) = wanted.parent
        && matches!(wanted.written, Written::Contact | Written::Configuration)
    {
        all = all.one_of("company/id", Some(&[parent]));
    }
    for property in identifying(wanted.written) {
        let desired = member(&wanted.desired, property);
        all = match desired.as_object() {
            // A reference is looked for by its id, or by its name.
            Some(reference) => match member(reference, "id").as_u64() {
                Some(id) => all.one_of(&format!("{property}/id"), Some(&[id])),
                None => all.holds(&format!("{property}/name"), &text_of(member(reference, "name"))),
            },
            None => all.holds(property, &text_of(desired)),
        };
    }
    all
}

/// Whether a record holds what identifies the change and was entered since. The server may have written a text in its
/// own case.
fn holds(wanted: &Wanted, record: &SourceRecord, since: &str) -> bool {
    let members: Map<String, Json> = serde_json::from_str(&record.json).unwrap_or_default();
    let alike = |property: &&str| {
        let (now, desired) = (member(&members, property), member(&wanted.desired, property));
        let text = || text_of(now).to_lowercase() == text_of(desired).to_lowercase();
        is_nothing(desired) || same(now, desired) || (desired.is_string() && text())
    };
    let info = member(&members, "_info").as_object();
    let entered = info.map(|info| whole_seconds(&text_of(member(info, "dateEntered"))));
    let in_time = entered.is_none_or(|time| time.is_empty() || time.as_str() >= since);
    let company = member(&members, "company").as_object();
    let elsewhere = company.is_some_and(|company| {
        let id = member(company, "id");
        wanted
            .parent
            .is_some_and(|parent| !is_nothing(id) && !same(id, &Json::from(parent)))
    });
    in_time && !elsewhere && identifying(wanted.written).iter().all(alike)
}
