//! Names of a file become records of the documentation: by id, or by the exact name within the same organization. The names
//! of a kind are read once and remembered.

use std::collections::HashMap;

use dovetail_domain::{AssetId, Field, Kind};
use dovetail_store::{Archive, Filter, StoreError};

use super::cell::Pointer;
use super::fault::{Wrong, shown};

/// Records read at a time.
const PAGE: usize = 1_000;

/// The most ids a message names.
const NAMED: usize = 5;

/// What a name in a file stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This record, and what it is called.
    One(AssetId, String),
    /// None.
    None,
    /// Each of these.
    Several(Vec<AssetId>),
}

type Names = HashMap<(Option<AssetId>, String), Vec<AssetId>>;

/// The names of what is there.
pub(crate) struct Directory<'a> {
    archive: &'a Archive,
    kinds: HashMap<Kind, Names>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(archive: &'a Archive) -> Directory<'a> {
        Directory {
            archive,
            kinds: HashMap::new(),
        }
    }

    /// Finds a record of a kind: an organization, or one of the organization `within`.
    pub(crate) fn find(
        &mut self,
        kind: Kind,
        within: Option<AssetId>,
        pointer: &Pointer,
    ) -> Result<Found, StoreError> {
        match pointer {
            Pointer::Either(text) => {
                let id = text.trim().parse::<AssetId>().ok();
                if let Some(id) = id
                    && let Some(name) = self.named(kind, within, id)?
                {
                    return Ok(Found::One(id, name));
                }
                self.by_name(kind, within, text)
            }
            Pointer::Listed { id, name } => {
                // Another home may have given the id to another record.
                if let Some(id) = *id
                    && let Some(known) = self.named(kind, within, id)?
                    && known.trim() == name.trim()
                {
                    return Ok(Found::One(id, known));
                }
                self.by_name(kind, within, name)
            }
        }
    }

    /// What a record is called; none where it is not there or belongs elsewhere.
    fn named(&self, kind: Kind, within: Option<AssetId>, id: AssetId) -> Result<Option<String>, StoreError> {
        let brief = self.archive.brief(kind, id)?;
        if brief.is_none_or(|brief| brief.organization != within) {
            return Ok(None);
        }
        Ok(self.archive.record(kind, id)?.map(|record| record.name()))
    }

    fn by_name(&mut self, kind: Kind, within: Option<AssetId>, name: &str) -> Result<Found, StoreError> {
        let key = (within, name.trim().to_owned());
        Ok(match self.names(kind)?.get(&key).map(Vec::as_slice) {
            None | Some([]) => Found::None,
            Some([one]) => Found::One(*one, name.to_owned()),
            Some(several) => Found::Several(several.to_vec()),
        })
    }

    /// Notes a record that came in.
    pub(crate) fn add(&mut self, kind: Kind, within: Option<AssetId>, name: &str, id: AssetId) {
        // Where the names are not read yet, reading them finds it.
        if let Some(names) = self.kinds.get_mut(&kind) {
            names
                .entry((within, name.trim().to_owned()))
                .or_default()
                .push(id);
        }
    }

    fn names(&mut self, kind: Kind) -> Result<&Names, StoreError> {
        let slot = match self.kinds.entry(kind) {
            std::collections::hash_map::Entry::Occupied(known) => return Ok(known.into_mut()),
            std::collections::hash_map::Entry::Vacant(slot) => slot,
        };
        let mut names = Names::new();
        let mut after = None;
        loop {
            let listed = self.archive.list(kind, &Filter::default(), after, PAGE)?;
            for record in listed.records {
                let name = record.name().trim().to_owned();
                names
                    .entry((record.organization, name))
                    .or_default()
                    .push(record.id);
            }
            after = listed.next;
            if after.is_none() {
                return Ok(slot.insert(names));
            }
        }
    }
}

/// What is wrong where a name fits none or several; `field` is none for the organization a record belongs to.
pub(crate) fn unclear(kind: Kind, field: Option<Field>, pointer: &Pointer, several: &[AssetId]) -> Wrong {
    let name = shown(pointer.name());
    let within = match field {
        Some(_) if kind != Kind::Organization => " of the same organization",
        _ => "",
    };
    if several.is_empty() {
        return Wrong::new(
            format!("there is no {kind} `{name}`{within}"),
            "the id or the exact name of one that is there",
        );
    }
    let ids: Vec<String> = several.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if several.len() > NAMED { ", …" } else { "" };
    Wrong::new(
        format!("{} {}{within} are called `{name}`", several.len(), kind.plural()),
        format!("one of their ids: {}{more}", ids.join(", ")),
    )
}
