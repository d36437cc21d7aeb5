//! Small things with a type: a table is a space, a key's type and a value's type.
//!
//! Values that may gain fields later lie as JSON; give new fields `#[serde(default)]`. The others lie as postcard.

use std::marker::PhantomData;

use dovetail_domain::motion::Motion;
use dovetail_domain::{
    AssetId, Chosen, Integration, IntegrationId, Kind, Open, Outgoing, Policy, QuarantineId, RunId, SourceId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bytes::{Batch, Pair, Store, scan};
use crate::keys::{Key, Space};
use crate::{Deleted, QuarantineEntry, Run, StoreError};

/// A typed view of one space.
#[derive(Debug)]
pub struct Table<K, V> {
    space: Space,
    form: Form,
    types: PhantomData<fn() -> (K, V)>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Json,
    Postcard,
}

/// Integrations.
pub const INTEGRATIONS: Table<IntegrationId, Integration> = Table::json(Space::Integration);

/// Run documents. Greater ids are later.
pub const RUNS: Table<RunId, Run> = Table::json(Space::Run);

/// Imports that changed something and were not taken back, with the file's name. The greatest id is the latest.
pub const IMPORTS: Table<RunId, String> = Table::json(Space::Import);

/// Records that were deleted, for as long as they can be brought back.
pub const DELETED: Table<(Kind, AssetId), Deleted> = Table::postcard(Space::Deleted);

/// The quarantine; written by [`Step::quarantine`](crate::Step::quarantine) only.
pub const QUARANTINE: Table<QuarantineId, QuarantineEntry> = Table::json(Space::Quarantine);

/// Ciphertexts of an integration's secrets, by name.
pub const SECRETS: Table<(IntegrationId, String), Vec<u8>> = Table::postcard(Space::Secret);

/// Settings of the home.
pub const CONFIG: Table<String, String> = Table::json(Space::Config);

/// Options of an integration's settings groups as last read.
pub const fn options<V>() -> Table<(IntegrationId, String), V> {
    Table::json(Space::Options)
}

/// Mapping layers of an integration, or of one organization of it.
pub const fn mappings<V>() -> Table<(IntegrationId, Option<AssetId>), V> {
    Table::json(Space::Mapping)
}

/// What was granted to plugins, by name.
pub const fn grants<V>() -> Table<String, V> {
    Table::json(Space::Grant)
}

/// Installed plugins by name.
pub const fn plugins<V>() -> Table<String, V> {
    Table::json(Space::Plugin)
}

/// People and invitations by the PSA's id.
pub const fn people<V>() -> Table<(IntegrationId, String), V> {
    Table::json(Space::Person)
}

/// Queued runs, one an integration.
pub const fn queue<V>() -> Table<IntegrationId, V> {
    Table::json(Space::Queue)
}

/// Where runs go on, by integration and stream.
pub const fn checkpoints<V>() -> Table<(IntegrationId, String), V> {
    Table::json(Space::Checkpoint)
}

/// Records of the PSA that do not come in, with the reason.
pub const fn left_out<V>() -> Table<(IntegrationId, Kind, SourceId), V> {
    Table::json(Space::LeftOut)
}

/// Records of the PSA that wait for a person.
pub const fn waiting<V>() -> Table<(IntegrationId, Kind, SourceId), V> {
    Table::json(Space::Waiting)
}

/// What records of the PSA are, as a person said.
pub const CHOICES: Table<(IntegrationId, Kind, SourceId), Chosen> = Table::json(Space::Choice);

/// Reviews that wait for a person.
pub const fn reviews<V>() -> Table<IntegrationId, V> {
    Table::json(Space::Review)
}

/// What a review would make of records of the PSA.
pub const fn reviewed<V>() -> Table<(IntegrationId, Kind, SourceId), V> {
    Table::json(Space::Reviewed)
}

/// Records that would be orphaned once a person says so.
pub const fn leaving<V>() -> Table<(IntegrationId, Kind, SourceId), V> {
    Table::json(Space::Leaving)
}

/// Records of which something is to be sent to the PSA. In the order of keys parents come first.
pub const OUTBOX: Table<(IntegrationId, Kind, AssetId), Outgoing> = Table::json(Space::Outbox);

/// What a person has to choose, by record; never an empty list.
pub const CONFLICTS: Table<(IntegrationId, Kind, AssetId), Vec<Open>> = Table::json(Space::Conflict);

/// Who wins, as a person said, by kind and part: for an organization, or for all of the integration.
pub const POLICIES: Table<PolicyKey, Policy> = Table::json(Space::Policy);

/// Of which integration, for which organization of it or for all, and for which part of which kind.
pub type PolicyKey = (IntegrationId, Option<AssetId>, (Kind, String));

/// Which side wrote which part of a record lately, of those parts that were sent.
pub const MOTIONS: Table<(IntegrationId, Kind, AssetId), Vec<Motion>> = Table::json(Space::Motion);

/// Which parts did not survive there and back.
pub const fn laws<V>() -> Table<IntegrationId, V> {
    Table::json(Space::Law)
}

impl<K, V> Table<K, V> {
    /// A table of values as JSON.
    pub const fn json(space: Space) -> Table<K, V> {
        Table {
            space,
            form: Form::Json,
            types: PhantomData,
        }
    }

    /// A table of values as postcard.
    pub const fn postcard(space: Space) -> Table<K, V> {
        Table {
            space,
            form: Form::Postcard,
            types: PhantomData,
        }
    }
}

impl<K: Key, V: Serialize + DeserializeOwned> Table<K, V> {
    /// The value at a key.
    pub fn get(&self, store: &dyn Store, key: &K) -> Result<Option<V>, StoreError> {
        let key = self.space.key(key);
        store.get(&key)?.map(|bytes| self.value(&key, &bytes)).transpose()
    }

    /// Puts a value in a batch.
    pub fn put(&self, batch: &mut Batch, key: &K, value: &V) -> Result<(), StoreError> {
        let key = self.space.key(key);
        let bytes = match self.form {
            Form::Json => serde_json::to_vec(value).map_err(|error| StoreError::unreadable(&key, error))?,
            Form::Postcard => {
                postcard::to_stdvec(value).map_err(|error| StoreError::unreadable(&key, error))?
            }
        };
        batch.put(key, bytes);
        Ok(())
    }

    /// Puts a removal in a batch.
    pub fn delete(&self, batch: &mut Batch, key: &K) {
        batch.delete(self.space.key(key));
    }

    /// All of it in the order of keys. For tables that stay small.
    pub fn list(&self, store: &dyn Store) -> Result<Vec<(K, V)>, StoreError> {
        self.list_under(store, &())
    }

    /// Everything whose key begins with these parts.
    pub fn list_under(&self, store: &dyn Store, parts: &impl Key) -> Result<Vec<(K, V)>, StoreError> {
        scan(store, self.space.key(parts))
            .map(|pair| self.row(pair?))
            .collect()
    }

    /// Up to `limit` rows whose key begins with these parts, ascending, behind a key.
    pub fn page(
        &self,
        store: &dyn Store,
        parts: &impl Key,
        after: Option<&K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        let after = after.map(|key| self.space.key(key));
        let pairs = store.scan_page(&self.space.key(parts), after.as_deref(), limit)?;
        pairs.into_iter().map(|pair| self.row(pair)).collect()
    }

    /// The same descending, before a key.
    pub fn page_back(
        &self,
        store: &dyn Store,
        parts: &impl Key,
        before: Option<&K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        let before = before.map(|key| self.space.key(key));
        let pairs = store.scan_page_back(&self.space.key(parts), before.as_deref(), limit)?;
        pairs.into_iter().map(|pair| self.row(pair)).collect()
    }

    pub(crate) fn row(&self, (key, bytes): Pair) -> Result<(K, V), StoreError> {
        let parts = self
            .space
            .parts(&key)
            .ok_or_else(|| StoreError::unreadable(&key, "the key is not one of its space"))?;
        let value = self.value(&key, &bytes)?;
        Ok((parts, value))
    }

    fn value(&self, key: &[u8], bytes: &[u8]) -> Result<V, StoreError> {
        match self.form {
            Form::Json => serde_json::from_slice(bytes).map_err(|error| StoreError::unreadable(key, error)),
            Form::Postcard => postcard::from_bytes(bytes).map_err(|error| StoreError::unreadable(key, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[test]
    fn rows_come_back_in_order_and_by_part() {
        let store = Memory::new();
        let table = checkpoints::<u32>();
        let mut batch = Batch::new();
        for (integration, stream, value) in [(2, "b", 3), (1, "z", 1), (2, "a", 2)] {
            table
                .put(
                    &mut batch,
                    &(IntegrationId(integration), stream.to_owned()),
                    &value,
                )
                .unwrap();
        }
        store.apply(batch).unwrap();
        let values =
            |rows: Vec<((IntegrationId, String), u32)>| rows.into_iter().map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(values(table.list(&store).unwrap()), [1, 2, 3]);
        assert_eq!(
            values(table.list_under(&store, &IntegrationId(2)).unwrap()),
            [2, 3]
        );
        let first = (IntegrationId(2), "a".to_owned());
        assert_eq!(values(table.page(&store, &(), Some(&first), 9).unwrap()), [3]);
        assert_eq!(
            values(table.page_back(&store, &(), Some(&first), 9).unwrap()),
            [1]
        );
        let mut batch = Batch::new();
        table.delete(&mut batch, &first);
        store.apply(batch).unwrap();
        assert_eq!(table.get(&store, &first).unwrap(), None);
    }

    #[test]
    fn what_does_not_fit_its_type_is_an_error() {
        let store = Memory::new();
        let mut batch = Batch::new();
        Table::<String, String>::json(Space::Config)
            .put(&mut batch, &"a".to_owned(), &"x".to_owned())
            .unwrap();
        store.apply(batch).unwrap();
        let wrong = Table::<String, u32>::json(Space::Config).get(&store, &"a".to_owned());
        assert!(matches!(wrong, Err(StoreError::Unreadable { .. })));
    }
}
