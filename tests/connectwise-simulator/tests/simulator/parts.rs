//! Communications and type associations as records of their own, and configurations in bulk.

use crate::http::Api;
use crate::scene::{reachable, refused};
use connectwise_simulator::{Habits, Kind, write_endpoints};
use serde_json::{Value, json};

#[tokio::test]
async fn communications_are_the_items_of_their_contact() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = reachable(&api);
    let contact = format!("/company/contacts/{id}");
    let list = format!("{contact}/communications");
    let count = api.get(&list).await.ids().len();
    let fax = json!({"type": {"id": 3}, "value": "555 0199", "extension": "4", "communicationType": "Email", "id": 3});
    let made = api.write("POST", &list, fax).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!(made["contactId"], id);
    assert_eq!(
        (&made["communicationType"], &made["defaultFlag"]),
        (&json!("Fax"), &json!(true))
    );
    let one = format!("{list}/{}", made["id"]);
    assert_eq!(api.get(&one).await.json(), made);
    assert_eq!(api.get(&list).await.ids().len(), count + 1);
    let inline = api.get(&contact).await.json();
    assert_eq!(inline["communicationItems"][count]["value"], "555 0199");
    assert_eq!(inline["_info"]["updatedBy"], "Dovetail");

    let patch = json!([{"op": "replace", "path": "/value", "value": "555 0198"}, {"op": "remove", "path": "extension"}]);
    let patched = api.write("PATCH", &one, patch).await.json();
    assert_eq!(
        (&patched["value"], patched.get("extension")),
        (&json!("555 0198"), None)
    );
    assert_eq!(patched["id"], made["id"]);
    let replaced = api
        .write(
            "PUT",
            &one,
            json!({"type": {"name": "email"}, "value": "fax@mail.example"}),
        )
        .await
        .json();
    assert_eq!(
        (&replaced["communicationType"], &replaced["domain"]),
        (&json!("Email"), &json!("@mail.example"))
    );
    let quiet = json!([{"op": "replace", "path": "type/id", "value": 2}]);
    let now = control.now();
    assert_eq!(
        api.write("PATCH", &one, quiet).await.json(),
        replaced,
        "a false success"
    );
    assert_eq!(control.now(), now);
    for (method, path, body, code, field) in [
        (
            "POST",
            &list,
            json!({"value": "x"}),
            "MissingRequiredField",
            "type",
        ),
        (
            "POST",
            &list,
            json!({"type": {"id": 1}}),
            "MissingRequiredField",
            "value",
        ),
        (
            "POST",
            &list,
            json!({"type": {"id": 99}, "value": "x"}),
            "NotFound",
            "type/id",
        ),
        (
            "POST",
            &list,
            json!({"type": {"id": 1}, "value": "x".repeat(251)}),
            "InvalidField",
            "value",
        ),
        (
            "PUT",
            &one,
            json!({"type": {"id": 1}, "value": ""}),
            "MissingRequiredField",
            "value",
        ),
        (
            "PATCH",
            &one,
            json!([{"op": "remove", "path": "value"}]),
            "MissingRequiredField",
            "value",
        ),
    ] {
        let answer = api.write(method, path, body).await;
        refused(&answer, code, field, path);
        assert_eq!(answer.json()["message"], "contactCommunication object is invalid");
    }
    let unknown = api
        .write(
            "POST",
            &list,
            json!({"type": {"id": 1}, "value": "x", "phone": 1}),
        )
        .await;
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "ConnectWiseApi"));
    assert_eq!(api.get(&one).await.json(), replaced);

    assert_eq!(api.write("DELETE", &one, Value::Null).await.status, 204);
    assert_eq!(api.get(&one).await.code(), "NotFound");
    assert_eq!(api.write("DELETE", &one, Value::Null).await.status, 404);
    assert_eq!(
        api.write("POST", "/company/contacts/9/communications", json!({}))
            .await
            .status,
        404
    );
    assert_eq!(api.get(&list).await.ids().len(), count);
}

#[tokio::test]
async fn types_change_by_their_associations() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    for (kind, records, flat, whose) in [
        (
            Kind::Company,
            "/company/companies",
            "/company/companyTypeAssociations",
            "company",
        ),
        (
            Kind::Contact,
            "/company/contacts",
            "/company/contactTypeAssociations",
            "contact",
        ),
    ] {
        let id = control.ids(kind)[0];
        let path = format!("{records}/{id}");
        let list = format!("{path}/typeAssociations");
        let types = async || -> Vec<u64> {
            let record = api.get(&path).await.json();
            let types = record["types"].as_array().expect("types").clone();
            types.iter().filter_map(|of| of["id"].as_u64()).collect()
        };
        let before = types().await;
        let others: Vec<u64> = [1, 2, 4].into_iter().filter(|of| !before.contains(of)).collect();
        let (nested, by_flat) = (others[0], others[1]);
        let made = api.write("POST", &list, json!({"type": {"id": nested}})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        assert_eq!(
            (&made["type"]["id"], &made[whose]["id"]),
            (&json!(nested), &json!(id))
        );
        assert_eq!(
            made["_info"]["lastUpdated"],
            api.get(&path).await.json()["_info"]["lastUpdated"]
        );
        let pair = json!({"type": {"id": by_flat}, whose: {"id": id}});
        let second = api.write("POST", flat, pair.clone()).await;
        assert_eq!(second.status, 201, "{}", second.text);
        let mut expected = before.clone();
        expected.extend([nested, by_flat]);
        assert_eq!(types().await, expected);
        assert_eq!(
            api.count(flat, &format!("{whose}/id = {id}")).await,
            expected.len() as u64
        );
        refused(
            &api.write("POST", &list, json!({"type": {"id": nested}})).await,
            "ObjectExists",
            "type",
            &list,
        );
        refused(
            &api.write("POST", &list, json!({"type": {"id": 99}})).await,
            "NotFound",
            "type/id",
            &list,
        );
        refused(
            &api.write("POST", &list, json!({})).await,
            "MissingRequiredField",
            "type",
            &list,
        );
        refused(
            &api.write("POST", flat, json!({"type": {"id": 1}})).await,
            "MissingRequiredField",
            whose,
            flat,
        );
        let nobody = json!({"type": {"id": 1}, whose: {"id": 9}});
        refused(
            &api.write("POST", flat, nobody).await,
            "NotFound",
            &format!("{whose}/id"),
            flat,
        );
        let odd = api.write("POST", flat, json!({"kind": 1})).await;
        assert_eq!((odd.status, odd.code().as_str()), (400, "ConnectWiseApi"));

        // The others keep their ids when one goes.
        assert_eq!(
            api.write("DELETE", &format!("{list}/{}", made["id"]), Value::Null)
                .await
                .status,
            204
        );
        expected.retain(|of| *of != nested);
        assert_eq!(types().await, expected);
        let one = format!("{flat}/{}", second.json()["id"]);
        assert_eq!(api.get(&one).await.json(), second.json());
        assert_eq!(api.write("DELETE", &one, Value::Null).await.status, 204);
        assert_eq!(api.write("DELETE", &one, Value::Null).await.code(), "NotFound");
        assert_eq!(types().await, before);
        assert_eq!(
            api.write("POST", flat, pair).await.status,
            201,
            "and it can come back"
        );
    }
}

#[tokio::test]
async fn what_changes_in_children_may_not_show_in_the_record() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = reachable(&api);
    let contact = format!("/company/contacts/{id}");
    let (items, types) = (
        format!("{contact}/communications"),
        format!("{contact}/typeAssociations"),
    );
    let read = async || api.get(&contact).await.json();
    control
        .edit(Kind::Contact, id, json!({"types": []}))
        .expect("it is there");
    for (quiet, shows, of) in [(true, false, 1), (false, true, 2)] {
        control.set_habits(Habits {
            quiet_children: quiet,
            ..Habits::default()
        });
        for (path, body) in [
            (&items, json!({"type": {"id": 3}, "value": "1"})),
            (&types, json!({"type": {"id": of}})),
        ] {
            let before = read().await;
            assert_eq!(api.write("POST", path, body).await.status, 201);
            let after = read().await;
            assert_eq!(before["_info"] != after["_info"], shows, "{path}");
            assert_ne!(
                (&before["communicationItems"], &before["types"]),
                (&after["communicationItems"], &after["types"])
            );
        }
    }
}

#[tokio::test]
async fn bulk_writes_tell_of_each_entry() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let bulk = "/company/configurations/bulk";
    let device = |name: &str| json!({"name": name, "company": {"id": 250}, "type": {"id": 5}});
    let made = api
        .write(
            "POST",
            bulk,
            json!([device("B-1"), {"name": "B-2"}, {"nam": "B-3"}, 5, device("B-4")]),
        )
        .await;
    assert_eq!(made.status, 207, "{}", made.text);
    let made = made.json();
    let payload = made["payload"].as_array().expect("a payload");
    let told: Vec<(bool, u64, u64)> = payload
        .iter()
        .map(|entry| {
            let number = |name: &str| entry[name].as_u64().expect("a number");
            (
                entry["success"] == true,
                number("originalIndex"),
                number("statusCode"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (true, 0, 201),
            (false, 1, 400),
            (false, 2, 400),
            (false, 3, 400),
            (true, 4, 201)
        ]
    );
    assert_eq!(payload[0]["error"], Value::Null);
    assert_eq!(payload[1]["data"], Value::Null);
    assert_eq!(payload[1]["error"]["message"], "configuration object is invalid");
    assert_eq!(payload[2]["error"]["code"], "ConnectWiseApi");
    let ids: Vec<u64> = [0, 4]
        .map(|place: usize| payload[place]["data"]["id"].as_u64().expect("an id"))
        .to_vec();
    assert_eq!(api.count("/company/configurations", "name like 'B-%'").await, 2);
    let write = control.writes().pop().expect("it was logged");
    assert_eq!(
        (write.status, write.applied),
        (207, Some(2)),
        "two writes were done"
    );

    let mut changed = device("B-9");
    changed["id"] = json!(ids[0]);
    let answer = api
        .write(
            "PUT",
            bulk,
            json!([changed, device("B-8"), {"id": 9, "name": "x"}]),
        )
        .await
        .json();
    let statuses = |answer: &Value| -> Vec<u64> {
        let payload = answer["payload"].as_array().expect("a payload");
        payload
            .iter()
            .filter_map(|entry| entry["statusCode"].as_u64())
            .collect()
    };
    assert_eq!(statuses(&answer), [200, 400, 404]);
    assert_eq!(
        api.get(&format!("/company/configurations/{}", ids[0]))
            .await
            .json()["name"],
        "B-9"
    );
    let answer = api
        .write(
            "DELETE",
            bulk,
            json!([{"id": ids[0]}, ids[1], ids[1], {"name": "x"}]),
        )
        .await
        .json();
    assert_eq!(statuses(&answer), [204, 204, 404, 400]);
    assert_eq!(api.write("POST", bulk, json!({})).await.status, 400);
    assert_eq!(
        api.write("POST", bulk, json!([])).await.json(),
        json!({"payload": []})
    );
}

/// Nothing is written by a path the list of writes does not name, and each it names is there.
#[tokio::test]
async fn the_list_of_writes_is_what_is_taken() {
    let api = Api::writable(300).await;
    let device = api.simulator.control().ids(Kind::Configuration)[0];
    let listed = write_endpoints();
    assert_eq!(listed.len(), 5 * 4 + 4 * 2 + 3, "{listed:#?}");
    for (method, path) in listed {
        let parent = if path.starts_with("/company/companies") {
            250
        } else {
            310
        };
        let id = if path.contains("/sites") {
            400
        } else if path.starts_with("/company/configurations") {
            device
        } else {
            parent
        };
        let real = path
            .replace("{parentId}", &parent.to_string())
            .replace("{id}", &id.to_string());
        let body = if method == "DELETE" && !path.ends_with("bulk") {
            Value::Null
        } else {
            json!("nonsense")
        };
        let status = api.write(method, &real, body).await.status;
        assert!(
            [400, 404, 409, 204].contains(&status),
            "{method} {path}: {status}"
        );
    }
}
