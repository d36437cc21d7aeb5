//! Mapping stacks as text: the layers, the effective table, and what a layer does to records.

use dovetail_domain::Rule;
use dovetail_domain::mapping::Direction;
use dovetail_server::answer::{MappingPreview, MappingShown};

use super::line;
use super::records::word;
use crate::render::table::{text, with};

pub(super) fn mapping(out: &mut String, mapping: &MappingShown) {
    let place = place(mapping.organization.as_deref());
    line(
        out,
        format_args!("Layers of {}{place}, each over those before:", mapping.name),
    );
    for (number, layer) in mapping.layers.iter().enumerate() {
        let only = layer
            .organization
            .as_ref()
            .map(|name| format!(", for {name} only"))
            .unwrap_or_default();
        match &layer.missing {
            None => line(
                out,
                format_args!("  {}. {} {}{only}", number + 1, layer.plugin, layer.version),
            ),
            Some(why) => line(
                out,
                format_args!("  -. {}{only} does not work: {why}", layer.plugin),
            ),
        }
    }
    out.push('\n');
    let mut table = with(&["kind", "field", "source", "direction", "layer"]);
    for row in &mapping.table {
        let direction = match (row.direction, row.one_way_because.is_some()) {
            (Direction::Both, _) => "both ways",
            (Direction::Inward, false) => "from the PSA",
            (Direction::Inward, true) => "from the PSA (!)",
        };
        let direction = match Rule::of(row.direction).policy() == row.policy {
            true => direction.to_owned(),
            false => format!("{direction}, {}", row.policy),
        };
        table.add_row([row.kind.as_str(), &row.field, &row.path, &direction, &row.layer]);
    }
    out.push_str(&text(&table));
    for row in &mapping.table {
        if let Some(because) = &row.one_way_because {
            line(
                out,
                format_args!(
                    "(!) {} {}: {} says both ways, and it goes one way: {because}.",
                    row.kind, row.field, row.layer
                ),
            );
        }
    }
    if let Some(queued) = &mapping.queued {
        let how = match queued.server {
            true => "the server starts it".to_owned(),
            false => format!("no server is on: `{}` starts it", queued.start),
        };
        line(
            out,
            format_args!("Set. A run is queued that maps what is here again; {how}."),
        );
    }
}

fn place(organization: Option<&str>) -> String {
    organization
        .map(|name| format!(", organization {name}"))
        .unwrap_or_default()
}

pub(super) fn preview(out: &mut String, preview: &MappingPreview) {
    let tried = &preview.tried;
    line(
        out,
        format_args!(
            "{}{}: {} of {} {} differ; nothing was written.",
            preview.name,
            place(preview.organization.as_deref()),
            tried.differ,
            tried.looked_at,
            preview.kind.plural()
        ),
    );
    if tried.records.is_empty() {
        return;
    }
    let mut table = with(&["id", "name", "field", "before", "after", "layer"]);
    for record in &tried.records {
        let id = record.id.to_string();
        let refused = record
            .refused
            .as_ref()
            .map(|refusal| ("cannot be mapped", refusal.message.as_str()));
        let out_of = record.skipped.as_deref().map(|why| ("left out", why));
        for (what, why) in refused.into_iter().chain(out_of) {
            table.add_row([id.as_str(), &record.name, "-", "-", what, why]);
        }
        for change in &record.changes {
            table.add_row([
                id.as_str(),
                &record.name,
                &change.field,
                &word(&change.before),
                &word(&change.after),
                change.layer.as_deref().unwrap_or("-"),
            ]);
        }
    }
    out.push_str(&text(&table));
    let shown = tried.records.len() as u64;
    if tried.differ > shown {
        line(
            out,
            format_args!("{} more; `--limit` shows more of them.", tried.differ - shown),
        );
    }
}
