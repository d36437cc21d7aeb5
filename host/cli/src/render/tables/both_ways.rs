//! Conflicts and policies.

use dovetail_domain::mapping::Direction;
use dovetail_server::answer::{ConflictRow, PoliciesShown};

use super::line;
use super::records::word;
use crate::render::table::{text, with};

pub(super) fn conflicts(out: &mut String, rows: &[ConflictRow]) {
    if rows.is_empty() {
        return line(out, format_args!("There is no conflict."));
    }
    let mut table = with(&["conflict", "name", "agreed", "in the PSA", "here", "since"]);
    for row in rows {
        table.add_row([
            &row.id,
            &row.asset.name,
            &word(&row.base),
            &word(&row.psa),
            &word(&row.local),
            &row.since.to_string(),
        ]);
    }
    out.push_str(&text(&table));
    for row in rows.iter().filter(|row| row.looped) {
        line(
            out,
            format_args!(
                "{} was stopped: both sides write over each other again and again, {} in the PSA and {} here.",
                row.id,
                word(&row.psa),
                word(&row.local)
            ),
        );
    }
    line(
        out,
        format_args!("`dovetail conflict resolve CONFLICT --take psa|local|VALUE` chooses."),
    );
}

pub(super) fn policies(out: &mut String, shown: &PoliciesShown) {
    if shown.fields.is_empty() {
        return line(
            out,
            format_args!("{}: nothing of it can be written in the PSA.", shown.name),
        );
    }
    let mut table = with(&["field", "organization", "policy", "set by", "goes", "layer"]);
    for row in &shown.fields {
        let goes = match row.direction {
            Direction::Both => "both ways",
            Direction::Inward => "in only",
        };
        let field = format!("{}.{}", row.kind, row.field);
        table.add_row([
            field.as_str(),
            row.organization.as_ref().map_or("-", |named| named.name.as_str()),
            row.policy.as_str(),
            row.set_by.as_str(),
            goes,
            &row.layer,
        ]);
    }
    out.push_str(&text(&table));
    for row in &shown.fields {
        if let Some(because) = &row.one_way_because {
            line(
                out,
                format_args!("{}.{} comes in only: {because}", row.kind, row.field),
            );
        }
    }
}
