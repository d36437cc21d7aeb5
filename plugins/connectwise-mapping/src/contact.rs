//! Contacts.

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::Fault;
use serde::Deserialize;

use crate::communication::{self, List};
use crate::custom_fields::{self, CUSTOM_FIELDS, CustomField};
use crate::drafting::Drafting;
use crate::patching::Patching;
use crate::reading::{self, Flag, Id, Text, list};
use crate::references::Ref;
use crate::table::{Row, both, identifying};

pub(crate) const TABLE: &[Row] = &[
    identifying("first_name", "firstName"),
    identifying("last_name", "lastName"),
    both("title", "title"),
    both("type", "types/name"),
    both("location", "site"),
    both("emails", "communicationItems/value (Email)"),
    both("phones", "communicationItems/value (Phone, Fax)"),
    both("active", "inactiveFlag"),
    both("traits.custom_fields.*", "customFields/value"),
];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Contact<'a> {
    id: Id,
    #[serde(borrow)]
    company: Ref<'a>,
    first_name: Text<'a>,
    last_name: Text<'a>,
    title: Text<'a>,
    #[serde(deserialize_with = "list")]
    types: Vec<Ref<'a>>,
    site: Ref<'a>,
    #[serde(deserialize_with = "list")]
    communication_items: Vec<communication::Item<'a>>,
    inactive_flag: Flag,
    #[serde(deserialize_with = "list")]
    custom_fields: Vec<CustomField<'a>>,
}

pub(crate) fn convert(json: &str) -> Result<Draft, Fault> {
    let contact: Contact<'_> = reading::record(json)?;
    let mut draft = Drafting::with_room(8);
    if contact.id.is_none() {
        draft.fail("", "the contact has no id");
    }
    // ConnectWise keeps people who belong to no company; they have no place in the documentation and no fault either.
    if !contact.company.id.is_none() {
        draft.belongs_to(&contact.company);
    }
    if contact.first_name.is_empty() && contact.last_name.is_empty() {
        draft.fail("first_name", "the contact has neither a first nor a last name");
    }
    draft.text("first_name", contact.first_name.as_str());
    draft.text("last_name", contact.last_name.as_str());
    draft.text("title", contact.title.as_str());
    draft.labels("type", &contact.types);
    draft.link("location", "location", &contact.site);
    draft.entries(
        "emails",
        communication::entries(&contact.communication_items, List::Emails),
    );
    draft.entries(
        "phones",
        communication::entries(&contact.communication_items, List::Phones),
    );
    draft.flag("active", !contact.inactive_flag.or(false));
    custom_fields::custom_fields(&mut draft, &contact.custom_fields);
    draft.finish()
}

pub(crate) fn to_source(patching: &mut Patching<'_>) -> Result<(), Fault> {
    let was: Contact<'_> = patching.was()?;
    for field in patching.wanted() {
        match field.name.as_str() {
            "first_name" => patching.text("firstName", field)?,
            "last_name" => patching.text("lastName", field)?,
            "title" => patching.text("title", field)?,
            "type" => patching.labels("types", &was.types, field)?,
            "location" => patching.link("site", &was.site, field)?,
            // Both stand in one list.
            "emails" | "phones" => {}
            "active" => patching.flag("inactiveFlag", false, field)?,
            other => patching.refuse(other),
        }
    }
    communication::to_source(patching, &was.communication_items)?;
    custom_fields::to_source(patching, &[CUSTOM_FIELDS], &[])
}
