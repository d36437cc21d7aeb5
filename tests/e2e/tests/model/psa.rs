//! The PSA's side of an episode: what happens to its records, and which of them belong into the documentation. The
//! latter is reckoned from the records alone, without any code of the product.

use std::collections::{BTreeMap, BTreeSet};

use connectwise_simulator::{Control, Kind, Level, Module};
use serde_json::{Value, json};

use super::dice::Dice;

/// The kinds of records that are synced, with their names in the documentation.
pub(crate) const SYNCED: [(Kind, &str); 5] = [
    (Kind::Company, "organization"),
    (Kind::Site, "location"),
    (Kind::Contact, "contact"),
    (Kind::Configuration, "configuration"),
    (Kind::Ticket, "ticket"),
];

/// A record: its kind in the documentation and its id in the PSA.
pub(crate) type Key = (String, String);

/// Why a record does not belong into the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It belongs there.
    In,
    /// What it says of itself keeps it out.
    Out,
    /// Its company does not belong there.
    Follows,
}

/// Where each record that exists stands.
pub(super) type Standings = BTreeMap<Key, Standing>;

/// Reckons where each record stands, with everything recommended chosen and open tickets.
pub(super) fn standings(control: &Control) -> Standings {
    let table = |kind: Kind, not: &[&str]| -> BTreeSet<u64> {
        let fits = |id: &u64| {
            let entry = control.record(kind, *id).unwrap_or_default();
            not.iter().all(|flag| entry[*flag] != true)
        };
        control.ids(kind).into_iter().filter(fits).collect()
    };
    let company_types = table(Kind::CompanyType, &["vendorFlag"]);
    let company_statuses = table(Kind::CompanyStatus, &["inactiveFlag"]);
    let types = table(Kind::ConfigurationType, &["inactiveFlag"]);
    let statuses = table(Kind::ConfigurationStatus, &["closedFlag"]);
    let boards = table(Kind::Board, &["inactiveFlag", "projectFlag"]);
    let refers = |record: &Value, name: &str, chosen: &BTreeSet<u64>| {
        record[name]["id"].as_u64().is_some_and(|id| chosen.contains(&id))
    };
    let of_itself = |kind: Kind, record: &Value| match kind {
        Kind::Company => {
            let own: Vec<u64> = types_of(record);
            record["deletedFlag"] != true
                && refers(record, "status", &company_statuses)
                && !own.is_empty()
                && own.iter().all(|id| company_types.contains(id))
        }
        Kind::Contact | Kind::Site => record["inactiveFlag"] != true,
        Kind::Configuration => {
            record["activeFlag"] != false
                && refers(record, "type", &types)
                && refers(record, "status", &statuses)
        }
        _ => record["closedFlag"] != true && refers(record, "board", &boards),
    };
    let mut standings = Standings::new();
    for (kind, name) in SYNCED {
        for id in control.ids(kind) {
            let record = control.record(kind, id).unwrap_or_default();
            let owner = record["company"]["id"].as_u64().unwrap_or_default();
            let owner = ("organization".to_owned(), owner.to_string());
            let standing = if !of_itself(kind, &record) {
                Standing::Out
            } else if kind != Kind::Company && standings.get(&owner) != Some(&Standing::In) {
                Standing::Follows
            } else {
                Standing::In
            };
            standings.insert((name.to_owned(), id.to_string()), standing);
        }
    }
    standings
}

fn types_of(company: &Value) -> Vec<u64> {
    let types = company["types"].as_array().into_iter().flatten();
    types.filter_map(|one| one["id"].as_u64()).collect()
}

/// The modules of which the permission is narrowed now and then.
const MODULES: [Module; 4] = [
    Module::CompanyMaintenance,
    Module::Contacts,
    Module::Configurations,
    Module::ServiceTickets,
];

/// Gives every permission back.
pub(super) fn widen(control: &Control) {
    for module in MODULES {
        control.set_inquire(module, Level::All);
    }
}

/// Whether any permission is narrowed.
pub(super) fn is_narrowed(control: &Control) -> bool {
    let role = control.role();
    MODULES.iter().any(|module| role.inquire(*module) != Level::All)
}

/// Does something to the PSA and says what; whether to permissions too is said by `permits`.
pub(crate) fn change(control: &Control, dice: &mut Dice, permits: bool) -> String {
    match dice.below(100) {
        0..35 => edit(control, dice),
        35..45 => silently(control, dice),
        45..53 => relocate(control, dice),
        53..61 => delete(control, dice),
        61..73 => switch(control, dice),
        73..82 => add(control, dice),
        82..85 => merge(control, dice),
        85..87 => delete_many(control, dice),
        87..92 if permits => permit(control, dice),
        _ => {
            let seconds = [60, 3_600, 86_400][dice.below(3) as usize];
            control.advance(seconds);
            format!("{seconds} seconds go by")
        }
    }
}

/// Some record of a kind; companies less often than what stands under them.
fn some(control: &Control, dice: &mut Dice, kinds: &[Kind]) -> Option<(Kind, u64)> {
    let kind = dice.pick(kinds)?;
    Some((kind, dice.pick(&control.ids(kind))?))
}

fn reference(control: &Control, dice: &mut Dice, kind: Kind) -> Value {
    let id = dice.pick(&control.ids(kind)).unwrap_or_default();
    let entry = control.record(kind, id).unwrap_or_default();
    let name = entry["name"].as_str().or(entry["description"].as_str());
    json!({"id": id, "name": name.unwrap_or_default()})
}

fn edited(control: &Control, kind: Kind, id: u64, fields: Value) -> String {
    let said = format!("{kind:?} {id} becomes {fields}");
    control.edit(kind, id, fields).expect("it is there");
    said
}

fn edit(control: &Control, dice: &mut Dice) -> String {
    const KINDS: [Kind; 7] = [
        Kind::Company,
        Kind::Contact,
        Kind::Contact,
        Kind::Configuration,
        Kind::Configuration,
        Kind::Ticket,
        Kind::Site,
    ];
    let Some((kind, id)) = some(control, dice, &KINDS) else {
        return "nothing is left to edit".to_owned();
    };
    let word = format!("Word {}", dice.below(1_000));
    let turn = dice.below(4);
    let fields = match (kind, turn) {
        (Kind::Company, 0) => json!({"types": [reference(control, dice, Kind::CompanyType)]}),
        (Kind::Company, 1) => json!({"status": reference(control, dice, Kind::CompanyStatus)}),
        (Kind::Company, 2) => {
            json!({"website": format!("https://{}.example.com", dice.below(99)), "phoneNumber": null})
        }
        (Kind::Company, _) => json!({"name": word}),
        (Kind::Contact, 0) => json!({"communicationItems": [{
            "id": id * 8, "type": {"id": 1, "name": "Email"}, "communicationType": "Email", "defaultFlag": true,
            "value": format!("someone{}@example.com", dice.below(99)), "domain": "@example.com",
        }]}),
        (Kind::Contact, 1) => json!({"title": null, "lastName": word}),
        (Kind::Contact, _) => json!({"firstName": word}),
        (Kind::Configuration, 0) => json!({"type": reference(control, dice, Kind::ConfigurationType)}),
        (Kind::Configuration, 1) => json!({"status": reference(control, dice, Kind::ConfigurationStatus)}),
        (Kind::Configuration, 2) => json!({"serialNumber": word, "macAddress": null}),
        (Kind::Ticket, 0) => json!({"closedFlag": dice.chance(50)}),
        (Kind::Ticket, 1) => json!({"board": reference(control, dice, Kind::Board)}),
        (Kind::Ticket, _) => json!({"summary": word}),
        (Kind::Site, 0 | 1) => json!({"addressLine1": word}),
        (_, _) => json!({"name": word}),
    };
    edited(control, kind, id, fields)
}

/// Sites change without a sign.
fn silently(control: &Control, dice: &mut Dice) -> String {
    let Some((kind, id)) = some(control, dice, &[Kind::Site]) else {
        return "there is no site".to_owned();
    };
    let fields = match dice.below(3) {
        0 => json!({"inactiveFlag": dice.chance(50)}),
        _ => json!({"addressLine2": format!("Floor {}", dice.below(99))}),
    };
    let said = format!("{kind:?} {id} becomes {fields} in silence");
    control.edit_silently(kind, id, fields).expect("it is there");
    said
}

/// What stands under a company comes under another one, with a site and a person that may be of either.
fn relocate(control: &Control, dice: &mut Dice) -> String {
    let Some((kind, id)) = some(control, dice, &[Kind::Contact, Kind::Configuration, Kind::Ticket]) else {
        return "nothing is left to move".to_owned();
    };
    let mut fields = json!({"company": reference(control, dice, Kind::Company)});
    if dice.chance(50) {
        fields["site"] = reference(control, dice, Kind::Site);
    }
    if dice.chance(50) && kind != Kind::Contact {
        let contact = dice.pick(&control.ids(Kind::Contact)).unwrap_or_default();
        let record = control.record(Kind::Contact, contact).unwrap_or_default();
        fields["contact"] = json!({"id": contact, "name": record["firstName"]});
    }
    edited(control, kind, id, fields)
}

fn delete(control: &Control, dice: &mut Dice) -> String {
    const KINDS: [Kind; 5] = [
        Kind::Site,
        Kind::Contact,
        Kind::Configuration,
        Kind::Configuration,
        Kind::Ticket,
    ];
    let kinds: &[Kind] = if dice.chance(8) { &[Kind::Company] } else { &KINDS };
    match some(control, dice, kinds) {
        Some((kind, id)) => {
            control.delete(kind, id).expect("it is there");
            format!("{kind:?} {id} is deleted")
        }
        None => "nothing is left to delete".to_owned(),
    }
}

fn delete_many(control: &Control, dice: &mut Dice) -> String {
    let kind = dice
        .pick(&[Kind::Configuration, Kind::Contact])
        .unwrap_or(Kind::Contact);
    let ids: Vec<u64> = control.ids(kind).into_iter().take(12).collect();
    for id in &ids {
        control.delete(kind, *id).expect("it is there");
    }
    format!("{kind:?} {ids:?} are deleted")
}

/// Records are marked deleted or inactive, and come back.
fn switch(control: &Control, dice: &mut Dice) -> String {
    const KINDS: [Kind; 4] = [Kind::Company, Kind::Company, Kind::Contact, Kind::Configuration];
    let Some((kind, id)) = some(control, dice, &KINDS) else {
        return "nothing is left to switch".to_owned();
    };
    let record = control.record(kind, id).unwrap_or_default();
    let (flag, gone) = match kind {
        Kind::Company => ("deletedFlag", true),
        Kind::Contact => ("inactiveFlag", true),
        _ => ("activeFlag", false),
    };
    if record[flag] == gone {
        return edited(control, kind, id, json!({flag: !gone}));
    }
    control.soft_delete(kind, id).expect("it is there");
    format!("{kind:?} {id} is marked {flag}: {gone}")
}

/// A record much like another, and a site with a new company.
fn add(control: &Control, dice: &mut Dice) -> String {
    const KINDS: [Kind; 5] = [
        Kind::Company,
        Kind::Site,
        Kind::Contact,
        Kind::Configuration,
        Kind::Ticket,
    ];
    let Some((kind, like)) = some(control, dice, &KINDS) else {
        return "nothing is left to copy".to_owned();
    };
    let mut record = control.record(kind, like).unwrap_or_default();
    let word = format!("New {}", dice.below(1_000));
    match kind {
        Kind::Contact => record["lastName"] = json!(word),
        Kind::Ticket => record["summary"] = json!(word),
        _ => record["name"] = json!(word),
    }
    if kind != Kind::Company {
        record["company"] = reference(control, dice, Kind::Company);
    }
    let id = control.add(kind, record).expect("it is an object");
    let mut said = format!("{kind:?} {id} is new, like {like}");
    if kind == Kind::Company
        && let Some(main) = dice.pick(&control.ids(Kind::Site))
    {
        let mut site = control.record(Kind::Site, main).unwrap_or_default();
        site["company"] = json!({"id": id, "identifier": "", "name": word});
        let site = control.add(Kind::Site, site).expect("it is an object");
        let fields = json!({"site": {"id": site, "name": "Main"}});
        control.edit(Kind::Company, id, fields).expect("it is there");
        said.push_str(&format!(", with site {site}"));
    }
    said
}

fn merge(control: &Control, dice: &mut Dice) -> String {
    let companies = control.ids(Kind::Company);
    let (Some(from), Some(into)) = (dice.pick(&companies), dice.pick(&companies)) else {
        return "there is no company".to_owned();
    };
    match control.merge_companies(from, into) {
        Ok(()) => format!("company {from} is merged into {into}"),
        Err(error) => error.to_string(),
    }
}

/// A permission is narrowed, or all are given back.
fn permit(control: &Control, dice: &mut Dice) -> String {
    if is_narrowed(control) {
        widen(control);
        return "every permission is given back".to_owned();
    }
    let module = dice.pick(&MODULES).unwrap_or(Module::Contacts);
    let level = if dice.chance(75) { Level::My } else { Level::None };
    control.set_inquire(module, level);
    format!("{module:?} may be read at level {level:?}")
}
