//! PATCH: an array of operations, taken one after the other.
//!
//! Paths are case-sensitive, with or without a slash at the beginning. A path into a reference (`company/identifier`)
//! or into one of the arrays that are replaced whole is answered with 200 and changes nothing, and so are the types
//! of companies and contacts. An operation that fails makes the whole write fail.

use super::intake::Intake;
use super::{items, limits, record};
use crate::catalog::{self, FieldType};
use crate::reply::Reply;
use serde_json::{Map, Value};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Replace,
    Remove,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    op: Op,
    path: Vec<String>,
    value: Value,
}

impl Operation {
    /// The field of the record it is about.
    pub(crate) fn field(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

/// Reads the operations of a body.
pub(crate) fn operations(body: &super::body::Body) -> Result<Vec<Operation>, Reply> {
    body.array()?.iter().map(operation).collect()
}

fn operation(value: &Value) -> Result<Operation, Reply> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let op = match text("op") {
        "add" => Op::Add,
        "replace" => Op::Replace,
        "remove" => Op::Remove,
        other => {
            return Err(Reply::bad_body(&format!(
                "Invalid JsonPatch operation '{other}'."
            )));
        }
    };
    let path = text("path");
    let path: Vec<String> = path
        .strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(str::to_owned)
        .collect();
    if path.iter().any(String::is_empty) {
        return Err(no_target(text("path")));
    }
    let value = match op {
        Op::Remove => Value::Null,
        _ => value.get("value").cloned().unwrap_or_default(),
    };
    Ok(Operation { op, path, value })
}

/// Applies an operation to a record and answers whether it is one the server takes.
pub(crate) fn apply(
    intake: &mut Intake<'_>,
    schema: &str,
    record: &mut Map<String, Value>,
    operation: &Operation,
) -> Result<bool, Reply> {
    let name = operation.field();
    if name == "_info" {
        return Ok(false);
    }
    let declared = catalog::exact(schema, name).ok_or_else(|| no_target(name))?;
    if limits::is_server_owned(schema, name) {
        return Ok(false);
    }
    match (operation.path.as_slice(), &declared) {
        ([_], _) => record::set(intake, schema, record, name, &declared, &operation.value),
        ([_, rest @ ..], FieldType::Children(of)) if of == "ContactCommunicationItem" => {
            record::note(intake, name);
            items::patch(intake, record, operation.op, rest, &operation.value)
        }
        (_, FieldType::Reference(_) | FieldType::Children(_)) => Ok(false),
        ([_, deeper, ..], _) => Err(no_target(deeper)),
        ([], _) => Err(no_target(name)),
    }
}

/// A path leads nowhere.
pub(crate) fn no_target(segment: &str) -> Reply {
    Reply::bad_body(&format!(
        "The target location specified by path segment '{segment}' was not found."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn operations_are_read_or_refused() {
        let read = |value: Value| operation(&value).map_err(|reply| reply.status);
        for (path, segments) in [
            ("name", vec!["name"]),
            ("/name", vec!["name"]),
            (
                "/communicationItems/1/value",
                vec!["communicationItems", "1", "value"],
            ),
        ] {
            let found = read(json!({"op": "replace", "path": path, "value": 5}));
            let expected = Operation {
                op: Op::Replace,
                path: segments.into_iter().map(str::to_owned).collect(),
                value: json!(5),
            };
            assert_eq!(found, Ok(expected), "{path}");
        }
        for bad in [
            json!({"op": "test", "path": "name", "value": 1}),
            json!({"op": "Replace", "path": "name", "value": 1}),
            json!({"path": "name", "value": 1}),
            json!({"op": "replace", "value": 1}),
            json!({"op": "replace", "path": "/", "value": 1}),
            json!({"op": "replace", "path": "a//b", "value": 1}),
            json!("replace"),
        ] {
            assert_eq!(read(bad.clone()), Err(400), "{bad}");
        }
    }
}
