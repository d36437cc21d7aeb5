//! Each row of the field map that documentation products share with ConnectWise, held by a test of its own: what comes
//! in, and that the table declares it with its direction.

use dovetail_sdk::Mapping;
use dovetail_sdk::mapping::exports::{Direction, Draft, Outcome};
use dovetail_sdk::mapping::types::{Cause, Entry, Fault, Reference, Value};
use serde_json::{Value as Json, json};

use crate::{Source, StandardMapping, convert_record};

fn company() -> Json {
    json!({
        "id": 250, "identifier": "NorthwindLtd", "name": " Northwind Traders ",
        "status": {"id": 1, "name": "Active", "_info": {"status_href": "https://x/1"}},
        "types": [{"id": 4, "name": "Managed"}, {"id": 2, "name": "Client"}, {"id": 9, "name": "Client"}],
        "parentCompany": {"id": 19, "identifier": "Holding", "name": "Northwind Holding"},
        "site": {"id": 77, "name": "Head office"},
        "phoneNumber": "555 0100", "faxNumber": "555 0101", "website": "https://northwind.example",
        "territory": {"id": 2, "name": "Main"}, "annualRevenue": 0.0, "deletedFlag": false,
        "customFields": [{"id": 3, "caption": "Tier", "type": "Text", "value": "Gold"}],
        "_info": {"lastUpdated": "2026-11-01T09:30:00Z", "contacts_href": "https://x//contacts"}
    })
}

fn site() -> Json {
    json!({
        "id": 77, "name": "Head office", "company": {"id": 250, "identifier": "NorthwindLtd", "name": "Northwind"},
        "addressLine1": "1 Harbour Road", "addressLine2": "Floor 3", "city": "Tampa",
        "stateReference": {"id": 10, "identifier": "FL", "name": "Florida"}, "zip": "33602",
        "country": {"id": 1, "identifier": "US", "name": "United States"},
        "phoneNumber": "555 0100", "faxNumber": "555 0101", "primaryAddressFlag": true, "inactiveFlag": false
    })
}

fn contact() -> Json {
    json!({
        "id": 900, "firstName": "Ada", "lastName": "Lovelace", "title": "Countess",
        "company": {"id": 250, "name": "Northwind"}, "site": {"id": 77, "name": "Head office"},
        "types": [{"id": 5, "name": "Decision Maker"}, {"id": 6, "name": "Billing"}], "inactiveFlag": false,
        "communicationItems": [
            {"id": 1, "type": {"id": 1, "name": "Email"}, "value": "ada@northwind.example", "defaultFlag": false,
             "domain": "@northwind.example", "communicationType": "Email"},
            {"id": 2, "type": {"id": 2, "name": "Direct"}, "value": "5550102", "extension": "12",
             "defaultFlag": true, "communicationType": "Phone"},
            {"id": 3, "type": {"id": 1, "name": "Email"}, "value": "countess@northwind.example",
             "defaultFlag": true, "communicationType": "Email"},
            {"id": 4, "type": {"id": 3, "name": "Fax"}, "value": "5550103", "defaultFlag": true,
             "communicationType": "Fax"},
            {"id": 5, "type": {"id": 4, "name": "Mobile"}, "value": "", "communicationType": "Phone"}
        ]
    })
}

fn configuration() -> Json {
    json!({
        "id": 5001, "name": "NW-DC-01", "company": {"id": 250, "name": "Northwind"},
        "type": {"id": 11, "name": "Server"}, "status": {"id": 2, "name": "Active"},
        "contact": {"id": 900, "name": "Ada Lovelace"}, "site": {"id": 77, "name": "Head office"},
        "manufacturer": {"id": 8, "name": "Dell"}, "modelNumber": "R740", "serialNumber": "SN-1",
        "tagNumber": "T-17", "ipAddress": "10.0.0.5", "defaultGateway": "10.0.0.1",
        "macAddress": "001a2b3c4d5e, 00-1A-2B-3C-4D-5F", "osType": "Windows Server 2022", "osInfo": "x64",
        "notes": "Behind the door.\nKey at reception.", "vendorNotes": null,
        "installationDate": "2024-02-29T00:00:00Z", "purchaseDate": "2024-01-15T00:00:00Z",
        "warrantyExpirationDate": "2027-01-15T12:00:00Z",
        "installedBy": {"id": 3, "identifier": "jdoe", "name": "Jane Doe"}, "activeFlag": true,
        "customFields": [{"id": 5, "caption": "Rack position", "type": "Text", "value": "A3"}],
        "questions": [
            {"answerId": 14, "questionId": 2, "question": "Backed up?", "answer": true, "fieldType": "Checkbox"},
            {"answerId": 15, "questionId": 3, "question": "Password", "answer": "s3cret", "fieldType": "Password"}
        ]
    })
}

fn ticket() -> Json {
    json!({
        "id": 12345, "summary": "Printer on fire", "recordType": "ServiceTicket",
        "board": {"id": 1, "name": "Service"}, "status": {"id": 6, "name": "In progress", "sort": 3},
        "priority": {"id": 4, "name": "High", "sort": 1}, "company": {"id": 250, "name": "Northwind"},
        "contact": {"id": 900, "name": "Ada Lovelace"}, "closedFlag": false,
        "_info": {"dateEntered": "2026-10-01T08:00:00Z", "lastUpdated": "2026-11-01T09:30:00Z"}
    })
}

fn try_convert(kind: &str, record: &Json) -> Result<Draft, Fault> {
    let source = Source {
        kind,
        version: "2026-11-02T00:00:01Z",
        json: &record.to_string(),
    };
    match convert_record(source)? {
        Outcome::Mapped(draft) => Ok(draft),
        Outcome::Skipped(reason) => panic!("skipped: {reason}"),
    }
}

fn convert(kind: &str, record: &Json) -> Draft {
    try_convert(kind, record).unwrap()
}

/// The field's value in the kind's example record, and its row.
fn row(kind: &str, field: &str) -> (Option<Value>, Direction, bool) {
    let record = match kind {
        "organization" => company(),
        "location" => site(),
        "contact" => contact(),
        "configuration" => configuration(),
        "ticket" => ticket(),
        other => panic!("no example of {other}"),
    };
    let rows: Vec<_> = StandardMapping::describe()
        .table
        .into_iter()
        .filter(|row| row.kind == kind && row.name == field)
        .collect();
    assert_eq!(
        rows.len(),
        1,
        "{kind}.{field} stands in the table {} times",
        rows.len()
    );
    (
        convert(kind, &record).get(field).cloned(),
        rows[0].flow,
        rows[0].identifies,
    )
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn date(text: &str) -> Option<Value> {
    Some(Value::Date(text.to_owned()))
}

fn texts(texts: &[&str]) -> Option<Value> {
    Some(Value::Texts(
        texts.iter().map(|text| (*text).to_owned()).collect(),
    ))
}

fn link(kind: &str, id: &str, name: &str) -> Option<Value> {
    Some(Value::Reference(Reference {
        kind: kind.into(),
        id: id.into(),
        name: name.into(),
    }))
}

fn entry(value: &str, label: &str, primary: bool, extension: Option<&str>) -> Entry {
    Entry {
        value: value.into(),
        label: label.into(),
        primary,
        extension: extension.map(Into::into),
    }
}

macro_rules! rows {
    ($($test:ident: $kind:literal $field:literal $flow:ident $identifies:literal => $value:expr;)*) => {
        $(#[test]
        fn $test() {
            assert_eq!(row($kind, $field), ($value, Direction::$flow, $identifies));
        })*

        /// Every field of the table has a test above, and no other field comes out of a mapping.
        #[test]
        fn the_table_is_complete_and_held() {
            let held = [$(($kind, $field)),*];
            for row in StandardMapping::describe().table {
                let known = held.contains(&(row.kind.as_str(), row.name.as_str())) || row.name.starts_with("traits.");
                assert!(known, "{}.{} has no test", row.kind, row.name);
            }
            let records = [("organization", company()), ("location", site()), ("contact", contact()),
                           ("configuration", configuration()), ("ticket", ticket())];
            for (kind, record) in records {
                for field in convert(kind, &record).fields {
                    assert!(held.contains(&(kind, field.name.as_str())), "{kind}.{} is not in the table", field.name);
                }
            }
        }
    };
}

rows! {
    itglue_row_organization_name: "organization" "name" Both true => text("Northwind Traders");
    itglue_row_organization_short_name: "organization" "short_name" Both false => text("NorthwindLtd");
    itglue_row_organization_type: "organization" "type" Both false => texts(&["Client", "Managed"]);
    itglue_row_organization_status: "organization" "status" Both false => text("Active");
    itglue_row_organization_parent: "organization" "parent" Both false => link("organization", "19", "Northwind Holding");
    itglue_row_organization_primary_location: "organization" "primary_location" Both false => link("location", "77", "Head office");
    itglue_row_organization_phone: "organization" "phone" Both false => text("555 0100");
    itglue_row_organization_fax: "organization" "fax" Both false => text("555 0101");
    itglue_row_organization_website: "organization" "website" Both false => text("https://northwind.example");

    itglue_row_location_name: "location" "name" Both true => text("Head office");
    itglue_row_location_address_1: "location" "address_1" Both true => text("1 Harbour Road");
    itglue_row_location_address_2: "location" "address_2" Both true => text("Floor 3");
    itglue_row_location_city: "location" "city" Both true => text("Tampa");
    itglue_row_location_region: "location" "region" Both true => text("Florida");
    itglue_row_location_postal_code: "location" "postal_code" Both false => text("33602");
    itglue_row_location_country: "location" "country" Both true => text("United States");
    itglue_row_location_phone: "location" "phone" Inward false => text("555 0100");
    itglue_row_location_fax: "location" "fax" Inward false => text("555 0101");
    itglue_row_location_primary: "location" "primary" Both false => Some(Value::Flag(true));

    itglue_row_contact_first_name: "contact" "first_name" Both true => text("Ada");
    itglue_row_contact_last_name: "contact" "last_name" Both true => text("Lovelace");
    itglue_row_contact_title: "contact" "title" Both false => text("Countess");
    itglue_row_contact_type: "contact" "type" Both false => texts(&["Billing", "Decision Maker"]);
    itglue_row_contact_location: "contact" "location" Both false => link("location", "77", "Head office");
    itglue_row_contact_emails: "contact" "emails" Both false => Some(Value::Entries(vec![
        entry("ada@northwind.example", "Email", false, None),
        entry("countess@northwind.example", "Email", true, None),
    ]));
    itglue_row_contact_phones: "contact" "phones" Both false => Some(Value::Entries(vec![
        entry("5550102", "Direct", true, Some("12")),
        entry("5550103", "Fax", false, None),
    ]));
    itglue_row_contact_active: "contact" "active" Both false => Some(Value::Flag(true));

    itglue_row_configuration_name: "configuration" "name" Both true => text("NW-DC-01");
    itglue_row_configuration_type: "configuration" "type" Both true => text("Server");
    itglue_row_configuration_status: "configuration" "status" Both false => text("Active");
    itglue_row_configuration_contact: "configuration" "contact" Both false => link("contact", "900", "Ada Lovelace");
    itglue_row_configuration_location: "configuration" "location" Both false => link("location", "77", "Head office");
    itglue_row_configuration_manufacturer: "configuration" "manufacturer" Both false => text("Dell");
    itglue_row_configuration_model: "configuration" "model" Both false => text("R740");
    itglue_row_configuration_serial_number: "configuration" "serial_number" Both true => text("SN-1");
    itglue_row_configuration_asset_tag: "configuration" "asset_tag" Both false => text("T-17");
    itglue_row_configuration_primary_ip: "configuration" "primary_ip" Both false => text("10.0.0.5");
    itglue_row_configuration_mac_address: "configuration" "mac_address" Both true => text("00:1A:2B:3C:4D:5E");
    itglue_row_configuration_default_gateway: "configuration" "default_gateway" Both false => text("10.0.0.1");
    itglue_row_configuration_operating_system: "configuration" "operating_system" Both false => text("Windows Server 2022");
    itglue_row_configuration_notes: "configuration" "notes" Both false => text("Behind the door.\nKey at reception.");
    itglue_row_configuration_installed_at: "configuration" "installed_at" Both false => date("2024-02-29");
    itglue_row_configuration_installed_by: "configuration" "installed_by" Both false => text("Jane Doe");
    itglue_row_configuration_purchased_at: "configuration" "purchased_at" Both false => date("2024-01-15");
    itglue_row_configuration_warranty_expires_at: "configuration" "warranty_expires_at" Both false => date("2027-01-15T12:00:00Z");
    itglue_row_configuration_active: "configuration" "active" Both false => Some(Value::Flag(true));

    itglue_row_ticket_number: "ticket" "number" Inward false => text("12345");
    itglue_row_ticket_summary: "ticket" "summary" Inward false => text("Printer on fire");
    itglue_row_ticket_board: "ticket" "board" Inward false => text("Service");
    itglue_row_ticket_status: "ticket" "status" Inward false => text("In progress");
    itglue_row_ticket_priority: "ticket" "priority" Inward false => text("High");
    itglue_row_ticket_contact: "ticket" "contact" Inward false => link("contact", "900", "Ada Lovelace");
    itglue_row_ticket_created_at: "ticket" "created_at" Inward false => date("2026-10-01T08:00:00Z");
    itglue_row_ticket_updated_at: "ticket" "updated_at" Inward false => date("2026-11-01T09:30:00Z");
    itglue_row_ticket_closed: "ticket" "closed" Inward false => Some(Value::Flag(false));
}

#[test]
fn children_name_their_organization_and_companies_none() {
    assert_eq!(convert("organization", &company()).organization, None);
    for (kind, record) in [
        ("location", site()),
        ("contact", contact()),
        ("configuration", configuration()),
        ("ticket", ticket()),
    ] {
        let organization = convert(kind, &record).organization.unwrap();
        assert_eq!(
            (organization.kind.as_str(), organization.id.as_str()),
            ("organization", "250")
        );
        assert!(organization.name.starts_with("Northwind"));
    }
}

#[test]
fn custom_fields_questions_and_further_addresses_are_traits() {
    let draft = convert("configuration", &configuration());
    assert_eq!(draft.supplement("custom_fields.Rack position"), Some("\"A3\""));
    assert_eq!(draft.supplement("questions.Backed up?"), Some("true"));
    assert_eq!(
        draft.supplement("additional_mac_addresses"),
        Some("[\"00:1A:2B:3C:4D:5F\"]")
    );
    assert_eq!(draft.traits.len(), 3, "{:?}", draft.traits);
    assert_eq!(
        convert("organization", &company()).supplement("custom_fields.Tier"),
        Some("\"Gold\"")
    );
}

#[test]
fn a_text_that_is_no_mac_address_is_kept() {
    let mut record = configuration();
    record["macAddress"] = json!("ask the customer");
    let draft = convert("configuration", &record);
    assert_eq!(draft.get("mac_address"), None);
    assert_eq!(draft.supplement("mac_address_text"), Some("\"ask the customer\""));
}

#[test]
fn a_bare_record_mentions_nothing_it_lacks() {
    let names = |kind, record: Json| -> Vec<String> {
        let draft = convert(kind, &record);
        assert!(draft.traits.is_empty());
        draft.fields.into_iter().map(|field| field.name).collect()
    };
    let company = json!({"id": 250});
    assert_eq!(
        names(
            "organization",
            json!({"id": 1, "name": "A", "types": null, "site": {}, "website": "  "})
        ),
        ["name"]
    );
    assert_eq!(
        names("location", json!({"id": 1, "name": "A", "company": company})),
        ["name", "primary"]
    );
    let nobody = json!({"id": 1, "lastName": "A", "company": company, "site": {"_info": {}}, "communicationItems": null});
    assert_eq!(names("contact", nobody), ["last_name", "active"]);
    let device = json!({"id": 1, "name": "A", "company": company, "customFields": null, "questions": []});
    assert_eq!(names("configuration", device), ["name", "active"]);
    let call = json!({"id": 1, "summary": "A", "company": company, "_info": null});
    assert_eq!(
        names("ticket", call),
        ["number", "summary", "updated_at", "closed"]
    );
}

#[test]
fn a_contact_of_no_company_belongs_nowhere_and_is_no_fault() {
    let draft = convert("contact", &json!({"id": 1, "lastName": "A", "company": {}}));
    assert_eq!(draft.organization, None);
    assert_eq!(draft.text("last_name"), Some("A"));
}

#[test]
fn what_the_connector_takes_out_is_tolerated_where_it_did_not() {
    let json = r#"{"id":1,"name":"A\u0000B","company":{"id":250,"name":null,"_info":{"company_href":"https://x"}},
        "serialNumber":null,"tagNumber":17,"activeFlag":null,"type":null,"new":{"deep":[1,{"a":null}]},
        "questions":[{"questionId":1,"question":"Pin","fieldType":"Password","answer":"1234"}]}"#;
    let source = Source {
        kind: "configuration",
        version: "",
        json,
    };
    let Ok(Outcome::Mapped(draft)) = convert_record(source) else {
        panic!("not mapped")
    };
    assert_eq!(draft.text("name"), Some("AB"));
    assert_eq!(draft.text("asset_tag"), Some("17"));
    assert_eq!(draft.get("active"), Some(&Value::Flag(true)));
    assert!(draft.traits.is_empty());
}

#[test]
fn what_is_essential_is_asked_for_by_name() {
    let cases = [
        ("organization", json!({"id": 1, "name": " "}), "name"),
        ("organization", json!({"name": "A"}), ""),
        (
            "location",
            json!({"id": 1, "name": "A", "company": {}}),
            "organization",
        ),
        ("location", json!({"id": 1, "company": {"id": 2}}), "name"),
        ("contact", json!({"id": 1, "company": {"id": 2}}), "first_name"),
        (
            "configuration",
            json!({"id": 1, "name": "A", "company": {}}),
            "organization",
        ),
        ("configuration", json!({"id": 1, "company": {"id": 2}}), "name"),
        ("ticket", json!({"id": 1, "company": {"id": 2}}), "summary"),
        ("ticket", json!({"summary": "A", "company": {"id": 2}}), "number"),
    ];
    for (kind, record, field) in cases {
        let fault = try_convert(kind, &record).unwrap_err();
        assert_eq!(
            fault.cause,
            Cause::Data(field.to_owned()),
            "{kind} {record}: {}",
            fault.message
        );
        assert!(!fault.message.is_empty());
    }
    let mut record = configuration();
    record["purchaseDate"] = json!("01/02/2026");
    let fault = try_convert("configuration", &record).unwrap_err();
    assert_eq!(fault.cause, Cause::Data("purchased_at".into()));
    record["purchaseDate"] = json!(null);
    record["notes"] = json!("x".repeat(65_537));
    assert_eq!(
        try_convert("configuration", &record).unwrap_err().cause,
        Cause::Data("notes".into())
    );
}

#[test]
fn one_bad_record_leaves_the_others_alone() {
    let good = company().to_string();
    let records = [
        good.as_str(),
        "{\"id\":",
        "[]",
        r#"{"id":"x","name":"A"}"#,
        good.as_str(),
    ];
    let answers = crate::convert_records(records.map(|json| Source {
        kind: "organization",
        version: "",
        json,
    }));
    assert_eq!(
        answers.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, false, false, true]
    );
    for answer in answers.into_iter().filter_map(Result::err) {
        assert_eq!(answer.cause, Cause::Data(String::new()));
        assert!(
            answer.message.starts_with("the record's JSON cannot be read"),
            "{}",
            answer.message
        );
    }
}

#[test]
fn unknown_kinds_are_left_out() {
    let answer = convert_record(Source {
        kind: "opportunity",
        version: "",
        json: "{}",
    });
    assert!(matches!(answer, Ok(Outcome::Skipped(reason)) if reason.contains("opportunity")));
}

#[test]
fn defaults_are_by_way_and_one_entry_is_primary() {
    let phones = |items: Json| match convert(
        "contact",
        &json!({"id": 1, "firstName": "A", "company": {"id": 2}, "communicationItems": items}),
    )
    .get("phones")
    {
        Some(Value::Entries(entries)) => entries.iter().map(|entry| entry.primary).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let item =
        |way: &str, default: bool| json!({"value": "1", "communicationType": way, "defaultFlag": default});
    assert_eq!(
        phones(json!([
            item("Fax", true),
            item("Phone", true),
            item("Phone", true)
        ])),
        [false, true, false]
    );
    assert_eq!(
        phones(json!([item("Phone", false), item("Fax", true)])),
        [false, true]
    );
    assert_eq!(
        phones(json!([item("Phone", false), item("Fax", false)])),
        [false, false]
    );
}
