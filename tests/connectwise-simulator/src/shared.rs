//! What requests and the control handle share.

use crate::config::{Config, Credentials};
use crate::data::World;
use crate::faults::{Fault, PlanState};
use crate::habits::Habits;
use crate::log::Log;
use crate::moment;
use crate::pattern::Pattern;
use crate::reply::Reply;
use crate::role::Role;
use crate::view::{Edits, View};
use crate::write_plans::WritePlans;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// How `/system/mySecurity` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MySecurity {
    /// With the role's rows.
    Present,
    /// As a path that is not there, as on older servers.
    Absent,
    /// With 403.
    Refused,
}

/// What can change while the simulator runs.
pub(crate) struct State {
    pub(crate) edits: Edits,
    pub(crate) role: Role,
    pub(crate) codebase: String,
    pub(crate) my_security: MySecurity,
    /// The simulated clock, in seconds since 1970.
    pub(crate) now: i64,
    /// How far the clock moves with a change, in seconds.
    pub(crate) step: i64,
    pub(crate) habits: Habits,
    /// How many writes have changed records.
    pub(crate) applied: u64,
    links: String,
}

impl State {
    /// Changes the codebase, and with it the links in `_info`.
    pub(crate) fn set_codebase(&mut self, codebase: &str, loose: bool) {
        self.codebase = codebase.trim_matches('/').to_owned();
        self.links = match loose {
            true => format!("https://na.myconnectwise.net/{}//apis/3.0", self.codebase),
            false => format!("https://localhost/{}/apis/3.0", self.codebase),
        };
    }

    /// The database as it is now, seen with the caller's role.
    pub(crate) fn view<'a>(&'a self, world: &'a World) -> View<'a> {
        self.view_as(world, &self.role)
    }

    /// The database as another role sees it.
    pub(crate) fn view_as<'a>(&'a self, world: &'a World, role: &'a Role) -> View<'a> {
        View {
            world,
            edits: &self.edits,
            role,
            links: &self.links,
        }
    }
}

/// Requests that are to wait.
pub(crate) struct Waiting {
    pub(crate) pattern: Pattern,
    /// How many may still go by.
    pub(crate) pass: AtomicU64,
    pub(crate) held: watch::Sender<u64>,
    pub(crate) released: watch::Sender<bool>,
}

/// An answer in place of the real one.
pub(crate) struct Planned {
    pub(crate) pattern: Pattern,
    pub(crate) reply: Reply,
    /// How often it is still given; `None` for always.
    pub(crate) left: Option<u64>,
}

/// A fault in place of the real answer.
pub(crate) struct Aimed {
    pub(crate) pattern: Pattern,
    pub(crate) fault: Fault,
    pub(crate) left: u64,
}

/// What interferes with requests.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) waiting: Vec<Arc<Waiting>>,
    pub(crate) planned: Vec<Planned>,
    pub(crate) aimed: Vec<Aimed>,
    pub(crate) too_broad: Vec<(Pattern, u64)>,
    pub(crate) writes: WritePlans,
}

/// Writes a change into a record's `_info`: when and by whom; for a new record also as entered.
pub(crate) fn stamp(record: &mut Value, now: i64, by: &str, created: bool) {
    let Some(record) = record.as_object_mut() else {
        return;
    };
    let info = record.entry("_info").or_insert_with(|| json!({}));
    if let Some(info) = info.as_object_mut() {
        let now = moment::text(now);
        info.insert("lastUpdated".into(), now.as_str().into());
        info.insert("updatedBy".into(), by.into());
        if created {
            info.insert("dateEntered".into(), now.into());
            info.insert("enteredBy".into(), by.into());
        }
    }
}

pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) credentials: Credentials,
    pub(crate) hide_bad_credentials: bool,
    pub(crate) log: Log,
    state: RwLock<State>,
    hooks: Mutex<Hooks>,
    plan: Mutex<PlanState>,
    draws: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: &Config) -> Self {
        let mut state = State {
            edits: Edits::default(),
            role: config.role.clone(),
            codebase: String::new(),
            my_security: MySecurity::Present,
            now: config.base_instant,
            step: 60,
            habits: config.habits.clone(),
            applied: 0,
            links: String::new(),
        };
        state.set_codebase(&config.codebase, config.loose);
        Self {
            world: World::new(config.seed, config.size, config.loose, config.base_instant),
            credentials: config.credentials.clone(),
            hide_bad_credentials: config.hide_bad_credentials,
            log: Log::default(),
            state: RwLock::new(state),
            hooks: Mutex::default(),
            plan: Mutex::new(PlanState::new(config.faults.clone())),
            draws: AtomicU64::new(0),
        }
    }

    // A panic elsewhere leaves these values whole, so poisoning is of no interest.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hooks(&self) -> MutexGuard<'_, Hooks> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan(&self) -> MutexGuard<'_, PlanState> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that grows with each call.
    pub(crate) fn next_draw(&self) -> u64 {
        self.draws.fetch_add(1, Ordering::Relaxed)
    }

    /// The most records a query of this path may match before the database gives up.
    pub(crate) fn most_rows(&self, path: &str) -> Option<u64> {
        self.hooks()
            .too_broad
            .iter()
            .filter(|(pattern, _)| pattern.matches(path, ""))
            .map(|(_, most)| *most)
            .min()
    }
}
