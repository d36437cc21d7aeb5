//! A change as it was handed in, read and checked before anything is sent: its ids, the properties as they were and as
//! they should be. What ConnectWise only gives, and texts it would not keep as they are, are refused here.

use std::collections::BTreeMap;

use dovetail_sdk::connector::exports::Change;
use dovetail_sdk::connector::types::{Cause, Fault};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use super::communications;
use super::comparing::{is_nothing, member, same, text_of};
use super::written::Written;
use crate::refusal::fault;

/// An object's members, letter by letter, so that no number is rounded on its way through.
pub(super) type Members = BTreeMap<String, Box<RawValue>>;

/// What is never written: the server's own members.
const OF_THE_SERVER: [&str; 2] = ["id", "_info"];

/// Lists whose entries are named and changed one by one: custom fields and a configuration's questions.
pub(super) struct Named {
    pub(super) property: &'static str,
    /// The member that tells entries apart, and the one a person reads.
    pub(super) key: &'static str,
    pub(super) caption: &'static str,
    pub(super) value: &'static str,
    /// The member that says of what type an entry is.
    pub(super) format: &'static str,
    /// The trait a caption stands under.
    pub(super) prefix: &'static str,
}

pub(super) const CUSTOM_FIELDS: Named = Named {
    property: "customFields",
    key: "id",
    caption: "caption",
    value: "value",
    format: "type",
    prefix: "traits.custom_fields.",
};

pub(super) const QUESTIONS: Named = Named {
    property: "questions",
    key: "questionId",
    caption: "question",
    value: "answer",
    format: "fieldType",
    prefix: "traits.questions.",
};

impl Named {
    /// The list that a property of that name is.
    pub(super) fn of(property: &str) -> Option<&'static Named> {
        [&CUSTOM_FIELDS, &QUESTIONS]
            .into_iter()
            .find(|list| list.property == property)
    }

    /// Whether two entries are one: by key, and by caption where either has no key.
    pub(super) fn is_one(&self, one: &Map<String, Json>, other: &Map<String, Json>) -> bool {
        let by = |name: &str| {
            let pair = (member(one, name), member(other, name));
            (!is_nothing(pair.0) && !is_nothing(pair.1)).then(|| same(pair.0, pair.1))
        };
        by(self.key).or_else(|| by(self.caption)).unwrap_or(false)
    }

    /// The entry of a list that is the same one.
    pub(super) fn find<'l>(
        &self,
        list: &'l Json,
        entry: &Map<String, Json>,
    ) -> Option<&'l Map<String, Json>> {
        entries(list).find(|candidate| self.is_one(candidate, entry))
    }

    /// The field an entry stands for.
    pub(super) fn field_of(&self, entry: &Map<String, Json>) -> String {
        format!("{}{}", self.prefix, text_of(member(entry, self.caption)))
    }
}

/// The objects in a list.
pub(super) fn entries(list: &Json) -> impl Iterator<Item = &Map<String, Json>> {
    list.as_array().into_iter().flatten().filter_map(Json::as_object)
}

/// A change, checked.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) written: Written,
    /// None creates.
    pub(super) id: Option<u64>,
    pub(super) parent: Option<u64>,
    pub(super) expected: Map<String, Json>,
    pub(super) desired: Map<String, Json>,
    /// What is desired, letter by letter.
    pub(super) verbatim: Members,
}

impl Wanted {
    /// Reads a change.
    pub(super) fn of(change: &Change) -> Result<Self, Fault> {
        let written = Written::of(&change.kind)?;
        let number = |field: &str, text: &String| {
            let words = format!("`{text}` is no id of a record of ConnectWise's.");
            text.parse::<u64>()
                .map_err(|_| fault(Cause::Data(field.into()), words))
        };
        let mut wanted = Wanted {
            written,
            id: change.id.as_ref().map(|id| number("id", id)).transpose()?,
            parent: change
                .parent
                .as_ref()
                .map(|id| number("organization", id))
                .transpose()?,
            expected: object(&change.expected, "expected")?,
            desired: object(&change.desired, "desired")?,
            verbatim: object(&change.desired, "desired")?,
        };
        for name in OF_THE_SERVER {
            wanted.desired.remove(name);
            wanted.verbatim.remove(name);
        }
        // A site without a company has no address to write to.
        written.path(wanted.parent)?;
        wanted.keeps_to_its_way()?;
        wanted.holds_only_what_is_kept()?;
        Ok(wanted)
    }

    /// What the change is about, for messages.
    pub(super) fn about(&self) -> String {
        let noun = self.written.noun();
        match self.id {
            Some(id) => format!("the change of {noun} {id}"),
            None => format!("the new {noun}"),
        }
    }

    /// A property as it was when the change was made.
    pub(super) fn before(&self, property: &str) -> &Json {
        member(&self.expected, property)
    }

    /// The field that a property stands for.
    pub(super) fn field_of(&self, property: &str) -> String {
        self.written.field_of(property)
    }

    fn keeps_to_its_way(&self) -> Result<(), Fault> {
        let one_way = self.written.one_way();
        match self.desired.keys().find(|name| one_way.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(fault(
                Cause::Data(self.field_of(name)),
                format!(
                    "`{name}` of a {} comes from ConnectWise only and is not written there; nothing was sent.",
                    self.written.noun()
                ),
            )),
        }
    }

    /// Looks through what changes; what stays as it was came from ConnectWise.
    fn holds_only_what_is_kept(&self) -> Result<(), Fault> {
        for (property, desired) in &self.desired {
            let before = self.before(property);
            match Named::of(property) {
                Some(list) => {
                    for entry in entries(desired) {
                        let was = list.find(before, entry).map(|was| member(was, list.value));
                        let value = member(entry, list.value);
                        if !was.is_some_and(|was| same(was, value)) {
                            self.refuse_what_is_not_kept(value, || list.field_of(entry))?;
                        }
                    }
                }
                None if same(before, desired) => {}
                None if property == communications::PROPERTY => {
                    for item in entries(desired) {
                        self.refuse_what_is_not_kept(&Json::Object(item.clone()), || {
                            communications::field_of(item).to_owned()
                        })?;
                    }
                }
                None => self.refuse_what_is_not_kept(desired, || self.field_of(property))?,
            }
        }
        Ok(())
    }

    fn refuse_what_is_not_kept(&self, value: &Json, field: impl Fn() -> String) -> Result<(), Fault> {
        let Some(letter) = not_kept(value) else {
            return Ok(());
        };
        let field = field();
        let what = match letter {
            '\n' | '\r' => "a line break".to_owned(),
            other => format!("the control character U+{:04X}", u32::from(other)),
        };
        let words = format!(
            "`{field}` holds {what}, which ConnectWise does not keep; nothing was sent for {}. Take it out.",
            self.about()
        );
        Err(fault(Cause::Data(field), words))
    }
}

/// A letter in a value that ConnectWise turns into a space or drops.
pub(super) fn not_kept(value: &Json) -> Option<char> {
    match value {
        Json::String(text) => text.chars().find(|letter| letter.is_control() && *letter != '\t'),
        Json::Array(list) => list.iter().find_map(not_kept),
        Json::Object(members) => members.values().find_map(not_kept),
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

fn object<T: serde::de::DeserializeOwned>(json: &str, name: &str) -> Result<T, Fault> {
    let what = |words: String| fault(Cause::Bug, format!("`{name}` of a change {words}."));
    if !json.trim_start().starts_with('{') {
        return Err(what("is no JSON object".to_owned()));
    }
    serde_json::from_str(json).map_err(|trouble| what(format!("cannot be read: {trouble}")))
}
