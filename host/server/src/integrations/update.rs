//! `integration update`: keys, site and company change, and every link stays.
//!
//! Where what changes may lead to another database, the PSA is asked with what is to be before anything is saved: another
//! database, one that refuses and one that cannot be reached change nothing. What is saved is saved in one step.

use std::sync::Arc;

use dovetail_domain::connector::ConnectorDescription;
use dovetail_domain::{Code, Integration, Kind};
use dovetail_gate::Gate;
use dovetail_store::table;

use super::{change_network, find, shown};
use crate::answer::Answer;
use crate::host::{Host, build_gate};
use crate::problem::Result;
use crate::request::IntegrationUpdate;
use crate::shelf::Granted;
use crate::{Problem, SecretText, config, database, form};

pub(crate) async fn update(host: &Host, request: IntegrationUpdate) -> Result<Answer> {
    let archive = host.archive();
    let before = find(archive, &request.name)?;
    let connector = host.shelf().connector(archive, &before.connector).await?;
    let description = connector.description();
    form::check_secrets(description, &request.secrets)?;
    let mut after = before.clone();
    after
        .settings
        .extend(form::read_settings(description, &request.settings)?);
    change_network(&mut after.network, request.network)?;
    form::check_complete(
        description,
        &after.settings,
        &config::defaults(archive, description)?,
    )?;
    let gate = gate_with(host, description, &after, &request.secrets)?;
    let leads_elsewhere = after.settings != before.settings || !request.secrets.is_empty();
    let mut said = Vec::new();
    if leads_elsewhere && has_links(host, &after)? {
        said = database::check_change(&host.setup_through(&after, gate).await?).await?;
        after.unproven = None;
        said.push("Every link is kept.".to_owned());
    } else if leads_elsewhere {
        said.push("No record is connected through it, so there was nothing to compare.".to_owned());
    }
    {
        let _changing = host.changing();
        let now = find(archive, &request.name)?;
        if (&now.settings, &now.network) != (&before.settings, &before.network) {
            return Err(Problem::new(
                Code::Busy,
                format!("`{}` was changed by another command meanwhile.", before.name),
                "Look at it with `dovetail integration show`, then run the command again.",
            ));
        }
        after = Integration {
            settings: after.settings,
            network: after.network,
            unproven: after.unproven,
            // What kept it from running may be what was just changed: the next run or check says.
            trouble: None,
            ..now
        };
        let mut step = host.step();
        for (key, secret) in &request.secrets {
            host.seal(after.id, key, secret, &mut step)?;
        }
        step.put(&table::INTEGRATIONS, &after.id, &after)?;
        archive.commit(step)?;
        host.forget_gates(Some(after.id));
    }
    let name = &after.name;
    said.insert(
        0,
        format!("Changed `{name}`. `dovetail integration connect {name}` checks it."),
    );
    shown(host, &after, said).await
}

/// Whether anything that is known stands for what it is connected with.
fn has_links(host: &Host, integration: &Integration) -> Result<bool> {
    let counts = host.archive().counts()?;
    let linked = |kind| counts.linked(integration.id, kind, None) > 0;
    let brought = integration
        .unproven
        .as_ref()
        .is_some_and(|known| !known.is_empty());
    Ok(brought || Kind::ALL.into_iter().any(linked))
}

/// The gate of an integration as it is to be, with new secrets in place of those that are kept.
fn gate_with(
    host: &Host,
    description: &ConnectorDescription,
    integration: &Integration,
    given: &[(String, SecretText)],
) -> Result<Arc<Gate>> {
    let mut filled = integration.clone();
    config::fill_in(host.archive(), description, &mut filled.settings)?;
    // One that is replaced need not open: giving it again is what its error asks for.
    let mut secrets = host.secrets_but(integration.id, |key| given.iter().any(|(given, _)| given == key))?;
    for (key, secret) in given {
        secrets.insert(
            key.clone(),
            dovetail_gate::Secret::new(key, secret.expose().to_owned())?,
        );
    }
    let granted = Granted::to(host.archive(), &description.name)?;
    Ok(Arc::new(build_gate(&filled, description, &granted, secrets)?))
}
