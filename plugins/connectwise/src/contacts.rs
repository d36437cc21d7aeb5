//! Contacts, with their communication items and types as they stand in the contact itself.

use dovetail_sdk::connector::exports::{Context, Pulled};
use dovetail_sdk::connector::types::Fault;

use crate::api::Api;
use crate::choices::{Chosen, group};
use crate::conditions::{Conditions, fits};
use crate::eligibility::{self, Contact};
use crate::options;
use crate::paging::{Plan, Slice};
use crate::record::{Keep, source, tidy};

pub(crate) const KIND: &str = "contact";
pub(crate) const PERMISSION: &str = "companies/contacts";
pub(crate) const PATH: &str = "/company/contacts";

/// How contacts are listed. A list of changes is not filtered, so that a contact that leaves the selection is seen.
pub(crate) fn plan(api: &mut Api<'_>, since: Option<&str>) -> Result<Plan, Fault> {
    let types = chosen_types(api)?;
    let mut plan = Plan {
        path: PATH.into(),
        about: "contacts",
        permission: PERMISSION,
        conditions: Conditions::new().since("lastUpdated", since),
        slices: if types.is_none() {
            Vec::new()
        } else {
            vec![Slice::default()]
        },
        ..Plan::default()
    };
    if since.is_none() {
        plan.conditions = plan.conditions.is("inactiveFlag", false);
        let short = types.list().filter(|ids| fits(ids));
        plan.child_conditions = Conditions::new().one_of("types/id", short.as_deref()).text();
    }
    Ok(plan)
}

/// Records as they are handed on.
pub(crate) fn pulled(api: &mut Api<'_>, records: &[&str]) -> Result<Vec<Option<Pulled>>, Fault> {
    let types = chosen_types(api)?;
    Ok(records.iter().map(|raw| one(raw, &types)).collect())
}

fn one(raw: &str, types: &Chosen) -> Option<Pulled> {
    let contact: Contact = serde_json::from_str(raw).unwrap_or_default();
    let name = format!("{} {}", contact.first_name.0, contact.last_name.0);
    Some(Pulled {
        excluded: eligibility::contact(&contact, types),
        record_found: source(
            KIND,
            contact.id.0?,
            &contact.info.last_updated,
            &name,
            tidy(raw, Keep::All, &[]),
        ),
        parent: contact.company.id.map(|id| id.to_string()),
    })
}

/// The chosen types; every type where the list names all there are, so that contacts without a type come in too.
fn chosen_types(api: &mut Api<'_>) -> Result<Chosen, Fault> {
    let chosen = chosen(api.context);
    let Chosen::These(ids) = &chosen else {
        return Ok(chosen);
    };
    if ids.is_empty() {
        return Ok(chosen);
    }
    if api.memory.contact_types.is_none() {
        let all = options::list(api, group::CONTACT_TYPES)?;
        api.memory.contact_types = Some(all.iter().filter_map(|option| option.id.parse().ok()).collect());
    }
    let covers_all = api
        .memory
        .contact_types
        .as_ref()
        .is_some_and(|all| all.is_subset(ids));
    Ok(if covers_all { Chosen::Every } else { chosen })
}

fn chosen(context: &Context) -> Chosen {
    Chosen::of(context, group::CONTACT_TYPES)
}
