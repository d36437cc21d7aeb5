//! A contact's addresses and numbers: one added, changed, taken away, made the first choice, with and without an
//! extension, while those a change does not speak of keep their ids.

use dovetail_domain::{Entry, Field, Kind, Value};
use serde_json::{Value as Json, json};

use super::contacts::{contact, entry};
use super::law::comes_true;
use super::psa::{Psa, Wish};

const KIND: Kind = Kind::Contact;
const ITEMS: &[&str] = &["communicationItems"];

/// A contact with two addresses, two phones and a fax, in an order of the server's own.
async fn with_items(psa: &Psa) -> u64 {
    let id = contact(psa);
    let item = |id: u64, of: u64, value: &str, way: &str, default: bool| {
        let names = ["", "Email", "Direct", "Fax", "Cell", "", "Email 2"];
        json!({"id": id, "type": {"id": of, "name": names[of as usize]}, "value": value,
               "defaultFlag": default, "communicationType": way})
    };
    let items = json!([
        item(9001, 2, "555 0100", "Phone", true),
        item(9002, 1, "a@example.com", "Email", true),
        item(9003, 3, "555 0199", "Fax", true),
        item(9004, 6, "b@example.com", "Email", false),
        item(9005, 4, "555 0101", "Phone", false),
    ]);
    psa.control
        .edit(
            connectwise_simulator::Kind::Contact,
            id,
            json!({"communicationItems": items}),
        )
        .unwrap();
    id
}

fn emails() -> Vec<Entry> {
    vec![
        entry("a@example.com", "Email", true),
        entry("b@example.com", "Email 2", false),
    ]
}

fn phones() -> Vec<Entry> {
    vec![
        entry("555 0100", "Direct", true),
        entry("555 0199", "Fax", false),
        entry("555 0101", "Cell", false),
    ]
}

fn items(psa: &Psa, id: u64) -> Vec<(u64, String)> {
    let stored = psa.stored(KIND, id);
    let items = stored["communicationItems"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let pair = |item: &Json| {
        let value = item["value"].as_str().unwrap_or_default().to_owned();
        (item["id"].as_u64().unwrap_or_default(), value)
    };
    items.iter().map(pair).collect()
}

async fn wish(psa: &mut Psa, id: u64, field: Field, wanted: Vec<Entry>) {
    comes_true(psa, KIND, id, &Wish::of(field, Value::entries(wanted)), ITEMS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_added_changed_and_taken_away() {
    let mut psa = Psa::new().await;
    let id = with_items(&psa).await;
    let mut wanted = emails();
    wanted.push(entry("c@example.com", "Email", false));
    wish(&mut psa, id, Field::Emails, wanted.clone()).await;
    wanted[1].value = "bee@example.org".to_owned();
    wish(&mut psa, id, Field::Emails, wanted.clone()).await;
    let kept = items(&psa, id);
    assert_eq!(
        kept[3],
        (9004, "bee@example.org".to_owned()),
        "a changed one keeps its id"
    );
    wanted.remove(0);
    wanted[0].primary = true;
    wish(&mut psa, id, Field::Emails, wanted).await;
    let left: Vec<u64> = items(&psa, id).into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        left[..4],
        [9001, 9003, 9004, 9005],
        "the numbers are as they were"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_becomes_the_first_choice() {
    let mut psa = Psa::new().await;
    let id = with_items(&psa).await;
    let mut wanted = emails();
    (wanted[0].primary, wanted[1].primary) = (false, true);
    wish(&mut psa, id, Field::Emails, wanted).await;
    let mut wanted = phones();
    (wanted[0].primary, wanted[2].primary) = (false, true);
    wish(&mut psa, id, Field::Phones, wanted).await;
    assert_eq!(psa.stored(KIND, id)["defaultPhoneNbr"], "555 0101");
    let ids: Vec<u64> = items(&psa, id).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [9001, 9002, 9003, 9004, 9005]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_gets_an_extension_and_loses_it() {
    let mut psa = Psa::new().await;
    let id = with_items(&psa).await;
    let mut wanted = phones();
    wanted[2].extension = Some("42".to_owned());
    wish(&mut psa, id, Field::Phones, wanted).await;
    wish(&mut psa, id, Field::Phones, phones()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_is_added_and_the_last_phone_goes() {
    let mut psa = Psa::new().await;
    let id = with_items(&psa).await;
    wish(&mut psa, id, Field::Phones, vec![phones().remove(0)]).await;
    wish(&mut psa, id, Field::Phones, vec![entry("555 0198", "Fax", true)]).await;
    let values: Vec<String> = items(&psa, id).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["a@example.com", "b@example.com", "555 0198"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_lists_change_at_once() {
    let mut psa = Psa::new().await;
    let id = with_items(&psa).await;
    let (mut mails, mut numbers) = (emails(), phones());
    mails.remove(1);
    mails.push(entry("new@example.com", "Email 2", false));
    numbers.remove(1);
    numbers[0].value = "555 0155".to_owned();
    let both = Wish::of(Field::Emails, Value::entries(mails)).and(Field::Phones, Value::entries(numbers));
    comes_true(&mut psa, KIND, id, &both, ITEMS).await;
    comes_true(
        &mut psa,
        KIND,
        id,
        &Wish::of(Field::Emails, Value::Absent).and(Field::Phones, Value::Absent),
        ITEMS,
    )
    .await;
    assert_eq!(items(&psa, id), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_something_else_gets_the_type_that_was_chosen() {
    for (option, wanted, field) in [
        (None, ["Email", "Direct"], Field::Emails),
        (Some(["Email 2", "4"]), ["Email 2", "Cell"], Field::Phones),
    ] {
        let mut psa = Psa::new().await;
        if let Some([email, phone]) = option {
            psa.set_option("contact-email-type", email);
            psa.set_option("contact-phone-type", phone);
        }
        let id = with_items(&psa).await;
        let (mut mails, mut numbers) = (emails(), phones());
        mails.push(entry("night@example.com", "Night shift", false));
        numbers.push(entry("555 0177", "Lobby", false));
        let both = Wish::of(Field::Emails, Value::entries(mails)).and(Field::Phones, Value::entries(numbers));
        let source = psa.fetch(KIND, id).await;
        let change = psa.change(&source, &both).await;
        let outcome = psa.push_one(&change).await;
        let answer = psa.applied(outcome);
        let draft = psa.map(&answer).await;
        let label = |field: Field, value: &str| match draft.get(field) {
            Value::Entries(entries) => {
                let found = entries.iter().find(|entry| entry.value == value);
                found.map(|entry| entry.label.clone())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(
            label(Field::Emails, "night@example.com").as_deref(),
            Some(wanted[0]),
            "{field}"
        );
        assert_eq!(
            label(Field::Phones, "555 0177").as_deref(),
            Some(wanted[1]),
            "{field}"
        );
    }
}
