//! Where a rule's value comes from, read: a constant, a template, a copy, a lookup, a choice or a part of a text.

use serde_json::Value as Json;
use toml::de::DeValue;

use crate::document::{Table, get, key_at};
use crate::expression::Expression;
use crate::reading_file::Reader;
use crate::reading_rule::ORIGINS;
use crate::rule::{Choice, Lookup, Origin, Split};
use crate::template::Template;

/// What a choice can be made of.
const OF_CHOICE: [&str; 3] = ["value", "template", "copy"];

impl Reader<'_> {
    /// Reads the one origin that a table has, out of those named.
    pub(crate) fn origin(
        &mut self,
        table: Table<'_>,
        what: &str,
        names: &[&str],
        kinds: &[&str],
    ) -> Option<Origin> {
        let name = self.exactly_one(table, what, names)?;
        match name {
            "constant" | "value" => get(table, name).map(|value| Origin::Constant(self.reading.json(value))),
            "template" => self.template(table, name, kinds).map(Origin::Template),
            "copy" => self.expression(table, what, name, kinds).map(Origin::Copy),
            "lookup" => self.lookup(table, kinds).map(Origin::Lookup),
            "split" => self.split(table, kinds).map(Origin::Split),
            _ => self.pick(table, kinds).map(Origin::Pick),
        }
    }

    /// Reads why a record is left out.
    pub(crate) fn reason(&mut self, table: Table<'_>, kinds: &[&str]) -> Option<Origin> {
        for name in ORIGINS
            .into_iter()
            .chain(["then", "overwrite", "direction", "policy", "move"])
        {
            if get(table, name).is_some() {
                let text = format!("a rule with `skip` has no `{name}`; its reason is the text of `skip`");
                self.reading.wrong(key_at(table, name), text);
            }
        }
        let reason = self.template(table, "skip", kinds)?;
        if reason.text.content.trim().is_empty() {
            let text = "`skip` takes the reason why the record is left out; it must not be empty";
            self.reading.wrong(reason.text.span.start, text);
        }
        Some(Origin::Template(reason))
    }

    fn template(&mut self, table: Table<'_>, name: &str, kinds: &[&str]) -> Option<Template> {
        let text = self.reading.text(table, name)?;
        Template::read(&mut self.reading, &mut self.environment, text, kinds)
    }

    fn expression(&mut self, table: Table<'_>, what: &str, name: &str, kinds: &[&str]) -> Option<Expression> {
        let text = self.reading.needed_text(table, what, name)?;
        Expression::read(&mut self.reading, text, kinds)
    }

    fn lookup(&mut self, table: Table<'_>, kinds: &[&str]) -> Option<Lookup> {
        let lookup = self.reading.table(table, "lookup")?;
        self.reading
            .only(lookup, "`lookup`", &["of", "table", "otherwise"]);
        let of = self.expression(lookup, "`lookup`", "of", kinds);
        if get(lookup, "table").is_none() {
            self.reading.wrong(
                lookup.at,
                "`lookup` lacks `table`, such as `{ Srv = \"Server\" }`",
            );
        }
        let entries = self.reading.table(lookup, "table")?.entries;
        let named = entries
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), self.reading.json(value)));
        Some(Lookup {
            table: named.collect(),
            otherwise: get(lookup, "otherwise").map(|value| self.reading.json(value)),
            of: of?,
        })
    }

    fn split(&mut self, table: Table<'_>, kinds: &[&str]) -> Option<Split> {
        let split = self.reading.table(table, "split")?;
        self.reading.only(split, "`split`", &["of", "at", "take"]);
        let of = self.expression(split, "`split`", "of", kinds);
        let separator = self.reading.needed_text(split, "`split`", "at");
        let take = self.reading.integer(split, "take");
        if let Some((0, at)) = take {
            self.reading
                .wrong(at, "`take` counts from 1; -1 is the last part");
        }
        if let Some(empty) = separator.as_ref().filter(|text| text.content.is_empty()) {
            self.reading.wrong(
                empty.span.start,
                "`at` is what stands between the parts; it must not be empty",
            );
        }
        Some(Split {
            of: of?,
            separator: separator?.content,
            take: take.map(|(take, _)| take),
        })
    }

    fn pick(&mut self, table: Table<'_>, kinds: &[&str]) -> Option<Vec<Choice>> {
        let how = "a list of choices: `[{ when = \"…\", value = … }]`";
        let tables = self.reading.tables(table, "pick", how);
        let last = tables.len().checked_sub(1);
        if last.is_none() {
            self.reading
                .wrong(key_at(table, "pick"), format!("`pick` takes {how}"));
        }
        let mut choices = Vec::new();
        let mut sound = true;
        for (place, choice) in tables.into_iter().enumerate() {
            self.reading
                .only(choice, "a choice", &["when", "value", "template", "copy"]);
            let when = match get(choice, "when") {
                Some(_) => self.expression(choice, "a choice", "when", kinds).map(Some),
                None => Some(None),
            };
            if get(choice, "when").is_none() && Some(place) != last {
                self.reading
                    .wrong(choice.at, "only the last choice can do without `when`");
            }
            match (when, self.origin(choice, "a choice", &OF_CHOICE, kinds)) {
                (Some(when), Some(origin)) => choices.push(Choice { when, origin }),
                _ => sound = false,
            }
        }
        sound.then_some(choices)
    }

    /// All that a rule gives as it stands in the file, with the places.
    pub(crate) fn fixed(&mut self, table: Table<'_>) -> Vec<(Json, usize)> {
        let mut fixed = Vec::new();
        let mut add = |table: Table<'_>, name: &str| {
            fixed.extend(get(table, name).map(|value| (self.reading.json(value), value.span().start)));
        };
        add(table, "constant");
        if let Some(DeValue::Array(choices)) = get(table, "pick").map(|value| value.get_ref()) {
            for choice in choices.iter() {
                if let DeValue::Table(entries) = choice.get_ref() {
                    let at = choice.span().start;
                    add(Table { entries, at }, "value");
                }
            }
        }
        if let Some(DeValue::Table(entries)) = get(table, "lookup").map(|value| value.get_ref()) {
            let lookup = Table {
                entries,
                at: table.at,
            };
            add(lookup, "otherwise");
            if let Some(DeValue::Table(values)) = get(lookup, "table").map(|value| value.get_ref()) {
                let values = values.iter();
                fixed.extend(values.map(|(_, value)| (self.reading.json(value), value.span().start)));
            }
        }
        fixed
    }
}
