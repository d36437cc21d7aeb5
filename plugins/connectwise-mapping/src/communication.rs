//! A contact's communication items: one list in ConnectWise, e-mail addresses and phone numbers here. Fax numbers stand
//! among the phones under their label.

use dovetail_sdk::mapping::types::{Entry, Fault, Value};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::patching::{Patching, labelled};
use crate::reading::{Flag, Text};
use crate::references::Ref;

/// A communication item.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    label: Ref<'a>,
    value: Text<'a>,
    extension: Text<'a>,
    default_flag: Flag,
    communication_type: Text<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Email,
    Phone,
    Fax,
}

/// Which of the two fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// `emails`
    Emails,
    /// `phones`, fax numbers among them
    Phones,
}

impl List {
    fn field(self) -> &'static str {
        match self {
            List::Emails => "emails",
            List::Phones => "phones",
        }
    }

    fn holds(self, way: Way) -> bool {
        (self == List::Emails) == (way == Way::Email)
    }
}

impl Way {
    fn as_str(self) -> &'static str {
        match self {
            Way::Email => "Email",
            Way::Phone => "Phone",
            Way::Fax => "Fax",
        }
    }

    /// What a number is whose way is not given: the label tells.
    fn of_number(label: &str) -> Way {
        if label.to_lowercase().contains("fax") {
            Way::Fax
        } else {
            Way::Phone
        }
    }
}

impl Item<'_> {
    fn way(&self) -> Way {
        let given = self.communication_type.as_str();
        let known = [Way::Email, Way::Phone, Way::Fax].into_iter();
        known
            .clone()
            .find(|way| way.as_str().eq_ignore_ascii_case(given))
            .unwrap_or_else(|| {
                if self.value.as_str().contains('@') {
                    Way::Email
                } else {
                    Way::of_number(self.label.label())
                }
            })
    }

    fn is_default(&self) -> bool {
        self.default_flag.or(false)
    }

    fn is(&self, entry: &Entry) -> bool {
        self.value.as_str() == entry.value
            && self.label.label() == entry.label
            && self.extension.as_str() == entry.extension.as_deref().unwrap_or_default()
    }
}

/// The entries of one list. ConnectWise has a default for each way; the default phone is the primary number, and the
/// default fax only where no phone is.
pub(crate) fn entries(items: &[Item<'_>], list: List) -> Vec<Entry> {
    let chosen = || {
        items
            .iter()
            .filter(|item| list.holds(item.way()) && !item.value.is_empty())
    };
    let primary = chosen()
        .position(|item| item.is_default() && item.way() != Way::Fax)
        .or_else(|| chosen().position(Item::is_default));
    let entry = |(place, item): (usize, &Item<'_>)| Entry {
        value: item.value.as_str().to_owned(),
        label: item.label.label().to_owned(),
        primary: Some(place) == primary,
        extension: (!item.extension.is_empty()).then(|| item.extension.as_str().to_owned()),
    };
    chosen().enumerate().map(entry).collect()
}

/// Brings both fields back as the whole list. An item keeps its id and its further properties where its value stays,
/// or where its label does and only the value changed; a list the edit does not mention stays as it is.
pub(crate) fn to_source(patching: &mut Patching<'_>, was: &[Item<'_>]) -> Result<(), Fault> {
    if patching.field("emails").is_none() && patching.field("phones").is_none() {
        return Ok(());
    }
    let raw = patching.list("communicationItems").to_vec();
    let mut whole = Vec::new();
    for list in [List::Emails, List::Phones] {
        let there: Vec<(&Item<'_>, &Json)> = was
            .iter()
            .zip(&raw)
            .filter(|(item, _)| list.holds(item.way()))
            .collect();
        match patching.field(list.field()) {
            None => whole.extend(there.into_iter().map(|(_, json)| json.clone())),
            Some(Value::Absent) => {}
            Some(Value::Entries(wanted)) => bring(wanted, list, there, &mut whole),
            Some(_) => {
                return Err(Fault::bug(format!(
                    "`{}` was to be set to something that is no list",
                    list.field()
                )));
            }
        }
    }
    patching.set("communicationItems", whole);
    Ok(())
}

fn bring(wanted: &[Entry], list: List, there: Vec<(&Item<'_>, &Json)>, whole: &mut Vec<Json>) {
    let mut free: Vec<Option<(&Item<'_>, &Json)>> = there.iter().copied().map(Some).collect();
    let mut take = |fits: &dyn Fn(&Item<'_>) -> bool| {
        free.iter_mut()
            .find(|slot| slot.is_some_and(|(item, _)| fits(item)))
            .and_then(Option::take)
    };
    // Values that stay choose first, so that a changed one does not take the item of another.
    let mut kept: Vec<_> = wanted
        .iter()
        .map(|entry| (entry, take(&|item| item.is(entry))))
        .collect();
    for (entry, slot) in kept.iter_mut().filter(|(_, slot)| slot.is_none()) {
        *slot = take(&|item| item.label.label() == entry.label);
    }
    let way_of = |entry: &Entry, kept: Option<(&Item<'_>, &Json)>| match (list, kept) {
        (List::Emails, _) => Way::Email,
        (List::Phones, Some((item, _))) => item.way(),
        (List::Phones, None) => there
            .iter()
            .find(|(item, _)| item.label.label() == entry.label)
            .map_or_else(|| Way::of_number(&entry.label), |(item, _)| item.way()),
    };
    let phone_is_primary = kept
        .iter()
        .any(|(entry, kept)| entry.primary && way_of(entry, *kept) != Way::Fax);
    for (entry, kept) in &kept {
        let way = way_of(entry, *kept);
        let mut json = match kept {
            Some((_, json)) => json.as_object().cloned().unwrap_or_default(),
            None => {
                let mut json = Map::new();
                let known = there.iter().find(|(item, _)| item.label.label() == entry.label);
                if !entry.label.is_empty() {
                    let nowhere = Ref::default();
                    json.insert(
                        "type".to_owned(),
                        labelled(&entry.label, known.map_or(&nowhere, |(item, _)| &item.label)),
                    );
                }
                json
            }
        };
        if !kept.is_some_and(|(item, _)| item.is(entry)) {
            json.insert("value".to_owned(), entry.value.as_str().into());
            json.insert("extension".to_owned(), entry.extension.as_deref().into());
            // It is the part of an address after the @, which ConnectWise finds itself.
            json.remove("domain");
        }
        json.insert("communicationType".to_owned(), way.as_str().into());
        let stays_default =
            way == Way::Fax && phone_is_primary && kept.is_some_and(|(item, _)| item.is_default());
        json.insert("defaultFlag".to_owned(), (entry.primary || stays_default).into());
        whole.push(Json::Object(json));
    }
}
