//! The names that an expression uses, and where: filters, tests, functions, methods, and fields. The expression
//! language finds a wrong one only when a record comes by; a person wants to hear of it when the file is read.

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Variable,
    Filter,
    Test,
    Function,
    Method,
    /// `fields.NAME`
    Field,
}

/// A name in an expression, and the byte where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word<'e> {
    pub(crate) name: &'e str,
    pub(crate) means: Use,
    pub(crate) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'e> {
    Name(&'e str),
    Sign(char),
    Literal,
}

/// The names of an expression.
pub(crate) fn of_expression(expression: &str) -> Vec<Word<'_>> {
    words(&tokens(expression, 0))
}

/// The names of a template's expressions and blocks.
pub(crate) fn of_template(template: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = template.get(at..).and_then(|rest| rest.find('{')) {
        let start = at + open;
        let inner = start + 2;
        let end = match template.get(start..inner) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            Some("{#") => "#}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        let rest = template.get(inner..).unwrap_or("");
        let length = rest.find(end).unwrap_or(rest.len());
        if end != "#}" {
            found.extend(words(&tokens(rest.get(..length).unwrap_or(""), inner)));
        }
        at = inner + length;
    }
    found
}

fn words<'e>(tokens: &[(Token<'e>, usize)]) -> Vec<Word<'e>> {
    let sign = |place: Option<usize>, wanted: char| {
        place
            .and_then(|place| tokens.get(place))
            .is_some_and(|(token, _)| *token == Token::Sign(wanted))
    };
    let name = |place: Option<usize>| match place.and_then(|place| tokens.get(place)) {
        Some((Token::Name(name), _)) => *name,
        _ => "",
    };
    let mut found = Vec::new();
    for (place, (token, at)) in tokens.iter().enumerate() {
        let Token::Name(word) = token else { continue };
        let before = place.checked_sub(1);
        let second = place.checked_sub(2);
        let called = sign(Some(place + 1), '(');
        let tested = name(before) == "is" || (name(before) == "not" && name(second) == "is");
        let means = if sign(before, '|') || (place == 1 && name(before) == "filter") {
            Use::Filter
        } else if tested && *word != "not" {
            Use::Test
        } else if sign(before, '.') {
            let of_fields = name(second) == "fields" && !sign(place.checked_sub(3), '.');
            match (called, of_fields) {
                (true, _) => Use::Method,
                (false, true) => Use::Field,
                (false, false) => continue,
            }
        } else if called && !["in", "and", "or", "not", "if", "else", "elif", "is"].contains(word) {
            Use::Function
        } else {
            Use::Variable
        };
        found.push(Word {
            name: word,
            means,
            at: *at,
        });
    }
    found
}

fn tokens(text: &str, from: usize) -> Vec<(Token<'_>, usize)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let length = match first {
            '\'' | '"' => string(rest, first),
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                end.unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let token = match first {
            '\'' | '"' => Some(Token::Literal),
            c if c.is_ascii_digit() => Some(Token::Literal),
            c if c.is_alphanumeric() || c == '_' => rest.get(..length).map(Token::Name),
            c if c.is_whitespace() => None,
            c => Some(Token::Sign(c)),
        };
        tokens.extend(token.map(|token| (token, from + at)));
        at += length;
    }
    tokens
}

/// The length of a quoted string with its quotes.
fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(words: Vec<Word<'_>>) -> Vec<(&str, Use)> {
        words.into_iter().map(|word| (word.name, word.means)).collect()
    }

    #[test]
    fn names_are_told_apart() {
        let words = of_expression("fields.name | upper is not defined and f(source.a.b('x y')) ~ x['|z']");
        assert_eq!(
            seen(words),
            [
                ("fields", Use::Variable),
                ("name", Use::Field),
                ("upper", Use::Filter),
                ("is", Use::Variable),
                ("not", Use::Variable),
                ("defined", Use::Test),
                ("and", Use::Variable),
                ("f", Use::Function),
                ("source", Use::Variable),
                ("b", Use::Method),
                ("x", Use::Variable),
            ]
        );
    }

    #[test]
    fn a_template_has_names_in_its_code_only() {
        let words = of_template("a | b {{ x }} {# | c #} {% if y | d %} { z");
        assert_eq!(
            seen(words),
            [
                ("x", Use::Variable),
                ("if", Use::Variable),
                ("y", Use::Variable),
                ("d", Use::Filter)
            ]
        );
        let words = of_template("ab {{ x }}");
        assert_eq!(words[0].at, 6);
    }
}
