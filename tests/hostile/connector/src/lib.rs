//! A connector that misbehaves on purpose. What it does stands in the setting `do`; without one it does its work: the
//! records of a listing are the headers of one answer.

#![allow(clippy::panic, reason = "that is what it is for")]

use dovetail_sdk::connector::exports::{
    Change, CheckLine, CheckState, Context, Description, Event, EventSubject, GroupOption, IdPage, Listing,
    MemberPage, OriginRule, Page, Pulled, PushOutcome, SetupField, SetupFormat, WantedRecord,
};
use dovetail_sdk::connector::http::{self, Failure, Request, Response};
use dovetail_sdk::connector::types::{Cause, Fault, SourceRecord};

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
        let deed = deed(&context);
        let count = deed.strip_suffix("-at-once").and_then(|count| count.parse().ok());
        let answers = match count {
            Some(count) => http::send_each(&vec![request(""); count]),
            None => vec![http::send(&request(&deed))],
        };
        answers.into_iter().map(line).collect()
    }

    fn options(_: Context, group: String) -> Result<Vec<GroupOption>, Fault> {
        Err(Fault {
            cause: Cause::Permission(group),
            message: "refused\n\u{1b}[31m".to_owned(),
        })
    }

    fn pull(context: Context, wanted: Listing, cursor: Option<String>) -> Result<Page, Fault> {
        match deed(&context).as_str() {
            "panic" => panic!("the page is torn"),
            "endless-requests" => loop {
                drop(http::send(&request("")));
            },
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

    fn count(_: Context, _: Listing) -> Result<Option<u64>, Fault> {
        Ok(Some(3))
    }

    fn fetch(context: Context, kind: String, wanted: Vec<WantedRecord>) -> Vec<Result<Pulled, Fault>> {
        let wrong = deed(&context) == "another-record";
        let mut found: Vec<_> = wanted
            .into_iter()
            .map(|one| Ok(pulled(&kind, if wrong { "999" } else { &one.id }, "{}")))
            .collect();
        if deed(&context) == "one-too-few" {
            found.pop();
        }
        found
    }

    fn list_ids(_: Context, _: Listing, _: Option<String>) -> Result<IdPage, Fault> {
        Ok(IdPage {
            ids: vec!["1".to_owned(), String::new()],
            next: None,
        })
    }

    fn members(_: Context, _: Option<String>) -> Result<MemberPage, Fault> {
        Ok(MemberPage {
            members: vec![],
            next: None,
        })
    }

    fn push(_: Context, changes: Vec<Change>) -> Vec<Result<PushOutcome, Fault>> {
        changes
            .into_iter()
            .map(|_| Ok(PushOutcome::InDoubt("no answer".to_owned())))
            .collect()
    }

    fn parse_event(_: Context, incoming: Event) -> Result<Vec<EventSubject>, Fault> {
        Ok(vec![EventSubject {
            kind: "ticket".to_owned(),
            id: incoming.body,
            action: "deleted".to_owned(),
        }])
    }
}

dovetail_sdk::export_connector!(Hostile);

fn deed(context: &Context) -> String {
    let told = context.settings.iter().find(|setting| setting.key == "do");
    told.map(|setting| setting.text.clone()).unwrap_or_default()
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
