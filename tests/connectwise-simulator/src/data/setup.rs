//! The setup tables and other small lists: types, statuses, boards, members, locations, field definitions.

use super::members::Name;
use super::{Table, names};
use crate::dice::Dice;
use crate::kind::Kind;
use crate::moment::{self, DAY};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Company types: id, name, whether it marks vendors.
pub(crate) const COMPANY_TYPES: &[(u64, &str, bool)] = &[
    (1, "Client", false),
    (2, "Prospect", false),
    (3, "Vendor", true),
    (4, "Partner", false),
    (7, "Managed Services", false),
    (8, "Block Hours", false),
    (9, "Hosting", false),
    (12, "Former Client", false),
    (13, "Distributor", true),
    (20, "Do Not Contact", false),
];
/// Company statuses: id, name, inactive.
pub(crate) const COMPANY_STATUSES: &[(u64, &str, bool)] = &[
    (1, "Active", false),
    (2, "Inactive", true),
    (5, "Imported", false),
    (6, "Credit Hold", false),
    (9, "Delinquent", false),
    (14, "Closed Down", true),
];
pub(crate) const CONTACT_TYPES: &[(u64, &str)] = &[
    (1, "Decision Maker"),
    (2, "Technical Contact"),
    (4, "Billing"),
    (5, "End User"),
    (8, "Approver"),
];
/// Communication types: id, description, and one of Email, Phone, Fax.
pub(crate) const COMMUNICATION_TYPES: &[(u64, &str, &str)] = &[
    (1, "Email", "Email"),
    (2, "Direct", "Phone"),
    (3, "Fax", "Fax"),
    (4, "Cell", "Phone"),
    (6, "Email 2", "Email"),
];
/// Configuration statuses: id, description, closed.
pub(crate) const CONFIGURATION_STATUSES: &[(u64, &str, bool)] = &[
    (1, "Active", false),
    (2, "Inactive", true),
    (3, "In Stock", false),
    (5, "Retired", true),
    (6, "In Repair", false),
];
/// Boards: id, name, inactive, project.
pub(crate) const BOARDS: &[(u64, &str, bool, bool)] = &[
    (1, "Help Desk", false, false),
    (2, "Project Delivery", false, true),
    (3, "Alerts", false, false),
    (5, "On-site Work", false, false),
    (6, "Retired Board", true, false),
    (8, "Procurement", false, false),
];
/// Statuses of each board: number, name, closed, inactive. Their id is the board's times 100 and the number.
pub(crate) const BOARD_STATUSES: &[(u64, &str, bool, bool)] = &[
    (1, "New", false, false),
    (2, "Assigned", false, false),
    (3, "In Progress", false, false),
    (4, "Waiting on Client", false, false),
    (6, ">Closed", true, false),
    (7, "Cancelled", true, false),
    (9, "Old Triage", false, true),
];
pub(crate) const PRIORITIES: &[(u64, &str, &str, &str)] = &[
    (1, "Priority 1 - Emergency", "Red", "Critical"),
    (4, "Priority 3 - Normal", "Yellow", "Medium"),
    (6, "Priority 2 - Quick", "Orange", "High"),
    (8, "Priority 4 - Scheduled", "Green", "Low"),
];
pub(crate) const LOCATIONS: &[(u64, &str)] = &[(2, "Tampa Office"), (11, "Bristol Office"), (38, "Remote")];
pub(crate) const DEPARTMENTS: &[(u64, &str, &str)] = &[
    (10, "PS", "Professional Services"),
    (11, "MS", "Managed Services"),
    (12, "SA", "Sales"),
];

/// A configuration type: id, name, inactive, the prefix of device names, whether it is hardware.
pub(crate) struct ConfigurationType {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) inactive: bool,
    pub(crate) prefix: &'static str,
    pub(crate) hardware: bool,
    pub(crate) questions: &'static [(&'static str, &'static str)],
}

const fn device(
    id: u64,
    name: &'static str,
    prefix: &'static str,
    questions: &'static [(&'static str, &'static str)],
) -> ConfigurationType {
    ConfigurationType {
        id,
        name,
        inactive: false,
        prefix,
        hardware: true,
        questions,
    }
}

/// Configuration types with their questions (text and field type).
pub(crate) const CONFIGURATION_TYPES: &[ConfigurationType] = &[
    device(
        1,
        "Managed Server",
        "SRV",
        &[
            ("What is its role?", "Text"),
            ("Memory in GB", "Number"),
            ("Administrator password", "Password"),
            ("Is the warranty registered?", "Checkbox"),
            ("Management address", "IPAddress"),
        ],
    ),
    device(
        2,
        "Managed Workstation",
        "WS",
        &[("Desk", "Text"), ("Dual screens?", "Checkbox")],
    ),
    device(
        3,
        "Laptop",
        "LT",
        &[("Assigned on", "Date"), ("Docking station", "Text")],
    ),
    device(
        4,
        "Firewall",
        "FW",
        &[
            ("Public address", "IPAddress"),
            ("Administration page", "Hyperlink"),
            ("Administrator password", "Password"),
            ("Link speed in Mbit/s", "Number"),
        ],
    ),
    device(5, "Network Switch", "SW", &[("Number of ports", "Number")]),
    device(
        6,
        "Wireless Access Point",
        "AP",
        &[("Network name", "Text"), ("Network key", "Password")],
    ),
    device(7, "Printer", "PRN", &[]),
    device(
        8,
        "UPS",
        "UPS",
        &[("Battery replaced on", "Date"), ("Load in percent", "Percent")],
    ),
    ConfigurationType {
        id: 10,
        name: "Domain",
        inactive: false,
        prefix: "DOM",
        hardware: false,
        questions: &[("Registrar", "Text"), ("Yearly cost", "Currency")],
    },
    ConfigurationType {
        id: 11,
        name: "SSL Certificate",
        inactive: false,
        prefix: "SSL",
        hardware: false,
        questions: &[("Expires on", "Date")],
    },
    ConfigurationType {
        id: 14,
        name: "Software Licence",
        inactive: false,
        prefix: "LIC",
        hardware: false,
        questions: &[
            ("Licence key", "Password"),
            ("Seats", "Number"),
            ("Remarks", "TextArea"),
        ],
    },
    ConfigurationType {
        id: 19,
        name: "Pager (old)",
        inactive: true,
        prefix: "PGR",
        hardware: true,
        questions: &[],
    },
];

/// Fields customers defined: id, kind, caption, type, entry method.
pub(crate) const CUSTOM_FIELDS: &[(u64, Kind, &str, &str, &str)] = &[
    (3, Kind::Configuration, "Rack position", "Text", "EntryField"),
    (4, Kind::Configuration, "Backed up", "Checkbox", "Option"),
    (
        5,
        Kind::Configuration,
        "Local administrator",
        "Password",
        "EntryField",
    ),
    (6, Kind::Configuration, "Monthly cost", "Currency", "EntryField"),
    (11, Kind::Company, "Region", "Text", "List"),
    (12, Kind::Company, "Contract ends", "Date", "Date"),
    (13, Kind::Company, "Door code", "Password", "EntryField"),
    (21, Kind::Contact, "VIP", "Checkbox", "Option"),
];

/// All small tables.
pub(crate) fn tables(seed: u64, base: i64, people: &[Name]) -> HashMap<Kind, Table> {
    let changed = moment::text(base - 400 * DAY);
    let info = || json!({"lastUpdated": changed, "updatedBy": "setup"});
    let table = |entries: Vec<Value>| -> Table {
        entries
            .into_iter()
            .filter_map(|mut entry| {
                let id = entry.get("id")?.as_u64()?;
                if let Some(fields) = entry.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                    fields.entry("_info").or_insert_with(info);
                }
                Some((id, entry))
            })
            .collect()
    };
    let location = |id: u64, name: &str| json!({"id": id, "name": name});
    let mut tables = HashMap::new();
    tables.insert(
        Kind::CompanyType,
        table(COMPANY_TYPES.iter().map(|(id, name, vendor)| {
            json!({"id": id, "name": name, "defaultFlag": *id == 1, "vendorFlag": vendor, "serviceAlertFlag": false})
        }).collect()),
    );
    tables.insert(
        Kind::CompanyStatus,
        table(COMPANY_STATUSES.iter().map(|(id, name, inactive)| {
            json!({"id": id, "name": name, "defaultFlag": *id == 1, "inactiveFlag": inactive, "notifyFlag": *id == 6,
                   "disallowSavingFlag": false, "customNoteFlag": false, "cancelOpenTracksFlag": false,
                   "notificationMessage": (*id == 6).then_some("Ask accounts before any work.")})
        }).collect()),
    );
    tables.insert(
        Kind::ContactType,
        table(CONTACT_TYPES.iter().map(|(id, name)| {
            json!({"id": id, "description": name, "defaultFlag": *id == 5, "serviceAlertFlag": false})
        }).collect()),
    );
    tables.insert(
        Kind::CommunicationType,
        table(COMMUNICATION_TYPES.iter().map(|(id, name, class)| {
            json!({"id": id, "description": name, "phoneFlag": *class == "Phone", "faxFlag": *class == "Fax",
                   "emailFlag": *class == "Email", "defaultFlag": *id <= 3})
        }).collect()),
    );
    tables.insert(
        Kind::ConfigurationType,
        table(CONFIGURATION_TYPES.iter().map(|kind| {
            json!({"id": kind.id, "name": kind.name, "inactiveFlag": kind.inactive, "systemFlag": kind.id == 1})
        }).collect()),
    );
    tables.insert(
        Kind::ConfigurationTypeQuestion,
        table(CONFIGURATION_TYPES.iter().flat_map(|kind| {
            kind.questions.iter().enumerate().map(|(place, (question, field))| {
                json!({"id": question_id(kind.id, place), "configurationType": {"id": kind.id, "name": kind.name},
                       "fieldType": field, "entryType": if *field == "Date" { "Date" } else { "EntryField" },
                       "sequenceNumber": place as f64 + 1.0, "question": question, "numberOfDecimals": 0,
                       "requiredFlag": place == 0, "inactiveFlag": false})
            })
        }).collect()),
    );
    tables.insert(
        Kind::ConfigurationStatus,
        table(CONFIGURATION_STATUSES.iter().map(|(id, name, closed)| {
            json!({"id": id, "description": name, "closedFlag": closed, "defaultFlag": *id == 1})
        }).collect()),
    );
    let (first_location, first_name) = LOCATIONS.first().copied().unwrap_or_default();
    let department = |id: u64| {
        DEPARTMENTS.iter().find(|(known, ..)| *known == id).map_or(
            Value::Null,
            |(id, identifier, name)| json!({"id": id, "identifier": identifier, "name": name}),
        )
    };
    tables.insert(
        Kind::Board,
        table(
            BOARDS
                .iter()
                .map(|(id, name, inactive, project)| {
                    json!({"id": id, "name": name, "location": location(first_location, first_name),
                   "department": department(if *project { 10 } else { 11 }), "inactiveFlag": inactive,
                   "projectFlag": project, "sendToContactFlag": true, "billTime": "Billable",
                   "problemSort": "Ascending", "markFirstNoteIssueFlag": false})
                })
                .collect(),
        ),
    );
    tables.insert(
        Kind::BoardStatus,
        table(
            BOARDS
                .iter()
                .flat_map(|(board, board_name, ..)| {
                    BOARD_STATUSES.iter().map(move |(number, name, closed, inactive)| {
                json!({"id": board * 100 + number, "name": name, "board": {"id": board, "name": board_name},
                       "sortOrder": number, "displayOnBoard": !closed, "inactive": inactive,
                       "closedStatus": closed, "timeEntryNotAllowed": false, "defaultFlag": *number == 1,
                       "escalationStatus": if *closed { "Resolved" } else { "NoEscalation" }})
            })
                })
                .collect(),
        ),
    );
    tables.insert(
        Kind::Priority,
        table(PRIORITIES.iter().map(|(id, name, color, level)| {
            json!({"id": id, "name": name, "color": color, "sortOrder": id, "defaultFlag": *id == 4, "level": level})
        }).collect()),
    );
    tables.insert(
        Kind::Location,
        table(LOCATIONS.iter().map(|(id, name)| {
            json!({"id": id, "name": name, "structureLevel": {"id": 1, "name": "Location"}, "ownerLevelId": id,
                   "locationFlag": true, "clientFlag": false,
                   "departmentIds": DEPARTMENTS.iter().map(|(id, ..)| id).collect::<Vec<_>>()})
        }).collect()),
    );
    tables.insert(
        Kind::Department,
        table(
            DEPARTMENTS
                .iter()
                .map(|(id, identifier, name)| json!({"id": id, "identifier": identifier, "name": name}))
                .collect(),
        ),
    );
    tables.insert(
        Kind::Member,
        table(
            people
                .iter()
                .enumerate()
                .map(|(place, name)| {
                    member(
                        Dice::new(seed, Kind::Member.number(), place as u64),
                        place,
                        name,
                        base,
                    )
                })
                .collect(),
        ),
    );
    tables.insert(Kind::ApiMember, table(["Dovetail", "BackupMon", "QuoteTool"].iter().enumerate().map(
        |(place, identifier)| {
            json!({"id": 901 + place, "identifier": identifier, "name": format!("{identifier} API"),
                   "emailAddress": format!("{}@example.com", identifier.to_lowercase()), "inactiveFlag": place == 2,
                   "securityRole": {"id": 63, "name": "Integration"},
                   "securityLocation": location(first_location, first_name),
                   "defaultLocation": location(first_location, first_name), "defaultDepartment": department(11)})
        },
    ).collect()));
    tables.insert(Kind::Callback, table(vec![json!({
        "id": 71, "description": "Quote tool", "url": "https://quotes.example.com/hook?recordId=", "objectId": 1,
        "type": "company", "level": "owner", "memberId": 903, "payloadVersion": "3.0.0", "inactiveFlag": true,
        "isSoapCallbackFlag": false, "isSelfSuppressedFlag": false,
    })]));
    tables.insert(Kind::UserDefinedField, table(CUSTOM_FIELDS.iter().map(|(id, kind, caption, field, entry)| {
        let (pod, screen) = match kind {
            Kind::Company => (1, "co500"),
            Kind::Contact => (2, "ct300"),
            _ => (3, "cf100"),
        };
        json!({"id": id, "podId": pod, "caption": caption, "sequenceNumber": id, "screenId": screen,
               "fieldTypeIdentifier": field, "numberDecimals": if *field == "Currency" { 2 } else { 0 },
               "entryTypeIdentifier": entry, "requiredFlag": false, "displayOnScreenFlag": true,
               "readOnlyFlag": false, "listViewFlag": false, "options": [], "businessUnitIds": [],
               "locationIds": [], "addAllBusinessUnits": false, "removeAllBusinessUnits": false,
               "addAllLocations": false, "removeAllLocations": false,
               "dateCreated": moment::text(base - 900 * DAY)})
    }).collect()));
    tables
}

/// The id of a question of a configuration type.
pub(crate) const fn question_id(type_id: u64, place: usize) -> u64 {
    type_id * 100 + place as u64 + 1
}

fn member(dice: Dice, place: usize, name: &Name, base: i64) -> Value {
    // One inactive and one of each licence class come early, so that the smallest set has them.
    let license = match place {
        0..=1 => "F",
        2 => "X",
        3 => "C",
        4 => "A",
        _ => dice.pick(10, &["F", "F", "F", "F", "F", "X", "C", "A"]),
    };
    let inactive = place == 1 || (place > 4 && dice.chance(11, 120));
    let mail = format!("{}@msp.example.com", names::slug(&name.identifier));
    let mut member = json!({
        "id": name.id, "identifier": name.identifier, "licenseClass": license, "firstName": name.first,
        "lastName": name.last, "inactiveFlag": inactive,
        "hireDate": moment::text(base - (300 + dice.below(12, 3_000) as i64) * DAY),
        "officeEmail": mail, "primaryEmail": mail, "defaultEmail": "Office",
        "officePhone": format!("813555{:04}", dice.below(13, 10_000)), "defaultPhone": "Office",
        "securityRole": {"id": if license == "X" { 64 } else { 62 }, "name": if license == "X" { "Subcontractor" } else { "Technician" }},
        "adminFlag": place == 0,
        "_info": {"lastUpdated": moment::text(base - dice.below(14, 300) as i64 * DAY), "updatedBy": "setup"},
    });
    if let Some(fields) = member.as_object_mut() {
        if inactive {
            // Inactive stub members come without time zone and calendar.
            fields.insert("inactiveDate".into(), moment::text(base - 90 * DAY).into());
        } else {
            fields.insert(
                "title".into(),
                dice.pick(15, &["Technician", "Engineer", "Service Manager"])
                    .into(),
            );
            fields.insert("timeZone".into(), json!({"id": 1, "name": "US Eastern"}));
            fields.insert("defaultLocation".into(), json!({"id": 2, "name": "Tampa Office"}));
            fields.insert(
                "defaultDepartment".into(),
                json!({"id": 11, "identifier": "MS", "name": "Managed Services"}),
            );
            fields.insert(
                "lastLogin".into(),
                moment::text(base - dice.below(16, 20) as i64 * DAY - 60).into(),
            );
        }
    }
    member
}
