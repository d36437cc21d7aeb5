//! What a new address or number is called: the type it names where ConnectWise has it, else the one that was chosen for
//! new contacts (`contact-email-type`, `contact-phone-type`), else ConnectWise's default, which is then told.

use dovetail_sdk::connector::types::{Cause, Fault};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::communications::{PROPERTY, Way, label_of};
use super::comparing::{is_nothing, member};
use super::wanted::Wanted;
use crate::api::Api;
use crate::choices::option;
use crate::loose::{Flag, Id, Text};
use crate::options::PERMISSION;
use crate::paging::{Plan, Slice, read_all};
use crate::refusal::fault;

/// The types there are; none where the server does not show them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommunicationTypes(Vec<CommunicationType>);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CommunicationType {
    id: Id,
    description: Text,
    email_flag: Flag,
    phone_flag: Flag,
    fax_flag: Flag,
    default_flag: Flag,
    disabled: Flag,
}

impl CommunicationType {
    fn serves(&self, way: Way) -> bool {
        let flag = match way {
            Way::Email => self.email_flag,
            Way::Phone => self.phone_flag,
            Way::Fax => self.fax_flag,
        };
        flag.is_set() && !self.disabled.is_set()
    }

    /// Whether a person calls it so: by its label or its id.
    fn is_called(&self, name: &str) -> bool {
        let name = name.trim();
        self.description.0.trim().eq_ignore_ascii_case(name)
            || self.id.0.is_some_and(|id| id.to_string() == name)
    }

    fn reference(&self) -> Json {
        json!({"id": self.id.0, "name": self.description.0})
    }
}

impl CommunicationTypes {
    fn read(api: &mut Api<'_>) -> Result<Self, Fault> {
        let plan = Plan {
            path: "/company/communicationTypes".into(),
            about: "the types of addresses and numbers",
            permission: PERMISSION,
            slices: vec![Slice::default()],
            ..Plan::default()
        };
        let mut all = Vec::new();
        let read = read_all(api, &plan, |records| {
            all.extend(
                records
                    .iter()
                    .filter_map(|raw| serde_json::from_str::<CommunicationType>(raw).ok())
                    .filter(|known| known.id.0.is_some()),
            );
        });
        match read {
            Err(fault) if !matches!(fault.cause, Cause::Permission(_) | Cause::Bug) => Err(fault),
            Err(fault) => {
                let words = "new addresses and numbers of contacts are sent with the types they name.";
                api.transport.warn(&format!("{} So {words}", fault.message));
                Ok(CommunicationTypes(Vec::new()))
            }
            Ok(()) => Ok(CommunicationTypes(all)),
        }
    }

    fn find(&self, way: Way, name: &str) -> Option<&CommunicationType> {
        self.0
            .iter()
            .find(|known| known.serves(way) && known.is_called(name))
    }

    fn default(&self, way: Way) -> Option<&CommunicationType> {
        let mut all = self.0.iter().filter(|known| known.serves(way));
        all.clone()
            .find(|known| known.default_flag.is_set())
            .or_else(|| all.next())
    }
}

/// Gives the new items of a change their types.
pub(super) fn settle(api: &mut Api<'_>, wanted: &mut Wanted) -> Result<(), Fault> {
    let Some(items) = wanted.desired.get_mut(PROPERTY).and_then(Json::as_array_mut) else {
        return Ok(());
    };
    let is_new = |item: &Map<String, Json>| {
        let typed = member(item, "type").as_object().map(|of| member(of, "id"));
        is_nothing(member(item, "id")) && typed.is_none_or(is_nothing)
    };
    for item in items.iter_mut().filter_map(Json::as_object_mut) {
        if !is_new(item) {
            continue;
        }
        if api.memory.communication_types.is_none() {
            api.memory.communication_types = Some(CommunicationTypes::read(api)?);
        }
        let all = api.memory.communication_types.clone().unwrap_or_default();
        if let Some(reference) = type_of(api, &all, item)? {
            item.insert("type".to_owned(), reference);
        }
    }
    Ok(())
}

fn type_of(
    api: &mut Api<'_>,
    all: &CommunicationTypes,
    item: &Map<String, Json>,
) -> Result<Option<Json>, Fault> {
    let (way, label) = (Way::of(item), label_of(item));
    if all.0.is_empty() {
        return Ok(None);
    }
    if let Some(named) = all.find(way, &label).filter(|_| !label.is_empty()) {
        return Ok(Some(named.reference()));
    }
    let (key, what) = match way {
        Way::Email => ("contact-email-type", "e-mail addresses"),
        Way::Phone => ("contact-phone-type", "phone numbers"),
        Way::Fax => ("", "fax numbers"),
    };
    if let Some(chosen) = option(api.context, key).filter(|chosen| !chosen.trim().is_empty()) {
        let found = all.find(way, chosen).ok_or_else(|| {
            let words = format!(
                "`{key}` is `{chosen}`, and ConnectWise has no such type for {what}; choose one of: {}.",
                labels(all, way)
            );
            fault(Cause::InvalidConfig(key.to_owned()), words)
        })?;
        return Ok(Some(found.reference()));
    }
    let Some(found) = all.default(way) else {
        return Ok(None);
    };
    if api.memory.said.insert(what) {
        let advice = match way {
            Way::Fax => String::new(),
            Way::Email | Way::Phone => format!(" Set `{key}` to choose another."),
        };
        api.transport.warn(&format!(
            "New {what} of contacts that name no type of ConnectWise's are called `{}`, its default.{advice}",
            found.description.0
        ));
    }
    Ok(Some(found.reference()))
}

fn labels(all: &CommunicationTypes, way: Way) -> String {
    let labels: Vec<&str> = all
        .0
        .iter()
        .filter(|known| known.serves(way))
        .map(|known| known.description.0.as_str())
        .collect();
    labels.join(", ")
}
