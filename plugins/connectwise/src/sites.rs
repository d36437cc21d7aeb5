//! Sites: ConnectWise lists them only under their company, so a page asks for the sites of many companies at once, as
//! many at a time as the host allows. A company that is gone or refused costs its own sites and nothing else.

use dovetail_sdk::connector::exports::{Page, Pulled, WantedRecord};
use dovetail_sdk::connector::http::Response;
use dovetail_sdk::connector::types::{Cause, Fault};
use serde::{Deserialize, Serialize};

use crate::api::{Api, Ask};
use crate::companies::PERMISSION;
use crate::conditions::Conditions;
use crate::eligibility::{self, Site};
use crate::listing::single;
use crate::paging::{Body, Link, cursor_text};
use crate::record::{Keep, source, tidy};
use crate::refusal::{Refusal, fault};

pub(crate) const KIND: &str = "location";

/// How many companies are asked about in one page.
const LARGEST_BATCH: usize = 200;

/// What is wanted of the sites.
pub(crate) struct Wanted<'w> {
    pub(crate) parents: &'w [String],
    pub(crate) since: Option<&'w str>,
    pub(crate) fields: Option<&'static str>,
    pub(crate) size: u32,
}

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The position of the company in the list of parents.
    #[serde(rename = "i")]
    parent: usize,
    /// Of this company only sites with a greater id.
    #[serde(rename = "a", default)]
    after: u64,
    /// How many companies are asked about.
    #[serde(rename = "b")]
    batch: usize,
    #[serde(rename = "n")]
    size: u32,
}

/// The bodies of a page with their companies, and where to go on.
pub(crate) struct Found {
    pub(crate) bodies: Vec<(String, Body)>,
    pub(crate) next: Option<String>,
}

/// Reads one page. It holds at most as many records as wanted, unless one company's answer alone brings more.
pub(crate) fn read(api: &mut Api<'_>, wanted: &Wanted<'_>, cursor: Option<&str>) -> Result<Found, Fault> {
    let mut at = match cursor {
        None => Cursor {
            parent: 0,
            after: 0,
            batch: LARGEST_BATCH,
            size: wanted.size,
        },
        Some(text) => serde_json::from_str(text)
            .map_err(|trouble| fault(Cause::Bug, format!("The cursor cannot be read: {trouble}")))?,
    };
    loop {
        let parents: Vec<&String> = wanted
            .parents
            .iter()
            .skip(at.parent)
            .take(at.batch.max(1))
            .collect();
        let asks: Vec<Ask> = parents
            .iter()
            .enumerate()
            .map(|(place, parent)| ask(parent, wanted, if place == 0 { at.after } else { 0 }, at.size))
            .collect::<Result<_, _>>()?;
        let answers = api
            .get_each(&asks)
            .map_err(|refusal| refusal.fault("sites", PERMISSION))?;
        let mut bodies: Vec<(String, Body)> = Vec::new();
        let (mut records, mut refused) = (0, 0);
        let mut next = Cursor {
            parent: at.parent + parents.len(),
            after: 0,
            ..at.clone()
        };
        for (place, (parent, answer)) in parents.iter().zip(answers).enumerate() {
            let here = Cursor {
                parent: at.parent + place,
                after: 0,
                batch: place.max(1),
                size: at.size,
            };
            let (link, body) = match answer.map(|response| (Link::of(&response), Body::of(response))) {
                Ok((link, Ok(body))) => (link, body),
                Ok((_, Err(refusal))) => return Err(refusal.fault("sites", PERMISSION)),
                Err(Refusal::TooLarge) if place > 0 || at.size > 1 => {
                    let size = if place == 0 { at.size / 2 } else { at.size };
                    next = Cursor {
                        size,
                        after: if place == 0 { at.after } else { 0 },
                        ..here
                    };
                    break;
                }
                Err(refusal) if refusal.ends_all() => return Err(refusal.fault("sites", PERMISSION)),
                Err(refusal) => {
                    refused += usize::from(matches!(refusal, Refusal::Forbidden(_)));
                    let about = format!("the sites of company {parent}");
                    api.transport.warn(&refusal.fault(&about, PERMISSION).message);
                    continue;
                }
            };
            if records > 0 && records + body.count > wanted.size as usize {
                next = here;
                break;
            }
            records += body.count;
            let last = body.last_id;
            let goes_on = body.count > 0 && link.goes_on(body.count, at.size);
            bodies.push(((*parent).clone(), body));
            if let Some(after) = last.filter(|last| goes_on && (place > 0 || *last > at.after)) {
                next = Cursor {
                    after,
                    batch: at.batch,
                    ..here
                };
                break;
            }
        }
        if refused > 1 && refused == parents.len() {
            let words = "every company of this page was refused".to_owned();
            return Err(Refusal::Forbidden(words).fault("sites", PERMISSION));
        }
        let stuck = next.parent == at.parent && next.after == at.after;
        if stuck && next.size < at.size {
            at = next;
            continue;
        }
        let more = next.parent < wanted.parents.len();
        return Ok(Found {
            bodies,
            next: more.then(|| cursor_text(&next)).transpose()?,
        });
    }
}

fn ask(parent: &str, wanted: &Wanted<'_>, after: u64, size: u32) -> Result<Ask, Fault> {
    let company: u64 = parent.parse().map_err(|_| {
        fault(
            Cause::Bug,
            format!("`{parent}` is no id of a ConnectWise company."),
        )
    })?;
    let mut conditions = Conditions::new().since("lastUpdated", wanted.since);
    if wanted.since.is_none() {
        conditions = conditions.is("inactiveFlag", false);
    }
    if after > 0 {
        conditions = conditions.above("id", after);
    }
    Ok(Ask::new(format!("/company/companies/{company}/sites"))
        .with("conditions", conditions.text())
        .with("fields", wanted.fields)
        .with("orderBy", Some("id asc"))
        .with("pageSize", Some(size)))
}

/// A page of sites as it is handed on.
pub(crate) fn pull(api: &mut Api<'_>, wanted: &Wanted<'_>, cursor: Option<&str>) -> Result<Page, Fault> {
    let found = read(api, wanted, cursor)?;
    let items = found.bodies.iter().flat_map(|(parent, body)| {
        body.records()
            .into_iter()
            .filter_map(|raw| one(parent, raw))
            .collect::<Vec<_>>()
    });
    Ok(Page {
        items: items.collect(),
        next: found.next,
    })
}

/// Reads single sites, each under its company; one whose company is not known cannot be read.
pub(crate) fn fetch(api: &mut Api<'_>, wanted: &[WantedRecord]) -> Vec<Result<Pulled, Fault>> {
    let path = |site: &WantedRecord| -> Option<String> {
        let company: u64 = site.parent.as_deref()?.parse().ok()?;
        let id: u64 = site.id.parse().ok()?;
        Some(format!("/company/companies/{company}/sites/{id}"))
    };
    let mut answers = Vec::with_capacity(wanted.len());
    for some in wanted.chunks(LARGEST_BATCH) {
        let paths: Vec<Option<String>> = some.iter().map(path).collect();
        let asks: Vec<Ask> = paths.iter().flatten().map(Ask::new).collect();
        let mut found = match api.get_each(&asks) {
            Ok(found) => found.into_iter(),
            Err(refusal) => {
                let trouble = refusal.fault("sites by id", PERMISSION);
                answers.extend(some.iter().map(|_| Err(trouble.clone())));
                continue;
            }
        };
        for (site, path) in some.iter().zip(paths) {
            answers.push(match path.and_then(|_| found.next()) {
                Some(answer) => answered(api, site, answer),
                None => {
                    let words = format!("Site {} can only be read under a company that is known.", site.id);
                    Err(fault(Cause::Data("parent".into()), words))
                }
            });
        }
    }
    answers
}

fn answered(
    api: &mut Api<'_>,
    site: &WantedRecord,
    answer: Result<Response, Refusal>,
) -> Result<Pulled, Fault> {
    let about = format!("site {}", site.id);
    let response = answer.map_err(|refusal| refusal.fault(&about, PERMISSION))?;
    single(api, KIND, site.parent.as_deref(), &about, &response.body)
}

/// A site as it is handed on; none where it has no id.
pub(crate) fn one(parent: &str, raw: &str) -> Option<Pulled> {
    let site: Site = serde_json::from_str(raw).unwrap_or_default();
    Some(Pulled {
        excluded: eligibility::site(&site),
        record_found: source(
            KIND,
            site.id.0?,
            &site.info.last_updated,
            &site.name.0,
            tidy(raw, Keep::All, &[]),
        ),
        parent: Some(parent.to_owned()),
    })
}
