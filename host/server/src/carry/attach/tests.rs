use dovetail_domain::record::MatchedBy;
use dovetail_domain::{Field, Link, SourceId, SyncState, Timestamp, Value};
use dovetail_store::{ChangeCause, Step};

use super::*;

/// A record by its kind, id, organization and name.
type Row = (Kind, u64, Option<u64>, &'static str);

const OURS: IntegrationId = IntegrationId(4);
const THEIRS: IntegrationId = IntegrationId(5);

fn record((kind, id, organization, name): Row, link: Option<(IntegrationId, &str)>) -> Record {
    let at = Timestamp::from_seconds(0).unwrap();
    let mut record = Record::empty(AssetId(id), kind, organization.map(AssetId), at);
    record.set(Field::Name, Value::text(name));
    record.link = link.map(|(integration, source)| Link {
        integration,
        source: SourceId::new(source).unwrap(),
        version: None,
        state: SyncState::Enabled,
        by: MatchedBy::Rule,
        shadow: [0; 16],
        source_json: Vec::new(),
    });
    record
}

/// What is here: two organizations, one of which has two records of one name.
fn here() -> Archive {
    use Kind::{Configuration, Location, Organization};
    let archive = Archive::in_memory();
    let mut step = Step::new(
        Timestamp::from_seconds(0).unwrap(),
        ChangeCause::Person("p".to_owned()),
    );
    for (row, link) in [
        ((Organization, 1, None, "Acme"), None),
        ((Organization, 2, None, "Globex"), None),
        ((Location, 3, Some(1), "Main"), None),
        ((Location, 4, Some(2), "Main"), None),
        ((Configuration, 5, Some(1), "SRV"), None),
        ((Configuration, 6, Some(1), "SRV"), None),
        ((Configuration, 7, Some(1), "FW"), Some((THEIRS, "70"))),
        ((Configuration, 8, Some(1), "AP"), Some((OURS, "80"))),
    ] {
        step.create(record(row, link)).unwrap();
    }
    archive.commit(step).unwrap();
    archive
}

fn link(kind: Kind, source: &str, id: u64, name: &str, organization: Option<(u64, &str)>) -> LinkCarried {
    let named = |id, name: &str| Named {
        id: AssetId(id),
        name: name.to_owned(),
    };
    LinkCarried {
        kind,
        source: SourceId::new(source).unwrap(),
        asset: AssetCarried {
            named: named(id, name),
            organization: organization.map(|(id, name)| named(id, name)),
        },
        by: MatchedBy::Rule,
        state: SyncState::Enabled,
    }
}

fn told(attached: Attached) -> String {
    match attached {
        Attached::Already => "already".to_owned(),
        Attached::To(record, by) => format!("{} by {by:?}", record.id),
        Attached::Nowhere(why) => why.to_owned(),
    }
}

#[test]
fn a_link_finds_its_record_by_id_then_by_name_or_not_at_all() {
    use Kind::{Configuration, Location, Organization};
    let acme = Some((1, "Acme"));
    for (what, link, expected) in [
        ("as it was", link(Organization, "9", 1, "Acme", None), "1 by Id"),
        (
            "case and space aside",
            link(Organization, "9", 1, " ACME ", None),
            "1 by Id",
        ),
        (
            "another id",
            link(Organization, "9", 2, "Acme", None),
            "1 by Name",
        ),
        (
            "an id nobody has",
            link(Organization, "9", 99, "Globex", None),
            "2 by Name",
        ),
        (
            "called otherwise",
            link(Organization, "9", 1, "Initech", None),
            "no record here is called so",
        ),
        (
            "below its organization",
            link(Location, "9", 3, "Main", acme),
            "3 by Id",
        ),
        (
            "the id and name of another organization's",
            link(Location, "9", 4, "Main", acme),
            "3 by Name",
        ),
        (
            "below an organization of another id",
            link(Location, "9", 77, "Main", Some((55, "Globex"))),
            "4 by Name",
        ),
        (
            "below an organization that is not here",
            link(Location, "9", 3, "Main", Some((1, "Initech"))),
            "its organization is not here",
        ),
        (
            "two of a name, and the id",
            link(Configuration, "9", 6, "SRV", acme),
            "6 by Id",
        ),
        (
            "two of a name, and no id",
            link(Configuration, "9", 66, "SRV", acme),
            "several records here are called so",
        ),
        (
            "connected with another",
            link(Configuration, "9", 7, "FW", acme),
            "the record that is called so here is connected already",
        ),
        (
            "waiting for it",
            link(Configuration, "80", 99, "whatever", acme),
            "already",
        ),
        (
            "without a name",
            link(Configuration, "9", 99, "", acme),
            "it has no name to be found by",
        ),
    ] {
        let archive = here();
        let attached = Here::of(&archive, Some(OURS)).attach(&link).unwrap();
        assert_eq!(told(attached), expected, "{what}");
    }
}

#[test]
fn a_record_is_given_once() {
    let archive = here();
    let mut here = Here::of(&archive, None);
    let one = link(Kind::Organization, "9", 1, "Acme", None);
    let two = link(Kind::Organization, "10", 2, "Acme", None);
    assert_eq!(told(here.attach(&one).unwrap()), "1 by Id");
    assert_eq!(
        told(here.attach(&two).unwrap()),
        "the record that is called so here is connected already"
    );
}
