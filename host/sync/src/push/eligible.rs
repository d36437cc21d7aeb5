//! Which records of the documentation's own are made in the PSA: those of a kind that is sent and can be made there, in an
//! organization that is kept in step, with a type and a status that are selected. What would not come in would be an orphan
//! the moment it was made.

use std::collections::{BTreeMap, BTreeSet};

use dovetail_domain::connector::{Choice, ConnectorDescription, GroupOption, SettingGroup, group_field};
use dovetail_domain::{Field, Integration, IntegrationId, Kind, Record, SourceId, SyncState, Value};
use dovetail_store::{Archive, StoreError, table};

use crate::setup::Setup;

/// What may be made in the PSA of an integration.
pub struct Eligible {
    integration: IntegrationId,
    creates: BTreeSet<Kind>,
    groups: BTreeMap<Kind, Vec<Group>>,
}

/// A settings group: the field its labels stand in, and those that are selected.
struct Group {
    field: Field,
    /// None is every one, and none at all.
    labels: Option<BTreeSet<String>>,
}

impl Eligible {
    /// What may be made in the PSA of a run's integration.
    pub(crate) fn of(setup: &Setup) -> Result<Eligible, StoreError> {
        Eligible::read(&setup.archive, &setup.integration, setup.connector.description())
    }

    /// What may be made in the PSA of an integration.
    pub fn read(
        archive: &Archive,
        integration: &Integration,
        connector: &ConnectorDescription,
    ) -> Result<Eligible, StoreError> {
        let sync = &integration.sync;
        let makes = |kind: &Kind| {
            let ability = connector.ability(*kind);
            sync.is_two_way(*kind)
                && sync.wants(*kind, connector)
                && ability.is_some_and(|ability| ability.creates)
        };
        let mut groups: BTreeMap<Kind, Vec<Group>> = BTreeMap::new();
        for group in &connector.groups {
            if let Some(field) = group_field(group.kind, &group.id) {
                let labels = selected(archive, integration, group)?;
                groups
                    .entry(group.kind)
                    .or_default()
                    .push(Group { field, labels });
            }
        }
        Ok(Eligible {
            integration: integration.id,
            creates: Kind::ALL.into_iter().filter(makes).collect(),
            groups,
        })
    }

    /// Whether a record is made in the PSA.
    pub fn admits(&self, archive: &Archive, record: &Record) -> Result<bool, StoreError> {
        if !self.creates.contains(&record.kind) {
            return Ok(false);
        }
        let mut groups = self.groups.get(&record.kind).into_iter().flatten();
        let is_selected = groups.all(|group| match &group.labels {
            None => true,
            Some(selected) => {
                let labels = labels(record.get(group.field));
                !labels.is_empty() && labels.iter().all(|label| selected.contains(*label))
            }
        });
        Ok(is_selected
            && (record.kind == Kind::Organization
                || self.parent(archive, record)?.is_some()
                || self.awaits_parent(archive, record)?))
    }

    /// Whether what a record stands under is still to be made in the PSA.
    pub(crate) fn awaits_parent(&self, archive: &Archive, record: &Record) -> Result<bool, StoreError> {
        let Some(organization) = record.organization else {
            return Ok(false);
        };
        let key = (self.integration, Kind::Organization, organization);
        let is_linked = archive.source(Kind::Organization, organization)?.is_some();
        Ok(!is_linked && archive.get(&table::OUTBOX, &key)?.is_some())
    }

    /// The PSA's id of what a record stands under, where that is kept in step.
    pub(crate) fn parent(&self, archive: &Archive, record: &Record) -> Result<Option<SourceId>, StoreError> {
        let Some(organization) = record.organization else {
            return Ok(None);
        };
        let brief = archive.brief(Kind::Organization, organization)?;
        let linked = brief.and_then(|brief| brief.link);
        match linked == Some((self.integration, SyncState::Enabled)) {
            true => archive.source(Kind::Organization, organization),
            false => Ok(None),
        }
    }
}

fn selected(
    archive: &Archive,
    integration: &Integration,
    group: &SettingGroup,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    let Choice::These(ids) = integration.sync.choice(&group.id) else {
        return Ok(None);
    };
    let key = (integration.id, group.id.clone());
    let options = archive
        .get(&table::options::<Vec<GroupOption>>(), &key)?
        .unwrap_or_default();
    let chosen = options.into_iter().filter(|option| ids.contains(&option.id));
    Ok(Some(chosen.map(|option| option.label).collect()))
}

fn labels(value: &Value) -> Vec<&str> {
    match value {
        Value::Texts(labels) => labels.iter().map(String::as_str).collect(),
        value => value
            .as_text()
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect(),
    }
}
