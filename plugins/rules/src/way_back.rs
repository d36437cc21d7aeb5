//! Which rules can be reversed, and how. A rule goes both ways only where every value it can make leads back to one
//! place in the PSA's record, and where that place says the same value again from then on.

use serde_json::Value as Json;

use crate::path::Path;
use crate::rule::{Lookup, Origin, Rule, Target};
use crate::shape::Shape;

/// How a value is brought back.
#[derive(Debug)]
pub(crate) enum WayBack {
    Copied(Path),
    /// By a table that is one to one.
    Found(Path, Vec<(String, Json)>),
    Framed {
        before: String,
        path: Path,
        after: String,
    },
}

impl WayBack {
    /// The steps to the place in the PSA's record.
    pub(crate) fn steps(&self) -> &[String] {
        let (WayBack::Copied(path) | WayBack::Found(path, _) | WayBack::Framed { path, .. }) = self;
        &path.steps
    }
}

/// What a rule may read where it goes both ways: what no edit of a field changes.
const STEADY: [&str; 5] = ["source", "kind", "id", "organization", "country"];

/// How a rule is reversed.
///
/// # Errors
/// Why it cannot be.
pub(crate) fn find(rule: &Rule) -> Result<WayBack, String> {
    if rule.target == Target::Skip {
        return Err("a record that is left out has nothing to bring back".to_owned());
    }
    if !rule.steps.is_empty() {
        return Err("its `then` steps lose how the text was written".to_owned());
    }
    if rule.only_empty {
        return Err("with `overwrite = \"empty\"` the value may come from elsewhere".to_owned());
    }
    if let Some(when) = &rule.when {
        let unsteady = |read: &&String| !STEADY.contains(&read.split('.').next().unwrap_or(""));
        if let Some(read) = when.reads.iter().find(unsteady) {
            return Err(format!(
                "its condition reads `{read}`, which is not known when an edit is brought back"
            ));
        }
    }
    for kind in &rule.kinds {
        if let Some(shape @ (Shape::Entries | Shape::Reference(_))) = rule.target.shape(kind) {
            return Err(format!("{} cannot be brought back", shape.expected()));
        }
    }
    match &rule.origin {
        Origin::Constant(_) => Err("a constant says nothing about the PSA's record".to_owned()),
        Origin::Pick(_) => Err("it is not known which choice an edited value came from".to_owned()),
        Origin::Split(_) => Err("the other parts of the text are not known".to_owned()),
        Origin::Copy(copied) => in_source(copied.path.as_ref()).map(WayBack::Copied),
        Origin::Lookup(lookup) => {
            let path = in_source(lookup.of.path.as_ref())?;
            one_to_one(lookup, rule)?;
            Ok(WayBack::Found(path, lookup.table.clone()))
        }
        Origin::Template(template) => {
            let framed = template.framed().ok_or(
                "only a template of one path with fixed text around it, such as `HD {{ source.name }}`, can be reversed",
            )?;
            if !rule
                .kinds
                .iter()
                .all(|kind| matches!(rule.target.shape(kind), None | Some(Shape::Text)))
            {
                return Err("a template can be reversed only where it makes a text".to_owned());
            }
            Ok(WayBack::Framed {
                path: in_source(Some(&framed.path))?,
                before: framed.before,
                after: framed.after,
            })
        }
    }
}

fn in_source(path: Option<&Path>) -> Result<Path, String> {
    let found = path.filter(|path| path.in_source().is_some()).cloned();
    found.ok_or_else(|| {
        "it does not come from one place in the PSA's record, such as `source.type.name`".to_owned()
    })
}

/// Whether each value of the table leads back to one text.
fn one_to_one(lookup: &Lookup, rule: &Rule) -> Result<(), String> {
    for kind in &rule.kinds {
        let mut found: Vec<(&str, Json)> = Vec::new();
        for (key, json) in &lookup.table {
            let made = rule.target.held(kind, json);
            if made.is_null() {
                return Err(format!("`{key}` stands for nothing"));
            }
            if let Some((other, _)) = found.iter().find(|(_, known)| *known == made) {
                return Err(format!("`{other}` and `{key}` stand for the same value"));
            }
            found.push((key, made));
        }
        let otherwise = lookup.otherwise.as_ref().map(|json| rule.target.held(kind, json));
        if let Some((key, _)) = found.iter().find(|(_, known)| Some(known) == otherwise.as_ref()) {
            return Err(format!("`otherwise` is also what `{key}` stands for"));
        }
    }
    Ok(())
}
