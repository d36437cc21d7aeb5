//! An integration in a file, as people read of it.

use std::collections::BTreeMap;

use dovetail_domain::Kind;
use dovetail_server::answer::{Exported, Imported};

use super::{line, size};
use crate::render::table::{text, with};

pub(super) fn exported(out: &mut String, exported: &Exported) {
    let (file, name, size) = (exported.file.display(), &exported.name, size(exported.bytes));
    line(
        out,
        format_args!(
            "{file} holds the integration `{name}` in {size}: {}.",
            parts(
                &exported.links,
                [exported.layers, exported.policies, exported.choices]
            )
        ),
    );
    line(out, format_args!("It opens with the passphrase."));
    if !exported.secrets.is_empty() {
        line(
            out,
            format_args!(
                "Secrets are not in it; `dovetail integration import` asks for them again: {}.",
                exported.secrets.join(", ")
            ),
        );
    }
}

pub(super) fn imported(out: &mut String, imported: &Imported) {
    let name = &imported.name;
    line(
        out,
        format_args!(
            "Imported `{name}`: {}.",
            parts(
                &imported.links,
                [imported.layers, imported.policies, imported.choices]
            )
        ),
    );
    if imported.by_name > 0 {
        let found = imported.by_name;
        line(
            out,
            format_args!("{found} of the links were found by name, their ids being others here."),
        );
    }
    for note in &imported.notes {
        line(out, format_args!("{note}"));
    }
    if !imported.not_attached.is_empty() {
        line(
            out,
            format_args!(
                "\nThese links found no record; the next run matches the PSA's records as it does any:"
            ),
        );
        let mut table = with(&["kind", "psa id", "name", "why"]);
        for left in &imported.not_attached {
            table.add_row([left.kind.as_str(), &left.source_id, &left.name, &left.why]);
        }
        out.push_str(&text(&table));
    }
    if imported.more > 0 {
        line(out, format_args!("and {} more", imported.more));
    }
    line(
        out,
        format_args!(
            "\nNothing was sent yet: `dovetail integration connect {name}` checks it, and that the PSA is the one its links \
             lead to."
        ),
    );
}

/// What there is of each, where there is any.
fn parts(links: &BTreeMap<Kind, u64>, [layers, policies, choices]: [u64; 3]) -> String {
    let of = links
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.plural()))
        .collect::<Vec<_>>()
        .join(", ");
    let links = match of.is_empty() {
        true => "no links".to_owned(),
        false => format!("links of {of}"),
    };
    let layers = (layers > 0).then(|| format!("mapping layers: {layers}"));
    let choices = (choices > 0).then(|| format!("choices of persons: {choices}"));
    let policies = (policies > 0).then(|| format!("policies: {policies}"));
    let all: Vec<String> = [Some(links), layers, policies, choices]
        .into_iter()
        .flatten()
        .collect();
    all.join("; ")
}
