//! Service tickets of the selected boards within the window. A query that runs out of time is cut, first by board, then
//! by status, then by id, and never asked again as it was: a hosted server fails on broad queries every time.

use dovetail_sdk::connector::exports::{Context, Pulled};
use dovetail_sdk::connector::types::Fault;

use crate::api::{Api, Ask};
use crate::choices::{Chosen, Window, group};
use crate::conditions::Conditions;
use crate::eligibility::{self, Ticket};
use crate::paging::{Body, Plan, Slice, read_all, slices};
use crate::record::{Keep, source, tidy};

pub(crate) const KIND: &str = "ticket";
pub(crate) const PERMISSION: &str = "service-desk/service-tickets";
pub(crate) const PATH: &str = "/service/tickets";

/// A range of so few ids is not cut further.
const SMALLEST_RANGE: u64 = 500;

/// What of a ticket is handed on; the rest is billing, times and texts nobody shows.
const KEPT: Keep = Keep::Only(&[
    "id",
    "summary",
    "recordType",
    "board",
    "status",
    "priority",
    "type",
    "company",
    "site",
    "contact",
    "contactName",
    "closedFlag",
    "closedDate",
    "dateEntered",
    "customFields",
    "_info",
]);

/// The field by which tickets are listed where nothing else is said.
pub(crate) const BOARD: &str = "board/id";

/// How tickets are listed. A list of changes is not filtered, so that a ticket that leaves board or window is seen.
pub(crate) fn plan(context: &Context, since: Option<&str>) -> Plan {
    let boards = Chosen::of(context, group::TICKET_BOARDS);
    let conditions = match (since, Window::of(context)) {
        (Some(time), _) => Conditions::new().since("lastUpdated", Some(time)),
        (None, Window::Open) => Conditions::new().is("closedFlag", false),
        (None, Window::All) => Conditions::new(),
        (None, Window::Since(time)) => Conditions::new().since("lastUpdated", Some(&time)),
    };
    let first = if since.is_some() && !boards.is_none() {
        None
    } else {
        boards.list()
    };
    Plan {
        path: PATH.into(),
        about: "tickets",
        permission: PERMISSION,
        conditions,
        first_field: BOARD,
        second_field: "status/id",
        slices: slices(first, None),
        cut_on_timeout: true,
        ..Plan::default()
    }
}

/// Cuts a slice that ran out of time in two; in none where it cannot be cut further.
/// `by_board` says whether the slice's first list holds boards.
pub(crate) fn divide(api: &mut Api<'_>, slice: &Slice, by_board: bool) -> Result<Vec<Slice>, Fault> {
    if let Some((left, right)) = halves(slice.first.as_deref()) {
        let part = |ids| Slice {
            first: Some(ids),
            ..slice.clone()
        };
        return Ok(vec![part(left), part(right)]);
    }
    let statuses = match (slice.first.as_deref(), &slice.second) {
        (Some([board]), None) if by_board => Some(statuses_of(api, *board)?),
        (_, second) => second.clone(),
    };
    if let Some((left, right)) = halves(statuses.as_deref()) {
        let part = |ids| Slice {
            second: Some(ids),
            ..slice.clone()
        };
        return Ok(vec![part(left), part(right)]);
    }
    let upto = match slice.upto {
        Some(upto) => upto,
        None => newest(api)?,
    };
    if upto.saturating_sub(slice.after) <= SMALLEST_RANGE {
        return Ok(Vec::new());
    }
    let middle = slice.after + (upto - slice.after) / 2;
    // The upper part keeps its open end: tickets made meanwhile belong to it.
    Ok(vec![
        Slice {
            upto: Some(middle),
            ..slice.clone()
        },
        Slice {
            after: middle,
            ..slice.clone()
        },
    ])
}

fn halves(ids: Option<&[u64]>) -> Option<(Vec<u64>, Vec<u64>)> {
    let ids = ids.filter(|ids| ids.len() > 1)?;
    let (left, right) = ids.split_at(ids.len() / 2);
    Some((left.to_vec(), right.to_vec()))
}

/// The ids of a board's statuses, inactive ones too: old tickets have them.
fn statuses_of(api: &mut Api<'_>, board: u64) -> Result<Vec<u64>, Fault> {
    let plan = Plan {
        path: format!("/service/boards/{board}/statuses"),
        about: "the statuses of a board",
        permission: "system/table-setup",
        fields: Some("id"),
        slices: vec![Slice::default()],
        ..Plan::default()
    };
    let mut ids = Vec::new();
    read_all(api, &plan, |records| {
        ids.extend(records.iter().filter_map(|raw| id_of(raw)))
    })?;
    Ok(ids)
}

/// The greatest ticket id there is.
fn newest(api: &mut Api<'_>) -> Result<u64, Fault> {
    let ask = Ask::new(PATH)
        .with("fields", Some("id"))
        .with("orderBy", Some("id desc"))
        .with("pageSize", Some(1));
    let answer = api.get(&ask).and_then(Body::of);
    let body = answer.map_err(|refusal| refusal.fault("the newest ticket", PERMISSION))?;
    Ok(body.last_id.unwrap_or(0))
}

fn id_of(raw: &str) -> Option<u64> {
    serde_json::from_str::<Ticket>(raw)
        .ok()
        .and_then(|ticket| ticket.id.0)
}

/// Records as they are handed on.
pub(crate) fn pulled(context: &Context, records: &[&str]) -> Vec<Option<Pulled>> {
    let boards = Chosen::of(context, group::TICKET_BOARDS);
    let window = Window::of(context);
    let one = |raw: &&str| {
        let ticket: Ticket = serde_json::from_str(raw).unwrap_or_default();
        Some(Pulled {
            excluded: eligibility::ticket(&ticket, &boards, &window),
            record_found: source(
                KIND,
                ticket.id.0?,
                &ticket.info.last_updated,
                &ticket.summary.0,
                tidy(raw, KEPT, &[]),
            ),
            parent: ticket.company.id.map(|id| id.to_string()),
        })
    };
    records.iter().map(one).collect()
}
