//! Parts of a record with paths of their own: a contact's communications, and the pairs of companies and contacts with
//! their types. Writing them changes the record; whether it shows in the record's `_info` is the server's habit.

use super::body::Body;
use super::intake::is_blank;
use super::record;
use super::{Change, Desk, fields_of, finished, items, limits, patch, references};
use crate::catalog;
use crate::kind::{Kind, Source};
use crate::reply::{Complaint, Reply};
use crate::role::Role;
use crate::view::pairs;
use serde_json::{Map, Value, json};

const COMMUNICATION: &str = "ContactCommunication";

/// A write of one communication of a contact, or of a new one.
pub(super) fn communication(desk: &mut Desk<'_>, contact: u64, id: u64) -> Result<Reply, Reply> {
    let method = desk.request.method.clone();
    let all = Role::default();
    let view = desk.state.view_as(desk.world, &all);
    let before = fields_of(&view, Kind::Contact, contact);
    let mut record = before.clone();
    let mut list = items::list(&record);
    let place = list.iter().position(|item| items::id_of(item) == Some(id));
    let body = match method.as_str() {
        "DELETE" => None,
        _ => Some(Body::read(desk.request)?),
    };
    let Some(body) = body else {
        list.retain(|item| items::id_of(item) != Some(id));
        record.insert("communicationItems".into(), Value::Array(list));
        items::settle(&view, &before, &mut record);
        let last_item = desk.state.edits.last_item;
        let applied = store(desk, contact, record, last_item);
        return Ok(Reply::no_content(applied));
    };
    let mut intake = desk.intake(&view, &body, Kind::Contact);
    let mut taken = true;
    let written = match (method.as_str(), place.and_then(|place| list.get_mut(place))) {
        ("PATCH", Some(item)) => {
            let mut changed = item.as_object().cloned().unwrap_or_default();
            taken = false;
            for operation in patch::operations(&body)? {
                taken |= patch::apply(&mut intake, COMMUNICATION, &mut changed, &operation)?;
            }
            *item = Value::Object(changed);
            id
        }
        (_, place) => {
            for name in body.object(COMMUNICATION)?.keys() {
                if let Some((name, _)) = catalog::field(COMMUNICATION, name) {
                    record::note(&mut intake, name);
                }
            }
            let item = items::read(
                &mut intake,
                COMMUNICATION,
                &body.value,
                place.is_some().then_some(id),
            )?;
            let written = items::id_of(&item).unwrap_or_default();
            match place {
                Some(place) => *place = item,
                None => list.push(item),
            }
            written
        }
    };
    record.insert("communicationItems".into(), Value::Array(list));
    items::settle(&view, &before, &mut record);
    if !intake.complaints.is_empty() {
        return Err(Reply::invalid(
            &super::resource(COMMUNICATION),
            &intake.complaints,
        ));
    }
    let last_item = finished(intake)?;
    let applied = taken.then(|| store(desk, contact, record, last_item)).flatten();
    let status = if method == "POST" { 201 } else { 200 };
    Ok(desk.shown(status, Source::Communications(contact), written, applied))
}

fn store(desk: &mut Desk<'_>, contact: u64, record: Map<String, Value>, last_item: u64) -> Option<u64> {
    let stamps = !desk.state.habits.quiet_children;
    let change = Change {
        stamps,
        ..Change::of(Kind::Contact, contact, Value::Object(record))
    };
    desk.commit(vec![change], last_item)
}

/// A new pair of a company or contact and a type, or the end of one.
pub(super) fn pair(desk: &mut Desk<'_>, kind: Kind, only: Option<u64>, id: u64) -> Result<Reply, Reply> {
    let (schema, whose, reference) = match kind {
        Kind::Company => ("CompanyTypeAssociation", "company", "CompanyTypeReference"),
        _ => ("ContactTypeAssociation", "contact", "ContactTypeReference"),
    };
    let all = Role::default();
    let view = desk.state.view_as(desk.world, &all);
    if desk.request.method == "DELETE" {
        let (record, of) = pairs::parts(id);
        let mut fields = fields_of(&view, kind, record);
        if let Some(types) = fields.get_mut("types").and_then(Value::as_array_mut) {
            types.retain(|entry| entry.get("id").and_then(Value::as_u64) != Some(of));
        }
        let applied = store_types(desk, kind, record, fields);
        return Ok(Reply::no_content(applied));
    }
    let body = Body::read(desk.request)?;
    let object = body.object(schema)?;
    let mut intake = desk.intake(&view, &body, kind);
    let mut pair = Map::new();
    for (given, value) in object {
        match catalog::field(schema, given) {
            Some((name, _)) if limits::is_server_owned(schema, name) => {}
            Some((name, declared)) => {
                record::note(&mut intake, name);
                let value = intake.value(schema, name, &declared, value)?;
                pair.insert(name.to_owned(), value);
            }
            None if given == "_info" => {}
            None => return Err(intake.body.unknown_member(schema, given)),
        }
    }
    // The path says whose type it is, where it does.
    if let Some(only) = only.and_then(|only| references::of_record(&view, kind, only)) {
        pair.insert(whose.into(), only);
    }
    for name in ["type", whose] {
        let known = intake
            .complaints
            .iter()
            .any(|complaint| complaint.field.starts_with(name));
        if is_blank(pair.get(name)) && !known {
            intake.missing(name);
        }
    }
    let id_in = |name: &str| {
        pair.get(name)
            .and_then(|found| found.get("id"))
            .and_then(Value::as_u64)
    };
    let (record, of) = (id_in(whose).unwrap_or(0), id_in("type").unwrap_or(0));
    if intake.complaints.is_empty() && view.types(kind, record).contains(&of) {
        intake.complaints.push(Complaint {
            code: "ObjectExists",
            message: "A matching type association already exists".into(),
            field: "type".into(),
        });
    }
    if !intake.complaints.is_empty() {
        return Err(Reply::invalid(&super::resource(schema), &intake.complaints));
    }
    if only.is_none() && !desk.state.view(desk.world).is_visible(Source::All(kind), record) {
        return Err(Reply::forbidden());
    }
    let mut fields = fields_of(&view, kind, record);
    let added = intake.value(
        schema,
        "type",
        &catalog::FieldType::Reference(reference.into()),
        &json!({"id": of}),
    )?;
    match fields.get_mut("types").and_then(Value::as_array_mut) {
        Some(types) => types.push(added),
        None => drop(fields.insert("types".into(), json!([added]))),
    }
    let applied = store_types(desk, kind, record, fields);
    let now = desk.state.now;
    desk.state.edits.paired.insert((kind, record, of), now);
    let source = match kind {
        Kind::Company => Source::CompanyTypePairs(only),
        _ => Source::ContactTypePairs(only),
    };
    Ok(desk.shown(201, source, pairs::id(record, of), applied))
}

fn store_types(desk: &mut Desk<'_>, kind: Kind, id: u64, mut fields: Map<String, Value>) -> Option<u64> {
    if kind == Kind::Company {
        let all = Role::default();
        record::mark_vendor(&desk.state.view_as(desk.world, &all), &mut fields);
    }
    let change = Change {
        stamps: !desk.state.habits.quiet_children,
        ..Change::of(kind, id, Value::Object(fields))
    };
    let last_item = desk.state.edits.last_item;
    desk.commit(vec![change], last_item)
}
