//! POST, PUT and DELETE of whole records.

use crate::http::Api;
use crate::scene::refused;
use connectwise_simulator::Kind;
use serde_json::{Value, json};

#[tokio::test]
async fn new_records_get_what_the_system_supplies() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let made = async |path: &str, kind: Kind, body: Value| -> Value {
        let (now, count) = (control.now(), control.ids(kind).len());
        let answer = api.write("POST", path, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let record = answer.json();
        let id = record["id"].as_u64().expect("an id");
        assert_eq!(control.ids(kind).last(), Some(&id));
        assert_eq!(control.ids(kind).len(), count + 1);
        assert_eq!(control.now(), now + 60);
        let location = answer.headers["location"].to_str().expect("a path");
        assert!(location.ends_with(&format!("/apis/3.0{path}/{id}")), "{location}");
        assert_eq!(api.get(&format!("{path}/{id}")).await.json(), record);
        let info = &record["_info"];
        assert_eq!(
            (&info["enteredBy"], &info["updatedBy"]),
            (&json!("Dovetail"), &json!("Dovetail"))
        );
        assert_eq!(info["dateEntered"], info["lastUpdated"]);
        record
    };
    let company = made(
        "/company/companies",
        Kind::Company,
        json!({"identifier": "NewCo", "name": "New Company", "addressLine1": "1 Quay", "city": "Tampa",
               "types": [{"id": 3}, {"name": "partner"}], "site": {"name": "Harbour"}, "id": 7}),
    )
    .await;
    assert_eq!(company["status"], json!({"id": 1, "name": "Active"}));
    assert_eq!(
        company["types"],
        json!([{"id": 3, "name": "Vendor"}, {"id": 4, "name": "Partner"}])
    );
    assert_eq!(
        (&company["isVendorFlag"], &company["deletedFlag"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        company["customFields"].as_array().map(Vec::len),
        Some(3),
        "all fields, without values"
    );
    let id = company["id"].as_u64().expect("an id");
    let sites = api.get(&format!("/company/companies/{id}/sites")).await.json();
    assert_eq!(
        (&sites[0]["name"], &sites[0]["addressLine1"]),
        (&json!("Harbour"), &json!("1 Quay"))
    );
    assert_eq!(sites[0]["primaryAddressFlag"], true);
    assert_eq!(company["site"], json!({"id": sites[0]["id"], "name": "Harbour"}));

    let site = made(
        &format!("/company/companies/{id}/sites"),
        Kind::Site,
        json!({"name": "Second", "country": {"id": 1}, "primaryAddressFlag": true}),
    )
    .await;
    assert_eq!(
        site["company"],
        json!({"id": id, "identifier": "NewCo", "name": "New Company"})
    );
    let sites = api.get(&format!("/company/companies/{id}/sites")).await.json();
    assert_eq!(
        (&sites[0]["primaryAddressFlag"], &sites[1]["primaryAddressFlag"]),
        (&json!(false), &json!(true)),
        "a company has one primary site"
    );

    let contact = made(
        "/company/contacts",
        Kind::Contact,
        json!({"FirstName": "Ada", "lastName": "New", "company": {"identifier": "newco"},
               "site": {"id": site["id"]}, "typeIds": [2, "5"],
               "communicationItems": [{"type": {"id": 1}, "value": "ada@new.example"},
                                      {"type": {"id": 2}, "value": "555 0100", "extension": "7"}],
               "customFields": [{"id": 21, "value": true}]}),
    )
    .await;
    assert_eq!(contact["firstName"], "Ada", "names in a body may have any case");
    assert_eq!(contact["company"]["id"], id);
    assert_eq!(contact["types"].as_array().map(Vec::len), Some(2));
    assert_eq!(contact.get("typeIds"), None);
    assert_eq!(
        (
            &contact["portalSecurityLevel"],
            &contact["disablePortalLoginFlag"]
        ),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        (&contact["defaultPhoneNbr"], &contact["defaultPhoneExtension"]),
        (&json!("555 0100"), &json!("7"))
    );
    assert_eq!(contact["communicationItems"][0]["domain"], "@new.example");
    assert_eq!(contact["customFields"][0]["value"], true);
    let bare = made("/company/contacts", Kind::Contact, json!({"firstName": "Solo"})).await;
    assert_eq!(
        (&bare["types"], &bare["communicationItems"]),
        (&json!([]), &json!([]))
    );

    let device = made(
        "/company/configurations",
        Kind::Configuration,
        json!({"name": "NEW-01", "company": {"id": id}, "type": {"id": 8}, "site": {"id": site["id"]},
               "contact": {"id": contact["id"]}, "questions": [{"questionId": 802, "answer": 40}]}),
    )
    .await;
    assert_eq!(device["status"], json!({"id": 1, "name": "Active"}));
    assert_eq!(
        (&device["activeFlag"], &device["locationId"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(device["contact"]["name"], "Ada New");
    let answers = device["questions"].as_array().expect("the questions of its type");
    assert_eq!(
        (answers[0].get("answer"), &answers[1]["answer"]),
        (None, &json!(40))
    );
    // Lists, counts and references find the new records.
    assert_eq!(
        api.count("/company/configurations", &format!("company/id = {id}"))
            .await,
        1
    );
    assert_eq!(
        api.count(
            "/company/contacts",
            "firstName = 'Ada' and company/name = 'New Company'"
        )
        .await,
        1
    );
    assert_eq!(api.count("/company/companies", "identifier = 'NewCo'").await, 1);

    let part = api
        .write(
            "POST",
            "/company/contacts?fields=id,firstName,company/name",
            json!({"firstName": "Part"}),
        )
        .await
        .json();
    assert_eq!(
        part,
        json!({"id": bare["id"].as_u64().expect("an id") + 1, "firstName": "Part"})
    );
}

#[tokio::test]
async fn what_cannot_be_created_is_told() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let taken = control.record(Kind::Company, 250).expect("it is there")["identifier"].clone();
    let lower = json!(taken.as_str().expect("a text").to_lowercase());
    let (company, contact, device) = (
        "/company/companies",
        "/company/contacts",
        "/company/configurations",
    );
    let sites = "/company/companies/250/sites";
    let missing = "MissingRequiredField";
    for (path, body, code, field) in [
        (company, json!({"name": "x", "city": "y"}), missing, "identifier"),
        (company, json!({"identifier": "x", "city": "y"}), missing, "name"),
        (
            company,
            json!({"identifier": "x", "name": null, "city": "y"}),
            missing,
            "name",
        ),
        (
            company,
            json!({"identifier": "x", "name": "y"}),
            missing,
            "addressLine1",
        ),
        (
            company,
            json!({"identifier": lower, "name": "y", "city": "z"}),
            "ObjectExists",
            "identifier",
        ),
        (
            company,
            json!({"identifier": "x", "name": "y", "city": "z", "types": [{"id": 99}]}),
            "NotFound",
            "types/id",
        ),
        (sites, json!({"city": "x"}), missing, "name"),
        (contact, json!({"lastName": "x"}), missing, "firstName"),
        (contact, json!({"firstName": ""}), missing, "firstName"),
        (
            contact,
            json!({"firstName": "x", "company": {"id": 99}}),
            "NotFound",
            "company/id",
        ),
        (
            contact,
            json!({"firstName": "x", "typeIds": [99]}),
            "NotFound",
            "typeIds/id",
        ),
        (
            contact,
            json!({"firstName": "x", "site": {"id": 400}}),
            "NotFound",
            "site/id",
        ),
        (
            device,
            json!({"company": {"id": 250}, "type": {"id": 1}}),
            missing,
            "name",
        ),
        (
            device,
            json!({"name": "x", "type": {"id": 1}}),
            missing,
            "company",
        ),
        (
            device,
            json!({"name": "x", "company": {"id": 250}}),
            missing,
            "type",
        ),
        (
            device,
            json!({"name": "x", "company": {"id": 250}, "type": {"id": 99}}),
            "NotFound",
            "type/id",
        ),
        (
            device,
            json!({"name": "x", "company": {"id": 250}, "type": {"id": 1}, "macAddress": "x".repeat(26)}),
            "InvalidField",
            "macAddress",
        ),
    ] {
        let now = control.now();
        let answer = api.write("POST", path, body.clone()).await;
        refused(&answer, code, field, &format!("{path} {body}"));
        assert_eq!(control.now(), now, "nothing is stored");
    }
    let answer = api.write("POST", contact, json!({"lastName": "x"})).await;
    assert_eq!(
        answer.json(),
        json!({"code": "InvalidObject", "message": "contact object is invalid", "errors": [{
            "code": "MissingRequiredField", "message": "The firstName field is required.", "resource": "contact",
            "field": "firstName"}]})
    );
    let answer = api
        .write("POST", contact, json!({"firstName": "x", "type": {"id": 1}}))
        .await;
    assert_eq!(
        answer.json(),
        json!({"code": "ConnectWiseApi", "errors": null, "message": "Could not find member 'type' on object of type \
               'Contact'. Path 'type', line 1, position 24.Check your accept header to make sure you are using the \
               correct version."})
    );
    for (path, body) in [
        (contact, json!([])),
        (contact, json!({"firstName": {"x": 1}})),
        (contact, json!({"firstName": "x", "company": 250})),
        (contact, json!({"firstName": "x", "types": 1})),
        (device, json!({"name": "x", "purchaseDate": "yesterday"})),
    ] {
        let answer = api.write("POST", path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "ConnectWiseApi"),
            "{body}"
        );
    }
    let lost = api
        .write("POST", "/company/companies/9/sites", json!({"name": "x"}))
        .await;
    assert_eq!((lost.status, lost.code().as_str()), (404, "NotFound"));
}

#[tokio::test]
async fn put_replaces_all_but_what_the_server_owns() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = control
        .ids(Kind::Company)
        .into_iter()
        .find(|id| {
            control
                .record(Kind::Company, *id)
                .is_some_and(|record| record.get("website").is_some())
        })
        .expect("some have a website");
    let path = format!("/company/companies/{id}");
    control
        .edit(
            Kind::Company,
            id,
            json!({"customFields": [{"id": 11, "caption": "Region", "type": "Text", "value": "North"}]}),
        )
        .expect("it is there");
    let before = api.get(&path).await.json();
    let body = json!({"identifier": "PutCo", "name": "Put", "city": "Leeds", "types": [{"id": 20}],
                      "customFields": [{"id": 11, "value": "South"}]});
    let after = api.write("PUT", &path, body).await;
    assert_eq!(after.status, 200, "{}", after.text);
    let after = after.json();
    assert_eq!((&after["name"], &after["city"]), (&json!("Put"), &json!("Leeds")));
    for gone in [
        "website",
        "phoneNumber",
        "addressLine1",
        "accountNumber",
        "defaultContact",
    ] {
        assert_eq!(after.get(gone), None, "{gone}");
    }
    for kept in ["id", "types", "customFields", "site", "deletedFlag"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(after["_info"]["dateEntered"], before["_info"]["dateEntered"]);
    assert_ne!(after["_info"]["lastUpdated"], before["_info"]["lastUpdated"]);
    assert_eq!(
        after["status"],
        json!({"id": 1, "name": "Active"}),
        "what the system supplies"
    );
    let answer = api
        .write("PUT", &path, json!({"identifier": "PutCo", "city": "Leeds"}))
        .await;
    refused(&answer, "MissingRequiredField", "name", &path);
    assert_eq!(api.get(&path).await.json(), after);
    // A PUT of a contact with items is refused where it has some, and without them takes them away.
    let items = json!([{"type": {"id": 1}, "value": "put@mail.example"}]);
    let person = api
        .write(
            "POST",
            "/company/contacts",
            json!({"firstName": "Put", "communicationItems": items}),
        )
        .await
        .json();
    let path = format!("/company/contacts/{}", person["id"]);
    let answer = api
        .write(
            "PUT",
            &path,
            json!({"firstName": "Put", "communicationItems": items}),
        )
        .await;
    refused(&answer, "InvalidField", "communicationItems", &path);
    let answer = api.write("PUT", &path, json!({"firstName": "Bare"})).await.json();
    assert_eq!(
        (&answer["firstName"], &answer["communicationItems"]),
        (&json!("Bare"), &json!([]))
    );
    let answer = api
        .write(
            "PUT",
            &path,
            json!({"firstName": "Put", "communicationItems": items}),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn deleted_records_are_gone_or_marked_and_those_in_use_stay() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let gone = async |path: &str| {
        let answer = api.write("DELETE", path, Value::Null).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{path}");
        assert_eq!(answer.headers.get("content-type"), None);
    };
    let in_use = async |path: &str, by: &str| {
        let before = control.now();
        let answer = api.write("DELETE", path, Value::Null).await;
        assert_eq!(answer.status, 409, "{path}: {}", answer.text);
        assert!(
            answer.json()["message"]
                .as_str()
                .is_some_and(|text| text.contains(by)),
            "{}",
            answer.text
        );
        assert_eq!(control.now(), before);
        assert_eq!(api.get(path).await.status, 200);
    };
    in_use("/company/companies/250", "used by Contact").await;
    in_use("/company/contacts/310", "used by Company 250").await;
    in_use("/company/companies/250/sites/400", "used by Company 250").await;

    let new = async |path: &str, body: Value| -> u64 {
        let record = api.write("POST", path, body).await.json();
        record["id"].as_u64().unwrap_or_else(|| panic!("{record}"))
    };
    let company = new(
        "/company/companies",
        json!({"identifier": "Z", "name": "Z", "city": "Z"}),
    )
    .await;
    let site = new(
        &format!("/company/companies/{company}/sites"),
        json!({"name": "Spare"}),
    )
    .await;
    let person = new(
        "/company/contacts",
        json!({"firstName": "A", "company": {"id": company}}),
    )
    .await;
    let heir = new("/company/contacts", json!({"firstName": "B"})).await;
    let device = json!({"name": "D", "company": {"id": company}, "type": {"id": 5}, "contact": {"id": person},
                        "site": {"id": site}});
    let device = new("/company/configurations", device).await;
    let child =
        json!({"name": "C", "company": {"id": company}, "type": {"id": 5}, "parentConfigurationId": device});
    let child = new("/company/configurations", child).await;
    let device_path = format!("/company/configurations/{device}");
    let person_path = format!("/company/contacts/{person}");
    let site_path = format!("/company/companies/{company}/sites/{site}");
    in_use(&device_path, &format!("used by Configuration {child}")).await;
    in_use(&site_path, &format!("used by Configuration {device}")).await;
    in_use(&person_path, &format!("used by Configuration {device}")).await;
    for heir in [person, 9] {
        let answer = api
            .write(
                "DELETE",
                &format!("{person_path}?transferContactId={heir}"),
                Value::Null,
            )
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "NotFound"),
            "{heir} cannot take over"
        );
    }
    gone(&format!("{person_path}?transferContactId={heir}")).await;
    assert_eq!(
        api.get(&device_path).await.json()["contact"],
        json!({"id": heir, "name": "B"})
    );
    gone(&format!("/company/configurations/{child}")).await;
    gone(&device_path).await;
    gone(&site_path).await;
    for path in [&person_path, &device_path, &site_path] {
        assert_eq!(api.get(path).await.code(), "NotFound", "{path}");
        let again = api.write("DELETE", path, Value::Null).await;
        assert_eq!((again.status, again.code().as_str()), (404, "NotFound"), "{path}");
    }
    // A company is only marked, once.
    let company_path = format!("/company/companies/{company}");
    gone(&company_path).await;
    let marked = api.get(&company_path).await.json();
    assert_eq!(
        (&marked["deletedFlag"], &marked["deletedBy"]),
        (&json!(true), &json!("Dovetail"))
    );
    assert_eq!(marked["dateDeleted"], marked["_info"]["lastUpdated"]);
    gone(&company_path).await;
    assert_eq!(api.get(&company_path).await.json(), marked);
}
