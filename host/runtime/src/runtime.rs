//! One engine for all plugins of a process: from a component's bytes to a plugin that has described itself.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use dovetail_domain::{Code, Explained};
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::PluginError;
use crate::bindings::{connector, mapping};
use crate::cache::Cache;
use crate::compile::Compiler;
use crate::connector::LoadedConnector;
use crate::engine::{Clock, engine};
use crate::host::Host;
use crate::imports::{Inspection, World, inspect, label};
use crate::limits::Limits;
use crate::mapping::LoadedMapping;

/// What a runtime is made of.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// The folder for compiled plugins. It is made where it is missing, and becomes its user's alone.
    pub cache_dir: PathBuf,
    /// Who compiles.
    pub compiler: Compiler,
}

/// Runs plugins. Cheap to clone; a process has one.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<Clock>,
    pub(crate) limits: Limits,
    cache: Cache,
    compiler: Compiler,
    connectors: Linker<Host>,
    mappings: Linker<Host>,
}

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The folder for compiled plugins cannot be used.
    #[error("the folder for compiled plugins, {}, cannot be used: {why}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The engine does not start on this machine.
    #[error("plugins cannot be run on this machine: {why}")]
    Engine {
        /// The engine's words.
        why: String,
    },
}

impl Explained for RuntimeError {
    fn code(&self) -> Code {
        match self {
            RuntimeError::Folder { .. } => Code::HomeUnusable,
            RuntimeError::Engine { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            RuntimeError::Folder { .. } => "Name another folder with DOVETAIL_CACHE, or make this one yours",
            RuntimeError::Engine { .. } => "Use a 64-bit machine and a system that lets programs map code",
        })
    }
}

impl Runtime {
    /// Starts the engine and its clock, with the limits of the table.
    pub fn new(config: RuntimeConfig) -> Result<Runtime, RuntimeError> {
        Runtime::with_limits(config, Limits::TABLE)
    }

    /// Starts the engine with other limits: what is granted to plugins, or what a test makes small.
    pub fn with_limits(config: RuntimeConfig, limits: Limits) -> Result<Runtime, RuntimeError> {
        let trouble = |why: wasmtime::Error| RuntimeError::Engine {
            why: format!("{why:#}"),
        };
        let engine = engine(&limits).map_err(trouble)?;
        let clock = Clock::start(&engine).map_err(|why| RuntimeError::Engine { why: why.to_string() })?;
        let cache = Cache::open(&config.cache_dir, &engine).map_err(|why| RuntimeError::Folder {
            folder: config.cache_dir.clone(),
            why,
        })?;
        // Interface by interface what is granted; see also `imports`.
        let mut mappings = Linker::new(&engine);
        mapping::MappingPlugin::add_to_linker::<_, HasSelf<Host>>(&mut mappings, |host| host)
            .map_err(trouble)?;
        let mut connectors = Linker::new(&engine);
        connector::ConnectorPlugin::add_to_linker::<_, HasSelf<Host>>(&mut connectors, |host| host)
            .map_err(trouble)?;
        let compiler = config.compiler;
        let shared = Shared {
            engine,
            clock,
            limits,
            cache,
            compiler,
            connectors,
            mappings,
        };
        Ok(Runtime {
            shared: Arc::new(shared),
        })
    }

    /// The same runtime for plugins that are granted more memory: each instance may have so many bytes, and never less
    /// than the table says.
    pub fn granting(&self, memory: usize) -> Runtime {
        let shared = &*self.shared;
        let mut limits = shared.limits.clone();
        for guest in [&mut limits.mapping, &mut limits.connector] {
            guest.memory = guest.memory.max(memory);
        }
        Runtime {
            shared: Arc::new(Shared {
                engine: shared.engine.clone(),
                clock: Arc::clone(&shared.clock),
                limits,
                cache: shared.cache.clone(),
                compiler: shared.compiler.clone(),
                connectors: shared.connectors.clone(),
                mappings: shared.mappings.clone(),
            }),
        }
    }

    /// The limits plugins are held to.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Looks at a component without running anything of it.
    pub fn inspect(&self, component: &[u8]) -> Result<Inspection, PluginError> {
        inspect(component, &self.shared.limits)
    }

    /// Makes a connector ready and lets it describe itself.
    pub async fn load_connector(&self, component: &[u8]) -> Result<LoadedConnector, PluginError> {
        let (inspection, compiled) = self.ready(component, World::Connector).await?;
        let linked = self.shared.connectors.instantiate_pre(&compiled);
        let pre = linked
            .and_then(connector::ConnectorPluginPre::new)
            .map_err(|why| unlike_the_contract(&inspection, &why))?;
        LoadedConnector::describe(Arc::clone(&self.shared), pre, inspection).await
    }

    /// Makes a mapping ready and lets it describe itself.
    pub async fn load_mapping(&self, component: &[u8]) -> Result<LoadedMapping, PluginError> {
        let (inspection, compiled) = self.ready(component, World::Mapping).await?;
        let linked = self.shared.mappings.instantiate_pre(&compiled);
        let pre = linked
            .and_then(mapping::MappingPluginPre::new)
            .map_err(|why| unlike_the_contract(&inspection, &why))?;
        LoadedMapping::describe(Arc::clone(&self.shared), pre, inspection).await
    }

    /// Inspects and compiles, off the executor's threads.
    async fn ready(&self, component: &[u8], wanted: World) -> Result<(Inspection, Component), PluginError> {
        let (shared, bytes) = (Arc::clone(&self.shared), component.to_vec());
        let work = tokio::task::spawn_blocking(move || {
            let inspection = inspect(&bytes, &shared.limits)?;
            let plugin = label(&inspection.digest);
            if inspection.world != wanted {
                return Err(PluginError::Refused {
                    plugin,
                    why: format!(
                        "it is made for the world `{}` where a `{}` is wanted",
                        inspection.world.as_str(),
                        wanted.as_str()
                    ),
                    hint: "Connectors belong to integrations, mappings to `dovetail mapping set`".to_owned(),
                });
            }
            let compiled = shared.cache.component(
                &shared.engine,
                &shared.compiler,
                &plugin,
                &inspection.digest,
                &bytes,
                &shared.limits,
            )?;
            Ok((inspection, compiled))
        });
        work.await.unwrap_or_else(|why| {
            Err(PluginError::NotReady {
                plugin: "a plugin".to_owned(),
                folder: self.shared.cache.folder().to_owned(),
                why: why.to_string(),
            })
        })
    }
}

fn unlike_the_contract(inspection: &Inspection, why: &wasmtime::Error) -> PluginError {
    PluginError::Refused {
        plugin: label(&inspection.digest),
        why: format!(
            "it does not fit the contract: {}",
            crate::checked::words(&format!("{why:#}"), 300)
        ),
        hint: "Build it against the contract of this version, in `vendor/wit`".to_owned(),
    }
}
