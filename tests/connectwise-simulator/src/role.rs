//! The security role of the calling API member: what it may ask for, and what is silently left out.

use crate::kind::{Kind, Source};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A module function of a security role, as the vendor's setup guide lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Module {
    /// Companies: Company Maintenance (companies, their sites and types).
    CompanyMaintenance,
    /// Companies: Configurations.
    Configurations,
    /// Companies: Configurations – Display Passwords (answers of type Password).
    DisplayPasswords,
    /// Companies: Contacts.
    Contacts,
    /// Service Desk: Service Tickets.
    ServiceTickets,
    /// Service Desk: Close Service Tickets.
    CloseServiceTickets,
    /// System: API Reports.
    ApiReports,
    /// System: Member Maintenance.
    MemberMaintenance,
    /// System: Table Setup (types, statuses, boards and other lists).
    TableSetup,
}

/// All modules, in the order of `/system/mySecurity`.
pub const MODULES: [Module; 9] = [
    Module::CompanyMaintenance,
    Module::Configurations,
    Module::DisplayPasswords,
    Module::Contacts,
    Module::ServiceTickets,
    Module::CloseServiceTickets,
    Module::ApiReports,
    Module::MemberMaintenance,
    Module::TableSetup,
];

impl Module {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::CompanyMaintenance => ("Companies", "Company Maintenance"),
            Self::Configurations => ("Companies", "Configurations"),
            Self::DisplayPasswords => ("Companies", "Configurations - Display Passwords"),
            Self::Contacts => ("Companies", "Contacts"),
            Self::ServiceTickets => ("Service Desk", "Service Tickets"),
            Self::CloseServiceTickets => ("Service Desk", "Close Service Tickets"),
            Self::ApiReports => ("System", "API Reports"),
            Self::MemberMaintenance => ("System", "Member Maintenance"),
            Self::TableSetup => ("System", "Table Setup"),
        }
    }
}

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Nothing: requests are refused with 403.
    None,
    /// The member's own records (here a quarter of them, by id): lists are silently shorter.
    My,
    /// Everything.
    All,
}

/// The four levels of a module function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// Creating.
    pub add: Level,
    /// Changing.
    pub edit: Level,
    /// Deleting.
    pub delete: Level,
    /// Reading.
    pub inquire: Level,
}

impl Levels {
    /// Reading at a level, nothing else.
    #[must_use]
    pub const fn inquire(level: Level) -> Self {
        Self {
            add: Level::None,
            edit: Level::None,
            delete: Level::None,
            inquire: level,
        }
    }
}

/// A security role. The default may read everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// The levels of each module function; `None` throughout where one is missing.
    pub levels: BTreeMap<Module, Levels>,
    /// Configuration types the role does not see (the "Customize" link): their configurations are silently
    /// missing from lists and refused by id.
    pub hidden_configuration_types: BTreeSet<u64>,
    /// Boards the role does not see: their tickets are silently missing, their statuses refused.
    pub hidden_boards: BTreeSet<u64>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            levels: MODULES
                .into_iter()
                .map(|module| (module, Levels::inquire(Level::All)))
                .collect(),
            hidden_configuration_types: BTreeSet::new(),
            hidden_boards: BTreeSet::new(),
        }
    }
}

impl Role {
    /// The level at which a module may be read.
    #[must_use]
    pub fn inquire(&self, module: Module) -> Level {
        self.levels
            .get(&module)
            .map_or(Level::None, |levels| levels.inquire)
    }

    /// Sets the level at which a module may be read.
    pub fn set_inquire(&mut self, module: Module, level: Level) {
        self.levels
            .entry(module)
            .or_insert(Levels::inquire(level))
            .inquire = level;
    }

    /// Whether a list may be asked for at all.
    pub(crate) fn allows(&self, source: Source) -> bool {
        let hidden =
            matches!(source, Source::Of(Kind::BoardStatus, board) if self.hidden_boards.contains(&board));
        !hidden && module_of(source).is_none_or(|module| self.inquire(module) != Level::None)
    }

    pub(crate) fn shows_mine_only(&self, kind: Kind) -> bool {
        module_of(Source::All(kind))
            .is_some_and(|module| module != Module::TableSetup && self.inquire(module) == Level::My)
    }

    pub(crate) const fn rows(&self) -> u64 {
        MODULES.len() as u64
    }

    /// A row of `/system/mySecurity`.
    pub(crate) fn row(&self, id: u64) -> Option<Value> {
        let module = *MODULES.get(usize::try_from(id.checked_sub(1)?).ok()?)?;
        let levels = self
            .levels
            .get(&module)
            .copied()
            .unwrap_or(Levels::inquire(Level::None));
        let (area, function) = module.names();
        Some(json!({
            "id": id, "addLevel": levels.add, "editLevel": levels.edit, "deleteLevel": levels.delete,
            "inquireLevel": levels.inquire, "moduleFunctionName": function, "moduleFunctionDescription": function,
            "moduleFunctionIdentifier": function.replace([' ', '-'], ""), "myAllFlag": true, "reportFlag": false,
            "restrictFlag": false,
            "customFlag": module == Module::Configurations && !self.hidden_configuration_types.is_empty(),
            "moduleDescription": area, "moduleIdentifier": area.replace(' ', ""), "moduleName": area,
            "sortOrder": id, "member": {"id": 901, "identifier": "Dovetail", "name": "Dovetail API"},
            "_info": {},
        }))
    }
}

/// Which module function guards a list; none guards the read-only twins.
fn module_of(source: Source) -> Option<Module> {
    Some(match source {
        Source::All(Kind::Company) | Source::Of(Kind::Site, _) | Source::CompanyTypePairs(_) => {
            Module::CompanyMaintenance
        }
        Source::All(Kind::Contact) | Source::ContactTypePairs | Source::Communications(_) => Module::Contacts,
        Source::All(Kind::Configuration) => Module::Configurations,
        Source::All(Kind::Ticket) => Module::ServiceTickets,
        Source::All(Kind::Member | Kind::ApiMember) => Module::MemberMaintenance,
        Source::All(_) | Source::Of(..) => Module::TableSetup,
        Source::CompanyTypeInfo | Source::ContactTypeInfo | Source::BoardInfo { .. } | Source::MySecurity => {
            return None;
        }
    })
}
