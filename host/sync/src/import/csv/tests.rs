use dovetail_domain::{Field, Value};

use super::*;
use crate::import::cell::{Pointer, Said};

fn read(kind: Kind, text: &str) -> Vec<Row> {
    let rows = rows(kind, text).unwrap_or_else(|faults| panic!("{faults:?}"));
    rows.map(|row| row.unwrap_or_else(|faults| panic!("{faults:?}")))
        .collect()
}

/// What is wrong with a file, a line a problem.
fn told(kind: Kind, text: &str) -> String {
    let faults: Vec<Fault> = match rows(kind, text) {
        Err(faults) => faults,
        Ok(rows) => rows.filter_map(Result::err).flatten().collect(),
    };
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

#[test]
fn a_file_is_read_as_spreadsheets_write_it() {
    let text = "Name,Organization,Serial Number,traits.Rack position,Notes\r\n\
                SRV-1,Acme,S1,R1,\"two\nlines, \"\"quoted\"\"\"\r\n\
                ,,,,\r\n\
                \r\n\
                 SRV-2 ,7,,,\r\n";
    let read = read(Kind::Configuration, text);
    let field = |field, text: &str| (field, Said::Value(Value::text(text)));
    assert_eq!(read.len(), 2);
    assert_eq!(
        read[0],
        Row {
            line: 2,
            organization: Some(Pointer::Either("Acme".to_owned())),
            fields: vec![
                field(Field::Name, "SRV-1"),
                field(Field::SerialNumber, "S1"),
                field(Field::Notes, "two\nlines, \"quoted\"")
            ],
            traits: vec![("Rack position".to_owned(), "\"R1\"".to_owned())],
        }
    );
    assert_eq!(
        read[1],
        Row {
            line: 6,
            organization: Some(Pointer::Either("7".to_owned())),
            fields: vec![field(Field::Name, "SRV-2")],
            traits: vec![],
        }
    );
}

#[test]
fn semicolons_separate_where_the_header_has_no_comma() {
    let rows = read(Kind::Organization, "name;type\nAcme;\"Client;Prospect\"\n");
    let types = Value::texts(["Client".to_owned(), "Prospect".to_owned()]);
    assert!(rows[0].fields.contains(&(Field::Type, Said::Value(types))));
    let rows = read(Kind::Organization, "name,type\nAcme,Client;Prospect\n");
    assert_eq!(rows.len(), 1);
    assert_eq!(read(Kind::Organization, "name\nAcme\n").len(), 1);
    assert_eq!(read(Kind::Organization, "name\n"), vec![]);
}

#[test]
fn refusals_of_headers() {
    for (kind, text, expected) in [
        (
            Kind::Configuration,
            "name,organization,serial\n",
            "line 1, column `serial`: configurations have no field `serial`; expected `serial_number`, which is \
             nearest, or `traits.serial`, which keeps it as a trait",
        ),
        (
            Kind::Configuration,
            "name,serial_number\n",
            "line 1: there is no column `organization`; expected one, since configurations belong to organizations",
        ),
        (
            Kind::Contact,
            "organization,title\n",
            "line 1: there is no column `first_name`; expected `first_name` and `last_name`",
        ),
        (
            Kind::Location,
            "organization,city\n",
            "line 1: there is no column `name`; expected one",
        ),
        (
            Kind::Configuration,
            "name,organization,Serial Number,serial-number\n",
            "line 1, column `serial-number`: it stands twice; expected each column once",
        ),
        (
            Kind::Organization,
            "name,,\n",
            "line 1, column `2`: a column without a name; expected a name, or the column left out",
        ),
        (
            Kind::Organization,
            "",
            "line 1: there is no column `name`; expected one",
        ),
    ] {
        let told = told(kind, text);
        assert_eq!(told.lines().next().unwrap_or_default(), expected, "{text}");
    }
}

#[test]
fn refusals_of_rows() {
    let text = "name,organization,active,installed_at,serial_number\n\
                SRV-1,Acme,perhaps,yesterday,S1\n\
                ,Acme,,,S2\n\
                SRV-3,,,,\n\
                SRV-4,Acme\n\
                SRV-5,Acme,yes,2026-01-01,S5\n";
    assert_eq!(
        told(Kind::Configuration, text),
        "line 2, column `active`: `perhaps` is neither yes nor no; expected true, false, yes, no, 1 or 0\n\
         line 2, column `installed_at`: `yesterday` is no date; expected YYYY-MM-DD, or a time as \
         2026-11-01T09:30:00Z\n\
         line 3, column `name`: it is empty; expected a name\n\
         line 4, column `organization`: it is empty; expected the name or the id of the organization it belongs to\n\
         line 5: it has 2 cells and the header 5; expected as many, with quotes around a cell that holds the \
         separator"
    );
    assert_eq!(
        told(Kind::Contact, "first_name,last_name,organization\n,,Acme\n"),
        "line 2, column `first_name`: it is empty; expected a name"
    );
    assert_eq!(told(Kind::Contact, "last_name,organization\nLovelace,Acme\n"), "");
    let large = format!(
        "name,{}\nAcme{}\n",
        columns(80),
        ",".to_owned() + &cells(80, 15_000)
    );
    assert_eq!(
        told(Kind::Organization, &large),
        "line 2: a record of 1200004 bytes; expected at most 1048576\n".trim_end()
    );
}

/// So many columns of traits, and so many cells of a size each.
fn columns(count: usize) -> String {
    (0..count)
        .map(|number| format!("traits.t{number}"))
        .collect::<Vec<_>>()
        .join(",")
}

fn cells(count: usize, size: usize) -> String {
    vec!["x".repeat(size); count].join(",")
}
