//! Organizations: ConnectWise's companies.

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::Fault;
use serde::Deserialize;

use crate::custom_fields::{self, CUSTOM_FIELDS, CustomField};
use crate::drafting::Drafting;
use crate::patching::Patching;
use crate::reading::{self, Id, Text, list};
use crate::references::Ref;
use crate::table::{Row, both, identifying};

pub(crate) const TABLE: &[Row] = &[
    identifying("name", "name"),
    both("short_name", "identifier"),
    both("type", "types/name"),
    both("status", "status/name"),
    both("parent", "parentCompany"),
    both("primary_location", "site"),
    both("phone", "phoneNumber"),
    both("fax", "faxNumber"),
    both("website", "website"),
    both("traits.custom_fields.*", "customFields/value"),
];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Company<'a> {
    id: Id,
    #[serde(borrow)]
    name: Text<'a>,
    identifier: Text<'a>,
    #[serde(deserialize_with = "list")]
    types: Vec<Ref<'a>>,
    status: Ref<'a>,
    parent_company: Ref<'a>,
    site: Ref<'a>,
    phone_number: Text<'a>,
    fax_number: Text<'a>,
    website: Text<'a>,
    #[serde(deserialize_with = "list")]
    custom_fields: Vec<CustomField<'a>>,
}

pub(crate) fn convert(json: &str) -> Result<Draft, Fault> {
    let company: Company<'_> = reading::record(json)?;
    let mut draft = Drafting::with_room(9);
    if company.id.is_none() {
        draft.fail("", "the company has no id");
    }
    draft.needed("name", company.name.as_str(), "the company has no name");
    draft.text("short_name", company.identifier.as_str());
    draft.labels("type", &company.types);
    draft.text("status", company.status.label());
    draft.link("parent", "organization", &company.parent_company);
    draft.link("primary_location", "location", &company.site);
    draft.text("phone", company.phone_number.as_str());
    draft.text("fax", company.fax_number.as_str());
    draft.text("website", company.website.as_str());
    custom_fields::custom_fields(&mut draft, &company.custom_fields);
    draft.finish()
}

pub(crate) fn to_source(patching: &mut Patching<'_>) -> Result<(), Fault> {
    let was: Company<'_> = patching.was()?;
    for field in patching.wanted() {
        match field.name.as_str() {
            "name" => patching.needed("name", field)?,
            "short_name" => patching.needed("identifier", field)?,
            "type" => patching.labels("types", &was.types, field)?,
            "status" => patching.label("status", &was.status, field)?,
            "parent" => patching.link("parentCompany", &was.parent_company, field)?,
            "primary_location" => patching.link("site", &was.site, field)?,
            "phone" => patching.text("phoneNumber", field)?,
            "fax" => patching.text("faxNumber", field)?,
            "website" => patching.text("website", field)?,
            other => patching.refuse(other),
        }
    }
    if patching.is_new() {
        address(patching);
    }
    custom_fields::to_source(patching, &[CUSTOM_FIELDS], &[])
}

/// Where the address of a new company stands in the documentation's record, and in ConnectWise's.
const ADDRESS: &[(&str, &str)] = &[
    ("address_1", "addressLine1"),
    ("address_2", "addressLine2"),
    ("city", "city"),
    ("region", "state"),
    ("postal_code", "zip"),
];

/// ConnectWise makes no company without an address, of which it makes the company's first site. An organization has none
/// of its own, so a new one brings it along as traits.
fn address(patching: &mut Patching<'_>) {
    for (name, property) in ADDRESS {
        let given = patching.supplement(name);
        let text = given.and_then(|json| serde_json::from_str::<String>(json).ok());
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            patching.set(property, text.trim());
        }
    }
}
