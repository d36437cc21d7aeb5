//! A record's fields: set one by one, filled from an object, completed with what the system supplies, and brought in
//! order with what depends on them.

use super::answers;
use super::intake::{Intake, is_blank};
use super::{body, items, limits};
use crate::catalog::{self, FieldType};
use crate::kind::{Kind, Source};
use crate::reply::Reply;
use crate::view::{View, owner};
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// Notes that a field is written, and complains where a test wants it refused.
pub(crate) fn note(intake: &mut Intake<'_>, name: &str) {
    if intake.refused.iter().any(|refused| refused == name) {
        intake.complain("InvalidField", name, format!("The field {name} is invalid."));
    }
    intake.touched.push(name.to_owned());
}

/// Sets a field to what was sent, null clears it; and answers whether the server takes that as a change.
pub(crate) fn set(
    intake: &mut Intake<'_>,
    schema: &str,
    record: &mut Fields,
    name: &str,
    declared: &FieldType,
    given: &Value,
) -> Result<bool, Reply> {
    note(intake, name);
    match (schema, name) {
        (_, "customFields") => return answers::merge_custom_fields(intake, record, given),
        ("Configuration", "questions") => return answers::replace_questions(intake, record, given),
        ("Contact", "communicationItems") => return items::replace_all(intake, record, given),
        _ => {}
    }
    let faults = intake.complaints.len();
    let value = intake.value(schema, name, declared, given)?;
    if limits::is_required(schema, name) && is_blank(Some(&value)) && intake.complaints.len() == faults {
        intake.missing(name);
    }
    if (schema, name) == ("Configuration", "type")
        && let Some(of) = value.get("id").and_then(Value::as_u64)
        && owner(&Value::Object(record.clone()), "type") != Some(of)
    {
        let id = record.get("id").and_then(Value::as_u64).unwrap_or(0);
        record.insert("questions".into(), answers::blank_questions(intake.view, of, id));
    }
    store(record, name, value);
    Ok(true)
}

fn store(record: &mut Fields, name: &str, value: Value) {
    match value {
        Value::Null => drop(record.remove(name)),
        value => drop(record.insert(name.to_owned(), value)),
    }
}

/// Fills a record from an object, whose names may have any case. Fields that only the server sets are passed over.
pub(crate) fn fill(
    intake: &mut Intake<'_>,
    schema: &str,
    record: &mut Fields,
    object: &Fields,
) -> Result<(), Reply> {
    // The questions depend on the type.
    let (first, rest): (Vec<_>, Vec<_>) = object
        .iter()
        .partition(|(name, _)| name.eq_ignore_ascii_case("type"));
    for (given_name, given) in first.into_iter().chain(rest) {
        match catalog::field(schema, given_name) {
            Some((name, _)) if limits::is_server_owned(schema, name) => {}
            Some((name, declared)) => {
                set(intake, schema, record, name, &declared, given)?;
            }
            None if given_name == "_info" => {}
            None => return Err(intake.body.unknown_member(schema, given_name)),
        }
    }
    Ok(())
}

/// The types a new company or contact is given, by `types` or, for contacts, `typeIds`.
pub(crate) fn given_types(
    intake: &mut Intake<'_>,
    object: &Fields,
    reference: &'static str,
) -> Result<Option<Value>, Reply> {
    let of = |wanted: &str| {
        object
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    };
    let (name, given) = match (of("types"), of("typeIds")) {
        (Some(types), _) => ("types", types),
        (None, Some(ids)) if intake.kind == Kind::Contact => ("typeIds", ids),
        (None, _) => return Ok(None),
    };
    let Value::Array(given) = given else {
        return Err(intake.body.not_converted(given, &format!("{reference}[]"), name));
    };
    let mut types: Vec<Value> = Vec::with_capacity(given.len());
    for entry in given {
        let entry = match name {
            "typeIds" => json!({"id": entry}),
            _ => Value::Object(body::object(entry, reference)?.clone()),
        };
        let found = intake.value("", name, &FieldType::Reference(reference.into()), &entry)?;
        if !found.is_null() && !types.contains(&found) {
            types.push(found);
        }
    }
    note(intake, "types");
    Ok(Some(Value::Array(types)))
}

/// Complains of required fields that are not there.
pub(crate) fn require(intake: &mut Intake<'_>, schema: &str, record: &Fields) {
    for limit in limits::of(schema).filter(|limit| limit.required) {
        let known = intake
            .complaints
            .iter()
            .any(|complaint| complaint.field.split('/').next() == Some(limit.field));
        if !known && is_blank(record.get(limit.field)) {
            intake.missing(limit.field);
        }
    }
    // ConnectWise's own words for it: at least one address field.
    let address = ["addressLine1", "addressLine2", "city", "state", "zip", "country"];
    if schema == "Company" && address.iter().all(|field| is_blank(record.get(*field))) {
        intake.complain(
            "MissingRequiredField",
            "addressLine1",
            "At least one address field is required.".into(),
        );
    }
}

/// Supplies what was not sent, as the system does for new records and for those that are replaced.
pub(crate) fn complete(view: &View<'_>, kind: Kind, record: &mut Fields) {
    let flag = |name: &'static str| (name, json!(false));
    let location = json!({"id": 2, "name": view.entry_name(Kind::Location, 2)});
    let defaults: Vec<(&str, Value)> = match kind {
        Kind::Company => vec![
            ("status", default_of(view, Kind::CompanyStatus)),
            ("territory", location),
            ("timeZoneSetup", json!({"id": 1, "name": "US Eastern"})),
            flag("leadFlag"),
            flag("unsubscribeFlag"),
            flag("deletedFlag"),
            ("types", json!([default_of(view, Kind::CompanyType)])),
        ],
        Kind::Site => vec![
            ("territory", location),
            flag("primaryAddressFlag"),
            flag("defaultShippingFlag"),
            flag("defaultBillingFlag"),
            flag("defaultMailingFlag"),
            flag("inactiveFlag"),
            flag("billSeparateFlag"),
        ],
        Kind::Contact => vec![
            flag("inactiveFlag"),
            flag("marriedFlag"),
            flag("childrenFlag"),
            ("portalSecurityLevel", json!(1)),
            ("disablePortalLoginFlag", json!(true)),
            flag("unsubscribeFlag"),
            flag("defaultBillingFlag"),
            flag("defaultFlag"),
            flag("ignoreDuplicates"),
            ("types", json!([])),
            ("communicationItems", json!([])),
        ],
        Kind::Configuration => vec![
            ("status", default_of(view, Kind::ConfigurationStatus)),
            ("location", location),
            (
                "department",
                json!({"id": 11, "identifier": "MS", "name": "Managed Services"}),
            ),
            flag("billFlag"),
            ("activeFlag", json!(true)),
            flag("displayVendorFlag"),
            flag("showRemoteFlag"),
            flag("showAutomateFlag"),
            flag("needsRenewalFlag"),
            ("questions", json!([])),
        ],
        _ => Vec::new(),
    };
    for (name, value) in defaults.into_iter().filter(|(_, value)| !value.is_null()) {
        record.entry(name).or_insert(value);
    }
    let custom = answers::blank_custom_fields(view, kind);
    if !custom.is_empty() {
        record.entry("customFields").or_insert(Value::Array(custom));
    }
}

/// Marks a company as a vendor or not, as its types say.
pub(crate) fn mark_vendor(view: &View<'_>, record: &mut Fields) {
    let types = record.get("types").and_then(Value::as_array);
    let vendor = types.into_iter().flatten().any(|of| {
        let of = of.get("id").and_then(Value::as_u64).unwrap_or(0);
        view.value(Source::All(Kind::CompanyType), of)
            .is_some_and(|entry| entry.get("vendorFlag") == Some(&Value::Bool(true)))
    });
    record.insert("isVendorFlag".into(), vendor.into());
}

/// The reference to the default entry of a table.
fn default_of(view: &View<'_>, kind: Kind) -> Value {
    let id = view.ids(Source::All(kind), 0).find(|id| {
        view.value(Source::All(kind), *id)
            .is_some_and(|entry| entry.get("defaultFlag") == Some(&Value::Bool(true)))
    });
    id.map_or(
        Value::Null,
        |id| json!({"id": id, "name": view.entry_name(kind, id)}),
    )
}

/// Brings a written record in order: a site has to be one of the record's company (one that stood there goes with a
/// change of company), ids stand beside their references, and items follow their types.
pub(crate) fn settle(intake: &mut Intake<'_>, before: &Fields, record: &mut Fields) {
    let view = intake.view;
    let company = match intake.kind {
        Kind::Company => record.get("id").and_then(Value::as_u64),
        _ => record
            .get("company")
            .and_then(|company| company.get("id"))
            .and_then(Value::as_u64),
    };
    let site = record
        .get("site")
        .and_then(|site| site.get("id"))
        .and_then(Value::as_u64);
    if let Some(site) = site
        && (intake.has_touched("site") || intake.has_touched("company"))
    {
        let home = view
            .value(Source::All(Kind::Site), site)
            .and_then(|site| owner(&site, "company"));
        if home != company || company.is_none() {
            record.remove("site");
            if intake.has_touched("site") {
                let company = company.map_or_else(|| "none".to_owned(), |company| company.to_string());
                intake.not_found("site/id", &format!("Site {site} of Company {company}"));
            }
        }
    }
    match intake.kind {
        Kind::Contact if intake.has_touched("communicationItems") => items::settle(view, before, record),
        Kind::Configuration => {
            for (number, reference, kind) in [
                ("locationId", "location", Kind::Location),
                ("businessUnitId", "department", Kind::Department),
            ] {
                let alone = record.contains_key(number) != record.contains_key(reference);
                if !alone && !intake.has_touched(number) && !intake.has_touched(reference) {
                    continue;
                }
                let id = match intake.has_touched(number) && !intake.has_touched(reference) {
                    true => record.get(number).and_then(Value::as_u64),
                    false => record
                        .get(reference)
                        .and_then(|found| found.get("id"))
                        .and_then(Value::as_u64),
                };
                let found = id.and_then(|id| super::references::of_record(view, kind, id));
                match (found, id) {
                    (Some(found), Some(id)) => {
                        record.insert(number.into(), id.into());
                        record.insert(reference.into(), found);
                    }
                    (None, Some(id)) => intake.not_found(number, &format!("{kind:?} {id}")),
                    _ => {
                        record.remove(number);
                        record.remove(reference);
                    }
                }
            }
        }
        _ => {}
    }
}
