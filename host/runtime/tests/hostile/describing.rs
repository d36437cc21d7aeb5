//! Plugins that misbehave before they have a name: in `describe`, in the start function, in what is done after an answer. Both kinds of plugin, by hand.

use dovetail_domain::Explained;
use dovetail_runtime::{Limit, Limits, PluginError, World};
use insta::assert_snapshot;

use crate::by_hand::{ByHand, ENDLESS, FILLING, GROWING, TABLE_TO_GROW, by_hand};
use crate::support::{assert_serves, few_ticks, runtime_with, shown};

/// What a plugin comes to that does not get as far as to describe itself, alike for both kinds. The host goes on.
async fn ended(limits: Limits, change: impl Fn(ByHand) -> ByHand) -> PluginError {
    let runtime = runtime_with(limits);
    let mapping = change(by_hand(World::Mapping)).component();
    let mapping = runtime.load_mapping(&mapping).await.err().unwrap();
    let connector = change(by_hand(World::Connector)).component();
    let connector = runtime.load_connector(&connector).await.err().unwrap();
    assert_eq!(mapping.code(), connector.code(), "{mapping}\n{connector}");
    assert_serves(&runtime).await;
    mapping
}

/// The limit that was run into: the bound a call that is over has kept.
fn limit(error: &PluginError) -> Limit {
    match error {
        PluginError::Over { limit, .. } => *limit,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn by_hand_means_that_it_works_where_nothing_is_changed() {
    let runtime = runtime_with(Limits::TABLE);
    let loaded = runtime.load_mapping(&by_hand(World::Mapping).component()).await;
    assert_eq!(loaded.unwrap().description().name, "by-hand");
    let loaded = runtime
        .load_connector(&by_hand(World::Connector).component())
        .await;
    assert_eq!(loaded.unwrap().description().requests_per_minute, 60);
}

#[tokio::test]
async fn a_loop_ends_after_its_ticks_wherever_it_stands_before_the_work() {
    let describe = format!("{ENDLESS} unreachable");
    let start = format!("(func $start {ENDLESS}) (start $start)");
    let mut told = Vec::new();
    for error in [
        ended(few_ticks(), |plugin| plugin.module(&start)).await,
        ended(few_ticks(), |plugin| plugin.describe(&describe)).await,
        ended(few_ticks(), |plugin| plugin.after_describe(ENDLESS)).await,
        ended(few_ticks(), |plugin| plugin.pages(2_000).describe(FILLING)).await,
    ] {
        assert_eq!(limit(&error), Limit::GuestTime(few_ticks().mapping.ticks));
        told.push(shown(&error));
    }
    assert_snapshot!(told.join("\n"), @r#"
    plugin-limit: component … ran over a limit in `instantiate`; it may use 200 ms of computing in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    plugin-limit: component … ran over a limit in `describe`; it may use 200 ms of computing in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    plugin-limit: component … ran over a limit in `describe`; it may use 200 ms of computing in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    plugin-limit: component … ran over a limit in `describe`; it may use 200 ms of computing in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
}

#[tokio::test]
async fn a_loop_over_the_host_ends_after_its_calls() {
    let over_the_log =
        "(loop $again (call $log (i32.const 1) (i32.const 2048) (i32.const 7)) (br $again)) unreachable";
    let error = ended(Limits::TABLE, |plugin| plugin.describe(over_the_log)).await;
    assert_eq!(limit(&error), Limit::HostCalls(Limits::TABLE.mapping.host_calls));
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: component … ran over a limit in `describe`; it may use 1000 calls into the host in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);

    // A connector that describes itself sends nothing; each try is a call all the same.
    let zeros = "(i32.const 0)".repeat(13);
    let over_requests =
        format!("(loop $again (call $send {zeros} (i32.const 4096)) (br $again)) unreachable");
    let runtime = runtime_with(Limits::TABLE);
    let component = by_hand(World::Connector)
        .describe(&over_requests)
        .realloc("i32.const 8192");
    let error = runtime
        .load_connector(&component.component())
        .await
        .err()
        .unwrap();
    assert_eq!(
        limit(&error),
        Limit::HostCalls(Limits::TABLE.connector.host_calls)
    );
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: component … ran over a limit in `describe`; it may use 20000 calls into the host in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_serves(&runtime).await;
}

#[tokio::test]
async fn a_plugin_grows_no_further_than_its_limits_before_the_work() {
    let memory = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) unreachable";
    let deep = "(func $deeper (param i32) (result i32)
        (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))";
    let mut told = Vec::new();
    for (error, over) in [
        (
            ended(Limits::TABLE, |plugin| plugin.describe(memory)).await,
            Limit::Memory(Limits::TABLE.mapping.memory),
        ),
        (
            ended(Limits::TABLE, |plugin| plugin.pages(8_000)).await,
            Limit::Memory(Limits::TABLE.mapping.memory),
        ),
        (
            ended(Limits::TABLE, |plugin| {
                plugin.module(TABLE_TO_GROW).describe(GROWING)
            })
            .await,
            Limit::Table(Limits::TABLE.table_elements),
        ),
        (
            ended(Limits::TABLE, |plugin| plugin.module("(table 100001 funcref)")).await,
            Limit::Table(Limits::TABLE.table_elements),
        ),
        (
            ended(Limits::TABLE, |plugin| {
                plugin.module(deep).describe("(call $deeper (i32.const 0))")
            })
            .await,
            Limit::Stack(Limits::TABLE.stack),
        ),
    ] {
        assert_eq!(limit(&error), over);
        told.push(
            error
                .to_string()
                .split_once(' ')
                .unwrap()
                .1
                .split_once(' ')
                .unwrap()
                .1
                .to_owned(),
        );
    }
    assert_snapshot!(told.join("\n"), @r#"
    ran over a limit in `describe`; it may use 128 MiB of memory
    ran over a limit in `instantiate`; it may use 128 MiB of memory
    ran over a limit in `describe`; it may use 100000 elements of a table
    ran over a limit in `instantiate`; it may use 100000 elements of a table
    ran over a limit in `describe`; it may use 512 KiB of stack
    "#);
}

#[tokio::test]
async fn a_description_that_is_too_large_does_not_cross() {
    // A name of 40 MiB, which is there.
    let huge = "(i32.store (i32.const 1028) (i32.const 41943040)) i32.const 1024";
    let error = ended(Limits::TABLE, |plugin| plugin.pages(700).describe(huge)).await;
    assert_eq!(limit(&error), Limit::Crossing(Limits::TABLE.crossing));
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: component … ran over a limit in `describe`; it may use 32 MiB in one answer
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    // A name of 1 MiB crosses, and is none.
    let long = "(i32.store (i32.const 1028) (i32.const 1048576)) i32.const 1024";
    let error = ended(Limits::TABLE, |plugin| plugin.pages(700).describe(long)).await;
    assert!(matches!(error, PluginError::Answer { .. }), "{error}");
    assert!(error.to_string().len() < 1_000, "{error}");
}

#[tokio::test]
async fn a_name_with_control_characters_is_none_and_is_shown_without_them() {
    let slurred = r#"(data (i32.const 2048) "\1b[2Jab\0a")"#;
    let error = ended(Limits::TABLE, |plugin| plugin.module(slurred)).await;
    assert_snapshot!(shown(&error), @r#"
    plugin-answer: component … gave an answer in `describe` that is not acceptable: ` [2Jab ` is no name: 1 to 64 of a-z 0-9 - . _
    Tell the plugin's makers; another version may do
    "#);
    assert!(!shown(&error).trim_end().contains('\u{1b}'));
}

/// Every trap there is comes out as an error of the plugin's and never as one of the host's.
#[tokio::test]
async fn every_trap_is_told() {
    let wrong_type = r#"(type $other (func (param i32)))
        (table $table 1 funcref) (elem $table (i32.const 0) $other_kind) (func $other_kind (param i64))"#;
    let mut told = Vec::new();
    for (module, body) in [
        ("", "unreachable"),
        ("", "(i32.div_s (i32.const 1) (i32.const 0))"),
        ("", "(i32.div_s (i32.const 0x80000000) (i32.const -1))"),
        ("", "(i32.trunc_f32_s (f32.const nan))"),
        ("", "(i32.load (i32.const -4))"),
        (
            "",
            "(memory.fill (i32.const 0) (i32.const 0) (i32.const -1)) (i32.const 0)",
        ),
        ("(table 1 funcref)", "(call_indirect (result i32) (i32.const 9))"),
        ("(table 1 funcref)", "(call_indirect (result i32) (i32.const 0))"),
        (
            wrong_type,
            "(call_indirect (type $other) (i32.const 1) (i32.const 0)) (i32.const 0)",
        ),
    ] {
        let error = ended(Limits::TABLE, |plugin| plugin.module(module).describe(body)).await;
        let PluginError::Trapped { words, .. } = &error else {
            panic!("{error}")
        };
        told.push(words.split(", at").next().unwrap().to_owned());
    }
    assert_snapshot!(told.join("\n"), @r#"
    wasm `unreachable` instruction executed
    integer divide by zero
    integer overflow
    invalid conversion to integer
    out of bounds memory access
    out of bounds memory access
    undefined element: out of bounds table access
    uninitialized element
    indirect call type mismatch
    "#);
}
