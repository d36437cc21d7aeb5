//! Changes on their way to ConnectWise, against a small stand-in that keeps records and takes writes as the API does.

mod communications;
mod creates;
mod lists;
mod properties;
mod psa;
mod refusals;
mod resuming;
mod seeking;
mod types;
mod updates;
mod with_the_mapping;

use dovetail_sdk::connector::exports::{Change, PushOutcome};
use dovetail_sdk::connector::types::{Cause, Fault, SourceRecord};
use serde_json::{Value as Json, json};

use super::*;
use psa::{Psa, Room};

/// How a change ended.
type Outcome = Result<PushOutcome, Fault>;

/// A change of a record.
fn update(kind: &str, id: u64, expected: Json, desired: Json) -> Change {
    Change {
        kind: kind.into(),
        id: Some(id.to_string()),
        parent: Some("250".into()),
        expected: expected.to_string(),
        desired: desired.to_string(),
    }
}

/// A new record under company 250.
fn create(kind: &str, desired: Json) -> Change {
    Change {
        kind: kind.into(),
        id: None,
        parent: Some("250".into()),
        expected: "{}".into(),
        desired: desired.to_string(),
    }
}

fn applied(outcome: &Outcome) -> &SourceRecord {
    match outcome {
        Ok(PushOutcome::Applied(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn moved(outcome: &Outcome) -> &SourceRecord {
    match outcome {
        Ok(PushOutcome::Moved(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn in_doubt(outcome: &Outcome) -> &str {
    match outcome {
        Ok(PushOutcome::InDoubt(words)) => words,
        other => panic!("{other:?}"),
    }
}

fn fault_of(outcome: &Outcome) -> &Fault {
    outcome.as_ref().expect_err("a fault")
}

/// The field of a fault of the record's data.
fn field_at_fault(outcome: &Outcome) -> &str {
    match &fault_of(outcome).cause {
        Cause::Data(field) => field,
        other => panic!("{other:?}: {}", fault_of(outcome).message),
    }
}

fn json_of(record: &SourceRecord) -> Json {
    serde_json::from_str(&record.json).unwrap()
}

/// A configuration as the server has it.
fn server() -> Json {
    json!({
        "id": 7, "name": "DC-01", "company": {"id": 250, "identifier": "NW", "name": "Northwind"},
        "type": {"id": 3, "name": "Server", "_info": {"type_href": "https://elsewhere"}},
        "status": {"id": 1, "name": "Active"}, "site": {}, "serialNumber": "S-1", "tagNumber": "T-1",
        "modelNumber": "R740", "activeFlag": true, "purchaseDate": "2026-01-01T00:00:00Z", "notes": "one\r\ntwo",
        "_info": {"lastUpdated": "2026-01-01T00:00:00Z", "dateEntered": "2025-01-01T00:00:00Z"},
    })
}

/// A contact with two addresses, two numbers and a fax.
fn ada() -> Json {
    let item = |id: u64, kind: u64, name: &str, value: &str, way: &str, default: bool| {
        json!({"id": id, "type": {"id": kind, "name": name, "_info": {"type_href": "https://x"}}, "value": value,
               "defaultFlag": default, "communicationType": way})
    };
    json!({
        "id": 9, "firstName": "Ada", "lastName": "Byron", "title": "Head", "company": {"id": 250, "name": "Northwind"},
        "types": [{"id": 1, "name": "Approver"}],
        "communicationItems": [
            item(101, 1, "Email", "ada@x.example", "Email", true),
            item(102, 2, "Direct", "5550101", "Phone", true),
            item(103, 4, "Mobile", "5550102", "Phone", false),
            item(104, 1, "Email", "byron@x.example", "Email", false),
            item(105, 3, "Fax", "5550103", "Fax", true),
        ],
        "_info": {"lastUpdated": "2026-01-01T00:00:00Z"},
    })
}
