//! Connectors at work. A session is one run's: its instance is made for it, may remember things within it, and is
//! thrown away with it, or when a call fails; the next call then has a fresh one.

use std::sync::Arc;

use dovetail_domain::connector::{
    Change, CheckLine, ConnectorContext, ConnectorDescription, EventSubject, GroupOption, IdPage,
    IncomingEvent, Listing, MemberPage, Page, PushOutcome,
};
use dovetail_domain::{Fault, Kind, Pulled, SourceId, SourceRecord, Timestamp};

use crate::allowance::Allowance;
use crate::bindings::connector::{ConnectorPlugin, ConnectorPluginPre};
use crate::bindings::types;
use crate::checked::{self, Checked, answers};
use crate::error::{CallError, PluginError, failed};
use crate::host::{self, Host};
use crate::imports::{Inspection, label};
use crate::instance::{Instance, Usage, begin, ended, within};
use crate::limits::GuestLimits;
use crate::lower;
use crate::outbound::{Outbound, WayOut};
use crate::runtime::Shared;

/// A connector that was compiled and has described itself. Cheap to clone.
#[derive(Clone)]
pub struct LoadedConnector {
    loaded: Arc<Loaded>,
}

struct Loaded {
    shared: Arc<Shared>,
    pre: ConnectorPluginPre<Host>,
    inspection: Inspection,
    description: ConnectorDescription,
    label: String,
}

impl LoadedConnector {
    pub(crate) async fn describe(
        shared: Arc<Shared>,
        pre: ConnectorPluginPre<Host>,
        inspection: Inspection,
    ) -> Result<LoadedConnector, PluginError> {
        let label = label(&inspection.digest);
        let limits = &shared.limits;
        let mut instance = start(&shared, &pre, &label, None).await?;
        let allowance = Allowance::of(&limits.connector, 0);
        begin(&mut instance.store, allowance);
        let guest = instance.bindings.dovetail_plugin_connector();
        let given = within(allowance.elapsed, guest.call_describe(&mut instance.store)).await;
        let (_, said) = ended(&instance.store);
        let given = given.map_err(|why| failed(&label, "describe", &why, limits, said.as_deref()))?;
        let description = checked::connector::description(given).map_err(|why| PluginError::Answer {
            plugin: label,
            function: "describe",
            what: why.0,
        })?;
        let label = format!("plugin {} {}", description.name, description.version);
        Ok(LoadedConnector {
            loaded: Arc::new(Loaded {
                shared,
                pre,
                inspection,
                description,
                label,
            }),
        })
    }

    /// What it says of itself.
    pub fn description(&self) -> &ConnectorDescription {
        &self.loaded.description
    }

    /// What it is made of.
    pub fn inspection(&self) -> &Inspection {
        &self.loaded.inspection
    }

    /// A session for one run; `outbound` sends what it asks for.
    pub fn session(&self, outbound: Arc<dyn Outbound>) -> ConnectorSession {
        ConnectorSession {
            loaded: Arc::clone(&self.loaded),
            way_out: Arc::new(WayOut::new(outbound, self.loaded.shared.limits.requests)),
            instance: None,
            usage: Usage::default(),
        }
    }
}

async fn start(
    shared: &Shared,
    pre: &ConnectorPluginPre<Host>,
    label: &str,
    way_out: Option<Arc<WayOut>>,
) -> Result<Instance<ConnectorPlugin>, PluginError> {
    let guest = &shared.limits.connector;
    let mut store = host::store(
        &shared.engine,
        &shared.clock,
        &shared.limits,
        guest,
        label,
        way_out,
    );
    let allowance = Allowance::of(guest, 0);
    begin(&mut store, allowance);
    let made = within(allowance.elapsed, pre.instantiate_async(&mut store)).await;
    let (_, said) = ended(&store);
    let bindings = made.map_err(|why| failed(label, "instantiate", &why, &shared.limits, said.as_deref()))?;
    Ok(Instance {
        store,
        bindings,
        calls: 0,
    })
}

/// A connector in one run. Calls stand one after the other; requests within a call may go out at once.
///
/// A call that is dropped before its end leaves nothing behind: the next one has a fresh instance.
pub struct ConnectorSession {
    loaded: Arc<Loaded>,
    way_out: Arc<WayOut>,
    instance: Option<Instance<ConnectorPlugin>>,
    usage: Usage,
}

/// Calls an export about so many items and gives what it returned, untrusted.
macro_rules! call {
    ($session:ident, $function:literal, $items:expr, $method:ident($($argument:expr),*)) => {{
        let allowance = Allowance::of($session.limits(), $items);
        let mut instance = $session.take().await?;
        begin(&mut instance.store, allowance);
        let guest = instance.bindings.dovetail_plugin_connector();
        let given = within(allowance.elapsed, guest.$method(&mut instance.store, $($argument),*)).await;
        $session.settle(instance, $function, given)
    }};
}

impl ConnectorSession {
    /// Checks company, credentials and permissions.
    pub async fn check(&mut self, context: &ConnectorContext) -> Result<Vec<CheckLine>, CallError> {
        let context = lower::connector::context(context);
        let given = call!(self, "check", 0, call_check(&context))?;
        self.acceptable("check", answers::check_lines(given))
    }

    /// The options of a settings group.
    pub async fn options(
        &mut self,
        context: &ConnectorContext,
        group: &str,
    ) -> Result<Vec<GroupOption>, CallError> {
        let context = lower::connector::context(context);
        let given = call!(self, "options", 0, call_options(&context, group))?;
        let given = given.map_err(checked::fault)?;
        self.acceptable("options", answers::options(given))
    }

    /// One page of a listing; no cursor is the first.
    pub async fn pull(
        &mut self,
        context: &ConnectorContext,
        wanted: &Listing,
        cursor: Option<&str>,
    ) -> Result<Page, CallError> {
        let context = lower::connector::context(context);
        let listing = lower::connector::listing(wanted);
        let given = call!(
            self,
            "pull",
            wanted.parents.len(),
            call_pull(&context, &listing, cursor)
        )?;
        let given = given.map_err(checked::fault)?;
        self.acceptable("pull", answers::page(given, wanted.kind))
    }

    /// How many records a listing has at most; none where the PSA cannot say.
    pub async fn count(
        &mut self,
        context: &ConnectorContext,
        wanted: &Listing,
    ) -> Result<Option<u64>, CallError> {
        let context = lower::connector::context(context);
        let listing = lower::connector::listing(wanted);
        let given = call!(
            self,
            "count",
            wanted.parents.len(),
            call_count(&context, &listing)
        )?;
        Ok(given.map_err(checked::fault)?)
    }

    /// Reads single records: as many answers as ids, in their order. `parents` are what they stand under, as far as known.
    pub async fn fetch(
        &mut self,
        context: &ConnectorContext,
        kind: Kind,
        ids: &[SourceId],
        parents: &[Option<SourceId>],
    ) -> Result<Vec<Result<Pulled, Fault>>, CallError> {
        let context = lower::connector::context(context);
        let wanted = lower::connector::wanted_records(ids, parents);
        let given = call!(
            self,
            "fetch",
            ids.len(),
            call_fetch(&context, kind.as_str(), &wanted)
        )?;
        let given = self.counted("fetch", given, ids.len())?;
        let mut found = Vec::with_capacity(given.len());
        for (answer, id) in given.into_iter().zip(ids) {
            found.push(answers::each(answer, |pulled| {
                let pulled = answers::pulled(pulled, kind)?;
                if pulled.record.id == *id {
                    Ok(pulled)
                } else {
                    checked::no(format!("record {} where {id} was asked for", pulled.record.id))
                }
            }));
        }
        Ok(found)
    }

    /// One page of ids of a listing.
    pub async fn list_ids(
        &mut self,
        context: &ConnectorContext,
        wanted: &Listing,
        cursor: Option<&str>,
    ) -> Result<IdPage, CallError> {
        let context = lower::connector::context(context);
        let listing = lower::connector::listing(wanted);
        let given = call!(
            self,
            "list-ids",
            wanted.parents.len(),
            call_list_ids(&context, &listing, cursor)
        )?;
        let given = given.map_err(checked::fault)?;
        self.acceptable("list-ids", answers::id_page(given))
    }

    /// One page of licensed, active users.
    pub async fn members(
        &mut self,
        context: &ConnectorContext,
        cursor: Option<&str>,
    ) -> Result<MemberPage, CallError> {
        let context = lower::connector::context(context);
        let given = call!(self, "members", 0, call_members(&context, cursor))?;
        let given = given.map_err(checked::fault)?;
        self.acceptable("members", answers::member_page(given))
    }

    /// Sends changes one after the other: as many answers as changes, in their order.
    ///
    /// Where the call itself fails, any of the changes may or may not have been applied.
    pub async fn push(
        &mut self,
        context: &ConnectorContext,
        changes: &[Change],
    ) -> Result<Vec<Result<PushOutcome, Fault>>, CallError> {
        let context = lower::connector::context(context);
        let lowered: Vec<_> = changes.iter().map(lower::connector::change).collect();
        let given = call!(self, "push", changes.len(), call_push(&context, &lowered))?;
        let given = self.counted("push", given, changes.len())?;
        let ended = given.into_iter().zip(changes);
        Ok(ended
            .map(|(answer, change)| {
                answers::each(answer, |outcome| answers::push_outcome(outcome, change.kind))
            })
            .collect())
    }

    /// Looks for what became of a create whose answer was lost: records entered at or after a time, by the PSA's clock.
    pub async fn seek(
        &mut self,
        context: &ConnectorContext,
        change: &Change,
        since: Timestamp,
    ) -> Result<Vec<SourceRecord>, CallError> {
        let context = lower::connector::context(context);
        let lowered = lower::connector::change(change);
        let since = since.to_string();
        let given = call!(self, "seek", 1, call_seek(&context, &lowered, &since))?;
        let given = given.map_err(checked::fault)?;
        self.acceptable("seek", answers::sought(given, change.kind))
    }

    /// What an event is about whose signature was checked.
    pub async fn parse_event(
        &mut self,
        context: &ConnectorContext,
        event: &IncomingEvent,
    ) -> Result<Vec<EventSubject>, CallError> {
        let context = lower::connector::context(context);
        let event = lower::connector::event(event);
        let given = call!(self, "parse-event", 0, call_parse_event(&context, &event))?;
        let given = given.map_err(checked::fault)?;
        self.acceptable("parse-event", answers::event_subjects(given))
    }

    /// What the last call cost.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    fn limits(&self) -> &GuestLimits {
        &self.loaded.shared.limits.connector
    }

    async fn take(&mut self) -> Result<Instance<ConnectorPlugin>, PluginError> {
        match self.instance.take() {
            Some(instance) => Ok(instance),
            None => {
                let way_out = Arc::clone(&self.way_out);
                start(
                    &self.loaded.shared,
                    &self.loaded.pre,
                    &self.loaded.label,
                    Some(way_out),
                )
                .await
            }
        }
    }

    /// A call has ended: the instance is kept where it ended well.
    fn settle<T>(
        &mut self,
        mut instance: Instance<ConnectorPlugin>,
        function: &'static str,
        given: wasmtime::Result<T>,
    ) -> Result<T, PluginError> {
        let (usage, said) = ended(&instance.store);
        self.usage = usage;
        let limits = &self.loaded.shared.limits;
        match given {
            Ok(given) => {
                instance.calls = instance.calls.saturating_add(1);
                if instance.calls < limits.connector.calls_an_instance {
                    self.instance = Some(instance);
                }
                Ok(given)
            }
            Err(why) => Err(failed(
                &self.loaded.label,
                function,
                &why,
                limits,
                said.as_deref(),
            )),
        }
    }

    /// An answer that is not acceptable as a whole costs the instance, too.
    fn acceptable<T>(&mut self, function: &'static str, checked: Checked<T>) -> Result<T, CallError> {
        checked.map_err(|why| {
            self.instance = None;
            let plugin = self.loaded.label.clone();
            CallError::Plugin(PluginError::Answer {
                plugin,
                function,
                what: why.0,
            })
        })
    }

    fn counted<T>(
        &mut self,
        function: &'static str,
        given: Vec<Result<T, types::Fault>>,
        wanted: usize,
    ) -> Result<Vec<Result<T, types::Fault>>, CallError> {
        let counted = if given.len() == wanted {
            Ok(given)
        } else {
            checked::no(format!("{} answers where {wanted} were asked for", given.len()))
        };
        self.acceptable(function, counted)
    }
}
