//! Updates: read, compared, and written only where something differs that nobody else touched.

use super::*;

fn room() -> Room {
    Room::new(Psa::default().with("/company/configurations", server()))
}

const AT: &str = "/company/configurations/7";

#[test]
fn nothing_is_written_where_all_holds() {
    let same = [
        json!({}),
        json!({"name": "DC-01"}),
        json!({"name": " DC-01 ", "activeFlag": "true", "purchaseDate": "2026-01-01"}),
        json!({"type": {"name": "Server"}, "status": {"id": "1", "name": "Renamed"}}),
        json!({"site": null, "contact": {}, "osType": "", "company": {"identifier": "nw"}}),
        json!({"_info": {"lastUpdated": "x"}, "id": 8}),
    ];
    for desired in same {
        // What was expected plays no part: this is the second try after a lost answer.
        let mut room = room();
        let outcome = room.push_one(&update(
            "configuration",
            7,
            json!({"name": "old"}),
            desired.clone(),
        ));
        assert_eq!(json_of(applied(&outcome))["name"], "DC-01", "{desired}");
        assert_eq!(room.sent(), [format!("GET {AT}")], "{desired}");
    }
}

#[test]
fn only_what_changes_is_sent_whole_and_once() {
    let mut room = room();
    let expected = json!({"name": "DC-01", "serialNumber": "S-1", "status": {"id": 1, "name": "Active"}, "tagNumber": "T-1"});
    let desired = json!({
        "name": "DC-01", "serialNumber": "S-2", "status": {"id": 4, "name": "Retired"}, "tagNumber": null,
        "site": {"id": 77, "name": "Head office"}, "activeFlag": true, "purchaseDate": "2026-01-01",
    });
    let expected = {
        let mut all = expected;
        all["activeFlag"] = json!(true);
        all["purchaseDate"] = json!("2026-01-01T00:00:00Z");
        all
    };
    let outcome = room.push_one(&update("configuration", 7, expected, desired));
    assert_eq!(
        room.body(),
        json!([
            {"op": "replace", "path": "/serialNumber", "value": "S-2"},
            {"op": "replace", "path": "/site", "value": {"id": 77, "name": "Head office"}},
            {"op": "replace", "path": "/status", "value": {"id": 4, "name": "Retired"}},
            {"op": "replace", "path": "/tagNumber", "value": null},
        ])
    );
    assert_eq!(
        room.sent(),
        [format!("GET {AT}"), format!("PATCH {AT}")],
        "the answer is the truth"
    );
    let write = &room.writes()[0];
    assert!(!write.repeatable);
    assert_eq!(write.credential.as_deref(), Some("key"));
    assert_eq!(
        write.headers.get("content-type").map(String::as_str),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(write.headers.get("clientid").map(String::as_str), Some("cid"));
    let record = applied(&outcome);
    assert_eq!((record.kind.as_str(), record.id.as_str()), ("configuration", "7"));
    assert_eq!(record.version, "2026-02-02T00:00:00Z");
    assert_eq!(json_of(record)["serialNumber"], "S-2");
    assert_eq!(json_of(record).get("tagNumber"), None);
}

#[test]
fn letters_beyond_ascii_and_long_numbers_go_as_they_are() {
    let mut room = room();
    let mut change = update("configuration", 7, json!({"name": "DC-01"}), json!({}));
    change.desired = r#"{"name":"Büro 漢","annual":1234567890.123456789,"ratio":4.50}"#.into();
    applied(&room.push_one(&change));
    let body = &room.writes()[0].body;
    for part in [
        r#""value":"Büro 漢""#,
        r#""value":1234567890.123456789"#,
        r#""value":4.50"#,
    ] {
        assert!(body.contains(part), "{body}");
    }
}

#[test]
fn an_answer_that_is_not_the_whole_record_leads_to_reading_it_again() {
    for partial in [&["id"][..], &[], &["id", "name", "serialNumber"]] {
        let mut room = room();
        room.psa.borrow_mut().partial = Some(partial);
        let change = update(
            "configuration",
            7,
            json!({"serialNumber": "S-1"}),
            json!({"serialNumber": "S-2"}),
        );
        let outcome = room.push_one(&change);
        assert_eq!(json_of(applied(&outcome))["modelNumber"], "R740");
        assert_eq!(
            room.sent(),
            [format!("GET {AT}"), format!("PATCH {AT}"), format!("GET {AT}")]
        );
    }
}

#[test]
fn a_yes_that_changes_nothing_is_no_yes() {
    let mut room = room();
    room.psa.borrow_mut().deaf = true;
    let change = update(
        "configuration",
        7,
        json!({"tagNumber": "T-1"}),
        json!({"tagNumber": "T-2"}),
    );
    let outcome = room.push_one(&change);
    assert_eq!(field_at_fault(&outcome), "asset_tag");
    assert!(fault_of(&outcome).message.contains("left `asset_tag` as it was"));
    assert_eq!(room.writes().len(), 1);
}

#[test]
fn what_somebody_changed_meanwhile_stops_the_whole_change() {
    let table = [
        (json!({"name": "old"}), json!({"name": "new"})),
        (
            json!({"name": "DC-01", "serialNumber": "S-0"}),
            json!({"name": "new", "serialNumber": "S-9"}),
        ),
        (
            json!({"status": {"id": 2, "name": "Inactive"}}),
            json!({"status": {"id": 3, "name": "Retired"}}),
        ),
        (json!({}), json!({"tagNumber": "T-9"})),
        (json!({"site": {"id": 5}}), json!({"site": {"id": 6}})),
        (
            json!({"purchaseDate": "2026-01-02"}),
            json!({"purchaseDate": "2026-01-03"}),
        ),
        (json!({"activeFlag": false}), json!({"activeFlag": null})),
        // Mentioned and not changed, and yet no longer so.
        (
            json!({"serialNumber": "S-0", "name": "DC-01"}),
            json!({"serialNumber": "S-0", "name": "new"}),
        ),
    ];
    for (expected, desired) in table {
        let mut room = room();
        let outcome = room.push_one(&update("configuration", 7, expected, desired.clone()));
        assert_eq!(json_of(moved(&outcome))["name"], "DC-01", "{desired}");
        assert_eq!(room.sent(), [format!("GET {AT}")], "{desired}");
    }
}

#[test]
fn a_property_that_already_holds_does_not_stop_the_others() {
    let mut room = room();
    let expected = json!({"serialNumber": "S-0", "tagNumber": "T-1"});
    let change = update(
        "configuration",
        7,
        expected,
        json!({"serialNumber": "S-1", "tagNumber": "T-2"}),
    );
    applied(&room.push_one(&change));
    assert_eq!(
        room.body(),
        json!([{"op": "replace", "path": "/tagNumber", "value": "T-2"}])
    );
}

#[test]
fn a_site_is_written_under_its_company() {
    let site = json!({"id": 31, "name": "Main", "city": "Tampa", "company": {"id": 250}, "phoneNumber": "1",
                      "stateReference": {"id": 9, "identifier": "FL", "name": "Florida"}, "_info": {"lastUpdated": "2026-01-01T00:00:00Z"}});
    let mut room = Room::new(Psa::default().with("/company/companies/250/sites", site));
    let change = update(
        "location",
        31,
        json!({"city": "Tampa", "stateReference": {"id": 9, "name": "Florida"}}),
        json!({"city": "Orlando", "stateReference": {"id": 9, "name": "Florida"}}),
    );
    let outcome = room.push_one(&change);
    assert_eq!(json_of(applied(&outcome))["city"], "Orlando");
    let at = "/company/companies/250/sites/31";
    assert_eq!(room.sent(), [format!("GET {at}"), format!("PATCH {at}")]);
    let homeless = Change {
        parent: None,
        ..change
    };
    assert_eq!(field_at_fault(&room.push_one(&homeless)), "organization");
}

#[test]
fn a_number_that_the_server_spells_its_own_way_is_not_sent_twice() {
    let company = json!({"id": 250, "name": "Northwind", "identifier": "NW", "phoneNumber": "8135550199", "types": [],
                         "_info": {"lastUpdated": "2026-01-01T00:00:00Z"}});
    let mut room = Room::new(Psa::default().with("/company/companies", company));
    let lost = update(
        "organization",
        250,
        json!({"phoneNumber": "5550100"}),
        json!({"phoneNumber": "(813) 555-0199"}),
    );
    applied(&room.push_one(&lost));
    assert!(room.writes().is_empty());
    room.psa.borrow_mut().digits_only = true;
    let respelled = update(
        "organization",
        250,
        json!({"phoneNumber": "8135550199"}),
        json!({"phoneNumber": "(813) 555-0199"}),
    );
    applied(&room.push_one(&respelled));
    assert_eq!(
        room.body(),
        json!([{"op": "replace", "path": "/phoneNumber", "value": "(813) 555-0199"}])
    );
}

#[test]
fn what_may_not_be_written_is_refused_before_anything_is_sent() {
    let notes = |text: &str| update("configuration", 7, json!({}), json!({"notes": text}));
    let field = |kind: &str, value: &str| {
        update(
            kind,
            7,
            json!({"customFields": [{"id": 1, "caption": "Door", "value": "a"}]}),
            json!({"customFields": [{"id": 1, "caption": "Door", "value": value}]}),
        )
    };
    let email = json!({"communicationItems": [{"value": "a@x\n", "communicationType": "Email"}]});
    let table = [
        (
            update("location", 7, json!({}), json!({"phoneNumber": "1"})),
            "phone",
            "comes from ConnectWise only",
        ),
        (
            update("location", 7, json!({}), json!({"faxNumber": null})),
            "fax",
            "comes from ConnectWise only",
        ),
        (
            create("location", json!({"name": "x", "phoneNumber": "1"})),
            "phone",
            "comes from ConnectWise only",
        ),
        (notes("one\ntwo"), "notes", "a line break"),
        (notes("one\rtwo"), "notes", "a line break"),
        (notes("a\u{8}b"), "notes", "U+0008"),
        (notes("a\u{c}b"), "notes", "U+000C"),
        (notes("a\u{0}b"), "notes", "U+0000"),
        (
            field("configuration", "x\ny"),
            "traits.custom_fields.Door",
            "a line break",
        ),
        (
            create("contact", json!({"firstName": "A\u{1b}"})),
            "first_name",
            "U+001B",
        ),
        (create("contact", email), "emails", "a line break"),
        (
            Change {
                id: Some("seven".into()),
                ..notes("x")
            },
            "id",
            "seven",
        ),
        (
            Change {
                parent: Some("x".into()),
                ..notes("x")
            },
            "organization",
            "`x`",
        ),
    ];
    for (change, wanted, words) in table {
        let mut room = room();
        let outcome = room.push_one(&change);
        assert_eq!(field_at_fault(&outcome), wanted, "{change:?}");
        assert!(
            fault_of(&outcome).message.contains(words),
            "{}",
            fault_of(&outcome).message
        );
        assert!(room.log.borrow().is_empty(), "{change:?}");
    }
    // A tab is kept, and what stays as it was came from there.
    let mut room = room();
    applied(&room.push_one(&notes_kept()));
    assert_eq!(
        room.body(),
        json!([{"op": "replace", "path": "/name", "value": "a\tb"}])
    );
}

fn notes_kept() -> Change {
    let expected = json!({"notes": "one\r\ntwo", "name": "DC-01"});
    update(
        "configuration",
        7,
        expected,
        json!({"notes": "one\r\ntwo", "name": "a\tb"}),
    )
}

#[test]
fn what_makes_no_sense_is_a_bug_and_sends_nothing() {
    let sound = update("configuration", 7, json!({}), json!({}));
    let table = [
        update("ticket", 7, json!({}), json!({"summary": "x"})),
        update("opportunity", 7, json!({}), json!({})),
        Change {
            desired: "[]".into(),
            ..sound.clone()
        },
        Change {
            desired: "{".into(),
            ..sound.clone()
        },
        Change {
            expected: "null".into(),
            ..sound
        },
    ];
    for change in table {
        let mut room = room();
        let outcome = room.push_one(&change);
        assert!(matches!(fault_of(&outcome).cause, Cause::Bug), "{change:?}");
        assert!(room.log.borrow().is_empty(), "{change:?}");
    }
}

#[test]
fn changes_of_one_record_go_one_after_the_other_and_others_together() {
    let mut other = server();
    other["id"] = json!(8);
    let psa = Psa::default()
        .with("/company/configurations", server())
        .with("/company/configurations", other);
    let mut room = Room::new(psa);
    let tag = |id: u64, from: &str, to: &str| {
        update(
            "configuration",
            id,
            json!({"tagNumber": from}),
            json!({"tagNumber": to}),
        )
    };
    let outcomes = room.push(&[tag(7, "T-1", "T-2"), tag(7, "T-2", "T-3"), tag(8, "T-1", "T-8")]);
    let tags: Vec<Json> = outcomes
        .iter()
        .map(|outcome| json_of(applied(outcome))["tagNumber"].clone())
        .collect();
    assert_eq!(tags, ["T-2", "T-3", "T-8"]);
    let at = |id: u64| format!("/company/configurations/{id}");
    assert_eq!(
        room.sent(),
        [
            format!("GET {}", at(7)),
            format!("GET {}", at(8)),
            format!("PATCH {}", at(7)),
            format!("PATCH {}", at(8)),
            format!("GET {}", at(7)),
            format!("PATCH {}", at(7)),
        ]
    );
}

#[test]
fn many_records_are_taken_a_few_at_a_time() {
    let mut psa = Psa::default();
    for id in 1..=50 {
        let mut record = server();
        record["id"] = json!(id);
        psa = psa.with("/company/configurations", record);
    }
    let mut room = Room::new(psa);
    let changes: Vec<Change> = (1..=50)
        .map(|id| {
            update(
                "configuration",
                id,
                json!({"tagNumber": "T-1"}),
                json!({"tagNumber": "T-2"}),
            )
        })
        .collect();
    for (place, outcome) in room.push(&changes).iter().enumerate() {
        assert_eq!(applied(outcome).id, (place + 1).to_string());
    }
    let sent = room.sent();
    let first_write = sent.iter().position(|line| line.starts_with("PATCH")).unwrap();
    assert_eq!((first_write, sent.len()), (20, 100));
}
