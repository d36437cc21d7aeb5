//! Looks at a component before anything of it is compiled: whether it is well formed, which world it is made for, and
//! that it asks for nothing but what the host gives. Functions' bodies are left to the compiler, which validates them.

use sha2::{Digest, Sha256};
use wasmparser::component_types::ComponentEntityType;
use wasmparser::{Encoding, Parser, Payload, ValidPayload, Validator, types::Types};

use crate::PluginError;
use crate::checked::words;
use crate::limits::{Limit, Limits};

/// What a component is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// `connector-plugin`.
    Connector,
    /// `mapping-plugin`.
    Mapping,
}

impl World {
    /// Its name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            World::Connector => "connector-plugin",
            World::Mapping => "mapping-plugin",
        }
    }

    /// What a plugin of this world may import: interfaces and their functions. This list is all that is granted.
    fn granted(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            World::Connector => &[TYPES, LOG, HTTP],
            World::Mapping => &[TYPES, LOG],
        }
    }
}

const TYPES: (&str, &[&str]) = ("dovetail:plugin/types@0.1.0", &[]);
const LOG: (&str, &[&str]) = ("dovetail:plugin/log@0.1.0", &["write"]);
const HTTP: (&str, &[&str]) = ("dovetail:plugin/http@0.1.0", &["send", "send-each"]);
const CONNECTOR: &str = "dovetail:plugin/connector@0.1.0";
const MAPPING: &str = "dovetail:plugin/mapping@0.1.0";

/// What a component says of itself without being run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What it is made for.
    pub world: World,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// The interfaces it exports.
    pub exports: Vec<String>,
    /// Its size in bytes.
    pub size: usize,
    /// The sha256 of its bytes, in hex.
    pub digest: String,
    /// Bytes of memory it begins with, all its modules together.
    pub memory: u64,
}

/// Looks at a component; nothing of it runs.
pub(crate) fn inspect(component: &[u8], limits: &Limits) -> Result<Inspection, PluginError> {
    let digest = hex::encode(Sha256::digest(component));
    let label = label(&digest);
    if component.len() > limits.component {
        let limit = Limit::Component(limits.component);
        return Err(PluginError::Over {
            plugin: label,
            function: "inspect",
            limit,
        });
    }
    let refused = |(why, hint): (String, &str)| PluginError::Refused {
        plugin: label.clone(),
        why,
        hint: hint.to_owned(),
    };
    let (names, types) = read(component).map_err(refused)?;
    let world = world(&names.exports).map_err(refused)?;
    for name in &names.imports {
        granted(world, name, &types).map_err(refused)?;
    }
    Ok(Inspection {
        world,
        imports: names.imports,
        exports: names.exports,
        size: component.len(),
        digest,
        memory: names.memory,
    })
}

/// How a component is called while its name is not known.
pub(crate) fn label(digest: &str) -> String {
    format!("component {}", digest.get(..12).unwrap_or(digest))
}

type Refusal = (String, &'static str);

const REBUILD: &str = "Build it again; `dovetail plugin build` makes a component out of its sources";

struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
    memory: u64,
}

fn read(component: &[u8]) -> Result<(Names, Types), Refusal> {
    if !Parser::is_component(component) {
        let what = if Parser::is_core_wasm(component) {
            "it is a WebAssembly module and not a component"
        } else {
            "it is no WebAssembly component"
        };
        return Err((what.to_owned(), REBUILD));
    }
    let malformed = |why: wasmparser::Error| {
        let why = words(&why.to_string(), 300);
        (format!("it is malformed: {why}"), REBUILD)
    };
    let mut validator = Validator::new();
    let parser = Parser::new(0);
    let mut names = Names {
        imports: Vec::new(),
        exports: Vec::new(),
        memory: 0,
    };
    let mut depth = 0_usize;
    let mut types = None;
    for payload in parser.parse_all(component) {
        let payload = payload.map_err(malformed)?;
        match &payload {
            Payload::Version {
                encoding: Encoding::Component | Encoding::Module,
                ..
            } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.clone() {
                    names
                        .imports
                        .push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section.clone() {
                    names
                        .exports
                        .push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let memory = memory.map_err(malformed)?;
                    let page = 1_u64 << memory.page_size_log2.unwrap_or(16).min(16);
                    names.memory = names.memory.saturating_add(memory.initial.saturating_mul(page));
                }
            }
            _ => {}
        }
        if let ValidPayload::End(found) = validator.payload(&payload).map_err(malformed)? {
            types = Some(found);
        }
    }
    let types = types.ok_or_else(|| ("it ends too early".to_owned(), REBUILD))?;
    Ok((names, types))
}

fn world(exports: &[String]) -> Result<World, Refusal> {
    let has = |name: &str| exports.iter().any(|export| export == name);
    match (has(CONNECTOR), has(MAPPING)) {
        (true, false) => Ok(World::Connector),
        (false, true) => Ok(World::Mapping),
        (true, true) => Err((
            "it is both a connector and a mapping".to_owned(),
            "Make two plugins of it: a mapping sees nothing but what it is given, a connector sends requests",
        )),
        (false, false) => {
            let shown = words(&exports.join(", "), 300);
            let shown = if shown.is_empty() {
                "nothing".to_owned()
            } else {
                shown
            };
            Err((
                format!("it exports {shown}; a plugin exports `{CONNECTOR}` or `{MAPPING}`"),
                "End the Rust source with `dovetail_sdk::overlay!`, `export_mapping!` or `export_connector!`; where it has \
                 one, build it against the contract of this version, in `vendor/wit`",
            ))
        }
    }
}

fn granted(world: World, name: &str, types: &Types) -> Result<(), Refusal> {
    let shown = words(name, 200);
    let Some((_, functions)) = world.granted().iter().find(|(known, _)| *known == name) else {
        return Err((
            format!("it imports `{shown}`, which a {} is not given", kind(world)),
            advice(world, name),
        ));
    };
    let unlike = || {
        (
            format!("its import `{shown}` is not the contract's"),
            "Build it against `vendor/wit`",
        )
    };
    let item = types.component_item_for_import(name).ok_or_else(unlike)?;
    let ComponentEntityType::Instance(instance) = item.ty else {
        return Err(unlike());
    };
    for (item, entity) in types
        .as_ref()
        .get(instance)
        .map(|instance| &instance.exports)
        .ok_or_else(unlike)?
    {
        let allowed = match entity.ty {
            ComponentEntityType::Type { .. } => true,
            ComponentEntityType::Func(_) => functions.contains(&item.as_str()),
            _ => false,
        };
        if !allowed {
            let item = words(item, 200);
            return Err((
                format!("it imports `{item}` of `{shown}`, which the host does not have"),
                "Build it against the contract of this version, in `vendor/wit`",
            ));
        }
    }
    Ok(())
}

fn kind(world: World) -> &'static str {
    match world {
        World::Connector => "connector",
        World::Mapping => "mapping",
    }
}

/// What removes an import: the option of the language's build that brought it.
fn advice(world: World, name: &str) -> &'static str {
    if name.starts_with("wasi:") {
        "Build it without WASI: Rust for the target wasm32-unknown-unknown, JavaScript with all of \
         `disableFeatures` in build.mjs that `dovetail plugin new` writes there, Python with `componentize-py --stub-wasi`"
    } else if name == HTTP.0 && world == World::Mapping {
        "A mapping sends nothing: it sees the records it is given and a log; take the request out of it"
    } else if name.starts_with("dovetail:plugin/") {
        "It is made for another version of the contract: build it against `vendor/wit` of this one"
    } else {
        "A plugin has `log`, and a connector `http`: take out what uses anything else"
    }
}
