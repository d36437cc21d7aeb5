//! The security role of the calling API member: what it may ask for and write, and what is silently left out.

use crate::kind::{Kind, Source};
use crate::view::owner;
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

/// The API member that calls, as records name it.
pub(crate) const MEMBER: &str = "Dovetail";

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

/// What a level is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Creating.
    Add,
    /// Changing.
    Edit,
    /// Deleting.
    Delete,
    /// Reading.
    Inquire,
}

impl Levels {
    /// One level for everything.
    #[must_use]
    pub const fn all(level: Level) -> Self {
        Self {
            add: level,
            edit: level,
            delete: level,
            inquire: level,
        }
    }

    /// The level for an action.
    #[must_use]
    pub const fn of(&self, action: Action) -> Level {
        match action {
            Action::Add => self.add,
            Action::Edit => self.edit,
            Action::Delete => self.delete,
            Action::Inquire => self.inquire,
        }
    }

    /// Sets the level for an action.
    pub const fn set(&mut self, action: Action, level: Level) {
        match action {
            Action::Add => self.add = level,
            Action::Edit => self.edit = level,
            Action::Delete => self.delete = level,
            Action::Inquire => self.inquire = level,
        }
    }

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

/// A security role. The default may read everything and write nothing.
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
    /// A role that may read everything, and add, edit and delete companies with their sites, contacts and
    /// configurations.
    #[must_use]
    pub fn writing() -> Self {
        let mut role = Self::default();
        for module in [
            Module::CompanyMaintenance,
            Module::Contacts,
            Module::Configurations,
        ] {
            role.levels.insert(module, Levels::all(Level::All));
        }
        role
    }

    /// The level of a module for an action.
    #[must_use]
    pub fn level(&self, module: Module, action: Action) -> Level {
        self.levels
            .get(&module)
            .map_or(Level::None, |levels| levels.of(action))
    }

    /// Sets the level of a module for an action.
    pub fn set_level(&mut self, module: Module, action: Action, level: Level) {
        self.levels
            .entry(module)
            .or_insert(Levels::all(Level::None))
            .set(action, level);
    }

    /// The level at which a module may be read.
    #[must_use]
    pub fn inquire(&self, module: Module) -> Level {
        self.level(module, Action::Inquire)
    }

    /// Sets the level at which a module may be read.
    pub fn set_inquire(&mut self, module: Module, level: Level) {
        self.set_level(module, Action::Inquire, level);
    }

    /// The level at which the records of a list may be written.
    pub(crate) fn level_of(&self, source: Source, action: Action) -> Level {
        module_of(source).map_or(Level::None, |module| self.level(module, action))
    }

    /// Whether a list may be asked for at all.
    pub(crate) fn allows(&self, source: Source) -> bool {
        let hidden =
            matches!(source, Source::Of(Kind::BoardStatus, board) if self.hidden_boards.contains(&board));
        !hidden && module_of(source).is_none_or(|module| self.inquire(module) != Level::None)
    }

    /// Whether answers of type Password are shown.
    pub(crate) fn shows_passwords(&self) -> bool {
        self.inquire(Module::DisplayPasswords) != Level::None
    }

    /// Whether a configuration is of a type the role does not see.
    pub(crate) fn hides(&self, configuration: &Value) -> bool {
        owner(configuration, "type").is_some_and(|of| self.hidden_configuration_types.contains(&of))
    }

    /// Whether only the member's own records of a kind are shown.
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
            "sortOrder": id, "member": {"id": 901, "identifier": MEMBER, "name": format!("{MEMBER} API")},
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
        Source::All(Kind::Contact) | Source::ContactTypePairs(_) | Source::Communications(_) => {
            Module::Contacts
        }
        Source::All(Kind::Configuration) => Module::Configurations,
        Source::All(Kind::Ticket) => Module::ServiceTickets,
        Source::All(Kind::Member | Kind::ApiMember) => Module::MemberMaintenance,
        Source::All(_) | Source::Of(..) => Module::TableSetup,
        Source::CompanyTypeInfo | Source::ContactTypeInfo | Source::BoardInfo { .. } | Source::MySecurity => {
            return None;
        }
    })
}
