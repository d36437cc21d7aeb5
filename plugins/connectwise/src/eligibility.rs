//! Who comes in. Pure: a record's few deciding members and what is chosen, to the reasons why it stays out. An empty
//! list of reasons lets it in.

use dovetail_sdk::connector::exports::Exclusion;
use serde::Deserialize;

use crate::choices::{Chosen, Window, group};
use crate::loose::{Flag, Id, Info, Reference, References, Text};
use crate::record::whole_seconds;

/// What decides about a company.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Company {
    pub(crate) id: Id,
    pub(crate) name: Text,
    pub(crate) status: Reference,
    pub(crate) types: References,
    pub(crate) deleted_flag: Flag,
    #[serde(rename = "_info")]
    pub(crate) info: Info,
}

/// What decides about a site.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Site {
    pub(crate) id: Id,
    pub(crate) name: Text,
    pub(crate) inactive_flag: Flag,
    #[serde(rename = "_info")]
    pub(crate) info: Info,
}

/// What decides about a contact.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Contact {
    pub(crate) id: Id,
    pub(crate) first_name: Text,
    pub(crate) last_name: Text,
    pub(crate) company: Reference,
    pub(crate) types: References,
    pub(crate) inactive_flag: Flag,
    #[serde(rename = "_info")]
    pub(crate) info: Info,
}

/// What decides about a configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Configuration {
    pub(crate) id: Id,
    pub(crate) name: Text,
    pub(crate) company: Reference,
    pub(crate) r#type: Reference,
    pub(crate) status: Reference,
    pub(crate) active_flag: Flag,
    #[serde(rename = "_info")]
    pub(crate) info: Info,
}

/// What decides about a ticket.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ticket {
    pub(crate) id: Id,
    pub(crate) summary: Text,
    pub(crate) company: Reference,
    pub(crate) board: Reference,
    pub(crate) closed_flag: Flag,
    #[serde(rename = "_info")]
    pub(crate) info: Info,
}

/// A company: not deleted, its status selected, and every one of its types; one without a type only where every type
/// is selected. `types` are the company's own or those of its associations.
pub(crate) fn company(
    company: &Company,
    types: &[Reference],
    chosen_types: &Chosen,
    chosen_statuses: &Chosen,
) -> Vec<Exclusion> {
    let mut reasons = Vec::new();
    if company.deleted_flag.is_set() {
        reasons.push(plain("deleted"));
    }
    if !chosen_statuses.admits(company.status.id) {
        reasons.push(not_selected(group::COMPANY_STATUSES, [&company.status]));
    }
    let missing: Vec<&Reference> = types.iter().filter(|one| !chosen_types.admits(one.id)).collect();
    if !missing.is_empty() || (types.is_empty() && *chosen_types != Chosen::Every) {
        reasons.push(not_selected(group::COMPANY_TYPES, missing));
    }
    reasons
}

/// A site: active. Whether its company comes in is the host's to know.
pub(crate) fn site(site: &Site) -> Vec<Exclusion> {
    if site.inactive_flag.is_set() {
        vec![plain("inactive")]
    } else {
        Vec::new()
    }
}

/// A contact: active, and any of its types selected; one without a type only where every type is. `chosen_types` is
/// [`Chosen::Every`] also where all existing types are listed one by one.
pub(crate) fn contact(contact: &Contact, chosen_types: &Chosen) -> Vec<Exclusion> {
    let mut reasons = Vec::new();
    if contact.inactive_flag.is_set() {
        reasons.push(plain("inactive"));
    }
    let types = contact.types.0.as_deref().unwrap_or_default();
    if *chosen_types != Chosen::Every && !types.iter().any(|one| chosen_types.admits(one.id)) {
        reasons.push(not_selected(group::CONTACT_TYPES, types));
    }
    reasons
}

/// A configuration: active, its type and its status selected.
pub(crate) fn configuration(
    configuration: &Configuration,
    chosen_types: &Chosen,
    chosen_statuses: &Chosen,
) -> Vec<Exclusion> {
    let mut reasons = Vec::new();
    if configuration.active_flag.0 == Some(false) {
        reasons.push(plain("inactive"));
    }
    if !chosen_types.admits(configuration.r#type.id) {
        reasons.push(not_selected(group::CONFIGURATION_TYPES, [&configuration.r#type]));
    }
    if !chosen_statuses.admits(configuration.status.id) {
        reasons.push(not_selected(
            group::CONFIGURATION_STATUSES,
            [&configuration.status],
        ));
    }
    reasons
}

/// A ticket: its board selected and within the window. One whose last change is unknown is within it.
pub(crate) fn ticket(ticket: &Ticket, boards: &Chosen, window: &Window) -> Vec<Exclusion> {
    let mut reasons = Vec::new();
    if !boards.admits(ticket.board.id) {
        reasons.push(not_selected(group::TICKET_BOARDS, [&ticket.board]));
    }
    let changed = whole_seconds(&ticket.info.last_updated);
    let within = match window {
        Window::All => true,
        Window::Open => !ticket.closed_flag.is_set(),
        // Both are RFC 3339 in UTC of one length, so the order of letters is the order of times.
        Window::Since(time) => changed.is_empty() || changed >= *time,
    };
    if !within {
        reasons.push(plain("outside-window"));
    }
    reasons
}

fn plain(reason: &str) -> Exclusion {
    Exclusion {
        reason: reason.to_owned(),
        group: None,
        labels: Vec::new(),
    }
}

fn not_selected<'a>(group: &str, options: impl IntoIterator<Item = &'a Reference>) -> Exclusion {
    let labels = options
        .into_iter()
        .map(|option| option.name.clone())
        .filter(|name| !name.is_empty())
        .collect();
    Exclusion {
        reason: "not-selected".to_owned(),
        group: Some(group.to_owned()),
        labels,
    }
}
