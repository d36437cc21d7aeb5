//! The kinds of records, and the lists one can ask for.

use serde::{Deserialize, Serialize};

/// A kind of record that can be edited through [`Control`](crate::Control).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `/company/companies`
    Company,
    /// `/company/companies/{id}/sites`
    Site,
    /// `/company/contacts`
    Contact,
    /// `/company/configurations`
    Configuration,
    /// `/service/tickets`
    Ticket,
    /// `/company/companies/types`
    CompanyType,
    /// `/company/companies/statuses`
    CompanyStatus,
    /// `/company/contacts/types`
    ContactType,
    /// `/company/communicationTypes`
    CommunicationType,
    /// `/company/configurations/types`
    ConfigurationType,
    /// `/company/configurations/types/{id}/questions`
    ConfigurationTypeQuestion,
    /// `/company/configurations/statuses`
    ConfigurationStatus,
    /// `/service/boards`
    Board,
    /// `/service/boards/{id}/statuses`
    BoardStatus,
    /// `/service/priorities`
    Priority,
    /// `/system/members`
    Member,
    /// `/system/apiMembers`
    ApiMember,
    /// `/system/locations`
    Location,
    /// `/system/departments`
    Department,
    /// `/system/callbacks`
    Callback,
    /// `/system/userDefinedFields`
    UserDefinedField,
}

impl Kind {
    /// A number of its own, for draws.
    pub(crate) const fn number(self) -> u64 {
        self as u64 + 1
    }

    /// The vendor's name of the object, which also names its fields in the catalog.
    pub(crate) const fn schema(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Site => "CompanySite",
            Self::Contact => "Contact",
            Self::Configuration => "Configuration",
            Self::Ticket => "Ticket",
            Self::CompanyType => "CompanyType",
            Self::CompanyStatus => "CompanyStatus",
            Self::ContactType => "ContactType",
            Self::CommunicationType => "CommunicationType",
            Self::ConfigurationType => "ConfigurationType",
            Self::ConfigurationTypeQuestion => "ConfigurationTypeQuestion",
            Self::ConfigurationStatus => "ConfigurationStatus",
            Self::Board => "Board",
            Self::BoardStatus => "BoardStatus",
            Self::Priority => "Priority",
            Self::Member => "Member",
            Self::ApiMember => "ApiMember",
            Self::Location => "Location",
            Self::Department => "Department",
            Self::Callback => "Callback",
            Self::UserDefinedField => "UserDefinedField",
        }
    }
}

/// A list a client can ask for, bound to its parent where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// All records of a kind.
    All(Kind),
    /// The records of a kind that belong to one parent.
    Of(Kind, u64),
    /// Each company with each of its types.
    CompanyTypePairs(Option<u64>),
    /// Each contact with each of its types.
    ContactTypePairs(Option<u64>),
    /// The communication items of a contact.
    Communications(u64),
    /// The read-only twin of a setup table.
    CompanyTypeInfo,
    ContactTypeInfo,
    BoardInfo {
        active: bool,
    },
    /// What the calling member may do.
    MySecurity,
}

impl Source {
    /// The kind of the records that change with what the list holds.
    pub(crate) const fn written(self) -> Option<Kind> {
        match self {
            Self::All(kind) | Self::Of(kind, _) => Some(kind),
            Self::CompanyTypePairs(_) => Some(Kind::Company),
            Self::ContactTypePairs(_) | Self::Communications(_) => Some(Kind::Contact),
            _ => None,
        }
    }

    /// The object the list holds.
    pub(crate) const fn schema(self) -> &'static str {
        match self {
            Self::All(kind) | Self::Of(kind, _) => kind.schema(),
            Self::CompanyTypePairs(_) => "CompanyTypeAssociation",
            Self::ContactTypePairs(_) => "ContactTypeAssociation",
            Self::Communications(_) => "ContactCommunication",
            Self::CompanyTypeInfo => "CompanyTypeInfo",
            Self::ContactTypeInfo => "ContactTypeInfo",
            Self::BoardInfo { .. } => "BoardInfo",
            Self::MySecurity => "MySecurity",
        }
    }
}
