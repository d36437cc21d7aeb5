//! Expressions and templates: Jinja, as minijinja reads it.
//!
//! Why minijinja and not CEL: conditions and templates are one language here, which is known from Ansible, Salt and
//! Home Assistant; CEL has no templates. It is one crate without a parser generator and without a clock, randomness or
//! files, so it is small in wasm and gives the same answer to the same question.
//!
//! What is missing in a record is empty, and so is what is in it: `source.type.name` of a record without a type. A
//! variable, filter or test that there is not, or a field that the kind has not, is told when the file is read. Every
//! evaluation has a bound on its steps, and a template on what it gives.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use dovetail_sdk::mac::canonical;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

use crate::document::{Reading, Text};
use crate::path::Path;
use crate::place::{instead, listed};
use crate::scope::{Scope, VARIABLES};
use crate::shape::{self, KINDS};
use crate::words::{self, Use, Word};
use crate::{phone, steps};

/// How many steps an evaluation may take.
const FUEL: u64 = 50_000;

/// The filters that are offered. The engine has some more, which make no sense for records.
pub(crate) const FILTERS: [&str; 35] = [
    "abs",
    "bool",
    "capitalize",
    "collapse_space",
    "default",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "mac",
    "map",
    "max",
    "min",
    "phone",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
];

/// The tests that are offered: `x is defined`.
pub(crate) const TESTS: [&str; 22] = [
    "defined",
    "undefined",
    "none",
    "string",
    "number",
    "integer",
    "float",
    "boolean",
    "sequence",
    "mapping",
    "iterable",
    "startingwith",
    "endingwith",
    "in",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "true",
    "false",
];

/// An expression that was read and found in order.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) text: Text,
    /// The expression, where it is a path and nothing else.
    pub(crate) path: Option<Path>,
    /// The variables it reads, with what it reads of them: `source.type.name`.
    pub(crate) reads: BTreeSet<String>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl Expression {
    /// Reads an expression. What is wrong with it is told at its place.
    pub(crate) fn read(reading: &mut Reading<'_>, text: Text, kinds: &[&str]) -> Option<Expression> {
        let compiled = match shared().compile_expression_owned(text.content.clone()) {
            Ok(compiled) => compiled,
            Err(error) => {
                unreadable(reading, &text, &error);
                return None;
            }
        };
        let undeclared: BTreeSet<String> = compiled.undeclared_variables(false).into_iter().collect();
        let words = words::of_expression(&text.content);
        check(reading, &text, &words, &undeclared, kinds)?;
        Some(Expression {
            path: Path::parse(&text.content),
            reads: compiled.undeclared_variables(true).into_iter().collect(),
            compiled,
            text,
        })
    }

    /// Its value under a scope.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, Error> {
        match &self.path {
            Some(path) => Ok(path.follow(scope.variable(&path.root))),
            None => self.compiled.eval(scope.context()),
        }
    }
}

/// Says what is wrong with the names that an expression or a template uses.
pub(crate) fn check(
    reading: &mut Reading<'_>,
    text: &Text,
    words: &[Word<'_>],
    undeclared: &BTreeSet<String>,
    kinds: &[&str],
) -> Option<()> {
    let mut sound = true;
    let mut known_fields: Vec<&str> = Vec::new();
    for field in kinds.iter().flat_map(|kind| shape::fields(kind)) {
        if !known_fields.contains(&field.name) {
            known_fields.push(field.name);
        }
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for Word { name, means, at } in words {
        let wrong = match means {
            Use::Variable
                if VARIABLES.contains(name) || !undeclared.contains(*name) || !told.insert(name) =>
            {
                continue;
            }
            Use::Variable => format!("there is no variable `{name}`; {}", instead(name, &VARIABLES)),
            Use::Filter if FILTERS.contains(name) => continue,
            Use::Filter => format!("there is no filter `{name}`; {}", instead(name, &FILTERS)),
            Use::Test if TESTS.contains(name) => continue,
            Use::Test => format!("there is no test `{name}`; {}", instead(name, &TESTS)),
            Use::Function => format!("there is no function `{name}`; there are filters: `value | upper`"),
            Use::Method => format!("`.{name}(…)` cannot be called here; there are filters: `value | upper`"),
            Use::Field if known_fields.contains(name) => continue,
            Use::Field => {
                let none = if kinds.len() == KINDS.len() {
                    "no kind has a field".to_owned()
                } else {
                    format!("{} has no field", listed(kinds))
                };
                format!("{none} `{name}`; {}", instead(name, &known_fields))
            }
        };
        sound = false;
        let place = text.within(reading.file, *at);
        reading.wrong(place, wrong);
    }
    sound.then_some(())
}

/// Tells what the language found wrong with a text.
pub(crate) fn unreadable(reading: &mut Reading<'_>, text: &Text, error: &Error) {
    let place = text.within(reading.file, byte(error, &text.content));
    reading.wrong(place, format!("this cannot be read: {}", described(error)));
}

/// Where in a text an error is.
pub(crate) fn byte(error: &Error, text: &str) -> usize {
    match (error.range(), error.line()) {
        (Some(range), _) => range.start.min(text.len()),
        (None, Some(line)) => text.split_inclusive('\n').take(line - 1).map(str::len).sum(),
        (None, None) => 0,
    }
}

/// What an error says, in words for people.
pub(crate) fn described(error: &Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps".to_owned(),
        (ErrorKind::WriteFailure, _) => "it gives more than 64 KiB of text".to_owned(),
        (_, Some(detail)) => detail.to_owned(),
        (kind, None) => kind.to_string(),
    }
}

/// The environment that expressions are compiled in; it holds nothing of a file.
fn shared() -> &'static Environment<'static> {
    static SHARED: OnceLock<Environment<'static>> = OnceLock::new();
    SHARED.get_or_init(environment)
}

/// The language as rules have it.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(true);
    environment.set_formatter(|out, state, value| {
        if value.is_none() || value.is_undefined() {
            return Ok(());
        }
        match bool::try_from(value.clone()) {
            Ok(flag) if value.kind() == minijinja::value::ValueKind::Bool => out
                .write_str(if flag { "true" } else { "false" })
                .map_err(Error::from),
            _ => minijinja::escape_formatter(out, state, value),
        }
    });
    environment.add_filter("collapse_space", |text: String| steps::collapsed(&text));
    environment.add_filter("mac", |text: String| canonical(text.trim()).unwrap_or(text));
    environment.add_filter("phone", |state: &State, text: String| {
        let country = state.lookup("country");
        let country = country.as_ref().and_then(Value::as_str);
        phone::international(&text, country).unwrap_or(text)
    });
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_there() {
        let environment = environment();
        for filter in FILTERS {
            let unknown = environment
                .empty_state()
                .apply_filter(filter, &[Value::from("a")]);
            assert!(
                !matches!(unknown, Err(error) if error.kind() == ErrorKind::UnknownFilter),
                "{filter}"
            );
        }
        for test in TESTS {
            let unknown = environment.empty_state().perform_test(test, &[Value::from("a")]);
            assert!(
                !matches!(unknown, Err(error) if error.kind() == ErrorKind::UnknownTest),
                "{test}"
            );
        }
    }
}
