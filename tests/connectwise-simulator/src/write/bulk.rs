//! Many configurations at once: an array of records for POST and PUT, of ids or records for DELETE. Each entry is
//! written or refused on its own, and the answer (207) tells of each by its place.

use super::body::{self, Body};
use super::{Desk, references};
use crate::kind::{Kind, Source};
use crate::reply::Reply;
use crate::role::Level;
use serde_json::{Value, json};

const KIND: Kind = Kind::Configuration;

/// The answer to a write in bulk.
pub(super) fn answer(desk: &mut Desk<'_>) -> Result<Reply, Reply> {
    let body = Body::read(desk.request)?;
    let mut payload = Vec::new();
    let mut applied = None;
    for (place, entry) in body.array()?.iter().enumerate() {
        let done = one(desk, &body, entry);
        payload.push(match done {
            Ok((status, id, number)) => {
                applied = number.or(applied);
                json!({
                    "success": true, "originalIndex": place, "statusCode": status, "data": {"id": id}, "error": null,
                })
            }
            Err(refusal) => {
                let error: Value = serde_json::from_slice(&refusal.body).unwrap_or_default();
                json!({
                    "success": false, "originalIndex": place, "statusCode": refusal.status, "data": null,
                    "error": error,
                })
            }
        });
    }
    let mut reply = Reply::json(207, json!({"payload": payload}).to_string().into_bytes());
    reply.applied = applied;
    Ok(reply)
}

/// One entry: its status, the record's id, and the number of the write.
fn one(desk: &mut Desk<'_>, body: &Body, entry: &Value) -> Result<(u16, u64, Option<u64>), Reply> {
    if desk.request.method == "POST" {
        let (id, number) = desk.create(KIND, None, body, body::object(entry, KIND.schema())?)?;
        return Ok((201, id, number));
    }
    let id = references::number(entry).or_else(|| entry.get("id").and_then(references::number));
    let id = id.ok_or_else(|| Reply::bad_body("An entry without id names no configuration."))?;
    let action = match desk.request.method.as_str() {
        "DELETE" => crate::role::Action::Delete,
        _ => crate::role::Action::Edit,
    };
    let view = desk.state.view(desk.world);
    if !view.is_live(KIND, id) {
        return Err(Reply::no_record(KIND.schema(), id));
    }
    let level = desk.state.role.level_of(Source::All(KIND), action);
    if !view.is_visible(Source::All(KIND), id) || (level == Level::My && !view.is_mine(KIND, id)) {
        return Err(Reply::forbidden());
    }
    if desk.request.method == "DELETE" {
        let number = desk.delete(KIND, id, None)?;
        return Ok((204, id, number));
    }
    let number = desk.replace(KIND, id, body, body::object(entry, KIND.schema())?)?;
    Ok((200, id, Some(number)))
}
