//! `integration export`: everything about an integration that another home could take up, into one file. Nothing here
//! changes, and the PSA is not asked.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use dovetail_domain::{AssetId, Choice, Integration, IntegrationName, Kind, Record};
use dovetail_store::{Archive, Filter, table};
use dovetail_sync::witnesses;

use super::content::{
    AssetCarried, Carried, ChoiceCarried, Entry, LayerCarried, LayersCarried, LinkCarried, Named,
    PolicyCarried,
};
use super::file;
use crate::answer::{Answer, Exported};
use crate::caller::Caller;
use crate::host::Host;
use crate::passphrase::{self, Asked};
use crate::upkeep::{aside, refuse_existing};
use crate::{SecretText, config, integrations, mappings, problem::Result};

/// Records that are read at once.
const PAGE: usize = 1_000;

pub(crate) async fn export(
    host: &Arc<Host>,
    name: &IntegrationName,
    path: PathBuf,
    passphrase: Option<SecretText>,
    caller: &dyn Caller,
) -> Result<Answer> {
    let archive = host.archive();
    let integration = integrations::find(archive, name)?;
    refuse_existing(&path)?;
    let passphrase = passphrase::of(passphrase, Asked::Twice, caller).await?;
    let connector = host.shelf().connector(archive, &integration.connector).await?;
    let carried = Carried {
        name: integration.name.clone(),
        connector: integration.connector.clone(),
        settings: integration.settings.clone(),
        defaults: config::defaults(archive, connector.description())?,
        network: integration.network.clone(),
        sync: integration.sync.clone(),
        paused: integration.paused,
        witnesses: match witnesses(archive, integration.id, connector.description())? {
            // It came from a file itself and has not run yet.
            none if none.is_empty() => integration.unproven.clone().unwrap_or_default(),
            found => found,
        },
    };
    let layers = layers(host, &integration).await?;
    let kept = table::SECRETS.list_under(archive.store(), &integration.id)?;
    let secrets = kept.into_iter().map(|((_, key), _)| key).collect();
    let host = Arc::clone(host);
    aside(move || {
        let mut exported = Exported {
            name: integration.name.to_string(),
            file: path.clone(),
            bytes: 0,
            links: BTreeMap::new(),
            layers: layers.iter().map(|place| place.layers.len() as u64).sum(),
            policies: 0,
            choices: 0,
            secrets,
        };
        exported.bytes = file::write(&path, &passphrase, |writer| {
            writer.entry(&Entry::Integration(Box::new(carried)))?;
            for place in layers {
                writer.entry(&Entry::Layers(place))?;
            }
            for policy in policies(host.archive(), &integration)? {
                exported.policies += 1;
                writer.entry(&Entry::Policy(policy))?;
            }
            let mut records = Records::of(host.archive());
            for ((_, kind, source), chosen) in
                table::CHOICES.list_under(host.archive().store(), &integration.id)?
            {
                let asset = match chosen.choice {
                    Choice::Asset(id) => records.by_id(kind, id)?,
                    Choice::New | Choice::Ignored => None,
                };
                exported.choices += 1;
                writer.entry(&Entry::Choice(ChoiceCarried {
                    kind,
                    source,
                    chosen,
                    asset,
                }))?;
            }
            records.linked(&integration, |kind, link| {
                *exported.links.entry(kind).or_default() += 1;
                writer.entry(&Entry::Link(link))
            })
        })?;
        Ok(Answer::Exported(exported))
    })
    .await
}

/// The mapping layers of every place, with the plugins as they are here.
async fn layers(host: &Host, integration: &Integration) -> Result<Vec<LayersCarried>> {
    let archive = host.archive();
    let mut places = Vec::new();
    for ((_, place), kept) in mappings::LAYERS.list_under(archive.store(), &integration.id)? {
        let organization = match place {
            Some(id) => match archive.record(Kind::Organization, id)? {
                Some(record) => Some(Named::of(&record)),
                // It is gone, and its layers with it.
                None => continue,
            },
            None => None,
        };
        let mut layers = Vec::with_capacity(kept.len());
        for layer in kept {
            let found = host.shelf().find(archive, &layer.plugin).await.ok().flatten();
            layers.push(LayerCarried {
                version: found.as_ref().map(|found| found.plugin.version().to_owned()),
                digest: found.map(|found| found.inspection.digest),
                layer,
            });
        }
        places.push(LayersCarried { organization, layers });
    }
    Ok(places)
}

/// Who wins where a person said so.
fn policies(archive: &Archive, integration: &Integration) -> Result<Vec<PolicyCarried>> {
    let mut policies = Vec::new();
    for ((_, place, (kind, field)), policy) in table::POLICIES.list_under(archive.store(), &integration.id)? {
        let organization = match place {
            Some(id) => match archive.record(Kind::Organization, id)? {
                Some(record) => Some(Named::of(&record)),
                // It is gone, and what was said of it with it.
                None => continue,
            },
            None => None,
        };
        policies.push(PolicyCarried {
            organization,
            kind,
            field,
            policy,
        });
    }
    Ok(policies)
}

/// Records as they are named in the file.
struct Records<'a> {
    archive: &'a Archive,
    organizations: HashMap<AssetId, Option<Named>>,
}

impl<'a> Records<'a> {
    fn of(archive: &'a Archive) -> Records<'a> {
        Records {
            archive,
            organizations: HashMap::new(),
        }
    }

    fn carried(&mut self, record: &Record) -> Result<AssetCarried> {
        let organization = match record.organization {
            None => None,
            Some(id) => match self.organizations.get(&id) {
                Some(known) => known.clone(),
                None => {
                    let found = self.archive.record(Kind::Organization, id)?;
                    let named = found.as_ref().map(Named::of);
                    self.organizations.insert(id, named.clone());
                    named
                }
            },
        };
        Ok(AssetCarried {
            named: Named::of(record),
            organization,
        })
    }

    fn by_id(&mut self, kind: Kind, id: AssetId) -> Result<Option<AssetCarried>> {
        let record = self.archive.record(kind, id)?;
        record.map(|record| self.carried(&record)).transpose()
    }

    /// Every connection of an integration, organizations first.
    fn linked(
        &mut self,
        integration: &Integration,
        mut take: impl FnMut(Kind, LinkCarried) -> Result<()>,
    ) -> Result<()> {
        let filter = Filter {
            integration: Some(integration.id),
            ..Filter::default()
        };
        for kind in Kind::ALL {
            let mut after = None;
            loop {
                let listed = self.archive.list(kind, &filter, after, PAGE)?;
                for record in &listed.records {
                    let asset = self.carried(record)?;
                    let Some(link) = &record.link else { continue };
                    let link = LinkCarried {
                        kind,
                        source: link.source.clone(),
                        asset,
                        by: link.by,
                        state: link.state,
                    };
                    take(kind, link)?;
                }
                match listed.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }
}
