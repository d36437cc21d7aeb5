//! One table: which fields have a maximum length and which must be there, from the vendor's description of its
//! objects (2026.4; configurations and communications from 2025.1).

use crate::habits::Habits;

/// What is known of a field's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldLimit {
    /// The object, by the vendor's name.
    pub object: &'static str,
    /// The field.
    pub field: &'static str,
    /// The most characters (UTF-16 units, as .NET counts) of a text.
    pub longest: Option<usize>,
    /// Whether it has to be there and not be blank.
    pub required: bool,
}

const fn at_most(object: &'static str, field: &'static str, longest: usize) -> FieldLimit {
    FieldLimit {
        object,
        field,
        longest: Some(longest),
        required: false,
    }
}

const fn needed(object: &'static str, field: &'static str, longest: Option<usize>) -> FieldLimit {
    FieldLimit {
        object,
        field,
        longest,
        required: true,
    }
}

const COMPANY: &str = "Company";
const SITE: &str = "CompanySite";
const CONTACT: &str = "Contact";
const ITEM: &str = "ContactCommunicationItem";
const CONFIGURATION: &str = "Configuration";

#[rustfmt::skip]
const LIMITS: &[FieldLimit] = &[
    needed(COMPANY, "identifier", Some(156)),
    needed(COMPANY, "name", Some(156)),
    at_most(COMPANY, "addressLine1", 50),
    at_most(COMPANY, "addressLine2", 50),
    at_most(COMPANY, "city", 50),
    at_most(COMPANY, "state", 50),
    at_most(COMPANY, "zip", 12),
    at_most(COMPANY, "phoneNumber", 30),
    at_most(COMPANY, "faxNumber", 30),
    at_most(COMPANY, "website", 255),
    at_most(COMPANY, "leadSource", 50),
    at_most(COMPANY, "userDefinedField1", 50),
    at_most(COMPANY, "userDefinedField2", 50),
    at_most(COMPANY, "userDefinedField3", 50),
    at_most(COMPANY, "userDefinedField4", 50),
    at_most(COMPANY, "userDefinedField5", 50),
    at_most(COMPANY, "userDefinedField6", 50),
    at_most(COMPANY, "userDefinedField7", 50),
    at_most(COMPANY, "userDefinedField8", 50),
    at_most(COMPANY, "userDefinedField9", 50),
    at_most(COMPANY, "userDefinedField10", 50),
    needed(SITE, "name", Some(156)),
    at_most(SITE, "addressLine1", 50),
    at_most(SITE, "addressLine2", 50),
    at_most(SITE, "city", 50),
    at_most(SITE, "zip", 12),
    at_most(SITE, "phoneNumber", 30),
    at_most(SITE, "phoneNumberExt", 30),
    at_most(SITE, "faxNumber", 30),
    // The description marks nothing required; the server does.
    needed(CONTACT, "firstName", None),
    at_most(CONTACT, "userDefinedField1", 50),
    at_most(CONTACT, "userDefinedField2", 50),
    at_most(CONTACT, "userDefinedField3", 50),
    at_most(CONTACT, "userDefinedField4", 50),
    at_most(CONTACT, "userDefinedField5", 50),
    at_most(CONTACT, "userDefinedField6", 50),
    at_most(CONTACT, "userDefinedField7", 50),
    at_most(CONTACT, "userDefinedField8", 50),
    at_most(CONTACT, "userDefinedField9", 50),
    at_most(CONTACT, "userDefinedField10", 50),
    needed(ITEM, "type", None),
    needed(ITEM, "value", Some(250)),
    at_most(ITEM, "extension", 15),
    needed(CONFIGURATION, "name", Some(100)),
    needed(CONFIGURATION, "type", None),
    needed(CONFIGURATION, "company", None),
    at_most(CONFIGURATION, "deviceIdentifier", 100),
    at_most(CONFIGURATION, "serialNumber", 250),
    at_most(CONFIGURATION, "modelNumber", 50),
    at_most(CONFIGURATION, "tagNumber", 50),
    at_most(CONFIGURATION, "macAddress", 25),
    at_most(CONFIGURATION, "lastLoginName", 100),
    at_most(CONFIGURATION, "backupServerName", 50),
    at_most(CONFIGURATION, "ipAddress", 50),
    at_most(CONFIGURATION, "defaultGateway", 50),
    at_most(CONFIGURATION, "osType", 250),
    at_most(CONFIGURATION, "osInfo", 250),
    at_most(CONFIGURATION, "cpuSpeed", 100),
    at_most(CONFIGURATION, "ram", 25),
    at_most(CONFIGURATION, "managementLink", 1_000),
    at_most(CONFIGURATION, "remoteLink", 1_000),
    at_most(CONFIGURATION, "manufacturerPartNumber", 50),
    needed("CompanyTypeAssociation", "type", None),
    needed("CompanyTypeAssociation", "company", None),
    needed("ContactTypeAssociation", "type", None),
    needed("ContactTypeAssociation", "contact", None),
];

/// The table: maximum lengths and required fields of what can be written.
#[must_use]
pub const fn field_limits() -> &'static [FieldLimit] {
    LIMITS
}

/// A contact's communications have the limits of the items in the contact.
fn object(schema: &str) -> &str {
    if schema == "ContactCommunication" {
        ITEM
    } else {
        schema
    }
}

/// The limits of an object's fields.
pub(crate) fn of(schema: &str) -> impl Iterator<Item = &'static FieldLimit> {
    LIMITS.iter().filter(move |limit| limit.object == object(schema))
}

/// Whether a field must be there.
pub(crate) fn is_required(schema: &str, field: &str) -> bool {
    of(schema).any(|limit| limit.required && limit.field == field)
}

/// The most characters a field can have on a server with these habits.
pub(crate) fn longest(habits: &Habits, schema: &str, field: &str) -> Option<usize> {
    let own = habits
        .lengths
        .iter()
        .find(|(name, _)| name.split_once('/') == Some((object(schema), field)));
    own.map(|(_, longest)| *longest).or_else(|| {
        of(schema)
            .find(|limit| limit.field == field)
            .and_then(|limit| limit.longest)
    })
}

/// Whether only the server sets a field: what a client sends there is taken without a word and changes nothing.
/// The types of companies and contacts are among them, but for POST.
pub(crate) fn is_server_owned(schema: &str, field: &str) -> bool {
    matches!(
        (schema, field),
        (_, "id" | "_info" | "mobileGuid")
            | (
                "Company",
                "types" | "deletedFlag" | "dateDeleted" | "deletedBy" | "isVendorFlag"
            )
            | ("CompanySite", "company")
            | (
                "Contact",
                "types"
                    | "typeIds"
                    | "defaultPhoneType"
                    | "defaultPhoneNbr"
                    | "defaultPhoneExtension"
                    | "photo"
                    | "ignoreDuplicates"
            )
            | (
                "ContactCommunication",
                "contactId" | "domain" | "communicationType"
            )
            | ("ContactCommunicationItem", "domain" | "communicationType")
    )
}

/// What a field may say, where that is a fixed list.
pub(crate) fn choices(schema: &str, field: &str) -> Option<&'static [&'static str]> {
    match (schema, field) {
        ("Contact", "gender") => Some(&["Female", "Male"]),
        ("Contact", "presence") => Some(&["NoAgent", "Online", "DoNotDisturb", "Away", "Offline"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_limit_is_of_a_field_that_is_known_and_stands_once() {
        for (place, limit) in LIMITS.iter().enumerate() {
            assert!(catalog::exact(limit.object, limit.field).is_some(), "{limit:?}");
            let twin = LIMITS
                .iter()
                .skip(place + 1)
                .find(|other| (other.object, other.field) == (limit.object, limit.field));
            assert_eq!(twin, None);
        }
        assert!(is_required("ContactCommunication", "value"));
        assert!(!is_required("Company", "city"));
    }

    #[test]
    fn a_server_may_have_other_lengths() {
        let mut habits = Habits::default();
        assert_eq!(longest(&habits, "Company", "name"), Some(156));
        assert_eq!(longest(&habits, "Contact", "title"), None);
        habits.lengths.insert("Company/name".into(), 50);
        assert_eq!(longest(&habits, "Company", "name"), Some(50));
        assert_eq!(longest(&habits, "Company", "identifier"), Some(156));
    }
}
