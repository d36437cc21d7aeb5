//! The same deeds with the guard moved out of the way: each ends by itself, goes through under wider limits and does not
//! under its own. So it was the guard that ended the others. Deeds whose guard is no number have planted faults in place
//! of a twin (docs/faults/hostile.toml).

use dovetail_domain::connector::ConnectorContext;
use dovetail_runtime::{CallError, Limits, PluginError};

use crate::by_hand::by_hand;
use crate::support::{Canned, convert, few_ticks, hostile_connector, mapping, page, runtime_with};

/// How a deed ended in `convert`, and what it cost.
async fn converted(limits: Limits, deed: &str) -> (Result<(), String>, dovetail_runtime::Usage) {
    let loaded = mapping(limits).await;
    let mut runner = loaded.runner();
    let answer = convert(&mut runner, &page(&[deed])).await.unwrap().remove(0);
    (answer.map(drop).map_err(|why| why.to_string()), runner.usage())
}

#[tokio::test]
async fn computing_that_ends_by_itself_goes_through_where_there_is_time() {
    let long = "loop 500";
    let (short, _) = converted(few_ticks(), long).await;
    assert!(short.unwrap_err().contains("ms of computing in one call"));
    let mut limits = few_ticks();
    limits.mapping.ticks = 6_000;
    let (done, usage) = converted(limits, long).await;
    assert_eq!(done, Ok(()));
    let few = few_ticks().mapping;
    assert!(usage.turns > few.ticks + few.ticks_a_record, "{usage:?}");
}

#[tokio::test]
async fn many_log_lines_go_through_where_calls_are_not_counted() {
    let many = "log 5000";
    let (short, _) = converted(Limits::TABLE, many).await;
    assert!(short.unwrap_err().contains("calls into the host"));
    let mut limits = Limits::TABLE;
    limits.mapping.host_calls = u32::MAX;
    let (done, usage) = converted(limits, many).await;
    assert_eq!((done, usage.host_calls), (Ok(()), 5_000));
}

#[tokio::test]
async fn much_memory_goes_through_where_it_is_granted() {
    let much = "memory 200";
    let (short, usage) = converted(Limits::TABLE, much).await;
    assert!(short.unwrap_err().contains("128 MiB of memory"));
    assert!(usage.memory <= Limits::TABLE.mapping.memory);
    let mut limits = Limits::TABLE;
    limits.mapping.memory = 512 * 1024 * 1024;
    let (done, usage) = converted(limits, much).await;
    assert_eq!(done, Ok(()));
    assert!(usage.memory > Limits::TABLE.mapping.memory, "{usage:?}");
}

#[tokio::test]
async fn deep_recursion_goes_through_where_the_stack_is_deep() {
    let deep = "recursion 20000";
    let (short, _) = converted(
        Limits {
            stack: 128 * 1024,
            ..Limits::TABLE
        },
        deep,
    )
    .await;
    assert!(short.unwrap_err().contains("128 KiB of stack"));
    let (done, _) = converted(
        Limits {
            stack: 4 * 1024 * 1024,
            ..Limits::TABLE
        },
        deep,
    )
    .await;
    assert_eq!(done, Ok(()));
}

#[tokio::test]
async fn a_huge_answer_crosses_where_much_may_and_is_cut_then() {
    let limits = Limits {
        crossing: 64 * 1024 * 1024,
        ..Limits::TABLE
    };
    let (done, _) = converted(limits, "huge").await;
    assert_eq!(done.unwrap_err().len(), dovetail_runtime::limits::MESSAGE);
}

#[tokio::test]
async fn many_requests_go_out_where_calls_are_not_counted() {
    let context = ConnectorContext {
        settings: vec![("do".to_owned(), "requests 200".to_owned())],
        ..ConnectorContext::default()
    };
    for (allowed, sent) in [(100, 100), (1_000, 201)] {
        let mut limits = Limits::TABLE;
        limits.connector.host_calls = allowed;
        let loaded = runtime_with(limits)
            .load_connector(hostile_connector())
            .await
            .unwrap();
        let outbound = Canned::with_records(&[]);
        let checked = loaded.session(outbound.clone()).check(&context).await;
        assert_eq!(
            checked.is_ok(),
            sent > allowed as usize || sent == 201,
            "{checked:?}"
        );
        assert!(checked.is_ok() || matches!(checked, Err(CallError::Plugin(PluginError::Over { .. }))));
        assert_eq!(outbound.count(), sent);
    }
}

#[tokio::test]
async fn a_large_table_goes_through_where_tables_may_be_large() {
    let component = by_hand(dovetail_runtime::World::Mapping)
        .module("(table 150000 funcref)")
        .component();
    assert!(
        runtime_with(Limits::TABLE)
            .load_mapping(&component)
            .await
            .is_err()
    );
    let limits = Limits {
        table_elements: 200_000,
        ..Limits::TABLE
    };
    assert!(runtime_with(limits).load_mapping(&component).await.is_ok());
}
