//! A file's own tests: `[[test]]`. A test is a record with what the layers before made of it, and what the rules should
//! make of that. What a test does not name is not looked at. `plugin test` runs the same tests, so what passes here is
//! held to mean the same there.

use dovetail_sdk::mapping::exports::{Draft, Input, Outcome};
use dovetail_sdk::mapping::types::{Fault, Field, SourceRecord, Supplement, Value};
use serde_json::{Value as Json, json};

use crate::document::{Table, key_at};
use crate::fit::{self, shown};
use crate::place::{instead, line, quoted};
use crate::reading_file::Reader;
use crate::rule::RuleBook;
use crate::shape;

const KEYS: [&str; 10] = [
    "name",
    "kind",
    "id",
    "organization",
    "source",
    "fields",
    "traits",
    "expect",
    "skipped",
    "error",
];

/// One test.
#[derive(Debug)]
pub(crate) struct Trial {
    name: String,
    at: usize,
    organization: Option<String>,
    input: Input,
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    /// These fields and traits stand so afterwards.
    Mapped(Vec<Field>, Vec<(String, Json)>),
    /// The record is left out, and this is part of the reason.
    Skipped(String),
    /// The record is at fault, and this is part of the words.
    Error(String),
}

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The test's name.
    pub test: String,
    /// The line where it begins.
    pub line: usize,
    /// What was expected and what came.
    pub difference: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "test {} (line {}): {}",
            quoted(&self.test),
            self.line,
            self.difference
        )
    }
}

impl Reader<'_> {
    /// Reads a test; nothing where something is wrong, which was told then.
    pub(crate) fn trial(&mut self, table: Table<'_>) -> Option<Trial> {
        self.reading.only(table, "a test", &KEYS);
        let name = self.reading.needed_text(table, "a test", "name");
        let kinds = self.kinds(table).known;
        let [kind] = kinds.as_slice() else {
            if kinds.len() > 1 {
                self.reading.wrong(key_at(table, "kind"), "a test is of one kind");
            }
            return None;
        };
        let mut text = |name: &str| self.reading.text(table, name).map(|text| text.content);
        let (id, organization) = (text("id"), text("organization"));
        let source = match self.reading.table(table, "source") {
            Some(source) => Json::Object(self.reading.map(source.entries)),
            None => Json::Object(serde_json::Map::new()),
        };
        let own_id = source.get("id").and_then(fit::scalar);
        let so_far = Draft {
            fields: self.fields(table, kind),
            traits: self
                .traits(table)
                .into_iter()
                .map(|(name, json)| Supplement::new(name, json.to_string()))
                .collect(),
            ..Draft::empty()
        };
        let expected = self.expected(table, kind);
        let name = name?.content;
        Some(Trial {
            at: table.at,
            organization,
            input: Input {
                source: SourceRecord {
                    kind: (*kind).to_owned(),
                    id: id.or(own_id).unwrap_or_else(|| "1".to_owned()),
                    version: String::new(),
                    name: name.clone(),
                    json: source.to_string(),
                },
                so_far,
            },
            name,
            expected: expected?,
        })
    }

    fn expected(&mut self, table: Table<'_>, kind: &str) -> Option<Expected> {
        let name = self.exactly_one(table, "a test", &["expect", "skipped", "error"])?;
        if name != "expect" {
            let text = self.reading.text(table, name)?.content;
            return Some(if name == "error" {
                Expected::Error(text)
            } else {
                Expected::Skipped(text)
            });
        }
        let expect = self.reading.table(table, "expect")?;
        self.reading.only(expect, "`expect`", &["fields", "traits"]);
        Some(Expected::Mapped(self.fields(expect, kind), self.traits(expect)))
    }

    fn fields(&mut self, table: Table<'_>, kind: &str) -> Vec<Field> {
        let Some(named) = self.reading.table(table, "fields") else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        for (key, value) in named.entries {
            let name = key.get_ref().as_ref();
            let Some(standard) = shape::field(kind, name) else {
                let known: Vec<&str> = shape::fields(kind).iter().map(|field| field.name).collect();
                let text = format!("`{kind}` has no field `{name}`; {}", instead(name, &known));
                self.reading.wrong(key.span().start, text);
                continue;
            };
            let json = self.reading.json(value);
            let json = if is_absent(&json) { Json::Null } else { json };
            match fit::fit(json, standard.shape) {
                Ok(value) => fields.push(Field::new(name, value)),
                Err(words) => self
                    .reading
                    .wrong(value.span().start, format!("`{name}` {words}")),
            }
        }
        fields
    }

    fn traits(&mut self, table: Table<'_>) -> Vec<(String, Json)> {
        let Some(named) = self.reading.table(table, "traits") else {
            return Vec::new();
        };
        self.reading.map(named.entries).into_iter().collect()
    }
}

impl RuleBook {
    /// Runs the file's tests, and gives those that failed.
    pub(crate) fn run_trials(&self) -> Vec<Failure> {
        let failure = |trial: &Trial| {
            Some(Failure {
                test: trial.name.clone(),
                line: line(&self.file, trial.at),
                difference: trial.difference(self.convert(&trial.input, trial.organization.as_deref()))?,
            })
        };
        self.trials.iter().filter_map(failure).collect()
    }
}

impl Trial {
    /// What came otherwise than expected.
    fn difference(&self, came: Result<Outcome, Fault>) -> Option<String> {
        match (&self.expected, came) {
            (Expected::Mapped(fields, traits), Ok(Outcome::Mapped(draft))) => {
                let differences = self
                    .of_fields(fields, &draft)
                    .chain(self.of_traits(traits, &draft));
                let differences: Vec<String> = differences.collect();
                (!differences.is_empty()).then(|| differences.join("; "))
            }
            (Expected::Skipped(part), Ok(Outcome::Skipped(reason))) => (!reason.contains(part))
                .then(|| format!("expected a reason with {}, got {}", quoted(part), quoted(&reason))),
            (Expected::Error(part), Err(fault)) => (!fault.message.contains(part))
                .then(|| format!("expected an error with {}, got: {}", quoted(part), fault.message)),
            (expected, Ok(Outcome::Skipped(reason))) => Some(format!(
                "expected {}, but the record is left out: {reason}",
                expected.described()
            )),
            (expected, Ok(Outcome::Mapped(_))) => Some(format!(
                "expected {}, but the record is mapped",
                expected.described()
            )),
            (expected, Err(fault)) => Some(format!(
                "expected {}, but there is an error: {}",
                expected.described(),
                fault.message
            )),
        }
    }

    fn of_fields(&self, fields: &[Field], draft: &Draft) -> impl Iterator<Item = String> {
        fields.iter().filter_map(|field| {
            let came = draft
                .get(&field.name)
                .or_else(|| self.input.so_far.get(&field.name));
            let came = came.unwrap_or(&Value::Absent);
            (!same(&field.content, came)).then(|| {
                let (expected, came) = (fit::loose(&field.content), fit::loose(came));
                format!(
                    "field `{}`: expected {}, got {}",
                    field.name,
                    shown(&expected),
                    shown(&came)
                )
            })
        })
    }

    fn of_traits(&self, traits: &[(String, Json)], draft: &Draft) -> impl Iterator<Item = String> {
        traits.iter().filter_map(|(name, expected)| {
            let came = draft
                .supplement(name)
                .or_else(|| self.input.so_far.supplement(name));
            let came: Json = came
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default();
            let nothing = is_absent(expected) || expected.as_str() == Some("");
            let same = came == *expected || (came.is_null() && nothing);
            (!same).then(|| {
                format!(
                    "trait `{name}`: expected {}, got {}",
                    shown(expected),
                    shown(&came)
                )
            })
        })
    }
}

impl Expected {
    fn described(&self) -> &'static str {
        match self {
            Expected::Mapped(..) => "fields or traits",
            Expected::Skipped(_) => "the record to be left out",
            Expected::Error(_) => "an error",
        }
    }
}

/// TOML has no null: this stands for it.
fn is_absent(json: &Json) -> bool {
    *json == json!({ "absent": true })
}

/// Whether a field holds what is wanted. A link's name that was not written down is not asked for.
fn same(wanted: &Value, came: &Value) -> bool {
    match (wanted, came) {
        (Value::Reference(wanted), Value::Reference(came)) => {
            (&wanted.kind, &wanted.id) == (&came.kind, &came.id)
                && (wanted.name.is_empty() || wanted.name == came.name)
        }
        _ => sorted(wanted) == sorted(came),
    }
}

/// A value whose order does not matter, in one order.
fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    if let Value::Texts(texts) = &mut value {
        texts.sort();
    }
    value
}
