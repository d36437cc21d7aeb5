//! `integration import`: an integration out of a file, attached to the records that are here. The PSA is not asked; before
//! its first run, and by `connect`, the integration is held against it.
//!
//! Everything that could be refused is looked at first. Then links are written, a thousand a step, and last the
//! integration itself with all that belongs to it. Where the process dies in between, links wait under the integration's
//! name as after `remove --keep-data-and-links`, and the same import takes them up.

use std::collections::BTreeMap;
use std::sync::Arc;

use dovetail_domain::{AssetId, Choice, Chosen, Integration, IntegrationId, Link, Record};
use dovetail_gate::vault::VaultPlace;
use dovetail_store::{Step, table};

use super::attach::{Attached, By, Here};
use super::content::{Carried, ChoiceCarried, Content, LayersCarried, LinkCarried, PolicyCarried};
use super::file;
use crate::answer::{Answer, Imported, NotAttached};
use crate::caller::Caller;
use crate::host::Host;
use crate::mappings::{self, LAYERS, LayerKept};
use crate::passphrase::{self, Asked};
use crate::request::IntegrationImport;
use crate::upkeep::aside;
use crate::{Problem, SecretText, config, form, integrations, problem::Result, removal};

/// Links a step.
const BATCH: usize = 1_000;

/// How many connections that found no record are named.
const NAMED: usize = 100;

pub(crate) async fn import(
    host: &Arc<Host>,
    request: IntegrationImport,
    caller: &dyn Caller,
) -> Result<Answer> {
    let archive = host.archive();
    let passphrase = passphrase::of(request.passphrase, Asked::Once, caller).await?;
    let place = VaultPlace::of_home(host.folder().path());
    let file = request.file;
    let content = aside(move || file::read(&file, &place, &passphrase)).await?;
    let name = request.name.unwrap_or_else(|| content.integration.name.clone());
    integrations::refuse_taken(archive, &name)?;
    let connector = host
        .shelf()
        .connector(archive, &content.integration.connector)
        .await?;
    let description = connector.description();
    let defaults = config::defaults(archive, description)?;
    let integration = integration(&content.integration, name, &defaults, host);
    form::check_secrets(description, &request.secrets)?;
    form::check_complete(description, &integration.settings, &defaults)?;
    integrations::origins(archive, description, &integration)?;
    let mut notes = check_layers(host, &content.layers).await?;
    let secrets = integrations::all_secrets(description, request.secrets, caller).await?;
    integrations::check_gate(archive, description, &integration, &secrets)?;
    let host = Arc::clone(host);
    aside(move || {
        let mut imported = take_up(&host, integration, content, &secrets)?;
        notes.append(&mut imported.notes);
        imported.notes = notes;
        Ok(Answer::Imported(imported))
    })
    .await
}

/// The integration as it will be here. Its id comes when it is written.
fn integration(
    carried: &Carried,
    name: dovetail_domain::IntegrationName,
    defaults: &BTreeMap<String, String>,
    host: &Host,
) -> Integration {
    let mut settings = carried.settings.clone();
    for (key, value) in &carried.defaults {
        // What was set for everybody there need not be set here.
        if !defaults.contains_key(key) {
            settings.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    Integration {
        id: IntegrationId(0),
        name,
        connector: carried.connector.clone(),
        settings,
        network: carried.network.clone(),
        sync: carried.sync.clone(),
        paused: carried.paused,
        trouble: None,
        unproven: Some(carried.witnesses.clone()),
        created: host.now(),
    }
}

/// Refuses layers whose plugins are not here or do not take their configuration; what is another version is said.
async fn check_layers(host: &Host, places: &[LayersCarried]) -> Result<Vec<String>> {
    let (mut missing, mut notes) = (Vec::new(), Vec::new());
    for carried in places.iter().flat_map(|place| &place.layers) {
        let plugin = carried.layer.plugin.as_str();
        let version = carried.version.as_deref().unwrap_or("unknown");
        let Some(found) = host.shelf().find(host.archive(), plugin).await? else {
            missing.push(format!("`{plugin}` (version {version})"));
            continue;
        };
        if carried
            .digest
            .as_ref()
            .is_some_and(|digest| *digest != found.inspection.digest)
        {
            notes.push(format!(
                "The mapping `{plugin}` is version {} here and was version {version} where it was exported.",
                found.plugin.version()
            ));
        }
    }
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        return Err(Problem::not_found(
            format!(
                "Mapping plugins it uses are not installed here: {}.",
                missing.join(", ")
            ),
            "Add them with `dovetail plugin add FILE`, then run the command again; nothing was changed.",
        ));
    }
    for place in places {
        let named = place
            .organization
            .as_ref()
            .map(|organization| organization.name.as_str());
        for carried in place.layers.iter().filter(|carried| !carried.layer.optional) {
            mappings::check_layer(host, &carried.layer, named).await?;
        }
    }
    notes.sort_unstable();
    notes.dedup();
    Ok(notes)
}

/// Writes everything.
fn take_up(
    host: &Host,
    mut integration: Integration,
    content: Content,
    secrets: &[(String, SecretText)],
) -> Result<Imported> {
    let archive = host.archive();
    let _changing = host.changing();
    integrations::refuse_taken(archive, &integration.name)?;
    let waiting = removal::take_up(archive, &integration)?;
    integration.id = match waiting {
        Some(id) => id,
        None => integrations::next_id(archive)?,
    };
    let mut step = host.step();
    removal::keep(&integration, &mut step)?;
    archive.commit(step)?;

    let mut here = Here::of(archive, waiting);
    let mut imported = Imported {
        name: integration.name.to_string(),
        links: BTreeMap::new(),
        by_name: 0,
        not_attached: Vec::new(),
        more: 0,
        layers: 0,
        policies: 0,
        choices: 0,
        secrets: secrets.iter().map(|(key, _)| key.clone()).collect(),
        notes: Vec::new(),
    };
    attach(host, integration.id, &content.links, &mut here, &mut imported)?;

    let mut step = host.step();
    put_layers(&integration, content.layers, &mut here, &mut step, &mut imported)?;
    put_policies(
        &integration,
        content.policies,
        &mut here,
        &mut step,
        &mut imported,
    )?;
    put_choices(&integration, content.choices, &mut here, &mut step, &mut imported)?;
    for (key, secret) in secrets {
        host.seal(integration.id, key, secret, &mut step)?;
    }
    if imported.links.is_empty() {
        // Nothing leads anywhere yet.
        integration.unproven = None;
    }
    step.put(&table::INTEGRATIONS, &integration.id, &integration)?;
    removal::forget_kept(&integration.name, &mut step);
    archive.commit(step)?;
    host.forget_gates(Some(integration.id));
    Ok(imported)
}

/// Attaches the links to the records that are here.
fn attach(
    host: &Host,
    integration: IntegrationId,
    links: &[LinkCarried],
    here: &mut Here<'_>,
    imported: &mut Imported,
) -> Result<()> {
    for some in links.chunks(BATCH) {
        let mut step = host.step();
        for link in some {
            match here.attach(link)? {
                Attached::Already => {}
                Attached::To(record, by) => {
                    imported.by_name += u64::from(by == By::Name);
                    let after = Record {
                        link: Some(bare(integration, link)),
                        updated: step.at(),
                        ..(*record).clone()
                    };
                    step.update(&record, after)?;
                }
                Attached::Nowhere(why) => {
                    if imported.not_attached.len() < NAMED {
                        imported.not_attached.push(NotAttached {
                            kind: link.kind,
                            source_id: link.source.to_string(),
                            name: link.asset.named.name.clone(),
                            why: why.to_owned(),
                        });
                    } else {
                        imported.more += 1;
                    }
                    continue;
                }
            }
            *imported.links.entry(link.kind).or_default() += 1;
        }
        host.archive().commit(step)?;
    }
    Ok(())
}

/// A link of which nothing was read yet: the next run takes the PSA's record over as it does when it connects one.
fn bare(integration: IntegrationId, carried: &LinkCarried) -> Link {
    Link {
        integration,
        source: carried.source.clone(),
        version: None,
        state: carried.state,
        by: carried.by,
        shadow: [0; 16],
        source_json: Vec::new(),
    }
}

fn put_layers(
    integration: &Integration,
    places: Vec<LayersCarried>,
    here: &mut Here<'_>,
    step: &mut Step,
    imported: &mut Imported,
) -> Result<()> {
    let mut all: BTreeMap<Option<AssetId>, Vec<LayerKept>> = BTreeMap::new();
    for place in places {
        let organization = match &place.organization {
            None => None,
            Some(named) => match here.organization(named)? {
                Some(id) => Some(id),
                None => {
                    imported.notes.push(format!(
                        "The organization `{}` is not here, so its mapping layers were left out.",
                        named.name
                    ));
                    continue;
                }
            },
        };
        imported.layers += place.layers.len() as u64;
        let layers = place.layers.into_iter().map(|carried| carried.layer);
        all.entry(organization).or_default().extend(layers);
    }
    for (organization, layers) in all {
        step.put(&LAYERS, &(integration.id, organization), &layers)?;
    }
    Ok(())
}

fn put_policies(
    integration: &Integration,
    policies: Vec<PolicyCarried>,
    here: &mut Here<'_>,
    step: &mut Step,
    imported: &mut Imported,
) -> Result<()> {
    for carried in policies {
        let place = match &carried.organization {
            None => None,
            Some(named) => match here.organization(named)? {
                Some(id) => Some(id),
                None => {
                    imported.notes.push(format!(
                        "The organization `{}` is not here, so its policy for {}.{} was left out.",
                        named.name, carried.kind, carried.field
                    ));
                    continue;
                }
            },
        };
        imported.policies += 1;
        let key = (integration.id, place, (carried.kind, carried.field));
        step.put(&table::POLICIES, &key, &carried.policy)?;
    }
    Ok(())
}

fn put_choices(
    integration: &Integration,
    choices: Vec<ChoiceCarried>,
    here: &mut Here<'_>,
    step: &mut Step,
    imported: &mut Imported,
) -> Result<()> {
    for carried in choices {
        let ChoiceCarried {
            kind,
            source,
            chosen,
            asset,
        } = carried;
        let choice = match (chosen.choice, asset) {
            (Choice::Asset(_), Some(asset)) => match here.find(kind, &asset)? {
                Ok((id, _)) => Some(Choice::Asset(id)),
                Err(_) => None,
            },
            (Choice::Asset(_), None) => None,
            (said, _) => Some(said),
        };
        let Some(choice) = choice else {
            imported.notes.push(format!(
                "What was said of {kind} {source}, {}, names a record that is not here and was left out.",
                chosen.name
            ));
            continue;
        };
        imported.choices += 1;
        let key = (integration.id, kind, source);
        step.put(&table::CHOICES, &key, &Chosen { choice, ..chosen })?;
    }
    Ok(())
}
