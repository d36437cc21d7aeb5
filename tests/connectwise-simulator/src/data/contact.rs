//! Contacts with their communication items.

use super::company::{custom, link, phone, stamps};
use super::{World, id_at, names, setup, site};
use crate::conditions::{Cell, Quick};
use crate::json::Object;
use crate::kind::Kind;
use crate::view::View;

/// What other records and conditions need to know of a contact.
pub(crate) struct Core {
    /// The place of its company; a few contacts have none.
    pub(crate) company: Option<u64>,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) inactive: bool,
    pub(crate) entered: i64,
    pub(crate) updated: i64,
}

/// The core of the contact at a place. Each company's first contact has the company's own place.
pub(crate) fn core(world: &World, place: u64) -> Core {
    let dice = world.dice(Kind::Contact, place);
    let (entered, updated) = world.times(dice);
    let own = place < world.size.companies;
    let inactive = !own && dice.chance(4, 60);
    // Now and then two people of one company have the same name.
    if !own && dice.chance(5, 20) {
        let twin = core(world, dice.below(6, world.size.companies));
        return Core {
            company: twin.company,
            first: twin.first,
            last: twin.last,
            inactive,
            entered,
            updated,
        };
    }
    let company = match own {
        true => Some(place),
        false if dice.chance(7, 12) => None,
        false => Some(world.some_company(dice, 8)),
    };
    let last = if dice.chance(9, 15) {
        ""
    } else {
        dice.pick(2, names::FAMILY)
    };
    Core {
        company,
        first: dice.pick(1, names::GIVEN),
        last,
        inactive,
        entered,
        updated,
    }
}

/// The contact types of the contact at a place.
pub(crate) fn types(world: &World, place: u64) -> Vec<u64> {
    let dice = world.dice(Kind::Contact, place);
    let mut types = Vec::new();
    for turn in 0..dice.below(10, 3) {
        let (of, _) = dice.pick(11 + turn, setup::CONTACT_TYPES);
        if !types.contains(&of) {
            types.push(of);
        }
    }
    types
}

pub(crate) fn quick(view: &View<'_>, place: u64, quick: Quick) -> Option<Cell<'static>> {
    let core = core(view.world, place);
    let company = core
        .company
        .map(|place| view.company_now(id_at(Kind::Company, place)));
    Some(match quick {
        Quick::Company => company.map_or(Cell::Null, |(id, _)| Cell::Number(id as f64)),
        Quick::Inactive => Cell::Boolean(core.inactive),
        Quick::LastUpdated => Cell::Moment(
            company
                .and_then(|(_, at)| at)
                .map_or(core.updated, |at| at.max(core.updated)),
        ),
        Quick::DateEntered => Cell::Moment(core.entered),
        _ => return None,
    })
}

pub(crate) fn write(view: &View<'_>, place: u64, o: &mut Object<'_>) {
    let world = view.world;
    let id = id_at(Kind::Contact, place);
    let dice = world.dice(Kind::Contact, place);
    let core = core(world, place);
    let company = core
        .company
        .map(|place| view.company_now(id_at(Kind::Company, place)));
    let updated = company
        .and_then(|(_, at)| at)
        .map_or(core.updated, |at| at.max(core.updated));
    o.int("id", id);
    o.text("firstName", core.first);
    if core.last.is_empty() {
        o.no_value("lastName");
    } else {
        o.text("lastName", core.last);
    }
    match company {
        Some((company, _)) => {
            let (identifier, name) = view.company_names(company);
            o.identified("company", company, &identifier, &name);
        }
        None => o.no_reference("company"),
    }
    match core.company {
        Some(company) if dice.chance(20, 850) => {
            let number = dice.below(21, world.sites_of(company));
            o.reference(
                "site",
                id_at(Kind::Site, company * site::MOST + number),
                &site::name(world, company, number),
            );
            site::address(world, company, number, o, "state");
        }
        _ => o.no_reference("site"),
    }
    o.no_reference("relationship");
    if dice.chance(22, 200) {
        o.reference("department", 4, "Front Office");
    } else {
        o.no_reference("department");
    }
    o.flag("inactiveFlag", core.inactive);
    if dice.chance(23, 700) {
        o.note("title", dice.pick(24, names::TITLES));
    } else {
        o.no_value("title");
    }
    if dice.chance(25, 60) {
        o.text("nickName", "Mac");
    } else {
        o.no_value("nickName");
    }
    o.no_reference("managerContact");
    o.flag("marriedFlag", false);
    o.flag("childrenFlag", false);
    o.flag("disablePortalLoginFlag", true);
    o.flag("unsubscribeFlag", dice.chance(26, 40));
    o.text("presence", dice.pick(27, &["Away", "Offline", "Online"]));
    o.flag("defaultBillingFlag", false);
    o.flag("defaultFlag", place < world.size.companies);
    let items = items(world, place, &core);
    if let Some(phone) = items.iter().find(|item| item.class == "Phone" && item.default) {
        o.text("defaultPhoneType", phone.name);
        o.text("defaultPhoneNbr", &phone.value);
        o.maybe("defaultPhoneExtension", phone.extension.as_deref());
    } else {
        o.no_value("defaultPhoneType");
    }
    o.array(
        "communicationItems",
        items.iter().enumerate(),
        |entry, (turn, item)| {
            entry.int("id", id * 8 + turn as u64);
            entry.reference("type", item.of, item.name);
            entry.text("value", &item.value);
            entry.maybe("extension", item.extension.as_deref());
            entry.flag("defaultFlag", item.default);
            if let Some((_, domain)) = item.value.split_once('@') {
                entry.plain("domain", &["@", domain]);
            }
            entry.text("communicationType", item.class);
        },
    );
    o.array("types", types(world, place), |entry, of| {
        entry.int("id", of);
        entry.text("name", &view.entry_name(Kind::ContactType, of));
    });
    o.object("_info", |info| {
        stamps(world, dice, core.entered, updated, info);
        link(
            info,
            "communications_href",
            view.links,
            format_args!("/company/contacts/{id}/communications"),
        );
        link(
            info,
            "image_href",
            view.links,
            format_args!("/company/contacts/{id}/image?lm=2025-01-01T00:00:00Z"),
        );
    });
    let vip = dice.chance(28, 60);
    o.array("customFields", 0..1, |field, _| {
        custom(field, 21, |field| field.flag("value", vip))
    });
}

struct Item {
    of: u64,
    name: &'static str,
    class: &'static str,
    value: String,
    extension: Option<String>,
    default: bool,
}

/// The communication items: most have a mail address and a phone, some two of one sort, a few none.
fn items(world: &World, place: u64, core: &Core) -> Vec<Item> {
    let dice = world.dice(Kind::Contact, place);
    let mut items: Vec<Item> = Vec::new();
    let mut add = |of: u64, value: String, extension: Option<String>| {
        if let Some((of, name, class)) = setup::COMMUNICATION_TYPES.iter().find(|(known, ..)| *known == of) {
            let default = !items.iter().any(|item| item.class == *class);
            items.push(Item {
                of: *of,
                name,
                class,
                value,
                extension,
                default,
            });
        }
    };
    let domain = names::slug(&names::company(core.company.unwrap_or(place)));
    let user = match names::slug(core.first) {
        empty if empty.is_empty() => "info".to_owned(),
        user => user,
    };
    if dice.chance(40, 940) {
        add(1, format!("{user}.{place}@{domain}.example.com"), None);
    }
    if dice.chance(41, 150) {
        add(6, format!("{user}{place}@mail.example.org"), None);
    }
    if dice.chance(42, 800) {
        let extension = dice
            .chance(43, 250)
            .then(|| (100 + dice.below(44, 900)).to_string());
        add(2, phone(dice, 45), extension);
    }
    if dice.chance(46, 450) {
        add(4, phone(dice, 47), None);
    }
    if dice.chance(48, 100) {
        add(3, phone(dice, 49), None);
    }
    items
}
