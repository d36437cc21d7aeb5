//! The body of a write: taken over from bytes as the server would, and blamed by place where it cannot be read.

use crate::answer::Request;
use crate::reply::Reply;
use serde_json::{Map, Value};

/// What errors about a body's shape end with.
const HINT: &str = "Check your accept header to make sure you are using the correct version.";

/// A body that is JSON.
pub(crate) struct Body {
    text: String,
    pub(crate) value: Value,
}

impl Body {
    /// Reads a request's body. Without `charset=utf-8` in the content type, what is not ASCII arrives as U+FFFD.
    pub(crate) fn read(request: &Request) -> Result<Self, Reply> {
        let kind = request.content_type.as_deref().unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if !kind.contains("json") {
            return Err(Reply::unsupported_media(&kind));
        }
        let sent = String::from_utf8_lossy(&request.body);
        let text = match kind.contains("utf-8") {
            true => sent.into_owned(),
            false => sent
                .chars()
                .map(|letter| if letter.is_ascii() { letter } else { '\u{fffd}' })
                .collect(),
        };
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Self { text, value }),
            Err(error) => Err(Reply::bad_body(&format!(
                "The body could not be read as JSON: {error}. {HINT}"
            ))),
        }
    }

    /// The body as one object of a kind.
    pub(crate) fn object(&self, schema: &str) -> Result<&Map<String, Value>, Reply> {
        object(&self.value, schema)
    }

    /// The body as an array.
    pub(crate) fn array(&self) -> Result<&[Value], Reply> {
        match &self.value {
            Value::Array(items) => Ok(items),
            _ => Err(Reply::bad_body(&format!(
                "Cannot deserialize the current JSON into an array because it is no JSON array. {HINT}"
            ))),
        }
    }

    /// An object has no such member.
    pub(crate) fn unknown_member(&self, schema: &str, name: &str) -> Reply {
        let (line, position) = self.place(name);
        Reply::bad_body(&format!(
            "Could not find member '{name}' on object of type '{schema}'. Path '{name}', line {line}, position {position}.{HINT}"
        ))
    }

    /// A member holds something that cannot be made what it should be.
    pub(crate) fn not_converted(&self, value: &Value, wanted: &str, name: &str) -> Reply {
        let (line, position) = self.place(name);
        Reply::bad_body(&format!(
            "Error converting value {value} to type '{wanted}'. Path '{name}', line {line}, position {position}.{HINT}"
        ))
    }

    /// Line and position behind a member's name and colon, both from 1; of its first place where there are more.
    fn place(&self, name: &str) -> (usize, usize) {
        let quoted = format!("\"{name}\"");
        let end = self.text.find(&quoted).map_or(0, |start| start + quoted.len());
        let colon = self
            .text
            .get(end..)
            .unwrap_or_default()
            .find(':')
            .map_or(0, |gap| gap + 1);
        let before = self.text.get(..end + colon).unwrap_or_default();
        let lines = before.matches('\n').count() + 1;
        let position = before.rsplit('\n').next().unwrap_or_default().chars().count();
        (lines, position)
    }
}

/// A value as one object of a kind.
pub(crate) fn object<'a>(value: &'a Value, schema: &str) -> Result<&'a Map<String, Value>, Reply> {
    value.as_object().ok_or_else(|| {
        Reply::bad_body(&format!(
            "Cannot deserialize the current JSON into type '{schema}' because it is no JSON object. {HINT}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content_type: &str, bytes: &[u8]) -> Result<Body, Reply> {
        Body::read(&Request {
            content_type: Some(content_type.into()),
            body: bytes.to_vec(),
            ..Request::default()
        })
    }

    #[test]
    fn what_is_not_ascii_needs_a_charset() {
        let text = "{\"name\": \"Zoë\"}".as_bytes();
        for (content_type, name) in [
            ("application/json; charset=utf-8", "Zoë"),
            ("application/json; charset=UTF-8", "Zoë"),
            ("application/json", "Zo\u{fffd}"),
        ] {
            let read = body(content_type, text).map(|body| body.value);
            assert_eq!(
                read.ok(),
                Some(serde_json::json!({"name": name})),
                "{content_type}"
            );
        }
        assert_eq!(
            body("text/plain", text).err().map(|reply| reply.status),
            Some(415)
        );
        let cut = body("application/json", b"{\"name\":").err();
        assert_eq!(cut.map(|reply| reply.status), Some(400));
    }

    #[test]
    fn places_are_told_as_the_server_tells_them() {
        let text = b"{\n  \"firstName\": \"A\",\n    \"type\":  5\n}";
        let body = body("application/json", text).expect("it is JSON");
        assert_eq!(body.place("type"), (3, 11));
        assert_eq!(body.place("firstName"), (2, 14));
    }
}
