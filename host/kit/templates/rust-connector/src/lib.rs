//! {{title}}: a connector that lists the organizations of a PSA. It expects `GET /organizations?page=N` to answer with a
//! list of objects that have `id`, `name` and `updated`; change that to what yours does.

mod describe;

use dovetail_sdk::Connector;
use dovetail_sdk::connector::exports::*;
use dovetail_sdk::connector::http::{Failure, Header, Request, Response, send};
use dovetail_sdk::connector::types::{Cause, Fault, SourceRecord};
use serde_json::Value as Json;

struct ThisConnector;

impl Connector for ThisConnector {
    fn describe() -> Description {
        describe::description()
    }

    fn check(context: Context) -> Vec<CheckLine> {
        let answer = get(&context, "/organizations?page=1");
        let trouble = answer.as_ref().err().map(|fault| fault.cause.clone());
        vec![CheckLine {
            id: "credentials".into(),
            state: if answer.is_ok() { CheckState::Ok } else { CheckState::Missing },
            needed: true,
            how: "probe".into(),
            detail: answer.map_or_else(|fault| fault.message, |_| "The key is good.".into()),
            hint: None,
            trouble,
        }]
    }

    fn options(_: Context, _: String) -> Result<Vec<GroupOption>, Fault> {
        Ok(vec![])
    }

    fn pull(context: Context, wanted: Listing, cursor: Option<String>) -> Result<Page, Fault> {
        let page: u32 = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(1);
        let path = match wanted.since {
            Some(since) => format!("/organizations?page={page}&since={since}"),
            None => format!("/organizations?page={page}"),
        };
        let answer = get(&context, &path)?;
        let items: Vec<Pulled> = answer.as_array().into_iter().flatten().filter_map(pulled).collect();
        // An empty page is the last.
        let next = (!items.is_empty()).then(|| (page + 1).to_string());
        Ok(Page { items, next })
    }

    fn count(_: Context, _: Listing) -> Result<Option<u64>, Fault> {
        Ok(None)
    }

    fn fetch(context: Context, _: String, wanted: Vec<WantedRecord>) -> Vec<Result<Pulled, Fault>> {
        let one = |wanted: WantedRecord| {
            let answer = get(&context, &format!("/organizations/{}", wanted.id))?;
            pulled(&answer).ok_or_else(|| Fault::bug("a record has no id"))
        };
        wanted.into_iter().map(one).collect()
    }

    fn list_ids(_: Context, _: Listing, _: Option<String>) -> Result<IdPage, Fault> {
        Err(Fault::bug("this connector lists no ids, and says so in its description"))
    }

    fn members(_: Context, _: Option<String>) -> Result<MemberPage, Fault> {
        Ok(MemberPage { members: vec![], next: None })
    }

    fn push(_: Context, changes: Vec<Change>) -> Vec<Result<PushOutcome, Fault>> {
        changes.iter().map(|_| Err(Fault::bug("this connector reads only"))).collect()
    }

    fn seek(_: Context, _: Change, _: String) -> Result<Vec<SourceRecord>, Fault> {
        Err(Fault::bug("this connector reads only"))
    }

    fn parse_event(_: Context, _: Event) -> Result<Vec<EventSubject>, Fault> {
        Err(Fault::bug("this connector takes no events"))
    }
}

/// Reads JSON at a path. The host worked out the origin from the description's rules and fills in the credential.
fn get(context: &Context, path: &str) -> Result<Json, Fault> {
    let origin = context.origins.first().ok_or_else(|| Fault::bug("there is no origin"))?;
    let request = Request {
        method: "GET".into(),
        url: format!("{}{path}", origin.url),
        headers: vec![Header { name: "accept".into(), value: "application/json".into() }],
        body: None,
        credential: origin.credential.clone(),
        repeatable: true,
    };
    let response = send(&request).map_err(unanswered)?;
    understood(&response)
}

fn fault(cause: Cause, message: impl Into<String>) -> Fault {
    Fault { cause, message: message.into() }
}

fn unanswered(failure: Failure) -> Fault {
    match failure {
        Failure::RateLimited(seconds) => fault(Cause::RateLimited(seconds), "the PSA asks for patience"),
        Failure::TooLarge(bytes) => fault(Cause::TooLarge, format!("the answer has {bytes} bytes")),
        Failure::Denied(why) => fault(Cause::Bug, why),
        other => fault(Cause::Transient, format!("the PSA did not answer: {other:?}")),
    }
}

fn understood(response: &Response) -> Result<Json, Fault> {
    match response.status {
        200 => serde_json::from_slice(&response.body)
            .map_err(|error| fault(Cause::Transient, format!("the answer is no JSON: {error}"))),
        401 => Err(fault(Cause::Auth, "the PSA refused the key")),
        403 => Err(fault(Cause::Permission("organizations".into()), "the key may not read organizations")),
        404 => Err(fault(Cause::Gone, "the PSA has no such record")),
        status => Err(fault(Cause::Transient, format!("the PSA answered with {status}"))),
    }
}

fn pulled(json: &Json) -> Option<Pulled> {
    let id = match json.get("id")? {
        Json::String(id) => id.clone(),
        id => id.as_u64()?.to_string(),
    };
    let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    Some(Pulled {
        record_found: SourceRecord {
            kind: "organization".into(),
            id,
            version: text("updated"),
            name: text("name"),
            json: json.to_string(),
        },
        excluded: vec![],
        parent: None,
    })
}

dovetail_sdk::export_connector!(ThisConnector);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read() {
        let json = serde_json::json!({"id": 7, "name": "Acme", "updated": "2026-01-02T03:04:05Z"});
        let found = pulled(&json).unwrap().record_found;
        assert_eq!((found.id.as_str(), found.name.as_str()), ("7", "Acme"));
        assert!(pulled(&serde_json::json!({"name": "no id"})).is_none());
    }

    #[test]
    fn a_refused_key_is_told_as_such() {
        let response = Response { status: 401, headers: vec![], body: vec![] };
        assert_eq!(understood(&response).unwrap_err().cause, Cause::Auth);
    }
}
