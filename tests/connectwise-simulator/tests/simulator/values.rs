//! What becomes of values on their way in: limits, and servers that store other values than they were given.

use crate::http::{Api, Headers};
use crate::scene::{refused, server};
use connectwise_simulator::{Form, Habits, Kind, Reformat, TooLong, field_limits};
use serde_json::{Value, json};

/// Each text with a limit is taken at its maximum and refused beyond it.
#[tokio::test]
async fn every_limit_holds_to_the_letter() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let device = control.ids(Kind::Configuration)[0];
    let base = |object: &str| match object {
        "Company" => "/company/companies/250".to_owned(),
        "CompanySite" => "/company/companies/250/sites/400".to_owned(),
        "Contact" => "/company/contacts/310".to_owned(),
        "ContactCommunicationItem" => "/company/contacts/310".to_owned(),
        "Configuration" => format!("/company/configurations/{device}"),
        other => panic!("{other} has no record here"),
    };
    let item = json!([{"type": {"id": 1}, "value": "a"}]);
    api.patch(
        "/company/contacts/310",
        &[("replace", "/communicationItems", item)],
    )
    .await;
    let mut tried = 0;
    for limit in field_limits() {
        let Some(longest) = limit.longest else { continue };
        let path = base(limit.object);
        let field = match limit.object {
            "ContactCommunicationItem" => format!("/communicationItems/0/{}", limit.field),
            _ => format!("/{}", limit.field),
        };
        // Letters beyond the first plane count twice, as in .NET.
        let fits = format!("{}{}", "😀".repeat(longest / 2), "ä".repeat(longest % 2));
        let answer = api.patch(&path, &[("replace", &field, json!(fits))]).await;
        assert_eq!(answer.status, 200, "{limit:?}: {}", answer.text);
        let answer = api
            .patch(&path, &[("replace", &field, json!(format!("{fits}x")))])
            .await;
        refused(&answer, "InvalidField", limit.field, &path);
        let message = format!(
            "The field {} must be a string with a maximum length of {longest}.",
            limit.field
        );
        assert_eq!(answer.json()["errors"][0]["message"], json!(message));
        tried += 1;
    }
    assert_eq!(tried, 58);
}

#[tokio::test]
async fn letters_need_a_charset_and_line_breaks_become_spaces() {
    let api = Api::writable(100).await;
    let body = json!({"firstName": "Zoë", "title": "a\r\nb"});
    for (content_type, name) in [
        ("application/json; charset=utf-8", "Zoë"),
        ("application/json", "Zo\u{fffd}"),
    ] {
        let sent = Headers {
            method: reqwest::Method::POST,
            body: Some((content_type, body.to_string().into_bytes())),
            ..Headers::default()
        };
        let record = api.send("/company/contacts", sent).await.json();
        assert_eq!(
            (&record["firstName"], &record["title"]),
            (&json!(name), &json!("a  b")),
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn servers_meddle_with_values_as_they_are_told() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let device = format!("/company/configurations/{}", server(&api));
    let (company, site, contact) = (
        "/company/companies/250",
        "/company/companies/250/sites/400",
        "/company/contacts/310",
    );
    let stored = async |path: &str, field: &str, value: Value| -> Value {
        let answer = api.patch(path, &[("replace", field, value)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let record = api.get(path).await.json();
        assert_eq!(record, answer.json(), "the answer shows what was stored");
        record.pointer(field).cloned().unwrap_or_default()
    };
    let items = json!([{"type": {"id": 1}, "value": " A1@mail.example "}, {"type": {"id": 2}, "value": "+1 (813) 5"}]);
    let strict = Habits::default();
    let other = Habits {
        line_breaks: true,
        reformat: vec![
            Reformat::new("Company/name", Form::LowerCase),
            Reformat::new("Company/name", Form::Trimmed),
        ],
        ..Habits::default()
    };
    for (habits, path, field, value, expected) in [
        (
            &strict,
            company,
            "/phoneNumber",
            json!("+1 (813) 5"),
            json!("+1 (813) 5"),
        ),
        (
            &strict,
            device.as_str(),
            "/serialNumber",
            json!(" ab-1 "),
            json!(" ab-1 "),
        ),
        (&strict, device.as_str(), "/notes", json!("a\nb"), json!("a b")),
        (
            &Habits::meddling(),
            company,
            "/phoneNumber",
            json!("+1 (813) 5"),
            json!("18135"),
        ),
        (
            &Habits::meddling(),
            site,
            "/faxNumber",
            json!("813.555"),
            json!("813555"),
        ),
        (
            &Habits::meddling(),
            device.as_str(),
            "/serialNumber",
            json!(" ab-1 "),
            json!("AB-1"),
        ),
        (
            &Habits::meddling(),
            device.as_str(),
            "/modelNumber",
            json!("ab".repeat(26)),
            json!("ab".repeat(25)),
        ),
        // Letters are not cut in two: one of the first plane and ten that count twice.
        (
            &Habits::meddling(),
            site,
            "/zip",
            json!(format!("a{}", "😀".repeat(10))),
            json!(format!("a{}", "😀".repeat(5))),
        ),
        (
            &Habits::meddling(),
            company,
            "/name",
            json!("x".repeat(200)),
            json!("x".repeat(156)),
        ),
        (
            &other,
            company,
            "/name",
            json!("  Mixed Case "),
            json!("mixed case"),
        ),
        (
            &other,
            device.as_str(),
            "/notes",
            json!("a\r\nb"),
            json!("a\r\nb"),
        ),
    ] {
        control.set_habits(habits.clone());
        assert_eq!(
            stored(path, field, value.clone()).await,
            expected,
            "{field} {value}"
        );
    }
    control.set_habits(Habits::meddling());
    stored(contact, "/communicationItems", items).await;
    let record = api.get(contact).await.json();
    assert_eq!(
        record["communicationItems"][0]["value"], " A1@mail.example ",
        "mail is not made digits"
    );
    assert_eq!(record["communicationItems"][1]["value"], "18135");
    assert_eq!(record["defaultPhoneNbr"], "18135");
    let made = api
        .write(
            "POST",
            "/company/configurations",
            json!({"name": "N", "company": {"id": 250}, "type": {"id": 5},
                                                          "serialNumber": "\tx1 "}),
        )
        .await;
    assert_eq!(made.json()["serialNumber"], "X1", "new records too");
    assert_eq!(control.habits(), Habits::meddling());
}

#[tokio::test]
async fn what_is_too_long_is_refused_or_cut_by_kind() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let device = format!("/company/configurations/{}", server(&api));
    let long = |length: usize| json!("x".repeat(length));
    let mut habits = Habits {
        too_long: TooLong::MaxLengthField,
        ..Habits::default()
    };
    habits.too_long_of.insert(Kind::Site, TooLong::Truncate);
    habits.too_long_of.insert(Kind::Contact, TooLong::InvalidField);
    habits.lengths.insert("Company/identifier".into(), 25);
    habits.lengths.insert("ContactCommunicationItem/value".into(), 40);
    control.set_habits(habits);
    for (path, field, value, code) in [
        (
            "/company/companies/250",
            "identifier",
            long(26),
            Some("MaxLengthField"),
        ),
        ("/company/companies/250", "identifier", long(25), None),
        ("/company/companies/250/sites/400", "city", long(51), None),
        (
            "/company/contacts/310",
            "userDefinedField1",
            long(51),
            Some("InvalidField"),
        ),
        (device.as_str(), "ipAddress", long(51), Some("MaxLengthField")),
    ] {
        let answer = api.patch(path, &[("replace", field, value)]).await;
        match code {
            Some(code) => refused(&answer, code, field, path),
            None => assert_eq!(answer.status, 200, "{}", answer.text),
        }
    }
    let site = api.get("/company/companies/250/sites/400").await.json();
    assert_eq!(site["city"], long(50));
    let item = |length: usize| json!({"type": {"id": 1}, "value": "x".repeat(length)});
    let list = "/company/contacts/310/communications";
    assert_eq!(api.write("POST", list, item(40)).await.status, 201);
    refused(
        &api.write("POST", list, item(41)).await,
        "InvalidField",
        "value",
        list,
    );
}
