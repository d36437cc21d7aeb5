//! The standard rules by which a record of the PSA is recognised as one that is already in the documentation:
//!
//! | kind | all of |
//! | --- | --- |
//! | organization | name |
//! | location | organization, name, address lines, city, region, country |
//! | contact | organization, first and last name |
//! | configuration | organization, type, name, serial number, MAC address |
//! | ticket | never |
//!
//! Equality is exact after trimming. A rule whose name part is empty recognises nothing.

use sha2::{Digest, Sha256};

use crate::{AssetId, Field, Kind, Record, Value};

/// What a record is recognised by, as a number: two records that the rule holds equal have the same one. Different
/// records may share one by chance, so whoever finds one compares with [`same`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchKey(pub u64);

/// The fields a kind is recognised by, besides its organization.
pub fn identifying(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Organization => &[Field::Name],
        Kind::Location => &[
            Field::Name,
            Field::Address1,
            Field::Address2,
            Field::City,
            Field::Region,
            Field::Country,
        ],
        Kind::Contact => &[Field::FirstName, Field::LastName],
        Kind::Configuration => &[Field::Type, Field::Name, Field::SerialNumber, Field::MacAddress],
        Kind::Ticket => &[],
    }
}

/// The key of a record with these fields; none where the rule recognises nothing.
pub fn key<'a>(
    kind: Kind,
    organization: Option<AssetId>,
    get: impl Fn(Field) -> &'a Value,
) -> Option<MatchKey> {
    let whole = identity(kind, organization, get)?.to_be_bytes();
    let (head, _) = whole.split_first_chunk::<8>().expect("16 bytes are more than 8");
    Some(MatchKey(u64::from_be_bytes(*head)))
}

/// The same as a number so great that no two records the rule holds different share one: for whoever has no record to
/// compare with.
pub fn identity<'a>(
    kind: Kind,
    organization: Option<AssetId>,
    get: impl Fn(Field) -> &'a Value,
) -> Option<u128> {
    let fields = identifying(kind);
    let name = crate::record::display_name(kind, &get);
    let needs_organization = kind != Kind::Organization;
    if fields.is_empty() || name.trim().is_empty() || (needs_organization && organization.is_none()) {
        return None;
    }
    let mut digest = Sha256::new();
    digest.update([kind.number()]);
    digest.update(organization.map_or(0, |id| id.0).to_be_bytes());
    for field in fields {
        let text = text(get(*field));
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    }
    let bytes: [u8; 32] = digest.finalize().into();
    let (head, _) = bytes
        .split_first_chunk::<16>()
        .expect("a SHA-256 has more than 16 bytes");
    Some(u128::from_be_bytes(*head))
}

/// The key of a record.
pub fn record_key(record: &Record) -> Option<MatchKey> {
    key(record.kind, record.organization, |field| record.get(field))
}

/// Whether the rule of the kind holds a record and other fields equal.
pub fn same<'a>(record: &Record, organization: Option<AssetId>, get: impl Fn(Field) -> &'a Value) -> bool {
    (record.kind == Kind::Organization || record.organization == organization)
        && identifying(record.kind)
            .iter()
            .all(|field| text(record.get(*field)) == text(get(*field)))
}

fn text(value: &Value) -> &str {
    value.as_text().unwrap_or_default().trim()
}

/// What matching a record of the PSA came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Nothing in the documentation is like it.
    New,
    /// It is this one.
    Adopt(AssetId),
    /// It could be any of these, or others of the PSA could be the same one: a person has to say.
    Ambiguous(Vec<AssetId>),
}

/// Decides among records of the documentation that the rule holds equal and that are not connected with any PSA record.
/// `rivals` is how many records of the PSA were seen that the rule holds equal, this one included.
pub fn decide(candidates: &[AssetId], rivals: usize) -> Match {
    match candidates {
        [] => Match::New,
        [one] if rivals <= 1 => Match::Adopt(*one),
        several => Match::Ambiguous(several.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Base, Timestamp};

    fn record(kind: Kind, organization: u64, fields: &[(Field, &str)]) -> Record {
        let mut record = Record {
            id: AssetId(7),
            kind,
            organization: (organization > 0).then_some(AssetId(organization)),
            fields: vec![],
            traits: vec![],
            link: None,
            base: Base::default(),
            held: vec![],
            own: vec![],
            updated: Timestamp::from_seconds(0).unwrap(),
        };
        for (field, text) in fields {
            record.set(*field, Value::text(*text));
        }
        record
    }

    #[test]
    fn each_identifying_field_counts() {
        for kind in Kind::ALL {
            for field in identifying(kind) {
                let all: Vec<(Field, &str)> = identifying(kind).iter().map(|field| (*field, "x")).collect();
                let one = record(kind, 1, &all);
                let mut other = one.clone();
                other.set(*field, Value::text("y"));
                assert!(
                    !same(&one, other.organization, |f| other.get(f)),
                    "{kind} {field}"
                );
                assert_ne!(record_key(&one), record_key(&other), "{kind} {field}");
                other.set(*field, Value::text(" x "));
                assert!(same(&one, other.organization, |f| other.get(f)), "{kind} {field}");
                assert_eq!(record_key(&one), record_key(&other), "{kind} {field}");
            }
        }
    }

    #[test]
    fn other_organizations_do_not_match() {
        let one = record(
            Kind::Contact,
            1,
            &[(Field::FirstName, "Ada"), (Field::LastName, "L")],
        );
        let other = record(
            Kind::Contact,
            2,
            &[(Field::FirstName, "Ada"), (Field::LastName, "L")],
        );
        assert_ne!(record_key(&one), record_key(&other));
        assert!(!same(&one, other.organization, |f| other.get(f)));
    }

    #[test]
    fn the_nameless_match_nothing() {
        assert_eq!(record_key(&record(Kind::Organization, 0, &[])), None);
        assert_eq!(
            record_key(&record(Kind::Contact, 1, &[(Field::FirstName, "  ")])),
            None
        );
        assert_eq!(
            record_key(&record(Kind::Contact, 0, &[(Field::FirstName, "Ada")])),
            None
        );
        assert_eq!(
            record_key(&record(Kind::Ticket, 1, &[(Field::Summary, "x")])),
            None
        );
    }

    #[test]
    fn what_is_not_clear_is_asked() {
        let (a, b) = (AssetId(1), AssetId(2));
        assert_eq!(decide(&[], 1), Match::New);
        assert_eq!(decide(&[], 2), Match::New);
        assert_eq!(decide(&[a], 1), Match::Adopt(a));
        assert_eq!(decide(&[a], 2), Match::Ambiguous(vec![a]));
        assert_eq!(decide(&[a, b], 1), Match::Ambiguous(vec![a, b]));
    }
}
