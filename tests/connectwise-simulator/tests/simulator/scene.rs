//! Records with what a test of writes needs, and what refusals say.

use crate::http::{Answer, Api};
use connectwise_simulator::Kind;
use serde_json::{Value, json};

/// A configuration of a type with passwords among its questions.
pub(crate) fn server(api: &Api) -> u64 {
    let control = api.simulator.control();
    control
        .ids(Kind::Configuration)
        .into_iter()
        .find(|id| {
            let record = control.record(Kind::Configuration, *id).unwrap_or_default();
            record["type"]["id"] == 1 && record["serialNumber"].is_string()
        })
        .expect("there are servers")
}

/// A contact with a mail address, a direct phone and a cell phone, in this order.
pub(crate) fn reachable(api: &Api) -> u64 {
    let control = api.simulator.control();
    control
        .ids(Kind::Contact)
        .into_iter()
        .find(|id| {
            let record = control.record(Kind::Contact, *id).unwrap_or_default();
            let items = record["communicationItems"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let types: Vec<u64> = items
                .iter()
                .filter_map(|item| item["type"]["id"].as_u64())
                .collect();
            types == [1, 2, 4] && record["company"]["id"].is_u64()
        })
        .expect("there are such contacts")
}

/// Holds a refusal to one error of a code and a field.
pub(crate) fn refused(answer: &Answer, code: &str, field: &str, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text);
    let body = answer.json();
    assert_eq!(body["code"], "InvalidObject", "{what}: {body}");
    let errors = body["errors"].as_array().expect("errors");
    let told: Vec<(&Value, &Value)> = errors
        .iter()
        .map(|error| (&error["code"], &error["field"]))
        .collect();
    assert_eq!(told, [(&json!(code), &json!(field))], "{what}: {body}");
}
