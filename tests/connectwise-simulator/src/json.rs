//! Writes records straight into bytes. A page of 1,000 configurations is two megabytes; building trees first
//! would take most of the time a sync has.

use crate::dice::{mix, text_number};
use crate::fields::Fields;
use crate::moment;
use serde_json::Value;

/// How loosely a record is written: `None` is strict, `Some` holds the record's own number for its draws.
pub(crate) type Loose = Option<u64>;

/// An object being written. Fields outside the projection are skipped.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    keep: Option<&'a Fields>,
    loose: Loose,
    first: bool,
}

/// Writes one object by a closure.
pub(crate) fn object(
    out: &mut Vec<u8>,
    keep: Option<&Fields>,
    loose: Loose,
    fill: impl FnOnce(&mut Object<'_>),
) {
    out.push(b'{');
    let mut object = Object {
        out,
        keep,
        loose,
        first: true,
    };
    fill(&mut object);
    object.out.push(b'}');
}

impl<'a> Object<'a> {
    /// Writes the key if the projection keeps it, and answers the projection for what is inside.
    fn key(&mut self, name: &str) -> Option<Option<&'a Fields>> {
        let inner = match self.keep {
            None => None,
            Some(fields) => fields.find(name)?,
        };
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        Some(inner)
    }

    pub(crate) fn int(&mut self, name: &str, value: u64) {
        if self.key(name).is_some() {
            integer(self.out, value);
        }
    }

    pub(crate) fn float(&mut self, name: &str, value: f64) {
        if self.key(name).is_some() {
            let whole = value.trunc();
            integer(self.out, whole.max(0.0) as u64);
            self.out.push(b'.');
            integer(self.out, ((value - whole) * 10.0).round().max(0.0) as u64);
        }
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        if self.key(name).is_some() {
            self.out.extend_from_slice(if value { b"true" } else { b"false" });
        }
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        if self.key(name).is_some() {
            string(self.out, value);
        }
    }

    /// A text in which ConnectWise sometimes leaves a NUL character.
    pub(crate) fn note(&mut self, name: &str, value: &str) {
        if self.key(name).is_none() {
            return;
        }
        string(self.out, value);
        if self.draw(name).is_some_and(|draw| draw.is_multiple_of(23)) {
            self.out.pop();
            self.out.extend_from_slice(b"\\u0000\"");
        }
    }

    /// Pieces joined into one text; none of them needs escaping.
    pub(crate) fn plain(&mut self, name: &str, pieces: &[&str]) {
        if self.key(name).is_some() {
            self.out.push(b'"');
            for piece in pieces {
                self.out.extend_from_slice(piece.as_bytes());
            }
            self.out.push(b'"');
        }
    }

    /// A formatted text; nothing in it needs escaping.
    pub(crate) fn format(&mut self, name: &str, arguments: std::fmt::Arguments<'_>) {
        if self.key(name).is_some() {
            self.out.push(b'"');
            append(self.out, arguments);
            self.out.push(b'"');
        }
    }

    pub(crate) fn moment(&mut self, name: &str, seconds: i64) {
        if self.key(name).is_some() {
            self.out.push(b'"');
            moment::write(self.out, seconds);
            self.out.push(b'"');
        }
    }

    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let loose = self.loose;
        if let Some(inner) = self.key(name) {
            object(self.out, inner, loose, fill);
        }
    }

    /// An array of objects.
    pub(crate) fn array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Object<'_>, T),
    ) {
        let loose = self.loose;
        let Some(inner) = self.key(name) else { return };
        self.out.push(b'[');
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            object(self.out, inner, loose, |object| fill(object, item));
        }
        self.out.push(b']');
    }

    /// A reference `{id, name}`.
    pub(crate) fn reference(&mut self, name: &str, id: u64, title: &str) {
        self.object(name, |object| {
            object.int("id", id);
            object.text("name", title);
        });
    }

    /// A reference `{id, identifier, name}`.
    pub(crate) fn identified(&mut self, name: &str, id: u64, identifier: &str, title: &str) {
        self.object(name, |object| {
            object.int("id", id);
            object.text("identifier", identifier);
            object.text("name", title);
        });
    }

    /// A reference that points nowhere: left out, or in one of the shapes ConnectWise has for that.
    pub(crate) fn no_reference(&mut self, name: &str) {
        let shape: &[u8] = match self.draw(name).map(|draw| draw % 4) {
            Some(1) => b"{}",
            Some(2) => b"{\"_info\":{}}",
            Some(3) => b"null",
            _ => return,
        };
        if self.key(name).is_some() {
            self.out.extend_from_slice(shape);
        }
    }

    /// A field without a value: left out, or now and then null.
    pub(crate) fn no_value(&mut self, name: &str) {
        if self.draw(name).is_some_and(|draw| draw.is_multiple_of(3)) && self.key(name).is_some() {
            self.out.extend_from_slice(b"null");
        }
    }

    /// A text or, when there is none, a field without a value.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.no_value(name),
        }
    }

    /// Whether records are written loosely.
    pub(crate) fn is_loose(&self) -> bool {
        self.loose.is_some()
    }

    fn draw(&self, name: &str) -> Option<u64> {
        self.loose.map(|number| mix(number, text_number(name)))
    }
}

/// Appends a value's JSON.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value) {
    serde_json::to_writer(out, value).expect("a JSON value always serializes into memory");
}

/// Appends formatted text.
pub(crate) fn append(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    std::io::Write::write_fmt(out, arguments).expect("writing into memory does not fail");
}

fn integer(out: &mut Vec<u8>, mut value: u64) {
    let start = out.len();
    loop {
        out.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    if text
        .bytes()
        .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        serde_json::to_writer(&mut *out, text).expect("a text always serializes into memory");
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}
