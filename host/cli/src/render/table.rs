//! A table without lines around its cells: columns two spaces apart, as wide as the terminal allows.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with these headings.
pub(crate) fn with(headings: &[&str]) -> Table {
    let mut table = plain();
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    table
}

/// A table without headings.
pub(crate) fn plain() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The table as text; each line ends where its words do.
pub(crate) fn text(table: &Table) -> String {
    let mut text = String::new();
    for line in table.to_string().lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
