//! Every two-way field of a configuration, its questions, custom fields and MAC addresses among them, set and emptied.

use dovetail_domain::{Cause, Date, Field, Kind, Value};
use serde_json::Value as Json;

use super::law::{Case, are_about_every_row, comes_true, each_comes_true, field, supplement};
use super::psa::{Psa, Wish, link, text};

const KIND: Kind = Kind::Configuration;

/// A device of a type, of an organization with sites.
fn device(psa: &Psa, of: &str) -> u64 {
    psa.find(KIND, |device| {
        device["type"]["name"] == of && device["activeFlag"] == true
    })
}

fn day(text: &str) -> Value {
    Value::Date(Date::parse(text).unwrap())
}

fn name_of(record: &Json) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    match record.get("name") {
        Some(_) => text("name"),
        None => format!("{} {}", text("firstName"), text("lastName"))
            .trim()
            .to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_comes_true() {
    for mut psa in Psa::each().await {
        every_field(&mut psa).await;
    }
}

async fn every_field(psa: &mut Psa) {
    let id = device(psa, "Managed Server");
    let company = psa.stored(KIND, id)["company"]["id"].clone();
    let site = psa.find(Kind::Location, |site| site["company"]["id"] == company);
    let person = psa.find(Kind::Contact, |contact| {
        contact["firstName"].is_string() && contact["lastName"].is_string()
    });
    let site_name = name_of(&psa.stored(Kind::Location, site));
    let person_name = name_of(&psa.stored(Kind::Contact, person));
    let member = psa.find_member(|member| member["inactiveFlag"] == false);
    let member = format!(
        "{} {}",
        member["firstName"].as_str().unwrap(),
        member["lastName"].as_str().unwrap()
    );
    let printer = Case {
        wish: Wish::of(Field::Type, text("Pager (old)")),
        properties: vec!["type"],
    };
    let mut cases = vec![
        field(Field::Name, text("SRV-Ångström"), "name"),
        field(Field::Status, text("In Repair"), "status"),
        field(Field::Contact, Value::Absent, "contact"),
        field(
            Field::Contact,
            link(Kind::Contact, person, &person_name),
            "contact",
        ),
        field(Field::Location, link(Kind::Location, site, &site_name), "site"),
        field(Field::Manufacturer, Value::Absent, "manufacturer"),
        field(Field::Manufacturer, text("Lenovo"), "manufacturer"),
        field(Field::Model, text("SR630 V3"), "modelNumber"),
        field(Field::SerialNumber, text("j300xyz/1"), "serialNumber"),
        field(Field::AssetTag, text("AT-99"), "tagNumber"),
        field(Field::PrimaryIp, text("2001:db8::17"), "ipAddress"),
        field(Field::MacAddress, Value::Absent, "macAddress"),
        field(Field::MacAddress, text("00:1A:2B:3C:4D:5E"), "macAddress"),
        supplement(
            "additional_mac_addresses",
            "[\"00:1A:2B:3C:4D:5F\"]",
            "macAddress",
        ),
        field(Field::DefaultGateway, text("10.9.8.1"), "defaultGateway"),
        field(
            Field::OperatingSystem,
            text("Windows Server 2025 \u{2013} Core"),
            "osType",
        ),
        field(Field::Notes, text("Under the stairs; key at reception."), "notes"),
        field(Field::InstalledAt, day("2026-02-28"), "installationDate"),
        field(Field::InstalledBy, text(&member), "installedBy"),
        field(Field::PurchasedAt, day("2026-01-15T09:30:00Z"), "purchaseDate"),
        field(
            Field::WarrantyExpiresAt,
            day("2029-01-15"),
            "warrantyExpirationDate",
        ),
        field(Field::Active, Value::Flag(false), "activeFlag"),
        supplement("custom_fields.Rack position", "\"R9-U1\"", "customFields"),
        supplement("custom_fields.Monthly cost", "12.75", "customFields"),
        supplement("questions.What is its role?", "\"Print server\"", "questions"),
        supplement("questions.Memory in GB", "384", "questions"),
        supplement("questions.Management address", "\"192.0.2.9\"", "questions"),
    ];
    // Each of these stands already in some made-up device: empty first what would be no change.
    without(
        psa,
        id,
        &["site", "installedBy", "installationDate", "purchaseDate"],
    );
    each_comes_true(psa, KIND, id, &cases).await;
    let other = psa.find(KIND, |device| device["type"]["name"] == "Printer");
    comes_true(psa, KIND, other, &printer.wish, &printer.properties).await;
    let words = words_for_an_address(psa, other).await;
    cases.push(printer);
    cases.push(words);
    are_about_every_row(KIND, &cases).await;

    let emptied = [
        field(Field::Status, Value::Absent, "status"),
        field(Field::Contact, Value::Absent, "contact"),
        field(Field::Location, Value::Absent, "site"),
        field(Field::Manufacturer, Value::Absent, "manufacturer"),
        field(Field::Model, Value::Absent, "modelNumber"),
        field(Field::SerialNumber, Value::Absent, "serialNumber"),
        field(Field::AssetTag, Value::Absent, "tagNumber"),
        field(Field::PrimaryIp, Value::Absent, "ipAddress"),
        supplement("additional_mac_addresses", "null", "macAddress"),
        field(Field::MacAddress, Value::Absent, "macAddress"),
        field(Field::DefaultGateway, Value::Absent, "defaultGateway"),
        field(Field::OperatingSystem, Value::Absent, "osType"),
        field(Field::Notes, Value::Absent, "notes"),
        field(Field::InstalledAt, Value::Absent, "installationDate"),
        field(Field::InstalledBy, Value::Absent, "installedBy"),
        field(Field::PurchasedAt, Value::Absent, "purchaseDate"),
        field(Field::WarrantyExpiresAt, Value::Absent, "warrantyExpirationDate"),
        field(Field::Active, Value::Flag(true), "activeFlag"),
        supplement("custom_fields.Rack position", "null", "customFields"),
        supplement("custom_fields.Monthly cost", "null", "customFields"),
        supplement("questions.What is its role?", "null", "questions"),
        supplement("questions.Memory in GB", "null", "questions"),
    ];
    each_comes_true(psa, KIND, id, &emptied).await;
}

/// Takes properties away in the PSA, beside the API.
fn without(psa: &mut Psa, id: u64, properties: &[&str]) {
    let nulls = properties
        .iter()
        .map(|name| ((*name).to_owned(), Json::Null))
        .collect();
    psa.control
        .edit(
            connectwise_simulator::Kind::Configuration,
            id,
            Json::Object(nulls),
        )
        .unwrap();
}

/// Words in the place of an address, changed to other words.
async fn words_for_an_address(psa: &mut Psa, id: u64) -> Case {
    let words = serde_json::json!({"macAddress": "see sticker"});
    psa.control
        .edit(connectwise_simulator::Kind::Configuration, id, words)
        .unwrap();
    let case = supplement("mac_address_text", "\"on the underside\"", "macAddress");
    comes_true(psa, KIND, id, &case.wish, &case.properties).await;
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_passwords_stay_as_they_are() {
    let mut psa = Psa::new().await;
    let id = psa.find(KIND, |device| {
        device["type"]["name"] == "Firewall"
            && device["questions"].as_array().is_some_and(|all| {
                all.iter()
                    .any(|one| one["fieldType"] == "Password" && one["answer"].is_string())
            })
    });
    let password = |psa: &Psa| {
        let stored = psa.stored(KIND, id);
        let all = stored["questions"].as_array().unwrap().clone();
        all.into_iter()
            .find(|one| one["fieldType"] == "Password")
            .unwrap()
    };
    let before = password(&psa);
    for displayed in [true, false] {
        let level = if displayed {
            connectwise_simulator::Level::All
        } else {
            connectwise_simulator::Level::None
        };
        psa.control
            .set_inquire(connectwise_simulator::Module::DisplayPasswords, level);
        let speed = if displayed { "250" } else { "300" };
        let wish = Wish::of_trait("questions.Link speed in Mbit/s", speed);
        comes_true(&mut psa, KIND, id, &wish, &["questions"]).await;
        assert_eq!(password(&psa), before, "shown: {displayed}");
    }
}

/// All questions go with a change of one, for ConnectWise takes them only as a whole; so on a server that turns line
/// breaks into spaces the other answers lose theirs, and nothing but that.
#[tokio::test(flavor = "multi_thread")]
async fn other_answers_keep_all_but_the_line_breaks_a_server_does_not_keep() {
    for line_breaks in [true, false] {
        let mut psa = Psa::with(connectwise_simulator::Config {
            habits: connectwise_simulator::Habits {
                line_breaks,
                ..connectwise_simulator::Habits::default()
            },
            ..connectwise_simulator::Config::default()
        })
        .await;
        let remarks = |record: &Json| record["questions"][2]["answer"].as_str().map(str::to_owned);
        let id = psa.find(KIND, |licence| {
            licence["type"]["name"] == "Software Licence"
                && remarks(licence).is_some_and(|text| text.contains('\n'))
        });
        let before = remarks(&psa.stored(KIND, id)).unwrap();
        let source = psa.fetch(KIND, id).await;
        let change = psa
            .change(&source, &Wish::of_trait("questions.Seats", "4711"))
            .await;
        let outcome = psa.push_one(&change).await;
        psa.applied(outcome);
        let after = remarks(&psa.stored(KIND, id)).unwrap();
        let flattened = before.replace(['\r', '\n'], " ");
        assert_eq!(after, if line_breaks { before } else { flattened });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_another_type_is_refused_by_the_mapping() {
    let mut psa = Psa::new().await;
    let id = device(&psa, "Printer");
    let source = psa.fetch(KIND, id).await;
    let wish = Wish::of_trait("questions.Memory in GB", "8");
    let patch = psa.bring_back(KIND, Some(&source), &wish).await.unwrap();
    assert_eq!(
        (patch.json.as_str(), patch.refused),
        ("{}", vec!["traits.questions.Memory in GB".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_wrong_sort_is_told_with_the_servers_words() {
    let mut psa = Psa::new().await;
    let id = device(&psa, "Managed Server");
    let source = psa.fetch(KIND, id).await;
    let change = psa
        .change(&source, &Wish::of_trait("questions.Memory in GB", "\"a lot\""))
        .await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(
        fault.cause,
        Cause::Data("traits.questions.Memory in GB".to_owned()),
        "{fault}"
    );
    assert!(fault.message.contains("must be of type Number"), "{fault}");
    assert_eq!(psa.fetch(KIND, id).await, source);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_break_that_would_be_lost_is_not_sent() {
    let mut psa = Psa::new().await;
    let id = device(&psa, "Laptop");
    let source = psa.fetch(KIND, id).await;
    let change = psa
        .change(&source, &Wish::of(Field::Notes, text("one\ntwo")))
        .await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("notes".to_owned()), "{fault}");
    assert!(fault.message.contains("line break"), "{fault}");
    assert_eq!(psa.control.log(), vec![], "nothing was asked");
}
