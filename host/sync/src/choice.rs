//! What persons said about records of the PSA, as a run needs it. A choice is kept apart from the record it is about, so
//! that every later run, and the first one after everything was taken back, finds it.

use std::collections::{HashMap, HashSet};

use dovetail_domain::record::MatchedBy;
use dovetail_domain::{AssetId, Choice, Chosen, IntegrationId, Kind, Record, SourceId, SyncState};
use dovetail_store::{Archive, Step, StoreError, table};

use crate::orphan;

/// Everything that was chosen for an integration.
#[derive(Default)]
pub(crate) struct Choices {
    by_source: HashMap<(Kind, SourceId), Choice>,
    /// Records of the documentation that a person gave to a record of the PSA: no rule gives them to another.
    given: HashSet<(Kind, AssetId)>,
}

impl Choices {
    /// Reads them.
    pub(crate) fn read(archive: &Archive, integration: IntegrationId) -> Result<Choices, StoreError> {
        let mut choices = Choices::default();
        for ((_, kind, source), chosen) in table::CHOICES.list_under(archive.store(), &integration)? {
            if let Choice::Asset(asset) = chosen.choice {
                choices.given.insert((kind, asset));
            }
            choices.by_source.insert((kind, source), chosen.choice);
        }
        Ok(choices)
    }

    /// What a record of the PSA is, where a person said so.
    pub(crate) fn of(&self, kind: Kind, source: &SourceId) -> Option<Choice> {
        // Most integrations have none, and a key to look up costs a copy.
        if self.by_source.is_empty() {
            return None;
        }
        self.by_source.get(&(kind, source.clone())).copied()
    }

    /// Whether a person gave a record of the documentation to a record of the PSA.
    pub(crate) fn has_given(&self, kind: Kind, asset: AssetId) -> bool {
        self.given.contains(&(kind, asset))
    }
}

/// Remembers that the PSA's record which a record is connected with does not come in again by itself, and why.
pub fn ignore(archive: &Archive, step: &mut Step, record: &Record, why: String) -> Result<(), StoreError> {
    let Some(link) = &record.link else { return Ok(()) };
    let key = (link.integration, record.kind, link.source.clone());
    let chosen = Chosen {
        choice: Choice::Ignored,
        name: record.name(),
        why,
        parent: orphan::parent(archive, record.kind, record.id)?,
    };
    step.put(&table::CHOICES, &key, &chosen)
}

/// What a record of the PSA is connected with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    asset: AssetId,
    by: MatchedBy,
    state: SyncState,
}

/// Whether everything is as was chosen.
fn is_done(choice: Choice, standing: Option<Standing>) -> bool {
    match (choice, standing) {
        (Choice::Asset(asset), Some(standing)) => standing.asset == asset,
        (Choice::New, Some(standing)) => {
            standing.by == MatchedBy::Created && standing.state != SyncState::Orphaned
        }
        (Choice::Ignored, Some(standing)) => standing.state != SyncState::Enabled,
        (Choice::Asset(_) | Choice::New, None) => false,
        (Choice::Ignored, None) => true,
    }
}

/// A record of the PSA that is to be read by its id, with the id of what it stands under.
pub(crate) type Wanted = (SourceId, Option<SourceId>);

/// Records of a kind about which something was chosen that no run has done yet. A run that reads only what changed asks
/// for them.
pub(crate) fn undone(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
) -> Result<Vec<Wanted>, StoreError> {
    let mut undone = Vec::new();
    for ((_, of, source), chosen) in table::CHOICES.list_under(archive.store(), &integration)? {
        if of != kind {
            continue;
        }
        let record = archive.record_by_source(integration, kind, &source)?;
        let standing = record.and_then(|record| {
            let link = record.link?;
            Some(Standing {
                asset: record.id,
                by: link.by,
                state: link.state,
            })
        });
        if !is_done(chosen.choice, standing) {
            undone.push((source, chosen.parent));
        }
    }
    Ok(undone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done() {
        let at = |asset, by, state| {
            Some(Standing {
                asset: AssetId(asset),
                by,
                state,
            })
        };
        use Choice::{Asset, Ignored, New};
        use MatchedBy::{Created, Person, Rule};
        use SyncState::{Enabled, Orphaned};
        for (choice, standing, done) in [
            (Asset(AssetId(3)), None, false),
            (Asset(AssetId(3)), at(3, Person, Enabled), true),
            (Asset(AssetId(3)), at(3, Rule, Enabled), true),
            (Asset(AssetId(3)), at(3, Person, Orphaned), true),
            (Asset(AssetId(3)), at(4, Created, Enabled), false),
            (New, None, false),
            (New, at(4, Created, Enabled), true),
            (New, at(4, Created, Orphaned), false),
            (New, at(4, Rule, Enabled), false),
            (New, at(4, Person, Enabled), false),
            (Ignored, None, true),
            (Ignored, at(4, Created, Enabled), false),
            (Ignored, at(4, Rule, Orphaned), true),
        ] {
            assert_eq!(is_done(choice, standing), done, "{choice:?} {standing:?}");
        }
    }
}
