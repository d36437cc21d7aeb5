//! One deed, asked of each export of a connector. For `describe`, which is given nothing, see `describing`.

use std::sync::Arc;

use async_trait::async_trait;
use dovetail_domain::connector::{Change, ConnectorContext, IncomingEvent, Listing};
use dovetail_domain::{Explained, Kind, SourceId, Timestamp};
use dovetail_runtime::limits::LOG_LINES;
use dovetail_runtime::{
    CallError, ConnectorSession, Limits, Outbound, OutboundAnswer, OutboundFailure, OutboundRequest, Usage,
    World,
};
use insta::{allow_duplicates, assert_snapshot};

use crate::by_hand::{ENDLESS, FILLING, FREE, by_hand};
use crate::support::{
    Canned, assert_serves, few_ticks, hostile_connector, next_to_nothing, runtime_with, watchdog,
};

const EXPORTS: [&str; 10] = [
    "check",
    "options",
    "pull",
    "count",
    "fetch",
    "list-ids",
    "members",
    "push",
    "seek",
    "parse-event",
];

/// Does the deed in an export; of lists of answers it gives the first.
async fn call(session: &mut ConnectorSession, export: &str, deed: &str) -> Result<String, CallError> {
    let context = ConnectorContext {
        settings: vec![("do".to_owned(), deed.to_owned())],
        ..ConnectorContext::default()
    };
    let listing = Listing {
        kind: Kind::Ticket,
        since: None,
        parents: vec![],
    };
    watchdog::progress();
    Ok(match export {
        "check" => format!("{:?}", session.check(&context).await?),
        "options" => format!("{:?}", session.options(&context, "boards").await?),
        "pull" => format!("{:?}", session.pull(&context, &listing, None).await?),
        "count" => format!("{:?}", session.count(&context, &listing).await?),
        "fetch" => {
            let ids = [SourceId::new("1").unwrap()];
            let found = session.fetch(&context, Kind::Ticket, &ids, &[]).await?;
            format!("{:?}", found.into_iter().next().unwrap()?)
        }
        "list-ids" => format!("{:?}", session.list_ids(&context, &listing, None).await?),
        "members" => format!("{:?}", session.members(&context, None).await?),
        "push" => {
            let change = Change {
                kind: Kind::Ticket,
                id: SourceId::new("1"),
                parent: None,
                expected: "{}".to_owned(),
                desired: "{}".to_owned(),
            };
            let ended = session.push(&context, &[change]).await?;
            format!("{:?}", ended.into_iter().next().unwrap()?)
        }
        "seek" => {
            let change = Change {
                kind: Kind::Ticket,
                id: None,
                parent: None,
                expected: "{}".to_owned(),
                desired: "{}".to_owned(),
            };
            let since = Timestamp::from_seconds(0).unwrap();
            format!("{:?}", session.seek(&context, &change, since).await?)
        }
        "parse-event" => {
            let event = IncomingEvent {
                headers: vec![],
                body: "41".to_owned(),
            };
            format!("{:?}", session.parse_event(&context, &event).await?)
        }
        other => panic!("{other}"),
    })
}

/// No more memory than a connector may have.
fn taken(usage: Usage) -> bool {
    usage.memory <= Limits::TABLE.connector.memory && usage.host_calls <= 1
}

/// Does the deed in every export of one session; the others go on being served, and so does the session.
async fn ended_everywhere(
    limits: Limits,
    outbound: Arc<dyn Outbound>,
    exports: &[&str],
    deed: &str,
    bound: impl Fn(Usage) -> bool,
) -> String {
    let runtime = runtime_with(limits);
    let loaded = runtime.load_connector(hostile_connector()).await.unwrap();
    let mut session = loaded.session(outbound);
    let mut lines = Vec::new();
    for export in exports {
        let line = match call(&mut session, export, deed).await {
            Err(CallError::Plugin(error)) => format!("{export}: {}: {error}", error.code()),
            Err(CallError::Fault(fault)) => format!("{export}: fault: {}", fault.message),
            Ok(answer) => panic!("{export}: {answer}"),
        };
        assert!(bound(session.usage()), "{line}: {:?}", session.usage());
        lines.push(line.split(", at `").next().unwrap().to_owned());
        assert_eq!(
            call(&mut session, "count", "").await.unwrap(),
            "Some(3)",
            "{export}"
        );
    }
    assert_serves(&runtime).await;
    lines.join("\n")
}

async fn ended(limits: Limits, deed: &str, bound: impl Fn(Usage) -> bool) -> String {
    ended_everywhere(limits, Canned::with_records(&["7"]), &EXPORTS, deed, bound).await
}

#[tokio::test]
async fn a_loop_ends_after_its_ticks_in_every_export() {
    let limits = few_ticks().connector;
    let allowed = limits.ticks + limits.ticks_a_record;
    assert_snapshot!(ended(few_ticks(), "loop", |usage| usage.turns <= allowed + 1).await, @r#"
    check: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 200 ms of computing in one call
    options: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `options`; it may use 200 ms of computing in one call
    pull: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 200 ms of computing in one call
    count: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `count`; it may use 200 ms of computing in one call
    fetch: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `fetch`; it may use 210 ms of computing in one call
    list-ids: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `list-ids`; it may use 200 ms of computing in one call
    members: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `members`; it may use 200 ms of computing in one call
    push: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `push`; it may use 210 ms of computing in one call
    seek: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `seek`; it may use 210 ms of computing in one call
    parse-event: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `parse-event`; it may use 200 ms of computing in one call
    "#);
}

/// In what gives room to the host's arguments, over one instruction that fills all memory, and after the answer was read,
/// when the plugin is still there to give its memory back.
#[tokio::test]
async fn a_loop_around_the_work_ends_after_its_ticks_in_every_export() {
    let room = by_hand(World::Connector).realloc(&format!("{ENDLESS} unreachable"));
    let fill = by_hand(World::Connector).pages(2_000).working(FILLING);
    let after = by_hand(World::Connector).working(&format!("i32.const {FREE}"));
    let limits = few_ticks().connector;
    let allowed = limits.ticks + limits.ticks_a_record;
    for plugin in [room, fill, after.after_working(ENDLESS)] {
        let runtime = runtime_with(few_ticks());
        let loaded = runtime.load_connector(&plugin.component()).await.unwrap();
        let mut session = loaded.session(Canned::with_records(&["7"]));
        let mut lines = Vec::new();
        for export in EXPORTS {
            let Err(CallError::Plugin(error)) = call(&mut session, export, "").await else {
                panic!("{export} went on");
            };
            lines.push(format!("{}: {error}", error.code()));
            assert!(
                session.usage().turns <= allowed + 1,
                "{export}: {:?}",
                session.usage()
            );
            assert_serves(&runtime).await;
        }
        allow_duplicates! {
            assert_snapshot!(lines.join("\n"), @r#"
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `check`; it may use 200 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `options`; it may use 200 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `pull`; it may use 200 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `count`; it may use 200 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `fetch`; it may use 210 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `list-ids`; it may use 200 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `members`; it may use 200 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `push`; it may use 210 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `seek`; it may use 210 ms of computing in one call
            plugin-limit: plugin by-hand 1.0.0 ran over a limit in `parse-event`; it may use 200 ms of computing in one call
            "#);
        }
    }
}

#[tokio::test]
async fn a_loop_over_the_log_ends_after_its_calls_in_every_export() {
    let limits = Limits::TABLE.connector;
    let allowed = limits.host_calls..=limits.host_calls + limits.host_calls_a_record;
    let told = ended(Limits::TABLE, "log", |usage| {
        allowed.contains(&(usage.host_calls - 1)) && usage.log_lines == LOG_LINES
    })
    .await;
    assert_snapshot!(told, @r#"
    check: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 20000 calls into the host in one call
    options: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `options`; it may use 20000 calls into the host in one call
    pull: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 20000 calls into the host in one call
    count: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `count`; it may use 20000 calls into the host in one call
    fetch: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `fetch`; it may use 20020 calls into the host in one call
    list-ids: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `list-ids`; it may use 20000 calls into the host in one call
    members: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `members`; it may use 20000 calls into the host in one call
    push: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `push`; it may use 20020 calls into the host in one call
    seek: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `seek`; it may use 20020 calls into the host in one call
    parse-event: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `parse-event`; it may use 20000 calls into the host in one call
    "#);
}

/// Refuses everything at once.
struct Refusing;

#[async_trait]
impl Outbound for Refusing {
    async fn send(&self, _: OutboundRequest) -> OutboundAnswer {
        Err(OutboundFailure::Denied("no".to_owned()))
    }

    async fn send_each(&self, requests: Vec<OutboundRequest>) -> Vec<OutboundAnswer> {
        requests
            .iter()
            .map(|_| Err(OutboundFailure::Denied("no".to_owned())))
            .collect()
    }
}

#[tokio::test]
async fn a_loop_over_requests_that_fail_at_once_ends_after_its_calls_in_every_export() {
    let limits = Limits::TABLE.connector;
    let allowed = limits.host_calls..=limits.host_calls + limits.host_calls_a_record;
    let told = ended_everywhere(Limits::TABLE, Arc::new(Refusing), &EXPORTS, "requests", |usage| {
        allowed.contains(&(usage.host_calls - 1))
    })
    .await;
    assert_snapshot!(told, @r#"
    check: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 20000 calls into the host in one call
    options: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `options`; it may use 20000 calls into the host in one call
    pull: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 20000 calls into the host in one call
    count: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `count`; it may use 20000 calls into the host in one call
    fetch: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `fetch`; it may use 20020 calls into the host in one call
    list-ids: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `list-ids`; it may use 20000 calls into the host in one call
    members: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `members`; it may use 20000 calls into the host in one call
    push: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `push`; it may use 20020 calls into the host in one call
    seek: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `seek`; it may use 20020 calls into the host in one call
    parse-event: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `parse-event`; it may use 20000 calls into the host in one call
    "#);
}

#[tokio::test]
async fn a_memory_bomb_gets_no_more_than_its_memory_in_every_export() {
    let allowed = Limits::TABLE.connector.memory;
    let told = ended(Limits::TABLE, "memory", |usage| {
        (allowed / 2..=allowed).contains(&usage.memory)
    })
    .await;
    assert_snapshot!(told, @r#"
    check: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 256 MiB of memory
    options: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `options`; it may use 256 MiB of memory
    pull: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 256 MiB of memory
    count: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `count`; it may use 256 MiB of memory
    fetch: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `fetch`; it may use 256 MiB of memory
    list-ids: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `list-ids`; it may use 256 MiB of memory
    members: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `members`; it may use 256 MiB of memory
    push: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `push`; it may use 256 MiB of memory
    seek: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `seek`; it may use 256 MiB of memory
    parse-event: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `parse-event`; it may use 256 MiB of memory
    "#);
}

#[tokio::test]
async fn deep_recursion_ends_at_the_stack_in_every_export() {
    assert_snapshot!(ended(Limits::TABLE, "recursion", next_to_nothing).await, @r#"
    check: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 512 KiB of stack
    options: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `options`; it may use 512 KiB of stack
    pull: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 512 KiB of stack
    count: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `count`; it may use 512 KiB of stack
    fetch: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `fetch`; it may use 512 KiB of stack
    list-ids: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `list-ids`; it may use 512 KiB of stack
    members: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `members`; it may use 512 KiB of stack
    push: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `push`; it may use 512 KiB of stack
    seek: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `seek`; it may use 512 KiB of stack
    parse-event: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `parse-event`; it may use 512 KiB of stack
    "#);
}

#[tokio::test]
async fn an_abort_is_an_error_in_every_export() {
    assert_snapshot!(ended(Limits::TABLE, "abort", next_to_nothing).await, @r#"
    check: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `check`: wasm `unreachable` instruction executed
    options: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `options`: wasm `unreachable` instruction executed
    pull: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `pull`: wasm `unreachable` instruction executed
    count: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `count`: wasm `unreachable` instruction executed
    fetch: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `fetch`: wasm `unreachable` instruction executed
    list-ids: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `list-ids`: wasm `unreachable` instruction executed
    members: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `members`: wasm `unreachable` instruction executed
    push: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `push`: wasm `unreachable` instruction executed
    seek: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `seek`: wasm `unreachable` instruction executed
    parse-event: plugin-trapped: plugin hostile-connector 1.0.0 trapped in `parse-event`: wasm `unreachable` instruction executed
    "#);
}

#[tokio::test]
async fn an_answer_of_40_mib_does_not_cross_from_any_export() {
    assert_snapshot!(ended(Limits::TABLE, "huge", taken).await, @r#"
    check: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 32 MiB in one answer
    options: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `options`; it may use 32 MiB in one answer
    pull: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 32 MiB in one answer
    count: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `count`; it may use 32 MiB in one answer
    fetch: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `fetch`; it may use 32 MiB in one answer
    list-ids: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `list-ids`; it may use 32 MiB in one answer
    members: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `members`; it may use 32 MiB in one answer
    push: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `push`; it may use 32 MiB in one answer
    seek: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `seek`; it may use 32 MiB in one answer
    parse-event: plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `parse-event`; it may use 32 MiB in one answer
    "#);
}

#[tokio::test]
async fn lists_of_too_many_parts_are_refused_from_every_export() {
    let lists = [
        "check",
        "options",
        "pull",
        "list-ids",
        "members",
        "seek",
        "parse-event",
    ];
    let outbound = Canned::with_records(&[]);
    assert_snapshot!(ended_everywhere(Limits::TABLE, outbound, &lists, "too-many", taken).await, @r#"
    check: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `check` that is not acceptable: 10001 checks; 10000 are allowed
    options: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `options` that is not acceptable: 10001 options; 10000 are allowed
    pull: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `pull` that is not acceptable: a page of 10001 records; 10000 are allowed
    list-ids: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `list-ids` that is not acceptable: 100001 ids; 100000 are allowed
    members: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `members` that is not acceptable: 10001 members; 10000 are allowed
    seek: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `seek` that is not acceptable: 10001 records; 10000 are allowed
    parse-event: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `parse-event` that is not acceptable: 10001 subjects of an event; 10000 are allowed
    "#);
}

#[tokio::test]
async fn a_wrong_count_is_an_answer_to_nothing() {
    let mut lines = Vec::new();
    for deed in ["one-too-few", "one-too-many"] {
        let outbound = Canned::with_records(&[]);
        lines
            .push(ended_everywhere(Limits::TABLE, outbound, &["fetch", "push"], deed, next_to_nothing).await);
    }
    assert_snapshot!(lines.join("\n"), @r#"
    fetch: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `fetch` that is not acceptable: 0 answers where 1 were asked for
    push: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `push` that is not acceptable: 0 answers where 1 were asked for
    fetch: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `fetch` that is not acceptable: 2 answers where 1 were asked for
    push: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `push` that is not acceptable: 2 answers where 1 were asked for
    "#);
}

/// Names, labels and ids with control characters: refused where they name something, cleaned where they are words.
#[tokio::test]
async fn control_characters_in_names_do_not_get_through() {
    let exports = [
        "check",
        "options",
        "fetch",
        "list-ids",
        "members",
        "push",
        "seek",
        "parse-event",
    ];
    let outbound = Canned::with_records(&[]);
    let told = ended_everywhere(Limits::TABLE, outbound, &exports, "slurred", |usage| {
        usage.log_lines == 1
    })
    .await;
    assert_snapshot!(told, @r#"
    check: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `check` that is not acceptable: checks, number 1: a text with control characters where one line is wanted
    options: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `options` that is not acceptable: options, number 1: a text with control characters where one line is wanted
    fetch: fault: `one [2Jtwo three` is no id: 1 to 100 bytes without control characters
    list-ids: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `list-ids` that is not acceptable: ids, number 1: `one [2Jtwo three` is no id: 1 to 100 bytes without control characters
    members: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `members` that is not acceptable: members, number 1: a text with control characters where one line is wanted
    push: fault: `one [2Jtwo three` is no id: 1 to 100 bytes without control characters
    seek: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `seek` that is not acceptable: records, number 1: `one [2Jtwo three` is no id: 1 to 100 bytes without control characters
    parse-event: plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `parse-event` that is not acceptable: subjects of an event, number 1: `one [2Jtwo three` is no id: 1 to 100 bytes without control characters
    "#);
    assert!(!told.contains(['\u{1b}', '\r']), "{told:?}");

    // On a page the record is refused by itself, under words that can be shown.
    let runtime = runtime_with(Limits::TABLE);
    let loaded = runtime.load_connector(hostile_connector()).await.unwrap();
    let page = call(&mut loaded.session(Canned::with_records(&[])), "pull", "slurred")
        .await
        .unwrap();
    assert_snapshot!(page, @r#"Page { items: [], refused: [RefusedItem { id: "one [2Jtwo three", name: "", reason: "`one [2Jtwo three` is no id: 1 to 100 bytes without control characters" }], next: None }"#);
}
