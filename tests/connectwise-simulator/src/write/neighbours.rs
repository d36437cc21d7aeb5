//! What stands beside a written record: companies with the same identifier, a new company's main site, the other sites
//! of a company with a new primary one, and the links to what belongs to a record.

use super::intake::{Intake, is_blank};
use super::{Change, record};
use crate::kind::{Kind, Source};
use crate::view::{View, owner};
use serde_json::{Map, Value, json};

/// Two companies cannot have one identifier.
pub(super) fn refuse_twin(intake: &mut Intake<'_>, id: u64, record: &Map<String, Value>) {
    let identifier = record.get("identifier").and_then(Value::as_str);
    let Some(identifier) =
        identifier.filter(|_| intake.kind == Kind::Company && intake.has_touched("identifier"))
    else {
        return;
    };
    let view = intake.view;
    let taken = view
        .ids(Source::All(Kind::Company), 0)
        .filter(|other| *other != id)
        .any(|other| view.company_names(other).0.eq_ignore_ascii_case(identifier));
    if taken {
        let message = format!("A company with the identifier {identifier} already exists.");
        intake.complain("ObjectExists", "identifier", message);
    }
}

/// The site a new company gets, with the company's address.
pub(super) fn main_site(
    view: &View<'_>,
    company: u64,
    given: Option<&Value>,
    record: &mut Map<String, Value>,
) -> Change {
    let id = view.next_id(Kind::Site);
    let name = given
        .and_then(|site| site.get("name"))
        .filter(|name| !is_blank(Some(name)));
    let name = name.cloned().unwrap_or_else(|| "Main".into());
    let mut site = Map::new();
    site.insert("id".into(), id.into());
    site.insert("name".into(), name.clone());
    for field in [
        "addressLine1",
        "addressLine2",
        "city",
        "zip",
        "country",
        "phoneNumber",
        "faxNumber",
    ] {
        if let Some(value) = record.get(field) {
            site.insert(field.into(), value.clone());
        }
    }
    site.insert(
        "company".into(),
        json!({"id": company, "identifier": record.get("identifier"), "name": record.get("name")}),
    );
    for flag in [
        "primaryAddressFlag",
        "defaultShippingFlag",
        "defaultBillingFlag",
        "defaultMailingFlag",
    ] {
        site.insert(flag.into(), true.into());
    }
    record::complete(view, Kind::Site, &mut site);
    record.insert("site".into(), json!({"id": id, "name": name}));
    Change::new(Kind::Site, id, Value::Object(site))
}

/// A company has one primary site: the others that were it are no longer, without a word in their `_info`.
pub(super) fn sole_primary(view: &View<'_>, kind: Kind, id: u64, record: &Value) -> Vec<Change> {
    let primary = Some(&Value::Bool(true));
    if kind != Kind::Site || record.get("primaryAddressFlag") != primary {
        return Vec::new();
    }
    let Some(company) = owner(record, "company") else {
        return Vec::new();
    };
    view.ids(Source::Of(kind, company), 0)
        .filter(|other| *other != id)
        .filter_map(|other| {
            let mut site = view.value(Source::All(kind), other)?;
            if site.get("primaryAddressFlag") != primary {
                return None;
            }
            site.as_object_mut()?
                .insert("primaryAddressFlag".into(), false.into());
            Some(Change {
                stamps: false,
                ..Change::of(kind, other, site)
            })
        })
        .collect()
}

/// The links a new record has in its `_info`.
pub(super) fn link(record: &mut Value, kind: Kind, id: u64, links: &str) {
    let links = match kind {
        Kind::Company => vec![
            ("sites_href", format!("{links}/company/companies/{id}/sites")),
            (
                "contacts_href",
                format!("{links}/company/contacts?conditions=company/id={id}"),
            ),
            (
                "configurations_href",
                format!("{links}/company/configurations?conditions=company/id={id}"),
            ),
        ],
        Kind::Contact => vec![(
            "communications_href",
            format!("{links}/company/contacts/{id}/communications"),
        )],
        _ => Vec::new(),
    };
    if let Some(record) = record.as_object_mut() {
        let info: Map<String, Value> = links
            .into_iter()
            .map(|(name, link)| (name.to_owned(), Value::String(link)))
            .collect();
        record.insert("_info".into(), Value::Object(info));
    }
}
