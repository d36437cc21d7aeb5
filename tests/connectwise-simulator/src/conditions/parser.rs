//! Builds a condition from its words and checks each name and literal against the object's fields.

use super::lexer::{Token, Word, at, words};
use super::{Comparison, Condition, ConditionError, Literal, Operator, Pattern, Quick};
use crate::catalog::{FieldType, field};
use crate::moment;

/// Which names a condition may use.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope {
    /// `conditions`: the object's own fields and those of its references.
    Record(&'static str),
    /// `childConditions`: fields of the objects in one of its arrays.
    Children(&'static str),
    /// `customFieldConditions`: caption, value and the like.
    CustomFields,
}

/// How deep parentheses may nest.
const DEEPEST: usize = 64;

/// Reads a condition. Blank text is no condition.
pub(crate) fn parse(text: &str, scope: Scope) -> Result<Option<Condition>, ConditionError> {
    let words = words(text)?;
    if words.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser {
        words: &words,
        end: text.len(),
        scope,
        depth: 0,
        array: None,
    };
    let condition = parser.any()?;
    match parser.words.first() {
        None => Ok(Some(condition)),
        Some(word) => Err(at(word.place, &show(&word.token))),
    }
}

struct Parser<'a> {
    words: &'a [Word],
    end: usize,
    scope: Scope,
    depth: usize,
    array: Option<&'static str>,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.all()?];
        while self.takes_name("or") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Condition::Or))
    }

    fn all(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.one()?];
        while self.takes_name("and") {
            parts.push(self.one()?);
        }
        Ok(single(parts, Condition::And))
    }

    fn one(&mut self) -> Result<Condition, ConditionError> {
        if self.takes(&Token::Open) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.unexpected());
            }
            let inside = self.any()?;
            self.depth -= 1;
            return if self.takes(&Token::Close) {
                Ok(inside)
            } else {
                Err(self.unexpected())
            };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, ConditionError> {
        let Some(Word {
            token: Token::Name(name),
            ..
        }) = self.words.first()
        else {
            return Err(self.unexpected());
        };
        let (path, kind) = resolve(name, self.scope)?;
        if matches!(self.scope, Scope::Children(_)) {
            let array = path.first().copied();
            if *self.array.get_or_insert(array.unwrap_or_default()) != array.unwrap_or_default() {
                return Err(ConditionError(format!(
                    "{name} belongs to another list than the rest of the condition."
                )));
            }
        }
        self.advance();
        let mut negated = self.takes_name("not");
        let operator = if self.takes_name("in") {
            Operator::In(self.list(&kind)?)
        } else if self.takes_name("like") {
            Operator::Like(Pattern::like(&self.text(&kind)?))
        } else if self.takes_name("contains") {
            Operator::Like(Pattern::contains(&self.text(&kind)?))
        } else if negated {
            return Err(self.unexpected());
        } else {
            let Some(Word {
                token: Token::Sign(sign),
                place,
            }) = self.words.first()
            else {
                return Err(self.unexpected());
            };
            let (sign, place) = (*sign, *place);
            self.advance();
            let literal = self.literal(&kind)?;
            let ordered = !matches!(literal, Literal::Null | Literal::Boolean(_));
            negated = matches!(sign, "!=" | ">" | ">=");
            match sign {
                "=" | "!=" => Operator::Equal(literal),
                _ if !ordered => return Err(at(place, sign)),
                "<" | ">=" => Operator::Less(literal),
                _ => Operator::LessOrEqual(literal),
            }
        };
        let quick = match self.scope {
            Scope::Record(_) => Quick::of(&path),
            _ => None,
        };
        let compare = Condition::Compare(Comparison {
            path,
            quick,
            is_moment: kind == FieldType::Moment,
            operator,
        });
        Ok(if negated {
            Condition::Not(Box::new(compare))
        } else {
            compare
        })
    }

    fn list(&mut self, kind: &FieldType) -> Result<Vec<Literal>, ConditionError> {
        if !self.takes(&Token::Open) {
            return Err(self.unexpected());
        }
        let mut literals = vec![self.literal(kind)?];
        while self.takes(&Token::Comma) {
            literals.push(self.literal(kind)?);
        }
        if self.takes(&Token::Close) {
            Ok(literals)
        } else {
            Err(self.unexpected())
        }
    }

    fn text(&mut self, kind: &FieldType) -> Result<String, ConditionError> {
        match (kind, self.literal(kind)?) {
            (FieldType::Text | FieldType::Anything, Literal::Text(text)) => Ok(text),
            _ => Err(ConditionError(
                "The contains and like operators need a string field and a string value.".into(),
            )),
        }
    }

    fn literal(&mut self, kind: &FieldType) -> Result<Literal, ConditionError> {
        let Some(word) = self.words.first() else {
            return Err(self.unexpected());
        };
        let literal = match &word.token {
            Token::Number(number) => Literal::Number(*number),
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Moment(text) => Literal::Moment(moment::read(text).ok_or_else(|| {
                ConditionError(format!(
                    "String '[{text}]' was not recognized as a valid DateTime."
                ))
            })?),
            Token::Name(name) if name.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Token::Name(name) if name.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            Token::Name(name) if name.eq_ignore_ascii_case("null") => Literal::Null,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        fits(kind, literal)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let found = self.words.first().is_some_and(|word| word.token == *token);
        if found {
            self.advance();
        }
        found
    }

    fn takes_name(&mut self, keyword: &str) -> bool {
        let found = matches!(self.words.first(),
            Some(Word { token: Token::Name(name), .. }) if name.eq_ignore_ascii_case(keyword));
        if found {
            self.advance();
        }
        found
    }

    fn advance(&mut self) {
        self.words = self.words.get(1..).unwrap_or_default();
    }

    fn unexpected(&self) -> ConditionError {
        match self.words.first() {
            Some(word) => at(word.place, &show(&word.token)),
            None => at(self.end, "end of condition"),
        }
    }
}

/// A field's path as the vendor spells it, and its type.
pub(crate) fn resolve(name: &str, scope: Scope) -> Result<(Vec<&'static str>, FieldType), ConditionError> {
    let unknown = || ConditionError(format!("{name} is not a recognized name."));
    let mut parts = name.split('/');
    let mut path = Vec::new();
    let (mut schema, mut last) = match scope {
        Scope::Record(schema) => (schema.to_owned(), None),
        Scope::CustomFields => ("CustomFieldValue".to_owned(), None),
        Scope::Children(schema) => {
            let first = parts.next().unwrap_or_default();
            let Some((known, FieldType::Children(element))) = field(schema, first) else {
                return Err(unknown());
            };
            path.push(known);
            (element, None)
        }
    };
    for part in parts {
        if let Some(kind) = last.take() {
            let FieldType::Reference(inner) = kind else {
                return Err(unknown());
            };
            schema = inner;
        }
        // Both are known of every object, whether its fields list them or not.
        let everywhere = match (scope, path.is_empty()) {
            (Scope::Record(_), true) if part.eq_ignore_ascii_case("lastUpdated") => Some("lastUpdated"),
            (Scope::Record(_), true) if part.eq_ignore_ascii_case("dateEntered") => Some("dateEntered"),
            _ => None,
        };
        let (known, kind) = match (field(&schema, part), everywhere) {
            (Some(found), _) => found,
            (None, Some(known)) => (known, FieldType::Moment),
            (None, None) => return Err(unknown()),
        };
        path.push(known);
        last = Some(kind);
    }
    match last {
        None | Some(FieldType::Children(_)) => Err(unknown()),
        Some(kind) => Ok((path, kind)),
    }
}

/// Whether a literal is of the field's type.
fn fits(kind: &FieldType, literal: Literal) -> Result<Literal, ConditionError> {
    let wanted = match (kind, &literal) {
        (_, Literal::Null) | (FieldType::Anything, _) => return Ok(literal),
        (FieldType::Number, Literal::Number(_))
        | (FieldType::Boolean, Literal::Boolean(_))
        | (FieldType::Text, Literal::Text(_))
        | (FieldType::Moment, Literal::Moment(_)) => return Ok(literal),
        (FieldType::Number, _) => "numeric",
        (FieldType::Boolean, _) => "boolean",
        (FieldType::Text, _) => "string",
        (FieldType::Moment, _) => "datetime",
        (FieldType::Reference(_) | FieldType::Children(_), _) => "null",
    };
    let found = match literal {
        Literal::Null => "null",
        Literal::Boolean(_) => "boolean",
        Literal::Number(_) => "numeric",
        Literal::Text(_) => "string",
        Literal::Moment(_) => "datetime",
    };
    Err(ConditionError(format!(
        "Expected a {wanted} value, not a {found}. String values should be enclosed with double or single quotes; \
         DateTime values should be enclosed in square brackets; Boolean values should be True or False."
    )))
}

fn single(mut parts: Vec<Condition>, join: impl FnOnce(Vec<Condition>) -> Condition) -> Condition {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            join(parts)
        }
        (None, _) => join(parts),
    }
}

fn show(token: &Token) -> String {
    match token {
        Token::Name(name) => name.clone(),
        Token::Number(number) => number.to_string(),
        Token::Text(text) => format!("\"{text}\""),
        Token::Moment(text) => format!("[{text}]"),
        Token::Open => "(".into(),
        Token::Close => ")".into(),
        Token::Comma => ",".into(),
        Token::Sign(sign) => (*sign).into(),
    }
}
