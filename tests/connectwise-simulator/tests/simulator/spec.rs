//! Every served path against what the vendor says its objects look like.
//!
//! Three sources, the first that knows a path counts: the vendor's OpenAPI document (2026.4, cut to the paths
//! served here); field lists of objects that document lacks; and a few objects of the 2025.1 models.

use crate::http::Api;
use connectwise_simulator::{Kind, endpoints};
use serde_json::{Map, Value, json};

struct Spec {
    openapi: Value,
    fields: Value,
    models: Value,
}

/// Where a path's object is described.
enum Held<'a> {
    Schema(&'a Value, &'static str),
    Fields(&'a Map<String, Value>, &'static str),
}

/// Paths that serve the object of another path.
const TWINS: [(&str, &str); 3] = [
    ("/company/companies/types/info", "/company/companies/info/types"),
    (
        "/company/companies/{parentId}/typeAssociations",
        "/company/companyTypeAssociations",
    ),
    (
        "/company/contacts/{parentId}/typeAssociations",
        "/company/contactTypeAssociations",
    ),
];

/// Declared an object, but a scalar in every real answer.
const SCALARS: [&str; 1] = ["CustomFieldValue.value"];

impl Spec {
    fn read() -> Self {
        let read = |text| serde_json::from_str(text).expect("the description is JSON");
        Self {
            openapi: read(include_str!("../spec/openapi-2026.4.json")),
            fields: read(include_str!("../spec/fields.json")),
            models: read(include_str!("../spec/models.json")),
        }
    }

    fn held(&self, path: &str) -> Option<Held<'_>> {
        if let Some(schema) =
            self.openapi["paths"][path].pointer("/get/responses/200/content/application~1json/schema")
        {
            return Some(Held::Schema(schema, "OpenAPI 2026.4"));
        }
        let base = path
            .strip_suffix("/count")
            .or_else(|| path.strip_suffix("/{id}"))
            .unwrap_or(path);
        let base = TWINS
            .iter()
            .find(|(twin, _)| *twin == base)
            .map_or(base, |(_, original)| original);
        if path.ends_with("/count") {
            return Some(Held::Schema(
                self.openapi["components"]["schemas"].get("Count")?,
                "OpenAPI 2026.4 (Count)",
            ));
        }
        if let Some(schema) =
            self.openapi["paths"][base].pointer("/get/responses/200/content/application~1json/schema")
        {
            return Some(Held::Schema(schema, "OpenAPI 2026.4 (as its twin)"));
        }
        if let Some(Value::Object(found)) = self.fields.get(base) {
            return Some(Held::Fields(found, "field list"));
        }
        match self.models.get(base) {
            Some(Value::Object(found)) => Some(Held::Fields(found, "models 2025.1")),
            _ => None,
        }
    }

    fn check(&self, value: &Value, schema: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            match self.openapi["components"]["schemas"].get(name) {
                Some(schema) => self.check(value, schema, name, faults),
                None => faults.push(format!("{at}: {name} is not described")),
            }
            return;
        }
        if SCALARS.contains(&at) {
            if value.is_object() || value.is_array() {
                faults.push(format!("{at}: not a scalar"));
            }
            return;
        }
        let fits = match schema["type"].as_str() {
            Some("array") => {
                let items = value.as_array();
                for item in items.into_iter().flatten() {
                    self.check(item, &schema["items"], at, faults);
                }
                items.is_some()
            }
            Some("object") => match (value.as_object(), schema["properties"].as_object()) {
                (Some(found), Some(properties)) => {
                    for (name, value) in found {
                        match properties.get(name) {
                            Some(schema) => self.check(value, schema, &format!("{at}.{name}"), faults),
                            None => faults.push(format!("{at}: {name} is not described")),
                        }
                    }
                    for name in schema["required"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                    {
                        if !found.contains_key(name) {
                            faults.push(format!("{at}: {name} is required"));
                        }
                    }
                    true
                }
                (Some(found), None) => {
                    found
                        .values()
                        .all(|value| match schema["additionalProperties"].as_object() {
                            Some(_) => value.is_string(),
                            None => true,
                        })
                }
                (None, _) => false,
            },
            Some(kind) => scalar(value, kind, schema),
            None => true,
        };
        if !fits {
            faults.push(format!("{at}: {value} is not of {schema}"));
        }
    }

    fn check_fields(&self, value: &Value, fields: &Map<String, Value>, at: &str, faults: &mut Vec<String>) {
        let Some(found) = value.as_object() else {
            faults.push(format!("{at}: {value} is no object"));
            return;
        };
        for (name, value) in found {
            let Some(kind) = fields.get(name).and_then(Value::as_str) else {
                faults.push(format!("{at}: {name} is not described"));
                continue;
            };
            let place = format!("{at}.{name}");
            let fits = match (name.as_str(), kind) {
                (_, "any") => !value.is_object() && !value.is_array(),
                ("_info", _) => value
                    .as_object()
                    .is_some_and(|info| info.values().all(Value::is_string)),
                ("customFields", _) => {
                    let schema =
                        serde_json::json!({"type": "array", "items": {"$ref": "x/CustomFieldValue"}});
                    self.check(value, &schema, &place, faults);
                    true
                }
                ("questions" | "licenseBits", "array") => {
                    let of = if name == "questions" {
                        "question"
                    } else {
                        "licenseBit"
                    };
                    let described = self.models[of].as_object().expect("it is described");
                    for item in value.as_array().into_iter().flatten() {
                        self.check_fields(item, described, &place, faults);
                    }
                    value.is_array()
                }
                (_, "array") => value.is_array(),
                (_, kind) if kind.ends_with("Reference") => {
                    match self.openapi["components"]["schemas"].get(kind) {
                        Some(schema) => self.check(value, schema, kind, faults),
                        // Not described there: the form all references have.
                        None => {
                            let known = value.as_object().is_some_and(|map| {
                                map.iter().all(|(name, value)| match name.as_str() {
                                    "id" => value.is_u64(),
                                    "name" | "identifier" => value.is_string(),
                                    other => other == "_info",
                                })
                            });
                            if !known {
                                faults.push(format!("{place}: {value} is no reference"));
                            }
                        }
                    }
                    true
                }
                (_, kind) => scalar(value, kind, &Value::Null),
            };
            if !fits {
                faults.push(format!("{place}: {value} is no {kind}"));
            }
        }
    }
}

fn scalar(value: &Value, kind: &str, schema: &Value) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "string" => value.as_str().is_some_and(|text| {
            let listed = schema["enum"]
                .as_array()
                .is_none_or(|all| all.iter().any(|one| one == text));
            // The one form dates have: 2026-11-01T00:00:00Z.
            let dated = schema["format"] != "date-time"
                || (text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T');
            listed && dated
        }),
        _ => false,
    }
}

#[tokio::test]
async fn every_path_is_held_to_its_description() {
    let api = Api::sized(3_000).await;
    let control = api.simulator.control();
    let spec = Spec::read();
    let first = |kind: Kind| control.ids(kind).first().copied().expect("there are records");
    let mut faults = Vec::new();
    let mut held = 0;
    for path in endpoints() {
        let Some(source) = spec.held(path) else {
            faults.push(format!("{path} is described nowhere"));
            continue;
        };
        let parents: Vec<u64> = match path {
            path if !path.contains("{parentId}") => vec![0],
            path if path.starts_with("/company/companies") => {
                control.ids(Kind::Company).into_iter().take(20).collect()
            }
            path if path.starts_with("/company/contacts") => {
                control.ids(Kind::Contact).into_iter().take(20).collect()
            }
            path if path.starts_with("/company/configurations") => vec![first(Kind::ConfigurationType)],
            _ => control.ids(Kind::Board),
        };
        let (mut records, mut name) = (0, "");
        for parent in parents {
            let mut real = path.replace("{parentId}", &parent.to_string());
            if real.contains("{id}") {
                let list = real.replace("/{id}", "");
                let Some(id) = api
                    .get(&format!("{list}?pageSize=1"))
                    .await
                    .ids()
                    .first()
                    .copied()
                else {
                    continue;
                };
                real = real.replace("{id}", &id.to_string());
            }
            let answer = api.get(&format!("{real}?pageSize=1000")).await;
            assert_eq!(answer.status, 200, "{real}: {}", answer.text);
            let body = answer.json();
            records += body.as_array().map_or(1, Vec::len);
            match &source {
                Held::Schema(schema, source) => {
                    name = source;
                    // A twin's description may be of its list.
                    let of_one = !body.is_array() && schema["type"] == "array";
                    spec.check(
                        &body,
                        if of_one { &schema["items"] } else { schema },
                        path,
                        &mut faults,
                    );
                }
                Held::Fields(fields, source) => {
                    name = source;
                    match &body {
                        Value::Array(items) => items
                            .iter()
                            .for_each(|item| spec.check_fields(item, fields, path, &mut faults)),
                        one => spec.check_fields(one, fields, path, &mut faults),
                    }
                }
            }
        }
        assert!(records > 0, "{path} was not tried with a record");
        held += 1;
        println!("{path}: held to {name} ({records} checked)");
    }
    faults.sort();
    faults.dedup();
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert_eq!(held, endpoints().len());
}

/// What was written by clients has the form of what was there.
#[tokio::test]
async fn written_records_are_held_to_their_description_too() {
    let api = Api::writable(300).await;
    let spec = Spec::read();
    let mut faults = Vec::new();
    let company =
        json!({"identifier": "S", "name": "S", "city": "S", "phoneNumber": "1", "country": {"id": 1}});
    let item = json!({"type": {"id": 2}, "value": "1", "extension": "2"});
    let contact = json!({"firstName": "S", "company": {"id": 250}, "communicationItems": [item], "typeIds": [1],
                         "birthDay": "2000-01-01T00:00:00Z", "customFields": [{"id": 21, "value": true}]});
    let device = json!({"name": "S", "company": {"id": 250}, "type": {"id": 1}, "installedBy": {"id": 101},
                        "manufacturer": {"id": 1}, "questions": [{"questionId": 102, "answer": 5}]});
    for (path, template, body) in [
        ("/company/companies", "/company/companies/{id}", company),
        (
            "/company/companies/250/sites",
            "/company/companies/{parentId}/sites/{id}",
            json!({"name": "S", "stateReference": {"id": 7, "identifier": "S", "name": "S"}}),
        ),
        ("/company/contacts", "/company/contacts/{id}", contact),
        (
            "/company/contacts/310/communications",
            "/company/contacts/{parentId}/communications/{id}",
            item,
        ),
        ("/company/configurations", "/company/configurations/{id}", device),
        (
            "/company/companies/250/typeAssociations",
            "/company/companies/{parentId}/typeAssociations/{id}",
            json!({"type": {"id": 9}}),
        ),
        (
            "/company/contacts/310/typeAssociations",
            "/company/contacts/{parentId}/typeAssociations/{id}",
            json!({"type": {"id": 8}}),
        ),
    ] {
        let made = api.write("POST", path, body).await;
        assert_eq!(made.status, 201, "{path}: {}", made.text);
        let record = made.json();
        match spec
            .held(template)
            .unwrap_or_else(|| panic!("{template} is described nowhere"))
        {
            Held::Schema(schema, _) => {
                let of_one = schema["type"] == "array";
                spec.check(
                    &record,
                    if of_one { &schema["items"] } else { schema },
                    path,
                    &mut faults,
                );
            }
            Held::Fields(fields, _) => spec.check_fields(&record, fields, path, &mut faults),
        }
    }
    assert_eq!(faults, [""; 0]);
}

/// The check itself can fail.
#[test]
fn wrong_records_are_found_out() {
    let spec = Spec::read();
    let company = serde_json::json!({"$ref": "x/Company"});
    for (record, faulty) in [
        (
            serde_json::json!({"identifier": "a", "name": "b", "id": 5}),
            false,
        ),
        (serde_json::json!({"identifier": "a", "id": 5}), true),
        (
            serde_json::json!({"identifier": "a", "name": "b", "id": "5"}),
            true,
        ),
        (
            serde_json::json!({"identifier": "a", "name": "b", "surprise": 5}),
            true,
        ),
        (
            serde_json::json!({"identifier": "a", "name": "b", "dateDeleted": "yesterday"}),
            true,
        ),
        (
            serde_json::json!({"identifier": "a", "name": "b", "status": {"id": "1"}}),
            true,
        ),
        (
            serde_json::json!({"identifier": "a", "name": "b", "types": {}}),
            true,
        ),
    ] {
        let mut faults = Vec::new();
        spec.check(&record, &company, "Company", &mut faults);
        assert_eq!(!faults.is_empty(), faulty, "{record}: {faults:?}");
    }
    assert!(spec.held("/company/somethingElse").is_none());
    let fields = spec.fields["/company/configurations"]
        .as_object()
        .expect("a list");
    let mut faults = Vec::new();
    spec.check_fields(
        &serde_json::json!({"id": 1, "questions": [{"answer": {}}], "type": {"id": "x"}}),
        fields,
        "x",
        &mut faults,
    );
    assert_eq!(faults.len(), 2, "{faults:?}");
}
