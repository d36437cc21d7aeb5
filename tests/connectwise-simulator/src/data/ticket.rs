//! Service tickets.

use super::company::{link, phone, stamps};
use super::{World, contact, id_at, names, setup, site};
use crate::conditions::{Cell, Quick};
use crate::json::Object;
use crate::kind::Kind;
use crate::moment::DAY;
use crate::view::View;

struct Core {
    company: u64,
    board: u64,
    board_name: &'static str,
    status: u64,
    status_name: &'static str,
    closed: Option<i64>,
    entered: i64,
    updated: i64,
}

/// Tickets are spread over the last three years; most old ones are closed, most new ones open.
fn core(world: &World, place: u64) -> Core {
    let dice = world.dice(Kind::Ticket, place);
    let age = dice.below(1, 3 * 365 * DAY as u64) as i64 + 600;
    let entered = world.base - age;
    let wants_closed = if age > 60 * DAY {
        dice.chance(2, 960)
    } else {
        dice.chance(2, 350)
    };
    let (board, board_name, ..) = match dice.pick(3, setup::BOARDS) {
        (_, _, _, true) => setup::BOARDS.first().copied().unwrap_or_default(),
        service => service,
    };
    let number = match wants_closed {
        true => dice.pick(4, &[6, 6, 6, 7]),
        false => dice.pick(5, &[1, 2, 3, 4]),
    };
    let status_name = setup::BOARD_STATUSES
        .iter()
        .find(|(known, ..)| *known == number)
        .map_or("", |(_, name, ..)| name);
    let after = dice.below(6, age.min(20 * DAY) as u64) as i64;
    let closed = wants_closed.then_some(entered + after);
    let updated = closed.unwrap_or_else(|| entered + dice.below(7, age as u64) as i64);
    Core {
        company: world.some_company(dice, 8),
        board,
        board_name,
        status: board * 100 + number,
        status_name,
        closed,
        entered,
        updated,
    }
}

pub(crate) fn quick(view: &View<'_>, place: u64, quick: Quick) -> Option<Cell<'static>> {
    let core = core(view.world, place);
    let (company, moved) = view.company_now(id_at(Kind::Company, core.company));
    Some(match quick {
        Quick::Company => Cell::Number(company as f64),
        Quick::Board => Cell::Number(core.board as f64),
        Quick::Status => Cell::Number(core.status as f64),
        Quick::Closed => Cell::Boolean(core.closed.is_some()),
        Quick::ClosedDate => core.closed.map_or(Cell::Null, Cell::Moment),
        Quick::LastUpdated => Cell::Moment(moved.map_or(core.updated, |at| at.max(core.updated))),
        Quick::DateEntered => Cell::Moment(core.entered),
        _ => return None,
    })
}

pub(crate) fn write(view: &View<'_>, place: u64, o: &mut Object<'_>) {
    let world = view.world;
    let id = id_at(Kind::Ticket, place);
    let dice = world.dice(Kind::Ticket, place);
    let core = core(world, place);
    let (company, moved) = view.company_now(id_at(Kind::Company, core.company));
    let (identifier, company_name) = view.company_names(company);
    o.int("id", id);
    o.text("summary", dice.pick(20, names::SUMMARIES));
    o.text("recordType", "ServiceTicket");
    o.reference("board", core.board, core.board_name);
    o.reference("status", core.status, core.status_name);
    o.identified("company", company, &identifier, &company_name);
    if dice.chance(21, 800) {
        let number = dice.below(22, world.sites_of(core.company));
        let name = site::name(world, core.company, number);
        o.reference(
            "site",
            id_at(Kind::Site, core.company * site::MOST + number),
            &name,
        );
        o.text("siteName", &name);
    } else {
        o.no_reference("site");
    }
    if core.company < world.size.contacts && dice.chance(23, 700) {
        let who = contact::core(world, core.company);
        let contact_id = id_at(Kind::Contact, core.company);
        let name = view.contact_name(contact_id);
        o.reference("contact", contact_id, &name);
        o.text("contactName", &name);
        o.text("contactPhoneNumber", &phone(dice, 24));
        o.format(
            "contactEmailAddress",
            format_args!("{}@example.com", names::slug(who.first)),
        );
    } else {
        o.no_reference("contact");
    }
    if dice.chance(25, 600) {
        o.reference("type", 30, "Service Request");
    } else {
        o.no_reference("type");
    }
    o.no_reference("subType");
    o.no_reference("item");
    if dice.chance(26, 700) {
        let owner = world.member(dice.roll(27));
        o.identified("owner", owner.id, &owner.identifier, &owner.full());
        o.text("resources", &owner.identifier);
    } else {
        o.no_reference("owner");
    }
    let (priority, priority_name, ..) = dice.pick(28, setup::PRIORITIES);
    o.object("priority", |reference| {
        reference.int("id", priority);
        reference.text("name", priority_name);
        reference.int("sort", priority);
    });
    o.reference("source", 2, dice.pick(29, &["Email", "Call", "Portal"]));
    o.text("severity", dice.pick(30, &["Low", "Medium", "High"]));
    o.text("impact", dice.pick(31, &["Low", "Medium", "High"]));
    match core.closed {
        Some(closed) => {
            o.moment("closedDate", closed);
            o.text("closedBy", &world.member(dice.roll(32)).identifier);
        }
        None => o.no_value("closedDate"),
    }
    o.flag("closedFlag", core.closed.is_some());
    o.flag("hasChildTicket", false);
    o.float("actualHours", dice.below(33, 12) as f64 + 0.5);
    o.flag("approved", true);
    o.reference("location", 2, "Tampa Office");
    o.identified("department", 11, "MS", "Managed Services");
    o.no_reference("agreement");
    o.no_reference("sla");
    o.text("slaStatus", "");
    o.flag("isInSla", false);
    o.flag("hasMergedChildTicketFlag", false);
    o.object("_info", |info| {
        stamps(
            world,
            dice,
            core.entered,
            moved.map_or(core.updated, |at| at.max(core.updated)),
            info,
        );
        link(
            info,
            "notes_href",
            view.links,
            format_args!("/service/tickets/{id}/notes"),
        );
        link(
            info,
            "company_href",
            view.links,
            format_args!("/company/companies/{company}"),
        );
    });
}
