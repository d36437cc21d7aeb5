//! A plain path: `source.type.name`, `fields.name`, `traits['custom_fields.Rack position']`. It is the one kind of
//! expression that can be followed backwards.

use minijinja::Value;

/// Names after the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// `source`, `fields` or `traits`, or any other variable.
    pub(crate) root: String,
    pub(crate) steps: Vec<String>,
}

impl Path {
    /// Reads a plain path; nothing where the expression is more than that.
    pub(crate) fn parse(expression: &str) -> Option<Path> {
        let (root, mut rest) = word(expression.trim())?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(after) => word(after)?,
                None => bracketed(rest)?,
            };
            steps.push(step.to_owned());
            rest = after;
        }
        Some(Path {
            root: root.to_owned(),
            steps,
        })
    }

    /// The steps in the PSA's record, where it leads there.
    pub(crate) fn in_source(&self) -> Option<&[String]> {
        (self.root == "source" && !self.steps.is_empty()).then_some(self.steps.as_slice())
    }

    /// The name, where it is one field or trait: `fields.NAME`, `traits['NAME']`.
    pub(crate) fn one_of(&self, root: &str) -> Option<&str> {
        match self.steps.as_slice() {
            [name] if self.root == root => Some(name),
            _ => None,
        }
    }

    /// What stands there under the first name's value; empty where a step is missing.
    pub(crate) fn follow(&self, root: Value) -> Value {
        let step = |value: Value, step: &String| value.get_attr(step).unwrap_or_default();
        self.steps.iter().fold(root, step)
    }

    /// As tables show it: `type/name`, `traits.custom_fields.Rack`, `fields.name`.
    pub(crate) fn shown(&self) -> String {
        match self.in_source() {
            Some(steps) => steps.join("/"),
            None if self.steps.is_empty() => self.root.clone(),
            None => format!("{}.{}", self.root, self.steps.join(".")),
        }
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let starts = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let literal = ["true", "false", "none", "True", "False", "None", "not"].contains(&word);
    (starts && !literal).then_some((word, rest))
}

/// `['a name']`, without escapes.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (name, rest) = inner.get(1..)?.split_once(quote)?;
    (!name.contains('\\')).then_some((name, rest.strip_prefix(']')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Option<Vec<String>> {
        Path::parse(text).map(|path| path.steps)
    }

    #[test]
    fn plain_paths_and_others() {
        assert_eq!(
            steps(" source.type.name "),
            Some(vec!["type".into(), "name".into()])
        );
        assert_eq!(
            steps("traits['a.b c'][\"d\"]"),
            Some(vec!["a.b c".into(), "d".into()])
        );
        assert_eq!(steps("kind"), Some(vec![]));
        for other in [
            "source.types[0].name",
            "source.name | upper",
            "source.a + 1",
            "'text'",
            "true",
            "source.",
            "source['a\\'']",
            "",
        ] {
            assert_eq!(steps(other), None, "{other}");
        }
        assert_eq!(Path::parse("source.type.name").unwrap().shown(), "type/name");
        assert_eq!(Path::parse("traits['a b']").unwrap().shown(), "traits.a b");
    }
}
