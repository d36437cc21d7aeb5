//! The kinds of documentation records, in the order in which they are synced: parents before children.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of documentation record. The numbers are written to disk and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Kind {
    /// A customer of the service provider.
    Organization = 1,
    /// A site of an organization.
    Location = 2,
    /// A person at an organization.
    Contact = 3,
    /// A device, a licence, a service: a configuration item.
    Configuration = 4,
    /// A ticket. Read only.
    Ticket = 5,
}

impl Kind {
    /// Every kind, parents before children.
    pub const ALL: [Kind; 5] = [
        Kind::Organization,
        Kind::Location,
        Kind::Contact,
        Kind::Configuration,
        Kind::Ticket,
    ];

    /// The name used everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Organization => "organization",
            Kind::Location => "location",
            Kind::Contact => "contact",
            Kind::Configuration => "configuration",
            Kind::Ticket => "ticket",
        }
    }

    /// The name of several.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Organization => "organizations",
            Kind::Location => "locations",
            Kind::Contact => "contacts",
            Kind::Configuration => "configurations",
            Kind::Ticket => "tickets",
        }
    }

    /// The number that stands for it on disk.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The kind behind a number on disk.
    pub fn from_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a kind of record: the kinds are organization, location, contact, configuration and ticket"
)]
pub struct NotAKind(pub String);

impl FromStr for Kind {
    type Err = NotAKind;

    fn from_str(text: &str) -> Result<Self, NotAKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| NotAKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<Kind>(), Ok(kind));
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert!("Organization".parse::<Kind>().is_err());
    }
}
