//! A connector that misbehaves on purpose. What it does stands in the setting `do`; without one it does its work: the
//! records of a listing are the headers of one answer.

#![allow(clippy::panic, reason = "that is what it is for")]

#[path = "../../src/deeds.rs"]
mod deeds;

use dovetail_sdk::connector::exports::{
    Change, CheckLine, CheckState, Context, Description, Event, EventSubject, GroupOption, IdPage, Listing,
    Member, MemberPage, OriginRule, Page, Pulled, PushOutcome, SetupField, SetupFormat, WantedRecord,
};
use dovetail_sdk::connector::http::{self, Failure, Request, Response};
use dovetail_sdk::connector::log::{self, Level};
use dovetail_sdk::connector::types::{Cause, Fault, SourceRecord};

use crate::deeds::HUGE;

struct Hostile;

impl dovetail_sdk::Connector for Hostile {
    fn describe() -> Description {
        Description {
            name: "hostile-connector".to_owned(),
            title: "Hostile".to_owned(),
            version: "1.0.0".to_owned(),
            setup: vec![SetupField {
                key: "site".to_owned(),
                label: "Site".to_owned(),
                explanation: String::new(),
                format: SetupFormat::Host,
                required: true,
                operator_default: false,
                example: String::new(),
            }],
            retired: vec![],
            credentials: vec![],
            origins: vec![OriginRule {
                setting: "site".to_owned(),
                when_ends_with: None,
                strip_prefix: None,
                add_prefix: None,
                credential: None,
                last: true,
            }],
            kinds: vec![],
            groups: vec![],
            permissions: vec![],
            guide: vec![],
            requests_per_minute: 60,
            requests_at_once: 1,
        }
    }

    fn check(context: Context) -> Vec<CheckLine> {
        let deed = begin(&context);
        match deed.as_str() {
            "huge" => {
                return vec![CheckLine {
                    detail: "x".repeat(HUGE),
                    ..nothing_found()
                }];
            }
            "too-many" => return vec![nothing_found(); 10_001],
            "slurred" => {
                return vec![CheckLine {
                    id: SLURRED.to_owned(),
                    ..nothing_found()
                }];
            }
            _ => {}
        }
        let count = deed.strip_suffix("-at-once").and_then(|count| count.parse().ok());
        let answers = match count {
            Some(count) => http::send_each(&vec![request(""); count]),
            None => vec![http::send(&request(&deed))],
        };
        answers.into_iter().map(line).collect()
    }

    fn options(context: Context, group: String) -> Result<Vec<GroupOption>, Fault> {
        let option = |id: &str, label: &str| GroupOption {
            id: id.to_owned(),
            label: label.to_owned(),
            recommended: false,
            count: None,
        };
        match begin(&context).as_str() {
            "huge" => Err(huge()),
            "too-many" => Ok(vec![option("1", "one"); 10_001]),
            "slurred" => Ok(vec![option("1", SLURRED)]),
            _ => Err(Fault {
                cause: Cause::Permission(group),
                message: "refused\n\u{1b}[31m".to_owned(),
            }),
        }
    }

    fn pull(context: Context, wanted: Listing, cursor: Option<String>) -> Result<Page, Fault> {
        let page = |items| Ok(Page { items, next: None });
        match begin(&context).as_str() {
            "huge" => return Err(huge()),
            "too-many" => return page(vec![pulled(&wanted.kind, "1", "{}"); 10_001]),
            "slurred" => return page(vec![pulled(&wanted.kind, SLURRED, "{}")]),
            "panic" => panic!("the page is torn"),
            _ => {}
        }
        // Waits for the network, then works: the wait must not count.
        let requests: Vec<Request> = (0..3).map(|_| request("")).collect();
        let answers = http::send_each(&requests);
        let items = answers
            .into_iter()
            .flatten()
            .flat_map(|response| response.headers);
        let items = items
            .map(|header| pulled(&wanted.kind, &header.name, &header.value))
            .collect();
        Ok(Page {
            items,
            next: cursor.is_none().then(|| "2".to_owned()),
        })
    }

    fn count(context: Context, _: Listing) -> Result<Option<u64>, Fault> {
        match begin(&context).as_str() {
            "huge" => Err(huge()),
            _ => Ok(Some(3)),
        }
    }

    fn fetch(context: Context, kind: String, wanted: Vec<WantedRecord>) -> Vec<Result<Pulled, Fault>> {
        let deed = begin(&context);
        let one = |one: WantedRecord| match deed.as_str() {
            "huge" => Err(huge()),
            "slurred" => Ok(pulled(&kind, SLURRED, "{}")),
            "another-record" => Ok(pulled(&kind, "999", "{}")),
            _ => Ok(pulled(&kind, &one.id, "{}")),
        };
        miscounted(&deed, wanted.into_iter().map(one).collect())
    }

    fn list_ids(context: Context, _: Listing, _: Option<String>) -> Result<IdPage, Fault> {
        let ids = match begin(&context).as_str() {
            "huge" => return Err(huge()),
            "too-many" => vec!["1".to_owned(); 100_001],
            "slurred" => vec![SLURRED.to_owned()],
            _ => vec!["1".to_owned(), String::new()],
        };
        Ok(IdPage { ids, next: None })
    }

    fn members(context: Context, _: Option<String>) -> Result<MemberPage, Fault> {
        let member = |name: &str| Member {
            id: "1".to_owned(),
            name: name.to_owned(),
            email: String::new(),
            identifier: String::new(),
        };
        let members = match begin(&context).as_str() {
            "huge" => return Err(huge()),
            "too-many" => vec![member(""); 10_001],
            "slurred" => vec![member(SLURRED)],
            _ => vec![],
        };
        Ok(MemberPage { members, next: None })
    }

    fn push(context: Context, changes: Vec<Change>) -> Vec<Result<PushOutcome, Fault>> {
        let deed = begin(&context);
        let one = |change: Change| match deed.as_str() {
            "huge" => Err(huge()),
            "slurred" => Ok(PushOutcome::Applied(
                pulled(&change.kind, SLURRED, "{}").record_found,
            )),
            _ => Ok(PushOutcome::InDoubt("no answer".to_owned())),
        };
        miscounted(&deed, changes.into_iter().map(one).collect())
    }

    fn seek(context: Context, change: Change, _: String) -> Result<Vec<SourceRecord>, Fault> {
        let found = |name: &str| pulled(&change.kind, name, "{}").record_found;
        match begin(&context).as_str() {
            "huge" => Err(huge()),
            "too-many" => Ok(vec![found("1"); 10_001]),
            "slurred" => Ok(vec![found(SLURRED)]),
            _ => Ok(vec![]),
        }
    }

    fn parse_event(context: Context, incoming: Event) -> Result<Vec<EventSubject>, Fault> {
        let subject = |id: String| EventSubject {
            kind: "ticket".to_owned(),
            id,
            action: "deleted".to_owned(),
        };
        match begin(&context).as_str() {
            "huge" => Err(huge()),
            "too-many" => Ok(vec![subject(incoming.body); 10_001]),
            "slurred" => Ok(vec![subject(SLURRED.to_owned())]),
            _ => Ok(vec![subject(incoming.body)]),
        }
    }
}

dovetail_sdk::export_connector!(Hostile);

/// A name that would lead a terminal astray.
const SLURRED: &str = "one\u{1b}[2Jtwo\rthree";

/// What every export does first: what every export can be told to do.
fn begin(context: &Context) -> String {
    let told = context.settings.iter().find(|setting| setting.key == "do");
    let deed = told.map(|setting| setting.text.clone()).unwrap_or_default();
    if let Some(times) = deed.strip_prefix("requests") {
        let times = times.trim().parse().unwrap_or(u64::MAX);
        (0..times).for_each(|_| drop(http::send(&request(""))));
    }
    deeds::perform(&deed, |line| log::write(Level::Info, line));
    deed
}

fn huge() -> Fault {
    Fault {
        cause: Cause::Bug,
        message: "x".repeat(HUGE),
    }
}

/// One answer fewer or more than asked for, where that is the deed.
fn miscounted<T>(deed: &str, mut answers: Vec<Result<T, Fault>>) -> Vec<Result<T, Fault>> {
    match deed {
        "one-too-few" => drop(answers.pop()),
        "one-too-many" => answers.push(Err(Fault {
            cause: Cause::Gone,
            message: "nobody asked".to_owned(),
        })),
        _ => {}
    }
    answers
}

fn nothing_found() -> CheckLine {
    line(Err(Failure::Timeout))
}

/// A line that tells of one answer.
fn line(answer: Result<Response, Failure>) -> CheckLine {
    CheckLine {
        id: "company".to_owned(),
        state: CheckState::Ok,
        needed: true,
        how: "probe".to_owned(),
        detail: match answer {
            Ok(response) => format!("{} bytes", response.body.len()),
            Err(failure) => words(&failure),
        },
        hint: None,
        trouble: None,
    }
}

fn request(deed: &str) -> Request {
    let header = |name: &str| http::Header {
        name: name.to_owned(),
        value: "x".to_owned(),
    };
    Request {
        method: "GET".to_owned(),
        url: match deed {
            "long-url" => format!("https://psa.test/{}", "x".repeat(8 * 1024)),
            _ => "https://psa.test/".to_owned(),
        },
        headers: if deed == "many-headers" {
            vec![header("x"); 65]
        } else {
            vec![]
        },
        body: match deed {
            "big-body" => Some(vec![0; 4 * 1024 * 1024 + 1]),
            "huge-body" => Some(vec![0; 40 * 1024 * 1024]),
            _ => None,
        },
        credential: None,
        repeatable: true,
    }
}

fn pulled(kind: &str, id: &str, json: &str) -> Pulled {
    Pulled {
        record_found: SourceRecord {
            kind: kind.to_owned(),
            id: id.to_owned(),
            version: String::new(),
            name: String::new(),
            json: json.to_owned(),
        },
        excluded: vec![],
        parent: None,
    }
}

fn words(failure: &Failure) -> String {
    match failure {
        Failure::Denied(words) => format!("denied: {words}"),
        Failure::TooLarge(bytes) => format!("too large: {bytes}"),
        Failure::Stopped(words) => format!("stopped: {words}"),
        other => format!("{other:?}"),
    }
}
