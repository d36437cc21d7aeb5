//! The words of the command line. Help, completions and man pages all come from these types.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dovetail_domain::Kind;
use dovetail_server::MatchState;

/// Joins a PSA with its IT documentation.
#[derive(Parser)]
#[command(name = "dovetail", version, propagate_version = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Common {
    /// The state folder [default: the platform's data folder]
    #[arg(long, global = true, env = "DOVETAIL_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// How to print
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Say more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing but errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// Lists as one JSON object a line
    Jsonl,
}

/// How a file of records is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A header and a row a record, in UTF-8
    Csv,
    /// A JSON object a line, as `asset list --format jsonl` prints them
    Jsonl,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Connections with PSAs
    #[command(subcommand)]
    Integration(Integration),
    /// What can be connected with, and what to do on its side
    #[command(subcommand)]
    Connector(Connector),
    /// What is synced
    #[command(subcommand)]
    Settings(Settings),
    /// Run an integration now, ahead of the queue, and follow it to its end
    Sync {
        /// The integration
        name: String,
        /// Read everything, not only what changed
        #[arg(long)]
        full: bool,
        /// Write nothing and show what would change, field by field
        #[arg(long)]
        dry_run: bool,
        /// Stop before anything is written and show what would be matched, made or asked
        #[arg(long, conflicts_with = "dry_run")]
        review: bool,
    },
    /// Which record of the documentation a record of the PSA is
    #[command(subcommand)]
    Match(Match),
    /// Why a record is missing, different or not moving
    Explain {
        /// The integration
        name: String,
        /// The kind
        kind: KindWord,
        /// The PSA's id, or what it is called
        what: String,
    },
    /// What ran
    #[command(subcommand)]
    Run(Run),
    /// Records of the PSA that could not be taken over, and edits it did not take
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Fields that both sides changed
    #[command(subcommand)]
    Conflict(Conflict),
    /// Who wins where a field differs
    #[command(subcommand)]
    Policy(Policy),
    /// Send what could be sent and is not by itself: values and records that were here before two-way was on
    Push {
        /// The integration
        name: String,
        /// Of this kind only
        #[arg(long, value_name = "KIND")]
        kind: Option<KindWord>,
        /// Of this organization only
        #[arg(long, value_name = "NAME|ID")]
        organization: Option<String>,
        /// Send nothing and show what would be sent, field by field
        #[arg(long)]
        dry_run: bool,
    },
    /// Documentation records
    #[command(subcommand)]
    Asset(Asset),
    /// Bring in records from a file, as one run that can be taken back
    Import {
        /// How the file is written
        how: FileFormat,
        /// What its records are
        kind: KindWord,
        /// The file
        file: PathBuf,
        /// Write nothing and show what would change, field by field
        #[arg(long)]
        dry_run: bool,
    },
    /// People of the PSA and their invitations
    #[command(subcommand)]
    User(User),
    /// Plugins: connectors and mappings
    #[command(subcommand)]
    Plugin(Plugin),
    /// Mapping layers of an integration
    #[command(subcommand)]
    Mapping(Mapping),
    /// Run due and queued syncs until stopped
    Serve {
        /// Where /healthz and /readyz answer; a loopback address
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
        listen: String,
    },
    /// Look at everything that is kept: checksums, records, links, index, plugins' files
    Verify,
    /// Write everything into one file, encrypted with the home's key or a passphrase
    Backup {
        /// The file; there must be none of that name
        file: PathBuf,
        #[command(flatten)]
        sealed: Sealed,
    },
    /// Make a new home of a backup
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        sealed: Sealed,
    },
    /// Drop what is older than it is to be kept, and write the store anew in less room
    Compact,
    /// Settings of the house
    #[command(subcommand)]
    Config(Config),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder
    Man {
        /// The folder
        dir: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct Sealed {
    /// Encrypt with a passphrase in place of the home's key, and where it is: env:VAR, file:PATH or - for standard input
    #[arg(long, value_name = "SOURCE")]
    pub(crate) passphrase: Option<String>,
}

#[derive(Args)]
pub(crate) struct Asked {
    /// Where the passphrase is: env:VAR, file:PATH or - for standard input [default: it is asked for]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) passphrase: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Integration {
    /// Add an integration; nothing is sent yet
    Add {
        /// Its name: a-z, 0-9, - and _
        name: String,
        /// The connector
        #[arg(long)]
        connector: String,
        #[command(flatten)]
        setup: Setup,
    },
    /// Check live: certificate, company, credentials, each permission
    Connect {
        /// The integration
        name: String,
    },
    /// List integrations with their status
    List,
    /// Show one
    Show {
        /// The integration
        name: String,
    },
    /// Change how it connects; what is not mentioned stays
    Update {
        /// The integration
        name: String,
        #[command(flatten)]
        setup: Setup,
        /// Trust no private authority any more
        #[arg(long, conflicts_with = "ca_file")]
        no_ca_file: bool,
        /// Refuse loopback and private addresses again
        #[arg(long, conflicts_with = "allow_private_network")]
        no_private_network: bool,
        /// Use no proxy any more
        #[arg(long, conflicts_with = "proxy")]
        no_proxy: bool,
    },
    /// Write its settings, mapping layers and links into an encrypted file; secrets are left out
    Export {
        /// The integration
        name: String,
        /// The file; there must be none of that name
        file: PathBuf,
        #[command(flatten)]
        sealed: Asked,
    },
    /// Take up an integration from such a file; its links attach to the records that are here
    Import {
        /// The file
        file: PathBuf,
        /// Its name here [default: the one it had]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        sealed: Asked,
        /// A secret and where it is: env:VAR, file:PATH or - for standard input
        #[arg(long = "secret", value_name = "KEY=SOURCE")]
        secrets: Vec<String>,
    },
    /// Begin no further run; one that is on goes to its end
    Pause {
        /// The integration
        name: String,
    },
    /// Let runs begin again
    Resume {
        /// The integration
        name: String,
    },
    /// Remove it
    Remove {
        /// The integration
        name: String,
        #[command(flatten)]
        fate: Fate,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(crate) struct Setup {
    /// A setting the connector asks for; `dovetail connector guide` lists them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// A secret and where it is: env:VAR, file:PATH or - for standard input
    #[arg(long = "secret", value_name = "KEY=SOURCE")]
    pub(crate) secrets: Vec<String>,
    /// Trust the private authority whose certificates are in this file
    #[arg(long, value_name = "PEM")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Permit loopback and private addresses for this integration
    #[arg(long)]
    pub(crate) allow_private_network: bool,
    /// Reach the PSA through this proxy; the environment's are never used
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Requests a minute, or `unlimited`
    #[arg(long, value_name = "N")]
    pub(crate) requests_per_minute: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Fate {
    /// Records stay, and stay connected: the same integration added again takes them up
    #[arg(long)]
    pub(crate) keep_data_and_links: bool,
    /// Records stay as the documentation's own
    #[arg(long)]
    pub(crate) keep_data: bool,
    /// Records go, after they are written to a file
    #[arg(long)]
    pub(crate) delete_data: bool,
}

#[derive(Subcommand)]
pub(crate) enum Connector {
    /// List connectors
    List,
    /// What to do on the PSA's side, step by step
    Guide {
        /// The connector
        connector: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Settings {
    /// Show every group with its options, recommended ones first
    Show {
        /// The integration
        name: String,
    },
    /// Choose what is synced; saving queues a run
    Set {
        /// The integration
        name: String,
        /// Options of a group: all, none, recommended or labels with commas (`\,` is a comma inside a label)
        #[arg(long, value_name = "GROUP=WHAT")]
        select: Vec<String>,
        /// Whether contacts are synced
        #[arg(long, value_name = "on|off", value_enum)]
        contacts: Option<Switch>,
        /// Which tickets: open, since=90d or all
        #[arg(long, value_name = "WINDOW")]
        tickets: Option<String>,
        /// How often a run is due: 30m, 1h
        #[arg(long, value_name = "TIME")]
        interval: Option<String>,
        /// How often a run reads everything
        #[arg(long, value_name = "TIME")]
        full_every: Option<String>,
        /// How many organizations have their locations read again in each run that reads changes only
        #[arg(long, value_name = "NUMBER")]
        reread: Option<u32>,
        /// Which kinds' edits go back to the PSA: on, off or KIND=on|off
        #[arg(long, value_name = "WHICH")]
        two_way: Vec<String>,
        /// The label of a new contact's e-mail address in the PSA
        #[arg(long, value_name = "LABEL")]
        contact_email_type: Option<String>,
        /// The label of a new contact's phone number in the PSA
        #[arg(long, value_name = "LABEL")]
        contact_phone_type: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Subcommand)]
pub(crate) enum Run {
    /// List runs, newest first
    List {
        /// Of this integration only
        name: Option<String>,
    },
    /// Show one
    Show {
        /// The run
        run: String,
        /// With everything it changed, field by field
        #[arg(long)]
        changes: bool,
    },
    /// Take back what one changed and nobody changed since; restored fields are held
    Revert {
        /// The run
        run: String,
        /// Change nothing and show what would be taken back
        #[arg(long)]
        dry_run: bool,
        /// Send what stood before to the PSA too, where edits go there, in place of holding it here
        #[arg(long)]
        in_psa: bool,
    },
    /// Say yes to what a run holds back
    Approve {
        /// The run
        run: String,
        /// Orphan what it held back because it was so much: all, or only these records by their ids
        #[arg(
            long,
            required_unless_present = "matches",
            num_args = 0..,
            value_delimiter = ',',
            value_name = "ID"
        )]
        orphans: Vec<String>,
        /// Write what it would match and make, as it was looked at
        #[arg(long, conflicts_with = "orphans")]
        matches: bool,
    },
    /// Say no to what a run holds back: nothing becomes of it
    Reject {
        /// The run
        run: String,
    },
    /// Stop one; what it stored stays
    Cancel {
        /// The run
        run: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Match {
    /// List the PSA's records and what they are here, those that need a person first
    List {
        /// The integration
        name: String,
        /// Of this kind only
        #[arg(long, value_name = "KIND")]
        kind: Option<KindWord>,
        /// That stand so only
        #[arg(long, value_name = "STATE")]
        state: Option<StateWord>,
        /// At most so many [default: 100 in tables, none in JSON]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Say which record it is; the next run does it
    Set {
        /// The integration
        name: String,
        /// The kind
        kind: KindWord,
        /// The PSA's id
        psa_id: String,
        /// The record's id, `new` for a record of its own, or `rule` to leave it to the standard rule again
        #[arg(value_name = "ASSET-ID|new|rule")]
        meant: String,
    },
    /// Say that it is not wanted; what came in of it becomes an orphan
    Ignore {
        /// The integration
        name: String,
        /// The kind
        kind: KindWord,
        /// The PSA's id
        psa_id: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateWord {
    Ambiguous,
    New,
    Matched,
    Ignored,
}

impl From<StateWord> for MatchState {
    fn from(word: StateWord) -> MatchState {
        match word {
            StateWord::Ambiguous => MatchState::Ambiguous,
            StateWord::New => MatchState::New,
            StateWord::Matched => MatchState::Matched,
            StateWord::Ignored => MatchState::Ignored,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Quarantine {
    /// List what could not be taken over or was not taken, with the reason
    List {
        /// Of this integration only
        name: Option<String>,
    },
    /// Show one with the PSA's record
    Show {
        /// Its id
        id: String,
    },
    /// Try again: read records once more, send edits once more
    Retry {
        /// Their ids
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Conflict {
    /// List fields that wait for a person, with both values
    List {
        /// Of this integration only
        name: Option<String>,
    },
    /// Choose; what is chosen goes to the PSA where it has something else
    Resolve {
        /// The conflict, as the list names it
        id: String,
        /// `psa`, `local`, or another value
        #[arg(long, value_name = "psa|local|VALUE")]
        take: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Policy {
    /// Show who wins, field by field
    Show {
        /// The integration
        name: String,
    },
    /// Say who wins for a field; nothing is sent by that
    Set {
        /// The integration
        name: String,
        /// The field: contact.title, configuration.traits.NAME
        #[arg(value_name = "KIND.FIELD")]
        field: String,
        /// both, from-psa, from-local, fill-empty or manual; `default` takes back what was set
        policy: String,
        /// For this organization only
        #[arg(long, value_name = "NAME|ID")]
        organization: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindWord {
    Organization,
    Location,
    Contact,
    Configuration,
    Ticket,
}

impl From<KindWord> for Kind {
    fn from(word: KindWord) -> Kind {
        match word {
            KindWord::Organization => Kind::Organization,
            KindWord::Location => Kind::Location,
            KindWord::Contact => Kind::Contact,
            KindWord::Configuration => Kind::Configuration,
            KindWord::Ticket => Kind::Ticket,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Asset {
    /// List records of a kind
    List {
        /// The kind
        kind: KindWord,
        /// Connected through this integration
        #[arg(long, value_name = "NAME")]
        integration: Option<String>,
        /// Of this organization
        #[arg(long, value_name = "NAME|ID")]
        organization: Option<String>,
        /// Whose field holds this, whatever the case of its letters; several have to hold at once
        #[arg(long = "where", value_name = "FIELD=VALUE")]
        filters: Vec<String>,
        /// At most so many [default: 100 in tables, none in JSON]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one record
    Show {
        /// The kind
        kind: KindWord,
        /// The id
        id: String,
    },
    /// What happened to a record, the oldest first
    History {
        /// The kind
        kind: KindWord,
        /// The id
        id: String,
    },
    /// Make a record of the documentation's own
    Create {
        /// The kind
        kind: KindWord,
        /// A field and its value; `organization=NAME|ID` says where it belongs, `traits.NAME=TEXT` keeps anything else
        #[arg(long = "set", value_name = "FIELD=VALUE", required = true)]
        set: Vec<String>,
    },
    /// Change a record; what goes both ways is sent to the PSA, what only comes from it is refused
    Edit {
        /// The kind
        kind: KindWord,
        /// The id
        id: String,
        /// A field and its value; an empty value empties it
        #[arg(long = "set", value_name = "FIELD=VALUE", required = true)]
        set: Vec<String>,
    },
    /// Delete a record that no PSA has a say in; it can be brought back for a time (`retention.deleted`)
    Delete {
        /// The kind
        kind: KindWord,
        /// The id
        id: String,
        /// Let go of the PSA's record instead: it stays here and does not come in again
        #[arg(long)]
        unlink: bool,
    },
    /// Bring a deleted record back
    Undelete {
        /// The kind
        kind: KindWord,
        /// The id
        id: String,
    },
    /// Let go what is held; it takes the value the PSA said last
    Release {
        /// The kind
        kind: KindWord,
        /// The id
        id: String,
        /// One field, `traits.NAME`, `organization` or `sync`; without it, all that is held
        field: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleWord {
    Administrator,
    Manager,
    Editor,
    Reader,
}

#[derive(Subcommand)]
pub(crate) enum User {
    /// Every licensed, active PSA user, all ticked
    Suggested {
        /// The integration
        name: String,
    },
    /// Record invitations for 14 days
    Invite {
        /// The integration
        name: String,
        #[command(flatten)]
        whom: Whom,
        /// What they may do
        #[arg(long, value_enum)]
        role: RoleWord,
    },
    /// Invite nobody now
    Skip {
        /// The integration
        name: String,
    },
    /// List people and invitations
    List,
}

#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct Whom {
    /// Everybody who is suggested; this is what happens where nothing is said
    #[arg(long)]
    pub(crate) all: bool,
    /// These only
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// All but these
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) except: Vec<String>,
}

#[derive(Subcommand)]
pub(crate) enum Plugin {
    /// Make a project for a plugin of your own, with everything it needs
    New {
        /// What it becomes
        kind: PluginWord,
        /// The folder; it must be empty or not there yet
        dir: PathBuf,
        /// The language; connectors are written in Rust
        #[arg(long, value_enum, default_value_t = LanguageWord::Rust)]
        language: LanguageWord,
        /// The plugin's name [default: the folder's]
        #[arg(long)]
        name: Option<String>,
    },
    /// Build a project into a checked component
    Build {
        /// The project's folder
        dir: PathBuf,
        /// Where the component goes [default: NAME.wasm in the folder]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show which languages can be built here, and how
    Doctor,
    /// Run a mapping's cases: records before and after
    Test {
        /// A component's file, or the name of an installed plugin
        plugin: String,
        /// The file of cases [default: tests/cases.toml or cases.toml beside the component]
        cases: Option<PathBuf>,
    },
    /// What a plugin is and asks for
    Inspect {
        /// A component's file, or the name of an installed plugin
        plugin: String,
    },
    /// Install a component
    Add {
        /// The component's file
        file: PathBuf,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List plugins
    List,
    /// Grant a plugin more memory, or cut down where it may go
    Grant {
        /// The plugin
        plugin: String,
        /// Memory an instance may have
        #[arg(long, value_name = "MIB")]
        memory: Option<u32>,
        /// A host it may reach, and no other than those named
        #[arg(long = "host", value_name = "HOST[:PORT]")]
        hosts: Vec<String>,
        /// Forget what was granted before
        #[arg(long)]
        reset: bool,
    },
    /// Take back the version before
    Rollback {
        /// The plugin
        plugin: String,
    },
    /// Take an added plugin away
    Remove {
        /// The plugin
        plugin: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PluginWord {
    /// It knows a PSA's API
    Connector,
    /// It turns records into others
    Mapping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageWord {
    Rust,
    Javascript,
    Python,
}

#[derive(Subcommand)]
pub(crate) enum Mapping {
    /// Show the effective table: field, source path, direction, layer
    Show {
        #[command(flatten)]
        place: Place,
    },
    /// Show what a layer does to records, before it is set or after
    Preview {
        #[command(flatten)]
        place: Place,
        /// The kind of records
        #[arg(long)]
        kind: KindWord,
        /// A layer to try [default: what is set]
        #[arg(long = "use", value_name = "PLUGIN")]
        plugin: Option<String>,
        /// Its configuration
        #[arg(long, value_name = "FILE", requires = "plugin")]
        config: Option<PathBuf>,
        /// The layer after which it comes [default: the last]
        #[arg(long, value_name = "PLUGIN", requires = "plugin")]
        after: Option<String>,
        /// The most records shown
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Lay a mapping over what is there
    Set {
        #[command(flatten)]
        place: Place,
        /// The plugin
        #[arg(long = "use", value_name = "PLUGIN")]
        plugin: String,
        /// Its configuration: JSON, or what else the mapping takes
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The layer after which it comes [default: the last]
        #[arg(long, value_name = "PLUGIN")]
        after: Option<String>,
        /// Let runs go on without it where it does not work
        #[arg(long)]
        optional: bool,
    },
    /// Take a layer away
    Unset {
        #[command(flatten)]
        place: Place,
        /// The plugin
        #[arg(long = "use", value_name = "PLUGIN")]
        plugin: String,
    },
}

#[derive(Args)]
pub(crate) struct Place {
    /// The integration
    pub(crate) name: String,
    /// For this organization of it only
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) organization: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Print a setting, or all
    Get {
        /// The key
        key: Option<String>,
    },
    /// Set a setting; without a value it is taken out
    Set {
        /// The key
        key: String,
        /// The value
        value: Option<String>,
    },
    /// Encrypt every secret anew under a new key
    RotateKey,
}
