//! What the server does to the values it is given, where ConnectWise servers differ or sources disagree.

use crate::kind::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The server's habits. The default is the strictest server: it refuses what is too long, stores texts as they
/// are, and wants all custom fields with every PATCH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// What becomes of texts beyond their maximum.
    pub too_long: TooLong,
    /// The same for single kinds; communication items are their contact's.
    pub too_long_of: BTreeMap<Kind, TooLong>,
    /// Other maximum lengths than those of [`field_limits`](crate::field_limits), by object and field
    /// (`Company/name`): they moved between versions.
    pub lengths: BTreeMap<String, usize>,
    /// How texts are rewritten before they are measured and stored, one after the other.
    pub reformat: Vec<Reformat>,
    /// Whether a PATCH of a record with custom fields is refused unless it has an operation on `customFields`.
    /// Seen live with contacts; the vendor's guide does not say so.
    pub custom_fields_needed: bool,
    /// Whether line breaks are kept. The vendor's guide says that backspaces, form feeds and line breaks in JSON
    /// become spaces.
    pub line_breaks: bool,
    /// Whether changes to a contact's communications and to type associations leave the record's own
    /// `lastUpdated` alone.
    pub quiet_children: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            too_long: TooLong::InvalidField,
            too_long_of: BTreeMap::new(),
            lengths: BTreeMap::new(),
            reformat: Vec::new(),
            custom_fields_needed: true,
            line_breaks: false,
            quiet_children: false,
        }
    }
}

impl Habits {
    /// A server that stores other values than it was given: phone and fax numbers as digits, serial numbers
    /// trimmed and in upper case, texts cut to their maximum.
    #[must_use]
    pub fn meddling() -> Self {
        let phones = [
            "Company/phoneNumber",
            "Company/faxNumber",
            "CompanySite/phoneNumber",
            "CompanySite/faxNumber",
            "ContactCommunicationItem/value",
        ];
        let digits = phones.map(|field| Reformat::new(field, Form::Digits));
        let serials =
            [Form::Trimmed, Form::UpperCase].map(|form| Reformat::new("Configuration/serialNumber", form));
        Self {
            too_long: TooLong::Truncate,
            reformat: digits.into_iter().chain(serials).collect(),
            ..Self::default()
        }
    }

    /// What becomes of texts of a kind beyond their maximum.
    pub(crate) fn too_long(&self, kind: Kind) -> TooLong {
        self.too_long_of.get(&kind).copied().unwrap_or(self.too_long)
    }

    /// A text as the server would rewrite it. Addresses of electronic mail are never made digits.
    pub(crate) fn rewritten(&self, object: &str, field: &str, text: &str) -> String {
        let mut text: String = text
            .chars()
            .map(|letter| match letter {
                '\u{8}' | '\u{c}' | '\r' | '\n' if !self.line_breaks => ' ',
                other => other,
            })
            .collect();
        for reformat in &self.reformat {
            if reformat.field.split_once('/') == Some((object, field)) {
                text = reformat.form.of(&text);
            }
        }
        text
    }
}

/// What becomes of a text beyond its maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooLong {
    /// 400; the error's code is `InvalidField`.
    InvalidField,
    /// 400; the error's code is `MaxLengthField`, as it was seen for tickets.
    MaxLengthField,
    /// It is cut without a word.
    Truncate,
}

/// How the texts of one field are rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reformat {
    /// Object and field by the vendor's names: `Configuration/serialNumber`.
    pub field: String,
    /// The form they get.
    pub form: Form,
}

impl Reformat {
    /// Texts of a field get a form.
    #[must_use]
    pub fn new(field: &str, form: Form) -> Self {
        Self {
            field: field.into(),
            form,
        }
    }
}

/// A form texts are brought into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Digits alone; texts with an `@` stay as they are.
    Digits,
    /// Without space at both ends.
    Trimmed,
    /// In capital letters.
    UpperCase,
    /// In small letters.
    LowerCase,
}

impl Form {
    fn of(self, text: &str) -> String {
        match self {
            Self::Digits if text.contains('@') => text.to_owned(),
            Self::Digits => text.chars().filter(char::is_ascii_digit).collect(),
            Self::Trimmed => text.trim().to_owned(),
            Self::UpperCase => text.to_uppercase(),
            Self::LowerCase => text.to_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_get_the_forms_of_their_field() {
        let meddling = Habits::meddling();
        let kept = Habits {
            line_breaks: true,
            ..Habits::default()
        };
        for (habits, field, text, expected) in [
            (&meddling, ("Company", "phoneNumber"), "+44 (117) 9", "441179"),
            (&meddling, ("Company", "name"), "+44 (117) 9", "+44 (117) 9"),
            (
                &meddling,
                ("ContactCommunicationItem", "value"),
                "a1@b.example",
                "a1@b.example",
            ),
            (&meddling, ("Configuration", "serialNumber"), " ab-1 ", "AB-1"),
            (
                &meddling,
                ("Configuration", "notes"),
                "a\r\nb\u{8}\u{c}\tc",
                "a  b  \tc",
            ),
            (&kept, ("Configuration", "notes"), "a\r\nb", "a\r\nb"),
        ] {
            assert_eq!(habits.rewritten(field.0, field.1, text), expected, "{field:?}");
        }
    }
}
