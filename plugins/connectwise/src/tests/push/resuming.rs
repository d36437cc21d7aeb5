//! A change that dies between its requests, or whose answer is lost, is finished by handing it in once more.

use super::psa::{Lost, lost_answers, without_info};
use super::*;

/// A change of one contact in four writes: a PATCH with properties, items and custom fields; two types added, one removed.
fn large() -> (Psa, Change) {
    let mut record = ada();
    record["customFields"] = json!([{"id": 1, "caption": "Badge", "type": "Text", "value": "A"}]);
    let before = record["communicationItems"].clone();
    let mut after = before.clone();
    after[0]["value"] = json!("new@x.example");
    after.as_array_mut().unwrap().remove(2);
    after.as_array_mut().unwrap().push(
        json!({"type": {"name": "Private"}, "value": "p@x.example", "communicationType": "Email", "defaultFlag": false}),
    );
    let mut badge = record["customFields"].clone();
    badge[0]["value"] = json!("B");
    let change = update(
        "contact",
        9,
        json!({"title": "Head", "communicationItems": before, "customFields": record["customFields"], "types": [{"id": 1}]}),
        json!({"title": "Chief", "communicationItems": after, "customFields": badge, "types": [{"name": "Owner"}, {"name": "User"}]}),
    );
    (psa::contacts(record), change)
}

#[test]
fn every_lost_answer_of_a_change_of_several_writes_is_resumed() {
    let (psa, change) = large();
    let mut whole = Room::new(psa);
    let wanted = json_of(applied(&whole.push_one(&change)));
    assert_eq!(whole.writes().len(), 4);
    let types: Vec<&Json> = wanted["types"].as_array().unwrap().iter().collect();
    assert_eq!(types.len(), 2);
    for number in 0..4 {
        for lost in [Lost::Before, Lost::After] {
            for answer in lost_answers() {
                let (psa, change) = large();
                let mut room = Room::new(psa);
                room.psa.borrow_mut().lost.insert(number, (lost, answer.clone()));
                let first = room.push_one(&change);
                in_doubt(&first);
                assert_eq!(room.writes().len(), number + 1, "it stops where it is in doubt");
                let second = room.push_one(&change);
                let got = json_of(applied(&second));
                let what = format!("write {number} lost {lost:?}: {answer:?}");
                // Ids of new associations and items are the server's.
                for member in ["title", "customFields"] {
                    assert_eq!(got[member], wanted[member], "{what}");
                }
                assert_eq!(
                    names(&got["types"], "name"),
                    names(&wanted["types"], "name"),
                    "{what}"
                );
                assert_eq!(
                    names(&got["communicationItems"], "value"),
                    names(&wanted["communicationItems"], "value"),
                    "{what}"
                );
                let again = usize::from(lost == Lost::Before);
                assert_eq!(room.writes().len(), 4 + again, "nothing is written twice: {what}");
                let kept = without_info(&room.psa.borrow().records["/company/contacts/9"]);
                applied(&room.push_one(&change));
                assert_eq!(
                    room.writes().len(),
                    4 + again,
                    "a third time writes nothing: {what}"
                );
                assert_eq!(
                    without_info(&room.psa.borrow().records["/company/contacts/9"]),
                    kept
                );
            }
        }
    }
}

fn names(list: &Json, member: &str) -> Vec<String> {
    let mut names: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one[member].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_record_that_cannot_be_read_after_it_was_written_is_in_doubt() {
    let mut reads = 0;
    let (mut connection, log) = connection(move |seen| {
        if seen.path.starts_with("/login") {
            return None;
        }
        Some(match seen.method.as_str() {
            "PATCH" => ok("{}"),
            _ => {
                reads += 1;
                match reads {
                    1 => ok(&server().to_string()),
                    _ => status(500, "down"),
                }
            }
        })
    });
    let change = update(
        "configuration",
        7,
        json!({"tagNumber": "T-1"}),
        json!({"tagNumber": "T-2"}),
    );
    let outcome = connection.push(&context(), &[change]).remove(0);
    assert!(in_doubt(&outcome).contains("could not be read after it"));
    assert_eq!(
        log.borrow().iter().filter(|seen| seen.method == "PATCH").count(),
        1
    );
}

#[test]
fn what_somebody_did_after_the_lost_answer_is_seen() {
    let (psa, change) = large();
    let mut room = Room::new(psa);
    let timeout = Err(Failure::Timeout);
    room.psa.borrow_mut().lost.insert(0, (Lost::After, timeout));
    in_doubt(&room.push_one(&change));
    room.psa
        .borrow_mut()
        .records
        .get_mut("/company/contacts/9")
        .unwrap()["title"] = json!("Somebody else's");
    let outcome = room.push_one(&change);
    assert_eq!(json_of(moved(&outcome))["title"], "Somebody else's");
    assert_eq!(room.writes().len(), 1);
}

#[test]
fn a_lost_create_is_not_sent_again_by_the_same_call() {
    for lost in [Lost::Before, Lost::After] {
        for answer in lost_answers() {
            let mut room = Room::with_ada();
            room.psa.borrow_mut().lost.insert(0, (lost, answer));
            let new = create("contact", json!({"firstName": "Eve"}));
            in_doubt(&room.push_one(&new));
            assert_eq!(room.writes().len(), 1);
        }
    }
}
