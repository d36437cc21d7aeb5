//! Changes on their way to ConnectWise. It has no versions and no keys against sending twice, so an update reads the
//! record, compares it property by property and writes only what is still as it was when the change was made; handing
//! the same update in again finishes what was cut short and writes nothing where all holds. A create is sent once; what
//! became of one whose answer was lost is told by [`seek`], by its fields, without a mark in the customer's record.
//!
//! Changes of one record go one after the other, those of different records together, as many at once as the host
//! allows. `wanted` reads a change, `found` a record, `comparing` and `operations` put one against the other, `types`,
//! `entries` and `communications` know what ConnectWise takes in ways of its own, `refusals` what a refusal means and
//! `blamed` whom it is about.

mod blamed;
mod communication_types;
mod communications;
mod comparing;
mod creating;
mod entries;
mod found;
mod operations;
mod progress;
mod refusals;
mod seeking;
mod types;
mod wanted;
mod written;

use dovetail_sdk::connector::exports::{Change, PushOutcome};
use dovetail_sdk::connector::http::Response;
use dovetail_sdk::connector::types::{Cause, Fault};

use crate::api::{Api, Ask, Method};
use crate::loose::Reference;
use crate::refusal::{Refusal, fault};

pub(crate) use communication_types::CommunicationTypes;
use comparing::{Look, Standing};
use found::{Found, question};
use operations::{operations, standings, types_are_open};
use progress::{Progress, waves};
use refusals::{Ended, Outcome, in_doubt, refused};
pub(crate) use seeking::{identity, seek};
use wanted::Wanted;
pub(crate) use written::Written;

/// At most so many changes go at once. All of them are read before the first is written, and the longer that takes, the
/// more can change unseen in between.
const AT_ONCE: usize = 20;

/// Sends changes: as many answers as changes, in their order.
pub(crate) fn push(api: &mut Api<'_>, changes: &[Change]) -> Vec<Outcome> {
    let mut progress = Progress::of(changes);
    for wave in waves(changes) {
        for some in wave.chunks(AT_ONCE) {
            let mut works = Vec::with_capacity(some.len());
            for (place, change) in some {
                let begun = match progress.holds_back(change) {
                    Some(fault) => Err(fault),
                    None => Wanted::of(change),
                };
                match begun {
                    Ok(wanted) => works.push(Work {
                        place: *place,
                        wanted,
                    }),
                    Err(fault) => progress.end(*place, Err(fault)),
                }
            }
            together(api, works, &mut progress);
            for (place, change) in some {
                progress.look_back(*place, change);
            }
        }
    }
    progress.ends()
}

/// A change under way.
struct Work {
    place: usize,
    wanted: Wanted,
}

/// What is to be written for a change.
struct Plan {
    work: Work,
    /// The one POST or PATCH; none where only types change.
    write: Option<Ask>,
    /// The types the record should have, where the change is about them. A new record takes them with its POST, of
    /// another they are brought after the PATCH.
    types: Option<Vec<Reference>>,
}

/// Takes changes of different records through: reads, compares, writes, and reads again what was not told whole.
fn together(api: &mut Api<'_>, works: Vec<Work>, progress: &mut Progress<'_>) {
    let mut plans = Vec::with_capacity(works.len());
    for (work, answer) in read(api, works) {
        let place = work.place;
        match planned(api, work, answer) {
            Ok(plan) => plans.push(plan),
            Err(ended) => progress.end(place, ended.outcome()),
        }
    }
    let mut unread = Vec::new();
    for (plan, answer) in write(api, plans) {
        let place = plan.work.place;
        match written(api, &plan, answer) {
            Ok(Some(found)) => progress.end(place, Ok(PushOutcome::Applied(found.source))),
            Ok(None) => unread.push(plan.work),
            Err(ended) => progress.end(place, ended.outcome()),
        }
    }
    for (work, answer) in read(api, unread) {
        let place = work.place;
        progress.end(place, confirmed(api, &work.wanted, answer));
    }
}

/// Reads the records of changes; a new one has none.
fn read(api: &mut Api<'_>, works: Vec<Work>) -> Vec<(Work, Option<Result<Response, Refusal>>)> {
    let ask = |work: &Work| work.wanted.id.and_then(|id| question(&work.wanted, id).ok());
    let asks: Vec<Option<Ask>> = works.iter().map(ask).collect();
    let known: Vec<Ask> = asks.iter().flatten().cloned().collect();
    let answers = all_or_each(api.get_each(&known), known.len());
    paired(works, asks, answers)
}

/// Sends the writes of plans.
fn write(api: &mut Api<'_>, plans: Vec<Plan>) -> Vec<(Plan, Option<Result<Response, Refusal>>)> {
    let asks: Vec<Option<Ask>> = plans.iter().map(|plan| plan.write.clone()).collect();
    let known: Vec<Ask> = asks.iter().flatten().cloned().collect();
    let answers = all_or_each(api.write_each(&known), known.len());
    paired(plans, asks, answers)
}

/// What refuses all of several refuses each.
fn all_or_each(
    answers: Result<Vec<Result<Response, Refusal>>, Refusal>,
    count: usize,
) -> Vec<Result<Response, Refusal>> {
    answers.unwrap_or_else(|refusal| vec![Err(refusal); count])
}

/// Gives each item that asked something its answer.
fn paired<T, A>(items: Vec<T>, asks: Vec<Option<Ask>>, answers: Vec<A>) -> Vec<(T, Option<A>)> {
    let mut answers = answers.into_iter();
    let answered = |(item, ask): (T, Option<Ask>)| (item, ask.and_then(|_| answers.next()));
    items.into_iter().zip(asks).map(answered).collect()
}

/// What is to be done for a change, or how it ends without anything being written.
fn planned(
    api: &mut Api<'_>,
    mut work: Work,
    answer: Option<Result<Response, Refusal>>,
) -> Result<Plan, Ended> {
    communication_types::settle(api, &mut work.wanted)?;
    match (work.wanted.id, answer) {
        (None, _) => plan_of_create(api, work),
        (Some(_), Some(answer)) => plan_of_update(api, work, answer),
        (Some(id), None) => Err(fault(Cause::Bug, format!("The answer for record {id} got lost.")).into()),
    }
}

fn plan_of_create(api: &mut Api<'_>, work: Work) -> Result<Plan, Ended> {
    let types = types::settled(api, &work.wanted)?;
    let write = creating::request(&work.wanted, types.as_deref())?;
    Ok(Plan {
        work,
        write: Some(write),
        types,
    })
}

fn plan_of_update(api: &mut Api<'_>, work: Work, answer: Result<Response, Refusal>) -> Result<Plan, Ended> {
    let wanted = &work.wanted;
    let about = wanted.about();
    let response = answer.map_err(|refusal| refusal.fault(&about, wanted.written.permission()))?;
    let found = Found::of(api, wanted, &about, &response.body)?;
    let stand = standings(Look::Before, wanted, &found)?;
    let any = |which: Standing| stand.iter().any(|(_, standing)| *standing == which);
    if any(Standing::Moved) {
        return Err(Ended::with(Ok(PushOutcome::Moved(found.source))));
    }
    if !any(Standing::Open) {
        return Err(Ended::with(Ok(PushOutcome::Applied(found.source))));
    }
    let types = match types_are_open(wanted, &found) {
        true => types::settled(api, wanted)?,
        false => None,
    };
    let operations = operations(wanted, &found)?;
    let write = match operations.is_empty() {
        true => None,
        false => Some(patch(wanted, &found, &operations)?),
    };
    Ok(Plan { work, write, types })
}

fn patch(wanted: &Wanted, found: &Found, operations: &[operations::Operation]) -> Result<Ask, Fault> {
    let body = serde_json::to_string(operations)
        .map_err(|trouble| fault(Cause::Bug, format!("The change cannot be written: {trouble}")))?;
    let path = format!("{}/{}", wanted.written.path(wanted.parent)?, found.source.id);
    Ok(Ask::write(Method::Patch, path, Some(body)))
}

/// What follows a write: the record where the answer tells it whole and all holds, nothing where it has to be read
/// again, else how the change ends.
fn written(
    api: &mut Api<'_>,
    plan: &Plan,
    answer: Option<Result<Response, Refusal>>,
) -> Result<Option<Found>, Ended> {
    let wanted = &plan.work.wanted;
    let about = wanted.about();
    let response = match answer {
        None => None,
        Some(Ok(response)) => Some(response),
        Some(Err(refusal)) => return Err(Ended::with(refused(refusal, wanted))),
    };
    let Some(id) = wanted.id else {
        let body = response.map(|response| response.body).unwrap_or_default();
        types::remember(api, wanted, &body, plan.types.as_deref());
        return match Found::of(api, wanted, &about, &body) {
            Ok(found) => Ok(Some(found)),
            Err(fault) => Err(Ended::with(Ok(in_doubt(&about, &fault.message)))),
        };
    };
    if let Some(types) = &plan.types {
        types::bring(api, wanted, id, types)?;
        return Ok(None);
    }
    let whole = response.and_then(|response| Found::whole(api, wanted, &about, &response.body));
    Ok(whole.filter(|found| left_open(wanted, found).is_none()))
}

/// The end of a change whose record was read again after it was written.
fn confirmed(api: &mut Api<'_>, wanted: &Wanted, answer: Option<Result<Response, Refusal>>) -> Outcome {
    let about = wanted.about();
    let unread = |words: &str| {
        Ok(in_doubt(
            &about,
            &format!("the record could not be read after it: {words}"),
        ))
    };
    let response = match answer {
        Some(Ok(response)) => response,
        Some(Err(refusal)) => {
            let fault = refusal.fault(&about, wanted.written.permission());
            return match fault.cause {
                Cause::Gone | Cause::Auth => Err(fault),
                _ => unread(&fault.message),
            };
        }
        None => return unread("the answer got lost"),
    };
    let found = match Found::of(api, wanted, &about, &response.body) {
        Ok(found) => found,
        Err(fault) => return unread(&fault.message),
    };
    match left_open(wanted, &found) {
        None => Ok(PushOutcome::Applied(found.source)),
        Some(field) => {
            let words = format!("ConnectWise said yes to {about} and left `{field}` as it was.");
            Err(fault(Cause::Data(field), words))
        }
    }
}

/// A field that is still as it was after it was written.
fn left_open(wanted: &Wanted, found: &Found) -> Option<String> {
    let stand = standings(Look::After, wanted, found).unwrap_or_default();
    let open = stand
        .into_iter()
        .find(|(_, standing)| *standing == Standing::Open);
    open.map(|(field, _)| field)
}
