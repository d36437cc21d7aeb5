use dovetail_domain::{AssetId, Value};

use super::*;
use crate::import::cell::Said;

fn read(kind: Kind, text: &str) -> Vec<Row> {
    rows(kind, text)
        .map(|row| row.unwrap_or_else(|faults| panic!("{faults:?}")))
        .collect()
}

#[test]
fn a_listed_record_and_flat_fields_say_the_same() {
    let listed = r#"{"id":"9","kind":"configuration","name":"SRV-1","organization":{"id":"3","name":"Acme"},
        "fields":{"name":"SRV-1","serial_number":"S1"},"traits":{"rack":1},"sync":"enabled","source":null,
        "pending":false,"conflict":false,"held":[],"updated":"2026-01-01T00:00:00Z"}"#;
    let flat = r#"{"Name":"SRV-1","organization":{"id":"3","name":"Acme"},"serial-number":"S1","traits":{"rack":1}}"#;
    let dotted =
        r#"{"name":"SRV-1","organization":{"id":"3","name":"Acme"},"serial_number":"S1","traits.rack":1}"#;
    let text = format!("{}\n\n{flat}\n{dotted}\n", listed.replace('\n', " "));
    let mut rows = read(Kind::Configuration, &text);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4]);
    for row in &mut rows {
        row.line = 0;
    }
    assert_eq!(rows[0], rows[1]);
    assert_eq!(rows[0], rows[2]);
    assert_eq!(
        rows[0].organization,
        Some(Pointer::Listed {
            id: Some(AssetId(3)),
            name: "Acme".to_owned()
        })
    );
    assert_eq!(rows[0].traits, [("rack".to_owned(), "1".to_owned())]);
}

#[test]
fn null_says_that_there_is_nothing() {
    let rows = read(
        Kind::Organization,
        r#"{"name":"Acme","phone":null,"organization":null,"traits":{"gone":null}}"#,
    );
    assert!(
        rows[0]
            .fields
            .contains(&(Field::Phone, Said::Value(Value::Absent)))
    );
    assert_eq!(rows[0].traits, [("gone".to_owned(), "null".to_owned())]);
}

#[test]
fn refusals_of_lines() {
    for (kind, line, expected) in [
        (Kind::Organization, "{", "line 1: it is no JSON ("),
        (
            Kind::Organization,
            "[1]",
            "line 1: `[1]` is no object; expected {…} on each line",
        ),
        (
            Kind::Contact,
            r#"{"kind":"location","organization":"Acme","fields":{"first_name":"Ada"}}"#,
            "line 1, column `kind`: `\"location\"`; expected `contact`",
        ),
        (
            Kind::Contact,
            r#"{"organization":"Acme","fields":{"first_name":"Ada"},"colour":"red"}"#,
            "line 1, column `colour`: a record has no such member; expected fields under `fields`, traits under \
             `traits`",
        ),
        (
            Kind::Contact,
            r#"{"organization":"Acme","first_name":"Ada","colour":"red"}"#,
            "line 1, column `colour`: contacts have no field `colour`; expected",
        ),
        (
            Kind::Contact,
            r#"{"organization":"Acme","first_name":"Ada","First Name":"Bea"}"#,
            "line 1, column `first_name`: it stands twice; expected each once",
        ),
        (
            Kind::Contact,
            r#"{"first_name":"Ada"}"#,
            "line 1, column `organization`: it is empty; expected the name or the id",
        ),
        (
            Kind::Contact,
            r#"{"organization":"Acme","fields":[]}"#,
            "line 1, column `fields`: it is no object; expected {\"FIELD\": VALUE, …}",
        ),
        (
            Kind::Contact,
            r#"{"organization":"Acme","first_name":"Ada","traits":1}"#,
            "line 1, column `traits`: it is no object; expected {\"NAME\": VALUE, …}",
        ),
        (
            Kind::Contact,
            r#"{"organization":"Acme","first_name":"Ada","traits":{"deep":[[[[[[[[[1]]]]]]]]]}}"#,
            "line 1, column `traits.deep`: JSON nested deeper than 8; expected less than that",
        ),
    ] {
        let faults: Vec<Fault> = rows(kind, line).filter_map(Result::err).flatten().collect();
        let told = faults.first().map(ToString::to_string).unwrap_or_default();
        assert!(told.starts_with(expected), "{line}: {told}");
    }
}
