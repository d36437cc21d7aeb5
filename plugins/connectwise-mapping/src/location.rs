//! Locations: the sites of ConnectWise's companies. Their phone and fax come in only, as the field map has it.

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::Fault;
use serde::Deserialize;

use crate::custom_fields::{self, CUSTOM_FIELDS, CustomField};
use crate::drafting::Drafting;
use crate::patching::Patching;
use crate::reading::{self, Flag, Id, Text, list};
use crate::references::Ref;
use crate::table::{Row, both, identifying, inward};

pub(crate) const TABLE: &[Row] = &[
    identifying("name", "name"),
    identifying("address_1", "addressLine1"),
    identifying("address_2", "addressLine2"),
    identifying("city", "city"),
    identifying("region", "stateReference/name"),
    both("postal_code", "zip"),
    identifying("country", "country/name"),
    inward("phone", "phoneNumber"),
    inward("fax", "faxNumber"),
    both("primary", "primaryAddressFlag"),
    both("traits.custom_fields.*", "customFields/value"),
];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Site<'a> {
    id: Id,
    #[serde(borrow)]
    company: Ref<'a>,
    name: Text<'a>,
    address_line1: Text<'a>,
    address_line2: Text<'a>,
    city: Text<'a>,
    state_reference: Ref<'a>,
    zip: Text<'a>,
    country: Ref<'a>,
    phone_number: Text<'a>,
    fax_number: Text<'a>,
    primary_address_flag: Flag,
    #[serde(deserialize_with = "list")]
    custom_fields: Vec<CustomField<'a>>,
}

pub(crate) fn convert(json: &str) -> Result<Draft, Fault> {
    let site: Site<'_> = reading::record(json)?;
    let mut draft = Drafting::with_room(10);
    if site.id.is_none() {
        draft.fail("", "the site has no id");
    }
    draft.belongs_to(&site.company);
    draft.needed("name", site.name.as_str(), "the site has no name");
    draft.text("address_1", site.address_line1.as_str());
    draft.text("address_2", site.address_line2.as_str());
    draft.text("city", site.city.as_str());
    draft.text("region", site.state_reference.label());
    draft.text("postal_code", site.zip.as_str());
    draft.text("country", site.country.label());
    draft.text("phone", site.phone_number.as_str());
    draft.text("fax", site.fax_number.as_str());
    draft.flag("primary", site.primary_address_flag.or(false));
    custom_fields::custom_fields(&mut draft, &site.custom_fields);
    draft.finish()
}

pub(crate) fn to_source(patching: &mut Patching<'_>) -> Result<(), Fault> {
    let was: Site<'_> = patching.was()?;
    for field in patching.wanted() {
        match field.name.as_str() {
            "name" => patching.needed("name", field)?,
            "address_1" => patching.text("addressLine1", field)?,
            "address_2" => patching.text("addressLine2", field)?,
            "city" => patching.text("city", field)?,
            "region" => patching.label("stateReference", &was.state_reference, field)?,
            "postal_code" => patching.text("zip", field)?,
            "country" => patching.label("country", &was.country, field)?,
            "primary" => patching.flag("primaryAddressFlag", true, field)?,
            other => patching.refuse(other),
        }
    }
    custom_fields::to_source(patching, &[CUSTOM_FIELDS], &[])
}
