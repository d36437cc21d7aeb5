//! Tickets. They come in only.

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::Fault;
use serde::Deserialize;

use crate::custom_fields::{self, CustomField};
use crate::drafting::Drafting;
use crate::patching::Patching;
use crate::reading::{self, Flag, Id, Text, list};
use crate::references::Ref;
use crate::table::{Row, inward};

pub(crate) const TABLE: &[Row] = &[
    inward("number", "id"),
    inward("summary", "summary"),
    inward("board", "board/name"),
    inward("status", "status/name"),
    inward("priority", "priority/name"),
    inward("contact", "contact"),
    inward("created_at", "_info/dateEntered"),
    inward("updated_at", "_info/lastUpdated"),
    inward("closed", "closedFlag"),
    inward("traits.custom_fields.*", "customFields/value"),
];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Ticket<'a> {
    id: Id,
    #[serde(borrow)]
    company: Ref<'a>,
    summary: Text<'a>,
    board: Ref<'a>,
    status: Ref<'a>,
    priority: Ref<'a>,
    contact: Ref<'a>,
    closed_flag: Flag,
    #[serde(rename = "_info")]
    info: Option<Info<'a>>,
    #[serde(deserialize_with = "list")]
    custom_fields: Vec<CustomField<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Info<'a> {
    #[serde(borrow)]
    date_entered: Text<'a>,
    last_updated: Text<'a>,
}

/// `version` is when ConnectWise says the ticket changed last, for tickets that do not say it themselves.
pub(crate) fn convert(json: &str, version: &str) -> Result<Draft, Fault> {
    let ticket: Ticket<'_> = reading::record(json)?;
    let info = ticket.info.unwrap_or_default();
    let mut draft = Drafting::with_room(9);
    if ticket.id.is_none() {
        draft.fail("number", "the ticket has no id");
    }
    draft.belongs_to(&ticket.company);
    draft.text("number", &ticket.id.to_string());
    draft.needed("summary", ticket.summary.as_str(), "the ticket has no summary");
    draft.text("board", ticket.board.label());
    draft.text("status", ticket.status.label());
    draft.text("priority", ticket.priority.label());
    draft.link("contact", "contact", &ticket.contact);
    draft.date("created_at", &info.date_entered);
    if info.last_updated.is_empty() {
        draft.date("updated_at", &Text::from(version));
    } else {
        draft.date("updated_at", &info.last_updated);
    }
    draft.flag("closed", ticket.closed_flag.or(false));
    custom_fields::custom_fields(&mut draft, &ticket.custom_fields);
    draft.finish()
}

/// Nothing of a ticket can be brought back.
pub(crate) fn to_source(patching: &mut Patching<'_>) {
    for field in patching.wanted() {
        patching.refuse(&field.name);
    }
    for supplement in patching.traits() {
        patching.refuse(format!("traits.{}", supplement.name));
    }
}
