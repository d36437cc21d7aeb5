//! Answers about plugins and mappings.

use std::path::PathBuf;

use dovetail_domain::mapping::Direction;
use dovetail_domain::{Kind, Policy};
use dovetail_sync::Tried;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A plugin in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct PluginRow {
    pub name: String,
    /// `connector` or `mapping`.
    pub kind: String,
    pub version: String,
    /// `stock` or `added`.
    pub from: String,
    pub size: u64,
    /// SHA-256 of the component.
    pub digest: String,
    /// Why it does not start; null where it does.
    pub trouble: Option<String>,
}

/// What a plugin is and asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PluginShown {
    /// The row it has in the list.
    #[serde(flatten)]
    pub row: PluginRow,
    /// What it is called.
    pub title: String,
    /// The world it is built for.
    pub world: String,
    /// What it imports.
    pub imports: Vec<String>,
    /// Rules for the hosts it wants to reach, in words.
    pub hosts: Vec<String>,
    /// Keys of the secrets it wants.
    pub secrets: Vec<String>,
    /// What it may use, in words.
    pub limits: Vec<String>,
    /// The only hosts it was granted; null where that was not cut down.
    pub granted_hosts: Option<Vec<String>>,
    /// The JSON Schema of its configuration; null where it takes none.
    pub config_schema: Option<Json>,
    /// Whether it is installed.
    pub installed: bool,
    /// What differs from the installed version.
    pub differences: Vec<String>,
}

/// The mapping that takes effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MappingShown {
    /// The integration.
    pub name: String,
    /// The organization, where it was asked for one.
    pub organization: Option<String>,
    /// The layers, the standard mapping first.
    pub layers: Vec<LayerShown>,
    /// The table.
    pub table: Vec<MappingRow>,
    /// The run that maps what is stored again, where the stack was changed.
    pub queued: Option<Queued>,
}

/// A run that was queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Whether a server is there to start it.
    pub server: bool,
    /// How to start it where none is.
    pub start: String,
}

/// What a layer does to real records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingPreview {
    /// The integration.
    pub name: String,
    /// The organization, where it was asked for one.
    pub organization: Option<String>,
    /// The kind.
    pub kind: Kind,
    /// What came of it.
    #[serde(flatten)]
    pub tried: Tried,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerShown {
    /// The plugin's name.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// The organization it is set for.
    pub organization: Option<String>,
    /// Its configuration.
    pub config: Json,
    /// Why it does not work, and runs go on without it.
    pub missing: Option<String>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct MappingRow {
    pub kind: Kind,
    pub field: String,
    pub path: String,
    pub direction: Direction,
    /// Who wins, unless a person set something else.
    pub policy: Policy,
    pub layer: String,
    /// Edits that were brought there and back on stored records; none where the field is said to go one way.
    pub tried: Option<u64>,
    /// Why it goes one way although the mapping says both: a record that did not come back as it was.
    pub one_way_because: Option<String>,
}

/// How a mapping's cases went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// The plugin's name.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Cases that came out as expected.
    pub passed: usize,
    /// Cases that did not.
    pub failed: usize,
    /// Each case, in the file's order.
    pub cases: Vec<CaseVerdict>,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseVerdict {
    /// Its name.
    pub name: String,
    /// Whether it came out as expected.
    pub passed: bool,
    /// Where something else came than was expected: what was and what came.
    pub message: Option<String>,
    /// Fields and traits that differ.
    pub differences: Vec<CaseDifference>,
}

/// A field or trait that differs from what a case expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDifference {
    /// The field, or `traits.NAME`.
    pub what: String,
    /// What was expected; null is nothing.
    pub expected: Json,
    /// What came; null is nothing.
    pub got: Json,
}

/// A project that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct NewProject {
    pub name: String,
    /// `connector` or `mapping`.
    pub kind: String,
    pub language: String,
    pub folder: PathBuf,
}

/// A component that was built from sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct BuiltPlugin {
    pub name: String,
    pub version: String,
    /// The world it is built for.
    pub world: String,
    /// What it imports.
    pub imports: Vec<String>,
    pub size: u64,
    /// SHA-256 of the component.
    pub digest: String,
    pub file: PathBuf,
}

/// What a language needs for building plugins, and what of it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolchainShown {
    /// The language.
    pub language: String,
    /// Whether a build can start.
    pub usable: bool,
    /// Tools that were found.
    pub tools: Vec<ToolShown>,
    /// Which way a build goes.
    pub way: String,
    /// What is missing and how to get it.
    pub todo: Option<String>,
}

/// A tool on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct ToolShown {
    pub program: String,
    pub path: String,
    pub version: String,
}
