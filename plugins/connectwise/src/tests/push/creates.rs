//! New records: what is sent, what has to be there, and that it is sent once.

use super::*;

fn room() -> Room {
    Room::new(psa::contacts(ada()).with_list(
        "/company/companies/types",
        json!([{"id": 4, "name": "Client"}, {"id": 5, "name": "Vendor"}]),
    ))
}

#[test]
fn each_kind_is_made_with_one_post() {
    let company = json!({
        "name": "Acme", "identifier": "ACME", "types": [{"name": "Client"}], "status": {"name": "Active"}, "addressLine1": "1 Road",
        "phoneNumber": null, "site": {},
    });
    let site = json!({"name": "Main", "addressLine1": "1 Road", "city": "Tampa", "country": {"name": "United States"}, "primaryAddressFlag": true});
    let contact = json!({
        "firstName": "Eve", "lastName": "Hall", "types": [{"id": 2, "name": "Owner"}], "site": {"id": 31, "name": "Main"}, "inactiveFlag": false,
        "communicationItems": [
            {"type": {"name": "Mobile"}, "value": "5550100", "extension": null, "communicationType": "Phone", "defaultFlag": true},
            {"value": "", "communicationType": "Email"},
        ],
    });
    let device = json!({"name": "SRV-9", "type": {"name": "Server"}, "status": {"name": "Active"}, "purchaseDate": "2026-11-01T00:00:00Z", "notes": ""});
    let table = [
        (
            "organization",
            company,
            "/company/companies",
            json!({"name": "Acme", "identifier": "ACME", "types": [{"id": 4}], "status": {"name": "Active"}, "addressLine1": "1 Road"}),
        ),
        ("location", site.clone(), "/company/companies/250/sites", site),
        (
            "contact",
            contact,
            "/company/contacts",
            json!({
                "firstName": "Eve", "lastName": "Hall", "types": [{"id": 2}], "site": {"id": 31, "name": "Main"}, "inactiveFlag": false,
                "company": {"id": 250},
                "communicationItems": [{"type": {"id": 4, "name": "Mobile"}, "value": "5550100", "communicationType": "Phone", "defaultFlag": true}],
            }),
        ),
        (
            "configuration",
            device,
            "/company/configurations",
            json!({"name": "SRV-9", "type": {"name": "Server"}, "status": {"name": "Active"}, "purchaseDate": "2026-11-01T00:00:00Z",
                   "company": {"id": 250}}),
        ),
    ];
    for (kind, desired, path, body) in table {
        let mut room = room();
        let outcome = room.push_one(&create(kind, desired));
        let record = applied(&outcome);
        assert_eq!((record.kind.as_str(), record.id.is_empty()), (kind, false));
        assert_eq!(room.body(), body, "{kind}");
        let write = &room.writes()[0];
        assert_eq!((write.method.as_str(), write.path.as_str()), ("POST", path));
        assert!(!write.repeatable);
    }
}

#[test]
fn a_company_that_is_named_stays() {
    let mut room = room();
    let desired = json!({"firstName": "Eve", "company": {"id": 9, "name": "Other"}});
    applied(&room.push_one(&create("contact", desired)));
    assert_eq!(room.body()["company"], json!({"id": 9, "name": "Other"}));
}

#[test]
fn what_a_record_is_not_made_without_is_told_by_its_field() {
    let table = [
        ("organization", json!({"name": "A"}), "short_name"),
        ("organization", json!({"identifier": "A", "name": " "}), "name"),
        ("location", json!({"city": "Tampa"}), "name"),
        ("contact", json!({"lastName": "Hall"}), "first_name"),
        ("configuration", json!({"name": "A", "type": {}}), "type"),
        ("configuration", json!({"type": {"id": 1}}), "name"),
    ];
    for (kind, desired, field) in table {
        let mut room = room();
        let outcome = room.push_one(&create(kind, desired));
        assert_eq!(field_at_fault(&outcome), field, "{kind}");
        assert!(fault_of(&outcome).message.contains("nothing was sent"));
        assert!(room.writes().is_empty());
    }
    for (kind, desired) in [
        ("location", json!({"name": "Main"})),
        ("configuration", json!({"name": "A", "type": {"id": 1}})),
    ] {
        let homeless = Change {
            parent: None,
            ..create(kind, desired)
        };
        assert_eq!(field_at_fault(&room().push_one(&homeless)), "organization");
    }
    let nobodys = Change {
        parent: None,
        ..create("contact", json!({"firstName": "Eve"}))
    };
    applied(&room().push_one(&nobodys));
}

#[test]
fn an_answer_that_names_no_record_leaves_it_in_doubt() {
    for answer in [
        ok(""),
        ok("{}"),
        ok("<html>thanks"),
        status(201, "null"),
        status(204, ""),
    ] {
        let mut room = room();
        room.psa.borrow_mut().refused.insert(0, answer);
        let outcome = room.push_one(&create("contact", json!({"firstName": "Eve"})));
        assert!(in_doubt(&outcome).contains("the new contact"));
        assert_eq!(room.writes().len(), 1);
    }
}

#[test]
fn a_company_that_is_gone_is_not_the_records_own_end() {
    let mut room = room();
    room.psa
        .borrow_mut()
        .refused
        .insert(0, psa::not_found("Company 250"));
    let outcome = room.push_one(&create("location", json!({"name": "Main"})));
    assert_eq!(field_at_fault(&outcome), "organization");
}

#[test]
fn a_post_is_sent_again_only_where_the_codebase_moved() {
    let mut infos = 0;
    let (mut connection, log) = connection(move |seen| {
        if seen.path.starts_with("/login") {
            infos += 1;
            return Some(ok(&format!(r#"{{"Codebase":"v{infos}/"}}"#)));
        }
        Some(match seen.url.contains("/v1/") {
            true => status(
                404,
                r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#,
            ),
            false => status(201, r#"{"id":5,"firstName":"Eve"}"#),
        })
    });
    let outcomes = connection.push(&context(), &[create("contact", json!({"firstName": "Eve"}))]);
    applied(&outcomes[0]);
    let posts: Vec<String> = log
        .borrow()
        .iter()
        .filter(|seen| seen.method == "POST")
        .map(|seen| seen.url.split('/').nth(3).unwrap().to_owned())
        .collect();
    assert_eq!(posts, ["v1", "v2"]);
}

#[test]
fn trouble_after_a_write_does_not_cost_its_answer() {
    // The second of two is told that the codebase moved, and looking it up fails.
    let mut infos = 0;
    let (mut connection, _) = connection(move |seen| {
        if seen.path.starts_with("/login") {
            infos += 1;
            return Some(match infos {
                1 => ok(r#"{"Codebase":"v1/"}"#),
                _ => Err(Failure::Unreachable("down".into())),
            });
        }
        Some(match seen.body.contains("Eve") {
            true => status(201, r#"{"id":5,"firstName":"Eve"}"#),
            false => status(404, ""),
        })
    });
    let new = |name: &str| create("contact", json!({"firstName": name}));
    let outcomes = connection.push(&context(), &[new("Eve"), new("Bob")]);
    assert_eq!(applied(&outcomes[0]).id, "5");
    assert!(matches!(fault_of(&outcomes[1]).cause, Cause::Bug));
}
