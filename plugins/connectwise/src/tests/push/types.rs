//! Types of companies and contacts: single associations, additions first.

use super::*;

const AT: &str = "/company/companies/250";

fn company(types: &[u64]) -> Psa {
    let named = |id: &u64| json!({"id": id, "name": format!("Type {id}")});
    let all: Vec<u64> = (1..=5).collect();
    let record = json!({"id": 250, "identifier": "NW", "name": "Northwind", "types": types.iter().map(named).collect::<Vec<_>>(),
                        "status": {"id": 1, "name": "Active"}, "_info": {"lastUpdated": "2026-01-01T00:00:00Z"}});
    Psa::default()
        .with("/company/companies", record)
        .with_list("/company/companies/types", all.iter().map(named).collect())
}

fn list(types: &[u64]) -> Json {
    let named: Vec<Json> = types
        .iter()
        .map(|id| json!({"id": id, "name": format!("Type {id}")}))
        .collect();
    json!({"types": named})
}

fn change(from: &[u64], to: Json) -> Change {
    update("organization", 250, list(from), to)
}

fn types_of(record: &SourceRecord) -> Vec<u64> {
    let mut ids: Vec<u64> = json_of(record)["types"]
        .as_array()
        .map(|all| all.iter().map(|one| one["id"].as_u64().unwrap()).collect())
        .unwrap_or_default();
    ids.sort_unstable();
    ids
}

#[test]
fn types_are_added_then_removed_and_never_patched() {
    let mut room = Room::new(company(&[1, 2]));
    let to = json!({"types": [{"name": "Type 3"}, {"id": 2, "name": "Type 2"}, {"name": "type 4"}]});
    let outcome = room.push_one(&change(&[1, 2], to));
    assert_eq!(types_of(applied(&outcome)), [2, 3, 4]);
    let writes: Vec<(String, String, String)> = room
        .writes()
        .into_iter()
        .map(|seen| (seen.method, seen.path, seen.body))
        .collect();
    let under = format!("{AT}/typeAssociations");
    let (post, delete) = ("POST".to_owned(), "DELETE".to_owned());
    assert_eq!(
        writes,
        [
            (
                post.clone(),
                under.clone(),
                r#"{"company":{"id":250},"type":{"id":3}}"#.to_owned()
            ),
            (
                post,
                under.clone(),
                r#"{"company":{"id":250},"type":{"id":4}}"#.to_owned()
            ),
            (delete, format!("{under}/1000"), String::new()),
        ]
    );
    assert!(room.writes().iter().all(|write| !write.repeatable));
    assert_eq!(room.sent().last().unwrap(), &format!("GET {AT}"), "read again");
}

#[test]
fn a_contacts_types_name_the_contact() {
    let mut room = Room::with_ada();
    let to = json!({"types": [{"name": "Approver"}, {"name": "Owner"}]});
    let outcome = room.push_one(&update(
        "contact",
        9,
        json!({"types": [{"id": 1, "name": "Approver"}]}),
        to,
    ));
    applied(&outcome);
    assert_eq!(room.body(), json!({"contact": {"id": 9}, "type": {"id": 2}}));
    assert_eq!(room.writes()[0].path, "/company/contacts/9/typeAssociations");
}

#[test]
fn other_properties_go_by_patch_before_them() {
    let mut room = Room::new(company(&[1]));
    let (mut from, mut to) = (list(&[1]), list(&[3]));
    from["name"] = json!("Northwind");
    to["name"] = json!("Northwind Ltd");
    let outcome = room.push_one(&update("organization", 250, from, to));
    assert_eq!(types_of(applied(&outcome)), [3]);
    let methods: Vec<String> = room.writes().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["PATCH", "POST", "DELETE"]);
    assert_eq!(
        room.writes()[0].body,
        r#"[{"op":"replace","path":"/name","value":"Northwind Ltd"}]"#
    );
}

#[test]
fn order_means_nothing_and_what_lies_between_is_open() {
    // As expected, as is, as desired; how many writes, or none where it has moved.
    type Ids<'i> = &'i [u64];
    let table: [(Ids<'_>, Ids<'_>, Ids<'_>, Option<usize>); 10] = [
        (&[1, 2], &[2, 1], &[1, 2], Some(0)),
        (&[1, 2], &[1, 2], &[2, 1], Some(0)),
        (&[1], &[3], &[3], Some(0)),
        (&[1], &[1], &[3], Some(2)),
        (&[1], &[1, 3], &[3], Some(1)),
        (&[1], &[], &[3], Some(1)),
        (&[1, 2], &[1, 2], &[], Some(2)),
        (&[1], &[1, 4], &[3], None),
        (&[1, 2], &[1], &[2, 3], None),
        (&[], &[5], &[1], None),
    ];
    for (expected, now, desired, wanted) in table {
        let mut room = Room::new(company(now));
        let outcome = room.push_one(&change(expected, list(desired)));
        match wanted {
            Some(writes) => {
                let mut desired = desired.to_vec();
                desired.sort_unstable();
                assert_eq!(types_of(applied(&outcome)), desired, "{expected:?} {now:?}");
                assert_eq!(room.writes().len(), writes, "{expected:?} {now:?} {desired:?}");
            }
            None => {
                moved(&outcome);
                assert!(room.writes().is_empty(), "{expected:?} {now:?} {desired:?}");
            }
        }
    }
}

#[test]
fn a_type_that_is_not_there_is_told_before_anything_is_written() {
    let mut room = Room::new(company(&[1]));
    let to = json!({"types": [{"name": "Prospect"}], "name": "Northwind Ltd"});
    let mut from = list(&[1]);
    from["name"] = json!("Northwind");
    let outcome = room.push_one(&update("organization", 250, from, to));
    assert_eq!(field_at_fault(&outcome), "type");
    let words = &fault_of(&outcome).message;
    assert!(
        words.contains("`Prospect`") && words.contains("Type 5"),
        "{words}"
    );
    assert!(room.writes().is_empty());
    let made = room.push_one(&create(
        "organization",
        json!({"name": "A", "identifier": "A", "types": [{"name": "Prospect"}]}),
    ));
    assert_eq!(field_at_fault(&made), "type");
    assert!(room.writes().is_empty());
}

#[test]
fn names_stay_names_where_the_table_may_not_be_read() {
    let mut room = Room::new(company(&[1]));
    for table in ["/company/companies/types", "/company/companies/info/types"] {
        room.psa.borrow_mut().forbidden.insert(table.into());
    }
    applied(&room.push_one(&change(&[1], json!({"types": [{"id": 1}, {"name": "Type 3"}]}))));
    assert_eq!(
        room.body(),
        json!({"company": {"id": 250}, "type": {"name": "Type 3"}})
    );
}

#[test]
fn an_association_that_is_gone_already_is_removed() {
    let mut room = Room::new(company(&[1, 2]));
    let words = r#"{"code":"NotFound","message":"TypeAssociation 1000 not found"}"#;
    room.psa.borrow_mut().refused.insert(0, status(404, words));
    let outcome = room.push_one(&change(&[1, 2], list(&[2])));
    // This stand-in only says so; the record tells that the type is still there.
    assert_eq!(field_at_fault(&outcome), "type");
    assert_eq!(room.writes().len(), 1);
}

#[test]
fn servers_that_do_not_say_types_in_the_company_are_asked_for_associations() {
    let mut psa = company(&[1]);
    psa.silent_types = true;
    let flat = json!([{"id": 1, "company": {"id": 250}, "type": {"id": 1, "name": "Type 1"}}]);
    let mut room = Room::new(psa.with_list("/company/companyTypeAssociations", flat));
    let outcome = room.push_one(&change(&[1], list(&[1, 3])));
    assert_eq!(
        types_of(applied(&outcome)),
        [1, 3],
        "what was just brought is kept in mind"
    );
    moved(&room.push_one(&change(&[1], list(&[2]))));
    let made = json!({"name": "A", "identifier": "A", "types": [{"id": 4}]});
    assert_eq!(
        types_of(applied(&room.push_one(&create("organization", made)))),
        [4]
    );
}
