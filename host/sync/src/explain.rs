//! Why a record is missing, different or not moving: the record is read live and walked through the stages of a run, by the
//! same functions and without writing. The first thing that stops it is the answer.

use dovetail_domain::connector::Page;
use dovetail_domain::outgoing::pending;
use dovetail_domain::reconcile::{Past, plan};
use dovetail_domain::record::MatchedBy;
use dovetail_domain::{Cause, Choice, Hold, Kind, Part, Record, SourceId, SyncState};
use serde::{Deserialize, Serialize};

use crate::apply::in_words;
use crate::choice::Choices;
use crate::error::{SyncError, from_fault};
use crate::leaving::Reason;
use crate::ledger::Waiting;
use crate::map::{Fate, Stack};
use crate::matches::{Suggestion, alike};
use crate::orphan;
use crate::psa::Psa;
use crate::recognise::{Placing, Recognised, Rivals, recognise};
use crate::resolve::{self, Owner};
use crate::review;
use crate::run::map_page;
use crate::setup::Setup;
use dovetail_store::table;

/// What the next run does with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is made, connected or changed.
    Changes,
    /// It is as the PSA has it.
    Unchanged,
    /// It does not come in, and nothing here is connected with it.
    LeftOut,
    /// It is here and will be orphaned, or is already.
    Orphaned,
    /// It waits until a person says which record it is.
    Waiting,
    /// It cannot be taken over.
    Quarantined,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// What: `selection`, `record`, `mapping`, `organization`, `match`, `edits`, `conflicts`, `fields`, `review`.
    pub at: String,
    /// Whether it lets the record through.
    pub passes: bool,
    /// What was found.
    pub found: String,
}

/// Why a record is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Its kind.
    pub kind: Kind,
    /// The PSA's id.
    pub source_id: String,
    /// What a person calls it, as far as known.
    pub name: String,
    /// What the next run does with it.
    pub verdict: Verdict,
    /// What was looked at, in the order of a run, up to what stops it.
    pub looks: Vec<Look>,
    /// The command or step that changes it; none where nothing has to be done.
    pub next: Option<String>,
}

impl Explanation {
    fn look(&mut self, at: &str, passes: bool, found: impl Into<String>) {
        self.looks.push(Look {
            at: at.to_owned(),
            passes,
            found: found.into(),
        });
    }

    fn ends(mut self, verdict: Verdict, next: Option<String>) -> Explanation {
        self.verdict = verdict;
        self.next = next;
        self
    }
}

/// Explains a record of the PSA. An error is what keeps the question itself from being answered.
pub async fn explain(setup: &Setup, kind: Kind, source: &SourceId) -> Result<Explanation, SyncError> {
    let mut told = walk(setup, kind, source).await?;
    if told.verdict == Verdict::Orphaned
        && let Some(record) = setup
            .archive
            .record_by_source(setup.integration.id, kind, source)?
        && record.is_held_live()
    {
        told.look(
            "hold",
            true,
            "it stays live all the same: the run that orphaned it was taken back",
        );
        let next = format!("dovetail asset release {kind} {} {}", record.id, Hold::Live);
        return Ok(told.ends(Verdict::Unchanged, Some(next)));
    }
    if told.verdict == Verdict::Changes && review::holds(&setup.archive, setup.integration.id)? {
        told.look("review", false, "nothing is written until a person has looked");
        let next = format!("dovetail match list {}", setup.integration.name);
        return Ok(told.ends(Verdict::Waiting, Some(next)));
    }
    Ok(told)
}

/// Walks a record through the stages of a run.
async fn walk(setup: &Setup, kind: Kind, source: &SourceId) -> Result<Explanation, SyncError> {
    let (archive, id) = (&setup.archive, setup.integration.id);
    let name = &setup.integration.name;
    let known = archive.record_by_source(id, kind, source)?;
    let mut told = Explanation {
        kind,
        source_id: source.to_string(),
        name: known.as_ref().map(Record::name).unwrap_or_default(),
        verdict: Verdict::LeftOut,
        looks: Vec::new(),
        next: None,
    };
    let leaves = match &known {
        Some(_) => Verdict::Orphaned,
        None => Verdict::LeftOut,
    };

    let description = setup.connector.description();
    if !setup.integration.sync.wants(kind, description) {
        told.look(
            "selection",
            false,
            format!("no {kind} is wanted: a group that filters them has nothing selected"),
        );
        return Ok(told.ends(leaves, Some(format!("dovetail settings show {name}"))));
    }
    told.look("selection", true, format!("{} are wanted", kind.plural()));

    let mut psa = Psa::of(setup);
    let parents = match &known {
        Some(record) => vec![orphan::parent(archive, kind, record.id)?],
        None => vec![None],
    };
    let ids = [source.clone()];
    let pulled = match psa.fetch(kind, &ids, &parents).await?.pop() {
        Some(Ok(pulled)) => pulled,
        Some(Err(fault)) if fault.cause == Cause::Gone => {
            told.look("record", false, Reason::Gone.words());
            return Ok(told.ends(leaves, None));
        }
        Some(Err(fault)) if matches!(fault.cause, Cause::Data(_)) => {
            told.look("record", false, fault.message);
            let next = "name it by the PSA's id, or as it is called here".to_owned();
            return Ok(told.ends(leaves, Some(next)));
        }
        Some(Err(fault)) => return Err(from_fault(fault, psa.session())),
        None => return Err(SyncError::stuck(kind)),
    };
    told.name.clone_from(&pulled.record.name);
    if !pulled.excluded.is_empty() {
        let words: Vec<String> = pulled.excluded.iter().map(in_words).collect();
        told.look("record", false, words.join("; "));
        let group = pulled
            .excluded
            .iter()
            .find_map(|one| Some((one.group.as_ref()?, &one.labels)));
        let next = match group {
            Some((group, labels)) => format!(
                "select {} too: dovetail settings set {name} --select {group}=…",
                labels.join(", ")
            ),
            None => format!("change it in the PSA, then run: dovetail sync {name}"),
        };
        return Ok(told.ends(leaves, Some(next)));
    }
    told.look("record", true, "the PSA has it and the selection lets it in");

    let mut stack = Stack::new(&setup.layers);
    let page = Page {
        items: vec![pulled],
        refused: Vec::new(),
        next: None,
    };
    let page = map_page(&mut stack, archive, id, kind, page).await?;
    let Some(mapped) = page.mapped.into_iter().next() else {
        return Err(SyncError::stuck(kind));
    };
    let choices = Choices::read(archive, id)?;
    if choices.of(kind, source) == Some(Choice::Ignored) {
        told.look("match", false, Reason::Ignored.words());
        let next = format!("dovetail match set {name} {kind} {source} rule");
        return Ok(told.ends(leaves, Some(next)));
    }
    let mut draft = match mapped.fate {
        Fate::Draft(draft) => draft,
        Fate::Skipped { layer, reason } => {
            told.look("mapping", false, format!("{layer} leaves it out: {reason}"));
            return Ok(told.ends(leaves, Some(format!("dovetail mapping show {name}"))));
        }
        Fate::Refused { layer, error } => {
            told.look("mapping", false, format!("{layer}: {error}"));
            let next = "mend the record in the PSA, then: dovetail quarantine retry --all";
            return Ok(told.ends(Verdict::Quarantined, Some(next.to_owned())));
        }
    };
    let layers: Vec<&str> = setup.layers.iter().map(|layer| layer.name.as_str()).collect();
    told.look(
        "mapping",
        true,
        format!("it is mapped by {}", layers.join(", then ")),
    );

    let organization = match (kind, resolve::owner(archive, id, &draft)?) {
        (Kind::Organization, _) => None,
        (_, Owner::Asset(organization)) => Some(organization),
        (_, Owner::Nobody) => {
            told.look("organization", false, "it belongs to no organization");
            let next = format!("give it one in the PSA, then run: dovetail sync {name}");
            return Ok(told.ends(leaves, Some(next)));
        }
        (_, Owner::Unknown(owner)) => {
            told.look(
                "organization",
                false,
                format!("its organization, PSA id {owner}, is not synced"),
            );
            let key = (id, Kind::Organization, owner.clone());
            let waits = archive.get(&table::waiting::<Waiting>(), &key)?.is_some();
            let verdict = if waits { Verdict::Waiting } else { leaves };
            return Ok(told.ends(
                verdict,
                Some(format!("dovetail explain {name} organization {owner}")),
            ));
        }
    };
    told.look("organization", true, "what it belongs to is synced");
    let within = resolve::within(organization, known.as_ref());
    resolve::references(archive, id, within, &mut draft)?;

    let mut rivals = Rivals::default();
    if known.is_none() && choices.of(kind, source).is_none() {
        rivals.note(kind, organization, &draft);
    }
    let waiting = table::waiting::<Waiting>().list_under(archive.store(), &id)?;
    let is_claimed = |asset| {
        let mut others = waiting
            .iter()
            .filter(|((_, of, other), _)| *of == kind && other != source);
        others.any(|(_, row)| row.candidates.contains(&asset))
    };
    let placing = Placing {
        kind,
        source,
        organization,
        draft: &draft,
        is_claimed: &is_claimed,
    };
    let sync = Some(format!("dovetail sync {name} --full"));
    let record = match recognise(archive, &choices, &rivals, &placing, known)? {
        Recognised::Known(record) => record,
        Recognised::New { parted } => {
            let mut found = match parted {
                Some(record) => format!(
                    "a person said that it is not {kind} {}: it becomes a new record",
                    record.id
                ),
                None => "nothing here is the same: it becomes a new record".to_owned(),
            };
            for like in alike(archive, kind, organization, &draft)? {
                let Suggestion { asset, score, why } = like;
                found.push_str(&format!(
                    "; like {kind} {} {} ({score}: {why})",
                    asset.id, asset.name
                ));
            }
            told.look("match", true, found);
            return Ok(told.ends(Verdict::Changes, sync));
        }
        Recognised::Found { record, by, .. } => {
            let who = match by {
                MatchedBy::Person => "a person said that it is",
                MatchedBy::Rule | MatchedBy::Created => "the standard rule holds it for",
            };
            told.look("match", true, format!("{who} {kind} {}", record.id));
            return Ok(told.ends(Verdict::Changes, sync));
        }
        Recognised::Waits { why, .. } => {
            told.look("match", false, why);
            let next = format!("dovetail match set {name} {kind} {source} …");
            return Ok(told.ends(Verdict::Waiting, Some(next)));
        }
    };
    told.look("match", true, format!("it is {kind} {}", record.id));
    let state = record.link.as_ref().map(|link| link.state);
    if state == Some(SyncState::Disabled) {
        told.look("fields", false, "a person took it out");
        return Ok(told.ends(Verdict::Unchanged, None));
    }
    if !record.held.is_empty() {
        let held: Vec<String> = record.held.iter().map(Part::to_string).collect();
        told.look(
            "fields",
            true,
            format!("held, so they do not move: {}", held.join(", ")),
        );
        told.next = Some(format!("dovetail asset release {kind} {}", record.id));
    }
    let rules = setup.rules()?;
    let planned = plan(&record, organization, &draft, Past::Known, |part| {
        rules.of(&record, part)
    });
    let key = (id, kind, record.id);
    let waits = !pending(&record, |part| rules.of(&record, part)).is_empty() || !planned.send.is_empty();
    let refused = archive.get(&table::OUTBOX, &key)?.and_then(|entry| entry.refused);
    match refused {
        Some(refused) => {
            told.look(
                "edits",
                false,
                format!("the PSA did not take what was edited: {}", refused.message),
            );
            told.next = Some(format!("dovetail quarantine retry {kind}.{}", record.id));
        }
        None if waits => told.look("edits", true, "what was edited here is sent by the next run"),
        None => {}
    }
    if archive.get(&table::CONFLICTS, &key)?.is_some() || !planned.conflicts.is_empty() {
        told.look(
            "conflicts",
            true,
            "both sides changed a field; the PSA's value stands until a person chooses",
        );
        told.next = Some(format!("dovetail conflict list {name}"));
    }
    let changes = &planned.changes;
    let revived = matches!(state, Some(SyncState::Orphaned | SyncState::Held));
    if changes.is_empty() && !revived {
        if !waits {
            told.look("fields", true, "each is as the PSA has it");
        }
        let next = told.next.take();
        return Ok(told.ends(Verdict::Unchanged, next));
    }
    let what = if revived {
        "it comes back"
    } else {
        "changes of the PSA are not taken over yet"
    };
    told.look("fields", true, format!("{what}: {} fields differ", changes.len()));
    Ok(told.ends(Verdict::Changes, Some(format!("dovetail sync {name} --full"))))
}
