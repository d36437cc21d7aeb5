use dovetail_domain::record::MatchedBy;
use dovetail_domain::{Base, Field, Link, Record, SourceId, SyncState, Value};
use dovetail_store::RunTrigger;

use super::*;
use crate::NoCaller;
use crate::dispatch::{Reach, enqueue};
use crate::host::tests::{TestHome, home};
use crate::status::tests::integration;

/// A home with the integration `acme`, two organizations of it, a contact, and an organization of the house's own.
fn filled() -> TestHome {
    let home = home();
    let archive = home.host.archive();
    let mut acme = integration();
    acme.id = archive.next_integration().unwrap();
    let mut step = home.host.step();
    step.put(&table::INTEGRATIONS, &acme.id, &acme).unwrap();
    let mut make = |kind, source: Option<&str>, fields: Vec<(Field, Value)>, organization| {
        let id = archive.next_asset();
        let link = source.map(|source| Link {
            integration: acme.id,
            source: SourceId::new(source).unwrap(),
            version: None,
            state: SyncState::Enabled,
            by: MatchedBy::Created,
            shadow: [0; 16],
            source_json: vec![],
        });
        let record = Record {
            id,
            kind,
            organization,
            fields,
            traits: vec![],
            link,
            base: Base::default(),
            held: vec![],
            own: vec![],
            updated: home.host.now(),
        };
        step.create(record).unwrap();
        id
    };
    let first = make(
        Kind::Organization,
        Some("250"),
        vec![(Field::Name, Value::text("ACME"))],
        None,
    );
    make(
        Kind::Organization,
        Some("251"),
        vec![(Field::Name, Value::text("Beta"))],
        None,
    );
    make(
        Kind::Contact,
        Some("7"),
        vec![(Field::FirstName, Value::text("Ada"))],
        Some(first),
    );
    make(
        Kind::Organization,
        None,
        vec![(Field::Name, Value::text("Own"))],
        None,
    );
    archive.commit(step).unwrap();
    home
}

async fn removed(home: &TestHome, fate: Fate, yes: bool) -> Result<Removed> {
    match remove(&home.host, &"acme".parse().unwrap(), fate, yes, &NoCaller).await? {
        Answer::Removed(removed) => Ok(removed),
        _ => panic!("another answer"),
    }
}

fn organizations(home: &TestHome) -> Vec<Record> {
    home.host
        .archive()
        .list(Kind::Organization, &Filter::default(), None, 100)
        .unwrap()
        .records
}

#[tokio::test]
async fn deleting_needs_a_yes_and_writes_a_file_first() {
    let home = filled();
    let problem = removed(&home, Fate::DeleteData, false).await.unwrap_err();
    assert_eq!(problem.code, Code::ConfirmationNeeded);
    assert_eq!(organizations(&home).len(), 3);

    let done = removed(&home, Fate::DeleteData, true).await.unwrap();
    assert_eq!(
        (done.kept.as_str(), done.records[&Kind::Organization], done.edited),
        ("nothing", 2, 0)
    );
    assert_eq!(
        organizations(&home).iter().map(Record::name).collect::<Vec<_>>(),
        ["Own"]
    );
    let text = std::fs::read_to_string(done.file.unwrap()).unwrap();
    let names: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["name"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(names, ["ACME", "Beta", "Ada"]);
    assert_eq!(
        removed(&home, Fate::KeepData, true).await.unwrap_err().code,
        Code::NotFound
    );
}

#[tokio::test]
async fn kept_data_is_the_documentations_own() {
    let home = filled();
    let done = removed(&home, Fate::KeepData, false).await.unwrap();
    assert_eq!((done.kept.as_str(), done.file), ("data", None));
    let records = organizations(&home);
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|record| record.link.is_none()));
    let again = take_up(home.host.archive(), &integration()).unwrap();
    assert_eq!(again, None);
}

#[tokio::test]
async fn kept_links_wait_for_the_same_name_and_connector() {
    let home = filled();
    let id = integrations::find_id(home.host.archive(), &"acme".parse().unwrap()).unwrap();
    enqueue(&home.host, id, RunTrigger::Settings, Reach::default()).unwrap();
    removed(&home, Fate::KeepDataAndLinks, false).await.unwrap();
    assert_eq!(home.host.dispatch().standing(id), (false, false));
    assert_eq!(
        organizations(&home)
            .iter()
            .filter(|record| record.link.is_some())
            .count(),
        2
    );
    assert_eq!(kept_names(home.host.archive()).unwrap()[&id].as_str(), "acme");
    assert_eq!(take_up(home.host.archive(), &integration()).unwrap(), Some(id));
    let mut other = integration();
    other.connector = "another".to_owned();
    assert_eq!(
        take_up(home.host.archive(), &other).unwrap_err().code,
        Code::AlreadyExists
    );
    // Such notes are no settings.
    let Answer::Config(settings) = crate::config::get(&home.host, None).unwrap() else {
        panic!("another answer");
    };
    assert!(settings.is_empty(), "{settings:?}");
}

#[tokio::test]
async fn an_organization_stays_where_records_of_the_houses_own_belong_to_it() {
    let home = filled();
    let archive = home.host.archive();
    let acme = organizations(&home).remove(0);
    let mut step = home.host.step();
    let mut own = Record::empty(archive.next_asset(), Kind::Contact, Some(acme.id), step.at());
    own.set(Field::FirstName, Value::text("Own"));
    step.create(own.clone()).unwrap();
    archive.commit(step).unwrap();
    removed(&home, Fate::DeleteData, true).await.unwrap();
    let left = organizations(&home);
    assert_eq!(left.iter().map(Record::name).collect::<Vec<_>>(), ["ACME", "Own"]);
    assert_eq!(left[0].link, None);
    assert_eq!(archive.record(Kind::Contact, own.id).unwrap(), Some(own));
}
