//! What this process has while the home is its own: the archive, the plugins, the key, the gates and the runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use dovetail_domain::connector::ConnectorDescription;
use dovetail_domain::integration::Trouble;
use dovetail_domain::{Code, Integration, IntegrationId, Timestamp};
use dovetail_gate::vault::{KeySource, Owner, Sealed, Vault, VaultPlace};
use dovetail_gate::{Gate, GateConfig, Secret, Secrets};
use dovetail_store::{Archive, ChangeCause, RunStatus, Step, table};
use dovetail_sync::Setup;
use tokio::sync::watch;

use crate::dispatch::Dispatch;
use crate::home::HeldHome;
use crate::shelf::{Granted, Shelf};
use crate::{Problem, SecretText, config, keys, mappings, problem::Result, stall};

/// The time of this machine.
pub(crate) fn system_time() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
    let first = Timestamp::from_seconds(0).expect("1970 is a time that can be written");
    Timestamp::from_seconds(seconds).unwrap_or(first)
}

/// Who a change by a person is put down to: whoever can read the home is administrator.
const PERSON: &str = "administrator";

/// Runs that are looked through for some that ended with their process.
const RECENT_RUNS: usize = 100;

/// Everything a command works with.
pub(crate) struct Host {
    home: HeldHome,
    archive: Arc<Archive>,
    shelf: Shelf,
    vault: Mutex<Option<Vault>>,
    gates: Mutex<BTreeMap<IntegrationId, Arc<Gate>>>,
    dispatch: Dispatch,
    failed: watch::Sender<Option<Problem>>,
    clock: fn() -> Timestamp,
}

impl Host {
    /// Opens what is in the home. It blocks while the store is read.
    pub(crate) fn open(home: HeldHome, clock: fn() -> Timestamp) -> Result<Arc<Host>> {
        let archive = Arc::new(Archive::open(&home.room("store")?)?);
        close_lost_runs(&archive, clock())?;
        Ok(Arc::new(Host {
            shelf: Shelf::new(home.room("plugins")?, clock),
            dispatch: Dispatch::read(&archive)?,
            home,
            archive,
            vault: Mutex::new(None),
            gates: Mutex::default(),
            failed: watch::Sender::new(None),
            clock,
        }))
    }

    pub(crate) fn archive(&self) -> &Archive {
        &self.archive
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(crate) fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What tells the time.
    pub(crate) fn clock(&self) -> fn() -> Timestamp {
        self.clock
    }

    /// The home.
    pub(crate) fn folder(&self) -> &crate::home::HomeFolder {
        self.home.folder()
    }

    /// A folder in the home.
    pub(crate) fn room(&self, name: &str) -> Result<PathBuf> {
        Ok(self.home.room(name)?)
    }

    /// A step for what a person does now.
    pub(crate) fn step(&self) -> Step {
        Step::new(self.now(), ChangeCause::Person(PERSON.to_owned()))
    }

    /// Held while something is read, changed and written back.
    pub(crate) fn changing(&self) -> MutexGuard<'_, ()> {
        self.archive.turn()
    }

    /// Changes an integration where it is still there.
    pub(crate) fn change_integration(
        &self,
        id: IntegrationId,
        change: impl FnOnce(&mut Integration),
    ) -> Result<()> {
        let _changing = self.changing();
        let Some(before) = self.archive.get(&table::INTEGRATIONS, &id)? else {
            return Ok(());
        };
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(());
        }
        let mut step = self.step();
        step.put(&table::INTEGRATIONS, &id, &after)?;
        Ok(self.archive.commit(step)?)
    }

    /// Notes that the store failed: the process has to stop.
    pub(crate) fn fail(&self, problem: Problem) {
        tracing::error!("{}", problem.message);
        self.failed.send_replace(Some(problem));
    }

    /// Where such a failure is told.
    pub(crate) fn failed(&self) -> watch::Receiver<Option<Problem>> {
        self.failed.subscribe()
    }

    /// What a run or a question to the PSA works with.
    pub(crate) async fn setup_for(&self, integration: &Integration) -> Result<Setup> {
        let connector = self
            .shelf
            .connector(&self.archive, &integration.connector)
            .await?;
        let stacked = mappings::stack(self, integration).await?;
        let mut integration = integration.clone();
        config::fill_in(&self.archive, connector.description(), &mut integration.settings)?;
        let gate = self.gate_for(&integration, connector.description())?;
        Ok(Setup {
            archive: Arc::clone(&self.archive),
            connector,
            layers: stacked.layers,
            without: stacked.missing.iter().map(mappings::Missing::words).collect(),
            gate,
            integration,
            clock: self.clock,
            stalled_after: stall::after(&self.archive)?,
            dry: false,
        })
    }

    /// The same for questions to the PSA that go through a gate of their own and map nothing.
    pub(crate) async fn setup_through(&self, integration: &Integration, gate: Arc<Gate>) -> Result<Setup> {
        let connector = self
            .shelf
            .connector(&self.archive, &integration.connector)
            .await?;
        let mut integration = integration.clone();
        config::fill_in(&self.archive, connector.description(), &mut integration.settings)?;
        Ok(Setup {
            archive: Arc::clone(&self.archive),
            connector,
            layers: Vec::new(),
            without: Vec::new(),
            gate,
            integration,
            clock: self.clock,
            stalled_after: stall::after(&self.archive)?,
            // Nobody means to send anything through it.
            dry: true,
        })
    }

    /// The integration's gate, the same one for all its runs, so that they share its budget.
    fn gate_for(&self, integration: &Integration, description: &ConnectorDescription) -> Result<Arc<Gate>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&integration.id) {
            return Ok(Arc::clone(gate));
        }
        let gate = Arc::new(build_gate(
            integration,
            description,
            &Granted::to(&self.archive, &description.name)?,
            self.secrets(integration.id)?,
        )?);
        gates.insert(integration.id, Arc::clone(&gate));
        Ok(gate)
    }

    /// Has the next gate of an integration built anew, or of all.
    pub(crate) fn forget_gates(&self, integration: Option<IntegrationId>) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        match integration {
            Some(integration) => drop(gates.remove(&integration)),
            None => gates.clear(),
        }
    }

    /// An integration's secrets, opened.
    pub(crate) fn secrets(&self, integration: IntegrationId) -> Result<Secrets> {
        self.secrets_but(integration, |_| false)
    }

    /// The same without some, by their keys.
    pub(crate) fn secrets_but(
        &self,
        integration: IntegrationId,
        left_out: impl Fn(&str) -> bool,
    ) -> Result<Secrets> {
        let mut secrets = Secrets::new();
        let kept = table::SECRETS.list_under(self.archive.store(), &integration)?;
        for ((_, key), sealed) in kept.into_iter().filter(|((_, key), _)| !left_out(key)) {
            let id = integration.to_string();
            let owner = Owner {
                integration: &id,
                key: &key,
            };
            let secret = self.with_vault(|vault| Ok(vault.decrypt(owner, &Sealed::from_bytes(sealed))?))?;
            secrets.insert(key, secret);
        }
        Ok(secrets)
    }

    /// Puts a secret, sealed, into a step.
    pub(crate) fn seal(
        &self,
        integration: IntegrationId,
        key: &str,
        secret: &SecretText,
        step: &mut Step,
    ) -> Result<()> {
        let id = integration.to_string();
        let owner = Owner {
            integration: &id,
            key,
        };
        let secret = Secret::new(key, secret.expose().to_owned())?;
        let sealed = self.with_vault(|vault| Ok(vault.encrypt(owner, &secret)?))?;
        step.put(
            &table::SECRETS,
            &(integration, key.to_owned()),
            &sealed.as_bytes().to_vec(),
        )?;
        Ok(())
    }

    /// Does something with the vault. It is opened when it is first needed: a home without secrets needs no key.
    pub(crate) fn with_vault<T>(&self, work: impl FnOnce(&mut Vault) -> Result<T>) -> Result<T> {
        let mut vault = self.vault.lock().unwrap_or_else(PoisonError::into_inner);
        let vault = match &mut *vault {
            Some(vault) => vault,
            none => none.insert(self.open_vault(keys::source(&self.archive)?)?),
        };
        work(vault)
    }

    /// Puts a vault whose key is kept in `source` in the place of the one there is, once `work` with both is done.
    pub(crate) fn replace_vault(
        &self,
        source: KeySource,
        work: impl FnOnce(&Vault, &Vault) -> Result<()>,
    ) -> Result<()> {
        let mut vault = self.vault.lock().unwrap_or_else(PoisonError::into_inner);
        let old = match vault.take() {
            Some(vault) => vault,
            None => self.open_vault(keys::source(&self.archive)?)?,
        };
        let done = self
            .open_vault(source)
            .and_then(|new| work(&old, &new).map(|()| new));
        let (kept, done) = match done {
            Ok(new) => (new, Ok(())),
            Err(problem) => (old, Err(problem)),
        };
        *vault = Some(kept);
        done
    }

    fn open_vault(&self, source: KeySource) -> Result<Vault> {
        let place = VaultPlace::of_home(self.home.folder().path());
        Ok(Vault::open(place.with_keyring(source == KeySource::Keyring))?)
    }
}

/// Builds an integration's gate. Nothing is sent.
pub(crate) fn build_gate(
    integration: &Integration,
    description: &ConnectorDescription,
    granted: &Granted,
    secrets: Secrets,
) -> Result<Gate> {
    let network = &integration.network;
    let proxy = match &network.proxy {
        Some(text) => Some(text.parse().map_err(|error| {
            Problem::value(
                format!("the proxy `{text}` is no URL: {error}"),
                "Write it as http://host:port.",
            )
        })?),
        None => None,
    };
    let mut config = GateConfig::new(integration.name.as_str());
    config.settings = integration.settings.clone().into_iter().collect();
    config.secrets = secrets;
    config.origins = description.origins.clone();
    config.credentials = description.credentials.clone();
    config.ca_pem = network.ca_pem.clone().map(String::into_bytes);
    config.allow_private_network = network.allow_private_network;
    config.proxy = proxy;
    config.requests_per_minute = network.requests_per_minute;
    if let Ok(at_once @ 1..) = usize::try_from(description.requests_at_once) {
        config.concurrency = at_once;
    }
    let gate = Gate::new(config)?;
    granted.check(&description.name, gate.origins())?;
    Ok(gate)
}

/// A run that is on in the store while nobody has the home ended with its process: it is closed as stalled.
fn close_lost_runs(archive: &Archive, now: Timestamp) -> Result<()> {
    let mut step = Step::new(now, ChangeCause::Person(PERSON.to_owned()));
    let mut lost = false;
    for mut run in archive.runs(None, RECENT_RUNS)? {
        if run.status != RunStatus::Running {
            continue;
        }
        lost = true;
        run.status = RunStatus::Stalled;
        run.reason = Some("process-ended".to_owned());
        run.trouble = Some(Trouble {
            code: Code::Stalled.to_string(),
            message: "The process ended in the middle of the run; what it had stored by then stays."
                .to_owned(),
            hint: run.again(),
        });
        run.finished = Some(now);
        step.put_run(&run)?;
    }
    if lost {
        archive.commit(step)?;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Answer;
    use crate::home::{HomeFolder, Taken};
    use crate::queue::Entry;
    use crate::status::tests::{integration, run};
    use dovetail_store::RunTrigger;

    /// A home of a test's own, opened.
    pub(crate) struct TestHome {
        pub(crate) outer: tempfile::TempDir,
        pub(crate) host: Arc<Host>,
    }

    pub(crate) fn noon() -> Timestamp {
        Timestamp::from_seconds(1_793_534_400).unwrap()
    }

    pub(crate) fn home() -> TestHome {
        let outer = tempfile::tempdir().unwrap();
        let host = open(&outer);
        TestHome { outer, host }
    }

    fn open(outer: &tempfile::TempDir) -> Arc<Host> {
        let folder = HomeFolder::open(&outer.path().join("home")).unwrap();
        let Taken::Ours(held) = folder.take("a test").unwrap() else {
            panic!("a home of the test's own is free");
        };
        Host::open(held, noon).unwrap()
    }

    #[test]
    fn secrets_come_back_and_do_not_stand_in_the_home() {
        let home = home();
        let text = "the-private-key-of-acme";
        let secret = SecretText::new("private-key", text.to_owned().into()).unwrap();
        let mut step = home.host.step();
        home.host
            .seal(IntegrationId(1), "private-key", &secret, &mut step)
            .unwrap();
        home.host.archive().commit(step).unwrap();
        assert!(home.host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
        assert!(!home.host.secrets(IntegrationId(2)).unwrap().holds("private-key"));

        let Answer::KeyRotated(rotated) = keys::rotate(&home.host).unwrap() else {
            panic!("another answer");
        };
        assert_eq!(rotated.secrets, 1);
        assert!(home.host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
        assert!(
            !holds(home.outer.path(), text.as_bytes()),
            "a secret stands in a file as it is"
        );
    }

    fn holds(folder: &std::path::Path, needle: &[u8]) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return holds(&path, needle);
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    }

    #[test]
    fn what_was_on_when_the_process_ended_is_closed_and_stays_queued() {
        let home = home();
        let mut step = home.host.step();
        step.put_run(&run(RunStatus::Running)).unwrap();
        step.put(&table::INTEGRATIONS, &IntegrationId(1), &integration())
            .unwrap();
        let entry = Entry {
            integration: IntegrationId(1),
            trigger: RunTrigger::Manual,
            since: noon(),
            full: false,
            review: false,
            push: false,
        };
        step.put(&table::queue(), &IntegrationId(1), &entry).unwrap();
        home.host.archive().commit(step).unwrap();
        let TestHome { outer, host } = home;
        drop(host);

        let host = open(&outer);
        let found = host.archive().run(run(RunStatus::Running).id).unwrap().unwrap();
        assert_eq!((found.status, found.finished), (RunStatus::Stalled, Some(noon())));
        assert_eq!(crate::outcome::exit(&found), 8);
        assert_eq!(host.dispatch().standing(IntegrationId(1)), (false, true));
    }
}
