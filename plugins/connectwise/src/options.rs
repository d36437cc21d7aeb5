//! The options of each group of settings, as the setup tables of ConnectWise have them, which of them are recommended
//! (by flags alone, because labels differ from customer to customer), and how many records have each.

use dovetail_sdk::connector::exports::GroupOption;
use dovetail_sdk::connector::types::{Cause, Fault};
use serde::Deserialize;

use crate::api::{Api, Ask};
use crate::choices::group;
use crate::conditions::Conditions;
use crate::loose::{Flag, Id, Text};
use crate::paging::{Plan, Slice, read_all};
use crate::refusal::fault;
use crate::{companies, configurations, contacts, tickets};

pub(crate) const PERMISSION: &str = "system/table-setup";

/// With more options than this, counting each would cost more requests than it is worth.
const MOST_COUNTED: usize = 60;

/// A row of a setup table: the union of their members.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Row {
    id: Id,
    name: Text,
    description: Text,
    vendor_flag: Flag,
    is_vendor: Flag,
    inactive_flag: Flag,
    closed_flag: Flag,
    project_flag: Flag,
}

/// Where a group's options stand and how its records are counted.
struct Table {
    path: &'static str,
    /// The same rows, readable without access to setup tables.
    twin: Option<&'static str>,
    recommended: fn(&Row) -> bool,
    /// The list whose records have these options, the field, whether it is a condition on children, and a flag that
    /// all counted records have.
    counted: (&'static str, &'static str, bool, (&'static str, bool)),
}

fn table(group: &str) -> Option<Table> {
    let live = ("deletedFlag", false);
    Some(match group {
        group::COMPANY_TYPES => Table {
            path: "/company/companies/types",
            twin: Some("/company/companies/info/types"),
            recommended: |row| !row.vendor_flag.is_set() && !row.is_vendor.is_set(),
            counted: (companies::PATH, "types/id", true, live),
        },
        group::COMPANY_STATUSES => Table {
            path: "/company/companies/statuses",
            twin: None,
            recommended: |row| !row.inactive_flag.is_set(),
            counted: (companies::PATH, "status/id", false, live),
        },
        group::CONFIGURATION_TYPES => Table {
            path: "/company/configurations/types",
            twin: None,
            recommended: |row| !row.inactive_flag.is_set(),
            counted: (configurations::PATH, "type/id", false, ("activeFlag", true)),
        },
        group::CONFIGURATION_STATUSES => Table {
            path: "/company/configurations/statuses",
            twin: None,
            recommended: |row| !row.closed_flag.is_set(),
            counted: (configurations::PATH, "status/id", false, ("activeFlag", true)),
        },
        group::CONTACT_TYPES => Table {
            path: "/company/contacts/types",
            twin: Some("/company/contacts/types/info"),
            recommended: |_| true,
            counted: (contacts::PATH, "types/id", true, ("inactiveFlag", false)),
        },
        group::TICKET_BOARDS => Table {
            path: "/service/boards",
            twin: Some("/service/info/boards"),
            recommended: |row| !row.inactive_flag.is_set() && !row.project_flag.is_set(),
            counted: (tickets::PATH, "board/id", false, ("closedFlag", false)),
        },
        _ => return None,
    })
}

/// All options of a group, counted where there are few.
pub(crate) fn options(api: &mut Api<'_>, group: &str) -> Result<Vec<GroupOption>, Fault> {
    let mut options = list(api, group)?;
    if options.len() <= MOST_COUNTED {
        count(api, group, &mut options)?;
    }
    Ok(options)
}

/// All options of a group in ConnectWise's order, not counted.
pub(crate) fn list(api: &mut Api<'_>, group: &str) -> Result<Vec<GroupOption>, Fault> {
    let table = known(group)?;
    match (rows(api, table.path, &table), table.twin) {
        (
            Err(Fault {
                cause: Cause::Permission(_),
                ..
            }),
            Some(twin),
        ) => rows(api, twin, &table),
        (answer, _) => answer,
    }
}

fn rows(api: &mut Api<'_>, path: &str, table: &Table) -> Result<Vec<GroupOption>, Fault> {
    let plan = Plan {
        path: path.into(),
        about: "a setup table",
        permission: PERMISSION,
        slices: vec![Slice::default()],
        ..Plan::default()
    };
    let mut options = Vec::new();
    read_all(api, &plan, |records| {
        options.extend(records.iter().filter_map(|raw| {
            let row: Row = serde_json::from_str(raw).unwrap_or_default();
            let label = if row.name.0.is_empty() {
                &row.description.0
            } else {
                &row.name.0
            };
            Some(GroupOption {
                id: row.id.0?.to_string(),
                label: label.clone(),
                recommended: (table.recommended)(&row),
                count: None,
            })
        }));
    })?;
    Ok(options)
}

/// Counts the records of each option. An option that cannot be counted stays without a number: a count is a help to a
/// person who chooses and nothing else.
fn count(api: &mut Api<'_>, group: &str, options: &mut [GroupOption]) -> Result<(), Fault> {
    let (path, field, child, (flag, value)) = known(group)?.counted;
    let asks: Vec<Ask> = options
        .iter()
        .map(|option| {
            let ids: Option<Vec<u64>> = option.id.parse().ok().map(|id| vec![id]);
            let one = Conditions::new().one_of(field, ids.as_deref());
            let all = Conditions::new().is(flag, value);
            let conditions = if child {
                all.clone()
            } else {
                all.one_of(field, ids.as_deref())
            };
            Ask::new(format!("{path}/count"))
                .with("conditions", conditions.text())
                .with("childConditions", one.text().filter(|_| child))
        })
        .collect();
    let answers = api
        .get_each(&asks)
        .map_err(|refusal| refusal.fault("counts", PERMISSION))?;
    for (option, answer) in options.iter_mut().zip(answers) {
        option.count = answer.ok().and_then(|response| counted(&response.body));
    }
    Ok(())
}

/// The number in the answer of a `/count`.
pub(crate) fn counted(body: &[u8]) -> Option<u64> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Count {
        count: Id,
    }
    serde_json::from_slice::<Count>(body)
        .ok()
        .and_then(|count| count.count.0)
}

fn known(group: &str) -> Result<Table, Fault> {
    table(group).ok_or_else(|| {
        fault(
            Cause::Bug,
            format!("ConnectWise has no group of settings `{group}`."),
        )
    })
}
