//! The `fields` parameter: a tree of names to keep. Names it does not know are ignored, as ConnectWise does.

use serde_json::{Map, Value};

/// Names to keep, each whole (`None`) or in part.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    names: Vec<(String, Option<Fields>)>,
}

impl Fields {
    /// Reads `id,name,status/id`. An empty list keeps everything and answers `None`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut fields = Self::default();
        for path in text.split(',').map(str::trim).filter(|path| !path.is_empty()) {
            fields.add(path);
        }
        (!fields.names.is_empty()).then_some(fields)
    }

    /// Keeps one more path.
    pub(crate) fn add(&mut self, path: &str) {
        let (name, rest) = path
            .split_once('/')
            .map_or((path, None), |(name, rest)| (name, Some(rest)));
        let place = self
            .names
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        match (place.and_then(|place| self.names.get_mut(place)), rest) {
            (Some((_, inner)), None) => *inner = None,
            (Some((_, Some(inner))), Some(rest)) => inner.add(rest),
            (Some((_, None)), Some(_)) => {}
            (None, None) => self.names.push((name.to_owned(), None)),
            (None, Some(rest)) => {
                let mut inner = Self::default();
                inner.add(rest);
                self.names.push((name.to_owned(), Some(inner)));
            }
        }
    }

    /// `None` when the name is not kept; else what of it is kept.
    pub(crate) fn find(&self, name: &str) -> Option<Option<&Fields>> {
        self.names
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, inner)| inner.as_ref())
    }

    /// The kept part of a value.
    pub(crate) fn project(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .filter_map(|(name, value)| {
                        let kept = match self.find(name)? {
                            Some(inner) => inner.project(value),
                            None => value.clone(),
                        };
                        Some((name.clone(), kept))
                    })
                    .collect::<Map<_, _>>(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.project(item)).collect()),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_of_a_record_are_kept() {
        let record =
            json!({"id": 1, "status": {"id": 2, "name": "Open"}, "types": [{"id": 3, "name": "Client"}]});
        let kept = |text: &str| Fields::read(text).map(|fields| fields.project(&record));
        assert_eq!(kept("id, status/id"), Some(json!({"id": 1, "status": {"id": 2}})));
        assert_eq!(
            kept("types/name,nothing"),
            Some(json!({"types": [{"name": "Client"}]}))
        );
        assert_eq!(
            kept("status/id,status"),
            Some(json!({"status": {"id": 2, "name": "Open"}}))
        );
        assert_eq!(kept(" , "), None);
    }
}
