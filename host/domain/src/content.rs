//! What a part can hold, as the comparison of two sides sees it: whether two contents mean the same, whether there is
//! nothing, and what two changes of one content make together.
//!
//! Meaning is wider than equality: an e-mail address in other letters, a number spelled otherwise, entries in another
//! order and a link that knows more about the same target mean the same. What means the same is never a difference.

use crate::merge::{entries, texts};
use crate::{Entry, Reference, Value};

/// Something that a part of a record holds.
pub trait Content: Clone + PartialEq {
    /// Whether both mean the same. It does not matter which is asked.
    fn same(&self, other: &Self) -> bool;

    /// Whether there is nothing.
    fn is_empty(&self) -> bool;

    /// What two different changes of a base make together; none where they contradict each other, or where it is no
    /// list. Which of the two is theirs matters for order and spelling only.
    fn merged(base: &Self, theirs: &Self, ours: &Self) -> Option<Self>;

    /// Whether it is a link. How a link is written is the PSA's business whoever says where it leads.
    fn is_link(&self) -> bool {
        false
    }
}

impl Content for Value {
    fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Entries(one), Value::Entries(other)) => one == other || entries::same(one, other),
            (Value::Reference(one), Value::Reference(other)) => leads_to_the_same(one, other),
            (one, other) => one == other,
        }
    }

    fn is_empty(&self) -> bool {
        self.is_absent()
    }

    fn merged(base: &Value, theirs: &Value, ours: &Value) -> Option<Value> {
        let all = [base, theirs, ours];
        if let [Some(base), Some(theirs), Some(ours)] = all.map(as_texts) {
            return Some(Value::texts(texts::merged(base, theirs, ours)));
        }
        if let [Some(base), Some(theirs), Some(ours)] = all.map(as_entries) {
            return entries::merged(base, theirs, ours).map(Value::entries);
        }
        None
    }

    fn is_link(&self) -> bool {
        matches!(self, Value::Reference(_))
    }
}

/// The JSON of a trait, compared as it is written since it is kept in compact form; the organization a record belongs to.
impl<T: Clone + PartialEq> Content for Option<T> {
    fn same(&self, other: &Option<T>) -> bool {
        self == other
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn merged(_: &Option<T>, _: &Option<T>, _: &Option<T>) -> Option<Option<T>> {
        None
    }
}

/// A set of texts; nothing is the empty one.
fn as_texts(value: &Value) -> Option<&[String]> {
    match value {
        Value::Absent => Some(&[]),
        Value::Texts(texts) => Some(texts),
        _ => None,
    }
}

/// A list of entries; nothing is the empty one.
fn as_entries(value: &Value) -> Option<&[Entry]> {
    match value {
        Value::Absent => Some(&[]),
        Value::Entries(entries) => Some(entries),
        _ => None,
    }
}

/// Whether two links lead to one record. What a person chose here has no id of the PSA's and what just came from the PSA
/// may have none of the documentation's, so they are compared by what both know; what is shown is no difference unless
/// there is nothing else.
fn leads_to_the_same(one: &Reference, other: &Reference) -> bool {
    if one.kind != other.kind {
        return false;
    }
    match ((one.asset, other.asset), (&one.source, &other.source)) {
        ((Some(one), Some(other)), _) => one == other,
        (_, (Some(one), Some(other))) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssetId, Kind, SourceId};

    fn link(asset: Option<u64>, source: Option<&str>, name: &str) -> Value {
        Value::Reference(Reference {
            kind: Kind::Location,
            asset: asset.map(AssetId),
            source: source.and_then(SourceId::new),
            name: name.to_owned(),
        })
    }

    #[test]
    fn links_are_compared_by_what_both_know() {
        let table = [
            (
                link(Some(3), None, "HQ"),
                link(Some(3), Some("7"), "Head office"),
                true,
            ),
            (link(None, Some("7"), "HQ"), link(Some(3), Some("7"), "HQ"), true),
            (link(None, None, "HQ"), link(None, None, "HQ"), true),
            (
                link(Some(3), Some("7"), "HQ"),
                link(Some(4), Some("7"), "HQ"),
                false,
            ),
            (link(None, Some("7"), "HQ"), link(None, Some("8"), "HQ"), false),
            (link(Some(3), None, "HQ"), link(None, Some("7"), "HQ"), false),
            (link(None, None, "HQ"), link(None, None, "Head office"), false),
            (link(Some(3), None, "HQ"), Value::text("HQ"), false),
        ];
        for (one, other, wanted) in table {
            assert_eq!(one.same(&other), wanted, "{one:?} and {other:?}");
            assert_eq!(other.same(&one), wanted, "{other:?} and {one:?}");
        }
        let location = link(Some(3), Some("7"), "HQ");
        let Value::Reference(known) = location.clone() else {
            unreachable!("it is a link")
        };
        let contact = Value::Reference(Reference {
            kind: Kind::Contact,
            ..known
        });
        assert!(!location.same(&contact), "ids are those of a kind");
    }

    #[test]
    fn what_is_no_list_is_not_merged() {
        let [base, theirs, ours] = ["a", "b", "c"].map(Value::text);
        assert_eq!(Value::merged(&base, &theirs, &ours), None);
        let texts = Value::texts(["a".to_owned()]);
        assert_eq!(Value::merged(&texts, &theirs, &texts), None);
    }
}
