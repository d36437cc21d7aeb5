//! What people change on either side: parts of records that both sides have, with values that can be told apart for ever.

use connectwise_simulator::Kind;
use serde_json::{Value, json};

use crate::model::dice::Dice;

/// A part as the documentation and the PSA name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) kind: &'static str,
    pub(super) field: &'static str,
    pub(super) of: Kind,
    pub(super) property: &'static str,
    pub(super) form: Form,
    /// Whether it may be empty.
    pub(super) may_go: bool,
}

/// What a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Any text.
    Words,
    /// A number to call.
    Phone,
    /// An address of pages.
    Pages,
    /// Addresses of electronic mail, labelled.
    Emails,
    /// Numbers to call, labelled.
    Phones,
}

const fn part(
    (kind, field): (&'static str, &'static str),
    (of, property): (Kind, &'static str),
    form: Form,
    may_go: bool,
) -> Part {
    Part {
        kind,
        field,
        of,
        property,
        form,
        may_go,
    }
}

/// Parts that people of both sides change. The first three letters of a word are enough to know it by, so that it does not
/// matter where a server cuts it.
pub(super) const PARTS: [Part; 20] = {
    use Form::{Emails, Pages, Phone, Phones, Words};
    use Kind::{Company, Configuration, Contact, Site};
    [
        part(("organization", "name"), (Company, "name"), Words, false),
        part(("organization", "phone"), (Company, "phoneNumber"), Phone, true),
        part(("organization", "fax"), (Company, "faxNumber"), Phone, true),
        part(("organization", "website"), (Company, "website"), Pages, true),
        part(("location", "name"), (Site, "name"), Words, false),
        part(("location", "address_1"), (Site, "addressLine1"), Words, true),
        part(("location", "city"), (Site, "city"), Words, true),
        part(("contact", "first_name"), (Contact, "firstName"), Words, false),
        part(("contact", "last_name"), (Contact, "lastName"), Words, true),
        part(("contact", "title"), (Contact, "title"), Words, true),
        part(("contact", "title"), (Contact, "title"), Words, true),
        part(
            ("contact", "emails"),
            (Contact, "communicationItems"),
            Emails,
            true,
        ),
        part(
            ("contact", "phones"),
            (Contact, "communicationItems"),
            Phones,
            true,
        ),
        part(("configuration", "name"), (Configuration, "name"), Words, false),
        part(
            ("configuration", "model"),
            (Configuration, "modelNumber"),
            Words,
            true,
        ),
        part(
            ("configuration", "serial_number"),
            (Configuration, "serialNumber"),
            Words,
            true,
        ),
        part(
            ("configuration", "asset_tag"),
            (Configuration, "tagNumber"),
            Words,
            true,
        ),
        part(("configuration", "notes"), (Configuration, "notes"), Words, true),
        part(
            ("configuration", "primary_ip"),
            (Configuration, "ipAddress"),
            Words,
            true,
        ),
        part(
            ("configuration", "operating_system"),
            (Configuration, "osType"),
            Words,
            true,
        ),
    ]
};

/// The properties of other fields that are changed here, by kind and field.
const OTHERS: [(&str, &str, &str); 6] = [
    ("organization", "type", "types"),
    ("contact", "type", "types"),
    ("contact", "location", "site"),
    ("configuration", "contact", "contact"),
    ("configuration", "location", "site"),
    ("configuration", "status", "status"),
];

/// The property of the PSA in which a field stands.
pub(super) fn property(kind: &str, field: &str) -> String {
    let known = PARTS.iter().find(|part| part.kind == kind && part.field == field);
    let other = OTHERS.iter().find(|(of, name, _)| *of == kind && *name == field);
    match (known, other) {
        (Some(part), _) => part.property.to_owned(),
        (_, Some((.., property))) => (*property).to_owned(),
        _ if field.starts_with("traits.custom_fields.") => "customFields".to_owned(),
        _ if field.starts_with("traits.questions.") => "questions".to_owned(),
        _ => field.to_owned(),
    }
}

/// A text that stands nowhere else, and the word by which it is known again, in small letters.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) word: String,
}

/// What a part of this form is to say: the `number`th word of the episode.
pub(super) fn said(form: Form, number: u64, dice: &mut Dice) -> Said {
    let word = format!("w{:03}", number);
    let called = format!("77{number:05}");
    match form {
        // Long ones are cut by some servers and refused by others; both know the beginning.
        Form::Words => Said {
            text: match dice.below(12) {
                0 => format!("{word} {}", "long ".repeat(8).trim_end()),
                1 => format!("{word} ü & „so“"),
                _ => format!("{word} x"),
            },
            word,
        },
        Form::Pages => Said {
            text: format!("https://{word}.example.com"),
            word,
        },
        Form::Emails => Said {
            text: format!("{word}@example.com"),
            word: format!("{word}@"),
        },
        Form::Phone | Form::Phones => Said {
            text: match dice.chance(50) {
                true => format!("813{called}"),
                false => format!("(813) {called}"),
            },
            word: called,
        },
    }
}

/// A communication item of the PSA.
pub(super) fn item(form: Form, id: u64, said: &Said, is_first: bool) -> Value {
    match form {
        Form::Emails => json!({
            "id": id, "type": {"id": 1, "name": "Email"}, "communicationType": "Email", "defaultFlag": is_first,
            "value": said.text, "domain": "@example.com",
        }),
        _ => json!({
            "id": id, "type": {"id": 2, "name": "Direct"}, "communicationType": "Phone", "defaultFlag": is_first,
            "value": said.text,
        }),
    }
}

/// Whether a communication item is of the form.
pub(super) fn is_of(form: Form, item: &Value) -> bool {
    (item["communicationType"] == "Email") == (form == Form::Emails)
}
