//! What expressions see of a record. The fields and traits are those so far: a rule sees what the rules before it made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::SourceRecord;
use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use serde_json::Value as Json;

use crate::fit;

/// The variables there are.
pub(crate) const VARIABLES: [&str; 8] = [
    "source",
    "fields",
    "traits",
    "value",
    "kind",
    "id",
    "organization",
    "country",
];

/// Values by name, which may change.
#[derive(Debug, Default)]
pub(crate) struct Held {
    values: Mutex<BTreeMap<String, Value>>,
}

impl Held {
    fn values(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        // There are no threads in a guest, and nothing panics while it is held.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, name: &str) -> Value {
        self.values().get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, name: &str, json: &Json) {
        self.values().insert(name.to_owned(), value(json));
    }
}

impl Object for Held {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.values().get(key.as_str()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.values()
                .keys()
                .map(|name| Value::from(name.as_str()))
                .collect(),
        )
    }
}

/// The variables of one record.
#[derive(Debug)]
pub(crate) struct Scope {
    variables: Arc<Variables>,
}

#[derive(Debug)]
struct Variables {
    kind: Value,
    id: Value,
    organization: Value,
    country: Value,
    source: OnceLock<Value>,
    fields: Arc<Held>,
    traits: Arc<Held>,
    value: Mutex<Value>,
}

impl Variables {
    fn get(&self, name: &str) -> Option<Value> {
        Some(match name {
            "source" => self.source.get().cloned().unwrap_or_default(),
            "fields" => Value::from_dyn_object(Arc::clone(&self.fields)),
            "traits" => Value::from_dyn_object(Arc::clone(&self.traits)),
            "value" => self.value.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            "kind" => self.kind.clone(),
            "id" => self.id.clone(),
            "organization" => self.organization.clone(),
            "country" => self.country.clone(),
            _ => return None,
        })
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key.as_str()?)
    }
}

impl Scope {
    /// The scope of a record of that kind; `id` is empty for one that the PSA does not have yet.
    pub(crate) fn new(
        kind: &str,
        id: Option<&str>,
        organization: Option<&str>,
        country: Option<&str>,
    ) -> Scope {
        Scope {
            variables: Arc::new(Variables {
                kind: Value::from(kind),
                id: Value::from(id),
                organization: Value::from(organization),
                country: Value::from(country),
                source: OnceLock::new(),
                fields: Arc::default(),
                traits: Arc::default(),
                value: Mutex::default(),
            }),
        }
    }

    /// Takes what the layers before made of the record.
    pub(crate) fn take(&self, draft: &Draft) {
        for field in &draft.fields {
            self.fields().set(&field.name, &fit::loose(&field.content));
        }
        for supplement in &draft.traits {
            let value = serde_json::from_str(&supplement.json).unwrap_or_default();
            self.traits().values().insert(supplement.name.clone(), value);
        }
    }

    /// Reads the PSA's record, once.
    ///
    /// # Errors
    /// It is no JSON.
    pub(crate) fn read_source(&self, source: &SourceRecord) -> Result<(), serde_json::Error> {
        if self.variables.source.get().is_none() {
            let read = serde_json::from_str(&source.json)?;
            // Nobody set it in between.
            let _ = self.variables.source.set(read);
        }
        Ok(())
    }

    pub(crate) fn variable(&self, name: &str) -> Value {
        self.variables.get(name).unwrap_or_default()
    }

    pub(crate) fn fields(&self) -> &Held {
        &self.variables.fields
    }

    pub(crate) fn traits(&self) -> &Held {
        &self.variables.traits
    }

    /// Sets `value`: what the rule's target holds so far.
    pub(crate) fn set_value(&self, value: Value) {
        *self
            .variables
            .value
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = value;
    }

    /// What the engine looks names up in.
    pub(crate) fn context(&self) -> Value {
        Value::from_dyn_object(Arc::clone(&self.variables))
    }
}

/// JSON as the engine's value.
fn value(json: &Json) -> Value {
    serde_json::from_value(json.clone()).unwrap_or_default()
}

/// The engine's value as JSON; null for what JSON has no word for.
pub(crate) fn json(value: &Value) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}
