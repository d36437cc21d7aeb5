//! Every command as a value. The command line makes one of its words, the socket carries it, `execute` does it.
//!
//! Names, ids and windows are parsed before one of these exists. None of it has `Debug`, since some carry secrets.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use dovetail_domain::integration::{Interval, TicketWindow};
use dovetail_domain::{AssetId, IntegrationName, Kind, Part, Policy, QuarantineId, RunId, SourceId};
use dovetail_sync::MatchState;
pub use dovetail_sync::import::Format;
use serde::{Deserialize, Serialize};

use crate::choose::Pick;
use crate::{Problem, SecretText};

/// A command.
#[derive(Clone, Serialize, Deserialize)]
pub enum Request {
    /// `integration add`
    IntegrationAdd(IntegrationAdd),
    /// `integration connect`
    IntegrationConnect(IntegrationName),
    /// `integration list`
    IntegrationList,
    /// `integration show`
    IntegrationShow(IntegrationName),
    /// `integration update`
    IntegrationUpdate(IntegrationUpdate),
    /// `integration pause`
    IntegrationPause(IntegrationName),
    /// `integration resume`
    IntegrationResume(IntegrationName),
    /// `integration remove`
    IntegrationRemove {
        /// Which.
        name: IntegrationName,
        /// What becomes of its records.
        fate: Fate,
        /// Whether it was confirmed beforehand.
        yes: bool,
    },
    /// `integration export`
    IntegrationExport {
        /// Which.
        name: IntegrationName,
        /// The file to write, by its whole path.
        file: PathBuf,
        /// What it is sealed under; without it, the caller is asked.
        passphrase: Option<SecretText>,
    },
    /// `integration import`
    IntegrationImport(IntegrationImport),
    /// `connector list`
    ConnectorList,
    /// `connector guide`
    ConnectorGuide(String),
    /// `settings show`
    SettingsShow(IntegrationName),
    /// `settings set`
    SettingsSet(SettingsChange),
    /// `sync`
    Sync {
        /// Which integration.
        name: IntegrationName,
        /// `--full`
        full: bool,
        /// `--dry-run`
        dry_run: bool,
        /// `--review`
        review: bool,
    },
    /// `run list`
    RunList(Option<IntegrationName>),
    /// `run show`
    RunShow {
        /// Which run.
        run: RunId,
        /// `--changes`
        changes: bool,
    },
    /// `run revert`
    RunRevert {
        /// Which run.
        run: RunId,
        /// `--dry-run`
        dry_run: bool,
        /// `--in-psa`
        in_psa: bool,
    },
    /// `run cancel`
    RunCancel(RunId),
    /// `run approve --orphans`
    RunApprove {
        /// Which run.
        run: RunId,
        /// Only these records; none is all.
        only: Option<Vec<AssetId>>,
    },
    /// `run approve --matches`
    RunApproveMatches(RunId),
    /// `run reject`
    RunReject(RunId),
    /// `match list`
    MatchList {
        /// Of which integration.
        name: IntegrationName,
        /// Of this kind only.
        kind: Option<Kind>,
        /// That stand so only.
        state: Option<MatchState>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// `match set` and `match ignore`
    MatchSet(Subject, Meant),
    /// `quarantine list`
    QuarantineList(Option<IntegrationName>),
    /// `explain`
    Explain {
        /// Of which integration.
        name: IntegrationName,
        /// A record of this kind.
        kind: Kind,
        /// The PSA's id, or what a person calls it.
        what: String,
    },
    /// `quarantine show`
    QuarantineShow(Unfit),
    /// `quarantine retry`; without ids, all.
    QuarantineRetry(Vec<Unfit>),
    /// `conflict list`
    ConflictList(Option<IntegrationName>),
    /// `conflict resolve`: the conflict's name and what is chosen.
    ConflictResolve(String, Choose),
    /// `policy show`
    PolicyShow(IntegrationName),
    /// `policy set`
    PolicySet(PolicyChange),
    /// `push`
    Push(PushQuery),
    /// `asset history`
    AssetHistory(Kind, AssetId),
    /// `asset release`; without a field, all that are held.
    AssetRelease(Kind, AssetId, Option<String>),
    /// `asset create`
    AssetCreate(Kind, Vec<(String, String)>),
    /// `asset edit`
    AssetEdit(Kind, AssetId, Vec<(String, String)>),
    /// `asset delete`
    AssetDelete {
        /// Its kind.
        kind: Kind,
        /// Its id.
        id: AssetId,
        /// `--unlink`
        unlink: bool,
    },
    /// `asset undelete`
    AssetUndelete(Kind, AssetId),
    /// `asset list`
    AssetList(AssetQuery),
    /// `asset show`
    AssetShow(Kind, AssetId),
    /// `import`
    Import {
        /// How the file is written.
        format: Format,
        /// What its records are.
        kind: Kind,
        /// The file, by its whole path.
        file: PathBuf,
        /// `--dry-run`
        dry_run: bool,
    },
    /// `user suggested`
    UserSuggested(IntegrationName),
    /// `user invite`
    UserInvite {
        /// From which integration's PSA.
        name: IntegrationName,
        /// Who.
        whom: Whom,
        /// As what.
        role: Role,
    },
    /// `user skip`
    UserSkip(IntegrationName),
    /// `user list`
    UserList,
    /// `plugin inspect`: a file's path or a plugin's name.
    PluginInspect(String),
    /// `plugin add`
    PluginAdd {
        /// The component, by its whole path.
        file: PathBuf,
        /// Whether it was confirmed beforehand.
        yes: bool,
    },
    /// `plugin test` of an installed plugin
    PluginTest {
        /// Its name.
        plugin: String,
        /// The file of cases, as an absolute path.
        cases: PathBuf,
    },
    /// `plugin list`
    PluginList,
    /// `plugin grant`
    PluginGrant(String, GrantChange),
    /// `plugin rollback`
    PluginRollback(String),
    /// `plugin remove`
    PluginRemove {
        /// Its name.
        name: String,
        /// Whether it was confirmed beforehand.
        yes: bool,
    },
    /// `mapping show`
    MappingShow(MappingPlace),
    /// `mapping set`
    MappingSet {
        /// Where.
        place: MappingPlace,
        /// The plugin's name.
        plugin: String,
        /// Its configuration, a file by its whole path.
        config: Option<PathBuf>,
        /// The layer after which it comes; without it, the last.
        after: Option<String>,
        /// Whether runs go on without it where it does not work.
        optional: bool,
    },
    /// `mapping preview`
    MappingPreview(PreviewQuery),
    /// `mapping unset`
    MappingUnset {
        /// Where.
        place: MappingPlace,
        /// The plugin's name.
        plugin: String,
    },
    /// `verify`
    Verify,
    /// `backup`
    Backup {
        /// The file to write, by its whole path.
        file: PathBuf,
        /// What it is sealed under; without it, the home's key.
        passphrase: Option<SecretText>,
    },
    /// `restore`
    Restore {
        /// The backup, by its whole path.
        file: PathBuf,
        /// What it was sealed under; without it, the home's key.
        passphrase: Option<SecretText>,
    },
    /// `compact`
    Compact,
    /// `config get`; without a key, all.
    ConfigGet(Option<String>),
    /// `config set`; without a value, the key is taken out.
    ConfigSet(String, Option<String>),
    /// `config rotate-key`
    ConfigRotateKey,
}

impl Request {
    /// Whether doing it twice does the same as doing it once, so that it may be handed to another process after the
    /// first ended without an answer.
    pub fn may_repeat(&self) -> bool {
        use Request as R;
        match self {
            R::IntegrationConnect(_) | R::IntegrationList | R::IntegrationShow(_) | R::ConnectorList => true,
            R::IntegrationPause(_) | R::IntegrationResume(_) | R::ConnectorGuide(_) => true,
            R::SettingsShow(_)
            | R::Sync { .. }
            | R::RunList(_)
            | R::RunShow { .. }
            | R::QuarantineList(_)
            | R::ConflictList(_)
            | R::PolicyShow(_)
            | R::PolicySet(_)
            | R::MatchList { .. }
            | R::MatchSet(..) => true,
            R::AssetList(_)
            | R::AssetShow(..)
            | R::AssetHistory(..)
            | R::QuarantineShow(_)
            | R::Explain { .. }
            | R::UserSuggested(_)
            | R::UserSkip(_)
            | R::UserList => true,
            R::PluginInspect(_)
            | R::PluginTest { .. }
            | R::PluginList
            | R::MappingShow(_)
            | R::MappingPreview(_) => true,
            R::ConfigGet(_) | R::ConfigSet(..) | R::RunCancel(_) | R::RunApprove { .. } => true,
            R::IntegrationExport { .. } | R::IntegrationImport(_) => false,
            R::IntegrationAdd(_) | R::IntegrationUpdate(_) | R::IntegrationRemove { .. } => false,
            R::SettingsSet(_) | R::UserInvite { .. } | R::PluginAdd { .. } | R::RunReject(_) => false,
            R::PluginGrant(..) => true,
            R::PluginRollback(_) | R::PluginRemove { .. } => false,
            R::RunRevert { .. } | R::AssetRelease(..) | R::QuarantineRetry(_) => false,
            R::ConflictResolve(..) => false,
            // What was sent is not sent again.
            R::Push(_) => true,
            R::AssetEdit(..) => true,
            R::AssetCreate(..) | R::AssetDelete { .. } | R::AssetUndelete(..) => false,
            R::RunApproveMatches(_) => false,
            R::MappingSet { .. } | R::MappingUnset { .. } | R::ConfigRotateKey => false,
            // A second import changes nothing, but it would not say what the first did.
            R::Import { dry_run, .. } => *dry_run,
            R::Verify | R::Compact => true,
            R::Backup { .. } | R::Restore { .. } => false,
        }
    }
}

/// Something in the quarantine: a record of the PSA that could not be taken over, or an edit that the PSA did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unfit {
    /// A record of the PSA.
    Record(QuarantineId),
    /// An edit of this record.
    Edit(Kind, AssetId),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Record(id) => id.fmt(f),
            Unfit::Edit(kind, id) => write!(f, "{kind}.{id}"),
        }
    }
}

/// A text that names nothing in the quarantine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names nothing in the quarantine: ids are as `dovetail quarantine list` shows them")]
pub struct NotUnfit(String);

impl FromStr for Unfit {
    type Err = NotUnfit;

    fn from_str(text: &str) -> std::result::Result<Unfit, NotUnfit> {
        let edit = text
            .split_once('.')
            .and_then(|(kind, id)| Some(Unfit::Edit(kind.parse().ok()?, id.parse().ok()?)));
        let record = || text.parse().ok().map(Unfit::Record);
        edit.or_else(record).ok_or_else(|| NotUnfit(text.to_owned()))
    }
}

/// What a person chooses in a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choose {
    /// What the PSA says.
    Psa,
    /// What stood here.
    Local,
    /// Something else, in words.
    Value(String),
}

/// Who is to win where a field differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// Of which integration.
    pub name: IntegrationName,
    /// The record's kind.
    pub kind: Kind,
    /// The part of it.
    pub part: Part,
    /// Of this organization only, by name or id.
    pub organization: Option<String>,
    /// Who; none takes back what was set.
    pub policy: Option<Policy>,
}

/// What is to be sent although nobody edited it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushQuery {
    /// Of which integration.
    pub name: IntegrationName,
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// Of this organization only, by name or id.
    pub organization: Option<String>,
    /// Send nothing.
    pub dry_run: bool,
}

/// A record of the PSA about which a person says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Of which integration.
    pub name: IntegrationName,
    /// Its kind.
    pub kind: Kind,
    /// The PSA's id.
    pub source: SourceId,
}

/// What a person says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meant {
    /// This record of the documentation.
    Asset(AssetId),
    /// A record of its own.
    New,
    /// Not wanted.
    Ignored,
    /// What the standard rule says: nothing is said any more.
    ByRule,
}

/// A setting that is kept, given or taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change<T> {
    /// As it is; where nothing is yet, the default.
    #[default]
    Keep,
    /// This.
    To(T),
    /// Nothing.
    Clear,
}

/// How the server is reached, as far as a person said something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkChange {
    /// The private authority's certificates, a PEM file by its whole path.
    pub ca_file: Change<PathBuf>,
    /// Whether loopback and private addresses may be reached.
    pub allow_private_network: Option<bool>,
    /// The proxy.
    pub proxy: Change<String>,
    /// Requests a minute; `Clear` is unlimited.
    pub requests_per_minute: Change<u32>,
}

/// `integration add`
#[derive(Clone, Serialize, Deserialize)]
pub struct IntegrationAdd {
    /// Its name.
    pub name: IntegrationName,
    /// The connector's name.
    pub connector: String,
    /// `--set`, in the order given.
    pub settings: Vec<(String, String)>,
    /// `--secret`, read from their sources.
    pub secrets: Vec<(String, SecretText)>,
    /// How its server is reached.
    pub network: NetworkChange,
}

/// `integration update`
#[derive(Clone, Serialize, Deserialize)]
pub struct IntegrationUpdate {
    /// Which.
    pub name: IntegrationName,
    /// `--set`: these change, the others stay.
    pub settings: Vec<(String, String)>,
    /// `--secret`: these change, the others stay.
    pub secrets: Vec<(String, SecretText)>,
    /// How its server is reached.
    pub network: NetworkChange,
}

/// `integration import`
#[derive(Clone, Serialize, Deserialize)]
pub struct IntegrationImport {
    /// The file, by its whole path.
    pub file: PathBuf,
    /// Its name here; without it, the one it had.
    pub name: Option<IntegrationName>,
    /// What the file was sealed under; without it, the caller is asked.
    pub passphrase: Option<SecretText>,
    /// `--secret`, read from their sources.
    pub secrets: Vec<(String, SecretText)>,
}

/// What becomes of the records of an integration that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// They stay and stay connected: the same integration added again takes them up.
    KeepDataAndLinks,
    /// They stay as records of the documentation's own.
    KeepData,
    /// They go.
    DeleteData,
}

/// `settings set`: what is not mentioned stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsChange {
    /// Which integration.
    pub name: IntegrationName,
    /// `--select`, in the order given; a group may come several times.
    pub select: Vec<(String, Pick)>,
    /// `--contacts`
    pub contacts: Option<bool>,
    /// `--tickets`
    pub tickets: Option<TicketWindow>,
    /// `--interval`
    pub interval: Option<Interval>,
    /// `--full-every`
    pub full_every: Option<Interval>,
    /// `--reread`
    pub reread: Option<u32>,
    /// `--two-way`: for one kind, or for all that can.
    pub two_way: Vec<(Option<Kind>, bool)>,
    /// `--contact-email-type`
    pub contact_email_type: Option<String>,
    /// `--contact-phone-type`
    pub contact_phone_type: Option<String>,
}

/// `asset list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetQuery {
    /// Of this kind.
    pub kind: Kind,
    /// Connected through this integration.
    pub integration: Option<IntegrationName>,
    /// Of the organization of this name or id.
    pub organization: Option<String>,
    /// Fields with what they have to hold.
    pub filters: Vec<(String, String)>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Behind this record: an answer holds at most a page.
    pub after: Option<AssetId>,
    /// Whether to say how many there are beyond the answer.
    pub count: bool,
}

/// Whom `user invite` invites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// Everybody who is suggested.
    All,
    /// These, by the PSA's ids.
    Only(Vec<String>),
    /// All but these, by the PSA's ids.
    Except(Vec<String>),
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Everything but the settings of the house.
    Manager,
    /// Reads and writes records.
    Editor,
    /// Reads records.
    Reader,
}

impl Role {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Administrator => "administrator",
            Role::Manager => "manager",
            Role::Editor => "editor",
            Role::Reader => "reader",
        }
    }
}

/// What an operator grants a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantChange {
    /// MiB of memory an instance may have.
    pub memory: Option<u32>,
    /// The only hosts it may reach.
    pub hosts: Vec<String>,
    /// Forget what was granted before.
    pub reset: bool,
}

/// Where a mapping layer stands: on an integration, or on one organization of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingPlace {
    /// The integration.
    pub name: IntegrationName,
    /// The organization's name or id.
    pub organization: Option<String>,
}

/// What `mapping preview` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewQuery {
    /// Where.
    pub place: MappingPlace,
    /// The kind of records.
    pub kind: Kind,
    /// The layer to try; without it, what is set.
    pub plugin: Option<String>,
    /// Its configuration, a file by its whole path.
    pub config: Option<PathBuf>,
    /// The layer after which it comes; without it, the last.
    pub after: Option<String>,
    /// The most records shown.
    pub limit: Option<usize>,
}

/// Parses `KEY=VALUE`; the value may hold further equals signs and may be empty.
pub fn key_and_value(text: &str, option: &str) -> Result<(String, String), Problem> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        // Somebody may have put a secret here, so it is not repeated.
        _ => Err(Problem::value(
            format!("what follows {option} is no KEY=VALUE"),
            format!("Write it as `{option} KEY=VALUE`."),
        )),
    }
}
