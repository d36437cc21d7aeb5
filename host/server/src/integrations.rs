//! Integrations: added, checked live, listed, changed, paused and resumed. What a connector needs is read from its
//! description and from nothing else.

use std::collections::BTreeMap;
use std::fs;

use dovetail_domain::connector::{CheckState, ConnectorDescription, SetupField};
use dovetail_domain::integration::{Network, SyncSettings};
use dovetail_domain::{Code, Integration, IntegrationId, IntegrationName, Kind, SyncState};
use dovetail_gate::AllowedOrigins;
use dovetail_store::{Archive, table};
use zeroize::Zeroizing;

use crate::answer::{Answer, Check, Connected, IntegrationRow, IntegrationShown};
use crate::caller::{Caller, Question, Reply};
use crate::host::{Host, build_gate};
use crate::problem::{Result, sentence};
use crate::request::{Change, IntegrationAdd, NetworkChange};
use crate::shelf::Granted;
use crate::{Problem, SecretText, choose, config, database, form, queue, removal, status};

mod update;

pub(crate) use update::update;

/// The most bytes a file with certificates has.
const MAX_CA_BYTES: u64 = 1 << 20;

/// The integration of that name.
pub(crate) fn find(archive: &Archive, name: &IntegrationName) -> Result<Integration> {
    let all = archive.rows(&table::INTEGRATIONS)?;
    if let Some((_, found)) = all.iter().find(|(_, integration)| integration.name == *name) {
        return Ok(found.clone());
    }
    let near = choose::nearest(
        name.as_str(),
        all.iter().map(|(_, integration)| integration.name.as_str()),
    );
    let hint = if near.is_empty() {
        "There is none yet: `dovetail integration add` adds one.".to_owned()
    } else {
        format!(
            "There are: {}. `dovetail integration list` says more.",
            near.join(", ")
        )
    };
    Err(Problem::not_found(
        format!("There is no integration `{name}`."),
        hint,
    ))
}

/// Its id.
pub(crate) fn find_id(archive: &Archive, name: &IntegrationName) -> Result<IntegrationId> {
    find(archive, name).map(|integration| integration.id)
}

/// The names of all, of those too that were removed and whose links were kept.
pub(crate) fn names(archive: &Archive) -> Result<BTreeMap<IntegrationId, IntegrationName>> {
    let mut names = removal::kept_names(archive)?;
    let there = archive.rows(&table::INTEGRATIONS)?;
    names.extend(there.into_iter().map(|(id, integration)| (id, integration.name)));
    Ok(names)
}

pub(crate) async fn add(host: &Host, request: IntegrationAdd, caller: &dyn Caller) -> Result<Answer> {
    let archive = host.archive();
    refuse_taken(archive, &request.name)?;
    let connector = host.shelf().connector(archive, &request.connector).await?;
    let description = connector.description();
    let settings = form::read_settings(description, &request.settings)?;
    form::check_secrets(description, &request.secrets)?;
    form::check_complete(description, &settings, &config::defaults(archive, description)?)?;
    let mut integration = Integration {
        id: IntegrationId(0),
        name: request.name.clone(),
        connector: request.connector.clone(),
        settings,
        network: Network {
            ca_pem: None,
            allow_private_network: false,
            proxy: None,
            requests_per_minute: match description.requests_per_minute {
                0 => Some(Network::DEFAULT_REQUESTS_PER_MINUTE),
                hint => Some(hint.min(Network::DEFAULT_REQUESTS_PER_MINUTE)),
            },
        },
        sync: SyncSettings::default(),
        paused: false,
        trouble: None,
        unproven: None,
        created: host.now(),
    };
    change_network(&mut integration.network, request.network)?;
    // Origins and addresses are checked before anybody is asked for a secret.
    origins(archive, description, &integration)?;
    let secrets = all_secrets(description, request.secrets, caller).await?;
    check_gate(archive, description, &integration, &secrets)?;

    {
        let _changing = host.changing();
        refuse_taken(archive, &integration.name)?;
        let kept = removal::take_up(archive, &integration)?;
        // Links that waited may lead elsewhere than this one does.
        integration.unproven = kept.is_some().then(Vec::new);
        integration.id = match kept {
            Some(id) => id,
            None => next_id(archive)?,
        };
        let mut step = host.step();
        for (key, secret) in &secrets {
            host.seal(integration.id, key, secret, &mut step)?;
        }
        step.put(&table::INTEGRATIONS, &integration.id, &integration)?;
        removal::forget_kept(&integration.name, &mut step);
        archive.commit(step)?;
    }
    let name = &integration.name;
    let mut said = vec![format!(
        "Added `{name}`. Nothing was sent yet: `dovetail integration connect {name}` checks it."
    )];
    if archive
        .counts()
        .is_ok_and(|counts| linked(&counts, integration.id).values().any(|count| *count > 0))
    {
        said.push("It takes up the records that were connected through it before.".to_owned());
    }
    shown(host, &integration, said).await
}

/// The id of a new integration.
pub(crate) fn next_id(archive: &Archive) -> Result<IntegrationId> {
    let id = archive.next_integration();
    id.ok_or_else(|| Problem::internal("There are no more numbers for integrations."))
}

/// Refuses a name that an integration has.
pub(crate) fn refuse_taken(archive: &Archive, name: &IntegrationName) -> Result<()> {
    let taken = archive
        .rows(&table::INTEGRATIONS)?
        .iter()
        .any(|(_, known)| known.name == *name);
    if !taken {
        return Ok(());
    }
    Err(Problem::new(
        Code::AlreadyExists,
        format!("There is an integration `{name}` already."),
        format!("Choose another name, or change that one with `dovetail integration update {name}`."),
    ))
}

/// The secrets that were given, with those that have to be there and were not, asked for.
pub(crate) async fn all_secrets(
    description: &ConnectorDescription,
    mut secrets: Vec<(String, SecretText)>,
    caller: &dyn Caller,
) -> Result<Vec<(String, SecretText)>> {
    for field in form::required_secrets(description) {
        if !secrets.iter().any(|(key, _)| *key == field.key) {
            secrets.push((field.key.clone(), ask_secret(field, caller).await?));
        }
    }
    Ok(secrets)
}

async fn ask_secret(field: &SetupField, caller: &dyn Caller) -> Result<SecretText> {
    let key = &field.key;
    let question = Question::Secret {
        key: key.clone(),
        label: field.label.clone(),
    };
    match caller.ask(question).await {
        Reply::Secret(secret) => SecretText::new(key, Zeroizing::new(secret.expose().to_owned())),
        Reply::Refused(problem) => Err(problem),
        Reply::Nobody | Reply::Decision(_) => Err(Problem::new(
            Code::SecretRefused,
            format!(
                "The secret `{key}` ({}) is not given and nobody is there to ask.",
                field.label
            ),
            format!("Give it as `--secret {key}=env:VAR`, `{key}=file:PATH` or `{key}=-`."),
        )),
    }
}

fn change_network(network: &mut Network, change: NetworkChange) -> Result<()> {
    match change.ca_file {
        Change::Keep => {}
        Change::Clear => network.ca_pem = None,
        Change::To(path) => {
            let refused =
                |what: String| Problem::value(what, "Name a file with the authority's certificates as PEM.");
            let size = fs::metadata(&path)
                .map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?
                .len();
            if size > MAX_CA_BYTES {
                return Err(refused(format!("{} is larger than 1 MiB", path.display())));
            }
            let pem = fs::read_to_string(&path)
                .map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?;
            if !pem.contains("-----BEGIN CERTIFICATE-----") {
                return Err(refused(format!("{} holds no certificate as PEM", path.display())));
            }
            network.ca_pem = Some(pem);
        }
    }
    match change.proxy {
        Change::Keep => {}
        Change::Clear => network.proxy = None,
        Change::To(proxy) => network.proxy = Some(proxy),
    }
    match change.requests_per_minute {
        Change::Keep => {}
        Change::Clear => network.requests_per_minute = None,
        Change::To(number) => network.requests_per_minute = Some(number),
    }
    if let Some(allowed) = change.allow_private_network {
        network.allow_private_network = allowed;
    }
    Ok(())
}

/// Works out where the integration may go.
pub(crate) fn origins(
    archive: &Archive,
    description: &ConnectorDescription,
    integration: &Integration,
) -> Result<Vec<dovetail_domain::connector::Origin>> {
    let mut settings = integration.settings.clone();
    config::fill_in(archive, description, &mut settings)?;
    let settings: Vec<(String, String)> = settings.into_iter().collect();
    Ok(AllowedOrigins::work_out(&description.origins, &settings)?.told())
}

/// Builds the gate once, so that an address, a certificate or a secret that cannot be used is refused now.
pub(crate) fn check_gate(
    archive: &Archive,
    description: &ConnectorDescription,
    integration: &Integration,
    secrets: &[(String, SecretText)],
) -> Result<()> {
    let mut filled = integration.clone();
    config::fill_in(archive, description, &mut filled.settings)?;
    let mut held = dovetail_gate::Secrets::new();
    for (key, secret) in secrets {
        held.insert(
            key.clone(),
            dovetail_gate::Secret::new(key, secret.expose().to_owned())?,
        );
    }
    let granted = Granted::to(archive, &description.name)?;
    build_gate(&filled, description, &granted, held).map(drop)
}

pub(crate) async fn connect(host: &Host, name: &IntegrationName) -> Result<Answer> {
    let integration = find(host.archive(), name)?;
    let setup = host.setup_for(&integration).await?;
    let report = dovetail_sync::check(&setup).await?;
    let checks = report.lines.into_iter().map(|line| Check {
        id: line.id,
        ok: line.ok,
        state: line.state,
        needed: line.needed,
        how: line.how,
        detail: sentence(&line.detail),
        hint: line.hint.as_deref().map(sentence),
    });
    let mut checks: Vec<Check> = checks.collect();
    let mut failure = report.failure.map(Problem::from);
    if failure.is_none() && integration.unproven.is_some() {
        match database::prove(host, &setup).await {
            Ok(compared) => {
                checks.extend(compared.map(|compared| same_database(database::in_words(&compared), None)))
            }
            Err(problem) => {
                checks.push(same_database(problem.message.clone(), Some(problem.hint.clone())));
                failure = Some(problem);
            }
        }
    }
    if failure.is_none() {
        host.change_integration(integration.id, |integration| integration.trouble = None)?;
    }
    Ok(Answer::Connected(Connected {
        name: name.to_string(),
        ok: failure.is_none(),
        checks,
        failure,
    }))
}

/// The check whether the links of an integration lead where they were made; a hint where they do not.
fn same_database(detail: String, hint: Option<String>) -> Check {
    Check {
        id: "database".to_owned(),
        ok: hint.is_none(),
        state: if hint.is_none() {
            CheckState::Ok
        } else {
            CheckState::Missing
        },
        needed: true,
        how: "probe".to_owned(),
        detail,
        hint,
    }
}

pub(crate) fn list(host: &Host) -> Result<Answer> {
    let all = host.archive().rows(&table::INTEGRATIONS)?;
    let mut rows = all
        .iter()
        .map(|(_, integration)| row(host, integration))
        .collect::<Result<Vec<_>>>()?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Answer::Integrations(rows))
}

fn row(host: &Host, integration: &Integration) -> Result<IntegrationRow> {
    let (running, queued) = host.dispatch().standing(integration.id);
    let last = host.archive().runs(Some(integration.id), 1)?.pop();
    let (status, detail) = status::status(integration, running, queued, last.as_ref());
    let due = queue::due(integration, last.as_ref(), host.now());
    Ok(IntegrationRow {
        name: integration.name.to_string(),
        connector: integration.connector.clone(),
        status,
        detail,
        two_way: integration.sync.two_way.values().any(|on| *on),
        last_run: last.map(|run| run.to_json()),
        // Without a server nothing runs by itself.
        next_run: due
            .filter(|_| host.dispatch().serving())
            .map(|due| due.max(host.now())),
        counts: linked(&host.archive().counts()?, integration.id),
    })
}

/// Records connected through an integration and not orphaned.
fn linked(counts: &dovetail_store::Counts, integration: IntegrationId) -> BTreeMap<Kind, u64> {
    let live = |kind| {
        let of = |state| counts.linked(integration, kind, Some(state));
        of(SyncState::Enabled) + of(SyncState::Disabled) + of(SyncState::Held)
    };
    Kind::ALL.into_iter().map(|kind| (kind, live(kind))).collect()
}

pub(crate) async fn show(host: &Host, name: &IntegrationName) -> Result<Answer> {
    shown(host, &find(host.archive(), name)?, Vec::new()).await
}

async fn shown(host: &Host, integration: &Integration, mut said: Vec<String>) -> Result<Answer> {
    let archive = host.archive();
    // An integration can be looked at and paused whatever became of its connector.
    let origins = match host.shelf().connector(archive, &integration.connector).await {
        Ok(connector) => origins(archive, connector.description(), integration)?,
        Err(problem) => {
            said.push(format!("Where it may go is not known. {}", problem.message));
            Vec::new()
        }
    };
    let secrets = table::SECRETS.list_under(archive.store(), &integration.id)?;
    Ok(Answer::Integration(IntegrationShown {
        row: row(host, integration)?,
        settings: integration.settings.clone(),
        secrets: secrets.into_iter().map(|((_, key), _)| key).collect(),
        origins,
        ca: integration.network.ca_pem.clone(),
        allow_private_network: integration.network.allow_private_network,
        proxy: integration.network.proxy.clone(),
        requests_per_minute: integration.network.requests_per_minute,
        trouble: integration.trouble.clone(),
        created: integration.created,
        said,
    }))
}

pub(crate) async fn pause(host: &Host, name: &IntegrationName) -> Result<Answer> {
    let id = find_id(host.archive(), name)?;
    host.change_integration(id, |integration| integration.paused = true)?;
    let (running, _) = host.dispatch().standing(id);
    let more = if running {
        " The run that is on goes to its end."
    } else {
        ""
    };
    let said = vec![format!(
        "Paused: no run begins until `dovetail integration resume {name}`.{more}"
    )];
    shown(host, &find(host.archive(), name)?, said).await
}

pub(crate) async fn resume(host: &Host, name: &IntegrationName) -> Result<Answer> {
    let id = find_id(host.archive(), name)?;
    host.change_integration(id, |integration| {
        integration.paused = false;
        integration.trouble = None;
    })?;
    let said = vec!["Runs may begin again.".to_owned()];
    shown(host, &find(host.archive(), name)?, said).await
}
