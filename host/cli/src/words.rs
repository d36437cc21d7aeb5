//! From the words of the command line to a request. What is decided here is what each word means, nothing else.

use std::io::Read;
use std::path::{Path, PathBuf};

use dovetail_domain::{Code, Kind, Part, SourceId};
use dovetail_server::authors::{Authoring, Language, PluginKind};
use dovetail_server::request::{
    AssetQuery, Change, Choose, Fate, Format, GrantChange, IntegrationAdd, IntegrationImport,
    IntegrationUpdate, MappingPlace, Meant, NetworkChange, PolicyChange, PreviewQuery, PushQuery, Role,
    SettingsChange, Subject, Whom, key_and_value,
};
use dovetail_server::secret::{SecretSource, SecretText};
use dovetail_server::{Problem, Request, choose};

use crate::args::{self, Command};

type Result<T> = std::result::Result<T, Problem>;

/// The request a command stands for; none where it is none of the server's.
pub(crate) fn request(command: Command, input: &mut dyn Read) -> Result<Option<Request>> {
    let request = match command {
        Command::Integration(command) => integration(command, input)?,
        Command::Connector(args::Connector::List) => Request::ConnectorList,
        Command::Connector(args::Connector::Guide { connector }) => Request::ConnectorGuide(connector),
        Command::Settings(args::Settings::Show { name }) => Request::SettingsShow(parse(&name)?),
        Command::Settings(command) => Request::SettingsSet(settings(command)?),
        Command::Sync {
            name,
            full,
            dry_run,
            review,
        } => Request::Sync {
            name: parse(&name)?,
            full,
            dry_run,
            review,
        },
        Command::Match(command) => matching(command)?,
        Command::Explain { name, kind, what } => Request::Explain {
            name: parse(&name)?,
            kind: kind.into(),
            what,
        },
        Command::Run(args::Run::List { name }) => Request::RunList(maybe(name)?),
        Command::Run(args::Run::Show { run, changes }) => Request::RunShow {
            run: parse(&run)?,
            changes,
        },
        Command::Run(args::Run::Revert { run, dry_run, in_psa }) => Request::RunRevert {
            run: parse(&run)?,
            dry_run,
            in_psa,
        },
        Command::Run(args::Run::Approve {
            run, matches: true, ..
        }) => Request::RunApproveMatches(parse(&run)?),
        Command::Run(args::Run::Approve { run, orphans, .. }) => Request::RunApprove {
            run: parse(&run)?,
            only: match orphans.is_empty() {
                true => None,
                false => Some(orphans.iter().map(|id| parse(id)).collect::<Result<_>>()?),
            },
        },
        Command::Run(args::Run::Reject { run }) => Request::RunReject(parse(&run)?),
        Command::Run(args::Run::Cancel { run }) => Request::RunCancel(parse(&run)?),
        Command::Quarantine(args::Quarantine::List { name }) => Request::QuarantineList(maybe(name)?),
        Command::Quarantine(args::Quarantine::Show { id }) => Request::QuarantineShow(parse(&id)?),
        // Without ids all are tried; clap has seen to it that a person said so.
        Command::Quarantine(args::Quarantine::Retry { ids, all: _ }) => {
            Request::QuarantineRetry(ids.iter().map(|id| parse(id)).collect::<Result<_>>()?)
        }
        Command::Conflict(args::Conflict::List { name }) => Request::ConflictList(maybe(name)?),
        Command::Conflict(args::Conflict::Resolve { id, take }) => {
            let choose = match take.as_str() {
                "psa" => Choose::Psa,
                "local" => Choose::Local,
                _ => Choose::Value(take),
            };
            Request::ConflictResolve(id, choose)
        }
        Command::Policy(args::Policy::Show { name }) => Request::PolicyShow(parse(&name)?),
        Command::Policy(args::Policy::Set {
            name,
            field,
            policy,
            organization,
        }) => {
            let (kind, part) = kind_and_part(&field)?;
            Request::PolicySet(PolicyChange {
                name: parse(&name)?,
                kind,
                part,
                organization,
                policy: match policy.as_str() {
                    "default" => None,
                    policy => Some(parse(policy)?),
                },
            })
        }
        Command::Push {
            name,
            kind,
            organization,
            dry_run,
        } => Request::Push(PushQuery {
            name: parse(&name)?,
            kind: kind.map(Kind::from),
            organization,
            dry_run,
        }),
        Command::Asset(command) => asset(command)?,
        Command::Import {
            how,
            kind,
            file,
            dry_run,
        } => Request::Import {
            format: match how {
                args::FileFormat::Csv => Format::Csv,
                args::FileFormat::Jsonl => Format::Jsonl,
            },
            kind: kind.into(),
            file: whole(&file)?,
            dry_run,
        },
        Command::User(command) => user(command)?,
        Command::Plugin(command) => match plugin(command)? {
            Some(request) => request,
            None => return Ok(None),
        },
        Command::Mapping(command) => mapping(command)?,
        Command::Verify => Request::Verify,
        Command::Backup { file, sealed } => Request::Backup {
            file: whole(&file)?,
            passphrase: passphrase(sealed.passphrase, input)?,
        },
        Command::Restore { file, sealed } => Request::Restore {
            file: whole(&file)?,
            passphrase: passphrase(sealed.passphrase, input)?,
        },
        Command::Compact => Request::Compact,
        Command::Config(args::Config::Get { key }) => Request::ConfigGet(key),
        Command::Config(args::Config::Set { key, value }) => Request::ConfigSet(key, value),
        Command::Config(args::Config::RotateKey) => Request::ConfigRotateKey,
        Command::Serve { .. } | Command::Completions { .. } | Command::Man { .. } => return Ok(None),
    };
    Ok(Some(request))
}

fn matching(command: args::Match) -> Result<Request> {
    use args::Match as M;
    let subject = |name: String, kind: args::KindWord, psa_id: String| -> Result<Subject> {
        Ok(Subject {
            name: parse(&name)?,
            kind: kind.into(),
            source: SourceId::new(psa_id.clone()).ok_or_else(|| {
                Problem::value(
                    format!("`{psa_id}` is no id of the PSA's"),
                    format!("`dovetail match list {name}` lists the PSA's records with their ids."),
                )
            })?,
        })
    };
    Ok(match command {
        M::List {
            name,
            kind,
            state,
            limit,
        } => Request::MatchList {
            name: parse(&name)?,
            kind: kind.map(Into::into),
            state: state.map(Into::into),
            limit,
        },
        M::Set {
            name,
            kind,
            psa_id,
            meant,
        } => {
            let meant = match meant.as_str() {
                "new" => Meant::New,
                "rule" => Meant::ByRule,
                id => Meant::Asset(parse(id)?),
            };
            Request::MatchSet(subject(name, kind, psa_id)?, meant)
        }
        M::Ignore { name, kind, psa_id } => Request::MatchSet(subject(name, kind, psa_id)?, Meant::Ignored),
    })
}

fn integration(command: args::Integration, input: &mut dyn Read) -> Result<Request> {
    use args::Integration as I;
    Ok(match command {
        I::Add {
            name,
            connector,
            setup,
        } => Request::IntegrationAdd(IntegrationAdd {
            name: parse(&name)?,
            connector,
            settings: pairs(&setup.settings, "--set")?,
            secrets: secrets(&setup.secrets, input)?,
            network: network(&setup)?,
        }),
        I::Update {
            name,
            setup,
            no_ca_file,
            no_private_network,
            no_proxy,
        } => {
            let mut network = network(&setup)?;
            if no_ca_file {
                network.ca_file = Change::Clear;
            }
            if no_proxy {
                network.proxy = Change::Clear;
            }
            if no_private_network {
                network.allow_private_network = Some(false);
            }
            Request::IntegrationUpdate(IntegrationUpdate {
                name: parse(&name)?,
                settings: pairs(&setup.settings, "--set")?,
                secrets: secrets(&setup.secrets, input)?,
                network,
            })
        }
        I::Export { name, file, sealed } => Request::IntegrationExport {
            name: parse(&name)?,
            file: whole(&file)?,
            passphrase: passphrase(sealed.passphrase, input)?,
        },
        I::Import {
            file,
            name,
            sealed,
            secrets: given,
        } => {
            let piped = sealed.passphrase.as_deref() == Some("-");
            if piped && given.iter().any(|secret| secret.ends_with("=-")) {
                return Err(two_from_input());
            }
            Request::IntegrationImport(IntegrationImport {
                file: whole(&file)?,
                name: maybe(name)?,
                passphrase: passphrase(sealed.passphrase, input)?,
                secrets: secrets(&given, input)?,
            })
        }
        I::Connect { name } => Request::IntegrationConnect(parse(&name)?),
        I::List => Request::IntegrationList,
        I::Show { name } => Request::IntegrationShow(parse(&name)?),
        I::Pause { name } => Request::IntegrationPause(parse(&name)?),
        I::Resume { name } => Request::IntegrationResume(parse(&name)?),
        I::Remove { name, fate, yes } => Request::IntegrationRemove {
            name: parse(&name)?,
            fate: match (fate.keep_data_and_links, fate.keep_data) {
                (true, _) => Fate::KeepDataAndLinks,
                (_, true) => Fate::KeepData,
                _ => Fate::DeleteData,
            },
            yes,
        },
    })
}

fn network(setup: &args::Setup) -> Result<NetworkChange> {
    let requests_per_minute = match setup.requests_per_minute.as_deref() {
        None => Change::Keep,
        Some("unlimited") => Change::Clear,
        Some(text) => match text.parse() {
            Ok(number @ 1..=100_000) => Change::To(number),
            _ => {
                return Err(Problem::value(
                    format!("`{text}` is no number of requests a minute"),
                    "Write a number from 1 to 100000, or unlimited.",
                ));
            }
        },
    };
    Ok(NetworkChange {
        ca_file: setup
            .ca_file
            .as_deref()
            .map(whole)
            .transpose()?
            .map_or(Change::Keep, Change::To),
        allow_private_network: setup.allow_private_network.then_some(true),
        proxy: setup.proxy.clone().map_or(Change::Keep, Change::To),
        requests_per_minute,
    })
}

fn secrets(given: &[String], input: &mut dyn Read) -> Result<Vec<(String, SecretText)>> {
    let mut secrets = Vec::new();
    let mut standard_input = false;
    for (key, source) in pairs(given, "--secret")? {
        let source: SecretSource = source.parse()?;
        if source == SecretSource::StandardInput && std::mem::replace(&mut standard_input, true) {
            return Err(two_from_input());
        }
        let secret = source.read(&key, input)?;
        secrets.push((key, secret));
    }
    Ok(secrets)
}

fn two_from_input() -> Problem {
    Problem::new(
        Code::SecretRefused,
        "Two secrets are to come from standard input.",
        "Give one of them as env:VAR or file:PATH.",
    )
}

fn passphrase(source: Option<String>, input: &mut dyn Read) -> Result<Option<SecretText>> {
    let source = source.as_deref().map(str::parse::<SecretSource>);
    let source = source.transpose()?;
    source.map(|source| source.read("passphrase", input)).transpose()
}

fn settings(command: args::Settings) -> Result<SettingsChange> {
    let args::Settings::Set {
        name,
        select,
        contacts,
        tickets,
        interval,
        full_every,
        reread,
        two_way,
        contact_email_type,
        contact_phone_type,
    } = command
    else {
        return Err(Problem::internal(
            "`settings show` came where `settings set` was expected.",
        ));
    };
    Ok(SettingsChange {
        name: parse(&name)?,
        select: select
            .iter()
            .map(|text| choose::parse(text))
            .collect::<Result<_>>()?,
        contacts: contacts.map(|switch| switch == args::Switch::On),
        tickets: maybe(tickets)?,
        interval: maybe(interval)?,
        full_every: maybe(full_every)?,
        reread,
        two_way: two_way
            .iter()
            .map(|text| which_way(text))
            .collect::<Result<_>>()?,
        contact_email_type,
        contact_phone_type,
    })
}

/// A field of a kind: `contact.title`.
fn kind_and_part(text: &str) -> Result<(Kind, Part)> {
    let (kind, part) = text.split_once('.').unwrap_or((text, ""));
    let kind: Kind = parse(kind)?;
    let part = Part::named(part).filter(|part| match part {
        Part::Field(field) => kind.shape(*field).is_some(),
        Part::Trait(name) => !name.is_empty(),
        Part::Organization => false,
    });
    let part = part.ok_or_else(|| {
        Problem::value(
            format!("`{text}` is no field of a {kind}"),
            "Write KIND.FIELD, such as contact.title or configuration.traits.NAME.",
        )
    })?;
    Ok((kind, part))
}

fn which_way(text: &str) -> Result<(Option<Kind>, bool)> {
    let (kind, switch) = match text.split_once('=') {
        Some((kind, switch)) => (Some(parse(kind)?), switch),
        None => (None, text),
    };
    match switch {
        "on" => Ok((kind, true)),
        "off" => Ok((kind, false)),
        other => Err(Problem::value(
            format!("`{other}` is neither on nor off"),
            "Write --two-way on, off or KIND=on|off.",
        )),
    }
}

fn asset(command: args::Asset) -> Result<Request> {
    Ok(match command {
        args::Asset::List {
            kind,
            integration,
            organization,
            filters,
            limit,
        } => Request::AssetList(AssetQuery {
            kind: kind.into(),
            integration: maybe(integration)?,
            organization,
            filters: pairs(&filters, "--where")?,
            limit,
            after: None,
            count: false,
        }),
        args::Asset::Show { kind, id } => Request::AssetShow(kind.into(), parse(&id)?),
        args::Asset::History { kind, id } => Request::AssetHistory(kind.into(), parse(&id)?),
        args::Asset::Create { kind, set } => Request::AssetCreate(kind.into(), pairs(&set, "--set")?),
        args::Asset::Edit { kind, id, set } => {
            Request::AssetEdit(kind.into(), parse(&id)?, pairs(&set, "--set")?)
        }
        args::Asset::Delete { kind, id, unlink } => Request::AssetDelete {
            kind: kind.into(),
            id: parse(&id)?,
            unlink,
        },
        args::Asset::Undelete { kind, id } => Request::AssetUndelete(kind.into(), parse(&id)?),
        args::Asset::Release { kind, id, field } => Request::AssetRelease(kind.into(), parse(&id)?, field),
    })
}

fn user(command: args::User) -> Result<Request> {
    Ok(match command {
        args::User::Suggested { name } => Request::UserSuggested(parse(&name)?),
        args::User::Invite { name, whom, role } => Request::UserInvite {
            name: parse(&name)?,
            whom: match (whom.only.is_empty(), whom.except.is_empty()) {
                (false, _) => Whom::Only(whom.only),
                (_, false) => Whom::Except(whom.except),
                _ => Whom::All,
            },
            role: match role {
                args::RoleWord::Administrator => Role::Administrator,
                args::RoleWord::Manager => Role::Manager,
                args::RoleWord::Editor => Role::Editor,
                args::RoleWord::Reader => Role::Reader,
            },
        },
        args::User::Skip { name } => Request::UserSkip(parse(&name)?),
        args::User::List => Request::UserList,
    })
}

/// None where it is about sources and needs no home.
fn plugin(command: args::Plugin) -> Result<Option<Request>> {
    Ok(Some(match command {
        args::Plugin::Inspect { plugin } => Request::PluginInspect(file_or_name(plugin)?),
        args::Plugin::Add { file, yes } => Request::PluginAdd {
            file: whole(&file)?,
            yes,
        },
        args::Plugin::List => Request::PluginList,
        args::Plugin::Grant {
            plugin,
            memory,
            hosts,
            reset,
        } => {
            let change = GrantChange { memory, hosts, reset };
            Request::PluginGrant(plugin, change)
        }
        args::Plugin::Rollback { plugin } => Request::PluginRollback(plugin),
        args::Plugin::Remove { plugin, yes } => Request::PluginRemove { name: plugin, yes },
        args::Plugin::Test { plugin, cases } => Request::PluginTest {
            plugin,
            cases: whole(&cases.ok_or_else(no_cases)?)?,
        },
        args::Plugin::New { .. } | args::Plugin::Build { .. } | args::Plugin::Doctor => return Ok(None),
    }))
}

fn mapping(command: args::Mapping) -> Result<Request> {
    Ok(match command {
        args::Mapping::Show { place } => Request::MappingShow(at(place)?),
        args::Mapping::Set {
            place,
            plugin,
            config,
            after,
            optional,
        } => Request::MappingSet {
            place: at(place)?,
            plugin,
            config: config.as_deref().map(whole).transpose()?,
            after,
            optional,
        },
        args::Mapping::Preview {
            place,
            kind,
            plugin,
            config,
            after,
            limit,
        } => Request::MappingPreview(PreviewQuery {
            place: at(place)?,
            kind: kind.into(),
            plugin,
            config: config.as_deref().map(whole).transpose()?,
            after,
            limit,
        }),
        args::Mapping::Unset { place, plugin } => Request::MappingUnset {
            place: at(place)?,
            plugin,
        },
    })
}

fn at(place: args::Place) -> Result<MappingPlace> {
    Ok(MappingPlace {
        name: parse(&place.name)?,
        organization: place.organization,
    })
}

fn pairs(given: &[String], option: &str) -> Result<Vec<(String, String)>> {
    given.iter().map(|text| key_and_value(text, option)).collect()
}

/// Parses a value whose type says itself what it takes.
fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|error: T::Err| Problem::value(error, "Correct the value; nothing was changed."))
}

fn maybe<T: std::str::FromStr<Err: std::fmt::Display>>(text: Option<String>) -> Result<Option<T>> {
    text.as_deref().map(parse).transpose()
}

/// A path that means the same to another process.
fn whole(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Problem::value(format!("{} is no path: {error}", path.display()), "Name a file."))
}

/// What a plugin's author does, and needs no home for; the command itself where it is nothing of the kind.
pub(crate) fn authoring(command: Command) -> Result<std::result::Result<Authoring, Command>> {
    Ok(Ok(match command {
        Command::Plugin(args::Plugin::New {
            kind,
            dir,
            language,
            name,
        }) => Authoring::New {
            dir: whole(&dir)?,
            kind: match kind {
                args::PluginWord::Connector => PluginKind::Connector,
                args::PluginWord::Mapping => PluginKind::Mapping,
            },
            language: match language {
                args::LanguageWord::Rust => Language::Rust,
                args::LanguageWord::Javascript => Language::JavaScript,
                args::LanguageWord::Python => Language::Python,
            },
            name,
        },
        Command::Plugin(args::Plugin::Build { dir, out }) => Authoring::Build {
            dir: whole(&dir)?,
            out: out.as_deref().map(whole).transpose()?,
        },
        Command::Plugin(args::Plugin::Doctor) => Authoring::Doctor {
            here: PathBuf::from("."),
        },
        Command::Plugin(args::Plugin::Test { plugin, cases }) if is_file(&plugin) => Authoring::Test {
            file: whole(Path::new(&plugin))?,
            cases: cases.as_deref().map(whole).transpose()?,
        },
        other => return Ok(Err(other)),
    }))
}

fn no_cases() -> Problem {
    Problem::value(
        "an installed plugin has no cases beside it",
        "Name a file of cases: `dovetail plugin test NAME CASES`.",
    )
}

/// What looks like a path or is one stands for a file, anything else for a plugin's name.
fn file_or_name(text: String) -> Result<String> {
    Ok(if is_file(&text) {
        whole(Path::new(&text))?.display().to_string()
    } else {
        text
    })
}

fn is_file(text: &str) -> bool {
    text.contains(std::path::MAIN_SEPARATOR) || text.ends_with(".wasm") || Path::new(text).exists()
}
