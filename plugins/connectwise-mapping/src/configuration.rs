//! Configurations: devices, licences, services.

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::{Fault, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::custom_fields::{self, CUSTOM_FIELDS, CustomField, QUESTIONS, Question};
use crate::drafting::Drafting;
use crate::mac;
use crate::patching::Patching;
use crate::reading::{self, Flag, Id, Text, list};
use crate::references::Ref;
use crate::table::{Row, both, identifying};

pub(crate) const TABLE: &[Row] = &[
    identifying("name", "name"),
    identifying("type", "type/name"),
    both("status", "status/name"),
    both("contact", "contact"),
    both("location", "site"),
    both("manufacturer", "manufacturer/name"),
    both("model", "modelNumber"),
    identifying("serial_number", "serialNumber"),
    both("asset_tag", "tagNumber"),
    both("primary_ip", "ipAddress"),
    identifying("mac_address", "macAddress"),
    both("default_gateway", "defaultGateway"),
    both("operating_system", "osType"),
    both("notes", "notes"),
    both("installed_at", "installationDate"),
    both("installed_by", "installedBy/name"),
    both("purchased_at", "purchaseDate"),
    both("warranty_expires_at", "warrantyExpirationDate"),
    both("active", "activeFlag"),
    both("traits.additional_mac_addresses", "macAddress"),
    both("traits.mac_address_text", "macAddress"),
    both("traits.custom_fields.*", "customFields/value"),
    both("traits.questions.*", "questions/answer"),
];

const FURTHER: &str = "additional_mac_addresses";
const WORDS: &str = "mac_address_text";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Configuration<'a> {
    id: Id,
    #[serde(borrow)]
    company: Ref<'a>,
    name: Text<'a>,
    #[serde(rename = "type")]
    configuration_type: Ref<'a>,
    status: Ref<'a>,
    contact: Ref<'a>,
    site: Ref<'a>,
    manufacturer: Ref<'a>,
    model_number: Text<'a>,
    serial_number: Text<'a>,
    tag_number: Text<'a>,
    ip_address: Text<'a>,
    mac_address: Text<'a>,
    default_gateway: Text<'a>,
    os_type: Text<'a>,
    notes: Text<'a>,
    installation_date: Text<'a>,
    installed_by: Ref<'a>,
    purchase_date: Text<'a>,
    warranty_expiration_date: Text<'a>,
    active_flag: Flag,
    #[serde(deserialize_with = "list")]
    custom_fields: Vec<CustomField<'a>>,
    #[serde(deserialize_with = "list")]
    questions: Vec<Question<'a>>,
}

pub(crate) fn convert(json: &str) -> Result<Draft, Fault> {
    let configuration: Configuration<'_> = reading::record(json)?;
    let mut draft = Drafting::with_room(19);
    if configuration.id.is_none() {
        draft.fail("", "the configuration has no id");
    }
    draft.belongs_to(&configuration.company);
    draft.needed(
        "name",
        configuration.name.as_str(),
        "the configuration has no name",
    );
    draft.text("type", configuration.configuration_type.label());
    draft.text("status", configuration.status.label());
    draft.link("contact", "contact", &configuration.contact);
    draft.link("location", "location", &configuration.site);
    draft.text("manufacturer", configuration.manufacturer.label());
    draft.text("model", configuration.model_number.as_str());
    draft.text("serial_number", configuration.serial_number.as_str());
    draft.text("asset_tag", configuration.tag_number.as_str());
    draft.text("primary_ip", configuration.ip_address.as_str());
    addresses(&mut draft, configuration.mac_address.as_str());
    draft.text("default_gateway", configuration.default_gateway.as_str());
    draft.text("operating_system", configuration.os_type.as_str());
    draft.text("notes", configuration.notes.as_str());
    draft.date("installed_at", &configuration.installation_date);
    draft.text("installed_by", configuration.installed_by.label());
    draft.date("purchased_at", &configuration.purchase_date);
    draft.date("warranty_expires_at", &configuration.warranty_expiration_date);
    draft.flag("active", configuration.active_flag.or(true));
    custom_fields::custom_fields(&mut draft, &configuration.custom_fields);
    custom_fields::questions(&mut draft, &configuration.questions);
    draft.finish()
}

fn addresses(draft: &mut Drafting, text: &str) {
    let macs = mac::read(text);
    if let Some((first, further)) = macs.addresses.split_first() {
        draft.text("mac_address", first);
        if !further.is_empty() {
            draft.supplement(FURTHER.to_owned(), json!(further).to_string());
        }
    }
    if macs.has_words {
        draft.supplement(WORDS.to_owned(), json!(text).to_string());
    }
}

pub(crate) fn to_source(patching: &mut Patching<'_>) -> Result<(), Fault> {
    let was: Configuration<'_> = patching.was()?;
    for field in patching.wanted() {
        match field.name.as_str() {
            "name" => patching.needed("name", field)?,
            "type" => patching.label("type", &was.configuration_type, field)?,
            "status" => patching.label("status", &was.status, field)?,
            "contact" => patching.link("contact", &was.contact, field)?,
            "location" => patching.link("site", &was.site, field)?,
            "manufacturer" => patching.label("manufacturer", &was.manufacturer, field)?,
            "model" => patching.text("modelNumber", field)?,
            "serial_number" => patching.text("serialNumber", field)?,
            "asset_tag" => patching.text("tagNumber", field)?,
            "primary_ip" => patching.text("ipAddress", field)?,
            // It shares its text with two traits.
            "mac_address" => {}
            "default_gateway" => patching.text("defaultGateway", field)?,
            "operating_system" => patching.text("osType", field)?,
            "notes" => patching.text("notes", field)?,
            "installed_at" => patching.date("installationDate", field)?,
            "installed_by" => patching.label("installedBy", &was.installed_by, field)?,
            "purchased_at" => patching.date("purchaseDate", field)?,
            "warranty_expires_at" => patching.date("warrantyExpirationDate", field)?,
            "active" => patching.flag("activeFlag", true, field)?,
            other => patching.refuse(other),
        }
    }
    addresses_to_source(patching, was.mac_address.as_str())?;
    custom_fields::to_source(patching, &[CUSTOM_FIELDS, QUESTIONS], &[FURTHER, WORDS])
}

/// Brings the address, the further ones and the words back into their one text.
fn addresses_to_source(patching: &mut Patching<'_>, was: &str) -> Result<(), Fault> {
    let (field, further, words) = (
        patching.field("mac_address"),
        patching.supplement(FURTHER),
        patching.supplement(WORDS),
    );
    if field.is_none() && further.is_none() && words.is_none() {
        return Ok(());
    }
    let there = mac::read(was);
    let first = match field {
        None => there.addresses.first().cloned(),
        Some(Value::Absent) => None,
        Some(Value::Text(text)) => Some(address("mac_address", text)?),
        Some(_) => {
            return Err(Fault::bug(
                "`mac_address` was to be set to something that is not a text",
            ));
        }
    };
    let rest = match further {
        None => there.addresses.get(1..).unwrap_or_default().to_vec(),
        Some(json) => listed(json)?,
    };
    if first.is_none() && !rest.is_empty() {
        // The next address would come back as the first.
        patching.refuse(if field.is_some() {
            "mac_address".to_owned()
        } else {
            format!("traits.{FURTHER}")
        });
        return Ok(());
    }
    let mut addresses: Vec<String> = first.into_iter().collect();
    for address in rest {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let text = match words {
        None if addresses == there.addresses => was.to_owned(),
        None | Some("null") => mac::joined(&addresses),
        Some(json) => {
            let words = serde_json::from_str::<String>(json).unwrap_or_default();
            if mac::read(&words).addresses == addresses {
                words.trim().to_owned()
            } else {
                // Words cannot say other addresses than the fields do.
                patching.refuse(format!("traits.{WORDS}"));
                mac::joined(&addresses)
            }
        }
    };
    patching.set(
        "macAddress",
        if text.is_empty() { Json::Null } else { text.into() },
    );
    Ok(())
}

fn address(field: &str, text: &str) -> Result<String, Fault> {
    mac::canonical(text.trim()).ok_or_else(|| Fault::data(field, format!("`{text}` is no MAC address")))
}

fn listed(json: &str) -> Result<Vec<String>, Fault> {
    let field = format!("traits.{FURTHER}");
    let texts: Option<Vec<String>> = serde_json::from_str(json)
        .map_err(|_| Fault::data(&field, "the further MAC addresses are not a list of texts"))?;
    texts
        .unwrap_or_default()
        .iter()
        .map(|text| address(&field, text))
        .collect()
}
