//! The standard fields: one table that says which kind has which field and what shape it holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// What a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// A date, with or without a time of day.
    Date,
    /// Several texts as a set.
    Texts,
    /// Labelled values.
    Entries,
    /// A link to another record.
    Reference,
}

macro_rules! fields {
    ($($variant:ident $name:literal,)*) => {
        /// A standard field. The order of the variants is written to disk: new ones go to the end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Field {
            /// The name used in JSON and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// The field of that name, of whatever kind.
            pub fn named(name: &str) -> Option<Field> {
                match name { $($name => Some(Field::$variant),)* _ => None }
            }
        }
    };
}

fields! {
    Name "name",
    ShortName "short_name",
    Type "type",
    Status "status",
    Parent "parent",
    PrimaryLocation "primary_location",
    Phone "phone",
    Fax "fax",
    Website "website",
    Address1 "address_1",
    Address2 "address_2",
    City "city",
    Region "region",
    PostalCode "postal_code",
    Country "country",
    Primary "primary",
    FirstName "first_name",
    LastName "last_name",
    Title "title",
    Location "location",
    Emails "emails",
    Phones "phones",
    Active "active",
    Contact "contact",
    Manufacturer "manufacturer",
    Model "model",
    SerialNumber "serial_number",
    AssetTag "asset_tag",
    PrimaryIp "primary_ip",
    MacAddress "mac_address",
    DefaultGateway "default_gateway",
    OperatingSystem "operating_system",
    Notes "notes",
    InstalledAt "installed_at",
    InstalledBy "installed_by",
    PurchasedAt "purchased_at",
    WarrantyExpiresAt "warranty_expires_at",
    Number "number",
    Summary "summary",
    Board "board",
    Priority "priority",
    CreatedAt "created_at",
    UpdatedAt "updated_at",
    Closed "closed",
}

impl Field {
    /// The kind a field links to; none where it is no link.
    pub fn target(self) -> Option<Kind> {
        match self {
            Field::Parent => Some(Kind::Organization),
            Field::PrimaryLocation | Field::Location => Some(Kind::Location),
            Field::Contact => Some(Kind::Contact),
            _ => None,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const ORGANIZATION: &[(Field, Shape)] = &[
    (Field::Name, Shape::Text),
    (Field::ShortName, Shape::Text),
    (Field::Type, Shape::Texts),
    (Field::Status, Shape::Text),
    (Field::Parent, Shape::Reference),
    (Field::PrimaryLocation, Shape::Reference),
    (Field::Phone, Shape::Text),
    (Field::Fax, Shape::Text),
    (Field::Website, Shape::Text),
];

const LOCATION: &[(Field, Shape)] = &[
    (Field::Name, Shape::Text),
    (Field::Address1, Shape::Text),
    (Field::Address2, Shape::Text),
    (Field::City, Shape::Text),
    (Field::Region, Shape::Text),
    (Field::PostalCode, Shape::Text),
    (Field::Country, Shape::Text),
    (Field::Phone, Shape::Text),
    (Field::Fax, Shape::Text),
    (Field::Primary, Shape::Flag),
];

const CONTACT: &[(Field, Shape)] = &[
    (Field::FirstName, Shape::Text),
    (Field::LastName, Shape::Text),
    (Field::Title, Shape::Text),
    (Field::Type, Shape::Texts),
    (Field::Location, Shape::Reference),
    (Field::Emails, Shape::Entries),
    (Field::Phones, Shape::Entries),
    (Field::Active, Shape::Flag),
];

const CONFIGURATION: &[(Field, Shape)] = &[
    (Field::Name, Shape::Text),
    (Field::Type, Shape::Text),
    (Field::Status, Shape::Text),
    (Field::Contact, Shape::Reference),
    (Field::Location, Shape::Reference),
    (Field::Manufacturer, Shape::Text),
    (Field::Model, Shape::Text),
    (Field::SerialNumber, Shape::Text),
    (Field::AssetTag, Shape::Text),
    (Field::PrimaryIp, Shape::Text),
    (Field::MacAddress, Shape::Text),
    (Field::DefaultGateway, Shape::Text),
    (Field::OperatingSystem, Shape::Text),
    (Field::Notes, Shape::Text),
    (Field::InstalledAt, Shape::Date),
    (Field::InstalledBy, Shape::Text),
    (Field::PurchasedAt, Shape::Date),
    (Field::WarrantyExpiresAt, Shape::Date),
    (Field::Active, Shape::Flag),
];

const TICKET: &[(Field, Shape)] = &[
    (Field::Number, Shape::Text),
    (Field::Summary, Shape::Text),
    (Field::Board, Shape::Text),
    (Field::Status, Shape::Text),
    (Field::Priority, Shape::Text),
    (Field::Contact, Shape::Reference),
    (Field::CreatedAt, Shape::Date),
    (Field::UpdatedAt, Shape::Date),
    (Field::Closed, Shape::Flag),
];

impl Kind {
    /// The standard fields of this kind with their shapes, in the order in which they are shown.
    pub fn fields(self) -> &'static [(Field, Shape)] {
        match self {
            Kind::Organization => ORGANIZATION,
            Kind::Location => LOCATION,
            Kind::Contact => CONTACT,
            Kind::Configuration => CONFIGURATION,
            Kind::Ticket => TICKET,
        }
    }

    /// The shape a field has in this kind; `None` where the kind has no such field.
    pub fn shape(self, field: Field) -> Option<Shape> {
        self.fields()
            .iter()
            .find(|(known, _)| *known == field)
            .map(|(_, shape)| *shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for kind in Kind::ALL {
            for (field, _) in kind.fields() {
                assert_eq!(Field::named(field.as_str()), Some(*field));
            }
        }
        assert_eq!(Field::named("serial"), None);
    }

    #[test]
    fn links_have_a_target_and_nothing_else_has() {
        for kind in Kind::ALL {
            for (field, shape) in kind.fields() {
                assert_eq!(
                    field.target().is_some(),
                    *shape == Shape::Reference,
                    "{kind} {field}"
                );
            }
        }
    }

    #[test]
    fn a_kind_names_a_field_once() {
        for kind in Kind::ALL {
            let mut seen = std::collections::HashSet::new();
            assert!(
                kind.fields().iter().all(|(field, _)| seen.insert(*field)),
                "{kind}"
            );
        }
    }
}
