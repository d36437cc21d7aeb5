//! What the commands that concern both directions share: the integration that has a say in a record, its rules, and what
//! can be made in its PSA.

use std::sync::Arc;

use dovetail_domain::connector::ConnectorDescription;
use dovetail_domain::{Integration, IntegrationId, Kind, Part, Record, SyncState};
use dovetail_store::{RunTrigger, Step, table};
use dovetail_sync::{Eligible, Rules};

use crate::dispatch::{Reach, begin_runs, enqueue};
use crate::host::Host;
use crate::{mappings, problem::Result};

/// The integration that has a say in a record, or in whose PSA it would be made.
pub(crate) struct Shared {
    pub(crate) integration: Integration,
    pub(crate) connector: ConnectorDescription,
    pub(crate) rules: Rules,
    pub(crate) eligible: Eligible,
}

impl Shared {
    /// Looks at an integration: its mapping is tried there and back where that has not been done yet.
    pub(crate) async fn of(host: &Host, integration: Integration) -> Result<Shared> {
        let archive = host.archive();
        let connector = host.shelf().connector(archive, &integration.connector).await?;
        let connector = connector.description().clone();
        let layers = mappings::stack(host, &integration).await?.layers;
        let rules = Rules::proved(archive, &integration, &connector, &layers, host.clock()).await?;
        let eligible = Eligible::read(archive, &integration, &connector)?;
        Ok(Shared {
            integration,
            connector,
            rules,
            eligible,
        })
    }

    /// The one that has a say in a record that is there or is to be made; none where no PSA has.
    pub(crate) async fn concerning(host: &Host, record: &Record) -> Result<Option<Shared>> {
        match integration_of(host, record)? {
            Some(integration) => Ok(Some(Shared::of(host, integration).await?)),
            None => Ok(None),
        }
    }

    /// The one in whose PSA a record is, or was until it left.
    pub(crate) async fn connected(host: &Host, record: &Record) -> Result<Option<Shared>> {
        let Some(link) = &record.link else {
            return Ok(None);
        };
        match host.archive().get(&table::INTEGRATIONS, &link.integration)? {
            Some(integration) => Ok(Some(Shared::of(host, integration).await?)),
            None => Ok(None),
        }
    }

    /// Has the outbox know that a person changed a record.
    pub(crate) fn mark(
        &self,
        host: &Host,
        step: &mut Step,
        record: &Record,
        chosen: Option<Part>,
    ) -> Result<()> {
        let (rules, eligible) = (&self.rules, &self.eligible);
        let id = self.integration.id;
        Ok(dovetail_sync::mark(
            host.archive(),
            step,
            id,
            record,
            rules,
            eligible,
            chosen,
        )?)
    }
}

fn integration_of(host: &Host, record: &Record) -> Result<Option<Integration>> {
    let archive = host.archive();
    let by_id = |id: IntegrationId| archive.get(&table::INTEGRATIONS, &id);
    if let Some(link) = &record.link {
        return Ok(match link.state {
            SyncState::Enabled | SyncState::Held => by_id(link.integration)?,
            SyncState::Disabled | SyncState::Orphaned => None,
        });
    }
    if let Some(organization) = record.organization {
        let Some(organization) = archive.record(Kind::Organization, organization)? else {
            return Ok(None);
        };
        // Either its organization is in the PSA, or it is about to be made there.
        return match &organization.link {
            Some(link) if link.state == SyncState::Enabled => Ok(by_id(link.integration)?),
            Some(_) => Ok(None),
            None => integration_of(host, &organization),
        };
    }
    // Which PSA a new organization is for is clear only where one takes edits of them.
    let sends = |integration: &Integration| integration.sync.is_two_way(Kind::Organization);
    let all = archive.rows(&table::INTEGRATIONS)?;
    let mut sending = all.into_iter().map(|(_, integration)| integration).filter(sends);
    Ok(match (record.kind, sending.next(), sending.next()) {
        (Kind::Organization, Some(one), None) => Some(one),
        _ => None,
    })
}

/// Has what waits sent at once where a server is on; without one the next run does it.
pub(crate) fn send_soon(host: &Arc<Host>, integration: &Integration) -> Result<()> {
    // An integration that stopped for a refusal tries nothing again by itself.
    if host.dispatch().serving() && integration.sync.saved && integration.trouble.is_none() {
        enqueue(host, integration.id, RunTrigger::Edit, Reach::PUSH)?;
        begin_runs(host)?;
    }
    Ok(())
}

/// Takes away what is kept of the way back to an integration's PSA.
pub(crate) fn forget(host: &Host, id: IntegrationId, step: &mut Step) -> Result<()> {
    let store = host.archive().store();
    step.delete_under(store, &table::OUTBOX, &id)?;
    step.delete_under(store, &table::CONFLICTS, &id)?;
    step.delete_under(store, &table::MOTIONS, &id)?;
    step.delete_under(store, &table::POLICIES, &id)?;
    step.delete(&table::laws::<serde_json::Value>(), &id);
    Ok(())
}
