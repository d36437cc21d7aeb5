//! One `[[rule]]` read: what it is for, what it sets and how, and whether it can go both ways.

use dovetail_sdk::mapping::exports::Policy;
use toml::de::DeValue;

use crate::document::{Table, Text, get, key_at};
use crate::expression::Expression;
use crate::fit;
use crate::place::{instead, listed};
use crate::reading_file::Reader;
use crate::rule::{Origin, Rule, Target, reads};
use crate::shape::{self, KINDS, Shape};
use crate::steps::Step;
use crate::way_back;

const TARGETS: [&str; 3] = ["field", "trait", "skip"];
pub(crate) const ORIGINS: [&str; 6] = ["constant", "template", "copy", "lookup", "pick", "split"];
const OTHERS: [&str; 8] = [
    "name",
    "kind",
    "when",
    "then",
    "overwrite",
    "direction",
    "policy",
    "move",
];
const POLICIES: [(&str, Policy); 5] = [
    ("both", Policy::Both),
    ("from-psa", Policy::FromPsa),
    ("from-local", Policy::FromLocal),
    ("fill-empty", Policy::FillEmpty),
    ("manual", Policy::Manual),
];

/// The longest name of a trait, in bytes.
const LONGEST_TRAIT: usize = 200;

/// The kinds that a rule or a test names.
pub(crate) struct Kinds {
    pub(crate) known: Vec<&'static str>,
    all_known: bool,
}

impl Kinds {
    /// The kinds whose fields an expression may read: any, where it is not known which are meant.
    fn readable(&self) -> &[&'static str] {
        if self.all_known && !self.known.is_empty() {
            &self.known
        } else {
            &KINDS
        }
    }
}

impl Reader<'_> {
    /// Reads a rule; nothing where something is wrong, which was told then.
    pub(crate) fn rule(&mut self, table: Table<'_>) -> Option<Rule> {
        let known: Vec<&str> = OTHERS.iter().chain(&TARGETS).chain(&ORIGINS).copied().collect();
        self.reading.only(table, "a rule", &known);
        let name = self.reading.text(table, "name").map(|name| name.content);
        let kinds = self.kinds(table);
        let readable = kinds.readable();
        let when = match self.reading.text(table, "when") {
            Some(when) => Some(Expression::read(&mut self.reading, when, readable)),
            None => None,
        };
        let target = self.target(table, &kinds.known);
        let origin = match target {
            Some(Target::Skip) => self.reason(table, readable),
            _ => self.origin(table, "a rule", &ORIGINS, readable),
        };
        let kinds = kinds.known;
        let steps = self.steps(table, &kinds, target.as_ref());
        let only_empty = self.one_of(table, "overwrite", &["always", "empty"]) == Some(1);
        let both = self.one_of(table, "direction", &["inward", "both"]) == Some(1);
        let policy = self.policy(table, both);
        let moves = self.reading.flag(table, "move").unwrap_or(false);
        // A condition that could not be read was told; the rule is not used then.
        let when = when.map_or(Some(None), |read| read.map(Some))?;
        let origin = origin?;
        let conditional = when.as_ref().is_some_and(|when| reads(&when.reads, "source"));
        let mut rule = Rule {
            name,
            at: table.at,
            reads_source: conditional || origin.reads("source"),
            when,
            target: target?,
            origin,
            kinds,
            steps,
            only_empty,
            emptied: None,
            back: None,
            policy,
        };
        self.fits(table, &rule);
        if moves {
            rule.emptied = self.moved(table, &rule);
        }
        if both {
            match way_back::find(&rule) {
                Ok(back) => rule.back = Some(back),
                Err(why) => {
                    let at = key_at(table, "direction");
                    self.reading
                        .wrong(at, format!("this rule cannot go both ways: {why}"));
                }
            }
        }
        Some(rule)
    }

    /// The policy a rule asks for; one that has to send needs a rule of both ways.
    fn policy(&mut self, table: Table<'_>, both: bool) -> Option<Policy> {
        let place = self.one_of(table, "policy", &POLICIES.map(|(name, _)| name))?;
        let (name, policy) = *POLICIES.get(place)?;
        if !both && matches!(policy, Policy::Both | Policy::FromLocal) {
            let text = format!(
                "`{name}` sends, and this rule goes inward: add `direction = \"both\"`, or choose `from-psa`, \
                 `fill-empty` or `manual`"
            );
            self.reading.wrong(key_at(table, "policy"), text);
        }
        Some(policy)
    }

    /// The kinds a rule or a test is for; without any it would never run, which is told.
    pub(crate) fn kinds(&mut self, table: Table<'_>) -> Kinds {
        let mut kinds = Kinds {
            known: Vec::new(),
            all_known: true,
        };
        for Text { content, span } in self.reading.texts(table, "kind") {
            match KINDS.iter().find(|kind| **kind == content) {
                Some(kind) if kinds.known.contains(kind) => {}
                Some(kind) => kinds.known.push(*kind),
                None => {
                    kinds.all_known = false;
                    let text = format!("there is no kind `{content}`; {}", instead(&content, &KINDS));
                    self.reading.wrong(span.start, text);
                }
            }
        }
        let lacks = match get(table, "kind") {
            None => Some((table.at, "this lacks `kind`")),
            Some(value) => match value.get_ref() {
                DeValue::Array(items) if items.is_empty() => Some((
                    value.span().start,
                    "`kind` takes at least one kind, and this list is empty",
                )),
                _ => None,
            },
        };
        if let Some((at, words)) = lacks {
            self.reading
                .wrong(at, format!("{words}; there are {}", listed(&KINDS)));
        }
        kinds
    }

    /// What the rule sets: one of a field, a trait, or nothing as the record is left out.
    fn target(&mut self, table: Table<'_>, kinds: &[&'static str]) -> Option<Target> {
        let name = self.exactly_one(table, "a rule", &TARGETS)?;
        if name == "skip" {
            return Some(Target::Skip);
        }
        let Text { content, span } = self.reading.text(table, name)?;
        if name == "trait" {
            self.named_well(&content, span.start);
            return Some(Target::Trait(content));
        }
        let mut sound = true;
        for kind in kinds {
            if shape::field(kind, &content).is_none() {
                let known: Vec<&str> = shape::fields(kind).iter().map(|field| field.name).collect();
                let text = format!("`{kind}` has no field `{content}`; {}", instead(&content, &known));
                self.reading.wrong(span.start, text);
                sound = false;
            }
        }
        sound.then_some(Target::Field(content))
    }

    /// Says what a trait cannot be called; the host takes no other names.
    fn named_well(&mut self, name: &str, at: usize) {
        if name.is_empty() || name.len() > LONGEST_TRAIT {
            let text = format!(
                "a trait's name has 1 to {LONGEST_TRAIT} bytes; this one has {}",
                name.len()
            );
            self.reading.wrong(at, text);
        } else if name.contains(char::is_control) {
            let text = "a trait's name is one line without control characters, such as `custom_fields.Rack`";
            self.reading.wrong(at, text);
        }
    }

    fn steps(&mut self, table: Table<'_>, kinds: &[&str], target: Option<&Target>) -> Vec<Step> {
        let mut steps = Vec::new();
        for Text { content, span } in self.reading.texts(table, "then") {
            match Step::named(&content) {
                Some(step) => steps.push(step),
                None => {
                    let text = format!(
                        "there is no step `{content}`; {}",
                        instead(&content, &Step::names())
                    );
                    self.reading.wrong(span.start, text);
                }
            }
        }
        let texts = |kind: &&str| match target {
            Some(target @ Target::Field(_)) => {
                matches!(
                    target.shape(kind),
                    None | Some(Shape::Text | Shape::Texts | Shape::Entries)
                )
            }
            _ => true,
        };
        if !steps.is_empty() && !kinds.iter().all(texts) {
            self.reading.wrong(
                key_at(table, "then"),
                "steps are for texts, and this field holds none",
            );
        }
        steps
    }

    /// Says what a rule always gives and its field cannot hold.
    fn fits(&mut self, table: Table<'_>, rule: &Rule) {
        for kind in &rule.kinds {
            let Some(shape) = rule.target.shape(kind) else {
                continue;
            };
            if let Shape::Reference(linked) = shape {
                let same = |name: &str| shape::field(kind, name).is_some_and(|field| field.shape == shape);
                let copied = match &rule.origin {
                    Origin::Copy(copied) => copied.path.as_ref().and_then(|path| path.one_of("fields")),
                    _ => None,
                };
                if !copied.is_some_and(same) {
                    let text = format!(
                        "this field links to a record of kind `{linked}`; a rule can only copy such a link from another field: `copy = \"fields.…\"`"
                    );
                    self.reading.wrong(key_at(table, "field"), text);
                }
                continue;
            }
            for (json, at) in self.fixed(table) {
                let name = rule.target.name().unwrap_or_default();
                let words = if name == "name" && json.as_str() == Some("") {
                    "takes a text that is not empty".to_owned()
                } else {
                    match fit::fit(json, shape) {
                        Ok(_) => continue,
                        Err(words) => words,
                    }
                };
                self.reading.wrong(at, format!("`{name}` of `{kind}` {words}"));
            }
        }
    }

    /// The trait that a rule empties.
    fn moved(&mut self, table: Table<'_>, rule: &Rule) -> Option<String> {
        let copied = match &rule.origin {
            Origin::Copy(copied) => {
                let name = copied.path.as_ref().and_then(|path| path.one_of("traits"));
                name.map(|name| (name, copied.text.span.start))
            }
            _ => None,
        };
        let at = key_at(table, "move");
        match copied {
            Some((name, _)) if rule.target == Target::Trait(name.to_owned()) => {
                self.reading.wrong(at, "a trait cannot be moved to itself");
                None
            }
            Some((name, written)) => {
                self.named_well(name, written);
                Some(name.to_owned())
            }
            None => {
                self.reading
                    .wrong(at, "only a trait can be moved: `copy = \"traits['…']\"`");
                None
            }
        }
    }

    /// Which of some words stands under a name.
    fn one_of(&mut self, table: Table<'_>, name: &str, words: &[&str]) -> Option<usize> {
        let text = self.reading.text(table, name)?;
        let found = words.iter().position(|word| *word == text.content);
        if found.is_none() {
            let expected = listed(words);
            self.reading.wrong(
                text.span.start,
                format!("`{name}` is one of {expected}, not `{}`", text.content),
            );
        }
        found
    }

    /// The one key out of several that a table has.
    pub(crate) fn exactly_one<'n>(
        &mut self,
        table: Table<'_>,
        what: &str,
        names: &[&'n str],
    ) -> Option<&'n str> {
        let found: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| get(table, name).is_some())
            .collect();
        match found.as_slice() {
            [one] => Some(one),
            [] => {
                self.reading.wrong(
                    table.at,
                    format!("{what} has one of {}; this has none", listed(names)),
                );
                None
            }
            several => {
                let at = several
                    .iter()
                    .map(|name| key_at(table, name))
                    .max()
                    .unwrap_or(table.at);
                self.reading
                    .wrong(at, format!("{what} has only one of {}", listed(several)));
                None
            }
        }
    }
}
