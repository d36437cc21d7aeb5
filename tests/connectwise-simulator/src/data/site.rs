//! Sites: one to three a company.

use super::{World, company, id_at, names, setup};
use crate::dice::Dice;
use crate::json::Object;
use crate::kind::Kind;
use crate::view::View;

/// The most sites a company has.
pub(crate) const MOST: u64 = 3;

fn dice(world: &World, company: u64, number: u64) -> Dice {
    world.dice(Kind::Site, company * MOST + number)
}

fn city(dice: Dice) -> (&'static str, &'static str, &'static str, u64, &'static str) {
    dice.pick(3, names::CITIES)
}

/// The name of a company's site by its number.
pub(crate) fn name(world: &World, company: u64, number: u64) -> String {
    let dice = dice(world, company, number);
    match number {
        0 => dice.pick(1, &["Main", "Head Office", "Main Office"]).to_owned(),
        1 => format!("{} Branch", city(dice).0),
        _ => format!(
            "{} {}",
            city(dice).0,
            dice.pick(2, &["Warehouse", "Annex", "Depot"])
        ),
    }
}

/// The address fields of a site; a company has those of its main site, with the state's name under `state`.
pub(crate) fn address(world: &World, company: u64, number: u64, o: &mut Object<'_>, state_field: &str) {
    let dice = dice(world, company, number);
    let (city, state, state_name, country, zip) = city(dice);
    let street = format!("{} {}", dice.below(4, 300) + 1, dice.pick(5, names::STREETS));
    o.text("addressLine1", &street);
    if dice.chance(6, 300) {
        let line = format!("Suite {}", dice.below(7, 40) + 1);
        o.note("addressLine2", &line);
    } else {
        o.no_value("addressLine2");
    }
    o.text("city", city);
    if state_field == "stateReference" {
        o.identified(state_field, country * 100 + dice.below(8, 40), state, state_name);
    } else {
        o.text(state_field, state);
    }
    o.format("zip", format_args!("{zip}{:02}", dice.below(9, 100)));
    let (identifier, country_name) = names::country(country);
    if state_field == "stateReference" {
        o.identified("country", country, identifier, country_name);
    } else {
        // Contacts and companies show the name alone.
        o.reference("country", country, country_name);
    }
}

pub(crate) fn write(view: &View<'_>, place: u64, o: &mut Object<'_>) {
    let world = view.world;
    let (company_place, number) = (place / MOST, place % MOST);
    let dice = dice(world, company_place, number);
    let (company, moved) = view.company_now(id_at(Kind::Company, company_place));
    let (identifier, company_name) = view.company_names(company);
    let (entered, updated) = world.times(dice);
    let main = number == 0 && moved.is_none();
    o.int("id", id_at(Kind::Site, place));
    o.text("name", &name(world, company_place, number));
    address(world, company_place, number, o, "stateReference");
    o.text("addressFormat", "US");
    o.text("phoneNumber", &company::phone(dice, 30));
    if dice.chance(31, 250) {
        o.format("phoneNumberExt", format_args!("{}", dice.below(32, 900) + 100));
    } else {
        o.no_value("phoneNumberExt");
    }
    if dice.chance(33, 400) {
        o.text("faxNumber", &company::phone(dice, 34));
    } else {
        o.no_value("faxNumber");
    }
    o.no_reference("taxCode");
    o.float("expenseReimbursement", 0.0);
    o.flag("primaryAddressFlag", main);
    o.flag("defaultShippingFlag", main);
    o.flag("defaultBillingFlag", main);
    o.flag("defaultMailingFlag", main);
    o.flag("inactiveFlag", number > 0 && dice.chance(35, 120));
    o.flag("billSeparateFlag", false);
    if dice.chance(36, 700) {
        o.reference("timeZone", 1, "US Eastern");
    } else {
        o.no_reference("timeZone");
    }
    o.identified("company", company, &identifier, &company_name);
    let (location, location_name) = dice.pick(37, setup::LOCATIONS);
    o.reference("territory", location, location_name);
    o.object("_info", |info| {
        company::stamps(
            world,
            dice,
            entered,
            moved.map_or(updated, |at| at.max(updated)),
            info,
        );
    });
}
