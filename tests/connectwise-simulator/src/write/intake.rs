//! Takes values over into a record as the server would: converts what can be converted, expands references, rewrites
//! and measures texts. What has the wrong shape ends the write at once; what is wrong with values is collected.

use super::body::Body;
use super::limits;
use super::references;
use crate::catalog::FieldType;
use crate::habits::{Habits, TooLong};
use crate::kind::Kind;
use crate::moment;
use crate::reply::{Complaint, Reply};
use crate::view::View;
use serde_json::{Number, Value};

/// What taking over needs, and what it has found so far.
pub(crate) struct Intake<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) habits: &'a Habits,
    pub(crate) body: &'a Body,
    /// The kind of the record that is written.
    pub(crate) kind: Kind,
    /// Fields a test wants refused.
    pub(crate) refused: &'a [String],
    /// The id the next communication item gets.
    pub(crate) next_item: u64,
    pub(crate) complaints: Vec<Complaint>,
    /// The fields that were written.
    pub(crate) touched: Vec<String>,
    /// Whether the caller can see passwords.
    pub(crate) passwords: bool,
}

impl Intake<'_> {
    /// A value for a field, as it is stored; null clears the field.
    pub(crate) fn value(
        &mut self,
        schema: &str,
        name: &str,
        declared: &FieldType,
        given: &Value,
    ) -> Result<Value, Reply> {
        let wrong = |wanted: &str| Err(self.body.not_converted(given, wanted, name));
        match (declared, given) {
            (_, Value::Null) => Ok(Value::Null),
            (FieldType::Text, Value::String(text)) => Ok(self.text(schema, name, text)),
            (FieldType::Text, Value::Number(number)) => Ok(self.text(schema, name, &number.to_string())),
            (FieldType::Number, Value::Number(_)) => Ok(given.clone()),
            (FieldType::Number, Value::String(text)) => match text.trim().parse::<Number>() {
                Ok(number) => Ok(Value::Number(number)),
                Err(_) => wrong("System.Nullable`1[System.Int32]"),
            },
            (FieldType::Boolean, Value::Bool(_)) => Ok(given.clone()),
            (FieldType::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true.into()),
            (FieldType::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
                Ok(false.into())
            }
            (FieldType::Moment, Value::String(text)) => match whole_second(text) {
                Some(moment) => Ok(moment.into()),
                None => Err(Reply::bad_body(&format!("Unsupported format applied to {name}"))),
            },
            (FieldType::Reference(of), Value::Object(reference)) => {
                references::expanded(self, of, name, reference)
            }
            (FieldType::Children(of), Value::Array(_)) if of == "string" => Ok(given.clone()),
            (FieldType::Anything, Value::Object(_) | Value::Array(_)) => wrong("System.Object"),
            (FieldType::Anything, _) => Ok(given.clone()),
            (FieldType::Reference(of) | FieldType::Children(of), _) => wrong(of),
            (FieldType::Text, _) => wrong("System.String"),
            (FieldType::Number, _) => wrong("System.Nullable`1[System.Int32]"),
            (FieldType::Boolean, _) => wrong("System.Nullable`1[System.Boolean]"),
            (FieldType::Moment, _) => wrong("System.Nullable`1[System.DateTime]"),
        }
    }

    /// A text, rewritten and measured.
    fn text(&mut self, schema: &str, name: &str, text: &str) -> Value {
        let object = if schema == "ContactCommunication" {
            "ContactCommunicationItem"
        } else {
            schema
        };
        let text = self.habits.rewritten(object, name, text);
        if let Some(choices) = limits::choices(schema, name)
            && !choices.contains(&text.as_str())
        {
            self.complain(
                "InvalidField",
                name,
                format!("The field {name} is not one of {}.", choices.join(", ")),
            );
        }
        let Some(longest) = limits::longest(self.habits, schema, name) else {
            return text.into();
        };
        if text.encode_utf16().count() <= longest {
            return text.into();
        }
        let code = match self.habits.too_long(self.kind) {
            TooLong::Truncate => return cut(&text, longest).into(),
            TooLong::InvalidField => "InvalidField",
            TooLong::MaxLengthField => "MaxLengthField",
        };
        let message = format!("The field {name} must be a string with a maximum length of {longest}.");
        self.complain(code, name, message);
        text.into()
    }

    /// Notes that a required field is missing.
    pub(crate) fn missing(&mut self, name: &str) {
        self.complain(
            "MissingRequiredField",
            name,
            format!("The {name} field is required."),
        );
    }

    /// Notes that a field points to something that is not there.
    pub(crate) fn not_found(&mut self, field: &str, what: &str) {
        self.complain("NotFound", field, format!("{what} not found"));
    }

    /// Notes what is wrong with a field.
    pub(crate) fn complain(&mut self, code: &'static str, field: &str, message: String) {
        self.complaints.push(Complaint {
            code,
            message,
            field: field.to_owned(),
        });
    }

    /// Whether a field was written.
    pub(crate) fn has_touched(&self, name: &str) -> bool {
        self.touched.iter().any(|touched| touched == name)
    }

    /// The id of a new communication item.
    pub(crate) fn new_item(&mut self) -> u64 {
        self.next_item += 1;
        self.next_item
    }
}

/// Whether a required field counts as missing with this value.
pub(crate) fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Object(reference)) => !reference.contains_key("id"),
        Some(_) => false,
    }
}

/// A moment in the one form that is taken: whole seconds, UTC.
pub(crate) fn whole_second(text: &str) -> Option<String> {
    let plain = text.len() == 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    plain.then(|| moment::read(text)).flatten().map(moment::text)
}

/// The longest beginning of so many UTF-16 units that ends between two characters.
fn cut(text: &str, longest: usize) -> String {
    let mut left = longest;
    text.chars()
        .take_while(|letter| {
            let fits = letter.len_utf16() <= left;
            left = left.saturating_sub(letter.len_utf16());
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_have_one_form() {
        for (text, taken) in [
            ("2026-11-23T14:59:31Z", true),
            ("2026-11-23T14:59:31.5Z", false),
            ("2026-11-23T14:59:31+00:00", false),
            ("2026-11-23T14:59:31", false),
            ("2026-11-23 14:59:31Z", false),
            ("2026-11-23", false),
            ("2026-13-23T14:59:31Z", false),
            ("", false),
        ] {
            assert_eq!(whole_second(text).is_some(), taken, "{text}");
        }
    }

    proptest! {
        #[test]
        fn cut_texts_are_the_longest_beginning_that_fits(text in "(\\PC|😀){0,12}", longest in 0_usize..16) {
            let kept = cut(&text, longest);
            prop_assert!(text.starts_with(&kept));
            prop_assert!(kept.encode_utf16().count() <= longest);
            if let Some(next) = text.get(kept.len()..).and_then(|rest| rest.chars().next()) {
                prop_assert!(kept.encode_utf16().count() + next.len_utf16() > longest);
            }
        }
    }
}
