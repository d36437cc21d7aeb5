//! Components that are refused before anything of them runs, and what the compiler's child does.

use std::os::unix::fs::PermissionsExt;

use dovetail_runtime::{Compiler, Limits, PluginError, Runtime, RuntimeConfig, World};
use insta::assert_snapshot;

use crate::support::{
    assert_works, compiler, hostile_connector, hostile_mapping, mapping, runtime_with, shown,
};

fn refused(text: &str) -> String {
    let component = wat::parse_str(text).unwrap();
    shown(&runtime_with(Limits::TABLE).inspect(&component).unwrap_err())
}

/// A component that exports the mapping interface and imports what is given.
fn importing(import: &str) -> String {
    format!(
        r#"(component {import}
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $e (export "describe" (func $f)))
            (export "dovetail:plugin/mapping@0.1.0" (instance $e)))"#
    )
}

#[tokio::test]
async fn foreign_imports_are_refused_by_name() {
    assert_snapshot!(refused(&importing(
        r#"(import "wasi:cli/environment@0.2.0" (instance (export "get" (func))))"#
    )), @r#"
    plugin-refused: component … was refused: it imports `wasi:cli/environment@0.2.0`, which a mapping is not given
    Build it without WASI: Rust for the target wasm32-unknown-unknown, JavaScript with all of `disableFeatures` in build.mjs that `dovetail plugin new` writes there, Python with `componentize-py --stub-wasi`
    "#);
    assert_snapshot!(refused(&importing(
        r#"(import "dovetail:plugin/http@0.1.0" (instance (export "send" (func))))"#
    )), @r#"
    plugin-refused: component … was refused: it imports `dovetail:plugin/http@0.1.0`, which a mapping is not given
    A mapping sends nothing: it sees the records it is given and a log; take the request out of it
    "#);
    assert_snapshot!(refused(&importing(
        r#"(import "dovetail:plugin/log@0.2.0" (instance (export "write" (func))))"#
    )), @r#"
    plugin-refused: component … was refused: it imports `dovetail:plugin/log@0.2.0`, which a mapping is not given
    It is made for another version of the contract: build it against `vendor/wit` of this one
    "#);
    assert_snapshot!(refused(&importing(
        r#"(import "dovetail:plugin/log@0.1.0" (instance (export "read" (func))))"#
    )), @r#"
    plugin-refused: component … was refused: it imports `read` of `dovetail:plugin/log@0.1.0`, which the host does not have
    Build it against the contract of this version, in `vendor/wit`
    "#);
    assert_snapshot!(refused(&importing(r#"(import "clock" (func))"#)), @r#"
    plugin-refused: component … was refused: it imports `clock`, which a mapping is not given
    A plugin has `log`, and a connector `http`: take out what uses anything else
    "#);
    assert_works(&mapping(Limits::TABLE).await).await;
}

#[test]
fn what_is_no_plugin_is_refused() {
    let runtime = runtime_with(Limits::TABLE);
    let refused_bytes = |bytes: &[u8]| shown(&runtime.inspect(bytes).unwrap_err());
    assert_snapshot!(refused_bytes(b"#!/bin/sh"), @r#"
    plugin-refused: component … was refused: it is no WebAssembly component
    Build it again; `dovetail plugin build` makes a component out of its sources
    "#);
    assert_snapshot!(refused_bytes(&wat::parse_str("(module)").unwrap()), @r#"
    plugin-refused: component … was refused: it is a WebAssembly module and not a component
    Build it again; `dovetail plugin build` makes a component out of its sources
    "#);
    assert_snapshot!(refused_bytes(&wat::parse_str("(component)").unwrap()), @r#"
    plugin-refused: component … was refused: it exports nothing; a plugin exports `dovetail:plugin/connector@0.1.0` or `dovetail:plugin/mapping@0.1.0`
    End the Rust source with `dovetail_sdk::overlay!`, `export_mapping!` or `export_connector!`; where it has one, build it against the contract of this version, in `vendor/wit`
    "#);
    let torn = &hostile_mapping()[..hostile_mapping().len() / 2];
    assert!(refused_bytes(torn).contains("it is malformed"));
}

#[tokio::test]
async fn an_interface_of_another_form_is_refused() {
    let component = wat::parse_str(importing("")).unwrap();
    let error = runtime_with(Limits::TABLE)
        .load_mapping(&component)
        .await
        .err()
        .unwrap();
    assert_snapshot!(shown(&error), @r#"
    plugin-refused: component … was refused: it does not fit the contract: instance export `dovetail:plugin/mapping@0.1.0` does not have export `configure`
    Build it against the contract of this version, in `vendor/wit`
    "#);
}

#[tokio::test]
async fn a_function_of_another_type_is_refused() {
    let component = wat::parse_str(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $e (export "describe" (func $f)) (export "configure" (func $f))
                (export "convert" (func $f)) (export "to-source" (func $f)))
            (export "dovetail:plugin/mapping@0.1.0" (instance $e)))"#,
    );
    let loaded = runtime_with(Limits::TABLE)
        .load_mapping(&component.unwrap())
        .await;
    assert_snapshot!(shown(&loaded.err().unwrap()), @r#"
    plugin-refused: component … was refused: a function it exports has another type than in the contract: failed to convert function to given type: type mismatch with results: expected 1-tuple, found 0-tuple
    Build it against the contract of this version: `dovetail plugin new` writes it to `vendor/wit`
    "#);
}

#[test]
fn a_component_over_the_size_is_not_even_parsed() {
    let runtime = runtime_with(Limits {
        component: 1024 * 1024,
        ..Limits::TABLE
    });
    // Not WebAssembly: whoever parses it says so.
    let refused_bytes = |size: usize| shown(&runtime.inspect(&vec![b'#'; size]).unwrap_err());
    assert_snapshot!(refused_bytes(1024 * 1024 + 1), @r#"
    plugin-limit: component … ran over a limit in `inspect`; it may use 1 MiB for a component
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert!(refused_bytes(1024 * 1024).contains("it is no WebAssembly component"));
}

#[tokio::test]
async fn a_plugin_of_too_many_parts_is_not_instantiated() {
    let limits = Limits {
        instances: 2,
        ..Limits::TABLE
    };
    let error = runtime_with(limits)
        .load_mapping(hostile_mapping())
        .await
        .err()
        .unwrap();
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: component … ran over a limit in `instantiate`; it may use 2 instances, tables or memories
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_works(&mapping(Limits::TABLE).await).await;
}

#[tokio::test]
async fn inspection_tells_what_a_plugin_asks_for() {
    let runtime = runtime_with(Limits::TABLE);
    let found = runtime.inspect(hostile_mapping()).unwrap();
    assert_eq!(found.world, World::Mapping);
    assert!(
        found
            .imports
            .iter()
            .all(|name| name.starts_with("dovetail:plugin/")),
        "{:?}",
        found.imports
    );
    assert_eq!(found.exports, ["dovetail:plugin/mapping@0.1.0"]);
    assert_eq!((found.size, found.digest.len()), (hostile_mapping().len(), 64));
    let error = runtime.load_connector(hostile_mapping()).await.err().unwrap();
    assert_snapshot!(shown(&error), @r#"
    plugin-refused: component … was refused: it is made for the world `mapping-plugin` where a `connector-plugin` is wanted
    Connectors belong to integrations, mappings to `dovetail mapping set`
    "#);
    assert_eq!(
        runtime.inspect(hostile_connector()).unwrap().world,
        World::Connector
    );
}

/// Compiles a component in a folder of its own, under limits it does not keep.
async fn ended(component: &[u8], limits: Limits) -> String {
    let place = tempfile::tempdir().unwrap();
    let config = RuntimeConfig {
        cache_dir: place.path().join("cache"),
        compiler: compiler(),
    };
    let runtime = Runtime::with_limits(config, limits).unwrap();
    let error = runtime.load_mapping(component).await.err().unwrap();
    assert_eq!(
        std::fs::read_dir(place.path().join("cache")).unwrap().count(),
        1,
        "only the lock stays: {error}"
    );
    shown(&error)
}

/// The compiler's limits, made so small that any component is a bomb.
#[tokio::test]
async fn a_compiler_that_runs_over_a_limit_is_ended_and_the_host_goes_on() {
    let memory = Limits {
        compile_memory: 8 * 1024 * 1024,
        ..Limits::TABLE
    };
    assert_snapshot!(ended(hostile_mapping(), memory).await, @r#"
    plugin-limit: component … ran over a limit in `compile`; it may use 8 MiB of memory to compile it
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    let time = Limits {
        compile_time: std::time::Duration::ZERO,
        ..Limits::TABLE
    };
    assert_snapshot!(ended(hostile_mapping(), time).await, @r#"
    plugin-limit: component … ran over a limit in `compile`; it may use 0 s to compile it
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_works(&mapping(Limits::TABLE).await).await;
}

/// A small component that keeps a compiler busy for a multiple of the second it gets: in each function a hundred
/// variables change within a hundred loops, and from the innermost a way leads back to each of them.
fn laborious() -> Vec<u8> {
    const WIDTH: usize = 100;
    const FUNCTIONS: usize = 400;
    let each = |line: &dyn Fn(usize) -> String| (0..WIDTH).map(line).collect::<String>();
    let body = [
        "loop ".repeat(WIDTH),
        each(&|n| {
            let next = (n + 1) % WIDTH;
            format!("local.get {n} local.get {next} i32.add local.set {n} ")
        }),
        each(&|n| format!("local.get {n} br_if {n} ")),
        "end ".repeat(WIDTH),
    ]
    .concat();
    let function = format!("(func (local {}) {body})", "i32 ".repeat(WIDTH));
    let module = format!("(core module {})", function.repeat(FUNCTIONS));
    wat::parse_str(importing(&module)).unwrap()
}

#[tokio::test]
async fn a_compiler_that_computes_too_long_is_ended() {
    let limits = Limits {
        compile_cpu: std::time::Duration::from_secs(1),
        ..Limits::TABLE
    };
    assert_snapshot!(ended(&laborious(), limits).await, @r#"
    plugin-limit: component … ran over a limit in `compile`; it may use 1 s to compile it
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_works(&mapping(Limits::TABLE).await).await;
}

#[tokio::test]
async fn a_compiled_plugin_is_kept_and_made_anew_where_it_is_spoilt() {
    let place = tempfile::tempdir().unwrap();
    let cache_dir = place.path().join("cache");
    let runtime = Runtime::new(RuntimeConfig {
        cache_dir: cache_dir.clone(),
        compiler: compiler(),
    })
    .unwrap();
    runtime.load_mapping(hostile_mapping()).await.unwrap();
    let kept = || {
        let files = std::fs::read_dir(&cache_dir)
            .unwrap()
            .map(|file| file.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|kind| kind == "cwasm"))
            .collect::<Vec<_>>()
    };
    assert_eq!(kept().len(), 1);
    assert_eq!(
        std::fs::metadata(&cache_dir).unwrap().permissions().mode() & 0o777,
        0o700
    );

    // What is kept needs no compiler; a compiler that is not there shows that none was called.
    let no_compiler = Compiler::Child {
        program: "/nonexistent/compiler".into(),
        arguments: vec![],
    };
    let config = RuntimeConfig {
        cache_dir: cache_dir.clone(),
        compiler: no_compiler,
    };
    let without = Runtime::new(config).unwrap();
    assert_works(&without.load_mapping(hostile_mapping()).await.unwrap()).await;

    std::fs::write(&kept()[0], b"spoilt").unwrap();
    let error = without.load_mapping(hostile_mapping()).await.err().unwrap();
    assert!(matches!(error, PluginError::NotReady { .. }), "{error}");
    assert_works(&runtime.load_mapping(hostile_mapping()).await.unwrap()).await;
    let left = std::fs::read_dir(&cache_dir).unwrap().count();
    assert_eq!(left, 2, "the code and the lock are all that stays");
}
