//! The kinds that can be written, what their properties are called in the documentation, and what those have to keep to.
//!
//! Lengths moved from version to version (a company's name: 50, then 156), so the widest one known stands here: what an
//! older server does not take it refuses in its own words, and nothing is refused here that a newer one would take.

use dovetail_sdk::connector::exports::FieldRule;
use dovetail_sdk::connector::types::{Cause, Fault};

use crate::refusal::fault;
use crate::{companies, configurations, contacts, sites};

/// A kind whose records can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Company,
    Site,
    Contact,
    Configuration,
}

/// A property of ConnectWise's and the field it stands for.
struct Property {
    name: &'static str,
    field: &'static str,
    longest: Option<u32>,
    required: bool,
}

const fn property(name: &'static str, field: &'static str) -> Property {
    Property {
        name,
        field,
        longest: None,
        required: false,
    }
}

impl Property {
    const fn at_most(self, longest: u32) -> Self {
        Property {
            longest: Some(longest),
            ..self
        }
    }

    const fn required(self) -> Self {
        Property {
            required: true,
            ..self
        }
    }
}

const COMPANY: &[Property] = &[
    property("name", "name").at_most(156).required(),
    property("identifier", "short_name").at_most(156).required(),
    property("types", "type"),
    property("status", "status"),
    property("parentCompany", "parent"),
    property("site", "primary_location"),
    property("phoneNumber", "phone").at_most(30),
    property("faxNumber", "fax").at_most(30),
    property("website", "website").at_most(255),
    // A company shows the address of its main site and is not made without any of it.
    property("addressLine1", "primary_location"),
    property("addressLine2", "primary_location"),
    property("city", "primary_location"),
    property("state", "primary_location"),
    property("zip", "primary_location"),
    property("country", "primary_location"),
];

const SITE: &[Property] = &[
    property("name", "name").at_most(156).required(),
    property("addressLine1", "address_1").at_most(50),
    property("addressLine2", "address_2").at_most(50),
    property("city", "city").at_most(50),
    property("stateReference", "region"),
    property("zip", "postal_code").at_most(12),
    property("country", "country"),
    property("phoneNumber", "phone"),
    property("phoneNumberExt", "phone"),
    property("faxNumber", "fax"),
    property("primaryAddressFlag", "primary"),
    property("company", "organization"),
];

const CONTACT: &[Property] = &[
    property("firstName", "first_name").required(),
    property("lastName", "last_name"),
    property("title", "title"),
    property("types", "type"),
    property("typeIds", "type"),
    property("site", "location"),
    // Both lists stand in `communicationItems`, whose values have one limit.
    property("", "emails").at_most(250),
    property("", "phones").at_most(250),
    property("inactiveFlag", "active"),
    property("company", "organization"),
];

const CONFIGURATION: &[Property] = &[
    property("name", "name").at_most(100).required(),
    property("type", "type").required(),
    property("status", "status"),
    property("contact", "contact"),
    property("site", "location"),
    property("manufacturer", "manufacturer"),
    property("modelNumber", "model").at_most(50),
    property("serialNumber", "serial_number").at_most(250),
    property("tagNumber", "asset_tag").at_most(50),
    property("ipAddress", "primary_ip").at_most(50),
    property("macAddress", "mac_address").at_most(25),
    property("defaultGateway", "default_gateway").at_most(50),
    property("osType", "operating_system").at_most(250),
    property("notes", "notes"),
    property("installationDate", "installed_at"),
    property("installedBy", "installed_by"),
    property("purchaseDate", "purchased_at"),
    property("warrantyExpirationDate", "warranty_expires_at"),
    property("activeFlag", "active"),
    property("company", "organization"),
];

impl Written {
    /// The kind by its name in the documentation.
    pub(crate) fn of(kind: &str) -> Result<Self, Fault> {
        Ok(match kind {
            companies::KIND => Written::Company,
            sites::KIND => Written::Site,
            contacts::KIND => Written::Contact,
            configurations::KIND => Written::Configuration,
            other => {
                return Err(fault(
                    Cause::Bug,
                    format!("Records of the kind `{other}` come from ConnectWise only; none are written."),
                ));
            }
        })
    }

    /// Its name in the documentation.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Written::Company => companies::KIND,
            Written::Site => sites::KIND,
            Written::Contact => contacts::KIND,
            Written::Configuration => configurations::KIND,
        }
    }

    /// ConnectWise's word for one.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Written::Company => "company",
            Written::Site => "site",
            Written::Contact => "contact",
            Written::Configuration => "configuration",
        }
    }

    /// The permission writing needs.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Written::Company | Written::Site => companies::PERMISSION,
            Written::Contact => contacts::PERMISSION,
            Written::Configuration => configurations::PERMISSION,
        }
    }

    /// Where its records stand. A site stands under its company.
    pub(super) fn path(self, parent: Option<u64>) -> Result<String, Fault> {
        Ok(match (self, parent) {
            (Written::Company, _) => companies::PATH.to_owned(),
            (Written::Contact, _) => contacts::PATH.to_owned(),
            (Written::Configuration, _) => configurations::PATH.to_owned(),
            (Written::Site, Some(company)) => format!("{}/{company}/sites", companies::PATH),
            (Written::Site, None) => {
                return Err(fault(
                    Cause::Data("organization".into()),
                    "A site is written under its company, and the change names none.",
                ));
            }
        })
    }

    /// The property by which a record is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Written::Contact => "firstName",
            Written::Company | Written::Site | Written::Configuration => "name",
        }
    }

    /// Properties that only come from ConnectWise.
    pub(super) fn one_way(self) -> &'static [&'static str] {
        match self {
            Written::Site => &["phoneNumber", "phoneNumberExt", "faxNumber"],
            Written::Company | Written::Contact | Written::Configuration => &[],
        }
    }

    fn properties(self) -> &'static [Property] {
        match self {
            Written::Company => COMPANY,
            Written::Site => SITE,
            Written::Contact => CONTACT,
            Written::Configuration => CONFIGURATION,
        }
    }

    /// The properties without which no record is made.
    pub(super) fn required(self) -> impl Iterator<Item = &'static str> {
        let required = self.properties().iter().filter(|property| property.required);
        required.map(|property| property.name)
    }

    /// The field that a property stands for, however a server writes the property: `FirstName`, `company/id`,
    /// `communicationItems[0].value`. One that stands for none is given as it is.
    pub(super) fn field_of(self, property: &str) -> String {
        let first = property
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .find(|part| !part.is_empty());
        let name = first.unwrap_or_default();
        let known = self
            .properties()
            .iter()
            .find(|known| !name.is_empty() && known.name.eq_ignore_ascii_case(name));
        known.map_or_else(|| property.to_owned(), |known| known.field.to_owned())
    }

    /// What fields have to keep to; those without a rule are left out.
    pub(crate) fn rules(self) -> Vec<FieldRule> {
        let rules = self
            .properties()
            .iter()
            .filter(|property| property.required || property.longest.is_some());
        let rule = |property: &Property| FieldRule {
            name: property.field.to_owned(),
            longest: property.longest,
            required: property.required,
        };
        rules.map(rule).collect()
    }
}
