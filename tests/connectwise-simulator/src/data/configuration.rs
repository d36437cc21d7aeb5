//! Configurations: devices and other things a customer has.

use super::company::{custom, link, stamps};
use super::setup::{self, ConfigurationType};
use super::{World, contact, id_at, names, site};
use crate::conditions::{Cell, Quick};
use crate::dice::Dice;
use crate::json::Object;
use crate::kind::Kind;
use crate::moment::DAY;
use crate::view::View;

struct Core {
    /// The place of its company.
    company: u64,
    of: &'static ConfigurationType,
    status: u64,
    active: bool,
    entered: i64,
    updated: i64,
}

const FALLBACK: ConfigurationType = ConfigurationType {
    id: 1,
    name: "",
    inactive: false,
    prefix: "",
    hardware: false,
    questions: &[],
};

fn core(world: &World, place: u64) -> Core {
    let dice = world.dice(Kind::Configuration, place);
    let (entered, updated) = world.times(dice);
    let types = setup::CONFIGURATION_TYPES;
    let of = types
        .get(dice.skewed(1, types.len() as u64) as usize)
        .unwrap_or(&FALLBACK);
    let (status, _, closed) = match dice.chance(2, 820) {
        true => setup::CONFIGURATION_STATUSES.first().copied().unwrap_or_default(),
        false => dice.pick(3, setup::CONFIGURATION_STATUSES),
    };
    let active = !closed && !dice.chance(4, 30);
    Core {
        company: world.some_company(dice, 5),
        of,
        status,
        active,
        entered,
        updated,
    }
}

pub(crate) fn quick(view: &View<'_>, place: u64, quick: Quick) -> Option<Cell<'static>> {
    let core = core(view.world, place);
    let (company, moved) = view.company_now(id_at(Kind::Company, core.company));
    Some(match quick {
        Quick::Company => Cell::Number(company as f64),
        Quick::Type => Cell::Number(core.of.id as f64),
        Quick::Status => Cell::Number(core.status as f64),
        Quick::Active => Cell::Boolean(core.active),
        Quick::LastUpdated => Cell::Moment(moved.map_or(core.updated, |at| at.max(core.updated))),
        Quick::DateEntered => Cell::Moment(core.entered),
        _ => return None,
    })
}

pub(crate) fn write(view: &View<'_>, place: u64, o: &mut Object<'_>) {
    let world = view.world;
    let id = id_at(Kind::Configuration, place);
    let dice = world.dice(Kind::Configuration, place);
    let core = core(world, place);
    let (company, moved) = view.company_now(id_at(Kind::Company, core.company));
    let (identifier, company_name) = view.company_names(company);
    let of = core.of;
    o.int("id", id);
    // A few names are shared by many devices.
    if dice.chance(10, 25) {
        o.text("name", "Spare");
    } else {
        o.format("name", format_args!("{}-{:05}", of.prefix, place));
    }
    o.reference("type", of.id, &view.entry_name(Kind::ConfigurationType, of.id));
    o.reference(
        "status",
        core.status,
        &view.entry_name(Kind::ConfigurationStatus, core.status),
    );
    o.identified("company", company, &identifier, &company_name);
    match related_contact(world, dice, core.company) {
        Some(place) => {
            let contact = id_at(Kind::Contact, place);
            // Contacts that were deleted stay behind as references.
            if o.is_loose() && dice.chance(11, 30) {
                o.reference("contact", 9, "Gone Away");
            } else {
                o.reference("contact", contact, &view.contact_name(contact));
            }
        }
        None => o.no_reference("contact"),
    }
    if dice.chance(12, 800) {
        let number = dice.below(13, world.sites_of(core.company));
        let id = id_at(Kind::Site, core.company * site::MOST + number);
        o.reference("site", id, &site::name(world, core.company, number));
    } else {
        o.no_reference("site");
    }
    let (location, location_name) = dice.pick(14, setup::LOCATIONS);
    o.int("locationId", location);
    o.reference("location", location, location_name);
    o.int("businessUnitId", 11);
    o.identified("department", 11, "MS", "Managed Services");
    hardware(world, dice, of, o);
    dates(world, dice, &core, o);
    if dice.chance(40, 400) {
        o.note(
            "notes",
            dice.pick(
                41,
                &[
                    "Replaced the power supply.",
                    "Under the stairs, second shelf.\r\nAsk reception for the key.",
                    "Läuft seit dem Umzug ohne Störung.",
                ],
            ),
        );
    } else {
        o.no_value("notes");
    }
    if dice.chance(42, 100) {
        o.note("vendorNotes", "Support contract with next-day exchange");
    } else {
        o.no_value("vendorNotes");
    }
    o.flag("billFlag", dice.chance(43, 700));
    if dice.chance(44, 30) && place > 0 {
        o.int(
            "parentConfigurationId",
            id_at(Kind::Configuration, dice.below(45, place)),
        );
    } else {
        o.no_value("parentConfigurationId");
    }
    if dice.chance(46, 150) {
        let vendor = id_at(Kind::Company, dice.below(47, world.size.companies));
        let (identifier, name) = view.company_names(view.company_now(vendor).0);
        o.identified("vendor", view.company_now(vendor).0, &identifier, &name);
    } else {
        o.no_reference("vendor");
    }
    o.flag("activeFlag", core.active);
    o.flag("displayVendorFlag", false);
    o.flag("showRemoteFlag", false);
    o.flag("showAutomateFlag", false);
    o.flag("needsRenewalFlag", false);
    o.int("companyLocationId", location);
    o.no_reference("sla");
    questions(view, id, dice, of, o);
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
            "type_href",
            view.links,
            format_args!("/company/configurations/types/{}", of.id),
        );
        link(
            info,
            "company_href",
            view.links,
            format_args!("/company/companies/{company}"),
        );
    });
    custom_fields(dice, o);
}

/// The place of the contact: mostly the first one of the company, sometimes one of another company.
fn related_contact(world: &World, dice: Dice, company: u64) -> Option<u64> {
    match dice.below(20, 100) {
        0..45 if company < world.size.contacts => Some(company),
        45..52 if world.size.contacts > 0 => {
            let place = dice.below(21, world.size.contacts);
            contact::core(world, place).company.is_some().then_some(place)
        }
        _ => None,
    }
}

fn hardware(world: &World, dice: Dice, of: &ConfigurationType, o: &mut Object<'_>) {
    if !of.hardware {
        o.no_reference("manufacturer");
        o.no_value("serialNumber");
        return;
    }
    let maker = dice.below(50, names::MANUFACTURERS.len() as u64);
    let (name, models) = names::MANUFACTURERS
        .get(maker as usize)
        .copied()
        .unwrap_or_default();
    let model = dice.pick(51, models);
    o.reference("manufacturer", maker + 1, name);
    if dice.chance(52, 900) {
        o.text("modelNumber", model);
    } else {
        o.no_value("modelNumber");
    }
    if dice.chance(53, 930) {
        o.format("serialNumber", format_args!("SN{:010X}", dice.roll(54) >> 24));
    } else {
        o.no_value("serialNumber");
    }
    if dice.chance(55, 600) {
        o.format("tagNumber", format_args!("AT-{:05}", dice.below(56, 100_000)));
    } else {
        o.no_value("tagNumber");
    }
    let mac = dice.roll(57);
    let byte = |place: u32| (mac >> (8 * place)) & 0xff;
    match dice.below(58, 100) {
        0..14 => o.no_value("macAddress"),
        14..70 => o.format(
            "macAddress",
            format_args!(
                "{:02X}:{:02X}:{:02X}:{:02X}:{:02X}:{:02X}",
                byte(5) & 0xfe,
                byte(4),
                byte(3),
                byte(2),
                byte(1),
                byte(0),
            ),
        ),
        70..85 => o.format("macAddress", format_args!("{:012x}", mac & 0xfeff_ffff_ffff)),
        // Two addresses in the 25 characters the field has.
        85..96 => o.format(
            "macAddress",
            format_args!(
                "{:012X},{:012X}",
                mac & 0xfeff_ffff_ffff,
                (mac >> 8) & 0xfeff_ffff_ffff,
            ),
        ),
        _ => o.text("macAddress", "see sticker"),
    }
    let net = dice.below(59, 200);
    o.format(
        "ipAddress",
        format_args!("10.{}.{net}.{}", dice.below(60, 256), 2 + dice.below(61, 250)),
    );
    o.format(
        "defaultGateway",
        format_args!("10.{}.{net}.1", dice.below(60, 256)),
    );
    if matches!(of.id, 1..=3) {
        let system = dice.pick(62, names::SYSTEMS);
        o.text("osType", system);
        o.format("osInfo", format_args!("Build {}", 19_000 + dice.below(63, 7_500)));
        o.text(
            "cpuSpeed",
            dice.pick(
                64,
                &[
                    "Intel Core i5-1345U",
                    "Intel Xeon Silver 4410Y",
                    "AMD Ryzen 7 7840U",
                ],
            ),
        );
        o.plain("ram", &[dice.pick(65, &["8", "16", "32", "64"]), " GB"]);
        o.format(
            "localHardDrives",
            format_args!("C: {} GB", 240 << dice.below(66, 3)),
        );
        o.plain(
            "lastLoginName",
            &["LOCAL\\\\", &world.member(dice.roll(67)).identifier],
        );
    }
    if dice.chance(68, 60) {
        o.format(
            "managementLink",
            format_args!("https://10.{}.{net}.2/", dice.below(60, 256)),
        );
    }
}

fn dates(world: &World, dice: Dice, core: &Core, o: &mut Object<'_>) {
    let day = core.entered.div_euclid(DAY) * DAY;
    if dice.chance(70, 800) {
        o.moment("purchaseDate", day - dice.below(71, 40) as i64 * DAY);
    } else {
        o.no_value("purchaseDate");
    }
    if dice.chance(72, 800) {
        o.moment("installationDate", day);
        // The built-in administrator is no member one could ask for.
        if o.is_loose() && dice.chance(73, 40) {
            o.identified("installedBy", 1, "zadmin", "Administrator");
        } else {
            let member = world.member(dice.roll(74));
            o.identified("installedBy", member.id, &member.identifier, &member.full());
        }
    } else {
        o.no_value("installationDate");
        o.no_reference("installedBy");
    }
    if dice.chance(75, 700) {
        o.moment("warrantyExpirationDate", day + 3 * 365 * DAY);
    } else {
        o.no_value("warrantyExpirationDate");
    }
}

/// Answers are of the type their question suggests, and sometimes missing. Those of type Password are shown
/// only to a role that may display passwords.
fn questions(view: &View<'_>, id: u64, dice: Dice, of: &ConfigurationType, o: &mut Object<'_>) {
    let passwords = view.role.shows_passwords();
    o.array(
        "questions",
        of.questions.iter().enumerate(),
        |entry, (place, (question, field))| {
            let salt = 80 + place as u64;
            entry.int("answerId", id * 16 + place as u64);
            entry.int("questionId", setup::question_id(of.id, place));
            entry.text("question", question);
            if dice.chance(salt, 200) {
                entry.no_value("answer");
            } else {
                let number = dice.below(salt + 10, 1_000);
                match *field {
                    // Loosely, a number comes as text half of the time.
                    "Number" | "Percent" | "Currency" if entry.is_loose() && number % 2 == 1 => {
                        entry.format("answer", format_args!("{number}"));
                    }
                    "Number" | "Percent" => entry.int("answer", number),
                    "Currency" => entry.float("answer", number as f64 + 0.5),
                    "Checkbox" => entry.flag("answer", number.is_multiple_of(2)),
                    "Date" => entry.moment("answer", view.world.base - number as i64 * DAY),
                    "IPAddress" => entry.format("answer", format_args!("203.0.113.{}", number % 250 + 1)),
                    "Hyperlink" => {
                        entry.format("answer", format_args!("https://203.0.113.{}/", number % 250 + 1))
                    }
                    "Password" if passwords => entry.format("answer", format_args!("pw-canary-{number}")),
                    "Password" => {}
                    "TextArea" => entry.text("answer", "Renewed every spring.\r\nAsk accounts first."),
                    _ => entry.text("answer", &spoken(question, number)),
                }
            }
            entry.float("sequenceNumber", place as f64 + 1.0);
            entry.int("numberOfDecimals", 0);
            entry.text("fieldType", field);
            entry.flag("requiredFlag", place == 0);
        },
    );
}

/// The answer to a question in words.
fn spoken(question: &str, number: u64) -> String {
    let words: &[&str] = match question {
        "What is its role?" => &[
            "File server",
            "Domain controller",
            "Hypervisor",
            "Database server",
        ],
        "Registrar" => &["Example Registrar", "Namehaven", "Nordic Names"],
        "Network name" => &["Staff", "Guest", "Warehouse"],
        "Docking station" => &["USB-C dock", "none"],
        _ => return format!("Room {number}"),
    };
    words
        .get((number % words.len() as u64) as usize)
        .copied()
        .unwrap_or_default()
        .to_owned()
}

fn custom_fields(dice: Dice, o: &mut Object<'_>) {
    let rack = dice
        .chance(90, 300)
        .then(|| format!("R{}-U{}", dice.below(91, 4) + 1, dice.below(92, 42) + 1));
    let backed = dice.chance(93, 600);
    let cost = dice.chance(94, 400).then(|| dice.below(95, 200) as f64 + 0.5);
    let secret = dice
        .chance(96, 100)
        .then(|| format!("pw-canary-{}", dice.below(97, 100_000)));
    o.array("customFields", 0..4, |field, turn| match turn {
        0 => custom(field, 3, |field| field.maybe("value", rack.as_deref())),
        1 => custom(field, 4, |field| field.flag("value", backed)),
        2 => custom(field, 5, |field| field.maybe("value", secret.as_deref())),
        _ => custom(field, 6, |field| match cost {
            Some(cost) => field.float("value", cost),
            None => field.no_value("value"),
        }),
    });
}
