//! The plugins of this home: the stock ones in the binary and those that were added, loaded when they are first needed.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dovetail_domain::{Code, Timestamp};
use dovetail_runtime::{Compiler, Inspection, LoadedConnector, LoadedMapping, Runtime, RuntimeConfig, World};
use dovetail_store::{Archive, Step, table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::choose::nearest;
use crate::{Problem, problem::Result};

/// An added plugin as it is kept. Its bytes stand in a file named by their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installed {
    /// SHA-256 of its bytes.
    pub(crate) digest: String,
    /// When it was added.
    pub(crate) added: Timestamp,
}

/// A loaded plugin.
#[derive(Clone)]
pub(crate) enum Plugin {
    /// It knows a PSA's API.
    Connector(Arc<LoadedConnector>),
    /// It turns records into others.
    Mapping(Arc<LoadedMapping>),
}

impl Plugin {
    pub(crate) fn name(&self) -> &str {
        match self {
            Plugin::Connector(connector) => &connector.description().name,
            Plugin::Mapping(mapping) => &mapping.description().name,
        }
    }

    pub(crate) fn version(&self) -> &str {
        match self {
            Plugin::Connector(connector) => &connector.description().version,
            Plugin::Mapping(mapping) => &mapping.description().version,
        }
    }
}

/// A plugin with what is known of its bytes.
#[derive(Clone)]
pub(crate) struct Shelved {
    /// The plugin.
    pub(crate) plugin: Plugin,
    /// What its bytes say.
    pub(crate) inspection: Inspection,
    /// Whether it is one of the stock.
    pub(crate) stock: bool,
}

/// The plugins of a home.
pub(crate) struct Shelf {
    folder: PathBuf,
    runtime: Mutex<Option<Runtime>>,
    loaded: Mutex<HashMap<String, Shelved>>,
}

impl Shelf {
    /// The shelf over the folder with the added plugins. Nothing is loaded yet.
    pub(crate) fn new(folder: PathBuf) -> Shelf {
        Shelf {
            folder,
            runtime: Mutex::new(None),
            loaded: Mutex::default(),
        }
    }

    /// Every plugin, the stock first, each group by name. An added one stands in for a stock one of its name.
    pub(crate) async fn all(&self, archive: &Archive) -> Result<Vec<Shelved>> {
        let added = archive.rows(&table::plugins::<Installed>())?;
        let mut all = Vec::new();
        for stock in dovetail_bundle::stock()? {
            let shelved = self.load(stock.bytes, true).await?;
            if !added.iter().any(|(name, _)| name == shelved.plugin.name()) {
                all.push(shelved);
            }
        }
        for (_, installed) in added {
            all.push(self.load_added(&installed).await?);
        }
        Ok(all)
    }

    /// The plugin of that name; none where there is none.
    pub(crate) async fn find(&self, archive: &Archive, name: &str) -> Result<Option<Shelved>> {
        if let Some(installed) = archive.get(&table::plugins::<Installed>(), &name.to_owned())? {
            return self.load_added(&installed).await.map(Some);
        }
        let found = self
            .all(archive)
            .await?
            .into_iter()
            .find(|shelved| shelved.plugin.name() == name);
        Ok(found)
    }

    /// The connector of that name.
    pub(crate) async fn connector(&self, archive: &Archive, name: &str) -> Result<Arc<LoadedConnector>> {
        match self.find(archive, name).await? {
            Some(Shelved {
                plugin: Plugin::Connector(connector),
                ..
            }) => Ok(connector),
            _ => {
                let known = self.connectors(archive).await?;
                let known: Vec<&str> = known
                    .iter()
                    .map(|connector| connector.description().name.as_str())
                    .collect();
                Err(unknown("connector", name, &known))
            }
        }
    }

    /// The mapping of that name.
    pub(crate) async fn mapping(&self, archive: &Archive, name: &str) -> Result<Arc<LoadedMapping>> {
        match self.find(archive, name).await? {
            Some(Shelved {
                plugin: Plugin::Mapping(mapping),
                ..
            }) => Ok(mapping),
            _ => {
                let known = self.mappings(archive).await?;
                let known: Vec<&str> = known
                    .iter()
                    .map(|mapping| mapping.description().name.as_str())
                    .collect();
                Err(unknown("mapping", name, &known))
            }
        }
    }

    /// Every connector.
    pub(crate) async fn connectors(&self, archive: &Archive) -> Result<Vec<Arc<LoadedConnector>>> {
        let all = self.all(archive).await?.into_iter();
        Ok(all
            .filter_map(|shelved| match shelved.plugin {
                Plugin::Connector(connector) => Some(connector),
                Plugin::Mapping(_) => None,
            })
            .collect())
    }

    /// Every mapping.
    async fn mappings(&self, archive: &Archive) -> Result<Vec<Arc<LoadedMapping>>> {
        let all = self.all(archive).await?.into_iter();
        Ok(all
            .filter_map(|shelved| match shelved.plugin {
                Plugin::Mapping(mapping) => Some(mapping),
                Plugin::Connector(_) => None,
            })
            .collect())
    }

    /// The mapping that makes whole records of a connector's.
    pub(crate) async fn standard_mapping(
        &self,
        archive: &Archive,
        connector: &str,
    ) -> Result<Arc<LoadedMapping>> {
        let fits = |mapping: &Arc<LoadedMapping>| {
            let description = mapping.description();
            !description.overlay && description.connectors.iter().any(|known| known == connector)
        };
        let found = self.mappings(archive).await?.into_iter().find(fits);
        found.ok_or_else(|| {
            Problem::not_found(
                format!("No mapping is installed that makes records of {connector}'s."),
                "Add one with `dovetail plugin add FILE`.",
            )
        })
    }

    /// Loads a component from its bytes; each is loaded once.
    pub(crate) async fn load(&self, bytes: &[u8], stock: bool) -> Result<Shelved> {
        let digest = hex::encode(Sha256::digest(bytes));
        if let Some(shelved) = self
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&digest)
        {
            return Ok(Shelved {
                stock,
                ..shelved.clone()
            });
        }
        let shelved = ready(&self.runtime()?, bytes, stock).await?;
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(digest, shelved.clone());
        Ok(shelved)
    }

    async fn load_added(&self, installed: &Installed) -> Result<Shelved> {
        let path = self.file(&installed.digest);
        let bytes = fs::read(&path).map_err(|error| {
            Problem::new(
                Code::PluginRefused,
                format!(
                    "The installed plugin at {} cannot be read: {error}.",
                    path.display()
                ),
                "Add it again with `dovetail plugin add FILE`.",
            )
        })?;
        let digest = hex::encode(Sha256::digest(&bytes));
        if digest != installed.digest {
            return Err(Problem::new(
                Code::PluginRefused,
                format!(
                    "The installed plugin at {} is not what was installed.",
                    path.display()
                ),
                "Add it again with `dovetail plugin add FILE`.",
            ));
        }
        self.load(&bytes, false).await
    }

    /// Puts a component's bytes into the home and its name into a step.
    pub(crate) fn install(
        &self,
        shelved: &Shelved,
        bytes: &[u8],
        at: Timestamp,
        step: &mut Step,
    ) -> Result<()> {
        let digest = &shelved.inspection.digest;
        let path = self.file(digest);
        write_whole(&path, bytes).map_err(|error| {
            Problem::new(
                Code::StorageFailed,
                format!("The plugin cannot be written to {}: {error}.", path.display()),
                "Make room on the disk, then add it again.",
            )
        })?;
        let installed = Installed {
            digest: digest.clone(),
            added: at,
        };
        step.put(&table::plugins(), &shelved.plugin.name().to_owned(), &installed)?;
        Ok(())
    }

    /// Where the bytes of an added plugin are.
    pub(crate) fn file(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }

    fn runtime(&self) -> Result<Runtime> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.clone());
        }
        Ok(runtime.insert(start_runtime()?).clone())
    }
}

/// The runtime of this process: the limits in force, and the cache of compiled plugins that all homes share.
pub(crate) fn start_runtime() -> Result<Runtime> {
    let compiler = Compiler::this_binary()
        .map_err(|error| Problem::internal(format!("The program cannot find itself: {error}.")))?;
    let cache_dir = cache_folder()?;
    Ok(Runtime::new(RuntimeConfig { cache_dir, compiler })?)
}

/// Inspects a component and loads it.
pub(crate) async fn ready(runtime: &Runtime, bytes: &[u8], stock: bool) -> Result<Shelved> {
    let inspection = runtime.inspect(bytes)?;
    let plugin = match inspection.world {
        World::Connector => Plugin::Connector(Arc::new(runtime.load_connector(bytes).await?)),
        World::Mapping => Plugin::Mapping(Arc::new(runtime.load_mapping(bytes).await?)),
    };
    Ok(Shelved {
        plugin,
        inspection,
        stock,
    })
}

/// Where compiled plugins are kept, for all homes of this user.
fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("DOVETAIL_CACHE").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let folders = directories::ProjectDirs::from("", "", "dovetail").ok_or_else(|| {
        Problem::new(
            Code::HomeUnusable,
            "This account has no cache folder.",
            "Name a folder with DOVETAIL_CACHE.",
        )
    })?;
    Ok(folders.cache_dir().to_owned())
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension("part");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Problem {
    let near = nearest(name, known.iter().copied());
    Problem::not_found(
        format!("There is no {what} `{name}`."),
        format!("There are: {}.", near.join(", ")),
    )
}
