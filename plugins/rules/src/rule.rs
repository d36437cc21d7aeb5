//! A rule as it was read: what it sets, from what, and when.

use std::collections::BTreeSet;

use dovetail_sdk::mapping::exports::Policy;
use dovetail_sdk::mapping::types::Value;
use minijinja::Environment;
use serde_json::Value as Json;

use crate::expression::Expression;
use crate::fit;
use crate::place::{line, quoted};
use crate::shape::{self, Shape};
use crate::steps::Step;
use crate::template::Template;
use crate::trial::Trial;
use crate::way_back::WayBack;

/// A file of rules that was read and found in order.
#[derive(Debug)]
pub(crate) struct RuleBook {
    /// The file's text, for places in messages.
    pub(crate) file: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) trials: Vec<Trial>,
    /// Whose phone numbers have no country code.
    pub(crate) country: Option<String>,
    /// Holds the templates.
    pub(crate) environment: Environment<'static>,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Option<String>,
    pub(crate) at: usize,
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) when: Option<Expression>,
    pub(crate) target: Target,
    pub(crate) origin: Origin,
    pub(crate) steps: Vec<Step>,
    pub(crate) only_empty: bool,
    /// Whether it needs the PSA's record.
    pub(crate) reads_source: bool,
    /// The trait that is emptied after its value was taken.
    pub(crate) emptied: Option<String>,
    /// How an edit is brought back; none where the rule goes inward only.
    pub(crate) back: Option<WayBack>,
    /// Who wins where its target differs on the two sides; none where that follows from the direction.
    pub(crate) policy: Option<Policy>,
}

/// What a rule sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Field(String),
    Trait(String),
    Skip,
}

impl Target {
    /// As a table names it; nothing for a record that is left out.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Target::Field(name) => Some(name.clone()),
            Target::Trait(name) => Some(format!("traits.{name}")),
            Target::Skip => None,
        }
    }

    /// A value as it stands in the target, once it is set: fields have shapes, and sets no order.
    pub(crate) fn held(&self, kind: &str, json: &Json) -> Json {
        let Some(shape) = self.shape(kind) else {
            return json.clone();
        };
        let mut value = fit::fit(json.clone(), shape).unwrap_or(Value::Absent);
        if let Value::Texts(texts) = &mut value {
            texts.sort();
        }
        fit::loose(&value)
    }

    /// The shape of the field in a kind; nothing for a trait.
    pub(crate) fn shape(&self, kind: &str) -> Option<Shape> {
        match self {
            Target::Field(name) => shape::field(kind, name).map(|field| field.shape),
            _ => None,
        }
    }
}

/// Where a rule's value comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    Constant(Json),
    Template(Template),
    Copy(Expression),
    Lookup(Lookup),
    Pick(Vec<Choice>),
    Split(Split),
}

/// A value looked up in a table.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) of: Expression,
    pub(crate) table: Vec<(String, Json)>,
    pub(crate) otherwise: Option<Json>,
}

/// A value out of several, the first whose condition holds.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) when: Option<Expression>,
    /// A constant, a template or a copy.
    pub(crate) origin: Origin,
}

/// A text in parts.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) of: Expression,
    pub(crate) separator: String,
    /// Which part: from 1, or from the end with -1. None are all parts.
    pub(crate) take: Option<i64>,
}

impl Rule {
    /// As messages name it.
    pub(crate) fn called(&self, file: &str) -> String {
        let line = line(file, self.at);
        match &self.name {
            Some(name) => format!("rule {} (line {line})", quoted(name)),
            None => format!("the rule in line {line}"),
        }
    }

    pub(crate) fn is_for(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }
}

impl Origin {
    /// Whether a variable is read.
    pub(crate) fn reads(&self, variable: &str) -> bool {
        let mut found = false;
        self.visit(&mut |read| found |= reads(read, variable));
        found
    }

    /// Shows what each of its expressions reads.
    fn visit(&self, see: &mut dyn FnMut(&BTreeSet<String>)) {
        match self {
            Origin::Constant(_) => {}
            Origin::Template(template) => see(&template.reads),
            Origin::Copy(expression) => see(&expression.reads),
            Origin::Lookup(lookup) => see(&lookup.of.reads),
            Origin::Split(split) => see(&split.of.reads),
            Origin::Pick(choices) => {
                for choice in choices {
                    if let Some(when) = &choice.when {
                        see(&when.reads);
                    }
                    choice.origin.visit(see);
                }
            }
        }
    }

    /// Where the value comes from, shortly: the path in the PSA's record where it is plain.
    pub(crate) fn shown(&self) -> String {
        let of = |expression: &Expression| match &expression.path {
            Some(path) => path.shown(),
            None => expression.text.content.clone(),
        };
        match self {
            Origin::Constant(json) => json.to_string(),
            Origin::Template(template) => template.text.content.trim_end().to_owned(),
            Origin::Copy(expression) => of(expression),
            Origin::Lookup(lookup) => of(&lookup.of),
            Origin::Split(split) => of(&split.of),
            Origin::Pick(choices) => {
                let shown: Vec<String> = choices.iter().map(|choice| choice.origin.shown()).collect();
                shown.join(" or ")
            }
        }
    }
}

/// Whether something of a variable is read.
pub(crate) fn reads(read: &BTreeSet<String>, variable: &str) -> bool {
    read.iter().any(|path| path.split('.').next() == Some(variable))
}
