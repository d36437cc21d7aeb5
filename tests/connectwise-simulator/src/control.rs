//! The handle by which tests change the database, steer answers and read what was asked.

use crate::faults::{Fault, FaultPlan, PlanState};
use crate::habits::Habits;
use crate::kind::{Kind, Source};
use crate::log::{Entry, Write};
use crate::moment;
use crate::pattern::Pattern;
use crate::reply::Reply;
use crate::role::{Action, Level, Module, Role};
use crate::shared::{Aimed, MySecurity, Planned, Shared, State, Waiting, stamp};
use crate::view::{Edits, owner};
use crate::write_plans::{WritePlans, Writes};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::sync::watch;

/// Steers a running simulator. Clones steer the same one. Each change to a record, by a test or by a write through the
/// API, moves the simulated clock on by a minute and stands with that time in the record's `_info`.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The record is not there.
    #[error("there is no {kind:?} {id}; it may have been deleted or merged")]
    NoRecord {
        /// The record's kind.
        kind: Kind,
        /// Its id.
        id: u64,
    },
    /// The fields are no JSON object.
    #[error("the fields have to be a JSON object")]
    NotAnObject,
    /// The kind has no flag for deleted records.
    #[error("a {kind:?} has no flag that marks it deleted; delete it for good")]
    NoSoftDelete {
        /// The record's kind.
        kind: Kind,
    },
    /// A company cannot be merged into itself.
    #[error("company {0} cannot be merged into itself")]
    SameCompany(u64),
}

/// Who makes the changes of tests, as `_info` names them.
const BY: &str = "control";

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// A record as the API would give it now to a role that may see everything.
    #[must_use]
    pub fn record(&self, kind: Kind, id: u64) -> Option<Value> {
        self.with_view(|state| {
            state
                .view_as(&self.shared.world, &Role::default())
                .value(Source::All(kind), id)
        })
    }

    /// The ids of all records of a kind, growing.
    #[must_use]
    pub fn ids(&self, kind: Kind) -> Vec<u64> {
        self.with_view(|state| {
            state
                .view_as(&self.shared.world, &Role::default())
                .ids(Source::All(kind), 0)
                .collect()
        })
    }

    /// Sets fields of a record; a null takes a field away. `lastUpdated` moves on.
    pub fn edit(&self, kind: Kind, id: u64, fields: Value) -> Result<(), ControlError> {
        self.put(kind, id, fields, true)
    }

    /// Sets fields of a record without a change of `lastUpdated`, as ConnectWise can do for changes in a
    /// record's children.
    pub fn edit_silently(&self, kind: Kind, id: u64, fields: Value) -> Result<(), ControlError> {
        self.put(kind, id, fields, false)
    }

    /// Adds a record and answers its id. `_info` is made; everything else is what the fields say.
    pub fn add(&self, kind: Kind, fields: Value) -> Result<u64, ControlError> {
        let Value::Object(mut fields) = fields else {
            return Err(ControlError::NotAnObject);
        };
        let mut state = self.shared.change();
        let id = state.view_as(&self.shared.world, &Role::default()).next_id(kind);
        state.now += state.step;
        fields.insert("id".into(), id.into());
        fields.remove("_info");
        let mut record = Value::Object(fields);
        stamp(&mut record, state.now, BY, true);
        state
            .edits
            .records
            .entry(kind)
            .or_default()
            .insert(id, Some(record));
        Ok(id)
    }

    /// Deletes a record for good: lists leave it out and its path answers 404 `NotFound`. References to it stay.
    pub fn delete(&self, kind: Kind, id: u64) -> Result<(), ControlError> {
        let mut state = self.shared.change();
        if !state.view(&self.shared.world).is_live(kind, id) {
            return Err(ControlError::NoRecord { kind, id });
        }
        state.now += state.step;
        state.edits.records.entry(kind).or_default().insert(id, None);
        Ok(())
    }

    /// Marks a record deleted in the way of its kind: `deletedFlag`, `inactiveFlag` or `activeFlag`.
    pub fn soft_delete(&self, kind: Kind, id: u64) -> Result<(), ControlError> {
        let when = {
            let state = self.shared.state();
            moment::text(state.now + state.step)
        };
        let fields = match kind {
            Kind::Company => json!({"deletedFlag": true, "dateDeleted": when, "deletedBy": BY}),
            Kind::Contact | Kind::Site | Kind::Board => json!({"inactiveFlag": true}),
            Kind::Member => json!({"inactiveFlag": true, "inactiveDate": when}),
            Kind::Configuration => json!({"activeFlag": false}),
            _ => return Err(ControlError::NoSoftDelete { kind }),
        };
        self.edit(kind, id, fields)
    }

    /// Merges a company into another: its sites, contacts, configurations and tickets belong to the other from
    /// now on, with a new `lastUpdated`, and the company itself is gone (404 `NotFound`).
    pub fn merge_companies(&self, from: u64, into: u64) -> Result<(), ControlError> {
        if from == into {
            return Err(ControlError::SameCompany(from));
        }
        let mut state = self.shared.change();
        for id in [from, into] {
            if !state.view(&self.shared.world).is_live(Kind::Company, id) {
                return Err(ControlError::NoRecord {
                    kind: Kind::Company,
                    id,
                });
            }
        }
        state.now += state.step;
        let now = state.now;
        state.edits.merged.insert(from, (into, now));
        state
            .edits
            .records
            .entry(Kind::Company)
            .or_default()
            .insert(from, None);
        for record in state
            .edits
            .records
            .values_mut()
            .flat_map(|records| records.values_mut())
            .flatten()
        {
            if owner(record, "company") == Some(from) {
                if let Some(company) = record.get_mut("company").and_then(Value::as_object_mut) {
                    company.insert("id".into(), into.into());
                }
                stamp(record, now, BY, false);
            }
        }
        Ok(())
    }

    /// The database as it is now, to be put back later.
    #[must_use]
    pub fn keep(&self) -> Kept {
        let state = self.shared.state();
        Kept {
            edits: state.edits.clone(),
            now: state.now,
        }
    }

    /// Puts the database back to what it was, its clock too, and takes back all plans for requests; the log begins anew.
    pub fn put_back(&self, kept: &Kept) {
        self.clear_plans();
        self.set_faults(None);
        let mut state = self.shared.change();
        state.edits = kept.edits.clone();
        state.now = kept.now;
        drop(state);
        self.reset_log();
    }

    /// The simulated clock, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.state().now
    }

    /// Moves the simulated clock on.
    pub fn advance(&self, seconds: u32) {
        self.shared.change().now += i64::from(seconds);
    }

    /// Sets how far the clock moves with each change, in seconds: 60 at the start. With 0, changes that follow each
    /// other have the same `lastUpdated`.
    pub fn set_clock_step(&self, seconds: u32) {
        self.shared.change().step = i64::from(seconds);
    }

    /// The security role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.shared.state().role.clone()
    }

    /// Sets the security role.
    pub fn set_role(&self, role: Role) {
        self.shared.change().role = role;
    }

    /// Sets at which level one module may be read.
    pub fn set_inquire(&self, module: Module, level: Level) {
        self.shared.change().role.set_inquire(module, level);
    }

    /// Sets the level of one module for an action.
    pub fn set_level(&self, module: Module, action: Action, level: Level) {
        self.shared.change().role.set_level(module, action, level);
    }

    /// What the server does to the values it is given.
    #[must_use]
    pub fn habits(&self) -> Habits {
        self.shared.state().habits.clone()
    }

    /// Sets what the server does to the values it is given from now on.
    pub fn set_habits(&self, habits: Habits) {
        self.shared.change().habits = habits;
    }

    /// Sets how `/system/mySecurity` answers.
    pub fn set_my_security(&self, answers: MySecurity) {
        self.shared.change().my_security = answers;
    }

    /// The codebase, without slashes.
    #[must_use]
    pub fn codebase(&self) -> String {
        self.shared.state().codebase.clone()
    }

    /// Changes the codebase, as an upgrade does: paths with the old one answer 404.
    pub fn set_codebase(&self, codebase: &str) {
        self.shared
            .change()
            .set_codebase(codebase, self.shared.world.loose);
    }

    /// The request log, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.shared.log.entries()
    }

    /// The requests in the log that asked for changes, oldest first, whatever became of them.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.log().iter().filter_map(Entry::write).collect()
    }

    /// Empties the request log; numbers go on.
    pub fn reset_log(&self) {
        self.shared.log.reset();
    }

    /// How many requests in the log match a pattern: a path below the codebase, `*` for anything; with a `?` in
    /// it also the decoded query.
    #[must_use]
    pub fn count(&self, pattern: &str) -> usize {
        let pattern = Pattern::new(pattern);
        self.shared
            .log
            .count(|entry| pattern.matches(entry.endpoint(), &entry.query))
    }

    /// Waits until at least `least` requests in the log match a pattern.
    pub async fn wait_for(&self, pattern: &str, least: usize) {
        let mut changes = self.shared.log.watch();
        while self.count(pattern) < least {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Holds requests that match a pattern until they are released or the hold is dropped.
    #[must_use]
    pub fn hold(&self, pattern: &str) -> Hold {
        self.hold_after(pattern, 0)
    }

    /// The same once so many requests that match went by.
    #[must_use]
    pub fn hold_after(&self, pattern: &str, pass: u64) -> Hold {
        let waiting = Arc::new(Waiting {
            pattern: Pattern::new(pattern),
            pass: pass.into(),
            held: watch::Sender::new(0),
            released: watch::Sender::new(false),
        });
        self.shared.hooks().waiting.push(Arc::clone(&waiting));
        Hold {
            shared: Arc::clone(&self.shared),
            waiting,
        }
    }

    /// Gives an answer of your own to the next `times` requests that match a pattern; 0 for all of them.
    pub fn plan_response(&self, pattern: &str, times: u64, response: Response) {
        let mut headers = response.headers;
        let place = headers
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = place.map(|place| headers.remove(place).1);
        let reply = Reply {
            status: response.status,
            content_type: content_type.unwrap_or_else(|| "application/json; charset=utf-8".into()),
            headers,
            body: response.body,
            applied: None,
        };
        let left = (times > 0).then_some(times);
        self.shared.hooks().planned.push(Planned {
            pattern: Pattern::new(pattern),
            reply,
            left,
        });
    }

    /// Lets the next `times` requests that match a pattern fail.
    pub fn fail_next(&self, pattern: &str, fault: Fault, times: u64) {
        self.shared.hooks().aimed.push(Aimed {
            pattern: Pattern::new(pattern),
            fault,
            left: times,
        });
    }

    /// Lets writes fail, before or after they are done as the fault says.
    pub fn fail_writes(&self, writes: Writes, fault: Fault) {
        self.shared.hooks().writes.fail(writes, fault);
    }

    /// Refuses writes that name a field: 400 with an `InvalidField` error for it. Those that do not name it pass
    /// and are not counted. In bulk, only the entries that name it are refused.
    pub fn refuse_field(&self, writes: Writes, field: &str) {
        self.shared.hooks().writes.refuse_field(writes, field.to_owned());
    }

    /// Lets lists and counts of a path time out (500) as long as their conditions match more than `rows` records.
    pub fn time_out_above(&self, pattern: &str, rows: u64) {
        self.shared.hooks().too_broad.push((Pattern::new(pattern), rows));
    }

    /// Sets the plan of faults anew, with no request counted yet; `None` ends it.
    pub fn set_faults(&self, plan: Option<FaultPlan>) {
        *self.shared.plan() = PlanState::new(plan);
    }

    /// Takes back all planned responses, aimed faults, timeouts and plans for writes. Holds stay.
    pub fn clear_plans(&self) {
        let mut hooks = self.shared.hooks();
        hooks.planned.clear();
        hooks.aimed.clear();
        hooks.too_broad.clear();
        hooks.writes = WritePlans::default();
    }

    fn with_view<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.shared.state())
    }

    fn put(&self, kind: Kind, id: u64, fields: Value, stamps: bool) -> Result<(), ControlError> {
        let Value::Object(fields) = fields else {
            return Err(ControlError::NotAnObject);
        };
        let mut state = self.shared.change();
        let found = state
            .view_as(&self.shared.world, &Role::default())
            .value(Source::All(kind), id);
        let Some(mut record) = found.filter(Value::is_object) else {
            return Err(ControlError::NoRecord { kind, id });
        };
        if let Some(record) = record.as_object_mut() {
            apply(record, fields);
        }
        state.now += state.step;
        if stamps {
            stamp(&mut record, state.now, BY, false);
        }
        state
            .edits
            .records
            .entry(kind)
            .or_default()
            .insert(id, Some(record));
        Ok(())
    }
}

fn apply(record: &mut Map<String, Value>, fields: Map<String, Value>) {
    for (name, value) in fields {
        match value {
            Value::Null => drop(record.remove(&name)),
            value => drop(record.insert(name, value)),
        }
    }
}

/// A database as it once was.
#[derive(Clone)]
pub struct Kept {
    edits: Edits,
    now: i64,
}

/// An answer a test plans. The content type is JSON unless a header says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A hold on requests: a barrier for tests. Dropped, it lets them go on.
pub struct Hold {
    shared: Arc<Shared>,
    waiting: Arc<Waiting>,
}

impl Hold {
    /// Waits until at least `least` requests have been held since the hold began.
    pub async fn wait_until_held(&self, least: u64) {
        let mut held = self.waiting.held.subscribe();
        // The sender lives as long as this hold.
        let _ = held.wait_for(|held| *held >= least).await;
    }

    /// How many requests have been held so far.
    #[must_use]
    pub fn held(&self) -> u64 {
        *self.waiting.held.borrow()
    }

    /// Lets the held requests go on and holds no more.
    pub fn release(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared
            .hooks()
            .waiting
            .retain(|waiting| !Arc::ptr_eq(waiting, &self.waiting));
        self.waiting.released.send_replace(true);
    }
}
