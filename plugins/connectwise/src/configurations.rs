//! Configurations, with their questions and custom fields as they stand in the configuration itself. The one kind that
//! comes by the hundred thousand: types and statuses are filtered by the server.

use dovetail_sdk::connector::exports::{Context, Pulled};

use crate::choices::{Chosen, group};
use crate::conditions::Conditions;
use crate::eligibility::{self, Configuration};
use crate::paging::{Plan, slices};
use crate::record::{Keep, source, tidy};

pub(crate) const KIND: &str = "configuration";
pub(crate) const PERMISSION: &str = "companies/configurations";
pub(crate) const PATH: &str = "/company/configurations";

/// How configurations are listed. A list of changes is not filtered, so that one that leaves the selection is seen.
pub(crate) fn plan(context: &Context, since: Option<&str>) -> Plan {
    let types = Chosen::of(context, group::CONFIGURATION_TYPES);
    let statuses = Chosen::of(context, group::CONFIGURATION_STATUSES);
    let mut plan = Plan {
        path: PATH.into(),
        about: "configurations",
        permission: PERMISSION,
        conditions: Conditions::new().since("lastUpdated", since),
        first_field: "type/id",
        second_field: "status/id",
        slices: slices(types.list(), statuses.list()),
        ..Plan::default()
    };
    if since.is_none() {
        plan.conditions = plan.conditions.is("activeFlag", true);
    } else if !plan.slices.is_empty() {
        plan.slices = slices(None, None);
    }
    plan
}

/// Records as they are handed on.
pub(crate) fn pulled(context: &Context, records: &[&str]) -> Vec<Option<Pulled>> {
    let types = Chosen::of(context, group::CONFIGURATION_TYPES);
    let statuses = Chosen::of(context, group::CONFIGURATION_STATUSES);
    let one = |raw: &&str| {
        let found: Configuration = serde_json::from_str(raw).unwrap_or_default();
        Some(Pulled {
            excluded: eligibility::configuration(&found, &types, &statuses),
            record_found: source(
                KIND,
                found.id.0?,
                &found.info.last_updated,
                &found.name.0,
                tidy(raw, Keep::All, &[]),
            ),
            parent: found.company.id.map(|id| id.to_string()),
        })
    };
    records.iter().map(one).collect()
}
