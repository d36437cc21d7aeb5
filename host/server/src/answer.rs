//! What a command answers: one type a command, so that printing decides nothing. Serialized, each is the JSON of the
//! command line's contract; the socket carries the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dovetail_domain::connector::{CheckState, GuideSection, Origin, Permission, SetupField};
use dovetail_domain::integration::Trouble;
use dovetail_domain::mapping::Direction;
use dovetail_domain::{AssetId, Kind, Policy, RunId, SyncState, Timestamp};
use dovetail_store::Run;
use dovetail_sync::{ChangeRow, Explanation, MatchRow};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::request::Role;
use crate::status::IntegrationStatus;
use crate::{Problem, outcome};

mod carry;
mod plugins;
mod upkeep;

pub use carry::{Exported, Imported, NotAttached};
pub use plugins::{
    BuiltPlugin, CaseDifference, CaseVerdict, LayerShown, MappingPreview, MappingRow, MappingShown,
    NewProject, PluginRow, PluginShown, Queued, TestReport, ToolShown, ToolchainShown,
};
pub use upkeep::{BackedUp, Compacted, Restored, Verified};

/// What a command answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each says what the type it holds says")]
pub enum Answer {
    Integration(IntegrationShown),
    Integrations(Vec<IntegrationRow>),
    Connected(Connected),
    Removed(Removed),
    Exported(Exported),
    Imported(Imported),
    Connectors(Vec<ConnectorRow>),
    Guide(Guide),
    Settings(SettingsShown),
    SettingsSaved(SettingsSaved),
    Run(Box<Run>),
    Changed(Box<Changed>),
    History(Vec<HistoryRow>),
    Explained(Box<Explanation>),
    Matches(Matches),
    Matched(Box<Matched>),
    Reviewed(Box<Reviewed>),
    Quarantined(Box<Quarantined>),
    Runs(Vec<Run>),
    Quarantine(Vec<QuarantineRow>),
    Conflicts(Vec<ConflictRow>),
    Policies(PoliciesShown),
    Assets(AssetPage),
    Asset(Asset),
    /// A record as it stood when it was deleted.
    Deleted(Asset),
    Suggested(Vec<Suggested>),
    Invited(Invited),
    Users(Vec<User>),
    Plugin(PluginShown),
    Plugins(Vec<PluginRow>),
    NewProject(NewProject),
    BuiltPlugin(BuiltPlugin),
    Toolchains(Vec<ToolchainShown>),
    TestReport(Box<TestReport>),
    Mapping(MappingShown),
    MappingPreview(Box<MappingPreview>),
    Config(BTreeMap<String, String>),
    KeyRotated(KeyRotated),
    Verified(Verified),
    BackedUp(BackedUp),
    Restored(Restored),
    Compacted(Compacted),
}

impl Answer {
    /// The answer as the document that `--format json` prints.
    pub fn document(&self) -> Json {
        let document = match self {
            Answer::Connected(answer) => {
                return json!({"name": answer.name, "ok": answer.ok, "checks": answer.checks});
            }
            Answer::Assets(page) => serde_json::to_value(&page.records),
            Answer::Integration(answer) => serde_json::to_value(answer),
            Answer::Integrations(answer) => serde_json::to_value(answer),
            Answer::Removed(answer) => serde_json::to_value(answer),
            Answer::Exported(answer) => serde_json::to_value(answer),
            Answer::Imported(answer) => serde_json::to_value(answer),
            Answer::Connectors(answer) => serde_json::to_value(answer),
            Answer::Guide(answer) => serde_json::to_value(answer),
            Answer::Settings(answer) => serde_json::to_value(answer),
            Answer::SettingsSaved(answer) => serde_json::to_value(answer),
            Answer::Run(run) => return run.to_json(),
            Answer::Changed(changed) => {
                let mut document = changed.run.to_json();
                if let Some(members) = document.as_object_mut() {
                    members.insert("changes".to_owned(), json!(changed.changes));
                    let left = changed.left.as_ref().map(|left| ("left".to_owned(), json!(left)));
                    members.extend(left);
                }
                return document;
            }
            Answer::Matches(matches) => serde_json::to_value(&matches.rows),
            Answer::Matched(answer) => serde_json::to_value(answer),
            Answer::Reviewed(reviewed) => {
                let mut document = reviewed.run.to_json();
                if let Some(members) = document.as_object_mut() {
                    members.insert("matches".to_owned(), json!(reviewed.matches));
                }
                return document;
            }
            Answer::History(rows) => serde_json::to_value(rows),
            Answer::Explained(answer) => serde_json::to_value(answer),
            Answer::Quarantined(answer) => serde_json::to_value(answer),
            Answer::Runs(runs) => return runs.iter().map(Run::to_json).collect(),
            Answer::Quarantine(answer) => serde_json::to_value(answer),
            Answer::Conflicts(answer) => serde_json::to_value(answer),
            Answer::Policies(answer) => serde_json::to_value(answer),
            Answer::Asset(answer) | Answer::Deleted(answer) => serde_json::to_value(answer),
            Answer::Suggested(answer) => serde_json::to_value(answer),
            Answer::Invited(answer) => serde_json::to_value(answer),
            Answer::Users(answer) => serde_json::to_value(answer),
            Answer::Plugin(answer) => serde_json::to_value(answer),
            Answer::Plugins(answer) => serde_json::to_value(answer),
            Answer::NewProject(answer) => serde_json::to_value(answer),
            Answer::BuiltPlugin(answer) => serde_json::to_value(answer),
            Answer::Toolchains(answer) => serde_json::to_value(answer),
            Answer::TestReport(answer) => serde_json::to_value(answer),
            Answer::Mapping(answer) => serde_json::to_value(answer),
            Answer::MappingPreview(answer) => serde_json::to_value(answer),
            Answer::Config(answer) => serde_json::to_value(answer),
            Answer::KeyRotated(answer) => serde_json::to_value(answer),
            Answer::Verified(answer) => serde_json::to_value(answer),
            Answer::BackedUp(answer) => serde_json::to_value(answer),
            Answer::Restored(answer) => serde_json::to_value(answer),
            Answer::Compacted(answer) => serde_json::to_value(answer),
        };
        document.expect("maps in answers have texts as keys, which is all that JSON asks for")
    }

    /// What went wrong where the answer itself is of something that did: a check that failed, a run that did not
    /// succeed. `followed` says that the command's own work was that run.
    pub fn problem(&self, followed: bool) -> Option<Problem> {
        match self {
            Answer::Connected(answer) => answer.failure.clone(),
            Answer::Verified(answer) => crate::upkeep::unsound(answer),
            Answer::TestReport(report) => crate::cases::failed(report),
            Answer::Run(run) if followed => outcome::problem(run),
            Answer::Reviewed(reviewed) if followed => outcome::problem(&reviewed.run),
            Answer::Changed(changed) if followed => outcome::problem(&changed.run),
            _ => None,
        }
    }
}

/// An integration with its last run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IntegrationRow {
    /// Its name.
    pub name: String,
    /// Its connector's name.
    pub connector: String,
    /// How it stands.
    pub status: IntegrationStatus,
    /// A line more on that.
    pub detail: String,
    /// Whether edits of any kind go back.
    pub two_way: bool,
    /// The last run, as its document.
    pub last_run: Option<Json>,
    /// When the next is due, where a server runs.
    pub next_run: Option<Timestamp>,
    /// Records connected through it, orphans not counted.
    pub counts: BTreeMap<Kind, u64>,
}

/// An integration as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IntegrationShown {
    /// The row it has in the list.
    #[serde(flatten)]
    pub row: IntegrationRow,
    /// Its settings, without secrets.
    pub settings: BTreeMap<String, String>,
    /// Keys of the secrets that are kept.
    pub secrets: Vec<String>,
    /// The places it may reach.
    pub origins: Vec<Origin>,
    /// The private authority's certificates, as PEM.
    pub ca: Option<String>,
    /// Whether loopback and private addresses may be reached.
    pub allow_private_network: bool,
    /// The proxy.
    pub proxy: Option<String>,
    /// Requests a minute; null is unlimited.
    pub requests_per_minute: Option<u32>,
    /// What keeps it from running until a person acts.
    pub trouble: Option<Trouble>,
    /// When it was added.
    pub created: Timestamp,
    /// What was done to it, where something was.
    pub said: Vec<String>,
}

/// What a live check found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connected {
    /// The integration.
    pub name: String,
    /// Whether everything that is needed is there.
    pub ok: bool,
    /// Each check.
    pub checks: Vec<Check>,
    /// The first that failed.
    pub failure: Option<Problem>,
}

/// A check.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the command line's contract")]
pub struct Check {
    pub id: String,
    pub ok: bool,
    pub state: CheckState,
    pub needed: bool,
    pub how: String,
    pub detail: String,
    pub hint: Option<String>,
}

/// What became of an integration that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// What was kept: `data-and-links`, `data` or `nothing`.
    pub kept: String,
    /// Its records by kind, orphans among them.
    pub records: BTreeMap<Kind, u64>,
    /// How many of them were edited here.
    pub edited: u64,
    /// Where its records were written to before they were deleted.
    pub file: Option<PathBuf>,
}

/// A connector in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct ConnectorRow {
    pub name: String,
    pub title: String,
    pub version: String,
    /// `stock` or `added`.
    pub from: String,
    pub kinds: Vec<Kind>,
}

/// What to do on the PSA's side.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct Guide {
    pub connector: String,
    pub title: String,
    pub sections: Vec<GuideSection>,
    pub permissions: Vec<Permission>,
    pub setup: Vec<SetupField>,
}

/// What is synced and what could be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettingsShown {
    /// The integration.
    pub name: String,
    /// Whether a person has saved settings: before that nothing is synced.
    pub saved: bool,
    /// Each group with its options.
    pub groups: Vec<Group>,
    /// Whether contacts are synced.
    pub contacts: bool,
    /// Which tickets.
    pub tickets: String,
    /// Which kinds' edits go back.
    pub two_way: BTreeMap<Kind, bool>,
    /// How often a run is due.
    pub interval: String,
    /// How often a run reads everything.
    pub full_every: String,
    /// How many organizations have their locations read again in each run that reads changes only.
    pub reread: u32,
    /// The label of a new contact's e-mail address.
    pub contact_email_type: Option<String>,
    /// The label of a new contact's phone number.
    pub contact_phone_type: Option<String>,
    /// Set where the options are those of the last time the PSA answered.
    pub stale: Option<Problem>,
}

/// A group of options.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// The rule by which options are recommended.
    pub recommendation: String,
    /// Whether every option is selected, those to come too.
    pub all: bool,
    /// Options, recommended ones first.
    pub options: Vec<Choosable>,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the command line's contract")]
pub struct Choosable {
    pub id: String,
    pub label: String,
    pub recommended: bool,
    pub selected: bool,
    pub count: Option<u64>,
}

/// What saving the settings did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettingsSaved {
    /// The integration.
    pub name: String,
    /// Whether a run is queued.
    pub queued: bool,
    /// Whether a server is there to start it.
    pub server: bool,
    /// How to start it where none is.
    pub start: String,
    /// What was taken out, with how many records that concerns.
    pub deselected: Vec<Deselected>,
    /// Lines a person should read.
    pub notes: Vec<String>,
    /// The settings as they are now.
    pub settings: SettingsShown,
}

/// An option, or a switch, that is not selected any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deselected {
    /// The group, or `contacts`.
    pub group: String,
    /// The option's label.
    pub label: String,
    /// Records here that have it; some may have another selected option as well.
    pub records: u64,
}

/// A record that could not be taken over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the command line's contract")]
pub struct QuarantineRow {
    pub id: String,
    pub run: String,
    pub integration: String,
    pub kind: Kind,
    pub source_id: String,
    pub name: String,
    pub code: String,
    pub message: String,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub attempts: u64,
}

/// A part of a record on which both sides contradict each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the command line's contract")]
pub struct ConflictRow {
    pub id: String,
    pub integration: String,
    pub kind: Kind,
    pub asset: Named,
    pub field: String,
    pub base: Json,
    pub psa: Json,
    pub local: Json,
    pub since: Timestamp,
    /// Whether both sides wrote over each other again and again, so that the field was stopped.
    pub looped: bool,
}

/// Who wins, field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoliciesShown {
    /// The integration.
    pub name: String,
    /// Fields of kinds that can be written, then what was set for single organizations.
    pub fields: Vec<PolicyRow>,
}

/// Who wins for a field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyRow {
    /// The record's kind.
    pub kind: Kind,
    /// The field.
    pub field: String,
    /// The organization it is set for; none is all of the integration.
    pub organization: Option<Named>,
    /// Who wins.
    pub policy: Policy,
    /// The way it goes by now.
    pub direction: Direction,
    /// Who said so.
    pub set_by: SetBy,
    /// The layer that fills it.
    pub layer: String,
    /// Why it goes one way although its mapping says that it goes both.
    pub one_way_because: Option<String>,
}

/// Who set a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetBy {
    /// Nobody: it follows from the way the field goes.
    Default,
    /// The layer that fills the field.
    Mapping,
    /// A person, with `policy set`.
    Person,
}

impl SetBy {
    /// The name used everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            SetBy::Default => "default",
            SetBy::Mapping => "mapping",
            SetBy::Person => "person",
        }
    }
}

/// A run and what it changed, would change, or what was taken back of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Changed {
    /// The run.
    pub run: Run,
    /// What changed, a row a field.
    pub changes: Vec<ChangeRow>,
    /// What could not be taken back, with the reason; none where nothing was to be.
    pub left: Option<Vec<ChangeRow>>,
}

/// What records of the PSA are here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Matches {
    /// Each, those that need a person first.
    pub rows: Vec<MatchRow>,
    /// How many more there are.
    pub more: usize,
    /// The run that stopped for a person to look and waits.
    pub review: Option<RunId>,
}

/// What a person said of a record of the PSA.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Matched {
    /// Its row; none where it is known no more.
    #[serde(flatten)]
    pub row: Option<MatchRow>,
    /// The command that does it.
    pub next: String,
}

/// A run that stopped before anything was written, and what it would match, make or ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reviewed {
    /// The run.
    pub run: Run,
    /// Each record of the PSA that is not connected yet.
    pub matches: Vec<MatchRow>,
}

/// A row of a record's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HistoryRow {
    /// When.
    pub at: Timestamp,
    /// What changed; none where it is the record as a whole.
    pub field: Option<String>,
    /// What stood before.
    pub before: Json,
    /// What stands after.
    pub after: Json,
    /// Why: `{"kind","id","plugin"}`.
    pub cause: Json,
    /// Whether it changed in the PSA's record: it was sent there, or somebody's change there lost by the policy.
    pub in_psa: bool,
}

/// A record of the quarantine with what the PSA said of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its row.
    #[serde(flatten)]
    pub row: QuarantineRow,
    /// The PSA's record as it was met last; none where it could not be read.
    pub record: Option<Json>,
}

/// A page of records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssetPage {
    /// The kind.
    pub kind: Kind,
    /// The records.
    pub records: Vec<Asset>,
    /// Behind which record the next page begins; none where this was the last.
    pub next: Option<AssetId>,
    /// How many more there are, where that was asked.
    pub more: u64,
}

/// A record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// What a person calls it.
    pub name: String,
    /// The organization it belongs to.
    pub organization: Option<Named>,
    /// Standard fields that hold something.
    pub fields: serde_json::Map<String, Json>,
    /// Everything beyond.
    pub traits: serde_json::Map<String, Json>,
    /// How it stands towards the PSA.
    pub sync: Option<SyncState>,
    /// The PSA's record.
    pub source: Option<AssetSource>,
    /// Whether an edit waits to be sent.
    pub pending: bool,
    /// Whether both sides changed a field and a person has to choose.
    pub conflict: bool,
    /// Fields that are held.
    pub held: Vec<String>,
    /// When something about it changed here last.
    pub updated: Timestamp,
}

/// A record by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// The PSA's record behind one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetSource {
    /// The integration's name; none where it was removed and its links kept.
    pub integration: Option<String>,
    /// The PSA's id.
    pub id: String,
    /// When the PSA says it changed last.
    pub updated: Option<Timestamp>,
}

/// A user of the PSA who could be invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "described in the command line's contract")]
pub struct Suggested {
    pub id: String,
    pub name: String,
    pub email: String,
    pub identifier: String,
    pub selected: bool,
}

/// Who was invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// The integration.
    pub name: String,
    /// The invitations; none where nobody was to be invited.
    pub invited: Vec<User>,
    /// What it means.
    pub note: String,
}

/// A person, or an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The PSA's id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Where the invitation stands.
    pub state: UserState,
    /// Whose PSA knows them.
    pub integration: String,
    /// When the invitation ends.
    pub expires: Timestamp,
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserState {
    /// It waits.
    Pending,
    /// Its time is over.
    Expired,
}

/// What came of a new key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// The new key's id.
    pub key: String,
    /// How many secrets were encrypted anew.
    pub secrets: u64,
    /// What a person has to do, where something is left.
    pub note: Option<String>,
}

/// The exit code of a command that ended with this. `followed` says that the command's own work was the run it shows.
pub fn exit(ended: &Result<Answer, Problem>, followed: bool) -> u8 {
    match ended {
        Err(problem) => problem.exit(),
        Ok(Answer::Run(run)) if followed => outcome::exit(run),
        Ok(Answer::Reviewed(reviewed)) if followed => outcome::exit(&reviewed.run),
        Ok(Answer::Changed(changed)) if followed => outcome::exit(&changed.run),
        Ok(answer) => answer.problem(followed).map_or(0, |problem| problem.exit()),
    }
}
