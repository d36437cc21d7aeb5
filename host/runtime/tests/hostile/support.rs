//! The guests, built once; runtimes; records; that others go on being served; and how texts are made fit for snapshots.

#[path = "../../../../tests/hostile/watchdog.rs"]
pub(crate) mod watchdog;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use dovetail_domain::connector::{ConnectorContext, Listing};
use dovetail_domain::mapping::{Draft, MappingContext, Outcome};
use dovetail_domain::{Explained, Kind, SourceId, SourceRecord};
use dovetail_runtime::{
    Answers, Compiler, Limits, LoadedMapping, MappingInput, MappingRunner, Outbound, OutboundAnswer,
    OutboundRequest, OutboundResponse, PluginError, RecordError, Runtime, RuntimeConfig, Usage,
};

/// The workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The components of `hostile` and `hostile-connector`.
fn guests() -> &'static [Vec<u8>] {
    static GUESTS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    GUESTS.get_or_init(|| {
        let mut report = |line: &str| eprintln!("{line}");
        let built = dovetail_guest_build::build_workspace_guests(
            &workspace(),
            &["hostile", "hostile-connector"],
            &mut report,
        );
        built
            .unwrap()
            .iter()
            .map(|component| std::fs::read(&component.path).unwrap())
            .collect()
    })
}

pub(crate) fn hostile_mapping() -> &'static [u8] {
    &guests()[0]
}

pub(crate) fn hostile_connector() -> &'static [u8] {
    &guests()[1]
}

pub(crate) fn compiler() -> Compiler {
    Compiler::Child {
        program: PathBuf::from(env!("CARGO_BIN_EXE_dovetail-compiler")),
        arguments: vec![],
    }
}

/// One folder of compiled plugins for all tests of this process: each guest is compiled once.
fn cache_dir() -> PathBuf {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    CACHE
        .get_or_init(|| tempfile::tempdir().unwrap())
        .path()
        .join("cache")
}

pub(crate) fn runtime_with(limits: Limits) -> Runtime {
    // They may take as long as a compiler does; what comes after them may not.
    guests();
    watchdog::progress();
    Runtime::with_limits(
        RuntimeConfig {
            cache_dir: cache_dir(),
            compiler: compiler(),
        },
        limits,
    )
    .unwrap()
}

/// The limits in force, with a small allowance of computing: a loop ends after 5 ticks and not after 100.
pub(crate) fn short() -> Limits {
    let mut limits = Limits::TABLE;
    limits.mapping.ticks = 5;
    limits.connector.ticks = 5;
    limits
}

/// The limits in force, with so little computing that a loop ends soon, and so much that the others' work does not depend
/// on how busy the machine is.
pub(crate) fn few_ticks() -> Limits {
    let mut limits = Limits::TABLE;
    limits.mapping.ticks = 20;
    limits.connector.ticks = 20;
    limits.connector.ticks_a_record = 1;
    limits
}

/// What a call may have cost whose deed was none of computing, calling or taking memory: next to nothing of each.
pub(crate) fn next_to_nothing(usage: Usage) -> bool {
    usage.memory <= 2 * 1024 * 1024 && usage.host_calls <= 1 && usage.log_lines <= 1
}

pub(crate) async fn mapping(limits: Limits) -> LoadedMapping {
    runtime_with(limits)
        .load_mapping(hostile_mapping())
        .await
        .unwrap()
}

/// A page of configurations; each word is what the mapping is told to do with the record, the empty one nothing.
pub(crate) fn page(deeds: &[&str]) -> Vec<SourceRecord> {
    let record = |(place, deed): (usize, &&str)| SourceRecord {
        kind: Kind::Configuration,
        id: SourceId::new((place + 1).to_string()).unwrap(),
        version: None,
        name: format!("device {}", place + 1),
        json: if deed.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{\"do\":\"{deed}\"}}")
        },
    };
    deeds.iter().enumerate().map(record).collect()
}

pub(crate) async fn convert(
    runner: &mut MappingRunner,
    page: &[SourceRecord],
) -> Result<Answers<Outcome>, PluginError> {
    let so_far = Draft::default();
    let context = MappingContext {
        config: "{}".to_owned(),
        organization: None,
    };
    let batch: Vec<_> = page
        .iter()
        .map(|source| MappingInput {
            source,
            so_far: &so_far,
        })
        .collect();
    watchdog::progress();
    runner.convert(&context, &batch).await
}

/// Converts one record and gives the error it comes to.
pub(crate) async fn refusal(runner: &mut MappingRunner, deed: &str) -> RecordError {
    let mut answers = convert(runner, &page(&[deed])).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0).unwrap_err()
}

/// That the page is mapped from its first record to its last.
pub(crate) async fn assert_works(mapping: &LoadedMapping) {
    let page = page(&["", ""]);
    let answers = convert(&mut mapping.runner(), &page).await.unwrap();
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(Outcome::Mapped(_)))),
        "{answers:?}"
    );
}

/// That a mapping and a connector that were no part of it go on being served by the same engine.
pub(crate) async fn assert_serves(runtime: &Runtime) {
    watchdog::progress();
    assert_works(&runtime.load_mapping(hostile_mapping()).await.unwrap()).await;
    let loaded = runtime.load_connector(hostile_connector()).await.unwrap();
    let listing = Listing {
        kind: Kind::Ticket,
        since: None,
        parents: vec![],
    };
    let mut session = loaded.session(Canned::with_records(&["7"]));
    let pulled = session
        .pull(&ConnectorContext::default(), &listing, None)
        .await
        .unwrap();
    assert_eq!(pulled.items.len(), 3);
}

/// An error as a person sees it. Names of functions depend on the compiler, digests on the guests' bytes.
pub(crate) fn shown(error: &(impl Explained + ?Sized)) -> String {
    let text = format!("{}: {error}\n{}", error.code(), error.hint());
    let text = blot(&text, ", at `", "`");
    blot_digest(&blot(&text, "panicked at ", ": "))
}

/// Replaces what stands between `from` and `to` by an ellipsis.
fn blot(text: &str, from: &str, to: &str) -> String {
    let Some((front, rest)) = text.split_once(from) else {
        return text.to_owned();
    };
    let after = rest.split_once(to).map_or("", |(_, after)| after);
    format!("{front}{from}…{to}{after}")
}

fn blot_digest(text: &str) -> String {
    match text.split_once("component ") {
        Some((front, rest)) if rest.len() > 12 && rest[..12].bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{front}component …{}", &rest[12..])
        }
        _ => text.to_owned(),
    }
}

/// Answers every request with the same headers, and remembers the requests.
#[derive(Default)]
pub(crate) struct Canned {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: usize,
    pub(crate) requests: Mutex<Vec<OutboundRequest>>,
}

impl Canned {
    pub(crate) fn with_records(ids: &[&str]) -> Arc<Canned> {
        let headers = ids.iter().map(|id| ((*id).to_owned(), "{}".to_owned())).collect();
        Arc::new(Canned {
            headers,
            ..Canned::default()
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

#[async_trait]
impl Outbound for Canned {
    async fn send(&self, request: OutboundRequest) -> OutboundAnswer {
        self.requests.lock().unwrap().push(request);
        Ok(OutboundResponse {
            status: 200,
            headers: self.headers.clone(),
            body: vec![b'x'; self.body],
        })
    }

    async fn send_each(&self, requests: Vec<OutboundRequest>) -> Vec<OutboundAnswer> {
        let mut answers = Vec::new();
        for request in requests {
            answers.push(self.send(request).await);
        }
        answers
    }
}
