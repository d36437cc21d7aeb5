//! Which mapping decided what of a record: the standard mapping what it makes of the whole, an overlay what it mentions.
//! The history of a record names it beside each change.

use std::sync::Arc;

use dovetail_domain::Field;
use dovetail_domain::mapping::Draft;
use dovetail_store::Change;

/// Which mapping decided what. Mappings are named with their versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    whole: Option<Arc<str>>,
    fields: Vec<(Field, Arc<str>)>,
    traits: Vec<(String, Arc<str>)>,
    organization: Option<Arc<str>>,
}

impl Decided {
    /// Notes what a mapping made of the record; a later one goes before an earlier one.
    pub(crate) fn note(&mut self, mapping: &Arc<str>, draft: &Draft) {
        if self.whole.is_none() {
            self.whole = Some(mapping.clone());
            return;
        }
        let fields = draft.fields.iter().map(|(field, _)| (*field, mapping.clone()));
        self.fields.extend(fields);
        let traits = draft
            .traits
            .iter()
            .map(|(name, _)| (name.clone(), mapping.clone()));
        self.traits.extend(traits);
        if draft.organization.is_some() {
            self.organization = Some(mapping.clone());
        }
    }

    /// Which mapping decided a change; none where it was no mapping.
    pub(crate) fn of(&self, change: &Change) -> Option<&str> {
        let over = match change {
            Change::Field { field, .. } => {
                let later = self.fields.iter().rev().find(|(known, _)| known == field);
                later.map(|(_, mapping)| mapping)
            }
            Change::Trait { name, .. } => {
                let later = self.traits.iter().rev().find(|(known, _)| known == name);
                later.map(|(_, mapping)| mapping)
            }
            Change::Organization { .. } => self.organization.as_ref(),
            Change::Created
            | Change::Removed
            | Change::State { .. }
            | Change::Link { .. }
            | Change::InPsa(_) => return None,
        };
        over.or(self.whole.as_ref()).map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::Value;

    #[test]
    fn the_last_who_mentions_it_decided_it() {
        let [standard, first, second] = ["standard 1", "first 2", "second 3"].map(Arc::<str>::from);
        let draft = |fields: &[Field], traits: &[&str]| Draft {
            organization: None,
            fields: fields.iter().map(|field| (*field, Value::text("x"))).collect(),
            traits: traits
                .iter()
                .map(|name| ((*name).to_owned(), "1".to_owned()))
                .collect(),
        };
        let mut decided = Decided::default();
        decided.note(&standard, &draft(&[Field::Name, Field::Notes], &["size"]));
        decided.note(&first, &draft(&[Field::Name, Field::AssetTag], &["color"]));
        decided.note(&second, &draft(&[Field::Name], &[]));
        let field = |field| Change::Field {
            field,
            before: Value::Absent,
            after: Value::text("x"),
        };
        let of_trait = |name: &str| Change::Trait {
            name: name.to_owned(),
            before: None,
            after: None,
        };
        for (change, by) in [
            (field(Field::Name), Some("second 3")),
            (field(Field::AssetTag), Some("first 2")),
            (field(Field::Notes), Some("standard 1")),
            (field(Field::Status), Some("standard 1")),
            (of_trait("color"), Some("first 2")),
            (of_trait("size"), Some("standard 1")),
            (
                Change::Organization {
                    before: None,
                    after: None,
                },
                Some("standard 1"),
            ),
            (
                Change::State {
                    before: None,
                    after: None,
                },
                None,
            ),
            (Change::Created, None),
        ] {
            assert_eq!(decided.of(&change), by, "{change:?}");
        }
    }
}
