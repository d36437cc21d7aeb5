//! The mapping's table: one row a field of a kind, written beside the code that maps it.

use dovetail_sdk::mapping::exports::{Direction, TableRow};

use crate::{configuration, contact, location, organization, ticket};

/// A row without its kind.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) flow: Direction,
    pub(crate) identifies: bool,
}

/// A field that goes both ways.
pub(crate) const fn both(name: &'static str, path: &'static str) -> Row {
    Row {
        name,
        path,
        flow: Direction::Both,
        identifies: false,
    }
}

/// A field that comes from ConnectWise only.
pub(crate) const fn inward(name: &'static str, path: &'static str) -> Row {
    Row {
        name,
        path,
        flow: Direction::Inward,
        identifies: false,
    }
}

/// A field that goes both ways and by which the standard rules recognise a record.
pub(crate) const fn identifying(name: &'static str, path: &'static str) -> Row {
    Row {
        name,
        path,
        flow: Direction::Both,
        identifies: true,
    }
}

/// The whole table.
pub(crate) fn rows() -> Vec<TableRow> {
    let kinds = [
        ("organization", organization::TABLE),
        ("location", location::TABLE),
        ("contact", contact::TABLE),
        ("configuration", configuration::TABLE),
        ("ticket", ticket::TABLE),
    ];
    let of_kind = |(kind, rows): (&'static str, &'static [Row])| {
        rows.iter().map(move |row| TableRow {
            kind: kind.to_owned(),
            name: row.name.to_owned(),
            path: row.path.to_owned(),
            flow: row.flow,
            policy: None,
            identifies: row.identifies,
        })
    };
    kinds.into_iter().flat_map(of_kind).collect()
}
