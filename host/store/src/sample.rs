//! Records to test with: every kind, linked and not, with values of every shape.

use dovetail_domain::record::MatchedBy;
use dovetail_domain::{
    AssetId, Base, Date, Entry, Field, IntegrationId, Kind, Link, Part, Record, Reference, SourceId,
    SyncState, Timestamp, Value,
};

use crate::envelope::compress;

/// The record of a number; equal numbers give equal records.
pub(crate) fn record(number: u64) -> Record {
    let kind = Kind::ALL[usize::try_from(number % 5).unwrap()];
    let mut record = Record {
        id: AssetId(number),
        kind,
        organization: (kind != Kind::Organization).then_some(AssetId(number / 10 + 1)),
        fields: vec![],
        traits: vec![("color".to_owned(), format!("\"{number}\""))],
        link: None,
        base: Base {
            fields: vec![(Field::Phone, Value::text("1"))],
            traits: vec![("color".to_owned(), None)],
            organization: (kind != Kind::Organization).then_some(AssetId(7)),
        },
        held: vec![Part::Field(Field::Fax), Part::Trait("color".to_owned())],
        own: vec!["color".to_owned()],
        updated: Timestamp::from_seconds(1_700_000_000 + i64::try_from(number).unwrap()).unwrap(),
    };
    for (field, shape) in kind.fields() {
        use dovetail_domain::Shape;
        let text = format!("{field} {number}");
        let value = match shape {
            Shape::Text => Value::text(text),
            Shape::Flag => Value::Flag(number.is_multiple_of(2)),
            Shape::Date => Value::Date(Date::Day(2026, 2, 1)),
            Shape::Texts => Value::texts([text, "b".to_owned()]),
            Shape::Entries => Value::entries(vec![Entry {
                value: text,
                label: "Direct".to_owned(),
                primary: true,
                extension: None,
            }]),
            Shape::Reference => Value::Reference(Reference {
                kind: Kind::Location,
                asset: Some(AssetId(3)),
                source: SourceId::new("77"),
                name: text,
            }),
        };
        record.set(*field, value);
    }
    if number % 4 != 3 {
        record.link = Some(Link {
            integration: IntegrationId(1 + u32::try_from(number % 2).unwrap()),
            source: SourceId::new(number.to_string()).unwrap(),
            version: Some(record.updated),
            state: SyncState::Enabled,
            by: MatchedBy::Created,
            shadow: [u8::try_from(number % 250).unwrap(); 16],
            source_json: compress(&format!("{{\"id\":{number}}}")).unwrap(),
        });
    }
    record
}
