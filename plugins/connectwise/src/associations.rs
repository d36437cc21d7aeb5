//! Which company has which types, for servers that do not say it in the company: read once a run, flat, and kept.

use std::collections::BTreeMap;

use dovetail_sdk::connector::types::Fault;
use serde::Deserialize;

use crate::api::Api;
use crate::companies::PERMISSION;
use crate::loose::Reference;
use crate::paging::{Plan, Slice, read_all};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Association {
    company: Reference,
    r#type: Reference,
}

/// The types of a company.
pub(crate) fn types_of(api: &mut Api<'_>, company: u64) -> Result<Vec<Reference>, Fault> {
    if let Some(brought) = api.memory.brought_types.get(&company) {
        return Ok(brought.clone());
    }
    if api.memory.company_types.is_none() {
        api.memory.company_types = Some(read(api)?);
    }
    Ok(api
        .memory
        .company_types
        .as_ref()
        .and_then(|all| all.get(&company))
        .cloned()
        .unwrap_or_default())
}

fn read(api: &mut Api<'_>) -> Result<BTreeMap<u64, Vec<Reference>>, Fault> {
    let plan = Plan {
        path: "/company/companyTypeAssociations".into(),
        about: "the types of companies",
        permission: PERMISSION,
        slices: vec![Slice::default()],
        ..Plan::default()
    };
    let mut all: BTreeMap<u64, Vec<Reference>> = BTreeMap::new();
    read_all(api, &plan, |records| {
        for raw in records {
            let pair: Association = serde_json::from_str(raw).unwrap_or_default();
            if let Some(company) = pair.company.id {
                all.entry(company).or_default().push(pair.r#type);
            }
        }
    })?;
    Ok(all)
}
