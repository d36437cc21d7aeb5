//! Records that were deleted: out of everything that is listed, kept for a time so that they can be brought back.

use dovetail_domain::{AssetId, Kind, Record, Timestamp};
use serde::{Deserialize, Serialize};

use crate::step::Step;
use crate::table::DELETED;
use crate::{Archive, StoreError, envelope};

/// A deleted record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// When it was deleted.
    pub at: Timestamp,
    /// The record as it stood, as an envelope.
    envelope: Vec<u8>,
}

impl Deleted {
    /// The record as it stood. Kind and id are in the key.
    pub fn record(&self, kind: Kind, id: AssetId) -> Result<Record, StoreError> {
        envelope::decode(kind, id, &self.envelope)
    }
}

impl Step {
    /// Takes a record out and keeps it, so that it can be brought back.
    pub fn delete_record(&mut self, record: &Record) -> Result<(), StoreError> {
        let deleted = Deleted {
            at: self.at(),
            envelope: envelope::encode(record)?,
        };
        self.put(&DELETED, &(record.kind, record.id), &deleted)?;
        self.remove(record);
        Ok(())
    }

    /// Brings a deleted record back as it stood, with its id.
    pub fn bring_back(&mut self, record: Record) -> Result<(), StoreError> {
        self.delete(&DELETED, &(record.kind, record.id));
        self.create(record)
    }
}

impl Archive {
    /// A record that was deleted and can be brought back.
    pub fn deleted(&self, kind: Kind, id: AssetId) -> Result<Option<Record>, StoreError> {
        let kept = self.get(&DELETED, &(kind, id))?;
        kept.map(|deleted| deleted.record(kind, id)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChangeCause, Retention, sample};

    #[test]
    fn what_was_deleted_comes_back_as_it_stood_until_its_time_is_over() {
        let archive = Archive::in_memory();
        let at = |days: u64| {
            Timestamp::from_seconds(1_800_000_000)
                .unwrap()
                .plus_seconds(days * 86_400)
        };
        let step = |days| Step::new(at(days), ChangeCause::Person("ada".to_owned()));
        let mut record = sample::record(4);
        record.id = archive.next_asset();
        let (kind, id) = (record.kind, record.id);
        let mut first = step(0);
        first.create(record.clone()).unwrap();
        archive.commit(first).unwrap();
        let mut second = step(1);
        second.delete_record(&record).unwrap();
        archive.commit(second).unwrap();
        assert_eq!(archive.record(kind, id).unwrap(), None);
        assert_eq!(archive.deleted(kind, id).unwrap(), Some(record.clone()));

        let mut third = step(2);
        third.bring_back(record.clone()).unwrap();
        archive.commit(third).unwrap();
        assert_eq!(archive.record(kind, id).unwrap(), Some(record.clone()));
        assert_eq!(archive.deleted(kind, id).unwrap(), None);

        let mut fourth = step(3);
        fourth.delete_record(&record).unwrap();
        archive.commit(fourth).unwrap();
        let retention = Retention {
            deleted: Some(30 * 86_400),
            ..Retention::default()
        };
        for (days, left) in [(33, true), (34, false)] {
            archive.retain(at(days), &retention).unwrap();
            assert_eq!(archive.deleted(kind, id).unwrap().is_some(), left, "{days} days");
        }
    }
}
