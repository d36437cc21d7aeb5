//! Addresses and numbers of contacts: by place, in an order that moves nothing under a later operation.

use super::*;
use crate::tests::with_option;

const AT: &str = "/company/contacts/9";

fn items() -> Vec<Json> {
    ada()["communicationItems"].as_array().unwrap().clone()
}

fn list(items: &[Json]) -> Json {
    json!({"communicationItems": items})
}

/// Contact 9 from its items as they are to others.
fn change(to: &[Json]) -> Change {
    update("contact", 9, list(&items()), list(to))
}

fn new(value: &str, way: &str, label: Option<&str>) -> Json {
    let mut item = json!({"value": value, "extension": null, "communicationType": way, "defaultFlag": false});
    if let Some(label) = label {
        item["type"] = json!({"name": label});
    }
    item
}

#[test]
fn a_refusal_names_the_list_the_change_is_about() {
    let (mut mail, mut number) = (items(), items());
    mail[0]["value"] = json!("p@x.example");
    number[1]["value"] = json!("5559999");
    let both = [mail[0].clone(), number[1].clone()];
    for (to, field) in [
        (&mail[..], "emails"),
        (&number[..], "phones"),
        (&both[..], "communicationItems"),
    ] {
        for named in ["communicationItems", "value", "communicationItems[0].value"] {
            let mut room = Room::with_ada();
            let words = json!({"code": "InvalidObject", "message": "contact object is invalid",
                               "errors": [{"code": "InvalidField", "message": "No.", "field": named}]});
            let refused = status(400, &words.to_string());
            room.psa.borrow_mut().refused.insert(0, refused);
            let outcome = room.push_one(&change(to));
            let found = field_at_fault(&outcome);
            // Of two lists the server's own word is left as it is.
            let wanted = if field == "communicationItems" {
                named
            } else {
                field
            };
            assert_eq!(found, wanted, "{named}");
        }
    }
}

#[test]
fn changes_go_first_then_additions_then_removals_from_the_end() {
    let mut room = Room::with_ada();
    let before = items();
    let mut direct = before[1].clone();
    direct["value"] = json!("5559999");
    direct["extension"] = json!("12");
    let mut byron = before[3].clone();
    byron["defaultFlag"] = json!(true);
    byron["value"] = json!("b@y.example");
    // The first address, the mobile number and the fax go; a private address and another mobile come.
    let wanted = [
        byron,
        direct,
        new("p@x.example", "Email", Some("Private")),
        new("5550177", "Phone", Some("Mobile")),
    ];
    let outcome = room.push_one(&change(&wanted));
    assert_eq!(
        room.body(),
        json!([
            {"op": "replace", "path": "/communicationItems/3/value", "value": "b@y.example"},
            {"op": "replace", "path": "/communicationItems/3/defaultFlag", "value": true},
            {"op": "replace", "path": "/communicationItems/1/value", "value": "5559999"},
            {"op": "replace", "path": "/communicationItems/1/extension", "value": "12"},
            {"op": "add", "path": "/communicationItems/5",
             "value": {"type": {"id": 5, "name": "Private"}, "value": "p@x.example", "defaultFlag": false, "communicationType": "Email"}},
            {"op": "add", "path": "/communicationItems/6",
             "value": {"type": {"id": 4, "name": "Mobile"}, "value": "5550177", "defaultFlag": false, "communicationType": "Phone"}},
            {"op": "remove", "path": "/communicationItems/4"},
            {"op": "remove", "path": "/communicationItems/2"},
            {"op": "remove", "path": "/communicationItems/0"},
        ])
    );
    let values: Vec<Json> = json_of(applied(&outcome))["communicationItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["value"].clone())
        .collect();
    assert_eq!(values, ["5559999", "b@y.example", "p@x.example", "5550177"]);
    assert_eq!(
        room.kept(AT, "communicationItems")[0]["id"],
        102,
        "items keep their ids"
    );
}

#[test]
fn the_other_list_may_have_moved() {
    let mut room = Room::with_ada();
    room.psa.borrow_mut().records.get_mut(AT).unwrap()["communicationItems"][2]["value"] = json!("5550188");
    let mut wanted = items();
    wanted[0]["value"] = json!("new@x.example");
    let outcome = room.push_one(&change(&wanted));
    assert_eq!(
        room.body(),
        json!([{"op": "replace", "path": "/communicationItems/0/value", "value": "new@x.example"}])
    );
    assert_eq!(
        json_of(applied(&outcome))["communicationItems"][2]["value"],
        "5550188"
    );
}

#[test]
fn the_same_list_may_not() {
    let more = json!({"id": 110, "type": {"id": 5, "name": "Private"}, "value": "late@x.example", "communicationType": "Email"});
    type Touch<'t> = &'t dyn Fn(&mut Vec<Json>);
    let touches: [Touch<'_>; 3] = [
        &|all| all[3]["value"] = json!("other@x.example"),
        &|all| all.push(more.clone()),
        &|all| drop(all.remove(3)),
    ];
    for touch in touches {
        let mut room = Room::with_ada();
        let mut theirs = items();
        touch(&mut theirs);
        room.psa.borrow_mut().records.get_mut(AT).unwrap()["communicationItems"] = Json::Array(theirs);
        let mut wanted = items();
        wanted[0]["value"] = json!("new@x.example");
        moved(&room.push_one(&change(&wanted)));
        assert!(room.writes().is_empty());
    }
}

#[test]
fn nothing_is_written_where_all_items_are_there_in_any_order() {
    let mut room = Room::with_ada();
    let mut wanted = items();
    wanted.reverse();
    for item in &mut wanted {
        item.as_object_mut().unwrap().remove("id");
        item["domain"] = json!("@x.example");
    }
    applied(&room.push_one(&update("contact", 9, list(&[]), list(&wanted))));
    assert_eq!(room.sent(), [format!("GET {AT}")]);
}

#[test]
fn what_the_server_made_of_an_item_counts_as_done() {
    let mut room = Room::with_ada();
    // As though a new number had been sent with dots and without type, and the answer lost.
    let wanted: Vec<Json> = items()
        .into_iter()
        .filter(|item| item["id"] != json!(104) && item["id"] != json!(102))
        .chain([json!({"value": "555.01.01", "communicationType": "Phone", "defaultFlag": false, "type": {"id": 2}})])
        .collect();
    let before: Vec<Json> = items()
        .into_iter()
        .filter(|item| item["id"] != json!(102))
        .collect();
    let mut only_numbers = wanted.clone();
    only_numbers.push(items()[3].clone());
    applied(&room.push_one(&update("contact", 9, list(&before), list(&only_numbers))));
    assert!(room.writes().is_empty());
}

#[test]
fn new_items_get_the_type_they_name_the_chosen_one_or_the_default() {
    let plain = context();
    let chosen = with_option(
        with_option(context(), "contact-email-type", "private"),
        "contact-phone-type",
        "4",
    );
    let table = [
        (&plain, new("a@x", "Email", None), 1, "contact-email-type"),
        (&plain, new("1", "Phone", None), 2, "contact-phone-type"),
        (&plain, new("1", "Phone", Some("Work")), 2, "contact-phone-type"),
        (&plain, new("1", "Phone", Some("mobile")), 4, ""),
        (&plain, new("1", "Fax", None), 3, "fax numbers"),
        (&chosen, new("a@x", "Email", None), 5, ""),
        (&chosen, new("a@x", "Email", Some("Email")), 1, ""),
        (&chosen, new("a@x", "Email", Some("Direct")), 5, ""),
        (&chosen, new("1", "Phone", Some("Work")), 4, ""),
    ];
    for (context, item, wanted, told) in table {
        let mut room = Room::with_ada();
        let one = [item.clone()];
        let change = create("contact", json!({"firstName": "Eve", "communicationItems": one}));
        applied(&room.push_in(context, &[change]).remove(0));
        assert_eq!(
            room.body()["communicationItems"][0]["type"]["id"],
            wanted,
            "{item}"
        );
        let said = room.said.borrow().join("\n");
        match told {
            "" => assert_eq!(said, "", "{item}"),
            told => assert!(said.contains(told) && said.contains("default"), "{said}"),
        }
    }
}

#[test]
fn a_type_that_was_chosen_and_is_not_there_is_a_setting_to_mend() {
    for (key, chosen) in [("contact-email-type", "Direct"), ("contact-phone-type", "Pager")] {
        let mut room = Room::with_ada();
        let items = [new("a@x", "Email", None), new("1", "Phone", None)];
        let change = create(
            "contact",
            json!({"firstName": "Eve", "communicationItems": items}),
        );
        let outcome = room
            .push_in(&with_option(context(), key, chosen), &[change])
            .remove(0);
        assert!(matches!(&fault_of(&outcome).cause, Cause::InvalidConfig(found) if found == key));
        assert!(room.writes().is_empty());
    }
}

#[test]
fn types_that_may_not_be_read_are_sent_as_they_are_named() {
    for absent in [false, true] {
        types_that_cannot_be_read(absent);
    }
}

fn types_that_cannot_be_read(absent: bool) {
    let mut room = Room::with_ada();
    let path = "/company/communicationTypes";
    if absent {
        room.psa.borrow_mut().lists.remove(path);
    } else {
        room.psa.borrow_mut().forbidden.insert(path.into());
    }
    let items = [new("a@x", "Email", Some("Work")), new("1", "Phone", None)];
    let change = create(
        "contact",
        json!({"firstName": "Eve", "communicationItems": items}),
    );
    applied(&room.push_one(&change));
    assert_eq!(
        room.body()["communicationItems"],
        json!([
            {"type": {"name": "Work"}, "value": "a@x", "communicationType": "Email", "defaultFlag": false},
            {"value": "1", "communicationType": "Phone", "defaultFlag": false},
        ])
    );
    assert!(room.said.borrow()[0].contains("with the types they name"));
}

#[test]
fn the_types_are_asked_for_once_and_only_for_what_names_none() {
    let mut room = Room::with_ada();
    let mut kept = items();
    kept[0]["value"] = json!("z@x.example");
    applied(&room.push_one(&change(&kept)));
    assert!(!room.sent().iter().any(|line| line.contains("communicationTypes")));
    let change = || {
        create(
            "contact",
            json!({"firstName": "Eve", "communicationItems": [new("a@x", "Email", None)]}),
        )
    };
    room.push(&[change(), change()]);
    let asked = room
        .sent()
        .iter()
        .filter(|line| line.contains("communicationTypes"))
        .count();
    assert_eq!(asked, 1);
    assert_eq!(room.said.borrow().len(), 1, "told once");
}
