//! The records. Each has the properties that mappings use; the whole JSON stays at hand as
//! [`Record::source`](crate::overlay::Record::source).

use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use super::Loose;

macro_rules! shapes {
    ($($(#[$about:meta])* $shape:ident { $($member:ident $property:literal $type:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $shape {
            $(#[doc = concat!("`", $property, "`")] pub $member: $type,)*
        }

        impl Loose for $shape {
            fn of(json: &Json) -> $shape {
                $shape {
                    $($member: json.get($property).map(Loose::of).unwrap_or_default(),)*
                }
            }
        }

        impl<'de> Deserialize<'de> for $shape {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$shape, D::Error> {
                Json::deserialize(deserializer).map(|json| $shape::of(&json))
            }
        }
    )*};
}

shapes! {
    /// Another record, named by id and name; both are missing where ConnectWise sends `{}` or nothing.
    Reference {
        id "id" Option<i64>,
        name "name" Option<String>,
    }

    /// A custom field with its value.
    CustomField {
        id "id" Option<i64>,
        caption "caption" Option<String>,
        r#type "type" Option<String>,
        value "value" Json,
    }

    /// A question of a configuration's type with its answer.
    Question {
        question_id "questionId" Option<i64>,
        question "question" Option<String>,
        field_type "fieldType" Option<String>,
        answer "answer" Json,
    }

    /// A company: an organization.
    Company {
        id "id" Option<i64>,
        identifier "identifier" Option<String>,
        name "name" Option<String>,
        status "status" Reference,
        types "types" Vec<Reference>,
        address_line1 "addressLine1" Option<String>,
        address_line2 "addressLine2" Option<String>,
        city "city" Option<String>,
        state "state" Option<String>,
        zip "zip" Option<String>,
        country "country" Reference,
        phone_number "phoneNumber" Option<String>,
        fax_number "faxNumber" Option<String>,
        website "website" Option<String>,
        territory "territory" Reference,
        market "market" Reference,
        parent_company "parentCompany" Reference,
        deleted_flag "deletedFlag" Option<bool>,
        custom_fields "customFields" Vec<CustomField>,
    }

    /// A site of a company: a location.
    Site {
        id "id" Option<i64>,
        name "name" Option<String>,
        company "company" Reference,
        address_line1 "addressLine1" Option<String>,
        address_line2 "addressLine2" Option<String>,
        city "city" Option<String>,
        state_reference "stateReference" Reference,
        zip "zip" Option<String>,
        country "country" Reference,
        phone_number "phoneNumber" Option<String>,
        fax_number "faxNumber" Option<String>,
        primary_address_flag "primaryAddressFlag" Option<bool>,
        inactive_flag "inactiveFlag" Option<bool>,
        custom_fields "customFields" Vec<CustomField>,
    }

    /// A contact.
    Contact {
        id "id" Option<i64>,
        first_name "firstName" Option<String>,
        last_name "lastName" Option<String>,
        title "title" Option<String>,
        company "company" Reference,
        site "site" Reference,
        types "types" Vec<Reference>,
        department "department" Reference,
        nick_name "nickName" Option<String>,
        inactive_flag "inactiveFlag" Option<bool>,
        custom_fields "customFields" Vec<CustomField>,
    }

    /// A configuration: a device or another thing that is looked after.
    Configuration {
        id "id" Option<i64>,
        name "name" Option<String>,
        r#type "type" Reference,
        status "status" Reference,
        company "company" Reference,
        contact "contact" Reference,
        site "site" Reference,
        device_identifier "deviceIdentifier" Option<String>,
        serial_number "serialNumber" Option<String>,
        model_number "modelNumber" Option<String>,
        tag_number "tagNumber" Option<String>,
        manufacturer "manufacturer" Reference,
        ip_address "ipAddress" Option<String>,
        mac_address "macAddress" Option<String>,
        default_gateway "defaultGateway" Option<String>,
        os_type "osType" Option<String>,
        os_info "osInfo" Option<String>,
        last_login_name "lastLoginName" Option<String>,
        vendor_notes "vendorNotes" Option<String>,
        notes "notes" Option<String>,
        installation_date "installationDate" Option<String>,
        installed_by "installedBy" Reference,
        purchase_date "purchaseDate" Option<String>,
        warranty_expiration_date "warrantyExpirationDate" Option<String>,
        active_flag "activeFlag" Option<bool>,
        custom_fields "customFields" Vec<CustomField>,
        questions "questions" Vec<Question>,
    }

    /// A service ticket.
    Ticket {
        id "id" Option<i64>,
        summary "summary" Option<String>,
        board "board" Reference,
        status "status" Reference,
        priority "priority" Reference,
        company "company" Reference,
        contact "contact" Reference,
        site "site" Reference,
        r#type "type" Reference,
        closed_flag "closedFlag" Option<bool>,
        date_entered "dateEntered" Option<String>,
        custom_fields "customFields" Vec<CustomField>,
    }
}

impl Reference {
    /// The name, where there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// The value under a caption, written as a person would, whatever the caption's case.
fn captioned<'a>(
    items: impl Iterator<Item = (Option<&'a String>, &'a Json)>,
    caption: &str,
) -> Option<String> {
    let same = |known: &str| known.trim().to_lowercase() == caption.trim().to_lowercase();
    let mut found = items.filter(|(known, _)| known.is_some_and(|known| same(known)));
    found.next().and_then(|(_, value)| Option::<String>::of(value))
}

macro_rules! with_custom_fields {
    ($($shape:ident)*) => {$(
        impl $shape {
            /// The value of the custom field of that caption; nothing where it is empty.
            pub fn custom_field(&self, caption: &str) -> Option<String> {
                captioned(self.custom_fields.iter().map(|field| (field.caption.as_ref(), &field.value)), caption)
            }
        }
    )*};
}

with_custom_fields! { Company Site Contact Configuration Ticket }

impl Configuration {
    /// The answer to the question of that wording; nothing where it is not answered.
    pub fn question(&self, wording: &str) -> Option<String> {
        captioned(
            self.questions
                .iter()
                .map(|known| (known.question.as_ref(), &known.answer)),
            wording,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_comes_is_read() {
        for odd in [
            json!(null),
            json!([1]),
            json!("x"),
            json!({"id": {}, "types": {}, "customFields": 7}),
        ] {
            assert_eq!(
                serde_json::from_value::<Company>(odd).unwrap(),
                Company::default()
            );
        }
        let site: Site = serde_json::from_value(json!({
            "id": 5, "name": 12, "company": null, "country": {"_info": {}}, "primaryAddressFlag": 1,
            "customFields": [{"caption": null, "value": 1}, {"caption": " Floor ", "value": 3}, 4],
        }))
        .unwrap();
        assert_eq!((site.id, site.name.as_deref()), (Some(5), Some("12")));
        assert_eq!(
            (site.country.name(), site.primary_address_flag),
            (None, Some(true))
        );
        assert_eq!(site.custom_field("floor").as_deref(), Some("3"));
        assert_eq!(site.custom_field("other"), None);
    }
}
