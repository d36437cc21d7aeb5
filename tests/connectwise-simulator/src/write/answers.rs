//! Custom fields and the questions of a configuration: lists whose values have the type their definition says.
//!
//! Both are written as whole arrays. A custom field that is left out keeps its value, as was seen live; a question
//! that is left out loses its answer.

use super::intake::{Intake, whole_second};
use super::references::number;
use crate::catalog;
use crate::kind::{Kind, Source};
use crate::reply::Reply;
use crate::view::View;
use serde_json::{Map, Number, Value, json};

/// Sets the custom fields that are given, each by its id, and answers whether any was.
pub(crate) fn merge_custom_fields(
    intake: &mut Intake<'_>,
    record: &mut Map<String, Value>,
    given: &Value,
) -> Result<bool, Reply> {
    if given.is_null() {
        return Ok(false);
    }
    let Value::Array(given_fields) = given else {
        return Err(intake
            .body
            .not_converted(given, "CustomFieldValue[]", "customFields"));
    };
    let mut fields = match record.remove("customFields") {
        Some(Value::Array(fields)) if !fields.is_empty() => fields,
        _ => blank_custom_fields(intake.view, intake.kind),
    };
    for entry in given_fields {
        let entry = checked(intake, entry, "CustomFieldValue")?;
        let id = entry.get("id").and_then(number);
        let known = fields
            .iter_mut()
            .find(|field| id.is_some() && field.get("id").and_then(Value::as_u64) == id);
        let Some(known) = known.and_then(Value::as_object_mut) else {
            let id = id.map_or_else(|| "without id".to_owned(), |id| id.to_string());
            intake.not_found("customFields/id", &format!("Custom field {id}"));
            continue;
        };
        if let Some(value) = entry.get("value") {
            let of = known
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let value = answer(intake, "CustomFieldValue", "value", &of, value);
            known.insert("value".into(), value);
        }
    }
    if !fields.is_empty() {
        record.insert("customFields".into(), Value::Array(fields));
    }
    Ok(!given_fields.is_empty())
}

/// The custom fields of a kind without values.
pub(crate) fn blank_custom_fields(view: &View<'_>, kind: Kind) -> Vec<Value> {
    let pod = match kind {
        Kind::Company => 1,
        Kind::Contact => 2,
        Kind::Configuration => 3,
        _ => return Vec::new(),
    };
    view.ids(Source::All(Kind::UserDefinedField), 0)
        .filter_map(|id| view.value(Source::All(Kind::UserDefinedField), id))
        .filter(|field| field.get("podId").and_then(Value::as_u64) == Some(pod))
        .map(|field| {
            json!({
                "id": field.get("id"), "caption": field.get("caption"), "type": field.get("fieldTypeIdentifier"),
                "entryMethod": field.get("entryTypeIdentifier"), "numberOfDecimals": field.get("numberDecimals"),
                "value": null,
            })
        })
        .collect()
}

/// Sets the answers of a configuration to those given, each by its question's or its answer's id.
pub(crate) fn replace_questions(
    intake: &mut Intake<'_>,
    record: &mut Map<String, Value>,
    given: &Value,
) -> Result<bool, Reply> {
    let given_answers = match given {
        Value::Null => &[][..],
        Value::Array(given) => given,
        _ => {
            return Err(intake
                .body
                .not_converted(given, "ConfigurationQuestion[]", "questions"));
        }
    };
    let mut questions = match record.remove("questions") {
        Some(Value::Array(questions)) => questions,
        _ => Vec::new(),
    };
    let mut entries = Vec::with_capacity(given_answers.len());
    for entry in given_answers {
        let entry = checked(intake, entry, "ConfigurationQuestion")?;
        if !questions.iter().any(|question| is_meant(entry, question)) {
            let id = entry
                .get("questionId")
                .or_else(|| entry.get("answerId"))
                .and_then(number);
            let id = id.map_or_else(|| "without id".to_owned(), |id| id.to_string());
            intake.not_found("questions/questionId", &format!("Question {id}"));
        }
        entries.push(entry);
    }
    for question in &mut questions {
        let entry = entries.iter().rev().find(|entry| is_meant(entry, question));
        let Some(question) = question.as_object_mut() else {
            continue;
        };
        let of = question
            .get("fieldType")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let given = entry.and_then(|entry| entry.get("answer"));
        // Who cannot see a password sends its question back without one.
        if of == "Password" && !intake.passwords && entry.is_some() && given.is_none() {
            continue;
        }
        // A number that was read as text goes back as text and stays one.
        let is_number = matches!(of.as_str(), "Number" | "Percent" | "Currency");
        if is_number && given.is_some() && given == question.get("answer") {
            continue;
        }
        match answer(
            intake,
            "ConfigurationQuestion",
            "answer",
            &of,
            given.unwrap_or(&Value::Null),
        ) {
            Value::Null => drop(question.remove("answer")),
            value => drop(question.insert("answer".into(), value)),
        }
    }
    record.insert("questions".into(), Value::Array(questions));
    Ok(true)
}

/// The questions of a configuration type without answers.
pub(crate) fn blank_questions(view: &View<'_>, of: u64, configuration: u64) -> Value {
    let source = Source::Of(Kind::ConfigurationTypeQuestion, of);
    let questions = view
        .ids(source, 0)
        .filter_map(|id| view.value(source, id))
        .zip(0_u64..);
    questions
        .filter(|(question, _)| question.get("inactiveFlag") != Some(&Value::Bool(true)))
        .map(|(question, place)| {
            json!({
                "answerId": configuration * 16 + place, "questionId": question.get("id"),
                "question": question.get("question"), "sequenceNumber": question.get("sequenceNumber"),
                "numberOfDecimals": question.get("numberOfDecimals"), "fieldType": question.get("fieldType"),
                "requiredFlag": question.get("requiredFlag"),
            })
        })
        .collect()
}

/// Whether an entry that was sent means a question, by either of its ids.
fn is_meant(entry: &Map<String, Value>, question: &Value) -> bool {
    ["questionId", "answerId"].iter().any(|name| {
        let id = entry.get(*name).and_then(number);
        id.is_some() && question.get(*name).and_then(Value::as_u64) == id
    })
}

/// An entry as an object with known members.
fn checked<'a>(intake: &Intake<'_>, entry: &'a Value, schema: &str) -> Result<&'a Map<String, Value>, Reply> {
    let entry = super::body::object(entry, schema)?;
    match entry.keys().find(|name| catalog::field(schema, name).is_none()) {
        Some(name) => Err(intake.body.unknown_member(schema, name)),
        None => Ok(entry),
    }
}

/// A value of the type a definition names; of any other it is complained of.
fn answer(intake: &mut Intake<'_>, schema: &str, name: &str, of: &str, given: &Value) -> Value {
    let taken = match (of, given) {
        (_, Value::Null) => Some(Value::Null),
        ("Number" | "Percent" | "Currency", Value::Number(_)) => Some(given.clone()),
        ("Number" | "Percent" | "Currency", Value::String(text)) => {
            text.trim().parse::<Number>().ok().map(Value::Number)
        }
        ("Checkbox", Value::Bool(_)) => Some(given.clone()),
        ("Checkbox", Value::String(text)) => text.to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool),
        ("Date", Value::String(text)) => whole_second(text).map(Value::String),
        ("Number" | "Percent" | "Currency" | "Checkbox" | "Date", _) => None,
        (_, Value::String(text)) => Some(intake.habits.rewritten(schema, name, text).into()),
        (_, Value::Number(number)) => Some(number.to_string().into()),
        (_, Value::Bool(flag)) => Some(flag.to_string().into()),
        _ => None,
    };
    taken.unwrap_or_else(|| {
        intake.complain(
            "InvalidField",
            name,
            format!("The field {name} must be of type {of}."),
        );
        Value::Null
    })
}
