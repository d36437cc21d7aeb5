//! Companies: read with the selected statuses and with any of the selected types, so that a company of several types
//! of which one is not selected is seen and can be named.

use dovetail_sdk::connector::exports::{Context, Pulled};
use dovetail_sdk::connector::types::Fault;

use crate::api::Api;
use crate::associations;
use crate::choices::{Chosen, group};
use crate::conditions::{Conditions, fits};
use crate::eligibility::{self, Company};
use crate::loose::Reference;
use crate::paging::{Plan, Slice};
use crate::record::{Keep, source, tidy};

pub(crate) const KIND: &str = "organization";
pub(crate) const PERMISSION: &str = "companies/company-maintenance";
pub(crate) const PATH: &str = "/company/companies";

/// How companies are listed. A list of changes is not filtered, so that a company that leaves the selection is seen.
pub(crate) fn plan(context: &Context, since: Option<&str>) -> Plan {
    let types = Chosen::of(context, group::COMPANY_TYPES);
    let statuses = Chosen::of(context, group::COMPANY_STATUSES);
    let nothing = types.is_none() || statuses.is_none();
    let mut plan = Plan {
        path: PATH.into(),
        about: "companies",
        permission: PERMISSION,
        conditions: Conditions::new().since("lastUpdated", since),
        slices: if nothing {
            Vec::new()
        } else {
            vec![Slice::default()]
        },
        ..Plan::default()
    };
    if since.is_none() {
        // A list too long for an address is left out: the records tell who comes in, the filter only saves traffic.
        let short = |chosen: &Chosen| chosen.list().filter(|ids| fits(ids));
        plan.conditions = plan
            .conditions
            .is("deletedFlag", false)
            .one_of("status/id", short(&statuses).as_deref());
        plan.child_conditions = Conditions::new()
            .one_of("types/id", short(&types).as_deref())
            .text();
    }
    plan
}

/// Records as they are handed on. Types come from the associations where a company does not list them itself.
pub(crate) fn pulled(api: &mut Api<'_>, records: &[&str]) -> Result<Vec<Option<Pulled>>, Fault> {
    let types = Chosen::of(api.context, group::COMPANY_TYPES);
    let statuses = Chosen::of(api.context, group::COMPANY_STATUSES);
    let mut items = Vec::with_capacity(records.len());
    for raw in records {
        let company: Company = serde_json::from_str(raw).unwrap_or_default();
        let Some(id) = company.id.0 else {
            items.push(None);
            continue;
        };
        let (own, more) = match &company.types.0 {
            Some(own) => (own.clone(), Vec::new()),
            None => {
                let found = associations::types_of(api, id)?;
                let json = types_json(&found);
                (found, vec![("types", json)])
            }
        };
        items.push(Some(Pulled {
            excluded: eligibility::company(&company, &own, &types, &statuses),
            record_found: source(
                KIND,
                id,
                &company.info.last_updated,
                &company.name.0,
                tidy(raw, Keep::All, &more),
            ),
            parent: None,
        }));
    }
    Ok(items)
}

fn types_json(types: &[Reference]) -> String {
    let list: Vec<_> = types
        .iter()
        .map(|one| serde_json::json!({"id": one.id, "name": one.name}))
        .collect();
    serde_json::Value::from(list).to_string()
}
