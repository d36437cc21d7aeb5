//! `asset list` and `asset show`: records as people and programs see them.

use std::collections::BTreeMap;

use dovetail_domain::{AssetId, IntegrationId, IntegrationName, Kind, Record};
use dovetail_store::{Archive, Filter, Wanted, table};

use crate::answer::{Answer, Asset, AssetPage, AssetSource, Named};
use crate::host::Host;
use crate::integrations;
use crate::request::AssetQuery;
use crate::{Problem, problem::Result};

/// Records in one answer. A caller who wants more asks again behind the last.
pub(crate) const PAGE: usize = 500;

pub(crate) fn list(host: &Host, query: &AssetQuery) -> Result<Answer> {
    let archive = host.archive();
    let integration = match &query.integration {
        Some(name) => Some(integrations::find_id(archive, name)?),
        None => None,
    };
    let organization = match &query.organization {
        Some(text) => Some(organization(archive, text)?.id),
        None => None,
    };
    let wanted = |(field, value): &(String, String)| Wanted::parse(query.kind, &format!("{field}={value}"));
    let filter = Filter {
        integration,
        organization,
        state: None,
        wanted: query.filters.iter().map(wanted).collect::<Result<_, _>>()?,
    };
    let limit = query.limit.unwrap_or(usize::MAX).min(PAGE);
    let listed = archive.list(query.kind, &filter, query.after, limit)?;
    let more = match listed.next {
        Some(_) if query.count => archive
            .count(query.kind, &filter)?
            .saturating_sub(listed.records.len() as u64),
        _ => 0,
    };
    let mut showing = Showing::new(archive)?;
    let records = listed
        .records
        .iter()
        .map(|record| showing.asset(record))
        .collect::<Result<_>>()?;
    Ok(Answer::Assets(AssetPage {
        kind: query.kind,
        records,
        next: listed.next,
        more,
    }))
}

pub(crate) fn show(host: &Host, kind: Kind, id: AssetId) -> Result<Answer> {
    let Some(record) = host.archive().record(kind, id)? else {
        return Err(unknown(kind, id));
    };
    Showing::new(host.archive())?.asset(&record).map(Answer::Asset)
}

/// A kind of which records belong to an organization; none where nothing does.
pub(crate) fn kind_below(archive: &Archive, organization: AssetId) -> Result<Option<Kind>> {
    for kind in Kind::ALL {
        if !archive
            .briefs(kind, None, Some(organization), None, 1)?
            .is_empty()
        {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

pub(crate) fn unknown(kind: Kind, id: AssetId) -> Problem {
    Problem::not_found(
        format!("There is no {kind} {id}."),
        format!("`dovetail asset list {kind}` lists those there are."),
    )
}

/// The organization of that id or name.
pub(crate) fn organization(archive: &Archive, text: &str) -> Result<Record> {
    if let Ok(id) = text.parse::<AssetId>()
        && let Some(record) = archive.record(Kind::Organization, id)?
    {
        return Ok(record);
    }
    let mut found = archive.named(Kind::Organization, text, None)?;
    match (found.pop(), found.is_empty()) {
        (Some(record), true) => Ok(record),
        (Some(record), false) => {
            let ids: Vec<String> = found
                .iter()
                .chain([&record])
                .map(|record| record.id.to_string())
                .collect();
            Err(Problem::new(
                dovetail_domain::Code::Ambiguous,
                format!("{} organizations are called `{text}`.", ids.len()),
                format!("Name the one that is meant by its id: {}.", ids.join(", ")),
            ))
        }
        (None, _) => Err(Problem::not_found(
            format!("There is no organization `{text}`."),
            "`dovetail asset list organization` lists those there are.",
        )),
    }
}

/// Turns records into what is shown, remembering the names it looked up.
pub(crate) struct Showing<'a> {
    archive: &'a Archive,
    integrations: BTreeMap<IntegrationId, IntegrationName>,
    organizations: BTreeMap<AssetId, String>,
}

impl<'a> Showing<'a> {
    pub(crate) fn new(archive: &'a Archive) -> Result<Showing<'a>> {
        Ok(Showing {
            archive,
            integrations: integrations::names(archive)?,
            organizations: BTreeMap::new(),
        })
    }

    pub(crate) fn asset(&mut self, record: &Record) -> Result<Asset> {
        let organization = match record.organization {
            Some(id) => Some(Named {
                id: id.to_string(),
                name: self.organization(id)?,
            }),
            None => None,
        };
        let traits = record.traits.iter().map(|(name, json)| {
            // What is kept was checked to be JSON; where it is not, its text says more than nothing.
            let value = serde_json::from_str(json).unwrap_or_else(|_| json.clone().into());
            (name.clone(), value)
        });
        let fields = record
            .fields
            .iter()
            .map(|(field, value)| (field.to_string(), value.to_json()));
        Ok(Asset {
            id: record.id.to_string(),
            kind: record.kind,
            name: record.name(),
            organization,
            fields: fields.collect(),
            traits: traits.collect(),
            sync: record.link.as_ref().map(|link| link.state),
            source: record.link.as_ref().map(|link| AssetSource {
                integration: self.integrations.get(&link.integration).map(ToString::to_string),
                id: link.source.to_string(),
                updated: link.version,
            }),
            pending: self.is_pending(record)?,
            conflict: self.is_contested(record)?,
            held: record.holds().map(|hold| hold.to_string()).collect(),
            updated: record.updated,
        })
    }

    /// Whether something of a record waits to be sent. Where it is to be made, which PSA it waits for stands in the outbox
    /// only.
    fn is_pending(&self, record: &Record) -> Result<bool> {
        let linked = record.link.as_ref().map(|link| link.integration);
        let all = self.integrations.keys().copied();
        for integration in linked.map_or_else(|| all.collect::<Vec<_>>(), |linked| vec![linked]) {
            let key = (integration, record.kind, record.id);
            if self.archive.get(&table::OUTBOX, &key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a person has to choose something of a record.
    fn is_contested(&self, record: &Record) -> Result<bool> {
        let Some(link) = &record.link else {
            return Ok(false);
        };
        let key = (link.integration, record.kind, record.id);
        Ok(self.archive.get(&table::CONFLICTS, &key)?.is_some())
    }

    fn organization(&mut self, id: AssetId) -> Result<String> {
        if let Some(name) = self.organizations.get(&id) {
            return Ok(name.clone());
        }
        let record = self.archive.record(Kind::Organization, id)?;
        let name = record.map(|record| record.name()).unwrap_or_default();
        self.organizations.insert(id, name.clone());
        Ok(name)
    }
}
