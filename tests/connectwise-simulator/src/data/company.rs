//! Companies.

use super::{World, id_at, names, setup, site};
use crate::conditions::{Cell, Quick};
use crate::json::Object;
use crate::kind::Kind;
use crate::moment::{self, DAY};
use crate::view::View;

/// What other records and conditions need to know of a company.
pub(crate) struct Core {
    pub(crate) status: u64,
    pub(crate) deleted: bool,
    pub(crate) types: Vec<u64>,
    pub(crate) entered: i64,
    pub(crate) updated: i64,
}

impl World {
    /// The core of the company at a place. The first companies of the smallest set are the usual ones: clients
    /// in use; what is special comes after.
    pub(crate) fn company(&self, place: u64) -> Core {
        let dice = self.dice(Kind::Company, place);
        let (entered, updated) = self.times(dice);
        let ordinary = place < 2;
        let status = if ordinary || dice.chance(1, 780) {
            1
        } else {
            dice.pick(2, setup::COMPANY_STATUSES).0
        };
        let count = match dice.below(3, 100) {
            _ if ordinary => 1,
            0..8 => 0,
            8..68 => 1,
            68..90 => 2,
            _ => 3,
        };
        let mut types = Vec::with_capacity(count);
        for turn in 0..count as u64 {
            let of = if ordinary || (turn == 0 && dice.chance(4, 600)) {
                1
            } else {
                dice.pick(5 + turn, setup::COMPANY_TYPES).0
            };
            if !types.contains(&of) {
                types.push(of);
            }
        }
        Core {
            status,
            deleted: !ordinary && dice.chance(9, 35),
            types,
            entered,
            updated,
        }
    }

    /// How many sites the company at a place has.
    pub(crate) fn sites_of(&self, place: u64) -> u64 {
        match self.dice(Kind::Company, place).below(20, 10) {
            0..4 => 1,
            4..7 => 2,
            _ => site::MOST,
        }
    }

    /// Some company, the same ones more often than others.
    pub(crate) fn some_company(&self, draw: crate::dice::Dice, salt: u64) -> u64 {
        draw.skewed(salt, self.size.companies)
    }
}

pub(crate) fn quick(view: &View<'_>, place: u64, quick: Quick) -> Option<Cell<'static>> {
    let core = view.world.company(place);
    Some(match quick {
        Quick::Status => Cell::Number(core.status as f64),
        Quick::Deleted => Cell::Boolean(core.deleted),
        Quick::LastUpdated => Cell::Moment(core.updated),
        Quick::DateEntered => Cell::Moment(core.entered),
        _ => return None,
    })
}

pub(crate) fn write(view: &View<'_>, place: u64, o: &mut Object<'_>) {
    let world = view.world;
    let id = id_at(Kind::Company, place);
    let dice = world.dice(Kind::Company, place);
    let core = world.company(place);
    let name = names::company(place);
    let slug = names::slug(&name);
    o.int("id", id);
    o.text("identifier", &names::company_identifier(place));
    o.text("name", &name);
    o.reference(
        "status",
        core.status,
        &view.entry_name(Kind::CompanyStatus, core.status),
    );
    site::address(world, place, 0, o, "state");
    o.text("phoneNumber", &phone(dice, 30));
    match dice.chance(31, 300) {
        true => o.text("faxNumber", &phone(dice, 32)),
        false => o.no_value("faxNumber"),
    }
    match dice.chance(33, 850) {
        true => o.plain("website", &["https://www.", &slug, ".example.com"]),
        false => o.no_value("website"),
    }
    let (location, location_name) = dice.pick(34, setup::LOCATIONS);
    o.reference("territory", location, location_name);
    if dice.chance(35, 500) {
        o.reference("market", 10, "Professional Services Firms");
    } else {
        o.no_reference("market");
    }
    o.format(
        "accountNumber",
        format_args!("AC{:06}", dice.below(36, 1_000_000)),
    );
    if place < world.size.contacts {
        let contact = id_at(Kind::Contact, place);
        o.reference("defaultContact", contact, &view.contact_name(contact));
    } else {
        o.no_reference("defaultContact");
    }
    o.moment("dateAcquired", core.entered.div_euclid(DAY) * DAY);
    if place > 2 && dice.chance(37, 90) {
        let parent = id_at(Kind::Company, dice.below(38, place.min(40)));
        let (identifier, name) = view.company_names(view.company_now(parent).0);
        o.identified("parentCompany", view.company_now(parent).0, &identifier, &name);
    } else {
        o.no_reference("parentCompany");
    }
    o.float("annualRevenue", dice.below(39, 90) as f64 * 100_000.0);
    o.int("numberOfEmployees", dice.below(40, 240) + 1);
    o.int("yearEstablished", 1950 + dice.below(41, 75));
    o.flag("leadFlag", false);
    o.flag("unsubscribeFlag", dice.chance(42, 50));
    o.reference("timeZoneSetup", 1, "US Eastern");
    o.text("taxIdentifier", "");
    o.flag("deletedFlag", core.deleted);
    if core.deleted {
        o.moment("dateDeleted", core.updated);
        o.text("deletedBy", &world.member(dice.roll(43)).identifier);
    }
    let manager = world.member(dice.roll(44));
    o.identified(
        "territoryManager",
        manager.id,
        &manager.identifier,
        &manager.full(),
    );
    o.flag(
        "isVendorFlag",
        core.types.contains(&3) || core.types.contains(&13),
    );
    o.array("types", core.types.iter().copied(), |item, of| {
        item.int("id", of);
        item.text("name", &view.entry_name(Kind::CompanyType, of));
    });
    let main = id_at(Kind::Site, place * site::MOST);
    o.reference("site", main, &site::name(world, place, 0));
    o.object("_info", |info| {
        stamps(world, dice, core.entered, core.updated, info);
        link(
            info,
            "sites_href",
            view.links,
            format_args!("/company/companies/{id}/sites"),
        );
        link(
            info,
            "contacts_href",
            view.links,
            format_args!("/company/contacts?conditions=company/id={id}"),
        );
        link(
            info,
            "configurations_href",
            view.links,
            format_args!("/company/configurations?conditions=company/id={id}"),
        );
    });
    let region = dice
        .chance(50, 700)
        .then(|| dice.pick(51, &["North", "South", "East", "West"]));
    let ends = dice
        .chance(52, 600)
        .then(|| moment::text(world.base + dice.below(53, 900) as i64 * DAY));
    let door = dice
        .chance(54, 300)
        .then(|| format!("pw-canary-{:04}", dice.below(55, 10_000)));
    o.array("customFields", 0..3, |field, turn| match turn {
        0 => custom(field, 11, |field| field.maybe("value", region)),
        1 => custom(field, 12, |field| field.maybe("value", ends.as_deref())),
        _ => custom(field, 13, |field| field.maybe("value", door.as_deref())),
    });
}

/// A custom field: its definition and, from the closure, its value.
pub(crate) fn custom(o: &mut Object<'_>, id: u64, value: impl FnOnce(&mut Object<'_>)) {
    if let Some((id, _, caption, field, entry)) = setup::CUSTOM_FIELDS.iter().find(|(known, ..)| *known == id)
    {
        o.int("id", *id);
        o.text("caption", caption);
        o.text("type", field);
        o.text("entryMethod", entry);
        o.int("numberOfDecimals", if *field == "Currency" { 2 } else { 0 });
        value(o);
    }
}

/// Who entered and changed a record, and when.
pub(crate) fn stamps(
    world: &World,
    dice: crate::dice::Dice,
    entered: i64,
    updated: i64,
    info: &mut Object<'_>,
) {
    info.moment("lastUpdated", updated);
    if info.is_loose() && dice.chance(910, 100) {
        info.no_value("updatedBy");
    } else {
        info.text("updatedBy", &world.member(dice.roll(911)).identifier);
    }
    info.moment("dateEntered", entered);
    info.text("enteredBy", &world.member(dice.roll(912)).identifier);
}

/// A link, as the server likes to write it.
pub(crate) fn link(info: &mut Object<'_>, name: &str, links: &str, rest: std::fmt::Arguments<'_>) {
    info.format(name, format_args!("{links}{rest}"));
}

/// A telephone number in one of the ways people write them.
pub(crate) fn phone(dice: crate::dice::Dice, salt: u64) -> String {
    let (exchange, line) = (100 + dice.below(salt + 500, 900), dice.below(salt + 600, 10_000));
    match dice.below(salt + 700, 4) {
        0 => format!("813555{line:04}"),
        1 => format!("(813) {exchange}-{line:04}"),
        2 => format!("+44 117 {exchange} {line:04}"),
        _ => format!("813.{exchange}.{line:04}"),
    }
}
