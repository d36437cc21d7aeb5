//! The rules as a table: a row for each field or trait of a kind that a rule sets.

use std::collections::BTreeMap;

use dovetail_sdk::mapping::exports::{Direction, TableRow};

use crate::place::flat;
use crate::rule::RuleBook;
use crate::shape;

/// How long a row's description of where the value comes from may be, in characters.
const LONGEST: usize = 100;

impl RuleBook {
    /// The rows that take effect.
    pub(crate) fn rows(&self) -> Vec<TableRow> {
        let mut rows: BTreeMap<(usize, String), TableRow> = BTreeMap::new();
        for rule in &self.rules {
            for kind in &rule.kinds {
                let order = shape::KINDS.iter().position(|known| known == kind).unwrap_or(0);
                let flow = if rule.back.is_some() {
                    Direction::Both
                } else {
                    Direction::Inward
                };
                let emptied = rule
                    .emptied
                    .iter()
                    .map(|name| (format!("traits.{name}"), "moved".to_owned(), None));
                let set = rule
                    .target
                    .name()
                    .map(|name| (name, rule.origin.shown(), rule.policy));
                for (name, path, policy) in set.into_iter().chain(emptied) {
                    let row = rows.entry((order, name.clone())).or_insert_with(|| TableRow {
                        kind: (*kind).to_owned(),
                        identifies: shape::field(kind, &name).is_some_and(|field| field.identifies),
                        name,
                        path: String::new(),
                        flow,
                        policy: None,
                    });
                    row.policy = row.policy.or(policy);
                    if !row.path.is_empty() {
                        row.path.push_str(", ");
                    }
                    row.path.push_str(&path);
                }
            }
        }
        let mut rows: Vec<TableRow> = rows.into_values().collect();
        for row in &mut rows {
            // Expressions may have several lines; a table has one.
            row.path = flat(&row.path);
            if let Some((end, _)) = row.path.char_indices().nth(LONGEST) {
                row.path.truncate(end);
                row.path.push('…');
            }
        }
        rows
    }
}
