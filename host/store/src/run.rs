//! A run's document: what `sync`, `run show` and `run list` print.

use std::collections::BTreeMap;

use dovetail_domain::integration::Trouble;
use dovetail_domain::{IntegrationId, IntegrationName, Kind, RunId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A run: of an integration, or over a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id. Greater is later.
    pub id: RunId,
    /// The integration; [`IntegrationId::NONE`] where it read a file.
    pub integration: IntegrationId,
    /// What the integration was called then; none where it read a file.
    #[serde(default)]
    pub name: Option<IntegrationName>,
    /// The name of the file it read; none where it read a PSA.
    #[serde(default)]
    pub file: Option<String>,
    /// How much it reads.
    pub mode: RunMode,
    /// Who wanted it.
    pub trigger: RunTrigger,
    /// Whether it writes nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// How it stands.
    pub status: RunStatus,
    /// Why it stands so, in a word such as `orphan-brake`.
    #[serde(default)]
    pub reason: Option<String>,
    /// What ended it, where it did not succeed.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// When the PSA lets it be taken up again, where it asks for patience.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// What became of what was read.
    #[serde(default)]
    pub entities: BTreeMap<Kind, Tally>,
    /// What became of edits.
    #[serde(default)]
    pub pushed: BTreeMap<Kind, Pushed>,
    /// Mapping layers that did not work and without which the operator lets runs go on, in words.
    #[serde(default)]
    pub without: Vec<String>,
    /// Records that did not come in although part of them is selected, and why; the first [`Run::NAMED`] of them.
    #[serde(default)]
    pub left_out: Vec<Named>,
    /// Records that wait for a person, and why; the first [`Run::NAMED`] of them.
    #[serde(default)]
    pub waiting: Vec<Named>,
    /// Records that would be orphaned once a person says so, and why; the first [`Run::NAMED`] of them.
    #[serde(default)]
    pub leaving: Vec<Named>,
    /// What the PSA cut or wrote differently of what was sent to it; the first [`Run::NAMED`] of them.
    #[serde(default)]
    pub altered: Vec<Named>,
    /// Edits that the PSA or a mapping refused, and why; the first [`Run::NAMED`] of them.
    #[serde(default)]
    pub refused: Vec<Named>,
    /// Conflicts of the integration that are open when it ends.
    #[serde(default)]
    pub open_conflicts: u64,
    /// When a person took it back.
    #[serde(default)]
    pub reverted: Option<Timestamp>,
    /// Requests sent to the PSA.
    #[serde(default)]
    pub requests: u64,
    /// Bytes received from the PSA.
    #[serde(default)]
    pub bytes: u64,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none while it is on.
    #[serde(default)]
    pub finished: Option<Timestamp>,
}

/// How much a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunMode {
    /// Everything that is selected.
    Full,
    /// What changed.
    Incremental,
    /// Nothing: it sends what waits.
    Push,
}

/// Who wanted a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunTrigger {
    /// A person.
    Manual,
    /// The clock.
    Schedule,
    /// Settings were saved.
    Settings,
    /// A person, with a file in place of a PSA.
    Import,
    /// A record was edited.
    Edit,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "described in the contract")]
pub enum RunStatus {
    /// It is on.
    Running,
    Succeeded,
    Partial,
    Waiting,
    Stalled,
    Failed,
    Cancelled,
}

/// What became of the records of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Tally {
    pub read: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub orphaned: u64,
    pub quarantined: u64,
    pub waiting: u64,
}

/// What became of the edits of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Pushed {
    pub sent: u64,
    pub confirmed: u64,
    pub conflicts: u64,
    pub failed: u64,
}

/// A record of the PSA, or a row of a file, with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its kind.
    pub kind: Kind,
    /// The PSA's id; none where it is a row of a file, whose line stands in `why`.
    pub source_id: Option<SourceId>,
    /// What a person calls it.
    pub name: String,
    /// Why, in words.
    pub why: String,
}

impl Run {
    /// How many records a document names in each of its lists: what a person reads. The tallies count all.
    pub const NAMED: usize = 100;

    /// A run that begins.
    pub fn begin(
        id: RunId,
        integration: IntegrationId,
        name: IntegrationName,
        mode: RunMode,
        trigger: RunTrigger,
        started: Timestamp,
    ) -> Run {
        Run {
            name: Some(name),
            ..Run::blank(id, integration, mode, trigger, started)
        }
    }

    /// The import of a file, which begins. It is of no integration.
    pub fn import(id: RunId, file: String, started: Timestamp) -> Run {
        Run {
            file: Some(file),
            ..Run::blank(
                id,
                IntegrationId::NONE,
                RunMode::Full,
                RunTrigger::Import,
                started,
            )
        }
    }

    fn blank(
        id: RunId,
        integration: IntegrationId,
        mode: RunMode,
        trigger: RunTrigger,
        started: Timestamp,
    ) -> Run {
        Run {
            id,
            integration,
            name: None,
            file: None,
            mode,
            trigger,
            dry_run: false,
            status: RunStatus::Running,
            reason: None,
            trouble: None,
            until: None,
            entities: BTreeMap::new(),
            pushed: BTreeMap::new(),
            without: Vec::new(),
            left_out: Vec::new(),
            waiting: Vec::new(),
            leaving: Vec::new(),
            altered: Vec::new(),
            refused: Vec::new(),
            open_conflicts: 0,
            reverted: None,
            requests: 0,
            bytes: 0,
            started,
            finished: None,
        }
    }

    /// What it read: the integration's name or the file's.
    pub fn subject(&self) -> &str {
        let name = self.name.as_ref().map(IntegrationName::as_str);
        name.or(self.file.as_deref()).unwrap_or_default()
    }

    /// How it is done again after it did not come to its end.
    pub fn again(&self) -> String {
        match &self.name {
            Some(name) => format!("`dovetail sync {name}` takes it up again."),
            None => format!(
                "Import {} again: what is there already stays as it is.",
                self.subject()
            ),
        }
    }

    /// What became of the edits of a kind, to count in.
    pub fn edits(&mut self, kind: Kind) -> &mut Pushed {
        self.pushed.entry(kind).or_default()
    }

    /// The tally of a kind, to count in.
    pub fn tally(&mut self, kind: Kind) -> &mut Tally {
        self.entities.entry(kind).or_default()
    }

    /// The document of the contract; kinds of which nothing was read are there with zeros. `error` says what ended it,
    /// null where it succeeded.
    pub fn to_json(&self) -> serde_json::Value {
        let every = |of: &dyn Fn(Kind) -> serde_json::Value| -> serde_json::Value {
            Kind::ALL
                .into_iter()
                .map(|kind| (kind.to_string(), of(kind)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let error = self
            .trouble
            .as_ref()
            .map(|trouble| json!({"code": trouble.code, "message": trouble.message, "hint": trouble.hint}));
        json!({
            "run": self.id.to_string(),
            "integration": self.name,
            "file": self.file,
            "mode": self.mode,
            "trigger": self.trigger,
            "dry_run": self.dry_run,
            "status": self.status,
            "reason": self.reason,
            "error": error,
            "until": self.until.map(|at| at.to_string()),
            "entities": every(&|kind| json!(self.entities.get(&kind).copied().unwrap_or_default())),
            "pushed": every(&|kind| json!(self.pushed.get(&kind).copied().unwrap_or_default())),
            "without": self.without,
            "left_out": self.left_out,
            "waiting": self.waiting,
            "leaving": self.leaving,
            "altered": self.altered,
            "refused": self.refused,
            "open_conflicts": self.open_conflicts,
            "reverted": self.reverted.map(|at| at.to_string()),
            "requests": self.requests,
            "bytes": self.bytes,
            "started": self.started.to_string(),
            "finished": self.finished.map(|time| time.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let started = Timestamp::from_seconds(1_700_000_000).unwrap();
        let name = "acme".parse().unwrap();
        Run::begin(
            RunId(12),
            IntegrationId(1),
            name,
            RunMode::Full,
            RunTrigger::Settings,
            started,
        )
    }

    #[test]
    fn the_document_has_every_kind() {
        let mut run = run();
        run.tally(Kind::Contact).created = 3;
        let json = run.to_json();
        assert_eq!(json["run"], "12");
        assert_eq!(json["entities"]["contact"]["created"], 3);
        assert_eq!(json["entities"]["ticket"]["waiting"], 0);
        assert_eq!(json["pushed"]["organization"]["conflicts"], 0);
        assert_eq!(
            (&json["status"], &json["mode"]),
            (&json!("running"), &json!("full"))
        );
        assert_eq!(json["finished"], serde_json::Value::Null);
        let kept: Run = serde_json::from_slice(&serde_json::to_vec(&run).unwrap()).unwrap();
        assert_eq!(kept, run);
    }

    #[test]
    fn an_import_is_of_no_integration() {
        let started = Timestamp::from_seconds(1_700_000_000).unwrap();
        let run = Run::import(RunId(13), "devices.csv".to_owned(), started);
        let json = run.to_json();
        assert_eq!(json["integration"], serde_json::Value::Null);
        assert_eq!(
            (&json["file"], &json["trigger"], &json["mode"]),
            (&json!("devices.csv"), &json!("import"), &json!("full"))
        );
        assert_eq!(
            (run.subject(), super::tests::run().subject()),
            ("devices.csv", "acme")
        );
        let kept: Run = serde_json::from_slice(&serde_json::to_vec(&run).unwrap()).unwrap();
        assert_eq!(kept, run);
    }

    #[test]
    fn documents_of_earlier_versions_can_be_read() {
        let old = json!({"id": 1, "integration": 1, "name": "acme", "mode": "full", "trigger": "manual",
                         "status": "succeeded", "started": "2026-11-01T09:30:00Z", "entities": {"ticket": {"read": 5}}});
        let run: Run = serde_json::from_value(old).unwrap();
        assert_eq!(run.entities[&Kind::Ticket].read, 5);
    }
}
