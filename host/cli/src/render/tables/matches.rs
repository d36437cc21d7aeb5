//! What records of the PSA are here, and what could be meant by them.

use dovetail_domain::record::MatchedBy;
use dovetail_server::answer::{Matched, Matches, Reviewed};
use dovetail_server::{MatchRow, MatchState};

use super::line;
use super::records::run;
use crate::render::table::{text, with};

/// How many rows are shown on a screen.
const SHOWN: usize = 100;

pub(super) fn listed(out: &mut String, listed: &Matches) {
    if listed.rows.is_empty() {
        return line(out, format_args!("There is nothing to match."));
    }
    rows(out, &listed.rows, listed.more);
    if let Some(run) = listed.review {
        line(
            out,
            format_args!(
                "Nothing of what is pending is written until `dovetail run approve {run} --matches`; `dovetail match set` \
                 and `dovetail match ignore` change it."
            ),
        );
    }
}

pub(super) fn reviewed(out: &mut String, reviewed: &Reviewed) {
    run(out, &reviewed.run);
    if reviewed.matches.is_empty() {
        return line(out, format_args!("Every record is connected already."));
    }
    rows(out, &reviewed.matches, 0);
}

pub(super) fn said(out: &mut String, said: &Matched) {
    match &said.row {
        Some(row) => {
            rows(out, std::slice::from_ref(row), 0);
            if row.pending {
                line(out, format_args!("It is done by: {}", said.next));
            }
        }
        None => line(
            out,
            format_args!(
                "Nothing is said of it any more; the rule decides with: {}",
                said.next
            ),
        ),
    }
}

fn rows(out: &mut String, rows: &[MatchRow], beyond: usize) {
    let mut table = with(&["kind", "PSA id", "name", "is", "record", "by", "could be"]);
    for row in rows.iter().take(SHOWN) {
        let record = row
            .asset
            .as_ref()
            .map(|asset| format!("{} {}", asset.id, asset.name));
        let mut could_be: Vec<String> = row
            .suggestions
            .iter()
            .map(|one| format!("{} {} ({}: {})", one.asset.id, one.asset.name, one.score, one.why))
            .collect();
        if could_be.is_empty() {
            could_be.push("-".to_owned());
        }
        let pending = if row.pending { ", pending" } else { "" };
        table.add_row([
            row.kind.as_str(),
            row.source_id.as_str(),
            &row.source_name,
            &format!("{}{pending}", state(row.state)),
            record.as_deref().unwrap_or("-"),
            row.by.map_or("-", by),
            &could_be.join("\n"),
        ]);
    }
    out.push_str(&text(&table));
    let more = rows.len().saturating_sub(SHOWN) + beyond;
    if more > 0 {
        line(out, format_args!("{more} more, with `--format json`."));
    }
}

fn state(state: MatchState) -> &'static str {
    match state {
        MatchState::Ambiguous => "ambiguous",
        MatchState::New => "new",
        MatchState::Matched => "matched",
        MatchState::Ignored => "ignored",
    }
}

fn by(by: MatchedBy) -> &'static str {
    match by {
        MatchedBy::Created => "made",
        MatchedBy::Rule => "rule",
        MatchedBy::Person => "person",
    }
}
