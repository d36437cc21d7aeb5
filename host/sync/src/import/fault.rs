//! What is wrong with a file, row by row: the first problems in words, the others counted.

use std::fmt;

use dovetail_domain::showable::is_showable;
/// Something that cannot be taken, apart from where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What is wrong.
    pub(crate) what: String,
    /// What would be right.
    pub(crate) expected: String,
}

impl Wrong {
    pub(crate) fn new(what: impl Into<String>, expected: impl Into<String>) -> Wrong {
        let (what, expected) = (what.into(), expected.into());
        Wrong { what, expected }
    }

    /// Says where it stands. A row as a whole has no column.
    pub(crate) fn at(self, line: u64, column: &str) -> Fault {
        Fault {
            line,
            column: column.to_owned(),
            wrong: self,
        }
    }
}

/// A problem with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) column: String,
    pub(crate) wrong: Wrong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column `{}`", self.column)?;
        }
        write!(f, ": {}; expected {}", self.wrong.what, self.wrong.expected)
    }
}

/// The problems of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    first: Vec<Fault>,
    more: u64,
}

impl Faults {
    /// How many are told one by one: what a person mends before trying again.
    pub const NAMED: usize = 20;

    pub(crate) fn note(&mut self, fault: Fault) {
        if self.first.len() < Faults::NAMED {
            self.first.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(all: Vec<Fault>) -> Faults {
        let mut faults = Faults::default();
        all.into_iter().for_each(|fault| faults.note(fault));
        faults
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.first.iter().enumerate() {
            let begins = if place == 0 { "" } else { "\n" };
            write!(f, "{begins}  {fault}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// A text from the file as a message shows it: one line, not too long.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let clean = |c: char| if is_showable(c) { c } else { ' ' };
    let mut shown: String = text.chars().take(MOST).map(clean).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_are_told_and_the_others_counted() {
        let fault =
            |line| Wrong::new("it is odd", "something else").at(line, if line > 1 { "name" } else { "" });
        let faults = Faults::from((1..=25).map(fault).collect::<Vec<_>>());
        let told = faults.to_string();
        assert_eq!(told.lines().count(), 21);
        assert!(
            told.starts_with("  line 1: it is odd; expected something else\n  line 2, column `name`: it")
        );
        assert!(told.ends_with("\n  and 5 more"), "{told}");
    }

    #[test]
    fn what_is_shown_fits_a_line() {
        assert_eq!(shown("a\n\u{1b}b"), "a  b");
        assert_eq!(shown(&"x".repeat(99)).chars().count(), 61);
    }
}
