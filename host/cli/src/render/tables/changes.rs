//! What changed, what would change, and what happened before.

use dovetail_server::answer::{Changed, HistoryRow, Quarantined};
use dovetail_server::{ChangeRow, Explanation, Verdict};
use serde_json::Value;

use super::line;
use super::records::{run, word};
use crate::render::table::{text, with};

/// How many changes are shown on a screen.
const SHOWN: usize = 100;

pub(super) fn changed(out: &mut String, changed: &Changed) {
    let Changed {
        run: of,
        changes,
        left,
    } = changed;
    match left {
        Some(left) => {
            let how = if of.reverted.is_some() { "are" } else { "would be" };
            line(
                out,
                format_args!(
                    "Run {} of {}: {} changes {how} taken back, {} left as they are.",
                    of.id,
                    of.subject(),
                    changes.len(),
                    left.len()
                ),
            );
            rows(out, changes);
            if !left.is_empty() {
                line(out, format_args!("Left as it is:"));
                rows(out, left);
            }
        }
        None => {
            run(out, of);
            rows(out, changes);
            if changes.is_empty() {
                line(out, format_args!("No record changes."));
            }
        }
    }
}

fn rows(out: &mut String, changes: &[ChangeRow]) {
    if changes.is_empty() {
        return;
    }
    let mut table = with(&["kind", "id", "name", "field", "before", "after", "why"]);
    for row in changes.iter().take(SHOWN) {
        // A new record's fields are shown by `asset show`, not in a cell.
        let after = if row.field.is_none() && row.after.is_object() {
            "(a new record)".to_owned()
        } else {
            word(&row.after)
        };
        table.add_row([
            row.kind.as_str(),
            &row.id.to_string(),
            &row.name,
            row.field.as_deref().unwrap_or("-"),
            &word(&row.before),
            &after,
            &row.why,
        ]);
    }
    out.push_str(&text(&table));
    if changes.len() > SHOWN {
        let more = changes.len() - SHOWN;
        line(out, format_args!("{more} more, with `--format json`."));
    }
}

pub(super) fn history(out: &mut String, rows: &[HistoryRow]) {
    let mut table = with(&["at", "field", "before", "after", "cause"]);
    for row in rows {
        table.add_row([
            &row.at.to_string(),
            row.field.as_deref().unwrap_or("-"),
            &word(&row.before),
            &word(&row.after),
            &(cause(&row.cause) + if row.in_psa { ", in the PSA" } else { "" }),
        ]);
    }
    out.push_str(&text(&table));
}

fn cause(cause: &Value) -> String {
    let part = |name: &str| cause.get(name).and_then(Value::as_str);
    let mut words = [part("kind"), part("id")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    if let Some(plugin) = part("plugin") {
        words.push_str(&format!(", by {plugin}"));
    }
    words
}

pub(super) fn quarantined(out: &mut String, one: &Quarantined) {
    super::records::quarantine(out, std::slice::from_ref(&one.row));
    match &one.record {
        Some(record) => line(out, format_args!("The PSA's record:\n{record:#}")),
        None => line(out, format_args!("The PSA's record was not kept.")),
    }
}

pub(super) fn explained(out: &mut String, explained: &Explanation) {
    let Explanation {
        kind,
        source_id,
        name,
        ..
    } = explained;
    let verdict = match explained.verdict {
        Verdict::Changes => "the next run that reads it changes something here",
        Verdict::Unchanged => "it is as the PSA has it",
        Verdict::LeftOut => "it does not come in",
        Verdict::Orphaned => "it is, or will be, an orphan",
        Verdict::Waiting => "it waits for a person",
        Verdict::Quarantined => "it cannot be taken over",
    };
    line(
        out,
        format_args!("{kind} {name} (PSA id {source_id}): {verdict}."),
    );
    for look in &explained.looks {
        let mark = if look.passes { "ok  " } else { "stop" };
        line(out, format_args!("{mark}  {:<12}  {}", look.at, look.found));
    }
    if let Some(next) = &explained.next {
        line(out, format_args!("Next: {next}"));
    }
}
