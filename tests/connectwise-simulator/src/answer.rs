//! From a request to its answer: authentication and version, then the records; writes go on to [`write`](crate::write).

use crate::conditions::{Cell, rank};
use crate::kind::Source;
use crate::query::{Paging, Query};
use crate::reply::Reply;
use crate::routes::{self, Endpoint, Shape};
use crate::shared::{MySecurity, Shared, State};
use crate::view::View;
use crate::write::write;
use base64::Engine as _;
use serde_json::json;

/// The newest version of the object models, as `Accept` names it.
pub(crate) const VERSION: (u64, u64) = (2026, 4);

/// What the answer depends on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) accept: Option<String>,
    pub(crate) forward_only: bool,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Fields a test wants refused with this write.
    pub(crate) refused: Vec<String>,
    /// Scheme and host the client used, for links.
    pub(crate) origin: String,
}

impl Request {
    /// Path and query as one.
    pub(crate) fn target(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// Whether it asks for a change.
    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// What tells it from other requests, whenever it comes: for a write, the method and the body too.
    pub(crate) fn key(&self) -> String {
        match self.is_write() {
            true => format!(
                "{} {}\n{}",
                self.method,
                self.target(),
                String::from_utf8_lossy(&self.body)
            ),
            false => self.target(),
        }
    }
}

/// The longest URL that is taken.
const LONGEST_URL: usize = 2_000;

/// The answer to a request that nothing interferes with.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Reply {
    if request.origin.len() + request.target().len() > LONGEST_URL {
        return Reply::too_long();
    }
    let state = shared.state();
    if let Some(company) = company_asked_for(&request.path) {
        return company_info(shared, &state, request, company);
    }
    let Some(path) = api_path(&request.path, &state.codebase) else {
        return if shared.world.loose {
            Reply::not_found_page()
        } else {
            Reply::no_endpoint()
        };
    };
    let current = format!("{}.{}", VERSION.0, VERSION.1);
    let reply = authenticate(shared, request)
        .and_then(|()| check_version(request, &current))
        .and_then(|()| match request.is_write() {
            true => {
                drop(state);
                write(shared, request, path)
            }
            false => serve(shared, &state, request, path),
        })
        .unwrap_or_else(|refusal| refusal);
    reply
        .header("api-current-version", current)
        .header("x-server-name", "SIM1")
}

/// The path below `/{codebase}/apis/3.0`. `v4_6_release` leads to whatever codebase is current.
pub(crate) fn api_path<'a>(path: &'a str, codebase: &str) -> Option<&'a str> {
    let (given, rest) = path.strip_prefix('/')?.split_once('/')?;
    let known = given.eq_ignore_ascii_case(codebase) || given.eq_ignore_ascii_case("v4_6_release");
    let below = rest.strip_prefix("apis/3.0")?;
    (known && (below.is_empty() || below.starts_with('/'))).then_some(below)
}

fn company_asked_for(path: &str) -> Option<&str> {
    path.strip_prefix("/login/companyinfo/")
        .map(|company| company.trim_end_matches('/'))
}

/// `/login/companyinfo/{company}`, asked without credentials. An unknown company is `null`.
fn company_info(shared: &Shared, state: &State, request: &Request, company: &str) -> Reply {
    if request.is_write() {
        return Reply::method_not_allowed(&["GET"]);
    }
    if !company.eq_ignore_ascii_case(&shared.credentials.company_id) {
        return Reply::json(200, b"null".to_vec());
    }
    let version = state.codebase.replace('_', ".");
    // The flag comes as text or as a boolean.
    let cloud = if shared.world.loose && shared.next_draw() % 2 == 1 {
        json!(true)
    } else {
        json!("True")
    };
    let body = json!({
        "CompanyName": "Harbour MSP", "Codebase": format!("{}/", state.codebase), "VersionCode": version,
        "VersionNumber": "v4.6.102654", "CompanyID": shared.credentials.company_id, "IsCloud": cloud,
        "SiteUrl": request.origin.split("://").last().unwrap_or_default(),
    });
    Reply::json(200, body.to_string().into_bytes())
}

fn authenticate(shared: &Shared, request: &Request) -> Result<(), Reply> {
    let wanted = &shared.credentials;
    let given = request
        .authorization
        .as_deref()
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| {
            base64::engine::general_purpose::STANDARD
                .decode(encoded.trim())
                .ok()
        })
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let right = format!(
        "{}+{}:{}",
        wanted.company_id, wanted.public_key, wanted.private_key
    );
    if given.as_deref() != Some(right.as_str()) {
        return Err(if shared.hide_bad_credentials {
            Reply::no_endpoint()
        } else {
            Reply::unauthorized()
        });
    }
    match request.client_id.as_deref() {
        Some(id) if id.trim().eq_ignore_ascii_case(&wanted.client_id) => Ok(()),
        _ => Err(Reply::no_client_id()),
    }
}

/// A version in `Accept` must be one there was, from 2015 on; without one the newest is meant.
fn check_version(request: &Request, current: &str) -> Result<(), Reply> {
    let accept = request.accept.as_deref().unwrap_or_default();
    let Some((_, rest)) = accept.split_once("application/vnd.connectwise.com+json") else {
        return Ok(());
    };
    let Some((_, rest)) = rest.split_once("version=") else {
        return Ok(());
    };
    let version: String = rest
        .chars()
        .take_while(|letter| !matches!(letter, ',' | ';' | ' '))
        .collect();
    let parts = version
        .split_once('.')
        .and_then(|(year, number)| Some((year.parse().ok()?, number.parse().ok()?)));
    match parts {
        Some(parts) if ((2015, 1)..=VERSION).contains(&parts) && parts.1 > 0 => Ok(()),
        _ => Err(Reply::bad_version(&version, current)),
    }
}

fn serve(shared: &Shared, state: &State, request: &Request, path: &str) -> Result<Reply, Reply> {
    let Some(endpoint) = routes::find(path) else {
        return Err(Reply::no_endpoint());
    };
    let (source, shape, id, parent) = match endpoint {
        Endpoint::Records {
            source,
            shape,
            id,
            parent,
        } => (source, shape, id, parent),
        Endpoint::SystemInfo => return Ok(system_info()),
        Endpoint::ConfigurationsBulk => return Err(Reply::method_not_allowed(endpoint.methods())),
    };
    if source == Source::MySecurity {
        match state.my_security {
            MySecurity::Present => {}
            MySecurity::Absent => return Err(Reply::no_endpoint()),
            MySecurity::Refused => return Err(Reply::forbidden()),
        }
    }
    if !state.role.allows(source) {
        return Err(Reply::forbidden());
    }
    let view = state.view(&shared.world);
    if let Some((kind, parent)) = parent
        && !view.is_live(kind, parent)
    {
        return Err(Reply::no_record(label(kind.schema()), parent));
    }
    let query = Query::read(&request.query, source.schema(), request.forward_only)?;
    match shape {
        Shape::One => {
            if !view.has(source, id) {
                return Err(Reply::no_record(label(source.schema()), id));
            }
            if !view.is_visible(source, id) {
                return Err(Reply::forbidden());
            }
            let mut body = Vec::with_capacity(4_096);
            view.write(source, id, &mut body, query.fields.as_ref());
            Ok(Reply::json(200, body))
        }
        Shape::Count | Shape::List => {
            if let Some(most) = shared.most_rows(path)
                && count(&view, source, &query) > most
            {
                return Err(Reply::timed_out());
            }
            Ok(if shape == Shape::Count {
                Reply::json(
                    200,
                    format!("{{\"count\":{}}}", count(&view, source, &query)).into_bytes(),
                )
            } else {
                list(
                    &view,
                    source,
                    &query,
                    &format!("{}{}", request.origin, request.path),
                )
            })
        }
    }
}

/// How error messages call an object.
pub(crate) fn label(schema: &str) -> &str {
    schema
        .strip_prefix("Company")
        .filter(|rest| *rest == "Site")
        .unwrap_or(schema)
}

fn system_info() -> Reply {
    let body = json!({
        "version": format!("v{}.{}.102654", VERSION.0, VERSION.1), "isCloud": true, "serverTimeZone": "Eastern Standard Time",
        "licenseBits": [{"name": "Service", "activeFlag": true}, {"name": "Api", "activeFlag": true}],
        "cloudRegion": "NA", "maxWorkFlowRecordsAllowed": 10_000,
    });
    Reply::json(200, body.to_string().into_bytes())
}

fn matching<'v>(
    view: &'v View<'_>,
    source: Source,
    query: &'v Query,
    after: u64,
) -> impl Iterator<Item = u64> + 'v {
    let restricted = view.is_restricted(source);
    let open = query.filter.is_open();
    view.ids(source, after).filter(move |id| {
        (!restricted || view.is_visible(source, *id))
            && (open || query.filter.takes(&view.row(source, *id, &query.needed)))
    })
}

fn count(view: &View<'_>, source: Source, query: &Query) -> u64 {
    let known = (query.filter.is_open() && !view.is_restricted(source))
        .then(|| view.quick_count(source))
        .flatten();
    known.unwrap_or_else(|| matching(view, source, query, 0).count() as u64)
}

fn list(view: &View<'_>, source: Source, query: &Query, url: &str) -> Reply {
    let size = query.page_size;
    let taken = usize::try_from(size).unwrap_or(usize::MAX);
    let link = |paging, rel: &str| format!("<{url}?{}>; rel=\"{rel}\"", query.link(paging));
    let (ids, links): (Vec<u64>, Option<String>) = match query.paging {
        Paging::After(after) => {
            let ids: Vec<u64> = matching(view, source, query, after).take(taken).collect();
            // A full page may have followers; after a page that is not full the link is empty.
            let next = ids
                .last()
                .filter(|_| ids.len() == taken)
                .map(|last| link(Paging::After(*last), "next"));
            (ids, Some(next.unwrap_or_default()))
        }
        Paging::Page(page) => {
            let skipped = (page - 1).saturating_mul(size);
            let (ids, total) = numbered_page(view, source, query, skipped, taken);
            let last = total.div_ceil(size).max(1);
            let mut links = Vec::new();
            if page < last {
                links.push(link(Paging::Page(page + 1), "next"));
                links.push(link(Paging::Page(last), "last"));
            }
            if page > 1 {
                links.push(link(Paging::Page(1), "first"));
                links.push(link(Paging::Page(page - 1), "prev"));
            }
            (ids, (!links.is_empty()).then(|| links.join(", ")))
        }
    };
    let mut body = Vec::with_capacity(2_304 * ids.len() + 2);
    body.push(b'[');
    for (place, id) in ids.into_iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        view.write(source, id, &mut body, query.fields.as_ref());
    }
    body.push(b']');
    let reply = Reply::json(200, body);
    match links {
        Some(links) => reply.header("link", links),
        None => reply,
    }
}

/// The ids of a page by number, and how many records match in all.
fn numbered_page(
    view: &View<'_>,
    source: Source,
    query: &Query,
    skipped: u64,
    taken: usize,
) -> (Vec<u64>, u64) {
    let by_id = query
        .order
        .first()
        .is_none_or(|key| key.is_id() && !key.descending);
    let skip = usize::try_from(skipped).unwrap_or(usize::MAX);
    if by_id && query.filter.is_open() && !view.is_restricted(source) {
        let total = count(view, source, query);
        if skipped >= total {
            return (Vec::new(), total);
        }
        // Far pages of large lists are reached without walking to them.
        let (after, skip) = match view.id_before(source, skipped) {
            Some(after) => (after, 0),
            None => (0, skip),
        };
        return (view.ids(source, after).skip(skip).take(taken).collect(), total);
    }
    let mut ids: Vec<u64> = matching(view, source, query, 0).collect();
    let total = ids.len() as u64;
    if !by_id {
        let mut keyed: Vec<(Vec<Cell<'static>>, u64)> = ids
            .into_iter()
            .map(|id| {
                let row = view.row(source, id, &query.needed);
                (query.order.iter().map(|key| key.cell(&row)).collect(), id)
            })
            .collect();
        keyed.sort_by(|(a, _), (b, _)| {
            query
                .order
                .iter()
                .zip(a.iter().zip(b))
                .fold(std::cmp::Ordering::Equal, |order, (key, (a, b))| {
                    let this = rank(a, b);
                    order.then(if key.descending { this.reverse() } else { this })
                })
        });
        ids = keyed.into_iter().map(|(_, id)| id).collect();
    }
    (ids.into_iter().skip(skip).take(taken).collect(), total)
}
