//! Cuts a condition into words.

use super::ConditionError;

/// One word of a condition, with the place it starts at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) place: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, a path or a keyword.
    Name(String),
    Number(f64),
    Text(String),
    /// What stands between square brackets.
    Moment(String),
    Open,
    Close,
    Comma,
    Sign(&'static str),
}

/// All words of a condition.
pub(super) fn words(text: &str) -> Result<Vec<Word>, ConditionError> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut words = Vec::new();
    let mut rest = letters.as_slice();
    while let Some((&(place, letter), after)) = rest.split_first() {
        let next = after.first().map(|&(_, letter)| letter);
        let (token, remaining) = match letter {
            letter if letter.is_whitespace() => {
                rest = after;
                continue;
            }
            '(' => (Token::Open, after),
            ')' => (Token::Close, after),
            ',' => (Token::Comma, after),
            '=' => (Token::Sign("="), after),
            '!' if next == Some('=') => (Token::Sign("!="), skip(after, 1)),
            '<' if next == Some('=') => (Token::Sign("<="), skip(after, 1)),
            '>' if next == Some('=') => (Token::Sign(">="), skip(after, 1)),
            '<' if next == Some('>') => return Err(at(place, "<>")),
            '<' => (Token::Sign("<"), after),
            '>' => (Token::Sign(">"), after),
            '"' | '\'' => quoted(letter, after, place)?,
            '[' => {
                let end = after
                    .iter()
                    .position(|&(_, letter)| letter == ']')
                    .ok_or_else(|| at(place, "["))?;
                (Token::Moment(collect(after.get(..end))), skip(after, end + 1))
            }
            '-' | '0'..='9' => {
                let length = rest
                    .iter()
                    .skip(1)
                    .take_while(|(_, letter)| letter.is_ascii_alphanumeric() || *letter == '.')
                    .count();
                let digits = collect(rest.get(..=length));
                let number = digits.parse::<f64>().ok().filter(|number| number.is_finite());
                let plain = digits
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
                match number.filter(|_| plain) {
                    Some(number) => (Token::Number(number), skip(rest, length + 1)),
                    None => return Err(at(place, &digits)),
                }
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                let length = rest
                    .iter()
                    .take_while(|(_, letter)| letter.is_alphanumeric() || matches!(letter, '_' | '/' | '.'))
                    .count();
                (Token::Name(collect(rest.get(..length))), skip(rest, length))
            }
            other => return Err(at(place, &other.to_string())),
        };
        words.push(Word { token, place });
        rest = remaining;
    }
    Ok(words)
}

/// The error for a word that does not belong where it stands.
pub(super) fn at(place: usize, what: &str) -> ConditionError {
    ConditionError(format!("Syntax error near '{what}' at position {place}."))
}

type Letters<'a> = &'a [(usize, char)];

fn skip(letters: Letters<'_>, count: usize) -> Letters<'_> {
    letters.get(count..).unwrap_or_default()
}

fn collect(letters: Option<Letters<'_>>) -> String {
    letters
        .unwrap_or_default()
        .iter()
        .map(|&(_, letter)| letter)
        .collect()
}

/// A text up to its closing quote; a backslash keeps a quote or a backslash from its meaning.
fn quoted(quote: char, after: Letters<'_>, place: usize) -> Result<(Token, Letters<'_>), ConditionError> {
    let mut text = String::new();
    let mut rest = after;
    while let Some((&(_, letter), tail)) = rest.split_first() {
        match (letter, tail.first()) {
            ('\\', Some(&(_, next))) if next == quote || next == '\\' => {
                text.push(next);
                rest = skip(tail, 1);
            }
            (letter, _) if letter == quote => return Ok((Token::Text(text), tail)),
            (letter, _) => {
                text.push(letter);
                rest = tail;
            }
        }
    }
    Err(at(place, &quote.to_string()))
}
