//! Templates: text with expressions in it. Their sources are kept by the environment of their file.

use std::collections::BTreeSet;
use std::io;

use minijinja::{Environment, Error, Value};

use crate::document::{Reading, Text};
use crate::expression::{check, unreadable};
use crate::path::Path;
use crate::words;

/// How long a template's text may be, in bytes.
const LONGEST: usize = 64 * 1024;

/// A template that was read and found in order.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) text: Text,
    pub(crate) reads: BTreeSet<String>,
    key: String,
}

/// A template that is one path with fixed text around it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Framed {
    pub(crate) before: String,
    pub(crate) path: Path,
    pub(crate) after: String,
}

impl Template {
    /// Reads a template. What is wrong with it is told at its place.
    pub(crate) fn read(
        reading: &mut Reading<'_>,
        environment: &mut Environment<'static>,
        text: Text,
        kinds: &[&str],
    ) -> Option<Template> {
        // The place makes it the only one of that name.
        let key = format!("byte {}", text.span.start);
        let added = environment.add_template_owned(key.clone(), text.content.clone());
        let found = match added.and_then(|()| {
            let template = environment.get_template(&key)?;
            Ok((
                template.undeclared_variables(false),
                template.undeclared_variables(true),
            ))
        }) {
            Ok(found) => found,
            Err(error) => {
                unreadable(reading, &text, &error);
                return None;
            }
        };
        let undeclared: BTreeSet<String> = found.0.into_iter().collect();
        check(
            reading,
            &text,
            &words::of_template(&text.content),
            &undeclared,
            kinds,
        )?;
        Some(Template {
            reads: found.1.into_iter().collect(),
            text,
            key,
        })
    }

    /// Its text under a context.
    pub(crate) fn render(&self, environment: &Environment<'static>, context: Value) -> Result<String, Error> {
        let mut text = Bounded(Vec::new());
        environment
            .get_template(&self.key)?
            .render_captured_to(context, &mut text)?;
        // The engine writes whole texts, so there are no broken characters.
        Ok(String::from_utf8_lossy(&text.0).into_owned())
    }

    /// The fixed text and the path, where it is no more than that.
    pub(crate) fn framed(&self) -> Option<Framed> {
        let (before, rest) = self.text.content.split_once("{{")?;
        let (expression, after) = rest.split_once("}}")?;
        let code = |text: &str| ["{{", "{%", "{#"].iter().any(|open| text.contains(open));
        if code(before) || code(after) {
            return None;
        }
        // The engine leaves one line break at the end out.
        let after = after.strip_suffix('\n').unwrap_or(after);
        let after = after.strip_suffix('\r').unwrap_or(after);
        Some(Framed {
            before: before.to_owned(),
            path: Path::parse(expression)?,
            after: after.to_owned(),
        })
    }
}

/// What a template gives, up to the bound.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("the text is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
