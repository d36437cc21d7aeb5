//! What goes wrong with writes: before they are done, after, for one field, by seed; and what the log tells of it.

use crate::http::{Api, Headers, JSON};
use crate::scene::refused;
use connectwise_simulator::{Config, Fault, FaultPlan, Kind, Loss, Role, Size, Write, Writes};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

const CONTACT: &str = "/company/contacts/310";

fn titled(title: &str) -> Value {
    json!([{"op": "replace", "path": "title", "value": title}, {"op": "replace", "path": "customFields", "value": []}])
}

async fn title(api: &Api) -> Value {
    api.get(CONTACT).await.json()["title"].clone()
}

/// Each fault of a write: what the client sees, and whether the write was done.
#[tokio::test]
async fn writes_fail_before_or_after_they_are_done() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    let lost = |how| Fault::Lost { how };
    for (fault, seen, done) in [
        (Fault::TooManyRequests { retry_after: 3 }, Some(429), false),
        (Fault::Timeout, Some(500), false),
        (Fault::BadGateway, Some(502), false),
        (Fault::Forbidden, Some(403), false),
        (Fault::Reset, None, false),
        (Fault::Truncated, None, true),
        (Fault::Slow { pause: 1 }, Some(200), true),
        (lost(Loss::Reset), None, true),
        (lost(Loss::Timeout), Some(500), true),
        (lost(Loss::BadGateway), Some(502), true),
    ] {
        let (before, now, count) = (title(&api).await, control.now(), control.writes().len());
        control.fail_writes(Writes::of(Kind::Contact).next(1), fault);
        let new = format!("{fault:?}");
        let answer = api.try_write("PATCH", CONTACT, &titled(&new)).await;
        assert_eq!(
            answer.as_ref().ok().map(|answer| answer.status),
            seen,
            "{fault:?}"
        );
        let expected = if done { json!(new) } else { before };
        assert_eq!(title(&api).await, expected, "{fault:?}");
        assert_eq!(control.now() > now, done, "{fault:?}");
        let logged = control.writes().split_off(count);
        let entry = control
            .log()
            .into_iter()
            .rev()
            .find(|entry| entry.method == "PATCH");
        assert_eq!(entry.and_then(|entry| entry.fault), Some(fault));
        assert_eq!(logged.len(), 1, "{fault:?}");
        assert_eq!(logged[0].applied.is_some(), done, "{fault:?}");
        if fault != Fault::Truncated {
            assert_eq!(logged[0].status, seen.unwrap_or(0), "{fault:?}");
        }
        if let (Ok(answer), Fault::TooManyRequests { .. }) = (&answer, fault) {
            assert_eq!(answer.headers["retry-after"], "3");
            assert_eq!(answer.json()["error"], "ConnectWiseAPI");
        }
        assert_eq!(
            api.write("PATCH", CONTACT, titled("fine")).await.status,
            200,
            "the next one passes"
        );
    }
}

/// The client gives up waiting; the write is done all the same, once.
#[tokio::test]
async fn an_answer_may_never_come() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    control.fail_writes(
        Writes::all().method("POST").next(1),
        Fault::Lost { how: Loss::Silence },
    );
    let body = json!({"firstName": "Silent"});
    {
        let mut waiting = std::pin::pin!(api.try_write("POST", "/company/contacts", &body));
        tokio::select! {
            _ = &mut waiting => panic!("it was answered"),
            () = control.wait_for("/company/contacts", 1) => {}
        }
        // The log has it, others are answered, and still there is no answer.
        assert_eq!(api.get(CONTACT).await.status, 200);
        assert!(waiting.as_mut().now_or_never().is_none(), "it was answered");
    }
    let found = api.count("/company/contacts", "firstName = 'Silent'").await;
    assert_eq!(found, 1);
    let writes = control.writes();
    assert_eq!(
        (writes.len(), writes[0].status, writes[0].applied),
        (1, 0, Some(1))
    );
    assert_eq!(api.write("POST", "/company/contacts", body).await.status, 201);
}

#[tokio::test]
async fn the_nth_write_of_a_kind_is_meant_and_the_others_pass() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    control.fail_writes(Writes::of(Kind::Contact).method("POST").nth(2), Fault::Timeout);
    control.fail_writes(Writes::of(Kind::Company), Fault::Forbidden);
    control.fail_writes(
        Writes::all().at("/company/companies/*/sites*").next(2),
        Fault::BadGateway,
    );
    let contact = json!({"firstName": "N"});
    let mut statuses = Vec::new();
    for (method, path, body) in [
        ("POST", "/company/contacts", contact.clone()),
        ("PATCH", CONTACT, titled("x")),
        ("POST", "/company/contacts", contact.clone()),
        ("POST", "/company/contacts", contact.clone()),
        ("PATCH", "/company/companies/250", titled("x")),
        (
            "POST",
            "/company/companies/250/typeAssociations",
            json!({"type": {"id": 2}}),
        ),
        ("POST", "/company/companies/250/sites", json!({"name": "S"})),
        ("POST", "/company/companies/250/sites", json!({"name": "S"})),
        ("POST", "/company/companies/250/sites", json!({"name": "S"})),
        (
            "POST",
            "/company/contacts/310/communications",
            json!({"type": {"id": 3}, "value": "1"}),
        ),
    ] {
        statuses.push(api.write(method, path, body).await.status);
    }
    assert_eq!(statuses, [201, 200, 500, 201, 403, 403, 502, 502, 201, 201]);
    assert_eq!(
        api.get("/company/companies/250").await.status,
        200,
        "reads are not meant"
    );
    control.clear_plans();
    let company = json!([{"op": "replace", "path": "name", "value": "x"},
                         {"op": "replace", "path": "customFields", "value": []}]);
    assert_eq!(
        api.write("PATCH", "/company/companies/250", company).await.status,
        200
    );
}

#[tokio::test]
async fn a_field_is_refused_wherever_it_is_named() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    let device = control.ids(Kind::Configuration)[0];
    control.refuse_field(Writes::of(Kind::Configuration), "serialNumber");
    control.refuse_field(Writes::of(Kind::Contact).next(1), "communicationItems");
    let path = format!("/company/configurations/{device}");
    let answer = api
        .patch(&path, &[("replace", "/serialNumber", json!("x"))])
        .await;
    refused(&answer, "InvalidField", "serialNumber", &path);
    assert_eq!(
        api.patch(&path, &[("replace", "/tagNumber", json!("x"))])
            .await
            .status,
        200
    );
    let new = |field: &str| json!({"name": "x", "company": {"id": 250}, "type": {"id": 5}, field: "x"});
    let list = "/company/configurations";
    refused(
        &api.write("POST", list, new("serialNumber")).await,
        "InvalidField",
        "serialNumber",
        list,
    );
    let bulk = api
        .write(
            "POST",
            "/company/configurations/bulk",
            json!([new("serialNumber"), new("tagNumber")]),
        )
        .await
        .json();
    let statuses = [
        &bulk["payload"][0]["statusCode"],
        &bulk["payload"][1]["statusCode"],
    ];
    assert_eq!(statuses, [&json!(400), &json!(201)]);
    let first = [(
        "add",
        "/communicationItems/-",
        json!({"type": {"id": 3}, "value": "1"}),
    )];
    refused(
        &api.patch(CONTACT, &first).await,
        "InvalidField",
        "communicationItems",
        CONTACT,
    );
    assert_eq!(api.patch(CONTACT, &first).await.status, 200, "once was meant");
    control.clear_plans();
    assert_eq!(api.write("POST", list, new("serialNumber")).await.status, 201);
}

#[tokio::test]
async fn writes_need_credentials_client_id_and_version_too() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    let send = async |user, client_id, accept| {
        let sent = Headers {
            method: reqwest::Method::PATCH,
            body: Some((JSON, titled("x").to_string().into_bytes())),
            user,
            client_id,
            accept,
            ..Headers::default()
        };
        let answer = api.send(CONTACT, sent).await;
        assert_eq!(answer.headers["api-current-version"], "2026.4");
        answer.status
    };
    let right = Headers::default();
    let version = "application/vnd.connectwise.com+json; version=1999.1";
    assert_eq!(send(None, right.client_id, None).await, 401);
    assert_eq!(send(Some("a:b"), right.client_id, None).await, 401);
    assert_eq!(send(right.user, None, None).await, 401);
    assert_eq!(send(right.user, right.client_id, Some(version)).await, 400);
    assert!(control.writes().iter().all(|write| write.applied.is_none()));
    assert_eq!(send(right.user, right.client_id, None).await, 200);
}

#[tokio::test]
async fn the_log_tells_writes_apart_and_counts_those_that_were_done() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    api.get(CONTACT).await;
    api.write("PATCH", CONTACT, titled("One")).await;
    let quiet = json!([{"op": "replace", "path": "company/id", "value": 1},
                       {"op": "replace", "path": "customFields", "value": []}]);
    api.write("PATCH", CONTACT, quiet.clone()).await;
    api.write("POST", "/company/contacts?fields=id", json!({"lastName": "x"}))
        .await;
    api.write("DELETE", "/company/contacts/9", Value::Null).await;
    api.write("POST", "/company/contacts", json!({"firstName": "Two"}))
        .await;
    let sent = Headers {
        method: reqwest::Method::PATCH,
        body: Some((JSON, b"{".to_vec())),
        ..Headers::default()
    };
    api.send(CONTACT, sent).await;
    let expected = [
        (2, "PATCH", CONTACT, titled("One"), 200, Some(1)),
        (3, "PATCH", CONTACT, quiet.clone(), 200, None),
        (
            4,
            "POST",
            "/company/contacts",
            json!({"lastName": "x"}),
            400,
            None,
        ),
        (5, "DELETE", "/company/contacts/9", Value::Null, 404, None),
        (
            6,
            "POST",
            "/company/contacts",
            json!({"firstName": "Two"}),
            201,
            Some(2),
        ),
        (7, "PATCH", CONTACT, Value::Null, 400, None),
    ];
    let writes = control.writes();
    for (write, (number, method, path, body, status, applied)) in writes.iter().zip(&expected) {
        let expected = Write {
            number: *number,
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            query: if *number == 4 {
                "fields=id".into()
            } else {
                String::new()
            },
            body: body.clone(),
            status: *status,
            applied: *applied,
        };
        assert_eq!(write, &expected);
    }
    assert_eq!(writes.len(), expected.len());
    assert_eq!(
        control.log()[6].body.as_deref(),
        Some("{"),
        "the log keeps what was sent"
    );
    assert_eq!(control.log()[0].body, None);
    control.reset_log();
    assert_eq!(control.writes(), []);
}

/// Whether a write is hit depends on what it says, not on its turn; each gets through, and one whose answer was lost
/// is done more than once by a client that only tries again.
#[tokio::test]
async fn a_plan_by_seed_hits_writes_by_what_they_say() {
    let plan = FaultPlan {
        per_thousand: 500,
        most: 2,
        kinds: vec![Fault::Timeout, Fault::Lost { how: Loss::Timeout }],
        ..FaultPlan::seeded(5)
    };
    let mut seen = Vec::new();
    for backwards in [false, true] {
        let api = Api::start(Config {
            faults: Some(plan.clone()),
            size: Size::records(100),
            role: Role::writing(),
            ..Config::default()
        })
        .await;
        let mut numbers: Vec<u64> = (0..30).collect();
        if backwards {
            numbers.reverse();
        }
        let mut tries = Vec::new();
        for number in numbers {
            let body = json!({"firstName": format!("Seeded {number}")});
            let mut attempts = Vec::new();
            loop {
                let status = api.write("POST", "/company/contacts", body.clone()).await.status;
                attempts.push(status);
                if status == 201 {
                    break;
                }
                assert!(attempts.len() < 4, "{number}: {attempts:?}");
            }
            tries.push((number, attempts));
        }
        tries.sort();
        api.simulator.control().set_faults(None);
        let made = api.count("/company/contacts", "firstName like 'Seeded %'").await;
        assert!(made > 30, "{made}: some were made twice");
        let applied = api
            .simulator
            .control()
            .writes()
            .iter()
            .filter(|write| write.applied.is_some())
            .count();
        assert_eq!(applied as u64, made, "the log tells how many were done");
        seen.push(tries);
    }
    assert_eq!(seen[0], seen[1]);
}
