//! The stand-in: records by path, PATCH by a small model of JSON Patch over a typed document, types as associations,
//! custom fields as ConnectWise keeps them. A write may be lost before or after it took effect.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use dovetail_sdk::connector::http::Failure;
use serde_json::{Map, Value as Json, json};

use super::*;

/// When a write that is lost took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    Before,
    After,
}

/// What the stand-in keeps and how it behaves.
#[derive(Default)]
pub(super) struct Psa {
    /// Records by path: `/company/contacts/9`.
    pub(super) records: BTreeMap<String, Json>,
    /// Type associations by the record's path: id, type.
    pub(super) associations: BTreeMap<String, BTreeMap<u64, Json>>,
    /// Lists by path.
    pub(super) lists: BTreeMap<String, Json>,
    /// Lists that are refused for lack of a permission.
    pub(super) forbidden: BTreeSet<String>,
    /// The writes that are lost, by their number from 0.
    pub(super) lost: BTreeMap<usize, (Lost, Answer)>,
    /// What a write is answered with instead of being done, by its number from 0.
    pub(super) refused: BTreeMap<usize, Answer>,
    /// PATCH answers with these members only.
    pub(super) partial: Option<&'static [&'static str]>,
    /// PATCH says yes and changes nothing.
    pub(super) deaf: bool,
    /// Phone numbers are kept as digits.
    pub(super) digits_only: bool,
    /// Companies do not say their types.
    pub(super) silent_types: bool,
    writes: usize,
    next: u64,
}

impl Psa {
    /// Puts a record where it stands.
    pub(super) fn with(mut self, path: &str, record: Json) -> Self {
        let id = record["id"].as_u64().unwrap();
        let path = format!("{path}/{id}");
        if let Some(types) = record["types"].as_array() {
            let pairs = types
                .iter()
                .enumerate()
                .map(|(place, one)| (1_000 + place as u64, one.clone()));
            self.associations.insert(path.clone(), pairs.collect());
        }
        self.records.insert(path, record);
        self
    }

    pub(super) fn with_list(mut self, path: &str, list: Json) -> Self {
        self.lists.insert(path.into(), list);
        self
    }

    fn answer(&mut self, seen: &Seen) -> Option<Answer> {
        if seen.path.starts_with("/login") {
            return None;
        }
        if seen.method == "GET" {
            return Some(self.read(&seen.path));
        }
        assert!(!seen.repeatable, "{seen:?}");
        let number = self.writes;
        self.writes += 1;
        if let Some(answer) = self.refused.get(&number) {
            return Some(answer.clone());
        }
        if let Some((lost, answer)) = self.lost.get(&number).cloned() {
            if lost == Lost::After {
                let done = self.write(seen).unwrap();
                assert!(done.status < 300, "{done:?}");
            }
            return Some(answer);
        }
        Some(self.write(seen))
    }

    fn read(&self, path: &str) -> Answer {
        if self.forbidden.contains(path) {
            let words = r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;
            return status(403, words);
        }
        if let Some(list) = self.lists.get(path) {
            return ok(&list.to_string());
        }
        if let Some(owner) = path.strip_suffix("/typeAssociations")
            && self.records.contains_key(owner)
        {
            let pairs = self.associations.get(owner).into_iter().flatten();
            let list: Vec<Json> = pairs.map(|(id, one)| json!({"id": id, "type": one})).collect();
            return ok(&Json::from(list).to_string());
        }
        match self.records.get(path) {
            Some(_) => ok(&self.shown(path).to_string()),
            None => not_found(path),
        }
    }

    /// A record as it is answered: without nulls, with its types from the associations.
    fn shown(&self, path: &str) -> Json {
        let mut record = self.records[path].clone();
        let members = record.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null());
        if let Some(pairs) = self.associations.get(path) {
            members.insert("types".into(), pairs.values().cloned().collect());
        }
        if self.silent_types {
            members.remove("types");
        }
        record
    }

    fn write(&mut self, seen: &Seen) -> Answer {
        let json_body = !seen.body.is_empty();
        let charset = seen.headers.get("content-type").map(String::as_str);
        assert_eq!(
            charset,
            json_body.then_some("application/json; charset=utf-8"),
            "{seen:?}"
        );
        let body: Json = match json_body {
            true => serde_json::from_str(&seen.body).unwrap(),
            false => Json::Null,
        };
        let owner = seen.path.split_once("/typeAssociations").map(|(owner, _)| owner);
        match (seen.method.as_str(), owner) {
            ("POST", Some(owner)) => self.associate(owner, &body),
            ("DELETE", Some(owner)) => {
                let id: u64 = seen.path.rsplit('/').next().unwrap().parse().unwrap();
                match self.associations.get_mut(owner).unwrap().remove(&id) {
                    Some(_) => status(204, ""),
                    None => not_found(&seen.path),
                }
            }
            ("PATCH", None) if self.records.contains_key(&seen.path) => self.patch(&seen.path, &body),
            ("PATCH", None) => not_found(&seen.path),
            ("POST", None) => self.create(&seen.path, body),
            other => panic!("{other:?}"),
        }
    }

    fn associate(&mut self, owner: &str, body: &Json) -> Answer {
        let id = owner.rsplit('/').next().unwrap().parse::<u64>().unwrap();
        let noun = if owner.contains("/contacts/") {
            "contact"
        } else {
            "company"
        };
        assert_eq!(body[noun]["id"], json!(id), "{body}");
        self.next += 1;
        let (number, one) = (2_000 + self.next, self.type_named(owner, &body["type"]));
        self.associations
            .entry(owner.into())
            .or_default()
            .insert(number, one);
        status(201, &json!({"id": number}).to_string())
    }

    fn type_named(&self, owner: &str, reference: &Json) -> Json {
        let table = match owner.contains("/contacts") {
            true => "/company/contacts/types",
            false => "/company/companies/types",
        };
        let all = self.lists.get(table).and_then(Json::as_array);
        let label = |row: &Json| row.get("name").or(row.get("description")).cloned().unwrap();
        let is_it = |row: &&Json| row["id"] == reference["id"] || label(row) == reference["name"];
        let row = all.and_then(|rows| rows.iter().find(is_it));
        row.map_or_else(
            || reference.clone(),
            |row| json!({"id": row["id"], "name": label(row)}),
        )
    }

    fn patch(&mut self, path: &str, body: &Json) -> Answer {
        let before = self.records[path].clone();
        let names = |name: &str| {
            let mut operations = body.as_array().unwrap().iter();
            operations.any(|one| one["path"] == format!("/{name}"))
        };
        let has_custom_fields = before["customFields"]
            .as_array()
            .is_some_and(|list| !list.is_empty());
        if has_custom_fields && !names("customFields") {
            return invalid("customFields", "The customFields have to be given.");
        }
        assert!(!names("types"), "types are never patched");
        if !self.deaf {
            let mut after = match apply(&before, body) {
                Ok(after) => after,
                Err(words) => return invalid("", &words),
            };
            // A custom field that is not mentioned stays.
            if let Some(list) = before["customFields"].as_array() {
                let given = after["customFields"].as_array().cloned().unwrap_or_default();
                let kept = |old: &Json| {
                    let new = given.iter().find(|new| new["id"] == old["id"]);
                    new.unwrap_or(old).clone()
                };
                after["customFields"] = list.iter().map(kept).collect();
            }
            for item in after["communicationItems"].as_array_mut().into_iter().flatten() {
                if item["id"].is_null() {
                    self.next += 1;
                    item["id"] = json!(500 + self.next);
                }
            }
            if self.digits_only
                && let Some(number) = after["phoneNumber"].as_str()
            {
                let digits: String = number.chars().filter(char::is_ascii_digit).collect();
                after["phoneNumber"] = json!(digits);
            }
            after["_info"]["lastUpdated"] = json!("2026-02-02T00:00:00Z");
            self.records.insert(path.into(), after);
        }
        let mut shown = self.shown(path);
        if let Some(partial) = self.partial {
            shown
                .as_object_mut()
                .unwrap()
                .retain(|name, _| partial.contains(&name.as_str()));
        }
        ok(&shown.to_string())
    }

    fn create(&mut self, path: &str, body: Json) -> Answer {
        self.next += 1;
        let id = 900 + self.next;
        let mut record = body;
        record["id"] = json!(id);
        record["_info"] =
            json!({"lastUpdated": "2026-02-02T00:00:00Z", "dateEntered": "2026-02-02T00:00:00Z"});
        let path = format!("{path}/{id}");
        if let Some(types) = record["types"].as_array().cloned() {
            let owner = path.clone();
            let pairs = types
                .iter()
                .map(|one| self.type_named(&owner, one))
                .enumerate()
                .map(|(place, one)| (3_000 + place as u64, one));
            let pairs = pairs.collect();
            self.associations.insert(path.clone(), pairs);
        }
        self.records.insert(path.clone(), record);
        status(201, &self.shown(&path).to_string())
    }
}

pub(super) fn not_found(path: &str) -> Answer {
    status(
        404,
        &json!({"code": "NotFound", "message": format!("{path} not found")}).to_string(),
    )
}

pub(super) fn invalid(field: &str, words: &str) -> Answer {
    let error = json!({"code": "InvalidField", "message": words, "field": field});
    status(
        400,
        &json!({"code": "InvalidObject", "message": "object is invalid", "errors": [error]}).to_string(),
    )
}

/// JSON Patch as far as ConnectWise takes it, over a document whose members are all known: replacing one that is absent
/// sets it.
pub(super) fn apply(record: &Json, operations: &Json) -> Result<Json, String> {
    let mut after = record.clone();
    for one in operations.as_array().ok_or("no list of operations")? {
        let path = one["path"].as_str().ok_or("no path")?;
        let parts: Vec<&str> = path
            .strip_prefix('/')
            .ok_or("no slash in front")?
            .split('/')
            .collect();
        let (last, way) = parts.split_last().ok_or("no path")?;
        let mut at = &mut after;
        for part in way {
            at = match part.parse::<usize>() {
                Ok(place) => at.get_mut(place),
                Err(_) => at.get_mut(*part),
            }
            .ok_or_else(|| format!("nothing at {path}"))?;
        }
        let value = one.get("value").cloned();
        match (one["op"].as_str(), at, last.parse::<usize>(), value) {
            (Some("replace"), Json::Object(members), _, Some(value)) => {
                members.insert((*last).to_owned(), value);
            }
            (Some("add"), Json::Array(list), Ok(place), Some(value)) if place <= list.len() => {
                list.insert(place, value);
            }
            (Some("remove"), Json::Array(list), Ok(place), None) if place < list.len() => {
                list.remove(place);
            }
            other => return Err(format!("{other:?} at {path}")),
        }
    }
    Ok(after)
}

/// A connection to a stand-in, which can be looked at meanwhile.
pub(super) struct Room {
    pub(super) psa: Rc<RefCell<Psa>>,
    pub(super) connection: Connection<Fake>,
    pub(super) log: Log,
    pub(super) said: Rc<RefCell<Vec<String>>>,
}

impl Room {
    pub(super) fn new(psa: Psa) -> Self {
        let psa = Rc::new(RefCell::new(psa));
        let inside = psa.clone();
        let (connection, log) = connection(move |seen| inside.borrow_mut().answer(seen));
        let said = connection.transport.said.clone();
        Room {
            psa,
            connection,
            log,
            said,
        }
    }

    /// One contact, with the types there are.
    pub(super) fn with_ada() -> Self {
        Room::new(contacts(ada()))
    }

    pub(super) fn push(&mut self, changes: &[Change]) -> Vec<Outcome> {
        self.push_in(&context(), changes)
    }

    pub(super) fn push_in(&mut self, context: &Context, changes: &[Change]) -> Vec<Outcome> {
        let outcomes = self.connection.push(context, changes);
        assert_eq!(outcomes.len(), changes.len());
        outcomes
    }

    pub(super) fn push_one(&mut self, change: &Change) -> Outcome {
        self.push(std::slice::from_ref(change)).remove(0)
    }

    /// A member of a record as it is kept.
    pub(super) fn kept(&self, path: &str, member: &str) -> Json {
        self.psa.borrow().records[path][member].clone()
    }

    /// What was sent, without the look-up of the codebase: method and path.
    pub(super) fn sent(&self) -> Vec<String> {
        let log = self.log.borrow();
        let below = log.iter().filter(|seen| !seen.path.starts_with("/login"));
        below
            .map(|seen| format!("{} {}", seen.method, seen.path))
            .collect()
    }

    /// The writes in order.
    pub(super) fn writes(&self) -> Vec<Seen> {
        let log = self.log.borrow();
        log.iter().filter(|seen| seen.method != "GET").cloned().collect()
    }

    /// The body of the only write.
    pub(super) fn body(&self) -> Json {
        let writes = self.writes();
        assert_eq!(writes.len(), 1, "{writes:?}");
        serde_json::from_str(&writes[0].body).unwrap()
    }
}

/// A stand-in with contacts' types and one contact.
pub(super) fn contacts(contact: Json) -> Psa {
    let kind = |id: u64, name: &str, flag: &str, default: bool| json!({"id": id, "description": name, flag: true, "defaultFlag": default});
    Psa::default()
        .with("/company/contacts", contact)
        .with_list(
            "/company/contacts/types",
            json!([{"id": 1, "description": "Approver"}, {"id": 2, "description": "Owner"}, {"id": 3, "description": "User"}]),
        )
        .with_list(
            "/company/communicationTypes",
            json!([
                kind(1, "Email", "emailFlag", true),
                kind(2, "Direct", "phoneFlag", true),
                kind(3, "Fax", "faxFlag", true),
                kind(4, "Mobile", "phoneFlag", false),
                kind(5, "Private", "emailFlag", false),
            ]),
        )
}

/// Failures and answers after which nobody knows whether a write took effect.
pub(super) fn lost_answers() -> Vec<Answer> {
    vec![
        Err(Failure::Timeout),
        Err(Failure::Unreachable("connection reset".into())),
        Err(Failure::Stopped("the run is being cancelled".into())),
        Err(Failure::TooLarge(30_000_000)),
        status(
            500,
            r#"{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}"#,
        ),
        status(
            500,
            r#"{"code":"ConnectWiseApi","message":"String was not recognized as a valid Boolean."}"#,
        ),
        status(502, "<html>bad gateway</html>"),
        status(503, ""),
        status(504, ""),
    ]
}

/// What two records have in common with a change: nothing the server keeps for itself.
pub(super) fn without_info(record: &Json) -> Map<String, Json> {
    let mut members = record.as_object().unwrap().clone();
    members.remove("_info");
    members
}
