//! Rows become records, a step of some hundred at a time with the run's document in it. Each is recognised by the standard
//! rule: a record of the documentation's own is brought to what the file says, one that is connected with a PSA is left
//! to the PSA, several wait for a person, and where none is like it a record is made.

use std::collections::HashMap;

use dovetail_domain::mapping::Draft;
use dovetail_domain::{AssetId, Field, Kind, Record, Reference, Timestamp, Value, matching};
use dovetail_store::{Archive, ChangeCause, Named, Run, RunStatus, Step, StoreError, table};

use super::cell::Pointer;
use super::find::{Directory, Found};
use super::resolve::{Placed, brought};

/// Rows a step.
pub(crate) const STEP: usize = 500;

/// An import while its rows are written.
pub(crate) struct Writing<'a> {
    archive: &'a Archive,
    pub(crate) kind: Kind,
    clock: fn() -> Timestamp,
    pub(crate) run: Run,
    /// In which line the file said something of a record first.
    said: HashMap<u128, u64>,
    /// Organizations whose parents were not there when they were written.
    unlinked: Vec<(AssetId, String)>,
    /// Whether the run is among the imports that changed something.
    listed: bool,
}

/// Which record a row is about.
enum Likeness {
    /// None that is there.
    New,
    /// This one.
    Own(Box<Record>),
    /// One that a PSA has a say in.
    Connected(AssetId),
    /// Each of these.
    Several(Vec<AssetId>),
}

impl<'a> Writing<'a> {
    pub(crate) fn begin(archive: &'a Archive, kind: Kind, run: Run, clock: fn() -> Timestamp) -> Writing<'a> {
        Writing {
            archive,
            kind,
            clock,
            run,
            said: HashMap::new(),
            unlinked: Vec::new(),
            listed: false,
        }
    }

    fn step(&self) -> Step {
        let file = self.run.subject().to_owned();
        Step::new((self.clock)(), ChangeCause::Import(self.run.id, file))
    }

    /// Writes some rows, all of them or none: none where somebody else wrote since so many steps were written, which is
    /// said, since what they were compared with may have changed.
    pub(crate) fn write(
        &mut self,
        directory: &mut Directory<'_>,
        rows: &[Placed],
        written: u64,
    ) -> Result<bool, StoreError> {
        let (run, listed, unlinked) = (self.run.clone(), self.listed, self.unlinked.len());
        let mut step = self.step();
        let mut made = Vec::new();
        for row in rows {
            if let Some(id) = self.row(&mut step, row)? {
                made.push((id, row));
            }
        }
        self.note_run(&mut step)?;
        if !self.archive.commit_since(written, step)? {
            self.run = run;
            self.listed = listed;
            self.unlinked.truncate(unlinked);
            return Ok(false);
        }
        for (id, row) in made {
            directory.add(self.kind, row.organization, &row.name(self.kind), id);
        }
        Ok(true)
    }

    /// Puts the run's document into a step.
    fn note_run(&mut self, step: &mut Step) -> Result<(), StoreError> {
        if step.records() > 0 && !self.listed {
            step.put(&table::IMPORTS, &self.run.id, &self.run.subject().to_owned())?;
            self.listed = true;
        }
        step.put_run(&self.run)
    }

    /// Writes a row into a step: the id of the record it made, where it did.
    fn row(&mut self, step: &mut Step, row: &Placed) -> Result<Option<AssetId>, StoreError> {
        self.run.tally(self.kind).read += 1;
        let get = |field| row.draft.get(field);
        if let Some(identity) = matching::identity(self.kind, row.organization, get) {
            let first = *self.said.entry(identity).or_insert(row.line);
            if first != row.line {
                self.leave_out(row, format!("it is the same record as line {first}"));
                return Ok(None);
            }
        }
        match self.likeness(row)? {
            Likeness::New => return self.create(step, row),
            Likeness::Own(record) => self.update(step, *record, row)?,
            Likeness::Connected(id) => {
                let why = format!("{} {id} is like it and is kept in step with a PSA", self.kind);
                self.leave_out(row, why);
            }
            Likeness::Several(ids) => {
                self.run.tally(self.kind).waiting += 1;
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                let why = format!("it could be {} {}", self.kind, ids.join(" or "));
                let named = named(self.kind, row, why);
                note(&mut self.run.waiting, named);
            }
        }
        Ok(None)
    }

    fn likeness(&self, row: &Placed) -> Result<Likeness, StoreError> {
        let get = |field| row.draft.get(field);
        let Some(key) = matching::key(self.kind, row.organization, get) else {
            return Ok(Likeness::New);
        };
        let same = |record: &Record| matching::same(record, row.organization, get);
        let alike = self.archive.candidates(self.kind, key, same)?;
        let (connected, mut own): (Vec<Record>, Vec<Record>) =
            alike.into_iter().partition(|record| record.link.is_some());
        Ok(match (own.pop(), own.is_empty(), connected.first()) {
            (Some(record), true, _) => Likeness::Own(Box::new(record)),
            (Some(record), false, _) => {
                let ids = own.iter().chain([&record]).map(|record| record.id);
                Likeness::Several(ids.collect())
            }
            (None, _, Some(connected)) => Likeness::Connected(connected.id),
            (None, _, None) => Likeness::New,
        })
    }

    fn create(&mut self, step: &mut Step, row: &Placed) -> Result<Option<AssetId>, StoreError> {
        let empty = Record::empty(self.archive.next_asset(), self.kind, row.organization, step.at());
        let id = empty.id;
        match step.create(brought(&empty, &row.draft)) {
            Ok(()) => {
                self.note_parent(id, row);
                self.run.tally(self.kind).created += 1;
                Ok(Some(id))
            }
            Err(error) => self.too_large(row, error).map(|()| None),
        }
    }

    fn update(&mut self, step: &mut Step, before: Record, row: &Placed) -> Result<(), StoreError> {
        let mut after = brought(&before, &row.draft);
        self.note_parent(before.id, row);
        if after == before {
            self.run.tally(self.kind).unchanged += 1;
            return Ok(());
        }
        after.updated = step.at();
        match step.update(&before, after) {
            Ok(()) => {
                self.run.tally(self.kind).updated += 1;
                Ok(())
            }
            Err(error) => self.too_large(row, error),
        }
    }

    /// One record that does not fit is that record's trouble; the store itself is well.
    fn too_large(&mut self, row: &Placed, error: StoreError) -> Result<(), StoreError> {
        if error.is_fatal() {
            return Err(error);
        }
        self.leave_out(row, error.to_string());
        Ok(())
    }

    fn leave_out(&mut self, row: &Placed, why: String) {
        self.run.tally(self.kind).skipped += 1;
        let named = named(self.kind, row, why);
        note(&mut self.run.left_out, named);
    }

    fn note_parent(&mut self, id: AssetId, row: &Placed) {
        if let Some(parent) = &row.parent {
            self.unlinked.push((id, parent.name.clone()));
        }
    }

    /// Links organizations with parents that came in after them.
    pub(crate) fn link(&mut self, directory: &mut Directory<'_>) -> Result<(), StoreError> {
        for some in std::mem::take(&mut self.unlinked).chunks(STEP) {
            loop {
                let written = self.archive.written();
                let mut step = self.step();
                for (id, parent) in some {
                    self.link_one(&mut step, directory, *id, parent)?;
                }
                self.note_run(&mut step)?;
                if self.archive.commit_since(written, step)? {
                    break;
                }
            }
        }
        Ok(())
    }

    fn link_one(
        &self,
        step: &mut Step,
        directory: &mut Directory<'_>,
        id: AssetId,
        parent: &str,
    ) -> Result<(), StoreError> {
        let pointer = Pointer::Listed {
            id: None,
            name: parent.to_owned(),
        };
        let found = directory.find(Kind::Organization, None, &pointer)?;
        let (Found::One(parent, name), Some(before)) = (found, self.archive.record(self.kind, id)?) else {
            return Ok(());
        };
        let link = Value::Reference(Reference {
            kind: Kind::Organization,
            asset: Some(parent),
            source: None,
            name,
        });
        let draft = Draft {
            fields: vec![(Field::Parent, link)],
            ..Draft::default()
        };
        let mut after = brought(&before, &draft);
        if after != before {
            after.updated = step.at();
            step.update(&before, after)?;
        }
        Ok(())
    }

    /// Writes how it ended.
    pub(crate) fn finish(mut self, status: RunStatus, reason: Option<&str>) -> Result<Run, StoreError> {
        self.run.status = status;
        self.run.reason = reason.map(str::to_owned);
        self.run.finished = Some((self.clock)());
        let mut step = self.step();
        self.note_run(&mut step)?;
        self.archive.commit(step)?;
        Ok(self.run)
    }
}

fn named(kind: Kind, row: &Placed, why: String) -> Named {
    Named {
        kind,
        source_id: None,
        name: row.name(kind),
        why: format!("line {}: {why}", row.line),
    }
}

fn note(list: &mut Vec<Named>, named: Named) {
    if list.len() < Run::NAMED {
        list.push(named);
    }
}
