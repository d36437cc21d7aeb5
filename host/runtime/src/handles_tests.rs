//! Handles of resources: the contract has none, so a plugin can only misuse its own. Each misuse is a trap of that plugin.

use std::sync::Arc;

use wasmtime::component::{Component, Linker};

use crate::engine::{Clock, engine};
use crate::error::failed;
use crate::host::store;
use crate::limits::Limits;

/// A component with two resources of its own that does one thing with their handles.
fn doing(what: &str) -> String {
    format!(
        r#"(component
        (type $own (resource (rep i32)))
        (type $other (resource (rep i32)))
        (core func $new (canon resource.new $own))
        (core func $drop (canon resource.drop $own))
        (core func $read (canon resource.rep $own))
        (core func $drop_other (canon resource.drop $other))
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (import "" "drop" (func $drop (param i32)))
            (import "" "read" (func $read (param i32) (result i32)))
            (import "" "drop-other" (func $drop_other (param i32)))
            (func (export "do") (local $handle i32)
                (local.set $handle (call $new (i32.const 7)))
                {what}))
        (core instance $i (instantiate $m (with "" (instance
            (export "new" (func $new))
            (export "drop" (func $drop))
            (export "read" (func $read))
            (export "drop-other" (func $drop_other))))))
        (func (export "do") (canon lift (core func $i "do"))))"#
    )
}

/// What comes of it, in the words people see.
async fn told(what: &str) -> Result<(), String> {
    let limits = Limits::TABLE;
    let engine = engine(&limits).unwrap();
    let component = Component::new(&engine, wat::parse_str(doing(what)).unwrap()).unwrap();
    let clock = Arc::new(Clock::standing());
    let mut store = store(&engine, &clock, &limits, &limits.mapping, "p", None);
    let instance = Linker::new(&engine)
        .instantiate_async(&mut store, &component)
        .await
        .unwrap();
    let function = instance.get_typed_func::<(), ()>(&mut store, "do").unwrap();
    let done = function.call_async(&mut store, ()).await;
    done.map_err(|why| failed("plugin p", "do", &why, &limits, None).to_string())
}

#[tokio::test]
async fn a_handle_that_is_used_as_it_should_be_is_no_trouble() {
    assert_eq!(
        told("(drop (call $read (local.get $handle))) (call $drop (local.get $handle))").await,
        Ok(())
    );
    // Leaked: it ends with the instance.
    assert_eq!(told("").await, Ok(()));
}

#[tokio::test]
async fn forged_dropped_and_exchanged_handles_trap() {
    let mut lines = Vec::new();
    for (what, deed) in [
        ("forged", "(drop (call $read (i32.const 4711)))"),
        ("none", "(drop (call $read (i32.const 0)))"),
        ("the largest there is", "(call $drop (i32.const -1))"),
        (
            "dropped twice",
            "(call $drop (local.get $handle)) (call $drop (local.get $handle))",
        ),
        (
            "read after it was dropped",
            "(call $drop (local.get $handle)) (drop (call $read (local.get $handle)))",
        ),
        ("of another kind", "(call $drop_other (local.get $handle))"),
    ] {
        let words = told(deed).await.unwrap_err();
        lines.push(format!("{what}: {}", words.split(", at").next().unwrap()));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    forged: plugin p trapped in `do`: unknown handle index 4711
    none: plugin p trapped in `do`: unknown handle index 0
    the largest there is: plugin p trapped in `do`: unknown handle index 4294967295
    dropped twice: plugin p trapped in `do`: unknown handle index 1
    read after it was dropped: plugin p trapped in `do`: unknown handle index 1
    of another kind: plugin p trapped in `do`: handle index 1 used with the wrong type, expected guest-defined resource but found a different guest-defined resource
    "#);
}
