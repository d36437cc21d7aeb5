//! The rules applied to a record, in the order of the file. The answer says only what the rules changed.

use std::collections::BTreeMap;

use dovetail_sdk::mapping::exports::{Draft, Input, Outcome};
use dovetail_sdk::mapping::types::{Fault, Field, Supplement, Value};
use minijinja::Error;
use serde_json::Value as Json;

use crate::document::Text;
use crate::expression::{byte, described};
use crate::fit;
use crate::place::{cut, line_and_column};
use crate::rule::{Origin, Rule, RuleBook, Split, Target};
use crate::scope::{Scope, json};
use crate::steps;

impl RuleBook {
    /// What the rules say of a record.
    pub(crate) fn convert(&self, input: &Input, organization: Option<&str>) -> Result<Outcome, Fault> {
        let kind = input.source.kind.as_str();
        let mut rules = self.rules.iter().filter(|rule| rule.is_for(kind)).peekable();
        if rules.peek().is_none() {
            return Ok(Outcome::Mapped(Draft::empty()));
        }
        let scope = Scope::new(
            kind,
            Some(&input.source.id),
            organization,
            self.country.as_deref(),
        );
        scope.take(&input.so_far);
        let mut fields: BTreeMap<&str, Value> = BTreeMap::new();
        let mut traits: BTreeMap<&str, Json> = BTreeMap::new();
        for rule in rules {
            if rule.reads_source {
                scope
                    .read_source(&input.source)
                    .map_err(|error| Fault::data("", format!("the record of the PSA is no JSON: {error}")))?;
            }
            let Some(made) = self.made(rule, &scope)? else {
                continue;
            };
            match &rule.target {
                Target::Skip => {
                    let mut reason = fit::scalar(&made).unwrap_or_default();
                    if reason.trim().is_empty() {
                        reason = format!("{} leaves it out", rule.called(&self.file));
                    }
                    return Ok(Outcome::Skipped(cut(&reason, 2_000).to_owned()));
                }
                Target::Field(name) => {
                    let Some(shape) = rule.target.shape(kind) else {
                        continue;
                    };
                    let value = fit::fit(made, shape)
                        .map_err(|words| self.fault(rule, format!("`{name}` {words}")))?;
                    scope.fields().set(name, &fit::loose(&value));
                    fields.insert(name, value);
                }
                Target::Trait(name) => {
                    scope.traits().set(name, &made);
                    traits.insert(name, made);
                }
            }
            if let Some(emptied) = &rule.emptied {
                scope.traits().set(emptied, &Json::Null);
                traits.insert(emptied, Json::Null);
            }
        }
        Ok(Outcome::Mapped(Draft {
            fields: fields
                .into_iter()
                .map(|(name, value)| Field::new(name, value))
                .collect(),
            traits: traits
                .into_iter()
                .map(|(name, json)| Supplement::new(name, json.to_string()))
                .collect(),
            ..Draft::empty()
        }))
    }

    /// What a rule makes of the record so far; nothing where it has nothing to say.
    fn made(&self, rule: &Rule, scope: &Scope) -> Result<Option<Json>, Fault> {
        let so_far = match &rule.target {
            Target::Field(name) => scope.fields().get(name),
            Target::Trait(name) => scope.traits().get(name),
            Target::Skip => minijinja::Value::UNDEFINED,
        };
        let filled = !(so_far.is_undefined() || so_far.is_none() || so_far.len() == Some(0));
        if rule.only_empty && filled {
            return Ok(None);
        }
        scope.set_value(so_far);
        if !self.holds(rule, scope)? {
            return Ok(None);
        }
        let made = self.origin(rule, &rule.origin, scope)?;
        Ok(made.map(|made| steps::apply(&rule.steps, made, self.country.as_deref())))
    }

    /// Whether the rule's condition holds.
    pub(crate) fn holds(&self, rule: &Rule, scope: &Scope) -> Result<bool, Fault> {
        let Some(when) = &rule.when else { return Ok(true) };
        let value = when
            .evaluate(scope)
            .map_err(|error| self.stopped(rule, &when.text, &error))?;
        Ok(value.is_true())
    }

    fn origin(&self, rule: &Rule, origin: &Origin, scope: &Scope) -> Result<Option<Json>, Fault> {
        let value = |expression: &crate::expression::Expression| {
            let value = expression.evaluate(scope);
            value
                .map(|value| json(&value))
                .map_err(|error| self.stopped(rule, &expression.text, &error))
        };
        Ok(match origin {
            Origin::Constant(json) => Some(json.clone()),
            Origin::Copy(expression) => Some(value(expression)?),
            Origin::Template(template) => {
                let text = template.render(&self.environment, scope.context());
                Some(Json::String(
                    text.map_err(|error| self.stopped(rule, &template.text, &error))?,
                ))
            }
            Origin::Lookup(lookup) => {
                let text = fit::scalar(&value(&lookup.of)?).unwrap_or_default();
                let found = lookup.table.iter().find(|(key, _)| *key == text);
                found.map(|(_, json)| json).or(lookup.otherwise.as_ref()).cloned()
            }
            Origin::Split(split) => Some(parted(
                split,
                &fit::scalar(&value(&split.of)?).unwrap_or_default(),
            )),
            Origin::Pick(choices) => {
                for choice in choices {
                    let holds = match &choice.when {
                        Some(when) => {
                            let value = when.evaluate(scope);
                            value
                                .map_err(|error| self.stopped(rule, &when.text, &error))?
                                .is_true()
                        }
                        None => true,
                    };
                    if holds {
                        return self.origin(rule, &choice.origin, scope);
                    }
                }
                None
            }
        })
    }

    /// The fault of a record that a rule makes no sense of.
    pub(crate) fn fault(&self, rule: &Rule, words: String) -> Fault {
        let field = rule.target.name().unwrap_or_default();
        let message = format!("{}: {words}", rule.called(&self.file));
        Fault::data(field, cut(&message, 2_000))
    }

    /// The fault of a record at which an expression or a template stopped.
    fn stopped(&self, rule: &Rule, text: &Text, error: &Error) -> Fault {
        let place = text.within(&self.file, byte(error, &text.content));
        let (line, column) = line_and_column(&self.file, place);
        self.fault(
            rule,
            format!("line {line}, column {column}: {}", described(error)),
        )
    }
}

/// One part of a text, or all: blanks around each are left out.
fn parted(split: &Split, text: &str) -> Json {
    let parts: Vec<&str> = text.split(&split.separator).map(str::trim).collect();
    let place = match split.take {
        None => return parts.into_iter().filter(|part| !part.is_empty()).collect(),
        Some(from_start @ 1..) => usize::try_from(from_start - 1).ok(),
        Some(from_end) => usize::try_from(from_end.unsigned_abs())
            .ok()
            .and_then(|back| parts.len().checked_sub(back)),
    };
    let part = place.and_then(|place| parts.get(place));
    part.map_or(Json::Null, |part| Json::String((*part).to_owned()))
}
