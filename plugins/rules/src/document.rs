//! Reading TOML tables with the places of everything in them. What is wrong is gathered, so that reading goes on.

use std::ops::Range;

use serde_json::{Map, Number, Value as Json};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::literal;
use crate::place::{Problems, instead, quoted};

/// A text of the file, and where its literal stands.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) content: String,
    pub(crate) span: Range<usize>,
}

impl Text {
    /// The file's byte of a byte of the content.
    pub(crate) fn within(&self, file: &str, at: usize) -> usize {
        let raw = file.get(self.span.clone()).unwrap_or("");
        self.span.start + literal::place(raw, at)
    }
}

/// A table of the file with its place.
#[derive(Clone, Copy)]
pub(crate) struct Table<'t> {
    pub(crate) entries: &'t DeTable<'t>,
    pub(crate) at: usize,
}

/// A file being read.
pub(crate) struct Reading<'f> {
    pub(crate) file: &'f str,
    pub(crate) problems: Problems,
}

impl Reading<'_> {
    pub(crate) fn wrong(&mut self, at: usize, text: impl Into<String>) {
        self.problems.add(at, text);
    }

    /// Says which keys a table must not have.
    pub(crate) fn only(&mut self, table: Table<'_>, what: &str, known: &[&str]) {
        for key in table.entries.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let text = format!("{what} has no `{name}`; {}", instead(name, known));
                self.wrong(key.span().start, text);
            }
        }
    }

    pub(crate) fn text(&mut self, table: Table<'_>, name: &str) -> Option<Text> {
        let value = get(table, name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Text {
                content: text.to_string(),
                span: value.span(),
            }),
            other => {
                self.mismatch(value.span().start, name, "a text in quotes", other);
                None
            }
        }
    }

    pub(crate) fn needed_text(&mut self, table: Table<'_>, what: &str, name: &str) -> Option<Text> {
        if get(table, name).is_none() {
            self.wrong(table.at, format!("{what} lacks `{name}`"));
        }
        self.text(table, name)
    }

    pub(crate) fn flag(&mut self, table: Table<'_>, name: &str) -> Option<bool> {
        let value = get(table, name)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.mismatch(value.span().start, name, "`true` or `false`", value.get_ref());
        None
    }

    pub(crate) fn integer(&mut self, table: Table<'_>, name: &str) -> Option<(i64, usize)> {
        let value = get(table, name)?;
        let at = value.span().start;
        if let DeValue::Integer(digits) = value.get_ref() {
            return self.whole(digits, at).map(|number| (number, at));
        }
        self.mismatch(at, name, "a whole number", value.get_ref());
        None
    }

    fn whole(&mut self, digits: &DeInteger<'_>, at: usize) -> Option<i64> {
        let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
        if number.is_none() {
            let text = format!(
                "{} does not fit; whole numbers go from {} to {}, and longer ones are texts in quotes",
                quoted(digits.as_str()),
                i64::MIN,
                i64::MAX
            );
            self.wrong(at, text);
        }
        number
    }

    /// A value of the file as JSON; dates as texts. A number that JSON does not have is told, and null in what is given.
    pub(crate) fn json(&mut self, value: &Spanned<DeValue<'_>>) -> Json {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) => Json::String(text.to_string()),
            DeValue::Integer(digits) => self.whole(digits, at).into(),
            DeValue::Float(digits) => {
                let number = digits.as_str().parse().ok().and_then(Number::from_f64);
                if number.is_none() {
                    let text = format!(
                        "{} is no number that a record can hold; write one with digits, or a text in quotes",
                        quoted(digits.as_str())
                    );
                    self.wrong(at, text);
                }
                number.map_or(Json::Null, Json::Number)
            }
            DeValue::Boolean(flag) => Json::Bool(*flag),
            DeValue::Datetime(date) => Json::String(date.to_string()),
            DeValue::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            DeValue::Table(entries) => Json::Object(self.map(entries)),
        }
    }

    /// A table of the file as a JSON object.
    pub(crate) fn map(&mut self, entries: &DeTable<'_>) -> Map<String, Json> {
        let named = entries.iter();
        named
            .map(|(key, value)| (key.get_ref().to_string(), self.json(value)))
            .collect()
    }

    /// One text, or a list of texts.
    pub(crate) fn texts(&mut self, table: Table<'_>, name: &str) -> Vec<Text> {
        let Some(value) = get(table, name) else {
            return Vec::new();
        };
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Text {
                    content: text.to_string(),
                    span: item.span(),
                }),
                other => self.mismatch(item.span().start, name, "texts in quotes", other),
            }
        }
        texts
    }

    pub(crate) fn table<'t>(&mut self, table: Table<'t>, name: &str) -> Option<Table<'t>> {
        let value = get(table, name)?;
        let at = value.span().start;
        if let DeValue::Table(entries) = value.get_ref() {
            return Some(Table { entries, at });
        }
        self.mismatch(at, name, "a table: `{ … }`", value.get_ref());
        None
    }

    pub(crate) fn tables<'t>(&mut self, table: Table<'t>, name: &str, how: &str) -> Vec<Table<'t>> {
        let Some(value) = get(table, name) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.mismatch(value.span().start, name, how, value.get_ref());
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            let at = item.span().start;
            match item.get_ref() {
                DeValue::Table(entries) => tables.push(Table { entries, at }),
                other => self.mismatch(at, name, how, other),
            }
        }
        tables
    }

    fn mismatch(&mut self, at: usize, name: &str, wanted: &str, found: &DeValue<'_>) {
        self.wrong(at, format!("`{name}` takes {wanted}, not {}", described(found)));
    }
}

/// What stands under a name.
pub(crate) fn get<'t>(table: Table<'t>, name: &str) -> Option<&'t Spanned<DeValue<'t>>> {
    let found = table.entries.iter().find(|(key, _)| key.get_ref() == name);
    found.map(|(_, value)| value)
}

/// Where a key stands; the table's own place where there is no such key.
pub(crate) fn key_at(table: Table<'_>, name: &str) -> usize {
    let found = table.entries.keys().find(|key| key.get_ref() == name);
    found.map_or(table.at, |key| key.span().start)
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "yes or no",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
