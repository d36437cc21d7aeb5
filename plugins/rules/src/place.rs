//! Where something stands in the file, and what is wrong there: problems are gathered, so that a person sees all of a
//! file's in one go, the first line first. What is told reads well on one line too, as that is how the host shows it.

use std::fmt::Write;

/// How many problems are told at once.
const TOLD: usize = 20;

/// How many bytes they may take: a fault's message has at most 2 KiB.
const LONGEST: usize = 1_900;

/// Something wrong at a byte of the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    at: usize,
    text: String,
}

/// All that is wrong with a file.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Adds a problem.
    pub(crate) fn add(&mut self, at: usize, text: impl Into<String>) {
        let text = text.into();
        self.list.push(Problem { at, text });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One after the other, at most twenty, in the order of the file.
    pub(crate) fn told(mut self, file: &str) -> String {
        self.list.sort();
        self.list.dedup();
        let texts = self.list.iter().map(|problem| {
            let (line, column) = line_and_column(file, problem.at);
            format!("line {line}, column {column}: {}", problem.text)
        });
        told(texts)
    }
}

/// The first of some texts, as many as a message holds. The host makes spaces of line breaks, so none are between them.
pub(crate) fn told(texts: impl ExactSizeIterator<Item = String>) -> String {
    let all = texts.len();
    let mut told = String::new();
    let mut count = 0;
    for text in texts.take(TOLD) {
        if count > 0 && told.len() + text.len() > LONGEST {
            break;
        }
        // Writing to a text does not fail.
        let _ = write!(told, "{}{text}", between(&told));
        count += 1;
    }
    if count < all {
        let _ = write!(told, "{}and {} more", between(&told), all - count);
    }
    cut(&told, LONGEST + 40).to_owned()
}

/// What stands after a text before the next one: a question has its end already.
fn between(text: &str) -> &'static str {
    match text.chars().next_back() {
        None => "",
        Some('?') => " ",
        Some(_) => "; ",
    }
}

/// A text on one line: every run of white space and control characters is a space, none at the ends.
pub(crate) fn flat(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The text, or as much of it as so many bytes hold.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Line and column of a byte, both from 1; the column counts characters.
pub(crate) fn line_and_column(file: &str, at: usize) -> (usize, usize) {
    let before = file.get(..at.min(file.len())).unwrap_or(file);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The line of a byte.
pub(crate) fn line(file: &str, at: usize) -> usize {
    line_and_column(file, at).0
}

/// The known name a mistyped one is likely meant for.
pub(crate) fn near<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let scored = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, known), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.8).then_some(best.1)
}

/// `; did you mean …?`, or the names there are.
pub(crate) fn instead(name: &str, known: &[&str]) -> String {
    match near(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", listed(known)),
    }
}

/// Names between commas.
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// A text in a message: quoted, and cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or("")),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let file = "ä = 1\nöö = x";
        assert_eq!(line_and_column(file, 0), (1, 1));
        assert_eq!(line_and_column(file, file.find('x').unwrap()), (2, 6));
        assert_eq!(line_and_column(file, 999), (2, 7));
    }

    #[test]
    fn twenty_are_told_in_order() {
        let file = "\n".repeat(30);
        let mut problems = Problems::default();
        for at in (0..25).rev() {
            problems.add(at, "x");
        }
        let told = problems.told(&file);
        assert!(told.starts_with("line 1, column 1: x; line 2"), "{told}");
        assert!(told.ends_with("line 20, column 1: x; and 5 more"), "{told}");
    }

    #[test]
    fn a_question_needs_no_semicolon() {
        let texts = ["line 1: a?", "line 2: b", "line 3: c"].map(str::to_owned);
        assert_eq!(told(texts.into_iter()), "line 1: a? line 2: b; line 3: c");
    }

    #[test]
    fn a_flat_text_has_one_line() {
        for (text, wanted) in [
            ("a b", "a b"),
            (" a\n\t b\r\n", "a b"),
            ("a\0\u{1b}b\u{2028}c", "a b c"),
            ("\n", ""),
        ] {
            assert_eq!(flat(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_is_near_is_named() {
        assert_eq!(
            instead("templte", &["template", "copy"]),
            "did you mean `template`?"
        );
        assert_eq!(
            instead("zzz", &["template", "copy"]),
            "there are `template`, `copy`"
        );
    }
}
