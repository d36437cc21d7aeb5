//! The kinds side by side: which file lists, converts and reads each.

use std::collections::BTreeMap;

use dovetail_sdk::connector::exports::{IdPage, Listing, Page, Pulled, WantedRecord};
use dovetail_sdk::connector::types::{Cause, Fault};

use crate::api::{Api, Ask};
use crate::choices::page_size;
use crate::conditions::{Conditions, cut};
use crate::loose::Id;
use crate::options::counted;
use crate::paging::{self, Body, Plan, Slice, cursor_text, slices};
use crate::record::whole_seconds;
use crate::refusal::{Refusal, fault};
use crate::{companies, configurations, contacts, sites, tickets};

/// So few records are read one by one; more are looked for in lists first.
const FEW: usize = 3;

/// At most so many requests are handed over at once.
const AT_ONCE: usize = 200;

fn unknown(kind: &str) -> Fault {
    fault(
        Cause::Bug,
        format!("This connector knows no records of the kind `{kind}`."),
    )
}

fn plan(api: &mut Api<'_>, wanted: &Listing) -> Result<Plan, Fault> {
    let since = since(wanted)?;
    let mut plan = match wanted.kind.as_str() {
        companies::KIND => companies::plan(api.context, since.as_deref()),
        contacts::KIND => contacts::plan(api, since.as_deref())?,
        configurations::KIND => configurations::plan(api.context, since.as_deref()),
        tickets::KIND => tickets::plan(api.context, since.as_deref()),
        kind => return Err(unknown(kind)),
    };
    if !wanted.parents.is_empty() && !plan.slices.is_empty() {
        // What else is chosen is left to the look at each record, so that the address stays short.
        plan.first_field = "company/id";
        plan.slices = slices(Some(numbers(&wanted.parents)?), None);
    }
    Ok(plan)
}

fn numbers(ids: &[String]) -> Result<Vec<u64>, Fault> {
    let number = |id: &String| {
        let words = format!("`{id}` is no id of a ConnectWise company.");
        id.parse().map_err(|_| fault(Cause::Data("id".into()), words))
    };
    ids.iter().map(number).collect()
}

fn since(wanted: &Listing) -> Result<Option<String>, Fault> {
    let Some(time) = &wanted.since else {
        return Ok(None);
    };
    match whole_seconds(time) {
        seconds if seconds.is_empty() => Err(fault(Cause::Bug, format!("`{time}` is no time in UTC."))),
        seconds => Ok(Some(seconds)),
    }
}

/// One item a record, none where a record has no id.
fn pulled(api: &mut Api<'_>, kind: &str, records: &[&str]) -> Result<Vec<Option<Pulled>>, Fault> {
    match kind {
        companies::KIND => companies::pulled(api, records),
        contacts::KIND => contacts::pulled(api, records),
        configurations::KIND => Ok(configurations::pulled(api.context, records)),
        tickets::KIND => Ok(tickets::pulled(api.context, records)),
        kind => Err(unknown(kind)),
    }
}

fn read(api: &mut Api<'_>, plan: &Plan, cursor: Option<&str>) -> Result<paging::Page, Fault> {
    let by_board = plan.first_field == tickets::BOARD;
    let mut divide = |api: &mut Api<'_>, slice: &Slice| tickets::divide(api, slice, by_board);
    let at = match cursor {
        Some(text) => paging::cursor(text)?,
        None => plan.start(page_size(api.context)),
    };
    paging::read(api, plan, at, &mut divide)
}

/// One page of a listing.
pub(crate) fn pull(api: &mut Api<'_>, wanted: &Listing, cursor: Option<&str>) -> Result<Page, Fault> {
    if wanted.kind == sites::KIND {
        let since = since(wanted)?;
        let size = page_size(api.context);
        let wanted = sites::Wanted {
            parents: &wanted.parents,
            since: since.as_deref(),
            fields: None,
            size,
        };
        return sites::pull(api, &wanted, cursor);
    }
    let plan = plan(api, wanted)?;
    let page = read(api, &plan, cursor)?;
    let found = pulled(api, &wanted.kind, &page.body.records())?;
    let nameless = found.iter().filter(|item| item.is_none()).count();
    if nameless > 0 {
        api.transport.warn(&format!(
            "{nameless} {} without an id were passed over.",
            plan.about
        ));
    }
    Ok(Page {
        items: found.into_iter().flatten().collect(),
        next: page.next.as_ref().map(cursor_text).transpose()?,
    })
}

/// Ids of a listing.
pub(crate) fn list_ids(api: &mut Api<'_>, wanted: &Listing, cursor: Option<&str>) -> Result<IdPage, Fault> {
    let ids_in = |body: &Body| {
        body.records()
            .into_iter()
            .filter_map(id_of)
            .map(|id| id.to_string())
            .collect::<Vec<_>>()
    };
    if wanted.kind == sites::KIND {
        let since = since(wanted)?;
        let size = page_size(api.context);
        let wanted = sites::Wanted {
            parents: &wanted.parents,
            since: since.as_deref(),
            fields: Some("id"),
            size,
        };
        let found = sites::read(api, &wanted, cursor)?;
        return Ok(IdPage {
            ids: found.bodies.iter().flat_map(|(_, body)| ids_in(body)).collect(),
            next: found.next,
        });
    }
    let plan = Plan {
        fields: Some("id"),
        ..plan(api, wanted)?
    };
    let page = read(api, &plan, cursor)?;
    Ok(IdPage {
        ids: ids_in(&page.body),
        next: page.next.as_ref().map(cursor_text).transpose()?,
    })
}

fn id_of(raw: &str) -> Option<u64> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Only {
        id: Id,
    }
    serde_json::from_str::<Only>(raw).ok().and_then(|only| only.id.0)
}

/// How many records a listing has; none for sites, and where the server cannot say.
pub(crate) fn count(api: &mut Api<'_>, wanted: &Listing) -> Result<Option<u64>, Fault> {
    if wanted.kind == sites::KIND {
        return Ok(None);
    }
    let plan = plan(api, wanted)?;
    let asks: Vec<Ask> = plan.slices.iter().map(|slice| plan.count(slice)).collect();
    let answers = api
        .get_each(&asks)
        .map_err(|refusal| refusal.fault(plan.about, plan.permission))?;
    let mut total = 0;
    for answer in answers {
        match answer {
            Ok(response) => match counted(&response.body) {
                Some(count) => total += count,
                None => return Ok(None),
            },
            Err(
                Refusal::TimedOut(_) | Refusal::NoEndpoint(_) | Refusal::NoRecord(_) | Refusal::Broken(_),
            ) => {
                return Ok(None);
            }
            Err(refusal) => return Err(refusal.fault(plan.about, plan.permission)),
        }
    }
    Ok(Some(total))
}

/// Reads single records, in the order of their ids. Many are looked for in lists first; only a question for the one
/// record is ever taken as word that it is gone.
pub(crate) fn fetch(api: &mut Api<'_>, kind: &str, wanted: &[WantedRecord]) -> Vec<Result<Pulled, Fault>> {
    if kind == sites::KIND {
        return sites::fetch(api, wanted);
    }
    let ids: Vec<&str> = wanted.iter().map(|wanted| wanted.id.as_str()).collect();
    let (path, about, permission) = match kind {
        companies::KIND => (companies::PATH, "company", companies::PERMISSION),
        contacts::KIND => (contacts::PATH, "contact", contacts::PERMISSION),
        configurations::KIND => (configurations::PATH, "configuration", configurations::PERMISSION),
        tickets::KIND => (tickets::PATH, "ticket", tickets::PERMISSION),
        kind => return ids.iter().map(|_| Err(unknown(kind))).collect(),
    };
    let mut found: BTreeMap<u64, Pulled> = BTreeMap::new();
    let wanted: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if wanted.len() > FEW {
        for group in cut(&wanted).chunks(AT_ONCE) {
            if let Err(trouble) = look_in_lists(api, kind, path, group, &mut found) {
                return ids.iter().map(|_| Err(trouble.clone())).collect();
            }
        }
    }
    let left: Vec<u64> = wanted.into_iter().filter(|id| !found.contains_key(id)).collect();
    let mut troubles: BTreeMap<u64, Fault> = BTreeMap::new();
    for group in left.chunks(AT_ONCE) {
        let asks: Vec<Ask> = group.iter().map(|id| Ask::new(format!("{path}/{id}"))).collect();
        match api.get_each(&asks) {
            Ok(answers) => {
                for (id, answer) in group.iter().zip(answers) {
                    let about = format!("{about} {id}");
                    let read = answer.map_err(|refusal| refusal.fault(&about, permission));
                    match read.and_then(|response| single(api, kind, None, &about, &response.body)) {
                        Ok(record) => found.insert(*id, record).map(|_| ()).unwrap_or_default(),
                        Err(trouble) => troubles.insert(*id, trouble).map(|_| ()).unwrap_or_default(),
                    }
                }
            }
            Err(refusal) => {
                let trouble = refusal.fault(about, permission);
                troubles.extend(group.iter().map(|id| (*id, trouble.clone())));
            }
        }
    }
    let answer = |id: &&str| match id.parse::<u64>().ok() {
        None => Err(fault(
            Cause::Data("id".into()),
            format!("`{id}` is no id of a ConnectWise {about}."),
        )),
        Some(number) => match (found.get(&number), troubles.get(&number)) {
            (Some(record), _) => Ok(record.clone()),
            (None, Some(trouble)) => Err(trouble.clone()),
            (None, None) => Err(fault(
                Cause::Bug,
                format!("The answer for {about} {id} got lost."),
            )),
        },
    };
    ids.iter().map(answer).collect()
}

fn look_in_lists(
    api: &mut Api<'_>,
    kind: &str,
    path: &str,
    groups: &[Vec<u64>],
    found: &mut BTreeMap<u64, Pulled>,
) -> Result<(), Fault> {
    let asks: Vec<Ask> = groups
        .iter()
        .map(|ids| {
            Ask::new(path)
                .with("conditions", Conditions::new().one_of("id", Some(ids)).text())
                .with("pageSize", Some(ids.len()))
        })
        .collect();
    let answers = api
        .get_each(&asks)
        .map_err(|refusal| refusal.fault("records by id", ""))?;
    // A list that fails leaves its records to the questions for each.
    for body in answers
        .into_iter()
        .flatten()
        .filter_map(|response| Body::of(response).ok())
    {
        for record in pulled(api, kind, &body.records())?.into_iter().flatten() {
            if let Ok(id) = record.record_found.id.parse() {
                found.insert(id, record);
            }
        }
    }
    Ok(())
}

/// Reads the answer to a question for one record. A site's company is known by who asked.
pub(crate) fn single(
    api: &mut Api<'_>,
    kind: &str,
    parent: Option<&str>,
    about: &str,
    body: &[u8],
) -> Result<Pulled, Fault> {
    let text = crate::record::without_control_characters(&String::from_utf8_lossy(body));
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map_err(|trouble| Refusal::Passing(format!("no record: {trouble}")).fault(about, ""))?;
    let record = match kind {
        sites::KIND => sites::one(parent.unwrap_or_default(), text.trim()),
        kind => pulled(api, kind, &[text.trim()])?.into_iter().flatten().next(),
    };
    record.ok_or_else(|| {
        fault(
            Cause::Data("id".into()),
            format!("ConnectWise's answer for {about} has no id."),
        )
    })
}
