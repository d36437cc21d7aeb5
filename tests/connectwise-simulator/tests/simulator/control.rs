//! Steering a simulator: edits, deletes, merges, holds, planned answers, and the same over its control port.

use crate::http::{Api, Headers};
use connectwise_simulator::{Config, Control, ControlError, Kind, Response, Size};
use serde_json::{Value, json};

fn some(control: &Control, kind: Kind) -> u64 {
    control.ids(kind).into_iter().nth(1).expect("there are records")
}

#[tokio::test]
async fn edits_show_and_move_the_clock() {
    let api = Api::sized(300).await;
    let control = api.simulator.control();
    let start = "2026-11-01T00:00:00Z";
    let changed = [("conditions", "lastUpdated > [2026-11-01T00:00:00Z]")];
    for (kind, path) in [
        (Kind::Company, "/company/companies"),
        (Kind::Contact, "/company/contacts"),
        (Kind::Configuration, "/company/configurations"),
        (Kind::Ticket, "/service/tickets"),
        (Kind::Member, "/system/members"),
    ] {
        assert_eq!(
            api.query(path, &changed).await.ids(),
            [0; 0],
            "nothing is newer than {start}"
        );
        let id = some(&control, kind);
        let before = control.now();
        control
            .edit(kind, id, json!({"notes": "edited", "zip": null}))
            .expect("it is there");
        assert_eq!(control.now(), before + 60);
        assert_eq!(api.query(path, &changed).await.ids(), [id]);
        let record = api.get(&format!("{path}/{id}")).await.json();
        assert_eq!((&record["notes"], record.get("zip")), (&json!("edited"), None));
        let silent = control.ids(kind).into_iter().nth(2).expect("there are more");
        control
            .edit_silently(kind, silent, json!({"notes": "quiet"}))
            .expect("it is there");
        assert_eq!(
            api.query(path, &changed).await.ids(),
            [id],
            "a silent edit does not show in lastUpdated"
        );
        let count = api.count(path, "").await;
        control.delete(kind, id).expect("it is there");
        assert_eq!(api.get(&format!("{path}/{id}")).await.code(), "NotFound");
        assert_eq!(api.count(path, "").await, count - 1);
        assert_eq!(
            api.get(&format!("{path}?pageSize=1000")).await.ids(),
            control.ids(kind)
        );
        assert_eq!(control.delete(kind, id), Err(ControlError::NoRecord { kind, id }));
        let added = control.add(kind, json!({"name": "New"})).expect("an object");
        assert_eq!(control.ids(kind).last(), Some(&added));
        assert_eq!(
            api.forward(&format!("{path}?pageId={}", added - 1)).await.ids(),
            [added]
        );
        assert_eq!(api.count(path, "").await, count);
    }
    assert_eq!(
        control.edit(Kind::Contact, 1, json!({})),
        Err(ControlError::NoRecord {
            kind: Kind::Contact,
            id: 1
        })
    );
    assert_eq!(
        control.edit(Kind::Contact, 310, json!(5)),
        Err(ControlError::NotAnObject)
    );
}

#[tokio::test]
async fn renamed_and_retyped_companies_show_everywhere() {
    let api = Api::sized(300).await;
    let control = api.simulator.control();
    control
        .edit(
            Kind::Company,
            250,
            json!({"name": "Renamed Ltd", "types": [{"id": 3, "name": "Vendor"}]}),
        )
        .expect("it is there");
    let of = api
        .query(
            "/company/configurations",
            &[
                ("conditions", "company/id = 250"),
                ("fields", "id,company/name"),
                ("pageSize", "1"),
            ],
        )
        .await;
    assert_eq!(of.json()[0]["company"]["name"], "Renamed Ltd");
    let types = api
        .query(
            "/company/companyTypeAssociations",
            &[("conditions", "company/id = 250")],
        )
        .await
        .json();
    assert_eq!(types.as_array().map(Vec::len), Some(1));
    assert_eq!(types[0]["type"]["id"], 3);
    assert_eq!(
        types,
        api.get("/company/companies/250/typeAssociations").await.json()
    );
}

#[tokio::test]
async fn soft_deletes_leave_the_record() {
    let api = Api::sized(300).await;
    let control = api.simulator.control();
    for (kind, path, field, value) in [
        (Kind::Company, "/company/companies", "deletedFlag", true),
        (Kind::Contact, "/company/contacts", "inactiveFlag", true),
        (
            Kind::Configuration,
            "/company/configurations",
            "activeFlag",
            false,
        ),
    ] {
        let id = some(&control, kind);
        control.soft_delete(kind, id).expect("it is there");
        let record = api.get(&format!("{path}/{id}")).await;
        assert_eq!((record.status, &record.json()[field]), (200, &json!(value)));
    }
    assert_eq!(
        control.soft_delete(Kind::Ticket, some(&control, Kind::Ticket)),
        Err(ControlError::NoSoftDelete { kind: Kind::Ticket })
    );
}

#[tokio::test]
async fn merged_companies_hand_over_their_children() {
    let api = Api::sized(600).await;
    let control = api.simulator.control();
    let (from, into) = (250, 251);
    let of = |company: u64| format!("company/id = {company}");
    let lists = ["/company/contacts", "/company/configurations", "/service/tickets"];
    let mut expected = Vec::new();
    for path in lists {
        let (a, b) = (api.count(path, &of(from)).await, api.count(path, &of(into)).await);
        assert!(a > 0, "{path}");
        expected.push(a + b);
    }
    let sites = api.get("/company/companies/250/sites").await.ids().len()
        + api.get("/company/companies/251/sites").await.ids().len();
    // An edited record moves like the others.
    let edited = api
        .query(
            "/company/configurations",
            &[("conditions", &of(from)), ("pageSize", "1")],
        )
        .await
        .ids();
    control
        .edit(
            Kind::Configuration,
            *edited.first().expect("there is one"),
            json!({"notes": "x"}),
        )
        .expect("it is there");
    let merge_begins = control.now();
    control.merge_companies(from, into).expect("both are there");
    for (path, expected) in lists.into_iter().zip(expected) {
        assert_eq!(api.count(path, &of(from)).await, 0, "{path}");
        assert_eq!(api.count(path, &of(into)).await, expected, "{path}");
        // The index and the written record say the same.
        let all = api
            .query(path, &[("conditions", &of(into)), ("pageSize", "1000")])
            .await
            .json();
        assert!(
            all.as_array()
                .expect("a list")
                .iter()
                .all(|r| r["company"]["id"] == into)
        );
    }
    assert_eq!(api.get("/company/companies/251/sites").await.ids().len(), sites);
    assert_eq!(api.get("/company/companies/250").await.code(), "NotFound");
    assert_eq!(api.get("/company/companies/250/sites").await.code(), "NotFound");
    assert!(control.now() > merge_begins);
    assert_eq!(
        control.merge_companies(into, into),
        Err(ControlError::SameCompany(into))
    );
    assert_eq!(
        control.merge_companies(from, into),
        Err(ControlError::NoRecord {
            kind: Kind::Company,
            id: from
        })
    );
}

#[tokio::test]
async fn held_requests_wait_for_their_release() {
    let api = Api::sized(30).await;
    let control = api.simulator.control();
    let hold = control.hold("/company/contacts");
    let mut held = std::pin::pin!(api.get("/company/contacts"));
    tokio::select! {
        _ = &mut held => panic!("it was not held"),
        () = hold.wait_until_held(1) => {}
    }
    assert_eq!(api.get("/company/companies").await.status, 200, "others pass");
    assert_eq!(
        control.count("/company/contacts"),
        0,
        "a held request is not answered"
    );
    hold.release();
    assert_eq!(held.await.status, 200);
    assert_eq!(control.count("/company/contacts"), 1);
    assert_eq!(
        api.get("/company/contacts").await.status,
        200,
        "later ones are not held"
    );
}

#[tokio::test]
async fn the_log_tells_what_was_asked() {
    let api = Api::sized(30).await;
    let control = api.simulator.control();
    let answer = api
        .query(
            "/company/contacts",
            &[("conditions", "id > 5"), ("pageSize", "2")],
        )
        .await;
    api.send(
        "/company/nothing",
        Headers {
            user: None,
            client_id: None,
            ..Headers::default()
        },
    )
    .await;
    let log = control.log();
    assert_eq!(log.len(), 2);
    let (first, second) = (&log[0], &log[1]);
    assert_eq!(
        (
            first.number,
            first.method.as_str(),
            first.endpoint(),
            first.status
        ),
        (1, "GET", "/company/contacts", 200)
    );
    assert_eq!(first.parameter("CONDITIONS").as_deref(), Some("id > 5"));
    assert_eq!(first.bytes, answer.text.len() as u64);
    assert!(first.credentials && first.client_id && !first.forward_only);
    assert_eq!(
        (second.status, second.credentials, second.client_id),
        (401, false, false)
    );
    assert_eq!(control.count("/company/contacts?*id > 5*"), 1);
    control.wait_for("*", 2).await;
    control.reset_log();
    assert_eq!(control.log(), []);
    api.get("/system/info").await;
    assert_eq!(control.log()[0].number, 3, "numbers go on");
}

#[tokio::test]
async fn planned_answers_stand_before_real_ones() {
    let api = Api::sized(30).await;
    let control = api.simulator.control();
    let headers = vec![
        ("content-type".to_owned(), "text/plain".to_owned()),
        ("x-odd".to_owned(), "1".to_owned()),
    ];
    control.plan_response(
        "/company/contacts*",
        2,
        Response {
            status: 418,
            headers,
            body: b"short and stout".to_vec(),
        },
    );
    for _ in 0..2 {
        let answer = api.get("/company/contacts/310").await;
        assert_eq!((answer.status, answer.text.as_str()), (418, "short and stout"));
        assert_eq!(
            (&answer.headers["content-type"], &answer.headers["x-odd"]),
            (&"text/plain".parse().unwrap(), &"1".parse().unwrap())
        );
    }
    assert_eq!(api.get("/company/contacts/310").await.status, 200);
    control.plan_response(
        "*",
        0,
        Response {
            status: 503,
            ..Response::default()
        },
    );
    assert_eq!(api.get("/system/info").await.status, 503);
    control.clear_plans();
    assert_eq!(api.get("/system/info").await.status, 200);
}

#[tokio::test]
async fn the_control_port_does_the_same() {
    let api = Api::start(Config {
        control_port: Some(0),
        size: Size::records(100),
        ..Config::default()
    })
    .await;
    let address = api.simulator.control_address().expect("it was asked for");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let post = async |path: &str, body: Value| -> (u16, Value) {
        let request = client
            .post(format!("http://{address}{path}"))
            .header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.expect("it answers");
        (
            response.status().as_u16(),
            serde_json::from_str(&response.text().await.expect("a body")).unwrap_or_default(),
        )
    };
    let get = async |path: &str| -> Value {
        let text = client
            .get(format!("http://{address}{path}"))
            .send()
            .await
            .expect("it answers")
            .text()
            .await;
        serde_json::from_str(&text.expect("a body")).expect("JSON")
    };
    assert_eq!(
        post(
            "/edit",
            json!({"kind": "contact", "id": 310, "fields": {"title": "Chef"}})
        )
        .await
        .0,
        200
    );
    assert_eq!(api.get("/company/contacts/310").await.json()["title"], "Chef");
    assert_eq!(get("/record?kind=contact&id=310").await["value"]["title"], "Chef");
    assert_eq!(
        post("/edit", json!({"kind": "contact", "id": 1, "fields": {}}))
            .await
            .0,
        400
    );
    let (_, added) = post("/add", json!({"kind": "company", "fields": {"name": "Added"}})).await;
    let added = added["value"].as_u64().expect("an id");
    assert_eq!(
        api.get(&format!("/company/companies/{added}")).await.json()["name"],
        "Added"
    );
    assert_eq!(
        post("/soft-delete", json!({"kind": "company", "id": added}))
            .await
            .0,
        200
    );
    assert_eq!(
        post("/delete", json!({"kind": "company", "id": added})).await.0,
        200
    );
    assert_eq!(post("/merge", json!({"from": 251, "into": 250})).await.0, 200);
    assert_eq!(api.get("/company/companies/251").await.status, 404);
    let mut role = get("/role").await;
    role["levels"]["contacts"]["inquire"] = json!("None");
    assert_eq!(post("/role", role).await.0, 200);
    assert_eq!(api.get("/company/contacts").await.status, 403);
    post("/my-security", json!({"answers": "absent"})).await;
    assert_eq!(api.get("/system/mySecurity").await.status, 404);
    post("/codebase", json!({"codebase": "v2027_1"})).await;
    assert_eq!(api.get("/v2027_1/apis/3.0/system/info").await.status, 200);
    post("/fail", json!({"pattern": "/system/info", "fault": "timeout"})).await;
    assert_eq!(api.get("/system/info").await.status, 500);
    post(
        "/response",
        json!({"pattern": "/system/info", "status": 204, "headers": {"x-a": "b"}}),
    )
    .await;
    assert_eq!(api.get("/system/info").await.status, 204);
    post(
        "/time-out-above",
        json!({"pattern": "/company/configurations", "rows": 3}),
    )
    .await;
    assert_eq!(api.get("/company/configurations").await.status, 500);
    assert_eq!(post("/clear", json!({})).await.0, 200);
    let (_, hold) = post("/hold", json!({"pattern": "/system/info"})).await;
    let hold = hold["hold"].as_u64().expect("its number");
    let wait = format!("/hold/{hold}/wait");
    let mut held = std::pin::pin!(api.get("/system/info"));
    tokio::select! {
        _ = &mut held => panic!("it was not held"),
        _ = get(&wait) => {}
    }
    assert_eq!(post(&format!("/hold/{hold}/release"), json!({})).await.0, 200);
    assert_eq!(held.await.status, 200);
    assert_eq!(get("/count?pattern=/system/mySecurity").await["count"], 1);
    assert!(get("/log").await.as_array().is_some_and(|log| log.len() > 5));
    client
        .delete(format!("http://{address}/log"))
        .send()
        .await
        .expect("it answers");
    assert_eq!(get("/log").await, json!([]));
    let plan = json!({"seed": 1, "per_thousand": 1000, "most": 1, "kinds": [{"fault": "bad-gateway"}]});
    assert_eq!(post("/faults", plan).await.0, 200);
    assert_eq!(api.get("/system/info").await.status, 502);
    assert_eq!(api.get("/system/info").await.status, 200);
    assert_eq!(post("/faults", Value::Null).await.0, 200);

    // Writes: the role, what is planned for them, what the server does to values, and what was done.
    let mut role = get("/role").await;
    role["levels"]["contacts"] = json!({"add": "All", "edit": "All", "delete": "All", "inquire": "All"});
    assert_eq!(post("/role", role).await.0, 200);
    let mut habits = get("/habits").await;
    assert_eq!(
        (&habits["too_long"], &habits["custom_fields_needed"]),
        (&json!("invalid-field"), &json!(true))
    );
    habits["too_long"] = json!("truncate");
    habits["reformat"] = json!([{"field": "Contact/title", "form": "upper-case"}]);
    assert_eq!(post("/habits", habits).await.0, 200);
    assert_eq!(post("/clock-step", json!({"seconds": 5})).await.0, 200);
    let writes = json!({"kind": "contact", "method": "POST", "times": 1});
    let lost = json!({"fault": "lost", "how": "timeout"});
    assert_eq!(
        post("/fail-writes", json!({"writes": writes, "fault": lost}))
            .await
            .0,
        200
    );
    assert_eq!(post("/refuse-field", json!({"field": "nickName"})).await.0, 200);
    let now = api.simulator.control().now();
    let title = json!({"firstName": "Port", "title": "chef"});
    assert_eq!(
        api.write("POST", "/company/contacts", title.clone()).await.status,
        500
    );
    assert_eq!(
        api.write("POST", "/company/contacts", title).await.json()["title"],
        "CHEF"
    );
    assert_eq!(api.simulator.control().now(), now + 10);
    let nick = json!({"firstName": "Port", "nickName": "x"});
    assert_eq!(api.write("POST", "/company/contacts", nick).await.status, 400);
    let told = get("/writes").await;
    let statuses: Vec<&Value> = told
        .as_array()
        .expect("a list")
        .iter()
        .map(|write| &write["status"])
        .collect();
    assert_eq!(statuses, [&json!(500), &json!(201), &json!(400)]);
    assert_eq!(
        (&told[0]["applied"], &told[2]["applied"]),
        (&json!(1), &Value::Null)
    );
}
