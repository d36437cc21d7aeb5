//! The plugins of this home: the stock ones in the binary and those that were added, loaded when they are first needed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use dovetail_domain::{Code, Timestamp};
use dovetail_runtime::{Compiler, Inspection, LoadedConnector, LoadedMapping, Runtime, RuntimeConfig, World};
use dovetail_store::{Archive, table};
use sha2::{Digest, Sha256};

use crate::choose::nearest;
use crate::{Problem, problem::Result};

mod grant;
mod installed;

pub(crate) use grant::{Granted, MAX_MEMORY};
pub(crate) use installed::{Broken, Installed, is_its_own};

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

impl Shelved {
    /// The connectors whose records it makes into whole ones: none for an overlay.
    pub(crate) fn makes(&self) -> &[String] {
        match &self.plugin {
            Plugin::Mapping(mapping) if !mapping.description().overlay => &mapping.description().connectors,
            _ => &[],
        }
    }
}

/// What is loaded: a component by its digest, with the memory it was granted.
type Loaded = HashMap<(String, Option<usize>), Shelved>;

/// The plugins of a home.
pub(crate) struct Shelf {
    folder: PathBuf,
    clock: fn() -> Timestamp,
    runtime: Mutex<Option<Runtime>>,
    loaded: Mutex<Loaded>,
    /// Digests whose failure to start was counted in this process: a process counts as one start.
    counted: Mutex<HashSet<String>>,
}

impl Shelf {
    /// The shelf over the folder with the added plugins. Nothing is loaded yet.
    pub(crate) fn new(folder: PathBuf, clock: fn() -> Timestamp) -> Shelf {
        Shelf {
            folder,
            clock,
            counted: Mutex::default(),
            runtime: Mutex::new(None),
            loaded: Mutex::default(),
        }
    }

    /// Every plugin that works, the stock first, each group by name. An added one stands in for a stock one of its name.
    pub(crate) async fn all(&self, archive: &Archive) -> Result<Vec<Shelved>> {
        Ok(self.sorted(archive).await?.0)
    }

    /// Every plugin, those that work and those that do not.
    pub(crate) async fn sorted(&self, archive: &Archive) -> Result<(Vec<Shelved>, Vec<Broken>)> {
        let added = archive.rows(&table::plugins::<Installed>())?;
        let (mut all, mut broken) = (Vec::new(), Vec::new());
        for stock in dovetail_bundle::stock()? {
            let shelved = self.load_as_granted(archive, stock.bytes, true).await?;
            if !added.iter().any(|(name, _)| name == shelved.plugin.name()) {
                all.push(shelved);
            }
        }
        for (name, installed) in added {
            match self.load_added(archive, &name, &installed).await {
                Ok(shelved) => all.push(shelved),
                Err(problem) => broken.push(Broken {
                    name,
                    digest: installed.digest,
                    problem,
                }),
            }
        }
        Ok((all, broken))
    }

    /// The plugin of that name; none where there is none.
    pub(crate) async fn find(&self, archive: &Archive, name: &str) -> Result<Option<Shelved>> {
        if let Some(installed) = archive.get(&table::plugins::<Installed>(), &name.to_owned())? {
            return self.load_added(archive, name, &installed).await.map(Some);
        }
        self.stock(archive, name).await
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

    /// The mapping that makes whole records of a connector's. Where it is one that was added and does not start, that is
    /// the error: no other stands in for it.
    pub(crate) async fn standard_mapping(
        &self,
        archive: &Archive,
        connector: &str,
    ) -> Result<Arc<LoadedMapping>> {
        match self.maker(archive, connector).await? {
            Some(name) => self.mapping(archive, &name).await,
            None => Err(Problem::not_found(
                format!("No mapping is installed that makes records of {connector}'s."),
                "Add one with `dovetail plugin add FILE`.",
            )),
        }
    }

    /// The name of that mapping, whether it starts or not. There is one at most: see [`crate::plugins::add`].
    pub(crate) async fn maker(&self, archive: &Archive, connector: &str) -> Result<Option<String>> {
        let makes = |made: &[String]| made.iter().any(|known| known == connector);
        let added = archive.rows(&table::plugins::<Installed>())?;
        for stock in dovetail_bundle::stock()? {
            let shelved = self.load_as_granted(archive, stock.bytes, true).await?;
            let name = shelved.plugin.name();
            if makes(shelved.makes()) && !added.iter().any(|(added, _)| added == name) {
                return Ok(Some(name.to_owned()));
            }
        }
        let mut added = added.into_iter();
        Ok(added
            .find(|(_, installed)| makes(&installed.makes))
            .map(|(name, _)| name))
    }

    /// The plugin of that name that comes with the program, whatever stands in for it.
    pub(crate) async fn stock(&self, archive: &Archive, name: &str) -> Result<Option<Shelved>> {
        for stock in dovetail_bundle::stock()? {
            let shelved = self.load_as_granted(archive, stock.bytes, true).await?;
            if shelved.plugin.name() == name {
                return Ok(Some(shelved));
            }
        }
        Ok(None)
    }

    /// Loads a component with what was granted under its name. The name is known once it has described itself; until then
    /// nothing is granted.
    pub(crate) async fn load_as_granted(
        &self,
        archive: &Archive,
        bytes: &[u8],
        stock: bool,
    ) -> Result<Shelved> {
        let shelved = self.load(bytes, stock, &Granted::default()).await?;
        let granted = Granted::to(archive, shelved.plugin.name())?;
        match granted.memory {
            Some(_) => self.load(bytes, stock, &granted).await,
            None => Ok(shelved),
        }
    }

    /// Loads a component from its bytes; each is loaded once for what it is granted.
    pub(crate) async fn load(&self, bytes: &[u8], stock: bool, granted: &Granted) -> Result<Shelved> {
        let memory = granted.memory_bytes();
        let key = (hex::encode(Sha256::digest(bytes)), memory);
        if let Some(shelved) = self
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(Shelved {
                stock,
                ..shelved.clone()
            });
        }
        let runtime = match memory {
            Some(memory) => self.runtime()?.granting(memory),
            None => self.runtime()?,
        };
        let shelved = ready(&runtime, bytes, stock).await?;
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, shelved.clone());
        Ok(shelved)
    }

    /// Where the bytes of an added plugin are.
    pub(crate) fn file(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }

    /// The one runtime of this process.
    pub(crate) fn runtime(&self) -> Result<Runtime> {
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

fn unknown(what: &str, name: &str, known: &[&str]) -> Problem {
    let near = nearest(name, known.iter().copied());
    Problem::not_found(
        format!("There is no {what} `{name}`."),
        format!("There are: {}.", near.join(", ")),
    )
}
