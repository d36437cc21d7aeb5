//! PATCH: what changes, what is refused, and what is answered with 200 and changes nothing.

use crate::http::{Answer, Api, JSON};
use connectwise_simulator::{Habits, Kind};
use serde_json::{Value, json};

/// A configuration of a type with passwords among its questions.
fn server(api: &Api) -> u64 {
    let control = api.simulator.control();
    control
        .ids(Kind::Configuration)
        .into_iter()
        .find(|id| {
            let record = control.record(Kind::Configuration, *id).unwrap_or_default();
            record["type"]["id"] == 1 && record["serialNumber"].is_string()
        })
        .expect("there are servers")
}

/// A contact with a mail address, a direct phone and a cell phone, in this order.
fn reachable(api: &Api) -> u64 {
    let control = api.simulator.control();
    control
        .ids(Kind::Contact)
        .into_iter()
        .find(|id| {
            let record = control.record(Kind::Contact, *id).unwrap_or_default();
            let items = record["communicationItems"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let types: Vec<u64> = items
                .iter()
                .filter_map(|item| item["type"]["id"].as_u64())
                .collect();
            types == [1, 2, 4] && record["company"]["id"].is_u64()
        })
        .expect("there are such contacts")
}

fn complaints(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 400, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["code"], "InvalidObject", "{body}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    body["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| (text(&error["code"]), text(&error["field"])))
        .collect()
}

#[tokio::test]
async fn operations_change_what_they_name() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let (device, person) = (server(&api), reachable(&api));
    let device = format!("/company/configurations/{device}");
    let person = format!("/company/contacts/{person}");
    let company = "/company/companies/250";
    let site = "/company/companies/250/sites/400";
    let manager = control.record(Kind::Member, 101).expect("the first member");
    let full = format!(
        "{} {}",
        manager["firstName"].as_str().expect("a name"),
        manager["lastName"].as_str().expect("a name")
    );
    let identifier = manager["identifier"].clone();
    let other = control.record(Kind::Company, 251).expect("the second company");
    let by_identifier = json!({"identifier": other["identifier"]});
    let other = json!({"id": 251, "identifier": other["identifier"], "name": other["name"]});
    for (path, op, field, value, expected) in [
        (company, "replace", "name", json!("Renamed"), json!("Renamed")),
        (company, "replace", "/name", json!("Again"), json!("Again")),
        (company, "add", "/leadSource", json!("Fair"), json!("Fair")),
        (company, "remove", "/website", Value::Null, Value::Null),
        (company, "replace", "/faxNumber", Value::Null, Value::Null),
        (
            company,
            "replace",
            "/phoneNumber",
            json!(8_135_550_100_u64),
            json!("8135550100"),
        ),
        (company, "replace", "/numberOfEmployees", json!("12"), json!(12)),
        (company, "replace", "/unsubscribeFlag", json!("True"), json!(true)),
        (
            company,
            "replace",
            "/dateAcquired",
            json!("2026-01-02T03:04:05Z"),
            json!("2026-01-02T03:04:05Z"),
        ),
        (
            company,
            "replace",
            "/status",
            json!({"id": 6}),
            json!({"id": 6, "name": "Credit Hold"}),
        ),
        (
            company,
            "replace",
            "/status",
            json!({"name": "active"}),
            json!({"id": 1, "name": "Active"}),
        ),
        (company, "replace", "/parentCompany", by_identifier, other.clone()),
        (company, "replace", "/parentCompany", json!({}), Value::Null),
        (
            company,
            "replace",
            "/territoryManager",
            json!({"id": "101"}),
            json!({"id": 101, "identifier": identifier, "name": full}),
        ),
        (
            company,
            "replace",
            "/country",
            json!({"id": 2}),
            json!({"id": 2, "name": "United Kingdom"}),
        ),
        // A table that is not served: any entry is taken as it was sent.
        (
            company,
            "replace",
            "/market",
            json!({"id": 77, "name": "Farms"}),
            json!({"id": 77, "name": "Farms"}),
        ),
        (
            site,
            "replace",
            "name",
            json!("Headquarters"),
            json!("Headquarters"),
        ),
        (person.as_str(), "replace", "/title", json!("Chef"), json!("Chef")),
        (
            person.as_str(),
            "replace",
            "/gender",
            json!("Female"),
            json!("Female"),
        ),
        (device.as_str(), "replace", "/company", json!({"id": 251}), other),
        (device.as_str(), "remove", "/tagNumber", Value::Null, Value::Null),
        (device.as_str(), "replace", "/locationId", json!(11), json!(11)),
    ] {
        let before = control.now();
        let answer = api.patch(path, &[(op, field, value.clone())]).await;
        assert_eq!(answer.status, 200, "{path} {field}: {}", answer.text);
        let name = field.trim_start_matches('/');
        let got = answer.json();
        assert_eq!(got[name], expected, "{path} {field} {value}");
        assert_eq!(
            got,
            api.get(path).await.json(),
            "the answer is what is read later"
        );
        assert_eq!(control.now(), before + 60);
        assert_eq!(got["_info"]["updatedBy"], "Dovetail");
        let times = [("conditions", "lastUpdated > [2026-11-01T00:00:00Z]")];
        if path == device {
            assert_eq!(api.query("/company/configurations", &times).await.ids().len(), 1);
        }
    }
    let moved = api.get(&device).await.json();
    assert_eq!(moved["location"], json!({"id": 11, "name": "Bristol Office"}));
    assert_eq!(
        moved.get("site"),
        None,
        "a site of another company goes with a change of company"
    );
}

/// Each of these is answered with 200, is no change, and leaves `lastUpdated` and the clock alone.
#[tokio::test]
async fn some_operations_are_false_successes() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let device = format!("/company/configurations/{}", server(&api));
    let person = format!("/company/contacts/{}", reachable(&api));
    let company = "/company/companies/250";
    for (path, field, value) in [
        (device.as_str(), "company/identifier", json!("other")),
        (device.as_str(), "/company/id", json!(251)),
        (device.as_str(), "/status/name", json!("Retired")),
        (device.as_str(), "/questions/0/answer", json!("x")),
        (device.as_str(), "/customFields/0/value", json!("x")),
        (device.as_str(), "/customFields", json!([])),
        (device.as_str(), "/id", json!(1)),
        (device.as_str(), "/_info/updatedBy", json!("me")),
        (company, "/types", json!([{"id": 3}])),
        (company, "/types/0", json!({"id": 3})),
        (company, "/deletedFlag", json!(true)),
        (person.as_str(), "/types", json!([{"id": 1}])),
        (person.as_str(), "/typeIds", json!([1, 2])),
        (person.as_str(), "/communicationItems/0/type/id", json!(4)),
        (person.as_str(), "/communicationItems/0/domain", json!("@x")),
    ] {
        let (before, now) = (api.get(path).await.json(), control.now());
        let answer = api.patch(path, &[("replace", field, value)]).await;
        assert_eq!(answer.status, 200, "{path} {field}: {}", answer.text);
        assert_eq!(answer.json(), before, "{path} {field}");
        assert_eq!(api.get(path).await.json(), before, "{path} {field}");
        assert_eq!(control.now(), now, "{path} {field}");
    }
    assert!(control.writes().iter().all(|write| write.applied.is_none()));
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_and_nothing_is_stored() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let contact = reachable(&api);
    let person = format!("/company/contacts/{contact}");
    let device = format!("/company/configurations/{}", server(&api));
    let (person, device) = (person.as_str(), device.as_str());
    let company = "/company/companies/250";
    let site = "/company/companies/250/sites/400";
    let taken = control.record(Kind::Company, 251).expect("it is there")["identifier"].clone();
    let home = control.record(Kind::Contact, contact).expect("it is there")["company"]["id"].clone();
    let of_others = |id: &u64| {
        control
            .record(Kind::Site, *id)
            .is_some_and(|site| site["company"]["id"] != home)
    };
    let foreign = control
        .ids(Kind::Site)
        .into_iter()
        .find(of_others)
        .expect("there are sites of others");
    let (missing, invalid, unknown) = ("MissingRequiredField", "InvalidField", "NotFound");
    for (path, field, value, code, place) in [
        (company, "/name", json!("x".repeat(157)), invalid, "name"),
        (company, "/name", Value::Null, missing, "name"),
        (company, "/identifier", json!("  "), missing, "identifier"),
        (company, "/identifier", taken, "ObjectExists", "identifier"),
        (company, "/status", json!({"id": 99}), unknown, "status/id"),
        (
            company,
            "/parentCompany",
            json!({"identifier": "nobody"}),
            unknown,
            "parentCompany/identifier",
        ),
        (company, "/country", json!({"id": 99}), unknown, "country/id"),
        (company, "/site", json!({"id": 400_000}), unknown, "site/id"),
        (site, "/name", json!(""), missing, "name"),
        (site, "/zip", json!("1234567890123"), invalid, "zip"),
        (person, "/firstName", Value::Null, missing, "firstName"),
        (person, "/gender", json!("None"), invalid, "gender"),
        (person, "/site", json!({"id": foreign}), unknown, "site/id"),
        (person, "/site", json!({"name": "Main"}), unknown, "site/name"),
        (person, "/communicationItems/0/value", json!(""), missing, "value"),
        (
            person,
            "/communicationItems/0/value",
            json!("x".repeat(251)),
            invalid,
            "value",
        ),
        (
            person,
            "/communicationItems/1/extension",
            json!("x".repeat(16)),
            invalid,
            "extension",
        ),
        (
            person,
            "/communicationItems/0/type",
            json!({"id": 77}),
            unknown,
            "type/id",
        ),
        (
            person,
            "/communicationItems/0",
            json!({"value": "x"}),
            missing,
            "type",
        ),
        (
            person,
            "/communicationItems",
            json!([{"type": {"id": 2}}]),
            missing,
            "value",
        ),
        (
            person,
            "/customFields",
            json!([{"id": 99, "value": 1}]),
            unknown,
            "customFields/id",
        ),
        (
            person,
            "/customFields",
            json!([{"id": 21, "value": "x"}]),
            invalid,
            "value",
        ),
        (device, "/type", Value::Null, missing, "type"),
        (device, "/company", json!({"id": 9}), unknown, "company/id"),
        (device, "/company", json!({}), missing, "company"),
        (device, "/contact", json!({"id": 9}), unknown, "contact/id"),
        (
            device,
            "/manufacturer",
            json!({"name": "Nobody"}),
            unknown,
            "manufacturer/name",
        ),
        (
            device,
            "/installedBy",
            json!({"identifier": "zadmin"}),
            unknown,
            "installedBy/identifier",
        ),
        (device, "/locationId", json!(77), unknown, "locationId"),
        (
            device,
            "/questions",
            json!([{"questionId": 9, "answer": 1}]),
            unknown,
            "questions/questionId",
        ),
        (
            device,
            "/questions",
            json!([{"questionId": 102, "answer": "many"}]),
            invalid,
            "answer",
        ),
        (
            device,
            "/questions",
            json!([{"questionId": 104, "answer": 5}]),
            invalid,
            "answer",
        ),
    ] {
        let (before, now) = (api.get(path).await.json(), control.now());
        let good = if path == person {
            "/title"
        } else if path == device {
            "/notes"
        } else {
            "/phoneNumber"
        };
        // A good operation before the bad one is not stored either.
        let operations = [("replace", good, json!("1")), ("replace", field, value)];
        let answer = api.patch(path, &operations).await;
        assert_eq!(
            complaints(&answer),
            [(code.to_owned(), place.to_owned())],
            "{path} {field}"
        );
        assert_eq!(api.get(path).await.json(), before, "{path} {field}");
        assert_eq!(control.now(), now);
    }
    let several = [
        ("replace", "/name", json!("")),
        ("replace", "/zip", json!("x".repeat(13))),
    ];
    let answer = api.patch(company, &several).await;
    assert_eq!(
        answer.json(),
        json!({"code": "InvalidObject", "message": "company object is invalid", "errors": [
            {"code": "MissingRequiredField", "message": "The name field is required.", "resource": "company",
             "field": "name"},
            {"code": "InvalidField", "message": "The field zip must be a string with a maximum length of 12.",
             "resource": "company", "field": "zip"},
        ]}),
        "all that is wrong is told at once"
    );
    let answer = api
        .patch(device, &[("replace", "/company", json!({"id": 9}))])
        .await;
    assert_eq!(
        answer.json()["errors"][0],
        json!({"code": "NotFound", "message": "Company 9 not found", "resource": "configuration",
               "field": "company/id"})
    );
}

#[tokio::test]
async fn bodies_of_the_wrong_shape_are_refused() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let path = format!("/company/contacts/{}", reachable(&api));
    let before = api.get(&path).await.json();
    let op = |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    for (body, hint) in [
        (
            json!({"op": "replace", "path": "title", "value": "x"}),
            "no JSON array",
        ),
        (op("test", "title", json!("x")), "operation 'test'"),
        (op("replace", "", json!("x")), "path segment ''"),
        (op("replace", "Title", json!("x")), "path segment 'Title'"),
        (op("replace", "/nickname", json!("x")), "path segment 'nickname'"),
        (op("replace", "title/x", json!("x")), "path segment 'x'"),
        (
            op("replace", "/communicationItems/3/value", json!("x")),
            "path segment '3'",
        ),
        (
            op("remove", "/communicationItems/3", json!(null)),
            "path segment '3'",
        ),
        (
            op(
                "add",
                "/communicationItems/4",
                json!({"type": {"id": 1}, "value": "x"}),
            ),
            "path segment '4'",
        ),
        (
            op(
                "replace",
                "/communicationItems/-",
                json!({"type": {"id": 1}, "value": "x"}),
            ),
            "path segment '-'",
        ),
        (
            op("replace", "/communicationItems/x/value", json!("x")),
            "path segment 'x'",
        ),
        (
            op("replace", "/communicationItems/0/phone", json!("x")),
            "path segment 'phone'",
        ),
        (
            op("replace", "/communicationItems", json!("x")),
            "ContactCommunicationItem[]",
        ),
        (op("replace", "/company", json!(250)), "'CompanyReference'"),
        (
            op("replace", "/company", json!({"ID": 250, "nickname": 1})),
            "'nickname' on object of type 'CompanyReference'",
        ),
        (op("replace", "/company", json!({"id": "many"})), "System.Int32"),
        (op("replace", "/inactiveFlag", json!("yes")), "System.Boolean"),
        (op("replace", "/portalSecurityLevel", json!("high")), "Int32"),
        (op("replace", "/title", json!({"name": "x"})), "System.String"),
        (
            op("replace", "/birthDay", json!("2026-11-23T14:59:31.5Z")),
            "Unsupported format applied to birthDay",
        ),
        (
            op("replace", "/birthDay", json!("2026-11-23")),
            "Unsupported format applied to birthDay",
        ),
        (
            op("replace", "/customFields", json!({"id": 21})),
            "CustomFieldValue[]",
        ),
        (
            op("replace", "/customFields", json!([{"number": 21}])),
            "'number' on object of type 'CustomFieldValue'",
        ),
    ] {
        let answer = api.write("PATCH", &path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "ConnectWiseApi"),
            "{body}: {}",
            answer.text
        );
        let message = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(hint), "{body}: {message}");
    }
    for (content_type, body, status) in [
        (JSON, &b"[{"[..], 400),
        (JSON, b"", 400),
        ("text/plain", b"[]", 415),
        ("application/xml", b"<x/>", 415),
    ] {
        let sent = crate::http::Headers {
            method: reqwest::Method::PATCH,
            body: Some((content_type, body.to_vec())),
            ..crate::http::Headers::default()
        };
        assert_eq!(api.send(&path, sent).await.status, status, "{content_type}");
    }
    let large = json!([{"op": "replace", "path": "title", "value": "x".repeat(5 * 1024 * 1024)}]);
    // The rest of a body that is too large may find the connection closed.
    if let Ok(answer) = api.try_write("PATCH", &path, &large).await {
        assert_eq!(answer.status, 413);
    }
    assert_eq!(api.get(&path).await.json(), before);
    assert!(control.writes().iter().all(|write| write.applied.is_none()));
}

#[tokio::test]
async fn items_are_written_by_index_one_operation_after_the_other() {
    let api = Api::writable(300).await;
    let id = reachable(&api);
    let path = format!("/company/contacts/{id}");
    let items = async || api.get(&path).await.json()["communicationItems"].clone();
    let values = async || -> Vec<(String, bool)> {
        let items = items().await;
        let one = |item: &Value| {
            let value = item["value"].as_str().expect("a value").to_owned();
            (value, item["defaultFlag"] == true)
        };
        items.as_array().expect("a list").iter().map(one).collect()
    };
    let before = items().await;
    let (mail, direct) = (
        before[0]["value"].as_str().expect("mail"),
        before[1]["value"].as_str().expect("phone"),
    );
    let cell = before[2]["value"].as_str().expect("phone");
    let pairs = |expected: &[(&str, bool)]| -> Vec<(String, bool)> {
        expected
            .iter()
            .map(|(value, default)| ((*value).to_owned(), *default))
            .collect()
    };
    assert_eq!(
        values().await,
        pairs(&[(mail, true), (direct, true), (cell, false)])
    );

    api.patch(
        &path,
        &[("replace", "/communicationItems/1/value", json!("555 0101"))],
    )
    .await;
    assert_eq!(
        values().await,
        pairs(&[(mail, true), ("555 0101", true), (cell, false)])
    );
    assert_eq!(
        items().await[1]["id"],
        before[1]["id"],
        "an item that is changed keeps its id"
    );
    assert_eq!(api.get(&path).await.json()["defaultPhoneNbr"], "555 0101");

    // The new default takes the place of the old one, in its own class.
    let fax = json!({"type": {"id": "3"}, "value": "555 0102", "communicationType": "Phone"});
    let work = json!({"type": {"id": 4}, "value": "555 0103", "defaultFlag": true});
    api.patch(
        &path,
        &[
            ("add", "/communicationItems/-", fax),
            ("add", "/communicationItems/0", work),
        ],
    )
    .await;
    assert_eq!(
        values().await,
        pairs(&[
            ("555 0103", true),
            (mail, true),
            ("555 0101", false),
            (cell, false),
            ("555 0102", true)
        ])
    );
    let now = items().await;
    assert_eq!(
        now[4]["communicationType"], "Fax",
        "the class follows from the type"
    );
    assert_eq!(now[4]["type"], json!({"id": 3, "name": "Fax"}));
    assert_ne!(now[0]["id"], now[4]["id"], "new items have ids of their own");

    // From low to high, the second removal meets another item than was meant.
    api.patch(
        &path,
        &[
            ("remove", "/communicationItems/0", Value::Null),
            ("remove", "/communicationItems/1", Value::Null),
        ],
    )
    .await;
    assert_eq!(
        values().await,
        pairs(&[(mail, true), (cell, true), ("555 0102", true)])
    );
    let high_to_low = [
        ("remove", "/communicationItems/2", Value::Null),
        ("remove", "/communicationItems/1", Value::Null),
    ];
    api.patch(&path, &high_to_low).await;
    assert_eq!(values().await, pairs(&[(mail, true)]));
    assert_eq!(api.get(&path).await.json().get("defaultPhoneNbr"), None);

    // The whole list: an item keeps the id it names.
    let whole = json!([
        {"type": {"id": 2}, "value": "555 0104", "extension": "12"},
        {"id": before[0]["id"], "type": {"id": 6}, "value": "new@mail.example"},
        {"id": 7, "type": {"id": 1}, "value": "second@mail.example"},
    ]);
    api.patch(&path, &[("replace", "/communicationItems", whole)])
        .await;
    let now = items().await;
    assert_eq!(
        (&now[1]["id"], &now[1]["domain"]),
        (&before[0]["id"], &json!("@mail.example"))
    );
    assert_ne!(now[2]["id"], 7, "an id that is not known is not taken");
    assert_eq!(now[0]["extension"], "12");
    assert_eq!(
        values().await,
        pairs(&[
            ("555 0104", true),
            ("new@mail.example", true),
            ("second@mail.example", false)
        ])
    );
    let listed = api.get(&format!("{path}/communications")).await.ids();
    assert_eq!(listed.len(), 3, "and the communications are the items");
    api.patch(&path, &[("remove", "/communicationItems", Value::Null)])
        .await;
    assert_eq!(values().await, []);
}

#[tokio::test]
async fn custom_fields_are_needed_and_what_is_left_out_stays() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = server(&api);
    let path = format!("/company/configurations/{id}");
    let value = async |field: u64| {
        let record = api.get(&path).await.json();
        let fields = record["customFields"].as_array().expect("fields").clone();
        fields
            .iter()
            .find(|known| known["id"] == field)
            .unwrap_or_else(|| panic!("no field {field}"))
            .get("value")
            .cloned()
            .unwrap_or_default()
    };
    let bare = json!([{"op": "replace", "path": "notes", "value": "x"}]);
    let refused = api.write("PATCH", &path, bare.clone()).await;
    assert_eq!(
        complaints(&refused),
        [("MissingRequiredField".to_owned(), "customFields".to_owned())]
    );
    let set = |value: Value| [("replace", "/customFields", value)];
    let answer = api
        .patch(
            &path,
            &set(
                json!([{"id": 3, "value": "R9-U9"}, {"id": 4, "value": true}, {"id": "6", "value": "12.5"}]),
            ),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        [value(3).await, value(4).await, value(6).await],
        [json!("R9-U9"), json!(true), json!(12.5)]
    );
    for (sent, expected) in [
        (json!([]), json!("R9-U9")),
        (json!([{"id": 4, "value": false}]), json!("R9-U9")),
        (json!([{"id": 3, "caption": "Rack position"}]), json!("R9-U9")),
        (json!([{"id": 3, "value": null}]), Value::Null),
        (json!([{"id": 3, "value": 7}]), json!("7")),
    ] {
        assert_eq!(api.patch(&path, &set(sent.clone())).await.status, 200, "{sent}");
        assert_eq!(value(3).await, expected, "{sent}");
    }
    // Sites have no custom fields here, and some servers do not ask for them.
    let site = json!([{"op": "replace", "path": "name", "value": "x"}]);
    assert_eq!(
        api.write("PATCH", "/company/companies/250/sites/400", site)
            .await
            .status,
        200
    );
    control.set_habits(Habits {
        custom_fields_needed: false,
        ..Habits::default()
    });
    assert_eq!(api.write("PATCH", &path, bare).await.status, 200);
}

#[tokio::test]
async fn questions_are_replaced_whole() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = server(&api);
    let path = format!("/company/configurations/{id}");
    let answers = || {
        let record = control.record(Kind::Configuration, id).expect("it is there");
        let questions = record["questions"].as_array().expect("questions").clone();
        questions
            .iter()
            .map(|question| question.get("answer").cloned().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let put = async |questions: Value| {
        let answer = api.patch(&path, &[("replace", "/questions", questions)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    let whole = json!([
        {"questionId": 101, "answer": "Print server"}, {"questionId": 102, "answer": "64"},
        {"answerId": id * 16 + 2, "answer": "secret"}, {"questionId": 104, "answer": true},
        {"questionId": 105, "answer": "203.0.113.9"},
    ]);
    put(whole).await;
    let all = [
        json!("Print server"),
        json!(64),
        json!("secret"),
        json!(true),
        json!("203.0.113.9"),
    ];
    assert_eq!(answers(), all);
    // The array as it was read goes back and changes nothing.
    let read = api.get(&path).await.json()["questions"].clone();
    put(read).await;
    assert_eq!(answers(), all);
    // Who cannot see passwords does not erase them by that.
    let module = connectwise_simulator::Module::DisplayPasswords;
    control.set_inquire(module, connectwise_simulator::Level::None);
    let read = api.get(&path).await.json()["questions"].clone();
    assert_eq!(
        read[2].get("answer"),
        None,
        "an edited record hides passwords too"
    );
    put(read).await;
    assert_eq!(answers(), all);
    control.set_inquire(module, connectwise_simulator::Level::All);
    put(json!([{"questionId": 102, "answer": 65}])).await;
    assert_eq!(
        answers(),
        [Value::Null, json!(65), Value::Null, Value::Null, Value::Null],
        "what is left out loses its answer"
    );
    // Another type has other questions.
    api.patch(&path, &[("replace", "/type", json!({"name": "UPS"}))])
        .await;
    let record = api.get(&path).await.json();
    assert_eq!(record["type"], json!({"id": 8, "name": "UPS"}));
    assert_eq!(record["questions"][0]["question"], "Battery replaced on");
    assert_eq!(record["questions"].as_array().map(Vec::len), Some(2));
    put(json!([{"questionId": 801, "answer": "2026-11-23T00:00:00Z"}])).await;
    assert_eq!(answers(), [json!("2026-11-23T00:00:00Z"), Value::Null]);
}
