//! A contact's addresses and numbers, which ConnectWise keeps in one list and the documentation in two: e-mail addresses,
//! and phone and fax numbers. A change of one leaves the other alone.
//!
//! Items are changed, added and removed by their place in the list just read: changes first, then additions at its end,
//! then removals from the last place to the first, so that no operation moves what a later one points at.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value as Json};

use super::comparing::{
    Look, Standing, decide, is_nothing, member, same, same_in_any_order, same_number, text_of,
};
use super::found::Found;
use super::operations::Operation;
use super::wanted::{Wanted, entries};

pub(super) const PROPERTY: &str = "communicationItems";

/// Members of an item that can be changed.
const CHANGED: [&str; 4] = ["type", "value", "extension", "defaultFlag"];
/// Members a new item is made of.
const MADE_OF: [&str; 5] = ["type", "value", "extension", "defaultFlag", "communicationType"];

type Item = Map<String, Json>;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Email,
    Phone,
    Fax,
}

impl Way {
    /// What an item is: as it says, else by its value and its type's name.
    pub(super) fn of(item: &Item) -> Self {
        let says = text_of(member(item, "communicationType"));
        let is = |word: &str| says.eq_ignore_ascii_case(word);
        if is("Email") || (!is("Phone") && !is("Fax") && text_of(member(item, "value")).contains('@')) {
            Way::Email
        } else if is("Fax") || (!is("Phone") && label_of(item).to_lowercase().contains("fax")) {
            Way::Fax
        } else {
            Way::Phone
        }
    }
}

/// What an item is called.
pub(super) fn label_of(item: &Item) -> String {
    let name = member(item, "type").as_object();
    name.map(|of| text_of(member(of, "name"))).unwrap_or_default()
}

/// The two lists of the documentation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Emails,
    Numbers,
}

impl List {
    const BOTH: [List; 2] = [List::Emails, List::Numbers];

    fn holds(self, item: &Item) -> bool {
        (self == List::Emails) == (Way::of(item) == Way::Email)
    }

    fn field(self) -> &'static str {
        match self {
            List::Emails => "emails",
            List::Numbers => "phones",
        }
    }
}

/// The field an item stands in.
pub(super) fn field_of(item: &Item) -> &'static str {
    let holds = |list: &List| list.holds(item);
    List::BOTH
        .into_iter()
        .find(holds)
        .unwrap_or(List::Numbers)
        .field()
}

/// One of the two lists: as desired, as it was, and as it is with each item's place.
struct Side<'w> {
    desired: Vec<&'w Item>,
    before: Vec<&'w Item>,
    now: Vec<(usize, Item)>,
}

impl<'w> Side<'w> {
    fn of(list: List, wanted: &'w Wanted, found: &Found) -> Self {
        let desired = wanted.desired.get(PROPERTY).unwrap_or(&Json::Null);
        let there = found.list(PROPERTY).into_iter().enumerate();
        let read = |raw: &RawValue| serde_json::from_str::<Item>(raw.get()).unwrap_or_default();
        Side {
            desired: entries(desired).filter(|item| list.holds(item)).collect(),
            before: entries(wanted.before(PROPERTY))
                .filter(|item| list.holds(item))
                .collect(),
            now: there
                .map(|(place, raw)| (place, read(raw)))
                .filter(|(_, item)| !is_nothing(member(item, "value")) && list.holds(item))
                .collect(),
        }
    }

    /// None where the change is not about this list.
    fn standing(&self, look: Look) -> Option<Standing> {
        let (desired, before) = (filled(&self.desired), filled(&self.before));
        let now: Vec<&Item> = self.now.iter().map(|(_, item)| item).collect();
        (!alike(&before, &desired)).then(|| {
            decide(look, alike(&now, &desired), alike(&now, &before), || {
                same_in_any_order(&now, &desired, |a, b| nearly_same(a, b))
            })
        })
    }
}

/// Items that are there for more than their place.
fn filled<'w>(items: &[&'w Item]) -> Vec<&'w Item> {
    let all = items.iter().copied();
    all.filter(|item| !is_nothing(member(item, "value"))).collect()
}

fn alike(one: &[&Item], other: &[&Item]) -> bool {
    same_in_any_order(one, other, |a, b| is_same(a, b))
}

/// The fields of the lists a change is about.
pub(super) fn fields(wanted: &Wanted) -> impl Iterator<Item = &'static str> {
    let side = |list: List, of: &Map<String, Json>| -> Vec<Item> {
        let all = entries(member(of, PROPERTY)).filter(|item| list.holds(item));
        all.cloned().collect()
    };
    let is_about = move |list: &List| {
        let (before, desired) = (side(*list, &wanted.expected), side(*list, &wanted.desired));
        let (before, desired): (Vec<&Item>, Vec<&Item>) = (before.iter().collect(), desired.iter().collect());
        wanted.desired.contains_key(PROPERTY) && !alike(&filled(&before), &filled(&desired))
    };
    List::BOTH.into_iter().filter(is_about).map(List::field)
}

/// How the lists a change is about stand, under their fields.
pub(super) fn standings(look: Look, wanted: &Wanted, found: &Found) -> Vec<(String, Standing)> {
    let stands = |list: List| {
        let standing = Side::of(list, wanted, found).standing(look)?;
        Some((list.field().to_owned(), standing))
    };
    List::BOTH.into_iter().filter_map(stands).collect()
}

/// The operations that make open lists hold.
pub(super) fn operations(wanted: &Wanted, found: &Found) -> Vec<Operation> {
    let (mut changes, mut additions, mut removals) = (Vec::new(), Vec::new(), Vec::new());
    for list in List::BOTH {
        let side = Side::of(list, wanted, found);
        if side.standing(Look::Before) != Some(Standing::Open) {
            continue;
        }
        let mut free: Vec<&(usize, Item)> = side.now.iter().collect();
        let mut take = |fits: &dyn Fn(&Item) -> bool| {
            let place = free.iter().position(|(_, item)| fits(item))?;
            Some(free.remove(place))
        };
        // Ids choose first, so that no item without one takes the place of another.
        let by_id = |desired: &Item, item: &Item| {
            let id = member(desired, "id");
            !is_nothing(id) && same(id, member(item, "id"))
        };
        let mut pairs: Vec<_> = side
            .desired
            .iter()
            .map(|desired| (*desired, take(&|item| by_id(desired, item))))
            .collect();
        for (desired, kept) in pairs.iter_mut().filter(|(_, kept)| kept.is_none()) {
            *kept = take(&|item| is_same(desired, item));
        }
        for (desired, kept) in pairs {
            match kept {
                Some((place, item)) => changes.extend(changed(*place, item, desired)),
                None if is_nothing(member(desired, "value")) => {}
                None => additions.push(made(desired)),
            }
        }
        removals.extend(free.into_iter().map(|(place, _)| *place));
    }
    let end = found.list(PROPERTY).len();
    let mut operations = changes;
    for (further, item) in additions.into_iter().flatten().enumerate() {
        operations.push(Operation::add(format!("/{PROPERTY}/{}", end + further), item));
    }
    removals.sort_unstable_by(|one, other| other.cmp(one));
    operations.extend(
        removals
            .into_iter()
            .map(|place| Operation::remove(format!("/{PROPERTY}/{place}"))),
    );
    operations
}

fn changed(place: usize, now: &Item, desired: &Item) -> Vec<Operation> {
    let differs = |name: &&str| match *name {
        "defaultFlag" => is_default(now) != is_default(desired),
        name => desired.contains_key(name) && !same(member(now, name), member(desired, name)),
    };
    let operation = |name: &str| {
        let value = match name {
            "defaultFlag" => to_raw_value(&is_default(desired)),
            name => to_raw_value(member(desired, name)),
        };
        Some(Operation::replace(
            format!("/{PROPERTY}/{place}/{name}"),
            value.ok()?,
        ))
    };
    CHANGED
        .into_iter()
        .filter(differs)
        .filter_map(operation)
        .collect()
}

/// A new item without what is empty.
pub(super) fn made(desired: &Item) -> Option<Box<RawValue>> {
    let member = |name: &str| {
        let value = desired.get(name).filter(|value| !is_nothing(value))?;
        Some((name.to_owned(), value.clone()))
    };
    let members: Item = MADE_OF.into_iter().filter_map(member).collect();
    to_raw_value(&members).ok()
}

fn is_default(item: &Item) -> bool {
    same(member(item, "defaultFlag"), &Json::Bool(true))
}

fn is_same(one: &Item, other: &Item) -> bool {
    let alike = |name: &str| same(member(one, name), member(other, name));
    alike("value") && alike("type") && alike("extension") && is_default(one) == is_default(other)
}

/// The same but for what a server sets by itself: how a number is written, a type that was not named, the default.
fn nearly_same(now: &Item, desired: &Item) -> bool {
    let alike = |name: &str| same(member(now, name), member(desired, name));
    let value = match Way::of(desired) {
        Way::Email => alike("value"),
        Way::Phone | Way::Fax => same_number(member(now, "value"), member(desired, "value")),
    };
    value && alike("extension") && (alike("type") || is_nothing(member(desired, "type")))
}
