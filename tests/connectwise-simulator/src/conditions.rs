//! The conditions grammar: what a client may ask for, checked against the object's fields.
//!
//! A condition that uses an unknown name, a literal of the wrong type or a broken syntax is refused with the
//! message ConnectWise has for it; nothing is guessed.

mod lexer;
mod parser;

use crate::moment;
use serde_json::Value;
use std::borrow::Cow;

pub(crate) use parser::{Scope, parse, resolve};

/// Why a condition is refused; the text goes into the `ApiFindCondition` error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConditionError(pub(crate) String);

/// A condition, checked.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Comparison),
}

/// One field against one or several literals.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    /// The field, spelled as the vendor spells it.
    pub(crate) path: Vec<&'static str>,
    /// The field's index, where the data has one.
    pub(crate) quick: Option<Quick>,
    /// Whether the field holds a moment.
    pub(crate) is_moment: bool,
    operator: Operator,
}

#[derive(Debug, Clone)]
enum Operator {
    Equal(Literal),
    Less(Literal),
    LessOrEqual(Literal),
    In(Vec<Literal>),
    Like(Pattern),
}

#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    Moment(i64),
}

/// Fields whose value is known without writing the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quick {
    Id,
    Company,
    Type,
    Status,
    Board,
    LastUpdated,
    DateEntered,
    Active,
    Inactive,
    Deleted,
    Closed,
    ClosedDate,
}

impl Quick {
    fn of(path: &[&str]) -> Option<Self> {
        Some(match path {
            ["id"] => Self::Id,
            ["company", "id"] => Self::Company,
            ["type", "id"] => Self::Type,
            ["status", "id"] => Self::Status,
            ["board", "id"] => Self::Board,
            ["lastUpdated"] => Self::LastUpdated,
            ["dateEntered"] => Self::DateEntered,
            ["activeFlag"] => Self::Active,
            ["inactiveFlag"] => Self::Inactive,
            ["deletedFlag"] => Self::Deleted,
            ["closedFlag"] => Self::Closed,
            ["closedDate"] => Self::ClosedDate,
            _ => return None,
        })
    }
}

/// A field's value in one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Moment(i64),
}

/// Something conditions can be asked of.
pub(crate) trait Row {
    /// The value of the comparison's field.
    fn cell(&self, comparison: &Comparison) -> Cell<'_>;
}

impl Condition {
    /// Whether the row satisfies the condition. A comparison with a missing value is neither true nor false,
    /// as in the database behind the real thing; such a row is not in the answer.
    pub(crate) fn holds(&self, row: &dyn Row) -> bool {
        self.verdict(row) == Some(true)
    }

    fn verdict(&self, row: &dyn Row) -> Option<bool> {
        match self {
            Self::And(parts) => {
                let mut verdict = Some(true);
                for part in parts {
                    match part.verdict(row) {
                        Some(false) => return Some(false),
                        None => verdict = None,
                        Some(true) => {}
                    }
                }
                verdict
            }
            Self::Or(parts) => {
                let mut verdict = Some(false);
                for part in parts {
                    match part.verdict(row) {
                        Some(true) => return Some(true),
                        None => verdict = None,
                        Some(false) => {}
                    }
                }
                verdict
            }
            Self::Not(part) => part.verdict(row).map(|verdict| !verdict),
            Self::Compare(comparison) => comparison.operator.verdict(&row.cell(comparison)),
        }
    }

    /// Hands every field the condition looks at to a closure.
    pub(crate) fn each_path(&self, take: &mut impl FnMut(&[&'static str])) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_path(take)),
            Self::Not(part) => part.each_path(take),
            Self::Compare(comparison) => take(&comparison.path),
        }
    }

    /// The name of the array whose elements the condition is about (for `childConditions`).
    pub(crate) fn children(&self) -> Option<&'static str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.first().and_then(Self::children),
            Self::Not(part) => part.children(),
            Self::Compare(comparison) => comparison.path.first().copied(),
        }
    }
}

impl Operator {
    fn verdict(&self, cell: &Cell<'_>) -> Option<bool> {
        match self {
            Self::Equal(Literal::Null) => Some(*cell == Cell::Null),
            _ if *cell == Cell::Null => None,
            Self::Equal(literal) => Some(order(cell, literal)? == std::cmp::Ordering::Equal),
            Self::Less(literal) => Some(order(cell, literal)? == std::cmp::Ordering::Less),
            Self::LessOrEqual(literal) => Some(order(cell, literal)? != std::cmp::Ordering::Greater),
            Self::In(literals) => Some(
                literals
                    .iter()
                    .any(|literal| order(cell, literal) == Some(std::cmp::Ordering::Equal)),
            ),
            Self::Like(pattern) => Some(pattern.matches(&as_text(cell))),
        }
    }
}

fn as_text<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Null => Cow::Borrowed(""),
        Cell::Boolean(value) => Cow::Owned(value.to_string()),
        Cell::Number(value) => Cow::Owned(value.to_string()),
        Cell::Text(value) => Cow::Borrowed(value.as_ref()),
        Cell::Moment(value) => Cow::Owned(moment::text(*value)),
    }
}

/// How a value stands to a literal; texts without regard to case. `None` when they cannot be compared.
fn order(cell: &Cell<'_>, literal: &Literal) -> Option<std::cmp::Ordering> {
    match (cell, literal) {
        (Cell::Boolean(a), Literal::Boolean(b)) => Some(a.cmp(b)),
        (Cell::Number(a), Literal::Number(b)) => a.partial_cmp(b),
        (Cell::Moment(a), Literal::Moment(b)) => Some(a.cmp(b)),
        (Cell::Text(a), Literal::Text(b)) => Some(fold(a).cmp(&fold(b))),
        (Cell::Text(a), Literal::Moment(b)) => Some(moment::read(a)?.cmp(b)),
        (Cell::Text(a), Literal::Number(b)) => a.trim().parse::<f64>().ok()?.partial_cmp(b),
        (Cell::Text(a), Literal::Boolean(b)) => Some(fold(a).as_str().cmp(if *b { "true" } else { "false" })),
        (cell, Literal::Text(b)) => Some(fold(&as_text(cell)).cmp(&fold(b))),
        _ => None,
    }
}

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The order of two cells, missing values first; for `orderBy`.
pub(crate) fn rank(a: &Cell<'_>, b: &Cell<'_>) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (a, b) {
        (Cell::Null, Cell::Null) => Equal,
        (Cell::Null, _) => Less,
        (_, Cell::Null) => Greater,
        (Cell::Boolean(a), Cell::Boolean(b)) => a.cmp(b),
        (Cell::Number(a), Cell::Number(b)) => a.total_cmp(b),
        (Cell::Moment(a), Cell::Moment(b)) => a.cmp(b),
        (a, b) => fold(&as_text(a)).cmp(&fold(&as_text(b))),
    }
}

/// A `like` pattern: `*` and `%` stand for any text, `[abc]`, `[a-z]` and `[^a]` for one character. An
/// underscore is itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Any,
    One(char),
    Class {
        members: Vec<(char, char)>,
        except: bool,
    },
}

impl Pattern {
    /// The pattern of a `like`.
    pub(crate) fn like(text: &str) -> Self {
        let letters: Vec<char> = fold(text).chars().collect();
        let mut pieces = Vec::new();
        let mut rest = letters.as_slice();
        while let Some((&letter, after)) = rest.split_first() {
            rest = after;
            pieces.push(match letter {
                '*' | '%' => Piece::Any,
                '[' => match after.iter().skip(1).position(|&letter| letter == ']') {
                    Some(place) => {
                        let inside = after.get(..=place).unwrap_or_default();
                        rest = after.get(place + 2..).unwrap_or_default();
                        class(inside)
                    }
                    None => Piece::One('['),
                },
                other => Piece::One(other),
            });
        }
        Self(pieces)
    }

    /// The pattern of a `contains`: the text anywhere.
    pub(crate) fn contains(text: &str) -> Self {
        let mut pieces = vec![Piece::Any];
        pieces.extend(Self::like(text).0);
        pieces.push(Piece::Any);
        Self(pieces)
    }

    /// Whether the whole text matches, without regard to case.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = fold(text).chars().collect();
        let (mut piece, mut letter) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(piece), letters.get(letter)) {
                (Some(Piece::Any), _) => {
                    retry = Some((piece, letter));
                    piece += 1;
                    continue;
                }
                (Some(wanted), Some(&found)) if wanted.takes(found) => {
                    piece += 1;
                    letter += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match retry {
                Some((any, start)) if start < letters.len() => {
                    retry = Some((any, start + 1));
                    piece = any + 1;
                    letter = start + 1;
                }
                _ => return false,
            }
        }
    }
}

impl Piece {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Any => false,
            Self::One(wanted) => *wanted == letter,
            Self::Class { members, except } => {
                members.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *except
            }
        }
    }
}

fn class(inside: &[char]) -> Piece {
    let (except, mut rest) = match inside.split_first() {
        Some(('^', rest)) if !rest.is_empty() => (true, rest),
        _ => (false, inside),
    };
    let mut members = Vec::new();
    loop {
        match rest {
            [low, '-', high, after @ ..] => {
                members.push((*low, *high));
                rest = after;
            }
            [one, after @ ..] => {
                members.push((*one, *one));
                rest = after;
            }
            [] => break,
        }
    }
    Piece::Class { members, except }
}

/// The cell at a path inside a JSON record.
pub(crate) fn cell_in<'a>(record: &'a Value, path: &[&str], is_moment: bool) -> Cell<'a> {
    let mut found = record;
    let info;
    // Whatever the object, its times of change and of entry stand in `_info`.
    let path = match path {
        [name @ ("lastUpdated" | "dateEntered")] if record.get(*name).is_none() => {
            info = ["_info", *name];
            info.as_slice()
        }
        other => other,
    };
    for name in path {
        match found.get(*name) {
            Some(inner) => found = inner,
            None => return Cell::Null,
        }
    }
    match found {
        Value::Bool(value) => Cell::Boolean(*value),
        Value::Number(value) => value.as_f64().map_or(Cell::Null, Cell::Number),
        Value::String(text) if is_moment => moment::read(text).map_or(Cell::Null, Cell::Moment),
        Value::String(text) => Cell::Text(Cow::Borrowed(text)),
        // A reference is there when it has an id.
        Value::Object(map) => map
            .get("id")
            .and_then(Value::as_f64)
            .map_or(Cell::Null, Cell::Number),
        Value::Null | Value::Array(_) => Cell::Null,
    }
}

/// A JSON record as a row.
pub(crate) struct JsonRow<'a>(pub(crate) &'a Value);

impl Row for JsonRow<'_> {
    fn cell(&self, comparison: &Comparison) -> Cell<'_> {
        cell_in(self.0, &comparison.path, comparison.is_moment)
    }
}

/// An element of a child array as a row: the path's first name is the array.
pub(crate) struct ChildRow<'a>(pub(crate) &'a Value);

impl Row for ChildRow<'_> {
    fn cell(&self, comparison: &Comparison) -> Cell<'_> {
        cell_in(
            self.0,
            comparison.path.get(1..).unwrap_or_default(),
            comparison.is_moment,
        )
    }
}

/// Whether a record of an object (`Ticket`) satisfies a condition; the error is what a client would be told.
///
/// # Errors
/// The condition is refused.
pub fn condition_holds(text: &str, object: &'static str, record: &Value) -> Result<bool, String> {
    let parsed = parse(text, Scope::Record(object)).map_err(|why| why.to_string())?;
    Ok(parsed.is_none_or(|parsed| parsed.holds(&JsonRow(record))))
}

#[cfg(test)]
mod tests;
