//! Runs, the quarantine, records and people as text.

use dovetail_domain::{IntegrationName, Kind, RunId};
use dovetail_server::answer::{Asset, AssetPage, Invited, QuarantineRow, Suggested, User, UserState};
use dovetail_server::problem::sentence;
use dovetail_server::{Named, Pushed, Run, RunStatus, RunTrigger};
use serde_json::Value as Json;

use super::line;
use crate::render::table::{plain, text, with};

fn status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Succeeded => "succeeded",
        RunStatus::Partial => "partial",
        RunStatus::Waiting => "waiting",
        RunStatus::Stalled => "stalled",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    }
}

fn trigger(trigger: RunTrigger) -> &'static str {
    match trigger {
        RunTrigger::Manual => "manual",
        RunTrigger::Schedule => "schedule",
        RunTrigger::Settings => "settings",
        RunTrigger::Import => "import",
        RunTrigger::Edit => "edit",
    }
}

pub(super) fn runs(out: &mut String, runs: &[Run]) {
    if runs.is_empty() {
        return line(out, format_args!("There is no run yet."));
    }
    let mut table = with(&[
        "run",
        "integration",
        "status",
        "trigger",
        "started",
        "took",
        "read",
        "changed",
    ]);
    for run in runs {
        let sum =
            |of: fn(&dovetail_server::Tally) -> u64| run.entities.values().map(of).sum::<u64>().to_string();
        table.add_row([
            run.id.to_string(),
            run.name.as_ref().map_or("-", IntegrationName::as_str).to_owned(),
            status(run.status).to_owned(),
            trigger(run.trigger).to_owned(),
            run.started.to_string(),
            took(run),
            sum(|tally| tally.read),
            sum(|tally| tally.created + tally.updated + tally.orphaned),
        ]);
    }
    out.push_str(&text(&table));
}

fn took(run: &Run) -> String {
    run.finished.map_or_else(
        || "-".to_owned(),
        |finished| format!("{} s", finished.seconds() - run.started.seconds()),
    )
}

/// What became of edits, where there were any.
fn pushed(out: &mut String, run: &Run) {
    let any = |edits: &&Pushed| **edits != Pushed::default();
    if !run.pushed.values().any(|edits| any(&edits)) {
        return;
    }
    let mut table = with(&["kind", "sent", "confirmed", "conflicts", "refused"]);
    for (kind, edits) in run.pushed.iter().filter(|(_, edits)| any(edits)) {
        let counts = [edits.sent, edits.confirmed, edits.conflicts, edits.failed];
        let counts = counts.iter().map(ToString::to_string);
        table.add_row(std::iter::once(kind.plural().to_owned()).chain(counts));
    }
    out.push_str(&text(&table));
}

pub(super) fn run(out: &mut String, run: &Run) {
    let reason = run
        .reason
        .as_ref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    // A preview is no run that could be named later; a review is.
    let which = match run.id == RunId(0) {
        true => "Preview".to_owned(),
        false => format!("Run {}", run.id),
    };
    line(
        out,
        format_args!("{which} of {}: {}{reason}", run.subject(), status(run.status)),
    );
    let mut table = with(&[
        "kind",
        "read",
        "created",
        "updated",
        "unchanged",
        "left out",
        "waiting",
        "quarantined",
        "orphaned",
    ]);
    for kind in Kind::ALL {
        let Some(tally) = run.entities.get(&kind) else {
            continue;
        };
        let counts = [
            tally.read,
            tally.created,
            tally.updated,
            tally.unchanged,
            tally.skipped,
            tally.waiting,
            tally.quarantined,
            tally.orphaned,
        ];
        let counts = counts.iter().map(ToString::to_string);
        table.add_row(std::iter::once(kind.plural().to_owned()).chain(counts));
    }
    if !run.entities.is_empty() {
        out.push_str(&text(&table));
    }
    pushed(out, run);
    if run.open_conflicts > 0 {
        line(
            out,
            format_args!(
                "Open conflicts: {}; `dovetail conflict list {}` shows them.",
                run.open_conflicts,
                run.subject()
            ),
        );
    }
    for layer in &run.without {
        line(out, format_args!("Without {layer}"));
    }
    named(out, run, "The PSA refused", &run.refused);
    named(out, run, "The PSA wrote differently", &run.altered);
    named(out, run, "Left out", &run.left_out);
    named(out, run, "Waiting", &run.waiting);
    named(out, run, "Would be orphaned", &run.leaving);
    let (requests, bytes) = (run.requests, run.bytes);
    let sent = match run.trigger {
        RunTrigger::Import => String::new(),
        _ => format!("{requests} requests, {bytes} bytes, "),
    };
    line(
        out,
        format_args!("{sent}{}, trigger {}", took(run), trigger(run.trigger)),
    );
    if let Some(trouble) = &run.trouble {
        line(
            out,
            format_args!("{} {}", sentence(&trouble.message), sentence(&trouble.hint)),
        );
    }
}

/// How many records of a list are shown on a screen.
const SHOWN: usize = 10;

/// The named records of one list of a run.
fn named(out: &mut String, run: &Run, list: &str, records: &[Named]) {
    for record in records.iter().take(SHOWN) {
        let Named {
            kind,
            source_id,
            name,
            why,
        } = record;
        let psa = source_id.as_ref().map(|id| format!(" (PSA id {id})"));
        line(
            out,
            format_args!("{list}: {kind} {name}{}: {why}", psa.unwrap_or_default()),
        );
    }
    if records.len() > SHOWN {
        let more = records.len() - SHOWN;
        line(
            out,
            format_args!(
                "{list}: {more} more, named by `dovetail run show {} --format json`.",
                run.id
            ),
        );
    }
}

pub(super) fn quarantine(out: &mut String, rows: &[QuarantineRow]) {
    if rows.is_empty() {
        return line(out, format_args!("The quarantine is empty."));
    }
    let mut table = with(&[
        "id",
        "integration",
        "kind",
        "psa id",
        "name",
        "tries",
        "code",
        "reason",
    ]);
    for row in rows {
        table.add_row([
            row.id.as_str(),
            &row.integration,
            row.kind.as_str(),
            &row.source_id,
            &row.name,
            &row.attempts.to_string(),
            &row.code,
            &row.message,
        ]);
    }
    out.push_str(&text(&table));
}

/// The fields a list shows of a kind, beside name and organization.
fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Organization => &["type", "status", "phone", "website"],
        Kind::Location => &["address_1", "city", "region", "country"],
        Kind::Contact => &["title", "emails", "phones", "location"],
        Kind::Configuration => &["type", "status", "serial_number", "primary_ip", "contact"],
        Kind::Ticket => &["number", "board", "status", "priority"],
    }
}

pub(super) fn assets(out: &mut String, page: &AssetPage) {
    if page.records.is_empty() {
        return line(out, format_args!("There are no such {}.", page.kind.plural()));
    }
    let columns = columns(page.kind);
    let parented = page.kind != Kind::Organization;
    let mut headings = vec!["id", "name"];
    headings.extend(parented.then_some("organization"));
    headings.extend(columns);
    headings.push("sync");
    let mut table = with(&headings);
    for asset in &page.records {
        let mut row = vec![asset.id.clone(), asset.name.clone()];
        if parented {
            row.push(
                asset
                    .organization
                    .as_ref()
                    .map(|named| named.name.clone())
                    .unwrap_or_default(),
            );
        }
        row.extend(
            columns
                .iter()
                .map(|column| asset.fields.get(*column).map(word).unwrap_or_default()),
        );
        row.push(sync(asset));
        table.add_row(row);
    }
    out.push_str(&text(&table));
    if page.more > 0 {
        line(
            out,
            format_args!(
                "… and {} more: --limit shows them, --format jsonl lists all.",
                page.more
            ),
        );
    }
}

fn sync(asset: &Asset) -> String {
    let state = serde_json::to_value(asset.sync).unwrap_or_default();
    state.as_str().unwrap_or("-").to_owned()
}

pub(super) fn deleted(out: &mut String, asset: &Asset) {
    let Asset { kind, id, name, .. } = asset;
    line(
        out,
        format_args!(
            "{kind} {id} ({name}) is deleted; `dovetail asset undelete {kind} {id}` brings it back."
        ),
    );
}

pub(super) fn asset(out: &mut String, asset: &Asset) {
    line(out, format_args!("{} {}: {}", asset.kind, asset.id, asset.name));
    let mut table = plain();
    if let Some(organization) = &asset.organization {
        table.add_row([
            "organization",
            &format!("{} ({})", organization.name, organization.id),
        ]);
    }
    for (field, _) in asset.kind.fields() {
        if let Some(value) = asset.fields.get(field.as_str()) {
            table.add_row([field.as_str(), &word(value)]);
        }
    }
    for (name, value) in &asset.traits {
        table.add_row([&format!("traits.{name}"), &word(value)]);
    }
    table.add_row(["sync", &sync(asset)]);
    if let Some(source) = &asset.source {
        let integration = source.integration.as_deref().unwrap_or("a removed integration");
        let updated = source
            .updated
            .map(|time| format!(", changed there {time}"))
            .unwrap_or_default();
        table.add_row(["source", &format!("{} of {integration}{updated}", source.id)]);
    }
    if asset.pending {
        table.add_row(["pending", "an edit waits to be sent to the PSA"]);
    }
    if asset.conflict {
        table.add_row(["conflict", "both sides changed a field: `dovetail conflict list`"]);
    }
    if !asset.held.is_empty() {
        table.add_row(["held", &asset.held.join(", ")]);
    }
    table.add_row(["updated", &asset.updated.to_string()]);
    out.push_str(&text(&table));
}

/// A value in one line.
pub(super) fn word(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        Json::Bool(flag) => super::yes_no(*flag).to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(", "),
        Json::Object(map) => match (map.get("value"), map.get("name")) {
            (Some(value), _) => entry(&word(value), map),
            (None, Some(name)) => word(name),
            (None, None) => value.to_string(),
        },
    }
}

/// A labelled value: `+1 555 0100 x12 (Mobile)`.
fn entry(value: &str, map: &serde_json::Map<String, Json>) -> String {
    let text = |key| {
        map.get(key)
            .and_then(Json::as_str)
            .filter(|text: &&str| !text.is_empty())
    };
    let extension = text("extension")
        .map(|extension| format!(" x{extension}"))
        .unwrap_or_default();
    let label = text("label")
        .map(|label| format!(" ({label})"))
        .unwrap_or_default();
    format!("{value}{extension}{label}")
}

pub(super) fn suggested(out: &mut String, people: &[Suggested]) {
    if people.is_empty() {
        return line(out, format_args!("The PSA has no licensed, active users."));
    }
    let mut table = with(&["", "id", "name", "email", "identifier"]);
    for person in people {
        let tick = if person.selected { "[x]" } else { "[ ]" };
        table.add_row([tick, &person.id, &person.name, &person.email, &person.identifier]);
    }
    out.push_str(&text(&table));
}

pub(super) fn invited(out: &mut String, invited: &Invited) {
    if !invited.invited.is_empty() {
        users(out, &invited.invited);
    }
    line(out, format_args!("{}", invited.note));
}

pub(super) fn users(out: &mut String, users: &[User]) {
    if users.is_empty() {
        return line(out, format_args!("Nobody is invited."));
    }
    let mut table = with(&["id", "name", "email", "role", "state", "integration", "until"]);
    for user in users {
        let state = match user.state {
            UserState::Pending => "pending",
            UserState::Expired => "expired",
        };
        table.add_row([
            user.id.as_str(),
            &user.name,
            &user.email,
            user.role.as_str(),
            state,
            &user.integration,
            &user.expires.to_string(),
        ]);
    }
    out.push_str(&text(&table));
}
