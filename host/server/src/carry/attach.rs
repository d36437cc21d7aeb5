//! Which record here is the one that a file speaks of: the one of its id where it is called so and belongs where it
//! belonged, else the only one of its name within its organization. A record that has a link already is not another's.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, HashSet};

use dovetail_domain::{AssetId, IntegrationId, Kind, Record};
use dovetail_store::{Archive, Filter};

use super::content::{AssetCarried, LinkCarried, Named};
use crate::problem::Result;

/// Records that are read at once.
const PAGE: usize = 1_000;

/// By what a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Its id.
    Id,
    /// Its name.
    Name,
}

/// What becomes of a connection.
#[derive(Debug)]
pub(super) enum Attached {
    /// It is there already.
    Already,
    /// This record is to have it.
    To(Box<Record>, By),
    /// None here, and why.
    Nowhere(&'static str),
}

/// Records of a kind by organization and name.
type Names = HashMap<(Option<AssetId>, String), Vec<AssetId>>;

/// The records of this home, as a file's are looked for among them.
pub(super) struct Here<'a> {
    archive: &'a Archive,
    /// Under what id connections of this integration wait, where some do.
    waiting: Option<IntegrationId>,
    /// Organizations of the file with the one each is here.
    organizations: HashMap<AssetId, Option<AssetId>>,
    /// Read once something has to be found by its name.
    names: BTreeMap<Kind, Names>,
    given: HashSet<(Kind, AssetId)>,
}

impl<'a> Here<'a> {
    pub(super) fn of(archive: &'a Archive, waiting: Option<IntegrationId>) -> Here<'a> {
        Here {
            archive,
            waiting,
            organizations: HashMap::new(),
            names: BTreeMap::new(),
            given: HashSet::new(),
        }
    }

    /// Where a connection goes. Each record is given once.
    pub(super) fn attach(&mut self, link: &LinkCarried) -> Result<Attached> {
        if let Some(integration) = self.waiting
            && let Some(asset) = self.archive.by_source(integration, link.kind, &link.source)?
        {
            self.given.insert((link.kind, asset));
            return Ok(Attached::Already);
        }
        let (id, by) = match self.find(link.kind, &link.asset)? {
            Ok(found) => found,
            Err(why) => return Ok(Attached::Nowhere(why)),
        };
        let Some(record) = self.archive.record(link.kind, id)? else {
            return Ok(Attached::Nowhere("it is gone"));
        };
        if record.link.is_some() || !self.given.insert((link.kind, id)) {
            return Ok(Attached::Nowhere(
                "the record that is called so here is connected already",
            ));
        }
        Ok(Attached::To(Box::new(record), by))
    }

    /// The record a file speaks of, or why there is none.
    pub(super) fn find(
        &mut self,
        kind: Kind,
        wanted: &AssetCarried,
    ) -> Result<std::result::Result<(AssetId, By), &'static str>> {
        let organization = match &wanted.organization {
            None => None,
            Some(organization) => match self.organization(organization)? {
                Some(id) => Some(id),
                None => return Ok(Err("its organization is not here")),
            },
        };
        self.within(kind, &wanted.named, organization)
    }

    /// The organization here that one of the file is.
    pub(super) fn organization(&mut self, wanted: &Named) -> Result<Option<AssetId>> {
        if let Some(known) = self.organizations.get(&wanted.id) {
            return Ok(*known);
        }
        let found = self.within(Kind::Organization, wanted, None)?;
        let found = found.ok().map(|(id, _)| id);
        self.organizations.insert(wanted.id, found);
        Ok(found)
    }

    fn within(
        &mut self,
        kind: Kind,
        wanted: &Named,
        organization: Option<AssetId>,
    ) -> Result<std::result::Result<(AssetId, By), &'static str>> {
        let name = folded(&wanted.name);
        let by_id = self.archive.record(kind, wanted.id)?;
        if by_id.is_some_and(|record| record.organization == organization && folded(&record.name()) == name) {
            return Ok(Ok((wanted.id, By::Id)));
        }
        if name.is_empty() {
            return Ok(Err("it has no name to be found by"));
        }
        let names = self.names(kind)?;
        Ok(match names.get(&(organization, name)).map(Vec::as_slice) {
            Some([one]) => Ok((*one, By::Name)),
            Some([_, ..]) => Err("several records here are called so"),
            _ => Err("no record here is called so"),
        })
    }

    fn names(&mut self, kind: Kind) -> Result<&Names> {
        match self.names.entry(kind) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(slot) => Ok(slot.insert(names(self.archive, kind)?)),
        }
    }
}

fn names(archive: &Archive, kind: Kind) -> Result<Names> {
    let mut names = Names::new();
    let mut after = None;
    loop {
        let listed = archive.list(kind, &Filter::default(), after, PAGE)?;
        for record in &listed.records {
            match names.entry((record.organization, folded(&record.name()))) {
                Slot::Occupied(mut known) => known.get_mut().push(record.id),
                Slot::Vacant(slot) => drop(slot.insert(vec![record.id])),
            }
        }
        match listed.next {
            Some(next) => after = Some(next),
            None => return Ok(names),
        }
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests;
