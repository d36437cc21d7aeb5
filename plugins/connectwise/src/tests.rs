//! The connector against scripted answers: each trap of the API by itself. The integration test beside the sources
//! holds it against a whole server.

mod addresses;
mod checks;
mod description;
mod pages;
mod push;
mod selection;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use dovetail_sdk::connector::exports::{
    Choice, Context, Listing, Origin, Page, Selection, Setting, WantedRecord,
};
use dovetail_sdk::connector::http::{Failure, Header, Request, Response};
use dovetail_sdk::connector::types::Fault;

use crate::{Connection, Transport};

/// A request taken apart.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) url: String,
    /// Below `/apis/3.0`, or the whole path outside.
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) credential: Option<String>,
    /// The body's text; empty where there is none.
    pub(super) body: String,
    pub(super) repeatable: bool,
}

impl Seen {
    fn of(request: &Request) -> Self {
        let rest = request
            .url
            .strip_prefix("https://")
            .unwrap_or_else(|| panic!("{}", request.url));
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), decoded(value))
        };
        Seen {
            method: request.method.clone(),
            url: request.url.clone(),
            path: path
                .split_once("/apis/3.0")
                .map_or(path, |(_, below)| below)
                .to_owned(),
            query: query
                .split('&')
                .filter(|part| !part.is_empty())
                .map(pair)
                .collect(),
            headers: request
                .headers
                .iter()
                .map(|one| (one.name.to_ascii_lowercase(), one.value.clone()))
                .collect(),
            credential: request.credential.clone(),
            body: String::from_utf8(request.body.clone().unwrap_or_default()).unwrap(),
            repeatable: request.repeatable,
        }
    }

    pub(super) fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.parameter(name).parse().unwrap_or(0)
    }
}

/// Records to read by id, whose parents are not known.
fn by_id<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<WantedRecord> {
    ids.into_iter()
        .map(|id| WantedRecord {
            id: id.to_owned(),
            parent: None,
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            assert_ne!(byte, b' ', "{text}");
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

pub(super) type Answer = Result<Response, Failure>;
pub(super) type Log = Rc<RefCell<Vec<Seen>>>;

/// What a server answers; nothing leaves it to [`Fake`].
type Script = Box<dyn FnMut(&Seen) -> Option<Answer>>;

/// A server made of a closure. It knows the company `acme` at the codebase `v1/` unless the closure says otherwise.
pub(super) struct Fake {
    log: Log,
    answer: Script,
    /// What the operator was told.
    said: Rc<RefCell<Vec<String>>>,
}

impl Transport for Fake {
    fn send(&mut self, request: Request) -> Answer {
        let seen = Seen::of(&request);
        let own = (self.answer)(&seen);
        let company_info = seen.path == "/login/companyinfo/acme";
        self.log.borrow_mut().push(seen);
        own.unwrap_or_else(|| match company_info {
            true => ok(r#"{"CompanyName":"Acme","Codebase":"v1/","VersionCode":"v2026.4","IsCloud":"True"}"#),
            false => status(
                404,
                r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
            ),
        })
    }

    fn send_each(&mut self, requests: Vec<Request>) -> Vec<Answer> {
        requests.into_iter().map(|request| self.send(request)).collect()
    }

    fn warn(&mut self, text: &str) {
        self.said.borrow_mut().push(text.to_owned());
    }
}

pub(super) fn connection(answer: impl FnMut(&Seen) -> Option<Answer> + 'static) -> (Connection<Fake>, Log) {
    let log = Log::default();
    (
        Connection::new(Fake {
            log: log.clone(),
            answer: Box::new(answer),
            said: Rc::default(),
        }),
        log,
    )
}

pub(super) fn status(status: u16, body: &str) -> Answer {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    })
}

pub(super) fn ok(body: &str) -> Answer {
    status(200, body)
}

pub(super) fn linked(body: &str, link: &str) -> Answer {
    let headers = vec![Header {
        name: "link".into(),
        value: link.into(),
    }];
    Ok(Response {
        status: 200,
        headers,
        body: body.as_bytes().to_vec(),
    })
}

pub(super) fn context() -> Context {
    let setting = |(key, text): (&str, &str)| Setting {
        key: key.into(),
        text: text.into(),
    };
    let settings = [
        ("site", "na.myconnectwise.net"),
        ("company", "acme"),
        ("public-key", "pk"),
        ("client-id", "cid"),
    ];
    Context {
        settings: settings.into_iter().map(setting).collect(),
        origins: vec![
            Origin {
                url: "https://na.myconnectwise.net".into(),
                credential: None,
            },
            Origin {
                url: "https://api-na.myconnectwise.net".into(),
                credential: Some("key".into()),
            },
        ],
        selections: Vec::new(),
        kinds: Vec::new(),
        options: Vec::new(),
    }
}

pub(super) fn choosing(selections: &[(&str, &[&str])]) -> Context {
    let selection = |(group, ids): &(&str, &[&str])| Selection {
        group: (*group).into(),
        chosen: Choice::These(ids.iter().map(|id| (*id).into()).collect()),
    };
    Context {
        selections: selections.iter().map(selection).collect(),
        ..context()
    }
}

pub(super) fn with_option(mut context: Context, key: &str, text: &str) -> Context {
    context.options.push(Setting {
        key: key.into(),
        text: text.into(),
    });
    context
}

pub(super) fn all(kind: &str) -> Listing {
    Listing {
        kind: kind.into(),
        since: None,
        parents: Vec::new(),
    }
}

/// All pages of a listing.
pub(super) fn every_page(
    connection: &mut Connection<Fake>,
    context: &Context,
    wanted: &Listing,
) -> Result<Vec<Page>, Fault> {
    let mut pages: Vec<Page> = Vec::new();
    loop {
        let cursor = pages.last().and_then(|page| page.next.clone());
        let page = connection.pull(context, wanted, cursor.as_deref())?;
        let more = page.next.is_some();
        pages.push(page);
        if !more {
            return Ok(pages);
        }
        assert!(pages.len() < 500, "a listing without end");
    }
}

pub(super) fn ids(pages: &[Page]) -> Vec<u64> {
    pages
        .iter()
        .flat_map(|page| &page.items)
        .map(|item| item.record_found.id.parse().unwrap())
        .collect()
}

/// A JSON list of records with these ids.
pub(super) fn records(ids: impl IntoIterator<Item = u64>) -> String {
    let one = |id| {
        format!(r#"{{"id":{id},"name":"n{id}","types":[],"_info":{{"lastUpdated":"2026-01-01T00:00:00Z"}}}}"#)
    };
    format!("[{}]", ids.into_iter().map(one).collect::<Vec<_>>().join(","))
}

/// A server that pages as ConnectWise does: forward-only where it was asked for, at most `cap` records a page.
pub(super) fn shelf(seen: &Seen, ids: &[u64], cap: usize) -> Answer {
    let size = usize::try_from(seen.number("pageSize")).unwrap().clamp(1, cap);
    let after = match seen.parameter("conditions").split_once("id>") {
        Some((_, rest)) => rest.parse().unwrap(),
        None => seen.number("pageId"),
    };
    let page: Vec<u64> = ids.iter().copied().filter(|id| *id > after).take(size).collect();
    let last = page.last().copied().unwrap_or(after);
    let more = ids.iter().any(|id| *id > last);
    let link = match seen.headers.contains_key("pagination-type") {
        true => format!("<https://evil.example/x?conditions=id in (1,2)&pageId={last}>; rel=\"next\""),
        false if more => {
            "<https://evil.example/x?page=2>; rel=\"next\", <https://evil.example/x?page=9>; rel=\"last\""
                .into()
        }
        false => String::new(),
    };
    linked(&records(page), &link)
}
