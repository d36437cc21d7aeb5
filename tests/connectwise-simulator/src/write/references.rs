//! References as clients write them: by id, by identifier or by name, replaced whole and stored expanded.

use super::intake::Intake;
use crate::data::names;
use crate::kind::{Kind, Source};
use crate::reply::Reply;
use crate::view::View;
use serde_json::{Map, Value, json};

/// What a reference points to.
enum Target {
    /// Records of this kind.
    Records(Kind),
    /// Countries and manufacturers: fixed lists of names, ids from 1.
    Names(Vec<(Option<&'static str>, &'static str)>),
    /// A table that is not served: any id is taken.
    Unserved,
}

fn target(of: &str) -> Target {
    Target::Records(match of {
        "CompanyReference" => Kind::Company,
        "SiteReference" => Kind::Site,
        "ContactReference" => Kind::Contact,
        "MemberReference" => Kind::Member,
        "CompanyTypeReference" => Kind::CompanyType,
        "CompanyStatusReference" => Kind::CompanyStatus,
        "ContactTypeReference" => Kind::ContactType,
        "CommunicationTypeReference" => Kind::CommunicationType,
        "ConfigurationTypeReference" => Kind::ConfigurationType,
        "ConfigurationStatusReference" => Kind::ConfigurationStatus,
        "SystemLocationReference" => Kind::Location,
        "SystemDepartmentReference" => Kind::Department,
        "CountryReference" => {
            let all = names::COUNTRIES
                .iter()
                .map(|(identifier, name)| (Some(*identifier), *name));
            return Target::Names(all.collect());
        }
        "ManufacturerReference" => {
            return Target::Names(
                names::MANUFACTURERS
                    .iter()
                    .map(|(name, _)| (None, *name))
                    .collect(),
            );
        }
        _ => return Target::Unserved,
    })
}

/// The reference as it is stored; null where it points nowhere on purpose (`{}` or without id and name). What it
/// points to but is not there is complained of.
pub(crate) fn expanded(
    intake: &mut Intake<'_>,
    of: &str,
    name: &str,
    given: &Map<String, Value>,
) -> Result<Value, Reply> {
    for member in given.keys().filter(|member| *member != "_info") {
        if crate::catalog::field(of, member).is_none() {
            return Err(intake.body.unknown_member(of, member));
        }
    }
    let id = match given.get("id") {
        None | Some(Value::Null) => None,
        Some(value) => {
            Some(number(value).ok_or_else(|| intake.body.not_converted(value, "System.Int32", "id"))?)
        }
    };
    let text = |member: &str| {
        given
            .get(member)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let (member, wanted) = match (id, text("identifier"), text("name")) {
        (Some(id), ..) => ("id", id.to_string()),
        (None, Some(identifier), _) => ("identifier", identifier.to_owned()),
        (None, None, Some(name)) => ("name", name.to_owned()),
        (None, None, None) => return Ok(Value::Null),
    };
    let found = match target(of) {
        Target::Records(kind) => match id {
            Some(id) => of_record(intake.view, kind, id),
            // Each company has its own site of the same name.
            None if kind == Kind::Site => None,
            None => by_text(intake.view, kind, member, &wanted),
        },
        Target::Names(all) => all
            .iter()
            .zip(1_u64..)
            .find(|((identifier, name), place)| match member {
                "id" => id == Some(*place),
                "identifier" => identifier.is_some_and(|known| known.eq_ignore_ascii_case(&wanted)),
                _ => name.eq_ignore_ascii_case(&wanted),
            })
            .map(|((_, name), place)| json!({"id": place, "name": name})),
        Target::Unserved => {
            let kept = given
                .iter()
                .filter(|(member, value)| *member != "_info" && !value.is_null());
            let mut kept: Map<String, Value> =
                kept.map(|(name, value)| (name.clone(), value.clone())).collect();
            if let Some(id) = id {
                kept.insert("id".into(), id.into());
            }
            Some(Value::Object(kept))
        }
    };
    Ok(found.unwrap_or_else(|| {
        let label = of.strip_suffix("Reference").unwrap_or(of);
        intake.not_found(&format!("{name}/{member}"), &format!("{label} {wanted}"));
        Value::Null
    }))
}

/// An id as clients write it: a number, or one in quotes.
pub(crate) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The reference to a record that is there.
pub(crate) fn of_record(view: &View<'_>, kind: Kind, id: u64) -> Option<Value> {
    if !view.is_live(kind, id) {
        return None;
    }
    Some(match kind {
        Kind::Company => {
            let (identifier, name) = view.company_names(id);
            json!({"id": id, "identifier": identifier, "name": name})
        }
        Kind::Contact => json!({"id": id, "name": view.contact_name(id)}),
        Kind::Member => {
            let member = view.value(Source::All(kind), id)?;
            let text = |name: &str| member.get(name).and_then(Value::as_str).unwrap_or_default();
            let full = format!("{} {}", text("firstName"), text("lastName"));
            json!({"id": id, "identifier": text("identifier"), "name": full})
        }
        Kind::Department => {
            let department = view.value(Source::All(kind), id)?;
            json!({"id": id, "identifier": department.get("identifier"), "name": department.get("name")})
        }
        Kind::Site => {
            let site = view.value(Source::All(kind), id)?;
            json!({"id": id, "name": site.get("name")})
        }
        _ => json!({"id": id, "name": view.entry_name(kind, id)}),
    })
}

/// The reference to the first record whose identifier or name is this, without regard to case.
fn by_text(view: &View<'_>, kind: Kind, member: &str, wanted: &str) -> Option<Value> {
    view.ids(Source::All(kind), 0)
        .filter_map(|id| of_record(view, kind, id))
        .find(|found| {
            found
                .get(member)
                .and_then(Value::as_str)
                .is_some_and(|known| known.eq_ignore_ascii_case(wanted))
        })
}
