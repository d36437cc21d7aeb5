//! Reading lists page by page, forward by id, so that records which come or go meanwhile move nothing.
//!
//! A listing is a row of slices read one after the other: usually one, more where a list of ids does not fit into an
//! address or where a query that ran out of time was cut. A cursor is the slices still to read and the page size, as
//! JSON; it needs nothing that is not in it. A page that is too large is asked for again at half its size.
//!
//! A slice ends where the body is empty, where the `Link` header names no next page, or where the next page's id does
//! not grow. A server that knows nothing of forward-only paging (no `Link` with a `pageId`) is asked with a condition
//! on the id and an order instead.

use std::ops::Range;

use dovetail_sdk::connector::http::Response;
use dovetail_sdk::connector::types::{Cause, Fault};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::{Api, Ask};
use crate::conditions::{Conditions, cut};
use crate::loose::Id;
use crate::record::without_control_characters;
use crate::refusal::{Refusal, fault, header, is_page};

/// The page size of a server that was not told one, or did not listen.
const DEFAULT_PAGE: usize = 25;

/// A part of a listing: one page series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slice {
    /// Ids the plan's first field has to be among.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<Vec<u64>>,
    /// Ids the plan's second field has to be among.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) second: Option<Vec<u64>>,
    /// Only records with a greater id; the pages read so far raise it.
    #[serde(rename = "a", default)]
    pub(crate) after: u64,
    /// Only records with at most this id.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) upto: Option<u64>,
    /// Paged by condition and order because the server does not page forward-only.
    #[serde(rename = "k", default)]
    pub(crate) by_condition: bool,
}

/// The slices of two lists of which either may be missing (no restriction) or empty (nothing is wanted). Lists that do
/// not fit into an address are cut, so that every pair of ids is in exactly one slice.
pub(crate) fn slices(first: Option<Vec<u64>>, second: Option<Vec<u64>>) -> Vec<Slice> {
    let parts = |list: Option<Vec<u64>>| match list {
        None => vec![None],
        Some(ids) if ids.is_empty() => Vec::new(),
        Some(ids) => cut(&ids).into_iter().map(Some).collect(),
    };
    let seconds = parts(second);
    let pairs = parts(first)
        .into_iter()
        .flat_map(|first| seconds.iter().map(move |second| (first.clone(), second.clone())));
    pairs
        .map(|(first, second)| Slice {
            first,
            second,
            ..Slice::default()
        })
        .collect()
}

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    #[serde(rename = "n")]
    pub(crate) size: u32,
    #[serde(rename = "p")]
    pub(crate) slices: Vec<Slice>,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// `/company/companies`.
    pub(crate) path: String,
    /// What it is called in messages.
    pub(crate) about: &'static str,
    /// The permission it needs.
    pub(crate) permission: &'static str,
    /// Conditions of every slice.
    pub(crate) conditions: Conditions,
    /// `childConditions` of every slice.
    pub(crate) child_conditions: Option<String>,
    /// Only these members; all where there is none.
    pub(crate) fields: Option<&'static str>,
    /// The fields that [`Slice::first`] and [`Slice::second`] restrict.
    pub(crate) first_field: &'static str,
    pub(crate) second_field: &'static str,
    /// The slices to begin with; none lists nothing.
    pub(crate) slices: Vec<Slice>,
    /// A query that runs out of time is cut, not repeated.
    pub(crate) cut_on_timeout: bool,
}

impl Plan {
    fn conditions_of(&self, slice: &Slice) -> Conditions {
        let conditions = self
            .conditions
            .clone()
            .one_of(self.first_field, slice.first.as_deref())
            .one_of(self.second_field, slice.second.as_deref())
            .at_most("id", slice.upto);
        if slice.by_condition {
            conditions.above("id", slice.after)
        } else {
            conditions
        }
    }

    fn ask(&self, slice: &Slice, size: u32) -> Ask {
        let forward = !slice.by_condition;
        Ask::new(&self.path)
            .with("conditions", self.conditions_of(slice).text())
            .with("childConditions", self.child_conditions.as_deref())
            .with("fields", self.fields)
            .with("orderBy", slice.by_condition.then_some("id asc"))
            .with("pageSize", Some(size))
            .with("pageId", (forward && slice.after > 0).then_some(slice.after))
            .forward_only(forward)
    }

    /// The question how many records a slice has.
    pub(crate) fn count(&self, slice: &Slice) -> Ask {
        Ask::new(format!("{}/count", self.path))
            .with("conditions", self.conditions_of(slice).text())
            .with("childConditions", self.child_conditions.as_deref())
    }

    /// The cursor of the first page.
    pub(crate) fn start(&self, size: u32) -> Cursor {
        Cursor {
            size,
            slices: self.slices.clone(),
        }
    }
}

/// A page's records as text, and where to go on.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: Body,
    pub(crate) next: Option<Cursor>,
}

/// How a slice that ran out of time is cut in parts; an empty list where it cannot be cut further.
pub(crate) type Cut<'c> = &'c mut dyn FnMut(&mut Api<'_>, &Slice) -> Result<Vec<Slice>, Fault>;

/// Reads one page. It may be empty and still have a next one.
pub(crate) fn read(
    api: &mut Api<'_>,
    plan: &Plan,
    mut cursor: Cursor,
    divide: Cut<'_>,
) -> Result<Page, Fault> {
    loop {
        let Some(slice) = cursor.slices.first().cloned() else {
            return Ok(Page {
                body: Body::default(),
                next: None,
            });
        };
        let refusal = match api.get(&plan.ask(&slice, cursor.size)) {
            Ok(response) => {
                let link = Link::of(&response);
                match Body::of(response) {
                    Ok(body) => match step(link, &body, &slice, cursor.size) {
                        Step::AskByCondition => {
                            ask_by_condition(&mut cursor);
                            continue;
                        }
                        step => {
                            return Ok(Page {
                                body,
                                next: advance(cursor, &step),
                            });
                        }
                    },
                    Err(refusal) => refusal,
                }
            }
            Err(refusal) => refusal,
        };
        match refusal {
            Refusal::TooLarge if cursor.size > 1 => cursor.size /= 2,
            Refusal::Broken(_) if !slice.by_condition => ask_by_condition(&mut cursor),
            Refusal::TimedOut(words) if plan.cut_on_timeout => {
                let parts = divide(api, &slice)?;
                if parts.is_empty() {
                    return Err(Refusal::TimedOut(words).fault(plan.about, plan.permission));
                }
                cursor.slices.splice(..1, parts);
                return Ok(Page {
                    body: Body::default(),
                    next: Some(cursor),
                });
            }
            // The list itself is not there: that says nothing of any record.
            Refusal::NoRecord(words) => {
                return Err(Refusal::NoEndpoint(words).fault(plan.about, plan.permission));
            }
            refusal => return Err(refusal.fault(plan.about, plan.permission)),
        }
    }
}

/// Reads all pages of a short list and hands each to `take`.
pub(crate) fn read_all(api: &mut Api<'_>, plan: &Plan, mut take: impl FnMut(&[&str])) -> Result<(), Fault> {
    let mut next = Some(plan.start(1_000));
    while let Some(cursor) = next {
        let page = read(api, plan, cursor, &mut |_, _| Ok(Vec::new()))?;
        take(&page.body.records());
        next = page.next;
    }
    Ok(())
}

/// A cursor from its text.
pub(crate) fn cursor(text: &str) -> Result<Cursor, Fault> {
    serde_json::from_str(text)
        .map_err(|trouble| fault(Cause::Bug, format!("The cursor cannot be read: {trouble}")))
}

/// A cursor as text.
pub(crate) fn cursor_text<C: Serialize>(cursor: &C) -> Result<String, Fault> {
    serde_json::to_string(cursor)
        .map_err(|trouble| fault(Cause::Bug, format!("The cursor cannot be written: {trouble}")))
}

fn ask_by_condition(cursor: &mut Cursor) {
    for slice in &mut cursor.slices {
        slice.by_condition = true;
    }
}

/// How a slice goes on after a page.
enum Step {
    Done,
    After(u64),
    AskByCondition,
}

fn advance(mut cursor: Cursor, step: &Step) -> Option<Cursor> {
    match (step, cursor.slices.first_mut()) {
        (Step::After(id), Some(slice)) => slice.after = *id,
        _ => {
            cursor.slices.drain(..1);
        }
    }
    (!cursor.slices.is_empty()).then_some(cursor)
}

fn step(link: Link, body: &Body, slice: &Slice, size: u32) -> Step {
    if body.count == 0 {
        return Step::Done;
    }
    let grown = |id: Option<u64>| id.filter(|id| *id > slice.after).map_or(Step::Done, Step::After);
    if slice.by_condition {
        return if link.goes_on(body.count, size) {
            grown(body.last_id)
        } else {
            Step::Done
        };
    }
    match link {
        Link::NextId(id) => grown(Some(id)),
        Link::Next => Step::AskByCondition,
        Link::Empty => Step::Done,
        Link::Absent if looks_full(body.count, size) => Step::AskByCondition,
        Link::Absent => Step::Done,
    }
}

/// Whether a page without a `Link` may have a next one: it is as long as it was allowed to be.
fn looks_full(records: usize, size: u32) -> bool {
    records == DEFAULT_PAGE || u32::try_from(records).is_ok_and(|records| records >= size)
}

fn id_of(record: &str) -> Option<u64> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Only {
        id: Id,
    }
    serde_json::from_str::<Only>(record)
        .ok()
        .and_then(|only| only.id.0)
}

/// What the `Link` header says of a next page. Only a number is ever taken from it, never an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// There is no such header.
    Absent,
    /// It names no next page.
    Empty,
    /// It names a next page without an id: ordinary paging.
    Next,
    /// Forward-only paging goes on after this id.
    NextId(u64),
}

impl Link {
    pub(crate) fn of(response: &Response) -> Self {
        let Some(text) = header(response, "link") else {
            return Link::Absent;
        };
        // Addresses may hold commas, so the header is cut at its brackets.
        let next = text.split('<').find_map(|part| {
            let (address, rest) = part.split_once('>')?;
            rest.to_ascii_lowercase().contains("next").then_some(address)
        });
        let Some(address) = next else { return Link::Empty };
        let query = address
            .split_once('?')
            .map(|(_, query)| query)
            .unwrap_or_default();
        let id = query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.eq_ignore_ascii_case("pageId")
                .then(|| value.parse().ok())
                .flatten()
        });
        id.map_or(Link::Next, Link::NextId)
    }

    /// Whether an ordinary page of this many records has a next one.
    pub(crate) fn goes_on(self, records: usize, size: u32) -> bool {
        match self {
            Link::Next | Link::NextId(_) => true,
            Link::Absent | Link::Empty => looks_full(records, size),
        }
    }
}

/// The text of a page: a JSON list.
#[derive(Debug, Default)]
pub(crate) struct Body {
    text: String,
    /// Where in the text each record stands.
    places: Vec<Range<usize>>,
    /// How many records it holds.
    pub(crate) count: usize,
    /// The id of its last record.
    pub(crate) last_id: Option<u64>,
}

impl Body {
    /// Takes a response's body and makes sure that it is a list.
    pub(crate) fn of(response: Response) -> Result<Self, Refusal> {
        let text = String::from_utf8(response.body)
            .unwrap_or_else(|trouble| String::from_utf8_lossy(trouble.as_bytes()).into_owned());
        if is_page(&text) {
            return Err(Refusal::Passing("a web page instead of data".into()));
        }
        // JSON allows no control characters inside texts; ConnectWise does.
        Self::measured(text)
            .or_else(|text| Self::measured(without_control_characters(&text)))
            .map_err(|text| {
                let trouble = list(&text)
                    .err()
                    .map(|trouble| trouble.to_string())
                    .unwrap_or_default();
                Refusal::Passing(format!("a list that breaks off: {trouble}"))
            })
    }

    /// The text with its records' places, or the text as it was where it is no list.
    fn measured(text: String) -> Result<Self, String> {
        let places: Vec<Range<usize>> = match list(&text) {
            Ok(records) => {
                let begin = text.as_ptr().addr();
                let place = |record: &&RawValue| {
                    let at = record.get().as_ptr().addr() - begin;
                    at..at + record.get().len()
                };
                records.iter().map(place).collect()
            }
            Err(_) => return Err(text),
        };
        let last_id = places
            .last()
            .and_then(|last| text.get(last.clone()))
            .and_then(id_of);
        Ok(Body {
            count: places.len(),
            last_id,
            places,
            text,
        })
    }

    /// Its records.
    pub(crate) fn records(&self) -> Vec<&str> {
        self.places
            .iter()
            .filter_map(|place| self.text.get(place.clone()))
            .collect()
    }
}

fn list(text: &str) -> serde_json::Result<Vec<&RawValue>> {
    serde_json::from_str(text)
}
