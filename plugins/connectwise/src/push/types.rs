//! The types of companies and contacts. ConnectWise takes them with a new record; later each is a record of its own, an
//! association, that is added or removed by itself and never by a PATCH.
//!
//! Additions go first, so that a record is never without a type in between. A change that ends halfway leaves the types
//! between what they were and what they should be; that still counts as open, and the rest is brought the next time.

use dovetail_sdk::connector::types::{Cause, Fault};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::comparing::{Look, Standing, decide, same_in_any_order};
use super::refusals::{Ended, refused};
use super::wanted::Wanted;
use super::written::Written;
use crate::api::{Api, Ask, Method};
use crate::choices::group;
use crate::loose::{Id, Reference, References};
use crate::options;
use crate::paging::{Plan, Slice, read_all};
use crate::refusal::{Refusal, fault};

pub(super) const PROPERTY: &str = "types";

/// How types stand. What lies between as they were and as they should be is open.
pub(super) fn standing(now: &Json, expected: &Json, desired: &Json) -> Standing {
    let (now, before, desired) = (references(now), references(expected), references(desired));
    let among = |one: &Reference, all: &[Reference]| all.iter().any(|other| is_one(one, other));
    let between = now.iter().all(|one| among(one, &before) || among(one, &desired))
        && before
            .iter()
            .filter(|one| among(one, &desired))
            .all(|one| among(one, &now));
    decide(
        Look::Before,
        same_in_any_order(&now, &desired, is_one),
        between,
        || false,
    )
}

/// The types in a list.
pub(super) fn references(list: &Json) -> Vec<Reference> {
    References::deserialize(list)
        .unwrap_or_default()
        .0
        .unwrap_or_default()
}

/// Whether two references are to one type.
fn is_one(one: &Reference, other: &Reference) -> bool {
    match (one.id, other.id) {
        (Some(one), Some(other)) => one == other,
        _ => one.name.trim() == other.name.trim(),
    }
}

/// The desired types with their ids. A type that ConnectWise does not have is the record's fault. Where the setup table
/// may not be read or is not there, names stay names.
pub(super) fn settled(api: &mut Api<'_>, wanted: &Wanted) -> Result<Option<Vec<Reference>>, Fault> {
    let group = match wanted.written {
        Written::Company => group::COMPANY_TYPES,
        Written::Contact => group::CONTACT_TYPES,
        Written::Site | Written::Configuration => return Ok(None),
    };
    let Some(desired) = wanted.desired.get(PROPERTY) else {
        return Ok(None);
    };
    let mut types = references(desired);
    for one in types.iter_mut().filter(|one| one.id.is_none()) {
        let known = known(api, group)?;
        let name = one.name.trim();
        let found = known
            .iter()
            .find(|known| known.name == name)
            .or_else(|| known.iter().find(|known| known.name.eq_ignore_ascii_case(name)));
        match found {
            Some(found) => *one = found.clone(),
            None if known.is_empty() => {}
            None => {
                let labels: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
                let words = format!(
                    "ConnectWise has no {} type `{name}`, so nothing was sent for {}. It has: {}.",
                    wanted.written.noun(),
                    wanted.about(),
                    labels.join(", ")
                );
                return Err(fault(Cause::Data(wanted.field_of(PROPERTY)), words));
            }
        }
    }
    Ok(Some(types))
}

/// The types there are, asked once a run; none where they cannot be read.
fn known(api: &mut Api<'_>, group: &'static str) -> Result<Vec<Reference>, Fault> {
    if let Some(known) = api.memory.types.get(group) {
        return Ok(known.clone());
    }
    let known = match options::list(api, group) {
        Ok(options) => options
            .into_iter()
            .map(|option| Reference {
                id: option.id.parse().ok(),
                name: option.label,
            })
            .collect(),
        Err(fault) if matches!(fault.cause, Cause::Permission(_) | Cause::Bug) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    api.memory.types.insert(group, known);
    Ok(api.memory.types.get(group).cloned().unwrap_or_default())
}

/// A reference as a request carries it.
pub(super) fn json_of(one: &Reference) -> Json {
    match one.id {
        Some(id) => json!({ "id": id }),
        None => json!({ "name": one.name }),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Association {
    id: Id,
    r#type: Reference,
}

/// Brings a record's types to what they should be, one association after the other. It stops at the first that is
/// refused, with how the change ends.
pub(super) fn bring(api: &mut Api<'_>, wanted: &Wanted, id: u64, desired: &[Reference]) -> Result<(), Ended> {
    let path = format!("{}/{id}/typeAssociations", wanted.written.path(wanted.parent)?);
    let there = read(api, wanted, &path)?;
    let missing = desired
        .iter()
        .filter(|one| !there.iter().any(|known| is_one(&known.r#type, one)));
    let owner = wanted.written.noun();
    let additions = missing.map(|one| {
        let body = json!({"type": json_of(one), owner: {"id": id}});
        Ask::write(Method::Post, &path, Some(body.to_string()))
    });
    let surplus = there
        .iter()
        .filter(|known| !desired.iter().any(|one| is_one(&known.r#type, one)));
    let removals = surplus
        .filter_map(|known| known.id.0)
        .map(|association| Ask::write(Method::Delete, format!("{path}/{association}"), None));
    for write in additions.chain(removals) {
        let answer = api.write_each(std::slice::from_ref(&write));
        let answer = answer.and_then(|answers| {
            let lost = || Err(Refusal::Passing("no answer at all".into()));
            answers.into_iter().next().unwrap_or_else(lost)
        });
        match answer {
            Ok(_) => {}
            // It is not there, which is what was asked for.
            Err(Refusal::NoRecord(_)) if write.method == Method::Delete => {}
            // The record was read just before; it is the type that is not there.
            Err(Refusal::NoRecord(words)) => {
                let words = format!("ConnectWise does not take a type in {}: {words}", wanted.about());
                return Err(fault(Cause::Data(wanted.field_of(PROPERTY)), words).into());
            }
            Err(refusal) => return Err(Ended::with(refused(refusal, wanted))),
        }
    }
    keep(api, wanted, id, desired);
    Ok(())
}

/// Keeps in mind which types a company has just got, where a server does not say it in the company.
fn keep(api: &mut Api<'_>, wanted: &Wanted, id: u64, types: &[Reference]) {
    if wanted.written == Written::Company {
        api.memory.brought_types.insert(id, types.to_vec());
    }
}

/// Keeps in mind which types a new company has.
pub(super) fn remember(api: &mut Api<'_>, wanted: &Wanted, body: &[u8], types: Option<&[Reference]>) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Only {
        id: Id,
    }
    if let Ok(Only { id: Id(Some(id)) }) = serde_json::from_slice(body) {
        keep(api, wanted, id, types.unwrap_or_default());
    }
}

fn read(api: &mut Api<'_>, wanted: &Wanted, path: &str) -> Result<Vec<Association>, Fault> {
    let plan = Plan {
        path: path.to_owned(),
        about: "the types of a record",
        permission: wanted.written.permission(),
        slices: vec![Slice::default()],
        ..Plan::default()
    };
    let mut all = Vec::new();
    read_all(api, &plan, |records| {
        all.extend(
            records
                .iter()
                .map(|raw| serde_json::from_str::<Association>(raw).unwrap_or_default()),
        );
    })?;
    Ok(all)
}
