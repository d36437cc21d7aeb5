//! The contract itself: read by the newest parser, and held against what both bindings were made from. That wasmtime's
//! and wit-bindgen's parsers take it, too, shows in that this binary and the guests it runs were compiled.

use std::collections::BTreeMap;

use wit_parser::{Resolve, WorldItem};

use crate::support::workspace;

#[test]
fn the_worlds_are_as_designed() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(workspace().join("wit/draft")).unwrap();
    let mut found: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (name, world) in &resolve.packages[package].worlds {
        let world = &resolve.worlds[*world];
        let interfaces = |items: &mut dyn Iterator<Item = &WorldItem>| {
            let mut names = Vec::new();
            for item in items {
                // A bare function carries no version and is not allowed.
                let WorldItem::Interface { id, .. } = item else {
                    panic!("{name}: {item:?} is bare")
                };
                names.push(resolve.id_of(*id).unwrap());
            }
            names.sort();
            names
        };
        found.insert(
            name.clone(),
            (
                interfaces(&mut world.imports.values()),
                interfaces(&mut world.exports.values()),
            ),
        );
    }
    let of = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("dovetail:plugin/{name}@0.1.0"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found,
        BTreeMap::from([
            (
                "connector-plugin".to_owned(),
                (of(&["http", "log", "types"]), of(&["connector"]))
            ),
            (
                "mapping-plugin".to_owned(),
                (of(&["log", "types"]), of(&["mapping"]))
            ),
        ])
    );
}

#[test]
fn nothing_in_the_contract_is_asynchronous_or_a_resource() {
    let mut resolve = Resolve::default();
    resolve.push_dir(workspace().join("wit/draft")).unwrap();
    for (_, interface) in &resolve.interfaces {
        for (name, function) in &interface.functions {
            assert!(
                matches!(function.kind, wit_parser::FunctionKind::Freestanding),
                "{name}"
            );
        }
    }
}
