//! What a run stands on when it sends changes, without the run: the connector and the standard mapping as components
//! under the limits in force, the gate over TLS, and a simulator that may be written, whose records a test looks at
//! beside the API.

use std::path::PathBuf;
use std::sync::Arc;

use connectwise_simulator::{Config, Control, Kind as PsaKind, Role, Simulator, Write};
use dovetail_domain::connector::{Change, ConnectorContext, PushOutcome};
use dovetail_domain::mapping::{Draft, Edit, MappingContext, Outcome, Patch};
use dovetail_domain::{Fault, Field, Kind, Reference, SourceId, SourceRecord, Timestamp, Value};
use dovetail_gate::{Gate, GateConfig, Secret, Secrets};
use dovetail_runtime::{
    CHILD_ARGUMENT, CallError, Compiler, ConnectorSession, LoadedConnector, LoadedMapping, MappingInput,
    MappingRunner, RecordError, Runtime, RuntimeConfig,
};
use dovetail_sync::Through;
use e2e::{binary, component, target};
use serde_json::{Map, Value as Json};
use tokio::sync::OnceCell;

/// Both plugins, compiled once for all tests of this process and for the homes of the others.
async fn plugins() -> &'static (LoadedConnector, LoadedMapping) {
    static PLUGINS: OnceCell<(LoadedConnector, LoadedMapping)> = OnceCell::const_new();
    let load = || async {
        let runtime = Runtime::new(RuntimeConfig {
            cache_dir: target().join("e2e-cache"),
            compiler: Compiler::Child {
                program: binary(),
                arguments: vec![CHILD_ARGUMENT.into()],
            },
        });
        let runtime = runtime.unwrap();
        let bytes = |path: PathBuf| std::fs::read(path).unwrap();
        let connector = runtime.load_connector(&bytes(component("connectwise"))).await;
        let mapping = runtime
            .load_mapping(&bytes(component("connectwise-mapping")))
            .await;
        (connector.unwrap(), mapping.unwrap())
    };
    PLUGINS.get_or_init(load).await
}

/// The standard mapping's rows of a kind that go both ways, by name.
pub(super) async fn two_way(kind: Kind) -> Vec<String> {
    let rows = plugins().await.1.description().table.iter();
    rows.filter(|row| row.kind == kind && row.rule.can_send())
        .map(|row| row.name.clone())
        .collect()
}

/// What a person wants of a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    pub(super) fields: Vec<(Field, Value)>,
    pub(super) traits: Vec<(String, String)>,
}

impl Wish {
    /// One field; further ones are added with [`Wish::and`].
    pub(super) fn of(field: Field, value: Value) -> Wish {
        Wish::default().and(field, value)
    }

    /// One trait with its JSON.
    pub(super) fn of_trait(name: &str, json: &str) -> Wish {
        Wish {
            traits: vec![(name.to_owned(), json.to_owned())],
            ..Wish::default()
        }
    }

    /// A field more.
    pub(super) fn and(mut self, field: Field, value: Value) -> Wish {
        self.fields.push((field, value));
        self
    }

    /// A draft as it is once the wish came true.
    pub(super) fn over(&self, before: &Draft) -> Draft {
        let mut draft = before.clone();
        draft.overlay(Draft {
            organization: None,
            fields: self.fields.clone(),
            traits: self.traits.clone(),
        });
        draft.fields.retain(|(_, value)| !value.is_absent());
        draft
    }
}

/// A text.
pub(super) fn text(text: &str) -> Value {
    Value::text(text)
}

/// A link to a record of the PSA's.
pub(super) fn link(kind: Kind, id: u64, name: &str) -> Value {
    Value::Reference(Reference {
        kind,
        asset: None,
        source: Some(source_id(id)),
        name: name.to_owned(),
    })
}

pub(super) fn source_id(id: u64) -> SourceId {
    SourceId::new(id.to_string()).unwrap()
}

/// The simulator's name for a kind.
pub(super) fn psa_kind(kind: Kind) -> PsaKind {
    match kind {
        Kind::Organization => PsaKind::Company,
        Kind::Location => PsaKind::Site,
        Kind::Contact => PsaKind::Contact,
        Kind::Configuration => PsaKind::Configuration,
        Kind::Ticket => PsaKind::Ticket,
    }
}

/// A PSA and the way to it.
pub(super) struct Psa {
    _simulator: Simulator,
    pub(super) control: Control,
    connector: ConnectorSession,
    mapping: MappingRunner,
    context: ConnectorContext,
}

impl Psa {
    /// A strict one with the demo's records, all of which may be written.
    pub(super) async fn new() -> Psa {
        Psa::with(Config::default()).await
    }

    /// A strict one and one whose answers have the loose shapes of ConnectWise's.
    pub(super) async fn each() -> [Psa; 2] {
        let loose = Config {
            loose: true,
            ..Config::default()
        };
        [Psa::new().await, Psa::with(loose).await]
    }

    /// One of its own.
    pub(super) async fn with(config: Config) -> Psa {
        let config = Config {
            role: Role::writing(),
            ..config
        };
        let simulator = Simulator::start(config).await.unwrap();
        let (connector, mapping) = plugins().await;
        let keys = simulator.credentials();
        let description = connector.description();
        let mut gate = GateConfig::new("acme");
        gate.settings = [
            ("site", simulator.address().to_string()),
            ("company", keys.company_id.clone()),
            ("public-key", keys.public_key.clone()),
            ("client-id", keys.client_id.clone()),
        ]
        .map(|(key, text)| (key.to_owned(), text))
        .into();
        let mut secrets = Secrets::new();
        let secret = Secret::new("private-key", keys.private_key.clone());
        secrets.insert("private-key", secret.unwrap());
        gate.secrets = secrets;
        gate.origins = description.origins.clone();
        gate.credentials = description.credentials.clone();
        gate.ca_pem = Some(simulator.ca_pem().as_bytes().to_vec());
        gate.allow_private_network = true;
        gate.concurrency = description.requests_at_once as usize;
        let settings = gate.settings.clone();
        let gate = Gate::new(gate).unwrap();
        let context = ConnectorContext {
            settings,
            origins: gate.origins().to_vec(),
            ..ConnectorContext::default()
        };
        Psa {
            control: simulator.control(),
            _simulator: simulator,
            connector: connector.session(Arc::new(Through(Arc::new(gate.session())))),
            mapping: mapping.runner(),
            context,
        }
    }

    /// Sets an option the connector is told with each call.
    pub(super) fn set_option(&mut self, key: &str, text: &str) {
        self.context.options.push((key.to_owned(), text.to_owned()));
    }

    /// A record as the API gives it.
    pub(super) async fn fetch(&mut self, kind: Kind, id: u64) -> SourceRecord {
        let parents = [self.parent(kind, id)];
        let found = self
            .connector
            .fetch(&self.context, kind, &[source_id(id)], &parents)
            .await;
        found.unwrap().remove(0).unwrap().record
    }

    /// What the standard mapping makes of a record.
    pub(super) async fn map(&mut self, source: &SourceRecord) -> Draft {
        let so_far = Draft::default();
        let input = MappingInput {
            source,
            so_far: &so_far,
        };
        let made = self.mapping.convert(&no_config(), &[input]).await;
        match made.unwrap().remove(0).unwrap() {
            Outcome::Mapped(draft) => draft,
            Outcome::Skipped(why) => panic!("{} was left out: {why}", source.name),
        }
    }

    /// What the PSA's record should hold for a wish; without a record it is a new one.
    pub(super) async fn bring_back(
        &mut self,
        kind: Kind,
        source: Option<&SourceRecord>,
        wish: &Wish,
    ) -> Result<Patch, RecordError> {
        let edit = Edit {
            kind,
            source: source.cloned(),
            wanted: wish.fields.clone(),
            traits: wish.traits.clone(),
        };
        let patches = self.mapping.to_source(&no_config(), &[edit]).await;
        patches.unwrap().remove(0)
    }

    /// The change that makes a wish come true on a record as it was read.
    pub(super) async fn change(&mut self, source: &SourceRecord, wish: &Wish) -> Change {
        let patch = self.bring_back(source.kind, Some(source), wish).await.unwrap();
        assert_eq!(patch.refused, Vec::<String>::new(), "{wish:?}");
        let id: u64 = source.id.as_str().parse().unwrap();
        Change {
            kind: source.kind,
            id: Some(source.id.clone()),
            parent: self.parent(source.kind, id),
            expected: of_the_same_properties(&source.json, &patch.json),
            desired: patch.json,
        }
    }

    /// The change that makes a new record under an organization.
    pub(super) async fn create(&mut self, kind: Kind, parent: Option<u64>, wish: &Wish) -> Change {
        let patch = self.bring_back(kind, None, wish).await.unwrap();
        assert_eq!(patch.refused, Vec::<String>::new(), "{wish:?}");
        Change {
            kind,
            id: None,
            parent: parent.map(source_id),
            expected: "{}".to_owned(),
            desired: patch.json,
        }
    }

    /// Sends changes; the log of requests holds those of this call alone.
    pub(super) async fn push(&mut self, changes: &[Change]) -> Vec<Result<PushOutcome, Fault>> {
        self.control.reset_log();
        self.connector.push(&self.context, changes).await.unwrap()
    }

    /// Sends one change.
    pub(super) async fn push_one(&mut self, change: &Change) -> Result<PushOutcome, Fault> {
        self.push(std::slice::from_ref(change)).await.remove(0)
    }

    /// Sends one change that goes through, and gives the record after it.
    #[track_caller]
    pub(super) fn applied(&self, outcome: Result<PushOutcome, Fault>) -> SourceRecord {
        match outcome {
            Ok(PushOutcome::Applied(record)) => record,
            other => panic!("{other:#?}\nwrites: {:#?}", self.control.writes()),
        }
    }

    /// Looks for what became of a create.
    pub(super) async fn seek(
        &mut self,
        change: &Change,
        since: Timestamp,
    ) -> Result<Vec<SourceRecord>, CallError> {
        self.connector.seek(&self.context, change, since).await
    }

    /// The PSA's clock.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.control.now()).unwrap()
    }

    /// A record as it is stored, whoever may see it.
    pub(super) fn stored(&self, kind: Kind, id: u64) -> Json {
        self.control.record(psa_kind(kind), id).unwrap()
    }

    /// The first record of a kind of which something holds.
    pub(super) fn find(&self, kind: Kind, holds: impl Fn(&Json) -> bool) -> u64 {
        let ids = self.control.ids(psa_kind(kind)).into_iter();
        let mut found = ids.filter(|id| holds(&self.stored(kind, *id)));
        found.next().expect("the simulator has such a record")
    }

    /// The first member of the PSA of whom something holds.
    pub(super) fn find_member(&self, holds: impl Fn(&Json) -> bool) -> Json {
        let ids = self.control.ids(PsaKind::Member).into_iter();
        let mut members = ids.filter_map(|id| self.control.record(PsaKind::Member, id));
        members
            .find(|member| holds(member))
            .expect("the simulator has such a member")
    }

    /// The writes of the last push: method, path and status.
    pub(super) fn writes(&self) -> Vec<String> {
        let line = |write: &Write| format!("{} {} {}", write.method, write.path, write.status);
        self.control.writes().iter().map(line).collect()
    }

    /// The organization a record stands under.
    pub(super) fn parent(&self, kind: Kind, id: u64) -> Option<SourceId> {
        if kind == Kind::Organization {
            return None;
        }
        self.stored(kind, id)["company"]["id"].as_u64().map(source_id)
    }
}

fn no_config() -> MappingContext {
    MappingContext {
        config: String::new(),
        organization: None,
    }
}

/// The properties a patch speaks of, as a record has them; one that is missing was empty.
fn of_the_same_properties(record: &str, patch: &str) -> String {
    let read = |json: &str| serde_json::from_str::<Map<String, Json>>(json).unwrap();
    let patch = read(patch);
    let mut same = read(record);
    same.retain(|name, _| patch.contains_key(name));
    Json::Object(same).to_string()
}
