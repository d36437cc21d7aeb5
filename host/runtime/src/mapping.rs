//! Mappings at work. A runner is one run's: it reuses an instance, replaces it after a number of calls and whenever a
//! call fails.
//!
//! A batch goes to the guest in parts. A part that fails as a whole is halved, each half in a fresh instance, until single
//! records stand alone; those get the failure as their error and the others are mapped. Past a number of such records, or
//! a time spent halving, the plugin is at fault and not its records.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bumpalo::Bump;
use dovetail_domain::mapping::{Draft, Edit, MappingContext, MappingDescription, Outcome, Patch, TableRow};
use dovetail_domain::{Fault, SourceRecord};
use wasmtime::Store;

use crate::allowance::Allowance;
use crate::bindings::mapping::exports::dovetail::plugin::mapping::Guest;
use crate::bindings::mapping::{MappingPlugin, MappingPluginPre};
use crate::bindings::returned;
use crate::checked::{self, Checked};
use crate::error::{PluginError, RecordError, failed};
use crate::host::{self, Host};
use crate::imports::{Inspection, label};
use crate::instance::{Instance, Usage, begin, ended, within};
use crate::lower;
use crate::runtime::Shared;

/// Records a call. What a page of them comes to is more than a processor keeps near, in the guest and out of it: by so few
/// the standard mapping takes nine tenths of the time it takes by the thousand, and a call by itself costs 4 us.
const A_CALL: usize = 64;

/// A mapping that was compiled and has described itself. Cheap to clone.
#[derive(Clone)]
pub struct LoadedMapping {
    loaded: Arc<Loaded>,
}

struct Loaded {
    shared: Arc<Shared>,
    pre: MappingPluginPre<Host>,
    inspection: Inspection,
    description: MappingDescription,
    label: String,
}

/// One record of a batch.
#[derive(Clone, Copy, Debug)]
pub struct MappingInput<'a> {
    /// The record as the PSA gave it.
    pub source: &'a SourceRecord,
    /// What the layers before made of it.
    pub so_far: &'a Draft,
}

impl LoadedMapping {
    pub(crate) async fn describe(
        shared: Arc<Shared>,
        pre: MappingPluginPre<Host>,
        inspection: Inspection,
    ) -> Result<LoadedMapping, PluginError> {
        let label = label(&inspection.digest);
        let limits = &shared.limits;
        let mut instance = start(&shared, &pre, &label).await?;
        let allowance = Allowance::of(&limits.mapping, 0);
        begin(&mut instance.store, allowance);
        let guest = instance.bindings.dovetail_plugin_mapping();
        let given = within(allowance.elapsed, guest.call_describe(&mut instance.store)).await;
        let (_, said) = ended(&instance.store);
        let given = given.map_err(|why| failed(&label, "describe", &why, limits, said.as_deref()))?;
        let description = checked::mapping::description(given).map_err(|why| PluginError::Answer {
            plugin: label,
            function: "describe",
            what: why.0,
        })?;
        let label = format!("plugin {} {}", description.name, description.version);
        Ok(LoadedMapping {
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
    pub fn description(&self) -> &MappingDescription {
        &self.loaded.description
    }

    /// What it is made of.
    pub fn inspection(&self) -> &Inspection {
        &self.loaded.inspection
    }

    /// [`MappingRunner::configure`], by a runner of its own.
    pub async fn configure(
        &self,
        context: &MappingContext,
    ) -> Result<Result<Vec<TableRow>, Fault>, PluginError> {
        self.runner().configure(context).await
    }

    /// A runner for one run.
    pub fn runner(&self) -> MappingRunner {
        MappingRunner {
            loaded: Arc::clone(&self.loaded),
            instance: None,
            usage: Usage::default(),
            calls: 0,
            isolated: 0,
            halving: Duration::ZERO,
        }
    }
}

async fn start(
    shared: &Shared,
    pre: &MappingPluginPre<Host>,
    label: &str,
) -> Result<Instance<MappingPlugin>, PluginError> {
    let guest = &shared.limits.mapping;
    let mut store = host::store(&shared.engine, &shared.clock, &shared.limits, guest, label, None);
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

/// A mapping in one run. A call that is dropped before its end leaves nothing behind.
pub struct MappingRunner {
    loaded: Arc<Loaded>,
    instance: Option<Instance<MappingPlugin>>,
    usage: Usage,
    calls: u64,
    isolated: u32,
    halving: Duration,
}

/// One answer a record.
pub type Answers<T> = Vec<Result<T, RecordError>>;

impl MappingRunner {
    /// The rows that take effect under a configuration; the inner error is the mapping's own word that it makes no sense.
    pub async fn configure(
        &mut self,
        context: &MappingContext,
    ) -> Result<Result<Vec<TableRow>, Fault>, PluginError> {
        let Loaded {
            shared, pre, label, ..
        } = &*self.loaded;
        let limits = &shared.limits;
        let mut instance = start(shared, pre, label).await?;
        let allowance = Allowance::of(&limits.mapping, 0);
        begin(&mut instance.store, allowance);
        let guest = instance.bindings.dovetail_plugin_mapping();
        let context = lower::mapping::context(context);
        let given = within(
            allowance.elapsed,
            guest.call_configure(&mut instance.store, context),
        )
        .await;
        let (usage, said) = ended(&instance.store);
        self.usage = usage;
        match given.map_err(|why| failed(label, "configure", &why, limits, said.as_deref()))? {
            Ok(rows) => checked::mapping::table(rows)
                .map(Ok)
                .map_err(|why| PluginError::Answer {
                    plugin: label.clone(),
                    function: "configure",
                    what: why.0,
                }),
            Err(fault) => Ok(Err(checked::fault(fault.into()))),
        }
    }

    /// Maps a batch: as many answers as records, in their order. An error is the plugin's, and the run's end.
    pub async fn convert(
        &mut self,
        context: &MappingContext,
        batch: &[MappingInput<'_>],
    ) -> Result<Answers<Outcome>, PluginError> {
        self.halve(&Converting { context, batch }).await
    }

    /// Brings edits back: as many answers as edits, in their order.
    pub async fn to_source(
        &mut self,
        context: &MappingContext,
        edits: &[Edit],
    ) -> Result<Answers<Patch>, PluginError> {
        self.halve(&BringingBack { context, edits }).await
    }

    /// What the last call cost.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Calls so far in this run, those of halving among them.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Records isolated so far in this run.
    pub fn isolated(&self) -> u32 {
        self.isolated
    }

    async fn halve<B: Batch>(&mut self, batch: &B) -> Result<Answers<B::Answer>, PluginError> {
        let mut answers = Vec::with_capacity(batch.size());
        // What is still to do, what comes next on top; and whether it is of a part that failed.
        let starts = (0..batch.size()).step_by(A_CALL);
        let part = |start: usize| (start..batch.size().min(start.saturating_add(A_CALL)), false);
        let mut parts: Vec<(Range<usize>, bool)> = starts.rev().map(part).collect();
        while let Some((part, half)) = parts.pop() {
            let began = Instant::now();
            let given = self.call(batch, part.clone()).await?;
            if half || given.is_err() {
                self.halving = self.halving.saturating_add(began.elapsed());
            }
            let failure = match given {
                Ok(given) => {
                    answers.extend(part.zip(given).map(|(place, answer)| {
                        match answer {
                            Ok(made) => batch
                                .check(place, made)
                                .map_err(|why| RecordError::Unacceptable(why.0)),
                            Err(fault) => Err(RecordError::Fault(checked::fault(fault.into()))),
                        }
                    }));
                    continue;
                }
                Err(failure) => failure,
            };
            if part.len() == 1 {
                self.isolated = self.isolated.saturating_add(1);
                answers.push(Err(RecordError::Isolated(failure.clone())));
            } else {
                let middle = part.start + part.len() / 2;
                parts.push((middle..part.end, true));
                parts.push((part.start..middle, true));
            }
            self.still_its_records(failure)?;
        }
        Ok(answers)
    }

    /// Past the limits of a run the plugin is at fault.
    fn still_its_records(&self, failure: PluginError) -> Result<(), PluginError> {
        let limits = &self.loaded.shared.limits;
        let why = if self.isolated > limits.isolated {
            format!(
                "it failed at more than {} single records of this run",
                limits.isolated
            )
        } else if self.halving > limits.halving {
            format!(
                "finding the records it fails at took more than {} s of this run",
                limits.halving.as_secs()
            )
        } else {
            return Ok(());
        };
        Err(PluginError::AtFault {
            plugin: self.loaded.label.clone(),
            why,
            last: Box::new(failure),
        })
    }

    /// One call about a part of a batch. The outer error is no record's doing; the inner one may be.
    #[allow(
        clippy::type_complexity,
        reason = "an error of the plugin, one of the batch, one a record"
    )]
    async fn call<B: Batch>(
        &mut self,
        batch: &B,
        part: Range<usize>,
    ) -> Result<Result<Vec<Result<B::Given, returned::Fault>>, PluginError>, PluginError> {
        let limits = &self.loaded.shared.limits;
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => start(&self.loaded.shared, &self.loaded.pre, &self.loaded.label).await?,
        };
        let wanted = part.len();
        let allowance = Allowance::of(&limits.mapping, wanted);
        begin(&mut instance.store, allowance);
        let guest = instance.bindings.dovetail_plugin_mapping();
        let given = within(allowance.elapsed, batch.call(guest, &mut instance.store, part)).await;
        self.calls += 1;
        let (usage, said) = ended(&instance.store);
        self.usage = usage;
        let plugin = &self.loaded.label;
        let given = match given {
            Ok(given) => given,
            Err(why) => return Ok(Err(failed(plugin, B::FUNCTION, &why, limits, said.as_deref()))),
        };
        if given.len() != wanted {
            return Ok(Err(PluginError::Answer {
                plugin: plugin.clone(),
                function: B::FUNCTION,
                what: format!("{} answers where {wanted} were asked for", given.len()),
            }));
        }
        instance.calls = instance.calls.saturating_add(1);
        // One that is nearly full would fail at a later page that has nothing to do with it: JavaScript's collector lets
        // memory grow over many calls.
        let nearly_full = self.usage.memory > limits.mapping.memory / 4 * 3;
        if instance.calls < limits.mapping.calls_an_instance {
            self.instance = Some(instance).filter(|_| !nearly_full);
        }
        Ok(Ok(given))
    }
}

/// What is asked of a mapping about several records at once.
trait Batch: Sync {
    /// What the guest gives a record, untrusted.
    type Given: Send;
    /// What it becomes.
    type Answer;
    /// The export.
    const FUNCTION: &'static str;

    fn size(&self) -> usize;

    fn call(
        &self,
        guest: &Guest,
        store: &mut Store<Host>,
        part: Range<usize>,
    ) -> impl Future<Output = wasmtime::Result<Vec<Result<Self::Given, returned::Fault>>>> + Send;

    fn check(&self, place: usize, given: Self::Given) -> Checked<Self::Answer>;
}

struct Converting<'a> {
    context: &'a MappingContext,
    batch: &'a [MappingInput<'a>],
}

impl Batch for Converting<'_> {
    type Given = returned::Outcome;
    type Answer = Outcome;
    const FUNCTION: &'static str = "convert";

    fn size(&self) -> usize {
        self.batch.len()
    }

    async fn call(
        &self,
        guest: &Guest,
        store: &mut Store<Host>,
        part: Range<usize>,
    ) -> wasmtime::Result<Vec<Result<returned::Outcome, returned::Fault>>> {
        let arena = Bump::new();
        let inputs = lower::mapping::inputs(&arena, self.batch.get(part).unwrap_or_default());
        guest
            .call_convert(store, lower::mapping::context(self.context), inputs)
            .await
    }

    fn check(&self, place: usize, given: returned::Outcome) -> Checked<Outcome> {
        match self.batch.get(place) {
            Some(input) => checked::mapping::outcome(given, input.source.kind),
            None => checked::no("an answer to no record"),
        }
    }
}

struct BringingBack<'a> {
    context: &'a MappingContext,
    edits: &'a [Edit],
}

impl Batch for BringingBack<'_> {
    type Given = returned::Patch;
    type Answer = Patch;
    const FUNCTION: &'static str = "to-source";

    fn size(&self) -> usize {
        self.edits.len()
    }

    async fn call(
        &self,
        guest: &Guest,
        store: &mut Store<Host>,
        part: Range<usize>,
    ) -> wasmtime::Result<Vec<Result<returned::Patch, returned::Fault>>> {
        let arena = Bump::new();
        let edits = lower::mapping::edits(&arena, self.edits.get(part).unwrap_or_default());
        guest
            .call_to_source(store, lower::mapping::context(self.context), edits)
            .await
    }

    fn check(&self, _: usize, given: returned::Patch) -> Checked<Patch> {
        checked::mapping::patch(given)
    }
}
