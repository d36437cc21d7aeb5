//! The database as it is now: the made-up world under the edits made to it. Everything a request reads goes
//! through here.

pub(crate) mod pairs;

use crate::conditions::{Cell, Comparison, Quick, Row, cell_in};
use crate::data::{World, company, configuration, contact, id_at, names, site, ticket};
use crate::fields::Fields;
use crate::json::{self, Loose};
use crate::kind::{Kind, Source};
use crate::role::{MEMBER, Role};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

/// What was changed since the start. A record's own edit (`None`: deleted) stands before the made-up record.
#[derive(Clone)]
pub(crate) struct Edits {
    pub(crate) records: HashMap<Kind, BTreeMap<u64, Option<Value>>>,
    /// Companies merged into others, and when.
    pub(crate) merged: BTreeMap<u64, (u64, i64)>,
    /// When a record (by kind and id) was given a type, for those that were since the start.
    pub(crate) paired: BTreeMap<(Kind, u64, u64), i64>,
    /// The last id given to a communication item by a write.
    pub(crate) last_item: u64,
}

impl Default for Edits {
    fn default() -> Self {
        Self {
            records: HashMap::new(),
            merged: BTreeMap::new(),
            paired: BTreeMap::new(),
            // Beyond the ids of all made-up items.
            last_item: 90_000_000,
        }
    }
}

/// The database at the time of a request.
pub(crate) struct View<'a> {
    pub(crate) world: &'a World,
    pub(crate) edits: &'a Edits,
    pub(crate) role: &'a Role,
    /// How links in `_info` begin.
    pub(crate) links: &'a str,
}

/// Ids in growing order.
pub(crate) type Ids<'a> = Box<dyn Iterator<Item = u64> + 'a>;

impl View<'_> {
    /// The ids of a list that are greater than `after`, growing. The role's restrictions are not yet applied.
    pub(crate) fn ids(&self, source: Source, after: u64) -> Ids<'_> {
        match source {
            Source::All(kind) => self.kind_ids(kind, after),
            Source::Of(Kind::Site, company) => {
                let mut ids: Vec<u64> = self
                    .companies_now(company)
                    .into_iter()
                    .filter_map(|company| self.world.place_of(Kind::Company, company))
                    .flat_map(|place| (place * site::MOST..).take(self.world.sites_of(place) as usize))
                    .map(|place| id_at(Kind::Site, place))
                    .filter(|id| self.is_live(Kind::Site, *id))
                    .chain(self.edited_ids(Kind::Site).filter(|id| {
                        self.edited(Kind::Site, *id)
                            .is_some_and(|site| owner(site, "company") == Some(company))
                    }))
                    .filter(|id| {
                        *id > after
                            && self
                                .edited(Kind::Site, *id)
                                .is_none_or(|site| owner(site, "company") == Some(company))
                    })
                    .collect();
                ids.sort_unstable();
                ids.dedup();
                Box::new(ids.into_iter())
            }
            Source::Of(kind, parent) => {
                let field = if kind == Kind::BoardStatus {
                    "board"
                } else {
                    "configurationType"
                };
                Box::new(self.kind_ids(kind, after).filter(move |id| {
                    owner(&self.value(Source::All(kind), *id).unwrap_or_default(), field) == Some(parent)
                }))
            }
            Source::CompanyTypePairs(only) => self.pair_ids(Kind::Company, only, after),
            Source::ContactTypePairs(only) => self.pair_ids(Kind::Contact, only, after),
            Source::Communications(contact) => {
                let record = self
                    .value(Source::All(Kind::Contact), contact)
                    .unwrap_or_default();
                let mut ids: Vec<u64> = items(&record, "communicationItems")
                    .filter_map(|item| item.get("id")?.as_u64())
                    .filter(|id| *id > after)
                    .collect();
                ids.sort_unstable();
                Box::new(ids.into_iter())
            }
            Source::CompanyTypeInfo => self.kind_ids(Kind::CompanyType, after),
            Source::ContactTypeInfo => self.kind_ids(Kind::ContactType, after),
            Source::BoardInfo { active } => Box::new(self.kind_ids(Kind::Board, after).filter(move |id| {
                !active
                    || self
                        .value(Source::All(Kind::Board), *id)
                        .unwrap_or_default()
                        .get("inactiveFlag")
                        != Some(&Value::Bool(true))
            })),
            Source::MySecurity => Box::new((1..=self.role.rows()).filter(move |id| *id > after)),
        }
    }

    /// How many records a list has when nothing is asked of them, if that is known without walking it.
    pub(crate) fn quick_count(&self, source: Source) -> Option<u64> {
        let Source::All(kind) = source else { return None };
        let base = match self.world.table(kind) {
            Some(table) => table.len() as u64,
            None if kind == Kind::Site => return None,
            None => self.world.places(kind),
        };
        let edits = self.edits.records.get(&kind);
        Some(edits.into_iter().flatten().fold(base, |count, (id, edit)| {
            match (self.is_made(kind, *id), edit) {
                (true, None) => count - 1,
                (false, Some(_)) => count + 1,
                _ => count,
            }
        }))
    }

    /// The id before the page that leaves out `skipped` records, where that is plain arithmetic.
    pub(crate) fn id_before(&self, source: Source, skipped: u64) -> Option<u64> {
        let Source::All(kind) = source else { return None };
        let plain = kind != Kind::Site
            && self.world.table(kind).is_none()
            && self.edits.records.get(&kind).is_none_or(BTreeMap::is_empty);
        plain.then(|| skipped.checked_sub(1).map_or(0, |place| id_at(kind, place)))
    }

    /// Whether a record is there.
    pub(crate) fn has(&self, source: Source, id: u64) -> bool {
        match source {
            Source::All(kind) => self.is_live(kind, id),
            other => id > 0 && self.ids(other, id - 1).next() == Some(id),
        }
    }

    /// Writes a record; the caller knows that it is there.
    pub(crate) fn write(&self, source: Source, id: u64, out: &mut Vec<u8>, keep: Option<&Fields>) {
        if let Source::All(kind) | Source::Of(kind, _) = source
            && self.edited(kind, id).is_none()
            && let Some(place) = self.world.place_of(kind, id)
        {
            let loose = self.loose(kind, id);
            return json::object(out, keep, loose, |object| match kind {
                Kind::Company => company::write(self, place, object),
                Kind::Site => site::write(self, place, object),
                Kind::Contact => contact::write(self, place, object),
                Kind::Configuration => configuration::write(self, place, object),
                Kind::Ticket => ticket::write(self, place, object),
                _ => {}
            });
        }
        let value = self.value(source, id).unwrap_or_default();
        match keep {
            Some(fields) => json::write_value(out, &fields.project(&value)),
            None => json::write_value(out, &value),
        }
    }

    /// A record as a tree; slower than writing it.
    pub(crate) fn value(&self, source: Source, id: u64) -> Option<Value> {
        match source {
            Source::All(kind) | Source::Of(kind, _) => {
                if let Some(edited) = self.edits.records.get(&kind).and_then(|records| records.get(&id)) {
                    return edited.clone().map(|record| self.refreshed(kind, record));
                }
                if let Some(table) = self.world.table(kind) {
                    return table.get(&id).cloned();
                }
                self.world.place_of(kind, id)?;
                let mut bytes = Vec::new();
                self.write(source, id, &mut bytes, None);
                serde_json::from_slice(&bytes).ok()
            }
            Source::CompanyTypePairs(_) => self.pair(Kind::Company, "company", id),
            Source::ContactTypePairs(_) => self.pair(Kind::Contact, "contact", id),
            Source::Communications(contact) => {
                let record = self.value(Source::All(Kind::Contact), contact)?;
                let mut item = items(&record, "communicationItems")
                    .find(|item| item.get("id").and_then(Value::as_u64) == Some(id))?
                    .clone();
                item.as_object_mut()?.insert("contactId".into(), contact.into());
                Some(item)
            }
            Source::CompanyTypeInfo => self.value(Source::All(Kind::CompanyType), id).map(|entry| {
                json!({"id": id, "name": entry.get("name"), "isVendor": entry.get("vendorFlag"), "_info": entry.get("_info")})
            }),
            Source::ContactTypeInfo => self.value(Source::All(Kind::ContactType), id),
            Source::BoardInfo { .. } => self.value(Source::All(Kind::Board), id).map(|board| {
                let mut info = serde_json::Map::new();
                for name in ["id", "name", "location", "department", "projectFlag", "inactiveFlag", "billTime", "problemSort", "_info"] {
                    if let Some(value) = board.get(name) {
                        info.insert(name.into(), value.clone());
                    }
                }
                Value::Object(info)
            }),
            Source::MySecurity => self.role.row(id),
        }
    }

    /// A record as conditions see it; only the needed fields of a made-up one are built.
    pub(crate) fn row<'a>(&'a self, source: Source, id: u64, needed: &'a Fields) -> LazyRow<'a> {
        LazyRow {
            view: self,
            source,
            id,
            needed,
            value: OnceCell::new(),
        }
    }

    /// The id of the company a made-up record belongs to now, and when it came there by a merge.
    pub(crate) fn company_now(&self, id: u64) -> (u64, Option<i64>) {
        let (mut now, mut moved) = (id, None);
        while let Some((to, at)) = self.edits.merged.get(&now) {
            now = *to;
            moved = Some(*at);
        }
        (now, moved)
    }

    /// The identifier and the name of a company as they are now; of a deleted one as they were.
    pub(crate) fn company_names(&self, id: u64) -> (Cow<'_, str>, Cow<'_, str>) {
        if let Some(record) = self.edited(Kind::Company, id) {
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
            return (Cow::Borrowed(text("identifier")), Cow::Borrowed(text("name")));
        }
        let place = self.world.place_after(Kind::Company, id.saturating_sub(1));
        (
            Cow::Owned(names::company_identifier(place)),
            Cow::Owned(names::company(place)),
        )
    }

    /// The name of a small table's entry as it is now.
    pub(crate) fn entry_name(&self, kind: Kind, id: u64) -> Cow<'_, str> {
        let edited = self.edited(kind, id);
        let name = edited.and_then(|entry| entry.get("name").or_else(|| entry.get("description")));
        Cow::Borrowed(
            name.and_then(Value::as_str)
                .unwrap_or_else(|| self.world.name(kind, id)),
        )
    }

    /// Whether the role shows a record. Lists are silently shorter by those it does not.
    pub(crate) fn is_visible(&self, source: Source, id: u64) -> bool {
        let Source::All(kind) = source else { return true };
        if self.role.shows_mine_only(kind) && !self.is_mine(kind, id) {
            return false;
        }
        let hidden = match kind {
            Kind::Configuration => (&self.role.hidden_configuration_types, Quick::Type, "type"),
            Kind::Ticket => (&self.role.hidden_boards, Quick::Board, "board"),
            _ => return true,
        };
        hidden.0.is_empty()
            || match self.quick(kind, id, hidden.1) {
                Some(Cell::Number(of)) => !hidden.0.contains(&(of as u64)),
                Some(_) => true,
                None => {
                    let record = self.value(source, id).unwrap_or_default();
                    owner(&record, hidden.2).is_none_or(|of| !hidden.0.contains(&of))
                }
            }
    }

    /// Whether a record is the calling member's own: a quarter of the made-up ones, and those it entered.
    pub(crate) fn is_mine(&self, kind: Kind, id: u64) -> bool {
        let entered = self
            .edited(kind, id)
            .and_then(|record| record.pointer("/_info/enteredBy"));
        self.world.dice(kind, id).below(77, 4) == 0 || entered.and_then(Value::as_str) == Some(MEMBER)
    }

    /// Whether the role restricts a list at all.
    pub(crate) fn is_restricted(&self, source: Source) -> bool {
        let Source::All(kind) = source else { return false };
        self.role.shows_mine_only(kind)
            || (kind == Kind::Configuration && !self.role.hidden_configuration_types.is_empty())
            || (kind == Kind::Ticket && !self.role.hidden_boards.is_empty())
    }

    pub(crate) fn edited(&self, kind: Kind, id: u64) -> Option<&Value> {
        self.edits.records.get(&kind)?.get(&id)?.as_ref()
    }

    /// The value of an indexed field of a made-up record, found without writing the record.
    pub(crate) fn quick(&self, kind: Kind, id: u64, quick: Quick) -> Option<Cell<'static>> {
        if self
            .edits
            .records
            .get(&kind)
            .is_some_and(|records| records.contains_key(&id))
        {
            return None;
        }
        let place = self.world.place_of(kind, id)?;
        match kind {
            _ if quick == Quick::Id => Some(Cell::Number(id as f64)),
            Kind::Company => company::quick(self, place, quick),
            Kind::Contact => contact::quick(self, place, quick),
            Kind::Configuration => configuration::quick(self, place, quick),
            Kind::Ticket => ticket::quick(self, place, quick),
            _ => None,
        }
    }

    /// The companies whose made-up children belong to a company now: itself and those merged into it.
    fn companies_now(&self, company: u64) -> Vec<u64> {
        std::iter::once(company)
            .chain(
                self.edits
                    .merged
                    .keys()
                    .copied()
                    .filter(|from| self.company_now(*from).0 == company),
            )
            .collect()
    }

    fn kind_ids(&self, kind: Kind, after: u64) -> Ids<'_> {
        let made: Ids<'_> = match self.world.table(kind) {
            Some(table) => Box::new(table.range(after + 1..).map(|(id, _)| *id)),
            None => Box::new(
                (self.world.place_after(kind, after)..self.world.places(kind))
                    .filter(move |place| self.world.is_taken(kind, *place))
                    .map(move |place| id_at(kind, place)),
            ),
        };
        let Some(edits) = self.edits.records.get(&kind).filter(|edits| !edits.is_empty()) else {
            return made;
        };
        // Added records have ids beyond all made-up ones.
        let added = edits
            .range(after + 1..)
            .filter(move |(id, edit)| edit.is_some() && !self.is_made(kind, **id));
        Box::new(
            made.filter(move |id| !matches!(edits.get(id), Some(None)))
                .chain(added.map(|(id, _)| *id)),
        )
    }

    fn edited_ids(&self, kind: Kind) -> impl Iterator<Item = u64> {
        self.edits
            .records
            .get(&kind)
            .into_iter()
            .flatten()
            .filter(|(_, edit)| edit.is_some())
            .map(|(id, _)| *id)
    }

    /// The id a new record of a kind gets.
    pub(crate) fn next_id(&self, kind: Kind) -> u64 {
        let edited = self.edits.records.get(&kind);
        let edited = edited.and_then(|records| records.keys().next_back().copied());
        edited.unwrap_or(0).max(self.last_made(kind)) + 1
    }

    /// The greatest id the made-up data uses for a kind.
    pub(crate) fn last_made(&self, kind: Kind) -> u64 {
        match self.world.table(kind) {
            Some(table) => table.keys().next_back().copied().unwrap_or(0),
            None => id_at(kind, self.world.places(kind)),
        }
    }

    pub(crate) fn is_made(&self, kind: Kind, id: u64) -> bool {
        match self.world.table(kind) {
            Some(table) => table.contains_key(&id),
            None => self.world.place_of(kind, id).is_some(),
        }
    }

    pub(crate) fn is_live(&self, kind: Kind, id: u64) -> bool {
        match self.edits.records.get(&kind).and_then(|records| records.get(&id)) {
            Some(edit) => edit.is_some(),
            None => self.is_made(kind, id),
        }
    }

    fn loose(&self, kind: Kind, id: u64) -> Loose {
        self.world.loose.then(|| self.world.dice(kind, id).roll(999))
    }

    /// An edited record with its company's name as it is now, without passwords the role does not show.
    fn refreshed(&self, kind: Kind, mut record: Value) -> Value {
        if kind == Kind::Configuration && !self.role.shows_passwords() {
            let questions = record.get_mut("questions").and_then(Value::as_array_mut);
            for question in questions.into_iter().flatten().filter_map(Value::as_object_mut) {
                if question.get("fieldType").and_then(Value::as_str) == Some("Password") {
                    question.remove("answer");
                }
            }
        }
        if kind != Kind::Company
            && let Some(company) = owner(&record, "company")
            && let Some(reference) = record.get_mut("company").and_then(Value::as_object_mut)
        {
            let (identifier, name) = self.company_names(company);
            reference.insert("identifier".into(), identifier.as_ref().into());
            reference.insert("name".into(), name.as_ref().into());
        }
        record
    }

    /// A contact's name as references show it.
    pub(crate) fn contact_name(&self, id: u64) -> String {
        let (first, last) = match (
            self.edited(Kind::Contact, id),
            self.world.place_of(Kind::Contact, id),
        ) {
            (Some(record), _) => {
                let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
                (text("firstName"), text("lastName"))
            }
            (None, Some(place)) => {
                let core = contact::core(self.world, place);
                (core.first, core.last)
            }
            (None, None) => ("", ""),
        };
        format!("{first} {last}").trim().to_owned()
    }
}

/// The id of the record a reference points to.
pub(crate) fn owner(record: &Value, reference: &str) -> Option<u64> {
    record.get(reference)?.get("id")?.as_u64()
}

fn items<'a>(record: &'a Value, array: &str) -> impl Iterator<Item = &'a Value> {
    record.get(array).and_then(Value::as_array).into_iter().flatten()
}

/// A record that is only built when a condition asks for a field without an index.
pub(crate) struct LazyRow<'a> {
    view: &'a View<'a>,
    source: Source,
    id: u64,
    needed: &'a Fields,
    value: OnceCell<Value>,
}

impl LazyRow<'_> {
    /// The record itself.
    pub(crate) fn value(&self) -> &Value {
        self.value.get_or_init(|| {
            let mut bytes = Vec::new();
            self.view
                .write(self.source, self.id, &mut bytes, Some(self.needed));
            serde_json::from_slice(&bytes).unwrap_or_default()
        })
    }
}

impl Row for LazyRow<'_> {
    fn cell(&self, comparison: &Comparison) -> Cell<'_> {
        let quick = match (self.source, comparison.quick) {
            (Source::All(kind), Some(quick)) => self.view.quick(kind, self.id, quick),
            _ => None,
        };
        quick.unwrap_or_else(|| cell_in(self.value(), &comparison.path, comparison.is_moment))
    }
}
