//! What records of the PSA are here: connected by a rule or a person, made anew, waiting for a person, not wanted. What
//! could be meant by a record that is new or waits is suggested with a score, and never taken by itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use dovetail_domain::likeness::Sketch;
use dovetail_domain::mapping::Draft;
use dovetail_domain::record::MatchedBy;
use dovetail_domain::{AssetId, Choice, Chosen, IntegrationId, Kind, Record, SourceId, SyncState};
use dovetail_store::{Archive, Brief, StoreError, table};
use serde::{Deserialize, Serialize};

use crate::ledger::Waiting;

/// How many records are suggested for one.
const SUGGESTED: usize = 3;
/// Records read at a time.
const READ_AHEAD: usize = 1_000;
/// So many records that share a mark say nothing any more: every third company is called "The …".
const COMMON: usize = 200;

/// What a record of the PSA is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchState {
    /// It waits until a person says which record it is.
    Ambiguous,
    /// It is, or becomes, a record of its own.
    New,
    /// It is, or becomes, one that was there.
    Matched,
    /// A person does not want it.
    Ignored,
}

/// A record of the documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchAsset {
    /// Its id.
    pub id: AssetId,
    /// What a person calls it.
    pub name: String,
}

impl From<&Record> for MatchAsset {
    fn from(record: &Record) -> MatchAsset {
        MatchAsset {
            id: record.id,
            name: record.name(),
        }
    }
}

/// A record that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Which.
    pub asset: MatchAsset,
    /// How alike they are, up to 99; 100 where the standard rule holds them equal.
    pub score: u8,
    /// What speaks for it.
    pub why: String,
}

/// A record of the PSA and what it is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRow {
    /// Its kind.
    pub kind: Kind,
    /// The PSA's id.
    pub source_id: SourceId,
    /// What a person calls it.
    pub source_name: String,
    /// What it is here.
    pub state: MatchState,
    /// The record it is connected with, or will be.
    pub asset: Option<MatchAsset>,
    /// Who connected it.
    pub by: Option<MatchedBy>,
    /// Records that may be meant, the likeliest first.
    pub suggestions: Vec<Suggestion>,
    /// Whether a run has still to do it.
    pub pending: bool,
}

type Rows = BTreeMap<(Kind, SourceId), MatchRow>;

/// Every record of the PSA that an integration knows, those that need a person first, of one kind where one is wanted.
pub fn matches(
    archive: &Archive,
    integration: IntegrationId,
    wanted: Option<Kind>,
) -> Result<Vec<MatchRow>, StoreError> {
    let mut rows = Rows::new();
    let kinds = Kind::ALL
        .into_iter()
        .filter(|kind| *kind != Kind::Ticket && wanted.is_none_or(|wanted| wanted == *kind));
    let kinds: Vec<Kind> = kinds.collect();
    for kind in &kinds {
        connected(archive, integration, *kind, &mut rows)?;
    }
    let waiting = table::waiting::<Waiting>().list_under(archive.store(), &integration)?;
    for ((_, kind, source), row) in waiting {
        if kinds.contains(&kind) {
            rows.insert((kind, source.clone()), waits(archive, kind, source, row)?);
        }
    }
    for ((_, kind, source), row) in table::reviewed::<MatchRow>().list_under(archive.store(), &integration)? {
        if kinds.contains(&kind) {
            rows.insert((kind, source), row);
        }
    }
    let choices = table::CHOICES.list_under(archive.store(), &integration)?;
    for ((_, kind, source), chosen) in choices {
        // Tickets are matched with nothing, but one may be not wanted.
        if kinds.contains(&kind) || wanted == Some(kind) || (wanted.is_none() && kind == Kind::Ticket) {
            let before = rows.remove(&(kind, source.clone()));
            rows.insert(
                (kind, source.clone()),
                as_chosen(archive, kind, source, &chosen, before)?,
            );
        }
    }
    let mut rows: Vec<MatchRow> = rows.into_values().collect();
    rows.sort_by_key(|row| (row.state, row.suggestions.is_empty()));
    Ok(rows)
}

/// Records that are connected. What is free and like one that was made anew is suggested.
fn connected(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
    rows: &mut Rows,
) -> Result<(), StoreError> {
    let pool = Pool::of(archive, kind)?;
    each(
        archive,
        kind,
        Some(integration),
        |_| true,
        |record| {
            let Some(link) = record
                .link
                .as_ref()
                .filter(|link| link.integration == integration)
            else {
                return;
            };
            let (state, suggestions) = match link.by {
                MatchedBy::Created => {
                    let sketch = Sketch::of(kind, |field| record.get(field));
                    (
                        MatchState::New,
                        pool.suggest(record.organization, &sketch, Some(record.id)),
                    )
                }
                MatchedBy::Rule | MatchedBy::Person => (MatchState::Matched, Vec::new()),
            };
            let row = MatchRow {
                kind,
                source_id: link.source.clone(),
                source_name: record.name(),
                state,
                asset: Some(MatchAsset::from(&record)),
                by: Some(link.by),
                suggestions,
                pending: false,
            };
            rows.insert((kind, link.source.clone()), row);
        },
    )
}

/// Does `each` with every record of a kind that is wanted, of an integration where one is given.
fn each(
    archive: &Archive,
    kind: Kind,
    integration: Option<IntegrationId>,
    is_wanted: fn(&Brief) -> bool,
    mut each: impl FnMut(Record),
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let briefs = archive.briefs(kind, integration, None, after, READ_AHEAD)?;
        let Some(last) = briefs.last() else { return Ok(()) };
        after = Some(last.id);
        for brief in briefs.iter().filter(|brief| is_wanted(brief)) {
            if let Some(record) = archive.record(kind, brief.id)? {
                each(record);
            }
        }
    }
}

fn waits(archive: &Archive, kind: Kind, source: SourceId, row: Waiting) -> Result<MatchRow, StoreError> {
    let mut suggestions = Vec::new();
    for id in row.candidates {
        if let Some(record) = archive.record(kind, id)? {
            suggestions.push(Suggestion {
                asset: MatchAsset::from(&record),
                score: 100,
                why: row.why.clone(),
            });
        }
    }
    Ok(MatchRow {
        kind,
        source_id: source,
        source_name: row.name,
        state: MatchState::Ambiguous,
        asset: None,
        by: None,
        suggestions,
        pending: false,
    })
}

/// A row as a person chose it to be; `before` is the row as it is.
fn as_chosen(
    archive: &Archive,
    kind: Kind,
    source: SourceId,
    chosen: &Chosen,
    before: Option<MatchRow>,
) -> Result<MatchRow, StoreError> {
    let asset = match chosen.choice {
        Choice::Asset(id) => archive.record(kind, id)?.as_ref().map(MatchAsset::from),
        Choice::New | Choice::Ignored => None,
    };
    let stands = before
        .as_ref()
        .filter(|row| !row.pending && row.state != MatchState::Ambiguous);
    let is = stands.and_then(|row| row.asset.clone());
    let made = stands.is_some_and(|row| row.by == Some(MatchedBy::Created));
    let (state, done) = match chosen.choice {
        Choice::Asset(id) => (MatchState::Matched, is.as_ref().is_some_and(|is| is.id == id)),
        Choice::New => (MatchState::New, made),
        Choice::Ignored => (MatchState::Ignored, is.is_none()),
    };
    // A record that a person chose and that is gone leaves the question open.
    let state = match (chosen.choice, &asset) {
        (Choice::Asset(_), None) => MatchState::Ambiguous,
        _ => state,
    };
    Ok(MatchRow {
        kind,
        source_id: source,
        source_name: before.map_or_else(|| chosen.name.clone(), |row| row.source_name),
        state,
        asset: match chosen.choice {
            Choice::Asset(_) => asset,
            Choice::New => is.filter(|_| made),
            Choice::Ignored => is,
        },
        by: Some(MatchedBy::Person),
        suggestions: Vec::new(),
        pending: !done,
    })
}

/// Free records that are like what a mapping made of a record that is not here.
pub(crate) fn alike(
    archive: &Archive,
    kind: Kind,
    organization: Option<AssetId>,
    draft: &Draft,
) -> Result<Vec<Suggestion>, StoreError> {
    let sketch = Sketch::of(kind, |field| draft.get(field));
    Ok(Pool::of(archive, kind)?.suggest(organization, &sketch, None))
}

/// Records of a kind that are free to be connected, found by what a like record shares with them.
struct Pool {
    free: Vec<(MatchAsset, Sketch)>,
    marks: HashMap<(Option<AssetId>, String), Vec<usize>>,
}

impl Pool {
    fn of(archive: &Archive, kind: Kind) -> Result<Pool, StoreError> {
        let mut pool = Pool {
            free: Vec::new(),
            marks: HashMap::new(),
        };
        // The index says which are free, so that the others are not read.
        let is_free = |brief: &Brief| brief.link.is_none_or(|(_, state)| state == SyncState::Orphaned);
        each(archive, kind, None, is_free, |record| {
            let sketch = Sketch::of(kind, |field| record.get(field));
            for mark in sketch.marks() {
                let at = pool.marks.entry((record.organization, mark)).or_default();
                at.push(pool.free.len());
            }
            pool.free.push((MatchAsset::from(&record), sketch));
        })?;
        Ok(pool)
    }

    /// Free records of an organization that are like one, the likeliest first; itself not.
    fn suggest(
        &self,
        organization: Option<AssetId>,
        sketch: &Sketch,
        itself: Option<AssetId>,
    ) -> Vec<Suggestion> {
        if self.free.is_empty() {
            return Vec::new();
        }
        let mut near: HashSet<usize> = HashSet::new();
        for mark in sketch.marks() {
            let shared = self.marks.get(&(organization, mark));
            near.extend(
                shared
                    .filter(|shared| shared.len() <= COMMON)
                    .into_iter()
                    .flatten(),
            );
        }
        let mut suggestions: Vec<Suggestion> = near
            .into_iter()
            .filter_map(|place| self.free.get(place))
            .filter(|(asset, _)| Some(asset.id) != itself)
            .filter_map(|(asset, other)| {
                let likeness = sketch.likeness(other)?;
                Some(Suggestion {
                    asset: asset.clone(),
                    score: likeness.score,
                    why: likeness.why,
                })
            })
            .collect();
        suggestions.sort_by_key(|one| (std::cmp::Reverse(one.score), one.asset.id));
        suggestions.truncate(SUGGESTED);
        suggestions
    }
}
