//! PATCH: what changes, what is refused, and what is answered with 200 and changes nothing.

use crate::http::{Api, JSON};
use crate::scene::{reachable, refused, server};
use connectwise_simulator::{Config, Kind, Role, Size};
use serde_json::{Value, json};

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
    let site = "/company/companies/250/sites/400";
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
        (site, "/company", json!({"id": 251})),
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
        refused(&answer, code, place, &format!("{path} {field}"));
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

/// Whatever shape a record has: one field is written, and nothing else of it is touched.
#[tokio::test]
async fn the_rest_of_a_record_stays_as_it_was() {
    for loose in [false, true] {
        let api = Api::start(Config {
            loose,
            role: Role::writing(),
            size: Size::records(200),
            ..Config::default()
        })
        .await;
        let control = api.simulator.control();
        for (kind, list, field) in [
            (Kind::Company, "/company/companies", "leadSource"),
            (Kind::Contact, "/company/contacts", "school"),
            (Kind::Configuration, "/company/configurations", "deviceIdentifier"),
        ] {
            for id in control.ids(kind) {
                let path = format!("{list}/{id}");
                let mut before = api.get(&path).await.json();
                let answer = api.patch(&path, &[("add", field, json!("written"))]).await;
                assert_eq!(answer.status, 200, "{path}: {}", answer.text);
                let mut after = answer.json();
                assert_eq!(after[field], "written");
                for record in [&mut before, &mut after] {
                    let record = record.as_object_mut().expect("a record");
                    record.remove(field);
                    record.remove("_info");
                }
                assert_eq!(after, before, "{path}, loose: {loose}");
            }
        }
    }
}
