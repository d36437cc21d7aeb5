//! Components made to exhaust whoever reads or compiles them. All of them are small.

use std::time::Duration;

use dovetail_runtime::{Limits, Runtime, RuntimeConfig, World};
use insta::assert_snapshot;

use crate::by_hand::by_hand;
use crate::support::{assert_serves, compiler, runtime_with, shown, watchdog};

/// A function with as many variables as there may be, many of which change in each of the loops they stand in.
fn many_locals(loops: usize) -> Vec<u8> {
    let uses: String = (0..49_000)
        .step_by(7)
        .map(|n| format!("(local.set {n} (i32.add (local.get {}) (local.get {n})))", n + 3))
        .collect();
    let back: String = (0..loops)
        .map(|n| format!("(br_if {n} (local.get {n}))"))
        .collect();
    let function = format!(
        "(func (local {}) {} {uses} {back} {})",
        "i32 ".repeat(49_010),
        "(loop ".repeat(loops),
        ")".repeat(loops)
    );
    by_hand(World::Mapping).module(&function).component()
}

/// Functions with a table of branches as long as there may be, out of as many blocks as it takes.
fn huge_branches(functions: usize) -> Vec<u8> {
    let blocks = 500;
    let targets: String = (0..60_000).map(|n| format!("{} ", n % blocks)).collect();
    let function = format!(
        "(func (param i32) {} (br_table {targets} (local.get 0)) {})",
        "(block ".repeat(blocks),
        ")".repeat(blocks)
    );
    by_hand(World::Mapping)
        .module(&function.repeat(functions))
        .component()
}

/// Compiles it with so many seconds of processor time.
async fn compiled(component: &[u8], seconds: u64) -> Result<(), String> {
    watchdog::progress();
    let place = tempfile::tempdir().unwrap();
    let config = RuntimeConfig {
        cache_dir: place.path().join("cache"),
        compiler: compiler(),
    };
    let limits = Limits {
        compile_cpu: Duration::from_secs(seconds),
        ..Limits::TABLE
    };
    let runtime = Runtime::with_limits(config, limits).unwrap();
    let loaded = runtime.load_mapping(component).await;
    let left = std::fs::read_dir(place.path().join("cache")).unwrap().count();
    assert_eq!(
        left,
        if loaded.is_ok() { 2 } else { 1 },
        "the lock, and the code where there is any"
    );
    assert_serves(&runtime_with(Limits::TABLE)).await;
    loaded.map(drop).map_err(|why| shown(&why))
}

#[tokio::test]
async fn a_bomb_of_variables_ends_with_the_compilers_time() {
    assert_snapshot!(compiled(&many_locals(20), 1).await.unwrap_err(), @r#"
    plugin-limit: component … ran over a limit in `compile`; it may use 1 s to compile it
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    // The variables alone are no bomb.
    assert_eq!(compiled(&many_locals(0), 60).await, Ok(()));
}

#[tokio::test]
async fn a_bomb_of_branches_ends_with_the_compilers_time() {
    assert_snapshot!(compiled(&huge_branches(100), 1).await.unwrap_err(), @r#"
    plugin-limit: component … ran over a limit in `compile`; it may use 1 s to compile it
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_eq!(compiled(&huge_branches(1), 60).await, Ok(()));
}

#[tokio::test]
async fn more_variables_than_there_may_be_are_refused() {
    let locals = format!("(func (local {}))", "i32 ".repeat(50_001));
    let component = by_hand(World::Mapping).module(&locals).component();
    let error = compiled(&component, 60).await.unwrap_err();
    let (front, why) = error.split_once(" failed to compile").unwrap();
    assert_snapshot!(front, @"plugin-refused: component … was refused: it does not compile:");
    assert!(why.contains("too many locals: locals exceed maximum"), "{why}");
}

/// Components within components, as deep as their size allows.
#[tokio::test]
async fn components_nested_without_end_are_refused() {
    const DEPTH: usize = 3_000;
    let mut nested: Vec<u8> = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..DEPTH {
        let mut outer: Vec<u8> = b"\0asm\x0d\0\x01\0\x04".to_vec();
        let mut length = nested.len();
        while length >= 0x80 {
            outer.push((length as u8 & 0x7f) | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.extend(nested);
        nested = outer;
    }
    let runtime = runtime_with(Limits::TABLE);
    let error = runtime.load_mapping(&nested).await.err().unwrap();
    assert_snapshot!(shown(&error), @r#"
    plugin-refused: component … was refused: it is malformed: modules and components count exceeds limit of 1000 (at offset 0x2ee0)
    Build it again; `dovetail plugin build` makes a component out of its sources
    "#);
    assert_serves(&runtime).await;
}

/// A section nobody reads costs its size and nothing more; past the size of a component it is not looked at.
#[tokio::test]
async fn a_section_of_many_bytes_counts_as_size() {
    let mut component = by_hand(World::Mapping).component();
    let junk = 2 * 1024 * 1024_u32;
    component.push(0);
    let mut length = junk + 5;
    while length >= 0x80 {
        component.push((length as u8 & 0x7f) | 0x80);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend(b"\x04junk");
    component.resize(component.len() + junk as usize, 0xff);
    let runtime = runtime_with(Limits::TABLE);
    assert_eq!(runtime.load_mapping(&component).await.err(), None);
    let limits = Limits {
        component: 1024 * 1024,
        ..Limits::TABLE
    };
    let error = runtime_with(limits).load_mapping(&component).await.err().unwrap();
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: component … ran over a limit in `inspect`; it may use 1 MiB for a component
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_serves(&runtime).await;
}
