//! A file of rules read as a whole: all that is wrong with it is told in one go.

use std::collections::BTreeSet;

use minijinja::Environment;
use toml::de::DeTable;

use crate::document::{Reading, Table, get, key_at};
use crate::expression;
use crate::phone;
use crate::place::{Problems, instead};
use crate::rule::{Rule, RuleBook};
use crate::trial::Trial;

/// The longest file, in bytes.
const LONGEST: usize = 256 * 1024;

/// How many rules a file may have, and how many tests.
const MOST: usize = 500;

/// How many fields and traits of kinds the rules may set: the host takes no longer table.
const MOST_ROWS: usize = 2_000;

/// What is read, and where its templates go.
pub(crate) struct Reader<'f> {
    pub(crate) reading: Reading<'f>,
    pub(crate) environment: Environment<'static>,
}

impl RuleBook {
    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong: the place, what is there and what was expected.
    pub(crate) fn read(file: &str) -> Result<RuleBook, String> {
        if file.len() > LONGEST {
            return Err(format!(
                "the file has {} bytes; it may have {LONGEST}",
                file.len()
            ));
        }
        let (document, broken) = DeTable::parse_recoverable(file);
        let mut problems = Problems::default();
        for error in &broken {
            let at = error.span().map_or(0, |span| span.start);
            problems.add(
                at,
                format!("this is no TOML: {}", error.message().replace('\n', "; ")),
            );
        }
        if !problems.is_empty() {
            // What a broken file means is anybody's guess, so that is all.
            return Err(problems.told(file));
        }
        let mut reader = Reader {
            reading: Reading { file, problems },
            environment: expression::environment(),
        };
        let top = Table {
            entries: document.get_ref(),
            at: 0,
        };
        let country = reader.top(top);
        let tables = reader.reading.tables(top, "rule", "tables: `[[rule]]`");
        reader.bounded(top, "rule", tables.len());
        let rules: Vec<Rule> = tables
            .into_iter()
            .filter_map(|table| reader.rule(table))
            .collect();
        let tables = reader.reading.tables(top, "test", "tables: `[[test]]`");
        reader.bounded(top, "test", tables.len());
        let trials: Vec<Trial> = tables
            .into_iter()
            .filter_map(|table| reader.trial(table))
            .collect();
        reader.clashes(&rules);
        reader.one_policy(&rules);
        if !reader.reading.problems.is_empty() {
            return Err(reader.reading.problems.told(file));
        }
        let book = RuleBook {
            file: file.to_owned(),
            rules,
            trials,
            country,
            environment: reader.environment,
        };
        match book.rows().len() {
            ..=MOST_ROWS => Ok(book),
            rows => Err(format!(
                "the rules set {rows} fields and traits, each kind's counted by themselves; they may set {MOST_ROWS}"
            )),
        }
    }
}

impl Reader<'_> {
    /// Reads what stands before the rules, and gives the country.
    fn top(&mut self, top: Table<'_>) -> Option<String> {
        self.reading
            .only(top, "the file", &["version", "country", "rule", "test"]);
        if get(top, "version").is_none() {
            self.reading.wrong(0, "the file lacks `version = 1` at its top");
        }
        if let Some((version, at)) = self.reading.integer(top, "version")
            && version != 1
        {
            self.reading
                .wrong(at, format!("version {version} is not known here; it has to be 1"));
        }
        let country = self.reading.text(top, "country")?;
        let known = phone::countries();
        if !known.contains(&country.content.as_str()) {
            let text = format!(
                "no country `{}` is known; {}",
                country.content,
                instead(&country.content, &known)
            );
            self.reading.wrong(country.span.start, text);
        }
        Some(country.content)
    }

    fn bounded(&mut self, top: Table<'_>, name: &str, found: usize) {
        if found > MOST {
            let text = format!("there are {found} `[[{name}]]`; a file may have {MOST}");
            self.reading.wrong(key_at(top, name), text);
        }
    }

    /// Says which rules of both ways get into another rule's way.
    fn clashes(&mut self, rules: &[Rule]) {
        for (place, rule) in rules.iter().enumerate() {
            let Some(back) = &rule.back else { continue };
            let property = back.steps().first();
            for (_, other) in rules.iter().enumerate().filter(|(other, _)| *other != place) {
                if !other.kinds.iter().any(|kind| rule.is_for(kind)) {
                    continue;
                }
                let other_name = other.called(self.reading.file);
                let emptied = other.emptied.as_ref().map(|name| format!("traits.{name}"));
                let wrong =
                    if other.target == rule.target || (emptied.is_some() && emptied == rule.target.name()) {
                        Some(format!("{other_name} sets the same"))
                    } else if other
                        .back
                        .as_ref()
                        .is_some_and(|back| back.steps().first() == property)
                    {
                        Some(format!("{other_name} is brought back into the same property"))
                    } else {
                        None
                    };
                if let Some(wrong) = wrong {
                    self.reading
                        .wrong(rule.at, format!("this rule cannot go both ways: {wrong}"));
                }
            }
            let conditions = rules
                .iter()
                .filter(|other| other.back.is_some())
                .filter_map(|other| other.when.as_ref());
            if conditions.into_iter().any(|when| may_read(&when.reads, property)) {
                let words = "this rule cannot go both ways: the condition of a rule of both ways reads the property that an edit changes";
                self.reading.wrong(rule.at, words);
            }
        }
    }

    /// Says which rules ask for another policy than an earlier one that sets the same.
    fn one_policy(&mut self, rules: &[Rule]) {
        for (place, rule) in rules.iter().enumerate() {
            let same = |other: &&Rule| {
                other.target == rule.target && other.kinds.iter().any(|kind| rule.is_for(kind))
            };
            let mut earlier = rules.iter().take(place).filter(same);
            let differs = |other: &&Rule| other.policy.is_some() && other.policy != rule.policy;
            if rule.policy.is_some()
                && let Some(other) = earlier.find(differs)
            {
                let name = other.called(self.reading.file);
                self.reading
                    .wrong(rule.at, format!("{name} asks for another policy for the same"));
            }
        }
    }
}

/// Whether a property of the PSA's record may be read.
fn may_read(reads: &BTreeSet<String>, property: Option<&String>) -> bool {
    reads.iter().any(|read| {
        let mut parts = read.split('.');
        parts.next() == Some("source")
            && parts
                .next()
                .is_none_or(|read| Some(read) == property.map(String::as_str))
    })
}
