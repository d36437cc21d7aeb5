//! Names of the PSA's records become links to documentation records, by id.

use dovetail_domain::mapping::Draft;
use dovetail_domain::{AssetId, IntegrationId, Kind, PartRef, Record, Reference, SourceId, SyncState, Value};
use dovetail_store::{Archive, StoreError};

/// Where a record belongs.
pub(crate) enum Owner {
    /// To nobody: it is an organization, or it names none.
    Nobody,
    /// To this organization of the documentation.
    Asset(AssetId),
    /// To one that is not in the documentation through this integration.
    Unknown(SourceId),
}

/// Finds the organization a draft belongs to. One that is orphaned or switched off counts as not there: what stands
/// under it follows it.
pub(crate) fn owner(
    archive: &Archive,
    integration: IntegrationId,
    draft: &Draft,
) -> Result<Owner, StoreError> {
    let Some(organization) = &draft.organization else {
        return Ok(Owner::Nobody);
    };
    let known = match archive.by_source(integration, Kind::Organization, &organization.id)? {
        Some(id) => archive.brief(Kind::Organization, id)?,
        None => None,
    };
    Ok(match known {
        Some(brief) if brief.link == Some((integration, SyncState::Enabled)) => Owner::Asset(brief.id),
        _ => Owner::Unknown(organization.id.clone()),
    })
}

/// The organization whose locations and contacts a record can point at: itself where it is one, the one that a person
/// holds it in, or the one that the PSA has it in.
pub(crate) fn within(organization: Option<AssetId>, known: Option<&Record>) -> Option<AssetId> {
    match known {
        Some(known) if known.kind == Kind::Organization => Some(known.id),
        Some(known) if known.holds_part(PartRef::Organization) => known.organization,
        _ => organization,
    }
}

/// Turns the references of a draft into links. One that points at a location or contact of another organization is
/// emptied: a configuration's contact is linked only where it belongs to the same company. [`within`] says which organization
/// counts. For an organization that is not here yet such links stay open until everything is read.
pub(crate) fn references(
    archive: &Archive,
    integration: IntegrationId,
    within: Option<AssetId>,
    draft: &mut Draft,
) -> Result<(), StoreError> {
    for (_, value) in &mut draft.fields {
        if let Value::Reference(link) = value
            && !settle(archive, integration, within, link)?
        {
            *value = Value::Absent;
        }
    }
    Ok(())
}

/// Finds a link's target; false where it belongs to another organization. A target that is not there leaves the link
/// without an id.
pub(crate) fn settle(
    archive: &Archive,
    integration: IntegrationId,
    within: Option<AssetId>,
    link: &mut Reference,
) -> Result<bool, StoreError> {
    let Some(source) = &link.source else {
        return Ok(true);
    };
    link.asset = archive.by_source(integration, link.kind, source)?;
    let follows = matches!(link.kind, Kind::Location | Kind::Contact | Kind::Configuration);
    let (Some(asset), true) = (link.asset, follows) else {
        return Ok(true);
    };
    let owner = archive
        .brief(link.kind, asset)?
        .and_then(|brief| brief.organization);
    match within {
        None => link.asset = None,
        Some(_) if owner == within || owner.is_none() => {}
        Some(_) => return Ok(false),
    }
    Ok(true)
}
